"""`./myriad keeper export`."""

from __future__ import annotations

from pathlib import Path

import typer

from myriad.products.keeper.commands.choosing import AccountOption, check_target, choose_account
from myriad.products.keeper.exporting import note_export, stream_export
from myriad.scale.commands import CommandContext, context_of, run_async, show
from myriad.scale.tenancy import TenantId

EPILOG = """
Examples:

  ./myriad keeper export --out keeper.zip
"""


def command(
    ctx: typer.Context,
    out: Path = typer.Option(..., metavar="FILE", help="Write FILE.zip."),
    account: str | None = AccountOption,
) -> None:
    """Write everything that an account holds to a zip of CSV files."""
    context = context_of(ctx)
    check_target(out, (".zip",))
    size = run_async(_write(context, account, out))
    show(context, {"file": str(out), "bytes": size}, [f"{out}: {size:,} bytes"])


async def _write(context: CommandContext, slug: str | None, out: Path) -> int:
    async with context.runtime() as runtime:
        account = await choose_account(runtime, slug)
        tenant_id = TenantId(account.tenant_id)
        async with runtime.database.session(tenant_id) as session:
            note_export(session, tenant_id, None)
        part = out.with_name(out.name + ".part")
        size = 0
        try:
            with part.open("wb") as file:
                async for piece in stream_export(runtime.database, tenant_id):
                    size += file.write(piece)
            part.replace(out)
        finally:
            part.unlink(missing_ok=True)
    return size
