"""What a mail says: plain text, and the same as HTML, from a pair of templates.

letters = Letters(folder)
mail = letters.write("welcome", {"account": name}, to=address, name=name, subject=…, message_key=…)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from myriad.scale.mail.sending import Mail


class Letters:
    """The messages of one folder, each from `<template>.txt` and `<template>.html`.

    Only the HTML escapes what it shows; a value that a template names and nobody gave is an error.
    """

    def __init__(
        self, folder: Path, filters: Mapping[str, Callable[..., Any]] | None = None
    ) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=select_autoescape(),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(filters or {})

    def write(
        self,
        template: str,
        values: Mapping[str, Any],
        *,
        to: str,
        name: str,
        subject: str,
        message_key: str,
        unsubscribe_url: str = "",
    ) -> Mail:
        """Return one message to one person; see `Mail` for its parts."""
        return Mail(
            to=to,
            name=_one_line(name),
            subject=_one_line(subject),
            text=self._environment.get_template(f"{template}.txt").render(values),
            html=self._environment.get_template(f"{template}.html").render(values),
            message_key=message_key,
            unsubscribe_url=unsubscribe_url,
        )


def _one_line(text: str) -> str:
    """Return names that people chose without what no header may hold."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
