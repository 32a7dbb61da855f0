"""Asking the other registers: together, from the cache for a day, and never longer than a moment.

An answer is fresh for a day and stands in for a week longer while its register does not answer
(`company` in the policy table). A register that fails is left alone for half a minute.
"""

from __future__ import annotations

import asyncio

import httpx

from myriad.kit.errors import UnavailableError
from myriad.products.upswitch.registry.gleif import GleifClient
from myriad.products.upswitch.registry.opencorporates import OpenCorporatesClient
from myriad.products.upswitch.registry.port import (
    LeiRegister,
    OpenRegister,
    Register,
    VatRegister,
)
from myriad.products.upswitch.registry.vies import ViesClient
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.products.upswitch.views.registers import RegisterAnswer
from myriad.scale.cache import EVERYBODY, declare
from myriad.scale.limits.breaker import Breaker, BreakerPolicy
from myriad.scale.runtime import Runtime

ANSWERS = declare("upswitch.registers", RegisterAnswer, "company", is_shared=True)
_PATIENCE_SECONDS = 5.0
_POLICY = BreakerPolicy(window_seconds=60.0, least_calls=3, open_seconds=30.0)


class Counter:
    """What a process asks other registers with: one client, and which of them do not answer."""

    def __init__(self) -> None:
        self.http = httpx.AsyncClient(timeout=_PATIENCE_SECONDS)
        self.breaker = Breaker(None, _POLICY)

    async def close(self) -> None:
        """Close the client's connections."""
        await self.http.aclose()


def registers_of(runtime: Runtime, http: httpx.AsyncClient) -> list[tuple[Register, str]]:
    """Return the registers of this installation, each with where it is."""
    settings = runtime.settings_of(UpswitchSettings)
    key = settings.opencorporates_key
    base = settings.opencorporates_base_url
    return [
        (
            VatRegister(ViesClient(http, settings.vies_base_url), runtime.database),
            settings.vies_base_url,
        ),
        (LeiRegister(GleifClient(http, settings.gleif_base_url)), settings.gleif_base_url),
        (OpenRegister(OpenCorporatesClient(http, key, base) if key else None), base if key else ""),
    ]


async def ask_registers(runtime: Runtime, number: int) -> tuple[RegisterAnswer, ...]:
    """Return what each other register says of a company; one that is silent says so plainly."""
    counter = runtime.database.shared(Counter, Counter)
    asked = registers_of(runtime, counter.http)
    return tuple(await asyncio.gather(*(_ask(runtime, counter, *each, number) for each in asked)))


async def _ask(
    runtime: Runtime, counter: Counter, register: Register, place: str, number: int
) -> RegisterAnswer:
    async def load() -> RegisterAnswer:
        guard = counter.breaker.guard(f"{register.name}@{place}", failures=(UnavailableError,))
        async with guard:
            return await register.ask(number)

    try:
        key = (register.name, place, number)
        return await runtime.caches.get(ANSWERS, EVERYBODY, key, load)
    except UnavailableError as error:
        return _silent(register, await register.recall(number), error.detail)


def _silent(register: Register, last: RegisterAnswer | None, why: str) -> RegisterAnswer:
    """Return that a register does not answer, with what it said last."""
    note = f"{why} What stands here is its last answer." if last else why
    return RegisterAnswer(
        register=register.name,
        title=register.title,
        state="silent",
        facts=last.facts if last else (),
        note=note,
        asked_at=last.asked_at if last else None,
    )
