"""The sentences of the pages of a member's banks and files."""

from __future__ import annotations

from collections.abc import Sequence

from myriad.kit.money import Money
from myriad.products.kamioi.banking.looking import Account, Bank, FeeDrag, ImportedFile
from myriad.scale.ui.filters import capital, day, percent, plural

_STATES = {
    "linked": ("Linked", "good"),
    "needs_login": ("Sign in again", "bad"),
    "failing": ("Not answering", "warn"),
}
_DONE = {
    "linked": ("Your bank is linked", "Its purchases come in within minutes.", "info"),
    "left": (
        "No bank was linked",
        "You left Plaid's pages before the end. Begin again.",
        "warning",
    ),
    "removed": ("The bank is let go", "What came in from it stays; nothing new comes.", "info"),
    "funding": ("Pulls come from that account now", "", "info"),
}
_KINDS = {"checking": "Checking", "savings": "Savings", "card": "Card"}


def answer(banks: Sequence[Bank]) -> str:
    """Return how the member's banks are, in one sentence."""
    linked = [bank for bank in banks if bank.is_linked]
    broken = [bank for bank in linked if bank.status == "needs_login"]
    if broken:
        names = " and ".join(bank.institution or "A bank" for bank in broken[:2])
        return f"{names} {'asks' if len(broken) == 1 else 'ask'} you to sign in again"
    ending = [bank for bank in linked if bank.consent_ends_at is not None]
    if ending and ending[0].consent_ends_at is not None:
        until = day(ending[0].consent_ends_at.date())
        return (
            f"{ending[0].institution or 'A bank'} can be read until {until}; sign in again before"
        )
    if not linked:
        return "No bank is linked yet"
    return f"{capital(plural(len(linked), 'bank is', 'banks are'))} linked"


def funding(banks: Sequence[Bank]) -> str:
    """Return where pulls come from."""
    for bank in banks:
        for one in bank.accounts:
            if one.is_funding:
                return f"Pulls come from {account(bank, one)}."
    linked = any(bank.is_linked for bank in banks)
    return "No account is chosen to pull from, so nothing is pulled." if linked else ""


def account(bank: Bank, one: Account) -> str:
    """Return an account as its owner knows it."""
    end = f" \N{BULLET}\N{BULLET}{one.mask}" if one.mask else ""
    return f"{bank.institution or one.name or 'your bank'}{end}"


def account_kind(one: Account) -> str:
    """Return what sort of account it is."""
    return _KINDS.get(one.kind, capital(one.kind))


def balance(one: Account) -> str:
    """Return the balance, a dash for one that the bank does not tell."""
    if one.balance_minor is None:
        return "\N{EN DASH}"
    return Money(one.balance_minor, one.currency).format()


def state(bank: Bank) -> tuple[str, str]:
    """Return how a bank is: a word and a colour."""
    if bank.status == "linked" and bank.consent_ends_at is not None:
        return f"Ends on {day(bank.consent_ends_at.date())}", "warn"
    return _STATES.get(bank.status, (capital(bank.status), ""))


def done(what: str) -> tuple[str, str, str] | None:
    """Return what was just done: title, detail, level; None for nothing that is known."""
    return _DONE.get(what)


def fees(view: FeeDrag) -> str:
    """Return what fees took, and what one a month would take of this balance."""
    whole = Money(view.balance_minor, view.currency).format()
    fee = Money(view.compared_minor, view.currency).format()
    taken = Money(view.fees_minor, view.currency).format()
    said = "You paid no fee in the last year." if not view.fees_minor else f"Fees took {taken}"
    if view.fees_minor and view.taken is not None:
        said += f" in the last year, {percent(view.taken, 1)} of what you have."
    elif view.fees_minor:
        said += " in the last year."
    if view.compared is None:
        return f"{said} A fee weighs most while there is little."
    return (
        f"{said} A fee of {fee} a month would take {percent(view.compared, 1)} of {whole} a year."
    )


def file_answer(file: ImportedFile) -> str:
    """Return what became of a file, in one sentence."""
    if file.state == "failed":
        return f"{file.name} broke off; bring it again, and what came in already stands once"
    if file.state != "done":
        return f"{file.name} is not read to its end yet"
    return f"{capital(plural(file.rows_new, 'new purchase'))} came in"
