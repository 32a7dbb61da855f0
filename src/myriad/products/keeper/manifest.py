"""Keeper at a glance."""

from __future__ import annotations

from pathlib import Path

from myriad.products.keeper.schedules import SCHEDULES
from myriad.scale.manifest import NavigationItem, Product

_HERE = Path(__file__).parent

PRODUCT = Product(
    name="keeper",
    title="Keeper",
    summary="Whom to call today, why, and what it is worth.",
    home="/keeper/today",
    router="myriad.products.keeper.endpoints:router",
    pages="myriad.products.keeper.pages:router",
    tasks="myriad.products.keeper.tasks",
    migrations=_HERE / "migrations" / "versions",
    templates=_HERE / "templates",
    schedules=SCHEDULES,
    navigation=(
        NavigationItem("Today", "/keeper/today", "t"),
        NavigationItem("Customers", "/keeper/customers", "c"),
        NavigationItem("Duplicates", "/keeper/duplicates", "d"),
        NavigationItem("Reviews", "/keeper/reviews", "v"),
        NavigationItem("Team", "/keeper/team", "m"),
        NavigationItem("Insights", "/keeper/insights", "i"),
        NavigationItem("Patterns", "/keeper/patterns", "p"),
        NavigationItem("Benchmarks", "/keeper/benchmarks", "b"),
        NavigationItem("Proof", "/keeper/proof", "f"),
        NavigationItem("Reports", "/keeper/reports", "r"),
        NavigationItem("Notices", "/keeper/notices", "n"),
        NavigationItem("Connections", "/keeper/connections", "s"),
        NavigationItem("Settings", "/keeper/settings", "o"),
    ),
    operations=(NavigationItem("Operations", "/keeper/ops", "w"),),
    measures="myriad.products.keeper.operations.measuring:measure_by",
    alerts="myriad.products.keeper.pages.noticing:alerts",
    shortcuts=(
        ("In a task: done, snooze, dismiss", ("d", "s", "x")),
        (
            "How a call ended: booked, left a message, no answer, not interested",
            ("b", "m", "a", "n"),
        ),
        ("In a pair: link, keep apart", ("l", "a")),
    ),
    resources=(
        ("person_id", "keeper.person"),
        ("link_id", "keeper.identity_link"),
        ("task_id", "keeper.task"),
        ("report_id", "keeper.report"),
        ("connection_id", "keeper.connection"),
        ("review_id", "keeper.review"),
        ("team_member_id", "keeper.team_member"),
        ("notice_id", "keeper.notice"),
    ),
)
