"""No value of a statement is shown, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.scale.data.lint import without_literals


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("SELECT * FROM t1 WHERE a = 'it''s' AND b = 4.5e-3", "SELECT * FROM t1 WHERE a = ? AND b = ?"),
        ("SELECT 'a\\' , 'b'", "SELECT ?, …"),
        ("SELECT E'a\\'b', x", "SELECT ?, x"),
        ("SELECT $$secret$$ || $tag$se$$cret$tag$", "SELECT ? || ?"),
        ("SELECT $1, \"Odd 7\" -- secret\nFROM kamioi.purchase_p2026_11", 'SELECT $1, "Odd 7" FROM kamioi.purchase_p2026_11'),
        ("SELECT /* secret */ 0xFF, U&'d', .5", "SELECT ?, …"),
        ("WHERE id IN (1, 2,3)", "WHERE id IN (?, …)"),
        ("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')", "INSERT INTO t VALUES (?, …), …"),
        ("SELECT name FROM t WHERE name = 'cut off in the mid", "SELECT name FROM t WHERE name = ?"),
        ("SELECT 1 /* cut off", "SELECT ?"),
    ],
    ids=lambda value: value[:24],
)  # fmt: skip
def test_values_go_and_names_stay(statement: str, shown: str) -> None:
    assert without_literals(statement) == shown


@given(
    st.text(alphabet="ab'\\$é\" \n-/*9", max_size=20),
    st.sampled_from(["", "E"]),
    st.integers(0, 30),
)
def test_a_quoted_value_never_shows_even_cut_off(secret: str, prefix: str, cut: int) -> None:
    body = "SECRET" + secret
    escaped = body.replace("\\", "\\\\") if prefix else body
    statement = "SELECT x FROM t WHERE y = {}'{}' AND z = 1".format(
        prefix, escaped.replace("'", "''")
    )
    assert without_literals(statement) == "SELECT x FROM t WHERE y = ? AND z = ?"
    assert "SECRET" not in without_literals(statement[: len(statement) - cut])
