"""Reading what is new of a linked bank.

The whole `has_more` loop is read first, without a transaction, and told in one: accounts, purchases,
what was taken back and the cursor stand together or not at all. A worker that dies before it leaves
nothing; two that read the same part are one, since the cursor has moved when the second comes to
write. A change between two pages (Plaid says so) begins the loop again with its first cursor.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from myriad.products.kamioi.intake.files import IMPORT_LINES
from myriad.products.kamioi.intake.lines import BadLine, Line
from myriad.products.kamioi.intake.recording import (
    Recorded,
    enqueue_accrual,
    ensure_months,
    get_account,
    record_lines,
    remove_told,
    today_utc,
)
from myriad.products.kamioi.plaid.client import Json, PlaidClient, open_client
from myriad.products.kamioi.plaid.errors import (
    LoginRequiredError,
    MutationError,
    PlaidAnswerError,
    PlaidUnavailableError,
)
from myriad.products.kamioi.plaid.items import PlaidItem, get_item, mark, unseal
from myriad.products.kamioi.plaid.mapping import read_account, read_transactions
from myriad.products.kamioi.repository import sql
from myriad.products.kamioi.settings import KamioiSettings
from myriad.scale.data import Session
from myriad.scale.data.bulk.quarantine import Refused, quarantine
from myriad.scale.limits import Patience
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import current_tenant

_NO_ACCOUNT = "its account is unknown, or none that purchases are paid from"
_MOST_PAGES = 400
_MOST_RESTARTS = 8


class Work(Protocol):
    """What a reading needs of a job."""

    @property
    def runtime(self) -> Runtime:
        """The process's resources."""
        ...

    @property
    def session(self) -> Session:
        """The transaction that ends with the job."""
        ...

    def checkpoint(self) -> Awaitable[None]:
        """Commit what is done."""
        ...


@dataclass
class Changes:
    """What a loop told, to be written together."""

    cursor: str
    accounts: dict[str, Json] = field(default_factory=dict)
    transactions: dict[str, Json] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    is_ready: bool = True

    def take(self, page: Json) -> None:
        """Add a page; of a transaction that is told twice the last counts."""
        self.take_accounts(page)
        for told in (*page.get("added", ()), *page.get("modified", ())):
            self.transactions[str(told.get("transaction_id"))] = told
        self.removed += [str(told.get("transaction_id")) for told in page.get("removed", ())]
        self.is_ready = bool(page.get("next_cursor"))
        self.cursor = str(page.get("next_cursor") or self.cursor)

    @property
    def standing(self) -> list[Json]:
        """The transactions that stand at the end: what came and went meanwhile leaves no trace."""
        gone = set(self.removed)
        return [told for key, told in self.transactions.items() if key not in gone]

    def take_accounts(self, page: Json) -> None:
        """Add the accounts that an answer names."""
        for account in page.get("accounts", ()):
            self.accounts[str(account.get("account_id"))] = account


async def sync_item(work: Work, item_id: UUID, *, patience: Patience | None = None) -> Recorded:
    """Read an item and write what it tells; what cannot be read is noted on the item.

    Raises PlaidUnavailableError and PlaidRateLimitedError, after which trying again helps.
    """
    item = await get_item(work.session, item_id)
    if item.status in ("removed", "needs_login") or item.access_token_sealed is None:
        return Recorded()
    token = unseal(work.runtime.vault, item)
    await work.checkpoint()
    settings = work.runtime.settings_of(KamioiSettings)
    try:
        async with open_client(
            settings, work.runtime.cache, item=item.external_id, patience=patience
        ) as client:
            changes = await read_changes(client, token, item.cursor)
    except LoginRequiredError as error:
        await mark(work.session, item, "needs_login", str(error.facts["plaid_code"]), today_utc())
        return Recorded()
    except PlaidAnswerError as error:
        code = str(error.facts.get("plaid_code", error.code))
        await mark(work.session, item, "failing", code, today_utc())
        return Recorded()
    return await _write(work, item, changes)


async def read_changes(client: PlaidClient, token: str, cursor: str) -> Changes:
    """Return everything since `cursor`, or raise the errors of `plaid.errors`."""
    for _ in range(_MOST_RESTARTS):
        try:
            return await _read_loop(client, token, cursor)
        except MutationError:
            continue
    raise PlaidUnavailableError("the bank's transactions change faster than they can be read")


async def _read_loop(client: PlaidClient, token: str, cursor: str) -> Changes:
    changes = Changes(cursor)
    for _ in range(_MOST_PAGES):
        page = await client.changes(token, changes.cursor)
        changes.take(page)
        if not page.get("has_more") or not changes.is_ready:
            if not changes.accounts:
                changes.take_accounts(await client.accounts(token))
            return changes
    raise PlaidAnswerError("Plaid's pages do not end", plaid_code="ENDLESS_PAGES")


async def _write(work: Work, item: PlaidItem, changes: Changes) -> Recorded:
    if len(changes.cursor) > 256:
        await mark(work.session, item, "failing", "CURSOR_TOO_LONG", today_utc())
        return Recorded()
    by_account: dict[str, list[Line]] = defaultdict(list)
    bad: list[BadLine] = []
    for one in read_transactions(changes.standing, today_utc()):
        if isinstance(one, BadLine):
            bad.append(one)
        else:
            by_account[one[0]].append(one[1])
    days = [line.day for lines in by_account.values() for line in lines]
    await ensure_months(work.runtime.database, current_tenant(), days)
    session = work.session
    held = await sql.find(session, "lock_plaid_item", item_id=item.id)
    if held is None or held["cursor"] != item.cursor or held["status"] == "removed":
        # Somebody else has told this part meanwhile, or the member has let the bank go.
        return Recorded()
    accounts = await _put_accounts(session, item, changes)
    recorded = Recorded()
    for external_id, lines in by_account.items():
        if external_id in accounts:
            account = await get_account(session, accounts[external_id])
            recorded += await record_lines(session, account, lines, place=f"item {item.id}")
        else:
            bad += [BadLine(line.number, _NO_ACCOUNT, line.external_id) for line in lines]
    removed = await remove_told(session, list(accounts.values()), changes.removed, today_utc())
    await enqueue_accrual(session, removed, item.member_id)
    refused = [Refused(one.number, one.reason, (one.text,)) for one in bad]
    await quarantine(session, IMPORT_LINES, f"item {item.id}", refused)
    await sql.execute(session, "move_plaid_cursor", item_id=item.id, cursor=changes.cursor)
    return recorded + removed + Recorded(refused=len(bad))


async def _put_accounts(session: Session, item: PlaidItem, changes: Changes) -> dict[str, UUID]:
    """Write the accounts that are told of; return all of the item's by their ids at Plaid.

    A page names those alone that something was added to, also where it takes back from another.
    """
    for told in changes.accounts.values():
        facts = read_account(told)
        if facts is not None:
            await sql.execute(
                session, "put_plaid_account", item_id=item.id, member_id=item.member_id, **facts
            )
    rows = await sql.fetch(session, "plaid_accounts", item_id=item.id)
    return {row["external_id"]: row["id"] for row in rows}
