"""One request to a vendor: tried again while that can help, told in our words when it cannot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from secrets import token_hex

import httpx
import pytest
from redis.asyncio import Redis

from myriad.kit.errors import NotFoundError, TooManyRequestsError, UnavailableError
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.limits import (
    AimdPolicy,
    Asking,
    CircuitOpenError,
    FailedAttemptError,
    LimitedAttemptError,
    Patience,
    Vendor,
    connection_options,
    retry_after_seconds,
)
from myriad.scale.observe.metrics import Counter
from myriad.scale.runtime import cache_client

_FAST = AimdPolicy(start_rate=1000, floor_rate=1, ceiling_rate=1000, burst=1000)
_QUICK = Patience(attempts=3, first_wait_seconds=0.001, longest_wait_seconds=0.05)
_requests = Counter("myriad_test_vendor_requests_total", "Requests of a test.", ["outcome"])

Ask = Callable[..., Asking]


@pytest.fixture
async def asking(servers: ServerUrls) -> AsyncIterator[Ask]:
    cache: Redis = cache_client(servers.cache_url)
    key = f"vendor-{token_hex(6)}"
    vendor = Vendor(
        "Acme", key, _FAST, _FAST, _requests, unavailable=UnavailableError,
        limited=TooManyRequestsError,
    )  # fmt: skip
    limiter, breaker = vendor.limits_of(cache)
    assert vendor.limits_of(cache) == (limiter, breaker)

    def of(account: str = "one") -> Asking:
        return Asking(vendor, f"{key}:{account}", limiter, breaker, _QUICK)

    yield of
    await cache.aclose()


class Attempts:
    """Does in turn what it was told: raises an error or returns a value, the last for ever."""

    def __init__(self, *turns: object) -> None:
        self.turns = list(turns)
        self.made = 0

    async def __call__(self) -> object:
        turn = self.turns[min(self.made, len(self.turns) - 1)]
        self.made += 1
        if isinstance(turn, Exception):
            raise turn
        return turn


async def test_what_fails_for_a_while_is_asked_again_until_it_answers(asking: Ask) -> None:
    attempts = Attempts(httpx.ReadTimeout("slow"), FailedAttemptError("503"), "answer")
    assert await asking().ask(attempts) == "answer"
    assert attempts.made == 3


async def test_patience_ends_and_says_who_did_not_answer(asking: Ask) -> None:
    attempts = Attempts(httpx.ConnectError("refused"))
    with pytest.raises(UnavailableError, match=r"Acme did not answer \(ConnectError\)"):
        await asking().ask(attempts)
    assert attempts.made == _QUICK.attempts


async def test_a_refusal_is_told_at_once_and_says_nothing_about_health(asking: Ask) -> None:
    attempts = Attempts(NotFoundError("no such thing"))
    for _ in range(30):
        with pytest.raises(NotFoundError):
            await asking().ask(attempts)
    assert attempts.made == 30


async def test_a_long_pause_is_the_callers_and_one_accounts_alone(asking: Ask) -> None:
    with pytest.raises(TooManyRequestsError, match="limits our rate") as limited:
        await asking("one").ask(Attempts(LimitedAttemptError(60.0)))
    assert limited.value.retry_after_seconds == 60.0
    waiting = Attempts("answer")
    with pytest.raises(TooManyRequestsError, match="not over") as early:
        await asking("one").ask(waiting)
    assert waiting.made == 0
    assert 0 < early.value.retry_after_seconds <= 60.0
    assert await asking("two").ask(Attempts("answer")) == "answer"


async def test_a_vendor_that_is_down_is_left_alone_for_that_account(asking: Ask) -> None:
    down, told = Attempts(FailedAttemptError("503")), []
    for _ in range(50):
        try:
            await asking("one").ask(down)
        except (UnavailableError, CircuitOpenError) as error:
            told.append(type(error))
    assert told[0] is UnavailableError
    assert told[-1] is CircuitOpenError
    assert down.made < 50
    assert await asking("two").ask(Attempts("answer")) == "answer"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "7"}, 7.0), ({"retry-after": " 30 "}, 30.0), ({}, 1.0),
     ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 1.0)],
)  # fmt: skip
def test_a_pause_is_read_in_seconds(headers: dict[str, str], seconds: float) -> None:
    assert retry_after_seconds(headers) == seconds


def test_a_proxy_leads_to_the_vendor_and_never_to_this_machine() -> None:
    assert connection_options("https://connect.squareup.com") == {"trust_env": True, "verify": True}
    for near in ("http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"):
        assert connection_options(near) == {"trust_env": False, "verify": False}
