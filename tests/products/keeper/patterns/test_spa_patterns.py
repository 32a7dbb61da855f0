"""The search finds in the simulated spa what its menu says goes together, and nothing else of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from myriad.products.keeper.patterns import Baskets, Mined, mine_pairs, mine_sequences
from myriad.products.keeper.square.simulator.spa import menu, spa_seller

NOW = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def baskets() -> Baskets:
    """Everything sold in almost two years at a spa of the demo's size."""
    seller = spa_seller(seed=1, customers=500, now=NOW)
    orders = {row.id: row.decode() for row in seller.tables["order"].records.values()}
    rows = []
    for record in seller.tables["payment"].records.values():
        paid = record.decode()
        sold = [line["name"] for line in orders[paid["order_id"]]["line_items"]]
        day = datetime.fromisoformat(paid["created_at"]).date().toordinal()
        if paid["created_at"] < NOW.isoformat():
            rows.append((paid.get("customer_id"), day, paid.get("team_member_id"), sold))
    return Baskets.of(sorted(rows, key=lambda row: row[1]))


def found(mined: Mined) -> set[tuple[str, str]]:
    return {(one.first, one.second) for one in mined.found}


def planted(*tables: dict[str, tuple[str, float]]) -> set[frozenset[str]]:
    return {frozenset((one, two)) for table in tables for one, (two, _) in table.items()}


def test_pairs_that_go_together_are_found_and_no_others(baskets: Baskets) -> None:
    """What is added in one visit and which article a service makes people want."""
    pairs = {frozenset(pair) for pair in found(mine_pairs(baskets))}
    real = planted(menu.ADDED, menu.WANTED)
    assert planted(menu.ADDED) <= pairs
    assert pairs <= real


def test_a_service_that_leads_to_another_is_found(baskets: Baskets) -> None:
    """At least one of the services that change the next visit is seen, in its order."""
    sequences = found(mine_sequences(baskets))
    assert sequences & {(one, two) for one, (two, _) in menu.FOLLOWED.items()}
