"""Company numbers are read as people write them, and a slip is answered with what was meant."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.products.upswitch.registry.numbers import (
    EnterpriseNumberError,
    format_number,
    format_vat,
    has_check_digits,
    is_lei,
    parse_enterprise_number,
)

STEMS = st.integers(min_value=1_000_000, max_value=19_999_999)


def number_of(stem: int) -> int:
    return stem * 100 + 97 - stem % 97


@pytest.mark.parametrize(
    "written",
    [
        "0200.065.765",
        "BE0200065765",
        "be 0200 065 765",
        "0200065765",
        "200065765",
        "BE 200.065.765",
    ],
)
def test_a_number_is_read_however_it_is_written(written: str) -> None:
    assert parse_enterprise_number(written) == 200065765


@given(STEMS)
def test_a_number_reads_the_same_once_it_is_printed(stem: int) -> None:
    number = number_of(stem)
    assert parse_enterprise_number(format_number(number)) == number
    assert parse_enterprise_number(format_vat(number)) == number


@given(STEMS, st.integers(min_value=0, max_value=9), st.integers(min_value=1, max_value=9))
def test_one_wrong_digit_is_refused_and_the_right_number_is_found_or_better_ones(
    stem: int, place: int, off: int
) -> None:
    digits = f"{number_of(stem):010d}"
    wrong = digits[:place] + str((int(digits[place]) + off) % 10) + digits[place + 1 :]
    if int(wrong) >= 2_000_000_000 or has_check_digits(int(wrong)):
        return
    with pytest.raises(EnterpriseNumberError) as refused:
        parse_enterprise_number(wrong)
    assert refused.value.status == 422
    assert all(parse_enterprise_number(each) for each in refused.value.suggestions)
    assert len(refused.value.suggestions) == 3 or format_number(number_of(stem)) in (
        refused.value.suggestions
    )


@pytest.mark.parametrize(
    "written", ["", "12", "Veneco", "2.000.000.339", "0200.065.76X", "02000657651", "٠٢٠٠٠٦٥٧٦٥"]
)
def test_what_is_no_number_is_refused_with_the_form_it_should_have(written: str) -> None:
    with pytest.raises(EnterpriseNumberError, match="ten digits"):
        parse_enterprise_number(written)


def test_every_number_of_the_published_sample_passes(shared_data: Path) -> None:
    found = 0
    for file in sorted((shared_data / "upswitch" / "kbo_sample").glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                for heading in ("EnterpriseNumber", "EntityNumber", "EstablishmentNumber", "Id"):
                    if row.get(heading):
                        assert has_check_digits(int(row[heading].replace(".", "")))
                        found += 1
    assert found >= 60


def test_a_legal_entity_identifier_is_checked_by_its_check_digits() -> None:
    stem = "5493001KJTIIGC8Y1R"
    check = 98 - int("".join(str(int(letter, 36)) for letter in stem + "00")) % 97
    right = f"{stem}{check:02d}"
    assert is_lei(right)
    assert not is_lei(f"{stem}{(check + 1) % 97:02d}")
    assert not is_lei(right.lower())
    assert not is_lei(right[:-1])


def test_a_number_that_nothing_near_it_explains_is_told_to_fail_its_check_digits() -> None:
    """Not to have another form: it has the right one."""
    with pytest.raises(
        EnterpriseNumberError, match="fails its check digits, and no number"
    ) as raised:
        parse_enterprise_number("BE0999999999")
    assert raised.value.suggestions == ()
    with pytest.raises(EnterpriseNumberError, match="ten digits that begin with 0 or 1"):
        parse_enterprise_number("BE2999999999")
