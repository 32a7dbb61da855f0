"""Named SQL: hot reads stand in `.sql` files, each under a `-- name: …` line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Self

from myriad.kit.errors import MyriadError

_HEADER = re.compile(r"^--\s*name:\s*(?P<name>[a-z][a-z0-9_]*)\s*$", re.MULTILINE)


class UnknownQueryError(MyriadError):
    """No `.sql` file of the package has a query of that name."""

    code = "unknown_query"
    title = "Unknown query"


class NamedQueries:
    """The queries of one package, by name; parameters are psycopg's `%(name)s`."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    @classmethod
    def load(cls, package: str, folder: str = "queries") -> Self:
        """Read every `.sql` file in `folder` of `package`."""
        texts: dict[str, str] = {}
        for entry in sorted(files(package).joinpath(folder).iterdir(), key=lambda item: item.name):
            if entry.name.endswith(".sql"):
                texts.update(split_queries(entry.read_text(encoding="utf-8")))
        return cls(texts)

    def __getitem__(self, name: str) -> str:
        try:
            return self._texts[name]
        except KeyError:
            known = ", ".join(sorted(self._texts))
            raise UnknownQueryError(f"no query named {name!r}; there are: {known}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)


def split_queries(text: str) -> dict[str, str]:
    """Split the text of one `.sql` file at its name lines."""
    parts = _HEADER.split(text)
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}
