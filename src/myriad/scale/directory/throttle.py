"""Slowing, never locking: each further failed sign-in waits twice as long.

An account is slowed for the network address that failed, after five failures, so that a stranger
who guesses does not shut its owner out, and nobody else behind a shared address is touched; guesses
from many addresses are slowed together after fifty. An attempt is counted before the password is
looked at and forgiven when it was right, so a thousand attempts at once are a thousand attempts.
Accounts that nobody has are counted alike, so a wait says nothing about who exists. Only digests
are kept, for a day.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from myriad.kit.errors import TooManyRequestsError
from myriad.scale.data import Session
from myriad.scale.directory.models import SignInThrottle

FREE_ATTEMPTS = 5
FREE_FROM_ANYWHERE = 50
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)
_KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Attempts:
    """How often sign-in failed lately, and until when the next one must wait."""

    failures: int
    blocked_until: datetime | None


def after_attempt(
    failures: int, failed_at: datetime, now: datetime, free: int = FREE_ATTEMPTS
) -> Attempts:
    """Return the state after one more attempt at `now`; the first wait follows the `free`th."""
    count = 1 if now - failed_at > FORGOTTEN_AFTER else failures + 1
    if count < free:
        return Attempts(count, None)
    doublings = min(count - free, 16)
    return Attempts(count, now + min(FIRST_WAIT * 2**doublings, LONGEST_WAIT))


def digest_of(email: str, address: str | None = None) -> bytes:
    """Return the digest under which attempts for this account count, at a network address or any."""
    counted = email if address is None else f"{email}\n{address}"
    return hashlib.sha256(counted.encode()).digest()


async def count_attempt(session: Session, email: str, now: datetime, address: str = "") -> None:
    """Count one attempt, or raise TooManyRequestsError while it must wait; then nothing counts."""
    await _count(session, digest_of(email), FREE_FROM_ANYWHERE, now)
    await _count(session, digest_of(email, address), FREE_ATTEMPTS, now)


async def _count(session: Session, digest: bytes, free: int, now: datetime) -> None:
    row = {"email_digest": digest, "failures": 0, "failed_at": now}
    await session.execute(insert(SignInThrottle).values(row).on_conflict_do_nothing())
    found = await session.scalars(
        select(SignInThrottle).where(SignInThrottle.email_digest == digest).with_for_update()
    )
    throttle = found.one()
    if throttle.blocked_until and throttle.blocked_until > now:
        wait = (throttle.blocked_until - now).total_seconds()
        raise TooManyRequestsError("too many failed sign-ins; wait, then try again", wait)
    after = after_attempt(throttle.failures, throttle.failed_at, now, free)
    throttle.failures, throttle.blocked_until = after.failures, after.blocked_until
    throttle.failed_at = now


async def forgive(session: Session, email: str, now: datetime, address: str = "") -> None:
    """Forget the failures of this account, and everybody's that are older than a day."""
    mine = [digest_of(email), digest_of(email, address)]
    await session.execute(
        delete(SignInThrottle).where(
            SignInThrottle.email_digest.in_(mine) | (SignInThrottle.failed_at < now - _KEPT)
        )
    )
