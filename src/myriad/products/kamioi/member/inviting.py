"""Mailing an invitation: by a job that has the invitation's id, so that the one tells of the other.

The database keeps the hash of a link. Its token waits in the job sealed for this invitation, and is
the same at every attempt: a message that arrives twice leads to one place. (RFC 5322, 3.6.4)
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Literal
from uuid import UUID

from myriad.kit.clock import get_zone, utc_now
from myriad.products.kamioi.settings import KamioiSettings
from myriad.scale.data import ReadSession, Session
from myriad.scale.directory import (
    Invited,
    WaitingInvitation,
    find_waiting,
    get_tenant,
    link_of,
)
from myriad.scale.directory.models import Tenant
from myriad.scale.jobs import Job, enqueue, find_job
from myriad.scale.mail.letters import Letters
from myriad.scale.mail.sending import Mail, send
from myriad.scale.runtime import Runtime

INVITATION_TASK = "kamioi.invitation.mail"
_LETTERS = Letters(Path(__file__).parents[1] / "templates" / "kamioi" / "mail")
# What a mail server says of the address or the message, and not of itself.
_REFUSED = ("mail_refused", "mail_header")
# How the mail of an invitation stands; `none` for one that was handed over by hand.
MailState = Literal["none", "going", "late", "sent", "refused", "failed"]


def can_mail(runtime: Runtime) -> bool:
    """Tell whether a server is set that takes Kamioi's mail."""
    return runtime.settings_of(KamioiSettings).smtp.can_send


async def enqueue_mail(session: Session, runtime: Runtime, invited: Invited) -> None:
    """Queue the mail of an invitation made in this transaction."""
    sealed = runtime.vault.encrypt(invited.token.encode(), _place(invited.id))
    await enqueue(
        session,
        INVITATION_TASK,
        {"sealed": base64.b64encode(sealed).decode()},
        deadline_at=invited.expires_at,
        job_id=invited.id,
    )


def _place(invitation_id: UUID) -> str:
    return f"kamioi:invitation:{invitation_id}"


async def mail_invitation(job: Job, sealed: str) -> bool:
    """Mail the invitation of the job's id; return whether somebody still waits for it.

    Who has joined, or whose invitation was withdrawn, replaced or is over, gets none.
    """
    found = await find_waiting(job.session, invitation_id=job.id)
    if found is None or found.expires_at <= utc_now():
        return False
    programme = await get_tenant(job.session, job.tenant_id)
    token = job.runtime.vault.decrypt(base64.b64decode(sealed), _place(job.id)).decode()
    settings = job.runtime.settings_of(KamioiSettings)
    message = letter(found, programme, link_of(settings.public_url, token))
    # The server may take its time; no connection waits with it.
    await job.checkpoint()
    await send(settings.smtp, message)
    return True


def letter(invitation: WaitingInvitation, programme: Tenant, link: str) -> Mail:
    """Return the message that holds the link; times are the programme's."""
    until = invitation.expires_at.astimezone(get_zone(programme.timezone))
    values = {
        "name": invitation.name,
        "invited_by": invitation.invited_by,
        "programme": programme.name,
        "link": link,
        "until": f"{until:%A, %-d %B %Y, %H:%M %Z}",
    }
    return _LETTERS.write(
        "invitation",
        values,
        to=invitation.email,
        name=invitation.name,
        subject=f"{programme.name} invites you",
        message_key=f"kamioi:invitation:{invitation.id}",
    )


async def find_mail_state(session: ReadSession, invitation_id: UUID) -> MailState:
    """Return how the mail of an invitation stands."""
    job = await find_job(session, invitation_id)
    if job is None:
        return "none"
    if job.is_live:
        return "late" if job.error else "going"
    if job.state == "succeeded":
        return "sent"
    return "refused" if job.error and job.error.get("code") in _REFUSED else "failed"
