"""Trades: what a brand sells, what a purchase's codes say, and which words contradict which."""

from __future__ import annotations

from collections.abc import Iterable

from myriad.products.kamioi.mapping.trade_words import BEGINNINGS, WORDS

# The second and third part of a category of the name-suggestion index, or a word of our own.
_TRADES = {
    "fuel": "fuel",
    "car_wash": "fuel",
    "charging_station": "fuel",
    "bank": "finance",
    "atm": "finance",
    "bureau_de_change": "finance",
    "insurance": "finance",
    "money_lender": "finance",
    "money_transfer": "finance",
    "payment_terminal": "finance",
    "hotel": "hotel",
    "motel": "hotel",
    "restaurant": "food",
    "fast_food": "food",
    "cafe": "food",
    "pub": "food",
    "bar": "food",
    "ice_cream": "food",
    "bakery": "food",
    "pastry": "food",
    "seafood": "fish",
    "newsagent": "news",
    "books": "news",
    "kiosk": "news",
}
# What a bank's detailed category or a card network's code says of the trade.
_MCC_TRADES = {
    "fuel": frozenset({"5541", "5542", "5552", "5983"}),
    "food": frozenset({"5811", "5812", "5813", "5814", "5462"}),
    "finance": frozenset({"6010", "6011", "6012", "6051", "6211", "6300"}),
}
_PLAID_TRADES = {"FOOD_AND_DRINK": "food", "TRAVEL_LODGING": "hotel", "TRANSPORTATION_GAS": "fuel"}


def trades_of(categories: Iterable[str]) -> frozenset[str]:
    """Return the trades of categories such as `amenity/fuel` or `shop`."""
    found = set()
    for category in categories:
        head, _, tail = category.rpartition("/")
        found.add(_TRADES.get(tail) or ("shop" if head == "shop" else tail or "other"))
    return frozenset(found)


def trade_of_codes(category: str | None, mcc: str | None) -> str | None:
    """Return the trade that a bank's category or a merchant category code names, or None."""
    if mcc:
        for trade, codes in _MCC_TRADES.items():
            if mcc in codes:
                return trade
    if category:
        for beginning, trade in _PLAID_TRADES.items():
            if category.startswith(beginning):
                return trade
    return None


def contradicts(rest: Iterable[str], trades: frozenset[str]) -> str | None:
    """Return the word after a brand's name that speaks against its trades, or None."""
    for word in rest:
        wanted = WORDS.get(word)
        if wanted is None and len(word) >= 7:
            wanted = next((t for begin, t in BEGINNINGS.items() if word.startswith(begin)), None)
        if wanted is not None and not wanted & trades:
            return word
    return None
