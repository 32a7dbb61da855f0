"""What the installation itself has done on time; a job belongs to an account, so in an operator's."""

from __future__ import annotations

from collections.abc import Sequence

from myriad.scale.data import Database
from myriad.scale.schedule.ensure import QUERIES, ensure_schedules
from myriad.scale.schedule.specs import ScheduleSpec
from myriad.scale.tenancy import TenantId


async def find_operators_account(database: Database) -> TenantId | None:
    """Return the account in which the installation's own work is done; None without an operator."""
    rows = await database.crossing_rows(
        "what the installation has done on time is in its operator's account",
        QUERIES["find_operators_account"],
    )
    return TenantId(rows[0]["tenant_id"]) if rows else None


async def ensure_operator_schedules(
    database: Database, specs: Sequence[ScheduleSpec]
) -> TenantId | None:
    """Have the schedules run in the account of the installation's operator; None without one."""
    tenant_id = await find_operators_account(database)
    if tenant_id is None:
        return None
    async with database.session(tenant_id) as session:
        await ensure_schedules(session, tenant_id, specs)
    return tenant_id
