"""What several commands ask for in the same way: an account, a day, a file to write."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TypeVar

import typer

from myriad.products.keeper.errors import BusinessDateError, InputFileError, NoAccountError
from myriad.products.keeper.repository.accounts import AccountFacts, list_accounts
from myriad.scale.runtime import Runtime

AnswerT = TypeVar("AnswerT")

AccountOption = typer.Option(
    None, "--account", metavar="SLUG", help="Which account; not needed while there is only one."
)
AsOfOption = typer.Option(
    None,
    "--as-of",
    metavar="DATE",
    help="Look at what was known on this day (YYYY-MM-DD), and at nothing after it.",
)


async def choose_account(runtime: Runtime, slug: str | None) -> AccountFacts:
    """Return the account of that slug, or the only one; raises NoAccountError."""
    async with runtime.database.crossing("command chooses an account") as session:
        accounts = await list_accounts(session)
    known = ", ".join(account.slug for account in accounts)
    if not accounts:
        message = "there is no Keeper account yet; make one with ./myriad keeper connect"
        raise NoAccountError(message)
    if slug is None and len(accounts) > 1:
        raise NoAccountError(f"there are several accounts; add --account with one of: {known}")
    for account in accounts:
        if slug is None or account.slug == slug:
            return account
    raise NoAccountError(f"there is no account {slug!r}; there are: {known}")


def parse_day(text: str | None, option: str = "--as-of") -> date | None:
    """Return the day that was typed, or raise BusinessDateError saying what was expected."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"{option} {text!r} is no day; write it as YYYY-MM-DD, such as 1997-09-30"
        raise BusinessDateError(message) from None


def check_target(out: Path, suffixes: tuple[str, ...] = ()) -> None:
    """Raise InputFileError unless a file can be written there."""
    if out.is_dir():
        raise InputFileError(f"{out} is a folder; give the path of a file to write")
    if not out.parent.is_dir():
        raise InputFileError(f"the folder {out.parent} does not exist; make it or choose another")
    if suffixes and out.suffix.lower() not in suffixes:
        raise InputFileError(f"{out} must end in {' or '.join(suffixes)}")


def write_file(out: Path, content: bytes) -> None:
    """Write a file in one step: readers see the old one or the new one, never a part."""
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(out)
    except OSError as error:
        raise InputFileError(f"{out} cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
