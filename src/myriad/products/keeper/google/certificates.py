"""Google's public keys, fetched once an hour and when a new one is named."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from myriad.kit.jwt import TokenFormatError
from myriad.products.keeper.google.client import TIMEOUT_SECONDS
from myriad.products.keeper.google.errors import GoogleUnavailableError
from myriad.products.keeper.google.webhooks import read_keys
from myriad.scale.limits import connection_options

_LIFE_SECONDS = 3600.0


@dataclass
class Certificates:
    """The keys of one address; they change every few days."""

    url: str
    keys: dict[str, RSAPublicNumbers] = field(default_factory=dict)
    fetched_at: float = float("-inf")

    async def get(self) -> dict[str, RSAPublicNumbers]:
        """Return the keys, or raise GoogleUnavailableError while none are known."""
        if time.monotonic() - self.fetched_at > _LIFE_SECONDS:
            await self._fetch()
        return self.keys

    async def _fetch(self) -> None:
        try:
            async with httpx.AsyncClient(
                timeout=TIMEOUT_SECONDS, **connection_options(self.url)
            ) as http:
                answer = await http.get(self.url)
            answer.raise_for_status()
            self.keys = read_keys(answer.content)
        except (httpx.HTTPError, msgspec.DecodeError, KeyError, TokenFormatError) as error:
            if self.keys:
                return
            raise GoogleUnavailableError("Google's keys cannot be read now") from error
        self.fetched_at = time.monotonic()


_known: dict[str, Certificates] = {}


def certificates_at(url: str) -> Certificates:
    """Return the keys of an address, one set for the process."""
    return _known.setdefault(url, Certificates(url))
