"""The mail port against a real server: what arrives, what is retried, what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from myriad.scale.jobs.backoff import judge
from myriad.scale.jobs.errors import RetryLaterError
from myriad.scale.mail.sending import (
    Mail,
    MailFailedError,
    MailHeaderError,
    MailRefusedError,
    compose,
    message_id,
    send,
)
from myriad.scale.mail.settings import SmtpSettings
from tests.fixtures.mailbox import Mailbox, serving

MAIL = Mail(
    to="owner@example.com",
    name="Óla Owner",
    subject="Ana left one star - „zu spät“",
    text="Too late.\n",
    html="<p>Too late.</p>",
    message_key="notice:user",
    unsubscribe_url="https://keeper.example.com/keeper/settings",
)


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[Mailbox]:
    """A server that wants STARTTLS and a password."""
    async with serving(tmp_path) as box:
        yield box


async def test_a_message_arrives_whole_encrypted_and_with_its_headers(mailbox: Mailbox) -> None:
    sent = await send(mailbox.settings(), MAIL)
    (message,) = mailbox.received
    assert mailbox.was_encrypted == [True]
    assert message["Subject"] == MAIL.subject
    assert message["To"] == "Óla Owner <owner@example.com>"
    assert message["Message-ID"] == sent
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] == f"<{MAIL.unsubscribe_url}>"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().strip() == "Too late."
    assert html.get_content().strip() == "<p>Too late.</p>"


async def test_a_long_link_and_a_long_id_stand_in_the_bytes_as_they_are(mailbox: Mailbox) -> None:
    link = f"https://keeper.example.com/keeper/settings?token={'0a1b2c-' * 30}"
    settings = mailbox.settings().model_copy(update={"sender": f"K <k@{'long.' * 9}example.com>"})
    sent = await send(settings, replace(MAIL, unsubscribe_url=link))
    (raw,) = mailbox.raw
    assert f"List-Unsubscribe: <{link}>\r\n".encode() in raw
    assert f"Message-ID: {sent}\r\n".encode() in raw


def test_the_same_message_has_the_same_id_and_another_one_another() -> None:
    sender = "Keeper <keeper@example.com>"
    assert message_id("a:b", sender) == message_id("a:b", sender)
    assert message_id("a:b", sender) != message_id("a:c", sender)
    assert message_id("a:b", sender).endswith("@example.com>")


@pytest.mark.parametrize(
    ("replies", "kind"),
    [
        ({"data_replies": ["421 closing"]}, "later"),
        ({"data_replies": ["451 greylisted"]}, "later"),
        ({"data_replies": ["452 full for now"]}, "later"),
        ({"recipient_replies": ["450 busy mailbox"]}, "later"),
        ({"data_replies": ["454 something of ours"]}, "retry"),
        ({"data_replies": ["554 spam"]}, "permanent"),
        ({"recipient_replies": ["550 no such user"]}, "permanent"),
    ],
)
async def test_a_reply_decides_how_the_job_goes_on(
    mailbox: Mailbox, replies: dict[str, list[str]], kind: str
) -> None:
    for name, values in replies.items():
        getattr(mailbox, name).extend(values)
    with pytest.raises((RetryLaterError, MailRefusedError, MailFailedError)) as caught:
        await send(mailbox.settings(), MAIL)
    assert judge(caught.value, attempt=1).kind == kind
    assert "owner@example.com" not in str(caught.value)


async def test_a_wrong_password_is_tried_again_when_it_is_put_right(mailbox: Mailbox) -> None:
    with pytest.raises(MailFailedError, match="password") as caught:
        await send(mailbox.settings(password="wrong"), MAIL)
    assert judge(caught.value, attempt=1).kind == "retry"


async def test_a_server_without_encryption_is_not_spoken_to_in_the_clear(tmp_path: Path) -> None:
    async with serving(tmp_path, tls=False) as plain:
        with pytest.raises(MailFailedError, match="STARTTLS"):
            await send(plain.settings(), MAIL)
        assert plain.received == []


async def test_a_certificate_that_nobody_vouches_for_is_refused(mailbox: Mailbox) -> None:
    with pytest.raises(MailFailedError, match="cannot be reached"):
        await send(mailbox.settings(ca_file=""), MAIL)


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    settings = SmtpSettings(host="127.0.0.1", port=1, security="none", sender="k@example.com")
    with pytest.raises(MailFailedError) as caught:
        await send(settings, MAIL)
    assert judge(caught.value, attempt=1).kind == "retry"


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": "Hello\r\nBcc: everybody@example.com"},
        {"name": "Owner\nBcc: everybody@example.com"},
        {"to": "owner@example.com\r\nBcc: everybody@example.com"},
        {"to": "owner@example.com, everybody@example.com"},
        {"to": "no address"},
        {"unsubscribe_url": "https://x/>\r\nBcc: everybody@example.com"},
    ],
)
def test_nothing_in_a_message_becomes_a_header_of_its_own(wrong: dict[str, Any]) -> None:
    with pytest.raises(MailHeaderError):
        compose(replace(MAIL, **wrong), "Keeper <keeper@example.com>")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"host": "mail.example.com"}, "needs a sender"),
        ({"host": "mail.example.com", "sender": "nobody"}, "needs a sender"),
        (
            {
                "host": "mail.example.com",
                "sender": "k@example.com",
                "security": "none",
                "password": "x",
            },
            "without encryption",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(
    given: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        SmtpSettings.model_validate(given)


def test_without_a_server_no_mail_is_sent() -> None:
    assert not SmtpSettings().can_send
