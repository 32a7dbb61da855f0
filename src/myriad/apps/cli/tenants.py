"""`./myriad tenants …`: the accounts of this installation, and closing one for a while."""

from __future__ import annotations

import asyncio
from typing import Any

import typer

from myriad.apps.cli.accounts import get_account_id
from myriad.apps.cli.context import CliContext
from myriad.scale.directory import get_tenant, list_tenants, set_status
from myriad.scale.jobs.overview import count_waiting_of
from myriad.scale.schedule.installation import find_operators_account

app = typer.Typer(
    help="Accounts: list them, suspend one, let it go on.",
    epilog="Example:  ./myriad tenants ls",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
_SUSPEND = """
Nothing is deleted, and what runs at this moment comes to its end. Until the account is resumed its
people and keys are refused, its jobs wait, and its schedules pass without work.

Examples:

  ./myriad tenants suspend alder-and-salt

  ./myriad tenants suspend alder-and-salt --reason "unpaid since May"
"""
_LONGEST_REASON = 500
Account = typer.Argument(help="The account's slug or id.", metavar="SLUG|ID")


@app.command("ls", epilog="Example:  ./myriad tenants ls --json")
def list_command(ctx: typer.Context) -> None:
    """List every account, the oldest first."""
    context: CliContext = ctx.obj
    rows = asyncio.run(_list(context))
    lines = [
        f"{row['slug']:<32} {row['status']:<10} {row['plan']:<10} {row['name']}" for row in rows
    ]
    context.show({"tenants": rows}, lines or ["There is no account yet."])


@app.command("suspend", epilog=_SUSPEND)
def suspend_command(
    ctx: typer.Context,
    account: str = Account,
    reason: str = typer.Option("", "--reason", help="Why; kept in the account's audit log."),
) -> None:
    """Close an account to its people and programs, and let its work wait."""
    if len(reason) > _LONGEST_REASON:
        raise typer.BadParameter(f"at most {_LONGEST_REASON} characters", param_hint="'--reason'")
    _change(ctx, account, is_suspended=True, reason=reason)


@app.command("resume", epilog="Example:  ./myriad tenants resume alder-and-salt")
def resume_command(ctx: typer.Context, account: str = Account) -> None:
    """Open a suspended account again; what waited goes on."""
    _change(ctx, account, is_suspended=False)


def _change(ctx: typer.Context, account: str, *, is_suspended: bool, reason: str = "") -> None:
    context: CliContext = ctx.obj
    found = asyncio.run(_set(context, account, is_suspended=is_suspended, reason=reason))
    context.show(found, [_line(found)])


def _line(found: dict[str, Any]) -> str:
    name, many = found["slug"], found["jobs_waiting"]
    jobs = "one job" if many == 1 else f"{many:,} jobs"
    if not found["changed"]:
        return f"{name} is {found['status']} already."
    if found["status"] == "active":
        return f"{name} is open again; what waited goes on ({jobs})."
    own = " The installation's own work is done in this account and waits as well."
    return (
        f"{name} is suspended: its people and keys are refused, its work waits ({jobs})."
        f"{own if found['is_operators'] else ''} `./myriad tenants resume {name}` opens it again."
    )


async def _list(context: CliContext) -> list[dict[str, Any]]:
    async with (
        context.runtime() as runtime,
        runtime.database.crossing("an operator lists the accounts") as session,
    ):
        return [
            {
                "id": str(tenant.id),
                "slug": tenant.slug,
                "name": tenant.name,
                "plan": tenant.plan,
                "timezone": tenant.timezone,
                "status": tenant.status,
                "created_at": tenant.created_at.isoformat(),
            }
            for tenant in await list_tenants(session)
        ]


async def _set(
    context: CliContext, account: str, *, is_suspended: bool, reason: str
) -> dict[str, Any]:
    async with (
        context.runtime() as runtime,
        runtime.database.crossing("an operator opens or closes an account") as session,
    ):
        tenant_id = await get_account_id(session, account)
        changed = await set_status(session, tenant_id, is_suspended=is_suspended, reason=reason)
        tenant = await get_tenant(session, tenant_id)
        return {
            "id": str(tenant_id),
            "slug": tenant.slug,
            "status": tenant.status,
            "changed": changed,
            "jobs_waiting": await count_waiting_of(session, tenant_id),
            "is_operators": await find_operators_account(runtime.database) == tenant_id,
        }
