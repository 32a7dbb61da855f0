"""Running a programme over HTTP: quality, costs, corporate actions, the broker's positions."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from myriad.kit.clock import utc_now
from myriad.products.kamioi.operation import actions
from myriad.products.kamioi.operation.actions import ActionEntry, Effect
from myriad.products.kamioi.operation.costs import get_costs
from myriad.products.kamioi.operation.measuring import get_quality
from myriad.products.kamioi.operation.overcharges import (
    Outcome,
    list_overcharges,
    settle_overcharge,
)
from myriad.products.kamioi.operation.positions import get_reconciliation
from myriad.products.kamioi.operation.quality import Precision, tenths
from myriad.products.kamioi.operation.stuck_orders import list_stuck_orders
from myriad.scale.http import (
    CurrentRuntime,
    Operator,
    Owner,
    Router,
    Staff,
    TenantReadSession,
    TenantSession,
)

router = Router()
_UNKNOWN: dict[int | str, dict[str, Any]] = {
    404: {"description": "No share stood under this ticker on that day."}
}

_SETTLED: dict[int | str, dict[str, Any]] = {409: {"description": "It is settled already."}}


class PrecisionRead(BaseModel):
    """How many of the audited were right, with Wilson's 95 % interval; `share` null of none."""

    label: str
    right: int
    total: int
    share: float | None
    low: float
    high: float

    @classmethod
    def of(cls, one: Precision) -> PrecisionRead:
        """Return the figure for an answer."""
        low, high = one.interval
        return cls(
            label=one.label,
            right=one.right_ones,
            total=one.total,
            share=one.share,
            low=low,
            high=high,
        )


class CalibrationBin(BaseModel):
    """Audited decisions of one tenth of confidence: how far believed, how often right."""

    believed: float
    audited: PrecisionRead


class ModelRead(BaseModel):
    """One model beside the others, over 35 days."""

    model: str
    decisions: int
    cost_usd_micros: int
    audited: PrecisionRead


class AnalyticsRead(BaseModel):
    """How good mapping is; shares are 0..1, null where there is nothing to tell."""

    measured_at: datetime
    descriptors: int
    decided: int
    coverage_tx: float | None
    coverage_distinct: float | None
    coverage_tail: float | None
    override_rate: float | None
    calibration_error: float | None
    drift_psi: float | None
    waiting: int
    median_queue_seconds: float | None
    precision: PrecisionRead
    methods: list[PrecisionRead]
    calibration: list[CalibrationBin]
    models: list[ModelRead]


class CohortRead(BaseModel):
    """What the decisions of a month cost, and where that stands (micro-dollars)."""

    month: date
    cost_usd_micros: int
    life_months: int
    borne_usd_micros: int
    written_off_usd_micros: int
    left_usd_micros: int


class MonthRead(BaseModel):
    """What a month spent and bore, and what that is for each of its purchases."""

    month: date
    spent_usd_micros: int
    decisions: int
    borne_usd_micros: int
    purchases: int
    per_purchase_micros: float | None


class CostsRead(BaseModel):
    """What mapping costs; the newest month and cohort first."""

    spent_usd_micros: int
    left_usd_micros: int
    decided: int
    active_members: int
    per_descriptor_micros: float | None
    per_member_micros: float | None
    months: list[MonthRead]
    cohorts: list[CohortRead]


class LineRead(BaseModel):
    """One line of a comparison: `ours` by the lots, `theirs` by the broker."""

    id: UUID
    subject: str
    security_id: UUID | None
    ticker: str
    ours: Decimal
    theirs: Decimal
    state: str
    since: datetime | None
    advice: str
    note: str


class StuckOrderRead(BaseModel):
    """An open order that needs a person, by its name at the broker; what is wrong, what to do."""

    id: UUID
    client_order_id: str
    ticker: str
    window_at: datetime
    notional_minor: int
    currency: str
    state: str
    members: int
    fault: str
    advice: str


class OverchargeRead(BaseModel):
    """What an order cost above its notional, in minor units; open until somebody settles it."""

    id: UUID
    client_order_id: str
    ticker: str
    notional_minor: int
    amount_minor: int
    currency: str
    state: Literal["open", "returned", "borne"]
    noted_at: datetime
    note: str


