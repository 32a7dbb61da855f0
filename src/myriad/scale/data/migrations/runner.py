"""Running Alembic without its files: locations come from the products and capabilities."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import create_engine, pool, text

from myriad.scale.data.database import sqlalchemy_url

_HERE = Path(__file__).parent
VERSION_SCHEMA = "myriad"
_LOCK = text("SELECT pg_advisory_lock(hashtext('myriad migrations'))")


def _config(locations: Sequence[Path]) -> Config:
    config = Config()
    config.set_main_option("script_location", _escape(_HERE / "environment"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(map(_escape, locations)))
    return config


def _escape(path: Path) -> str:
    return str(path).replace("%", "%%")


def upgrade(url: str, locations: Sequence[Path]) -> None:
    """Bring the database of the owner's `url` to the newest revision of every branch.

    Safe to call from several processes at once: the second waits and finds nothing to do.
    """
    engine = create_engine(sqlalchemy_url(url), poolclass=pool.NullPool)
    config = _config(locations)
    with engine.connect() as connection:
        connection.execute(_LOCK)
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {VERSION_SCHEMA}"))
        connection.commit()
        config.attributes["connection"] = connection
        command.upgrade(config, "heads")


def is_current(url: str, locations: Sequence[Path]) -> bool:
    """Tell whether the database stands at the newest revision of every branch."""
    script = ScriptDirectory.from_config(_config(locations))
    # A head that another branch depends on is implied by that branch and not stored.
    labels = {label for revision in script.walk_revisions() for label in _depends_on(revision)}
    implied = {script.get_revision(label).revision for label in labels}
    heads = set(script.get_heads()) - implied
    engine = create_engine(sqlalchemy_url(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table_schema": VERSION_SCHEMA}
        )
        return set(context.get_current_heads()) == heads


def _depends_on(revision: Script) -> tuple[str, ...]:
    names = revision.dependencies or ()
    return (names,) if isinstance(names, str) else tuple(names)
