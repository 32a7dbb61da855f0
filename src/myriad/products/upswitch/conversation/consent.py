"""Yes, no and “I do not know”, as people say them in English, Dutch and French."""

from __future__ import annotations

import re

_UNKNOWN = re.compile(
    r"\s*(?:skip|next|i (?:do not|don['\u2019]t) know|don't know|no idea|unknown|weet (?:ik )?niet"
    r"|geen idee|overslaan|je ne sais pas|aucune id[ée]e|passer|\?)[.! ]*",
    re.IGNORECASE,
)
_YES = re.compile(
    r"\s*(?:yes|yep|correct|right|ok(?:ay)?|ja|juist|klopt|oui|exact)\b.{0,20}", re.IGNORECASE
)
_NO = re.compile(r"\s*(?:no|nope|wrong|nee|neen|fout|non|faux)\b.{0,20}", re.IGNORECASE)


def is_skip(text: str) -> bool:
    """Whether somebody does not know, or wants the next question."""
    return bool(_UNKNOWN.fullmatch(text))


def is_yes(text: str) -> bool:
    """Whether somebody agrees."""
    return bool(_YES.fullmatch(text))


def is_no(text: str) -> bool:
    """Whether somebody disagrees."""
    return bool(_NO.fullmatch(text))
