"""Every job of Keeper has its class, and the README says which."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import myriad.products.keeper
from myriad.products.keeper import tasks  # noqa: F401 - registers the tasks
from myriad.products.keeper.queueing import enqueue_run, enqueue_sync
from myriad.scale.jobs.registry import REGISTRY
from myriad.scale.jobs.store import CLASSES
from tests.products.keeper.ledger import Shop

_README = Path(myriad.products.keeper.__file__).with_name("README.md")
_ROW = re.compile(r"^\| .* \| (\w+) \| (.*) \|$", re.MULTILINE)
_NAME = re.compile(r"`(keeper\.[a-z_.]+)`")


def said() -> dict[str, str]:
    """Return the class of each job as the README says it."""
    table = _README.read_text().partition("## Classes of work")[2].partition("## ")[0]
    rows = [row for row in _ROW.findall(table) if row[0] in CLASSES]
    return {name: job_class for job_class, names in rows for name in _NAME.findall(names)}


def declared() -> dict[str, str]:
    """Return the class that each job of Keeper declares."""
    return {
        name: one.job_class for name, one in REGISTRY.all().items() if name.startswith("keeper.")
    }


def test_the_table_names_every_job_with_the_class_that_it_declares() -> None:
    assert said() == declared()


@pytest.mark.parametrize(
    ("job_class", "names"),
    [
        ("interactive", ("keeper.webhook.process", "keeper.person.refresh")),
        ("interactive", ("keeper.notice.deliver", "keeper.google.read_one")),
        ("high", ("keeper.account.increment", "keeper.notice.mail")),
        ("low", ("keeper.account.night", "keeper.account.run")),
        ("bulk", ("keeper.account.week", "keeper.network.publish")),
    ],
)
def test_what_must_be_quick_goes_before_what_may_wait(
    job_class: str, names: tuple[str, ...]
) -> None:
    known = declared()
    assert {name: known[name] for name in names} == dict.fromkeys(names, job_class)


async def test_what_somebody_asked_for_goes_before_the_night(shop: Shop) -> None:
    async with shop.runtime.database.session(shop.tenant_id) as session:
        await enqueue_run(session)
        await enqueue_run(session, agent="review")
        await enqueue_sync(session, "nightly")
    jobs = "SELECT job_class FROM platform.job_overview ORDER BY id"
    assert [row["job_class"] for row in await shop.rows(jobs)] == ["default", "high", "low"]
