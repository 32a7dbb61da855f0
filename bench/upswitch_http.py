"""Valuations through HTTP: a real API in a process of its own, on servers of its own.

Each request values a session of its own, so nothing is answered from what was stored before. With
a model, the answer to a message comes from a simulated provider that takes two seconds, and the
valuation follows it: what somebody waits for who has just said the last thing.
"""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from myriad.apps.products import migration_locations
from myriad.kit.ids import new_id
from myriad.products.upswitch.repository.facts import keep_facts
from myriad.products.upswitch.repository.sessions import insert_session
from myriad.products.upswitch.views.sessions import FactView
from myriad.scale.data import Database, DatabaseSettings
from myriad.scale.data.migrations import upgrade
from myriad.scale.directory import Role, create_tenant, issue_api_key
from myriad.scale.embedded.files import free_port
from myriad.scale.embedded.servers import ServerUrls, running_servers
from myriad.scale.tenancy import TenantId

MODEL_SECONDS = 2.0
# No fact, then words with no number that was not given: what the conversation lets a model say.
_ANSWER = "[]\nThat is good to know, and it is weighed with the rest. What comes next?"
_BASE = "/api/v1/upswitch"
_NUMBER = 200_065_765
_LAST, _BEFORE = "2025-12-31", "2024-12-31"
_START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds that 95 of 100 requests did not exceed; None of what could not be measured."""

    without_model_ms: float
    with_model_ms: float | None
    why_not: str = ""


def measure(requests: int, with_model: int) -> Measured:
    """Start servers, model and API; value so many sessions without and with a model."""
    with (
        tempfile.TemporaryDirectory(prefix="upswitch-http-") as folder,
        running_servers(Path(folder)) as urls,
        _model() as model_url,
        _api(urls, model_url, Path(folder)) as url,
    ):
        return asyncio.run(_measure(urls, url, requests, with_model))


async def _measure(urls: ServerUrls, url: str, requests: int, with_model: int) -> Measured:
    database = Database(_settings(urls), process="bench")
    await database.open()
    tenant_id, key = await _account(database)
    warm = 5
    sessions = [
        await _session(database, tenant_id, place) for place in range(warm + requests + with_model)
    ]
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False) as api:
        for session_id in sessions[:warm]:
            await _value(api, session_id)
        plain = [await _value(api, each) for each in sessions[warm : warm + requests]]
        talked, why_not = [], ""
        for each in sessions[warm + requests :]:
            taken, spoken_by = await _talk(api, each)
            talked.append(taken)
            why_not = "" if spoken_by == "model" else "no model answered"
            if why_not:
                break
    await database.close()
    return Measured(_p95(plain), None if why_not else _p95(talked), why_not)


async def _value(api: httpx.AsyncClient, session_id: UUID) -> float:
    began = time.perf_counter()
    answer = await api.post(f"{_BASE}/sessions/{session_id}/valuations", json={})
    answer.raise_for_status()
    return 1000 * (time.perf_counter() - began)


async def _talk(api: httpx.AsyncClient, session_id: UUID) -> tuple[float, str]:
    """Say one thing, wait for the whole answer, value; return the time and who worded it."""
    began = time.perf_counter()
    body = {"text": "Our largest customer is about a third of our turnover."}
    async with api.stream("POST", f"{_BASE}/sessions/{session_id}/messages", json=body) as answer:
        answer.raise_for_status()
        lines = [line async for line in answer.aiter_lines()]
    await _value(api, session_id)
    taken = 1000 * (time.perf_counter() - began)
    return taken, "model" if any('"model"' in line for line in lines) else "script"


def _p95(taken: list[float]) -> float:
    return sorted(taken)[min(len(taken) - 1, int(0.95 * len(taken)))]


async def _account(database: Database) -> tuple[TenantId, str]:
    async with database.crossing("bench makes an account") as session:
        tenant_id = await create_tenant(
            session, slug="bench", name="Bench", timezone="Europe/Brussels"
        )
    async with database.session(tenant_id) as session:
        issued = await issue_api_key(session, tenant_id, name="bench", role=Role.STAFF)
    return tenant_id, issued.token


async def _session(database: Database, tenant_id: TenantId, place: int) -> UUID:
    """Begin a session whose figures no other has."""
    session_id = new_id()
    known: list[tuple[str, float, str]] = [
        ("input_sheet.revenues", 1_000_000.0 + place, _LAST),
        ("input_sheet.operating_income", 100_000.0, _LAST),
        ("market_approach.history.revenues", 900_000.0, _BEFORE),
        ("market_approach.history.operating_income", 90_000.0, _BEFORE),
    ]
    facts = [FactView(key=key, value=value, period=period) for key, value, period in known]
    async with database.session(tenant_id) as session:
        await insert_session(
            session,
            session_id,
            user_id=None,
            company_number=_NUMBER,
            company_name=f"Company {place}",
            locale="en",
            live={},
        )
        await keep_facts(session, session_id, facts)
    return session_id


def _settings(urls: ServerUrls) -> DatabaseSettings:
    return DatabaseSettings(
        url=urls.database_url, app_url=urls.app_url, crossing_url=urls.crossing_url
    )


def _environment(urls: ServerUrls, model_url: str, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "MYRIAD_HOME": str(folder / "home"),
        "MYRIAD_DATABASE__URL": urls.database_url,
        "MYRIAD_DATABASE__APP_URL": urls.app_url,
        "MYRIAD_DATABASE__CROSSING_URL": urls.crossing_url,
        "MYRIAD_REDIS__BROKER_URL": urls.broker_url,
        "MYRIAD_REDIS__CACHE_URL": urls.cache_url,
        "MYRIAD_SECRETS__KEY": base64.b64encode(bytes(32)).decode(),
        "MYRIAD_AI__OPENAI_BASE_URL": f"{model_url}/v1",
        "MYRIAD_AI__ANTHROPIC_BASE_URL": model_url,
        "OPENBLAS_NUM_THREADS": "1",
    }


@contextmanager
def _model() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "myriad.scale.ai.simulator", "--quiet", "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    command += ["--base-seconds", str(MODEL_SECONDS), "--answer", _ANSWER]
    with _running(command, url, dict(os.environ), None):
        yield url


@contextmanager
def _api(urls: ServerUrls, model_url: str, folder: Path) -> Iterator[str]:
    upgrade(urls.database_url, migration_locations())
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "uvicorn", "--factory", "myriad.apps.api:create_app"]
    command += ["--port", str(port), "--log-level", "error"]
    with _running(
        command, f"{url}/livez", _environment(urls, model_url, folder), folder / "api.log"
    ):
        yield url


@contextmanager
def _running(
    command: list[str], answers_at: str, environment: dict[str, str], log: Path | None
) -> Iterator[None]:
    target: Any = subprocess.DEVNULL if log is None else log.open("wb")
    process = subprocess.Popen(command, env=environment, stdout=target, stderr=target)
    try:
        _wait(process, answers_at, log)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path | None) -> None:
    for _ in range(_START_SECONDS * 10):
        try:
            httpx.get(url, trust_env=False, timeout=5)
        except httpx.HTTPError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
        else:
            return
    said = log.read_text(errors="replace")[-2000:] if log else ""
    sys.exit(f"upswitch-speed: {url} did not answer\n{said}")
