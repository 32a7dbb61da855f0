"""`python -m myriad.apps.cli`, as `./myriad` calls it."""

from __future__ import annotations

import sys

from myriad.apps.cli.frame import main

sys.exit(main(sys.argv[1:]))
