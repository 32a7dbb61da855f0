"""What the screens and the API say of strings that wait, of one string, and of how well it goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from myriad.kit.money import Money
from myriad.products.kamioi.mapping.confidence import may_decide_alone, wilson

State = Literal["proposed", "auto", "approved", "rejected", "superseded"]
# Beyond so many purchases of a string a list says "at least".
MOST_SEEN_IN_LIST = 500
MOST_SEEN = 20_000


@dataclass(frozen=True, slots=True)
class Stake:
    """Purchases, or their round-ups, in one currency and what they sum up to in its smallest unit."""

    currency: str
    purchases: int
    amount_minor: int

    @property
    def money(self) -> Money:
        """The sum, for people."""
        return Money(self.amount_minor, self.currency)


@dataclass(frozen=True, slots=True)
class Worth:
    """What the purchases at a string come to, in smallest units of the programme's currency.

    Of `unrated` currencies no rate is known: in the sum they count smallest unit for smallest unit.
    """

    amount_minor: int = 0
    unrated: tuple[str, ...] = ()

    def is_above(self, most_minor: int | None) -> bool:
        """Whether it is more than `most_minor`, or nobody knows; None is never passed."""
        return most_minor is not None and (self.amount_minor > most_minor or bool(self.unrated))


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a decision touches now, and the open round-ups by currency.

    `is_at_least` when not every purchase was looked at.
    """

    members: int = 0
    open_round_ups: int = 0
    opened: tuple[Stake, ...] = ()
    is_at_least: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A brand whose name is written alike; `likeness` 0..1 is no evidence by itself."""

    brand_id: UUID | None
    brand: str
    likeness: float


@dataclass(frozen=True, slots=True)
class RequestView:
    """A change that waits for a person: asked by one of two, or by a quorum of members."""

    reason: Literal["second_person", "quorum"]
    brand_id: UUID | None
    brand: str | None
    asked_by: UUID | None
    asked_name: str | None
    members: int
    version: int


@dataclass(frozen=True, slots=True)
class QueuedString:
    """One string as a person decides it; `version` 0 when nothing holds or is proposed.

    `stakes` are sums by currency, `worth` the same in the programme's. `band` is the confidence in
    a word: very_high, high, medium or low.
    """

    descriptor_id: UUID
    norm: str
    raw_example: str
    processor: str | None
    version: int
    brand_id: UUID | None
    brand: str | None
    owner: str | None
    confidence: float
    method: str
    state: str
    weight: int
    why: str
    model: str | None
    candidates: tuple[Candidate, ...]
    stakes: tuple[Stake, ...]
    worth: Worth
    reach: Reach
    alike: int
    needs_second: bool
    band: str
    purchases: int
    request: RequestView | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One version of what a string stood for; `was` is its state while it was current."""

    version: int
    brand_id: UUID | None
    brand: str | None
    confidence: float
    method: str
    state: str
    was: str
    why: str
    model: str | None
    decided_name: str | None
    seconded_name: str | None
    valid_from: datetime
    valid_to: datetime | None

    @property
    def can_return(self) -> bool:
        """Whether it may hold, or wait, again."""
        return self.valid_to is not None and self.was in ("proposed", "auto", "approved")


@dataclass(frozen=True, slots=True)
class Voice:
    """How many members say of their own purchases at a string that they are of a brand."""

    brand: str | None
    members: int


@dataclass(frozen=True, slots=True)
class MappingDetail:
    """Everything about one string."""

    item: QueuedString
    versions: tuple[Version, ...]
    voices: tuple[Voice, ...]
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BrandChoice:
    """A brand to choose, and who owns it today, where that is known."""

    id: UUID
    name: str
    category: str
    owner: str | None


@dataclass(frozen=True, slots=True)
class Share:
    """A share (None of nothing) with Wilson's 95 % interval from `low` to `high`."""

    right: int
    total: int
    value: float | None
    low: float
    high: float

    @classmethod
    def of(cls, right: int, total: int) -> Share:
        """Return the share of `right` in `total`."""
        return cls(right, total, right / total if total else None, *wilson(right, total))


@dataclass(frozen=True, slots=True)
class AuditedBin:
    """What audits say of one method within scores `score_bin`/10 to (`score_bin` + 1)/10.

    Where audits allow it, its decisions hold without a person.
    """

    method: str
    score_bin: int
    share: Share
    decides_alone: bool

    @classmethod
    def of(cls, method: str, score_bin: int, right: int, total: int) -> AuditedBin:
        """Return what `total` audits say, `right` of which agreed."""
        return cls(method, score_bin, Share.of(right, total), may_decide_alone(right, total))


@dataclass(frozen=True, slots=True)
class MethodCount:
    """Current mappings by state and method."""

    state: str
    method: str
    mappings: int


@dataclass(frozen=True, slots=True)
class ModelUse:
    """What models were asked today (UTC), and what that cost; `cache_hit` were known already."""

    strings: int = 0
    cached: int = 0
    calls: int = 0
    cost_usd_micros: int = 0
    degraded: int = 0
    cache_hit: float | None = None
    last_asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many proposals wait, changes are asked for, and decisions are to be checked."""

    waiting: int
    requests: int
    audits: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """How the center stands.

    `second_person_minor` is in `currency`, the programme's; of `unrated` currencies no rate into it
    is known. `auto_approve_rate` is the share of strings decided without a person, of all that are
    decided or wait.
    """

    waiting: int
    requests: int
    audits: int
    held_round_ups: tuple[Stake, ...]
    decided_alone: int
    decided_by_people: int
    precision_alone: Share
    precision_all: Share
    bins: tuple[AuditedBin, ...]
    methods: tuple[MethodCount, ...]
    model: ModelUse
    second_person_minor: int | None
    currency: str = "USD"
    unrated: tuple[str, ...] = ()
    auto_approve_rate: float | None = None
    job_id: UUID | None = None
