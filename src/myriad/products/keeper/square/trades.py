"""The trade of an account by the merchant category codes of its locations.

The codes are those of ISO 18245 as the card networks publish them (Visa Merchant Data Standards
Manual, "Merchant category codes"; Square's `Location.mcc`). Only codes that name one of Keeper's
trades stand here. 7230 is one code for beauty and barber shops, and no code tells nails from
either, so barbers and nail bars choose their trade on the Settings screen.
"""

from __future__ import annotations

from myriad.products.keeper.square.sql import ask, run
from myriad.products.keeper.views.preferences import Vertical
from myriad.scale.data import Session

TRADES: dict[str, tuple[Vertical, str]] = {
    "7298": ("spa", "health and beauty spas"),
    "7230": ("salon", "beauty and barber shops"),
    "7297": ("massage", "massage parlors"),
    "8011": ("clinic", "doctors"),
    "8021": ("clinic", "dentists and orthodontists"),
    "8031": ("clinic", "osteopaths"),
    "8041": ("clinic", "chiropractors"),
    "8049": ("clinic", "podiatrists and chiropodists"),
    "8099": ("clinic", "medical services and health practitioners"),
    "7941": ("fitness", "athletic fields, commercial sports and sports clubs"),
    "7997": ("fitness", "membership clubs (sports, recreation, athletic)"),
    "0742": ("pets", "veterinary services"),
    "5995": ("pets", "pet shops, pet food and supplies"),
}


def trade_of(code: str | None) -> Vertical | None:
    """Return the trade that a merchant category code stands for: `other` for any other code.

    None when Square says no code of four digits.
    """
    if code is None or len(code) != 4 or not code.isdecimal():
        return None
    return TRADES[code][0] if code in TRADES else "other"


def code_words(code: str) -> str:
    """Return what a code is called, such as `7298, health and beauty spas`."""
    return f"{code}, {TRADES[code][1]}" if code in TRADES else code


async def follow_code(session: Session) -> None:
    """Give the account the trade of most of its open locations, unless the owner chose one."""
    rows = await ask(session, "most_common_code")
    code = rows[0]["mcc"] if rows else None
    trade = trade_of(code)
    if trade is not None:
        await run(session, "follow_code", vertical=trade, code=code)
