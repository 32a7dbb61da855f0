"""One form for what many hands typed: names, e-mail, telephone, birthday, address.

Every function is total (it answers for any text) and idempotent (its own answer stays as it is),
and an empty string means "not known". Nothing here looks anything up: pure functions only.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import TypeAlias

import phonenumbers

Interval: TypeAlias = tuple[datetime, datetime]

_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof"})
_GENERATIONS = {"jr": "2", "junior": "2", "sr": "1", "senior": "1", "ii": "2", "iii": "3"}
_NOBODY = frozenset(
    {"unknown", "none", "null", "nan", "na", "test", "guest", "customer", "walk in", "walkin"}
)
_NO_MAILBOX = frozenset(
    {"none", "noemail", "no", "nomail", "noreply", "no-reply", "na", "unknown", "test"}
)
_GOOGLE = frozenset({"gmail.com", "googlemail.com"})
# Ten digits after +1 are a possible number and read the same in every country.
_NORTH_AMERICAN = re.compile(r"\+1[2-9][0-9]{9}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that matching may use about one customer record, already normalised.

    Text fields are empty when unknown. `birthday` is YYYYMMDD, with year 0000 when only the day is
    known; it may be a date that no calendar has, because typing errors are evidence too. `cards`
    are fingerprints, `busy` the half-open intervals of this record's bookings (aware datetimes).
    """

    id: str
    given: str = ""
    family: str = ""
    generation: str = ""
    email: str = ""
    phone: str = ""
    cards: tuple[str, ...] = ()
    birthday: str = ""
    street_number: str = ""
    address_line: str = ""
    address_extra: str = ""
    suburb: str = ""
    postcode: str = ""
    state: str = ""
    busy: tuple[Interval, ...] = ()


def record(
    id: str,
    *,
    given: str | None = "",
    family: str | None = "",
    email: str | None = "",
    phone: str | None = "",
    cards: tuple[str, ...] = (),
    birthday: str | None = "",
    street_number: str | None = "",
    address_line: str | None = "",
    address_extra: str | None = "",
    suburb: str | None = "",
    postcode: str | None = "",
    state: str | None = "",
    busy: tuple[Interval, ...] = (),
    country: str = "US",
) -> Record:
    """Normalise what was typed into a Record; `country` (ISO 3166 alpha-2) reads the telephone.

    A street number in front of `address_line` is split off when none is given by itself.
    """
    family_name, generation = split_generation(family)
    number, line = text(street_number), text(address_line)
    if not number:
        number, line = split_street_number(line)
    return Record(
        id=id,
        given=name(given),
        family=family_name,
        generation=generation,
        email=normalise_email(email),
        phone=normalise_phone(phone, country),
        cards=tuple(sorted({card.strip() for card in cards if card.strip()})),
        birthday=normalise_birthday(birthday),
        street_number=number,
        address_line=line,
        address_extra=text(address_extra),
        suburb=text(suburb),
        postcode=text(postcode).replace(" ", ""),
        state=text(state),
        busy=tuple(sorted(busy)),
    )


@lru_cache(maxsize=200_000)
def text(value: str | None) -> str:
    """Fold case, width, accents and punctuation away; words stand one space apart."""
    if not value:
        return ""
    if value.isascii():
        return " ".join(value.translate(_ASCII).split())
    folded = unicodedata.normalize("NFKC", value).casefold()
    bare = unicodedata.normalize("NFKD", folded)
    folded = "".join(c for c in bare if not unicodedata.combining(c))
    folded = unicodedata.normalize("NFKC", folded).lower()
    kept = (_kept(c) for c in folded)
    return " ".join("".join(kept).split())


def _kept(character: str) -> str:
    """An apostrophe joins (O'Brien), every other mark separates (Smith-Jones)."""
    if character in "'\N{RIGHT SINGLE QUOTATION MARK}":
        return ""
    return character.lower() if character.isalnum() else " "


_ASCII = {code: _kept(chr(code)) for code in range(128)}


