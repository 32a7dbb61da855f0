"""What an agent is given, what it gives back, and how it says that it cannot run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from myriad.kit.errors import MyriadError
from myriad.products.keeper.repository.accounts import AccountFacts
from myriad.products.keeper.repository.history import lock_account
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.wording import TEMPLATES, Wording
from myriad.scale.cache import changes_no_view, tell_tenant_changed
from myriad.scale.data import Database, ReadSession, Session
from myriad.scale.tenancy import TenantId, acting_for

# In the order of the graph, whose own table a test compares with this one.
AGENT_NAMES = ("data", "matching", "analysis", "employee", "review", "insight", "report")

RunState = Literal["running", "ok", "partial", "failed", "skipped"]


class AgentSkippedError(MyriadError):
    """The agent has nothing to do here, and says why."""

    code = "keeper_agent_skipped"
    title = "Agent skipped"


@dataclass(frozen=True)
class AgentContext:
    """One account on one business date.

    `looks_back` is true when the account has already been run for a later day: then visits and
    tasks, which speak of the latest day, stay as they are. `digests` are those of inputs that
    several agents share, from when the first of them asked until the inputs are written to;
    `shared` holds what several of them read alike.
    """

    database: Database
    account: AccountFacts
    day: date
    settings: KeeperSettings
    digests: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
    shared: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    wording: Wording = field(default=TEMPLATES, compare=False, repr=False)

    @property
    def tenant_id(self) -> TenantId:
        """The account's tenant."""
        return TenantId(self.account.tenant_id)

    @property
    def looks_back(self) -> bool:
        """Whether a later day than this one has been run already."""
        return self.account.business_date is not None and self.day < self.account.business_date

    @property
    def again(self) -> bool:
        """Whether everything is to be worked out again, by nothing that an earlier run found."""
        return bool(self.shared.get("again"))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ReadSession]:
        """One read-only transaction."""
        with acting_for(self.tenant_id):
            async with self.database.work.open(self.tenant_id, read_only=True) as session:
                session.info["digests"] = self.digests
                session.info["shared"] = self.shared
                yield ReadSession(session)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Session]:
        """One transaction that no other run of this account overlaps."""
        async with self.noting() as session:
            await lock_account(session)
            yield session

    @asynccontextmanager
    async def noting(self) -> AsyncIterator[Session]:
        """One transaction that may overlap others: for notes about runs.

        Screens hear of what a run has changed when it ends, by `tell_screens`.
        """
        with acting_for(self.tenant_id):
            async with self.database.work.transaction(self.tenant_id) as session:
                session.info["digests"] = self.digests
                session.info["shared"] = self.shared
                changes_no_view(Session(ReadSession(session)))
                yield Session(ReadSession(session))

    def tell_screens(self) -> None:
        """Let what screens show be made anew from what has been committed."""
        tell_tenant_changed(self.database.session_info, self.tenant_id)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an agent did: rows read and written, and what is missing when it is partial."""

    rows_in: int
    rows_out: int
    missing: str | None = None


@dataclass(frozen=True)
class Agent:
    """One agent: its name, the digest of its inputs, and its work.

    `version` is part of the digest, so that a better agent runs again on the same inputs.
    """

    name: str
    version: int
    digest: Callable[[ReadSession, AgentContext], Awaitable[str]]
    work: Callable[[AgentContext], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class AgentReport:
    """How one agent ended; `unchanged` when the same inputs had been worked on before."""

    agent: str
    state: RunState
    duration_ms: int = 0
    rows_in: int | None = None
    rows_out: int | None = None
    error: str | None = None
    unchanged: bool = False
