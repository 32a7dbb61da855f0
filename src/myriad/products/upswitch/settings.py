"""Upswitch's settings: MYRIAD_UPSWITCH__<NAME>."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from myriad.products.upswitch.registry.gleif import PRODUCTION_URL as GLEIF_URL
from myriad.products.upswitch.registry.nbb.client import PRODUCTION_URL as NBB_URL
from myriad.products.upswitch.registry.opencorporates import PRODUCTION_URL as OPENCORPORATES_URL
from myriad.products.upswitch.registry.vies import PRODUCTION_URL as VIES_URL
from myriad.scale.mail.settings import SmtpSettings


class UpswitchSettings(BaseModel):
    """How Upswitch reaches the registers that it asks.

    `nbb_key` is the subscription key for “authentic data” of the National Bank; without one no
    accounts are read, and whoever values a company types them in.

    `opencorporates_key` opens OpenCorporates, which is paid and binds whoever passes its data on
    (ODbL); without one it is not asked.

    `smtp` is the server that takes e-mails about values that moved; `public_url` is where a browser
    finds these pages, for the links in them.

    `kbo_folder` is where an account holder of the KBO puts its extracts, as ZIP files; workers look
    there every hour and take what follows. Without it extracts are loaded from a terminal.

    `session_cap_usd_micros` is the most that models may cost in one session, in millionths of a US
    dollar: the default stays under EUR 0.10 as long as a euro is worth a dollar or more. Sessions
    are removed `keep_sessions_days` after their last use.
    """

    model_config = ConfigDict(frozen=True)

    nbb_base_url: str = NBB_URL
    nbb_key: SecretStr | None = None
    vies_base_url: str = VIES_URL
    gleif_base_url: str = GLEIF_URL
    opencorporates_base_url: str = OPENCORPORATES_URL
    opencorporates_key: SecretStr | None = None
    kbo_folder: Path | None = None
    smtp: SmtpSettings = SmtpSettings()
    public_url: str = "http://127.0.0.1:8000"
    timeout_seconds: float = Field(default=10.0, gt=0)
    session_cap_usd_micros: int = Field(default=100_000, ge=0)
    keep_sessions_days: int = Field(default=730, ge=1)

    @property
    def is_simulated(self) -> bool:
        """Whether a server on this machine stands in for the National Bank."""
        return urlsplit(self.nbb_base_url).hostname in ("127.0.0.1", "localhost", "::1")
