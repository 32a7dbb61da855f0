"""Structured logs: a constant event name, ids as fields, no secrets and no personal data."""

from __future__ import annotations

import logging
import re
import sys
from functools import lru_cache
from typing import Any

import structlog
from structlog.typing import EventDict, FilteringBoundLogger

from myriad.scale.tenancy import find_tenant

_SECRET_WORDS = ("password", "token", "secret", "authorization", "cookie", "api_key")
_PERSONAL_WORDS = (
    "email",
    "phone",
    "given_name",
    "family_name",
    "display_name",
    "birth",
    "address",
)

# PostgreSQL quotes rows in these lines of an error: "DETAIL:  Key (email)=(…) already exists."
_ROW_VALUES = re.compile(r"^(DETAIL|CONTEXT):.*$", re.MULTILINE)

# httpx writes whole addresses, with the codes and states that OAuth puts into them.
_TOO_TALKATIVE = ("httpx", "httpcore", "celery.app.trace", "celery.worker.strategy")


def _add_tenant(_logger: Any, _method: str, event: EventDict) -> EventDict:
    tenant_id = find_tenant()
    if tenant_id is not None:
        event.setdefault("tenant_id", str(tenant_id))
    return event


def mask_private(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Replace values whose field names a secret or personal datum."""
    for key in event:
        if _is_private(key):
            event[key] = "[hidden]"
    return event


@lru_cache(maxsize=1000)
def _is_private(key: str) -> bool:
    lowered = key.lower()
    return any(word in lowered for word in (*_SECRET_WORDS, *_PERSONAL_WORDS))


def without_row_values(text: str) -> str:
    """Return an error's text without the lines in which PostgreSQL quotes a row."""
    return _ROW_VALUES.sub(r"\1: [hidden]", text)


def mask_row_values(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Take quoted rows out of errors and their traces."""
    for key in ("exception", "error", "event"):
        if isinstance(event.get(key), str):
            event[key] = without_row_values(event[key])
    return event


def configure(process: str, *, level: str = "INFO", as_json: bool | None = None) -> None:
    """Send every log record of this process to standard error, one event a line.

    JSON unless standard error is a terminal. `process` names the part: api, worker, ticker, cli.
    """
    json_lines = not sys.stderr.isatty() if as_json is None else as_json
    renderer: Any = (
        structlog.processors.JSONRenderer() if json_lines else structlog.dev.ConsoleRenderer()
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _add_tenant,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask_private,
    ]
    written: list[Any] = [structlog.processors.format_exc_info, mask_row_values, renderer]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *written],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _TOO_TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Our own events are written as they are; only what libraries log takes the way by `logging`.
    structlog.configure(
        processors=[*shared, *written],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)


def get_logger(name: str) -> FilteringBoundLogger:
    """Return the logger of the module `name`."""
    logger: FilteringBoundLogger = structlog.get_logger(name)
    return logger
