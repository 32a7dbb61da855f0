"""Linking a bank on pages that Plaid hosts, so that no script of another's runs on ours.

A visit is begun with a row, leads to Plaid and back, and is finished by asking Plaid what became of
it: what the browser says counts for nothing. The browser that comes back finishes it, or the webhook
of Plaid's that tells its end (SESSION_FINISHED); twice is once. (Plaid, "Hosted Link")
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from myriad.kit.errors import ConflictError, InvalidInputError, NotFoundError
from myriad.kit.ids import new_id
from myriad.products.kamioi.intake.recording import today_utc
from myriad.products.kamioi.plaid import items, visits
from myriad.products.kamioi.plaid.client import PlaidClient, open_client
from myriad.products.kamioi.plaid.errors import PlaidAnswerError, PlaidUnavailableError
from myriad.products.kamioi.repository import sql
from myriad.products.kamioi.settings import KamioiSettings, is_simulated
from myriad.scale.data import Session
from myriad.scale.limits import Patience
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

if TYPE_CHECKING:
    # Workers let banks go of who has left, and go without the web framework.
    from myriad.products.kamioi.people import MemberFacts

# Somebody waits: rather say soon that Plaid does not answer than try for minutes.
PATIENCE = Patience(attempts=2, first_wait_seconds=0.3, longest_wait_seconds=2.0)
_LOOKS, _LOOK_SECONDS = 4, 0.5
_FUNDING = ("checking", "savings")


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit to Plaid's pages; `url` is where they are, `item_id` the bank signed in to again."""

    id: UUID
    url: str
    state: str
    item_id: UUID | None


