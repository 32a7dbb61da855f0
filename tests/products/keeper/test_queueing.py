"""What the API needs to queue work, without the work's own libraries."""

from __future__ import annotations

import subprocess
import sys

from myriad.products.keeper.agents.context import AGENT_NAMES
from myriad.products.keeper.agents.graph import AGENTS


def test_the_names_that_may_be_queued_are_those_of_the_graph() -> None:
    assert tuple(AGENTS) == AGENT_NAMES


def test_the_api_starts_without_the_statistics_of_the_agents() -> None:
    code = (
        "import sys; from myriad.apps import api; api._apis(); api._pages(); "
        "print([name for name in sys.modules if name.startswith('scipy')][:3])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
