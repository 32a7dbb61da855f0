"""Home folders as difficult as real ones, and a process that can be killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from myriad.scale.embedded import ServerUrls

_HOLDER = """
import dataclasses, json, sys, time
from pathlib import Path
from myriad.scale.embedded import running_servers
with running_servers(Path(sys.argv[1])) as urls:
    print(json.dumps(dataclasses.asdict(urls)), flush=True)
    time.sleep(600)
"""


@contextmanager
def holder_of(home: Path) -> Iterator[tuple[subprocess.Popen[str], ServerUrls]]:
    """Run the servers of `home` in another process, which a test may kill."""
    command = [sys.executable, "-c", _HOLDER, str(home)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process, ServerUrls(**json.loads(process.stdout.readline()))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()


def children_of(process: subprocess.Popen[str]) -> dict[str, psutil.Process]:
    """Return the servers that are direct children, by a word of their command line."""
    found = psutil.Process(process.pid).children()
    assert {child.ppid() for child in found} == {process.pid}
    return {
        ("postgres" if child.name() == "postgres" else str(child.pid)): child for child in found
    }
