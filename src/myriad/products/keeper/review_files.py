"""A file of reviews on its way in: rows as the untidy file has them, named and taken in."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.queueing import enqueue_run
from myriad.products.keeper.repository.accounts import get_account
from myriad.products.keeper.reviewing import (
    GivenReview,
    Intake,
    RefusedReview,
    derived_id,
    take_in,
)
from myriad.products.keeper.reviews.errors import ReviewColumnsError, ReviewFileError
from myriad.products.keeper.reviews.reviews_csv import RefusedRow, ReviewRow, open_reviews
from myriad.scale.data import Database, Session
from myriad.scale.tenancy import TenantId

MOST_ROWS = 20_000
PART_ROWS = 2_000
_BLOCK_BYTES = 1 << 20
FILE_SOURCE = "file"
_LIVE_SOURCES = frozenset({"google"})


class TooManyReviewsError(InvalidInputError):
    """The file holds more rows than one import takes."""

    code = "keeper_review_rows"
    title = "Too many reviews at once"


async def import_file(
    session: Session, path: Path, *, source: str = "", mapping: Mapping[str, str] | None = None
) -> Intake:
    """Take the reviews of a file in and queue the review agent when anything is different.

    Raises ReviewFileError, TooManyReviewsError, NoAccountError.
    """
    account = await get_account(session)
    given, refused = await asyncio.to_thread(
        read_file, path, account.timezone, source=source, mapping=mapping
    )
    intake = await take_in(session, given, refused)
    if intake.new or intake.changed:
        await enqueue_run(session, agent="review")
    return intake


@dataclass(slots=True)
class FileIntake:
    """What became of a file that was taken in by parts; of refused rows the first are `shown`."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    alerts: int = 0
    quarantined: int = 0
    shown: list[RefusedReview] = field(default_factory=list)

    def add(self, part: Intake, shown: int) -> None:
        """Count a part in."""
        self.new += part.new
        self.changed += part.changed
        self.unchanged += part.unchanged
        self.alerts += part.alerts
        self.quarantined += part.quarantined
        self.shown += part.refused[: max(shown - len(self.shown), 0)]


async def import_parts(
    database: Database,
    tenant_id: TenantId,
    path: Path,
    *,
    source: str = "",
    mapping: Mapping[str, str] | None = None,
    shown: int = 10,
) -> FileIntake:
    """Take a file of any length in, each part in a transaction of its own.

    Memory holds one part. When it breaks off, what was taken in stays, and doing it again changes
    nothing of that. Raises ReviewFileError, NoAccountError.
    """
    intake = FileIntake()
    async with database.session(tenant_id) as session:
        zone = (await get_account(session)).timezone
    file = await asyncio.to_thread(open_reviews, path, zone, mapping)
    mark = await asyncio.to_thread(file_mark, path)
    rows = file.rows()
    while part := await asyncio.to_thread(lambda: list(islice(rows, PART_ROWS))):
        given, refused = _sorted(part, source, mark)
        async with database.session(tenant_id) as session:
            intake.add(await take_in(session, given, refused), shown)
    if intake.new or intake.changed:
        async with database.session(tenant_id) as session:
            await enqueue_run(session, agent="review")
    return intake


async def import_bytes(session: Session, content: bytes, *, source: str = "") -> Intake:
    """Take the reviews of an uploaded file in; the content is on disk only while it is read."""
    with tempfile.TemporaryDirectory(prefix="myriad-reviews-") as folder:
        path = Path(folder) / "reviews.csv"
        await asyncio.to_thread(path.write_bytes, content)
        try:
            return await import_file(session, path, source=source)
        except ReviewFileError as error:
            # Whoever sent the file has never seen the place where it lies for a moment, nor a
            # command line.
            told = error.detail
            if isinstance(error, ReviewColumnsError):
                told = f"{error.what}. Call it so in the file's first line and import it again."
            raise ReviewFileError(told.replace(str(path), "the file")) from None


def read_file(
    path: Path, zone: str, *, source: str = "", mapping: Mapping[str, str] | None = None
) -> tuple[list[GivenReview], list[RefusedReview]]:
    """Return what a file holds as reviews, and its rows that are none; `zone` is the account's."""
    rows = list(islice(open_reviews(path, zone, mapping).rows(), MOST_ROWS + 1))
    if len(rows) > MOST_ROWS:
        message = f"one file takes at most {MOST_ROWS:,} reviews; split it and import each part"
        raise TooManyReviewsError(message)
    return _sorted(rows, source, file_mark(path))


def file_mark(path: Path) -> str:
    """Return a short name of what a file holds, so that its lines are not those of another."""
    digest = hashlib.blake2b(digest_size=6)
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _sorted(
    rows: Iterable[ReviewRow | RefusedRow], source: str, mark: str
) -> tuple[list[GivenReview], list[RefusedReview]]:
    given: list[GivenReview] = []
    refused: list[RefusedReview] = []
    for row in rows:
        if isinstance(row, RefusedRow):
            refused.append(_refused(row, mark))
        else:
            given.append(_given(row, source))
    return given, refused


def _given(row: ReviewRow, source: str) -> GivenReview:
    assert row.reviewed_at is not None
    named = derived_id(
        author=row.author, day=row.reviewed_at.date(), text=row.text, stars=row.stars
    )
    return GivenReview(
        source=name_source(source or row.source or ""),
        ext_id=row.ext_id or named,
        stars=row.stars,
        text=row.text,
        reviewed_at=row.reviewed_at,
        changed_at=row.changed_at or row.reviewed_at,
        author=row.author,
        location=row.location,
        reply_text=row.reply,
        reply_at=row.replied_at,
        line=row.line,
    )


def name_source(typed: str) -> str:
    """Return the source as it is stored; what a connection reads by itself keeps its name apart."""
    name = " ".join(typed.casefold().split())[:40]
    return f"{name} file" if name in _LIVE_SOURCES else name or FILE_SOURCE


def _refused(row: RefusedRow, mark: str) -> RefusedReview:
    body = {"line": row.line, "detail": row.detail, "cells": row.cells}
    return RefusedReview(f"line {row.line} of file {mark}", row.reason, body)
