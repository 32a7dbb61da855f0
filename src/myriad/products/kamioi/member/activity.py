"""A member's purchases, and which company each stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.kit.money import Money
from myriad.products.kamioi.intake.recording import confirm
from myriad.products.kamioi.money import round_ups
from myriad.products.kamioi.people import MemberFacts
from myriad.products.kamioi.repository import sql
from myriad.products.kamioi.repository.corrections import correct
from myriad.scale.data import ReadSession, Session
from myriad.scale.ui.filters import NOTHING

if TYPE_CHECKING:
    from myriad.scale.http import BoundReader

MOST_FOUND = 12
# The source of purchases that came along from an old program, which rounded them up itself.
LEGACY = "legacy"
_SHORTEST_NAME = 2
# Of income, rent or a transfer nobody asks which company it was.
AT_COMPANIES = ("purchase", "refund")


@dataclass(frozen=True, slots=True)
class Filters:
    """Which purchases are listed: booked within these days, of a state, or still undecided."""

    since: date
    until: date
    state: str | None = None
    is_undecided: bool = False


@dataclass(frozen=True, slots=True)
class Purchase:
    """One line of a member's activity."""

    id: UUID
    booked_on: date
    shown_on: date
    state: str
    kind: str
    amount_minor: int
    currency: str
    raw: str
    is_held: bool
    source: str
    has_string: bool
    is_own: bool
    mapping_state: str | None
    brand: str | None
    proposed: str | None
    owner: str | None
    ticker: str | None
    round_minor: int | None
    round_state: str | None
    destination: str | None
    bought: str | None
    round_currency: str | None
    foreign_state: str | None

    @property
    def amount(self) -> Money:
        """What it cost; below zero for money that came back."""
        return Money(self.amount_minor, self.currency)

    @property
    def company(self) -> str:
        """The company in words."""
        if self.brand is not None:
            return self.brand
        if self.kind not in AT_COMPANIES:
            return NOTHING
        if self.is_own or self.mapping_state in ("auto", "approved"):
            return "No company"
        return f"Perhaps {self.proposed}" if self.proposed else "Not known yet"

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided which company it is."""
        return self.has_string and not (self.is_own or self.mapping_state in ("auto", "approved"))

    @property
    def outcome(self) -> str:
        """What the purchase rounds up by and where that goes, in words."""
        return outcome(self)


def outcome(row: Any) -> str:
    """Return what a purchase rounds up by and where that goes, in words."""
    if row.source == LEGACY:
        return "Brought along: rounded up before"
    if row.round_minor is None:
        return _before_round_up(row)
    if row.round_state == "reversed":
        return "Taken back"
    if not row.round_minor:
        return "Rounds up nothing"
    sum_ = Money(row.round_minor, row.round_currency or row.currency).format()
    where = {"security": f"for {row.bought or 'a share'}", "cash": "kept as cash"}
    return f"{sum_} {where.get(row.destination or '', 'waits for the company')}"


def _before_round_up(row: Any) -> str:
    if row.kind != "purchase":
        return f"{row.kind.replace('_', ' ').capitalize()}: rounds up nothing"
    if row.state == "pending":
        return "Rounds up once it is posted"
    if row.state != "posted":
        return "Rounds up nothing"
    if row.foreign_state == "waiting":
        return "In another currency: waits for a rate"
    if row.is_held:
        return "A large one: waits until you confirm it"
    return "Rounds up with the next run"


async def list_purchases(
    reader: BoundReader, member: MemberFacts, filters: Filters, after: tuple[Any, Any], limit: int
) -> list[Purchase]:
    """Return the member's purchases after that place, the last booked first."""
    rows = await reader.rows(
        sql.QUERIES["member_purchases"],
        {
            "member_id": member.id,
            "since": filters.since,
            "until": filters.until,
            "state": filters.state,
            "is_undecided": filters.is_undecided,
            "after_day": after[0],
            "after_id": after[1],
            "limit": limit,
        },
    )
    return [Purchase(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class BrandFound:
    """A brand that a search found, and who owns it today."""

    id: UUID
    name: str
    category: str
    owner: str | None


async def search_brands(reader: BoundReader, wanted: str, day: date) -> Sequence[BrandFound]:
    """Return up to twelve brands whose name begins with what was typed; nothing below two letters."""
    cleaned = " ".join(wanted.lower().split())
    if len(cleaned) < _SHORTEST_NAME:
        return ()
    asked = {"wanted": cleaned, "day": day, "limit": MOST_FOUND}
    rows = await reader.rows(sql.QUERIES["search_brands"], asked)
    return [BrandFound(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class Changed:
    """What a correction did: round-ups made anew, and whether a quorum of members now agrees."""

    round_ups: int
    is_proposed_to_all: bool


async def find_day(session: ReadSession, member: MemberFacts, purchase_id: UUID) -> date:
    """Return on which day a purchase of the member was booked; raises NotFoundError."""
    row = await sql.find(session, "day_of_purchase", member_id=member.id, purchase_id=purchase_id)
    if row is None:
        raise NotFoundError("there is no such purchase of yours")
    booked_on: date = row["booked_on"]
    return booked_on


async def change_company(
    session: Session,
    member: MemberFacts,
    booked_on: date,
    purchase_id: UUID,
    brand_id: UUID | None,
) -> Changed:
    """Let all purchases of the member with this string count as another brand, None as none.

    What is not pulled yet is made anew at once. Raises NotFoundError for a purchase of anybody else,
    one without a string, or an unknown brand.
    """
    descriptor_id = await _string_of(session, member, booked_on, purchase_id)
    if brand_id is not None and not await sql.find(session, "find_brand", brand_id=brand_id):
        raise NotFoundError("there is no such company; search for it by the beginning of its name")
    is_proposed = await correct(session, member.id, descriptor_id, brand_id)
    return Changed(await _redecide(session, member, descriptor_id), is_proposed)


async def take_back_change(
    session: Session, member: MemberFacts, booked_on: date, purchase_id: UUID
) -> Changed:
    """Let the programme decide again what the member's purchases with this string stand for."""
    descriptor_id = await _string_of(session, member, booked_on, purchase_id)
    await sql.execute(session, "drop_override", member_id=member.id, descriptor_id=descriptor_id)
    return Changed(await _redecide(session, member, descriptor_id), False)


async def confirm_own(
    session: Session, member: MemberFacts, booked_on: date, purchase_id: UUID
) -> None:
    """Let a large purchase of the member that waits for them round up.

    Raises NotFoundError when none of that day and id is theirs and waits.
    """
    place = {"member_id": member.id, "booked_on": booked_on, "purchase_id": purchase_id}
    row = await sql.find(session, "member_purchase", **place)
    if row is None or not row["is_held"]:
        raise NotFoundError("no purchase of yours of that day and id waits for a confirmation")
    await confirm(session, booked_on, purchase_id)


async def _redecide(session: Session, member: MemberFacts, descriptor_id: UUID) -> int:
    return await round_ups.redecide(session, descriptor_id, round_ups.Members.only(member.id))


async def _string_of(
    session: Session, member: MemberFacts, booked_on: date, purchase_id: UUID
) -> UUID:
    place = {"member_id": member.id, "booked_on": booked_on, "purchase_id": purchase_id}
    row = await sql.find(session, "member_purchase", **place)
    if row is None or row["descriptor_id"] is None:
        raise NotFoundError("there is no such purchase of yours that has a text to decide on")
    descriptor_id: UUID = row["descriptor_id"]
    return descriptor_id
