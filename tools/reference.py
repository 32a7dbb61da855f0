"""Writes docs/reference/settings.md from the settings' own definitions.

.venv/bin/python tools/reference.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from myriad.apps.settings import PREFIX, Settings

TARGET = Path(__file__).parents[1] / "docs" / "reference" / "settings.md"
_HEAD = """# Settings

Made from the code by `tools/reference.py`; do not edit.

Every setting is an environment variable. A name with `_FILE` at its end takes the value from the
file that it names. `./myriad up` sets those of the embedded servers itself.
"""


def settings_markdown() -> str:
    """Return the page: a section for each group, a row for each variable."""
    sections = [_HEAD]
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            sections.append("\n".join(_section(name, kind)))
        else:
            sections.append("\n".join(["## General", "", *_TABLE, _row(PREFIX + name, field)]))
    return "\n\n".join(section.rstrip() for section in sections) + "\n"


_TABLE = ["| variable | default |", "|---|---|"]


def _section(name: str, kind: type[BaseModel]) -> Iterator[str]:
    yield f"## {name.capitalize()}"
    yield ""
    yield " ".join((kind.__doc__ or "").split())
    yield ""
    yield from _TABLE
    groups = []
    for inner, field in kind.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            groups.append((inner, field.annotation))
        else:
            yield _row(f"{PREFIX}{name}__{inner}", field)
    for inner, group in groups:
        yield from ("", " ".join((group.__doc__ or "").split()), "", *_TABLE)
        for leaf, field in group.model_fields.items():
            yield _row(f"{PREFIX}{name}__{inner}__{leaf}", field)


def _row(variable: str, field: FieldInfo) -> str:
    return f"| `{variable.upper()}` | {_default(field)} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=False)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return "none" if value in (None, "") else f"`{value}`"


def main() -> int:
    """Write the page."""
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(settings_markdown(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
