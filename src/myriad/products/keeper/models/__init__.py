"""Keeper's tables, in schema `keeper`; every key and index leads with `tenant_id`."""

from myriad.products.keeper.models.account import (
    Account,
    Connection,
    DayTotal,
    Quarantine,
    SyncCursor,
    WebhookEvent,
)
from myriad.products.keeper.models.daily import AgentNote
from myriad.products.keeper.models.findings import (
    AgentRun,
    Anomaly,
    Insight,
    ModelFit,
    PersonMetrics,
    Report,
    Task,
)
from myriad.products.keeper.models.keeping import Consent, ErasedKey, Preference, ViewLog
from myriad.products.keeper.models.ledger import (
    Booking,
    Location,
    OrderLine,
    Payment,
    Refund,
    SalesOrder,
    TeamMember,
    Timecard,
)
from myriad.products.keeper.models.notices import NoticeDelivery, NoticeRow
from myriad.products.keeper.models.patterns import (
    Benchmark,
    Contribution,
    NetworkWeek,
    Pattern,
    PatternWeek,
    Prior,
    Trend,
)
from myriad.products.keeper.models.people import (
    Customer,
    IdentityLink,
    Person,
    PersonTerm,
    Visit,
)
from myriad.products.keeper.models.proof import CallAssignment, ControlGroup, MutedKind
from myriad.products.keeper.models.reviews import Review, ReviewAlert, ReviewSummary
from myriad.products.keeper.models.team import StaffFigures, StaffLink, TeamDay, TeamState

__all__ = [
    "Account",
    "AgentNote",
    "AgentRun",
    "Anomaly",
    "Benchmark",
    "Booking",
    "CallAssignment",
    "Connection",
    "Consent",
    "Contribution",
    "ControlGroup",
    "Customer",
    "DayTotal",
    "ErasedKey",
    "IdentityLink",
    "Insight",
    "Location",
    "ModelFit",
    "MutedKind",
    "NetworkWeek",
    "NoticeDelivery",
    "NoticeRow",
    "OrderLine",
    "Pattern",
    "PatternWeek",
    "Payment",
    "Person",
    "PersonMetrics",
    "PersonTerm",
    "Preference",
    "Prior",
    "Quarantine",
    "Refund",
    "Report",
    "Review",
    "ReviewAlert",
    "ReviewSummary",
    "SalesOrder",
    "StaffFigures",
    "StaffLink",
    "SyncCursor",
    "Task",
    "TeamDay",
    "TeamMember",
    "TeamState",
    "Timecard",
    "Trend",
    "ViewLog",
    "Visit",
    "WebhookEvent",
]
