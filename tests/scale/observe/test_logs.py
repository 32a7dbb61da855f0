"""Logs hold ids and event names; what a customer sent stays out of them."""

from __future__ import annotations

import json

import psycopg
import pytest

from myriad.scale.jobs.faults import describe
from myriad.scale.observe import logs
from myriad.scale.runtime import Runtime

_TWICE = "INSERT INTO twice VALUES ('ann@example.com')"


@pytest.fixture
async def conflict(runtime: Runtime) -> psycopg.Error:
    """Return the error of a row that is there already, as PostgreSQL words it."""
    url = runtime.database.settings.app
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("CREATE TEMPORARY TABLE twice (email text PRIMARY KEY)")
        await connection.execute(_TWICE)
        with pytest.raises(psycopg.errors.UniqueViolation) as caught:
            await connection.execute(_TWICE)
    return caught.value


async def test_a_row_that_postgresql_quotes_reaches_neither_log_nor_job(
    conflict: psycopg.Error,
) -> None:
    assert "ann@example.com" in str(conflict)
    event = {"event": "request_crashed", "exception": str(conflict), "error": str(conflict)}
    said = json.dumps(logs.mask_row_values(None, "error", event)) + json.dumps(describe(conflict))
    assert "ann@example.com" not in said
    assert "twice_pkey" in said
