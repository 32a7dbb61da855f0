"""Every query of Keeper: named SQL in `queries/`, and what fills the views, by subject.

The functions that screens and API call are named here; each works within the caller's transaction
and tenant.
"""

from myriad.products.keeper.repository.accounts import (
    AccountFacts,
    find_account,
    get_account,
    open_account,
)
from myriad.products.keeper.repository.answers import answer_task, reopen_task
from myriad.products.keeper.repository.connections import get_connections
from myriad.products.keeper.repository.customer import (
    get_customer,
    list_timeline,
    set_contact_allowed,
)
from myriad.products.keeper.repository.customers import list_customers
from myriad.products.keeper.repository.duplicates import get_duplicate, list_duplicates
from myriad.products.keeper.repository.insights import list_insights
from myriad.products.keeper.repository.links import link_pair, reject_pair, undo_pair
from myriad.products.keeper.repository.reports import get_report, list_reports
from myriad.products.keeper.repository.tasks import (
    dismiss_task,
    finish_task,
    get_task,
    list_tasks,
    snooze_task,
)
from myriad.products.keeper.repository.today import get_today, list_anomalies

__all__ = [
    "AccountFacts",
    "answer_task",
    "dismiss_task",
    "find_account",
    "finish_task",
    "get_account",
    "get_connections",
    "get_customer",
    "get_duplicate",
    "get_report",
    "get_task",
    "get_today",
    "link_pair",
    "list_anomalies",
    "list_customers",
    "list_duplicates",
    "list_insights",
    "list_reports",
    "list_tasks",
    "list_timeline",
    "open_account",
    "reject_pair",
    "reopen_task",
    "set_contact_allowed",
    "snooze_task",
    "undo_pair",
]
