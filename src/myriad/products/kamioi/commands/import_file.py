"""`./myriad kamioi import`."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar
from uuid import UUID

import typer

from myriad.kit.errors import InvalidInputError
from myriad.products.kamioi.intake.csv_files import CsvForm
from myriad.products.kamioi.intake.files import FileFacts, Imported, import_statement
from myriad.products.kamioi.intake.profiles import Spending
from myriad.products.kamioi.intake.values import DayOrder
from myriad.products.kamioi.repository import sql
from myriad.scale.commands import CommandContext, context_of, progress_bar, run_async, show
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

EPILOG = """
Examples:

  ./myriad kamioi import statement.qfx --member 0197…

  ./myriad kamioi import activity.csv --member 0197… --mask 4242

  ./myriad kamioi import other.csv --member 0197… --spending positive --days dmy
"""
_SPENDING: tuple[Spending, ...] = ("negative", "positive")
_DAYS: tuple[DayOrder, ...] = ("mdy", "dmy", "ymd")
_LARGEST_BYTES = 200_000_000
ChoiceT = TypeVar("ChoiceT", bound=str)


def command(
    ctx: typer.Context,
    file: Path = typer.Argument(metavar="FILE", help="A statement in OFX, QFX or CSV."),
    member: str = typer.Option(metavar="ID", help="Whose statement it is."),
    account: str | None = typer.Option(None, metavar="ID", help="The account that it is of."),
    institution: str = typer.Option("", help="The bank, where the file does not say it."),
    mask: str = typer.Option("", help="The last digits of the account, for a CSV."),
    columns: str | None = typer.Option(
        None, help="Columns of another bank, as in date=When,amount=Sum,description=What."
    ),
    spending: str | None = typer.Option(None, help="The sign of a purchase: negative, positive."),
    days: str | None = typer.Option(None, help="The order in which days are written: mdy, dmy."),
    currency: str = typer.Option("USD", help="The currency of a CSV."),
) -> None:
    """Import a statement; a purchase that is known already stands once.

    Lines that cannot be read are kept apart with their number and reason. Doing it again is safe.
    """
    context = context_of(ctx)
    form = CsvForm(
        columns,
        _choose("--spending", spending, _SPENDING),
        _choose("--days", days, _DAYS),
        currency,
    )
    facts = FileFacts(
        _uuid("--member", member),
        file.name,
        _uuid("--account", account) if account else None,
        institution,
        mask,
        form=form,
    )
    imported = run_async(_import(context, _content(file), facts))
    show(context, _facts(imported), _lines(imported))


def _choose(option: str, given: str | None, known: tuple[ChoiceT, ...]) -> ChoiceT | None:
    if given is None:
        return None
    for one in known:
        if one == given:
            return one
    raise InvalidInputError(f"{option} {given!r} is unknown; choose one of {', '.join(known)}")


def _uuid(option: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInputError(f"{option} {text!r} is no id") from None


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > _LARGEST_BYTES:
            raise InvalidInputError(f"{file} is larger than 200 MB; split it by year")
        return file.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{file} cannot be read: {error.strerror}") from None


async def _import(context: CommandContext, content: bytes, facts: FileFacts) -> Imported:
    async with context.runtime() as runtime:
        tenant_id = await _tenant_of(runtime, facts.member_id)
        with progress_bar(context.console) as bar:
            line = bar.add_task("importing", total=None)

            def told(done: int, total: int) -> None:
                bar.update(line, completed=done, total=total)

            return await import_statement(runtime.database, tenant_id, content, facts, told)


async def _tenant_of(runtime: Runtime, member_id: UUID) -> TenantId:
    rows = await runtime.database.crossing_rows(
        "command chooses a member's programme",
        sql.QUERIES["tenant_of_member"],
        {"member_id": member_id},
    )
    if not rows:
        raise InvalidInputError(f"there is no member {member_id}")
    return TenantId(rows[0]["tenant_id"])


def _facts(imported: Imported) -> dict[str, object]:
    return {
        "file_id": imported.file_id,
        "read": imported.read,
        "new": imported.new,
        "known": imported.known,
        "changed": imported.changed,
        "refused": imported.refused,
    }


def _lines(imported: Imported) -> list[str]:
    first = (
        f"{imported.read:,} lines: {imported.new:,} new, {imported.known:,} known already, "
        f"{imported.changed:,} changed, {imported.refused:,} kept apart"
    )
    return [first, *(f"  line {line}: {reason}" for line, reason in imported.faults)]
