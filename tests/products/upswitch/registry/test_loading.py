"""A full extract takes the place of the one before, whole or not at all."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from myriad.kit.ids import new_id
from myriad.products.upswitch.registry.errors import CompanyNotFoundError, RegistryBusyError
from myriad.products.upswitch.registry.kbo.delta import apply_update
from myriad.products.upswitch.registry.kbo.errors import ExtractError, ExtractOrderError
from myriad.products.upswitch.registry.kbo.files import FILES
from myriad.products.upswitch.registry.kbo.loading import load_full, registry_connection
from myriad.products.upswitch.registry.kbo.simulator import printed, write_extract
from myriad.products.upswitch.registry.numbers import EnterpriseNumberError
from myriad.products.upswitch.repository import get_company, search_companies
from myriad.products.upswitch.views import CompaniesView, CompanyView
from myriad.scale.data import Database
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import database_settings

SOMEBODY = TenantId(new_id())
ENTERPRISES = 300


@dataclass(frozen=True)
class Reading:
    """Reads as a tenant that has nothing of its own."""

    database: Database

    async def rows(
        self, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        return await self.database.reader.rows(SOMEBODY, sql, parameters)


@pytest.fixture
async def database(registry: ServerUrls) -> AsyncIterator[Database]:
    opened = Database(database_settings(registry), process="test")
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    folder = tmp_path / "extract"
    write_extract(folder, enterprises=ENTERPRISES, number=7)
    return folder


async def search(database: Database, query: str) -> CompaniesView:
    return await search_companies(Reading(database), query)


async def card(database: Database, number: str) -> CompanyView:
    return await get_company(Reading(database), number)


def rows_of(urls: ServerUrls, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(urls.crossing_url) as connection:
        return connection.execute(statement).fetchall()


def lines_of(folder: Path, stem: str) -> list[str]:
    return (folder / f"{stem}.csv").read_text(encoding="utf-8").splitlines()


def zipped(folder: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w") as opened:
        for file in folder.iterdir():
            opened.write(file, f"inside/{file.name}")
    return archive


def update(folder: Path, number: int, **files: list[str]) -> Path:
    """Write an update: file names and their lines without the header, keyed by stem and kind."""
    folder.mkdir()
    (folder / "meta.csv").write_text(
        '"Variable","Value"\n"SnapshotDate","02-05-2026"\n'
        '"ExtractTimestamp","03-05-2026 07:00:00"\n"ExtractType","update"\n'
        f'"ExtractNumber","{number}"\n"Version","1.0.0"\n',
        encoding="utf-8",
    )
    headings = {file.stem: [column.heading for column in file.columns] for file in FILES}
    for name, lines in files.items():
        stem, kind = name.split("_")
        shown = headings[stem] if kind == "insert" else headings[stem][:1]
        header = ",".join(f'"{heading}"' for heading in shown)
        text = "\n".join([header, *lines]) + "\n"
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


async def test_every_row_of_a_legal_person_is_there_and_none_of_a_natural_one(
    database: Database, registry: ServerUrls, extract: Path
) -> None:
    loaded = await load_full(database, extract)
    legal = [line for line in lines_of(extract, "enterprise")[1:] if line.split(",")[3] == '"2"']
    assert loaded.rows["enterprise"] == len(legal) == loaded.companies
    known = {line.split(",")[0] for line in legal}
    known |= {
        line.split(",")[0]
        for line in lines_of(extract, "establishment")[1:]
        if line.split(",")[2] in known
    }
    for stem in ("denomination", "address", "activity"):
        wanted = sum(line.split(",")[0] in known for line in lines_of(extract, stem)[1:])
        assert loaded.rows[stem] == wanted, stem
        assert rows_of(registry, f"SELECT count(*) FROM upswitch.kbo_{stem}") == [(wanted,)]
    assert loaded.refused == 0
    assert rows_of(registry, "SELECT DISTINCT type FROM upswitch.kbo_enterprise") == [("2",)]


async def test_a_zip_file_gives_what_its_folder_gives(
    database: Database, extract: Path, tmp_path: Path
) -> None:
    archive = zipped(extract, tmp_path / "KboOpenData_0007_2026_05_Full.zip")
    first = await load_full(database, extract)
    assert await load_full(database, archive) == first


async def test_natural_persons_come_only_when_they_are_asked_for(
    database: Database, extract: Path
) -> None:
    loaded = await load_full(database, extract, natural_persons=True)
    assert loaded.companies == ENTERPRISES
    assert loaded.skipped == 0


async def test_a_company_is_found_by_words_number_and_vat_number(
    database: Database, extract: Path
) -> None:
    await load_full(database, extract)
    line = next(line for line in lines_of(extract, "enterprise")[1:] if '"2"' in line)
    number = line.split(",")[0].strip('"')
    shown = await card(database, number)
    for query in (
        shown.name.upper(),
        shown.name[: len(shown.name) - 2],
        number,
        shown.vat,
        number.replace(".", ""),
    ):
        found = await search(database, query)
        assert number in [row.number for row in found.rows], query
    assert (await search(database, "zzzz nobody")).rows == ()
    assert "begin so" in (await search(database, "zzzz nobody")).note


async def test_accents_and_case_do_not_hide_a_company(database: Database, extract: Path) -> None:
    with (extract / "denomination.csv").open("a", encoding="utf-8") as file:
        for line in lines_of(extract, "enterprise")[1:]:
            if ',"2",' in line:
                file.write(f'{line.split(",")[0]},"1","003","Crème Brûlée d\'Été"\n')
                break
    await load_full(database, extract)
    assert len((await search(database, "creme brulee ete")).rows) == 1
    assert len((await search(database, "CRÈME br")).rows) == 1


async def test_a_slip_in_a_number_is_answered_with_the_right_one(
    database: Database, extract: Path
) -> None:
    await load_full(database, extract)
    right = printed(4_000_000)
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
    found = await search(database, wrong)
    assert found.rows == ()
    assert right in found.suggestions or len(found.suggestions) == 3
    with pytest.raises(EnterpriseNumberError):
        await card(database, wrong)


async def test_a_number_that_the_register_lacks_is_not_found(
    database: Database, extract: Path
) -> None:
    await load_full(database, extract)
    with pytest.raises(CompanyNotFoundError, match="not in the register"):
        await card(database, printed(9_999_999))


async def test_bad_rows_are_kept_apart_with_line_and_reason_and_the_rest_is_loaded(
    database: Database, registry: ServerUrls, extract: Path
) -> None:
    good = len(lines_of(extract, "denomination"))
    with (extract / "denomination.csv").open("a", encoding="utf-8") as file:
        file.write('"0400.000.001","2","001","Wrong"\n"too","few"\n')
    loaded = await load_full(database, extract)
    assert loaded.refused == 2
    assert rows_of(
        registry,
        "SELECT file, line, row_text FROM upswitch.kbo_refusal ORDER BY line",
    ) == [
        ("denomination", good + 1, '"0400.000.001","2","001","Wrong"'),
        ("denomination", good + 2, '"too","few"'),
    ]


async def test_line_ends_of_several_kinds_lose_no_row(
    database: Database, registry: ServerUrls, extract: Path
) -> None:
    path = extract / "denomination.csv"
    lines = path.read_bytes().split(b"\n")
    legal = next(row for row in lines_of(extract, "enterprise") if row.split(",")[3] == '"2"')
    own = legal.split(",")[0].encode()
    lines[1:1] = [own + b',"2","003","Wit\rLijn"\r', own + b',"2",\r"003","Lijn"\r']
    path.write_bytes(b"\n".join(lines))
    before = await load_full(database, extract)
    assert before.refused == 0
    names = rows_of(
        registry, "SELECT denomination FROM upswitch.kbo_denomination WHERE denomination ~ 'Lijn$'"
    )
    assert sorted(names) == [("Lijn",), ("Wit\rLijn",)]


@pytest.mark.parametrize(
    ("file", "says"),
    [("meta", "meta.csv is missing"), ("activity", "lacks activity.csv")],
)
async def test_an_incomplete_extract_is_refused_and_the_old_one_stays(
    database: Database, extract: Path, tmp_path: Path, file: str, says: str
) -> None:
    await load_full(database, extract)
    broken = tmp_path / "broken"
    shutil.copytree(extract, broken)
    (broken / f"{file}.csv").unlink()
    with pytest.raises(ExtractError, match=says):
        await load_full(database, broken)
    assert (await search(database, "")).registry.extract_number == 7


async def test_columns_of_another_form_are_refused_by_name(
    database: Database, extract: Path
) -> None:
    file = extract / "branch.csv"
    file.write_text(file.read_text("utf-8").replace('"StartDate"', '"Start"'), "utf-8")
    with pytest.raises(ExtractError, match=r"branch.csv has the columns Id, Start,"):
        await load_full(database, extract)


async def test_a_file_that_is_no_zip_is_refused(database: Database, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK no")
    with pytest.raises(ExtractError, match="no ZIP file"):
        await load_full(database, tmp_path / "x.zip")
    with pytest.raises(ExtractError, match=r"There is no y\.zip"):
        await load_full(database, tmp_path / "y.zip")


async def test_only_one_process_loads_at_a_time(database: Database, extract: Path) -> None:
    async with registry_connection(database):
        with pytest.raises(RegistryBusyError):
            await load_full(database, extract)


async def test_readers_see_the_old_extract_until_the_new_one_is_whole(
    database: Database, extract: Path, tmp_path: Path
) -> None:
    await load_full(database, extract)
    newer = tmp_path / "newer"
    write_extract(newer, enterprises=500, seed=2, number=8)
    loading = asyncio.create_task(load_full(database, newer))
    numbers, counts = set(), set()
    while not loading.done():
        found = await search(database, "a")
        numbers.add(found.registry.extract_number)
        counts.add(len(found.rows) > 0)
        await asyncio.sleep(0)
    loaded = await loading
    assert numbers <= {7, 8}
    assert counts == {True}
    assert loaded.companies > 0


async def test_a_loader_that_is_killed_leaves_the_old_extract_and_the_next_one_succeeds(
    database: Database, registry: ServerUrls, extract: Path, tmp_path: Path
) -> None:
    await load_full(database, extract)
    newer = tmp_path / "newer"
    write_extract(newer, enterprises=3000, seed=2, number=8)
    script = (
        "import asyncio, os, sys\n"
        "from pathlib import Path\n"
        "from myriad.products.upswitch.registry.kbo.loading import load_full\n"
        "from myriad.scale.data import Database, DatabaseSettings\n"
        "def tell(step, done, total):\n"
        "    if step == sys.argv[3]:\n"
        "        os.kill(os.getpid(), 9)\n"
        "async def main():\n"
        "    settings = DatabaseSettings.model_validate_json(sys.argv[1])\n"
        "    await load_full(Database(settings), Path(sys.argv[2]), tell=tell)\n"
        "asyncio.run(main())\n"
    )
    urls = {"url": registry.database_url, "crossing_url": registry.crossing_url}
    for step in ("activity.csv", "index"):
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            script,
            json.dumps(urls),
            str(newer),
            step,
            env=os.environ.copy(),
            stderr=subprocess.DEVNULL,
        )
        assert await child.wait() == -signal.SIGKILL
        assert (await search(database, "a")).registry.extract_number == 7
    for _ in range(50):
        try:
            loaded = await load_full(database, newer)
            break
        except RegistryBusyError:  # The server has not yet noticed that the killed one is gone.
            await asyncio.sleep(0.1)
    assert loaded.number == 8
    assert (await search(database, "a")).registry.extract_number == 8
    assert rows_of(registry, "SELECT count(*) FROM pg_class WHERE relname LIKE '%\\_next'") == [
        (0,)
    ]


async def test_an_update_deletes_then_inserts_and_changes_what_search_finds(
    database: Database, extract: Path, tmp_path: Path
) -> None:
    await load_full(database, extract)
    legal = [line for line in lines_of(extract, "enterprise")[1:] if ',"2",' in line]
    renamed, gone = (line.split(",")[0] for line in legal[:2])
    new = printed(11_000_003)
    folder = update(
        tmp_path / "update",
        8,
        denomination_delete=[renamed, gone],
        denomination_insert=[f'{renamed},"2","001","Quaternion Werken"'],
        enterprise_delete=[gone],
        enterprise_insert=[
            f'"{new}","AC","000","2","610",,01-05-2026',
            f'"{printed(11_000_010)}","AC","000","1","",,01-05-2026',
        ],
        address_insert=[f'"{new}","REGO",,,"9000","Gent","Gent","Molenweg","Molenweg","3","","",'],
    )
    loaded = await apply_update(database, folder)
    assert loaded.companies == 2
    found = await search(database, "quaternion")
    assert [row.number for row in found.rows] == [renamed.strip('"')]
    assert (await card(database, new)).address is not None
    for absent in (gone.strip('"'), printed(11_000_010)):
        with pytest.raises(CompanyNotFoundError):
            await card(database, absent)
    assert (await search(database, "")).registry.snapshot_date == date(2026, 5, 2)


@pytest.mark.parametrize(("number", "says"), [(9, "load 8 first"), (7, "already in")])
async def test_updates_come_strictly_in_order(
    database: Database, extract: Path, tmp_path: Path, number: int, says: str
) -> None:
    await load_full(database, extract)
    with pytest.raises(ExtractOrderError, match=says):
        await apply_update(database, update(tmp_path / "update", number))


async def test_an_update_without_a_full_extract_says_what_to_load(
    database: Database, tmp_path: Path
) -> None:
    with pytest.raises(ExtractOrderError, match="newest full extract first"):
        await apply_update(database, update(tmp_path / "update", 3))


async def test_an_update_that_fails_changes_nothing(
    database: Database, extract: Path, tmp_path: Path
) -> None:
    await load_full(database, extract)
    legal = next(line for line in lines_of(extract, "enterprise")[1:] if ',"2",' in line)
    number = legal.split(",")[0]
    folder = update(
        tmp_path / "update", 8, denomination_delete=[number], address_delete=["nonsense"]
    )
    with pytest.raises(ExtractError, match=r"address_delete\.csv, line 2"):
        await apply_update(database, folder)
    assert (await search(database, "")).registry.extract_number == 7
    assert (await card(database, number.strip('"'))).names


async def test_the_published_sample_loads_with_its_oddities(
    database: Database, shared_data: Path
) -> None:
    loaded = await load_full(database, shared_data / "upswitch" / "kbo_sample")
    assert loaded.refused == 0
    assert loaded.rows["enterprise"] == 11
    found = await search(database, "veneco")
    assert len(found.rows) == 1
    shown = await card(database, found.rows[0].number)
    assert {each.code for each in shown.activities} == {"84130", "68121"}
    assert shown.names[0] == "Intergemeentelijke Vereniging Veneco"
