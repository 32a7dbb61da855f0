"""Where a move takes place, and the processes that share its chunks."""

from __future__ import annotations

import datetime as dt
import gc
import multiprocessing
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import apsw
import psycopg

from myriad.kit.errors import MyriadError, UnavailableError
from myriad.scale.data.migrate.carrying import Carrier
from myriad.scale.data.migrate.mapping import MigrationMap
from myriad.scale.data.migrate.reading import QuickSource
from myriad.scale.data.migrate.source import Source
from myriad.scale.data.migrate.verifying import Proof, verify_chunk

_OBJECTS_BETWEEN_LOOKS = 200_000


@dataclass(frozen=True)
class Place:
    """What a worker process needs: how to read the mapping, the SQLite file, the URL.

    `read` is a function of a module, which a process of its own can find again. `owner_url` is the
    login that owns the new tables, needed when PostgreSQL takes the writes; `url` where it is none.
    """

    read: Callable[..., MigrationMap]
    arguments: tuple[Any, ...]
    file: Path
    url: str
    owner_url: str | None = None

    def open(self, kind: type[Source] = Source) -> Carrier:
        """Open both databases."""
        return Carrier(self.read(*self.arguments), self.file, self.url, kind)


def spread(workers: int, work: Callable[..., Any], arguments: tuple[Any, ...]) -> list[Any]:
    """Call `work` in so many processes at a time; return each one's answer, or raise its error."""
    context, begun = multiprocessing.get_context("spawn"), []
    for _ in range(workers):
        answer, sender = context.Pipe(duplex=False)
        process = context.Process(target=_report, args=(sender, work, arguments))
        process.start()
        sender.close()
        begun.append((process, answer))
    answers = [_answer(answer) for _, answer in begun]
    for process, _ in begun:
        process.join()
    for found in answers:
        if isinstance(found, Exception):
            raise found
    return answers


def _report(
    sender: Connection[Any, Any], work: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    # A pool's processes would outlive a parent that is killed; these end with their work.
    # Rows hold no cycles: to look for some among them as often as usual takes a sixth of the time.
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS)
    try:
        sender.send(work(*arguments))
    except MyriadError as error:
        sender.send(error)
    except (sqlite3.Error, apsw.Error, psycopg.Error) as error:
        sender.send(UnavailableError(f"a database ended the step: {error}. Run it again"))


def _answer(answer: Connection[Any, Any]) -> Any:
    try:
        return answer.recv()
    except EOFError:
        return UnavailableError("a process of the move ended early; run the same step again")


def copy_part(place: Place, part: int, before: dt.datetime) -> int:
    """Copy chunks of a part until none waits; return the rows read."""
    return sum(_copied(place, Source, part, before))


def copy_part_alone(place: Place, part: int, before: dt.datetime) -> int:
    """The same in a process that has not opened the file otherwise: reading costs it half."""
    rows = 0
    try:
        for found in _copied(place, QuickSource, part, before):
            rows += found
    except UnicodeDecodeError:
        # The standard module takes such text as bytes, and the row is kept apart by its name.
        rows += copy_part(place, part, before)
    return rows


def _copied(place: Place, kind: type[Source], part: int, before: dt.datetime) -> Iterator[int]:
    """Copy chunks of a part until none waits; yield the rows of each."""
    carrier = place.open(kind)
    try:
        while (found := carrier.copy_chunk(part, before)) is not None:
            yield found
    finally:
        carrier.close()


def verify_part(place: Place, part: int, before: dt.datetime, repair: bool) -> Proof:
    """Compare chunks of a part until none is left; return what was found."""
    carrier, proof = place.open(), Proof()
    try:
        while verify_chunk(carrier, part, before, proof, repair=repair):
            pass
        return proof
    finally:
        carrier.close()
