"""What can go wrong with months that leave the database."""

from __future__ import annotations

from myriad.kit.errors import InvalidInputError, MyriadError, NotFoundError, UnavailableError


class ArchiveDiffersError(MyriadError):
    """What was read back from the archive is not what stands in the database."""

    code = "archive_differs"
    title = "Archive differs"


class NotArchivedError(NotFoundError):
    """A month that is not in the archive was asked for."""

    code = "not_archived"
    title = "Not in the archive"


class MonthBusyError(UnavailableError):
    """Somebody holds the table whose month was to come or go."""

    code = "month_busy"
    title = "Table is busy"


class MonthNotSettledError(InvalidInputError):
    """Rows that lie in no month cannot be moved into the one that was named."""

    code = "month_not_settled"
    title = "Month not settled"
