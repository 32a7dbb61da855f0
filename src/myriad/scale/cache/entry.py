"""One cached value, here and as it is written to the shared layer."""

from __future__ import annotations

import random
import time
import zlib
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from myriad.scale.cache.namespace import Namespace
from myriad.scale.cache.policy import Policy

_JITTER = 0.10
# A drawn page becomes a sixth in half a millisecond; a server of 64 MB holds all of an installation's.
_PACKED_FROM_BYTES = 4096
_PACKING = 1
_HEAD = msgspec.msgpack.Encoder()
_BODY = msgspec.msgpack.Encoder()


class _Envelope(msgspec.Struct, array_like=True, frozen=True):
    """What is written: until when it is fresh, in epoch seconds; then the value, packed if large."""

    fresh_until: float
    is_negative: bool
    is_packed: bool
    body: bytes


_READ = msgspec.msgpack.Decoder(_Envelope)


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of one generation; times in epoch seconds, `size_bytes` as it is written."""

    value: Any
    generation: str
    fresh_until: float
    stale_until: float
    size_bytes: int = 0

    def is_fresh(self, now: float) -> bool:
        """Whether it may be served without a second thought."""
        return now < self.fresh_until

    def is_usable(self, now: float) -> bool:
        """Whether it may be served while it is made anew."""
        return now < self.stale_until


def make_entry(policy: Policy, value: Any, generation: str) -> Entry | None:
    """Return the entry of a value that was just made; None when it is not to be kept."""
    seconds = policy.fresh_seconds if value is not None else policy.negative_seconds
    if seconds <= 0:
        return None
    # Entries that were made together should not end together.
    share = random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - spreads load, keeps no secret
    fresh_until = time.time() + seconds * share
    return Entry(value, generation, fresh_until, fresh_until + policy.stale_seconds)


def write_entry(entry: Entry) -> bytes:
    """Return the bytes of an entry."""
    return weigh_entry(entry)[1]


def weigh_entry(entry: Entry) -> tuple[Entry, bytes]:
    """Return the entry with its size, and its bytes."""
    body = _BODY.encode(entry.value)
    weighed = replace(entry, size_bytes=len(body))
    is_packed = len(body) > _PACKED_FROM_BYTES
    if is_packed:
        body = zlib.compress(body, _PACKING)
    data = _HEAD.encode(_Envelope(entry.fresh_until, entry.value is None, is_packed, body))
    return weighed, data


def read_entry(namespace: Namespace[Any], data: bytes, generation: str) -> Entry | None:
    """Return the entry of these bytes; None when they are no entry of this namespace."""
    try:
        envelope = _READ.decode(data)
        body = zlib.decompress(envelope.body) if envelope.is_packed else envelope.body
        value = None if envelope.is_negative else namespace.decoder.decode(body)
    except (msgspec.DecodeError, zlib.error):
        return None
    stale_until = envelope.fresh_until + namespace.policy.stale_seconds
    return Entry(value, generation, envelope.fresh_until, stale_until, len(body))
