"""What a mail says: plain text, and the same as HTML for those who read that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from myriad.products.keeper.repository.accounts import AccountFacts
from myriad.products.keeper.views.notices import NoticeCard
from myriad.scale.directory import Member
from myriad.scale.mail.sending import Mail

SETTINGS_PATH, NOTICES_PATH = "/keeper/settings", "/keeper/notices"
_environment = Environment(
    loader=PackageLoader("myriad.products.keeper.notify", "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


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
    return Mail(
        to=member.email,
        name=_one_line(member.name),
        subject=_one_line(subject),
        text=_environment.get_template("notice.txt").render(**values),
        html=_environment.get_template("notice.html").render(**values),
        message_key=key,
        unsubscribe_url=links.unsubscribe_url,
    )


def _one_line(text: str) -> str:
    """Return names that people chose without what no header may hold."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
