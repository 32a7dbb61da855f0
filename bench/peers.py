"""Virtual environments for peers that cannot share Myriad's own.

A peer is another program that a bench runs beside Myriad. Its environment is made once under
`<repo>/.myriad/peers/<name>-<digest>` and used again while its requirements stay the same.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


class PeerUnavailableError(RuntimeError):
    """A peer's environment could not be made; the message says why and what to do."""


def peer_python(name: str, requirements: list[str]) -> Path:
    """Return the Python of an environment that holds exactly `requirements`.

    `requirements` are pinned lines such as "splink==5.0.0"; their order does not matter. Raises
    PeerUnavailableError when the packages cannot be installed, and leaves nothing half-made.
    """
    digest = hashlib.sha256("\n".join([*sorted(requirements), sys.version]).encode()).hexdigest()
    home = REPOSITORY / ".myriad" / "peers" / f"{name}-{digest[:12]}"
    python = home / "bin" / "python"
    if (home / "complete").exists() and python.exists():
        return python
    shutil.rmtree(home, ignore_errors=True)
    print(f"preparing {name} ({', '.join(requirements)}) in {home} ...", flush=True)
    try:
        for command in _commands(home, python, requirements):
            _run(command, name)
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    (home / "complete").touch()
    return python


def _commands(home: Path, python: Path, requirements: list[str]) -> list[list[str]]:
    beside = Path(sys.executable).parent / "uv"
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv:
        return [
            [uv, "venv", "--quiet", "--python", sys.executable, str(home)],
            [uv, "pip", "install", "--quiet", "--python", str(python), *requirements],
        ]
    return [
        [sys.executable, "-m", "venv", str(home)],
        [str(python), "-m", "pip", "install", "--quiet", *requirements],
    ]


def _run(command: list[str], name: str) -> None:
    # A peer must not inherit the path of Myriad's own packages.
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        raise PeerUnavailableError(
            f"The environment of the peer {name} could not be made: `{' '.join(command)}` ended "
            f"with {done.returncode}. Check that packages can be installed here, then run the "
            f"bench again.\n{done.stderr.strip()[-2000:]}"
        )
