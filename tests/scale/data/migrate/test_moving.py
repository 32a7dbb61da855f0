"""A whole move: nothing is lost or doubled, what is dirty is kept apart with its reason."""

from __future__ import annotations

import dataclasses
import datetime as dt
import sqlite3

import pytest

from myriad.scale.data.migrate import (
    MappingError,
    MigrationMap,
    Move,
    PhaseError,
    apply_writes,
    applying,
)
from myriad.scale.data.migrate.carrying import Carrier
from tests.scale.data.migrate.conftest import Shop, filled, reach
from tests.scale.data.migrate.shop import CUSTOMERS, MAPPING, ORDERS, norm


def test_every_row_arrives_and_two_verifications_prove_it(shop: Shop) -> None:
    move = filled(shop)
    assert [move.verify().is_clean for _ in range(2)] == [True, True]
    assert move.advance() == "shadow_read"
    assert move.shadow() == []
    assert move.advance() == "read_pg"
    assert shop.new("SELECT count(*) FROM {s}.purchase") == [(ORDERS - 11,)]
    noon = dt.datetime(2024, 5, 1, 16, tzinfo=dt.UTC)
    assert shop.new("SELECT DISTINCT joined_at FROM {s}.customer") == [(noon,)]
    assert shop.new("SELECT count(*), min(first_on)::text FROM {s}.descriptor") == [
        (40, "2024-01-11")
    ]
    assert shop.new("SELECT nextval('{s}.customer_id_seq')") == [(CUSTOMERS,)]


# The faults of one old file: the customer, what stands there, why it cannot be taken, what mends it.
FAULTS = {
    7: ("active", 2, "is_active: neither 0 nor 1", 1),
    8: ("active", None, "is_active: nothing where a value is required", 1),
    9: ("email", "a\x00b", "email: a zero character", "good@example.com"),
    10: ("email", b"\xff\xfe", "email: bytes where text belongs", "fine@example.com"),
    11: ("joined", "soon", "joined_at: no date and time", "2024-01-01"),
    12: ("joined", "2024-03-10 02:30:00", "joined_at: an hour that the clocks", "2024-01-01"),
}


def test_a_row_that_cannot_be_taken_is_kept_apart_and_comes_when_mended(shop: Shop) -> None:
    for key, (column, value, _, _) in FAULTS.items():
        shop.old(f"UPDATE customers SET {column} = ? WHERE id = ?", (value, key))
    move = filled(shop)
    for key, (_, _, reason, _) in FAULTS.items():
        assert shop.kept()[0, key].startswith(reason)
    assert move.verify().is_clean
    for key, (column, _, _, mended) in FAULTS.items():
        shop.old(f"UPDATE customers SET {column} = ? WHERE id = ?", (mended, key))
    apply_writes(move.carrier)
    assert not [key for part, key in shop.kept() if part == 0]
    assert shop.new("SELECT count(*) FROM {s}.customer WHERE id BETWEEN 7 AND 12") == [(6,)]
    assert move.verify().is_clean


def test_text_that_is_no_utf_8_is_kept_apart_and_the_rest_arrives(shop: Shop) -> None:
    shop.old("UPDATE customers SET email = CAST(x'ff41' AS TEXT) WHERE id = 9")
    assert filled(shop).verify().is_clean
    assert list(shop.kept()) == [(0, 9)]
    assert shop.move.verify().is_clean
    # A later column's collation is not that of the one whose name it ends with.
    shop.old("ALTER TABLE customers ADD COLUMN second_email TEXT COLLATE NOCASE")
    assert shop.move.find_obstacle() is None


def test_a_collation_that_only_the_old_program_knows_shuts_the_gate(shop: Shop) -> None:
    move = filled(shop)
    assert [move.verify().is_clean for _ in range(2)] == [True, True]
    old = sqlite3.connect(shop.path)
    old.create_collation("PHONEBOOK", lambda one, other: (one > other) - (one < other))
    old.execute("CREATE INDEX by_email ON customers (email COLLATE PHONEBOOK)")
    old.close()
    said = move.find_obstacle()
    assert said is not None
    assert "its program's own PHONEBOOK" in said


def test_two_tables_whose_keys_have_no_salt_are_refused(shop: Shop) -> None:
    said = MAPPING.format(name=shop.name, schema=shop.name)
    for theirs in ('type = "bigint" }', 'type = "uuid", salt = "orders" }'):
        said = said.replace(f'id = {{ from = "id", {theirs}', 'id = { from = "id", type = "uuid" }')
    carrier = Carrier(
        MigrationMap.parse(said, calls={"norm": norm}), shop.path, shop.urls.crossing_url
    )
    with pytest.raises(MappingError, match="keys of customers, orders become UUIDs without a"):
        carrier.check()
    carrier.close()


def test_orphans_are_kept_apart_and_so_are_the_children_of_a_refused_parent(shop: Shop) -> None:
    shop.old("UPDATE orders SET customer_id = 9999 WHERE id = 20")
    shop.old("UPDATE customers SET active = 'yes' WHERE id = 40")
    move = filled(shop)
    children = {key for (key,) in shop.old("SELECT id FROM orders WHERE customer_id = 40")}
    assert {key for part, key in shop.kept() if part == 1} == {20, *children}
    shop.old("UPDATE customers SET active = 1 WHERE id = 40")
    proof = move.verify(repair=True)
    assert set(shop.kept()) == {(1, 20)}
    # What was refused is missing from the business's sums, and they say so.
    assert proof.examples == ["the sum 'takings' differs"]


