"""One life of a replay, for kamioi_million.py to kill: says its steps, may begin again."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from myriad.products.kamioi.facts.loading import load_world
from myriad.products.kamioi.replay.checking import check
from myriad.products.kamioi.replay.generated import Plan
from myriad.products.kamioi.replay.steps import Replay
from myriad.scale.data import Database, DatabaseSettings
from myriad.scale.observe import logs
from myriad.scale.tenancy import TenantId

FIRST = date(2026, 9, 14)


def open_database(urls: dict[str, str]) -> Database:
    """Return the bench's database."""
    names = ("database_url", "app_url", "crossing_url")
    url, app_url, crossing_url = (urls[name] for name in names)
    given = {"url": url, "app_url": app_url, "crossing_url": crossing_url}
    return Database(DatabaseSettings.model_validate(given), process="bench")


async def plan_of(database: Database, tenant_id: UUID, total: int) -> Plan:
    """Return one day of so many purchases at the brands that are known."""
    world = await load_world(database)
    names = tuple(sorted(brand.name for brand in world.book.brands if brand.source == "curated"))
    return Plan(TenantId(tenant_id), total, FIRST, 1, names)


async def live(task: dict[str, Any]) -> dict[str, Any]:
    """Live once; return what each step took, or with `check` what stands."""
    database = open_database(task["urls"])
    await database.open()
    plan = await plan_of(database, UUID(task["tenant_id"]), task["total"])
    if task.get("check"):
        checked = await check(database, plan)
        report = asdict(checked) | {"errors": checked.errors}
    else:
        took = await Replay(database, plan, _say).run()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        report = {"took": took, "peak_mb": peak, "strings": len(plan.strings)}
    await database.close()
    return report


def _say(step: str) -> None:
    sys.stdout.write(json.dumps({"step": step}) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Read the task from standard input, live once, report."""
    task = json.loads(sys.stdin.readline())
    logs.configure("bench", level="WARNING")
    report = asyncio.run(live(task))
    sys.stdout.write(json.dumps({"report": report}) + "\n")


if __name__ == "__main__":
    main()
