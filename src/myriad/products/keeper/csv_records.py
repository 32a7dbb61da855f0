"""Records of an untidy CSV file, streamed: any separator, any usual encoding, broken quotes.

A quotation mark that never closes costs the line that it stands in, not the rest of the file.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from myriad.products.keeper.errors import InputFileError

SEPARATORS = (",", ";", "\t", "|")
LONGEST_LINE = 100_000
LONGEST_RECORD_LINES = 200
_CHUNK_BYTES = 1 << 20
# How the files of Excel and LibreOffice begin: a zip, or the older compound document.
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_NAMED_SEPARATOR = re.compile(r"sep=(.)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Record:
    """Cells of one record and the line of the file where it begins; `fault` when it is broken."""

    line: int
    cells: tuple[str, ...]
    fault: str | None = None


def guess_encoding(path: Path) -> str:
    """Return "utf-8-sig", "utf-16" or "latin-1" for a file, looking at all of it.

    Bytes that are no UTF-8 are read as Windows writes Western Europe ("cp1252"), and as Latin-1
    where even that has no letter. Raises InputFileError where nothing can be read, or what is there is no text.
    """
    candidates = {
        name: codecs.getincrementaldecoder(name)(errors="strict") for name in ("utf-8", "cp1252")
    }
    try:
        with path.open("rb") as file:
            chunk = file.read(_CHUNK_BYTES)
            if chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            _refuse_other_formats(path, chunk)
            while candidates:
                candidates = {n: d for n, d in candidates.items() if _decodes(d, chunk)}
                if not chunk:
                    break
                chunk = file.read(_CHUNK_BYTES)
    except OSError as error:
        raise InputFileError(
            f"{path} cannot be read ({error.strerror}). Give the path of a CSV file."
        ) from error
    return "utf-8-sig" if "utf-8" in candidates else next(iter(candidates), "latin-1")


def _refuse_other_formats(path: Path, chunk: bytes) -> None:
    if chunk.startswith(_WORKBOOKS):
        raise InputFileError(f"{path} is a workbook. Save its sheet as CSV and use that file.")
    if chunk.startswith(b"%PDF-") or b"\0" in chunk.partition(b"\n")[0]:
        raise InputFileError(f"{path} is no text: expected CSV, a header and a line for each row.")


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes) -> bool:
    try:
        decoder.decode(chunk, final=not chunk)
    except UnicodeDecodeError:
        return False
    return True


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[TextIO]:
    """Open a file for reading in one of the encodings that `guess_encoding` names."""
    try:
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            yield file
    except OSError as error:
        raise InputFileError(f"{path} cannot be read ({error.strerror}).") from error


def iter_records(file: TextIO, separator: str) -> Iterator[Record]:
    """Yield every record that is not blank, in the file's order and in bounded memory.

    A line with `sep=;` at the top, as spreadsheets write it, is no record.
    """
    waiting: deque[tuple[int, str]] = deque()
    lines = _numbered(file)
    while True:
        held = [waiting.popleft()] if waiting else _next(lines)
        if not held:
            return
        number, text = held[0]
        if len(text) > LONGEST_LINE:
            yield Record(number, (text[:200],), "line_too_long")
            continue
        held = _complete(held, waiting, lines, separator)
        record = _parsed(held, separator)
        if record.fault:
            waiting.extendleft(reversed(held[1:]))
        if any(cell.strip() for cell in record.cells) and not _names_separator(record, text):
            yield record


def _numbered(file: TextIO) -> Iterator[tuple[int, str]]:
    """Yield (line number, text); of an endless line only its beginning is kept."""
    number = 0
    while text := file.readline(LONGEST_LINE + 1):
        number += 1
        rest = text
        while rest and not rest.endswith(("\n", "\r")):
            rest = file.readline(LONGEST_LINE + 1)
        yield number, text


def _next(lines: Iterator[tuple[int, str]]) -> list[tuple[int, str]]:
    line = next(lines, None)
    return [] if line is None else [line]


def _complete(
    held: list[tuple[int, str]],
    waiting: deque[tuple[int, str]],
    lines: Iterator[tuple[int, str]],
    separator: str,
) -> list[tuple[int, str]]:
    """Add lines until no quotation mark is open, or until a record cannot be that long."""
    is_open, _ = _scan(held[0][1], separator, inside=False)
    size = len(held[0][1])
    while is_open and len(held) < LONGEST_RECORD_LINES and size <= LONGEST_LINE:
        more = [waiting.popleft()] if waiting else _next(lines)
        if not more:
            break
        held += more
        size += len(more[0][1])
        is_open, _ = _scan(more[0][1], separator, inside=True)
    return held


def _scan(text: str, separator: str, *, inside: bool) -> tuple[bool, bool]:
    """Return whether a cell is still open at the end of a line, and whether one closed oddly.

    A quotation mark in a bare cell (a 5" heel) is text. One that closes a cell is followed by a
    separator or the end; anything else says that it opened a cell instead.
    """
    if '"' not in text:
        return inside, False
    starts, closed, odd = not inside, False, False
    for character in text:
        if character == '"':
            inside, closed = (False, True) if inside else (starts or closed, False)
        elif not inside:
            odd = odd or (closed and character not in (separator, " ", "\r", "\n"))
            starts = character == separator or (starts and character == " ")
            closed = closed and character == " "
    return inside, odd


def _parsed(held: list[tuple[int, str]], separator: str) -> Record:
    number, first = held[0]
    refused = (first.rstrip("\r\n"),)
    inside, is_odd = False, False
    for _, line in held:
        inside, odd = _scan(line, separator, inside=inside)
        is_odd = is_odd or odd
    if inside or (is_odd and len(held) > 1):
        return Record(number, refused, "unclosed_quote")
    try:
        text = "".join(line for _, line in held)
        rows = list(csv.reader(_lines(text), delimiter=separator, skipinitialspace=True))
    except csv.Error:
        return Record(number, refused, "broken")
    if len(rows) > 1:
        return Record(number, refused, "broken")
    return Record(number, tuple(rows[0]) if rows else ())


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _names_separator(record: Record, text: str) -> bool:
    return record.line == 1 and _NAMED_SEPARATOR.fullmatch(text) is not None
