"""`./myriad db migrate`, as an operator types it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest

from myriad.apps.cli.frame import main
from myriad.scale.embedded.servers import ServerUrls

_MAPPING = """
[migration]
name = "{name}"
chunk_rows = 100
[[table]]
source = "things"
target = "public.{name}"
key = ["id"]
[table.columns]
id = {{ from = "id", type = "bigint" }}
owner = {{ constant = "{{{{owner}}}}", type = "text" }}
is_old = {{ from = "old", type = "boolean" }}
"""


@pytest.fixture
def name(database_urls: ServerUrls) -> Iterator[str]:
    """An empty table of its own, gone afterwards: other tests look at every table there is."""
    name = f"things_{token_hex(5)}"
    with psycopg.connect(database_urls.database_url, autocommit=True) as owner:
        owner.execute(
            f"CREATE TABLE public.{name} (id bigint PRIMARY KEY, owner text, is_old boolean)".encode()
        )
        owner.execute(f"GRANT ALL ON public.{name} TO myriad_crossing".encode())
        yield name
        owner.execute(f"DROP TABLE public.{name}".encode())


def test_a_file_is_moved_from_a_terminal_by_two_processes(
    tmp_path: Path, database_urls: ServerUrls, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(tmp_path / "old.db") as old:
        old.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, old)")
        old.executemany("INSERT INTO things VALUES (?, ?)", [(n, n % 2) for n in range(1, 350)])
        old.execute("INSERT INTO things VALUES (400, 'maybe'), (401, CAST(x'ff41' AS TEXT))")
    (tmp_path / "map.toml").write_text(_MAPPING.format(name=name))

    def run(step: str, *more: str) -> tuple[int, dict[str, object]]:
        line = [str(tmp_path / "map.toml"), str(tmp_path / "old.db"), "--set", "owner=me"]
        where = ["--url", database_urls.crossing_url, "--json", "--home", str(tmp_path)]
        code = main(["db", "migrate", step, *line, *where, *more])
        return code, json.loads(capsys.readouterr().out or "{}")

    assert run("backfill")[0] == 2
    begun = run("begin")[1]
    assert begun["phase"] == "dual_write"
    assert begun["obstacle"] == "the way on from dual_write is the step `backfill`"
    assert run("backfill")[1] == {"rows": 351}
    assert [run("verify", "--workers", "1")[0] for _ in range(2)] == [0, 0]
    kept = run("rows")[1]["rows"]
    assert isinstance(kept, list)
    assert [one["row_id"] for one in kept] == [400, 401]
    # Said twice, as after a step that was killed, it goes on once.
    for _ in range(2):
        assert run("advance", "--to", "shadow_read") == (0, {"phase": "shadow_read"})
    assert run("advance", "--to", "pg_primary")[0] == 2
    assert run("status")[1]["lag_seconds"] == 0
    assert run("rollback") == (0, {"phase": "off"})
