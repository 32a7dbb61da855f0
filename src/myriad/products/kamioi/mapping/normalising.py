"""What is left of a statement's string when processors, numbers and references are taken away.

The raw string is kept beside it by whoever stores it; this form is what two strings of the same
merchant share. It is never empty: a string of which nothing would be left stays as it is.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

MOST_CHARACTERS = 500

# A processor's mark at the beginning; what follows is the merchant that it pays.
_PROCESSORS = (
    ("paypal", r"(?:paypal|pp)\s*\*\s*|paypal(?:inst)?\s+(?=\S)"),
    ("square", r"(?:sq|squ|gosq\.com)\s*\*+\s*"),
    ("toast", r"tst\s*\*+\s*"),
    ("stripe", r"stripe\s*\*?\s+(?=\S)|stripe\s*\*\s*"),
    ("shopify", r"(?:sp|shopify)\s*\*+\s*|sp\s+(?=\S)"),
    ("intuit", r"(?:in|intuit)\s*\*+\s*"),
    ("sumup", r"sumup\s*\*+\s*"),
    ("zettle", r"(?:izettle|iz|zettle)[\s_]*\*+\s*|zettle_\s*\*?"),
    ("klarna", r"klarna\s*\*+\s*|klarna\s+(?=\S)"),
    ("worldpay", r"(?:wpy|wp)\s*\*+\s*"),
    ("checkout", r"cko\s*\*+\s*"),
    ("cash_app", r"cash\s+app\s*\*+\s*"),
    ("bigcartel", r"bigcartel\s*\*+\s*"),
    ("clover", r"(?:clv|clover)\s*\*+\s*"),
    # What Google sells itself keeps its name.
    (
        "google",
        r"google\s*\*+\s*(?!(?:ads|cloud|domains|fi|google|nest|one|pay|play|services|storage|store|svcs"
        r"|temporary|workspace)\b)",
    ),
    (
        "agent",
        r"(?:ady|adyen|bmx|cnk|crv|dnh|fs|fsp|fsprg|hlu|lca|nya|paddle\.net|py|smp|spi|wl|zlr)\s*\*+\s*",
    ),
    ("apple_pay", r"aplpay\s+"),
)
_PROCESSOR = re.compile("|".join(f"(?P<{name}>{form})" for name, form in _PROCESSORS))
# What a bank writes before the merchant: the way the card was used.
_BANK = re.compile(
    r"(?:pos (?:debit|purchase|pur|pin|visa)\b(?: card)?|(?:(?:debit|check|visa|bank) )?card (?:purchase|payment)"
    r"\b(?: to\b)?|check ?card|dbt purchase|visa (?:debit|purchase|dda pur)\b|point of sale(?: debit)?"
    r"|(?:purchase|recurring payment) authorized on|contactless(?: payment)?\b|direct debit\b(?: to\b)?"
    r"|compra\b|achat (?:cb|carte)\b|kartenzahlung\b|pagamento\b|pos w/d\b|recurring (?:debit )?(?:purchase|card)\b)(?: ?[\d/x-]+)*[ :-]+(?=[^\W\d])"
)
_BANK_BEGINS = frozenset(
    [
        *("acha", "bank", "card", "chec", "comp", "cont", "dbt ", "debi", "dire", "kart", "paga"),
        *("poin", "pos ", "purc", "recu", "visa"),
    ]
)
# How those marks begin; most strings begin otherwise and need not be asked for sixteen of them.
_MARKS = frozenset(
    [
        *("pa", "pp", "sq", "go", "ts", "st", "sp", "sh", "in", "su", "iz", "ze", "kl", "wp", "ck"),
        *("ca", "bi", "cl", "ap", "ad", "bm", "cn", "cr", "dn", "fs", "hl", "lc", "ny", "py", "sm"),
        *("wl", "zl"),
    ]
)
# A processor that also sells: when nothing follows its mark, the merchant is the processor.
_AMAZON = re.compile(
    r"^(?:amzn|amz)\s*(?:mktp(?:lace)?|mktplace|digital|com)?(?:\s+[a-z]{2})?\s*\*\s*.*$"
)
_AMAZON_TAIL = re.compile(r"^(amazon[a-z.]*(?:\s+[a-z.]+){0,3})\s*\*\s*[a-z0-9]*\d[a-z0-9]*.*$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202f\u2060\ufeff]+")
_PHONE = re.compile(
    r"(?<![\w])\+?(?:\d{1,3}[\s.-])?\(?\d{3}\)?[\s.-]\d{3}[\s.-]?\d{4}(?!\w)|\b\d{10,}\b"
)
_DATE = re.compile(
    r"\b\d{1,2}[/.-]\d{1,2}(?:[/.-]\d{2,4})?\b|\b\d{4}-\d{2}-\d{2}\b"
    r"|\b(?:on\s+)?\d{1,2}\s?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\d{1,2}\b"
)
_DOMAIN = re.compile(
    r"\bhttps?://|\bwww\.?(?=\w)|\.(?:com|co\.[a-z]{2}|co|net|org|eu|io|gov\.uk|ac\.uk|uk|us)\b(?:/\w*)?"
)
_JOINED_AND = re.compile(r"(?<=\w)[&+](?=\w)")
_TOKEN = re.compile(r"[^\W_]+")
_BREAKS = re.compile(r"(?<=\w)['\u2019`\u00b4](?=\w)")
_DIGIT = re.compile(r"\d")
_TWO_DIGITS = re.compile(r"\d.*\d")
# A number that the bank wrote against the name: `air0012381239`.
_NUMBERED = re.compile(r"^([a-z]{3,})\d{5,}$")
_STORE = re.compile(r"\d{3,}|[a-z]{1,2}\d{3,}|\d+[a-z]?\d{3,}")
STATES = frozenset(
    [
        *("al", "ak", "az", "ar", "ca", "co", "ct", "dc", "fl", "ga", "hi", "id", "il", "in", "ia"),
        *("ks", "ky", "la", "md", "ma", "mi", "mn", "ms", "mo", "mt", "nv", "nh", "nj", "nm", "ny"),
        *("nc", "nd", "oh", "ok", "or", "pa", "ri", "sc", "sd", "tn", "tx", "ut", "vt", "va", "wa"),
        *("wv", "wi", "wy", "gbr", "usa", "irl"),
    ]
)
_MEANT_DIGITS = frozenset(("365", "1800", "800", "99p", "711"))


class Normal(NamedTuple):
    """The normal form and the processor that stood before it (None: the merchant itself).

    `norm` is lower case words apart by one space.
    """

    norm: str
    processor: str | None


def clean(raw: str) -> str:
    """Return `raw` as it is stored: without control characters, at most 500 characters."""
    spaced = _CONTROL.sub(" ", raw[: 4 * MOST_CHARACTERS]) if not raw.isprintable() else raw
    return spaced[:MOST_CHARACTERS].strip()


def words(text: str) -> list[str]:
    """Return the words of a name or a string: lower case, without accents, `b&q` as `bq`."""
    return _TOKEN.findall(_joined(fold(text)))


def without_domain(text: str) -> str:
    """Return a name in lower case without the ending of a web address: `Booking.com` as `booking`."""
    return _DOMAIN.sub(" ", fold(text)).strip()


def fold(text: str) -> str:
    """Return `text` in lower case and NFKC form, Latin letters without their accents."""
    if text.isascii():
        return text.lower()
    composed = unicodedata.normalize("NFKC", text).lower()
    parts = unicodedata.normalize("NFKD", composed)
    return "".join(mark for mark in parts if not unicodedata.combining(mark))


def normalize(raw: str) -> Normal:
    """Return the normal form of a statement's string."""
    text = fold(clean(raw))
    # Each expression is asked only where a character stands without which it cannot match.
    if text[:4] in _BANK_BEGINS and (found := _BANK.match(text)):
        text = text[found.end() :]
    if text.startswith("am"):
        text = _AMAZON_TAIL.sub(r"\1", _AMAZON.sub("amazon", text))
    if "." in text or "www" in text or "://" in text:
        text = _DOMAIN.sub(" ", text)
    processor, text = _without_processor(text.strip(" *"))
    kept = text.split()
    # Two strings of three are letters and blanks: their words are all there is to find.
    if not "".join(kept).isalpha():
        kept = _without_numbers(_joined(text))
    if len(kept) > 2 and kept[-1] in STATES:
        kept.pop()
    if not kept:
        kept = words(text) or [processor or "unreadable"]
    return Normal(" ".join(kept), processor)


