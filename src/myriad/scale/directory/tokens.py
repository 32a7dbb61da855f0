"""Secrets that are handed out once: the database knows their SHA-256 only.

They carry 256 random bits, so a fast hash is enough (unlike a password's).
"""

from __future__ import annotations

import hashlib
import secrets
import string

API_KEY_PREFIX = "myr_"
_ALPHABET = string.ascii_letters + string.digits
_CHARACTERS = 43


def new_token(prefix: str = "") -> str:
    """Return a new secret of 43 letters and digits (256 bits) after `prefix`."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(_CHARACTERS))


def hash_token(token: str) -> bytes:
    """Return the 32 bytes under which the database knows the token."""
    return hashlib.sha256(token.encode()).digest()
