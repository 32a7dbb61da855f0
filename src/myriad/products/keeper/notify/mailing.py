"""From a notice to mailboxes: who gets it, when, and what each message says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from myriad.kit.clock import get_zone, utc_now
from myriad.products.keeper.notify.letters import Links, digest_mail, notice_mail
from myriad.products.keeper.notify.timing import choose, end_of_quiet
from myriad.products.keeper.notify.unsubscribing import Subscription, link_to
from myriad.products.keeper.repository.accounts import AccountFacts, find_account, get_account
from myriad.products.keeper.repository.notices import (
    Letter,
    count_own_mails,
    find_due_letters,
    find_notice,
    lock_delivery,
    note_deliveries,
    store_delivery,
)
from myriad.products.keeper.repository.preferences import read_preferences
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.views.notices import NoticeCard
from myriad.products.keeper.views.preferences import NOTICE_KINDS, Preferences
from myriad.scale.data import Session
from myriad.scale.directory import Member, Role, list_members
from myriad.scale.jobs import Job, RetryLaterError
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.mail.sending import Mail, MailRefusedError, send
from myriad.scale.tenancy import TenantId

MAIL_TASK, DIGEST_TASK = "keeper.notice.mail", "keeper.notice.digest"
# The kinds of e-mail that a member may choose, by the kind of notice.
EMAIL_KINDS = {
    "review": "low_review",
    "insight": "urgent_insight",
    "payment": "new_tasks",
    "task": "new_tasks",
    "report": "report",
    "connection": "connection",
    "accuracy": "data_accuracy",
}
_GIVE_UP = timedelta(days=2)
_A_DAY = timedelta(days=1)
_CLASSES = {"urgent": "interactive", "high": "high", "normal": "low"}


async def plan_mails(session: Session, notice_id: UUID, settings: KeeperSettings) -> int:
    """Queue the mails of a notice, one for each member who wants its kind; return how many.

    A second call plans nothing twice. Without a mail server nothing is planned.
    """
    account = await find_account(session)
    card = await find_notice(session, notice_id, is_owner=True)
    if not settings.smtp.can_send or account is None or card is None or card.seen_at:
        return 0
    preferences = await read_preferences(session)
    members = await list_members(session, TenantId(account.tenant_id))
    wanted = [member for member in members if wants(member, card, preferences)]
    for member in wanted:
        await _plan(session, account, preferences, card, member.user_id)
    return len(wanted)


def wants(member: Member, card: NoticeCard, preferences: Preferences) -> bool:
    """Whether a member may see a notice and chose e-mail of its kind."""
    if card.audience == "owner" and member.role is not Role.OWNER:
        return False
    return preferences.wants_email(member.user_id, email_kind(card))


def email_kind(card: NoticeCard) -> str:
    """Return the kind of e-mail, as members choose it, that a notice makes."""
    return EMAIL_KINDS.get(card.kind, card.kind)


async def _plan(
    session: Session,
    account: AccountFacts,
    preferences: Preferences,
    card: NoticeCard,
    user_id: UUID,
) -> None:
    now = utc_now()
    own = await count_own_mails(session, user_id, now - _A_DAY)
    zone = get_zone(account.timezone)
    timing = choose(card.level, preferences.quiet_hours, now, zone, own)
    delivery_id = await store_delivery(session, card.id, user_id, timing.form, timing.due_at)
    if delivery_id is None:
        return
    if timing.form == "own":
        task, payload, key = MAIL_TASK, {"delivery_id": str(delivery_id)}, f"mail:{delivery_id}"
    else:
        payload = {"user_id": str(user_id)}
        task, key = DIGEST_TASK, f"digest:{user_id}:{timing.due_at:%Y-%m-%dT%H:%M}"
    await enqueue(
        session,
        task,
        payload,
        run_at=timing.due_at,
        dedup_key=key,
        job_class=_CLASSES[card.level] if timing.form == "own" else None,
        deadline_at=timing.due_at + _GIVE_UP,
    )


async def send_own(job: Job, delivery_id: UUID) -> None:
    """Send one notice to one member, unless somebody has seen it meanwhile."""
    letter = await lock_delivery(job.session, delivery_id)
    if letter is None or letter.state != "waiting":
        return
    member, preferences = await _reader(job, letter)
    if member is None or letter.card.seen_at or letter.card.cleared_at:
        await note_deliveries(job.session, [letter.delivery_id], "skipped")
        return
    account = await get_account(job.session)
    _wait_for_quiet(account, preferences, utc_now(), urgent=letter.card.level == "urgent")
    settings = job.runtime.settings_of(KeeperSettings)
    mail = notice_mail(letter.card, member, account, _links(job, settings, [letter]))
    await _send(job, settings, [letter], mail)


async def send_digest(job: Job, user_id: UUID) -> None:
    """Send a member everything that waited for the day's message; nothing when all was seen."""
    letters = await find_due_letters(job.session, user_id, utc_now())
    account = await get_account(job.session)
    member, preferences = await _member(job, user_id)
    fresh = [
        one
        for one in letters
        if member is not None
        and not one.card.seen_at
        and not one.card.cleared_at
        and wants(member, one.card, preferences)
    ]
    old = [one.delivery_id for one in letters if one not in fresh]
    await note_deliveries(job.session, old, "skipped")
    if member is None or not fresh:
        return
    _wait_for_quiet(account, preferences, utc_now(), urgent=False)
    settings = job.runtime.settings_of(KeeperSettings)
    cards = [letter.card for letter in fresh]
    links = _links(job, settings, fresh)
    await _send(job, settings, fresh, digest_mail(cards, member, account, links))


async def _reader(job: Job, letter: Letter) -> tuple[Member | None, Preferences]:
    """Return who is to read it, None for who left or no longer wants it, and the preferences."""
    found, preferences = await _member(job, letter.user_id)
    is_wanted = found is not None and wants(found, letter.card, preferences)
    return (found if is_wanted else None), preferences


async def _member(job: Job, user_id: UUID) -> tuple[Member | None, Preferences]:
    """Return a member, None for who left, and the account's preferences."""
    preferences = await read_preferences(job.session)
    members: Sequence[Member] = await list_members(job.session, job.tenant_id)
    return next((one for one in members if one.user_id == user_id), None), preferences


def _links(job: Job, settings: KeeperSettings, letters: Sequence[Letter]) -> Links:
    """Return the addresses in a message; the one that stops it covers every kind it is of."""
    named = {email_kind(letter.card) for letter in letters}
    kinds = tuple(kind for kind in NOTICE_KINDS if kind in named)
    subscription = Subscription(job.tenant_id, letters[0].user_id, kinds)
    return Links(settings.public_url, link_to(job.runtime.vault, settings.public_url, subscription))


def _wait_for_quiet(
    account: AccountFacts, preferences: Preferences, now: datetime, *, urgent: bool
) -> None:
    """Raise RetryLaterError when a retry has slid into the quiet hours."""
    end = end_of_quiet(preferences.quiet_hours, now, get_zone(account.timezone), urgent=urgent)
    if end > now:
        raise RetryLaterError((end - now).total_seconds(), "the account's quiet hours")


async def _send(job: Job, settings: KeeperSettings, letters: Sequence[Letter], mail: Mail) -> None:
    ids = [letter.delivery_id for letter in letters]
    try:
        provider_id = await send(settings.smtp, mail)
    except MailRefusedError as error:
        await note_deliveries(job.session, ids, "failed", error=str(error.facts.get("smtp_code")))
        await job.checkpoint()
        raise
    await note_deliveries(job.session, ids, "sent", provider_id=provider_id)
