"""Webhook signatures: Square's own vectors, and everything that is not one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.products.keeper.square.simulator.webhooks import signature
from myriad.products.keeper.square.webhooks import WebhookSettingsError, is_genuine, sign

KEY, URL, BODY = "key", "https://example.com/api/v1/keeper/webhooks/square", b'{"event_id":"1"}'


def test_squares_own_vectors_verify(shared_data: Path) -> None:
    """The vectors of Square's SDK verify, and not with one byte more."""
    vectors = json.loads((shared_data / "keeper" / "square_webhook_vectors.json").read_text())
    for vector in vectors["vectors"]:
        key, url = vector["signature_key"], vector["notification_url"]
        body = vector["body"].encode()
        assert is_genuine(body, vector["header"], key=key, url=url) is vector["valid"]
        assert not is_genuine(body + b" ", vector["header"], key=key, url=url)


def test_known_answer() -> None:
    """A vector of our own, computed with openssl."""
    assert sign(b"{}", key="key", url="https://example.com/hook") == (
        "6Dd7s10IwG1uxbp+Js/hGXyVVa5cqhECp1kuBmJhOGk="
    )


@pytest.mark.parametrize("header", [None, "", b"", "nonsense", "\udcff", "é" * 44, b"\xff" * 44])
def test_bad_or_missing_signature_is_not_genuine(header: str | bytes | None) -> None:
    """Nothing that is no signature verifies, and nothing crashes."""
    assert is_genuine(BODY, header, key=KEY, url=URL) is False


def test_an_empty_body_can_be_signed() -> None:
    """An empty body is a body like any other."""
    assert is_genuine(b"", sign(b"", key=KEY, url=URL), key=KEY, url=URL)


@pytest.mark.parametrize(("key", "url"), [("", URL), (KEY, "")])
def test_a_missing_setting_says_which(key: str, url: str) -> None:
    """Without a key or URL nothing is verified, and the error names the setting."""
    with pytest.raises(WebhookSettingsError, match="MYRIAD_KEEPER__SQUARE_WEBHOOK_"):
        is_genuine(BODY, "x", key=key, url=url)


@given(body=st.binary(), key=st.text(min_size=1), url=st.text(min_size=1), other=st.binary())
def test_only_the_signed_bytes_verify(body: bytes, key: str, url: str, other: bytes) -> None:
    """What the simulator signs we verify, whatever the bytes; other bytes we refuse."""
    header = signature(key, url, body)
    assert is_genuine(body, header, key=key, url=url)
    assert is_genuine(other, header, key=key, url=url) is (other == body)


def test_the_url_counts_to_the_byte() -> None:
    """A trailing slash is another URL."""
    assert not is_genuine(BODY, sign(BODY, key=KEY, url=URL), key=KEY, url=URL + "/")
