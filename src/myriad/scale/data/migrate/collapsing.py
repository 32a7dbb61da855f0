"""Many rows of the old table as one of each key in the new: the statements that fold, and ask whether."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql

from myriad.scale.data.migrate.mapping import TableMap

_AGGREGATES = {
    "min": sql.SQL("min({})"),
    "max": sql.SQL("max({})"),
    "uuid": sql.SQL("(array_agg({0} ORDER BY {0}))[1]"),
}


def collapsing(table: TableMap, name: sql.Identifier, stage: sql.Identifier) -> sql.Composed:
    """Return the statement that brings what stands beside a collapsed table into it."""
    return _best(table, name, stage) if table.best else _folding(table, name, stage)


def _best(table: TableMap, name: sql.Identifier, stage: sql.Identifier) -> sql.Composed:
    best, key = sql.Identifier(str(table.best)), _listed(table.key)
    rest = [one for one in table.names if one not in table.key]
    changes = sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(one)) for one in rest
    )
    return sql.SQL(
        "INSERT INTO {name} AS t ({columns}) SELECT DISTINCT ON ({key}) {columns} FROM {stage} "
        "ORDER BY {key}, {best} DESC NULLS LAST, myriad_place "
        "ON CONFLICT ({key}) DO UPDATE SET {changes} "
        "WHERE t.{best} < excluded.{best} OR (t.{best} IS NULL AND excluded.{best} IS NOT NULL)"
    ).format(
        name=name, columns=_listed(table.names), key=key, stage=stage, best=best, changes=changes
    )


def _folding(table: TableMap, name: sql.Identifier, stage: sql.Identifier) -> sql.Composed:
    chosen: list[sql.Composable] = []
    changes: list[sql.Composed] = []
    differs: list[sql.Composed] = []
    for column_name, column in table.columns.items():
        one = sql.Identifier(column_name)
        if column_name in table.key:
            chosen.append(one)
            continue
        fold = column.fold or "min"
        chosen.append(_AGGREGATES["uuid" if column.type == "uuid" else fold].format(one))
        if column.fold:
            better = sql.SQL("LEAST" if fold == "min" else "GREATEST")
            pair = sql.SQL("{f}(t.{c}, excluded.{c})").format(f=better, c=one)
            changes.append(sql.SQL("{} = {}").format(one, pair))
            differs.append(sql.SQL("t.{} IS DISTINCT FROM {}").format(one, pair))
    then = (
        sql.SQL("UPDATE SET {} WHERE {}").format(
            sql.SQL(", ").join(changes), sql.SQL(" OR ").join(differs)
        )
        if changes
        else sql.SQL("NOTHING")
    )
    key = _listed(table.key)
    return sql.SQL(
        "INSERT INTO {} AS t ({}) SELECT {} FROM {} GROUP BY {} ORDER BY {} ON CONFLICT ({}) DO {}"
    ).format(name, _listed(table.names), sql.SQL(", ").join(chosen), stage, key, key, key, then)


def uncovered(table: TableMap, name: sql.Identifier, stage: sql.Identifier) -> sql.Composed:
    """Return the question how many rows beside a collapsed table it does not answer for."""
    folds = {one: column.fold for one, column in table.columns.items() if column.fold}
    if table.best:
        folds = {table.best: "max"}
    worse = [
        sql.SQL("t.{0} {1} s.{0} OR (t.{0} IS NULL AND s.{0} IS NOT NULL)").format(
            sql.Identifier(one), sql.SQL(">" if fold == "min" else "<")
        )
        for one, fold in folds.items()
    ]
    absent = sql.SQL("t.{} IS NULL").format(sql.Identifier(table.key[-1]))
    same = sql.SQL(" AND ").join(
        sql.SQL("t.{0} = s.{0}").format(sql.Identifier(one)) for one in table.key
    )
    return sql.SQL("SELECT count(*) FROM {} s LEFT JOIN {} t ON {} WHERE {}").format(
        stage, name, same, sql.SQL(" OR ").join([absent, *worse])
    )


def _listed(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
