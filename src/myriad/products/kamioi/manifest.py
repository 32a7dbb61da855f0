"""Kamioi at a glance."""

from __future__ import annotations

from pathlib import Path

from myriad.products.kamioi.facts.schedules import FACT_SCHEDULES
from myriad.products.kamioi.item_schedules import SCHEDULES as ITEM_SCHEDULES
from myriad.products.kamioi.mapping_schedules import MAPPING_SCHEDULES
from myriad.products.kamioi.money.schedules import SCHEDULES
from myriad.products.kamioi.operation_schedules import OPERATION_SCHEDULES
from myriad.scale.manifest import NavigationItem, Product

_HERE = Path(__file__).parent

PRODUCT = Product(
    name="kamioi",
    title="Kamioi",
    summary="Every purchase rounds up and buys a piece of the company behind it.",
    home="/kamioi/programme",
    router="myriad.products.kamioi.endpoints:router",
    pages="myriad.products.kamioi.pages:router",
    tasks="myriad.products.kamioi.tasks",
    standing="myriad.products.kamioi.standing:standing_of",
    leaving="myriad.products.kamioi.member.leaving:part_with",
    migrations=_HERE / "migrations" / "versions",
    templates=_HERE / "templates",
    schedules=(
        *SCHEDULES,
        *MAPPING_SCHEDULES,
        *ITEM_SCHEDULES,
        *OPERATION_SCHEDULES,
        *FACT_SCHEDULES,
    ),
    bulk_tables=("myriad.products.kamioi.intake.recording:PURCHASES",),
    resources=(
        ("purchase_id", "kamioi.purchase"),
        ("descriptor_id", "kamioi.descriptor"),
        ("member_id", "kamioi.member"),
        ("notification_id", "kamioi.notification"),
        ("item_id", "kamioi.bank_item"),
        ("account_id", "kamioi.bank_account"),
        ("visit_id", "kamioi.bank_link"),
        ("file_id", "kamioi.import_file"),
        ("reconciliation_id", "kamioi.reconciliation"),
        ("order_id", "kamioi.trade_order"),
        ("overcharge_id", "kamioi.overcharge"),
    ),
    navigation=(
        NavigationItem("Home", "/kamioi/home", "h", audience="member"),
        NavigationItem("Activity", "/kamioi/activity", "a", audience="member"),
        NavigationItem("Portfolio", "/kamioi/portfolio", "f", audience="member"),
        NavigationItem("Rules", "/kamioi/rules", "r", audience="member"),
        NavigationItem("Accounts", "/kamioi/accounts", "k", audience="member"),
        NavigationItem("Notifications", "/kamioi/notifications", "n", audience="member"),
        NavigationItem("Statements", "/kamioi/statements", "s", audience="member"),
        NavigationItem("Programme", "/kamioi/programme", "p"),
        NavigationItem("Members", "/kamioi/admin/members", "m"),
        NavigationItem("Center", "/kamioi/admin/center", "c"),
        NavigationItem("Queue", "/kamioi/admin/queue", "u"),
        NavigationItem("Analytics", "/kamioi/admin/analytics", "y"),
        NavigationItem("Costs", "/kamioi/admin/costs", "o"),
        NavigationItem("Securities", "/kamioi/admin/securities", "e"),
        NavigationItem("Reconciliation", "/kamioi/admin/reconciliation", "b"),
        NavigationItem("Migration", "/kamioi/admin/migration", "i"),
        NavigationItem("Foreign currency", "/kamioi/admin/foreign", "x"),
        NavigationItem("Audit", "/kamioi/admin/audit", "t", audience="owner"),
    ),
    shortcuts=(
        ("In the queue: approve, no brand, reject, change, undo", ("a", "n", "r", "c", "u")),
        ("In the queue: a candidate instead", ("1", "2", "3")),
    ),
)
