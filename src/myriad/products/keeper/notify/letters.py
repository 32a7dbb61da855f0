"""What a mail says: plain text, and the same as HTML for those who read that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from myriad.products.keeper.repository.accounts import AccountFacts
from myriad.products.keeper.views.notices import NoticeCard
from myriad.scale.directory import Member
from myriad.scale.mail.letters import Letters
from myriad.scale.mail.sending import Mail

SETTINGS_PATH, NOTICES_PATH = "/keeper/settings", "/keeper/notices"
_LETTERS = Letters(Path(__file__).parent / "templates")


@dataclass(frozen=True, slots=True)
class Links:
    """Where Keeper is, and the address that stops e-mails like this one."""

    public_url: str
    unsubscribe_url: str


def notice_mail(card: NoticeCard, member: Member, account: AccountFacts, links: Links) -> Mail:
    """Return the message about one notice."""
    key = f"{card.id}:{member.user_id}"
    return _mail([card], card.title, member, account, links, key)


def digest_mail(
    cards: Sequence[NoticeCard], member: Member, account: AccountFacts, links: Links
) -> Mail:
    """Return the day's message about several notices; the same ones make the same Message-ID."""
    count = f"{len(cards)} notices" if len(cards) > 1 else cards[0].title
    key = ":".join(str(card.id) for card in cards) + f":{member.user_id}:digest"
    return _mail(cards, f"{account.name}: {count}", member, account, links, key)


def _mail(
    cards: Sequence[NoticeCard],
    subject: str,
    member: Member,
    account: AccountFacts,
    links: Links,
    key: str,
) -> Mail:
    base = links.public_url.rstrip("/")
    values = {
        "cards": cards,
        "account": account.name,
        "base": base,
        "settings_url": base + SETTINGS_PATH,
        "unsubscribe_url": links.unsubscribe_url,
        "notices_path": NOTICES_PATH,
    }
    return _LETTERS.write(
        "notice",
        values,
        to=member.email,
        name=member.name,
        subject=subject,
        message_key=key,
        unsubscribe_url=links.unsubscribe_url,
    )
