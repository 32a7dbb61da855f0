"""Keeper's API, under /api/v1/keeper: the same views that the screens show, as JSON."""

from __future__ import annotations

from typing import Any

from myriad.products.keeper.endpoints import (
    audit,
    connections,
    customers,
    duplicates,
    erasure,
    exports,
    findings,
    notices,
    patterns,
    proof,
    reviews,
    settings,
    tasks,
    team,
    what_if,
)
from myriad.scale.http import Router

_NO_ACCOUNT: dict[int | str, dict[str, Any]] = {
    404: {"description": "There is no such thing for this tenant, or no Keeper account yet."}
}

router = Router(tags=["keeper"], responses=_NO_ACCOUNT)
for part in (
    connections,
    customers,
    duplicates,
    tasks,
    findings,
    settings,
    exports,
    erasure,
    audit,
    notices,
    proof,
    reviews,
    team,
    patterns,
    what_if,
):
    router.include_router(part.router)
