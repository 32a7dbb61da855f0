"""Guessing is slow, and whoever is not guessing is not punished for it."""

from __future__ import annotations

from datetime import UTC, datetime
from secrets import token_hex

import pytest

from myriad.kit.errors import TooManyRequestsError
from myriad.scale.directory import create_user, sign_in
from myriad.scale.directory.errors import WrongCredentialsError
from myriad.scale.directory.throttle import (
    FREE_ATTEMPTS,
    FREE_FROM_ANYWHERE,
    count_attempt,
)
from myriad.scale.runtime import Runtime

PASSWORD = "correct horse battery"
NOW = datetime(2026, 5, 1, tzinfo=UTC)


async def attempts(runtime: Runtime, email: str, addresses: list[str]) -> int:
    """Return how many attempts were let through."""
    let = 0
    for address in addresses:
        try:
            async with runtime.database.crossing("test counts attempts") as session:
                await count_attempt(session, email, NOW, address)
        except TooManyRequestsError:
            continue
        let += 1
    return let


async def test_a_strangers_guesses_do_not_shut_the_owner_out(runtime: Runtime) -> None:
    """After too many failures from one address the owner signs in from another."""
    email = f"owner-{token_hex(6)}@example.com"
    async with runtime.database.crossing("test makes a user") as session:
        await create_user(session, email=email, name="Owner", password=PASSWORD)
    for _ in range(FREE_ATTEMPTS):
        with pytest.raises(WrongCredentialsError):
            await sign_in(runtime.database, email, "a guess", came_from="192.0.2.1")
    with pytest.raises(TooManyRequestsError):
        await sign_in(runtime.database, email, PASSWORD, came_from="192.0.2.1")
    assert await sign_in(runtime.database, email, PASSWORD, came_from="192.0.2.2")


async def test_neighbours_behind_one_address_are_not_slowed(runtime: Runtime) -> None:
    """Twenty accounts may fail at one address as if each were alone there."""
    for _ in range(20):
        email = f"neighbour-{token_hex(6)}@example.com"
        assert await attempts(runtime, email, ["192.0.2.7"] * (FREE_ATTEMPTS - 1)) == 4


async def test_guesses_from_many_addresses_are_slowed_together(runtime: Runtime) -> None:
    """Who changes the address with every guess meets the account's own limit."""
    email = f"target-{token_hex(6)}@example.com"
    addresses = [f"198.51.100.{number}" for number in range(FREE_FROM_ANYWHERE + 20)]
    assert await attempts(runtime, email, addresses) == FREE_FROM_ANYWHERE
