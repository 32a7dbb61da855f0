"""The outermost layer of every request: its id, limits, headers, metrics and log line.

Plain ASGI, so that streams pass through untouched.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from myriad.kit.ids import new_id
from myriad.scale.http.csrf import remember_visitor
from myriad.scale.http.handlers import answer_problem
from myriad.scale.http.heads import as_get
from myriad.scale.http.problem import INTERNAL, Problem
from myriad.scale.http.rates import rate_headers
from myriad.scale.http.settings import EdgeSettings
from myriad.scale.observe.logs import get_logger
from myriad.scale.observe.metrics import Counter, Gauge, Histogram

_RawHeaders = list[tuple[bytes, bytes]]

_log = get_logger(__name__)
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,128}")
UNMATCHED = "unmatched"

_requests = Counter(
    "myriad_http_requests", "Requests by route and status", ["method", "route", "status"]
)
_seconds = Histogram(
    "myriad_http_request_duration_seconds",
    "From the first byte in to the last byte out",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10),
)
_in_flight = Gauge("myriad_http_requests_in_flight", "Requests that are being answered")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_HSTS = "max-age=31536000; includeSubDomains"


@dataclass
class _Exchange:
    """What is known about one request while it is answered."""

    request_id: str
    method: str
    status: int = 0
    bytes_in: int = 0

    @property
    def is_started(self) -> bool:
        return self.status != 0


class EdgeMiddleware:
    """Wraps the application; turns what nobody expected into a plain 500 with the request's id."""

    def __init__(self, app: ASGIApp, settings: EdgeSettings, templates: Mapping[int, str]) -> None:
        self._app = app
        self._settings = settings
        self._templates = templates
        https = {"Strict-Transport-Security": _HSTS} if settings.is_https else {}
        self._headers = _encoded({**SECURITY_HEADERS, **https})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(_id_for(Headers(scope=scope)), scope["method"])
        scope.setdefault("state", {})["request_id"] = exchange.request_id
        if exchange.method == "HEAD":
            scope, send = as_get(scope, send)
        began = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=exchange.request_id):
            with _in_flight.track_inprogress():
                await self._answer(scope, receive, self._sender(scope, exchange, send), exchange)
            self._observe(scope, exchange, time.perf_counter() - began)

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, exchange: _Exchange
    ) -> None:
        try:
            refusal = self._refuse(scope)
            if refusal is not None:
                response = await answer_problem(Request(scope), refusal)
                await response(scope, receive, send)
                return
            await self._app(scope, self._receiver(exchange, receive), send)
        except Exception:  # noqa: BLE001 - the last line of defence: no failure reaches the caller
            _log.exception("request_crashed", route=self._template(scope))
            if not exchange.is_started:
                response = await answer_problem(Request(scope), INTERNAL)
                await response(scope, receive, send)

    def _refuse(self, scope: Scope) -> Problem | None:
        if b"%00" in scope.get("raw_path", b"") or b"%00" in scope.get("query_string", b""):
            return Problem(400, "bad_request", "Bad Request", "an address has no zero characters")
        length = Headers(scope=scope).get("content-length", "")
        if length.isdigit() and int(length) > self._settings.max_body_bytes:
            return Problem(413, "content_too_large", "Content Too Large", self._too_large())
        return None

    def _too_large(self) -> str:
        return f"a body has at most {self._settings.max_body_bytes:,} bytes"

    def _receiver(self, exchange: _Exchange, receive: Receive) -> Receive:
        async def limited() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                exchange.bytes_in += len(message.get("body", b""))
                if exchange.bytes_in > self._settings.max_body_bytes:
                    raise HTTPException(413, self._too_large())
            return message

        return limited

    def _sender(self, scope: Scope, exchange: _Exchange, send: Send) -> Send:
        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                raw: _RawHeaders = list(message.get("headers", ()))
                present = {name for name, _ in raw}
                raw += [header for header in self._headers if header[0] not in present]
                raw += _encoded(rate_headers(scope["state"]))
                raw.append((b"x-request-id", exchange.request_id.encode("latin-1")))
                remember_visitor(scope, MutableHeaders(raw=raw))
                message["headers"] = raw
            await send(message)

        return dressed

    def _template(self, scope: Scope) -> str:
        return self._templates.get(id(scope.get("route")), UNMATCHED)

    def _observe(self, scope: Scope, exchange: _Exchange, seconds: float) -> None:
        route = self._template(scope)
        method = exchange.method if exchange.method in _METHODS else "OTHER"
        status = exchange.status or 499
        _requests.labels(method, route, str(status)).inc()
        _seconds.labels(method, route).observe(seconds)
        facts: dict[str, Any] = {"route": route, "method": method, "status": status}
        facts |= scope["state"].get("log_facts", {})
        _log.info("request_answered", duration_ms=round(seconds * 1000, 1), **facts)


def _encoded(headers: Mapping[str, str]) -> _RawHeaders:
    return [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]


def _id_for(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _SANE_ID.fullmatch(given) else str(new_id())
