"""The old Kamioi's file in a programme: what comes, what is kept apart, what goes back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from myriad.kit.errors import InvalidInputError
from myriad.products.kamioi.legacy.generator import generate
from myriad.products.kamioi.legacy.moves import (
    NoLegacyFileError,
    ProgrammeNotEmptyError,
    choose_file,
    get_legacy_file,
    take_step,
)
from myriad.scale.data.migrate import MappingError
from myriad.scale.data.migrate.steps import Asked
from tests.fixtures.app import create_company
from tests.products.kamioi.legacy.conftest import PURCHASES, Moved
from tests.products.kamioi.people import Person


async def test_a_dirty_file_arrives_with_every_bad_row_kept_apart_and_a_clean_proof(
    moved: Moved,
) -> None:
    for _ in range(2):
        proof = await moved.step("verify")
        assert proof.is_right, proof.lines
    counted = await moved.rows("SELECT count(*) AS n FROM kamioi.purchase")
    kept = (await moved.step("status")).result["kept"]
    refused = sum(one["rows"] for one in kept if one["part"] == 6 and one["is_refused"])
    assert counted[0]["n"] == PURCHASES - refused
    assert 0 < refused < PURCHASES / 10
    reasons = " ".join(one["reason"] for one in kept)
    for reason in (
        "neither N nor N",
        "users that it names is not there",
        "no date that can be read",
        "text where an amount belongs",
        "a zero character",
        "bytes where text belongs|no text where",
        "is not exact",
        "nothing is known under that ticker",
    ):
        assert any(one in reasons for one in reason.split("|")), (reason, reasons)


async def test_each_string_stands_once_and_the_surest_approved_decision_holds(moved: Moved) -> None:
    strings = await moved.rows(
        "SELECT count(*) AS n, count(DISTINCT d.norm) AS norms FROM kamioi.descriptor d"
    )
    assert strings[0]["n"] == strings[0]["norms"] < 30
    lost = await moved.rows(
        "SELECT count(*) AS n FROM kamioi.purchase p "
        "LEFT JOIN kamioi.descriptor d ON d.id = p.descriptor_id WHERE d.id IS NULL"
    )
    assert lost[0]["n"] == 0
    mapped = await moved.rows(
        "SELECT d.norm, m.confidence FROM kamioi.mapping m JOIN kamioi.descriptor d "
        "ON d.id = m.descriptor_id"
    )
    best = moved.old(
        "SELECT max(confidence) FROM llm_mappings WHERE admin_approved = 1 AND ticker = 'SBUX' "
        "AND typeof(merchant_name) = 'text'"
    )
    assert [(row["norm"], round(row["confidence"], 2)) for row in mapped] == [
        ("starbucks store", best[0][0])
    ]


async def test_another_programme_sees_nothing_of_what_was_moved(moved: Moved) -> None:
    for table in ("member", "purchase", "descriptor", "legacy_holding", "legacy_move"):
        rows = await moved.runtime.database.reader.rows(
            moved.other.tenant_id,
            f"SELECT count(*) AS n FROM kamioi.{table}",
            {},
        )
        assert rows[0]["n"] == 0
    with pytest.raises(NoLegacyFileError, match="kamioi migrate begin"):
        async with moved.runtime.database.read_session(moved.other.tenant_id) as session:
            await get_legacy_file(session)


async def test_a_programme_with_people_or_without_a_file_takes_no_move(
    moved: Moved, tmp_path: Path
) -> None:
    tenant_id = (await create_company(moved.runtime)).tenant_id
    await Person.join(moved.runtime, tenant_id)
    async with moved.runtime.database.session(tenant_id) as session:
        with pytest.raises(InvalidInputError, match="there is no file"):
            await choose_file(session, tenant_id, tmp_path / "none.db", "UTC")
        with pytest.raises(ProgrammeNotEmptyError, match="make another"):
            await choose_file(session, tenant_id, moved.file, "UTC")
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY)")
    other.close()
    wrong = type(moved.legacy)(tenant_id, "kamioi_wrong", str(tmp_path / "other.db"), "UTC")
    with pytest.raises(MappingError, match=r"no file of the old Kamioi|has no table"):
        await take_step(moved.runtime.database, wrong, "backfill", Asked())


async def test_what_changes_after_the_switch_stands_in_the_old_file(moved_alone: Moved) -> None:
    moved = moved_alone
    for _ in range(2):
        await moved.step("verify")
    await moved.step("advance")
    await moved.step("shadow")
    async with moved.runtime.database.crossing("test shortens the day of shadow reads") as session:
        await (await session.connection()).exec_driver_sql(
            "UPDATE platform.migration SET shadow_since = now() - interval '25 hours' "
            f"WHERE name = '{moved.legacy.name}'"
        )
    await moved.step("advance")
    assert (await moved.step("advance")).result["phase"] == "pg_primary"
    person = Person(moved.runtime, moved.company.tenant_id, moved.company.tenant_id)
    await person.change("UPDATE kamioi.member SET state = 'paused' WHERE name = 'User 2'")
    await person.change(
        "UPDATE kamioi.purchase SET amount_minor = 1, kind = 'purchase' "
        "WHERE external_id = 'legacy-1'"
    )
    await moved.step("carry")
    assert moved.old("SELECT is_active FROM users WHERE id = 2") == [(0,)]
    assert moved.old("SELECT amount FROM transactions WHERE id = 1") == [(0.01,)]
    with pytest.raises(sqlite3.IntegrityError, match="moved to PostgreSQL"):
        moved.old("DELETE FROM users")
    await moved.step("rollback")
    moved.old("UPDATE users SET name = 'Again' WHERE id = 2")


def test_the_same_seed_gives_the_same_file(tmp_path: Path) -> None:
    for name in ("one.db", "two.db"):
        generate(tmp_path / name, purchases=500)
    contents = [
        sqlite3.connect(tmp_path / name).execute("SELECT * FROM transactions").fetchall()
        for name in ("one.db", "two.db")
    ]
    assert contents[0] == contents[1]
