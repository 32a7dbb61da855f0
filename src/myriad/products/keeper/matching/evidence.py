"""Why a pair has its weight, in words: one line per field that says anything."""

from __future__ import annotations

from dataclasses import dataclass

from myriad.products.keeper.matching.compare import EXACT, UNKNOWN
from myriad.products.keeper.matching.fields import FIELDS
from myriad.products.keeper.matching.model import Scored

# Below a tenth of a bit nobody can see the difference.
SILENT_BITS = 0.05


@dataclass(frozen=True, slots=True)
class Evidence:
    """One field's say: its level, its words and its weight in bits (positive speaks for a link).

    The words never repeat what is in the records, so that evidence outlives an erased customer
    without a trace of him. The weights of a pair's evidence add up to the pair's weight.
    """

    field: str
    level: str
    words: str
    weight: float

    def __str__(self) -> str:
        return f"{self.words} ({self.weight:+.1f})"


def evidence_of(scored: Scored, pair: int) -> tuple[Evidence, ...]:
    """Return the evidence for pair number `pair`, the strongest first circumstances last."""
    told = []
    for field in FIELDS:
        number = int(scored.levels[field.name][pair])
        if number != UNKNOWN:
            weight = float(scored.bits[field.name][pair])
            level = field.levels[number]
            words = level.words
            if field.by_value and number == EXACT and weight < 0:
                words = f"{words}, a common one"
            told.append(Evidence(field.name, level.name, words, weight))
    told.sort(key=lambda evidence: (-abs(evidence.weight), evidence.field))
    moved = float(scored.moved_bits[pair])
    if moved > SILENT_BITS:
        told.append(Evidence("moved", "moved", "people move house", moved))
    chain = float(scored.chain_bits[pair])
    if chain > SILENT_BITS:
        told.append(Evidence("chain", "implied", "both are one person with a third record", chain))
    household = float(scored.household_bits[pair])
    if household < -SILENT_BITS:
        words = "all of which one household may share"
        told.append(Evidence("household", "shared", words, household))
    return tuple(told)
