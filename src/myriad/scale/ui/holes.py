"""Marks that stand in drawn text where something of the looker's goes; see `part`."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from markupsafe import Markup

TOKEN = ""


class Holes:
    """The marks of one drawing, which nobody can guess: no row of data makes a hole."""

    def __init__(self) -> None:
        self._secret = secrets.token_hex(8)
        self.title_end = f"title-{self._secret};"

    @property
    def token(self) -> str:
        """The mark of a CSRF token."""
        return f"hole-{self._secret}-{TOKEN};"

    def ago(self, moment: datetime) -> Markup:
        """Return the mark of how long ago a moment was."""
        return Markup("hole-{}-{};").format(self._secret, moment.isoformat())

    def cut(self, drawn: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """Return the title, the texts, and what goes between each and the next."""
        title, _, content = drawn.partition(self.title_end)
        pieces = re.split(f"hole-{self._secret}-([^;]*);", content)
        return title.strip(), tuple(pieces[::2]), tuple(pieces[1::2])
