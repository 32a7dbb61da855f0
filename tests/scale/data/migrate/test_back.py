"""PostgreSQL takes the writes, SQLite gets them back, and may have them again for good."""

from __future__ import annotations

import dataclasses
import sqlite3

import pytest

from myriad.scale.data.migrate import Move, PhaseError, Proof, gates
from myriad.scale.data.migrate.verifying import verify_chunk
from tests.scale.data.migrate.conftest import Shop, filled, reach

BORN = "01900000-0000-7000-8000-000000000001"
# What the new program does: a customer and an order born there, changes, a removal.
WRITES = """
INSERT INTO {s}.customer VALUES (901, 'new@example.com', true, '2026-01-01 17:00+00');
INSERT INTO {s}.purchase
    VALUES ('01900000-0000-7000-8000-000000000001', '2026-01-02', 901, 1234, 'New #9');
UPDATE {s}.customer SET is_active = true, email = NULL WHERE id = 20;
UPDATE {s}.purchase SET total_minor = 7 WHERE raw LIKE '%#50';
DELETE FROM {s}.purchase WHERE raw LIKE '%#60';
UPDATE {s}.customer SET joined_at = joined_at WHERE id = 21
"""


def test_what_the_new_program_writes_stands_in_the_old_file_and_the_rest_is_untouched(
    shop: Shop,
) -> None:
    shop.old("UPDATE customers SET joined = '2024-05-01T12:00', email = '' WHERE id = 21")
    before = dict(shop.old("SELECT id, quote(email) || quote(joined) FROM customers"))
    move = reach(shop, "pg_primary")
    shop.new(WRITES)
    assert move.status()["waiting_back"] == 6
    assert move.carry() == 6
    assert move.carry() == 0
    joined = "2026-01-01 12:00:00"
    assert shop.old("SELECT * FROM customers WHERE id = 901") == [
        (901, "new@example.com", 1, joined)
    ]
    assert shop.old("SELECT customer_id, at, total, raw FROM orders WHERE raw = 'New #9'") == [
        (901, "2026-01-02", 12.34, "New #9")
    ]
    assert shop.old("SELECT email, active FROM customers WHERE id = 20") == [(None, 1)]
    assert shop.old("SELECT total FROM orders WHERE id = 50") == [(0.07,)]
    assert shop.old("SELECT * FROM orders WHERE id = 60") == []
    now = dict(shop.old("SELECT id, quote(email) || quote(joined) FROM customers"))
    assert {key for key in now if now[key] != before.get(key)} == {901, 20}
    proof = move.verify()
    assert (proof.lost, proof.doubled, proof.bad_chunks) == (0, 0, 0), proof


def test_the_old_program_is_told_that_its_file_was_moved(shop: Shop) -> None:
    move = reach(shop, "pg_primary")
    for statement in (
        "INSERT INTO customers VALUES (1000, 'x', 1, NULL)",
        "UPDATE orders SET total = 0 WHERE id = 50",
        "DELETE FROM orders WHERE id = 50",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="moved to PostgreSQL"):
            shop.old(statement)
    assert move.advance() == "done"
    with pytest.raises(sqlite3.IntegrityError, match="moved to PostgreSQL"):
        shop.old("DELETE FROM orders")
    with pytest.raises(PhaseError, match="the move is done"):
        move.rollback()
    shop.new("UPDATE {s}.customer SET email = 'later@example.com' WHERE id = 30")
    assert move.status()["waiting_back"] == 0


def test_the_way_back_from_postgres_keeps_its_writes_and_a_second_move_doubles_none(
    shop: Shop,
) -> None:
    reach(shop, "pg_primary")
    shop.new(WRITES)
    shop.move.rollback()
    assert shop.old("SELECT count(*) FROM customers WHERE id = 901") == [(1,)]
    shop.old("UPDATE orders SET total = 2 WHERE raw = 'New #9'")
    shop.move.close()
    shop.move = shop.open()
    assert filled(shop).verify().doubled == 0
    born = "SELECT id::text, total_minor FROM {s}.purchase WHERE raw = 'New #9'"
    assert shop.new(born) == [("01900000-0000-7000-8000-000000000001", 200)]


def test_a_row_that_sqlite_cannot_take_is_told_and_the_others_come_back(shop: Shop) -> None:
    shop.old("CREATE UNIQUE INDEX one_total ON orders (total)")
    move = reach(shop, "pg_primary")
    shop.new("UPDATE {s}.purchase SET total_minor = 4545 WHERE raw LIKE '%#46'")
    # An email moves from one customer to another, and so does what stood there.
    shop.new(
        "UPDATE {s}.customer SET email = NULL WHERE id = 34;"
        "UPDATE {s}.customer SET email = 'p34@example.com' WHERE id = 33"
    )
    move.carry()
    assert shop.old("SELECT email FROM customers WHERE id = 33") == [("p34@example.com",)]
    assert [why for why in shop.kept().values() if "not carried back: UNIQUE" in why]
    assert move.status()["waiting_back"] == 0
    shop.new("UPDATE {s}.purchase SET total_minor = 999999 WHERE raw LIKE '%#46'")
    move.carry()
    assert not shop.kept()


