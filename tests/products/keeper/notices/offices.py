"""An account whose mail goes to a server of the test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from myriad.products.keeper import tasks  # noqa: F401 - registers the tasks
from myriad.products.keeper.notify import DELIVER_TASK, Notice, raise_notice
from myriad.products.keeper.preferences import write_preferences
from tests.fixtures.jobs import run_job
from tests.fixtures.mailbox import Mailbox
from tests.products.keeper.ledger import Shop

NOTICE = Notice("review", "review:1", "urgent", "Ana left one star", "Too late", "/keeper/today")


@dataclass
class Office:
    """An account with an owner and staff, and the server that takes its mail."""

    shop: Shop
    box: Mailbox

    async def tell(self, notice: Notice = NOTICE) -> None:
        """Raise a notice and run every job that is due because of it."""
        async with self.shop.runtime.database.session(self.shop.tenant_id) as session:
            await raise_notice(session, notice)
        await self.work(DELIVER_TASK)

    async def work(self, task: str) -> list[str]:
        """Run the live jobs of a task once, due or not, and return how they ended."""
        sql = (
            "SELECT id FROM platform.job_overview WHERE task = %(task)s "
            "AND state IN ('queued', 'waiting') ORDER BY id"
        )
        rows = await self.rows(sql, task=task)
        async with self.shop.runtime.database.crossing("test makes jobs due") as session:
            connection = await session.connection()
            await connection.exec_driver_sql(
                "UPDATE platform.job SET state = 'queued', run_at = NULL "
                "WHERE tenant_id = %(tenant)s AND state = 'waiting'",
                {"tenant": self.shop.tenant_id},
            )
        runtime, tenant = self.shop.runtime, self.shop.tenant_id
        return [(await run_job(runtime, tenant, UUID(str(row["id"])))) for row in rows]

    async def rows(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        """Return the rows of a query of this account."""
        return await self.shop.runtime.database.reader.rows(self.shop.tenant_id, sql, parameters)

    async def deliveries(self) -> list[tuple[str, str]]:
        """Return form and state of each planned mail."""
        rows = await self.rows("SELECT form, state FROM keeper.notice_delivery ORDER BY id")
        return [(row["form"], row["state"]) for row in rows]

    async def prefer(self, **changes: Any) -> None:
        """Change what the owner prefers."""
        async with self.shop.runtime.database.session(self.shop.tenant_id) as session:
            await write_preferences(session, changes, None)

    async def execute(self, sql: str) -> None:
        """Run a statement for this account."""
        async with self.shop.runtime.database.session(self.shop.tenant_id) as session:
            connection = await session.connection()
            await connection.exec_driver_sql(sql)
