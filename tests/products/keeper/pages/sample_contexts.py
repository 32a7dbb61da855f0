"""Lifelike values for every Keeper screen: a day spa in Portland on 20 November 2026."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from myriad.kit.money import Money
from myriad.products.keeper import views as v

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 16, 40, tzinfo=UTC)
PEOPLE = (
    ("Ana Duarte", 31200, 21, 3.5, 52),
    ("Bo Lindqvist", 28840, 28, 4.0, 71),
    ("Priya Raghunathan", 24000, 24, 6.0, 44),
    ("Marguerite Vandenbroucke-Ashworth", 22160, 30, 5.0, 66),
    ("Dee O'Hara", 17800, 14, 2.0, 31),
)


def uid(number: int) -> UUID:
    """Return a readable identifier."""
    return UUID(f"0199a1b2-0000-7000-8000-{number:012d}")


def usd(minor: int) -> Money:
    """Return dollars from cents."""
    return Money(minor, "USD")


def visit_days(gap: int, quiet: int, count: int = 12) -> tuple[date, ...]:
    """Return `count` days about `gap` apart that end `quiet` days before today, oldest first."""
    wobble = (0, 1, -1, 2, 0, -2, 1)
    days = [TODAY - timedelta(days=quiet + i * gap + wobble[i % 7]) for i in range(count)]
    return tuple(reversed(days))


def task(index: int) -> v.TaskCard:
    """Return the task about one of PEOPLE."""
    name, risk, gap, spread, quiet = PEOPLE[index]
    return v.TaskCard(
        id=uid(100 + index),
        person_id=uid(200 + index),
        person_name=name,
        value_at_risk=usd(risk),
        title=f"Call {name}",
        reason=f"Came every {gap} days for a year and has now been away for {quiet}.",
        business_date=TODAY,
        last_visit_on=TODAY - timedelta(days=quiet),
        usual_gap_days=gap,
        spread_days=spread,
        visits=visit_days(gap, quiet),
        phone="+15035550142" if index != 2 else None,
        email=f"{name.split()[0].lower()}@example.com" if index != 1 else None,
        contact_allowed=index != 3,
        person_state="likely_lapsed" if quiet > 60 else "slowing",
    )


def weeks() -> tuple[v.WeekPoint, ...]:
    """Return 26 weeks with a dip in the summer."""
    begin = date(2026, 5, 25)
    counts = [
        82,
        85,
        79,
        88,
        84,
        80,
        74,
        70,
        66,
        61,
        63,
        68,
        60,
        71,
        77,
        80,
        83,
        79,
        86,
        90,
        84,
        88,
        91,
        87,
        85,
        78,
    ]
    return tuple(
        v.WeekPoint(
            week_start=begin + timedelta(weeks=i), visits=n, revenue=usd(n * 8450 + i * 3700)
        )
        for i, n in enumerate(counts)
    )


ANOMALIES = (
    v.AnomalyRow(
        id=uid(1),
        local_date=date(2026, 11, 17),
        metric="visits",
        observed=4,
        expected=13.2,
        effect=-0.7,
        q_value=0.012,
    ),
    v.AnomalyRow(
        id=uid(2),
        local_date=date(2026, 11, 14),
        metric="revenue",
        observed=214300,
        expected=139800,
        effect=0.53,
        q_value=0.048,
    ),
)

FRESH = v.Freshness(stage="fresh", last_sync_at=NOW - timedelta(minutes=7), business_date=TODAY)

TODAY_FULL = v.TodayView(
    business_date=TODAY,
    currency="USD",
    customers=486,
    enough_history=True,
    slipping=17,
    slipping_value=usd(1_240_000),
    value_at_risk=usd(124_000),
    freshness=FRESH,
    tasks=tuple(task(i) for i in range(5)),
    done_today=1,
    snoozed=2,
    weeks=weeks(),
    revenue_28_days=v.Change(now=2_842_000, before=2_691_500),
    visits_28_days=v.Change(now=341, before=349),
    active_customers=v.Change(now=212, before=207),
    booked_ahead=38,
    anomalies=ANOMALIES,
    notices=(
        v.Notice(
            level="warning",
            title="Bookings are not visible.",
            detail="This seller has no Appointments Plus plan, so Keeper works from payments alone.",
            action_label="See the connection",
            action_href="/keeper/connections",
        ),
    ),
)

TODAY_CLEAR = v.TodayView(
    business_date=TODAY,
    currency="USD",
    customers=486,
    enough_history=True,
    slipping=0,
    slipping_value=usd(0),
    value_at_risk=usd(0),
    freshness=FRESH,
    weeks=weeks(),
    done_today=5,
    revenue_28_days=v.Change(now=2_842_000, before=2_691_500),
    visits_28_days=v.Change(now=341, before=None),
    active_customers=v.Change(now=212, before=207),
)

TODAY_NEW = v.TodayView(
    business_date=None,
    currency="USD",
    customers=0,
    enough_history=False,
    slipping=0,
    slipping_value=usd(0),
    value_at_risk=usd(0),
    freshness=v.Freshness(stage="never"),
)

TODAY_THIN = v.TodayView(
    business_date=TODAY,
    currency="USD",
    customers=19,
    enough_history=False,
    slipping=0,
    slipping_value=usd(0),
    value_at_risk=usd(0),
    freshness=v.Freshness(stage="syncing", last_sync_at=NOW - timedelta(hours=30)),
    notices=(
        v.Notice(
            level="danger",
            title="Square withdrew the permission.",
            detail="Nothing new has come in since 18 November. The data stays.",
            action_label="Connect again",
            action_href="/keeper/connections",
        ),
    ),
)

_STATES: tuple[v.PersonState, ...] = (
    "likely_lapsed",
    "slowing",
    "slowing",
    "active",
    "booked",
    "new",
    "lapsed",
    "unknown",
)
_NAMES = (
    "Ana Duarte",
    "Bo Lindqvist",
    "Priya Raghunathan",
    "Marguerite Vandenbroucke-Ashworth",
    "Dee O'Hara",
    "Eli Haddad",
    "Fumiko Tanaka",
    "Gus Pettersen",
    "Hana Kovář",
    "Ivo Marin",
    "June Abara",
    "Kit Sørensen",
)


def customer_row(index: int) -> v.CustomerRow:
    """Return the row of one person."""
    state = _STATES[index % len(_STATES)]
    known = state not in ("new", "unknown")
    return v.CustomerRow(
        person_id=uid(200 + index),
        name=_NAMES[index % len(_NAMES)],
        state=state,
        visits=1 if state == "new" else 4 + index * 5 % 23,
        email=f"{_NAMES[index % len(_NAMES)].split()[0].lower()}@example.com"
        if index % 3
        else None,
        phone="+15035550142" if index % 4 else None,
        last_visit_on=TODAY - timedelta(days=9 + index * 17 % 90),
        usual_gap_days=21.0 + index % 9 if known else None,
        churn_60=min(0.96, 0.12 + index * 0.21 % 0.85) if known else None,
        clv_12m=usd(41_000 + index * 7_900) if known else None,
        value_at_risk=usd(max(0, 31_200 - index * 2_400)) if known else None,
        months=tuple((index * 7 + m * 5) % 4 for m in range(12)),
        profiles=2 if index == 1 else 1,
    )


CUSTOMERS_FULL = v.CustomersView(
    filter=v.CustomerFilter(),
    currency="USD",
    total=486,
    counts={
        "active": 198,
        "slowing": 11,
        "likely_lapsed": 6,
        "lapsed": 143,
        "booked": 38,
        "new": 84,
        "unknown": 6,
    },
    value_at_risk=usd(1_240_000),
    rows=tuple(customer_row(i) for i in range(24)),
    next_after="31200~0199",
    business_date=TODAY,
)
CUSTOMERS_NONE = v.CustomersView(
    filter=v.CustomerFilter(query="zzz", state="slowing"),
    currency="USD",
    total=0,
    business_date=TODAY,
)
CUSTOMERS_NEW = v.CustomersView(filter=v.CustomerFilter(), currency="USD", total=0)

_RISK = v.Risk(
    churn_30=0.81,
    churn_60=0.64,
    churn_90=0.52,
    expected_visits_90=1.9,
    clv_12m=usd(88_400),
    value_at_risk=usd(31_200),
    p_alive=0.71,
    expected_spend=usd(8_650),
    reasons=(
        v.Evidence(label="Gap since the last visit", value="52 days, usually 21", weight=0.82),
        v.Evidence(label="Beyond their own rhythm", value="8.9 deviations", weight=0.55),
        v.Evidence(label="Visits in the last year", value="17", weight=-0.34),
        v.Evidence(label="Next booking", value="none", weight=0.18),
    ),
)
_SERVICES = (
    ("Hydrating facial",),
    ("Deep tissue 60", "Aroma add-on"),
    ("Brow shape",),
    ("Deep tissue 90",),
)

CUSTOMER_FULL = v.CustomerView(
    person_id=uid(200),
    name="Ana Duarte",
    state="slowing",
    currency="USD",
    business_date=TODAY,
    email="ana@example.com",
    phone="+15035550142",
    first_visit_on=date(2025, 6, 3),
    last_visit_on=TODAY - timedelta(days=52),
    visit_count=24,
    visit_days=visit_days(21, 52, 24),
    usual_gap_days=21,
    spread_days=3.5,
    gap_days=52,
    spent_total=usd(207_600),
    spent_average=usd(8_650),
    risk=_RISK,
    model=v.ModelNote(
        shipped="stack",
        version="stack-1",
        fitted_on=TODAY,
        customers=486,
        auc_model=0.781,
        auc_gap=0.752,
        ece=0.021,
    ),
    next_action=task(0),
    visits=tuple(
        v.VisitRow(
            local_date=day,
            net=usd(6_500 + i * 1_150 % 7_000),
            services=_SERVICES[i % 4],
            staff=("Mara",) if i % 2 else ("Jo", "Mara"),
        )
        for i, day in enumerate(reversed(visit_days(21, 52, 12)))
    ),
    timeline=(
        v.TimelineEvent(
            at=NOW - timedelta(hours=9),
            kind="task",
            title="Task made",
            detail="52 days away, usually 21",
            amount=usd(31_200),
        ),
        v.TimelineEvent(
            at=NOW - timedelta(days=20),
            kind="cancelled",
            title="Booking cancelled by the customer",
            detail="Hydrating facial with Mara",
        ),
        v.TimelineEvent(
            at=NOW - timedelta(days=52),
            kind="payment",
            title="Paid by card",
            detail="Hydrating facial",
            amount=usd(8_400),
        ),
        v.TimelineEvent(
            at=NOW - timedelta(days=54),
            kind="refund",
            title="Refunded",
            detail="Brow shape",
            amount=usd(-2_500),
        ),
        v.TimelineEvent(
            at=NOW - timedelta(days=73),
            kind="payment",
            title="Paid by card",
            detail="Deep tissue 60, Aroma add-on",
            amount=usd(11_900),
        ),
        v.TimelineEvent(
            at=NOW - timedelta(days=80),
            kind="link",
            title="Two profiles linked",
            detail="same phone, same card",
        ),
    ),
    next_after="2026-09-08~1",
    profiles=(
        v.LinkedProfile(
            customer_id=uid(300),
            ext_id="X7QK2N9V4M0T8R5B1C3D6F",
            name="Ana Duarte",
            email="ana@example.com",
            phone="+15035550142",
            source="Appointments",
            created_on=date(2025, 6, 3),
        ),
        v.LinkedProfile(
            customer_id=uid(301),
            ext_id="B2RW9C6Z1N4P7K0V3M8T5Q",
            name="A. Duarte",
            phone="+15035550142",
            source="Instant profile",
            created_on=date(2026, 2, 11),
            link_id=uid(400),
            probability=0.994,
            method="same phone and card",
        ),
    ),
    possible_duplicates=1,
)
CUSTOMER_THIN = v.CustomerView(
    person_id=uid(205),
    name="Eli Haddad",
    state="new",
    currency="USD",
    business_date=TODAY,
    contact_allowed=False,
    first_visit_on=TODAY - timedelta(days=4),
    last_visit_on=TODAY - timedelta(days=4),
    visit_count=1,
    visit_days=(TODAY - timedelta(days=4),),
    gap_days=4,
    spent_total=usd(6_500),
    spent_average=usd(6_500),
)


def pair(index: int, state: v.LinkState = "proposed", veto: str | None = None) -> v.DuplicatePair:
    """Return a pair of profiles."""
    first, last = _NAMES[index].split()[0], _NAMES[index].split()[-1]
    left = v.ProfileCard(
        customer_id=uid(500 + index),
        ext_id="X7QK2N9V4M0T8R5B1C3D6F",
        name=f"{first} {last}",
        email=f"{first.lower()}@example.com",
        phone="+15035550142",
        birthday="14 May",
        postcode="97209",
        source="Appointments",
        created_on=date(2025, 6, 3),
        payments=17,
        spent=usd(146_200),
        last_visit_on=TODAY - timedelta(days=52),
        person_id=uid(200 + index),
    )
    right = v.ProfileCard(
        customer_id=uid(600 + index),
        ext_id="B2RW9C6Z1N4P7K0V3M8T5Q",
        name=f"{first[0]}. {last}",
        phone="+15035550142",
        source="Instant profile",
        created_on=date(2026, 2, 11),
        payments=3,
        spent=usd(24_100),
        last_visit_on=TODAY - timedelta(days=80),
    )
    return v.DuplicatePair(
        link_id=uid(400 + index),
        state=state,
        probability=0.91 - index * 0.06,
        bits=12.4 - index,
        method="fellegi-sunter",
        left=left,
        right=right,
        evidence=(
            v.FieldEvidence(
                field="phone",
                outcome="same",
                bits=9.8,
                left="(503) 555-0142",
                right="(503) 555-0142",
            ),
            v.FieldEvidence(field="family_name", outcome="same", bits=7.1, left=last, right=last),
            v.FieldEvidence(
                field="given_name", outcome="close", bits=1.4, left=first, right=f"{first[0]}."
            ),
            v.FieldEvidence(
                field="postcode", outcome="different", bits=-3.2, left="97209", right="97211"
            ),
            v.FieldEvidence(
                field="email", outcome="missing", bits=0.0, left=f"{first.lower()}@example.com"
            ),
        ),
        veto_reason=veto,
        decided_by="Mara Lind" if state in ("linked", "rejected") else None,
        decided_at=NOW - timedelta(days=2) if state != "proposed" else None,
    )


_PAIR_COUNTS = {"open": 12, "linked": 48, "apart": 3}
DUPLICATES_OPEN = v.DuplicatesView(
    filter=v.DuplicateFilter(),
    counts=_PAIR_COUNTS,
    pairs=tuple(pair(i) for i in range(3)),
    next_after="0.73~0199",
)
DUPLICATES_LINKED = v.DuplicatesView(
    filter=v.DuplicateFilter(show="linked"),
    counts=_PAIR_COUNTS,
    pairs=(pair(0, "auto_linked"), pair(1, "linked")),
)
DUPLICATES_APART = v.DuplicatesView(
    filter=v.DuplicateFilter(show="apart"),
    counts=_PAIR_COUNTS,
    pairs=(
        pair(2, "rejected"),
        pair(3, "vetoed", "Two different birthdays: 14 May and 2 December."),
    ),
)
DUPLICATES_NONE = v.DuplicatesView(
    filter=v.DuplicateFilter(), counts={"open": 0, "linked": 0, "apart": 0}
)

INSIGHTS = (
    v.InsightCard(
        id=uid(700),
        kind="weekday_gap",
        claim="Tuesdays bring 38% fewer visits than the other open days.",
        business_date=TODAY,
        prediction="The next four Tuesdays bring at most 40 visits together.",
        horizon_date=TODAY + timedelta(days=28),
        evidence=(
            v.Evidence(label="Tuesdays, last 12 weeks", value="8.4 visits a day"),
            v.Evidence(label="Other open days", value="13.6 visits a day"),
        ),
        series=(14.1, 8.4, 13.2, 13.9, 15.8, 11.0),
    ),
    v.InsightCard(
        id=uid(701),
        kind="rebooking",
        claim="Guests who book the next visit at the desk come back twice as fast.",
        business_date=TODAY - timedelta(days=3),
        prediction="Of 31 guests booked this week at least 24 come within 30 days.",
        horizon_date=TODAY + timedelta(days=27),
        evidence=(
            v.Evidence(label="Booked at the desk", value="24 days to the next visit"),
            v.Evidence(label="Not booked", value="49 days"),
        ),
    ),
    v.InsightCard(
        id=uid(702),
        kind="weekday_gap",
        claim="Saturday mornings are full three weeks ahead.",
        business_date=TODAY - timedelta(days=40),
        prediction="No free Saturday slot before noon until 14 November.",
        horizon_date=date(2026, 11, 14),
        grade="right",
        graded_at=NOW - timedelta(days=5),
        outcome="0 of 24 slots were free.",
    ),
    v.InsightCard(
        id=uid(703),
        kind="slipping",
        claim="Six regulars of Jo have not come since August.",
        business_date=TODAY - timedelta(days=45),
        prediction="At least four of them stay away until 12 November.",
        horizon_date=date(2026, 11, 12),
        grade="wrong",
        graded_at=NOW - timedelta(days=7),
        outcome="3 of 6 stayed away.",
    ),
)
INSIGHTS_FULL = v.InsightsView(
    insights=INSIGHTS,
    scores=(
        v.KindScore(kind="weekday_gap", right=9, graded=11),
        v.KindScore(kind="rebooking", right=4, graded=5),
        v.KindScore(kind="slipping", right=3, graded=8, muted=True),
    ),
    next_after="x",
)
INSIGHTS_NONE = v.InsightsView(enough_history=False)

REPORTS_FULL = v.ReportsView(
    rows=tuple(
        v.ReportRow(
            id=uid(800 + i),
            kind=kind,
            period_start=start,
            period_end=end,
            created_at=NOW - timedelta(days=i),
            revenue=usd(revenue),
            visits=visits,
            headline=words,
        )
        for i, (kind, start, end, revenue, visits, words) in enumerate(
            (
                (
                    "daily",
                    TODAY - timedelta(days=1),
                    TODAY - timedelta(days=1),
                    124_600,
                    14,
                    "An ordinary Thursday",
                ),
                (
                    "weekly",
                    date(2026, 11, 9),
                    date(2026, 11, 15),
                    731_200,
                    85,
                    "Up 6% on the week before",
                ),
                (
                    "daily",
                    date(2026, 11, 17),
                    date(2026, 11, 17),
                    31_900,
                    4,
                    "Ten visits fewer than expected",
                ),
                (
                    "monthly",
                    date(2026, 10, 1),
                    date(2026, 10, 31),
                    3_114_800,
                    372,
                    "The best October so far",
                ),
            )
        )
    ),  # type: ignore[arg-type]
    next_after="y",
)
REPORTS_NONE = v.ReportsView(kind="weekly")

REPORT_FULL = v.ReportView(
    id=uid(801),
    kind="weekly",
    period_start=date(2026, 11, 9),
    period_end=date(2026, 11, 15),
    created_at=NOW - timedelta(days=4),
    currency="USD",
    digest="9f2c1a7be04d55aa31c0e7d98b42f6a1",
    headline="A good week: takings are up 6%, and two regulars came back.",
    revenue=v.Change(now=731_200, before=689_800),
    visits=v.Change(now=85, before=88),
    average_ticket=v.Change(now=8_602, before=7_839),
    new_customers=v.Change(now=9, before=6),
    returning_share=v.Change(now=0.82, before=0.79),
    days=tuple(
        v.DayPoint(
            local_date=date(2026, 11, 9) + timedelta(days=i), visits=n, revenue=usd(n * 8_600)
        )
        for i, n in enumerate((13, 8, 14, 15, 18, 17, 0))
    ),
    services=(
        v.ServiceRow(name="Deep tissue 60", quantity=24, revenue=usd(230_400)),
        v.ServiceRow(name="Hydrating facial", quantity=19, revenue=usd(171_000)),
        v.ServiceRow(name="Deep tissue 90", quantity=9, revenue=usd(121_500)),
        v.ServiceRow(name="Brow shape", quantity=21, revenue=usd(52_500)),
    ),
    states={
        "active": 198,
        "slowing": 11,
        "likely_lapsed": 6,
        "lapsed": 143,
        "booked": 38,
        "new": 84,
    },
    tasks_made=19,
    tasks_done=14,
    won_back=2,
    won_back_revenue=usd(17_300),
    anomalies=ANOMALIES[1:],
    insights=INSIGHTS[:1],
    slipping=tuple(customer_row(i) for i in range(3)),
    reconciled=True,
    cents_off=0,
)
REPORT_PARTIAL = v.ReportView(
    id=uid(802),
    kind="daily",
    period_start=TODAY,
    period_end=TODAY,
    created_at=NOW,
    currency="USD",
    digest="00aa",
    headline="A quiet day.",
    revenue=v.Change(now=0),
    visits=v.Change(now=0),
    average_ticket=v.Change(now=0),
    new_customers=v.Change(now=0),
    returning_share=v.Change(now=0),
    reconciled=False,
    cents_off=1250,
    partial=(v.UndoneWork("insight"),),
)

_OBJECTS = (
    "locations",
    "team members",
    "customers",
    "payments",
    "refunds",
    "orders",
    "bookings",
    "timecards",
)
CONNECTION = v.ConnectionCard(
    id=uid(900),
    provider="square",
    merchant_id="MLQ4S8T2W6Y0Z",
    merchant_name="Willow Day Spa",
    status="active",
    connected_at=NOW - timedelta(days=160),
    token_refreshed_at=NOW - timedelta(days=3),
    token_expires_at=NOW + timedelta(days=27),
    scopes=(
        v.ScopeRow(name="CUSTOMERS_READ", purpose="who your guests are", granted=True),
        v.ScopeRow(name="PAYMENTS_READ", purpose="what they paid, and when", granted=True),
        v.ScopeRow(name="ORDERS_READ", purpose="which services they bought", granted=True),
        v.ScopeRow(
            name="APPOINTMENTS_ALL_READ",
            purpose="who is booked already, so that nobody is called twice",
            granted=False,
        ),
        v.ScopeRow(name="LOYALTY_READ", purpose="points, for later", granted=False, required=False),
    ),
    cursors=tuple(
        v.CursorRow(
            object=name,
            location="Pearl District" if name in ("payments", "orders") else None,
            phase="backfill" if name == "orders" else "increment",
            rows=(1, 9, 486, 3018, 41, 2440, 0, 612)[i],
            share=0.72 if name == "orders" else None,
            last_ok_at=NOW - timedelta(minutes=7 + i),
            lag_seconds=30 + 20 * i,
            error="Square answered 403: this seller's plan does not show bookings."
            if name == "bookings"
            else None,
        )
        for i, name in enumerate(_OBJECTS)
    ),
    plan_notice="This seller has no Appointments Plus plan: bookings made in Square stay invisible, and Keeper works from payments alone.",
    days_checked=362,
    drift=(
        v.DriftRow(
            local_date=date(2026, 11, 12),
            location="Pearl District",
            ours=usd(124_600),
            square=usd(125_850),
        ),
    ),
    quarantined=2,
    webhooks_24_hours=96,
    last_webhook_at=NOW - timedelta(minutes=2),
)
_RUNS = (
    ("data", "ok", 18400),
    ("matching", "ok", 2100),
    ("analysis", "ok", 3900),
    ("insight", "partial", 610),
    ("report", "ok", 240),
)
CONNECTIONS_FULL = v.ConnectionsView(
    currency="USD",
    connections=(CONNECTION,),
    job=v.JobProgress(
        job_id=uid(950),
        title="Reading Square",
        state="running",
        done=1840,
        total=3000,
        message="Payments, May 2026",
        started_at=NOW - timedelta(seconds=40),
    ),
    agents=tuple(
        v.AgentRow(
            agent=name,
            business_date=TODAY,
            state=state,
            started_at=NOW - timedelta(hours=9),
            duration_ms=ms,
            rows_in=3018,
            rows_out=486,
            error="Ran out of time after 30 s; what was ready is kept."
            if state == "partial"
            else None,
        )  # type: ignore[arg-type]
        for name, state, ms in _RUNS
    ),
)
CONNECTIONS_NONE = v.ConnectionsView(currency="USD")
CONNECTIONS_REVOKED = v.ConnectionsView(
    currency="USD",
    connections=(
        v.ConnectionCard(
            id=uid(901),
            provider="square",
            merchant_id="MLQ4S8T2W6Y0Z",
            merchant_name="Willow Day Spa",
            status="revoked",
            token_refreshed_at=NOW - timedelta(days=12),
            notice="Square withdrew the permission on 18 November. Nothing new comes in; the data stays.",
        ),
    ),
)
