"""Whose visit a review is about: name, date and what the text mentions, as one probability.

By Bayes' rule over all who came in the weeks before, and "somebody else". Before the name is
looked at, the author is among the visitors with profiles with `AMONG_VISITORS`, and a visit k days
before the review weighs exp(-k / 10). The name then counts by how rare it is: if the person wrote
it, it agrees as `AGREES` says; a stranger has it by chance as often as its parts are found among
the visitors, with a floor. A text that names a service or a member of staff of the visit makes it
two and four times as likely. Two visitors of one name share what speaks for the name, so that a
common name alone leads to nobody. The shares are judgement, not measured: no account has yet said
who wrote what.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from math import exp
from uuid import UUID

from rapidfuzz.distance import JaroWinkler

from myriad.products.keeper.matching.nicknames import are_nicknames
from myriad.products.keeper.matching.normalise import name as normalise_name
from myriad.products.keeper.matching.normalise import text as normalise_text

WINDOW_DAYS = 60
DECAY_DAYS = 10.0
# Written the day before the visit: the two were dated in different zones.
AHEAD_DAYS = 1
AMONG_VISITORS = 0.7
LEAST_PROBABILITY = 0.5
AGREES = {"same": 0.7, "close": 0.12}
OTHERWISE = 0.18
SERVICE_NAMED, STAFF_NAMED = 2.0, 4.0
RAREST_GIVEN, RAREST_FAMILY = 1 / 500, 1 / 2_000
CLOSE = 0.92
_LEAST_LETTERS = 3


@dataclass(frozen=True, slots=True)
class Visit:
    """Who came on a day: a person's names as the profiles have them, services and staff."""

    person: UUID
    day: date
    names: tuple[str, ...]
    services: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """The most likely person, the day of the visit, the probability, and what speaks for it."""

    person: UUID
    day: date
    probability: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How an author's name agrees with a person's: "same" or "close", and a stranger's chance."""

    level: str
    by_chance: float
    reason: str

    @property
    def ratio(self) -> float:
        """How much likelier the name is if the person wrote it than if a stranger did."""
        return AGREES[self.level] / min(self.by_chance, 1.0)


