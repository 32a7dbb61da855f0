"""Single values as they go back, and as they are compared."""

from __future__ import annotations

import json

import pytest

from myriad.scale.data.migrate.back import find_back
from myriad.scale.data.migrate.mapping import ColumnMap
from myriad.scale.data.migrate.verifying import plain


@pytest.mark.parametrize("value", ["word", "[1]", 5, True, [1, "a"], {"a": None}], ids=repr)
def test_a_document_goes_back_as_the_json_that_it_was(value: object) -> None:
    back = find_back(ColumnMap.model_validate({"from": "facts", "type": "jsonb"}), {}, {})
    assert back is not None
    said = back(value)
    assert json.loads(said) == value
    assert plain(said, is_document=True) == value


def test_a_text_that_looks_like_a_document_is_compared_as_it_is_written() -> None:
    assert plain("[1, 2]", is_document=False) != plain("[1,2]", is_document=False)
