"""Where a conversation stands: what was asked last, and what nobody knew.

It is forgotten 24 hours after its last use; the facts are not.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Live(msgspec.Struct, frozen=True):
    """`asked` waits for an answer of `period`; `typed` waits for one of `units`.

    `proposed` are (key, period) that a model has understood and a person may say yes to.
    `before_minor` is what the company was worth, in minor units, before the last change.
    """

    asked: str = ""
    period: str = ""
    typed: float | None = None
    units: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    proposed: tuple[tuple[str, str], ...] = ()
    before_minor: int | None = None


def read_live(stored: dict[str, Any], *, is_expired: bool = False) -> Live:
    """Return where a conversation stands; an expired one begins anew."""
    return Live() if is_expired else msgspec.convert(stored, Live)


def write_live(live: Live) -> dict[str, Any]:
    """Return what is stored of it."""
    stored: dict[str, Any] = msgspec.to_builtins(live)
    return stored
