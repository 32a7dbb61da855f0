"""Names are found however people in three languages type them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.products.upswitch.registry.kbo.delta import apply_update
from myriad.products.upswitch.registry.kbo.loading import load_full
from myriad.products.upswitch.registry.kbo.simulator import printed, write_extract
from myriad.products.upswitch.registry.searching import readings
from myriad.scale.data import Database
from tests.products.upswitch.registry.test_loading import (
    database,  # noqa: F401 - a fixture
    search,
    update,
)

NAMES = (
    "Bäckerei Müller & Söhne",
    "L'Atelier d'Émile",
    "A.B.C. Construct",
    "Peeters",
    "Peeters Sanitair",
    "Œuvres de Liège",
    "Straße und Brücke",
)
MIGRATION = import_module("myriad.products.upswitch.migrations.versions.0007_initials")


@given(st.text(max_size=40))
def test_what_was_typed_comes_first_and_nothing_is_asked_twice(query: str) -> None:
    found = readings(query)
    assert found[0].text == " ".join(query.split())
    texts = [each.text.lower() for each in found]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("bakkerij jan bv", ["bakkerij jan bv", "bakkerij jan"]),
        ("Bakkerij Jan N.V.", ["Bakkerij Jan N.V.", "Bakkerij Jan NV", "Bakkerij Jan"]),
        ("sa", ["sa"]),
        ("peeters", ["peeters"]),
        ("Dupont & fils SRL", ["Dupont & fils SRL", "Dupont fils"]),
    ],
)
def test_legal_forms_and_initials_are_read_both_ways(typed: str, expected: list[str]) -> None:
    assert [each.text for each in readings(typed) if not each.is_last_resort] == expected


async def test_accents_legal_forms_and_spellings_do_not_hide_a_company(
    database: Database,  # noqa: F811
    tmp_path: Path,
) -> None:
    extract = tmp_path / "extract"
    write_extract(extract, enterprises=40, number=1)
    await load_full(database, extract)
    numbers = [printed(11_000_003 + 7 * place) for place in range(len(NAMES))]
    await apply_update(
        database,
        update(
            tmp_path / "update",
            2,
            enterprise_insert=[f'"{each}","AC","000","2","610",,01-01-2001' for each in numbers],
            denomination_insert=[
                f'"{number}","2","001","{name}"'
                for number, name in zip(numbers, NAMES, strict=True)
            ],
        ),
    )
    for typed, expected in (
        ("backerei muller", NAMES[0]),
        ("Baeckerei Mueller", NAMES[0]),
        ("BÄCKEREI MÜLLER GmbH", NAMES[0]),
        ("muller und sohne", NAMES[0]),
        ("atelier emile srl", NAMES[1]),
        ("l’atelier d’émile", NAMES[1]),  # noqa: RUF001 - as phones type it
        ("a.b.c. construct", NAMES[2]),
        ("ABC Construct", NAMES[2]),
        ("abc", NAMES[2]),
        ("Oeuvres de Liege ASBL", NAMES[5]),
        ("strasse brucke", NAMES[6]),
        (f"BE {numbers[3]}", NAMES[3]),
        (numbers[3].replace(".", " "), NAMES[3]),
    ):
        rows = (await search(database, typed)).rows
        assert rows, typed
        assert rows[0].name == expected, typed
    assert (await search(database, "zzzz")).rows == ()
    both = [row.name for row in (await search(database, "peeters sa")).rows]
    assert both == [NAMES[4], NAMES[3]], "a legal form may be the beginning of a word"


async def test_initials_of_names_that_were_loaded_before_are_found_without_their_dots(
    database: Database,  # noqa: F811
    tmp_path: Path,
) -> None:
    """The migration makes the words that a load makes, and no others."""
    extract = tmp_path / "extract"
    write_extract(extract, enterprises=40, number=1)
    await load_full(database, extract)
    number, name = printed(12_000_007), "Immo A.B.C. & Cie"
    change = update(
        tmp_path / "update",
        2,
        enterprise_insert=[f'"{number}","AC","000","2","610",,01-01-2001'],
        denomination_insert=[f'"{number}","2","001","{name}"'],
    )
    await apply_update(database, change)
    async with database.crossing("test takes back what the load has made") as session:
        connection = await session.connection()
        for statement in (
            "DELETE FROM upswitch.company_term WHERE term = 'abc'",
            "UPDATE upswitch.company SET words = array_remove(words, 'abc')",
        ):
            await connection.exec_driver_sql(statement)
    assert (await search(database, "immo abc")).rows == ()
    before = await words(database)
    async with database.crossing("test runs the migration's statement") as session:
        connection = await session.connection()
        await connection.exec_driver_sql(MIGRATION.WORDS)
    assert [row.name for row in (await search(database, "immo abc")).rows] == [name]
    after = await words(database)
    changed = {each: after[each] for each in after if after[each] != before[each]}
    assert list(changed.values()) == [{"immo", "a", "b", "c", "abc", "cie"}]


async def words(database: Database) -> dict[int, set[str]]:  # noqa: F811
    """Return the words under which each company stands."""
    rows = await database.crossing_rows("test looks", "SELECT number, words FROM upswitch.company")
    return {row["number"]: set(row["words"]) for row in rows}
