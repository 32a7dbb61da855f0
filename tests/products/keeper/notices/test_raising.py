"""Raising a notice: once for its cause, within the caller's transaction, for one tenant only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.notify import DELIVER_TASK, Notice, clear_notices, raise_notice
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.products.keeper.ledger import Shop

NOTICE = Notice(
    "review", "review:42:1", "urgent", "One star from Ana", "Too late", "/keeper/reviews"
)


async def raised(shop: Shop, notice: Notice) -> bool:
    """Raise a notice in a transaction of its own."""
    async with shop.runtime.database.session(shop.tenant_id) as session:
        return await raise_notice(session, notice)


async def _raised_and_regretted(shop: Shop) -> None:
    async with shop.runtime.database.session(shop.tenant_id) as session:
        await raise_notice(session, NOTICE)
        raise RuntimeError


async def rows_of(runtime: Runtime, tenant_id: TenantId) -> list[dict[str, Any]]:
    """Return the tenant's notices."""
    sql = "SELECT dedup_key, level, title, cleared_at FROM keeper.notice ORDER BY id"
    return await runtime.database.reader.rows(tenant_id, sql)


async def jobs_of(runtime: Runtime, tenant_id: TenantId) -> list[str]:
    """Return the classes of the jobs that tell of notices."""
    sql = "SELECT job_class FROM platform.job_overview WHERE task = %(task)s ORDER BY id"
    rows = await runtime.database.reader.rows(tenant_id, sql, {"task": DELIVER_TASK})
    return [row["job_class"] for row in rows]


async def test_a_cause_is_told_of_once(shop: Shop) -> None:
    assert await raised(shop, NOTICE)
    assert not await raised(shop, replace(NOTICE, title="Said again"))
    rows = await rows_of(shop.runtime, shop.tenant_id)
    assert [row["title"] for row in rows] == ["One star from Ana"]
    assert len(await jobs_of(shop.runtime, shop.tenant_id)) == 1


async def test_a_notice_of_a_transaction_that_rolls_back_never_was(shop: Shop) -> None:
    with pytest.raises(RuntimeError):
        await _raised_and_regretted(shop)
    assert await rows_of(shop.runtime, shop.tenant_id) == []
    assert await jobs_of(shop.runtime, shop.tenant_id) == []


async def test_the_same_cause_elsewhere_is_another_tenants_own(
    shop: Shop, other_shop: Shop
) -> None:
    assert await raised(shop, NOTICE)
    assert await raised(other_shop, NOTICE)
    assert len(await rows_of(shop.runtime, other_shop.tenant_id)) == 1


async def test_what_nobody_needs_to_know_any_more_is_cleared_once(shop: Shop) -> None:
    await raised(shop, NOTICE)
    async with shop.runtime.database.session(shop.tenant_id) as session:
        assert await clear_notices(session, NOTICE.kind, NOTICE.dedup_key)
        assert not await clear_notices(session, NOTICE.kind, NOTICE.dedup_key)


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "Subject\r\nBcc: everybody@example.com"},
        {"title": "x" * 201},
        {"detail": "x" * 2001},
        {"dedup_key": ""},
        {"level": "shouting"},
        {"audience": "nobody"},
        {"href": "https://elsewhere.example"},
        {"href": "//elsewhere.example"},
    ],
)
def test_a_notice_that_no_reader_could_use_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        replace(NOTICE, **wrong)
