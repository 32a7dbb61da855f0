"""Kamioi's settings: MYRIAD_KAMIOI__<NAME>."""

from __future__ import annotations

from typing import Any, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import BaseModel, ConfigDict, SecretStr, model_validator

from myriad.scale.mail.settings import SmtpSettings

PLAID_PRODUCTION_URL = "https://production.plaid.com"
PAPER, ALPACA = "paper", "alpaca"
ALPACA_PAPER_URL = "https://paper-api.alpaca.markets"
# The simulator's own application; it opens nothing anywhere else.
SIMULATED_PLAID = {
    "plaid_client_id": "simulated-plaid-client",
    "plaid_secret": "simulated-plaid-secret",
}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_simulated(base_url: str) -> bool:
    """Say whether an address is a simulator's, which listens on this machine."""
    return urlsplit(base_url).hostname in _LOOPBACK


class KamioiSettings(BaseModel):
    """How Kamioi reaches Plaid and, when an operator switches it on, Alpaca.

    A Plaid base URL on this machine is a simulator's. `plaid_webhook_url` is where Plaid tells of
    news; without it items are read every six hours. `public_url` is
    where browsers reach this installation, for the way back from Plaid's pages and links in mail;
    `smtp` is the server that takes mails of invitations. Orders go to the paper broker, except those of
    the one programme (a tenant's id) in `alpaca_programme`, and only while `alpaca_is_switched_on`:
    one account at Alpaca holds one programme's shares. Switched on without programme, key and
    secret, nothing starts.
    """

    model_config = ConfigDict(frozen=True)

    plaid_base_url: str = PLAID_PRODUCTION_URL
    plaid_client_id: str = ""
    plaid_secret: SecretStr = SecretStr("")
    plaid_webhook_url: str = ""
    public_url: str = "http://127.0.0.1:8000"
    alpaca_is_switched_on: bool = False
    alpaca_programme: UUID | None = None
    alpaca_base_url: str = ALPACA_PAPER_URL
    alpaca_key_id: str = ""
    alpaca_secret_key: SecretStr = SecretStr("")
    smtp: SmtpSettings = SmtpSettings()

    @property
    def is_real_money(self) -> bool:
        """Whether orders buy with money: Alpaca, and not its paper accounts."""
        host = urlsplit(self.alpaca_base_url).hostname
        paper = urlsplit(ALPACA_PAPER_URL).hostname
        return self.alpaca_is_switched_on and host not in (paper, *_LOOPBACK)

    def broker_of(self, programme: UUID) -> str:
        """Return the name of the broker that this programme's (a tenant's id) orders go to."""
        is_chosen = self.alpaca_is_switched_on and self.alpaca_programme == programme
        return ALPACA if is_chosen else PAPER

    @model_validator(mode="after")
    def _refuse_half_a_switch(self) -> Self:
        """Refuse to trade without an account and a programme to trade for."""
        missing = [
            name
            for name, value in (
                ("programme", self.alpaca_programme),
                ("key_id", self.alpaca_key_id),
                ("secret_key", self.alpaca_secret_key.get_secret_value()),
            )
            if not value
        ]
        if self.alpaca_is_switched_on and missing:
            raise ValueError(
                f"trading through Alpaca is switched on, but alpaca_{missing[0]} is missing; set "
                "it, or switch alpaca_is_switched_on off"
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _know_the_simulator(cls, values: Any) -> Any:
        if isinstance(values, dict) and is_simulated(str(values.get("plaid_base_url", ""))):
            given = {name: value for name, value in values.items() if value}
            return {**SIMULATED_PLAID, **given}
        return values
