"""The peer of keeper-daily, in its own environment: pandas and lifetimes, account by account."""

from __future__ import annotations

import contextlib
import json
import sys
import time

import pandas as pd
import psycopg
from lifetimes import BetaGeoFitter, GammaGammaFitter
from lifetimes.utils import ConvergenceError, summary_data_from_transaction_data

_SALES = """
SELECT s.person_id::text, s.local_date, (s.amount - s.refunded)::float8 AS net
FROM keeper.sale s
WHERE s.tenant_id = %s AND s.status = 'COMPLETED' AND s.person_id IS NOT NULL
"""
_COLUMNS = ["person", "day", "net"]
_PENALIZERS = (0.001, 0.01, 0.1)


def run(connection: psycopg.Connection, tenant: str) -> int:
    """Work on one account and return how many customers were measured."""
    rows = connection.execute(_SALES, (tenant,)).fetchall()
    sales = pd.DataFrame(rows, columns=_COLUMNS)
    sales["day"] = pd.to_datetime(sales["day"])
    sales.groupby("day").agg(visits=("person", "nunique"), revenue=("net", "sum"))
    summary = summary_data_from_transaction_data(
        sales, "person", "day", monetary_value_col="net", freq="W"
    )
    model = BetaGeoFitter(penalizer_coef=0.001)
    model.fit(summary["frequency"], summary["recency"], summary["T"])
    back = summary[(summary["frequency"] > 0) & (summary["monetary_value"] > 0)]
    fit_spend(back)
    found = []
    for person, row in summary.iterrows():
        past = row["frequency"], row["recency"], row["T"]
        alive = model.conditional_probability_alive(*past)
        found.append((person, float(alive), float(model.predict(13, *past))))
    return len(found)


def fit_spend(back: pd.DataFrame) -> GammaGammaFitter:
    """Fit what a visit brings, with a larger penalizer where the library asks for one."""
    for penalizer in _PENALIZERS[:-1]:
        with contextlib.suppress(ConvergenceError):
            return GammaGammaFitter(penalizer_coef=penalizer).fit(
                back["frequency"], back["monetary_value"]
            )
    return GammaGammaFitter(penalizer_coef=_PENALIZERS[-1]).fit(
        back["frequency"], back["monetary_value"]
    )


def main() -> None:
    """Measure each tenant and print the CPU seconds of one."""
    task = json.loads(sys.argv[1])
    with psycopg.connect(task["url"]) as connection:
        run(connection, task["tenants"][0])
        began = time.process_time()
        for tenant in task["tenants"]:
            run(connection, tenant)
        print("SECONDS", (time.process_time() - began) / len(task["tenants"]))


main()
