"""The real worker with the ledger's tasks: `python -m tests.chaos.worker`."""

from __future__ import annotations

import sys

import tests.chaos.tasks  # noqa: F401 - registers the ledger's tasks
from myriad.apps.worker import main

if __name__ == "__main__":
    sys.exit(main())
