"""What each Keeper screen shows, as plain frozen values: the agreement between queries and pages.

A query fills these, a template draws them, and neither knows the other. Numbers arrive as numbers
(`Money`, counts, shares between 0 and 1, days); words, dates in the account's zone and charts are
the page's business. Moments are aware datetimes in UTC, days are the account's own calendar days.

The functions that fill and change them, each within the caller's transaction and tenant:

    get_today(session) -> TodayView
    list_customers(session, CustomerFilter) -> CustomersView
    get_customer(session, person_id, after=None) -> CustomerView            NotFoundError
    list_duplicates(session, DuplicateFilter) -> DuplicatesView
    get_duplicate(session, link_id) -> DuplicatePair                        NotFoundError
    list_insights(session, after=None) -> InsightsView
    get_proof(session) -> ProofView                                         NoAccountError
    list_reports(session, kind=None, after=None) -> ReportsView
    get_report(session, report_id) -> ReportView                            NotFoundError
    get_connections(session) -> ConnectionsView

    get_task(session, task_id) -> TaskCard                                  NotFoundError
    finish_task(session, task_id, user_id) / dismiss_task(...) / reopen_task(...) -> None
    snooze_task(session, task_id, until: date, user_id) -> None
    answer_task(session, task_id, answer: TaskAnswer, user_id) -> None
    link_pair(session, link_id, user_id) / reject_pair(...) / undo_pair(...) -> None
    set_contact_allowed(session, person_id, allowed: bool, user_id) -> None

`after` is the ordering key of the last row shown, as text; `next_after` of a view is the key to ask
for next, None at the end. The page signs keys before they leave and checks them when they return.
"""

from myriad.products.keeper.views.connections import (
    AgentRow,
    ConnectionCard,
    ConnectionsView,
    CursorRow,
    DriftRow,
    JobProgress,
    ScopeRow,
)
from myriad.products.keeper.views.customer import (
    CustomerView,
    LinkedProfile,
    ModelNote,
    Risk,
    TimelineEvent,
    VisitRow,
)
from myriad.products.keeper.views.customers import CustomerFilter, CustomerRow, CustomersView
from myriad.products.keeper.views.duplicates import (
    DuplicateFilter,
    DuplicatePair,
    DuplicatesView,
    FieldEvidence,
    ProfileCard,
)
from myriad.products.keeper.views.facts import (
    Change,
    ConnectionStatus,
    CustomerSort,
    Evidence,
    Freshness,
    LinkState,
    Notice,
    PersonState,
    ReportKind,
    TaskAnswer,
    TaskState,
)
from myriad.products.keeper.views.insights import InsightCard, InsightsView, KindScore
from myriad.products.keeper.views.proof import (
    ArmCard,
    MoneyBounds,
    PeerCallsRow,
    PlaybookRow,
    ProofMonth,
    ProofView,
    Saved,
    ShareBounds,
)
from myriad.products.keeper.views.reports import (
    DayPoint,
    ReportRow,
    ReportsView,
    ReportView,
    ServiceRow,
    UndoneWork,
)
from myriad.products.keeper.views.today import AnomalyRow, TaskCard, TodayView, WeekPoint

__all__ = [
    "AgentRow",
    "AnomalyRow",
    "ArmCard",
    "Change",
    "ConnectionCard",
    "ConnectionStatus",
    "ConnectionsView",
    "CursorRow",
    "CustomerFilter",
    "CustomerRow",
    "CustomerSort",
    "CustomerView",
    "CustomersView",
    "DayPoint",
    "DriftRow",
    "DuplicateFilter",
    "DuplicatePair",
    "DuplicatesView",
    "Evidence",
    "FieldEvidence",
    "Freshness",
    "InsightCard",
    "InsightsView",
    "JobProgress",
    "KindScore",
    "LinkState",
    "LinkedProfile",
    "ModelNote",
    "MoneyBounds",
    "Notice",
    "PeerCallsRow",
    "PersonState",
    "PlaybookRow",
    "ProfileCard",
    "ProofMonth",
    "ProofView",
    "ReportKind",
    "ReportRow",
    "ReportView",
    "ReportsView",
    "Risk",
    "Saved",
    "ScopeRow",
    "ServiceRow",
    "ShareBounds",
    "TaskAnswer",
    "TaskCard",
    "TaskState",
    "TimelineEvent",
    "TodayView",
    "UndoneWork",
    "VisitRow",
    "WeekPoint",
]
