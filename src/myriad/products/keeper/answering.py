"""Answers to reviews: drafted for everybody alike, edited and sent by a person, once.

No review is held back or treated otherwise because of its stars. Nothing leaves Keeper without a
person's decision, which is audited with who, when and a digest of the words.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

from myriad.kit.errors import (
    ConflictError,
    InvalidInputError,
    TooManyRequestsError,
    UnavailableError,
)
from myriad.products.keeper.google.connecting import REPLY_TASK
from myriad.products.keeper.google.connections import GoogleConnection, list_google
from myriad.products.keeper.google.errors import GoogleAnswerError, LocationUnverifiedError
from myriad.products.keeper.google.mapping import SOURCE as GOOGLE
from myriad.products.keeper.google.mapping import account_of
from myriad.products.keeper.google.sync import opened
from myriad.products.keeper.preferences import read_preferences
from myriad.products.keeper.repository.reviews import (
    business_name,
    end_reply,
    lock_review,
    set_reply,
)
from myriad.products.keeper.repository.sql import Row
from myriad.products.keeper.square.work import Work
from myriad.products.keeper.wording import TEMPLATES, Aspect, ReviewFacts, Wording
from myriad.products.keeper.wording.checks import check_answer
from myriad.products.keeper.wording.modelled import wording_of
from myriad.products.keeper.wording.port import UnfoundedWordingError
from myriad.scale.data import Session
from myriad.scale.directory.audit import record_event
from myriad.scale.directory.principal import Principal
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.limits import CircuitOpenError
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId, current_tenant

LAST_ATTEMPT = 8
_HELP = {
    "revoked": "Google no longer lets Keeper in. Connect Google again, then send once more.",
    "unverified": "Google takes no answers for a location that is not verified. Verify it in the "
    "Business Profile, then send again.",
    "gone": "The review is no longer on Google, so it cannot be answered.",
    "down": "Google did not take the answer for an hour. Send it again later.",
}


class ReplyStateError(ConflictError):
    """The review is in a state that takes no answer from here, and what to do instead."""

    code = "keeper_reply_state"
    title = "The review cannot be answered from here"


class ReplyTextError(InvalidInputError):
    """The words may not be published, and why."""

    code = "keeper_reply_text"
    title = "This answer cannot be published"


async def make_draft(
    session: Session, review_id: UUID, *, text: str | None = None, wording: Wording = TEMPLATES
) -> str:
    """Draft an answer, or keep a person's own `text` as the draft; return it.

    Raises NotFoundError, ReplyStateError for a review whose answer is out, ReplyTextError.
    """
    review = await lock_review(session, review_id)
    _check_open(review)
    if text is None:
        facts = await _facts(session, review)
        text = await wording.draft_reply(facts)
    _check_text(text)
    await set_reply(session, review_id, state="draft", text=text.strip(), by=None)
    return text.strip()


async def draft(
    runtime: Runtime, tenant_id: TenantId, review_id: UUID, *, text: str | None = None
) -> str:
    """Do what `make_draft` does in transactions of its own: none is open while a model thinks."""
    if text is None:
        async with runtime.database.session(tenant_id) as session:
            review = await lock_review(session, review_id)
            _check_open(review)
            facts = await _facts(session, review)
        text = await wording_of(runtime, tenant_id).draft_reply(facts)
    async with runtime.database.session(tenant_id) as session:
        return await make_draft(session, review_id, text=text)


async def approve(session: Session, review_id: UUID, text: str, actor: Principal) -> UUID:
    """Have a person's answer published by a job, once however often it is asked for.

    Raises NotFoundError, ReplyStateError, ReplyTextError.
    """
    review = await lock_review(session, review_id)
    text = text.strip()
    _check_text(text)
    _check_open(review, again=text)
    if review["source"] != GOOGLE:
        raise ReplyStateError(
            "this review came from a file; copy the answer to where the review stands, publish it "
            "there, and mark it as answered here"
        )
    if not await _sender(session, review["ext_id"]):
        raise ReplyStateError("Google is not connected; connect it, then send the answer")
    if review["reply_state"] != "approved":
        await set_reply(session, review_id, state="approved", text=text, by=str(actor.id))
        _note(session, "review.reply_approved", review_id, text, actor)
    key = digest(text)
    return await enqueue(
        session,
        REPLY_TASK,
        {"review_id": str(review_id), "digest": key},
        dedup_key=f"reply:{review_id}:{key}",
        job_class="interactive",
    )


async def mark_answered(session: Session, review_id: UUID, actor: Principal) -> None:
    """Note that a person answered where the review stands; raises ReplyStateError for Google's."""
    review = await lock_review(session, review_id)
    _check_open(review)
    if review["source"] == GOOGLE:
        raise ReplyStateError("Google tells by itself what was answered there; send it from here")
    text = review["reply_text"] or ""
    await set_reply(session, review_id, state="sent", text=text, by=str(actor.id))
    _note(session, "review.answered_elsewhere", review_id, text, actor)


