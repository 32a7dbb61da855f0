"""Who is served next: start-time fair queueing between tenants, reserved shares between classes.

Pure arithmetic in memory, without a database or a clock. A flow is one tenant in one class, a lane
one task in a flow. Inside a class the flow with the smallest start tag is next (Goyal, Vin and
Cheng, "Start-time fair queueing", SIGCOMM 1996): its start tag is the greater of the class's
virtual time and its own finish tag, its finish tag the start tag plus cost / weight, and virtual
time is the start tag served last. Between two flows that always have work, service / weight then
differs by at most the sum of their largest cost / weight, over any stretch of time.

Between classes the order is strict, but each class that has work earns its share of whatever is
served as credit, and credit goes first. A class whose head has waited for long counts one class
higher for each further period, though never as interactive.
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from myriad.kit.errors import InvalidInputError

SHARES = (0.30, 0.25, 0.25, 0.10, 0.10)
AGEING_SECONDS = (float("inf"), 60.0, 300.0, 1800.0, 7200.0)
_HIGHEST_BY_AGE = 1


class Grant(NamedTuple):
    """So many jobs of a lane may go now, and cost so much together; `place` is the caller's own."""

    jobs: int
    cost: float
    place: object = None


class Refusal(NamedTuple):
    """What is exhausted: the lane rests until `FairQueue.release` is told that key."""

    key: Hashable


@dataclass(slots=True, eq=False)
class Flow:
    """One tenant in one class. `start` and `finish` are its tags, in cost / weight."""

    tenant_id: UUID
    job_class: int
    weight: float = 1.0
    start: float = 0.0
    finish: float = 0.0
    lanes: deque[Lane] = field(default_factory=deque)
    resting: int = 0
    ticket: int = 0

    @property
    def is_idle(self) -> bool:
        """Whether no work of the flow is known."""
        return not self.lanes and not self.resting


@dataclass(slots=True, eq=False)
class Lane:
    """One task in a flow; `since` is when its oldest job came due, in the caller's seconds.

    `asked` and `window` are the caller's: how many of its jobs are being fetched, and may be.
    """

    flow: Flow
    task_id: int
    is_packed: bool
    since: float
    rests_on: Hashable | None = None
    is_known: bool = True
    is_renewed: bool = False
    asked: int = 0
    window: int = 1


Admit = Callable[[Lane], Grant | Refusal]
LaneKey = tuple[UUID, int, int, bool]
_Heap = list[tuple[float, int, Flow]]


