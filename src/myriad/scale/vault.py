"""Secrets at rest: authenticated encryption with a key that never enters the database.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce before each ciphertext. The associated
data binds a secret to its row, so that a ciphertext copied to another tenant does not open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from myriad.kit.errors import MyriadError

_VERSION = b"\x01"
_NONCE_BYTES = 12
KEY_BYTES = 32


class VaultError(MyriadError):
    """A secret cannot be opened: wrong key, wrong row, or damaged."""

    code = "vault_error"
    title = "Secret cannot be opened"


class Vault:
    """Encrypts, decrypts and signs with keys derived from one master key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise VaultError(f"the master key must have {KEY_BYTES} bytes, not {len(key)}")
        self._key = key
        self._cipher = AESGCM(self.derive("vault"))

    @classmethod
    def from_base64(cls, text: str) -> Vault:
        """Open with a key in base64, as MYRIAD_SECRETS__KEY holds it."""
        try:
            return cls(base64.b64decode(text, validate=True))
        except binascii.Error:
            raise VaultError("MYRIAD_SECRETS__KEY is not base64 of 32 bytes") from None

    def derive(self, purpose: str) -> bytes:
        """Return a key of 32 bytes for one purpose (HMAC-SHA256 of its name)."""
        return hmac.digest(self._key, purpose.encode(), hashlib.sha256)

    def encrypt(self, secret: bytes, bound_to: str) -> bytes:
        """Return version, nonce and ciphertext of `secret`, bound to its place."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, secret, bound_to.encode())

    def decrypt(self, sealed: bytes, bound_to: str) -> bytes:
        """Return the secret, or raise VaultError."""
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] != _VERSION:
            raise VaultError("the secret has an unknown format")
        try:
            return self._cipher.decrypt(nonce, body, bound_to.encode())
        except InvalidTag:
            raise VaultError("the secret was sealed with another key or for another row") from None
