"""JSON Web Tokens of one algorithm each (RFC 7515, 7517, 7519).

The caller names the algorithm by what it calls and never takes it from the token. A JWT library
would bring a dozen, and with them the choice between them that an attacker must not have; verifying
one is one call of `cryptography`. What a token must say is the caller's rule, not this module's.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

_PARTS = 3
_HALF_BYTES = 32


class TokenFormatError(ValueError):
    """A token or a key cannot be read: the text is damaged or of another form."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it came: nothing in it is proven before its signature is."""

    head: dict[str, Any]
    claims: dict[str, Any]
    signed: bytes
    signature: bytes

    @property
    def algorithm(self) -> object:
        """The algorithm that its head names."""
        return self.head.get("alg")


def read_token(text: str) -> Token:
    """Return the parts of a compact token; raises TokenFormatError."""
    parts = text.split(".")
    if len(parts) != _PARTS:
        raise TokenFormatError("it has not three parts")
    signed = f"{parts[0]}.{parts[1]}".encode()
    return Token(_read_object(parts[0]), _read_object(parts[1]), signed, decode_part(parts[2]))


def is_signed_rs256(token: Token, key: RSAPublicNumbers) -> bool:
    """Say whether the token names RS256 and this key signed it (RFC 7518, 3.3)."""
    if token.algorithm != "RS256":
        return False
    try:
        key.public_key().verify(token.signature, token.signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def is_signed_es256(token: Token, key: ec.EllipticCurvePublicKey) -> bool:
    """Say whether the token names ES256 and this key signed it (RFC 7518, 3.4)."""
    if token.algorithm != "ES256" or len(token.signature) != 2 * _HALF_BYTES:
        return False
    first, second = token.signature[:_HALF_BYTES], token.signature[_HALF_BYTES:]
    pair = encode_dss_signature(int.from_bytes(first), int.from_bytes(second))
    try:
        key.verify(pair, token.signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def read_rsa_key(key: Mapping[str, Any]) -> RSAPublicNumbers:
    """Return the public numbers of an RSA key as a JWK; raises TokenFormatError."""
    _check_kind(key, kty="RSA")
    return RSAPublicNumbers(_number(key, "e"), _number(key, "n"))


def read_p256_key(key: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    """Return the public key of a JWK on P-256; raises TokenFormatError."""
    _check_kind(key, kty="EC", crv="P-256")
    try:
        return ec.EllipticCurvePublicNumbers(
            _number(key, "x"), _number(key, "y"), ec.SECP256R1()
        ).public_key()
    except ValueError as error:
        raise TokenFormatError("the key is no point of its curve") from error


def decode_part(text: str) -> bytes:
    """Return the bytes of base64url without padding; raises TokenFormatError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise TokenFormatError("it is no base64url") from error


def encode_part(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read_object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(decode_part(text))
    # Brackets in brackets are a damaged token too, however many fit into a header.
    except (ValueError, RecursionError) as error:
        raise TokenFormatError("it is no JSON") from error
    if not isinstance(found, dict):
        raise TokenFormatError("it is no JSON object")
    return found


def _check_kind(key: Mapping[str, Any], **wanted: str) -> None:
    if any(key.get(name) != value for name, value in wanted.items()):
        raise TokenFormatError(f"the key is none of {', '.join(wanted.values())}")


def _number(key: Mapping[str, Any], name: str) -> int:
    try:
        return int.from_bytes(decode_part(str(key[name])))
    except KeyError as error:
        raise TokenFormatError(f"the key has no {name}") from error
