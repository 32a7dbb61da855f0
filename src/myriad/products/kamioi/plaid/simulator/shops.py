"""Where the owners of simulated accounts buy: texts as statements have them, amounts, how often.

`{n}` in a text is the number of a branch or a terminal, `{code}` a reference; both differ each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from myriad.products.kamioi.facts.simulated import COFFEE_TEXT, GROCER_TEXT


@dataclass(frozen=True, slots=True)
class Shop:
    """A text, Plaid's category, a usual amount in cents, how often a month; `share` go there."""

    text: str
    category: str
    usual_minor: int
    monthly: float
    share: float = 0.0

    def facts(self) -> dict[str, Any]:
        """Return what Plaid says beside the text."""
        return {
            "personal_finance_category": {
                "primary": self.category.split("_", 1)[0],
                "detailed": self.category,
                "confidence_level": "HIGH",
            }
        }


_COFFEE = "FOOD_AND_DRINK_COFFEE"
_EATING = "FOOD_AND_DRINK_RESTAURANT"
_FAST = "FOOD_AND_DRINK_FAST_FOOD"
_FOOD = "FOOD_AND_DRINK_GROCERIES"
_STORE = "GENERAL_MERCHANDISE_SUPERSTORES"
_ONLINE = "GENERAL_MERCHANDISE_ONLINE_MARKETPLACES"
_RIDE = "TRANSPORTATION_TAXIS_AND_RIDE_SHARES"
_GAS = "TRANSPORTATION_GAS"
_HOME = "HOME_IMPROVEMENT_HARDWARE"
_OTHER = "GENERAL_MERCHANDISE_OTHER_GENERAL_MERCHANDISE"

# Companies whose names are curated: what the mapping finds by itself.
KNOWN = (
    Shop(COFFEE_TEXT, _COFFEE, 495, 5.0, 0.8),
    Shop(GROCER_TEXT, _FOOD, 5230, 3.0, 0.7),
    Shop("STARBUCKS STORE {n} SEATTLE WA", _COFFEE, 575, 7.0),
    Shop("AMZN Mktp US*{code}", _ONLINE, 3199, 4.0, 0.8),
    Shop("WHOLEFDS {n} BROOKLYN NY", _FOOD, 4480, 3.0),
    Shop("TARGET 0001{n} BROOKLYN NY", _STORE, 4822, 2.5),
    Shop("WM SUPERCENTER #{n}", _STORE, 6410, 2.0),
    Shop("KROGER #{n}", _FOOD, 3890, 2.0),
    Shop("COSTCO WHSE #{n}", _STORE, 11890, 1.0),
    Shop("NETFLIX.COM", "ENTERTAINMENT_TV_AND_MOVIES", 1549, 1.0),
    Shop("SPOTIFY USA", "ENTERTAINMENT_MUSIC_AND_AUDIO", 1199, 1.0),
    Shop("APPLE.COM/BILL", "ENTERTAINMENT_MUSIC_AND_AUDIO", 299, 1.5),
    Shop("SHELL OIL 5744{n}", _GAS, 4105, 2.0),
    Shop("EXXON {n}", _GAS, 3920, 1.5),
    Shop("UBER *TRIP HELP.UBER.COM", _RIDE, 1880, 2.5),
    Shop("LYFT *RIDE", _RIDE, 1640, 1.5),
    Shop("CHIPOTLE {n}", _FAST, 1385, 3.0),
    Shop("MCDONALD'S F{n}", _FAST, 985, 3.0),
    Shop("TACO BELL #{n}", _FAST, 1120, 1.5),
    Shop("DOORDASH*{code}", _EATING, 3140, 1.5),
    Shop("CVS/PHARMACY #{n}", "MEDICAL_PHARMACIES_AND_SUPPLEMENTS", 1820, 1.5),
    Shop("WALGREENS #{n}", "MEDICAL_PHARMACIES_AND_SUPPLEMENTS", 1490, 1.5),
    Shop("THE HOME DEPOT #{n}", _HOME, 5410, 0.8),
    Shop("BEST BUY #{n}", "GENERAL_MERCHANDISE_ELECTRONICS", 8990, 0.4),
)
# Shops that no list knows: people have to say what they are.
UNKNOWN = (
    Shop("TST* JOE'S PIZZA - 2ND AVE", _EATING, 2350, 2.0),
    Shop("SQ *CORNER BAKERY", _EATING, 1240, 2.0),
    Shop("PAYPAL *PHONICSPLAY", _OTHER, 1299, 0.4, 0.3),
    Shop("LUCKY NAIL BAR", "PERSONAL_CARE_HAIR_AND_BEAUTY", 4200, 0.5, 0.3),
    Shop("BAY CITY HARDWARE", _HOME, 2360, 0.6, 0.3),
    Shop("GREENLEAF DELI {n}", _EATING, 1130, 1.5, 0.4),
    Shop("SP MAPLE & TWINE", _ONLINE, 3890, 0.4, 0.3),
    Shop("OCEAN AVE LAUNDROMAT", "GENERAL_SERVICES_OTHER_GENERAL_SERVICES", 900, 1.0, 0.3),
    Shop("HILTONS FISH BAR", _EATING, 1870, 0.5, 0.2),
    Shop("4423", _OTHER, 1550, 0.2, 0.15),
)
# What moves money without buying anything.
OTHER = (
    Shop("MONTHLY SERVICE FEE", "BANK_FEES_OTHER_BANK_FEES", 500, 0.3),
    Shop("PAYMENT THANK YOU", "LOAN_PAYMENTS_CREDIT_CARD_PAYMENT", 42_000, 0.5),
    Shop("ZELLE TRANSFER TO A FRIEND", "TRANSFER_OUT_ACCOUNT_TRANSFER", 6000, 0.6),
)
SHOPS = (*KNOWN, *UNKNOWN, *OTHER)
PAY = Shop("PAYROLL DIRECT DEP", "INCOME_WAGES", 240_000, 2.0)
RENT = Shop("RENT PAYMENT", "RENT_AND_UTILITIES_RENT", 184_000, 1.0)
