"""`./myriad keeper connect-google`."""

from __future__ import annotations

import sys
from typing import Any

import typer

from myriad.products.keeper.commands.choosing import AccountOption, choose_account
from myriad.products.keeper.errors import InputFileError
from myriad.products.keeper.google.opening import (
    accept_google,
    answer_of,
    ask_google,
    consent_address,
    speaking_google,
)
from myriad.products.keeper.settings import KeeperSettings, is_simulated
from myriad.scale.commands import CommandContext, context_of, run_async, show
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

EPILOG = """
With a simulator the whole consent is gone through at once. With Google itself the command says
where the owner agrees in a browser; Google then leads to an address of this installation, which is
pasted here or given as --answer. It must not have been opened by a running Keeper meanwhile with
another login, and it is good for a few minutes.

Examples:

  ./myriad keeper google-simulator &

  ./myriad keeper connect-google --base-url http://127.0.0.1:8378

  ./myriad keeper connect-google --account my-spa
"""
_NO_ANSWER = "this is no address that Google led to: it holds code=… and state=…"


def command(
    ctx: typer.Context,
    account: str | None = AccountOption,
    base_url: str | None = typer.Option(
        None, metavar="URL", help="The simulator's address [default: the configured Google]."
    ),
    answer: str | None = typer.Option(
        None, metavar="ADDRESS", help="Where Google led after the consent, as a whole."
    ),
) -> None:
    """Connect Google Business Profile by OAuth's code flow and read every review."""
    context = context_of(ctx)
    result, lines = run_async(_connect(context, account, base_url, answer))
    show(context, result, lines)


async def _connect(
    context: CommandContext, slug: str | None, base_url: str | None, answer: str | None
) -> tuple[dict[str, Any], list[str]]:
    async with context.runtime() as opened:
        account = await choose_account(opened, slug)
        url = base_url or opened.settings_of(KeeperSettings).google_base_url
        runtime = speaking_google(opened, url.rstrip("/"))
        tenant_id = TenantId(account.tenant_id)
        given = await _answer(context, runtime, tenant_id, answer)
        if isinstance(given, str):
            lines = ["Agree here, then run this again with --answer ADDRESS:", f"  {given}"]
            return {"account": account.slug, "consent": given}, lines
        found, read = await accept_google(runtime, tenant_id, given)
    result: dict[str, Any] = {"account": account.slug, "connections": [str(item) for item in found]}
    reviews = read.new + read.changed + read.unchanged
    result |= {"reviews": reviews, "new": read.new}
    places = "connection" if len(found) == 1 else "connections"
    return result, [
        f"{account.slug}: {len(found)} {places} to Google, {reviews:,} reviews read. "
        f"Next: ./myriad keeper run --account {account.slug}"
    ]


async def _answer(
    context: CommandContext, runtime: Runtime, tenant_id: TenantId, answer: str | None
) -> dict[str, str] | str:
    """Return Google's answer, or the address of the consent when nobody can be asked for it."""
    if answer is None and is_simulated(runtime.settings_of(KeeperSettings).google_base_url):
        return await ask_google(runtime, tenant_id)
    if answer is None:
        address = consent_address(runtime, tenant_id)
        if context.as_json or not sys.stdin.isatty():
            return address
        context.console.print(f"Agree here:\n  {address}", soft_wrap=True)
        answer = str(typer.prompt("The address that Google led to", err=True))
    given = answer_of(answer)
    if not given.get("state"):
        raise InputFileError(_NO_ANSWER)
    return given
