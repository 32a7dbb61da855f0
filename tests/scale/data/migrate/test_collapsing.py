"""Of many rows of one key the best stays, in whichever chunk it came."""

from __future__ import annotations

import psycopg
from psycopg import sql

from myriad.scale.data.migrate.collapsing import collapsing, uncovered
from myriad.scale.data.migrate.mapping import TableMap
from myriad.scale.embedded.servers import ServerUrls

TABLE = TableMap.model_validate(
    {
        "source": "guesses",
        "target": "best_guess",
        "key": ["word"],
        "collapse": True,
        "best": "sure",
        "columns": {
            "word": {"from": "word", "type": "text"},
            "sure": {"from": "sure", "type": "integer"},
        },
    }
)


def test_a_row_without_the_value_that_decides_gives_way_to_one_that_has_it(
    database_urls: ServerUrls,
) -> None:
    name, stage = sql.Identifier("pg_temp", "best_guess"), sql.Identifier("pg_temp", "stage")
    with psycopg.connect(database_urls.crossing_url) as new:
        new.execute("CREATE TEMP TABLE best_guess (word text PRIMARY KEY, sure integer)")
        new.execute("CREATE TEMP TABLE stage (word text, sure integer, myriad_place integer)")
        new.execute("INSERT INTO best_guess VALUES ('a', NULL), ('b', 5), ('c', NULL)")
        new.execute(
            "INSERT INTO stage VALUES ('a', 3, 1), ('b', NULL, 2), ('b', 4, 3), ('c', NULL, 4)"
        )
        assert new.execute(uncovered(TABLE, name, stage)).fetchall() == [(1,)]
        new.execute(collapsing(TABLE, name, stage))
        kept = new.execute("SELECT word, sure FROM best_guess ORDER BY word").fetchall()
        assert kept == [("a", 3), ("b", 5), ("c", None)]
        assert new.execute(uncovered(TABLE, name, stage)).fetchall() == [(0,)]
