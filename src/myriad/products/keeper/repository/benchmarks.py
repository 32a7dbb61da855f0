"""The network: an account's own figures, what it lends, what is published, and the screen.

What reads or writes over all accounts takes a session that crosses tenants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from psycopg.types.json import Jsonb

from myriad.products.keeper.network import (
    FIGURES,
    OwnFit,
    Pooled,
    pool_figures,
    pool_prior,
)
from myriad.products.keeper.network.figures import LEAST_WEIGHT
from myriad.products.keeper.network.marks import marks_for
from myriad.products.keeper.network.pools import LEAST_ACCOUNTS
from myriad.products.keeper.network.prior import Parameters
from myriad.products.keeper.repository.accounts import get_account, size_band
from myriad.products.keeper.repository.network_calls import published_calls
from myriad.products.keeper.repository.sql import (
    QUERIES,
    Row,
    execute,
    execute_rows,
    fetch,
    find,
    get,
)
from myriad.products.keeper.views.patterns import BenchmarkRow, BenchmarksView, MarkRow, Withheld
from myriad.scale.data import ReadSession, Session
from myriad.scale.data.tenant_queries import as_json

PRIOR = "bgnbd"
STALE_AFTER = timedelta(days=35)
_PARAMETERS = ("r", "alpha", "a", "b")
_QUANTILES = ("p10", "p25", "p50", "p75", "p90")


async def find_prior(session: ReadSession, vertical: str, day: date) -> Parameters | None:
    """Return the newest prior of a kind of business that was known on `day`, or None."""
    row = await find(session, "find_prior", vertical=vertical, day=day)
    return (row["r"], row["alpha"], row["a"], row["b"]) if row else None


async def get_place(session: ReadSession) -> Row:
    """Return the account's vertical, size band, currency, and whether it has joined."""
    await get_account(session)
    return await get(session, "network_place")


async def load_own_figures(session: ReadSession, day: date) -> dict[str, Row]:
    """Return the account's figures on `day` that rest on at least twenty of what they count."""
    rows = await fetch(session, "own_figures", day=day, least=LEAST_WEIGHT)
    return {row["metric"]: row for row in rows}


async def set_size_band(session: Session, day: date) -> None:
    """Put the account into the band of its active customers: those of the last 365 days."""
    people = int((await get(session, "count_active_people", day=day))["people"])
    await execute(session, "set_size_band", size_band=size_band(people))


async def store_contributions(
    session: Session, day: date, rows: Sequence[Mapping[str, Any]]
) -> int:
    """Replace what the account lends; nothing is kept for one that has not joined."""
    await execute(session, "clear_contributions")
    return await execute_rows(session, "store_contributions", rows, day=day)


async def find_network_week(session: ReadSession) -> Row | None:
    """Return when the network's figures were published last, or None."""
    return await find(session, "find_network_week")


async def lock_network(crossing: Session) -> date | None:
    """Wait for other publications, then return the week of the last one, or None."""
    await _over_all(crossing, "lock_network")
    rows = await _over_all(crossing, "find_network_week")
    return rows[0]["week_start"] if rows else None


async def publish(crossing: Session, week: date, since: date) -> int:
    """Publish the week's pools from figures measured since then; return how many accounts lent.

    Everything published before is replaced, so that who has left is no longer in it. Call
    `lock_network` first.
    """
    rows = await _over_all(crossing, "pool_contributions", since=since)
    figures = [row for row in rows if row["metric"] in FIGURES]
    fits = [row for row in rows if row["metric"] == PRIOR]
    accounts = len({row["tenant_id"] for row in rows})
    await _over_all(crossing, "clear_benchmarks")
    pools = _pools(figures) + published_calls(rows)
    await _over_all(crossing, "publish_benchmarks", week=week, rows=_json(pools))
    await _over_all(crossing, "clear_priors", week=week)
    await _over_all(crossing, "publish_priors", week=week, rows=_json(_priors(fits)))
    await _over_all(crossing, "note_network_week", week=week, accounts=accounts)
    return accounts


async def get_benchmarks(session: ReadSession) -> BenchmarksView:
    """Return the account beside its peers; raises NoAccountError."""
    account = await get_account(session)
    place = await get_place(session)
    own = await load_own_figures(session, account.day)
    published = await fetch(
        session,
        "list_benchmarks",
        vertical=place["vertical"],
        size_band=place["size_band"],
        currency=place["currency"],
    )
    pools = {row["metric"]: row for row in published}
    joined = bool(place["network_opt_in"])
    return BenchmarksView(
        vertical=place["vertical"],
        size_band=place["size_band"],
        currency=place["currency"],
        joined=joined,
        needed=LEAST_ACCOUNTS,
        week_start=max((row["week_start"] for row in published), default=None),
        rows=tuple(
            _benchmark_row(name, own.get(name), pools.get(name), place["vertical"], joined)
            for name in FIGURES
        ),
    )


def _benchmark_row(
    name: str, own: Row | None, pool: Row | None, vertical: str, joined: bool
) -> BenchmarkRow:
    figure = FIGURES[name]
    reason: Withheld | None = "not_joined"
    if joined:
        reason = pool["withheld"] if pool else "too_few"
    shown = pool if pool and reason is None else {}
    marks = marks_for(vertical, name)
    return BenchmarkRow(
        metric=name,
        title=figure.title,
        meaning=figure.meaning,
        unit=figure.unit,
        more_is_better=figure.more_is_better,
        weighs=figure.weighs,
        own=own["value"] if own else None,
        weight=own["weight"] if own else 0,
        accounts=pool["accounts"] if pool else 0,
        quantiles=tuple(shown[level] for level in _QUANTILES if shown),
        withheld=reason,
        marks=tuple(MarkRow(who=m.who, value=m.value, source=m.source, href=m.href) for m in marks),
    )


def _pools(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the published row of each (vertical, size band, figure, currency)."""
    names = ("vertical", "size_band", "metric", "currency")
    found = []
    for key, members in groupby(rows, key=lambda row: tuple(row[name] for name in names)):
        lent = list(members)
        pooled = pool_figures(
            FIGURES[key[2]], [row["value"] for row in lent], [row["weight"] for row in lent]
        )
        found.append({**dict(zip(names, key, strict=True)), **_published(pooled)})
    return found


def _published(pooled: Pooled) -> dict[str, Any]:
    values = pooled.quantiles or (None,) * len(_QUANTILES)
    shown = dict(zip(_QUANTILES, values, strict=True))
    return {"accounts": pooled.accounts, "withheld": pooled.withheld, **shown}


def _priors(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the prior of each vertical that has one; sizes do not matter here."""
    found = []
    for vertical, members in groupby(rows, key=lambda row: str(row["vertical"])):
        fits = [OwnFit(_parameters(row["detail"]), int(row["weight"])) for row in members]
        prior = pool_prior(fits)
        if prior:
            shown = dict(zip(_PARAMETERS, prior.parameters, strict=True))
            found.append({"vertical": vertical, "accounts": prior.accounts, **shown})
    return found


def _parameters(detail: Mapping[str, float]) -> Parameters:
    return detail["r"], detail["alpha"], detail["a"], detail["b"]


def _json(rows: Sequence[Mapping[str, Any]]) -> Jsonb:
    return Jsonb(list(rows), dumps=as_json)


async def _over_all(crossing: Session, name: str, **parameters: Any) -> list[Row]:
    """Run a query over every account; what writes gives no rows."""
    connection = await crossing.connection()
    result = await connection.exec_driver_sql(QUERIES[name], parameters)
    return [dict(row) for row in result.mappings()] if result.returns_rows else []
