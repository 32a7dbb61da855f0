"""A statement without the values in it, which may be a customer's."""

from __future__ import annotations

import re

# Lexical structure of SQL as PostgreSQL documents it (chapter 4.1). What is cut off in the middle,
# as PostgreSQL cuts long statements, counts as a value up to its end.
_TOKEN = re.compile(
    r"""
      (?P<comment> --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<name> "(?:[^"]|"")*(?:"|\Z) | \$\d+ )
    | (?P<value>
          [eE]'(?:[^'\\]|''|\\.)*(?:'|\\?\Z)
        | (?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|\Z)
        | \$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z)
        | \.?\d[\w.]*(?:(?<=[eE])[+-]\d+)?
      )
    | (?P<word> [^\W\d][\w$]* )
    """,
    re.DOTALL | re.VERBOSE,
)
_LIST = re.compile(r"\?(?:\s*,\s*\?)+")
_ROWS = re.compile(r"(\(\?(?:, …)?\))(?:\s*,\s*\(\?(?:, …)?\))+")
_SPACE = re.compile(r"\s+")


def without_literals(statement: str) -> str:
    """Return `statement` on one line: no comments, `?` for each value, lists of values as one."""
    text = _TOKEN.sub(_kept, statement)
    text = _ROWS.sub(r"\1, …", _LIST.sub("?, …", text))
    return _SPACE.sub(" ", text).strip()


def _kept(token: re.Match[str]) -> str:
    if token["comment"] is not None:
        return " "
    return "?" if token["value"] is not None else token[0]
