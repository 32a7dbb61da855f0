"""Loads the fixtures, one file a subject; how long an example takes never decides."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

pytest_plugins = [
    "tests.fixtures.models",
    "tests.fixtures.servers",
    "tests.fixtures.database",
    "tests.fixtures.data",
    "tests.fixtures.app",
    "tests.fixtures.browser",
]
