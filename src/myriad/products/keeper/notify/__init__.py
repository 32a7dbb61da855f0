"""Notices: what people are told at once, on open pages and by e-mail.

    await raise_notice(session, Notice("review", "review:42:1", "urgent", "A one-star review", ...))

The notice, and the job that tells of it, exist if and only if the caller's transaction commits.
"""

from myriad.products.keeper.notify.raising import (
    DELIVER_TASK,
    Audience,
    Level,
    Notice,
    clear_notices,
    raise_notice,
)

__all__ = ["DELIVER_TASK", "Audience", "Level", "Notice", "clear_notices", "raise_notice"]
