"""What a member decides of their round-ups: multiple, caps, thresholds, private companies, exclusions.

They hold for purchases from now on; what has rounded up already stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from myriad.kit.errors import ConflictError, InvalidInputError
from myriad.kit.money import minor_digits, parse_minor
from myriad.products.kamioi.people import MemberFacts
from myriad.products.kamioi.repository import sql
from myriad.scale.data import Session

if TYPE_CHECKING:
    from myriad.scale.http import BoundReader

POLICIES = ("etf", "cash", "skip")
MOST_EXCLUDED = 200
LARGEST_MULTIPLE = 10
LEAST_SWEEP_MINOR = 100
LARGEST_MINOR = 100_000_000
_WHOLE = re.compile(r"[0-9]{1,9}")


class StaleRulesError(ConflictError):
    """The rules were changed since they were read, in another window for one."""

    code = "kamioi_stale_rules"
    title = "Changed in another window meanwhile"


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """A member's rules; `version` 0 says that nothing was ever changed.

    Amounts are minor units of the member's currency, a cap of None is none.
    """

    multiplier: int = 1
    rounds_whole_amounts: bool = False
    cap_day_minor: int | None = None
    cap_week_minor: int | None = None
    sweep_minor: int = 500
    guard_minor: int = 2500
    private_policy: str = "etf"
    etf_security_id: UUID | None = None
    excluded_brand_ids: tuple[UUID, ...] = ()
    version: int = 0


@dataclass(frozen=True, slots=True)
class Named:
    """A brand or a fund by its id and name."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class RulesView:
    """The rules with the names of what they speak of, and the funds to choose from."""

    rules: Rules
    excluded: Sequence[Named]
    funds: Sequence[Named]


async def get_rules(reader: BoundReader, member: MemberFacts) -> Rules:
    """Return the member's rules, the programme's first ones when nothing was changed yet."""
    row = await reader.row(sql.QUERIES["member_rules"], {"member_id": member.id})
    return Rules() if row is None else msgspec.convert(row, Rules)


async def look_rules(reader: BoundReader, member: MemberFacts) -> RulesView:
    """Return the rules as the page shows them."""
    rules = await get_rules(reader, member)
    brands = await reader.rows(sql.QUERIES["list_brands"], {"ids": list(rules.excluded_brand_ids)})
    funds = await reader.rows(sql.QUERIES["list_funds"], {"currency": member.currency})
    return RulesView(rules, [Named(**row) for row in brands], [Named(**row) for row in funds])


async def put_rules(session: Session, member: MemberFacts, rules: Rules) -> Rules:
    """Put these rules in the place of those of their version, and return them with the new one.

    Raises InvalidInputError for what no rule can be, StaleRulesError when others hold meanwhile.
    """
    _check(rules, member.currency)
    await _check_names(session, rules)
    values = {**msgspec.structs.asdict(rules), "excluded_brand_ids": list(rules.excluded_brand_ids)}
    row = await sql.find(session, "put_member_rules", member_id=member.id, **values)
    if row is None:
        raise StaleRulesError("these rules were changed meanwhile; look at them again")
    return msgspec.structs.replace(rules, version=row["version"])


async def set_excluded(
    session: Session, reader: BoundReader, member: MemberFacts, brand_id: UUID, leave_out: bool
) -> Rules:
    """Leave a company out from now on, or let it in again; raises as `put_rules`."""
    rules = await get_rules(reader, member)
    kept = tuple(one for one in rules.excluded_brand_ids if one != brand_id)
    wanted = (*kept, brand_id) if leave_out else kept
    return await put_rules(
        session, member, msgspec.structs.replace(rules, excluded_brand_ids=wanted)
    )


async def set_paused(session: Session, member: MemberFacts, is_paused: bool, now: datetime) -> None:
    """Pause the member's pulls or let them go on.

    Raises ConflictError for a member whom somebody else froze or closed.
    """
    state = "paused" if is_paused else "active"
    if not await sql.execute(
        session, "set_member_state", member_id=member.id, state=state, now=now
    ):
        raise ConflictError("pulls were stopped by the programme; ask whoever runs it")


