"""The matching agent: which profiles are one person, with reasons, and never for good."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

from myriad.products.keeper import matching
from myriad.products.keeper.agents.comparing import (
    MATCHING_NOTE,
    Profiles,
    compare,
    find_stirred,
    keep,
    read_busy,
    read_loose,
    read_profiles,
)
from myriad.products.keeper.agents.context import Agent, AgentContext, Outcome
from myriad.products.keeper.repository.history import get_digest
from myriad.products.keeper.repository.identities import refresh_components
from myriad.products.keeper.repository.links import store_links
from myriad.products.keeper.repository.notes import Note, drop_note, find_note, store_note
from myriad.products.keeper.repository.visits import refresh_visits
from myriad.scale.data import ReadSession, Session

_MODEL_DAYS = 28
_MODEL_GROWTH = 0.05
VERSION = 3


async def _digest(session: ReadSession, context: AgentContext) -> str:
    data = await get_digest(session, "data_digest", day=context.day)
    return data + await get_digest(session, "links_digest")


async def _work(context: AgentContext) -> Outcome:
    async with context.reading() as session:
        profiles = await read_profiles(session)
        facts = facts_of(profiles)
        note = await find_note(session, MATCHING_NOTE)
        before: dict[str, Any] = note.facts if note else {}
        if facts == {name: before.get(name) for name in facts}:
            return Outcome(facts["profiles"], before["links"])
        known = find_model(note, facts["profiles"], context.day)
        model = matching.Model.from_dict(known["rates"]) if known else None
        stirred = find_stirred(before.get("busy", ""), facts["busy"])
        stirred |= read_loose(before.get("loose", ""))
        comparison = await compare(session, profiles, model, stirred)
        busy = await read_busy(session, comparison.likely)
    if comparison.touched is None:
        linkage = await asyncio.to_thread(comparison.settle, busy)
    else:
        linkage = comparison.settle(busy)
    async with context.writing() as session:
        links = [describe_link(link) for link in linkage.links]
        stored = await store_links(session, links, comparison.touched)
        if stored.is_changed:
            await _move_persons(session, context)
        fitted = known if comparison.is_known else None
        found = {
            **facts,
            "links": stored.pairs,
            "loose": comparison.loose,
            "model": fitted or _fresh(linkage, len(profiles.stamps), context.day),
        }
        await store_note(session, MATCHING_NOTE, context.day, found)
        await keep(session, comparison, context.day)
    missing = None
    if linkage.thinned:
        missing = f"{len(linkage.thinned)} groups of profiles were too large to compare in full."
    return Outcome(facts["profiles"], stored.pairs, missing)


async def _move_persons(session: Session, context: AgentContext) -> None:
    applied = await refresh_components(session, context.day)
    if applied.moved and context.looks_back:
        await drop_note(session, "visits")
    elif applied.moved:
        await refresh_visits(session, context.day, applied.moved)


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


def facts_of(profiles: Profiles) -> dict[str, Any]:
    """Return all that the outcome of matching depends on, as digests.

    Profiles, their cards and the country decide who may be whom. Of bookings only those of linked
    profiles matter, for they may put one person at two places at once.
    """
    return {
        "version": VERSION,
        "profiles": profiles.total,
        "digest": profiles.digest,
        "busy": profiles.busy,
    }


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
