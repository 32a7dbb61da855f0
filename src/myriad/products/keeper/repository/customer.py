"""The screen of one person."""

from __future__ import annotations

from datetime import date
from statistics import fmean
from typing import Any
from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.kit.money import Money
from myriad.products.keeper.reasons import evidence_of
from myriad.products.keeper.repository.accounts import AccountFacts, get_account
from myriad.products.keeper.repository.keys import join_key, moment_part, split_key, uuid_part
from myriad.products.keeper.repository.profiles import profile_name, source_name
from myriad.products.keeper.repository.sql import Row, fetch, find
from myriad.products.keeper.repository.tasks import list_cards
from myriad.products.keeper.views import (
    CustomerView,
    Evidence,
    LinkedProfile,
    ModelNote,
    Risk,
    TimelineEvent,
    VisitRow,
)
from myriad.scale.data import ReadSession, Session
from myriad.scale.directory.audit import record_event
from myriad.scale.tenancy import current_tenant

TIMELINE_PAGE = 30
_VISITS_SHOWN = 60
_TITLES = {
    "payment": "Paid",
    "refund": "Refunded",
    "booking": "Appointment",
    "no_show": "Did not come",
    "cancelled": "Appointment cancelled",
    "link": "Profiles joined",
}


async def get_customer(
    session: ReadSession, person_id: UUID, after: str | None = None
) -> CustomerView:
    """Return the screen of one person, or raise NotFoundError.

    The id of a person who was merged into another shows the other.
    """
    account = await get_account(session)
    person = await _get_person(session, person_id)
    person_id = person["id"]
    metrics = await find(session, "get_metrics", person_id=person_id, day=account.day)
    visits = await fetch(session, "person_visits", person_id=person_id)
    timeline, next_after = await list_timeline(session, person_id, after)
    cards = await list_cards(session, account, person_id=person_id)
    spent = [visit["net"] for visit in visits]
    return CustomerView(
        person_id=person_id,
        name=person["display_name"],
        currency=account.currency,
        business_date=account.business_date,
        email=person["email"],
        phone=person["phone"],
        contact_allowed=person["contact_allowed"],
        next_booking_at=person["next_booking_at"],
        possible_duplicates=person["possible_duplicates"],
        visit_count=len(visits),
        visit_days=tuple(visit["local_date"] for visit in visits),
        first_visit_on=visits[0]["local_date"] if visits else None,
        last_visit_on=visits[-1]["local_date"] if visits else None,
        spent_total=Money(sum(spent), account.currency),
        spent_average=Money(round(fmean(spent)), account.currency) if spent else None,
        visits=tuple(_visit(row, account) for row in reversed(visits[-_VISITS_SHOWN:])),
        timeline=timeline,
        next_after=next_after,
        profiles=await _profiles(session, person_id),
        next_action=cards[0] if cards else None,
        model=await _model_note(session, account.day),
        **_measured(metrics, account),
    )


async def list_timeline(
    session: ReadSession, person_id: UUID, after: str | None, limit: int = TIMELINE_PAGE
) -> tuple[tuple[TimelineEvent, ...], str | None]:
    """Return one page of what happened with a person, newest first, and the next page's key."""
    account = await get_account(session)
    at, row_id = split_key(after, 2)
    rows = await fetch(
        session,
        "person_timeline",
        person_id=person_id,
        after_at=moment_part(at),
        after_id=uuid_part(row_id),
        limit=limit + 1,
    )
    more, rows = len(rows) > limit, rows[:limit]
    events = tuple(_event(row, account) for row in rows)
    return events, join_key(rows[-1]["at"], rows[-1]["id"]) if more else None


async def require_person(session: ReadSession, person_id: UUID) -> UUID:
    """Return the id of the person that `person_id` stands for now, or raise NotFoundError."""
    person: UUID = (await _get_person(session, person_id))["id"]
    return person


