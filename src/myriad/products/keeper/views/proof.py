"""The Proof screen: what calls brought, against the people who were not called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from myriad.kit.money import Money
from myriad.products.keeper.proof.intervals import Interval, wilson

SavedVerdict = Literal["off", "too_early", "unclear", "saved", "lost"]
"""Whether calls pay: `unclear` when the interval holds zero, `off` without a control group."""


@dataclass(frozen=True, slots=True)
class ShareBounds:
    """A share, or a difference of shares, with its 90 % interval."""

    estimate: float
    low: float
    high: float

    @classmethod
    def of(cls, interval: Interval) -> ShareBounds:
        """Return the interval as the screens show it."""
        return cls(interval.estimate, interval.low, interval.high)

    @classmethod
    def of_count(cls, successes: int, people: int) -> ShareBounds | None:
        """Return the share of a count, None without people."""
        return cls.of(wilson(successes, people)) if people else None


@dataclass(frozen=True, slots=True)
class MoneyBounds:
    """An amount with its 90 % interval."""

    estimate: Money
    low: Money
    high: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What calls saved among the `people` called whose horizon came from `first` to `last`.

    `money` is None while it is too early; `people_needed` is how many more people must reach their
    horizon before there is an answer.
    """

    verdict: SavedVerdict
    people: int
    first: date
    last: date
    money: MoneyBounds | None = None
    people_needed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmCard:
    """One arm: people whose horizon has passed, who of them came back, net takings a person."""

    arm: Literal["call", "control"]
    people: int
    returned: int
    share: ShareBounds | None
    net_per_person: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofMonth:
    """People whose horizon came in one month; money is the pooled effect of a call times them."""

    month: date
    called: int
    called_returned: int
    held_out: int
    held_out_returned: int
    money: MoneyBounds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookRow:
    """One kind of call, by the state of the people: by how much more of them come back.

    `leans_on` is how many other accounts' experience it rests on as well, 0 without.
    """

    playbook: str
    called: int
    held_out: int
    uplift: ShareBounds
    leans_on: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerCallsRow:
    """What one kind of call brings in a pool of accounts, or why that is withheld."""

    playbook: str
    accounts: int
    uplift: ShareBounds | None = None
    withheld: Literal["too_few", "dominated"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofView:
    """What calls brought over the last year, newest months first.

    `rate` and `money` are the effect of one call on coming back and on net takings. The first of
    `arms` is who was called, the second who was held out. `peers` is what others of the same trade
    see, for an account that has joined the network.
    """

    business_date: date | None
    currency: str
    is_on: bool
    changed_at: datetime | None
    horizon_days: int
    saved: Saved
    arms: tuple[ArmCard, ArmCard]
    rate: ShareBounds | None = None
    money: MoneyBounds | None = None
    months: tuple[ProofMonth, ...] = ()
    playbooks: tuple[PlaybookRow, ...] = ()
    joined: bool = False
    peers: tuple[PeerCallsRow, ...] = ()
    waiting_called: int = 0
    waiting_held_out: int = 0
    next_result_on: date | None = None
