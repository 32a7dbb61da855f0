"""From a probability to a decision that a person can trust, read and undo.

The rules are Keeper's: a pair is linked without a person only when it is as good as certain, shares
an e-mail, a telephone or a card to the letter, and carries the same given and family name; likely
pairs are proposed; a conflict between facts vetoes; names alone decide nothing. Linking records into
one person is transitive, so a chain that would join two records in conflict is proposed, not linked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from myriad.products.keeper.matching.chains import LIKELY, names_only
from myriad.products.keeper.matching.columns import Indexes
from myriad.products.keeper.matching.evidence import Evidence, evidence_of
from myriad.products.keeper.matching.fields import FIELDS, STRONG_FIELDS
from myriad.products.keeper.matching.model import Scored
from myriad.products.keeper.matching.normalise import Interval, Record, full_birthday

PLACE_FIELDS = ("street_number", "address_line", "suburb", "postcode")


class Decision(StrEnum):
    """The state that a pair is put in; a person may later make it linked, rejected or undone."""

    AUTO_LINKED = "auto_linked"
    PROPOSED = "proposed"
    VETOED = "vetoed"


@dataclass(frozen=True, slots=True)
class Policy:
    """Where the lines are drawn.

    `propose_from` and `auto_from` are probabilities. `birthdays_veto` says that two different full
    birthdays cannot be one person; a list without it takes them as evidence only. `identity_links`
    lets a list that has no e-mail, telephone or card link pairs that agree to the letter on the
    given name, a full birthday and two parts of the address, and have the same family name but for
    one keystroke: twins differ in the first, father and son in the second, namesakes in the third.
    `prior_worth` is how many pairs our expectation counts for: a shop's customers are known to
    include couples and families, of a list from anywhere nothing is known.
    """

    propose_from: float = 0.70
    auto_from: float = 0.98
    birthdays_veto: bool = True
    identity_links: bool = False
    prior_worth: float = 4.0


KEEPER = Policy()
# A list of persons without contacts: listed when more likely one person than not. With calibrated
# probabilities p >= 1/2 makes the fewest wrong decisions whatever the data, and is within a hair of
# the cut with the best expected F1, which is F1/2 (Lipton, Elkan and Naryanaswamy 2014).
PERSONS_LIST = Policy(propose_from=0.50, birthdays_veto=False, identity_links=True, prior_worth=0.5)


@dataclass(frozen=True, slots=True)
class Link:
    """One decided pair: record ids in the order of the input, and why.

    `weight` is in bits (the sum of the evidence), `reason` is the sentence for people; a veto says
    which facts stand against each other.
    """

    left: str
    right: str
    weight: float
    probability: float
    decision: Decision
    reason: str
    evidence: tuple[Evidence, ...]


def decide(records: Sequence[Record], scored: Scored, policy: Policy = KEEPER) -> list[Link]:
    """Decide every scored pair that is worth a person's attention, the most probable first."""
    wanted = (scored.probability >= policy.propose_from) & ~names_only(scored)
    pairs = np.flatnonzero(wanted)
    order = np.lexsort((scored.right[pairs], scored.left[pairs], -scored.weight[pairs]))
    links = [_decide(records, scored, int(pair), policy) for pair in pairs[order]]
    return _without_conflicting_chains(records, links, policy)


def bridges(records: Sequence[Record], scored: Scored, policy: Policy) -> Indexes:
    """Return the numbers of the likely pairs that nothing forbids: what a chain may be made of."""
    likely = np.flatnonzero((scored.probability > LIKELY) & ~names_only(scored))
    free = [
        not conflict(records[a], records[b], policy)
        for a, b in zip(scored.left[likely], scored.right[likely], strict=True)
    ]
    return likely[np.array(free, dtype=np.bool_)]


def conflict(left: Record, right: Record, policy: Policy = KEEPER) -> str:
    """Say in words why two records cannot be one person, or "" when nothing forbids it."""
    first, second = full_birthday(left.birthday), full_birthday(right.birthday)
    if policy.birthdays_veto and first and second and first != second:
        return "they have two different birthdays"
    if left.generation and right.generation and left.generation != right.generation:
        return "one is the elder and one the younger of the same name"
    if _overlap(left.busy, right.busy):
        return "both were booked at the same time"
    return ""


def _overlap(left: Sequence[Interval], right: Sequence[Interval]) -> bool:
    """Say whether two lists of half-open intervals, each sorted by start, touch anywhere."""
    i = j = 0
    while i < len(left) and j < len(right):
        if left[i][0] < right[j][1] and right[j][0] < left[i][1]:
            return True
        if left[i][1] <= right[j][1]:
            i += 1
        else:
            j += 1
    return False


