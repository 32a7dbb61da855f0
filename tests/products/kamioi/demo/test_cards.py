"""A file of card transactions becomes a programme, each row of it once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from myriad.products.kamioi import card_tasks
from myriad.products.kamioi.cards import enqueue_cards, slug_of, years
from myriad.products.kamioi.intake.card_files import look_at, read_cards, read_header
from myriad.products.kamioi.intake.lines import BadLine, StatementFileError
from myriad.products.kamioi.intake.recording import today_utc
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants
from tests.fixtures.jobs import run_job

assert card_tasks.IMPORT_TASK
FILE = """date,merchant,amount_gbp,card,cost_code
2017-01-03,shell kings 587,72.61,1,K020
2017-01-03,shell kings 587,72.61,1,K020
2017-01-24,costa coffee 4301,3.05,2,K020
2017-02-01,boots 2053,-1.20,2,K020
2016-12-30,boots 2053,1.20,2,K020
2017-02-30,no such day,1.00,2,K020
2017-02-03,no card,1.00,,K020
2017-02-04,no amount,x,1,K020
"""
STANDING = (
    "SELECT (SELECT count(*) FROM kamioi.member) AS members, "
    "(SELECT count(*) FROM kamioi.purchase) AS purchases, "
    "(SELECT sum(amount_minor)::bigint FROM kamioi.purchase) AS minor, "
    "(SELECT count(*) FROM platform.data_quarantine) AS refused, "
    "(SELECT array_agg(DISTINCT currency) FROM kamioi.purchase) AS currencies"
)
ROUNDED = "SELECT amount_minor, state FROM kamioi.round_up ORDER BY booked_on, amount_minor"


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    path = tmp_path / "Card transactions 2017.csv"
    path.write_text(FILE)
    return path


def test_rows_that_are_the_same_keep_ids_of_their_own(cards: Path) -> None:
    file = look_at(cards)
    assert (file.form.currency, file.cards, file.rows) == ("GBP", ("1", "2"), 8)
    read = list(read_cards(file, today_utc()))
    lines = [one[1] for one in read if not isinstance(one, BadLine)]
    bad = [one for one in read if isinstance(one, BadLine)]
    assert [line.amount_minor for line in lines] == [7261, 7261, 305, -120, 120]
    assert len({line.external_id for line in lines}) == 5
    assert lines[3].kind == "refund"
    assert [one.number for one in bad] == [7, 8, 9]
    assert lines == [
        one[1] for one in read_cards(file, today_utc()) if not isinstance(one, BadLine)
    ]


@pytest.mark.parametrize(
    "header",
    ["", "date,merchant,amount,card", "date,amount_usd,card", "merchant,amount_usd,card"],
    ids=["empty", "no currency", "no merchant", "no day"],
)
def test_a_file_without_its_columns_is_told_which_it_needs(tmp_path: Path, header: str) -> None:
    path = tmp_path / "cards.csv"
    path.write_text(f"{header}\n1,2,3,4\n")
    with pytest.raises(StatementFileError, match="needs the columns date, merchant, card"):
        read_header(path)


def test_round_ups_are_made_a_year_at_a_time() -> None:
    assert list(years(None, None)) == []
    found = list(years(date(2014, 11, 12), date(2016, 2, 5)))
    assert found == [
        (date(2014, 11, 12), date(2014, 12, 31)),
        (date(2015, 1, 1), date(2015, 12, 31)),
        (date(2016, 1, 1), date(2016, 2, 5)),
    ]


async def test_a_file_is_a_programme_once(
    runtime: Runtime, tenants: TwoTenants, cards: Path
) -> None:
    async with runtime.database.session(tenants.first) as session:
        job_id = await enqueue_cards(session, cards)
    assert job_id is not None
    outcome = await run_job(runtime, tenants.first, job_id)
    assert str(outcome).endswith("succeeded"), outcome
    (row,) = await runtime.database.reader.rows(tenants.first, STANDING, {})
    assert dict(row) == {
        "members": 2, "purchases": 5, "minor": 14827, "refused": 3, "currencies": ["GBP"],
    }  # fmt: skip
    # What was bought in December came back in February.
    rows = await runtime.database.reader.rows(tenants.first, ROUNDED, {})
    assert [(row["amount_minor"], row["state"]) for row in rows] == [
        (80, "reversed"), (39, "accrued"), (39, "accrued"), (95, "accrued"), (0, "accrued"),
    ]  # fmt: skip
    async with runtime.database.session(tenants.first) as session:
        assert await enqueue_cards(session, cards) is None
    assert slug_of(cards) == "card-transactions-2017"
