"""Splink on a list of persons, run by its own Python: persons CSV in, scored pairs CSV out.

Its set-up follows its own guide for personal data: library comparisons with term frequencies,
u by random sampling, the prior from deterministic rules, m by EM over three blocks. The blocks for
prediction are Myriad's own keys, given as columns named block_*. soc_sec_id is not used.
"""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

LINES = ("address_1", "address_2", "suburb")
NUMBERS = ("street_number", "postcode")


def comparisons(style: str) -> list[object]:
    """Return the comparisons: names compared apart, or as splink's joint full-name comparison."""
    if style == "apart":
        names = [
            cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("surname").configure(term_frequency_adjustments=True),
        ]
    else:
        names = [
            cl.ForenameSurnameComparison(
                "given_name", "surname", forename_surname_concat_col_name="full_name"
            )
        ]
    born = cl.DateOfBirthComparison(
        "date_of_birth", input_is_string=True, datetime_format="%Y%m%d", invalid_dates_as_null=True
    )
    lines = [
        cl.JaroWinklerAtThresholds(line, [0.92, 0.8]).configure(term_frequency_adjustments=True)
        for line in LINES
    ]
    numbers = [
        cl.DamerauLevenshteinAtThresholds(field, [1]).configure(term_frequency_adjustments=True)
        for field in NUMBERS
    ]
    state = cl.ExactMatch("state").configure(term_frequency_adjustments=True)
    return [*names, born, *lines, *numbers, state]


def train(linker: Linker) -> None:
    exact = [
        block_on("given_name", "surname", "date_of_birth"),
        block_on("date_of_birth", "postcode", "street_number"),
        block_on("surname", "address_1", "postcode"),
    ]
    linker.training.estimate_probability_two_random_records_match(exact, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for block in (
        block_on("given_name", "surname"),
        block_on("date_of_birth"),
        block_on("postcode", "street_number"),
    ):
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(block)
        except ValueError as error:
            # Splink refuses a level that a small block never shows; the other blocks train it.
            print(f"a training block was left out: {error}", file=sys.stderr)


def main(persons: str, pairs: str, style: str) -> None:
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.execute(
        "CREATE TABLE persons AS SELECT *, given_name || ' ' || surname AS full_name "
        "FROM read_csv(?, all_varchar = true, nullstr = '')",
        [persons],
    )
    names = [row[0] for row in connection.execute("DESCRIBE persons").fetchall()]
    started = time.perf_counter()
    database = DuckDBAPI(connection=connection)
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="rec_id",
        blocking_rules_to_generate_predictions=[
            block_on(name) for name in names if name.startswith("block_")
        ],
        comparisons=comparisons(style),
    )
    linker = Linker(database.register("persons"), settings, log_level=logging.ERROR)
    train(linker)
    predicted = linker.inference.predict(threshold_match_probability=1e-6)
    seconds = time.perf_counter() - started
    connection.execute(
        f"COPY (SELECT rec_id_l, rec_id_r, match_probability, match_weight "
        f"FROM {predicted.physical_name}) TO '{Path(pairs)}' (HEADER)"
    )
    print(f"SECONDS {seconds:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
