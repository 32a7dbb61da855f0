"""Text that a spreadsheet may open."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe_cell(text: str) -> str:
    """Return the text behind an apostrophe when a spreadsheet would compute it (OWASP).

    A phone number in international form is only digits behind its plus, which stays a number.
    """
    is_number = text[:1] == "+" and text[1:].isdigit()
    return f"'{text}" if text.startswith(_FORMULA) and not is_number else text
