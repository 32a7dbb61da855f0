"""A string loses processors, numbers and references, and nothing that names the merchant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.products.kamioi.mapping.normalising import MOST_CHARACTERS, clean, normalize

FORMS = [
    ("SQ *BLUE BOTTLE", "blue bottle", "square"),
    ("TST* Shake Shack 1023 NEW YORK NY", "shake shack new york", "toast"),
    ("SP * ALLBIRDS", "allbirds", "shopify"),
    ("PAYPAL *STEAM GAMES", "steam games", "paypal"),
    ("PP*STEAM GAMES", "steam games", "paypal"),
    ("IN *JANES FLOWERS", "janes flowers", "intuit"),
    ("GOOGLE *Dropbox", "dropbox", "google"),
    ("AMZN Mktp US*2K4F61", "amazon", None),
    ("WAL-MART #1234 800-555-1234", "wal mart", None),
    ("STARBUCKS STORE 05512 SEATTLE WA", "starbucks store seattle", None),
    ("TESCO 12/03/2018", "tesco", None),
    ("www.theworks.co.uk", "theworks", None),
    ("7-ELEVEN 34512", "7 eleven", None),
    ("Café Nérò", "cafe nero", None),
    ("B&Q 1357", "bq", None),
    ("4423", "4423", None),
    ("PAYPAL", "paypal", None),
    ("CHECKCARD 0612 SHELL OIL 57444573", "shell oil", None),
    ("POS DEBIT - CVS/PHARMACY #8871 OAKLAND CA", "cvs pharmacy oakland", None),
    ("PURCHASE AUTHORIZED ON 05/14 SPOTIFY", "spotify", None),
    ("CARD PAYMENT TO TESCO STORES 3301", "tesco stores", None),
    ("POS PURCHASE 1231", "pos purchase", None),
    ("CARDIFF CITY CAFE", "cardiff city cafe", None),
    ("AMERICAN AIR0012381239 DALLAS TX", "american air dallas", None),
    ("GOOGLE *CLOUD 6H3K2L", "google cloud", None),
    ("HLU*HULU 1234567", "hulu", "agent"),
    ("\x00\u200b", "unreadable", None),
]


@pytest.mark.parametrize(("raw", "norm", "processor"), FORMS, ids=[repr(one[0]) for one in FORMS])
def test_a_string_becomes_its_normal_form(raw: str, norm: str, processor: str | None) -> None:
    assert normalize(raw) == (norm, processor)


@pytest.mark.parametrize(
    ("mark", "processor"),
    [
        ("PAYPALINST ", "paypal"),
        ("PayPal *", "paypal"),
        ("PP*", "paypal"),
        ("SQU* ", "square"),
        ("STRIPE ", "stripe"),
        ("SHOPIFY* ", "shopify"),
        ("SP ", "shopify"),
        ("INTUIT *", "intuit"),
        ("SUMUP *", "sumup"),
        ("IZ *", "zettle"),
        ("Zettle_*", "zettle"),
        ("KLARNA*", "klarna"),
        ("WPY*", "worldpay"),
        ("WP*", "worldpay"),
        ("CKO*", "checkout"),
        ("CASH APP*", "cash_app"),
        ("BIGCARTEL*", "bigcartel"),
        ("CLV*", "clover"),
        ("CLOVER *", "clover"),
        ("APLPAY ", "apple_pay"),
    ],
)
def test_every_processors_mark_is_taken_away(mark: str, processor: str) -> None:
    assert normalize(f"{mark}OAK & ASH 5504") == ("oak ash", processor)


@given(st.text(max_size=700))
def test_any_text_has_a_normal_form_that_is_short_and_never_empty(raw: str) -> None:
    norm = normalize(raw).norm
    assert norm == " ".join(norm.split()) != ""
    assert len(clean(raw)) <= MOST_CHARACTERS
    assert (
        all(mark.isprintable() for mark in clean(raw).replace("\xa0", ""))
        or not clean(raw).isascii()
    )


def test_ten_kilobytes_and_control_characters_are_cut_and_spaced() -> None:
    raw = "TESCO\x00\x07STORES " + "x" * 10_000
    assert clean(raw).startswith("TESCO STORES xxx")
    assert len(clean(raw)) == MOST_CHARACTERS
