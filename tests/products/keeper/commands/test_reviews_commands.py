"""`keeper reviews import` and `keeper reviews train`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from myriad.products.keeper.judging import JUDGES, model_folder
from myriad.products.keeper.repository.accounts import open_account
from myriad.products.keeper.reviews.stored import load_model
from myriad.scale.directory.opening import open_tenant
from tests.products.keeper.commands.test_commands import Context, call, context, refusal
from tests.products.keeper.reviews.texts import made_reviews

__all__ = ["context"]

REVIEWS = """Name,Rating,Comment,Date
Ann,5/5,Lovely massage,2026-03-05
Bob,6,beyond the scale,2026-03-06
Cy,\u2605,"Rude, and never again",2026-03-07
"""


@pytest.fixture(autouse=True)
def _no_home_left() -> Iterator[None]:
    yield
    JUDGES.home = None


async def test_a_trained_model_is_stored_in_the_home_with_what_it_is_worth(
    context: Context, tmp_path: Path
) -> None:
    texts, stars = made_reviews(120)
    file = tmp_path / "train.csv"
    rows = [f'{star},"{text}"' for text, star in zip(texts, stars, strict=True)]
    file.write_text("\n".join(["Stars,Review", *rows, '9,"beyond"']))
    result = await call(context, "reviews", "train", str(file), "--trade", "spa")
    assert result.exit_code == 0, result.output
    assert "120 texts (spa)" in result.output
    assert "AUC" in result.output
    model = load_model(model_folder(context.home))
    assert model is not None
    assert (model.provenance.source, model.provenance.rows) == ("train.csv", 120)
    assert model.provenance.trained_on <= date.today()  # noqa: DTZ011 - a bound, not a moment


async def test_training_on_the_wrong_file_says_what_to_do_and_stores_nothing(
    context: Context, tmp_path: Path
) -> None:
    file = tmp_path / "wrong.csv"
    file.write_text("a,b\n1,2\n")
    assert "--map" in await refusal(context, "reviews", "train", str(file))
    file.write_text("Stars,Review\n5,fine\n")
    assert "training needs 20" in await refusal(context, "reviews", "train", str(file))
    mapped = await refusal(context, "reviews", "train", str(file), "--map", "stars")
    assert "expected FIELD=COLUMN" in mapped
    assert load_model(model_folder(context.home)) is None


async def test_a_file_is_imported_once_however_often_it_is_given(
    context: Context, tmp_path: Path
) -> None:
    async with context.runtime() as runtime:
        tenant_id = await open_tenant(
            runtime.database,
            slug="alder",
            name="Alder",
            timezone="America/New_York",
            owner_email="owner@example.com",
        )
        async with runtime.database.session(tenant_id) as session:
            await open_account(session)
    file = tmp_path / "reviews.csv"
    file.write_text(REVIEWS)
    line = ("reviews", "import", str(file), "--source", "yelp")
    first = await call(replace(context, as_json=True), *line)
    assert first.exit_code == 0, first.output
    told = json.loads(first.output[first.output.index("{\n") :])
    assert (told["new"], told["quarantined"]) == (2, 1)
    assert told["refused"][0]["reason"].startswith("line 3: '6' is not between one and five")
    again = await call(context, *line)
    assert "0 new, 0 changed, 2 as they were, 1 kept apart" in again.output
