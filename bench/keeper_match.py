"""Which persons in a list are the same: Myriad's matching beside splink 5.0.

    ./myriad bench keeper-match [--full]

Truth is in rec_id (rec-N-org, rec-N-dup-K are one person). Both see the same columns, never
soc_sec_id, and the same blocks. "at best" is the F1 at the threshold that is best in hindsight,
"as shipped" at the threshold that each would use without labels: p >= 0.5, where a pair is more
likely one person than not, which also is what Myriad's command writes. No threshold was chosen by
looking at labels. The model's structure and its weak priors were worked out with febrl and with
lists made as here in view; how the made lists are damaged is told in corrupted_persons.py, and
--seed makes others.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from corrupted_persons import MIXES, write_persons
from peers import REPOSITORY, peer_python
from rich.console import Console
from rich.table import Table

from myriad.products.keeper.matching.blocking import WEAK_KEYS
from myriad.products.keeper.matching.pairs_csv import match_csv
from myriad.products.keeper.matching.persons_csv import read_persons

SPLINK = ["splink==5.0.0"]
SHIPPED = 0.5
LISTED_FROM = 1e-6
MADE = [("light", 1_000), ("clerks", 2_000), ("families", 5_000)]
MADE_FULL = [(mix, size) for mix in MIXES for size in (200, 1_000, 5_000, 10_000)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one matcher did on one list."""

    best: float
    shipped: float
    seconds: float
    false_auto_links: int = 0
    auto_links: int = 0


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="all mixes and sizes up to 10,000")
    parser.add_argument("--seed", type=int, default=0, help="make other lists")
    asked = parser.parse_args(argv)
    data = _data()
    splink = peer_python("splink", SPLINK)
    table = Table(
        "list", "persons", "pairs", "matcher", "F1 best", "F1 shipped", "s", "auto", "false auto"
    )
    results: dict[str, tuple[Outcome, Outcome]] = {}
    with tempfile.TemporaryDirectory(prefix="keeper-match-") as folder:
        for name, path in _lists(data, Path(folder), asked.full, asked.seed):
            ours = _myriad(path, Path(folder))
            theirs = max(
                (_splink(splink, path, Path(folder), style) for style in ("apart", "joint")),
                key=lambda outcome: outcome.best,
            )
            results[name] = ours, theirs
            _add(table, name, path, ours, theirs)
    Console(width=120).print(table)
    print("splink: the better of its two name set-ups; seconds are training and prediction only.")
    _result(results)
    return 0


def _data() -> Path:
    for parent in REPOSITORY.parents:
        if (parent / "shared" / "data" / "keeper" / "febrl1.csv").exists():
            return parent / "shared" / "data" / "keeper"
    sys.exit("febrl1.csv was not found in ../shared/data/keeper beside the repository.")


def _lists(data: Path, folder: Path, full: bool, seed: int) -> list[tuple[str, Path]]:
    lists = [("febrl1", data / "febrl1.csv"), ("febrl2", data / "febrl2.csv")]
    for mix, size in MADE_FULL if full else MADE:
        path = folder / f"{mix}-{size}.csv"
        write_persons(path, size, MIXES[mix], seed=size + seed)
        lists.append((f"made: {mix} {size}", path))
    return lists


def _person(record_id: str) -> str:
    return record_id.split("-")[1]


