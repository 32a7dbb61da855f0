"""What Today says is wrong with the data: connections, totals, objects set aside, agents."""

from __future__ import annotations

from collections.abc import Sequence

from myriad.products.keeper.google.connections import ENDED_NOTICE
from myriad.products.keeper.repository.sql import Row
from myriad.products.keeper.views import Notice
from myriad.products.keeper.views.agents import missed

_CONNECTIONS, _REVIEWS = "/keeper/connections", "/keeper/reviews"
_GRAVITY = {"danger": 0, "warning": 1, "info": 2}


def today_notices(
    health: Row, connections: Sequence[Row], runs: Sequence[Row]
) -> tuple[Notice, ...]:
    """Return what is wrong with the data, the gravest first."""
    read = {row["provider"] for row in connections if row["status"] != "revoked"}
    # Whoever connected another profile in its place misses nothing of the old one.
    told = [row for row in connections if row["status"] != "revoked" or row["provider"] not in read]
    found = [notice for row in told for notice in _of_connection(row)]
    found += _of_totals(health) + _of_agents(runs)
    return tuple(sorted(found, key=lambda notice: _GRAVITY[notice.level]))


def _of_connection(row: Row) -> list[Notice]:
    notice = _of_google(row) if row["provider"] == "google" else _of_square(row)
    return [notice] if notice else []


def _of_square(row: Row) -> Notice | None:
    if row["status"] == "revoked":
        return Notice(
            level="danger",
            title="Square access was revoked",
            detail="Your data stays, nothing new is read until you connect again.",
            action_label="Connect again",
            action_href=_CONNECTIONS,
        )
    if row["status"] == "error":
        return Notice(
            level="danger",
            title="Square cannot be read",
            detail=row["notice"] or "The last sync failed.",
            action_label="See the connection",
            action_href=_CONNECTIONS,
        )
    if row["notice"]:
        return Notice(level="warning", title="Part of Square is not read", detail=row["notice"])
    return None


def _of_google(row: Row) -> Notice | None:
    """Reviews are a part of Keeper, so nothing about Google is a danger to the rest."""
    if row["notice"] in (None, ENDED_NOTICE):
        return None
    title = "Google is not read" if row["status"] != "active" else "About your reviews on Google"
    return Notice(
        level="warning",
        title=title,
        detail=row["notice"],
        action_label="See the reviews",
        action_href=_REVIEWS,
    )


def _of_totals(health: Row) -> list[Notice]:
    found = []
    if health["days_off"]:
        found.append(
            Notice(
                level="danger",
                title="Totals differ from Square",
                detail=_counted(health["days_off"], "closed day does", "closed days do")
                + " not agree to the cent.",
                action_label="See the days",
                action_href=_CONNECTIONS,
            )
        )
    if health["quarantined"]:
        found.append(
            Notice(
                level="info",
                title="Some objects were set aside",
                detail=_counted(
                    health["quarantined"],
                    "object from Square makes no sense and is",
                    "objects from Square make no sense and are",
                )
                + " counted nowhere.",
                action_label="See them",
                action_href=_CONNECTIONS,
            )
        )
    return found


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _of_agents(runs: Sequence[Row]) -> list[Notice]:
    return [
        Notice(
            level="warning",
            title=missed(row["agent"]),
            detail=f"{row['error'] or 'It failed.'} Everything else is as of the last run.",
        )
        for row in runs
        if row["state"] in ("failed", "partial")
    ]
