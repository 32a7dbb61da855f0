"""What ails the database, as the operator's page and the commands tell it."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from myriad.apps.cli.db import lint as command
from myriad.apps.console import database_pages
from myriad.apps.console.database_pages import DatabaseView, look_at_database
from myriad.scale.data.backup import Trouble
from myriad.scale.data.lint import RULES, Finding, Level, Report, SlowStatements
from myriad.scale.directory import Role
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company, app_with, create_person, signed_in

_BROKEN = Report(
    [Finding(rule, f"spot {rule.name}", "is broken", f"MEND {rule.name};") for rule in RULES[:2]]
    + [Finding(RULES[-1], "spot", "is idle", "DROP INDEX CONCURRENTLY spot;")],
    unasked={"dead_rows": "it did not answer"},
)


async def test_operators_only_see_findings_with_remedies_sizes_and_statements(
    runtime: Runtime, database_urls: ServerUrls, companies: tuple[Company, Company]
) -> None:
    app = app_with(runtime)
    app.include_router(database_pages.router)
    company = companies[0]
    operator = await create_person(runtime, company.tenant_id, Role.OWNER, is_operator=True)
    with psycopg.connect(database_urls.database_url, autocommit=True) as owner:
        owner.execute("CREATE SCHEMA ailing")
        owner.execute("CREATE TABLE ailing.spot (id int PRIMARY KEY)")
        async with signed_in(app, operator) as browser:
            shown = await browser.get("/database")
        owner.execute("DROP SCHEMA ailing CASCADE")
    assert shown.status_code == 200
    assert "ALTER TABLE ailing.spot ENABLE ROW LEVEL SECURITY" in shown.text
    assert "Sizes of tables" in shown.text
    assert "Nobody counts statements here" in shown.text
    assert "No backup is known here" in shown.text
    async with signed_in(app, company.owner) as browser:
        assert (await browser.get("/database")).status_code in (403, 404)


async def test_the_view_tells_what_is_wrong_the_worst_first(runtime: Runtime) -> None:
    whole = await look_at_database(runtime)
    assert whole.bytes == sum(one.bytes for one in whole.sizes) > 0
    view = DatabaseView(
        _BROKEN, whole.sizes, SlowStatements([], 0, "nobody counts"), False, whole.backups
    )
    assert view.answer == "The database has 2 errors and 1 note"
    assert [rule.level for rule, _, _ in view.by_rule] == [Level.ERROR, Level.ERROR, Level.NOTE]
    calm = DatabaseView(Report([]), [], SlowStatements([]), False, whole.backups)
    assert calm.answer == "Nothing is wrong with the database"
    trouble = Trouble("The newest good backup is 3 days old", "Take one")
    late = replace(whole.backups, fault=trouble)
    assert replace(view, backups=late).answer == trouble.said


def test_the_command_tells_each_finding_with_its_remedy_and_what_was_not_asked() -> None:
    lines = list(command.lines_of(_BROKEN))
    assert lines[0].startswith("ERROR Row security is off")
    assert "      MEND row_security_missing;" in lines
    assert "NOT ASKED dead_rows: it did not answer" in lines
    asked = f"{len(RULES) - 1} rules asked"
    assert lines[-1].startswith(f"2 of level error, 1 of level note; {asked}")
    facts = command.facts_of(_BROKEN)
    assert [one["level"] for one in facts["findings"]] == ["error", "error", "note"]
    assert facts["not_asked"] == {"dead_rows": "it did not answer"}


@pytest.mark.parametrize(
    ("report", "level", "fails"),
    [
        (Report([]), Level.NOTE, False),
        (Report(_BROKEN.findings[2:]), Level.WARNING, False),
        (Report(_BROKEN.findings[2:]), Level.NOTE, True),
        (Report(_BROKEN.findings[:1]), Level.ERROR, True),
        (Report([], unasked={"dead_rows": "no"}), Level.ERROR, True),
    ],
    ids=["calm", "milder", "as mild", "worse", "not asked"],
)
def test_a_build_fails_by_what_is_as_bad_as_asked(
    report: Report, level: Level, fails: bool
) -> None:
    assert report.has_at_least(level) is fails
