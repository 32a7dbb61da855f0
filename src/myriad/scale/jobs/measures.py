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
LEADING = Gauge("myriad_jobs_dispatcher_leading", "1 where the dispatcher of this process leads")
ROUND_SECONDS = Histogram(
    "myriad_jobs_dispatch_round_seconds",
    "Duration of one round of the dispatcher",
    buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 2, 10),
)
PRESSURE = Gauge("myriad_jobs_pressure", "Jobs ready or under way per slot", ["job_class"])
READY_PLUS_RUNNING = Gauge(
    "myriad_jobs_ready_plus_running", "Jobs ready or under way", ["job_class"]
)
SLOTS = Gauge("myriad_jobs_slots", "Slots of live workers that serve the class", ["job_class"])
WORKERS = Gauge("myriad_jobs_workers", "Live workers, serving or draining", ["standing"])
WORKER_CPU = Gauge(
    "myriad_jobs_worker_cpu_ratio", "Mean part of a CPU that workers use, as they announce it"
)
