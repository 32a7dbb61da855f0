"""Columns of rows as PostgreSQL's own binary arrays: no number becomes text and is read again."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import psycopg
from psycopg.abc import DumperKey
from psycopg.adapt import Dumper, PyFormat
from psycopg.pq import Format

from myriad.kit.lazy import lazily

if TYPE_CHECKING:
    from numpy.typing import NDArray

np = lazily("numpy")

# The type of an element, that of the array, and how NumPy writes a number as the type's "send" does.
_NUMBERS = {"int4": (23, 1007, ">i4"), "int8": (20, 1016, ">i8"), "float8": (701, 1022, ">f8")}
_TEXTS = {"uuid": (2950, 2951, b""), "text": (25, 1009, b""), "jsonb": (3802, 3807, b"\x01")}


class BinaryArray(bytes):
    """One column as array_send writes it; a parameter of a statement like any other."""

    type_oid: int

    @classmethod
    def _of(cls, types: tuple[int, int], size: int, elements: bytes, *, has_null: bool) -> Self:
        # How many dimensions, whether something is NULL, the element's type; length and first place.
        head = struct.pack(">3i", 1 if size else 0, has_null, types[0])
        length = struct.pack(">2i", size, 1) if size else b""
        array = cls(head + length + elements)
        array.type_oid = types[1]
        return array

    @classmethod
    def of_numbers(
        cls,
        values: Sequence[float | None] | NDArray[Any],
        kind: Literal["int4", "int8", "float8"],
    ) -> Self:
        """Build from numbers; None is NULL, and so is NaN. Raises OverflowError for too large ones."""
        element, array, written = _NUMBERS[kind]
        numbers, null = (_floats if kind == "float8" else _integers)(values)
        if kind == "int4" and numbers.size and np.abs(numbers).max() >= 1 << 31:
            raise OverflowError("a number is too large for int4")
        records = np.empty(numbers.size, dtype=[("length", ">i4"), ("value", written)])
        records["length"] = records.dtype["value"].itemsize
        records["value"] = numbers
        has_null = bool(null.any())
        elements = _without(records, null) if has_null else records.tobytes()
        return cls._of((element, array), numbers.size, elements, has_null=has_null)

    @classmethod
    def of_bytes(cls, values: Sequence[bytes], kind: Literal["uuid", "text", "jsonb"]) -> Self:
        """Build from the 16 bytes of ids, words in UTF-8, or documents of JSON; none is NULL."""
        element, array, before = _TEXTS[kind]
        if kind == "uuid" and values:
            length = (16).to_bytes(4, "big")
            elements = length + length.join(values)
        else:
            extra = len(before)
            elements = b"".join(
                [(len(value) + extra).to_bytes(4, "big") + before + value for value in values]
            )
        return cls._of((element, array), len(values), elements, has_null=False)

    @classmethod
    def of_words(cls, values: Sequence[str]) -> Self:
        """Build from words of which few differ."""
        element, array, _ = _TEXTS["text"]
        known = {word: word.encode() for word in set(values)}
        packed = {word: len(text).to_bytes(4, "big") + text for word, text in known.items()}
        elements = b"".join([packed[word] for word in values])
        return cls._of((element, array), len(values), elements, has_null=False)


def _floats(values: Sequence[float | None] | NDArray[Any]) -> tuple[Any, Any]:
    """Return the numbers, and which of them are NULL."""
    numbers = np.asarray(values, dtype=np.float64)
    return numbers, np.isnan(numbers)


def _integers(values: Sequence[float | None] | NDArray[Any]) -> tuple[Any, Any]:
    """Return the same of whole numbers, which no float holds all of."""
    if isinstance(values, np.ndarray):
        null = np.isnan(values)
        return np.where(null, 0, values).astype(np.int64), null
    null = np.array([value is None for value in values], dtype=bool)
    return np.array([value or 0 for value in values], dtype=np.int64), null


def _without(records: Any, null: Any) -> bytes:
    """Return the bytes of `records`, of those that are `null` a length of -1 only."""
    records["length"][null] = -1
    grid = records.view(np.uint8).reshape(null.size, -1)
    kept = np.ones(grid.shape, dtype=bool)
    kept[null, 4:] = False
    return bytes(grid[kept].tobytes())


class _AsItIs(Dumper):
    """Sends a `BinaryArray` as it is."""

    format = Format.BINARY

    def dump(self, obj: BinaryArray) -> bytes:
        return obj

    def get_key(self, obj: BinaryArray, format: PyFormat) -> DumperKey:
        return (self.cls, obj.type_oid)  # type: ignore[return-value]

    def upgrade(self, obj: BinaryArray, format: PyFormat) -> Dumper:
        dumper = _AsItIs(self.cls)
        dumper.oid = obj.type_oid
        return dumper


psycopg.adapters.register_dumper(BinaryArray, _AsItIs)
