"""What can go wrong with a job, and what a handler raises to say how to go on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from myriad.kit.errors import ConflictError, InvalidInputError, MyriadError, NotFoundError


class RetryLaterError(MyriadError):
    """A handler asks to be run again after `after_seconds`; this costs no attempt.

    For a provider's Retry-After or an open breaker: nothing is wrong with the job itself.
    """

    code = "retry_later"
    status = 503
    title = "Try again later"

    def __init__(
        self, after_seconds: float, detail: str = "asked to wait", **facts: object
    ) -> None:
        super().__init__(detail, **facts)
        self.after_seconds = after_seconds


class BudgetExhaustedError(MyriadError):
    """A budget of money, tokens or calls is used up until `until`, an aware time; costs no attempt.

    The job waits for the budget's next period instead of knocking again and again.
    """

    code = "budget_exhausted"
    status = 503
    title = "Budget used up"

    def __init__(
        self, until: datetime, detail: str = "the budget is used up", **facts: object
    ) -> None:
        if until.tzinfo is None:
            raise InvalidInputError("until needs a time zone")
        super().__init__(detail, **facts)
        self.until = until


class DeadlinePassedError(MyriadError):
    """The time by which the job had to be started or done has passed."""

    code = "deadline_passed"
    status = 504
    title = "Deadline passed"


class PermanentJobError(MyriadError):
    """A handler says that no retry can help; the job becomes a dead letter at once."""

    code = "permanent_job_error"
    title = "Job cannot succeed"


class ResultNotJsonError(PermanentJobError):
    """A handler or a step returned what JSON cannot hold."""

    code = "result_not_json"
    title = "Result is not JSON"


class UnknownTaskError(MyriadError):
    """No handler of that name is registered in this process."""

    code = "unknown_task"
    title = "Unknown task"


class DuplicateTaskError(MyriadError):
    """Two handlers were registered under one name."""

    code = "duplicate_task"
    title = "Duplicate task"


class JobTimeoutError(MyriadError):
    """A handler ran longer than its task allows."""

    code = "job_timeout"
    status = 504
    title = "Job took too long"


class LeaseLostError(MyriadError):
    """Another worker may own the job by now, so nothing of this attempt was written."""

    code = "lease_lost"
    status = 409
    title = "Lease lost"

    def __init__(self, job_id: UUID, fence: int) -> None:
        super().__init__(f"job {job_id} is no longer held under fence {fence}", fence=fence)
        self.job_id = job_id
        self.fence = fence


class JobNotFoundError(NotFoundError):
    """This tenant has no such job, or it is not in the state that the call needs."""

    code = "job_not_found"


class JobIsLiveError(ConflictError):
    """Another live job holds the deduplication key of the dead letter."""

    code = "job_is_live"
