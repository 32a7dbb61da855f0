"""Hot reads that go to a standby where one may answer, and to the primary where it did not."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg_pool import PoolTimeout

from myriad.scale.data.reader import Asked, Reader
from myriad.scale.data.standby.reading import Standbys
from myriad.scale.tenancy import TenantId


class RoutedReader(Reader):
    """A reader of the primary that asks a standby first."""

    def __init__(
        self,
        url: str,
        size: int,
        *,
        standbys: Standbys,
        statement_timeout_seconds: int = 60,
        prepare: bool = True,
    ) -> None:
        super().__init__(
            url, size, statement_timeout_seconds=statement_timeout_seconds, prepare=prepare
        )
        self._standbys = standbys

    async def rows_of_all(
        self, tenant_id: TenantId, asked: Asked
    ) -> dict[str, list[dict[str, Any]]]:
        """Return the rows of several queries by their keys, in one read-only transaction."""
        standby = await self._standbys.find(tenant_id)
        if standby is not None:
            try:
                return await standby.reader.rows_of_all(tenant_id, asked)
            except psycopg.errors.QueryCanceled:
                raise
            except (psycopg.OperationalError, PoolTimeout):
                # A standby ends queries that stand in the way of its replay, and may be gone.
                standby.suspect()
        return await super().rows_of_all(tenant_id, asked)
