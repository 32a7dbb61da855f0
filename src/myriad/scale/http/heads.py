"""HEAD: what GET answers, without the body, for every route that has GET.

Monitors and link checkers ask so. The answer ends as soon as its headers are known, and a stream
of events learns that its reader has gone.
"""

from __future__ import annotations

from starlette.types import Message, Scope, Send


def as_get(scope: Scope, send: Send) -> tuple[Scope, Send]:
    """Return the scope of a GET for the same, and a sender that leaves out the body."""
    is_ended = False

    async def without_body(message: Message) -> None:
        nonlocal is_ended
        if is_ended:
            return
        if message["type"] == "http.response.start":
            is_ended = True
            await send(message)
            await send({"type": "http.response.body", "body": b""})

    return {**scope, "method": "GET"}, without_body
