"""Settings of jobs: MYRIAD_JOBS__<NAME>, MYRIAD_WORKER__<NAME> and MYRIAD_TICKER__<NAME>."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from myriad.scale.jobs.store import CLASSES


class JobSettings(BaseModel):
    """How much the queue takes in; the ticker's process tells the others.

    `backlog_capacity` jobs may wait, over all tenants. A tenth of them is kept for the classes
    interactive and high, and one tenant may have half. Beyond it `enqueue` refuses. With a small
    payload a waiting job takes about 200 bytes of disk in a row of its own and about 15 in a pack.
    """

    model_config = ConfigDict(frozen=True)

    backlog_capacity: int = Field(default=1_000_000, ge=100)


class WorkerSettings(BaseModel):
    """How one worker process runs.

    `slots` bundles of jobs run at once; `connections` of them at most hold a database connection.
    It serves `classes` in strict order, under a `name` that no other worker has; by default the
    host's with something random. After SIGTERM handlers have `grace_seconds` to end before their
    jobs go back to the queue; give a cluster's workers more. With `durable_claims` off a claim may
    be forgotten when PostgreSQL crashes, and then the job runs again. With a `metrics_port` the
    process serves its metrics there.
    """

    model_config = ConfigDict(frozen=True)

    slots: int = Field(default=16, ge=1, le=1000)
    connections: int = Field(default=16, ge=1, le=500)
    # The union lets the environment give plain text; the validator makes a tuple of it.
    classes: tuple[str, ...] | str = CLASSES
    name: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{0,100}$")
    grace_seconds: float = Field(default=2.5, ge=0)
    durable_claims: bool = True
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=1, le=65535)

    @field_validator("classes", mode="before")
    @classmethod
    def _in_order(cls, given: object) -> object:
        """Accept `interactive,high` as well as a list; they are served in the order of all classes."""
        names = given.split(",") if isinstance(given, str) else given
        if not isinstance(names, list | tuple):
            return names
        wanted = {str(name).strip() for name in names}
        unknown = wanted - set(CLASSES)
        if unknown or not wanted:
            message = f"unknown classes {sorted(unknown)}; there are: {', '.join(CLASSES)}"
            raise ValueError(message)
        return tuple(name for name in CLASSES if name in wanted)


class TickerSettings(BaseModel):
    """How the ticker runs; with a `metrics_port` it serves the queue's and its own metrics there."""

    model_config = ConfigDict(frozen=True)

    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
