"""The numbers that identify a company: Belgian enterprise, establishment and VAT numbers, LEI.

A Belgian number has ten digits, the last two of which are 97 minus the remainder of the first
eight divided by 97 (KBO/BCE open data, cookbook). An enterprise number begins with 0 or 1, that of
an establishment with 2 to 8, that of a branch with 9. The VAT number of an enterprise is `BE` and
its number. A Legal Entity Identifier has 20 characters that ISO 7064 mod 97-10 reads as 1
(ISO 17442).
"""

from __future__ import annotations

import re

from myriad.kit.errors import MyriadError

ENTERPRISES_END = 2_000_000_000
_SEPARATORS = re.compile(r"[\s.\-/]")
_NUMBER = re.compile(r"(?:BE)?(\d{9,10})", re.ASCII)
_LEI = re.compile(r"[A-Z0-9]{18}[0-9]{2}", re.ASCII)
_DIGITS = 10


class EnterpriseNumberError(MyriadError):
    """What was given is no Belgian enterprise number; `suggestions` are valid ones near to it."""

    code = "bad_enterprise_number"
    title = "No enterprise number"
    status = 422

    def __init__(self, given: str, suggestions: tuple[str, ...] | None = None) -> None:
        self.given = given
        self.suggestions = suggestions or ()
        super().__init__(_explanation(given, suggestions))


def _explanation(given: str, suggestions: tuple[str, ...] | None) -> str:
    """Say what is wrong; `suggestions` None: the form is, none: no number near it is valid."""
    shown = given.strip()[:40]
    if suggestions:
        return f"{shown!r} fails its check digits. Did you mean {' or '.join(suggestions)}?"
    if suggestions is not None:
        return f"{shown!r} fails its check digits, and no number one digit away has the right ones"
    return f"{shown!r} is no enterprise number: ten digits that begin with 0 or 1, as 0123.456.749"


def parse_enterprise_number(given: str) -> int:
    """Return the enterprise number in `given`, with or without dots, spaces and `BE`.

    A nine-digit number, as written before 2005, gets its leading zero. Raises
    EnterpriseNumberError, with valid numbers one digit or one swap away when there are any.
    """
    match = _NUMBER.fullmatch(_SEPARATORS.sub("", given).upper())
    if match is None:
        raise EnterpriseNumberError(given)
    digits = match[1].rjust(_DIGITS, "0")
    number = int(digits)
    if number >= ENTERPRISES_END:
        raise EnterpriseNumberError(given)
    if not has_check_digits(number):
        raise EnterpriseNumberError(given, _nearest(digits))
    return number


def has_check_digits(number: int) -> bool:
    """Tell whether a ten-digit number of the KBO ends in its check digits."""
    return 97 - number // 100 % 97 == number % 100


def format_number(number: int) -> str:
    """Return the number as printed: `0123.456.749`, or `2.000.000.339` of an establishment."""
    digits = f"{number:010d}"
    if number < ENTERPRISES_END:
        return f"{digits[:4]}.{digits[4:7]}.{digits[7:]}"
    return f"{digits[0]}.{digits[1:4]}.{digits[4:7]}.{digits[7:]}"


def format_vat(number: int) -> str:
    """Return the VAT number of an enterprise."""
    return f"BE{number:010d}"


def _nearest(digits: str) -> tuple[str, ...]:
    """Return the valid numbers one wrong digit or one swap of neighbours away, swaps first."""
    swaps = [
        digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
        for place in range(_DIGITS - 1)
    ]
    changes = [
        digits[:place] + digit + digits[place + 1 :]
        for place in range(_DIGITS)
        for digit in "0123456789"
    ]
    found = [int(each) for each in (*swaps, *changes) if each != digits]
    valid = [each for each in found if each < ENTERPRISES_END and has_check_digits(each)]
    return tuple(format_number(each) for each in dict.fromkeys(valid))[:3]


def is_lei(given: str) -> bool:
    """Tell whether `given` is a Legal Entity Identifier with right check digits."""
    if not _LEI.fullmatch(given):
        return False
    return int("".join(str(int(letter, 36)) for letter in given)) % 97 == 1
