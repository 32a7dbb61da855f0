"""One thing that can be known of a company being valued."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["amount", "rate", "share", "number", "choice"]
Group = Literal["figures", "history", "normalisation", "outlook", "diligence", "assumptions"]

BIG = 1e12
OURS = "our assumption; change it to what you know"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One thing to know. `is_yearly` facts need the last day of their financial year as period.

    `low` and `high` are the bounds, both allowed. `default_source` and `default_as_of` say where
    the default comes from; `otherwise` what happens when there is none.
    """

    name: str
    label: str
    meaning: str
    kind: Kind
    group: Group
    low: float | None = None
    high: float | None = None
    is_yearly: bool = False
    is_required: bool = False
    default: float | str | None = None
    default_source: str = ""
    default_as_of: str = ""
    otherwise: str = ""
    choices: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """The unit in which the value is kept: EUR for amounts, none for fractions and words."""
        return "EUR" if self.kind == "amount" else ""


def amount(
    name: str,
    label: str,
    meaning: str,
    *,
    signed: bool = False,
    group: Group = "figures",
    is_yearly: bool = False,
    is_required: bool = False,
    default: float | None = None,
    otherwise: str = "",
) -> Key:
    """Return a key of an amount in EUR; `signed` ones may be below zero."""
    return Key(
        name=name,
        label=label,
        meaning=meaning,
        kind="amount",
        group=group,
        low=-BIG if signed else 0.0,
        high=BIG,
        is_yearly=is_yearly,
        is_required=is_required,
        default=default,
        default_source="nothing was said" if default is not None else "",
        otherwise=otherwise,
    )
