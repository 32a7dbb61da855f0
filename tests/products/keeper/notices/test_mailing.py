"""From a notice to mailboxes: who gets a message, once, and what quiet hours and digests do to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from myriad.kit.clock import utc_now
from myriad.products.keeper import tasks  # noqa: F401 - registers the tasks
from myriad.products.keeper.notify.mailing import DIGEST_TASK, MAIL_TASK
from myriad.products.keeper.notify.timing import MOST_OWN_MAILS
from myriad.scale.directory import list_members
from myriad.scale.jobs import enqueue
from myriad.scale.runtime import Runtime
from tests.fixtures.app import create_company
from tests.fixtures.jobs import run_job
from tests.fixtures.mailbox import Mailbox
from tests.products.keeper.ledger import Shop
from tests.products.keeper.notices.offices import NOTICE, Office


async def test_every_member_who_wants_its_kind_gets_one_message(office: Office) -> None:
    await office.tell()
    await office.work(MAIL_TASK)
    assert sorted(str(mail["Subject"]) for mail in office.box.received) == [NOTICE.title] * 2
    body = office.box.received[0].get_body(("plain",))
    assert body is not None
    assert "https://keeper.example.com/keeper/today" in body.get_content()
    assert await office.deliveries() == [("own", "sent")] * 2


async def test_what_is_for_the_owner_goes_to_no_staff(office: Office) -> None:
    await office.tell(replace(NOTICE, audience="owner"))
    await office.work(MAIL_TASK)
    (mail,) = office.box.received
    assert str(mail["To"]).startswith("Owner <owner-")


async def test_who_switched_a_kind_off_gets_none(office: Office) -> None:
    async with office.shop.runtime.database.read_session(office.shop.tenant_id) as session:
        members = await list_members(session, office.shop.tenant_id)
    await office.prefer(notify_emails={str(members[0].user_id): []})
    await office.tell()
    await office.work(MAIL_TASK)
    (mail,) = office.box.received
    assert members[1].email in str(mail["To"])


async def test_a_second_run_of_the_same_jobs_sends_nothing_twice(office: Office) -> None:
    await office.tell()
    await office.work(MAIL_TASK)
    sql = "SELECT id FROM keeper.notice_delivery ORDER BY id"
    for row in await office.rows(sql):
        async with office.shop.runtime.database.session(office.shop.tenant_id) as session:
            again = {"delivery_id": str(row["id"])}
            job_id = await enqueue(session, MAIL_TASK, again)
        await run_job(office.shop.runtime, office.shop.tenant_id, job_id)
    assert len(office.box.received) == 2


async def test_what_was_seen_meanwhile_is_not_mailed(office: Office) -> None:
    await office.tell()
    await office.execute("UPDATE keeper.notice SET seen_at = now()")
    await office.work(MAIL_TASK)
    assert office.box.received == []
    assert await office.deliveries() == [("own", "skipped")] * 2


async def test_quiet_hours_hold_a_message_back_unless_it_is_urgent_and_may_pass(
    office: Office,
) -> None:
    """Quiet all day but one minute that lies twelve hours away."""
    hour = (utc_now() + timedelta(hours=7)).hour
    quiet = {"start": f"{hour:02d}:01", "end": f"{hour:02d}:00"}
    await office.prefer(quiet_hours=quiet)
    await office.tell(replace(NOTICE, level="high", audience="owner"))
    await office.work(MAIL_TASK)
    assert office.box.received == []
    assert await office.deliveries() == [("own", "waiting")]
    await office.tell(replace(NOTICE, dedup_key="review:2", audience="owner", title="Urgent"))
    sql = "SELECT due_at <= now() AS due FROM keeper.notice_delivery ORDER BY id"
    assert [row["due"] for row in await office.rows(sql)] == [False, True]


async def test_ordinary_notices_come_together_once(office: Office) -> None:
    for number in range(3):
        await office.tell(
            replace(
                NOTICE,
                dedup_key=f"review:{number}",
                level="normal",
                audience="owner",
                title=f"No {number}",
            )
        )
    await office.execute("UPDATE keeper.notice_delivery SET due_at = now()")
    assert await office.work(DIGEST_TASK) == ["succeeded"]
    (mail,) = office.box.received
    assert str(mail["Subject"]).endswith(": 3 notices")
    body = mail.get_body(("plain",))
    assert body is not None
    assert all(f"No {number}" in body.get_content() for number in range(3))
    assert await office.deliveries() == [("digest", "sent")] * 3


async def test_a_storm_of_alerts_is_a_few_messages_and_a_digest(office: Office) -> None:
    for number in range(MOST_OWN_MAILS + 4):
        await office.tell(replace(NOTICE, dedup_key=f"review:{number}", audience="owner"))
    forms = [form for form, _ in await office.deliveries()]
    assert forms == ["own"] * MOST_OWN_MAILS + ["digest"] * 4


async def test_a_mailbox_that_is_gone_ends_as_a_dead_letter_with_its_code(office: Office) -> None:
    office.box.recipient_replies.append("550 no such user")
    await office.tell(replace(NOTICE, audience="owner"))
    assert await office.work(MAIL_TASK) == ["dead"]
    rows = await office.rows("SELECT state, error FROM keeper.notice_delivery")
    assert (rows[0]["state"], rows[0]["error"]) == ("failed", "550")


async def test_a_busy_server_costs_no_attempt_and_the_message_comes_later(office: Office) -> None:
    office.box.data_replies.append("451 greylisted")
    await office.tell(replace(NOTICE, audience="owner"))
    await office.work(MAIL_TASK)
    assert await office.deliveries() == [("own", "waiting")]
    await office.work(MAIL_TASK)
    assert await office.deliveries() == [("own", "sent")]


async def test_without_a_mail_server_nothing_is_planned(runtime: Runtime) -> None:
    company = await create_company(runtime)
    shop = await Shop.open(runtime, company.tenant_id)
    office = Office(shop, Mailbox(Path()))
    await office.tell()
    assert await office.deliveries() == []
