"""CSV as arrays: where records and fields of a block lie, found for all of them at once.

A comma or a line end counts where an even number of quotes stands before it (RFC 4180, 2.6). Per
record Python would spend a microsecond for each field; a block of four megabytes takes NumPy
some thirty milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np
from numpy.typing import NDArray

BLOCK_BYTES = 4 << 20
# A record that is longer has a quote that never closes.
RECORD_BYTES = 1 << 20
_QUOTE, _COMMA, _NEWLINE, _RETURN = b'",\n\r'

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Records:
    """A block of whole records: n of them, of which `fields` knows every comma.

    `starts` and `ends` are of shape (n,), the end without the line end; `nexts` is where the next
    record begins; `commas` holds those outside quotes, and `firsts` of shape (n + 1,) at which of
    them each record's own begin.
    """

    data: Bytes
    starts: Places
    ends: Places
    nexts: Places
    commas: Places
    firsts: Places

    @property
    def field_counts(self) -> Places:
        """How many fields each record has, shape (n,)."""
        return np.diff(self.firsts) + 1

    def field(self, rows: Places, place: int, last: int) -> tuple[Places, Places]:
        """Return where field `place` of `rows` begins and ends; each has `last` + 1 fields."""
        firsts = self.firsts[rows]
        starts = self.starts[rows] if place == 0 else self.commas[firsts + place - 1] + 1
        ends = self.ends[rows] if place == last else self.commas[firsts + place]
        return starts, ends

    def text(self, row: int) -> bytes:
        """Return one record as it stands, without its line end."""
        return self.data[self.starts[row] : self.ends[row]].tobytes()


def read_records(data: bytes | memoryview) -> Records:
    """Find the records in `data`, which ends where a record ends."""
    block = np.frombuffer(data, np.uint8)
    # Sums wrap at 256, and what is asked of them is only whether they are even.
    inside = np.cumsum(block == _QUOTE, dtype=np.uint8) & 1
    outside = inside == 0
    newlines = np.flatnonzero((block == _NEWLINE) & outside)
    if not newlines.size or newlines[-1] != block.size - 1:
        newlines = np.append(newlines, block.size)
    starts = np.concatenate(([0], newlines[:-1] + 1))
    ends = newlines - _has_return(block, starts, newlines)
    commas = np.flatnonzero((block == _COMMA) & outside)
    firsts = np.append(np.searchsorted(commas, starts), commas.size)
    nexts = np.minimum(newlines + 1, block.size)
    return Records(block, starts, ends, nexts, commas, firsts)


def find_returns(data: Bytes) -> Places:
    """Return the places of carriage returns that no quotes hold: parts of line ends, or strays."""
    returns: Places = np.flatnonzero(data == _RETURN)
    if returns.size:
        inside = np.cumsum(data == _QUOTE, dtype=np.uint8) & 1
        returns = returns[inside[returns] == 0]
    return returns


def _has_return(block: Bytes, starts: Places, newlines: Places) -> NDArray[np.bool_]:
    before = np.maximum(newlines - 1, 0)
    result: NDArray[np.bool_] = (newlines > starts) & (block[before] == _RETURN)
    return result


def iter_blocks(stream: IO[bytes], size: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Yield the stream in blocks of about `size` bytes that end where a record ends."""
    rest = b""
    while chunk := stream.read(size):
        rest += chunk
        end = _last_end(rest)
        if end:
            yield rest[:end]
            rest = rest[end:]
        elif len(rest) > size + RECORD_BYTES:
            # Given up as one record; whoever counts its fields will refuse it.
            yield rest
            rest = b""
    if rest:
        yield rest


def _last_end(data: bytes) -> int:
    """Return the place after the last line end that no quotes hold, 0 when there is none."""
    block = np.frombuffer(data, np.uint8)
    inside = np.cumsum(block == _QUOTE, dtype=np.uint8) & 1
    newlines = np.flatnonzero((block == _NEWLINE) & (inside == 0))
    return int(newlines[-1]) + 1 if newlines.size else 0
