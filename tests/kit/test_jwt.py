"""A token is what one key signed with the one algorithm that its reader names."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from myriad.kit.jwt import (
    TokenFormatError,
    decode_part,
    encode_part,
    is_signed_es256,
    is_signed_rs256,
    read_p256_key,
    read_rsa_key,
    read_token,
)

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())


def _signed(alg: str) -> tuple[str, bytes]:
    parts = ({"alg": alg, "kid": "k"}, {"iat": 1})
    text = ".".join(encode_part(json.dumps(part).encode()) for part in parts)
    if alg == "RS256":
        return text, RSA.sign(text.encode(), PKCS1v15(), SHA256())
    r, s = decode_dss_signature(CURVE.sign(text.encode(), ec.ECDSA(SHA256())))
    return text, r.to_bytes(32) + s.to_bytes(32)


def token(alg: str, head: str | None = None) -> str:
    text, signature = _signed(alg)
    if head is not None:
        text = f"{encode_part(json.dumps({'alg': head}).encode())}.{text.split('.')[1]}"
    return f"{text}.{encode_part(signature)}"


def jwk(numbers: dict[str, int], **kind: str) -> dict[str, Any]:
    return {**kind, **{name: encode_part(n.to_bytes(256)) for name, n in numbers.items()}}


def test_each_algorithm_takes_its_own_tokens_alone() -> None:
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    rs, es = read_token(token("RS256")), read_token(token("ES256"))
    assert is_signed_rs256(rs, RSA.public_key().public_numbers())
    assert is_signed_es256(es, CURVE.public_key())
    assert not is_signed_rs256(es, RSA.public_key().public_numbers())
    assert not is_signed_es256(rs, CURVE.public_key())
    assert not is_signed_es256(es, other)


@pytest.mark.parametrize("named", ["none", "HS256", "ES256 ", "rs256", ""])
def test_a_token_that_names_another_algorithm_is_not_signed(named: str) -> None:
    assert not is_signed_rs256(read_token(token("RS256", named)), RSA.public_key().public_numbers())
    assert not is_signed_es256(read_token(token("ES256", named)), CURVE.public_key())


def test_the_public_key_used_as_a_secret_signs_nothing() -> None:
    text, _ = _signed("ES256")
    forged = hmac.digest(b"the public key", text.encode(), hashlib.sha256)
    for signature in (forged, forged * 2, b""):
        read = read_token(f"{text}.{encode_part(signature)}")
        assert not is_signed_es256(read, CURVE.public_key())


def test_a_changed_byte_is_not_signed() -> None:
    head, claims, signature = token("ES256").split(".")
    changed = encode_part(json.dumps({"iat": 2}).encode())
    assert not is_signed_es256(read_token(f"{head}.{changed}.{signature}"), CURVE.public_key())
    assert is_signed_es256(read_token(f"{head}.{claims}.{signature}"), CURVE.public_key())


@pytest.mark.parametrize(
    "text",
    ["", "a.b", "a.b.c.d", "e30.e30.%", "ü.ü.ü", "W10.e30.", "e30.bnVsbA.", "_w.e30."],
    ids=lambda text: repr(text),
)
def test_what_is_no_token_is_said_to_be_none(text: str) -> None:
    with pytest.raises(TokenFormatError):
        read_token(text)


def test_brackets_without_end_are_a_damaged_token() -> None:
    deep = encode_part(b'{"a":' * 100_000)
    with pytest.raises(TokenFormatError):
        read_token(f"{deep}.e30.")


def test_keys_are_read_from_their_published_form() -> None:
    public = RSA.public_key().public_numbers()
    assert read_rsa_key(jwk({"n": public.n, "e": public.e}, kty="RSA")) == public
    point = CURVE.public_key().public_numbers()
    read = read_p256_key(jwk({"x": point.x, "y": point.y}, kty="EC", crv="P-256"))
    assert read.public_numbers() == point


@pytest.mark.parametrize(
    "key",
    [
        {},
        {"kty": "RSA", "crv": "P-256", "x": "AQ", "y": "AQ"},
        {"kty": "EC", "crv": "P-384", "x": "AQ", "y": "AQ"},
        {"kty": "EC", "crv": "P-256", "x": "AQ"},
        {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "%"},
        {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"},
    ],
    ids=["empty", "rsa", "other curve", "half", "damaged", "no point"],
)
def test_a_key_of_another_kind_is_refused(key: dict[str, str]) -> None:
    with pytest.raises(TokenFormatError):
        read_p256_key(key)


@given(st.binary(max_size=100))
def test_parts_come_back_as_they_went(raw: bytes) -> None:
    assert decode_part(encode_part(raw)) == raw
