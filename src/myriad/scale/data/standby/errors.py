"""What can go wrong with standbys; every message says what to do."""

from __future__ import annotations

from myriad.kit.errors import ConflictError, InvalidInputError, UnavailableError


class StandbyTargetError(InvalidInputError):
    """A standby cannot be made there, or under that name."""

    code = "standby_target"
    title = "No standby there"


class NotAStandbyError(ConflictError):
    """The server is not a standby, or the folder is not that of one."""

    code = "not_a_standby"
    title = "Not a standby"


class PrimaryAliveError(ConflictError):
    """The primary still answers: with two primaries what one of them takes is lost."""

    code = "primary_alive"
    title = "The primary still answers"


class PromotionError(UnavailableError):
    """A standby did not become primary."""

    code = "promotion_failed"
    title = "Not promoted"
