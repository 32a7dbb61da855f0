"""Answers of Square to consents, each used once."""

from __future__ import annotations

from uuid import UUID

from myriad.products.keeper.repository.sql import Row, execute, find
from myriad.scale.data import ReadSession, Session


async def take_state(session: Session, digest: bytes) -> UUID | None:
    """Use a state up and return the consent's id; None when it was used before."""
    row = await find(session, "take_consent_state", digest=digest)
    return row["id"] if row else None


async def keep_code(session: Session, consent_id: UUID, sealed: bytes, job_id: UUID) -> None:
    """Keep the sealed code until its job has used it."""
    await execute(session, "keep_consent_code", consent_id=consent_id, code=sealed, job_id=job_id)


async def find_code(session: ReadSession, consent_id: UUID) -> bytes | None:
    """Return the sealed code of a consent that waits, or None."""
    row = await find(session, "find_consent_code", consent_id=consent_id)
    return bytes(row["code_enc"]) if row else None


async def end(
    session: Session,
    consent_id: UUID,
    outcome: str,
    *,
    message: str | None = None,
    connection_id: UUID | None = None,
) -> None:
    """Note how a consent ended and forget its code."""
    await execute(
        session,
        "end_consent",
        consent_id=consent_id,
        outcome=outcome,
        message=message,
        connection_id=connection_id,
    )


async def find_newest_consent(session: ReadSession) -> Row | None:
    """Return (outcome, message, job_id, created_at) of the last hour's newest consent, or None."""
    return await find(session, "newest_consent")
