"""What a person is, from the profiles that are theirs: their id, name, contacts, search terms. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from myriad.products.keeper.repository.profiles import profile_name
from myriad.products.keeper.repository.sql import Row

_LONGEST_TERM = 200
_NAMES = ("given_name", "family_name", "company_name")


def components(
    profiles: Iterable[Mapping[str, Any]], pairs: Iterable[tuple[UUID, UUID]]
) -> dict[UUID, UUID]:
    """Return the person of each profile; `profiles` come oldest first and the oldest names it.

    Union by age with path halving (Tarjan and van Leeuwen 1984).
    """
    order: dict[UUID, int] = {}
    by_ext_id: dict[str, UUID] = {}
    merges: list[tuple[UUID, str]] = []
    for place, profile in enumerate(profiles):
        order[profile["id"]] = place
        by_ext_id[profile["ext_id"]] = profile["id"]
        if profile["merged_into_ext_id"]:
            merges.append((profile["id"], profile["merged_into_ext_id"]))
    parent = {own: own for own in order}

    def root(own: UUID) -> UUID:
        while parent[own] != own:
            parent[own] = parent[parent[own]]
            own = parent[own]
        return own

    followed = [(own, by_ext_id[into]) for own, into in merges if into in by_ext_id]
    for left, right in [*pairs, *followed]:
        if left in parent and right in parent:
            older, younger = sorted((root(left), root(right)), key=order.__getitem__)
            parent[younger] = older
    return {own: root(own) for own in order}


def describe(profiles: list[Row]) -> dict[str, Any]:
    """Return how a person is called and reached: the newest live profile that knows speaks."""
    live = [row for row in profiles if not row["deleted_at"] and not row["merged_into_ext_id"]]
    newest = list(reversed(live)) or list(reversed(profiles))
    named = next((row for row in newest if row["given_name"] or row["family_name"]), newest[0])
    known = list(reversed(live))
    name = profile_name(named)
    family, given = named["family_name"] or "", named["given_name"] or ""
    return {
        "display_name": name,
        "sort_name": fold(f"{family} {given}".strip() or name),
        "email": next((row["email"] for row in known if row["email"]), None),
        "phone": next(
            (
                row["phone_e164"] or row["phone"]
                for row in known
                if row["phone_e164"] or row["phone"]
            ),
            None,
        ),
        "contact_allowed": not any(row["email_unsubscribed"] for row in profiles),
    }


def fold(text: str) -> str:
    """Return `text` as it is sorted and searched: NFKC, case folded."""
    return unicodedata.normalize("NFKC", text).casefold()


def terms_of(profile: Mapping[str, Any]) -> set[str]:
    """Return the words, addresses and numbers by which a profile is found."""
    words = fold(" ".join(str(profile[name] or "") for name in _NAMES)).split()
    found = {word[:_LONGEST_TERM] for word in words}
    for name in ("email", "email_norm", "ext_id"):
        if profile[name]:
            found.add(fold(profile[name])[:_LONGEST_TERM])
    for name in ("phone", "phone_e164"):
        digits = "".join(character for character in profile[name] or "" if character.isdigit())
        found |= {part for part in (digits, digits[-10:], digits[-4:]) if part}
    return found
