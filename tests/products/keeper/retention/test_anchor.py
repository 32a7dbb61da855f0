"""One person looked at alone gets the night's own number, whichever forecast the account ships."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from myriad.products.keeper.retention.anchor import Anchor
from myriad.products.keeper.retention.bookings import Bookings
from myriad.products.keeper.retention.earlier import Earlier
from myriad.products.keeper.retention.fit import Retention, fit_account
from myriad.products.keeper.retention.history import Visits
from myriad.products.keeper.retention.single import describe_person
from tests.products.keeper.retention.accounts import FIRST_DAY, Account, spa

LAST_DAY = FIRST_DAY + 719


def night(account: Account, shipped: str) -> Retention:
    """Return what a night finds when this forecast ships."""
    first = fit_account(*account.columns, LAST_DAY)
    judged = first.report.judged
    assert judged.stack is not None
    judged = replace(judged, verdict=replace(judged.verdict, shipped=shipped))
    earlier = Earlier(first.report.model.parameters, judged=judged)
    return fit_account(*account.columns, LAST_DAY, earlier=earlier)


@pytest.mark.parametrize(
    ("shipped", "off"), [("stack", 1e-9), ("bgnbd", 1e-9), ("gap", 0.02)], ids=str
)
def test_the_same_visits_give_the_nights_number(shipped: str, off: float) -> None:
    """Exact for the stack and the closed form, and within two points by the kept gaps."""
    account = spa(300)
    found = night(account, shipped)
    stored = json.loads(json.dumps(found.report.anchor.as_dict()))
    known = Earlier(
        model=found.report.model.parameters,
        spend=found.report.spend.parameters if found.report.spend else None,
        judged=found.report.judged,
        anchor=Anchor.from_dict(stored),
    )
    person, day, net = (np.asarray(column) for column in account.columns)
    for row in range(0, found.history.customers, 15):
        own = person == found.person[row]
        visits = Visits.of([0] * int(own.sum()), day[own], net[own])
        alone = describe_person(visits, Bookings(), LAST_DAY, known)
        for days in (30, 60, 90):
            assert alone.churn[days][0] == pytest.approx(found.churn[days][row], abs=off)


def test_the_closed_form_alone_would_have_given_another_number() -> None:
    """The test above can fail: without the anchor the stack's people get another chance."""
    account = spa(300)
    found = night(account, "stack")
    bare = Earlier(found.report.model.parameters, judged=found.report.judged)
    person, day, net = (np.asarray(column) for column in account.columns)
    own = person == found.person[0]
    visits = Visits.of([0] * int(own.sum()), day[own], net[own])
    alone = describe_person(visits, Bookings(), LAST_DAY, bare)
    assert abs(alone.churn[60][0] - found.churn[60][0]) > 1e-4
