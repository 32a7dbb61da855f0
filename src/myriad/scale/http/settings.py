"""How the edge presents itself."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class EdgeSettings(BaseModel):
    """What the HTTP edge may assume about the world before it.

    `is_https` says that browsers reach it by https, here or at the proxy before it: cookies then
    carry the `__Host-` prefix and answers demand https for a year. `metrics_token` opens /metrics
    to others than this machine. `workers` is how many API processes share the request rates
    while Redis is away.
    """

    model_config = ConfigDict(frozen=True)

    is_https: bool = False
    metrics_token: SecretStr | None = None
    max_body_bytes: int = Field(default=2_000_000, gt=0)
    is_rate_limited: bool = True
    workers: int = Field(default=1, gt=0)
