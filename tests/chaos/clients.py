"""Clients of the API who order while it is being killed, and remember what was promised to them."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from secrets import token_hex

import httpx

from tests.chaos.household import Household
from tests.chaos.ledger import Order, orders
from tests.fixtures.app import Company

_PATIENT_SHARE = 0.8
_TIMEOUT_SECONDS = 15.0
_HASTY_SECONDS = 0.03
_RETRY_SECONDS = 0.1


@dataclass
class Account:
    """What one company ordered, and the numbers that the API has accepted."""

    company: Company
    ordered: list[Order] = field(default_factory=list)
    acknowledged: set[int] = field(default_factory=set)


@dataclass
class Clients:
    """A few clients who order `per_second` altogether until told to stop.

    Four of five repeat a request under its Idempotency-Key until they have an answer. The others
    give up at the first failure or hang up at once, and never learn what became of it.
    """

    house: Household
    dice: random.Random
    per_second: float
    kinds: dict[str, int] | None = None
    number: int = 4
    accounts: list[Account] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    ending: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.accounts = [Account(company) for company in self.house.companies]
        self._orders: Iterator[Order] = orders(self.dice, self.kinds)
        self._turns = itertools.cycle(self.accounts)
        self._run = token_hex(4)

    async def serve(self) -> None:
        """Order until `ending` is set and every patient client has its answer."""
        limits = httpx.Limits(max_keepalive_connections=0)
        async with (
            httpx.AsyncClient(trust_env=False, limits=limits) as http,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(self.number):
                group.create_task(self._serve_one(http))

    async def _serve_one(self, http: httpx.AsyncClient) -> None:
        while not self.ending.is_set():
            account, order = next(self._turns), next(self._orders)
            account.ordered.append(order)
            is_patient = self.dice.random() < _PATIENT_SHARE
            await self._order(http, account, order, is_patient=is_patient)
            await asyncio.sleep(self.dice.expovariate(self.per_second / self.number))

    async def _order(
        self, http: httpx.AsyncClient, account: Account, order: Order, *, is_patient: bool
    ) -> None:
        is_hasty = not is_patient and self.dice.random() < 0.5
        timeout = _HASTY_SECONDS if is_hasty else _TIMEOUT_SECONDS
        while True:
            if await self._is_accepted(http, account, order, timeout):
                account.acknowledged.add(order.number)
                return
            if not is_patient:
                return
            await asyncio.sleep(_RETRY_SECONDS)

    async def _is_accepted(
        self,
        http: httpx.AsyncClient,
        account: Account,
        order: Order,
        timeout: float,  # noqa: ASYNC109
    ) -> bool:
        url = f"{self.dice.choice(self.house.api_urls)}/api/v1/ledger/orders"
        key = f"{self._run}:{order.number}"
        try:
            answer = await http.post(
                url,
                json={"number": order.number, "kind": order.kind},
                headers=account.company.owner.bearer | {"Idempotency-Key": key},
                timeout=timeout,
            )
        except httpx.HTTPError:
            return False
        if answer.status_code not in (202, 409, 429, 500, 502, 503, 504):
            self.refused.append(f"{order}: {answer.status_code} {answer.text[:300]}")
        return answer.status_code == 202
