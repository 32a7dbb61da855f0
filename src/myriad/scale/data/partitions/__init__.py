"""Tables by month: declared on the model, made ahead, archived and dropped when their time is over."""

from myriad.scale.data.partitions.declaration import (
    Monthly,
    MonthlyError,
    by_month,
    declare_months,
    find_monthly,
    forget_months,
    list_monthly,
)

__all__ = [
    "Monthly",
    "MonthlyError",
    "by_month",
    "declare_months",
    "find_monthly",
    "forget_months",
    "list_monthly",
]
