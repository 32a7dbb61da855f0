"""Prometheus metrics, named `myriad_<capability>_<what>_<unit>`; never a tenant or user label.

Processes that answer behind one socket cannot be scraped one by one. Started with SHARED_FOLDER in
their environment they write what they count into that folder, and each of them shows the sum.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import prometheus_client
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

__all__ = [
    "CONTENT_TYPE",
    "SHARED_FOLDER",
    "Counter",
    "Gauge",
    "Histogram",
    "forget_process",
    "render_metrics",
]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# The variable that prometheus_client reads once, while it is imported.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Gauge(prometheus_client.Gauge):
    """A gauge that over processes which share a folder is the sum of those that live."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        options.setdefault("multiprocess_mode", "livesum")
        super().__init__(*arguments, **options)


def render_metrics() -> bytes:
    """Return every metric in Prometheus' text format: of this process, or of all that share."""
    if SHARED_FOLDER not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def forget_process(folder: Path, pid: int) -> None:
    """Take the gauges of a process that has ended out of the sums; what it counted stays."""
    mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
