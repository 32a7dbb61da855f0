"""The steps of a move by name, each with what it tells: for commands, jobs and screens alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from myriad.kit.errors import InvalidInputError
from myriad.scale.data.migrate.errors import PhaseError
from myriad.scale.data.migrate.moving import PHASES, Move
from myriad.scale.data.migrate.verifying import Proof


@dataclass(frozen=True)
class Asked:
    """What a step may be told besides: mend differences, begin the shadow reads anew, how many rows.

    `to` is the phase to which `advance` goes, and where it stays when it is there already.
    """

    repair: bool = False
    again: bool = False
    most: int = 100
    to: str | None = None


@dataclass(frozen=True)
class Answer:
    """What a step found: as JSON, in lines, and whether all is as it should be."""

    result: dict[str, Any]
    lines: list[str] = field(default_factory=list)
    is_right: bool = True


def run_step(move: Move, step: str, asked: Asked | None = None) -> Answer:
    """Do one step; raises InvalidInputError for an unknown one, PhaseError where it is not its time."""
    if step not in STEPS:
        raise InvalidInputError(f"there is no step {step!r}; there are {', '.join(STEPS)}")
    return STEPS[step](move, asked or Asked())


def go_to(move: Move, phase: str, asked: Asked | None = None) -> Answer:
    """Bring the move to a phase; where it is there already, do that phase's work once more.

    Asked twice for the same phase it goes on once. Raises PhaseError for one that does not follow.
    """
    if phase not in PHASES:
        raise InvalidInputError(f"there is no phase {phase!r}; there are {', '.join(PHASES)}")
    work = {"off": "rollback", "dual_write": "begin", "backfill": "backfill", "verify": "verify"}
    if phase in work:
        return run_step(move, work[phase], asked)
    if move.phase == phase:
        return run_step(move, "shadow" if phase == "shadow_read" else "carry", asked)
    _require_following(move, phase)
    return run_step(move, "advance", asked)


def _require_following(move: Move, phase: str) -> None:
    if following(move.phase) != phase:
        raise PhaseError(f"the move is in {move.phase}; {phase} does not follow it")


def following(phase: str) -> str | None:
    """Return the phase that follows; None behind the last."""
    place = PHASES.index(phase) + 1
    return PHASES[place] if place < len(PHASES) else None


def _begin(move: Move, asked: Asked) -> Answer:
    move.begin()
    return _status(move, asked)


def _backfill(move: Move, asked: Asked) -> Answer:
    rows = move.backfill()
    return Answer({"rows": rows}, [f"{rows:,} rows read.", *_kept_lines(move)])


def _verify(move: Move, asked: Asked) -> Answer:
    proof = move.verify(repair=asked.repair)
    return Answer(asdict(proof), _proof_lines(proof), proof.is_clean)


def _shadow(move: Move, asked: Asked) -> Answer:
    differing = move.shadow(again=asked.again)
    lines = differing or ["Every answer is the same."]
    return Answer({"differing": differing}, lines, not differing)


def _advance(move: Move, asked: Asked) -> Answer:
    # In done the step once more removes what a killed one has left.
    if asked.to is not None and asked.to == move.phase != "done":
        return Answer({"phase": asked.to}, [f"The move is in {asked.to} already."])
    if asked.to is not None and asked.to != move.phase:
        _require_following(move, asked.to)
    phase = move.advance()
    return Answer({"phase": phase}, [f"The move is in {phase}."])


def _carry(move: Move, asked: Asked) -> Answer:
    entries = 0
    while found := move.carry():
        entries += found
    return Answer({"entries": entries}, [f"{entries:,} writes carried."])


def _rollback(move: Move, asked: Asked) -> Answer:
    move.rollback()
    return Answer(
        {"phase": "off"}, ["The move is off; SQLite takes the writes, with all its data."]
    )


def _status(move: Move, asked: Asked) -> Answer:
    facts = move.status()
    lines = [
        f"{facts['phase']}, {facts['lag_seconds']:.1f} s behind, "
        f"{facts['clean_verifications']} clean verifications in a row",
        *(
            f"{one['target']}: {one['chunks']} chunks {one['state']}, {one['rows_read']:,} rows read"
            for one in facts["chunks"]
        ),
        *_kept_lines(move),
        *(f"The way on is shut: {why}" for why in [facts["obstacle"]] if why),
    ]
    return Answer(facts, lines)


def _rows(move: Move, asked: Asked) -> Answer:
    found = move.state.rows("list_migration_rows", most=asked.most)
    lines = [f"{one['row_id']}  {one['reason']}  {one['row_json']}" for one in found]
    return Answer({"rows": found}, lines or ["Every row was taken as it is."])


def _kept_lines(move: Move) -> list[str]:
    words = {True: "kept apart", False: "taken with a loss"}
    return [
        f"{one['target']}: {one['rows']:,} {words[one['is_refused']]}: {one['reason']}"
        for one in move.kept()
    ]


def _proof_lines(proof: Proof) -> list[str]:
    head = (
        f"{proof.rows:,} rows in {proof.chunks} chunks compared, {proof.refused:,} kept apart: "
        f"{proof.bad_chunks} chunks differ, {proof.lost} rows lost, {proof.doubled} too many."
    )
    return [head, *proof.examples]


STEPS: dict[str, Callable[[Move, Asked], Answer]] = {
    "begin": _begin,
    "backfill": _backfill,
    "carry": _carry,
    "verify": _verify,
    "shadow": _shadow,
    "advance": _advance,
    "rollback": _rollback,
    "status": _status,
    "rows": _rows,
}
