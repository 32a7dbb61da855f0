"""The operator's folder of extracts: what follows is taken, one after the other, whoever is killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from myriad.products.upswitch.opening import fill_register
from myriad.products.upswitch.registry.errors import RegistryBusyError
from myriad.products.upswitch.registry.kbo.errors import ExtractError
from myriad.products.upswitch.registry.kbo.folder import (
    Found,
    NoFolderError,
    find_gap,
    find_next,
    scan,
    state_of,
)
from myriad.products.upswitch.registry.kbo.loading import registry_connection
from myriad.products.upswitch.registry.kbo.noting import Progress
from myriad.products.upswitch.registry.kbo.simulator import iter_named, write_extract
from myriad.products.upswitch.registry.kbo.updating import Updated, update_from_folder
from myriad.products.upswitch.repository.companies import get_registry_state
from myriad.products.upswitch.repository.register import get_register
from myriad.scale.data import Database
from myriad.scale.embedded.servers import ServerUrls
from tests.products.upswitch.registry.test_loading import (
    Reading,
    card,
    database,  # noqa: F401 - a fixture
    lines_of,
    rows_of,
    update,
    zipped,
)


async def silent(done: int, total: int, message: str) -> None:
    """Hear nothing."""


def full(number: int) -> Found:
    return Found(Path(f"{number}_Full.zip"), 1, number, is_full=True)


def step(number: int) -> Found:
    return Found(Path(f"{number}_Update.zip"), 1, number)


@pytest.mark.parametrize(
    ("found", "last", "expected", "gap"),
    [
        pytest.param([step(4), full(3), full(1)], None, 3, None, id="the-newest-full-first"),
        pytest.param([step(4), step(5)], None, None, None, id="updates-alone-are-not-enough"),
        pytest.param([step(5), step(4), full(9)], 3, 4, None, id="the-very-next-update"),
        pytest.param([step(6), step(7)], 3, None, (4, 5), id="a-gap-stops"),
        pytest.param([step(6), full(6)], 3, 6, None, id="a-newer-full-may-skip"),
        pytest.param([step(3), full(2)], 3, None, None, id="nothing-newer"),
    ],
)
def test_updates_come_one_after_the_other_and_a_full_extract_closes_a_gap(
    found: list[Found], last: int | None, expected: int | None, gap: tuple[int, int] | None
) -> None:
    upcoming = find_next(found, last)
    assert (upcoming.number if upcoming else None) == expected
    assert find_gap(found, last) == gap


def test_each_file_says_what_became_of_it() -> None:
    broken = Found(Path("x.zip"), 1, fault="it was cut off")
    states = [state_of(each, 3, {(3, False)}) for each in (step(4), step(3), full(2), broken)]
    assert states == ["waiting", "loaded", "passed", "unusable"]


def test_progress_never_goes_back_and_ends_whole() -> None:
    progress = Progress({"a.csv": 30, "b.csv": 70})
    seen = []
    for told in (("a.csv", 15, 30), ("a.csv", 30, 30), ("b.csv", 35, 70), ("index", 5, 10)):
        progress.tell(*told)
        seen.append(progress.done)
    progress.tell("index", 10, 10)
    assert seen == sorted(seen)
    assert progress.done == 1000


async def test_a_missing_folder_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(NoFolderError, match="MYRIAD_UPSWITCH__KBO_FOLDER"):
        scan(tmp_path / "nowhere")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a full extract 7 and the update 8, which renames a company."""
    made = tmp_path / "kbo"
    made.mkdir()
    extract = tmp_path / "full"
    write_extract(extract, enterprises=300, number=7)
    zipped(extract, made / "KboOpenData_0007_2026_05_Full.zip")
    put(made, tmp_path, 8, lines_of(extract, "enterprise"))
    return made


def put(folder: Path, tmp_path: Path, number: int, enterprises: list[str]) -> None:
    legal = [line.split(",")[0] for line in enterprises[1:] if ',"2",' in line]
    made = update(
        tmp_path / f"update {number}",
        number,
        denomination_delete=[legal[0]],
        denomination_insert=[f'{legal[0]},"2","001","Renamed by {number}"'],
    )
    zipped(made, folder / f"KboOpenData_{number:04d}_2026_05_Update.zip")


