"""Upswitch's settings: MYRIAD_UPSWITCH__<NAME>."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from myriad.products.upswitch.registry.gleif import PRODUCTION_URL as GLEIF_URL
from myriad.products.upswitch.registry.nbb.client import PRODUCTION_URL as NBB_URL
from myriad.products.upswitch.registry.vies import PRODUCTION_URL as VIES_URL


class UpswitchSettings(BaseModel):
    """How Upswitch reaches the registers that it asks.

    `nbb_key` is the subscription key for “authentic data” of the National Bank; without one no
    accounts are read, and whoever values a company types them in.
    """

    model_config = ConfigDict(frozen=True)

    nbb_base_url: str = NBB_URL
    nbb_key: SecretStr | None = None
    vies_base_url: str = VIES_URL
    gleif_base_url: str = GLEIF_URL
    timeout_seconds: float = Field(default=10.0, gt=0)
