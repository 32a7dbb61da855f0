"""`./myriad db standby add|run|status|promote|rewind`."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import psycopg
import typer
from psycopg.rows import dict_row

from myriad.apps.cli.context import CliContext
from myriad.apps.cli.db.places import is_embedded, source_url, tools_for, writable
from myriad.kit.errors import InvalidInputError
from myriad.scale.data.standby import making
from myriad.scale.embedded.files import private_folder, write_private
from myriad.scale.embedded.postgres import APP, BACKUP, EmbeddedPostgres
from myriad.scale.embedded.state import home_lock, read_state, write_state

app = typer.Typer(
    help="Standbys: copies that follow the database, answer reads, and take its place.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
Url = typer.Option(None, "--url", help="A login with REPLICATION on the primary of your own.")
Data = typer.Option(None, "--data", help="The data folder, for servers of your own.")
Binaries = typer.Option(None, "--binaries", help="The folder of PostgreSQL's programs.")
Name = typer.Argument("standby1", help="The standby's name, also that of its slot.")
_ADD = """
Examples:

  ./myriad db standby add standby1

  ./myriad db standby add berlin --url postgresql://backup@db.internal/myriad --data /srv/pg
"""
_PROMOTE = """
Refused while the old primary answers: with two primaries, what one of them takes is lost.

Examples:

  ./myriad db standby promote standby1

  ./myriad db standby promote --standby-url postgresql://backup@two/myriad --url postgresql://backup@one/myriad
"""
_REWIND = """
The old primary must be stopped. What it took after the failover is thrown away.

Example:

  ./myriad db standby rewind berlin --data /srv/pg --url postgresql://backup@new-primary/myriad
"""


@app.command("add", epilog=_ADD)
def add_command(
    ctx: typer.Context,
    name: str = Name,
    url: str | None = Url,
    data: Path | None = Data,
    binaries: Path | None = Binaries,
) -> None:
    """Copy the primary as a standby that follows it by a slot of its own."""
    context: CliContext = ctx.obj
    place = _place(context, name, data)
    with source_url(context, url) as source:
        tools = tools_for(context, binaries, place)
        if data is None:
            _furnish(context.home, _home_of(context, name))
            tools.own(place.parent)
        with writable():
            making.add_standby(tools, source, place, name)
    start = (
        f"./myriad db standby run {name}"
        if data is None
        else f"pg_ctl -D '{place}' start   (as the account that owns the folder)"
    )
    context.show({"name": name, "data": place}, [f"{place} is a standby now. Start it: {start}"])


@app.command("run", epilog="Example:  ./myriad db standby run standby1")
def run_command(ctx: typer.Context, name: str = Name) -> None:
    """Run a standby of this home in the foreground, until it is interrupted."""
    context: CliContext = ctx.obj
    home = _home_of(context, name)
    server = EmbeddedPostgres(home, read_state(home).ports.get("postgres"))
    if not server.data.exists():
        raise InvalidInputError(f"there is no standby {name}; make it: ./myriad db standby add")
    with home_lock(home):
        child = server.spawn()
        try:
            server.wait_ready(child)
            state = read_state(home)
            state.ports["postgres"] = server.port or 0
            write_state(home, state)
            file = home / "run" / "read-url"
            write_private(file, server.url(APP))
            told = f"Ready on port {server.port}. Reads may come here: {up_with(file)}"
            context.show({"port": server.port, "url_file": file}, [told])
            with _interruptible():
                while child.poll() is None:
                    time.sleep(0.2)
        finally:
            server.stop(child)


def up_with(url_file: Path) -> str:
    """Return the command for a shell that starts `up` with reads from the standby of `url_file`."""
    return f"MYRIAD_DATABASE__STANDBY_URLS_FILE={shlex.quote(str(url_file))} ./myriad up"


@contextlib.contextmanager
def _interruptible() -> Any:
    """Let SIGTERM end the block as an interrupt does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@app.command("status", epilog="Example:  ./myriad db standby status --json")