def _joined(text: str) -> str:
    """Return `text` without what stands within words: `b&q` as `bq`, `sainsbury's` without its mark."""
    if "&" in text or "+" in text:
        text = _JOINED_AND.sub("", text)
    is_plain = text.isascii() and "'" not in text and "`" not in text
    return text if is_plain else _BREAKS.sub("", text)


def _without_numbers(text: str) -> list[str]:
    """Return the words of `text` but for telephones, dates, and numbers of shops and orders."""
    if _DIGIT.search(text):
        text = _DATE.sub(" ", _PHONE.sub(" ", text))
    kept = []
    for word in _TOKEN.findall(text):
        if word.isalpha():
            kept.append(word)
        elif numbered := _NUMBERED.match(word):
            kept.append(numbered[1])
        elif not _is_reference(word):
            kept.append(word)
    return kept


def _without_processor(text: str) -> tuple[str | None, str]:
    found = _PROCESSOR.match(text) if text[:2] in _MARKS else None
    if found is None:
        return None, text
    rest = text[found.end() :].strip(" *-")
    name = found.lastgroup
    return (name, rest) if rest else (None, str(name))


def _is_reference(word: str) -> bool:
    """Whether a word is a number of a shop or an order rather than part of a name."""
    if word in _MEANT_DIGITS:
        return False
    if _STORE.fullmatch(word):
        return True
    return len(word) >= 6 and _TWO_DIGITS.search(word) is not None
