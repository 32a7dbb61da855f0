"""An export holds everything of the account, nothing of others, and stays small in memory."""

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile
from http import HTTPStatus

from myriad.products.keeper.exporting import stream_export
from tests.products.keeper.keeping.conftest import API, Desk
from tests.products.keeper.ledger import LAST, fill

_MANY = 20_000


def _read(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    with archive.open(name) as file:
        return list(csv.DictReader(io.TextIOWrapper(file, encoding="utf-8", newline="")))


async def test_the_zip_holds_every_file_safe_to_open_and_nobody_elses_rows(
    desk: Desk, other_desk: Desk
) -> None:
    await fill(desk.shop, people=40)
    await desk.shop.add_customer("formula", given_name="=HYPERLINK(1)", family_name="Ünal")
    await other_desk.shop.add_customer("theirs", given_name="Stranger")
    await desk.shop.run()
    async with desk.client() as owner:
        answer = await owner.get(f"{API}/export")
        events = await desk.shop.rows(
            "SELECT actor_kind FROM platform.audit_event WHERE action = 'export.made'"
        )
    assert answer.status_code == HTTPStatus.OK
    assert answer.headers["cache-control"] == "no-store"
    assert [event["actor_kind"] for event in events] == ["key"]
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    wanted = (
        "customers persons links visits payments refunds orders order_lines bookings metrics "
        "tasks insights reviews staff_metrics reports audit seen_by settings"
    )
    assert {f"{name}.csv" for name in wanted.split()} <= set(archive.namelist())
    people = _read(archive, "customers.csv")
    assert len(people) == 41
    (formula,) = [row for row in people if row["ext_id"] == "formula"]
    assert (formula["given_name"], formula["family_name"]) == ("'=HYPERLINK(1)", "Ünal")
    payments = await desk.shop.value("SELECT count(*) FROM keeper.payment")
    assert len(_read(archive, "payments.csv")) == payments
    readme = archive.read("README.txt").decode()
    assert all(name in readme for name in archive.namelist() if name != "README.txt")
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"Stranger" not in everything


async def test_staff_may_not_export(desk: Desk) -> None:
    async with desk.client("staff") as staff:
        refused = await staff.get(f"{API}/export")
    assert refused.status_code == HTTPStatus.FORBIDDEN


async def test_memory_does_not_grow_with_the_rows(desk: Desk) -> None:
    await desk.shop.change(
        "INSERT INTO keeper.payment (tenant_id, ext_id, amount, currency, status, local_date, "
        "ext_created_at, ext_updated_at) SELECT %s, 'p' || n, n, 'USD', 'COMPLETED', %s, now(), "
        "now() FROM generate_series(1, %s) n",
        (desk.shop.tenant_id, LAST, _MANY),
    )
    tracemalloc.start()
    try:
        size = 0
        async for part in stream_export(desk.shop.runtime.database, desk.shop.tenant_id):
            size += len(part)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 250_000
    assert peak < 10_000_000, "a thousand rows at a time take less, all of them more"
