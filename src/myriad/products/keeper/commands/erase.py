"""`./myriad keeper erase`."""

from __future__ import annotations

from uuid import UUID

import typer

from myriad.products.keeper.commands.choosing import AccountOption, choose_account
from myriad.products.keeper.erasing import ErasurePreview, erase_person, preview_erasure
from myriad.products.keeper.errors import InputFileError
from myriad.scale.commands import CommandContext, context_of, run_async, show
from myriad.scale.tenancy import TenantId

EPILOG = """
Examples:

  ./myriad keeper erase 0199a7c2-5c1e-7d3a-9f2b-3c4d5e6f7a8b

  ./myriad keeper erase 0199a7c2-5c1e-7d3a-9f2b-3c4d5e6f7a8b --yes
"""


def command(
    ctx: typer.Context,
    person: str = typer.Argument(..., metavar="PERSON", help="The id of a customer's page."),
    yes: bool = typer.Option(False, "--yes", help="Erase; without it only say what would go."),
    account: str | None = AccountOption,
) -> None:
    """Erase a person for good, or say what erasing would take away."""
    context = context_of(ctx)
    try:
        person_id = UUID(person)
    except ValueError:
        raise InputFileError(f"{person!r} is no id; it stands in a customer's address") from None
    found = run_async(_erase(context, account, person_id, yes))
    done = "Erased" if yes else "Would be erased (add --yes)"
    lines = [
        f"{done}: {found.profiles} profiles, {found.visits} visits, {found.tasks} tasks.",
        f"Stays without a name: {found.payments} payments of {found.paid.format()}, "
        f"{found.orders} orders, {found.bookings} bookings.",
        "Square keeps its own copy; delete the profiles in Square's dashboard as well.",
    ]
    facts = {"person_id": str(person_id), "erased": yes, "profiles": found.profiles}
    show(context, facts | {"payments": found.payments}, lines)


async def _erase(
    context: CommandContext, slug: str | None, person_id: UUID, yes: bool
) -> ErasurePreview:
    async with context.runtime() as runtime:
        account = await choose_account(runtime, slug)
        async with runtime.database.session(TenantId(account.tenant_id)) as session:
            found = await preview_erasure(session, person_id)
            if yes:
                await erase_person(session, runtime.vault, person_id, "asked")
    return found