def _true_pairs(path: Path) -> int:
    with path.open(encoding="utf-8") as file:
        copies = Counter(_person(row["rec_id"]) for row in csv.DictReader(file))
    return sum(n * (n - 1) // 2 for n in copies.values())


def _f1(path: Path, scored: list[tuple[str, str, float, float]]) -> tuple[float, float]:
    """Return F1 at the best cut of the weight and at p >= SHIPPED; scored is (l, r, p, weight)."""
    same = np.array([_person(left) == _person(right) for left, right, _, _ in scored])
    weight = np.array([w for *_, w in scored])
    chosen = np.array([p for _, _, p, _ in scored]) >= SHIPPED
    true = _true_pairs(path)
    order = np.argsort(-weight, kind="stable")
    found = np.cumsum(same[order])
    f1 = 2.0 * found / (np.arange(1, len(found) + 1) + true)
    ends = np.append(weight[order][1:] != weight[order][:-1], True)
    shipped = 2.0 * float((same & chosen).sum()) / (float(chosen.sum()) + true)
    return float(f1[ends].max()), shipped


def _myriad(path: Path, folder: Path) -> Outcome:
    out = folder / "pairs.csv"
    started = time.perf_counter()
    match_csv(path, out)
    seconds = time.perf_counter() - started
    with out.open(encoding="utf-8") as file:
        automatic = [row for row in csv.DictReader(file) if row["auto"] == "yes"]
    false = sum(_person(row["left_id"]) != _person(row["right_id"]) for row in automatic)
    # The best cut in hindsight needs the unlikely pairs too, which the command does not list.
    match_csv(path, out, propose_from=LISTED_FROM)
    with out.open(encoding="utf-8") as file:
        scored = [
            (row["left_id"], row["right_id"], float(row["probability"]), float(row["weight"]))
            for row in csv.DictReader(file)
            if row["decision"] != "vetoed"
        ]
    best, shipped = _f1(path, scored)
    return Outcome(best, shipped, seconds, false, len(automatic))


def _splink(python: Path, path: Path, folder: Path, style: str) -> Outcome:
    blocked, out = folder / "blocked.csv", folder / "splink.csv"
    _write_blocked(path, blocked)
    script = Path(__file__).with_name("splink_peer.py")
    command = [str(python), str(script), str(blocked), str(out), style]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"splink failed on {path.name}:\n{done.stderr[-2000:]}")
    seconds = float(done.stdout.rsplit("SECONDS", 1)[1])
    with out.open(encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    best, shipped = _f1(path, [(a, b, float(p), float(w)) for a, b, p, w in rows])
    return Outcome(best, shipped, seconds)


def _write_blocked(path: Path, blocked: Path) -> None:
    """Write febrl's columns as they are, and beside them the keys of Myriad's blocks."""
    keys = [[key(record) for key in WEAK_KEYS.values()] for record in read_persons(path).records]
    with path.open(encoding="utf-8") as source, blocked.open("w", newline="") as target:
        rows = csv.reader(source, skipinitialspace=True)
        writer = csv.writer(target)
        writer.writerow([*next(rows), *(f"block_{number}" for number in range(len(WEAK_KEYS)))])
        writer.writerows([*row, *key] for row, key in zip(rows, keys, strict=True))


def _add(table: Table, name: str, path: Path, ours: Outcome, theirs: Outcome) -> None:
    with path.open(encoding="utf-8") as file:
        persons = sum(1 for _ in file) - 1
    figures = (f"{ours.best:.4f}", f"{ours.shipped:.4f}", f"{ours.seconds:.2f}")
    automatic = (str(ours.auto_links), str(ours.false_auto_links))
    table.add_row(name, str(persons), str(_true_pairs(path)), "Myriad", *figures, *automatic)
    figures = (f"{theirs.best:.4f}", f"{theirs.shipped:.4f}", f"{theirs.seconds:.2f}")
    table.add_row("", "", "", "splink", *figures, "", "")


def _result(results: dict[str, tuple[Outcome, Outcome]]) -> None:
    febrl1, febrl2 = results["febrl1"], results["febrl2"]
    made = [pair for name, pair in results.items() if name.startswith("made")]
    wrong = sum(ours.false_auto_links for ours, _ in results.values())
    print(
        f"RESULT keeper-match febrl1_f1={febrl1[0].shipped:.4f} febrl2_f1={febrl2[0].shipped:.4f} "
        f"seconds_5000={febrl2[0].seconds:.2f} false_auto_links={wrong} "
        f"febrl1_best_f1={febrl1[0].best:.4f} febrl2_best_f1={febrl2[0].best:.4f} "
        f"splink_febrl1_f1={febrl1[1].shipped:.4f} splink_febrl2_f1={febrl2[1].shipped:.4f} "
        f"splink_febrl1_best_f1={febrl1[1].best:.4f} splink_febrl2_best_f1={febrl2[1].best:.4f} "
        f"seconds_ratio={febrl2[0].seconds / febrl2[1].seconds:.3f} "
        f"made_lists_below_splink={sum(o.shipped < s.shipped for o, s in made)}"
    )


if __name__ == "__main__":
    sys.exit(main())
