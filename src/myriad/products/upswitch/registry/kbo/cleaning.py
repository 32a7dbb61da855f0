"""From the file's text to what COPY takes: dots out of numbers, rows of unloaded entities gone.

Everything else stays byte for byte, so that PostgreSQL reads the names, dates and codes itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from myriad.products.upswitch.registry.kbo.entities import Known
from myriad.products.upswitch.registry.kbo.files import ENTERPRISE, LEGAL_PERSON, File
from myriad.products.upswitch.registry.kbo.records import (
    Bytes,
    Places,
    Records,
    find_returns,
    read_records,
)

Mask = NDArray[np.bool_]

_SHOWN_BYTES = 400
_ZERO = ord("0")
# How a number may stand: its form, with 0 for a digit; all other characters are left out.
_FORMS = (
    b'"0000.000.000"',
    b'"0.000.000.000"',
    b"0000.000.000",
    b"0.000.000.000",
    b'"0000000000"',
    b"0000000000",
)
_POWERS = 10 ** np.arange(9, -1, -1, dtype=np.int64)
_BAD_NUMBER = "a number in it has not ten digits, or fails its check digits"
_BAD_DATE = "a date in it is no day as DD-MM-YYYY"
_DAY = "00-00-0000"
_DAY_DIGITS = [place for place, letter in enumerate(_DAY) if letter == "0"]
_DAY_MARKS = [2, 5]
# Digits of day, month and year, as columns.
_DAY_PARTS = np.array(
    [[10, 0, 0], [1, 0, 0], [0, 10, 0], [0, 1, 0], [0, 0, 1000], [0, 0, 100], [0, 0, 10], [0, 0, 1]]
)
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0])


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that cannot be taken in: its line in the file, why, and what stood there."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A block ready for COPY, with `lines` telling in which line of the file each row begins."""

    data: bytes
    lines: Places
    skipped: int
    refusals: list[Refusal]


class Cleaner:
    """Cleans the blocks of one file in their order; the header line is not among them.

    `known` are the entities whose rows are wanted. A file that introduces numbers adds them;
    of enterprises, legal persons only, unless `natural_persons` are wanted as well.
    """

    def __init__(self, file: File, known: Known, *, natural_persons: bool = False) -> None:
        self._file = file
        self._known = known
        self._natural_persons = natural_persons
        self._line = 2
        self._last = len(file.columns) - 1

    def clean(self, block: bytes) -> Cleaned:
        """Clean one block of whole records."""
        refusals: list[Refusal] = []
        block = self._decodable(block, refusals)
        records = read_records(block)
        lines = self._count_lines(records)
        right = records.field_counts == self._last + 1
        self._refuse(records, lines, ~right, f"it has not {self._last + 1} fields", refusals)
        rows = np.flatnonzero(right)
        keep_bytes = np.ones(records.data.size, np.bool_)
        # COPY refuses a whole file whose line ends are not all of one kind.
        keep_bytes[find_returns(records.data)] = False
        numbers, numbered = self._read_numbers(records, rows, keep_bytes)
        dated = self._check_dates(records, rows)
        for bad, reason in ((~numbered, _BAD_NUMBER), (numbered & ~dated, _BAD_DATE)):
            self._refuse(records, lines, _at(right.size, rows[bad]), reason, refusals)
        valid = numbered & dated
        wanted = self._choose(records, rows, numbers, valid)
        taken = rows[wanted]
        keep_bytes &= np.repeat(_at(right.size, taken), records.nexts - records.starts)
        skipped = int(valid.sum() - wanted.sum())
        refusals.sort(key=lambda each: each.line)
        return Cleaned(records.data[keep_bytes].tobytes(), lines[taken], skipped, refusals)

    def _count_lines(self, records: Records) -> Places:
        """Return the line of each record, and go on counting; a quoted field may hold lines."""
        ends = np.flatnonzero(records.data == ord("\n"))
        lines = self._line + np.searchsorted(ends, records.starts)
        self._line += ends.size
        return lines

    def _decodable(self, block: bytes, refusals: list[Refusal]) -> bytes:
        """Return the block; without the records that are not UTF-8 or hold a zero byte."""
        try:
            block.decode()
            if b"\0" not in block:
                return block
        except UnicodeDecodeError:
            pass
        records = read_records(block)
        lines = self._line + np.searchsorted(np.flatnonzero(records.data == 10), records.starts)
        good = []
        for row in range(records.starts.size):
            text = records.data[records.starts[row] : records.nexts[row]].tobytes()
            if _is_text(text):
                good.append(text)
            else:
                # The lines stay, so that those of later rows are still right.
                good.append(b"\n" * text.count(b"\n"))
                refusals.append(_refusal(int(lines[row]), "it is not UTF-8 text", text))
        return b"".join(good)

    def _refuse(
        self, records: Records, lines: Places, which: Mask, reason: str, into: list[Refusal]
    ) -> None:
        for row in np.flatnonzero(which):
            text = records.text(int(row))
            if text:
                into.append(_refusal(int(lines[row]), reason, text))

    def _read_numbers(
        self, records: Records, rows: Places, keep: Mask
    ) -> tuple[dict[str, Places], Mask]:
        """Read the columns of numbers, and mark what stands between their digits as not kept."""
        numbers: dict[str, Places] = {}
        valid = np.ones(rows.size, np.bool_)
        for place, column in enumerate(self._file.columns):
            if column.is_number:
                starts, ends = records.field(rows, place, self._last)
                values, dropped = read_numbers(records.data, starts, ends)
                numbers[column.heading] = values
                valid &= values >= 0
                keep[dropped] = False
        return numbers, valid

    def _check_dates(self, records: Records, rows: Places) -> Mask:
        """Tell which rows hold nothing but days, or nothing, in their columns of dates."""
        valid = np.ones(rows.size, np.bool_)
        for place, column in enumerate(self._file.columns):
            if column.is_date:
                valid &= are_dates(records.data, *records.field(rows, place, self._last))
        return valid

    def _choose(
        self, records: Records, rows: Places, numbers: dict[str, Places], valid: Mask
    ) -> Mask:
        """Tell which rows belong to entities that are wanted, and remember the new entities."""
        wanted = valid.copy()
        if self._file is ENTERPRISE and not self._natural_persons:
            wanted &= self._is_legal_person(records, rows)
        elif self._file.owner:
            owners = numbers[self._file.owner]
            wanted[valid] &= self._known.holds(owners[valid])
        if self._file.introduces:
            self._known.add(numbers[self._file.key.heading][wanted])
        return wanted

    def _is_legal_person(self, records: Records, rows: Places) -> Mask:
        place = [column.heading for column in self._file.columns].index("TypeOfEnterprise")
        starts, ends = records.field(rows, place, self._last)
        data = records.data
        quoted = data[np.minimum(starts, data.size - 1)] == ord('"')
        digit = data[np.minimum(starts + quoted, data.size - 1)]
        result: Mask = (digit == _ZERO + LEGAL_PERSON) & (ends - starts == 1 + 2 * quoted)
        return result