Outcome = Literal["linked", "left", "open"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who was at Plaid's pages."""

    tenant_id: TenantId
    member_id: UUID


def page_of(link_id: UUID) -> str:
    """Return the path of a visit's page."""
    return f"/kamioi/accounts/links/{link_id}"


async def begin_visit(runtime: Runtime, member: MemberFacts, item_id: UUID | None = None) -> UUID:
    """Begin a visit, to link a bank or to sign in to one again; return its id.

    Raises NotFoundError for a bank that is not the member's, ConflictError for a member who has left.
    """
    if member.state == "closed":
        raise ConflictError("your part in this programme is closed; no bank can be linked to it")
    link_id, token = new_id(), ""
    if item_id is not None:
        token = await _token_of(runtime, member.tenant_id, member.id, item_id)
    settings = runtime.settings_of(KamioiSettings)
    back_to = f"{settings.public_url.rstrip('/')}{page_of(link_id)}/done"
    async with open_client(settings, runtime.cache, patience=PATIENCE) as client:
        told = await client.create_link_token(
            str(member.id),
            back_to=back_to,
            access_token=token,
            webhook=visits.webhook_of(settings.plaid_webhook_url, member.tenant_id, link_id),
        )
    secret = visits.VisitSecret(str(told["link_token"]), _checked(str(told["hosted_link_url"])))
    sealed = visits.seal(runtime.vault, link_id, secret)
    async with runtime.database.session(member.tenant_id) as session:
        facts = {"id": link_id, "member_id": member.id, "item_id": item_id, "sealed": sealed}
        await sql.execute(session, "begin_bank_link", **facts)
    return link_id


def _checked(url: str) -> str:
    """Return the address of Plaid's pages, or raise PlaidAnswerError for what is none."""
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or is_simulated(url)
    if not is_safe or parts.scheme not in ("http", "https"):
        raise PlaidAnswerError("Plaid gave no address of its pages", plaid_code="HOSTED_LINK_URL")
    return url


async def get_visit(runtime: Runtime, member: MemberFacts, link_id: UUID) -> Visit:
    """Return a visit of the member's, or raise NotFoundError."""
    row, secret = await _read(runtime, Visitor(member.tenant_id, member.id), link_id)
    return Visit(link_id, secret.url, row["state"], row["item_id"])


async def finish_visit(runtime: Runtime, member: MemberFacts, link_id: UUID) -> Outcome:
    """Ask Plaid what became of a visit and keep it; `open` while the member is still there."""
    return await _finish(runtime, Visitor(member.tenant_id, member.id), link_id)


async def finish_told_visit(runtime: Runtime, tenant_id: TenantId, link_id: UUID) -> Outcome:
    """Finish a visit of which Plaid told that it ended, whether or not the browser comes back.

    Nothing is linked for a member who has left meanwhile. Raises NotFoundError for an unknown one,
    PlaidUnavailableError while Plaid shows it as open.
    """
    async with runtime.database.read_session(tenant_id) as session:
        row = await sql.find(session, "find_visitor", id=link_id)
    if row is None:
        raise NotFoundError("there is no such visit to Plaid")
    if row["member_state"] == "closed":
        return "left"
    outcome = await _finish(runtime, Visitor(tenant_id, row["member_id"]), link_id)
    if outcome == "open":
        raise PlaidUnavailableError("Plaid told that a visit ended and does not show it yet")
    return outcome


async def _finish(runtime: Runtime, who: Visitor, link_id: UUID) -> Outcome:
    row, secret = await _read(runtime, who, link_id)
    if row["state"] != "open":
        return _outcome(row)
    settings = runtime.settings_of(KamioiSettings)
    async with open_client(settings, runtime.cache, patience=PATIENCE) as client:
        ended = [one for one in await client.link_sessions(secret.token) if one.get("finished_at")]
        results = [result for one in ended for result in _results(one)]
        if not ended:
            return "open"
        gained, refused = await _gain(client, [] if row["item_id"] else results)
    if refused is not None and not gained:
        return await _finished_by_another(runtime, who, link_id, refused)
    async with runtime.database.session(who.tenant_id) as session:
        for bank in gained:
            await items.keep_item(session, runtime.vault, who.member_id, bank)
        if results and row["item_id"] is not None:
            await _mend(session, row["item_id"])
        state: Outcome = "linked" if results else "left"
        await sql.execute(session, "end_bank_link", id=link_id, state=state)
    return state


async def _gain(
    client: PlaidClient, results: list[dict[str, Any]]
) -> tuple[list[items.Gained], InvalidInputError | None]:
    """Return the banks that a visit's tokens open, and what Plaid said of one that opens none."""
    gained: list[items.Gained] = []
    refused: InvalidInputError | None = None
    for result in results:
        name = (result.get("institution") or {}).get("name") or ""
        try:
            token = str(result.get("public_token", ""))
            gained.append(await items.exchange(client, token, str(name)))
        except InvalidInputError as error:
            refused = error
    return gained, refused


async def _finished_by_another(
    runtime: Runtime, who: Visitor, link_id: UUID, error: InvalidInputError
) -> Outcome:
    """Return what somebody found who used the visit's tokens a moment before us.

    The browser and Plaid's webhook finish a visit, each of them once. Raises `error` when nobody did.
    """
    for _ in range(_LOOKS):
        await asyncio.sleep(_LOOK_SECONDS)
        row, _secret = await _read(runtime, who, link_id)
        if row["state"] != "open":
            return _outcome(row)
    raise error


def _outcome(row: dict[str, Any]) -> Outcome:
    return "linked" if row["state"] == "linked" else "left"


def _results(told: dict[str, Any]) -> list[dict[str, Any]]:
    return list((told.get("results") or {}).get("item_add_results") or ())


async def _mend(session: Session, item_id: UUID) -> None:
    item = await items.get_item(session, item_id)
    await items.mark(session, item, "linked", "", today_utc())
    await items.enqueue_sync(session, item_id)


async def unlink(runtime: Runtime, member: MemberFacts, item_id: UUID) -> None:
    """Let a bank go: Plaid's access ends, the token is forgotten, what was bought stays.

    Raises NotFoundError for a bank that is not the member's.
    """
    await let_go(runtime, member.tenant_id, member.id, item_id)


async def let_go(runtime: Runtime, tenant_id: TenantId, member_id: UUID, item_id: UUID) -> None:
    """Do the same for a member who need not be there, such as one who has left."""
    token = await _token_of(runtime, tenant_id, member_id, item_id)
    settings = runtime.settings_of(KamioiSettings)
    async with open_client(settings, runtime.cache, patience=PATIENCE) as client:
        # A refusal says that Plaid knows the item no more, which is what is wanted.
        with suppress(PlaidAnswerError):
            await client.remove_item(token)
    async with runtime.database.session(tenant_id) as session:
        await forget(session, member_id, item_id)


async def forget(session: Session, member_id: UUID, item_id: UUID) -> None:
    """Forget a bank's token and pull from it no more; safe to repeat."""
    facts = {"item_id": item_id, "member_id": member_id}
    # The item first, as a reading of it takes them: neither waits for the other in a circle.
    await sql.execute(session, "forget_item", **facts)
    await sql.execute(session, "drop_funding_of_item", **facts)


async def choose_funding(session: Session, member: MemberFacts, account_id: UUID) -> None:
    """Let pulls come from this account from now on; raises NotFoundError, InvalidInputError."""
    found = await sql.find(session, "find_own_account", account_id=account_id, member_id=member.id)
    if found is None:
        raise NotFoundError("there is no such linked account")
    if found["kind"] not in _FUNDING:
        raise InvalidInputError("nothing can be pulled from a card; choose a bank account")
    facts = {"account_id": account_id, "member_id": member.id}
    await sql.execute(session, "choose_funding", **facts)


async def _token_of(runtime: Runtime, tenant_id: TenantId, member_id: UUID, item_id: UUID) -> str:
    async with runtime.database.read_session(tenant_id) as session:
        facts = {"item_id": item_id, "member_id": member_id}
        if await sql.find(session, "find_own_item", **facts) is None:
            raise NotFoundError("there is no such linked bank")
        return items.unseal(runtime.vault, await items.get_item(session, item_id))


async def _read(
    runtime: Runtime, who: Visitor, link_id: UUID
) -> tuple[dict[str, Any], visits.VisitSecret]:
    async with runtime.database.read_session(who.tenant_id) as session:
        asked = {"id": link_id, "member_id": who.member_id}
        row = await sql.find(session, "find_bank_link", **asked)
    if row is None:
        raise NotFoundError("this visit to Plaid is not yours, or is long over; link again")
    return row, visits.unseal(runtime.vault, link_id, row["link_token_sealed"])
