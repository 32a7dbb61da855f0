"""What goes wrong behind the screens reaches the owner: a permission that is gone, days that differ."""

from __future__ import annotations

from datetime import date

from myriad.products.keeper.notify import DELIVER_TASK
from myriad.products.keeper.notify.losing import tell_drift, tell_lost
from myriad.products.keeper.notify.mailing import DIGEST_TASK, MAIL_TASK
from myriad.products.keeper.square.oauth import GONE_NOTICE
from myriad.scale.directory import list_members
from tests.products.keeper.notices.offices import Office

DAYS = (date(2026, 6, 11), date(2026, 6, 12))


async def test_the_owner_is_mailed_that_a_permission_is_gone_without_asking_for_it(
    office: Office,
) -> None:
    async with office.shop.runtime.database.session(office.shop.tenant_id) as session:
        await tell_lost(session, "42", GONE_NOTICE, "/keeper/connections")
    await office.work(DELIVER_TASK)
    await office.work(MAIL_TASK)
    (mail,) = office.box.received
    assert str(mail["Subject"]) == "Square no longer lets Keeper read"
    assert str(mail["To"]).startswith("Owner <owner-")


async def test_days_that_differ_are_told_once_and_again_when_a_later_one_does(
    office: Office,
) -> None:
    """Only who chose that kind gets it, with the day's digest."""
    shop = office.shop
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        members = await list_members(session, shop.tenant_id)
    await office.prefer(notify_emails={str(one.user_id): ["data_accuracy"] for one in members})
    for days in (DAYS[:1], DAYS[:1], DAYS):
        async with shop.runtime.database.session(shop.tenant_id) as session:
            await tell_drift(session, "L1", days)
    told = await office.rows("SELECT title FROM keeper.notice ORDER BY id")
    assert [row["title"] for row in told] == [
        "A closed day differs from Square",
        "2 closed days differ from Square",
    ]
    await office.work(DELIVER_TASK)
    await office.execute("UPDATE keeper.notice_delivery SET due_at = now()")
    await office.work(DIGEST_TASK)
    (mail,) = office.box.received
    assert str(mail["To"]).startswith("Owner <owner-")
