"""Which movements on an account are purchases that round up (specification, pipeline step 1)."""

from __future__ import annotations

# Card networks' codes of what is money moved rather than something bought.
_MCC_KINDS = {
    "4829": "transfer",
    "6010": "cash_advance",
    "6011": "cash_advance",
    "6012": "transfer",
    "6051": "transfer",
    "6211": "transfer",
    "6513": "rent",
    "6533": "transfer",
    "6534": "transfer",
    "6535": "transfer",
    "6536": "transfer",
    "6537": "transfer",
    "6538": "transfer",
    "6540": "transfer",
}
_CATEGORY_KINDS = (
    ("TRANSFER_IN", "transfer"),
    ("TRANSFER_OUT", "transfer"),
    ("LOAN_PAYMENTS", "loan"),
    ("BANK_FEES_CASH_ADVANCE", "cash_advance"),
    ("BANK_FEES", "fee"),
    ("RENT_AND_UTILITIES_RENT", "rent"),
    ("INCOME", "income"),
)


def kind_of(amount_minor: int, category: str | None = None, mcc: str | None = None) -> str:
    """Return the kind of a movement; `amount_minor` > 0 is money out.

    One of purchase, refund, transfer, fee, cash_advance, loan, rent, income. `category` is Plaid's
    detailed or primary personal finance category, `mcc` the merchant category code.
    """
    for beginning, kind in _CATEGORY_KINDS:
        if category and category.startswith(beginning):
            return kind
    if mcc in _MCC_KINDS:
        return _MCC_KINDS[mcc]
    return "purchase" if amount_minor >= 0 else "refund"
