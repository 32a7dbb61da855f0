"""From a member's banks and files to pages: one function each, without a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from fastapi import Form
from starlette.responses import HTMLResponse

from myriad.products.kamioi.banking.linking import Visit
from myriad.products.kamioi.banking.looking import Bank, Fault, FeeDrag, ImportedFile
from myriad.products.kamioi.intake.profiles import Spending
from myriad.products.kamioi.intake.values import DayOrder
from myriad.products.kamioi.pages import account_words as say
from myriad.scale import ui

_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates", say=say)


@dataclass(frozen=True, slots=True)
class Answers:
    """What a member says about a file that does not say it itself; nothing where it does."""

    institution: str = ""
    mask: str = ""
    columns: str = ""
    spending: Spending | Literal[""] = ""
    days: DayOrder | Literal[""] = ""
    currency: str = ""


def answers_of(
    institution: Annotated[str, Form(max_length=100)] = "",
    mask: Annotated[str, Form(max_length=8)] = "",
    columns: Annotated[str, Form(max_length=400)] = "",
    spending: Annotated[Spending | Literal[""], Form()] = "",
    days: Annotated[DayOrder | Literal[""], Form()] = "",
    currency: Annotated[str, Form(pattern="^([A-Z]{3})?$")] = "",
) -> Answers:
    """Return what the form beside a file says."""
    return Answers(institution, mask, columns, spending, days, currency)


@dataclass(frozen=True, slots=True)
class AccountsView:
    """The page of accounts; `fault` says what is wrong with the file that was just sent."""

    banks: Sequence[Bank]
    files: Sequence[ImportedFile]
    fees: FeeDrag
    done: str = ""
    fault: str = ""
    answers: Answers = field(default_factory=Answers)

    @property
    def linked(self) -> list[Bank]:
        """Banks that Plaid reads."""
        return [bank for bank in self.banks if bank.is_linked]


def accounts(page: ui.PageContext, view: AccountsView, status: int = 200) -> HTMLResponse:
    """Return the page of accounts."""
    return _RENDERER.respond(page, "kamioi/accounts.html", status=status, view=view)


def visit(page: ui.PageContext, view: Visit) -> HTMLResponse:
    """Return the page before Plaid's."""
    return _RENDERER.respond(page, "kamioi/link.html", view=view)


def imported(page: ui.PageContext, file: ImportedFile, faults: Sequence[Fault]) -> HTMLResponse:
    """Return what became of a file."""
    return _RENDERER.respond(page, "kamioi/imported.html", file=file, faults=faults)
