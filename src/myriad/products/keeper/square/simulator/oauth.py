"""OAuth 2 as Square runs it: consent, codes that live five minutes and once, tokens of 30 days.

Tokens are signed statements, so a restarted simulator still knows the tokens it gave; what was
revoked is remembered only while it runs.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from myriad.products.keeper.square.simulator.answers import bad_request, unauthorized
from myriad.products.keeper.square.simulator.records import Json, timestamp
from myriad.products.keeper.square.simulator.settings import SimulatorSettings


class Grant(msgspec.Struct, frozen=True):
    """What a token or a code stands for."""

    kind: str
    merchant_id: str
    scopes: tuple[str, ...]
    expires_at: float
    number: str
    issued_at: float


@dataclass
class Issuer:
    """Issues and reads codes, access tokens and refresh tokens of one application."""

    settings: SimulatorSettings
    used_codes: set[str] = field(default_factory=set)
    revoked_at: dict[str, float] = field(default_factory=dict)

    def issue(
        self, kind: str, merchant_id: str, scopes: tuple[str, ...], now: float, life: float
    ) -> str:
        """Return a signed token of `kind`."""
        grant = Grant(kind, merchant_id, scopes, now + life, secrets.token_hex(8), now)
        body = msgspec.json.encode(grant)
        return "EAAA" + base64.urlsafe_b64encode(self._sign(body) + body).decode().rstrip("=")

    def read(self, token: str, kind: str) -> Grant | None:
        """Return the grant behind a token of `kind` however old, or None."""
        raw = token.removeprefix("EAAA")
        try:
            data = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
            grant = msgspec.json.decode(data[16:], type=Grant)
        except (binascii.Error, msgspec.DecodeError, ValueError):
            return None
        genuine = hmac.compare_digest(self._sign(data[16:]), data[:16])
        return grant if genuine and grant.kind == kind else None

    def revoke(self, merchant_id: str, now: float) -> None:
        """Make every token of the merchant that was issued until now worthless."""
        self.revoked_at[merchant_id] = now

    def is_revoked(self, grant: Grant) -> bool:
        """Whether the merchant has withdrawn the permission since."""
        return grant.issued_at <= self.revoked_at.get(grant.merchant_id, float("-inf"))

    def authenticate(self, header: str | None, now: float) -> Grant:
        """Return the grant of an Authorization header, or refuse with 401."""
        token = (header or "").removeprefix("Bearer ").strip()
        grant = self.read(token, "access") if token else None
        if grant is None:
            raise unauthorized("UNAUTHORIZED", "This request could not be authorized.")
        if self.is_revoked(grant):
            raise unauthorized("ACCESS_TOKEN_REVOKED", "The access token has been revoked.")
        if grant.expires_at <= now:
            raise unauthorized("ACCESS_TOKEN_EXPIRED", "The access token has expired.")
        return grant

    def token_response(self, request: Json, now: float) -> Json:
        """Answer POST /oauth2/token."""
        self._check_application(request)
        kind = request.get("grant_type")
        if kind == "authorization_code":
            grant = self._redeem_code(str(request.get("code") or ""), now)
            refresh = self.issue("refresh", grant.merchant_id, grant.scopes, now, 10 * 365 * 86_400)
        elif kind == "refresh_token":
            refresh = str(request.get("refresh_token") or "")
            grant = self._check_refresh(refresh)
        else:
            raise bad_request("INVALID_VALUE", "The grant type is not supported.", "grant_type")
        life = self.settings.token_life_seconds
        return {
            "access_token": self.issue("access", grant.merchant_id, grant.scopes, now, life),
            "token_type": "bearer",
            "expires_at": timestamp(datetime.fromtimestamp(now + life, UTC)),
            "merchant_id": grant.merchant_id,
            "refresh_token": refresh,
            "short_lived": False,
        }

    def status(self, grant: Grant) -> Json:
        """Answer POST /oauth2/token/status."""
        return {
            "scopes": list(grant.scopes),
            "expires_at": timestamp(datetime.fromtimestamp(grant.expires_at, UTC)),
            "client_id": self.settings.application_id,
            "merchant_id": grant.merchant_id,
        }

    def check_secret(self, header: str | None) -> None:
        """Refuse a revocation that does not carry `Client APPLICATION_SECRET`."""
        given = (header or "").removeprefix("Client ").strip()
        if not hmac.compare_digest(given.encode(), self.settings.application_secret.encode()):
            raise unauthorized("UNAUTHORIZED", "The application secret is not right.")

    def merchant_of(self, request: dict[str, Any]) -> str:
        """Return the merchant that a revocation names by id or by access token."""
        grant = self.read(str(request.get("access_token") or ""), "access")
        return str(request.get("merchant_id") or (grant.merchant_id if grant else ""))

    def _check_application(self, request: Json) -> None:
        secret = str(request.get("client_secret") or "").encode()
        known = request.get("client_id") == self.settings.application_id
        if not known or not hmac.compare_digest(secret, self.settings.application_secret.encode()):
            raise unauthorized("UNAUTHORIZED", "Not authorized: check the application's secret.")

    def _redeem_code(self, code: str, now: float) -> Grant:
        grant = self.read(code, "code")
        if grant is None or grant.number in self.used_codes or grant.expires_at <= now:
            detail = "The authorization code is invalid, used or expired."
            raise unauthorized("UNAUTHORIZED", detail)
        self.used_codes.add(grant.number)
        return grant

    def _check_refresh(self, token: str) -> Grant:
        grant = self.read(token, "refresh")
        if grant is None or self.is_revoked(grant):
            raise unauthorized("UNAUTHORIZED", "The refresh token is invalid or revoked.")
        return grant

    def _sign(self, body: bytes) -> bytes:
        secret = self.settings.application_secret.encode()
        return hmac.digest(secret, body, hashlib.sha256)[:16]
