"""`./myriad kamioi import`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import typer

from myriad.kit.errors import InvalidInputError
from myriad.products.kamioi.intake.csv_files import CsvForm
from myriad.products.kamioi.intake.files import FileFacts, Imported, import_statement
from myriad.products.kamioi.intake.profiles import Spending
from myriad.products.kamioi.intake.values import DayOrder
from myriad.products.kamioi.repository import sql
from myriad.products.kamioi.repository.sql import Row
from myriad.scale.commands import CommandContext, context_of, progress_bar, run_async, show
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

EPILOG = """
Examples:

  ./myriad kamioi import statement.qfx --member ann@example.com

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
    member: str | None = typer.Option(
        None,
        metavar="E-MAIL",
        help="Whose statement it is: who signs in so, or an id. Needed where several sign in.",
    ),
    account: str | None = typer.Option(None, metavar="ID", help="The account that it is of."),
    institution: str = typer.Option("", help="The bank, where the file does not say it."),
    mask: str = typer.Option("", help="The last digits of the account, for a CSV."),
    columns: str | None = typer.Option(
        None,
        help="Columns of another bank, as in date=When,amount=Sum,description=What; debit and "
        "credit for amount, sign, currency.",
    ),
    spending: str | None = typer.Option(None, help="The sign of a purchase: negative, positive."),
    days: str | None = typer.Option(None, help="The order in which days are written: mdy, dmy."),
    currency: str | None = typer.Option(
        None, help="The currency of a CSV that does not say it [default: the member's]."
    ),
) -> None:
    """Import a statement; a purchase that is known already stands once.

    Lines that cannot be read are kept apart with their number and reason. Doing it again is safe.
    """
    context = context_of(ctx)
    form = CsvForm(
        columns,
        _choose("--spending", spending, _SPENDING),
        _choose("--days", days, _DAYS),
    )
    wanted = _Wanted(
        member,
        currency,
        file.name,
        _uuid("--account", account) if account else None,
        institution,
        mask,
        form,
    )
    imported, whose = run_async(_import(context, _content(file), wanted))
    show(context, _facts(imported), _lines(imported, whose))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What was said on the command line; a member by e-mail or id, a currency, or neither."""

    member: str | None
    currency: str | None
    name: str
    account_id: UUID | None
    institution: str
    mask: str
    form: CsvForm

    def of(self, member_id: UUID, currency: str) -> FileFacts:
        """Return it about the member that it is of, whose currency counts unless one was said."""
        form = replace(self.form, currency=self.currency or currency)
        return FileFacts(
            member_id, self.name, self.account_id, self.institution, self.mask, form=form
        )


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
        message = f"{option} {text!r} is no id"
        if option == "--member":
            message += ", and no e-mail address"
        raise InvalidInputError(message) from None


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > _LARGEST_BYTES:
            raise InvalidInputError(f"{file} is larger than 200 MB; split it by year")
        return file.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{file} cannot be read: {error.strerror}") from None


async def _import(context: CommandContext, content: bytes, wanted: _Wanted) -> tuple[Imported, str]:
    async with context.runtime() as runtime:
        whose = await _find_member(runtime, wanted.member)
        tenant_id = TenantId(whose["tenant_id"])
        facts = wanted.of(whose["id"], whose["currency"])
        with progress_bar(context.console) as bar:
            line = bar.add_task("importing", total=None)

            def told(done: int, total: int) -> None:
                bar.update(line, completed=done, total=total)

            done = await import_statement(runtime.database, tenant_id, content, facts, told)
            return done, str(whose["name"])


async def _find_member(runtime: Runtime, told: str | None) -> Row:
    """Return the member of this id or e-mail address; of none, the one that alone signs in."""
    asked: dict[str, Any] = {"member_id": None, "email": None}
    if told is not None and "@" in told:
        asked["email"] = told.strip().lower()
    elif told is not None:
        asked["member_id"] = _uuid("--member", told)
    rows = await runtime.database.crossing_rows(
        "command chooses a member's programme", sql.QUERIES["find_members"], asked
    )
    if len(rows) == 1:
        return rows[0]
    if told is None:
        message = (
            "say whose statement it is: --member with the e-mail of who signs in, or a member's id"
        )
        raise InvalidInputError(message)
    if rows:
        names = ", ".join(f"{row['id']} ({row['programme']})" for row in rows)
        raise InvalidInputError(f"{told} takes part in several programmes; choose an id: {names}")
    raise InvalidInputError(f"there is no member {told}")


def _facts(imported: Imported) -> dict[str, object]:
    return {
        "file_id": imported.file_id,
        "read": imported.read,
        "new": imported.new,
        "known": imported.known,
        "changed": imported.changed,
        "refused": imported.refused,
    }


def _lines(imported: Imported, whose: str) -> list[str]:
    lines = "1 line" if imported.read == 1 else f"{imported.read:,} lines"
    first = (
        f"{lines} of {whose}: {imported.new:,} new, {imported.known:,} known already, "
        f"{imported.changed:,} changed, {imported.refused:,} kept apart"
    )
    return [first, *(f"  line {line}: {reason}" for line, reason in imported.faults)]
