"""Loads the fixtures, one file a subject."""

pytest_plugins = [
    "tests.fixtures.models",
    "tests.fixtures.servers",
    "tests.fixtures.database",
    "tests.fixtures.data",
    "tests.fixtures.app",
    "tests.fixtures.browser",
]
