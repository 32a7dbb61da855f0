"""From a list of persons to a list of pairs, file to file, with nothing half-written."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.matching.decide import (
    KEEPER,
    PERSONS_LIST,
    Decision,
    Link,
    Policy,
)
from myriad.products.keeper.matching.linkage import Progress, link
from myriad.products.keeper.matching.normalise import Record
from myriad.products.keeper.matching.persons_csv import read_persons

HEADER = ("left_id", "right_id", "probability", "weight", "match", "auto", "decision", "reasons")


class PairsFileError(InvalidInputError):
    """The list of pairs cannot be written where it was asked for."""

    code = "pairs_file"
    title = "The list of pairs cannot be written"


@dataclass(frozen=True, slots=True)
class MatchSummary:
    """What `match_csv` did: sizes, pairs per decision, and what it could not read or thinned out."""

    profile: str
    persons: int
    compared: int
    auto_linked: int
    proposed: int
    vetoed: int
    unread: dict[str, int]
    thinned: tuple[str, ...]


def policy_for(records: Sequence[Record]) -> Policy:
    """Return Keeper's rules for a list with contacts, and the rules for plain lists otherwise."""
    has_contact = any(r.email or r.phone or r.cards for r in records)
    return KEEPER if has_contact else PERSONS_LIST


def match_csv(
    persons: Path,
    out: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    country: str = "US",
    propose_from: float | None = None,
    progress: Progress | None = None,
) -> MatchSummary:
    """Find the duplicates in a list of persons and write them to `out`, the most probable first.

    Columns of `out`: left_id, right_id, probability, weight (bits), match (yes when more likely one
    person than not and nothing vetoes), auto (yes when safe to link without looking), decision
    (auto_linked, proposed, vetoed), reasons. Pairs below `propose_from` are left out; by default it
    is 0.70 for a list with contacts and 0.50 without. Raises PersonsFileError and PairsFileError,
    and in either case leaves `out` as it was.
    """
    _check_target(persons, out)
    told = progress or (lambda message, done, total: None)
    source = read_persons(persons, mapping, country, told)
    policy = policy_for(source.records)
    if propose_from is not None:
        policy = replace(policy, propose_from=propose_from)
    found = link(source.records, policy, told)
    write_pairs(found.links, out)
    tally = {d: sum(pair.decision is d for pair in found.links) for d in Decision}
    return MatchSummary(
        profile=source.profile,
        persons=found.records,
        compared=found.compared,
        auto_linked=tally[Decision.AUTO_LINKED],
        proposed=tally[Decision.PROPOSED],
        vetoed=tally[Decision.VETOED],
        unread=source.unread,
        thinned=tuple(f"{t.key} ({t.records} records)" for t in found.thinned),
    )


def _check_target(persons: Path, out: Path) -> None:
    if out.is_dir():
        raise PairsFileError(f"{out} is a folder: expected the path of a file to write.")
    if not out.parent.is_dir():
        raise PairsFileError(f"The folder {out.parent} does not exist: make it, or choose another.")
    if out.exists() and persons.exists() and out.samefile(persons):
        raise PairsFileError(f"{out} is the list of persons itself: choose another path for --out.")


def write_pairs(links: Sequence[Link], out: Path) -> None:
    """Write the pairs to a temporary file beside `out`, then put it in place in one step."""
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            writer.writerows(_row(pair) for pair in links)
        part.replace(out)
    except OSError as error:
        raise PairsFileError(f"{out} cannot be written ({error.strerror}).") from error
    finally:
        part.unlink(missing_ok=True)


def _row(pair: Link) -> tuple[str, ...]:
    vetoed = pair.decision is Decision.VETOED
    return (
        pair.left,
        pair.right,
        f"{pair.probability:.6f}",
        f"{pair.weight:.2f}",
        "yes" if pair.probability >= 0.5 and not vetoed else "no",
        "yes" if pair.decision is Decision.AUTO_LINKED else "no",
        pair.decision.value,
        f"{pair.reason} {'; '.join(str(evidence) for evidence in pair.evidence)}",
    )
