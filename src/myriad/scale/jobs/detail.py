"""One job in full, for the people who look after it: what it was told, with secrets masked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from myriad.scale.data import ReadSession
from myriad.scale.jobs.errors import JobNotFoundError
from myriad.scale.jobs.packs import place_in_pack
from myriad.scale.jobs.status import JobStatus
from myriad.scale.jobs.store import run
from myriad.scale.tenancy import TenantId, current_tenant

MASK = "[hidden]"
LONGEST_TEXT = 500
MOST_ITEMS = 100
DEEPEST = 8
_MOST_ATTEMPTS = 100
MOST_RELATIVES = 100
MOST_STEPS = 200

# Whole words of a name, whatever joins them: `apiKey`, `api_key`, `api-key`, but not `monkey`.
_SECRET_WORDS = frozenset(
    [
        "secret",
        "token",
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "key",
        "apikey",
        "credential",
        "credentials",
        "authorization",
        "auth",
        "cookie",
        "session",
        "signature",
        "bearer",
        "otp",
        "pin",
        "cvv",
        "cvc",
        "card",
        "pan",
        "iban",
        "bic",
        "ssn",
    ]
)
_HARMLESS = frozenset({"idempotency_key", "dedup_key", "batch_key", "sort_key", "primary_key"})
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LOOKS_SECRET = re.compile(
    r"(?i)\bbearer\s+\S+|\b(?:sk|pk|rk|myr|ghp|xox[abp])[_-][A-Za-z0-9_-]{12,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|\b[A-Z]{2}\d{2}[ ]?(?:[A-Z0-9]{4}[ ]?){3,7}[A-Z0-9]{0,4}\b"
)
_LOOKS_LIKE_CARD = re.compile(r"\b\d(?:[ -]?\d){12,18}\b")


def is_secret_name(name: str) -> bool:
    """Tell whether a member of that name holds a secret."""
    words = [word.lower() for word in _WORDS.findall(name)]
    return "_".join(words) not in _HARMLESS and not _SECRET_WORDS.isdisjoint(words)


def mask(value: Any, depth: int = 0) -> Any:
    """Return a JSON value for the eye: secrets hidden, long texts and lists cut.

    What counts as a secret is told by the member's name (token, key, card, …) or by the form of
    the text (a bearer token, an API key, a JWT, an IBAN, a card number).
    """
    if depth > DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return _masked_members(value, depth)
    if isinstance(value, list):
        rest = [f"… and {len(value) - MOST_ITEMS} more"] if len(value) > MOST_ITEMS else []
        return [mask(item, depth + 1) for item in value[:MOST_ITEMS]] + rest
    return _masked_text(value) if isinstance(value, str) else value


def _masked_members(value: Mapping[str, Any], depth: int) -> dict[str, Any]:
    return {
        name: MASK if _hides(name, member) else mask(member, depth + 1)
        for name, member in value.items()
    }


def _hides(name: str, member: Any) -> bool:
    """Tell whether a member is a secret; a number of `tokens` is a count, a list of them is not."""
    if member is None:
        return False
    return is_secret_name(name) or (
        not isinstance(member, int | float) and is_secret_name(name.removesuffix("s"))
    )


def _masked_text(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT]}… ({len(text)} characters)"
    return _LOOKS_LIKE_CARD.sub(_masked_card, _LOOKS_SECRET.sub(MASK, text))


def _masked_card(found: re.Match[str]) -> str:
    """Return the mask for digits whose check digit is right (Luhn, ISO/IEC 7812-1, annex B)."""
    digits = [int(digit) for digit in found[0] if digit.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return MASK if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 else found[0]


@dataclass(frozen=True)
class JobDetail(JobStatus):
    """A job with what it was told (masked) and where it stands."""

    payload: Any
    dedup_key: str | None
    worker_id: UUID | None
    graph_id: UUID | None
    deadline_at: datetime | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt that did not succeed."""

    attempt: int
    outcome: str
    worker_id: UUID | None
    error: Mapping[str, Any] | None
    started_at: datetime | None
    ended_at: datetime


async def get_detail(session: ReadSession, job_id: UUID) -> JobDetail:
    """Return the job of the session's tenant in full, or raise JobNotFoundError."""
    pack_id, item = place_in_pack(job_id)
    facts = {"tenant_id": current_tenant(), "id": job_id, "pack_id": pack_id, "item": item}
    row = (await run(session, "get_job_detail", facts)).first()
    if row is None:
        raise JobNotFoundError(f"no job {job_id}")
    return JobDetail(**dict(row._mapping) | {"payload": mask(row.payload)})  # noqa: SLF001 - SQLAlchemy's public API


async def list_attempts(session: ReadSession, job_id: UUID) -> list[AttemptRow]:
    """Return the job's attempts that did not succeed, in their order; at most the last hundred."""
    facts = {"tenant_id": current_tenant(), "id": job_id, "limit": _MOST_ATTEMPTS}
    rows = (await run(session, "list_attempts", facts)).all()
    return [AttemptRow(**row._mapping) for row in reversed(rows)]  # noqa: SLF001 - SQLAlchemy's public API


@dataclass(frozen=True, slots=True)
class Relative:
    """A job of the same graph that this one waits for (a parent) or that waits for it (a child)."""

    name: str
    is_child: bool
    id: UUID
    task: str
    state: str


@dataclass(frozen=True, slots=True)
class KeptStep:
    """A step whose result is kept, secrets masked; the empty name is the job's own result."""

    name: str
    result: Any
    created_at: datetime


async def list_relatives(session: ReadSession, job_id: UUID) -> tuple[Relative, ...]:
    """Return the job's parents, then its children; at most a hundred."""
    facts = {"tenant_id": current_tenant(), "id": job_id, "limit": MOST_RELATIVES}
    rows = (await run(session, "list_relatives", facts)).all()
    return tuple(Relative(**row._mapping) for row in rows)  # noqa: SLF001 - SQLAlchemy's public API


async def list_steps(session: ReadSession, job_id: UUID) -> tuple[KeptStep, ...]:
    """Return the job's kept steps in their order; at most two hundred."""
    facts = {"tenant_id": current_tenant(), "id": job_id, "limit": MOST_STEPS}
    rows = (await run(session, "list_kept_steps", facts)).all()
    return tuple(KeptStep(row.name, mask(row.result), row.created_at) for row in rows)


async def list_everywhere(
    crossing: ReadSession,
    *,
    state: str | None = None,
    task: str | None = None,
    job_class: str | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Return the newest jobs of all tenants with the `tenant`'s slug; not those in packs."""
    facts = {"state": state, "task": task, "job_class": job_class, "limit": limit}
    rows = (await run(crossing, "list_everywhere", facts)).all()
    return [dict(row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public API


async def find_tenant_of(crossing: ReadSession, job_id: UUID) -> TenantId | None:
    """Return whose job it is, also of one in a pack, or None."""
    pack_id, _ = place_in_pack(job_id)
    facts = {"id": job_id, "pack_id": pack_id}
    found = (await run(crossing, "find_tenant_of_job", facts)).scalar()
    return None if found is None else TenantId(found)
