import pytest

from myriad.scale.data.queries import NamedQueries, UnknownQueryError, split_queries


def test_each_name_line_begins_a_query() -> None:
    texts = split_queries("-- a file\n-- name: one\nSELECT 1;\n\n-- name: two\nSELECT 2\n")
    assert texts == {"one": "SELECT 1;", "two": "SELECT 2"}


def test_an_unknown_query_names_those_that_exist() -> None:
    with pytest.raises(UnknownQueryError, match="one"):
        NamedQueries({"one": "SELECT 1"})["three"]
