"""What the agents note from one night to the next."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from myriad.products.keeper.models.columns import SCHEMA, Day, TenantKey, Word, of_account
from myriad.scale.data import TimestampedModel


class AgentNote(TenantKey, TimestampedModel):
    """How far a part of the nightly run has come, so that the next one does only what is new.

    Only ever a shortcut: without the row everything is worked out anew.
    """

    __tablename__ = "agent_note"
    __table_args__ = (of_account(), {"schema": SCHEMA})

    agent: Mapped[Word] = mapped_column(primary_key=True)
    business_date: Mapped[Day]
    noted_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
