"""Which companies the simulated registers know by name: the first of a simulated extract."""

from __future__ import annotations

from myriad.products.upswitch.registry.kbo.simulator import iter_named


def names_of(enterprises: int, seed: int) -> dict[int, tuple[str, str]]:
    """Return the name and the seat of the first `enterprises` of the extract of that seed."""
    return {number: (name, seat) for number, name, seat in iter_named(enterprises, seed)}
