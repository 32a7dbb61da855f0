"""What people bring instead of a statement: a PDF, a spreadsheet, a picture, a page, nothing."""

from __future__ import annotations

from myriad.products.kamioi.intake.lines import StatementFileError

_HEAD_BYTES = 2000
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\r\f\x1a")
# A text has hardly any control characters, other bytes have one in nine.
_MOST_CONTROLS = 0.05
_KNOWN = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a spreadsheet or an archive"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x1f\x8b", "an archive"),
)
_PAGES = (b"<!doctype html", b"<html")
_INSTEAD = "bring the statement as OFX, QFX or CSV, as the bank's page offers it"


def check_file(content: bytes) -> None:
    """Raise StatementFileError for a file that cannot hold a statement, saying what it is."""
    if not content.strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe"):
        raise StatementFileError(f"this file is empty; {_INSTEAD}")
    for mark, name in _KNOWN:
        if content.startswith(mark):
            raise StatementFileError(f"this file is {name}; {_INSTEAD}")
    head = content[:_HEAD_BYTES]
    if head.lstrip().lower().startswith(_PAGES):
        message = "this file is a web page, perhaps of a sign-in that had ended"
        raise StatementFileError(f"{message}; {_INSTEAD}")
    controls = sum(byte in _CONTROLS for byte in head)
    if not content.startswith(_UTF_16) and controls > max(_MOST_CONTROLS * len(head), 1):
        raise StatementFileError(f"this file is no text; {_INSTEAD}")