def status_command(ctx: typer.Context, url: str | None = Url) -> None:
    """Show who follows the primary, how far behind, and what slots keep log for nobody."""
    context: CliContext = ctx.obj
    with source_url(context, url) as source:
        followers, idle = _followers(source)
    lines = [_follower_line(one) for one in followers] or ["No standby follows the primary."]
    lines += [
        f"{one['slot']}: its standby is away; {int(one['kept_bytes'] or 0) / 1e6:,.1f} MB of log are "
        f"kept for it ({one['wal_status']}). Gone for good? SELECT pg_drop_replication_slot('"
        f"{one['slot']}')"
        for one in idle
    ]
    context.show({"standbys": followers, "idle_slots": idle}, lines)
    raise typer.Exit(0 if not idle else 1)


def _followers(url: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    with psycopg.connect(url, dbname="postgres", row_factory=dict_row) as connection:
        followers = connection.execute(making.QUERIES["list_followers"].encode()).fetchall()
        idle = connection.execute(making.QUERIES["list_idle_slots"].encode()).fetchall()
    return followers, idle


def _follower_line(one: dict[str, Any]) -> str:
    lag = one["replay_lag_seconds"]
    told = "nothing to replay" if lag is None else f"{lag * 1000:,.1f} ms behind"
    return (
        f"{one['name']}: {one['state']}, {one['sync']}, {told}, "
        f"{one['behind_bytes'] or 0:,} bytes not replayed"
    )


@app.command("promote", epilog=_PROMOTE)
def promote_command(
    ctx: typer.Context,
    name: str = Name,
    standby_url: str | None = typer.Option(None, "--standby-url", help="A standby of your own."),
    url: str | None = Url,
    force: bool = typer.Option(False, "--force", help="Even while the old primary answers."),
) -> None:
    """Make a standby the primary."""
    context: CliContext = ctx.obj
    target = standby_url or _url_of(context, name)
    primary = url or (_primary_url(context) if standby_url is None else None)
    if primary is None and not force:
        raise InvalidInputError("name the old primary by --url, so that it is seen to be gone")
    role = making.promote(target, primary_url=primary, force=force)
    lines = [f"Promoted: the server is primary on timeline {role.timeline}. Next, for its log:"]
    lines.append("  ./myriad db backup --node NEW-NAME --url …   (a new node: its own archive)")
    context.show({"timeline": role.timeline}, lines)


@app.command("rewind", epilog=_REWIND)
def rewind_command(
    ctx: typer.Context,
    name: str = Name,
    url: str = typer.Option(..., "--url", help="A login with REPLICATION on the new primary."),
    data: Path | None = Data,
    binaries: Path | None = Binaries,
) -> None:
    """Make the stopped old primary a standby of the new one."""
    context: CliContext = ctx.obj
    place = data.expanduser().absolute() if data else EmbeddedPostgres(context.home).data
    making.rewind(tools_for(context, binaries, place), place, url, name)
    start = f" by ./myriad db standby run {name}" if data is None else ""
    told = f"{place} follows the new primary when started{start}."
    context.show({"name": name, "data": place}, [told])


def _home_of(context: CliContext, name: str) -> Path:
    """Return the home folder of a standby: beside its primary's, or that one after a rewind."""
    own = EmbeddedPostgres(context.home)
    return context.home if own.follows == name else context.home / "standbys" / name


def _place(context: CliContext, name: str, data: Path | None) -> Path:
    if data is not None:
        return data.expanduser().absolute()
    if not is_embedded():
        raise InvalidInputError("name where the standby's data goes by --data")
    return EmbeddedPostgres(_home_of(context, name)).data


def _furnish(home: Path, standby_home: Path) -> None:
    """Give a standby's home the passwords of its primary, which its roles have as well."""
    private_folder(standby_home)
    secrets = private_folder(standby_home / "secrets")
    for path in (home / "secrets").glob("postgres-*"):
        shutil.copy2(path, secrets / path.name)
    private_folder(standby_home / "postgres")


def _url_of(context: CliContext, name: str) -> str:
    home = _home_of(context, name)
    return EmbeddedPostgres(home, read_state(home).ports.get("postgres")).url(BACKUP)


def _primary_url(context: CliContext) -> str | None:
    port = read_state(context.home).ports.get("postgres")
    return EmbeddedPostgres(context.home, port).url(BACKUP) if is_embedded() and port else None
