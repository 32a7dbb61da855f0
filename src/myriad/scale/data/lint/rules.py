"""What is looked for in a database: each rule with its level and why it matters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from myriad.scale.data.settings import APP_ROLE, CROSSING_ROLE


class Level(StrEnum):
    """How soon somebody has to act, the soonest first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Limits:
    """From where on something is told; times in seconds.

    PostgreSQL refuses to write at about 2,000 million transactions of age, and freezes by itself
    from 200 million on (autovacuum_freeze_max_age): 500 million means that this does not succeed.
    Dead rows below a fifth are what autovacuum leaves by itself (autovacuum_vacuum_scale_factor).
    """

    statistics_seconds: float = 14 * 86_400.0
    index_bytes: int = 1 << 20
    dead_rows: int = 10_000
    dead_share: float = 0.25
    analysed_rows: int = 10_000
    sequence_share: float = 0.7
    transaction_seconds: float = 900.0
    prepared_seconds: float = 300.0
    transaction_age: int = 500_000_000
    app_role: str = APP_ROLE
    crossing_role: str = CROSSING_ROLE


@dataclass(frozen=True)
class Rule:
    """One thing that can be wrong; its query, `lint_` and its name, returns subject, found, remedy.

    `every_login` asks each login of ours, for PostgreSQL shows them their own only. `needs` is a
    table without which there is nothing to ask.
    """

    name: str
    level: Level
    title: str
    why: str
    every_login: bool = False
    needs: str | None = None


_ERROR, _WARNING, _NOTE = Level.ERROR, Level.WARNING, Level.NOTE

RULES: tuple[Rule, ...] = (
    Rule(
        "row_security_missing",
        _ERROR,
        "Row security is off",
        "Whoever may read the table reads the rows of every account.",
    ),
    Rule(
        "row_security_unforced",
        _ERROR,
        "Row security leaves out the owner",
        "A function or a migration that runs as the owner sees every account's rows unasked.",
    ),
    Rule(
        "policy_without_tenant",
        _ERROR,
        "A policy does not compare the tenant",
        "Policies add up: one that lets more rows through undoes all the others.",
    ),
    Rule(
        "view_past_row_security",
        _ERROR,
        "A view shows more than its reader may see",
        "It reads tables as its owner, and a materialized view knows no row security at all.",
    ),
    Rule(
        "owner_unbound",
        _ERROR,
        "A table belongs to the wrong role",
        "An owner switches row security off by itself, and a role with BYPASSRLS needs not even that.",
    ),
    Rule(
        "role_unbound",
        _ERROR,
        "A role of the application is above row security",
        "No policy binds it, on whatever table: one forgotten WHERE shows every account.",
    ),
    Rule(
        "definer_without_path",
        _ERROR,
        "A function runs as its owner without a search path of its own",
        "Its caller decides which tables and operators its names mean, and has them run as the owner.",
    ),
    Rule(
        "month_missing",
        _ERROR,
        "A month's partition is missing",
        "Rows of that month fall into the default partition, and no month can be attached over them.",
        needs="platform.partitioned_table",
    ),
    Rule(
        "default_holds_rows",
        _ERROR,
        "A default partition holds rows",
        "It is read by every query, and blocks the months that its rows belong to.",
    ),
    Rule(
        "index_invalid",
        _ERROR,
        "An index is invalid",
        "It costs every write and serves no read; a unique one guards nothing.",
    ),
    Rule(
        "wraparound_near",
        _ERROR,
        "Transaction numbers run out",
        "Freezing lags behind; at about 2,000 million PostgreSQL refuses every write.",
    ),
    Rule(
        "sequence_near_end",
        _ERROR,
        "A sequence nears its end",
        "After its last number every insert fails.",
        every_login=True,
    ),
    Rule(
        "primary_key_missing",
        _WARNING,
        "A table has no primary key",
        "A row cannot be named: nothing keeps it from being there twice, and no replica can follow it.",
    ),
    Rule(
        "tenant_not_leading",
        _WARNING,
        "A unique key does not begin with the tenant",
        "One account's value keeps another from using it, which tells that it is there.",
    ),
    Rule(
        "foreign_key_unindexed",
        _WARNING,
        "A foreign key has no index",
        "Deleting a row, or changing its key, reads the whole table that points to it, under a lock.",
    ),
    Rule(
        "index_duplicate",
        _WARNING,
        "An index repeats another",
        "Every write keeps both up to date; reads need one.",
    ),
    Rule(
        "statistics_missing",
        _WARNING,
        "A table was never analysed",
        "The planner guesses how many rows a condition leaves, and picks plans for a table not there.",
    ),
    Rule(
        "dead_rows",
        _WARNING,
        "Many rows of a table are dead",
        "They are read and skipped by every scan, and the file does not shrink by itself. An estimate, "
        "from counts of changes: empty space that a vacuum has left is not in it.",
    ),
    Rule(
        "transaction_long",
        _WARNING,
        "A transaction stays open",
        "Nothing that has died since can be cleaned up in any table, and its locks make others wait.",
        every_login=True,
    ),
    Rule(
        "transaction_prepared",
        _WARNING,
        "A prepared transaction waits for a decision",
        "It keeps its locks over restarts, and nothing that has died since can be cleaned up.",
    ),
    Rule(
        "index_unused",
        _NOTE,
        "An index was not read",
        "Every write keeps it up to date. Look at each standby too: it counts its own reads.",
    ),
)
