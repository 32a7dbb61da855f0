"""Strings that were written before their author looked at the facts, and what is said of them.

`blind_a.csv` was then learned from, `blind_b.csv` was scored as a whole and never looked into. Each
row: the string, its day, the brand (empty: none), its company and the ticker; `/` stands between
names of which any is right, or tickers. A share that is listed outside the United States alone may
be told without a ticker.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from myriad.products.kamioi.explaining import explain
from myriad.products.kamioi.facts.loading import World
from myriad.products.kamioi.mapping.normalising import words

_FORMS = frozenset(("and", "co", "com", "the"))


@dataclass(slots=True)
class Scored:
    """How many strings of brands and of none there were, and of how many the right was said.

    `owned` counts strings of which the ticker is right too, `mistaken` are strings of no brand for
    which one was decided, `wrong` those of a brand for which another was.
    """

    brands: int = 0
    right: int = 0
    owned: int = 0
    nones: int = 0
    mistaken: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """The share of decisions that are right."""
        return self.right / max(1, self.right + len(self.wrong) + len(self.mistaken))


def read_half(half: str) -> list[dict[str, str]]:
    """Return the rows of half `a` or `b`."""
    path = Path(__file__).with_name(f"blind_{half}.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def score(world: World, rows: Iterable[dict[str, str]], us_tickers: frozenset[str]) -> Scored:
    """Return what `world` says of `rows`; `us_tickers` are those that a member could buy."""
    done = Scored()
    for row in rows:
        told = explain(world, row["raw"], date.fromisoformat(row["date"]))
        if not row["brand"]:
            done.nones += 1
            done.mistaken += [row["raw"]] if told.brand else []
            continue
        done.brands += 1
        is_right = _is_same(told.brand, row["brand"])
        done.right += is_right
        done.wrong += [row["raw"]] if told.brand and not is_right else []
        tickers = {one.replace("-", ".") for one in row["ticker"].split("/") if one}
        is_abroad = not told.ticker and not tickers & us_tickers and bool(told.company)
        done.owned += is_right and (told.ticker in tickers or is_abroad)
    return done


def _is_same(told: str, names: str) -> bool:
    return bool(told) and any(_begins(told, name) for name in names.split("/"))


def _begins(one: str, other: str) -> bool:
    """Whether two names are one, or one begins with the words of the other."""
    left, right = ([word for word in words(name) if word not in _FORMS] for name in (one, other))
    shared = min(len(left), len(right))
    joined = sorted(("".join(left), "".join(right)), key=len)
    is_long = len(joined[0]) >= 6
    return left[:shared] == right[:shared] or (is_long and joined[1].startswith(joined[0]))
