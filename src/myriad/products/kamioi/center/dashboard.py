"""How well strings are decided: from counts that are kept, audits, and the ledger of model calls."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from myriad.products.kamioi.center.reading import today_began
from myriad.products.kamioi.center.rules import get_rule
from myriad.products.kamioi.center.views import (
    AuditedBin,
    Counts,
    Dashboard,
    MethodCount,
    ModelUse,
    Share,
    Stake,
)
from myriad.products.kamioi.center.worth import get_currencies
from myriad.products.kamioi.choosing import TASK
from myriad.products.kamioi.mapping_schedules import MAP_TASK
from myriad.products.kamioi.repository.sql import Row, fetch, get
from myriad.scale.ai.ledger import list_spend
from myriad.scale.data import Database, ReadSession
from myriad.scale.jobs import list_jobs
from myriad.scale.tenancy import TenantId


async def get_dashboard(database: Database, session: ReadSession, tenant_id: TenantId) -> Dashboard:
    """Return how the center of the tenant's programme stands now."""
    counts = await get_counts(session)
    states = [MethodCount(**row) for row in await fetch(session, "center_states")]
    audits = await fetch(session, "center_audits")
    money = await fetch(session, "center_waiting_money")
    rule, currencies = await get_rule(session), await get_currencies(session)
    alone = _sum(states, "auto")
    told = alone + counts.waiting + _sum(states, "approved")
    return Dashboard(
        waiting=counts.waiting,
        requests=counts.requests,
        audits=counts.audits,
        held_round_ups=tuple(
            Stake(row["currency"], row["round_ups"], row["amount_minor"]) for row in money
        ),
        decided_alone=alone,
        decided_by_people=_sum(states, "approved"),
        precision_alone=_share(audits, "alone_right", "alone_total"),
        precision_all=_share(audits, "right_ones", "total"),
        bins=tuple(
            AuditedBin.of(row["method"], row["score_bin"], row["right_ones"], row["total"])
            for row in audits
        ),
        methods=tuple(sorted(states, key=lambda one: -one.mappings)),
        model=await _model_use(database, session, tenant_id),
        second_person_minor=rule.second_person_minor,
        currency=currencies.own,
        unrated=currencies.unrated,
        auto_approve_rate=alone / told if told else None,
        job_id=await _find_live_job(session),
    )


async def get_counts(session: ReadSession) -> Counts:
    """Return how much waits of each kind."""
    return Counts(**await get(session, "center_counts"))


def _sum(states: Sequence[MethodCount], state: str) -> int:
    return sum(one.mappings for one in states if one.state == state)


def _share(audits: Sequence[Row], right: str, total: str) -> Share:
    return Share.of(sum(row[right] for row in audits), sum(row[total] for row in audits))


async def _model_use(database: Database, session: ReadSession, tenant_id: TenantId) -> ModelUse:
    """Return what was asked today; its cost is what the ledger of all calls says."""
    since = today_began()
    batches = await fetch(session, "center_batches", since=since)
    spent = await list_spend(database, tenant_id, since.date(), since.date())
    strings, cached = (sum(row[name] for row in batches) for name in ("strings", "cached"))
    return ModelUse(
        strings=strings,
        cached=cached,
        cache_hit=cached / strings if strings else None,
        calls=sum(row["calls"] for row in batches),
        cost_usd_micros=sum(row["cost_usd_micros"] for row in spent if row["task"] == TASK),
        degraded=sum(row["is_degraded"] for row in batches),
        last_asked_at=max((row["asked_at"] for row in batches), default=None),
    )


async def _find_live_job(session: ReadSession) -> UUID | None:
    """Return the job that maps strings now, or None."""
    found = await list_jobs(session, task=MAP_TASK, limit=1)
    return found[0].id if found and found[0].is_live else None