def _check(rules: Rules, currency: str) -> None:
    faults = [
        (f"/{name}", expected)
        for name, expected, is_right in (
            (
                "multiplier",
                f"a whole number from 1 to {LARGEST_MULTIPLE}",
                1 <= rules.multiplier <= LARGEST_MULTIPLE,
            ),
            ("cap_day_minor", "an amount, or nothing for no cap", _is_cap(rules.cap_day_minor)),
            ("cap_week_minor", "an amount, or nothing for no cap", _is_cap(rules.cap_week_minor)),
            (
                "sweep_minor",
                f"an amount of at least {shown(LEAST_SWEEP_MINOR, currency)}",
                LEAST_SWEEP_MINOR <= rules.sweep_minor <= LARGEST_MINOR,
            ),
            ("guard_minor", "an amount of 0 or more", 0 <= rules.guard_minor <= LARGEST_MINOR),
            ("private_policy", "etf, cash or skip", rules.private_policy in POLICIES),
            (
                "excluded_brand_ids",
                f"at most {MOST_EXCLUDED} companies",
                len(rules.excluded_brand_ids) <= MOST_EXCLUDED,
            ),
        )
        if not is_right
    ]
    if faults:
        raise InvalidInputError(f"{faults[0][0][1:]}: {faults[0][1]}", faults)


def _is_cap(value: int | None) -> bool:
    return value is None or 0 <= value <= LARGEST_MINOR


async def _check_names(session: Session, rules: Rules) -> None:
    wanted = set(rules.excluded_brand_ids)
    if wanted:
        known = await sql.fetch(session, "list_brands", ids=list(wanted))
        if len(known) != len(wanted):
            raise InvalidInputError(
                "one of the excluded companies is not known",
                [("/excluded_brand_ids", "ids of companies that a search found")],
            )
    fund = rules.etf_security_id
    if fund is not None and await sql.find(session, "find_fund", security_id=fund) is None:
        expected = "the id of a fund that can be bought in parts"
        raise InvalidInputError(f"etf_security_id: {expected}", [("/etf_security_id", expected)])


def rules_of(typed: Mapping[str, Any], now: Rules, currency: str) -> Rules:
    """Return the rules that the form of the page asks for; what it leaves out stays.

    Raises InvalidInputError that names the field.
    """
    fund = str(typed.get("etf_security_id", "")).strip()
    return msgspec.structs.replace(
        now,
        multiplier=_whole(typed, "multiplier"),
        rounds_whole_amounts="rounds_whole_amounts" in typed,
        cap_day_minor=_amount(typed, "cap_day_minor", currency),
        cap_week_minor=_amount(typed, "cap_week_minor", currency),
        sweep_minor=_amount(typed, "sweep_minor", currency) or 0,
        guard_minor=_amount(typed, "guard_minor", currency) or 0,
        private_policy=str(typed.get("private_policy", "")),
        etf_security_id=_id(fund) if fund else None,
        version=_whole(typed, "version"),
    )


def shown(minor: int | None, currency: str) -> str:
    """Return an amount as it is typed, such as `25.00`."""
    if minor is None:
        return ""
    digits = minor_digits(currency)
    return f"{Decimal(minor).scaleb(-digits):.{digits}f}"


def _amount(typed: Mapping[str, Any], name: str, currency: str) -> int | None:
    try:
        return parse_minor(str(typed.get(name, "")), currency)
    except InvalidInputError as error:
        expected = error.detail
        raise InvalidInputError(f"{name}: {expected}", [(f"/{name}", expected)]) from None


def _whole(typed: Mapping[str, Any], name: str) -> int:
    text = str(typed.get(name, "")).strip()
    if _WHOLE.fullmatch(text):
        return int(text)
    expected = "a whole number"
    raise InvalidInputError(f"{name}: {expected}", [(f"/{name}", expected)])


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        expected = "one of the funds of the list"
        raise InvalidInputError(
            f"etf_security_id: {expected}", [("/etf_security_id", expected)]
        ) from None