async def set_contact_allowed(
    session: Session, person_id: UUID, allowed: bool, user_id: UUID | None
) -> None:
    """Note whether the person may be contacted, and who said so; raises NotFoundError."""
    if await find(session, "set_contact_allowed", person_id=person_id, allowed=allowed) is None:
        raise NotFoundError("no such customer")
    said_by = str(user_id) if user_id else None
    record_event(
        session,
        current_tenant(),
        "person.contact_allowed",
        subject=str(person_id),
        allowed=allowed,
        said_by=said_by,
    )


async def _get_person(session: ReadSession, person_id: UUID) -> Row:
    person = await find(session, "get_person", person_id=person_id)
    while person and person["merged_into_id"]:
        person = await find(session, "get_person", person_id=person["merged_into_id"])
    if person is None:
        raise NotFoundError("no such customer")
    return person


async def _profiles(session: ReadSession, person_id: UUID) -> tuple[LinkedProfile, ...]:
    return tuple(
        LinkedProfile(
            customer_id=row["id"],
            ext_id=row["ext_id"],
            name=profile_name(row),
            email=row["email"],
            phone=row["phone"],
            source=source_name(row["creation_source"]),
            created_on=row["ext_created_at"].date() if row["ext_created_at"] else None,
            link_id=row["link_id"],
            probability=row["probability"],
            method=row["method"],
        )
        for row in await fetch(session, "person_profiles", person_id=person_id)
    )


async def _model_note(session: ReadSession, day: date) -> ModelNote | None:
    row = await find(session, "get_model_fit", day=day)
    if row is None:
        return None
    return ModelNote(
        shipped=row["shipped"],
        version=str(row["detail"].get("version", "")),
        fitted_on=row["business_date"],
        customers=row["customers"],
        auc_model=row["auc_model"],
        auc_gap=row["auc_gap"],
        ece=row["ece"],
    )


def _measured(metrics: Row | None, account: AccountFacts) -> dict[str, Any]:
    if metrics is None:
        return {"state": "unknown"}
    return {
        "state": metrics["state"],
        "usual_gap_days": metrics["itt_median_days"],
        "spread_days": metrics["itt_mad_days"],
        "gap_days": metrics["gap_days"],
        "risk": _risk(metrics, account),
    }


def _risk(metrics: Row, account: AccountFacts) -> Risk | None:
    if metrics["churn_60"] is None:
        return None
    spend = metrics["expected_spend"]
    reasons = evidence_of(metrics, account.currency)
    return Risk(
        churn_30=metrics["churn_30"],
        churn_60=metrics["churn_60"],
        churn_90=metrics["churn_90"],
        expected_visits_90=metrics["expected_visits_90"],
        clv_12m=Money(metrics["clv_12m"] or 0, account.currency),
        value_at_risk=Money(metrics["value_at_risk"], account.currency),
        p_alive=metrics["p_alive"],
        expected_spend=Money(spend, account.currency) if spend is not None else None,
        reasons=tuple(
            Evidence(label=item["label"], value=item["value"], weight=item.get("weight"))
            for item in reasons
        ),
    )


def _visit(row: Row, account: AccountFacts) -> VisitRow:
    return VisitRow(
        local_date=row["local_date"],
        net=Money(row["net"], account.currency),
        services=tuple(row["services"]),
        staff=tuple(row["staff"]),
    )


def _event(row: Row, account: AccountFacts) -> TimelineEvent:
    amount = row["amount"]
    kind = row["kind"]
    plain = kind in ("payment", "refund", "booking") and row["title"] not in _ORDINARY
    title = str(row["detail"]) if kind == "task" else _TITLES.get(kind, str(kind))
    return TimelineEvent(
        at=row["at"],
        kind=kind,
        title=f"{title} ({row['title'].lower().replace('_', ' ')})" if plain else title,
        detail=f"Task {row['title']}" if kind == "task" else row["detail"] or "",
        amount=Money(amount, row["currency"] or account.currency) if amount is not None else None,
    )


_ORDINARY = ("COMPLETED", "ACCEPTED")
