import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.scale.vault import Vault, VaultError

vault = Vault(bytes(range(32)))


@given(st.binary(max_size=500), st.text(max_size=50))
def test_a_secret_opens_where_it_was_sealed(secret: bytes, place: str) -> None:
    assert vault.decrypt(vault.encrypt(secret, place), place) == secret


def test_a_secret_copied_to_another_tenant_does_not_open() -> None:
    sealed = vault.encrypt(b"token", "tenant-a/connection")
    with pytest.raises(VaultError, match="another row"):
        vault.decrypt(sealed, "tenant-b/connection")


def test_one_flipped_bit_is_noticed() -> None:
    sealed = bytearray(vault.encrypt(b"token", "here"))
    sealed[-1] ^= 1
    with pytest.raises(VaultError):
        vault.decrypt(bytes(sealed), "here")


def test_the_same_secret_never_looks_the_same_twice() -> None:
    assert vault.encrypt(b"token", "here") != vault.encrypt(b"token", "here")


def test_keys_for_two_purposes_differ() -> None:
    assert vault.derive("cursor") != vault.derive("session")


@pytest.mark.parametrize("text", ["not base64!", base64.b64encode(b"short").decode()])
def test_a_bad_master_key_says_so(text: str) -> None:
    with pytest.raises(VaultError, match="32"):
        Vault.from_base64(text)
