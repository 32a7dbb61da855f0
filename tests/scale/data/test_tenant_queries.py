"""A package's named SQL runs alike on every session, and says itself what becomes JSON."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import msgspec
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from myriad.scale.data import NamedQueries, Session, TenantQueries
from myriad.scale.data.database import ReadSession
from myriad.scale.data.queries import UnknownQueryError
from myriad.scale.data.tenant_queries import as_json, documents_of
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import NoTenantError, acting_for
from tests.fixtures.database import TwoTenants

_QUERIES = TenantQueries(
    NamedQueries(
        {
            "whose": "SELECT %(tenant_id)s::uuid AS bound, current_setting('app.tenant_id') AS set",
            "number": "SELECT %(n)s::integer AS n, 'x' AS word",
            "numbers": "SELECT generate_series(1, %(n)s::integer) AS n",
            "kinds": "SELECT jsonb_typeof(%(document)s::jsonb) AS kind, %(several)s::text[] AS texts",
            "undeclared": "SELECT %(document)s AS document",
            "make": "CREATE TEMPORARY TABLE kept (name text, size integer) ON COMMIT DROP",
            "keep": "INSERT INTO kept VALUES (%(name)s, %(size)s)",
            "keep_rows": (
                "INSERT INTO kept SELECT name, size "
                "FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (name text, size integer)"
            ),
            "kept": "SELECT name, size FROM kept ORDER BY name",
            "share": "SELECT 100 / %(n)s::integer AS share, '7%%' AS word",
            "rename": "UPDATE platform.tenant SET name = %(name)s WHERE id = %(tenant_id)s",
            "renamed": (
                "UPDATE platform.tenant SET name = %(name)s WHERE id = %(tenant_id)s RETURNING name"
            ),
            "name": "SELECT name FROM platform.tenant WHERE id = %(tenant_id)s",
        }
    )
)
Opened = Callable[[], AbstractAsyncContextManager[Session]]


@dataclass(frozen=True)
class Kept:
    """A row of the table of these tests."""

    name: str
    size: int


@pytest.fixture(params=["request", "work"])
def opened(request: pytest.FixtureRequest, runtime: Runtime, tenants: TwoTenants) -> Opened:
    """A transaction of a request, through SQLAlchemy, or of a job, on psycopg itself."""

    @asynccontextmanager
    async def work() -> AsyncIterator[Session]:
        with acting_for(tenants.first):
            async with runtime.database.work.transaction(tenants.first) as session:
                yield Session(ReadSession(session))

    if request.param == "work":
        return work
    return lambda: runtime.database.session(tenants.first)


async def test_the_tenant_is_bound_and_set(opened: Opened, tenants: TwoTenants) -> None:
    async with opened() as session:
        row = await _QUERIES.get(session, "whose")
    assert (row["bound"], row["set"]) == (UUID(str(tenants.first)), str(tenants.first))


async def test_a_query_outside_of_a_tenant_is_refused(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    async with runtime.database.work.transaction(tenants.first) as session:
        with pytest.raises(NoTenantError):
            await _QUERIES.fetch(ReadSession(session), "whose")


async def test_a_name_that_no_file_has_is_refused_with_those_that_exist(opened: Opened) -> None:
    async with opened() as session:
        with pytest.raises(UnknownQueryError, match="whose"):
            await _QUERIES.fetch(session, "whom")


async def test_no_row_is_none(opened: Opened) -> None:
    async with opened() as session:
        assert await _QUERIES.find(session, "numbers", n=0) is None
        assert await _QUERIES.find(session, "numbers", n=2) == {"n": 1}


async def test_several_queries_are_answered_by_their_names(opened: Opened) -> None:
    async with opened() as session:
        found = await _QUERIES.fetch_all(session, {"number": {"n": 4}, "numbers": {"n": 2}})
    assert found == {"number": [{"n": 4, "word": "x"}], "numbers": [{"n": 1}, {"n": 2}]}


async def test_statements_say_how_many_rows_they_touched(opened: Opened) -> None:
    rows = [{"name": "a", "size": 1}, {"name": "b", "size": 2}]
    async with opened() as session:
        await _QUERIES.execute(session, "make")
        assert await _QUERIES.execute(session, "keep", name="c", size=3) == 1
        assert await _QUERIES.execute_rows(session, "keep_rows", rows) == 2
        await _QUERIES.execute_many(session, "keep", [{"name": "d", "size": 4}])
        await _QUERIES.execute_many(session, "keep", [])
        kept = await _QUERIES.fetch_as(Kept, session, "kept")
    assert kept == [Kept("a", 1), Kept("b", 2), Kept("c", 3), Kept("d", 4)]


async def test_what_waits_runs_before_what_is_asked_next(opened: Opened) -> None:
    async with opened() as session:
        await _QUERIES.execute(session, "make")
        await _QUERIES.execute_soon(session, "keep", name="a", size=1)
        await _QUERIES.execute_soon(session, "keep", name="b", size=2)
        assert await _QUERIES.fetch_as(Kept, session, "kept") == [Kept("a", 1), Kept("b", 2)]
        await _QUERIES.execute_soon(session, "keep", name="c", size=3)
        counted = await session.execute(text("SELECT count(*) FROM kept"))
        assert counted.scalar_one() == 3


async def test_what_waits_is_committed_or_dropped_with_its_transaction(opened: Opened) -> None:
    async def half_done() -> None:
        async with opened() as session:
            await _QUERIES.execute_soon(session, "rename", name="Dropped")
            raise RuntimeError

    async with opened() as session:
        await _QUERIES.execute_soon(session, "rename", name="Waited")
    with pytest.raises(RuntimeError):
        await half_done()
    async with opened() as session:
        assert await _QUERIES.get(session, "name") == {"name": "Waited"}


async def test_what_waits_and_fails_commits_nothing(opened: Opened) -> None:
    async def fail() -> None:
        async with opened() as session:
            await _QUERIES.execute(session, "rename", name="Dropped")
            await _QUERIES.execute_soon(session, "share", n=0)

    with pytest.raises((psycopg.errors.DivisionByZero, DBAPIError)):
        await fail()
    async with opened() as session:
        assert (await _QUERIES.get(session, "name"))["name"] != "Dropped"


async def test_what_is_asked_last_is_answered_and_committed(opened: Opened) -> None:
    async with opened() as session:
        asked = [{"name": "First"}, {"name": "Second"}]
        rows = await _QUERIES.fetch_last(session, "renamed", asked)
    assert rows == [[{"name": "First"}], [{"name": "Second"}]]
    async with opened() as session:
        assert await _QUERIES.get(session, "name") == {"name": "Second"}


async def test_a_percent_sign_is_one_however_a_query_is_sent(opened: Opened) -> None:
    async with opened() as session:
        assert await _QUERIES.get(session, "share", n=4) == {"share": 25, "word": "7%"}


async def test_a_row_that_its_type_does_not_know_is_refused(opened: Opened) -> None:
    async with opened() as session:
        with pytest.raises(TypeError, match="word"):
            await _QUERIES.fetch_as(Kept, session, "number", n=1)


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        pytest.param({"a": 1}, "object", id="mapping"),
        pytest.param([], "array", id="no-rows"),
        pytest.param(["a"], "array", id="texts"),
        pytest.param("a", "string", id="text"),
        pytest.param(float("nan"), "null", id="not-a-number"),
        pytest.param(Jsonb(3), "number", id="already-json"),
        pytest.param(None, None, id="nothing"),
    ],
)
async def test_what_the_sql_casts_is_sent_as_json_and_a_list_beside_it_as_an_array(
    opened: Opened, document: object, kind: str | None
) -> None:
    async with opened() as session:
        row = await _QUERIES.get(session, "kinds", document=document, several=["x", "y"])
    assert row == {"kind": kind, "texts": ["x", "y"]}


async def test_a_mapping_that_the_sql_does_not_cast_is_refused(opened: Opened) -> None:
    with pytest.raises((psycopg.ProgrammingError, ProgrammingError), match="dict"):
        async with opened() as session:
            await _QUERIES.fetch(session, "undeclared", document={"a": 1})


def test_only_a_parameter_under_the_cast_is_a_document() -> None:
    sql = "SELECT %(a)s::jsonb, %(b)s::json, %(c)s, '{}'::jsonb, %(a)s::jsonb, %(d)s::jsonb[]"
    assert documents_of(sql) == ("a",)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.text()
        | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_reads_back_as_it_was(value: object) -> None:
    assert msgspec.json.decode(as_json(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(Decimal("1.10"), b'"1.10"', id="decimal"),
        pytest.param(Fraction(1, 4), b"0.25", id="number-of-a-library"),
        pytest.param(UUID(int=1), b'"00000000-0000-0000-0000-000000000001"', id="id"),
    ],
)
def test_what_json_has_no_word_for_keeps_its_digits(value: object, text: bytes) -> None:
    assert as_json(value) == text


async def test_a_brief_session_asks_as_its_tenant_and_names_what_failed(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    async with runtime.database.brief_session(tenants.first) as session:
        asked = {"whose": {}, "numbers": {"n": 2}}
        found = await _QUERIES.fetch_all(session, asked)
        assert found["whose"] == [{"bound": tenants.first, "set": str(tenants.first)}]
        assert found["numbers"] == [{"n": 1}, {"n": 2}]
        with pytest.raises(psycopg.errors.DivisionByZero):
            await _QUERIES.fetch_text(session, "SELECT 1 / %(n)s::integer", {"n": 0})
        assert await _QUERIES.get(session, "number", n=3) == {"n": 3, "word": "x"}


async def test_a_brief_session_cannot_write(runtime: Runtime, tenants: TwoTenants) -> None:
    writes = "UPDATE platform.tenant SET name = 'x' WHERE id = %(tenant_id)s RETURNING id"
    async with runtime.database.brief_session(tenants.first) as session:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await _QUERIES.fetch_text(session, writes, {})
