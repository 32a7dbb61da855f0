"""The trade of an account: Square's merchant category code, unless the owner says otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from myriad.products.keeper.preferences import Preferences, read_preferences, write_preferences
from myriad.products.keeper.square.mapping import Places
from myriad.products.keeper.square.storage import store
from myriad.products.keeper.square.trades import TRADES, trade_of
from myriad.products.keeper.views.preferences import VERTICALS
from tests.products.keeper.keeping.conftest import API, Desk, send
from tests.products.keeper.ledger import Shop


def place(name: str, mcc: str | None, status: str = "ACTIVE") -> dict[str, Any]:
    return {"id": name, "name": name, "timezone": "America/New_York", "mcc": mcc, "status": status}


async def say(shop: Shop, *places: dict[str, Any]) -> Preferences:
    """Read locations of Square's and return what the account then is."""
    async with shop.runtime.database.session(shop.tenant_id) as session:
        await store(session, "location", places, Places())
        return await read_preferences(session)


async def choose(shop: Shop, vertical: str | None) -> Preferences:
    async with shop.runtime.database.session(shop.tenant_id) as session:
        return await write_preferences(session, {"vertical": vertical}, None)


@pytest.mark.parametrize(
    ("code", "trade"),
    [("7298", "spa"), ("7230", "salon"), ("0742", "pets"), ("5812", "other"), ("98", None)],
)
def test_a_code_names_a_trade(code: str, trade: str | None) -> None:
    """A code of another trade is `other`; what is no code says nothing."""
    assert trade_of(code) == trade


def test_every_code_of_the_table_is_a_code_and_names_a_trade_that_can_be_chosen() -> None:
    """Four digits each, and trades of the settings."""
    assert all(len(code) == 4 and code.isdecimal() for code in TRADES)
    assert {trade for trade, _ in TRADES.values()} <= set(VERTICALS)


async def test_the_trade_follows_the_code_of_most_open_locations(
    shop: Shop, other_shop: Shop
) -> None:
    """Two salons outvote one spa and what is closed; the neighbour stays as it was."""
    found = await say(
        shop,
        place("a", "7298"),
        place("b", "7230"),
        place("c", "7230"),
        place("d", "7298", "INACTIVE"),
        place("e", "7298", "INACTIVE"),
    )
    assert (found.vertical, found.vertical_source, found.category_code) == (
        "salon",
        "square",
        "7230",
    )
    async with other_shop.runtime.database.session(other_shop.tenant_id) as session:
        other = await read_preferences(session)
    assert (other.vertical, other.vertical_source) == ("spa", "default")


async def test_the_owners_choice_stays_until_it_is_taken_back(shop: Shop) -> None:
    """A new code changes nothing for who chose; null follows Square again."""
    await say(shop, place("a", "7230"))
    assert (await choose(shop, "barber")).vertical_source == "owner"
    assert (await say(shop, place("a", "7298"))).vertical == "barber"
    back = await choose(shop, None)
    assert (back.vertical, back.vertical_source) == ("spa", "square")


async def test_a_trade_chosen_before_codes_were_read_counts_as_the_owners(shop: Shop) -> None:
    """An account that was set to another trade is not moved by the first code."""
    await shop.change("UPDATE keeper.account SET vertical = 'nails'")
    found = await say(shop, place("a", "7298"))
    assert (found.vertical, found.vertical_source) == ("nails", "owner")


async def test_without_a_code_nothing_is_said(shop: Shop) -> None:
    """A location without a code leaves the default."""
    found = await say(shop, place("a", None))
    assert (found.vertical, found.vertical_source) == ("spa", "default")


async def test_the_page_says_where_the_trade_comes_from(desk: Desk) -> None:
    """The code in words while Square says it; saving the tone alone is no choice of a trade."""
    await say(desk.shop, place("a", "7230"))
    settings, business = "/keeper/settings", "/keeper/settings/business"
    async with desk.browser() as owner, desk.client() as program:
        assert "7230, beauty and barber shops" in (await owner.get(settings)).text
        await send(owner, settings, business, vertical="", reply_tone="short")
        read = (await program.get(f"{API}/settings")).json()
        assert (read["vertical"], read["vertical_source"]) == ("salon", "square")
        await send(owner, settings, business, vertical="nails", reply_tone="short")
        assert "You chose it." in (await owner.get(settings)).text
