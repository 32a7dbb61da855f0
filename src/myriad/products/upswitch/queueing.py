"""Putting Upswitch's work into the queue."""

from __future__ import annotations

from uuid import UUID

from myriad.scale.data import Session
from myriad.scale.jobs.enqueue import enqueue

FILINGS_TASK = "upswitch.filings.read"
REPORT_TASK = "upswitch.report.render"
SIMULATION_TASK = "upswitch.simulation.run"
WATCH_TASK = "upswitch.valuation.watch"
TIDY_TASK = "upswitch.valuation.tidy"
REGISTER_TASK = "upswitch.register.update"
REVALUE_TASK = "upswitch.valuations.revalue"
MOVES_MAIL_TASK = "upswitch.moves.mail"
SESSIONS_TIDY_TASK = "upswitch.sessions.tidy"
_GATHERED_SECONDS = 15.0


async def enqueue_filings(session: Session, number: int) -> UUID:
    """Queue reading a company's accounts; the same live job answers a second request."""
    return await enqueue(session, FILINGS_TASK, {"number": number}, dedup_key=f"filings:{number}")


async def enqueue_report(session: Session, valuation_id: UUID, format_: str) -> UUID:
    """Queue a valuation's report; the same live job answers a second request."""
    payload = {"valuation_id": str(valuation_id), "format": format_}
    return await enqueue(
        session, REPORT_TASK, payload, dedup_key=f"report:{valuation_id}:{format_}"
    )


async def enqueue_simulation(session: Session, valuation_id: UUID, paths: int, seed: int) -> UUID:
    """Queue a simulation; the same live job answers a second request."""
    payload = {"valuation_id": str(valuation_id), "paths": paths, "seed": seed}
    key = f"simulation:{valuation_id}:{paths}:{seed}"
    return await enqueue(session, SIMULATION_TASK, payload, dedup_key=key)


async def enqueue_watch(session: Session, number: int) -> UUID:
    """Queue valuing a company again after it has filed."""
    return await enqueue(session, WATCH_TASK, {"number": number}, dedup_key=f"watch:{number}")


async def enqueue_register(session: Session) -> UUID:
    """Queue a look at the folder of extracts; the same live job answers a second request."""
    return await enqueue(session, REGISTER_TASK, {}, dedup_key="register")


async def enqueue_revaluation(session: Session, vintage_id: UUID) -> UUID:
    """Queue valuing an account's sessions under other parameters."""
    payload = {"vintage_id": str(vintage_id)}
    return await enqueue(session, REVALUE_TASK, payload, dedup_key=f"revalue:{vintage_id}")


async def enqueue_moves_mail(session: Session) -> UUID:
    """Queue one e-mail about all moves that nobody was told of; those of the next seconds join it."""
    return await enqueue(
        session, MOVES_MAIL_TASK, {}, dedup_key="moves-mail", debounce_seconds=_GATHERED_SECONDS
    )
