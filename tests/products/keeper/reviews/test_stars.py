"""Ratings as people and exports write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.products.keeper.reviews.errors import StarsError
from myriad.products.keeper.reviews.stars import parse_stars


@pytest.mark.parametrize(
    ("typed", "stars"),
    [
        *[("5/5", 5), ("4 / 5", 4), ("8/10", 4), ("1/10", 1), ("80%", 4), ("80 percent", 4)],
        *[("4", 4), ("4.0", 4), ("4.5", 5), ("4,5", 5), ("4.4", 4), ("0.4", 1), ("5", 5)],
        *[("five", 5), ("FOUR", 4), ("4 stars", 4), ("One star", 1), ("three out of five", 3)],
        *[
            ("\u2605\u2605\u2605", 3),
            ("\u2605\u2605\u2606\u2606\u2606", 2),
            ("\u2b50\ufe0f\u2b50", 2),
        ],
        *[("****", 4), ("\u2605\u2605\u2605\u00bd", 4), ("5\u2605", 5), ("\uff15", 5)],
        *[("Rated 4.0 out of 5 stars", 4), ('="5"', 5), ("'3", 3), (" 2 \u00a0", 2)],
    ],
)
def test_a_rating_in_any_usual_form_becomes_one_to_five(typed: str, stars: int) -> None:
    assert parse_stars(typed) == stars


@pytest.mark.parametrize("typed", ["", "  ", "n/a", "NULL", "-", "NaN", "STAR_RATING_UNSPECIFIED"])
def test_a_blank_rating_is_unknown(typed: str) -> None:
    assert parse_stars(typed) is None


@pytest.mark.parametrize(
    "typed",
    [
        *["0", "6", "0/5", "0%", "7/5", "120%", "10", "-3", "4/0", "\u2606\u2606", "\u2605" * 6],
        *["=1+1", "great", "5e0", "4-5", "1 2", "\u0664x", "five hundred", "4/"],
    ],
)
def test_a_rating_that_five_stars_cannot_say_is_refused_with_what_to_write(typed: str) -> None:
    with pytest.raises(StarsError, match="write one to five stars") as refused:
        parse_stars(typed)
    assert typed.strip()[:40] in refused.value.detail


@given(st.integers(1, 1_000), st.integers(1, 1_000))
def test_a_fraction_keeps_its_place_on_the_scale(value: int, scale: int) -> None:
    if value > scale:
        with pytest.raises(StarsError):
            parse_stars(f"{value}/{scale}")
    else:
        stars = parse_stars(f"{value}/{scale}")
        assert stars is not None
        assert abs(max(1.0, 5 * value / scale) - stars) <= 0.5


@given(st.text(max_size=60))
def test_no_text_causes_anything_but_stars_or_a_clear_refusal(typed: str) -> None:
    try:
        stars = parse_stars(typed)
    except StarsError:
        return
    assert stars is None or 1 <= stars <= 5
