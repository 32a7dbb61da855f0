"""Where Google's services are: seven hosts in production, one in the simulator.

Business Profile is spread over several APIs: reviews are still version 4 ("mybusiness"), accounts,
locations and notifications have version 1 services of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

PRODUCTION_URL = "https://mybusiness.googleapis.com"


@dataclass(frozen=True, slots=True)
class Hosts:
    """The address of each service, without a slash at the end."""

    reviews: str
    accounts: str
    information: str
    notifications: str
    consent: str
    token: str
    revoke: str

    @classmethod
    def of(cls, base_url: str) -> Self:
        """Return Google's own addresses for PRODUCTION_URL, else one server for all of them."""
        if base_url.rstrip("/") == PRODUCTION_URL:
            return cls(
                reviews=PRODUCTION_URL,
                accounts="https://mybusinessaccountmanagement.googleapis.com",
                information="https://mybusinessbusinessinformation.googleapis.com",
                notifications="https://mybusinessnotifications.googleapis.com",
                consent="https://accounts.google.com/o/oauth2/v2/auth",
                token="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
                revoke="https://oauth2.googleapis.com/revoke",
            )
        base = base_url.rstrip("/")
        one = (base, base, base, base)
        return cls(*one, f"{base}/o/oauth2/v2/auth", f"{base}/token", f"{base}/revoke")
