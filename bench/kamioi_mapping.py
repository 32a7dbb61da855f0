"""From a card's string to a brand, from an alias to a brand, from a name to a company.

    ./myriad bench kamioi-mapping [--full] [--listed FILE]

B11: merchant_gold_dev, hand-labelled strings of UK cards. Aliases were curated with it in view, by
brand and never by string; each half (by hash of the string) is printed by itself. What PayPal hides
counts as right only when nothing is said. The labels are head brands: what a matcher says of strings
that nobody labelled is not measured here.
Blind: strings whose author wrote them before looking at the facts (tests/products/kamioi/mapping).
Half a was then learned from; half b was only ever scored as a whole, but facts were added by the
same author afterwards.
B10: aliases of the name-suggestion index (brands with a Wikidata id) against its display names,
aliases withheld.
B9: names of listed shares against the SEC's names, truth is the same ticker. The list comes by
--listed: nasdaqtraded.txt as the exchange publishes it, or a CSV with Symbol and Security Name.
Without one the SEC's own names are written in the exchange's style by rule and found again; that is
easier than a list that others wrote: `company_is_listed` is 0 then.
Peers: rapidfuzz token_set_ratio and WRatio over the same names, and plain tf-idf. Seconds are CPU.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import random
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from peers import REPOSITORY
from rapidfuzz import fuzz, process
from rich.console import Console
from rich.table import Table

from myriad.products.kamioi.facts.brand_files import read_nsi, read_replacements, with_curated
from myriad.products.kamioi.facts.curated import Curated, load_curated
from myriad.products.kamioi.facts.loading import World
from myriad.products.kamioi.facts.owning import Owners
from myriad.products.kamioi.mapping.brands import Brand, BrandBook
from myriad.products.kamioi.mapping.companies import SURE_FROM, CompanyIndex
from myriad.products.kamioi.mapping.confidence import calibration_error, fit
from myriad.products.kamioi.mapping.matching import Matcher
from myriad.products.kamioi.mapping.ngrams import NgramIndex
from myriad.products.kamioi.mapping.normalising import words

sys.path.insert(0, str(REPOSITORY))
from tests.products.kamioi.mapping.blind import read_half, score

HARD = {
    "hiltons fish bar": "",
    "hilton park n/e costa": "Costa",
    "amznauticalinnovation": "",
    "next stop newsagen": "",
    "applegreen": "Applegreen",
    "applebees fish": "",
    "farmfoods - rubery": "Farmfoods",
    "paypal phonicsplay": "",
    "4423": "",
    "birmingham": "",
}
_COMMON = re.compile(r"common stock|common shares|ordinary shares", re.IGNORECASE)


@dataclass
class Figures:
    """What was measured; `rows` is the table, `result` the line at the end."""

    rows: list[tuple[str, ...]] = field(default_factory=list)
    result: dict[str, float] = field(default_factory=dict)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="peers on everything, not on samples")
    parser.add_argument("--listed", type=Path, help="names of listed shares with their tickers")
    asked = parser.parse_args(argv)
    data, figures = _data(), Figures()
    nsi = read_nsi(
        data / "nsi_brands.csv", lambda *_: None, read_replacements(data / "nsi_replacements.json")
    )
    curated = load_curated()
    matcher = Matcher(BrandBook(with_curated(nsi, curated), curated.places, curated.names()))
    sample = 10**9 if asked.full else 300
    _strings(matcher, data, sample, figures)
    _blind(World(matcher, Owners.of_curated(curated, matcher.book.brands)), curated, figures)
    _speed(matcher, data, figures)
    _aliases(data, sample, figures)
    _companies(data, asked.listed, sample, figures)
    table = Table("measure", "who", "figures")
    for row in figures.rows:
        table.add_row(*row)
    Console(width=130).print(table)
    line = " ".join(f"{name}={value:.4f}" for name, value in figures.result.items())
    print(f"RESULT kamioi-mapping {line}")
    return 0


def _data() -> Path:
    for parent in REPOSITORY.parents:
        if (parent / "shared" / "data" / "kamioi" / "merchant_gold_dev.csv").exists():
            return parent / "shared" / "data" / "kamioi"
    sys.exit("merchant_gold_dev.csv was not found in ../shared/data/kamioi beside the repository.")


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _half(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0] & 1


def _strings(matcher: Matcher, data: Path, sample: int, figures: Figures) -> None:
    gold = [
        (row["raw"], int(row["n"]), row["brand"].replace("(paypal-proxied)", ""))
        for row in _read(data / "merchant_gold_dev.csv")
    ]
    said = {raw: _say(matcher, raw) for raw, _, _ in gold}
    for name, part in (
        ("all", gold),
        ("half 0", [row for row in gold if not _half(row[0])]),
        ("half 1", [row for row in gold if _half(row[0])]),
        ("labelled brands only", [row for row in gold if row[2]]),
    ):
        right = [(n, said[raw][0] == brand) for raw, n, brand in part]
        share = sum(ok for _, ok in right) / len(right)
        weighted = sum(n for n, ok in right if ok) / sum(n for n, _ in right)
        figures.rows.append(
            (f"B11 {name}", "Myriad", f"distinct {share:.4f}  by transactions {weighted:.4f}")
        )
        if name == "all":
            figures.result |= {"by_transaction": weighted, "by_distinct": share}
    decided = [(raw, said[raw][1], said[raw][0] == brand) for raw, _, brand in gold if said[raw][0]]
    curve = fit((score, ok) for raw, score, ok in decided if not _half(raw))
    ece = calibration_error([(curve(score), ok) for raw, score, ok in decided if _half(raw)])
    wrong = [raw for raw, brand in HARD.items() if _say(matcher, raw)[0] != brand]
    precision = sum(ok for *_, ok in decided) / len(decided)
    figures.rows.append(
        ("B11 decided", "Myriad", f"precision {precision:.4f}, ECE on half 1 {ece:.4f}")
    )
    figures.rows.append(("hard negatives", "Myriad", f"{len(wrong)} of {len(HARD)} wrong {wrong}"))
    figures.result |= {"hard_wrong": float(len(wrong)), "ece": ece, "precision": precision}
    labelled = [row for row in gold if row[2]]
    _string_peers(matcher, random.Random(1).sample(labelled, min(sample, len(labelled))), figures)


def _blind(world: World, curated: Curated, figures: Figures) -> None:
    tickers = frozenset(one.ticker for company in curated.companies for one in company.listings)
    for half in "ab":
        done = score(world, read_half(half), tickers)
        brand, owned = done.right / done.brands, done.owned / done.brands
        told = (
            f"brand {brand:.4f}, its company and ticker too {owned:.4f} of {done.brands}; "
            f"none wrong {len(done.mistaken)} of {done.nones}; precision {done.precision:.4f}"
        )
        figures.rows.append((f"blind half {half}", "Myriad", told))
        if half == "b":
            figures.result |= {
                "blind_brand": brand,
                "blind_owned": owned,
                "blind_precision": done.precision,
                "blind_none_wrong": len(done.mistaken) / done.nones,
            }


def _say(matcher: Matcher, raw: str) -> tuple[str, float]:
    found = matcher.match(raw, country="gb")
    return ("" if found.brand is None else matcher.book.brands[found.brand].name), found.score


def _string_peers(matcher: Matcher, rows: Sequence[tuple[str, int, str]], figures: Figures) -> None:
    """Give the peers the easier half: strings that are a brand, and the brands of the country."""
    names = {
        " ".join(words(name)): brand.name
        for brand in matcher.book.brands
        if brand.is_in("gb")
        for name in (brand.name, *brand.aliases)
    }
    for who, find in _peers(list(names)):
        right = sum(names[find(" ".join(words(raw)))] == brand for raw, _, brand in rows)
        share = right / len(rows)
        figures.rows.append(("B11 labelled brands only", who, f"distinct {share:.4f}"))
        figures.result[f"by_distinct_{who}"] = share


def _peers(names: list[str]) -> Iterator[tuple[str, Callable[[str], str]]]:
    def best(scorer: Callable[..., float]) -> Callable[[str], str]:
        return lambda text: str(process.extractOne(text, names, scorer=scorer)[0])

    index = NgramIndex(names)

    def alike(text: str) -> str:
        found = index.candidates(text, 1, rare=1_000)
        return names[found[0][0]] if found else names[0]

    yield "token_set", best(fuzz.token_set_ratio)
    yield "wratio", best(fuzz.WRatio)
    yield "tfidf", alike


def _speed(matcher: Matcher, data: Path, figures: Figures) -> None:
    strings = [
        row["merchant"] for row in _read(data / "card_transactions_birmingham_2014_2018.csv")
    ]
    match = lru_cache(maxsize=200_000)(lambda raw: matcher.match(raw, country="gb"))
    began = time.process_time()
    for raw in strings:
        match(raw)
    batch = len(strings) / (time.process_time() - began)
    distinct = sorted(set(strings))
    began = time.process_time()
    for raw in distinct:
        matcher.match(raw, country="gb")
    unseen = len(distinct) / (time.process_time() - began)
    single = _times(lambda raw: matcher.match(raw, country="gb"), distinct)
    matcher.candidates("warm")
    alike = _times(
        lambda raw: matcher.match(raw, country="gb", with_candidates=True), distinct[::20]
    )
    told = f"{batch:,.0f} transactions/s a core (CPU); {unseen:,.0f}/s when no string comes twice"
    figures.rows.append(("batch", "Myriad", told))
    figures.rows.append(
        ("single", "Myriad", f"p95 {single:.3f} ms, with candidates {alike:.3f} ms (CPU)")
    )
    figures.result |= {
        "mappings_per_s": batch,
        "distinct_per_s": unseen,
        "single_p95_ms": single,
        "candidates_p95_ms": alike,
    }


def _times(call: Callable[[str], object], strings: Sequence[str]) -> float:
    taken = []
    for raw in strings:
        began = time.process_time_ns()
        call(raw)
        taken.append((time.process_time_ns() - began) / 1e6)
    return float(np.percentile(taken, 95))


def _aliases(data: Path, sample: int, figures: Figures) -> None:
    names: dict[str, set[str]] = {}
    pairs: set[tuple[str, str]] = set()
    for row in _read(data / "nsi_brands.csv"):
        qid, name = row["wikidata"], " ".join(words(row["display_name"]))
        if qid and name:
            names.setdefault(name, set()).add(qid)
            pairs |= {(" ".join(words(one)), qid) for one in row["aliases"].split("|")}
    asked = sorted((alias, qid) for alias, qid in pairs if alias)
    brands = sorted(names)
    matcher = Matcher(
        BrandBook([Brand(name, name, countries=frozenset({"001"})) for name in brands])
    )
    right = sum(qid in names.get(_likest(matcher, alias), ()) for alias, qid in asked)
    exact = sum(qid in names.get(alias, ()) for alias, qid in asked)
    share = right / len(asked)
    text = f"top-1 {share:.4f} of {len(asked):,} ({len(brands):,} names; exact {exact / len(asked):.4f})"
    figures.rows.append(("B10 aliases withheld", "Myriad", text))
    figures.result["alias_top1"] = share
    some = random.Random(1).sample(asked, min(sample, len(asked)))
    for who, find in _peers(brands):
        hits = sum(qid in names[find(alias)] for alias, qid in some) / len(some)
        figures.rows.append(("B10 aliases withheld", who, f"top-1 {hits:.4f} of {len(some):,}"))
        figures.result[f"alias_top1_{who}"] = hits


def _likest(matcher: Matcher, alias: str) -> str:
    found = matcher.candidates(alias)
    return matcher.book.brands[found[0][0]].name if found else ""


def _companies(data: Path, listed: Path | None, sample: int, figures: Figures) -> None:
    sec: dict[str, dict[str, str]] = {}
    for row in _read(data / "sec_company_tickers_exchange.csv"):
        sec.setdefault(row["cik"], row)
    rows = list(sec.values())
    tickers = {
        row["ticker"].replace("-", "."): row["cik"]
        for row in _read(data / "sec_company_tickers_exchange.csv")
    }
    pairs = _listed(listed, tickers) if listed else _restyled(rows)
    index = CompanyIndex([row["name"] for row in rows])
    right = sure = sure_right = 0
    for name, cik in pairs:
        found = index.find(name)
        ok = found is not None and rows[found.place]["cik"] == cik
        right += ok
        if found is not None and found.score >= SURE_FROM:
            sure, sure_right = sure + 1, sure_right + ok
    top, coverage, precision = right / len(pairs), sure / len(pairs), sure_right / max(1, sure)
    text = f"top-1 {top:.4f}  precision {precision:.4f} at coverage {coverage:.4f}"
    title = f"B9 {'listed' if listed else 'restyled'} names, {len(pairs):,} to {len(rows):,}"
    figures.rows.append((title, "Myriad", text))
    figures.result |= {
        "company_is_listed": float(listed is not None),
        "company_top1": top,
        "company_precision": precision,
        "company_coverage": coverage,
    }
    ciks = {" ".join(words(row["name"])): row["cik"] for row in rows}
    some = random.Random(1).sample(pairs, min(sample, len(pairs)))
    for who, find in _peers(list(ciks)):
        hits = sum(ciks[find(" ".join(words(name)))] == cik for name, cik in some) / len(some)
        figures.rows.append((title, who, f"top-1 {hits:.4f} of {len(some):,}"))
        figures.result[f"company_top1_{who}"] = hits


def _listed(path: Path, tickers: dict[str, str]) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        mark = "|" if "|" in file.readline() else ","
        file.seek(0)
        rows = list(csv.DictReader(file, delimiter=mark))
    pairs = [
        (row.get("Security Name") or row.get("Company Name") or "", row["Symbol"]) for row in rows
    ]
    return [
        (name, tickers[symbol])
        for name, symbol in pairs
        if _COMMON.search(name) and symbol in tickers
    ]


def _restyled(rows: Sequence[dict[str, str]]) -> list[tuple[str, str]]:
    longer = {"corp": "Corporation", "co": "Company", "intl": "International", "inc": "Inc."}
    made = []
    for row in rows:
        if row["exchange"] in {"Nasdaq", "NYSE"} and "ETF" not in row["name"]:
            plain = re.sub(r"\s*/[A-Za-z]+/?\s*$", "", row["name"])
            styled = [longer.get(part.lower().strip(".,"), part.title()) for part in plain.split()]
            made.append((" ".join(styled) + " - Common Stock", row["cik"]))
    return made


if __name__ == "__main__":
    sys.exit(main())
