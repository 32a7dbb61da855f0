"""Who is called and who is not, and which kinds of insight are silent."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from myriad.products.keeper.models.columns import (
    SCHEMA,
    Cents,
    Day,
    Small,
    TenantKey,
    Word,
    of_account,
    of_person,
)
from myriad.scale.data import TenantModel, TimestampedModel


class ControlGroup(TenantKey, TimestampedModel):
    """Whether a tenth of the call list is held out; `salt` decides whom, and never leaves."""

    __tablename__ = "control_group"
    __table_args__ = (of_account(), {"schema": SCHEMA})

    salt: Mapped[bytes] = mapped_column(server_default=text("uuid_send(gen_random_uuid())"))
    is_on: Mapped[bool] = mapped_column(server_default=text("true"))
    changed_by: Mapped[Word | None]
    changed_at: Mapped[datetime | None]


class CallAssignment(TenantModel):
    """One person whose turn on the call list came, and by chance to which arm they went.

    `place` counts the people of a stratum in the order in which they came. `returned` and `net`
    (minor units from the day after `entered_on` to `horizon_date`) are None until measured.
    `stopped_on` is set when the group was switched off before the horizon; such rows count nowhere.
    """

    __tablename__ = "call_assignment"
    __table_args__ = (
        of_account(),
        of_person(),
        CheckConstraint("arm IN ('call', 'control')", name="arm"),
        Index("uq_call_assignment_person", "tenant_id", "person_id", "entered_on", unique=True),
        Index("ix_call_assignment_horizon", "tenant_id", "horizon_date", "arm"),
        Index("ix_call_assignment_place", "tenant_id", "stratum", "place"),
        {"schema": SCHEMA},
    )

    person_id: Mapped[UUID]
    entered_on: Mapped[Day]
    horizon_date: Mapped[Day]
    arm: Mapped[Word]
    stratum: Mapped[Small]
    place: Mapped[int]
    playbook: Mapped[Word]
    value_at_risk: Mapped[Cents]
    stopped_on: Mapped[Day | None]
    returned: Mapped[bool | None]
    net: Mapped[Cents | None]
    measured_on: Mapped[Day | None]


class MutedKind(TenantKey, TimestampedModel):
    """A kind of insight that fell silent, or did once.

    Silent from `muted_on` until `retry_on` (None: until somebody decides); not silent when
    `muted_on` is None. Only insights made from `judged_from` on count against the kind.
    """

    __tablename__ = "muted_kind"
    __table_args__ = (of_account(), {"schema": SCHEMA})

    kind: Mapped[Word] = mapped_column(primary_key=True)
    muted_on: Mapped[date | None]
    retry_on: Mapped[date | None]
    reason: Mapped[Word] = mapped_column(server_default="")
    decided_by: Mapped[Word] = mapped_column(server_default="keeper")
    judged_from: Mapped[date | None]
