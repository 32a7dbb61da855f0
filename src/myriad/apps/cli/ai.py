"""`./myriad ai …`: what models cost and how they do, one question, the simulated providers."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import typer

from myriad.apps.cli.accounts import get_account_id
from myriad.apps.cli.context import CliContext
from myriad.kit.errors import NotFoundError
from myriad.scale.ai import AIAnswer, AIRequest, Message
from myriad.scale.ai.gateway import Gateway
from myriad.scale.ai.ledger import list_health, list_spend, list_spend_of_all
from myriad.scale.ai.offline import OFFLINE
from myriad.scale.ai.simulator.__main__ import DEFAULT_PORT, run_simulator
from myriad.scale.ai.upkeep import measure_batches
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

app = typer.Typer(
    help="Models: status, cost, one question, simulated providers.",
    epilog="Example:  ./myriad ai status",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
_MICROS = 1_000_000
_HOW_TO_ASK = (
    "None is configured: set MYRIAD_AI__ANTHROPIC_API_KEY or MYRIAD_AI__OPENAI_API_KEY to ask one."
)
Tenant = typer.Option(None, "--tenant", metavar="SLUG|ID", help="Only this account's.")


@app.command(epilog="Example:  ./myriad ai status --json")
def status(ctx: typer.Context) -> None:
    """Show which providers are configured, which model serves which class, and how they did."""
    context: CliContext = ctx.obj
    found = asyncio.run(_status(context))
    context.show(found, _status_lines(found))


async def _status(context: CliContext) -> dict[str, Any]:
    async with context.runtime() as runtime:
        gateway = Gateway.of(runtime)
        catalog = gateway.catalog()
        since = datetime.now(UTC) - timedelta(days=1)
        batches, oldest = await measure_batches(runtime.database)
        return {
            "providers": list(gateway.providers.configured) or ["offline"],
            "models_effective_from": str(catalog.effective_from),
            "classes": {name: [str(key) for key in keys] for name, keys in catalog.classes.items()},
            "complexity": dict(catalog.complexity),
            "batches_open": batches,
            "batch_oldest_seconds": round(oldest),
            "last_day": await list_health(runtime.database, since),
        }


def _status_lines(found: dict[str, Any]) -> list[str]:
    lines = [f"Providers: {', '.join(found['providers'])}"]
    lines += [f"  {name}: {', '.join(keys)}" for name, keys in found["classes"].items()]
    lines.append(f"Batches under way: {found['batches_open']}")
    for row in found["last_day"]:
        lines.append(
            f"  {row['provider']}:{row['model']}  {row['calls']:,} calls in a day, "
            f"{row['unusable']:,} unusable, p95 {row['p95_ms']:,} ms"
        )
    if not found["last_day"]:
        lines.append("No model was asked within a day.")
    return lines


@app.command(epilog="Example:  ./myriad ai cost --days 7 --tenant alder-and-salt")
def cost(
    ctx: typer.Context,
    days: int = typer.Option(30, "--days", min=1, max=3660, help="So many UTC days, with today."),
    tenant: str | None = Tenant,
) -> None:
    """Show what models cost by task, model and price version."""
    context: CliContext = ctx.obj
    rows = asyncio.run(_cost(context, days, tenant))
    total = sum(row["cost_usd_micros"] for row in rows)
    context.show({"days": days, "cost_usd_micros": total, "rows": rows}, _cost_lines(rows, total))


async def _cost(context: CliContext, days: int, tenant: str | None) -> list[dict[str, Any]]:
    last = datetime.now(UTC).date()
    first = last - timedelta(days=days - 1)
    async with context.runtime() as runtime:
        if tenant is None:
            return await list_spend_of_all(runtime.database, first, last)
        async with runtime.database.crossing("an operator names a tenant for costs") as crossing:
            tenant_id = await get_account_id(crossing, tenant)
        return await list_spend(runtime.database, tenant_id, first, last)


def _cost_lines(rows: list[dict[str, Any]], total: int) -> list[str]:
    if not rows:
        return ["No model was asked in these days."]
    lines = [
        f"{row['task']}  {row['provider']}:{row['model']} ({row['mode']})  {row['calls']:,} calls, "
        f"{row['input_tokens']:,} tokens in, {row['output_tokens']:,} out, "
        f"${row['cost_usd_micros'] / _MICROS:,.6f}  {row['price_version']}"
        for row in rows
    ]
    return [*lines, f"Together ${total / _MICROS:,.6f}"]


@app.command(epilog='Example:  ./myriad ai ask "What is a churn rate?" --class small')
def ask(
    ctx: typer.Context,
    question: str = typer.Argument(..., help="What to ask."),
    model_class: str | None = typer.Option(None, "--class", help="small, medium or large."),
    tenant: str | None = typer.Option(None, "--tenant", metavar="SLUG|ID", help="Who pays."),
) -> None:
    """Ask one question through the gateway, as products do; the oldest account pays by default."""
    context: CliContext = ctx.obj
    answer = asyncio.run(_ask(context, question, model_class, tenant))
    context.show(asdict(answer), answer_lines(answer))


def answer_lines(answer: AIAnswer) -> list[str]:
    """Return an answer, whether it is whole, who gave it, and why nobody better did."""
    lines = [answer.text]
    if answer.is_cut:
        lines += ["", "(the answer ended at the limit of tokens)"]
    if answer.provider == OFFLINE and not answer.degraded:
        lines.append(_HOW_TO_ASK)
    source = f"{answer.provider}:{answer.model}" + (", from the cache" if answer.is_cached else "")
    lines += ["", f"({source}, ${answer.cost_usd_micros / _MICROS:.6f})"]
    return lines + [f"  {reason}" for reason in answer.reasons]


async def _ask(
    context: CliContext, question: str, model_class: str | None, tenant: str | None
) -> AIAnswer:
    async with context.runtime() as runtime:
        request = AIRequest(
            tenant_id=await _payer(runtime, tenant),
            task="platform.question.ask",
            messages=(Message("user", question),),
            model_class=model_class,
        )
        return await Gateway.of(runtime).ask(request)


async def _payer(runtime: Runtime, tenant: str | None) -> TenantId:
    if tenant is not None:
        async with runtime.database.crossing(
            "a question from the command line is paid"
        ) as crossing:
            return await get_account_id(crossing, tenant)
    rows = await runtime.database.crossing_rows(
        "a question from the command line is paid",
        "SELECT id FROM platform.tenant ORDER BY created_at, id LIMIT 1",
    )
    if not rows:
        raise NotFoundError("there is no account yet to ask for; run ./myriad up first")
    return TenantId(rows[0]["id"])


@app.command(epilog="Example:  ./myriad ai simulator --port 8378")
def simulator(
    port: int = typer.Option(DEFAULT_PORT, "--port", help="Where it listens."),
    base_seconds: float = typer.Option(0.0, "--base-seconds", help="How long an answer takes."),
) -> None:
    """Serve simulated OpenAI and Anthropic until told to stop."""
    run_simulator(port=port, base_seconds=base_seconds)
