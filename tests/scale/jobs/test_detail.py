"""What people see of a job's payload: enough to act on, and no secret."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myriad.scale.jobs.detail import LONGEST_TEXT, MASK, MOST_ITEMS, is_secret_name, mask

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "accessToken",
        "ACCESS_TOKEN",
        "api-key",
        "apikey",
        "clientSecret",
        "userPassword",
        "card_number",
        "IBAN",
        "Authorization",
        "key",
        "sessionCookie",
        "OTP",
    ],
)
def test_a_member_with_a_secret_name_is_hidden(name: str) -> None:
    assert mask({"a": [{name: "anything"}]}) == {"a": [{name: MASK}]}


@pytest.mark.parametrize(
    "name",
    ["monkey", "tokens_used", "cardinality", "keyboard", "idempotency_key", "compass", "month"],
)
def test_a_harmless_name_that_looks_alike_is_shown(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "Bearer abc.def",
        "sk_live_abcdefgh12345678",
        "myr_abcdefghijklmnop",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "DE89 3704 0044 0532 0130 00",
        "4111 1111 1111 1111",
    ],
)
def test_a_secret_is_known_by_its_form(text: str) -> None:
    shown = mask({"note": f"use {text} please"})["note"]
    assert MASK in shown
    assert text[-6:] not in shown


@pytest.mark.parametrize(
    "text", ["0198f2c1-7d3e-7b6a-9c11-1234567890ab", "2026-11-21T06:28:06Z", "4111 1111 1111 1112"]
)
def test_ids_times_and_other_numbers_are_shown(text: str) -> None:
    assert mask(text) == text


def test_long_values_are_cut_and_say_so() -> None:
    shown = mask({"text": "a b " * LONGEST_TEXT, "items": list(range(MOST_ITEMS + 5))})
    assert len(shown["text"]) < LONGEST_TEXT + 40
    assert shown["text"].endswith(f"({4 * LONGEST_TEXT} characters)")
    assert shown["items"][-1] == "… and 5 more"


# A busy machine may draw slowly; what is drawn is small.
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(JSON)
def test_masking_twice_is_masking_once_and_what_is_shown_is_json(value: Any) -> None:
    shown = mask(value)
    json.dumps(shown)
    assert mask(shown) == shown


def test_a_list_of_secrets_is_hidden_and_a_count_of_tokens_is_not() -> None:
    assert mask({"tokens": ["abc"], "apiKeys": "x"}) == {"tokens": MASK, "apiKeys": MASK}
    assert mask({"tokens": 1200, "otp": 123456}) == {"tokens": 1200, "otp": MASK}
