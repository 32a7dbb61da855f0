"""Why this stock: each step from the text on a statement to the share that it buys.

What holds of a company holds from a day until another, so the same purchase is also asked for
another year: what would it have bought then?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.kit.money import Money
from myriad.products.kamioi.mapping.confidence import band
from myriad.products.kamioi.member.activity import AT_COMPANIES, outcome
from myriad.products.kamioi.people import MemberFacts
from myriad.products.kamioi.repository.sql import QUERIES
from myriad.scale.ui.filters import day as day_words

if TYPE_CHECKING:
    from myriad.scale.http import BoundReader

REPLAY_YEAR = 2018
_HOLDS = ("auto", "approved")
_BANDS = {"very_high": "very sure", "high": "sure", "medium": "fairly sure", "low": "unsure"}
_METHODS = {
    "rule": "A rule says so",
    "entity": "The bank names the merchant",
    "exact": "The text is a name of it",
    "prefix": "The text begins with a name of it",
    "ngram": "The text is like a name of it",
    "llm": "A model chose it from a closed list",
    "human": "A person of the programme decided",
    "quorum": "Several members said so",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way: its title, what was found, and where that comes from."""

    title: str
    found: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class OwnedOn:
    """Who owned the brand on a day, and what that would have bought; empty when nobody states it."""

    day: date
    owner_name: str | None
    source: str | None
    is_private: bool
    since: date | None
    security: str | None
    status: str | None
    is_fractionable: bool | None
    ticker: str | None
    exchange: str | None

    @property
    def is_bought(self) -> bool:
        """Whether a share stood for the brand on that day; whether it can be had now is not asked."""
        return self.owner_name is not None and not self.is_private and self.ticker is not None

    def words(self, brand: str) -> str:
        """Return in a sentence what the brand stood for on the day."""
        on = day_words(self.day)
        if self.owner_name is None:
            return f"Nobody states who owned {brand} on {on}."
        stood = f"On {on} {brand} belonged to {self.owner_name}"
        if self.is_private:
            return f"{stood}, which has no share to buy."
        if self.ticker is None:
            return f"{stood}, which stood on no exchange known here."
        now = "" if self.status == "listed" else f", now {self.status}"
        return f"{stood}, {self.ticker} on {self.exchange}{now}."


@dataclass(frozen=True, slots=True)
class Candidate:
    """A company that one tap makes this purchase's."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Why:
    """One purchase and the way to what it buys."""

    row: Any
    owned: OwnedOn | None
    replayed: OwnedOn | None
    candidates: Sequence[Candidate]

    @property
    def amount(self) -> Money:
        """What it cost."""
        return Money(self.row.amount_minor, self.row.currency)

    @property
    def is_decided(self) -> bool:
        """Whether it is settled which company this is, or that it is none."""
        return self.row.is_own or self.row.mapping_state in _HOLDS

    @property
    def answer(self) -> str:
        """The page's first line."""
        if self._is_nowhere:
            return self.outcome
        if not self.is_decided:
            return f"It is not clear yet where {self.amount.format()} went"
        if self.row.brand is None:
            return "This is no company with a share"
        if self.owned is not None and self.owned.is_bought:
            return f"{self.row.brand} stands for {self.owned.ticker}"
        return f"{self.row.brand} has no share to buy"

    @property
    def outcome(self) -> str:
        """What it rounds up by and where that goes."""
        return outcome(self.row)

    @property
    def steps(self) -> list[Step]:
        """The way, in its order."""
        row = self.row
        through = f"paid through {row.processor}" if row.processor else ""
        steps = [
            Step("On your statement", row.raw),
            Step("Read as", row.norm or "nothing that names a merchant", through),
            Step("Company", self._company, self._how),
        ]
        if row.brand is not None and self.owned is not None:
            source = self.owned.source or ""
            steps.append(Step("Owner on that day", self.owned.words(row.brand), source))
        if not row.is_own and row.confidence is not None:
            believed = _BANDS[band(row.confidence)]
            steps.append(Step("How sure", f"{row.confidence:.0%}, {believed}"))
        return [*steps, Step("What it does", self.outcome)]

    @property
    def replay_words(self) -> str:
        """What the purchase would have bought on the same day of the replayed year."""
        if self.replayed is None or self.row.brand is None:
            return ""
        told = self.replayed.words(self.row.brand)
        if not self.replayed.is_bought:
            return f"In {self.replayed.day.year} your rule for private companies decided. {told}"
        bought = f"In {self.replayed.day.year} this would have bought {self.replayed.ticker}."
        same = self.owned is not None and self.owned.ticker == self.replayed.ticker
        return f"{bought} {'The same share as now.' if same else told}"

    @property
    def _is_nowhere(self) -> bool:
        """Whether nobody asks which company it was, as of income or rent."""
        return self.row.brand is None and self.row.kind not in AT_COMPANIES

    @property
    def _company(self) -> str:
        if self._is_nowhere:
            return "None: this is no purchase"
        if self.row.brand is not None:
            return str(self.row.brand)
        if self.is_decided:
            return "None"
        return f"Perhaps {self.row.mapped_brand}" if self.row.mapped_brand else "Not known yet"

    @property
    def _how(self) -> str:
        row = self.row
        if row.is_own:
            return "You said so, and it stays so"
        if row.method is None:
            return "Nothing is said of this text yet"
        told = (row.evidence or {}).get("why") or _METHODS.get(row.method, row.method)
        waits = "" if self.is_decided else "; it waits for a person's decision"
        return f"{told}{waits}"


class _Row:
    """A row of SQL whose columns are attributes."""

    def __init__(self, columns: dict[str, Any]) -> None:
        self.__dict__.update(columns)


async def explain(
    reader: BoundReader, member: MemberFacts, booked_on: date, purchase_id: UUID, year: int
) -> Why:
    """Return why the member's purchase buys what it buys; raises NotFoundError for another's."""
    place = {"member_id": member.id, "booked_on": booked_on, "purchase_id": purchase_id}
    found = await reader.row(QUERIES["member_purchase"], place)
    if found is None:
        raise NotFoundError("there is no such purchase of yours")
    owned = replayed = None
    if found["brand_id"] is not None:
        days = [booked_on, in_year(booked_on, year)]
        asked = {"brand_id": found["brand_id"], "days": days}
        rows = await reader.rows(QUERIES["brand_on_days"], asked)
        by_day = {row["day"]: OwnedOn(**row) for row in rows}
        owned, replayed = by_day[days[0]], by_day[days[1]]
    return Why(_Row(found), owned, replayed, _candidates(found))


def _candidates(found: dict[str, Any]) -> list[Candidate]:
    """Return what the machine thought of beside what holds, the likeliest first.

    Brands are told apart by their ids: several may have one name.
    """
    told = (found["evidence"] or {}).get("candidates") or []
    names = {UUID(one["id"]): str(one["brand"]) for one in told if one.get("id")}
    if found["mapped_brand_id"] is not None:
        mapped = found["mapped_brand_id"]
        names = {mapped: found["mapped_brand"]} | names
    return [Candidate(one, name) for one, name in names.items() if one != found["brand_id"]]


def in_year(day: date, year: int) -> date:
    """Return the same day of another year; 29 February becomes the 28th where there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)
