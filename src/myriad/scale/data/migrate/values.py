"""How SQLite's values become PostgreSQL's: column by column, fast where all of a batch is sound.

SQLite types values, not columns: any row may hold a text where the rest holds numbers. `many` takes
a batch at the speed of C and raises where anything is odd; `one` then says which row, and why.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from myriad.scale.data.migrate.errors import ValueRefusedError

_BOUNDS = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}
# Version 8 and the variant stand at fixed places of a UUID; behind them are 62 bits.
_FIXED_MASK, _FIXED = 0xF << 76 | 0x3 << 62, 0x8 << 76 | 0x2 << 62
_KEYS = 2**62
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,40}([.][0-9]{1,40})?")
Values = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Converter:
    """`one` converts a value that is not None, or raises ValueRefusedError; `many` a whole batch.

    `many` may raise anything. `is_exact` says of one value whether nothing of it is lost.
    """

    one: Callable[[Any], Any]
    many: Callable[[Values], Values]
    is_exact: Callable[[Any], bool] | None = None


def integers(type_name: str) -> Converter:
    """Return the converter to smallint, integer or bigint; a text or a fraction is refused."""
    bound = _BOUNDS[type_name]

    def one(value: Any) -> int:
        if type(value) is not int:
            raise ValueRefusedError(f"{_kind(value)} where an integer belongs")
        if not -bound <= value < bound:
            raise ValueRefusedError(f"beyond the bounds of {type_name}")
        return value

    def many(values: Values) -> Values:
        found = _without_none(values, int)
        if found and not (-bound <= min(found) and max(found) < bound):
            raise ValueError
        return values

    return Converter(one, many)


def booleans() -> Converter:
    """Return the converter from 0 and 1; anything else is refused."""

    def one(value: Any) -> bool:
        if type(value) is not int or value not in (0, 1):
            raise ValueRefusedError("neither 0 nor 1 where true or false belongs")
        return bool(value)

    word_of = {0: False, 1: True, None: None}.__getitem__

    def many(values: Values) -> Values:
        _without_none(values, int)
        return list(map(word_of, values))

    return Converter(one, many)


def texts(*, empty_is_null: bool) -> Converter:
    """Return the converter of text; a zero character and bytes that are no UTF-8 are refused."""

    def one(value: Any) -> str | None:
        if type(value) is not str:
            raise ValueRefusedError(f"{_kind(value)} where text belongs")
        if "\x00" in value:
            raise ValueRefusedError("a zero character, which PostgreSQL's text cannot hold")
        return None if empty_is_null and not value else value

    def many(values: Values) -> Values:
        if "\x00" in "".join(_without_none(values, str)):
            raise ValueError
        return [value or None for value in values] if empty_is_null else values

    return Converter(one, many)


def minor_units(digits: int) -> Converter:
    """Return the converter of amounts to integer minor units, half even where they do not fit.

    An amount is exact when the float is the one nearest to a whole number of minor units, or when
    the text that holds it has no more digits.
    """
    scale = 10**digits
    bound = 2**53 // scale

    def one(value: Any) -> int:
        amount = _number_in(value) if type(value) is str else value
        if type(amount) not in (int, float, Decimal):
            raise ValueRefusedError(f"{_kind(value)} where an amount belongs")
        if not abs(amount) < bound:
            raise ValueRefusedError("an amount too large for a float to hold its minor units")
        units: int = round(Decimal(str(amount)) * scale)
        return units

    def many(values: Values) -> Values:
        found = _without_none(values, int, float)
        if found and not (-bound < min(found) and max(found) < bound):
            raise ValueError
        units = [None if value is None else round(value * scale) for value in values]
        if any(a is not None and a / scale != b for a, b in zip(units, values, strict=True)):
            raise ValueError
        return units

    return Converter(one, many, lambda value: one(value) / scale == _as_float(value))


def _as_float(value: Any) -> float:
    return float(value) if type(value) is str else value


def numerics(digits: int) -> Converter:
    """Return the converter of numbers to numeric with so many digits behind the point."""
    step = Decimal(1).scaleb(-digits)

    def one(value: Any) -> Decimal:
        try:
            return _decimal(value).quantize(step)
        except InvalidOperation:
            raise ValueRefusedError("a number that numeric cannot hold") from None

    return each(one, lambda value: one(value) == _decimal(value))


def _decimal(value: Any) -> Decimal:
    if type(value) is str:
        return _number_in(value)
    if type(value) not in (int, float):
        raise ValueRefusedError(f"{_kind(value)} where a number belongs")
    return Decimal(repr(value))


def _number_in(text: str) -> Decimal:
    """Return the number that a text holds and nothing else: exact money is often kept so."""
    if not _PLAIN_NUMBER.fullmatch(text):
        raise ValueRefusedError("text that is no plain number, as 12.50")
    return Decimal(text)


def floats() -> Converter:
    """Return the converter to double precision."""

    def one(value: Any) -> float:
        if type(value) not in (int, float):
            raise ValueRefusedError(f"{_kind(value)} where a number belongs")
        return float(value)

    def many(values: Values) -> Values:
        if set(map(type, values)) <= {float, type(None)}:
            return values
        return [None if value is None else one(value) for value in values]

    return Converter(one, many)


def binaries() -> Converter:
    """Return the converter of blobs."""

    def one(value: Any) -> bytes:
        if type(value) is not bytes:
            raise ValueRefusedError(f"{_kind(value)} where bytes belong")
        return value

    return each(one)


def documents() -> Converter:
    """Return the converter of texts that hold JSON."""

    def one(value: Any) -> str:
        try:
            json.loads(value)
        except (TypeError, ValueError):
            raise ValueRefusedError("text that is no JSON") from None
        return str(value)

    return each(one)


def derived_ids(salt: str, find_uuid: Callable[[str, int], UUID | None] | None = None) -> Converter:
    """Return the converter of old keys to UUIDs: the same key gives the same one, always.

    Version 8 of RFC 9562: sixty bits of a digest of the salt, then the key itself, so that rows in
    the order of their keys fill one page of an index after the other, and `key_in` has the way back.
    A key that is no integer of 62 bits gives a digest. `find_uuid` knows keys that have another.
    """
    first = _first_bits(salt)

    def one(value: Any) -> UUID:
        if type(value) not in (int, str):
            raise ValueRefusedError(f"{_kind(value)} where a key belongs")
        if type(value) is int and 0 <= value < _KEYS:
            known = find_uuid(salt, value) if find_uuid else None
            return known or UUID(int=first | value)
        digest = hashlib.blake2b(f"{salt}\x1f{value}".encode(), digest_size=16).digest()
        return UUID(int=int.from_bytes(digest) & ~_FIXED_MASK | _FIXED)

    return each(one)


def key_in(salt: str, made: UUID) -> int | None:
    """Return the key from which a UUID was derived under a salt; None where it was not."""
    return made.int % _KEYS if made.int - made.int % _KEYS == _first_bits(salt) else None


def _first_bits(salt: str) -> int:
    digest = int.from_bytes(hashlib.blake2b(salt.encode(), digest_size=16).digest())
    return (digest & ~_FIXED_MASK | _FIXED) // _KEYS * _KEYS


def looked_up(known: dict[Any, Any], what: str) -> Converter:
    """Return the converter that replaces a word by what `known` has for it."""

    def one(value: Any) -> Any:
        try:
            return known[value]
        except (KeyError, TypeError):
            raise ValueRefusedError(f"nothing is known under that {what}") from None

    return each(one)


def called(function: Callable[[Any], Any], then: Converter | None = None) -> Converter:
    """Return the converter that calls a product's own function, then converts what that gives."""

    def one(value: Any) -> Any:
        found = function(value)
        return found if then is None or found is None else then.one(found)

    return each(one)


def each(one: Callable[[Any], Any], is_exact: Callable[[Any], bool] | None = None) -> Converter:
    """Return the converter that takes a batch value by value."""

    def many(values: Values) -> Values:
        if is_exact is not None and not all(v is None or is_exact(v) for v in values):
            raise ValueError
        return [None if value is None else one(value) for value in values]

    return Converter(one, many, is_exact)


def _without_none(values: Values, *kinds: type) -> Values:
    """Return what is not None; raise TypeError where anything is of another type."""
    others = set(map(type, values)).difference(kinds)
    if others - {type(None)}:
        raise TypeError
    return [value for value in values if value is not None] if others else values


def _kind(value: Any) -> str:
    names = {int: "an integer", float: "a fraction", str: "text", bytes: "bytes"}
    return names.get(type(value), type(value).__name__)
