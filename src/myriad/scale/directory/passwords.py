"""Passwords: argon2id (RFC 9106), computed on threads so that the event loop goes on.

Parameters are OWASP's first recommendation (19 MiB, two passes, one lane). At most two are
computed at a time, so a burst of sign-ins costs 38 MiB and not the machine.
"""

from __future__ import annotations

import secrets

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from myriad.kit.errors import InvalidInputError

MINIMUM_CHARACTERS = 12
MAXIMUM_CHARACTERS = 256
_AT_ONCE = 2

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_limiter: RunVar[anyio.CapacityLimiter] = RunVar("myriad_password_limiter")
# Compared against when there is no user, so that both answers take the same time.
_NOBODY = _hasher.hash(secrets.token_hex(16))


def _one_of_few() -> anyio.CapacityLimiter:
    try:
        return _limiter.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(_AT_ONCE)
        _limiter.set(limiter)
        return limiter


def check_password_rules(password: str) -> None:
    """Raise InvalidInputError unless the password has 12 to 256 characters."""
    if not MINIMUM_CHARACTERS <= len(password) <= MAXIMUM_CHARACTERS:
        expected = f"{MINIMUM_CHARACTERS} to {MAXIMUM_CHARACTERS} characters"
        raise InvalidInputError(f"a password has {expected}", [("/password", expected)])


async def hash_password(password: str) -> str:
    """Return the encoded hash of a password that keeps the rules."""
    check_password_rules(password)
    return await anyio.to_thread.run_sync(_hasher.hash, password, limiter=_one_of_few())


async def verify_password(encoded: str | None, password: str) -> bool:
    """Tell whether `password` belongs to `encoded`; takes as long when there is no hash."""
    matches = await anyio.to_thread.run_sync(
        _verify, encoded or _NOBODY, password[:MAXIMUM_CHARACTERS], limiter=_one_of_few()
    )
    return matches and encoded is not None


def _verify(encoded: str, password: str) -> bool:
    try:
        return _hasher.verify(encoded, password)
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(encoded: str) -> bool:
    """Tell whether the hash was made with older parameters."""
    return _hasher.check_needs_rehash(encoded)
