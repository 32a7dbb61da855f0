"""Keeper's settings: MYRIAD_KEEPER__<NAME>."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from myriad.scale.mail.settings import SmtpSettings

# Up to so many customers nothing is said of them; a model of returning needs more (see bgnbd).
MINIMUM_CUSTOMERS = 30
SQUARE_PRODUCTION_URL = "https://connect.squareup.com"
GOOGLE_PRODUCTION_URL = "https://mybusiness.googleapis.com"

# The simulator's own application; it opens nothing anywhere else.
SIMULATED = {
    "square_application_id": "sandbox-sq0idb-myriad-simulator",
    "square_application_secret": "sandbox-sq0csb-myriad-simulator",
    "square_webhook_key": "simulated-webhook-signature-key",
}
SIMULATED_GOOGLE = {
    "google_client_id": "simulated-keeper.apps.googleusercontent.com",
    "google_client_secret": "simulated-google-client-secret",
    "google_webhook_secret": "simulated-google-webhook-secret",
}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_simulated(base_url: str) -> bool:
    """Whether a server on this machine stands in for Square."""
    return urlsplit(base_url).hostname in _LOOPBACK


class KeeperSettings(BaseModel):
    """How Keeper reaches Square and Google, and how hard its agents may work.

    `square_version` pins the dated version of Square's API that every request names. A base URL on
    this machine is a simulator's, whose application is known. `google_webhook_secret` is the token
    in the address of a Pub/Sub push subscription, `google_webhook_audience` and
    `google_webhook_email` what a signed push must name; `google_topic` is the topic that Google
    tells of new reviews, `projects/…/topics/…`.
    """

    model_config = ConfigDict(frozen=True)

    square_application_id: str = ""
    square_application_secret: SecretStr = SecretStr("")
    square_base_url: str = SQUARE_PRODUCTION_URL
    square_version: str = "2025-08-20"
    square_webhook_key: SecretStr = SecretStr("")
    square_webhook_url: str = ""
    google_client_id: str = ""
    google_client_secret: SecretStr = SecretStr("")
    google_base_url: str = GOOGLE_PRODUCTION_URL
    google_webhook_secret: SecretStr = SecretStr("")
    google_webhook_audience: str = ""
    google_webhook_email: str = ""
    google_certs_url: str = "https://www.googleapis.com/oauth2/v3/certs"
    google_topic: str = ""
    public_url: str = "http://127.0.0.1:8000"
    agent_timeout_seconds: int = 300
    tasks_per_day: int = 5
    minimum_customers: int = Field(default=MINIMUM_CUSTOMERS, ge=MINIMUM_CUSTOMERS)
    smtp: SmtpSettings = SmtpSettings()
    prices_file: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _know_the_simulator(cls, values: Any) -> Any:
        if isinstance(values, dict) and is_simulated(str(values.get("square_base_url", ""))):
            given = {name: value for name, value in values.items() if value}
            values = {**SIMULATED, **given}
        if isinstance(values, dict) and is_simulated(str(values.get("google_base_url", ""))):
            given = {name: value for name, value in values.items() if value}
            values = {**SIMULATED_GOOGLE, **given}
        return values

    def for_base_url(self, base_url: str) -> Self:
        """Return the settings that reach another server than the configured one."""
        if base_url == self.square_base_url:
            return self
        known = SIMULATED if is_simulated(base_url) else {}
        return type(self)(**{**self.model_dump(), **known, "square_base_url": base_url})

    def for_google(self, base_url: str) -> Self:
        """Return the settings that reach Google, or what stands in for it, at `base_url`."""
        if base_url == self.google_base_url:
            return self
        known = SIMULATED_GOOGLE if is_simulated(base_url) else {}
        return type(self)(**{**self.model_dump(), **known, "google_base_url": base_url})

    @property
    def can_connect_google(self) -> bool:
        """Whether an application is configured that reads and answers reviews on Google."""
        return bool(self.google_client_id and self.google_client_secret.get_secret_value())

    @property
    def can_connect(self) -> bool:
        """Whether an application is configured that sellers can authorize."""
        return bool(
            self.square_application_id and self.square_application_secret.get_secret_value()
        )
