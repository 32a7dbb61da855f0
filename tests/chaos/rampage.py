"""Kill -9 of whoever the dice name while the ledger works, and what the books say afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import psycopg

from tests.chaos.clients import Clients
from tests.chaos.household import KINDS, Household, Kind
from tests.chaos.ledger import Verdict, judge, read_books

_STALL_SECONDS = 4.0
_DRAIN_SECONDS = 180.0


def say(line: str) -> None:
    """Print one line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def seed_of_run() -> int:
    """Return the seed that was asked for, or a new one, and print it."""
    given = os.environ.get("MYRIAD_CHAOS_SEED")
    seed = int(given) if given else random.SystemRandom().randrange(1_000_000)
    say(f"seed {seed}: repeat with MYRIAD_CHAOS_SEED={seed}")
    return seed


@dataclass(frozen=True)
class Kill:
    """One murder: who, after how many more effects, for how long, and PostgreSQL's whole family."""

    kind: Kind
    which: float
    after_effects: int
    down_seconds: float
    with_children: bool


def plan_kills(dice: random.Random, kills: int, effects_between: int) -> list[Kill]:
    """Return `kills` murders in random order; every kind has its equal share, at least."""
    kinds = [KINDS[n % len(KINDS)] for n in range(kills - kills % len(KINDS))]
    kinds += [dice.choice(KINDS) for _ in range(kills - len(kinds))]
    dice.shuffle(kinds)
    return [
        Kill(
            kind=kind,
            which=dice.random(),
            after_effects=dice.randrange(effects_between // 2, 2 * effects_between),
            down_seconds=dice.choice((0.0, 0.3, 1.5)),
            with_children=dice.random() < 0.5,
        )
        for kind in kinds
    ]


@dataclass
class Report:
    """How a rampage went: victims by kind, what fell by itself, and the verdict on the books."""

    seed: int
    victims: dict[str, int]
    falls: dict[str, int]
    verdict: Verdict
    ordered: int
    acknowledged: int
    there: int
    seconds: float
    refused: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Yield the report as a table."""
        rows = [
            ("seed", self.seed),
            *((f"kill -9 {kind}", count) for kind, count in self.victims.items()),
            ("kills", sum(self.victims.values())),
            *((f"ended by itself: {name}", count) for name, count in self.falls.items()),
            ("orders", self.ordered),
            ("  acknowledged", self.acknowledged),
            ("  not acknowledged, yet there", self.there - self.acknowledged),
            ("  not acknowledged, no trace", self.ordered - self.there),
            ("effects expected", self.verdict.expected),
            ("effects found", self.verdict.effects),
            ("lost", len(self.verdict.lost)),
            ("doubled", len(self.verdict.doubled)),
            ("other faults", len(self.verdict.faults)),
            ("seconds", round(self.seconds)),
        ]
        yield from (f"{name:<34}{value:>12,}" for name, value in rows)
        yield from (f"LOST {what}" for what in self.verdict.lost[:20])
        yield from (f"DOUBLED {what}" for what in self.verdict.doubled[:20])
        yield from (f"FAULT {what}" for what in self.verdict.faults)
        yield from (f"REFUSED {what}" for what in self.refused[:5])


@dataclass
class Rampage:
    """One run: clients order, victims die and rise, the queue drains, the books are read."""

    house: Household
    clients: Clients
    kills: Sequence[Kill]
    seed: int
    rising: set[asyncio.Task[None]] = field(default_factory=set)
    _seen: int = 0

    async def run(self) -> Report:
        """Return what happened; raises when the queue does not drain."""
        began = time.monotonic()
        ordering = asyncio.create_task(self.clients.serve())
        try:
            for number, kill in enumerate(self.kills, 1):
                await self._until_effects(kill.after_effects)
                await self._commit(number, kill)
            await asyncio.gather(*self.rising)
            await self._until_enough()
        finally:
            self.clients.ending.set()
        await self._drained(ordering)
        return self._report(time.monotonic() - began)

    async def _until_enough(self) -> None:
        """Let the ledger work undisturbed for a while; without kills, until the clients stop."""
        if self.kills:
            await self._until_effects(self.kills[-1].after_effects)
        else:
            await self.clients.ending.wait()

    async def _commit(self, number: int, kill: Kill) -> None:
        candidates = [part for part in self.house.of(kill.kind) if part.is_up]
        while not candidates:
            await asyncio.gather(*self.rising)
            candidates = [part for part in self.house.of(kill.kind) if part.is_up]
        victim = candidates[int(kill.which * len(candidates))]
        whole = kill.kind == "postgres" and kill.with_children
        say(f"kill {number}/{len(self.kills)}: {victim.name}{' and children' * whole}")
        await asyncio.to_thread(victim.kill, with_children=whole)
        task = asyncio.create_task(self._rise(victim.name, kill.down_seconds))
        self.rising.add(task)
        task.add_done_callback(self.rising.discard)

    async def _rise(self, name: str, down_seconds: float) -> None:
        await asyncio.sleep(down_seconds)
        await self.house.restart(self.house.get(name))

    async def _until_effects(self, more: int) -> None:
        """Wait for progress, so that kills fall into work; not for ever, for that may be the fault."""
        wanted, end = self._effects() + more, time.monotonic() + _STALL_SECONDS
        while self._effects() < wanted and time.monotonic() < end:  # noqa: ASYNC110 - others act
            await asyncio.sleep(0.1)

    def _effects(self) -> int:
        with contextlib.suppress(psycopg.Error):
            self._seen = self.house.count("SELECT count(*) FROM ledger.entry")
        return self._seen

    async def _drained(self, ordering: asyncio.Task[None]) -> None:
        end = time.monotonic() + _DRAIN_SECONDS
        while not ordering.done() or self._live():
            await self.house.raise_the_fallen()
            if time.monotonic() > end:
                return
            await asyncio.sleep(0.25)
        await ordering

    def _live(self) -> int:
        return sum(
            read_books(self.house.urls, account.company.tenant_id).live
            for account in self.clients.accounts
        )

    def _report(self, seconds: float) -> Report:
        verdict, there = Verdict(), 0
        for account in self.clients.accounts:
            books = read_books(self.house.urls, account.company.tenant_id)
            verdict += judge(books, account.ordered, account.acknowledged)
            there += len(books.requests)
        parts = self.house.parts
        return Report(
            seed=self.seed,
            victims={kind: sum(p.kills for p in parts if p.kind == kind) for kind in KINDS},
            falls={part.name: part.falls for part in parts if part.falls},
            verdict=verdict,
            ordered=sum(len(account.ordered) for account in self.clients.accounts),
            acknowledged=sum(len(account.acknowledged) for account in self.clients.accounts),
            there=there,
            seconds=seconds,
            refused=self.clients.refused,
        )
