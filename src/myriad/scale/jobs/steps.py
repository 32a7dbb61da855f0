"""Memoised steps of a job: what was done once is not done again after a crash."""

from __future__ import annotations

import json
from typing import Any

from myriad.kit.errors import InvalidInputError
from myriad.scale.jobs.errors import ResultNotJsonError

LONGEST_NAME = 200
# The nameless step is the job's own result.
RESULT = ""


def checked_name(name: str) -> str:
    """Return `name`, or raise InvalidInputError unless it has 1 to 200 characters."""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidInputError(f"a step's name has 1 to {LONGEST_NAME} characters, not {name!r}")
    return name


def as_result(value: Any) -> str:
    """Return `value` as JSON text, or raise ResultNotJsonError, which no retry can cure."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=True)
    except (TypeError, ValueError, RecursionError) as error:
        raise ResultNotJsonError(f"a result must be JSON: {error}") from None
    if "\\u0000" in text:
        raise ResultNotJsonError("a result must not hold the character NUL, which jsonb refuses")
    return text