@dataclass(frozen=True)
class Visitors:
    """All visits that reviews may be about, with how common each name is among the visitors."""

    visits: tuple[Visit, ...]
    _cache: dict[str, list[UUID]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def _names(self) -> dict[UUID, frozenset[tuple[str, ...]]]:
        found: dict[UUID, set[tuple[str, ...]]] = defaultdict(set)
        for person, typed in {(v.person, name) for v in self.visits for name in v.names}:
            found[person].add(_parts(typed))
        return {person: frozenset(names - {()}) for person, names in found.items()}

    @cached_property
    def _given(self) -> Counter[str]:
        return Counter(g for names in self._names.values() for g in {n[0] for n in names})

    @cached_property
    def _family(self) -> Counter[str]:
        return Counter(
            f for names in self._names.values() for f in {n[-1] for n in names if len(n) > 1}
        )

    @cached_property
    def _per_day(self) -> Counter[date]:
        return Counter(visit.day for visit in self.visits)

    @cached_property
    def _visits_of(self) -> dict[UUID, list[Visit]]:
        found: dict[UUID, list[Visit]] = defaultdict(list)
        for visit in self.visits:
            found[visit.person].append(visit)
        return found

    @cached_property
    def _persons_by_given(self) -> dict[str, set[UUID]]:
        found: dict[str, set[UUID]] = defaultdict(set)
        for person, names in self._names.items():
            for name in names:
                found[name[0]].add(person)
        return found

    def find(self, author: str | None, day: date, text: str = "") -> Match | None:
        """Return the likeliest visit behind a review of `day`, or None below one half.

        A review without a usable name is nobody's.
        """
        total = sum(_weight(day, other) * n for other, n in self._around(day))
        if total <= 0:
            return None
        claims = [
            _Claim(visit, _weight(day, visit.day) / total, agreement, *_mentioned(visit, text))
            for person, agreement in self._agreeing(_parts(author or "")).items()
            for visit in self._visits_of[person]
            if _weight(day, visit.day) > 0
        ]
        return _decide(claims, day)

    def _around(self, day: date) -> list[tuple[date, int]]:
        days = (day - timedelta(days=n) for n in range(-AHEAD_DAYS, WINDOW_DAYS + 1))
        return [(other, self._per_day[other]) for other in days if other in self._per_day]

    def _agreeing(self, author: tuple[str, ...]) -> dict[UUID, Agreement]:
        if not author or not any(len(part) > 1 for part in author):
            return {}
        found: dict[UUID, Agreement] = {}
        for person in self._alike(author[0]):
            agreements = [self._agreement(author, name) for name in self._names[person]]
            usable = [agreement for agreement in agreements if agreement]
            if usable:
                found[person] = max(usable, key=lambda agreement: agreement.ratio)
        return found

    def _alike(self, given: str) -> list[UUID]:
        """Return everybody whose given name is this one or much like it."""
        if given not in self._cache:
            names = [name for name in self._persons_by_given if _part_level(given, name)]
            persons = {p: None for name in names for p in self._persons_by_given[name]}
            self._cache[given] = list(persons)
        return self._cache[given]

    def _agreement(self, author: tuple[str, ...], name: tuple[str, ...]) -> Agreement | None:
        given = _part_level(author[0], name[0])
        if given is None:
            return None
        chance = max(self._given[name[0]] / len(self._names), RAREST_GIVEN)
        if len(author) == 1 or len(name) == 1:
            return _agreement(given, chance, "the given name")
        family = _family_level(author[-1], name[-1])
        if family is None:
            return None
        common = max(self._family[name[-1]] / len(self._names), RAREST_FAMILY)
        if len(author[-1]) == 1:
            same_initial = sum(n for f, n in self._family.items() if f[0] == author[-1])
            common = max(same_initial / len(self._names), 1 / 26)
        level = "close" if "close" in (given, family) else "same"
        initial = " and the initial" if len(author[-1]) == 1 else ""
        return _agreement(
            level, chance * common, "the name" if not initial else f"the given name{initial}"
        )


@dataclass(frozen=True, slots=True)
class _Claim:
    """A visit that a review may be about; `share` is its part of all visits around that day."""

    visit: Visit
    share: float
    agreement: Agreement
    named: float
    reasons: tuple[str, ...]

    @property
    def value(self) -> float:
        return AMONG_VISITORS * self.share * self.agreement.ratio * self.named


def _decide(claims: Sequence[_Claim], day: date) -> Match | None:
    likely: dict[UUID, float] = defaultdict(float)
    for claim in claims:
        likely[claim.visit.person] += claim.value
    if not likely:
        return None
    others = 1.0 - sum(claim.share for claim in claims)
    rest = AMONG_VISITORS * max(others, 0.0) * OTHERWISE + (1.0 - AMONG_VISITORS)
    person = max(likely, key=lambda one: likely[one])
    probability = likely[person] / (sum(likely.values()) + rest)
    if probability < LEAST_PROBABILITY:
        return None
    best = max((c for c in claims if c.visit.person == person), key=lambda c: c.value)
    reasons = (best.agreement.reason, _days_words((day - best.visit.day).days), *best.reasons)
    return Match(person, best.visit.day, probability, reasons)


def _weight(day: date, visited: date) -> float:
    days = (day - visited).days
    return exp(-max(days, 0) / DECAY_DAYS) if -AHEAD_DAYS <= days <= WINDOW_DAYS else 0.0


def _agreement(level: str, chance: float, what: str) -> Agreement:
    # What is only alike, many more names are alike to.
    if level == "close":
        return Agreement(level, chance * 5, f"{what} is much alike")
    return Agreement(level, chance, f"{what} agrees")


def _parts(typed: str) -> tuple[str, ...]:
    return tuple(normalise_name(typed).split())


def _part_level(author: str, name: str) -> str | None:
    if author == name:
        return "same"
    if are_nicknames(author, name):
        return "close"
    long_enough = min(len(author), len(name)) >= _LEAST_LETTERS
    is_close = long_enough and JaroWinkler.normalized_similarity(author, name) >= CLOSE
    return "close" if is_close else None


def _family_level(author: str, name: str) -> str | None:
    if len(author) == 1 or len(name) == 1:
        return "same" if author[0] == name[0] else None
    return _part_level(author, name)


def _mentioned(visit: Visit, text: str) -> tuple[float, tuple[str, ...]]:
    """Return how much likelier the text makes a visit by naming its staff or services, and why."""
    words = f" {normalise_text(text)} "
    factor, reasons = 1.0, []
    for names, times, what in (
        (tuple(n.split()[0] for n in visit.staff if n.split()), STAFF_NAMED, "staff"),
        (visit.services, SERVICE_NAMED, "service"),
    ):
        said = [n for n in names if (plain := normalise_text(n)) and f" {plain} " in words]
        if said:
            factor *= times
            reasons.append(f"the text names the {what} {said[0]}")
    return factor, tuple(reasons)


def _days_words(days: int) -> str:
    if days <= 0:
        return "written on the day of a visit"
    return f"written {days} day{'s' if days > 1 else ''} after a visit"


def find_visits(
    visits: Sequence[Visit], reviews: Sequence[tuple[str | None, date, str]]
) -> list[Match | None]:
    """Return the visit behind each review, given as (author, day, text), or None."""
    visitors = Visitors(tuple(visits))
    return [visitors.find(author, day, text) for author, day, text in reviews]
