"""What a job is told: a JSON object of bounded size, encoded once and sent as text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from myriad.kit.errors import InvalidInputError

MAX_PAYLOAD_BYTES = 256 * 1024
_ENCODER = msgspec.json.Encoder()
_NUL = b"\\u0000"
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class InvalidPayloadError(InvalidInputError):
    """A payload is no JSON object, too large, or holds what PostgreSQL's JSON cannot."""

    code = "invalid_payload"
    title = "Invalid payload"


def encode_payload(payload: Mapping[str, Any]) -> str:
    """Return `payload` as JSON text; UUIDs and times become strings, NaN and infinities null.

    Raises InvalidPayloadError for anything but an object of at most 256 KiB.
    """
    if not isinstance(payload, Mapping):
        kind = type(payload).__name__
        raise InvalidPayloadError(f"a payload is a mapping of names to JSON values, not {kind}")
    return _checked(_encoded(payload if isinstance(payload, dict) else dict(payload)))


def encode_pack(payloads: Sequence[Mapping[str, Any]]) -> str:
    """Return the payloads of several jobs as one JSON array; raises as `encode_payload` does."""
    if set(map(type, payloads)) != {dict}:
        return f"[{','.join(map(encode_payload, payloads))}]"
    text = _encoded(payloads)
    if len(text) <= MAX_PAYLOAD_BYTES:
        return _checked(text)
    return f"[{','.join(map(encode_payload, payloads))}]"


def encode_item(item: object) -> str:
    """Return one item of a batch, any JSON value, as text; raises as `encode_payload` does."""
    return _checked(_encoded(item))


def _encoded(value: object) -> bytes:
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidPayloadError(f"the payload is no JSON: {error}") from None


def _checked(text: bytes) -> str:
    if len(text) > MAX_PAYLOAD_BYTES:
        raise InvalidPayloadError(
            f"a payload of {len(text)} bytes is more than {MAX_PAYLOAD_BYTES}; "
            "store the data and pass its id"
        )
    if _NUL in text and _ESCAPED_NUL.search(text):
        raise InvalidPayloadError("a payload cannot hold the character U+0000; remove it")
    return text.decode()
