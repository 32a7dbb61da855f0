"""Keeper's settings: MYRIAD_KEEPER__<NAME>."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, SecretStr

SQUARE_PRODUCTION_URL = "https://connect.squareup.com"


class KeeperSettings(BaseModel):
    """How Keeper reaches Square and how hard its agents may work.

    `square_version` pins the dated version of Square's API that every request names.
    """

    model_config = ConfigDict(frozen=True)

    square_application_id: str = ""
    square_application_secret: SecretStr = SecretStr("")
    square_base_url: str = SQUARE_PRODUCTION_URL
    square_version: str = "2025-08-20"
    square_webhook_key: SecretStr = SecretStr("")
    square_webhook_url: str = ""
    public_url: str = "http://127.0.0.1:8000"
    agent_timeout_seconds: int = 300
    tasks_per_day: int = 5
    minimum_customers: int = 30

    @property
    def can_connect(self) -> bool:
        """Whether an application is configured that sellers can authorize."""
        return bool(
            self.square_application_id and self.square_application_secret.get_secret_value()
        )
