"""Prices and tables: exact, dated, and refused when unknown."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import genai_prices
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myriad.scale.ai import prices
from myriad.scale.ai.catalog import ModelKey, catalog_on
from myriad.scale.ai.errors import ModelTableError, UnknownModelError
from myriad.scale.ai.prices import price_of
from myriad.scale.ai.request import Usage
from myriad.scale.ai.simulator.world import BILL

TODAY = datetime.now(UTC).date()
LISTED = [key for keys in catalog_on(TODAY).classes.values() for key in keys]


@pytest.mark.parametrize("key", LISTED, ids=str)
@settings(max_examples=15)
@given(
    plain=st.integers(0, 300_000),
    read=st.integers(0, 50_000),
    written=st.integers(0, 50_000),
    out=st.integers(0, 50_000),
)
def test_integer_prices_are_those_of_genai_prices_to_the_micro_dollar(
    key: ModelKey, plain: int, read: int, written: int, out: int
) -> None:
    if key.provider == "openai":
        written = 0
    given_usage = Usage(plain + read + written, out, read, written)
    expected = genai_prices.calc_price(
        genai_prices.Usage(
            input_tokens=given_usage.input_tokens,
            cache_read_tokens=read,
            cache_write_tokens=written,
            output_tokens=out,
        ),
        key.model,
        provider_id=key.provider,
    ).total_price
    micros = int((expected * 1_000_000).quantize(Decimal(1), ROUND_HALF_UP))
    assert price_of(key, TODAY).cost_usd_micros(given_usage) == micros


@pytest.mark.parametrize("key", LISTED, ids=str)
def test_the_simulators_own_bill_has_the_price_of_every_listed_model(key: ModelKey) -> None:
    into, out = BILL[key.model]
    price = price_of(key, TODAY)
    assert price.cost_usd_micros(Usage(1_000, 0)) == into
    assert price.cost_usd_micros(Usage(0, 1_000)) == out


def test_a_batch_costs_half() -> None:
    key = ModelKey("anthropic", "claude-haiku-4-5")
    usage = Usage(1_500, 700)
    whole, half = price_of(key, TODAY), price_of(key, TODAY, batch=True)
    assert whole.cost_usd_micros(usage) == 5_000
    assert half.cost_usd_micros(usage) == 2_500


def test_a_model_that_nobody_prices_is_refused() -> None:
    with pytest.raises(UnknownModelError, match="not called"):
        price_of(ModelKey("anthropic", "claude-from-the-future"), TODAY)


def test_an_own_price_stands_before_the_pinned_ones_from_its_day_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "prices.toml").write_text(
        '[[price]]\nmodel = "compatible:own"\neffective_from = 2026-06-01\n'
        'input = "0.1"\noutput = "0.4"\nbatch = "0.5"\n'
    )
    monkeypatch.setattr(prices, "TABLES", tmp_path)
    prices._price_of.cache_clear()
    key = ModelKey("compatible", "own")
    found = price_of(key, date(2026, 7, 1))
    assert found.version == "own-2026-06-01"
    assert found.cost_usd_micros(Usage(100, 100)) == 50
    assert price_of(key, date(2026, 7, 1), batch=True).cost_usd_micros(Usage(100, 100)) == 25
    with pytest.raises(UnknownModelError):
        price_of(key, date(2026, 5, 1))
    prices._price_of.cache_clear()


def test_every_listed_model_has_a_price_and_limits() -> None:
    catalog = catalog_on(TODAY)
    for key in LISTED:
        assert price_of(key, TODAY).cost_usd_micros(Usage(1_000_000, 0)) > 0
        assert str(key) in catalog.limits


def test_the_newest_table_in_force_counts(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    table = (
        "[[table]]\neffective_from = {day}\ncomplexity = {{ simple = 'small' }}\n"
        "class = [{{ name = 'small', models = ['anthropic:{model}'] }}]\n"
    )
    path.write_text(
        table.format(day="2026-01-01", model="old") + table.format(day="2026-06-01", model="new")
    )
    assert catalog_on(date(2026, 5, 31), path).classes["small"][0].model == "old"
    assert catalog_on(date(2026, 6, 1), path).classes["small"][0].model == "new"
    with pytest.raises(ModelTableError, match="in force"):
        catalog_on(date(2025, 12, 31), path)


@pytest.mark.parametrize(
    "text",
    ["[[table]", "", "[[table]]\ncomplexity = {}", "[[table]]\neffective_from = 2026-01-01"],
    ids=["no TOML", "empty", "no day", "no classes"],
)
def test_a_broken_table_of_models_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "models.toml"
    path.write_text(text)
    with pytest.raises(ModelTableError):
        catalog_on(TODAY, path)
