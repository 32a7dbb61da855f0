"""The strings of lines: each stands once, with the first day that it was seen on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from myriad.products.kamioi.intake.lines import Line
from myriad.products.kamioi.mapping.normalising import Normal
from myriad.products.kamioi.repository import sql
from myriad.scale.data import Session


async def put_descriptors(
    session: Session, lines: Sequence[Line], normals: Mapping[str, Normal]
) -> dict[str, UUID]:
    """Return the ids of the strings of lines by normal form; those that are missing are added.

    One that stands follows where a line is older than all before, as in a file that begins with
    the last day.
    """
    first = {normals[line.raw].norm: line for line in sorted(lines, key=lambda one: one.day)[::-1]}
    norms = sorted(first)
    rows = await sql.fetch(session, "descriptor_ids", norms=norms)
    older = sorted(row["norm"] for row in rows if first[row["norm"]].day < row["first_seen_on"])
    if older:
        days = [first[norm].day for norm in older]
        await sql.execute(session, "lower_first_seen", norms=older, days=days)
    ids = {row["norm"]: row["id"] for row in rows}
    missing = [norm for norm in norms if norm not in ids]
    return ids | await _add(session, {norm: first[norm] for norm in missing}, normals)


async def _add(
    session: Session, first: Mapping[str, Line], normals: Mapping[str, Normal]
) -> dict[str, UUID]:
    if not first:
        return {}
    await sql.execute(
        session,
        "add_descriptors",
        norms=list(first),
        raws=[line.raw for line in first.values()],
        processors=[normals[line.raw].processor for line in first.values()],
        days=[line.day for line in first.values()],
    )
    rows = await sql.fetch(session, "descriptor_ids", norms=list(first))
    return {row["norm"]: row["id"] for row in rows}
