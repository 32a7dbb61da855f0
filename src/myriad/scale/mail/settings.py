"""How a product sends e-mail: MYRIAD_<PRODUCT>__SMTP__<NAME>. Without a host it sends none."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

Security = Literal["starttls", "tls", "none"]


class SmtpSettings(BaseModel):
    """The server that takes a product's e-mail.

    `security` is starttls (RFC 3207, port 587), tls from the first byte (RFC 8314, port 465), or
    none, which is refused together with a password unless the server is this machine. `sender` is
    the address of the header From, as in `Myriad <myriad@example.com>`. `ca_file` names the
    certificates to trust instead of the system's.
    """

    model_config = ConfigDict(frozen=True)

    host: str = ""
    port: int = Field(default=587, gt=0, le=65535)
    security: Security = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: str = ""
    timeout_seconds: float = Field(default=15.0, gt=0, le=120)
    ca_file: str = ""

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if not self.host:
            return self
        if "@" not in parseaddr(self.sender)[1] or not self.sender.isprintable():
            raise ValueError("a mail server needs a sender, such as Myriad <myriad@example.com>")
        is_here = self.host in ("127.0.0.1", "localhost", "::1")
        if self.security == "none" and self.password.get_secret_value() and not is_here:
            raise ValueError("a password is not sent without encryption; set security to starttls")
        return self

    @property
    def can_send(self) -> bool:
        """Whether a server is configured."""
        return bool(self.host)