class OverchargeWrite(BaseModel):
    """What became of an overcharge, and what shows it."""

    model_config = ConfigDict(extra="forbid")

    outcome: Outcome
    note: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


class ReconciliationRead(BaseModel):
    """The last comparison with the broker; null before the first.

    Orders that need a person, and what the broker took above orders.
    """

    run_at: datetime | None
    differing: int
    lines: list[LineRead]
    orders: list[StuckOrderRead]
    overcharges: list[OverchargeRead]


class ActionRequest(ActionEntry):
    """An action to enter; with `dry_run` nothing is written."""

    dry_run: bool = False


class ActionAnswer(BaseModel):
    """The action's id, null of a dry run, and what it does to this programme."""

    id: UUID | None
    effect: Effect


@router.get("/admin/llm-center/analytics")
async def read_analytics(session: TenantReadSession) -> AnalyticsRead:
    """Return how good mapping is, as of the last hourly measurement."""
    found = await get_quality(session, utc_now())
    return AnalyticsRead(
        measured_at=found.measured_at,
        descriptors=found.descriptors,
        decided=found.decided,
        coverage_tx=found.coverage_tx,
        coverage_distinct=found.coverage_distinct,
        coverage_tail=found.coverage_tail,
        override_rate=found.override_rate,
        calibration_error=found.calibration_error,
        drift_psi=found.drift,
        waiting=found.queue.waiting,
        median_queue_seconds=found.queue.median_seconds,
        precision=PrecisionRead.of(found.precision),
        methods=[PrecisionRead.of(one) for one in found.methods()],
        calibration=[
            CalibrationBin(believed=one.believed, audited=PrecisionRead.of(one.precision))
            for one in tenths(found.audits)
        ],
        models=[
            ModelRead(
                model=one.model,
                decisions=one.decisions,
                cost_usd_micros=one.cost_usd_micros,
                audited=PrecisionRead.of(one.precision),
            )
            for one in found.models()
        ],
    )


@router.get("/admin/llm-center/costs")
async def read_costs(session: TenantReadSession) -> CostsRead:
    """Return what mapping costs, by month and cohort."""
    return CostsRead.model_validate(
        await get_costs(session, utc_now().date()), from_attributes=True
    )


@router.get("/admin/reconciliation")
async def read_reconciliation(session: TenantReadSession) -> ReconciliationRead:
    """Return the last comparison of the broker's positions with the lots, and orders that stick."""
    now = utc_now()
    found, stuck = await get_reconciliation(session, now), await list_stuck_orders(session, now)
    over = await list_overcharges(session, now)
    return ReconciliationRead(
        run_at=found.lines[0].run_at if found.lines else None,
        differing=len([one for one in found.lines if one.state != "equal"]),
        lines=[LineRead.model_validate(one, from_attributes=True) for one in found.lines],
        orders=[StuckOrderRead.model_validate(one, from_attributes=True) for one in stuck],
        overcharges=[OverchargeRead.model_validate(one, from_attributes=True) for one in over],
    )


@router.post(
    "/admin/reconciliation/overcharges/{overcharge_id}", status_code=204, responses=_SETTLED
)
async def settle(
    overcharge_id: UUID, body: OverchargeWrite, caller: Owner, session: TenantSession
) -> None:
    """Book what became of what the broker took above an order; 409 when it is settled already."""
    await settle_overcharge(session, overcharge_id, body.outcome, body.note, caller, utc_now())


@router.post("/admin/securities/actions", responses=_UNKNOWN)
async def enter_action(
    body: ActionRequest, caller: Operator, member: Staff, runtime: CurrentRuntime
) -> ActionAnswer:
    """Enter what a company did to its shares, for every programme; 409 when it is known."""
    entry = ActionEntry.model_validate(body.model_dump(exclude={"dry_run"}))
    async with runtime.database.read_session(member.tenant_id) as session:
        effect = await actions.preview(session, entry)
    identity = None if body.dry_run else await actions.enter(runtime.database, entry, caller)
    return ActionAnswer(id=identity, effect=effect)
