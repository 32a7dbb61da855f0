"""The matching agent: which profiles are one person, with reasons, and never for good."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from myriad.products.keeper import matching
from myriad.products.keeper.agents.comparing import (
    BookedTime,
    Profiles,
    compare,
    interval_of,
    keep,
    read_busy,
    read_profiles,
)
from myriad.products.keeper.agents.context import Agent, AgentContext, Outcome
from myriad.products.keeper.repository.history import get_digest
from myriad.products.keeper.repository.identities import refresh_components, store_links
from myriad.products.keeper.repository.notes import Note, drop_note, find_note, store_note
from myriad.products.keeper.repository.sql import fetch
from myriad.products.keeper.repository.visits import refresh_visits
from myriad.scale.data import ReadSession

_MODEL_DAYS = 28
_MODEL_GROWTH = 0.05
_NOTE = "matching"
VERSION = 2


async def _digest(session: ReadSession, context: AgentContext) -> str:
    data = await get_digest(session, "data_digest", day=context.day)
    return data + await get_digest(session, "links_digest")


async def _work(context: AgentContext) -> Outcome:
    async with context.reading() as session:
        profiles = await read_profiles(session)
        facts = await read_facts(session, profiles)
        note = await find_note(session, _NOTE)
        if note is not None and facts == {name: note.facts.get(name) for name in facts}:
            return Outcome(facts["profiles"], note.facts["links"])
        known = find_model(note, facts["profiles"], context.day)
        model = matching.Model.from_dict(known["rates"]) if known else None
        comparison = await compare(session, profiles, model)
        busy = await read_busy(session, comparison.likely)
    linkage = await asyncio.to_thread(comparison.settle, busy)
    async with context.writing() as session:
        await store_links(session, [describe_link(link) for link in linkage.links])
        applied = await refresh_components(session, context.day)
        if applied.moved and context.looks_back:
            await drop_note(session, "visits")
        elif applied.moved:
            await refresh_visits(session, context.day, applied.moved)
        found = {
            **facts,
            "links": len(linkage.links),
            "model": known or _fresh(linkage, len(profiles.stamps), context.day),
        }
        await store_note(session, _NOTE, context.day, found)
        await keep(session, comparison, context.day)
    missing = None
    if linkage.thinned:
        missing = f"{len(linkage.thinned)} groups of profiles were too large to compare in full."
    return Outcome(facts["profiles"], len(linkage.links), missing)


def find_model(note: Note | None, profiles: int, day: date) -> dict[str, Any] | None:
    """Return the model of an earlier night while it may still be used, else None.

    How often names and numbers agree by chance hardly changes from day to day: a model serves four
    weeks, unless the number of profiles has changed by a twentieth.
    """
    known: dict[str, Any] | None = note.facts.get("model") if note else None
    if note is None or known is None or note.facts["version"] != VERSION:
        return None
    age = (day - date.fromisoformat(known["day"])).days
    grown = abs(profiles - known["profiles"])
    fits = 0 <= age < _MODEL_DAYS and grown <= _MODEL_GROWTH * known["profiles"]
    return known if fits else None


def _fresh(linkage: matching.Linkage, profiles: int, day: date) -> dict[str, Any] | None:
    if linkage.model is None:
        return None
    return {"day": day.isoformat(), "profiles": profiles, "rates": linkage.model.as_dict()}


async def read_facts(session: ReadSession, profiles: Profiles) -> dict[str, Any]:
    """Return all that the outcome of matching depends on, as digests.

    Profiles, their cards and the country decide who may be whom. Of bookings only those matter
    that put two profiles of one chain of links at two places at once, or no longer do.
    """
    booked: dict[str, list[BookedTime]] = {}
    for booking in await fetch(session, "linked_bookings"):
        booked.setdefault(str(booking["id"]), []).append(interval_of(booking))
    links = [(str(row["left"]), str(row["right"])) for row in await fetch(session, "linked_pairs")]
    return {
        "version": VERSION,
        "profiles": profiles.total,
        "digest": profiles.digest,
        "apart": sorted(_clashes(matching.clusters(links), booked)),
    }


def _clashes(
    groups: Sequence[Sequence[str]], booked: Mapping[str, Sequence[BookedTime]]
) -> Iterator[str]:
    """Yield the pairs of a group that were booked at the same time."""
    for group in groups:
        for place, one in enumerate(group):
            for other in group[place + 1 :]:
                if any(
                    a[0] < b[1] and b[0] < a[1]
                    for a in booked.get(one, ())
                    for b in booked.get(other, ())
                ):
                    yield f"{one}:{other}"


def describe_link(link: matching.Link) -> dict[str, Any]:
    """Return a decided pair as it is stored; the older id stands on the left."""
    left, right = sorted((link.left, link.right))
    vetoed = link.decision is matching.Decision.VETOED
    return {
        "left": left,
        "right": right,
        "weight": link.weight,
        "probability": link.probability,
        "method": link.reason,
        "state": str(link.decision.value),
        "veto_reason": link.reason if vetoed else None,
        "evidence": {
            "fields": [
                {
                    "field": item.field,
                    "level": item.level,
                    "outcome": _outcome(item.level, item.weight),
                    "words": item.words,
                    "bits": round(item.weight, 2),
                }
                for item in link.evidence
            ]
        },
    }


def _outcome(level: str, bits: float) -> str:
    if level == "exact":
        return "same"
    return "close" if bits > 0 and level != "different" else "different"


MATCHING = Agent("matching", VERSION, _digest, _work)
