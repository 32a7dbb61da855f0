"""BG/NBD against `lifetimes` on CDNOW, and the shipped churn forecast against the recency gap.

The sample of Fader & Hardie: 2,357 customers of 1997. Both programs fit the same summary up to
1997-09-30, best of several runs each; predictions are compared at the peer's own parameters, so
that the difference is the formulas' and not where two optimisers stopped (printed as well).

The churn table judges what `fit_account` ships at each cut date, knowing nothing after it, over
every horizon whose outcome the data still show.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from peers import REPOSITORY, peer_python

from myriad.products.keeper.retention import bgnbd
from myriad.products.keeper.retention.bgnbd_likelihood import Floats, Summary
from myriad.products.keeper.retention.fit import Retention, fit_account
from myriad.products.keeper.retention.history import Visits, history_at, stayed_away
from myriad.products.keeper.retention.scores import auc, brier, ece

CALIBRATION_END = date(1997, 9, 30)
DATA_END = date(1998, 6, 30)
HOLDOUT_WEEKS = 39
RUNS = 7
PUBLISHED = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
CUTS = tuple(
    date.fromisoformat(day)
    for day in (
        "1997-06-30",
        "1997-07-31",
        "1997-08-31",
        "1997-09-30",
        "1997-10-31",
        "1997-11-30",
        "1997-12-31",
        "1998-01-31",
        "1998-02-28",
        "1998-03-31",
    )
)
HORIZONS_DAYS = (30, 60, 90, 180, 273)
PEER_REQUIREMENTS = [
    "lifetimes==0.11.3",
    "pandas==1.5.3",
    "numpy==1.26.4",
    "scipy==1.13.1",
    "autograd==1.6.2",
    "dill==0.3.9",
]
PEER_PROGRAM = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import pandas as pd
from lifetimes import BetaGeoFitter
from lifetimes.utils import summary_data_from_transaction_data

path, end, runs, weeks = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
log = pd.read_csv(path, dtype={"customer_id": str})
log["date"] = pd.to_datetime(log["date"].astype(str), format="%Y%m%d")
log = log[log["date"] <= end]
table = summary_data_from_transaction_data(log, "customer_id", "date", observation_period_end=end)
table = table.sort_index()
x, t_x, age = table["frequency"], table["recency"] / 7, table["T"] / 7
seconds = []
for _ in range(runs):
    model = BetaGeoFitter()
    start = time.perf_counter()
    model.fit(x, t_x, age)
    seconds.append(time.perf_counter() - start)
expected = model.conditional_expected_number_of_purchases_up_to_time(weeks, x, t_x, age)
print(json.dumps({
    "seconds": min(seconds),
    "parameters": {name: float(model.params_[name]) for name in ("r", "alpha", "a", "b")},
    "x": list(map(float, x)), "t_x": list(map(float, t_x)), "age": list(map(float, age)),
    "p_alive": list(map(float, model.conditional_probability_alive(x, t_x, age))),
    "expected": list(map(float, expected)),
}))
"""


Rows = tuple[Floats, Floats, Floats]


@dataclass(frozen=True, slots=True)
class Purchases:
    """The purchase log: person index, day ordinal and minor units, one row a purchase."""

    person: list[int]
    day: list[int]
    net: list[int]


def find_data() -> Path | None:
    folders = [os.environ.get("MYRIAD_SHARED_DATA"), str(REPOSITORY.parent / "shared" / "data")]
    paths = [Path(folder) / "keeper" / "cdnow_sample.csv" for folder in folders if folder]
    return next((path for path in paths if path.is_file()), None)


def read(path: Path) -> Purchases:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    people = {
        name: index for index, name in enumerate(sorted({row["customer_id"] for row in rows}))
    }
    days = [row["date"] for row in rows]
    return Purchases(
        [people[row["customer_id"]] for row in rows],
        [date(int(day[:4]), int(day[4:6]), int(day[6:])).toordinal() for day in days],
        [round(float(row["amount"]) * 100) for row in rows],
    )


