"""Settings of the processes that serve jobs: MYRIAD_WORKER__<NAME> and MYRIAD_TICKER__<NAME>."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class WorkerSettings(BaseModel):
    """How one worker process runs.

    `slots` jobs run at once, each with a database connection of its own while it uses one. After
    SIGTERM handlers have `grace_seconds` to end before their jobs go back to the queue; give a
    cluster's workers more. With a `metrics_port` the process serves its metrics there.
    """

    model_config = ConfigDict(frozen=True)

    slots: int = Field(default=16, ge=1, le=1000)
    grace_seconds: float = Field(default=2.5, ge=0)
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=1, le=65535)


class TickerSettings(BaseModel):
    """How the ticker runs; with a `metrics_port` it serves the queue's and its own metrics there."""

    model_config = ConfigDict(frozen=True)

    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
