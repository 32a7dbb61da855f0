"""What a job's row keeps of an error: enough to act on, no secrets, bounded in length."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

from myriad.kit.errors import MyriadError
from myriad.scale.observe.logs import without_row_values

_DETAIL_LENGTH = 500


def describe(error: BaseException) -> dict[str, Any]:
    """Return type, code, detail and place of `error`, as JSON."""
    return {
        "type": type(error).__name__,
        "code": error.code if isinstance(error, MyriadError) else "unexpected_error",
        "detail": without_row_values(str(error))[:_DETAIL_LENGTH],
        "where": _where(error),
    }


def _where(error: BaseException) -> str | None:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return None
    ours = [frame for frame in frames if "myriad" in Path(frame.filename).parts]
    frame = (ours or frames)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}"
