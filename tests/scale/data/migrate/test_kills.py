"""kill -9 in every step, while programs write on both sides: nothing is lost, nothing doubled."""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.scale.data.migrate.conftest import Shop
from tests.scale.data.migrate.steps import run_step

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([run_step.__module__])


@contextmanager
def busy(write: Callable[[int], None]) -> Iterator[list[int]]:
    """Call `write` with rising numbers until the block ends; gives how many there were."""
    ended, done, faults = threading.Event(), [0], []

    def run() -> None:
        number = 100_000
        while not ended.is_set():
            number += 1
            try:
                write(number)
            except (sqlite3.Error, psycopg.Error) as error:
                faults.append(error)
                return
            done[0] += 1
            time.sleep(0.004)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield done
    finally:
        ended.set()
        thread.join()
    assert not faults


def old_program(shop: Shop) -> Callable[[int], None]:
    """Return what writes to the old file, as a program that never rests."""
    dice = random.Random(7)

    def write(number: int) -> None:
        sale = (number, dice.randrange(30, 120), "2024-07-07", number / 100, f"New {number % 7} #1")
        statements: list[tuple[str, tuple[object, ...]]] = [
            ("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", sale),
            (
                "UPDATE orders SET total = total + 1, at = '2025-05-05' WHERE id = ?",
                (dice.randrange(11, 300),),
            ),
            ("DELETE FROM orders WHERE id = ?", (dice.randrange(300, 420),)),
            ("UPDATE customers SET active = 1 - active WHERE id = ?", (dice.randrange(1, 120),)),
        ]
        shop.old(*dice.choice(statements))

    return write


def new_program(shop: Shop) -> Callable[[int], None]:
    """Return what writes to the new tables."""
    dice = random.Random(8)

    def write(number: int) -> None:
        statements = [
            f"INSERT INTO {{s}}.purchase VALUES (uuidv7(), '2026-02-02', 40, {number}, 'B #1')",
            f"UPDATE {{s}}.purchase SET total_minor = {number} WHERE raw = 'Shop 3 #43'",
            f"DELETE FROM {{s}}.purchase WHERE raw LIKE '%#{dice.randrange(100, 200)}'",
            f"UPDATE {{s}}.customer SET is_active = NOT is_active WHERE id = {dice.randrange(1, 120)}",
        ]
        shop.new(dice.choice(statements))

    return write


def run_and_kill(step: str, shop: Shop, seconds: float) -> None:
    """Start a step in a process of its own and kill it so long after it opened both databases."""
    answer, opened = _FORKS.Pipe(duplex=False)
    arguments = (step, shop.path, shop.urls, shop.name, opened)
    process = _FORKS.Process(target=run_step, args=arguments)
    process.start()
    # A child that ends before it has told is then an error here, and not a wait without end.
    opened.close()
    assert answer.recv() == "open"
    time.sleep(seconds)
    process.kill()
    process.join()


def killed(
    step: str, shop: Shop, dice: random.Random, kills: int, *, within: str | None = None
) -> None:
    """Kill a step so many times; one that was too late and has left the phase `within` ends it."""
    for _ in range(kills):
        if within is None or shop.move.phase == within:
            run_and_kill(step, shop, dice.uniform(0.005, 0.15))


def through_the_move(shop: Shop, kills: int) -> None:
    """Go through the whole move and back, each step killed while programs write."""
    dice, move = random.Random(kills), shop.move
    with busy(old_program(shop)) as writes:
        killed("begin", shop, dice, kills)
        move.begin()
        killed("backfill", shop, dice, kills)
        move.backfill()
        for step in ("follow", "verify"):
            killed(step, shop, dice, kills)
        proof = move.verify()
        assert (proof.lost, proof.doubled, proof.bad_chunks) == (0, 0, 0), proof
    assert writes[0] > 0
    while move.carry():
        pass
    rows, refused = shop.old("SELECT count(*) FROM orders")[0][0], shop.refused()
    there = rows - sum(part == 1 for part, _ in refused)
    counted = "SELECT count(*), count(DISTINCT id) FROM {s}.purchase"
    assert shop.new(counted) == [(there, there)]
    _back(shop, dice, kills)


def _back(shop: Shop, dice: random.Random, kills: int) -> None:
    move = shop.move
    move.state.rows("set_migration_phase", phase="read_pg")
    killed("advance", shop, dice, kills, within="read_pg")
    if move.phase == "read_pg":
        move.advance()
    with busy(new_program(shop)) as writes:
        for step in ("follow", "verify"):
            killed(step, shop, dice, kills)
    assert writes[0] > 0
    killed("rollback", shop, dice, kills, within="pg_primary")
    if move.phase != "off":
        move.rollback()
    held = "SELECT count(*), sum(total_minor) FROM {s}.purchase"
    assert shop.new(held) == [
        (count, round(total * 100))
        for count, total in shop.old(
            "SELECT count(*), sum(total) FROM orders WHERE id NOT IN (SELECT value FROM json_each(?))",
            (str([key for part, key in shop.refused() if part == 1]),),
        )
    ]


def test_a_killed_step_goes_on_where_it_was_and_nothing_is_lost_or_doubled(shop: Shop) -> None:
    through_the_move(shop, kills=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_steps_killed_again_and_again_lose_and_double_nothing(shop: Shop, seed: int) -> None:
    through_the_move(shop, kills=4 + seed)
