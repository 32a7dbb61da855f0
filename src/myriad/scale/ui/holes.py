"""Marks that stand in drawn text where something of the looker's goes; see `part`."""

from __future__ import annotations

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
        # An expression with the secret in it would be compiled anew at every drawing.
        first, *rest = content.split(f"hole-{self._secret}-")
        pairs = [piece.partition(";") for piece in rest]
        texts, between = [text for _, _, text in pairs], tuple(hole for hole, _, _ in pairs)
        return title.strip(), (first, *texts), between
