"""What calls bring over the network: what an account lends of it, and what is published.

Published are three rows for each kind of call and vertical, for businesses of every size: a pool of
one size would be too small to say anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from myriad.products.keeper.network.calls import PooledCalls, beta_of, interval_of, pool_calls
from myriad.products.keeper.network.figures import LEAST_WEIGHT
from myriad.products.keeper.network.pools import Withheld
from myriad.products.keeper.proof.intervals import Interval
from myriad.products.keeper.proof.playbooks import PLAYBOOKS, ArmPriors, PlaybookArms
from myriad.products.keeper.repository.sql import Row, fetch, fetch_as
from myriad.scale.data import ReadSession

POOLED_DAYS = 365
"""How far back the effect of one call is pooled."""

_LENT = {f"calls.{playbook}": playbook for playbook in PLAYBOOKS}
_PARTS = ("called", "held_out", "uplift")
_QUANTILES = ("p10", "p25", "p50", "p75", "p90")


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One published row: quantiles over the pool, or why there are none."""

    metric: str
    accounts: int
    withheld: Withheld | None
    p10: float | None
    p25: float | None
    p50: float | None
    p75: float | None
    p90: float | None

    @property
    def quantiles(self) -> tuple[float, ...]:
        """The five quantiles, empty where they are withheld."""
        values = (self.p10, self.p25, self.p50, self.p75, self.p90)
        return tuple(value for value in values if value is not None)


@dataclass(frozen=True, slots=True)
class PeerCalls:
    """What one kind of call brings in other accounts; without `uplift` it is withheld."""

    playbook: str
    accounts: int
    uplift: Interval | None
    priors: ArmPriors | None
    withheld: Withheld | None


async def lent_calls(session: ReadSession, day: date) -> list[dict[str, Any]]:
    """Return what the account lends: each kind of call with twenty people and both arms."""
    year = {"first": day - timedelta(days=POOLED_DAYS - 1), "last": day, "since": day}
    rows = await fetch(session, "effect_totals", **year)
    return [_lent(arms) for arms in arms_of(rows) if _says_something(arms)]


def arms_of(rows: Sequence[Row]) -> list[PlaybookArms]:
    """Return each kind of call with its arms, from rows of `effect_totals`."""
    return [
        PlaybookArms(playbook, _counts(rows, playbook, "call"), _counts(rows, playbook, "control"))
        for playbook in PLAYBOOKS
    ]


def published_calls(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return the rows to publish from everything that accounts lent."""
    pools: dict[tuple[str, str], list[PlaybookArms]] = defaultdict(list)
    for row in rows:
        if row["metric"] in _LENT:
            called, held_out = (tuple(row["detail"][arm]) for arm in _PARTS[:2])
            arms = PlaybookArms(_LENT[row["metric"]], called, held_out)
            pools[row["vertical"], row["metric"]].append(arms)
    return [
        {"vertical": vertical, "size_band": "", "currency": "", "metric": metric, **facts}
        for (vertical, lent), arms in sorted(pools.items())
        for metric, facts in _published(lent, pool_calls(arms))
    ]


async def list_peer_calls(session: ReadSession, vertical: str) -> tuple[PeerCalls, ...]:
    """Return what is published for a kind of business, by kind of call; empty before the first."""
    metrics = [f"{lent}.{part}" for lent in _LENT for part in _PARTS]
    rows = await fetch_as(
        PublishedRow, session, "list_call_benchmarks", vertical=vertical, metrics=metrics
    )
    known = {row.metric: row for row in rows}
    return tuple(
        _peer(playbook, [known[f"{lent}.{part}"] for part in _PARTS])
        for lent, playbook in _LENT.items()
        if f"{lent}.uplift" in known
    )


def _counts(rows: Sequence[Row], playbook: str, arm: str) -> tuple[int, int]:
    own = [row for row in rows if row["playbook"] == playbook and row["arm"] == arm]
    return sum(row["returned"] for row in own), sum(row["people"] for row in own)


def _says_something(arms: PlaybookArms) -> bool:
    people = arms.called[1], arms.held_out[1]
    return min(people) > 0 and sum(people) >= LEAST_WEIGHT


def _lent(arms: PlaybookArms) -> dict[str, Any]:
    shares = [returned / people for returned, people in (arms.called, arms.held_out)]
    return {
        "metric": f"calls.{arms.playbook}",
        "currency": "",
        "value": shares[0] - shares[1],
        "weight": arms.called[1] + arms.held_out[1],
        "detail": {"called": list(arms.called), "held_out": list(arms.held_out)},
    }


def _published(lent: str, pooled: PooledCalls) -> Iterator[tuple[str, dict[str, Any]]]:
    for part in _PARTS:
        values = getattr(pooled, part) or (None,) * len(_QUANTILES)
        shown = dict(zip(_QUANTILES, values, strict=True))
        yield (
            f"{lent}.{part}",
            {"accounts": pooled.accounts, "withheld": pooled.withheld, **shown},
        )


def _peer(playbook: str, rows: Sequence[PublishedRow]) -> PeerCalls:
    called, held_out, uplift = rows
    if called.withheld:
        return PeerCalls(playbook, called.accounts, None, None, called.withheld)
    shares = beta_of(called.quantiles), beta_of(held_out.quantiles)
    priors = ArmPriors(*shares, called.accounts)
    return PeerCalls(playbook, called.accounts, interval_of(uplift.quantiles), priors, None)
