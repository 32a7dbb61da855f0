"""Which customer records are one person: pure functions, no database."""

from __future__ import annotations

from myriad.products.keeper.matching.changed import (
    Again,
    Base,
    base_of,
    compare_changed,
    find_changed,
)
from myriad.products.keeper.matching.decide import (
    KEEPER,
    PERSONS_LIST,
    Decision,
    Link,
    Policy,
    clusters,
    conflict,
)
from myriad.products.keeper.matching.evidence import Evidence
from myriad.products.keeper.matching.linkage import (
    Compared,
    Linkage,
    compare_records,
    link,
    settle,
)
from myriad.products.keeper.matching.model import Model
from myriad.products.keeper.matching.normalise import Record, record

__all__ = [
    "KEEPER",
    "PERSONS_LIST",
    "Again",
    "Base",
    "Compared",
    "Decision",
    "Evidence",
    "Link",
    "Linkage",
    "Model",
    "Policy",
    "Record",
    "base_of",
    "clusters",
    "compare_changed",
    "compare_records",
    "conflict",
    "find_changed",
    "link",
    "record",
    "settle",
]
