"""What many hands typed becomes one form, and stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from myriad.products.keeper.matching.nicknames import are_nicknames
from myriad.products.keeper.matching.normalise import (
    full_birthday,
    name,
    normalise_birthday,
    normalise_email,
    normalise_phone,
    record,
    split_generation,
    text,
)


@settings(deadline=None)
@given(st.text())
def test_normalising_text_twice_changes_nothing(typed: str) -> None:
    assert text(text(typed)) == text(typed)
    assert name(name(typed)) == name(typed)


@settings(deadline=None)
@given(st.text() | st.emails())
def test_normalising_an_email_twice_changes_nothing(typed: str) -> None:
    once = normalise_email(typed)
    assert normalise_email(once) == once


@settings(deadline=None)
@given(st.text() | st.from_regex(r"\+?[0-9 ()-]{5,18}", fullmatch=True))
@example("+61 0000000")
@example("+61000000")
@example("0061000000")
def test_normalising_a_phone_twice_changes_nothing(typed: str) -> None:
    once = normalise_phone(typed, "AU")
    assert normalise_phone(once, "AU") == once


@settings(deadline=None)
@given(st.text() | st.dates().map(str) | st.from_regex(r"[0-9]{8}", fullmatch=True))
def test_normalising_a_birthday_twice_changes_nothing(typed: str) -> None:
    once = normalise_birthday(typed)
    assert normalise_birthday(once) == once
    assert once == "" or (len(once) == 8 and once.isdigit())


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("John.Smith+spa@GMail.com", "johnsmith@gmail.com"),
        ("johnsmith@googlemail.com", "johnsmith@gmail.com"),
        ("John.Smith+spa@example.com", "john.smith+spa@example.com"),
        ("not an address", ""),
        ("none@example.com", ""),
        (None, ""),
    ],
)
def test_an_email_is_the_mailbox_it_reaches(typed: str | None, wanted: str) -> None:
    assert normalise_email(typed) == wanted


@pytest.mark.parametrize(
    ("typed", "country", "wanted"),
    [
        ("(415) 555-2671", "US", "+14155552671"),
        ("0412 345 678", "AU", "+61412345678"),
        ("+61 412 345 678", "US", "+61412345678"),
        ("020 7946 0958 ext. 12", "GB", "+442079460958"),
        ("12", "US", ""),
    ],
)
def test_a_phone_without_country_takes_the_country_of_the_location(
    typed: str, country: str, wanted: str
) -> None:
    assert normalise_phone(typed, country) == wanted


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("1984-03-09", "19840309"),
        ("0000-03-09", "00000309"),
        ("1984-03-09T00:00:00-00:00", "19840309"),
        ("--03-09", "00000309"),
        ("25/12/1984", "19841225"),
        ("12/25/1984", "19841225"),
        ("03/09/1984", ""),
        ("19729518", "19729518"),
        ("soon", ""),
    ],
)
def test_a_birthday_is_read_only_when_it_can_be_read_one_way(typed: str, wanted: str) -> None:
    assert normalise_birthday(typed) == wanted


def test_a_birthday_0000_mm_dd_has_no_year_and_no_full_date() -> None:
    assert full_birthday(normalise_birthday("0000-02-29")) is None


def test_names_lose_titles_accents_and_placeholders() -> None:
    assert name("Dr. José  O'Brien-Núñez") == "jose obrien nunez"
    assert name("Walk-In") == ""
    assert split_generation("Smith, Jr.") == ("smith", "2")


def test_a_short_form_is_not_the_same_as_two_names_that_share_it() -> None:
    assert are_nicknames("bob", "robert")
    assert are_nicknames("bob", "rob")
    assert not are_nicknames("alexander", "alexandra")


def test_a_street_number_before_the_street_is_split_off() -> None:
    made = record("1", address_line="12B Mill Lane", postcode="AB1 2CD")
    assert (made.street_number, made.address_line, made.postcode) == ("12b", "mill lane", "ab12cd")
