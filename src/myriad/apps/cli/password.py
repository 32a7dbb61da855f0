"""`./myriad password`."""

from __future__ import annotations

import asyncio
import secrets

import typer

from myriad.apps.cli.context import CliContext
from myriad.apps.cli.prepare import PASSWORD_BYTES
from myriad.kit.errors import NotFoundError
from myriad.scale.directory.users import FIRST_OWNER_EMAIL, find_user_by_email, set_password

app = typer.Typer(rich_markup_mode=None, add_completion=False)


async def renew(context: CliContext, email: str) -> str:
    """Give the user a random password, sign them out everywhere, and return it."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    async with (
        context.runtime() as runtime,
        runtime.database.crossing("new password from the command line") as session,
    ):
        user = await find_user_by_email(session, email)
        if user is None:
            raise NotFoundError(f"there is no user {email}; the first one is {FIRST_OWNER_EMAIL}")
        await set_password(session, user.id, password)
    return password


@app.command(epilog="Example:  ./myriad password owner@example.com")
def command(
    ctx: typer.Context, email: str = typer.Argument(FIRST_OWNER_EMAIL, help="Whose password.")
) -> None:
    """Give a user a new random password and print it; every session of theirs ends."""
    context: CliContext = ctx.obj
    password = asyncio.run(renew(context, email))
    context.show(
        {"email": email, "password": password}, [f"{email} has the new password {password}"]
    )
