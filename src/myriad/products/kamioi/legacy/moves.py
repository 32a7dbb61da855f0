"""Moving an old kamioi.db into a programme: which file, its mapping, a step of the move."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

from anyio import to_thread

from myriad.kit.errors import ConflictError, InvalidInputError, NotFoundError
from myriad.products.kamioi.intake.lines import FIRST_DAY
from myriad.products.kamioi.intake.recording import ensure_months
from myriad.products.kamioi.legacy.transforms import CALLS
from myriad.products.kamioi.repository import sql
from myriad.scale.data import Database, DatabaseSettings, ReadSession, Session
from myriad.scale.data.migrate import MappingError, MigrationMap, Move, Place
from myriad.scale.data.migrate.steps import Answer, Asked, go_to, run_step
from myriad.scale.tenancy import TenantId

_MAPPING = Path(__file__).parent / "kamioi.toml"


class NoLegacyFileError(NotFoundError):
    """No file is being moved into this programme."""

    code = "kamioi_no_legacy_file"
    title = "No move has begun"


class ProgrammeNotEmptyError(ConflictError):
    """An old file is moved into a programme in which nobody takes part yet."""

    code = "kamioi_programme_not_empty"
    title = "The programme is not empty"


@dataclass(frozen=True)
class LegacyFile:
    """A file and the programme it is moved into; `time_zone` is that of times that name none."""

    tenant_id: UUID
    name: str
    file: str
    time_zone: str

    def place(self, settings: DatabaseSettings) -> Place:
        """Return where the move takes place."""
        return Place(
            read_mapping,
            (str(self.tenant_id), self.name, self.time_zone),
            Path(self.file),
            settings.crossing,
            settings.owner,
        )


def read_mapping(tenant: str, name: str, zone: str) -> MigrationMap:
    """Read Kamioi's mapping file for a programme; workers call it in processes of their own."""
    words = {"tenant": tenant, "name": name, "zone": zone}
    return MigrationMap.read(_MAPPING, calls=CALLS, words=words)


async def find_legacy_file(session: ReadSession) -> LegacyFile | None:
    """Return the file that is moved into the session's programme, or None."""
    row = await sql.find(session, "find_legacy_move")
    return LegacyFile(**row) if row else None


async def get_legacy_file(session: ReadSession) -> LegacyFile:
    """Return the file that is moved into the session's programme, or raise NoLegacyFileError."""
    found = await find_legacy_file(session)
    if found is None:
        raise NoLegacyFileError(
            "nothing is moved into this programme; an operator begins a move at a terminal: "
            "./myriad kamioi migrate begin kamioi.db --tenant ID"
        )
    return found


async def choose_file(session: Session, tenant_id: TenantId, file: Path, zone: str) -> LegacyFile:
    """Remember which file is moved into a programme.

    Raises InvalidInputError where there is no such file, ProgrammeNotEmptyError where people take
    part already: two sources of the same strings would give them two ids.
    """
    place = _place_of(file)
    known = await find_legacy_file(session)
    if known is None and not (await sql.get(session, "is_programme_empty"))["is_empty"]:
        raise ProgrammeNotEmptyError(
            "people take part in this programme already: make another for the old file"
        )
    name = f"kamioi_{tenant_id.hex[-16:]}"
    legacy = LegacyFile(tenant_id, name, place, zone)
    await sql.execute(session, "insert_legacy_move", **asdict(legacy))
    return legacy


def _place_of(file: Path) -> str:
    if not file.is_file():
        raise InvalidInputError(f"there is no file {file}")
    return str(file.absolute())


async def take_step(
    database: Database, legacy: LegacyFile, step: str, asked: Asked, *, workers: int = 1
) -> Answer:
    """Take one step of the move, in a thread of its own; months of its purchases are made first."""
    return await _in_thread(
        database, legacy, step, workers, lambda move: run_step(move, step, asked)
    )


async def bring_to(database: Database, legacy: LegacyFile, phase: str, asked: Asked) -> Answer:
    """Bring the move to a phase, as `go_to` does."""
    return await _in_thread(database, legacy, phase, 1, lambda move: go_to(move, phase, asked))


async def _in_thread(
    database: Database,
    legacy: LegacyFile,
    step: str,
    workers: int,
    work: Callable[[Move], Answer],
) -> Answer:
    if step == "backfill":
        days = await to_thread.run_sync(_days, Path(legacy.file))
        await ensure_months(database, TenantId(legacy.tenant_id), days)
    place = legacy.place(database.settings)
    return await to_thread.run_sync(_on_move, place, work, workers)


def _on_move(place: Place, work: Callable[[Move], Answer], workers: int) -> Answer:
    move = Move(place, workers=workers)
    try:
        return work(move)
    finally:
        move.close()


def _days(file: Path) -> list[date]:
    """Return the first and the last day of a file's purchases, of those that a month may be made for."""
    old = sqlite3.connect(file)
    try:
        found = old.execute(
            "SELECT min(date(date)), max(date(date)) FROM transactions "
            "WHERE date(date) BETWEEN ? AND date('now', '+1 day')",
            [FIRST_DAY.isoformat()],
        ).fetchone()
    except sqlite3.Error as error:
        raise MappingError(f"this is no file of the old Kamioi: {error}") from None
    finally:
        old.close()
    return [date.fromisoformat(day) for day in found if day]