def run_peer(path: Path) -> dict[str, Any]:
    python = peer_python("lifetimes", PEER_REQUIREMENTS)
    command = [str(python), "-c", PEER_PROGRAM, str(path), CALIBRATION_END.isoformat()]
    done = subprocess.run(
        [*command, str(RUNS), str(HOLDOUT_WEEKS)], capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def best_seconds(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def compare_fit(purchases: Purchases, peer: dict[str, Any]) -> dict[str, float]:
    """Fit, time and compare with the peer; prints the first table, returns its RESULT fields."""
    visits = Visits.of(purchases.person, purchases.day, purchases.net)
    history = history_at(visits, CALIBRATION_END.toordinal())
    rows = history.x, history.t_x, history.age
    for ours, theirs in zip(rows, (peer["x"], peer["t_x"], peer["age"]), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)
    fitted = bgnbd.maximise(Summary.of(*rows))
    seconds = best_seconds(lambda: bgnbd.maximise(Summary.of(*rows)))
    same = prediction_error(bgnbd.Parameters(**peer["parameters"]), rows, peer)
    own = prediction_error(fitted, rows, peer)
    print(f"{'':24}{'Myriad':>12}{'lifetimes':>12}{'published':>12}")
    for name, known in PUBLISHED.items():
        print(
            f"{name:24}{getattr(fitted, name):12.6f}{peer['parameters'][name]:12.6f}{known:12.3f}"
        )
    print(f"{'fit, ms (best of 7)':24}{seconds * 1e3:12.2f}{peer['seconds'] * 1e3:12.2f}")
    print(f"largest difference of p_alive and expected purchases, {history.customers:,} customers:")
    print(f"{'  same parameters':24}{same:12.2e}")
    print(f"{'  each with its own fit':24}{own:12.2e}")
    print_holdout(visits, rows, fitted, peer)
    fields = dict(zip(("r", "alpha", "a", "b"), fitted.values, strict=True))
    return {**fields, "fit_ratio": seconds / peer["seconds"], "max_abs_error": same}


def prediction_error(parameters: bgnbd.Parameters, rows: Rows, peer: dict[str, Any]) -> float:
    alive = np.abs(bgnbd.p_alive(parameters, *rows) - peer["p_alive"])
    expected = bgnbd.expected_purchases(parameters, *rows, HOLDOUT_WEEKS)
    return float(max(alive.max(), np.abs(expected - peer["expected"]).max()))


def print_holdout(
    visits: Visits,
    rows: Rows,
    fitted: bgnbd.Parameters,
    peer: dict[str, Any],
) -> None:
    start = CALIBRATION_END.toordinal()
    after = (visits.day > start) & (visits.day <= start + 7 * HOLDOUT_WEEKS)
    actual = np.bincount(visits.person[after], minlength=rows[0].size)
    ours = bgnbd.expected_purchases(fitted, *rows, HOLDOUT_WEEKS)
    for name, forecast in (("Myriad", ours), ("lifetimes", np.array(peer["expected"]))):
        error, total = np.abs(forecast - actual).mean(), forecast.sum() / actual.sum() - 1
        print(f"hold-out {HOLDOUT_WEEKS} weeks, {name:10} MAE {error:.4f}  total {total:+.1%}")


def compare_churn(purchases: Purchases) -> dict[str, float]:
    """Print the table per cut and horizon; return the mean AUCs."""
    visits = Visits.of(purchases.person, purchases.day, purchases.net)
    print("\nchurn: no purchase within the horizon, knowing nothing after the cut")
    heads = ("ships", "days", "base", "auc", "gap_auc", "1-alive", "brier", "ece")
    print(f"{'cut':12}" + "".join(f"{head:>9}" for head in heads))
    cells = [cell for cut in CUTS for cell in judge_cut(purchases, visits, cut)]
    ours, gaps = (np.array(column) for column in zip(*cells, strict=True))
    print(f"better than the gap at {(ours > gaps).sum()} of {len(cells)} cuts and horizons")
    return {"auc": float(ours.mean()), "gap_auc": float(gaps.mean())}


def judge_cut(purchases: Purchases, visits: Visits, cut: date) -> list[tuple[float, float]]:
    days = [h for h in HORIZONS_DAYS if cut.toordinal() + h <= DATA_END.toordinal()]
    found = fit_account(
        purchases.person, purchases.day, purchases.net, cut.toordinal(), horizons_days=days
    )
    return [judge_horizon(found, visits, cut, horizon) for horizon in days]


def judge_horizon(found: Retention, visits: Visits, cut: date, horizon: int) -> tuple[float, float]:
    away = stayed_away(visits, found.history, horizon)
    forecast = found.churn[horizon]
    ours, gap = auc(forecast, away), auc(found.history.gap, away)
    figures = (away.mean(), ours, gap, auc(1 - found.p_alive, away), brier(forecast, away))
    line = f"{cut.isoformat():12}{found.report.verdict.shipped:>9}{horizon:9d}"
    print(line + "".join(f"{figure:9.4f}" for figure in (*figures, ece(forecast, away))))
    return ours, gap


def main(argv: list[str] | None = None) -> int:
    """Run the bench; `--full` is accepted and changes nothing, every size is small."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--full", action="store_true", help="the same: all sizes always run")
    parser.parse_args(argv)
    path = find_data()
    if path is None:
        print(
            "REAL DATA MISSING: keeper/cdnow_sample.csv was not found in ../shared/data beside "
            "the repository (or in MYRIAD_SHARED_DATA). Nothing was measured.",
            file=sys.stderr,
        )
        return 2
    purchases = read(path)
    result = {**compare_fit(purchases, run_peer(path)), **compare_churn(purchases)}
    print("RESULT keeper-churn " + " ".join(f"{key}={value:.6g}" for key, value in result.items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
