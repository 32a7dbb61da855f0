"""What can go wrong when a model is asked of too little data."""

from __future__ import annotations

from myriad.kit.errors import MyriadError


class NotEnoughHistoryError(MyriadError):
    """There is not enough history to say anything about this account's customers yet.

    `customers` and `repeaters` are what there is, `needed_customers` and `needed_repeaters`
    what the model asks for.
    """

    code = "not_enough_history"
    status = 409
    title = "Not enough history"

    def __init__(
        self, customers: int, repeaters: int, needed_customers: int, needed_repeaters: int = 0
    ) -> None:
        super().__init__(
            f"not enough history: {customers} customers of whom {repeaters} came back; "
            f"{needed_customers} customers and {needed_repeaters} returning ones are needed",
            customers=customers,
            repeaters=repeaters,
            needed_customers=needed_customers,
            needed_repeaters=needed_repeaters,
        )
        self.customers = customers
        self.repeaters = repeaters
        self.needed_customers = needed_customers
        self.needed_repeaters = needed_repeaters


class NotEnoughDaysError(MyriadError):
    """There are too few open days to know what an ordinary day looks like.

    `days` is how many there are, `needed_days` how many are needed.
    """

    code = "not_enough_history"
    status = 409
    title = "Not enough history"

    def __init__(self, days: int, needed_days: int) -> None:
        super().__init__(
            f"not enough history: {days} open days, {needed_days} are needed",
            days=days,
            needed_days=needed_days,
        )
        self.days = days
        self.needed_days = needed_days
