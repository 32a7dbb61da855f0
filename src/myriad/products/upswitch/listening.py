"""Words under way as server-sent events; an event's id is how much of them was heard with it.

A browser that lost its connection comes back with Last-Event-ID and hears the rest, from whichever
process it reaches. (HTML Living Standard, section 9.2)
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from myriad.products.upswitch.conversation.answering import follow_words
from myriad.products.upswitch.repository.sessions import get_locale
from myriad.scale.http import CurrentRuntime, ServerSentEvent, Staff
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

_RETRY_MILLISECONDS = 500


async def known_session(session_id: UUID, runtime: CurrentRuntime, caller: Staff) -> UUID:
    """Return a session of the caller's account before anything is sent.

    Raises SessionNotFoundError for one that is not.
    """
    async with runtime.database.read_session(caller.tenant_id) as session:
        await get_locale(session, session_id)
    return session_id


async def events_of(
    runtime: Runtime, tenant_id: TenantId, session_id: UUID, seq: int, last_event_id: str | None
) -> AsyncIterator[ServerSentEvent]:
    """Yield `text` with what is new, then `end` once the answer is kept."""
    heard = int(last_event_id) if last_event_id and last_event_id.isdecimal() else 0
    async for place, text in follow_words(runtime, tenant_id, session_id, seq, heard):
        yield ServerSentEvent(
            event="text", data={"text": text}, id=str(place), retry=_RETRY_MILLISECONDS
        )
    yield ServerSentEvent(event="end", data={})
