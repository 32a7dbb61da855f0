"""How people type the names of companies, and what to search for beside what they typed. Pure.

The register has names in Dutch, French and German, with and without their legal form, and words
without accents are what is searched. What is typed is searched first; then the same without legal
forms and with initials drawn together; and, where nothing was found at all, with the other way to
write an umlaut, and without “and”.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_DUTCH = ("bv", "bvba", "commv", "cv", "cvba", "cvoa", "ebvba", "esv", "gcv", "ivzw", "nv", "va",
          "vof", "vzw")  # fmt: skip
_FRENCH = ("aisbl", "asbl", "comm", "gie", "sa", "sc", "sca", "scri", "scrl", "scs", "se", "snc",
           "sprl", "sprlu", "srl")  # fmt: skip
_GERMAN = ("ag", "gmbh", "vog")
LEGAL_FORMS = frozenset((*_DUTCH, *_FRENCH, *_GERMAN))
_AND = frozenset(("and", "en", "et", "und"))
_INITIALS = re.compile(r"\b(?:[^\W\d_]\.){2,}(?:[^\W\d_]\b)?")
_WORD = re.compile(r"[^\s&+,;/()]+")
_UMLAUTS = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("ss", "s"))
_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "œ": "oe", "æ": "ae"})


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand what was typed; a `is_last_resort` is for when nothing was found."""

    text: str
    is_last_resort: bool = False


def readings(query: str) -> list[Reading]:
    """Return what to search for, the likeliest first; each text stands once."""
    typed = " ".join(query.split())
    joined = _INITIALS.sub(lambda found: found[0].replace(".", ""), typed)
    plain = _without(joined, LEGAL_FORMS)
    loose = _without(plain, _AND)
    loosest = (loose, _folded(loose), loose.lower().translate(_SPELLED))
    found = [
        *(Reading(text) for text in (typed, joined, plain)),
        *(Reading(text, is_last_resort=True) for text in loosest),
    ]
    once: dict[str, Reading] = {}
    for reading in found:
        once.setdefault(reading.text.lower(), reading)
    return list(once.values())


def _without(text: str, words: frozenset[str]) -> str:
    """Return the text without those words, unless nothing would be left."""
    kept = [word for word in _WORD.findall(text) if word.lower().strip(".") not in words]
    return " ".join(kept) or text


def _folded(text: str) -> str:
    """Return the text with umlauts that were spelled out as the plain letter that is searched."""
    folded = text.lower()
    for spelled, letter in _UMLAUTS:
        folded = folded.replace(spelled, letter)
    return folded
