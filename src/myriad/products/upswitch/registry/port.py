"""The port to registers beside the KBO: a company's number in, what they say of it out."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from myriad.kit.clock import utc_now
from myriad.products.upswitch.languages import ENGLISH
from myriad.products.upswitch.registry.gleif import GleifClient, GleifUnavailableError, LeiRecord
from myriad.products.upswitch.registry.opencorporates import OpenCorporatesClient
from myriad.products.upswitch.registry.sql import QUERIES
from myriad.products.upswitch.registry.vies import ViesClient
from myriad.products.upswitch.views.registers import AnswerState, RegisterAnswer
from myriad.scale.data import Database
from myriad.scale.data.database import NOBODY


class Register(Protocol):
    """One register. `name` is stable and short; `title` is for people."""

    name: str
    title: str

    async def ask(self, number: int) -> RegisterAnswer:
        """Return what it says now; raises UnavailableError when it does not answer."""
        ...

    async def recall(self, number: int) -> RegisterAnswer | None:
        """Return what it said last, for when it does not answer, or None."""
        ...


class VatRegister:
    """VIES, and since when it has called a number valid: it does not say so itself.

    Each answer is kept, so that “valid since” is the first of the answers that agree.
    """

    name, title = "vies", "VAT, by VIES"

    def __init__(self, client: ViesClient, database: Database) -> None:
        self._client = client
        self._database = database

    async def ask(self, number: int) -> RegisterAnswer:
        """Return whether the VAT number is valid, and keep the answer."""
        check = await self._client.check(number)
        row = {
            "number": number,
            "is_valid": check.is_valid,
            "asked_at": check.asked_at or utc_now(),
            "name": check.name,
            "address": check.address,
        }
        async with self._database.crossing("what VIES says of a number is kept") as session:
            connection = await session.connection()
            await connection.exec_driver_sql(QUERIES["note_vat_answer"], row)
        kept = await self.recall(number)
        assert kept is not None
        return kept

    async def recall(self, number: int) -> RegisterAnswer | None:
        """Return the last answer that was kept."""
        asked = {"number": number}
        rows = await self._database.reader.rows(NOBODY, QUERIES["find_vat_answer"], asked)
        if not rows:
            return None
        row = rows[0]
        verdict = "Valid" if row["is_valid"] else "Not valid"
        facts = [("VAT number", f"{verdict}, {_since(row['since'], row['asked_at'])}")]
        facts += [("Name", row["name"])] if row["name"] else []
        facts += [("Address", ", ".join(row["address"].split("\n")))] if row["address"] else []
        return RegisterAnswer(
            register=self.name,
            title=self.title,
            state="known",
            facts=tuple(facts),
            asked_at=row["asked_at"],
        )


def _since(since: datetime, asked_at: datetime) -> str:
    if since.date() == asked_at.date():
        return f"as asked on {ENGLISH.day(asked_at)}"
    return f"at every question since {ENGLISH.day(since)}"


class LeiRegister:
    """GLEIF: the identifier of a legal entity, and whom it belongs to."""

    name, title = "gleif", "Legal entity identifier, by GLEIF"

    def __init__(self, client: GleifClient) -> None:
        self._client = client

    async def ask(self, number: int) -> RegisterAnswer:
        """Return the identifier and the parent that is reported."""
        records = await self._client.list_records(number)
        if not records:
            return self._answer("none", (), "No identifier: most small companies have none.")
        record = records[0]
        facts = [("LEI", f"{record.lei}, {record.status.lower()}"), ("Name", record.name)]
        note = ""
        try:
            parent = await self._client.find_parent(record.lei)
            facts += [("Parent", _parent(parent))]
        except GleifUnavailableError:
            note = "The parent could not be asked for now."
        return self._answer("known", tuple(facts), note)

    async def recall(self, number: int) -> RegisterAnswer | None:
        """Return nothing: an identifier is only kept as long as the cache keeps it."""
        return None

    def _answer(
        self, state: AnswerState, facts: tuple[tuple[str, str], ...], note: str
    ) -> RegisterAnswer:
        return RegisterAnswer(
            register=self.name,
            title=self.title,
            state=state,
            facts=facts,
            note=note,
            asked_at=utc_now(),
        )


def _parent(parent: LeiRecord | None) -> str:
    if parent is None:
        return "none is reported"
    country = f", {parent.country}" if parent.country else ""
    return f"{parent.name}{country} ({parent.lei})"


class OpenRegister:
    """OpenCorporates, for installations with a key."""

    name, title = "opencorporates", "OpenCorporates"

    def __init__(self, client: OpenCorporatesClient | None) -> None:
        self._client = client

    async def ask(self, number: int) -> RegisterAnswer:
        """Return what it has, or that nobody asks it here."""
        if self._client is None:
            note = "Not asked here: it needs a paid key (MYRIAD_UPSWITCH__OPENCORPORATES_KEY)."
            return RegisterAnswer(register=self.name, title=self.title, state="off", note=note)
        found = await self._client.find(number)
        facts = () if found is None else _open_facts(found.name, found.status, found.address)
        return RegisterAnswer(
            register=self.name,
            title=self.title,
            state="known" if found else "none",
            facts=facts,
            note="From OpenCorporates, under the ODbL."
            if found
            else "It does not have the number.",
            asked_at=utc_now(),
        )

    async def recall(self, number: int) -> RegisterAnswer | None:
        """Return nothing: its licence is for looking, not for keeping."""
        return None


def _open_facts(name: str, status: str | None, address: str | None) -> tuple[tuple[str, str], ...]:
    shown = (("Name", name), ("Status", status), ("Page", address))
    return tuple((label, text) for label, text in shown if text)