def _decide(records: Sequence[Record], scored: Scored, pair: int, policy: Policy) -> Link:
    left, right = records[int(scored.left[pair])], records[int(scored.right[pair])]
    against = conflict(left, right, policy)
    if against:
        decision, reason = Decision.VETOED, f"Not one person: {against}."
    else:
        probability = float(scored.probability[pair])
        decision, reason = _grade(records, scored, pair, probability, policy)
    return Link(
        left=left.id,
        right=right.id,
        weight=float(scored.weight[pair]),
        probability=float(scored.probability[pair]),
        decision=decision,
        reason=reason,
        evidence=evidence_of(scored, pair),
    )


def _grade(
    records: Sequence[Record], scored: Scored, pair: int, probability: float, policy: Policy
) -> tuple[Decision, str]:
    left, right = records[int(scored.left[pair])], records[int(scored.right[pair])]
    level = {field.name: field.levels[scored.levels[field.name][pair]].name for field in FIELDS}
    if scored.via[pair] >= 0:
        third = records[int(scored.via[pair])].id
        return Decision.PROPOSED, f"Both are one person with {third}."
    shared = [field for field in STRONG_FIELDS if level[field] == "exact"]
    if probability < policy.auto_from:
        return Decision.PROPOSED, "Likely one person, not certain."
    if not shared and not (policy.identity_links and _same_identity(left, level)):
        return (
            Decision.PROPOSED,
            "Almost certainly one person, but no e-mail, phone or card agrees.",
        )
    doubt = _doubt(left, right, level)
    if doubt:
        return Decision.PROPOSED, f"Almost certainly one person, but {doubt}."
    what = " and ".join(shared) if shared else "birthday and address"
    return Decision.AUTO_LINKED, f"Same names and same {what}."


def _doubt(left: Record, right: Record, level: dict[str, str]) -> str:
    """Say what a careful person would still ask about; relatives share an e-mail or a telephone.

    Twins have the same birthday and nearly the same given name, a father John a son Jack: so a
    short form counts only together with the same birthday, and a slip in a given name never does.
    """
    same_birthday = level["birthday"] == "exact" and full_birthday(left.birthday) is not None
    if level["given"] != "exact" and not (level["given"] == "nickname" and same_birthday):
        return "the given names are not surely the same"
    if level["family"] not in ("exact", "slip"):
        return "the family names are not surely the same"
    if left.generation != right.generation:
        return "only one of them is called junior or senior"
    if level["birthday"] not in ("exact", "yearless", "unknown"):
        return "the birthdays are not the same"
    return ""


def _same_identity(left: Record, level: dict[str, str]) -> bool:
    """Agree to the letter on the given name, a full birthday and two parts of the address."""
    places = sum(level[field] == "exact" for field in PLACE_FIELDS)
    born = level["birthday"] == "exact" and full_birthday(left.birthday) is not None
    return born and places >= 2 and level["given"] == "exact"


def _without_conflicting_chains(
    records: Sequence[Record], links: list[Link], policy: Policy
) -> list[Link]:
    """Take back automatic links that would, together, make one person of records in conflict."""
    by_id = {record.id: record for record in records}
    automatic = [(k.left, k.right) for k in links if k.decision is Decision.AUTO_LINKED]
    groups = clusters(automatic)
    against = {(a, b) for k in links if k.decision is Decision.VETOED for a, b in _both(k)}
    torn = [g for g in groups if _in_conflict([by_id[i] for i in g], against, policy)]
    doubtful = {record for group in torn for record in group}
    return [_taken_back(k) if k.left in doubtful else k for k in links]


def _both(link: Link) -> Iterator[tuple[str, str]]:
    yield link.left, link.right
    yield link.right, link.left


def _in_conflict(group: Sequence[Record], against: set[tuple[str, str]], policy: Policy) -> bool:
    return any(
        (one.id, other.id) in against or conflict(one, other, policy)
        for place, one in enumerate(group)
        for other in group[place + 1 :]
    )


def _taken_back(link: Link) -> Link:
    if link.decision is not Decision.AUTO_LINKED:
        return link
    return Link(
        left=link.left,
        right=link.right,
        weight=link.weight,
        probability=link.probability,
        decision=Decision.PROPOSED,
        reason="Almost certainly one person, but the chain of links would join two who are not.",
        evidence=link.evidence,
    )


def clusters(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Return the connected groups of linked ids, each sorted, in the order of their first ids.

    A pure function of the pairs: leaving a pair out gives the groups as if it had never been there,
    which is how undo is exact. Ids without a link are in no group.
    """
    parent: dict[str, str] = {}
    for left, right in pairs:
        first, second = _root(parent, left), _root(parent, right)
        # The smaller id leads, so that the groups do not depend on the order of the pairs.
        parent[max(first, second)] = min(first, second)
    groups: dict[str, list[str]] = {}
    for record in sorted(parent):
        groups.setdefault(_root(parent, record), []).append(record)
    return [tuple(group) for group in groups.values()]


def _root(parent: dict[str, str], record: str) -> str:
    parent.setdefault(record, record)
    while parent[record] != record:
        parent[record] = parent[parent[record]]
        record = parent[record]
    return record
