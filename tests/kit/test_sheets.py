import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.kit.sheets import safe_cell


@given(st.text(min_size=1))
def test_no_cell_begins_a_formula(text: str) -> None:
    cell = safe_cell(text)
    assert cell[0] not in "=@-\t\r\n"
    assert cell.removeprefix("'") == text.removeprefix("'") or cell == text


@pytest.mark.parametrize(
    ("text", "cell"),
    [("+12155550199", "+12155550199"), ("+1+1", "'+1+1"), ("=A1", "'=A1"), ("Anna", "Anna")],
)
def test_a_phone_number_stays_a_number(text: str, cell: str) -> None:
    assert safe_cell(text) == cell
