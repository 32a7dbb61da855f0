"""What an account is called by in commands."""

from __future__ import annotations

import pytest

from myriad.scale.directory.opening import slug_of


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Alder & Salt Day Spa", "alder-salt-day-spa"),
        ("  Café 24/7 ", "caf-24-7"),
        ("東京", "account"),
        ("x" * 80, "x" * 60),
    ],
)
def test_a_slug_has_small_letters_digits_and_hyphens(name: str, slug: str) -> None:
    assert slug_of(name, "account") == slug