def test_money_that_does_not_fit_its_units_is_taken_half_even_and_listed(shop: Shop) -> None:
    shop.old("UPDATE orders SET total = 1.005 WHERE id = 30")
    filled(shop)
    assert shop.kept()[1, 30] == "total_minor: 1.005 is not exact, taken as 100"


def test_what_must_be_unique_and_is_not_is_kept_apart_alone(shop: Shop) -> None:
    shop.new("INSERT INTO {s}.customer VALUES (5000, 'p8@example.com', true)")
    move = filled(shop)
    assert "unique" in shop.kept()[0, 8]
    assert shop.new("SELECT count(*) FROM {s}.customer WHERE id < 5000") == [(CUSTOMERS - 2,)]
    proof = move.verify()
    assert proof.doubled == 1
    assert not proof.is_clean
    move.verify(repair=True)
    assert move.verify().is_clean


@pytest.mark.parametrize("entries", [2, 20_000], ids=["two-at-a-time", "at-once"])
def test_writes_of_the_old_program_are_carried_over_whatever_they_are(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, entries: int
) -> None:
    monkeypatch.setattr(applying, "MOST_ENTRIES", entries)
    move = filled(shop)
    shop.old("INSERT INTO customers VALUES (900, 'new@example.com', 1, '')")
    shop.old("INSERT INTO orders VALUES (9000, 900, '2025-01-01', 3.5, 'New #1')")
    shop.old("UPDATE orders SET at = '2026-02-02', total = 0.07 WHERE id = 50")
    shop.old("UPDATE orders SET id = 8000 WHERE id = 60")
    shop.old("DELETE FROM orders WHERE id = 70")
    # By its email this removes customer 20, whom no trigger of a DELETE would see.
    shop.old("REPLACE INTO customers VALUES (901, 'p20@example.com', 0, NULL)")
    assert move.lag_seconds() > 0
    assert apply_writes(move.carrier) > 6
    assert apply_writes(move.carrier) == 0
    assert move.lag_seconds() == 0
    proof = move.verify()
    assert proof.is_clean, proof
    assert shop.new("SELECT id FROM {s}.customer WHERE email = 'p20@example.com'") == [(901,)]


def test_what_came_behind_the_last_chunk_is_compared_in_chunks_as_well(shop: Shop) -> None:
    move = filled(shop)
    shop.old(
        "INSERT INTO orders SELECT id + 1000, NULL, '2025-01-01', 1.0, 'Late #1' FROM orders "
        "WHERE id < 261"
    )
    assert move.verify().is_clean
    largest = "SELECT max(rows_read), sum(rows_read) FROM platform.migration_chunk"
    found = shop.new(largest + " WHERE migration = '{s}' AND part = 1")
    assert found == [(100, ORDERS - 11 + 250)]


DAMAGES = {
    "letters swapped": "UPDATE {s}.customer SET email = 'p12@exmaple.com' WHERE id = 12",
    "a cent": "UPDATE {s}.purchase SET total_minor = total_minor + 1 WHERE raw LIKE '%#33'",
    "a space in brackets": "UPDATE {s}.customer SET email = '[1,2]' WHERE id = 13",
    "a row lost": "DELETE FROM {s}.purchase WHERE raw LIKE '%#34'",
    "a row too many": "INSERT INTO {s}.customer VALUES (700, 'ghost@example.com', true)",
    "a collapsed one": "DELETE FROM {s}.descriptor WHERE norm = 'shop 3'",
}


def test_a_verification_finds_one_wrong_row_and_repairs_it(shop: Shop) -> None:
    shop.old("UPDATE customers SET email = '[1, 2]' WHERE id = 13")
    move = filled(shop)
    assert move.verify().is_clean
    for name, damage in DAMAGES.items():
        shop.new(damage)
        assert not move.verify().is_clean, name
        assert move.state.get()["clean_verifications"] == 0
        move.verify(repair=True)
    with pytest.raises(PhaseError, match="2 are wanted"):
        move.advance()
    assert move.verify().is_clean


def test_from_every_phase_the_way_back_leaves_the_old_file_as_it_was(shop: Shop) -> None:
    before = shop.old("SELECT * FROM sqlite_master")
    for stop in ("dual_write", "verify", "shadow_read", "read_pg", "pg_primary"):
        reach(shop, stop)
        shop.move.rollback()
        assert shop.move.phase == "off"
        # SQLite's own list of AUTOINCREMENT numbers stays, empty.
        now = [
            row for row in shop.old("SELECT * FROM sqlite_master") if row[1] != "sqlite_sequence"
        ]
        assert now == before


def test_a_file_that_another_move_has_in_hand_is_left_to_it(shop: Shop) -> None:
    filled(shop)
    said = MAPPING.format(name=f"{shop.name}_again", schema=shop.name)
    mapping = MigrationMap.parse(said, calls={"norm": norm})
    place = dataclasses.replace(shop.move.place, read=lambda: mapping, arguments=())
    other = Move(place, workers=1)
    for step in (other.begin, other.rollback):
        with pytest.raises(PhaseError, match=f"being moved as '{shop.name}' already"):
            step()
    other.close()
    assert shop.move.status()["triggers"]
    shop.move.rollback()


def test_missing_triggers_stop_the_move(shop: Shop) -> None:
    move = filled(shop)
    shop.old("DROP TRIGGER myriad_outbox_orders_after_insert")
    with pytest.raises(PhaseError, match="triggers are missing"):
        move.verify()
    assert move.status()["triggers"] is False
