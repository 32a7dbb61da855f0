"""Lockout with back-off: each further failure for one e-mail address waits twice as long.

An attempt is counted before the password is looked at and forgiven when it was right, so a
thousand attempts at once are a thousand attempts. Addresses that nobody has are counted alike,
so a lockout says nothing about who exists. Only a digest of the address is kept, for a day.
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
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)
_KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Attempts:
    """How often sign-in failed lately, and until when the next one must wait."""

    failures: int
    blocked_until: datetime | None


def after_attempt(failures: int, failed_at: datetime, now: datetime) -> Attempts:
    """Return the state after one more attempt at `now`."""
    count = 1 if now - failed_at > FORGOTTEN_AFTER else failures + 1
    if count < FREE_ATTEMPTS:
        return Attempts(count, None)
    doublings = min(count - FREE_ATTEMPTS, 16)
    return Attempts(count, now + min(FIRST_WAIT * 2**doublings, LONGEST_WAIT))


def digest_of(email: str) -> bytes:
    """Return the digest under which attempts for this address are counted."""
    return hashlib.sha256(email.encode()).digest()


async def count_attempt(session: Session, email: str, now: datetime) -> None:
    """Count one attempt, or raise TooManyRequestsError while the address is blocked."""
    digest = digest_of(email)
    row = {"email_digest": digest, "failures": 0, "failed_at": now}
    await session.execute(insert(SignInThrottle).values(row).on_conflict_do_nothing())
    found = await session.scalars(
        select(SignInThrottle).where(SignInThrottle.email_digest == digest).with_for_update()
    )
    throttle = found.one()
    if throttle.blocked_until and throttle.blocked_until > now:
        wait = (throttle.blocked_until - now).total_seconds()
        raise TooManyRequestsError("too many failed sign-ins; wait, then try again", wait)
    after = after_attempt(throttle.failures, throttle.failed_at, now)
    throttle.failures, throttle.blocked_until = after.failures, after.blocked_until
    throttle.failed_at = now


async def forgive(session: Session, email: str, now: datetime) -> None:
    """Forget the failures of this address, and those of any address older than a day."""
    await session.execute(
        delete(SignInThrottle).where(
            (SignInThrottle.email_digest == digest_of(email))
            | (SignInThrottle.failed_at < now - _KEPT)
        )
    )