def read_numbers(data: Bytes, starts: Places, ends: Places) -> tuple[Places, Places]:
    """Read ten-digit numbers; return their values, -1 for no such number, and bytes to leave out.

    Shapes: `starts`, `ends` and the values (n,); the places of quotes and dots (m,).
    """
    values = np.full(starts.size, -1, np.int64)
    dropped: list[Places] = []
    lengths = ends - starts
    for form in _FORMS:
        digits = np.flatnonzero(np.frombuffer(form, np.uint8) == _ZERO)
        marks = np.flatnonzero(np.frombuffer(form, np.uint8) != _ZERO)
        rows = np.flatnonzero((lengths == len(form)) & (values < 0))
        if not rows.size:
            continue
        found = data[starts[rows][:, None] + digits] - _ZERO
        fits = (found <= 9).all(axis=1)
        expected = np.frombuffer(form, np.uint8)[marks]
        fits &= (data[starts[rows][:, None] + marks] == expected).all(axis=1)
        read = found.astype(np.int64) @ _POWERS
        fits &= 97 - read // 100 % 97 == read % 100
        values[rows[fits]] = read[fits]
        dropped.append((starts[rows[fits]][:, None] + marks).ravel())
    return values, np.concatenate(dropped) if dropped else np.empty(0, np.int64)


def are_dates(data: Bytes, starts: Places, ends: Places) -> Mask:
    """Tell which fields are empty or a day of the calendar as DD-MM-YYYY; all of shape (n,)."""
    lengths = ends - starts
    quoted = data[np.minimum(starts, data.size - 1)] == ord('"')
    inner = lengths - 2 * quoted
    result: Mask = inner == 0
    rows = np.flatnonzero(inner == len(_DAY))
    if not rows.size:
        return result
    found = data[(starts[rows] + quoted[rows])[:, None] + np.arange(len(_DAY))]
    digits = found[:, _DAY_DIGITS] - _ZERO
    fits = (digits <= 9).all(axis=1) & (found[:, _DAY_MARKS] == ord("-")).all(axis=1)
    day, month, year = (digits.astype(np.int64) @ _DAY_PARTS).T
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    longest = _MONTH_DAYS[np.minimum(month, 13)] + ((month == 2) & leap)
    result[rows] = fits & (day >= 1) & (day <= longest) & (year >= 1)
    return result


def _at(size: int, places: Places) -> Mask:
    """Return a mask of `size` that is true at `places`."""
    mask = np.zeros(size, np.bool_)
    mask[places] = True
    return mask


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in data


def _refusal(line: int, reason: str, text: bytes) -> Refusal:
    shown = text[:_SHOWN_BYTES].decode(errors="replace").replace("\0", "\ufffd").rstrip("\r\n")
    return Refusal(line, reason, shown)
