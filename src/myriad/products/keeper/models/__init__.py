"""Keeper's tables, in schema `keeper`; every key and index leads with `tenant_id`."""

from myriad.products.keeper.models.account import (
    Account,
    Connection,
    DayTotal,
    Quarantine,
    SyncCursor,
    WebhookEvent,
)
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
from myriad.products.keeper.models.people import (
    Customer,
    IdentityLink,
    Person,
    PersonTerm,
    Visit,
)
from myriad.products.keeper.models.proof import CallAssignment, ControlGroup, MutedKind
from myriad.products.keeper.models.reviews import Review, ReviewAlert, ReviewSummary

__all__ = [
    "Account",
    "AgentRun",
    "Anomaly",
    "Booking",
    "CallAssignment",
    "Connection",
    "Consent",
    "ControlGroup",
    "Customer",
    "DayTotal",
    "ErasedKey",
    "IdentityLink",
    "Insight",
    "Location",
    "ModelFit",
    "MutedKind",
    "NoticeDelivery",
    "NoticeRow",
    "OrderLine",
    "Payment",
    "Person",
    "PersonMetrics",
    "PersonTerm",
    "Preference",
    "Quarantine",
    "Refund",
    "Report",
    "Review",
    "ReviewAlert",
    "ReviewSummary",
    "SalesOrder",
    "SyncCursor",
    "Task",
    "TeamMember",
    "Timecard",
    "ViewLog",
    "Visit",
    "WebhookEvent",
]
