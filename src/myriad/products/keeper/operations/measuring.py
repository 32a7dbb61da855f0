"""Measuring Keeper over all accounts: for the operator's screen, and as metrics for alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from pydantic import BaseModel

from myriad.kit.clock import utc_now
from myriad.products.keeper.operations.prices import (
    CRITICAL_SHARE,
    WARN_SHARE,
    AccountCost,
    Price,
    account_cost,
    load_prices,
    price_on,
)
from myriad.products.keeper.repository.operations import (
    count_accounts,
    load_accuracy,
    load_drift,
    load_syncs,
    load_week,
    load_work,
    measure_bytes,
)
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.views.operations import CostRow, Costs, Operations
from myriad.scale.cache import EVERYBODY, Cache, declare
from myriad.scale.data import Database
from myriad.scale.observe.metrics import Gauge

DEAREST = 10
MEASURED = declare("keeper.operations", Operations, "list", version=2, is_shared=True)

ACCOUNTS = Gauge("myriad_keeper_accounts", "Accounts of Keeper")
SYNC_P95 = Gauge("myriad_keeper_sync_p95_seconds", "95th percentile of the syncs of 24 hours")
SYNC_OVER = Gauge("myriad_keeper_syncs_over_bound", "Syncs of 24 hours that took over 120 seconds")
DRIFT = Gauge("myriad_keeper_drift_cents", "Absolute difference to Square of settled days")
ACCURACY = Gauge("myriad_keeper_insight_accuracy_ratio", "Share of graded insights that came true")
GRADED = Gauge("myriad_keeper_insights_graded", "Insights graded within 90 days")
COST_SHARE = Gauge(
    "myriad_keeper_cost_share_ratio", "Mean cost of an account as a share of what its plan brings"
)
COST_OVER = Gauge(
    "myriad_keeper_accounts_over_cost", "Accounts above a share of their plan", ["level"]
)


async def measure_by(database: Database, settings: Sequence[BaseModel]) -> Operations:
    """Measure with the price table of the installation's settings."""
    mine = [one for one in settings if isinstance(one, KeeperSettings)]
    return await measure(database, mine[0].prices_file if mine else None)


async def measure(database: Database, prices_file: Path | None = None) -> Operations:
    """Look at every account and set the metrics; one statement each, none of them a loop."""
    now = utc_now()
    price = price_on(load_prices(prices_file), now.date())
    work, size = await load_work(database, now), await measure_bytes(database)
    found = Operations(
        at=now,
        accounts=await count_accounts(database),
        week=await load_week(database),
        syncs=await load_syncs(database, now),
        drift=await load_drift(database, now.date()),
        accuracy=await load_accuracy(database, now),
        costs=sum_costs(work, size, price),
    )
    export(found)
    return found


async def measured_lately(
    caches: Cache, database: Database, prices_file: Path | None = None
) -> Operations:
    """Return a measurement of some process that is about five minutes old at most."""
    return await caches.get(
        MEASURED, EVERYBODY, (str(prices_file or ""),), lambda: measure(database, prices_file)
    )


def sum_costs(work: Sequence[Mapping[str, Any]], size_bytes: float, price: Price) -> Costs:
    """Return what accounts cost; storage is shared out by their rows of Square's."""
    rows = sum(row["rows"] for row in work)
    costs = [
        account_cost(
            price,
            name=row["name"],
            plan=row["plan"],
            seconds_a_day=row["seconds"],
            size_bytes=size_bytes * (row["rows"] / rows if rows else 1 / len(work)),
            model_usd_micros=row["model_usd_micros"],
        )
        for row in work
    ]
    shares = [cost.share for cost in costs if cost.share is not None]
    dearest = sorted(costs, key=_dearness, reverse=True)[:DEAREST]
    return Costs(
        currency=price.currency,
        mean_cents=fmean(cost.cents for cost in costs) if costs else 0.0,
        mean_share=fmean(shares) if shares else None,
        warn=sum(WARN_SHARE < share <= CRITICAL_SHARE for share in shares),
        critical=sum(share > CRITICAL_SHARE for share in shares),
        rows=tuple(
            CostRow(
                one.name, one.plan, one.work_cents, one.storage_cents, one.model_cents, one.share
            )
            for one in dearest
        ),
        source=price.source,
    )


def _dearness(cost: AccountCost) -> tuple[float, float]:
    return cost.share or 0.0, cost.cents


def export(found: Operations) -> None:
    """Set the metrics; what nobody has measured yet is not a number, so that no alert fires."""
    unknown = float("nan")
    p95, accuracy, share = found.syncs.p95_seconds, found.accuracy.share, found.costs.mean_share
    ACCOUNTS.set(found.accounts)
    SYNC_P95.set(unknown if p95 is None else p95)
    SYNC_OVER.set(found.syncs.over_bound)
    DRIFT.set(found.drift.cents)
    ACCURACY.set(unknown if accuracy is None else accuracy)
    GRADED.set(found.accuracy.graded)
    COST_SHARE.set(unknown if share is None else share)
    COST_OVER.labels("warn").set(found.costs.warn)
    COST_OVER.labels("critical").set(found.costs.critical)
