"""Columns that are sent in PostgreSQL's own form arrive as what they are."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
import pytest

from myriad.kit.ids import new_id
from myriad.scale.data import BinaryArray
from myriad.scale.embedded.servers import ServerUrls

NUMBERS = {
    "int4": (-(1 << 31) + 1, 0, None, (1 << 31) - 1),
    "int8": (-(1 << 62), None, None, (1 << 53) + 1),
    "float8": (0.1, -1e300, None, 5e-324),
}


def returned(urls: ServerUrls, array: BinaryArray, kind: str) -> list[object]:
    """Return what PostgreSQL makes of an array."""
    with psycopg.connect(urls.app_url) as connection:
        row = connection.execute(f"SELECT array_to_json(%s::{kind}[])", [array]).fetchone()
    assert row is not None
    found: list[object] = row[0]
    return found


@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("kept", ["nothing", "known", "every"])
def test_numbers_and_null_arrive_exactly(database_urls: ServerUrls, kind: str, kept: str) -> None:
    """Smallest and largest numbers, with NULL among them, without, and none at all."""
    values: Sequence[float | None] = {
        "nothing": (),
        "known": [value for value in NUMBERS[kind] if value is not None],
        "every": NUMBERS[kind],
    }[kept]
    array = BinaryArray.of_numbers(values, kind)  # type: ignore[arg-type]
    assert returned(database_urls, array, kind) == list(values)


def test_words_ids_and_documents_arrive_as_they_are(database_urls: ServerUrls) -> None:
    """Quotes, braces, commas and letters of all kinds are nothing special."""
    words = ["", 'a "b" \\ {c,d}', "é\n", "NULL"]
    text = BinaryArray.of_bytes([word.encode() for word in words], "text")
    assert returned(database_urls, text, "text") == words
    who = [new_id() for _ in range(3)]
    ids = BinaryArray.of_bytes([each.bytes for each in who], "uuid")
    assert returned(database_urls, ids, "uuid") == [str(each) for each in who]
    documents = BinaryArray.of_bytes([b'{"a": [1, null]}', b'"b"'], "jsonb")
    assert returned(database_urls, documents, "jsonb") == [{"a": [1, None]}, "b"]


def test_not_a_number_is_null_and_too_large_is_refused(database_urls: ServerUrls) -> None:
    """As in what is sent as JSON; a number is never cut."""
    unknown = BinaryArray.of_numbers([float("nan"), 1.5], "float8")
    assert returned(database_urls, unknown, "float8") == [None, 1.5]
    for value, kind in ((1 << 31, "int4"), (1 << 63, "int8")):
        with pytest.raises(OverflowError):
            BinaryArray.of_numbers([value], kind)  # type: ignore[arg-type]
