"""A real SMTP server for tests: it keeps what it takes, and answers as it is told."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from myriad.kit.clock import utc_now
from myriad.products.keeper.mail_settings import SmtpSettings

USER, PASSWORD = "keeper", "open sesame"


@dataclass
class Mailbox:
    """What the server took, and the replies that it gives instead, the next one first."""

    certificate: Path
    port: int = 0
    received: list[EmailMessage] = field(default_factory=list)
    data_replies: list[str] = field(default_factory=list)
    recipient_replies: list[str] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        """Answer RCPT TO."""
        if self.recipient_replies:
            return self.recipient_replies.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, session: Session, envelope: Envelope
    ) -> str:
        """Answer the end of DATA."""
        if self.data_replies:
            return self.data_replies.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        self.received.append(message)
        self.was_encrypted.append(session.ssl is not None)
        return "250 OK"

    def settings(self, **changes: Any) -> SmtpSettings:
        """Return the settings that reach this server, encrypted and signed in."""
        return SmtpSettings.model_validate(
            {
                "host": "127.0.0.1",
                "port": self.port,
                "username": USER,
                "password": PASSWORD,
                "sender": "Keeper <keeper@example.com>",
                "ca_file": str(self.certificate),
                "timeout_seconds": 5,
                **changes,
            }
        )


def _authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> Any:
    is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=is_right)


@asynccontextmanager
async def serving(folder: Path, *, tls: bool = True) -> AsyncIterator[Mailbox]:
    """Serve on a free port; with `tls` STARTTLS is offered and asked for."""
    certificate = make_certificate(folder)
    box = Mailbox(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def protocol() -> SMTP:
        return SMTP(
            box,
            hostname="localhost",
            tls_context=context if tls else None,
            require_starttls=tls,
            authenticator=_authenticate,
            auth_require_tls=tls,
        )

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    async with server:
        yield box


def make_certificate(folder: Path) -> Path:
    """Write a certificate for localhost, with its key, that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    places = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(utc_now() - timedelta(days=1))
        .not_valid_after(utc_now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(places), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
