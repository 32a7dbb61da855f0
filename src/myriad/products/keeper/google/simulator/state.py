"""What one running simulator holds: grants, limits, faults, and the gate before every request."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from myriad.products.keeper.google.simulator.world import GoogleWorld
from myriad.products.keeper.settings import SIMULATED_GOOGLE
from myriad.scale.simulator.answers import json_response
from myriad.scale.simulator.faults import Bucket, Faults, Weather, whole_seconds


class GoogleFaultError(Exception):
    """A refusal in Google's words (google.rpc.Status)."""

    def __init__(self, code: int, status: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message
        self.headers = headers

    def response(self) -> Response:
        """Return the answer that carries this refusal."""
        error = {"code": self.code, "message": self.message, "status": self.status}
        return json_response({"error": error}, self.code, self.headers)


@dataclass(frozen=True)
class GoogleSettings:
    """The application that the simulator knows, its limits and its habits.

    Rates are requests a second for one account; edits have a bucket of their own. `audience` makes
    pushes carry a signed OIDC token for it, else only the secret in the address.
    """

    client_id: str = SIMULATED_GOOGLE["google_client_id"]
    client_secret: str = SIMULATED_GOOGLE["google_client_secret"]
    webhook_url: str = ""
    webhook_secret: str = SIMULATED_GOOGLE["google_webhook_secret"]
    audience: str = ""
    service_account: str = "push@simulated-keeper.iam.gserviceaccount.com"
    seed: int = 1
    rate: float = 20.0
    burst: float = 60.0
    edit_rate: float = 1.0
    edit_burst: float = 10.0
    code_life_seconds: float = 300.0
    token_life_seconds: float = 3600.0
    webhook_first_retry_seconds: float = 1.0
    webhook_attempts: int = 8


class Grant(msgspec.Struct, array_like=True):
    """What a token says: its kind, when it was given and when it ends, and a number of its own."""

    kind: str
    given_at: float
    ends_at: float
    number: str


@dataclass
class GoogleSimulator:
    """The state behind one application."""

    world: GoogleWorld
    settings: GoogleSettings
    weather: Weather[Faults]
    buckets: dict[str, Bucket] = field(default_factory=dict)
    used_codes: set[str] = field(default_factory=set)
    revoked_at: float = -1.0
    topics: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, request: Request) -> GoogleSimulator:
        """Return the simulator that serves this request."""
        return cast(GoogleSimulator, request.app.state.simulator)

    def now(self) -> float:
        """Return the present moment in Unix seconds."""
        return self.world.clock().timestamp()

    def issue(self, kind: str, life_seconds: float) -> str:
        """Return a signed token; a restarted simulator still knows it."""
        now = self.now()
        body = msgspec.json.encode(Grant(kind, now, now + life_seconds, secrets.token_hex(6)))
        return base64.urlsafe_b64encode(self._sign(body) + body).decode().rstrip("=")

    def read(self, token: str, kind: str) -> Grant | None:
        """Return the grant of a good token of this kind, or None."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            grant = msgspec.json.decode(raw[16:], type=Grant)
        except (binascii.Error, msgspec.DecodeError, ValueError):
            return None
        sound = hmac.compare_digest(self._sign(raw[16:]), raw[:16]) and grant.kind == kind
        is_live = grant.given_at > self.revoked_at and grant.ends_at > self.now()
        return grant if sound and is_live else None

    def revoke(self) -> None:
        """End every token given so far."""
        self.revoked_at = self.now()

    def bucket(self, name: str, rate: float, burst: float) -> Bucket:
        """Return the named bucket, full on its first use."""
        return self.buckets.setdefault(name, Bucket(rate, burst))

    def _sign(self, body: bytes) -> bytes:
        return hmac.digest(self.settings.client_secret.encode(), body, hashlib.sha256)[:16]


def new_simulator(world: GoogleWorld, settings: GoogleSettings) -> GoogleSimulator:
    """Return the state of a simulator that serves `world`."""
    return GoogleSimulator(world, settings, Weather(settings.seed, Faults()))


async def admit(request: Request, *, edit: bool = False) -> GoogleSimulator:
    """Return the simulator of an admitted request, or refuse it: token, rate, faults."""
    simulator = GoogleSimulator.of(request)
    simulator.weather.count("requests")
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if simulator.read(token, "access") is None:
        message = "Request had invalid authentication credentials."
        raise GoogleFaultError(401, "UNAUTHENTICATED", message)
    _check_rate(simulator, edit=edit)
    await simulator.weather.suffer(too_many, unavailable)
    return simulator


def _check_rate(simulator: GoogleSimulator, *, edit: bool) -> None:
    settings = simulator.settings
    wait = simulator.bucket("all", settings.rate, settings.burst).take(simulator.now())
    if edit and not wait:
        bucket = simulator.bucket("edits", settings.edit_rate, settings.edit_burst)
        wait = bucket.take(simulator.now())
    if wait:
        simulator.weather.count("limited")
        raise too_many(wait)


def too_many(wait_seconds: float) -> GoogleFaultError:
    """Return the 429 that says how long to wait."""
    message = "Quota exceeded for quota metric 'Requests' of service 'mybusiness.googleapis.com'."
    headers = {"Retry-After": whole_seconds(wait_seconds)}
    return GoogleFaultError(429, "RESOURCE_EXHAUSTED", message, **headers)


def unavailable() -> GoogleFaultError:
    """Return the 503 of a service that is down."""
    return GoogleFaultError(503, "UNAVAILABLE", "The service is currently unavailable.")
