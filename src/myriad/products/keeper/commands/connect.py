"""`./myriad keeper connect`."""

from __future__ import annotations

from uuid import UUID

import typer

from myriad.kit.clock import get_zone
from myriad.products.keeper.connecting import CALLBACK_PATH
from myriad.products.keeper.errors import InputFileError
from myriad.products.keeper.opening import accept_consent, ask_consent
from myriad.products.keeper.settings import KeeperSettings, is_simulated
from myriad.scale.commands import CommandContext, context_of, run_async, show
from myriad.scale.directory.opening import open_tenant, slug_of
from myriad.scale.directory.users import FIRST_OWNER_EMAIL
from myriad.scale.tenancy import TenantId

EPILOG = """
With a simulator the whole consent is gone through at once. A real seller has to agree in a
browser: start `./myriad up` and press Connect Square on the Connections screen.

Examples:

  ./myriad keeper square-simulator &

  ./myriad keeper connect --base-url http://127.0.0.1:8377
"""


def command(
    ctx: typer.Context,
    base_url: str | None = typer.Option(
        None, metavar="URL", help="The simulator's address [default: the configured Square]."
    ),
    account: str | None = typer.Option(
        None, metavar="SLUG", help="The account to connect; made when it is missing."
    ),
    name: str | None = typer.Option(None, help="Its name, when it is made."),
    timezone: str = typer.Option("America/New_York", help="Its time zone, when it is made."),
    merchant: str | None = typer.Option(
        None, metavar="ID", help="Which seller of the simulator [default: its first]."
    ),
) -> None:
    """Connect a seller by Square's OAuth code flow; makes the account when it is missing."""
    context = context_of(ctx)
    get_zone(timezone)
    slug = account or slug_of(name or "My business", "account")
    title = name or slug.replace("-", " ").title()
    tenant_id, connection_id = run_async(
        _connect(context, base_url, slug, title, timezone, merchant)
    )
    result = {"account": slug, "tenant_id": str(tenant_id), "connection_id": str(connection_id)}
    lines = [f"{slug} is connected. Next: ./myriad keeper sync --account {slug}"]
    show(context, result, lines)


async def _connect(
    context: CommandContext,
    base_url: str | None,
    slug: str,
    name: str,
    timezone: str,
    merchant_id: str | None,
) -> tuple[TenantId, UUID]:
    async with context.runtime() as runtime:
        settings = runtime.settings_of(KeeperSettings)
        url = (base_url or settings.square_base_url).rstrip("/")
        if not is_simulated(url):
            message = (
                f"a seller of {url} agrees in a browser: start ./myriad up, open "
                f"{CALLBACK_PATH.rsplit('/', 2)[0]} and press Connect Square; for a simulator give "
                "--base-url http://127.0.0.1:PORT"
            )
            raise InputFileError(message)
        # Asked before anything is made: a wrong address leaves no empty account behind.
        answer = await ask_consent(runtime, url, slug, merchant_id)
        tenant_id = await open_tenant(
            runtime.database,
            slug=slug,
            name=name,
            timezone=timezone,
            owner_email=FIRST_OWNER_EMAIL,
        )
        return tenant_id, await accept_consent(runtime, tenant_id, url, slug, answer)
