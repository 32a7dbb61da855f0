"""The sentences of the operator's screen."""

from __future__ import annotations

from myriad.kit.money import Money
from myriad.products.keeper.operations.prices import CRITICAL_SHARE, WARN_SHARE
from myriad.products.keeper.views.operations import (
    LEAST_ACCURACY,
    SYNC_BOUND_SECONDS,
    Operations,
    OperationsView,
)
from myriad.scale.ui.filters import NOTHING, number, percent, plural

Fault = tuple[str, str, str]


def answer(view: OperationsView) -> str:
    """Return whether anything is wrong."""
    accounts = plural(view.measured.accounts, "account")
    wrong = len(faults(view))
    if not view.measured.accounts:
        return "No account yet"
    return f"{accounts}, {plural(wrong, 'fault')}" if wrong else f"{accounts}, all within bounds"


def faults(view: OperationsView) -> list[Fault]:
    """Return what is out of bounds: (what, what to do, how bad), as the alerts say it."""
    return [*_of_measures(view.measured), *_of_queue(view)]


def _of_measures(found: Operations) -> list[Fault]:
    p95, share, accuracy = found.syncs.p95_seconds, found.costs.mean_share, found.accuracy.share
    faults = []
    if p95 is not None and p95 > SYNC_BOUND_SECONDS:
        what = f"Syncs are slow: 95 % end within {number(p95)} s"
        faults.append((what, "Look at the refusals below and at Square's own status.", "warning"))
    if found.drift.cents:
        what = f"Figures differ from Square at {plural(found.drift.accounts, 'account')}"
        faults.append((what, "Read those accounts again; the days are on Connections.", "danger"))
    if accuracy is not None and accuracy < LEAST_ACCURACY:
        what = f"Only {percent(accuracy)} of the insights came true"
        faults.append((what, "Weak kinds fall silent by themselves; see which.", "warning"))
    if share is not None and share > WARN_SHARE:
        level = "danger" if share > CRITICAL_SHARE else "warning"
        what = f"An account costs {percent(share, 1)} of what its plan brings in"
        faults.append((what, "Look at the dearest accounts below.", level))
    return faults


def _of_queue(view: OperationsView) -> list[Fault]:
    return [
        (f"Work of the class {lane.job_class} is stuck", "Look at Whole queue.", "danger")
        for lane in view.lanes
        if lane.is_stuck
    ]


def cents(value: float, currency: str) -> str:
    """Return a small amount of money to a tenth of a cent."""
    return f"{value / 100:,.3f} {currency}"


def money(minor: int, currency: str) -> str:
    """Return an amount of whole cents."""
    return Money(minor, currency).format()


def seconds(value: float | None) -> str:
    """Return seconds, or a dash for what nobody has measured."""
    return NOTHING if value is None else f"{number(value, 1)} s"
