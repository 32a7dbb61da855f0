"""`./myriad db migrate …`: a SQLite database to PostgreSQL while its program goes on writing."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import typer

from myriad.kit.errors import InvalidInputError
from myriad.scale.commands import context_of, run_async, show
from myriad.scale.data.migrate import MigrationMap, Move, Place, follow
from myriad.scale.data.migrate.steps import Asked, run_step

app = typer.Typer(
    help="Move a SQLite database to PostgreSQL: begin, backfill, verify, compare, switch.",
    epilog="Example:  ./myriad db migrate begin shop.toml shop.db",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
Mapped = typer.Argument(metavar="MAPPING", help="The mapping file (TOML).")
Old = typer.Argument(metavar="SQLITE", help="The SQLite file.")
Words = typer.Option([], "--set", metavar="WORD=VALUE", help="What {{WORD}} in the mapping means.")
Url = typer.Option(None, "--url", help="Another server than this home's; a login that may write.")
OwnerUrl = typer.Option(None, "--owner-url", help="There, the login that owns the new tables.")
Workers = typer.Option(2, "--workers", min=1, max=16, help="So many processes at a time.")
Step = Callable[[Move], None]


def read_file(path: Path, words: Mapping[str, str]) -> MigrationMap:
    """Read a mapping file; workers call it in processes of their own."""
    return MigrationMap.read(path, words=words)


def _on(
    ctx: typer.Context,
    mapping: Path,
    old: Path,
    words: list[str],
    url: str | None,
    owner_url: str | None = None,
    workers: int = 1,
) -> Callable[[Step], None]:
    """Return what runs a step on an open move, on this home's servers or those of `url`."""
    context, said = context_of(ctx), _words(words)

    def on(where: str, owner: str | None, step: Step) -> None:
        place = Place(read_file, (mapping, said), old, where, owner)
        with closing(Move(place, workers=workers)) as move:
            step(move)

    async def on_servers(step: Step) -> None:
        async with context.runtime() as runtime:
            settings = runtime.database.settings
            on(settings.crossing, settings.owner, step)

    return lambda step: on(url, owner_url, step) if url else run_async(on_servers(step))


def _words(given: list[str]) -> dict[str, str]:
    split = [word.partition("=") for word in given]
    if any(not sign for _, sign, _ in split):
        raise InvalidInputError("--set wants WORD=VALUE")
    return {word: value for word, _, value in split}


def _step(ctx: typer.Context, name: str, asked: Asked | None = None) -> Step:
    def step(move: Move) -> None:
        answer = run_step(move, name, asked)
        show(context_of(ctx), answer.result, answer.lines)
        if not answer.is_right:
            raise typer.Exit(1)

    return step


@app.command()
def begin(
    ctx: typer.Context,
    mapping: Path = Mapped,
    old: Path = Old,
    words: list[str] = Words,
    url: str | None = Url,
) -> None:
    """Check the mapping and set the triggers: from here on every write is noted in SQLite.

    Take a copy of the SQLite file first.
    """
    _on(ctx, mapping, old, words, url)(_step(ctx, "begin"))


@app.command()
def backfill(
    ctx: typer.Context,
    mapping: Path = Mapped,
    old: Path = Old,
    words: list[str] = Words,
    url: str | None = Url,
    workers: int = Workers,
) -> None:
    """Copy what is there, chunk by chunk; after an interruption it goes on where it was."""
    _on(ctx, mapping, old, words, url, workers=workers)(_step(ctx, "backfill"))


@app.command("follow")
def follow_command(
    ctx: typer.Context,
    mapping: Path = Mapped,
    old: Path = Old,
    words: list[str] = Words,
    url: str | None = Url,
) -> None:
    """Carry over what the old program writes, or back what the new one does, until interrupted."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    _on(ctx, mapping, old, words, url)(lambda move: follow(move, ended.is_set))


@app.command()
def verify(
    ctx: typer.Context,
    mapping: Path = Mapped,
    old: Path = Old,
    words: list[str] = Words,
    url: str | None = Url,
    workers: int = Workers,
    repair: bool = typer.Option(
        False, "--repair", help="Mend what differs, retry what was refused."
    ),
) -> None:
    """Compare both sides row by row and sum by sum. Exit code 1 where they differ."""
    step = _step(ctx, "verify", Asked(repair=repair))
    _on(ctx, mapping, old, words, url, workers=workers)(step)


@app.command()
def shadow(
    ctx: typer.Context,
    mapping: Path = Mapped,
    old: Path = Old,
    words: list[str] = Words,
    url: str | None = Url,
    again: bool = typer.Option(False, "--again", help="Begin their time anew."),
) -> None:
    """Ask both databases what the mapping's shadows ask. Exit code 1 where answers differ."""
    _on(ctx, mapping, old, words, url)(_step(ctx, "shadow", Asked(again=again)))


@app.command()
def advance(
    ctx: typer.Context,
    mapping: Path = Mapped,
    old: Path = Old,
    words: list[str] = Words,
    url: str | None = Url,
    owner_url: str | None = OwnerUrl,
    to: str | None = typer.Option(
        None, "--to", metavar="PHASE", help="To this one; where it is there already, nothing."
    ),
) -> None:
    """Go to the next phase where its gate is open."""
    _on(ctx, mapping, old, words, url, owner_url)(_step(ctx, "advance", Asked(to=to)))


@app.command()
def rollback(
    ctx: typer.Context,
    mapping: Path = Mapped,
    old: Path = Old,
    words: list[str] = Words,
    url: str | None = Url,
    owner_url: str | None = OwnerUrl,
) -> None:
    """Stop the move: SQLite takes the writes, with everything written since; rows in PostgreSQL stay."""
    _on(ctx, mapping, old, words, url, owner_url)(_step(ctx, "rollback"))


@app.command()
def status(
    ctx: typer.Context,
    mapping: Path = Mapped,
    old: Path = Old,
    words: list[str] = Words,
    url: str | None = Url,
) -> None:
    """Show phase, lag, chunks, what was kept apart, and why the way on is shut."""
    _on(ctx, mapping, old, words, url)(_step(ctx, "status"))


@app.command()
def rows(
    ctx: typer.Context,
    mapping: Path = Mapped,
    old: Path = Old,
    words: list[str] = Words,
    url: str | None = Url,
    most: int = typer.Option(100, min=1, max=100_000, help="At most so many."),
) -> None:
    """List the rows kept apart or not taken exactly: key, reason, what they held."""
    _on(ctx, mapping, old, words, url)(_step(ctx, "rows", Asked(most=most)))
