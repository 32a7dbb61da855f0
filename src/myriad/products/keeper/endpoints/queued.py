"""The answer to a request that became a job."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, Field


class Queued(BaseModel):
    """A job was put into the queue; the same live job answers a second request."""

    job_id: UUID = Field(description="the job to watch")
