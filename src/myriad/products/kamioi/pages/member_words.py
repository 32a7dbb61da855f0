"""The sentences of the list of members: who takes part, how an invitation and its mail stand."""

from __future__ import annotations

from datetime import datetime

from myriad.kit.clock import utc_now
from myriad.products.kamioi.member.inviting import MailState
from myriad.products.kamioi.member.joining import MemberRow
from myriad.scale.ui.filters import plural

STATES = {"active": "good", "paused": "hollow", "frozen": "bad", "closed": "hollow"}
_MAILS: dict[MailState, tuple[str, str]] = {
    "none": ("", ""),
    "going": ("Its mail is on its way", ""),
    "late": ("The mail server does not take its mail; it is tried again", "warn"),
    "sent": ("", ""),
    "refused": ("The mail server refuses this address: withdraw it and invite another", "bad"),
    "failed": ("Its mail was never taken: send it again once the mail server works", "bad"),
}
DONE = {
    "withdrawn": ("The invitation is withdrawn", "Its link lets nobody in any more."),
    "settled": (
        "It is settled",
        "The books hold the money. They are paused, and go on with one tap on their home page.",
    ),
    "left": (
        "Access is taken away",
        "They are signed out and pulled from no more, and their banks are let go. What was bought "
        "stays theirs; invite them again to let them back in.",
    ),
}


def answer(total: int) -> str:
    """Return the first line of the page."""
    if not total:
        return "Nobody takes part yet"
    return f"{plural(total, 'person', 'people')} {'takes' if total == 1 else 'take'} part"


def debt(one: MemberRow) -> str:
    """Return why a member's pulls are stopped, and what they owe."""
    if one.debt is None:
        return ""
    owes = f"owes {one.debt.format()}" if one.debt.minor else "owes nothing any more"
    return f"{owes}: the bank took a pull back"


def is_over(one: MemberRow) -> bool:
    """Tell whether the invitation that waits can be taken no more."""
    until: datetime | None = one.invited_until
    return until is None or until <= utc_now()


def mail(one: MemberRow) -> tuple[str, str]:
    """Return what is to be said of an invitation's mail, and its colour; nothing where all is well."""
    return ("", "") if is_over(one) else _MAILS[one.mail]
