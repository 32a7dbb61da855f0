"""One cached value, here and as it is written to the shared layer."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Any

import msgspec

from myriad.scale.cache.namespace import Namespace
from myriad.scale.cache.policy import Policy

_JITTER = 0.10
_HEAD = msgspec.msgpack.Encoder()
_BODY = msgspec.msgpack.Encoder()


class _Envelope(msgspec.Struct, array_like=True, frozen=True):
    """What is written: when it was made and how long it is fresh, in epoch seconds; then the value."""

    fresh_until: float
    is_negative: bool
    body: msgspec.Raw


_READ = msgspec.msgpack.Decoder(_Envelope)


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of one generation; times in epoch seconds."""

    value: Any
    generation: str
    fresh_until: float
    stale_until: float

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
    body = msgspec.Raw(_BODY.encode(entry.value))
    return _HEAD.encode(_Envelope(entry.fresh_until, entry.value is None, body))


def read_entry(namespace: Namespace[Any], data: bytes, generation: str) -> Entry | None:
    """Return the entry of these bytes; None when they are no entry of this namespace."""
    try:
        envelope = _READ.decode(data)
        value = None if envelope.is_negative else namespace.decoder.decode(envelope.body)
    except msgspec.DecodeError:
        return None
    stale_until = envelope.fresh_until + namespace.policy.stale_seconds
    return Entry(value, generation, envelope.fresh_until, stale_until)