def test_a_key_that_the_file_gives_out_again_is_not_taken_for_the_row_that_had_it(
    shop: Shop,
) -> None:
    shop.old("INSERT INTO orders VALUES (-5, 40, '2024-05-01', 1.0, 'odd')")
    move, other = reach(shop, "pg_primary"), shop.open()
    [(gone,)] = shop.new("DELETE FROM {s}.purchase WHERE raw LIKE '%#419' RETURNING id")
    move.carry()
    shop.new(f"INSERT INTO {{s}}.purchase VALUES ('{BORN}', '2026-01-02', NULL, 5, 'New')")
    move.carry()
    assert shop.old("SELECT id FROM orders WHERE raw = 'New'") == [(419,)]
    shop.new(f"INSERT INTO {{s}}.purchase VALUES ('{gone}', '2026-01-02', NULL, 6, 'Back')")
    shop.new("UPDATE {s}.purchase SET total_minor = 7 WHERE raw IN ('New', 'odd')")
    # Another process carries, one that was open before the row was born.
    other.carry()
    other.close()
    wanted = [("Back", 0.06), ("New", 0.07), ("odd", 0.07)]
    found = "SELECT raw, total FROM orders WHERE raw IN ('Back', 'New', 'odd') ORDER BY raw"
    assert shop.old(found) == wanted
    assert move.verify().is_clean


def test_nothing_is_mended_from_a_file_that_was_closed_meanwhile(shop: Shop) -> None:
    move, other = reach(shop, "read_pg"), shop.open()
    before = move.state.now()
    other.advance()
    shop.new("UPDATE {s}.customer SET email = 'mine@example.com' WHERE id = 30")
    with pytest.raises(PhaseError, match="nothing in it is mended from SQLite"):
        verify_chunk(move.carrier, 0, before, Proof(), repair=True)
    other.close()
    found = shop.new("SELECT email FROM {s}.customer WHERE id = 30")
    assert found == [("mine@example.com",)]


def test_a_move_that_was_taken_back_meanwhile_does_not_go_on(shop: Shop) -> None:
    move = reach(shop, "read_pg")
    other = shop.open()
    other.rollback()
    other.close()
    with pytest.raises(PhaseError, match="brought the move from read_pg to off meanwhile"):
        gates.enter(move, "read_pg", "pg_primary")
    assert move.phase == "off"


def test_what_a_step_that_was_killed_has_left_behind_goes_with_the_next(shop: Shop) -> None:
    move = reach(shop, "pg_primary")
    move.state.rows("set_migration_phase", phase="done")
    shop.new("UPDATE {s}.customer SET email = 'later@example.com' WHERE id = 30")
    assert move.status()["waiting_back"] == 1
    assert move.advance() == "done"
    shop.new("UPDATE {s}.customer SET email = 'last@example.com' WHERE id = 30")
    assert move.status()["waiting_back"] == 0
    assert move.carry() == 0


def test_nobody_but_the_owner_of_the_new_tables_lets_postgres_write(shop: Shop) -> None:
    move = reach(shop, "read_pg")
    place = dataclasses.replace(move.place, owner_url=None)
    stranger = Move(place, workers=1)
    with pytest.raises(PhaseError, match="--owner-url"):
        stranger.advance()
    stranger.close()
    shop.old("UPDATE orders SET total = 3 WHERE id = 50")
    assert move.phase == "read_pg"


def test_another_equality_of_text_shuts_the_gate_until_it_is_accepted(shop: Shop) -> None:
    shop.old("CREATE INDEX by_email ON customers (email COLLATE NOCASE)")
    filled(shop)
    assert [shop.move.verify().is_clean for _ in range(2)] == [True, True]
    said = shop.move.find_obstacle()
    assert said is not None
    assert "SQLite finds 'a' where 'A' is asked for" in said
    with pytest.raises(PhaseError, match="set another collation"):
        shop.move.advance()


def test_a_difference_of_answers_begins_the_time_of_shadow_reads_again(shop: Shop) -> None:
    move = reach(shop, "shadow_read")
    shop.new("UPDATE {s}.customer SET is_active = NOT is_active WHERE id = 5")
    assert move.shadow() == ["active customers"]
    with pytest.raises(PhaseError, match="shadow --again"):
        move.advance()
    shop.new("UPDATE {s}.customer SET is_active = NOT is_active WHERE id = 5")
    assert move.shadow(again=True) == []
    assert move.advance() == "read_pg"
