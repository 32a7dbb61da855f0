"""Stopping e-mails from the message itself: one click, no login, undone as easily, for nobody else."""

from __future__ import annotations

import ast
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

import myriad.products.keeper
from myriad.kit.clock import utc_now
from myriad.kit.ids import new_id
from myriad.products.keeper.notify import DELIVER_TASK, Notice, raise_notice
from myriad.products.keeper.notify.mailing import DIGEST_TASK, MAIL_TASK
from myriad.products.keeper.notify.unsubscribing import (
    PATH,
    Subscription,
    UnsubscribeLinkError,
    seal,
    unseal,
)
from myriad.products.keeper.preferences import read_preferences
from myriad.scale.tenancy import TenantId
from tests.products.keeper.notices.offices import NOTICE, Office

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
async def visitor(keeper_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client that is signed in nowhere."""
    transport = httpx.ASGITransport(app=keeper_app)
    async with httpx.AsyncClient(transport=transport, base_url="https://keeper.example.com") as one:
        yield one


async def mailed(office: Office, notice: Notice = NOTICE) -> list[tuple[str, str]]:
    """Have a notice mailed; return (address, link that stops it) of each message."""
    office.box.received.clear()
    await office.tell(notice)
    await office.work(MAIL_TASK)
    found = []
    for mail in office.box.received:
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        found.append((str(mail["To"]), str(mail["List-Unsubscribe"]).strip("<>")))
        body = mail.get_body(("plain",))
        assert body is not None
        assert found[-1][1] in body.get_content()
    return sorted(found)


def again(number: int) -> Notice:
    return Notice("review", f"review:{number}", "urgent", "Another one", "Sorry", "/keeper/today")


async def test_one_click_stops_the_kind_for_that_member_alone_and_undo_resumes_it(
    office: Office, visitor: httpx.AsyncClient
) -> None:
    """The request of a mail program: a POST without cookie, token of a form, or redirect."""
    (owner, link), (staff, _) = await mailed(office)
    path = link.removeprefix("https://keeper.example.com")
    stopped = await visitor.post(path, data=ONE_CLICK)
    assert stopped.status_code == HTTPStatus.OK
    assert "have stopped" in stopped.text
    assert [to for to, _ in await mailed(office, again(2))] == [staff]
    assert (await visitor.post(path, data=ONE_CLICK)).status_code == HTTPStatus.OK
    undone = await visitor.post(path.replace(PATH, f"{PATH}/undo"))
    assert "come again" in undone.text
    assert [to for to, _ in await mailed(office, again(3))] == [owner, staff]
    told = await office.rows(
        "SELECT action FROM platform.audit_event WHERE action LIKE 'emails.%%' ORDER BY id"
    )
    assert [row["action"] for row in told] == ["emails.stopped", "emails.resumed"]


async def test_looking_at_the_page_stops_nothing(
    office: Office, visitor: httpx.AsyncClient
) -> None:
    """Mail programs open links by themselves; the page asks first."""
    ((_, link), _) = await mailed(office)
    page = await visitor.get(link.removeprefix("https://keeper.example.com"))
    assert page.status_code == HTTPStatus.OK
    assert "Stop these e-mails?" in page.text
    assert "one or two stars" in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert len(await mailed(office, again(2))) == 2


@pytest.mark.parametrize("spoil", ["flip", "cut", "empty", "words"])
async def test_a_damaged_link_changes_nothing_and_says_what_to_do(
    office: Office, visitor: httpx.AsyncClient, spoil: str
) -> None:
    """Neither a changed letter nor a made-up link stops anybody's e-mails."""
    ((_, link), _) = await mailed(office)
    token = parse_qs(urlsplit(link).query)["t"][0]
    turned = "A" if token[40] != "A" else "B"
    wrong = {
        "flip": token[:40] + turned + token[41:],
        "cut": token[:-8],
        "empty": "",
        "words": "x y",
    }
    answer = await visitor.post(PATH, params={"t": wrong[spoil]}, data=ONE_CLICK)
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert "Settings" in answer.text
    assert len(await mailed(office, again(2))) == 2


async def test_a_link_of_an_account_that_is_gone_says_so(
    office: Office, visitor: httpx.AsyncClient
) -> None:
    """The page does not fail."""
    gone = Subscription(TenantId(new_id()), new_id(), ("report",))
    token = seal(office.shop.runtime.vault, gone)
    answer = await visitor.post(PATH, params={"t": token})
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert "gone" in answer.text


async def test_a_link_is_sealed_for_what_it_names(office: Office) -> None:
    """It opens to the same account, member and kinds; what was sealed for another use does not."""
    vault = office.shop.runtime.vault
    given = Subscription(TenantId(new_id()), UUID(int=7), ("low_review", "report"))
    assert unseal(vault, seal(vault, given)) == given
    assert re.fullmatch(r"[\w-]+", seal(vault, given))
    with pytest.raises(UnsubscribeLinkError):
        unseal(vault, vault.encrypt(b"x" * 40, "something else").hex())


async def test_a_digest_leaves_out_what_was_switched_off_since(office: Office) -> None:
    """Two ordinary notices wait; one kind is switched off: the message holds the other alone."""
    async with office.shop.runtime.database.read_session(office.shop.tenant_id) as session:
        assert not (await read_preferences(session)).notify_emails
    members = await office.rows("SELECT user_id FROM platform.membership ORDER BY user_id")
    kinds = {str(row["user_id"]): ["low_review", "connection"] for row in members}
    await office.prefer(notify_emails=kinds)
    for name, kind in (("a", "review"), ("b", "connection")):
        async with office.shop.runtime.database.session(office.shop.tenant_id) as session:
            await raise_notice(
                session, Notice(kind, name, "normal", f"About {kind}", "", "/keeper/today")
            )
    await office.work(DELIVER_TASK)
    await office.prefer(notify_emails={user: ["connection"] for user in kinds})
    past = utc_now() - timedelta(hours=1)
    await office.execute(f"UPDATE keeper.notice_delivery SET due_at = '{past.isoformat()}'")
    await office.work(DIGEST_TASK)
    assert office.box.received
    for mail in office.box.received:
        body = mail.get_body(("plain",))
        assert body is not None
        assert "About connection" in body.get_content()
        assert "About review" not in body.get_content()


def test_there_is_one_way_to_a_mailbox() -> None:
    """Only `notify.mailing` sends, where wishes and quiet hours are asked."""
    root = Path(next(iter(myriad.products.keeper.__path__)))
    senders = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if _sends(node):
                senders.add(path.relative_to(root).as_posix())
    assert senders == {"notify/mailing.py"}


def _sends(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        is_port = (node.module or "").endswith("mail.sending")
        return is_port and any(name.name == "send" for name in node.names)
    return isinstance(node, ast.Import) and any(name.name == "smtplib" for name in node.names)
