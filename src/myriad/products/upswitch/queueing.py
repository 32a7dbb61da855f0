"""Putting Upswitch's work into the queue."""

from __future__ import annotations

from uuid import UUID

from myriad.scale.data import Session
from myriad.scale.jobs.enqueue import enqueue

FILINGS_TASK = "upswitch.filings.read"


async def enqueue_filings(session: Session, number: int) -> UUID:
    """Queue reading a company's accounts; the same live job answers a second request."""
    return await enqueue(session, FILINGS_TASK, {"number": number}, dedup_key=f"filings:{number}")
