"""One e-mail about the values that moved, to each member who has not said no."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from myriad.products.upswitch.settings import UpswitchSettings
from myriad.products.upswitch.valuations.moves import list_who_want_none, row_of
from myriad.products.upswitch.valuations.sql import execute, fetch
from myriad.products.upswitch.views.moves import MoveRow
from myriad.scale.directory import Member, list_members
from myriad.scale.jobs import Job
from myriad.scale.jobs.errors import PermanentJobError
from myriad.scale.mail.letters import Letters
from myriad.scale.mail.sending import Mail, send
from myriad.scale.mail.settings import SmtpSettings
from myriad.scale.observe.logs import get_logger
from myriad.scale.ui.filters import FILTERS

_log = get_logger(__name__)
_LETTERS = Letters(Path(__file__).parents[1] / "templates" / "upswitch" / "mail", FILTERS)


async def mail_moves(job: Job) -> int:
    """Send each member one message about what nobody was told of or has seen; return how many.

    Without a mail server nothing is sent. A member's message is a step of the job: who is killed
    between two members does not write to the first one again.
    """
    settings = job.runtime.settings_of(UpswitchSettings)
    rows = await fetch(job.session, "list_unmailed_moves")
    if not settings.smtp.can_send or not rows:
        return 0
    moves = [row_of(row) for row in rows]
    refused = await list_who_want_none(job.session)
    members = [
        member
        for member in await list_members(job.session, job.tenant_id)
        if member.user_id not in refused
    ]
    for member in members:
        message = letter(moves, member, settings.public_url, str(job.id))
        await job.step(f"mail:{member.user_id}", partial(_hand_over, settings.smtp, message))
    await execute(job.session, "note_moves_mailed", ids=[each.id for each in moves])
    return len(members)


async def _hand_over(smtp: SmtpSettings, message: Mail) -> str:
    """Send, and return the Message-ID; a mailbox that never will take it keeps nobody else's."""
    try:
        return await send(smtp, message)
    except PermanentJobError as error:
        _log.warning("move_not_mailed", error=error.code)
        return ""


def letter(moves: Sequence[MoveRow], member: Member, public_url: str, key: str) -> Mail:
    """Return the message about these moves, the largest first."""
    subject = moves[0].title if len(moves) == 1 else f"{len(moves)} values moved"
    values = {"moves": moves, "name": member.name, "base": public_url.rstrip("/")}
    return _LETTERS.write(
        "moves",
        values,
        to=member.email,
        name=member.name,
        subject=subject,
        message_key=f"{key}:{member.user_id}",
    )
