"""The port through which e-mail leaves: one message over SMTP (RFC 5321), encrypted, in time.

A message that the server took is not unsent when we die before noting it; its Message-ID is the
same at every attempt, by which mailboxes and providers know the second copy.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr
from hashlib import blake2b

from myriad.kit.clock import utc_now
from myriad.kit.errors import MyriadError
from myriad.scale.jobs.errors import PermanentJobError, RetryLaterError
from myriad.scale.mail.settings import SmtpSettings

BUSY_SECONDS = 300.0
# The server is busy, greylists us, or the mailbox is full for now: nothing is wrong with the mail.
_COME_AGAIN = (421, 450, 451, 452)
_FIRST_PERMANENT = 500


class UnbrokenHeader(UnstructuredHeader, BaseHeader):
    """A header of one token, which keeps its form however long it is.

    The library writes a token above 78 characters as encoded words, which RFC 2047 (section 5)
    allows in no such header: mail programs would find no link in it.
    """

    def fold(self, *, policy: Policy) -> str:
        """Return the header as one line, which RFC 5322 (2.1.1) allows 998 characters."""
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", UnbrokenHeader)
_HEADERS.map_to_type("message-id", UnbrokenHeader)
_POLICY = SMTP.clone(header_factory=_HEADERS)


class MailHeaderError(PermanentJobError):
    """A header would hold what no header may, such as a line break; nothing was sent."""

    code = "mail_header"
    title = "Unusable mail header"


class MailRefusedError(PermanentJobError):
    """The server will never take this message for this mailbox."""

    code = "mail_refused"
    title = "Mail refused"


class MailFailedError(MyriadError):
    """The mail server could not be used just now, or is set up differently than we think."""

    code = "mail_failed"
    status = 503
    title = "Mail not sent"


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one person; `message_key` names what it says, for the Message-ID.

    `unsubscribe_url` switches its kinds off (RFC 2369), with one click where it is https (RFC 8058);
    empty for a message that belongs to no series.
    """

    to: str
    name: str
    subject: str
    text: str
    html: str
    message_key: str
    unsubscribe_url: str = ""


def message_id(key: str, sender: str) -> str:
    """Return the Message-ID of what `key` names, the same at every attempt."""
    domain = parseaddr(sender)[1].rpartition("@")[2]
    return f"<{blake2b(key.encode(), digest_size=16).hexdigest()}@{domain}>"


def compose(mail: Mail, sender: str) -> EmailMessage:
    """Return the message with a text and an HTML part; raises MailHeaderError."""
    for value in (mail.to, mail.name, mail.subject, mail.unsubscribe_url, sender):
        if not value.isprintable():
            raise MailHeaderError("a header of the message would hold a line break")
    message = EmailMessage(policy=_POLICY)
    try:
        message["From"] = sender
        message["To"] = Address(mail.name, addr_spec=mail.to)
    except (ValueError, IndexError) as error:
        raise MailHeaderError("the address of a member cannot be used in a message") from error
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(utc_now())
    message["Message-ID"] = message_id(mail.message_key, sender)
    # RFC 3834: no answering machine shall answer.
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
        if mail.unsubscribe_url.startswith("https://"):
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


async def send(settings: SmtpSettings, mail: Mail) -> str:
    """Hand the message to the server and return its Message-ID.

    Raises RetryLaterError when the server asks to wait, MailRefusedError when it never will take
    it, MailHeaderError, and MailFailedError for everything that may be over the next time.
    """
    message = compose(mail, settings.sender)
    await asyncio.to_thread(_speak, settings, lambda server: server.send_message(message))
    return str(message["Message-ID"])


def _speak(settings: SmtpSettings, say: Callable[[smtplib.SMTP], object]) -> None:
    try:
        with _connected(settings) as server:
            say(server)
    except smtplib.SMTPRecipientsRefused as error:
        raise verdict(next(iter(error.recipients.values()))[0]) from None
    except smtplib.SMTPAuthenticationError as error:
        message = f"the mail server refuses the user name or password ({error.smtp_code})"
        raise MailFailedError(message) from None
    except smtplib.SMTPNotSupportedError:
        message = "the mail server offers no STARTTLS or no sign-in; look at SMTP__SECURITY"
        raise MailFailedError(message) from None
    except smtplib.SMTPResponseException as error:
        raise verdict(error.smtp_code) from None
    except (smtplib.SMTPException, ssl.SSLError, OSError) as error:
        message = f"the mail server cannot be reached ({type(error).__name__})"
        raise MailFailedError(message) from None


def verdict(code: int) -> MyriadError:
    """Return what an SMTP reply (RFC 5321, 4.2) means for the job."""
    if code in _COME_AGAIN:
        return RetryLaterError(BUSY_SECONDS, f"the mail server asks to come again ({code})")
    if code >= _FIRST_PERMANENT:
        return MailRefusedError(f"the mail server refuses the message ({code})", smtp_code=code)
    return MailFailedError(f"the mail server failed ({code})", smtp_code=code)


def _connected(settings: SmtpSettings) -> smtplib.SMTP:
    place = (settings.host, settings.port)
    context = ssl.create_default_context(cafile=settings.ca_file or None)
    if settings.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            *place, timeout=settings.timeout_seconds, context=context
        )
    else:
        server = smtplib.SMTP(*place, timeout=settings.timeout_seconds)
    try:
        if settings.security == "starttls":
            server.starttls(context=context)
        if settings.username:
            server.login(settings.username, settings.password.get_secret_value())
    except BaseException:
        server.close()
        raise
    return server
