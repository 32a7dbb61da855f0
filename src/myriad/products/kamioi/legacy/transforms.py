"""What the mapping file calls: the words of the old Kamioi in those of the new one, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from myriad.products.kamioi.mapping.normalising import Normal, clean, normalize
from myriad.scale.data.migrate.errors import ValueRefusedError

_STATES = {"completed": "posted", "pending": "pending", "cancelled": "removed", "failed": "removed"}
_WORDS = {"posted": "completed", "pending": "pending", "removed": "cancelled", "expired": "failed"}
# A hundred million purchases have about a million and a half strings; the head of them is enough.
_normal = lru_cache(maxsize=500_000)(normalize)


def _known(raw: Any) -> Normal:
    if not isinstance(raw, str):
        raise ValueRefusedError("no text where a statement's string belongs")
    if "\x00" in raw:
        raise ValueRefusedError("a zero character, which PostgreSQL's text cannot hold")
    return _normal(raw)


def _raw(value: Any) -> str:
    _known(value)
    return clean(value)


def _purchase_state(word: Any) -> str:
    try:
        return _STATES[word]
    except (KeyError, TypeError):
        raise ValueRefusedError(f"a status that is none of {', '.join(_STATES)}") from None


def _kind(amount: Any) -> str:
    if not isinstance(amount, int | float):
        raise ValueRefusedError("text where an amount belongs")
    return "refund" if amount < 0 else "purchase"


def _member_state(is_active: Any) -> str:
    if is_active not in (0, 1) or isinstance(is_active, float):
        raise ValueRefusedError("neither 0 nor 1 where true or false belongs")
    return "active" if is_active else "closed"


CALLS: Mapping[str, Callable[[Any], Any]] = {
    "norm": lambda raw: _known(raw).norm,
    "processor": lambda raw: _known(raw).processor,
    "raw": _raw,
    "as_it_is": lambda value: value,
    "purchase_state": _purchase_state,
    "status_word": _WORDS.__getitem__,
    "kind": _kind,
    "member_state": _member_state,
    "active_word": lambda state: int(state == "active"),
    "legacy_id": lambda key: f"legacy-{key}",
}
