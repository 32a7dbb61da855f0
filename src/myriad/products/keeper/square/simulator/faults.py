"""The troubles that only Square has."""

from __future__ import annotations

from dataclasses import dataclass

from myriad.scale.simulator.faults import Faults


@dataclass
class SquareFaults(Faults):
    """Faults of requests under /v2.

    `only_merchant` spares every other seller; `empty_pages` overrides the share of empty pages in
    front of others.
    """

    only_merchant: str = ""
    empty_pages: float | None = None