async def test_everything_that_follows_is_taken_and_a_gap_is_told(
    database: Database,  # noqa: F811
    registry: ServerUrls,
    folder: Path,
    tmp_path: Path,
) -> None:
    told: list[tuple[int, int, str]] = []

    async def tell(done: int, total: int, message: str) -> None:
        told.append((done, total, message))

    assert await update_from_folder(database, folder, tell) == Updated(2, 8)
    assert told == [(0, 2, "extract 7"), (1, 2, "extract 8")]
    assert await update_from_folder(database, folder, tell) == Updated(0, 8)
    enterprises = lines_of(tmp_path / "full", "enterprise")
    put(folder, tmp_path, 10, enterprises)
    (folder / "KboOpenData_0011_2026_05_Update.zip").write_bytes(b"PK half a file")
    assert await update_from_folder(database, folder, tell) == Updated(0, 8)
    view = await get_register(Reading(database), has_folder=True)
    assert view.gap == (9, 9)
    assert {file.name[12:16]: file.state for file in view.files} == {
        "0007": "loaded", "0008": "loaded", "0010": "waiting", "0011": "unusable"
    }  # fmt: skip
    assert [(load.number, load.state) for load in view.loads] == [(8, "done"), (7, "done")]
    put(folder, tmp_path, 9, enterprises)
    assert await update_from_folder(database, folder, tell) == Updated(2, 10)
    number = next(line.split(",")[0] for line in enterprises[1:] if ',"2",' in line)
    assert (await card(database, number.strip('"'))).name == "Renamed by 10"


async def test_who_is_killed_in_an_update_is_begun_again_and_takes_nothing_twice(
    database: Database,  # noqa: F811
    registry: ServerUrls,
    folder: Path,
) -> None:
    script = (
        "import asyncio, os, sys\n"
        "from pathlib import Path\n"
        "from myriad.products.upswitch.registry.kbo import delta, updating\n"
        "from myriad.scale.data import Database, DatabaseSettings\n"
        "async def tell(done, total, message):\n"
        "    pass\n"
        "async def die(*arguments):\n"
        "    os.kill(os.getpid(), 9)\n"
        "delta._remake = die\n"
        "async def main():\n"
        "    settings = DatabaseSettings.model_validate_json(sys.argv[1])\n"
        "    database = Database(settings)\n"
        "    await database.open()\n"
        "    await updating.update_from_folder(database, Path(sys.argv[2]), tell)\n"
        "asyncio.run(main())\n"
    )
    urls = {
        "url": registry.database_url,
        "app_url": registry.app_url,
        "crossing_url": registry.crossing_url,
    }
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        script,
        json.dumps(urls),
        str(folder),
        env=os.environ.copy(),
        stderr=subprocess.DEVNULL,
    )
    assert await child.wait() == -signal.SIGKILL
    state = await get_registry_state(Reading(database))
    assert state.extract_number == 7
    assert await _begun_again(database, folder) == Updated(1, 8)
    states = "SELECT number, state FROM upswitch.kbo_load ORDER BY started_at"
    assert rows_of(registry, states) == [(7, "done"), (8, "interrupted"), (8, "done")]
    names = "SELECT count(*) FROM upswitch.kbo_denomination WHERE denomination = 'Renamed by 8'"
    assert rows_of(registry, names) == [(1,)]


async def _begun_again(database: Database, folder: Path) -> Updated:  # noqa: F811
    for _ in range(50):
        try:
            return await update_from_folder(database, folder, silent)
        except RegistryBusyError:  # The server has not yet noticed that the killed one is gone.
            await asyncio.sleep(0.1)
    raise AssertionError("the registry stays busy")


async def test_a_broken_update_is_told_and_those_before_it_stay(
    database: Database,  # noqa: F811
    registry: ServerUrls,
    folder: Path,
    tmp_path: Path,
) -> None:
    made = update(tmp_path / "broken", 9, denomination_delete=['"no number"'])
    zipped(made, folder / "KboOpenData_0009_2026_05_Update.zip")
    with pytest.raises(ExtractError, match=r"denomination_delete\.csv, line 2"):
        await update_from_folder(database, folder, silent)
    view = await get_register(Reading(database), has_folder=True)
    assert view.extracts[0].number == 8
    assert (view.loads[0].number, view.loads[0].state) == (9, "failed")
    assert "line 2" in view.loads[0].detail


async def test_only_one_looks_at_a_time(
    database: Database,  # noqa: F811
    folder: Path,
) -> None:
    async with registry_connection(database):
        with pytest.raises(RegistryBusyError):
            await update_from_folder(database, folder, silent)


async def test_the_register_of_the_demo_is_loaded_once_and_its_names_are_those_of_the_simulator(
    database: Database,  # noqa: F811
) -> None:
    seen: list[Any] = []
    loading = asyncio.create_task(fill_register(database, enterprises=2000, seed=3))
    while not loading.done():
        seen.append((await get_registry_state(Reading(database))).loading)
        await asyncio.sleep(0.02)
    assert await loading is True
    assert await fill_register(database, enterprises=2000, seed=3) is False
    assert any(each is not None for each in seen), "nobody saw the load"
    names = {number: name for number, name, _ in iter_named(2000, 3)}
    rows = await Reading(database).rows("SELECT number, name FROM upswitch.company LIMIT 50")
    assert [(row["number"], row["name"]) for row in rows] == [
        (row["number"], names[row["number"]]) for row in rows
    ]