def name(value: str | None) -> str:
    """Return a given or family name without titles; placeholders such as "walk-in" are nobody."""
    folded = text(value)
    words = folded.split()
    while len(words) > 1 and words[0] in _TITLES:
        words = words[1:]
    folded = " ".join(words)
    return "" if folded in _NOBODY else folded


def split_generation(value: str | None) -> tuple[str, str]:
    """Split "Smith Jr." into ("smith", "2"); the generation is empty when nothing tells it."""
    words = name(value).split()
    if len(words) > 1 and words[-1] in _GENERATIONS:
        return " ".join(words[:-1]), _GENERATIONS[words[-1]]
    return " ".join(words), ""


def split_street_number(line: str) -> tuple[str, str]:
    """Split "12b mill lane" into ("12b", "mill lane")."""
    first, _, rest = line.partition(" ")
    if rest and first[:1].isdigit() and len(first) <= 6:
        return first, rest
    return "", line


def normalise_email(value: str | None) -> str:
    """Return the mailbox that an address delivers to, or "" when it is no address.

    Google ignores dots and everything after a plus sign, and googlemail.com is gmail.com.
    """
    folded = unicodedata.normalize("NFKC", value or "").strip().lower()
    if not _EMAIL.fullmatch(folded):
        return ""
    local, domain = folded.split("@")
    if domain in _GOOGLE:
        local, domain = local.split("+")[0].replace(".", ""), "gmail.com"
    if not local or local in _NO_MAILBOX:
        return ""
    return f"{local}@{domain}"


@lru_cache(maxsize=200_000)
def normalise_phone(value: str | None, country: str = "US") -> str:
    """Return the number in E.164, read as dialled inside `country`; "" when it cannot be one.

    Nor can one that reads differently once it is written down, as zeros after a country code do.
    """
    if value and _NORTH_AMERICAN.fullmatch(value):
        return value
    typed = unicodedata.normalize("NFKC", value or "").strip()
    number = _e164(typed, country)
    return number if number and _e164(number, country) == number else ""


def _e164(typed: str, country: str) -> str:
    try:
        number = phonenumbers.parse(typed, country)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    bare = phonenumbers.PhoneNumber(
        country_code=number.country_code,
        national_number=number.national_number,
        italian_leading_zero=number.italian_leading_zero,
        number_of_leading_zeros=number.number_of_leading_zeros,
    )
    return str(phonenumbers.format_number(bare, phonenumbers.PhoneNumberFormat.E164))


def normalise_birthday(value: str | None) -> str:
    """Return YYYYMMDD from YYYY-MM-DD, YYYYMMDD, 0000-MM-DD, --MM-DD, MM-DD or a timestamp.

    The year is 0000 when it is unknown. Day-first and month-first slashes are read only when one
    of the two exceeds 12; otherwise the answer is "", for a guess would veto the wrong people.
    """
    typed = unicodedata.normalize("NFKC", value or "").strip()
    if len(typed) == 8 and typed.isascii() and typed.isdigit():
        return typed if typed[4:] != "0000" else ""
    if found := re.fullmatch(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})([T ].*)?", typed):
        return _digits(found[1], found[2], found[3])
    if found := re.fullmatch(r"(?:--)?([0-9]{2})-([0-9]{2})", typed):
        return _digits("0", found[1], found[2])
    if found := re.fullmatch(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})", typed):
        first, second = int(found[1]), int(found[2])
        if first > 12 or first == second:
            return _digits(found[3], found[2], found[1])
        if second > 12:
            return _digits(found[3], found[1], found[2])
    return ""


def _digits(year: str, month: str, day: str) -> str:
    if int(month) == 0 or int(day) == 0:
        return ""
    return f"{int(year):04d}{int(month):02d}{int(day):02d}"


def full_birthday(birthday: str) -> date | None:
    """Return the calendar day of a normalised birthday with a year, or None."""
    if len(birthday) != 8 or birthday.startswith("0000"):
        return None
    try:
        return date(int(birthday[:4]), int(birthday[4:6]), int(birthday[6:]))
    except ValueError:
        return None