async def send(work: Work, review_id: UUID, key: str) -> None:
    """Publish the answer that was approved under `key`; one that was replaced since is left alone.

    Sending the same words twice leaves one answer, so that a lost acknowledgement harms nobody.
    Raises UnavailableError or TooManyRequestsError until the last attempt.
    """
    review = await lock_review(work.session, review_id)
    text = review["reply_text"] or ""
    if review["reply_state"] != "approved" or digest(text) != key:
        return
    connection = await _sender(work.session, review["ext_id"])
    await work.checkpoint()
    state, error = await _publish(work, connection, review["ext_id"], text)
    if await end_reply(work.session, review_id, state=state, text=text, error=error):
        _note(work.session, f"review.reply_{state}", review_id, text, None)


async def _publish(
    work: Work, connection: GoogleConnection | None, name: str, text: str
) -> tuple[str, str | None]:
    if connection is None:
        return "failed", _HELP["revoked"]
    try:
        async with opened(work, connection) as client:
            await client.update_reply(name, text)
    except GoogleAnswerError as error:
        await work.session.rollback()
        return "failed", _explain(error)
    except (UnavailableError, TooManyRequestsError, CircuitOpenError):
        await work.session.rollback()
        if work.attempt < LAST_ATTEMPT:
            raise
        return "failed", _HELP["down"]
    return "sent", None


def _explain(error: GoogleAnswerError) -> str:
    if isinstance(error, LocationUnverifiedError):
        return _HELP["unverified"]
    known = {"google_access_gone": "revoked", "google_review_gone": "gone"}
    return _HELP[known[error.code]] if error.code in known else error.detail


async def _sender(session: Session, review_name: str) -> GoogleConnection | None:
    account = account_of(review_name)
    found = await list_google(session)
    return next((c for c in found if c.account == account and c.status == "active"), None)


async def _facts(session: Session, review: Row) -> ReviewFacts:
    preferences = await read_preferences(session)
    return ReviewFacts(
        stars=review["stars"],
        text=review["text"],
        author=review["author"],
        business=await business_name(session),
        aspects=tuple(Aspect(**item) for item in review["aspects"]),
        tone=preferences.reply_tone,
    )


def _check_open(review: Row, again: str | None = None) -> None:
    if review["deleted_at"] is not None:
        raise ReplyStateError("the author has taken this review back; there is nothing to answer")
    same = again is not None and review["reply_text"] == again
    if review["reply_state"] == "approved" and not same:
        raise ReplyStateError("an answer is on its way; wait until it is out, then change it there")


def _check_text(text: str) -> None:
    try:
        check_answer(text)
    except UnfoundedWordingError as fault:
        raise ReplyTextError(fault.detail, errors=[("/text", fault.detail)]) from None


def digest(text: str) -> str:
    """Return what names these words in a job's key and in the audit."""
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _note(
    session: Session, action: str, review_id: UUID, text: str, actor: Principal | None
) -> None:
    record_event(
        session, current_tenant(), action, actor=actor, subject=str(review_id), words=digest(text)
    )
