"""The migration console: an old kamioi.db on its way into the programme, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from starlette.responses import RedirectResponse, Response

from myriad.products.kamioi.legacy.asking import (
    PHASE_NAMES,
    MoveStatus,
    Phase,
    ask_for_phase,
    get_move_status,
)
from myriad.scale import ui
from myriad.scale.http import CurrentRuntime, Owner, Router, Staff, TenantReadSession, TenantSession
from myriad.scale.ui.page import CurrentPage

router = Router()
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates")
_HERE = "/kamioi/admin/migration"
# What each phase is, and the word of the button that leads there.
_WORDS: dict[str, tuple[str, str, str]] = {
    "off": ("Off", "The old program writes to its file alone.", "Roll back"),
    "dual_write": ("Both written", "Every write to the file is noted in it.", "Begin"),
    "backfill": ("Copying", "What was there is copied in chunks.", "Copy"),
    "verify": ("Verifying", "Both sides are compared, row by row and sum by sum.", "Verify"),
    "shadow_read": ("Compared", "Both sides are asked, the file answers.", "Compare answers"),
    "read_pg": ("Reads moved", "PostgreSQL answers; the file takes the writes.", "Move the reads"),
    "pg_primary": (
        "Writes moved",
        "PostgreSQL takes the writes; they are carried back to the file, which is closed.",
        "Move the writes",
    ),
    "done": ("Done", "Nothing is carried back any more.", "End the move"),
}
# Work of a phase that may be done once more while the move is in it.
_AGAIN = {"backfill": "Copy the rest", "verify": "Verify again", "shadow_read": "Compare again"}


@dataclass(frozen=True)
class PhaseLine:
    """One phase of the console's list; `standing` is past, now, next or later."""

    name: str
    title: str
    meaning: str
    standing: str


@router.get("/admin/migration")
async def migration(
    caller: Staff, page: CurrentPage, session: TenantReadSession, runtime: CurrentRuntime
) -> Response:
    """Show how the move stands, what keeps it, and where it may go."""
    view = await get_move_status(runtime.database, session)
    following = view.following
    return _RENDERER.respond(
        page,
        "kamioi/migration.html",
        view=view,
        may_go=caller.is_owner,
        live=next((job for job in view.jobs if job.is_live), None),
        lines=_lines(view),
        answer=_answer(view),
        go=following,
        go_label=_WORDS[following][2] if following else "",
        again_label=_AGAIN.get(view.phase, ""),
        may_return=view.phase not in ("off", "done"),
    )


@router.post("/admin/migration/{phase}")
async def go(phase: Phase, caller: Owner, session: TenantSession) -> Response:
    """Queue the way to a phase."""
    await ask_for_phase(session, caller, phase)
    return RedirectResponse(_HERE, 303)


def _lines(view: MoveStatus) -> list[PhaseLine]:
    now = PHASE_NAMES.index(view.phase)
    return [
        PhaseLine(name, *_WORDS[name][:2], _standing(place, now))
        for place, name in enumerate(PHASE_NAMES)
    ]


def _standing(place: int, now: int) -> str:
    return {0: "now", 1: "next"}.get(place - now, "past" if place < now else "later")


def _answer(view: MoveStatus) -> str:
    if view.legacy is None:
        return "No old file is moved here"
    if view.fault:
        return "How the move stands cannot be told"
    if view.phase == "off":
        return "The move has not begun"
    if view.phase == "done":
        return "The move is done"
    if view.is_at_work:
        return f"{_WORDS[view.phase][0]}: a step is under way"
    behind = f"{view.facts['lag_seconds']:.0f} s behind"
    return f"{_WORDS[view.phase][0]}, {behind}"
