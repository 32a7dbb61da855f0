"""The sentences of the notices."""

from __future__ import annotations

from myriad.products.keeper.views.notices import NoticeCard, NoticesView
from myriad.scale.ui.filters import capital, plural

_KINDS = {
    "review": "Review",
    "payment": "Came back",
    "insight": "Insight",
    "task": "Call list",
    "connection": "Connection",
    "accuracy": "Figures",
    "report": "Report",
}
_LEVELS = {"urgent": ("Urgent", "bad"), "high": ("Important", "warn"), "normal": ("", "")}


def answer(view: NoticesView) -> str:
    """Return how many notices wait to be seen."""
    if view.unseen:
        return f"{capital(plural(view.unseen, 'notice'))} nobody has seen yet"
    return "Everything has been seen" if view.cards else "Nothing to tell yet"


def lead(view: NoticesView) -> str:
    """Return how notices reach people."""
    how = "on every open page of Keeper"
    if view.mail:
        return f"Keeper tells you {how} and by e-mail, outside the quiet hours of your settings."
    return f"Keeper tells you {how}. E-mail is not set up on this installation."


def kind(card: NoticeCard) -> str:
    """Return what sort of notice it is."""
    return _KINDS.get(card.kind, capital(card.kind.replace("_", " ")))


def level(card: NoticeCard) -> tuple[str, str]:
    """Return how pressing it is, as a word and a colour; two empty words for an ordinary one."""
    return _LEVELS[card.level]
