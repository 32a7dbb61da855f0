"""Metrics of the queue; tasks are labels, tenants never."""

from __future__ import annotations

from myriad.scale.observe.metrics import Counter, Gauge, Histogram

ATTEMPTS = Counter("myriad_jobs_attempts", "Attempts by task and outcome", ["task", "outcome"])
ATTEMPT_SECONDS = Histogram(
    "myriad_jobs_attempt_seconds",
    "Duration of attempts by task",
    ["task"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600),
)
DISPATCHED = Counter("myriad_jobs_dispatched", "Jobs handed to workers")
REAPED = Counter(
    "myriad_jobs_reaped", "Jobs taken back from silent workers or lost messages", ["why"]
)
LIVE = Gauge("myriad_jobs_live", "Jobs by class and state", ["job_class", "state"])
OLDEST_SECONDS = Gauge(
    "myriad_jobs_oldest_seconds",
    "Age of the oldest due job by class and state",
    ["job_class", "state"],
)
