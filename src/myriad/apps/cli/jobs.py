"""`./myriad jobs …`: look at the queue, run dead letters again, cancel, drain, set limits."""

from __future__ import annotations

import asyncio
from uuid import UUID

import typer

from myriad.apps.cli import jobs_drain, jobs_lines, jobs_queue
from myriad.apps.cli.context import CliContext
from myriad.kit.errors import InvalidInputError

app = typer.Typer(
    help="Jobs: look at the queue, run dead letters again, cancel, drain, set limits.",
    epilog="Example:  ./myriad jobs ls --state dead",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Tenant = typer.Option(None, "--tenant", metavar="SLUG|ID", help="Only this account's.")
Task = typer.Option(None, "--task", help="Only jobs of this task, such as keeper.account.sync.")
_LS = """
Examples:

  ./myriad jobs ls --state dead --task keeper.account.sync

  ./myriad jobs ls --tenant alder-and-salt --class bulk --limit 100 --json
"""
_RETRY = """
Examples:

  ./myriad jobs retry 0199c0de-0000-7000-8000-000000000001

  ./myriad jobs retry --all --task keeper.account.sync --error unavailable
"""
_DRAIN = """
Examples:

  ./myriad jobs drain

  ./myriad jobs drain node-1-worker --wait 300

  ./myriad jobs drain --class bulk

  ./myriad jobs drain --class bulk --resume
"""
_LIMITS = """
A KEY is global, tenant (each account), tenant:<id>, class:<name>, task:<name> or a key that tasks
declare, such as provider:square. The number is how many jobs may be under way at once; 0 pauses.

Examples:

  ./myriad jobs limits

  ./myriad jobs limits provider:square 8

  ./myriad jobs limits provider:square --clear
"""


@app.command("ls", epilog=_LS)
def list_command(
    ctx: typer.Context,
    state: str | None = typer.Option(None, help="Only jobs in this state, such as dead."),
    task: str | None = Task,
    job_class: str | None = typer.Option(None, "--class", help="Only jobs of this class."),
    tenant: str | None = Tenant,
    limit: int = typer.Option(20, min=1, max=1000, help="At most so many, newest first."),
) -> None:
    """List jobs, newest first; with --tenant also those that lie in packs."""
    context: CliContext = ctx.obj
    wanted = jobs_queue.Filter(state, task, job_class, tenant, limit)
    jobs = asyncio.run(jobs_queue.list_jobs_of(context, wanted))
    context.show({"jobs": jobs}, jobs_lines.job_lines(jobs))


@app.command("show", epilog="Example:  ./myriad jobs show 0199c0de-0000-7000-8000-000000000001")
def show_command(ctx: typer.Context, job_id: str = typer.Argument(help="The job's id.")) -> None:
    """Show one job: how it stands, its attempts, what it was told; secrets are masked."""
    context: CliContext = ctx.obj
    job = asyncio.run(jobs_queue.show_job(context, _id(job_id)))
    context.show(job, jobs_lines.detail_lines(job))


@app.command("retry", epilog=_RETRY)
def retry_command(
    ctx: typer.Context,
    job_ids: list[str] = typer.Argument(None, metavar="[JOB_ID]...", help="Dead letters."),
    every: bool = typer.Option(False, "--all", help="Every dead letter that the options name."),
    task: str | None = Task,
    error: str | None = typer.Option(None, "--error", help="Only those with this error code."),
    tenant: str | None = Tenant,
    limit: int = typer.Option(1000, min=1, max=1_000_000, help="At most so many, oldest first."),
) -> None:
    """Run dead letters again, each with all its attempts before it."""
    context: CliContext = ctx.obj
    if every == bool(job_ids):
        raise InvalidInputError(
            "name the jobs by their ids, or all of them with --all (and --task, --error, --tenant)"
        )
    if job_ids:
        retried = asyncio.run(jobs_queue.retry(context, [_id(word) for word in job_ids]))
    else:
        wanted = jobs_queue.Filter(None, task, None, tenant, limit)
        retried = asyncio.run(jobs_queue.retry_all(context, wanted, error))
    context.show({"retried": retried}, [f"{retried:,} of the dead letters are queued again."])
    raise typer.Exit(0 if retried else 1)


@app.command("cancel", epilog="Example:  ./myriad jobs cancel 0199c0de-0000-7000-8000-000000000001")
def cancel_command(
    ctx: typer.Context, job_ids: list[str] = typer.Argument(metavar="JOB_ID...", help="Live jobs.")
) -> None:
    """Cancel jobs that wait or run, and with them the jobs that wait for them."""
    context: CliContext = ctx.obj
    cancelled = asyncio.run(jobs_queue.cancel_jobs(context, [_id(word) for word in job_ids]))
    ended = len(job_ids) - cancelled
    rest = f" {ended:,} had ended before." if ended else ""
    context.show({"cancelled": cancelled}, [f"{cancelled:,} cancelled.{rest}"])
    raise typer.Exit(0 if cancelled else 1)


@app.command("drain", epilog=_DRAIN)
def drain_command(
    ctx: typer.Context,
    worker: str | None = typer.Argument(None, help="Only the worker of this name."),
    job_class: str | None = typer.Option(None, "--class", help="Pause this class instead."),
    resume: bool = typer.Option(False, "--resume", help="Let the paused class go on."),
    wait: float = typer.Option(60.0, min=0, help="How many seconds to wait for the end."),
) -> None:
    """Let workers of this machine finish and stop, or pause a class of jobs everywhere.

    A supervisor such as `up` starts a drained worker anew; jobs that were not done go to others.
    """
    context: CliContext = ctx.obj
    if job_class is None and resume:
        raise InvalidInputError("--resume needs --class: a drained worker is started anew instead")
    if job_class is not None:
        if worker is not None:
            raise InvalidInputError("a class is paused on every worker: leave the name away")
        left = asyncio.run(jobs_drain.pause(context, job_class, resume=resume, wait=wait))
        context.show(left, jobs_lines.pause_lines(job_class, left))
        raise typer.Exit(0 if resume or not left["running"] else 1)
    drained = asyncio.run(jobs_drain.drain(context, worker, wait=wait))
    context.show(drained, jobs_lines.drain_lines(drained))
    raise typer.Exit(0 if not drained["busy"] and not drained["elsewhere"] else 1)


@app.command("limits", epilog=_LIMITS)
def limits_command(
    ctx: typer.Context,
    key: str | None = typer.Argument(None, help="What is limited."),
    concurrency: int | None = typer.Argument(None, help="How many at once; 0 pauses."),
    clear: bool = typer.Option(False, "--clear", help="Take the limit away."),
) -> None:
    """Show or set how many jobs may be under way at once; read within a second."""
    context: CliContext = ctx.obj
    if key is not None and clear == (concurrency is not None):
        raise InvalidInputError(f"give a number for {key}, or --clear to take its limit away")
    limits = asyncio.run(jobs_queue.change_limits(context, key, concurrency))
    context.show({"limits": limits}, jobs_lines.limit_lines(limits))


@app.command("top", epilog="Example:  ./myriad jobs top")
def top_command(ctx: typer.Context) -> None:
    """Show the whole queue once: what is stuck, the classes, the workers, what went wrong."""
    context: CliContext = ctx.obj
    queue, workers = asyncio.run(jobs_queue.look(context))
    context.show(jobs_lines.as_dict(queue, workers), jobs_lines.top_lines(queue, workers))


def _id(word: str) -> UUID:
    try:
        return UUID(word)
    except ValueError:
        raise InvalidInputError(
            f"{word!r} is not the id of a job; `./myriad jobs ls` shows them"
        ) from None
