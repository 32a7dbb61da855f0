"""A file of reviews on its way in: rows as the untidy file has them, named and taken in."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
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
from myriad.products.keeper.reviews.reviews_csv import RefusedRow, ReviewRow, open_reviews
from myriad.scale.data import Session

MOST_ROWS = 20_000
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


async def import_bytes(session: Session, content: bytes, *, source: str = "") -> Intake:
    """Take the reviews of an uploaded file in; the content is on disk only while it is read."""
    with tempfile.TemporaryDirectory(prefix="myriad-reviews-") as folder:
        path = Path(folder) / "reviews.csv"
        await asyncio.to_thread(path.write_bytes, content)
        return await import_file(session, path, source=source)


def read_file(
    path: Path, zone: str, *, source: str = "", mapping: Mapping[str, str] | None = None
) -> tuple[list[GivenReview], list[RefusedReview]]:
    """Return what a file holds as reviews, and its rows that are none; `zone` is the account's."""
    given: list[GivenReview] = []
    refused: list[RefusedReview] = []
    for number, row in enumerate(open_reviews(path, zone, mapping).rows()):
        if number >= MOST_ROWS:
            message = f"one file takes at most {MOST_ROWS:,} reviews; split it and import each part"
            raise TooManyReviewsError(message)
        if isinstance(row, RefusedRow):
            refused.append(_refused(row))
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
    )


def name_source(typed: str) -> str:
    """Return the source as it is stored; what a connection reads by itself keeps its name apart."""
    name = " ".join(typed.casefold().split())[:40]
    return f"{name} file" if name in _LIVE_SOURCES else name or FILE_SOURCE


def _refused(row: RefusedRow) -> RefusedReview:
    body = {"line": row.line, "detail": row.detail, "cells": row.cells}
    return RefusedReview(f"line {row.line}", row.reason, body)
