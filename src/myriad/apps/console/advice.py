"""What to do about a job that failed, by the code of its error."""

from __future__ import annotations

from collections.abc import Mapping

_ADVICE: Mapping[str, str] = {
    "poison": "Its worker died under it three times. Look for memory or a crash in native code "
    "before you run it again.",
    "deadline_passed": "It could not start before its deadline. Run it again if it is still "
    "wanted; the deadline is taken away.",
    "job_timeout": "It ran longer than its task allows. Split the work, or give the task more time.",
    "unknown_task": "No running worker knows this task. Start a worker of the version that does.",
    "permanent_job_error": "The handler says that no retry can help. Correct what it names, then "
    "run it again.",
    "invalid_input": "What the job was told cannot be used. Correct the cause and ask again; "
    "another run with the same input ends the same.",
    "not_found": "What the job works on is gone. Nothing needs to be done unless it should exist.",
    "forbidden": "The provider or the account does not allow it. Renew the permission, then run "
    "it again.",
    "unauthorized": "The provider no longer accepts the credentials. Connect again, then run it "
    "again.",
    "too_many_requests": "The provider asked to wait. It goes on by itself.",
    "retry_later": "The provider asked to wait. It goes on by itself.",
    "budget_exhausted": "A budget is used up. It goes on by itself when the next period begins.",
    "unavailable": "A part that it needs did not answer. Run it again when that part is back.",
    "lease_lost": "Its worker fell silent and another one took over. It goes on by itself.",
}
_OTHERWISE = (
    "This is a fault of the program. The place below leads to it; run the job again when it is "
    "corrected."
)


def advice(code: str) -> str:
    """Return in a sentence or two what to do about an error of that code."""
    return _ADVICE.get(code, _OTHERWISE)
