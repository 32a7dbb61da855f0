"""Loads the fixtures; starts PostgreSQL and Redis once for the whole run."""

from __future__ import annotations

import pytest

from tests.fixtures import servers

pytest_plugins = ["tests.fixtures.servers", "tests.fixtures.database", "tests.fixtures.data"]


def pytest_configure(config: pytest.Config) -> None:
    servers.start(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    servers.stop(config)
