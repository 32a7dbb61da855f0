"""Identifiers: UUID version 7 (RFC 9562, section 5.7), ordered by time and opaque outside."""

from __future__ import annotations

import os
import time
from uuid import UUID

_RANDOM_BITS_BELOW_VARIANT = 62


def new_id() -> UUID:
    """Return a new UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random_bits = int.from_bytes(os.urandom(10), "big")
    high = (milliseconds << 16) | (0x7 << 12) | (random_bits >> 68)
    low = (0b10 << _RANDOM_BITS_BELOW_VARIANT) | (random_bits & ((1 << 62) - 1))
    return UUID(int=(high << 64) | low)