class FairQueue:
    """The lanes that have work, and the order in which they are served.

    The caller adds lanes, asks `choose` for the next one, and reports with `settle` what it found.
    """

    def __init__(
        self,
        shares: tuple[float, ...] = SHARES,
        ageing_seconds: tuple[float, ...] = AGEING_SECONDS,
    ) -> None:
        if len(shares) != len(ageing_seconds) or min(shares) < 0 or sum(shares) > 1 + 1e-9:
            raise InvalidInputError("each class needs a share, and the shares sum to at most 1")
        self._shares, self._ageing = shares, ageing_seconds
        self._ranks = range(len(shares))
        self._flows: dict[tuple[UUID, int], Flow] = {}
        self._lanes: dict[LaneKey, Lane] = {}
        self._lanes_of = [0 for _ in shares]
        self._heaps: list[_Heap] = [[] for _ in shares]
        self._virtual = [0.0 for _ in shares]
        self._credit = [0.0 for _ in shares]
        self._resting: dict[Hashable, list[tuple[float, int, Lane]]] = defaultdict(list)
        self._tickets = itertools.count(1)

    def __len__(self) -> int:
        """How many lanes are known to have work."""
        return len(self._lanes)

    def has_work_up_to(self, rank: int) -> bool:
        """Whether a lane of this class or a higher one is known to have work."""
        return any(self._lanes_of[: rank + 1])

    def add(self, key: LaneKey, since: float, weight: float = 1.0) -> Lane:
        """Say that the lane (tenant, class, task, whether packed) has work; again is harmless."""
        lane = self._lanes.get(key)
        if lane is not None:
            lane.is_renewed = True
            return lane
        flow = self.flow(key[0], key[1])
        flow.weight = weight
        lane = self._lanes[key] = Lane(flow, key[2], key[3], since)
        self._lanes_of[flow.job_class] += 1
        self._activate(lane)
        return lane

    def flow(self, tenant_id: UUID, job_class: int) -> Flow:
        """Return the flow of a tenant in a class."""
        flow = self._flows.get((tenant_id, job_class))
        if flow is None:
            flow = self._flows[tenant_id, job_class] = Flow(tenant_id, job_class)
        return flow

    def choose(self, admit: Admit, now: float = 0.0) -> tuple[Lane, Grant] | None:
        """Return the next lane with what `admit` grants it, or None when nothing may go.

        A lane that is refused rests on the key of the refusal and costs nothing further.
        """
        while (rank := self._next_class(now)) is not None:
            flow = self._heaps[rank][0][2]
            lane = flow.lanes[0]
            answer = admit(lane)
            if isinstance(answer, Grant):
                lane.is_renewed = False
                self._serve(flow, answer.cost)
                return lane, answer
            self._rest(lane, answer.key)
        return None

    def _serve(self, flow: Flow, cost: float) -> None:
        rank = flow.job_class
        self._virtual[rank] = max(self._virtual[rank], flow.start)
        flow.start = flow.finish = flow.start + cost / flow.weight
        flow.lanes.rotate(-1)
        heapq.heapreplace(self._heaps[rank], self._entry(flow))
        for other in self._ranks:
            if self._heaps[other]:
                self._credit[other] += self._shares[other] * cost
        if self._credit[rank] > self._shares[rank] * cost:
            self._credit[rank] -= cost

    def _next_class(self, now: float) -> int | None:
        """Return the class with the most credit, else the highest one, that has work."""
        best, best_rank, owed, most = None, 0.0, None, 0.0
        for rank in self._ranks:
            head = self._head(rank)
            if head is None:
                self._credit[rank] = min(self._credit[rank], 0.0)
                continue
            if self._credit[rank] > most:
                owed, most = rank, self._credit[rank]
            aged = self._aged(rank, now - head.lanes[0].since)
            if best is None or aged < best_rank:
                best, best_rank = rank, aged
        return best if owed is None else owed

    def _aged(self, rank: int, seconds: float) -> float:
        if rank <= _HIGHEST_BY_AGE:
            return rank
        return max(_HIGHEST_BY_AGE, rank - max(0.0, seconds) // self._ageing[rank])

    def _head(self, rank: int) -> Flow | None:
        heap = self._heaps[rank]
        while heap and heap[0][1] != heap[0][2].ticket:
            heapq.heappop(heap)
        return heap[0][2] if heap else None

    def _entry(self, flow: Flow) -> tuple[float, int, Flow]:
        flow.ticket = next(self._tickets)
        return flow.start, flow.ticket, flow

    def _push(self, flow: Flow) -> None:
        heapq.heappush(self._heaps[flow.job_class], self._entry(flow))

    def _activate(self, lane: Lane) -> None:
        flow = lane.flow
        flow.lanes.append(lane)
        if len(flow.lanes) == 1:
            flow.start = max(self._virtual[flow.job_class], flow.finish)
            self._push(flow)

    def _rest(self, lane: Lane, key: Hashable) -> None:
        flow = lane.flow
        self._withdraw(lane)
        lane.rests_on = key
        flow.resting += 1
        heapq.heappush(self._resting[key], (flow.start, next(self._tickets), lane))

    def _withdraw(self, lane: Lane) -> None:
        """Take an active lane out; a flow without one leaves the order."""
        flow = lane.flow
        flow.lanes.remove(lane)
        if not flow.lanes:
            flow.ticket = 0

    def release(self, key: Hashable, lanes: int) -> int:
        """Let up to `lanes` lanes that rest on `key` take part again, and return how many did."""
        heap = self._resting.get(key, [])
        released = 0
        while heap and released < lanes:
            lane = heapq.heappop(heap)[2]
            if lane.is_known:
                lane.rests_on = None
                lane.flow.resting -= 1
                self._activate(lane)
                released += 1
        if not heap:
            self._resting.pop(key, None)
        return released

    def keys_rested_on(self) -> list[Hashable]:
        """Return what lanes are waiting for."""
        return list(self._resting)

    def settle(self, lane: Lane, difference: float, *, is_empty: bool, since: float = 0.0) -> None:
        """Say what was found in a lane: actual minus granted cost, and whether nothing is left.

        A lane to which work was added after it was chosen is not dropped.
        """
        self.correct(lane.flow, difference)
        lane.since = max(lane.since, since)
        if is_empty and not lane.is_renewed:
            self.forget(lane)

    def forget(self, lane: Lane) -> None:
        """Drop a lane that has no work."""
        if not lane.is_known:
            return
        lane.is_known = False
        flow = lane.flow
        self._lanes_of[flow.job_class] -= 1
        key = (flow.tenant_id, flow.job_class, lane.task_id, lane.is_packed)
        self._lanes.pop(key, None)
        if lane.rests_on is None:
            self._withdraw(lane)
        else:
            flow.resting -= 1

    def correct(self, flow: Flow, difference: float) -> None:
        """Add actual minus estimated cost to what the flow has used."""
        if difference == 0.0:
            return
        flow.finish += difference / flow.weight
        if flow.lanes:
            flow.start += difference / flow.weight
            self._push(flow)

    def virtual_time(self, job_class: int) -> float:
        """Return the start tag that the class served last."""
        return self._virtual[job_class]

    def restore(self, job_class: int, virtual_time: float) -> None:
        """Begin at the virtual time that a predecessor had reached."""
        self._virtual[job_class] = max(self._virtual[job_class], virtual_time)

    def lanes(self) -> Iterable[Lane]:
        """Return the lanes that have work, resting ones included."""
        return self._lanes.values()

    def prune(self) -> None:
        """Forget flows without work whose finish tag says nothing any more."""
        idle = [key for key, flow in self._flows.items() if self._says_nothing(flow)]
        for key in idle:
            del self._flows[key]

    def _says_nothing(self, flow: Flow) -> bool:
        return flow.is_idle and flow.finish <= self._virtual[flow.job_class]
