"""Every commit of a tenant is noted before its caller hears of it, whoever commits."""

from __future__ import annotations

from sqlalchemy import event
from sqlalchemy.orm import Session as SyncSession
from sqlalchemy.util import await_only

from myriad.scale.data.standby.notes import WriteNotes

# In the `info` of sessions that may write for a tenant.
WRITE_NOTES = "write_notes"


@event.listens_for(SyncSession, "after_commit")
def _note(session: SyncSession) -> None:
    """Note the commit first: what is invalidated in its wake must not be read anew from before."""
    notes: WriteNotes | None = session.info.get(WRITE_NOTES)
    if notes is not None and not session.in_nested_transaction():
        await_only(notes.note(session.info["tenant_id"]))
