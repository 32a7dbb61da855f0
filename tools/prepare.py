"""Makes or repairs `.venv` from a hash-locked list; the standard library is all it needs.

Called by `./myriad` as `prepare.py ROOT LOCK` when the environment is missing or out of date.
uv installs, and pip where uv cannot be had. A call that was killed half-way leaves a mark, and
the next one begins anew. Calls that race wait for each other.
"""

from __future__ import annotations

import contextlib
import fcntl
import filecmp
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path

RUNTIME, DEVELOPMENT = "requirements.lock", "requirements-dev.lock"
_INCOMPLETE = "incomplete"


class PrepareError(Exception):
    """The environment cannot be made; the message says what to do."""


def say(text: str) -> None:
    """Tell the person at the terminal what takes its time."""
    print(f"myriad: {text}", file=sys.stderr, flush=True)  # noqa: T201 - a command's own output.


@contextlib.contextmanager
def lock_of(root: Path) -> Iterator[None]:
    """Hold the folder itself, which leaves no file behind; a killed holder lets go."""
    descriptor = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_current(root: Path, lock: str) -> bool:
    """Say whether `.venv` holds exactly what `lock` lists."""
    stamp = root / ".venv" / lock
    python = root / ".venv" / "bin" / "python"
    incomplete = root / ".venv" / _INCOMPLETE
    present = python.exists() and stamp.exists() and not incomplete.exists()
    return present and filecmp.cmp(root / lock, stamp, shallow=False)


def prepare(root: Path, lock: str) -> None:
    """Bring `.venv` in line with `lock`, which then holds what `requirements.lock` lists too."""
    home = root / ".venv"
    if (home / DEVELOPMENT).exists():
        lock = DEVELOPMENT
    begin(home)
    install(root, lock)
    make_importable(home)
    for name in (RUNTIME, DEVELOPMENT) if lock == DEVELOPMENT else (RUNTIME,):
        shutil.copyfile(root / name, home / name)
    (home / _INCOMPLETE).unlink()


def begin(home: Path) -> None:
    """Make the bare environment unless a whole one of this Python is there; mark it as begun."""
    usable = works(home / "bin" / "python") and not (home / _INCOMPLETE).exists()
    if not usable:
        version = ".".join(map(str, sys.version_info[:3]))
        say(f"making a virtual environment with Python {version}")
        shutil.rmtree(home, ignore_errors=True)
        # Without pip it takes a tenth of a second instead of eight.
        venv.EnvBuilder(symlinks=True, with_pip=False).create(home)
    (home / _INCOMPLETE).touch()
    for stamp in (RUNTIME, DEVELOPMENT):
        (home / stamp).unlink(missing_ok=True)


def works(python: Path) -> bool:
    """Say whether the environment's Python starts and is new enough."""
    check = "import sys, encodings; sys.exit(sys.version_info < (3, 11))"
    try:
        return run([str(python), "-c", check], quiet=True)
    except OSError:
        return False


def install(root: Path, lock: str) -> None:
    """Install what `lock` lists, every file checked against its hash."""
    count = len(re.findall(r"^[A-Za-z0-9]\S*==", (root / lock).read_text(), re.MULTILINE))
    say(f"installing up to {count} pinned packages")
    python = root / ".venv" / "bin" / "python"
    uv = find_uv(root)
    sync: list[str | Path] = [
        uv or "",
        "pip",
        "sync",
        "-q",
        "--require-hashes",
        "--python",
        python,
        root / lock,
    ]
    # The certificates of the system come second: a minimal machine has none of its own.
    if uv and (run(sync) or run(sync, UV_SYSTEM_CERTS="true", UV_NATIVE_TLS="true")):
        return
    say("using pip, which takes longer")
    if not install_with_pip(python, root / lock):
        message = (
            "the packages could not be installed; the lines above say why. Check the connection "
            "to the package index and the free space, then call ./myriad again."
        )
        raise PrepareError(message)


def find_uv(root: Path) -> str | None:
    """Return uv: the environment's own, one from PATH, or one fetched by pip beside it."""
    own = root / ".venv" / "bin" / "uv"
    if own.exists():
        return str(own)
    return shutil.which("uv") or fetch_uv(root)


def fetch_uv(root: Path) -> str | None:
    """Fetch the uv that the lock file pins, by its hashes, or return None.

    It is kept in the person's cache, because fetching it takes longer than all it installs.
    """
    block = re.search(r"^uv==.*?[^\\]$", (root / DEVELOPMENT).read_text(), re.MULTILINE | re.DOTALL)
    if block is None:
        return None
    folder = cache_of(root) / f"uv-{hashlib.sha256(block.group().encode()).hexdigest()[:16]}"
    binary = folder / "bin" / "uv"
    # A file of somebody else's is nothing to execute.
    if binary.exists() and binary.stat().st_uid == os.getuid():
        return str(binary)
    fetched = has_module("pip") and fetch_into(folder, block.group())
    return str(binary) if fetched and binary.exists() else None


def cache_of(root: Path) -> Path:
    """Return the person's cache folder, or one beside the environment when there is none."""
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "myriad"
        cache.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return root / ".venv"
    return cache if os.access(cache, os.W_OK) else root / ".venv"


def fetch_into(folder: Path, requirement: str) -> bool:
    """Have pip put `requirement` into `folder`, as a whole or not at all."""
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        wanted = Path(temporary) / "uv.txt"
        wanted.write_text(requirement + "\n")
        new = Path(temporary) / "new"
        options = ["--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
        target = ["--target", str(new), "-r", str(wanted)]
        done = run([sys.executable, "-m", "pip", "install", *options, *target], quiet=True)
        if done:
            new.rename(folder)
        return done


def has_module(name: str) -> bool:
    """Say whether the system's Python, which runs this, has the module `name`."""
    return importlib.util.find_spec(name) is not None


def install_with_pip(python: Path, lock: Path) -> bool:
    """Install with the system's pip, else with one that ensurepip puts into the environment."""
    options = ["install", "--quiet", "--no-deps", "--require-hashes", "-r", str(lock)]
    if has_module("pip"):
        return run([sys.executable, "-m", "pip", "--python", str(python), *options])
    if not has_module("ensurepip"):
        message = (
            "neither uv, pip nor ensurepip is here. Install one of them (Debian: "
            "apt-get install python3-pip), then call ./myriad again."
        )
        raise PrepareError(message)
    ready = run([str(python), "-m", "ensurepip"], quiet=True)
    return ready and run([str(python), "-m", "pip", *options])


def make_importable(home: Path) -> None:
    """Name `src` in a .pth file by a relative path, so that the folder can be moved."""
    for packages in home.glob("lib/python3.*/site-packages"):
        source = os.path.relpath(home.parent / "src", packages)
        (packages / "myriad.pth").write_text(f"{source}\n")


def run(command: Sequence[str | Path], *, quiet: bool = False, **variables: str) -> bool:
    """Run `command` and say whether it succeeded; what it prints goes to stderr."""
    # Options of the person's own pip must not move the packages elsewhere.
    ours = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "UV_PYTHON_DOWNLOADS": "never"}
    output = subprocess.DEVNULL if quiet else sys.stderr
    parts = [str(part) for part in command]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | ours | variables
    done = subprocess.run(parts, stdout=output, stderr=output, check=False, env=environment)  # noqa: S603 - our own commands.
    return done.returncode == 0


def main(root: Path, lock: str) -> int:
    """Prepare the environment of `root`, and return the exit code."""
    try:
        with lock_of(root):
            if not is_current(root, lock):
                prepare(root, lock)
    except PrepareError as error:
        say(str(error))
        return 1
    except OSError as error:
        say(f"cannot write {root / '.venv'}: {error}. Use a folder of your own with free space.")
        return 1
    except KeyboardInterrupt:
        say("interrupted; the next call begins anew")
        return 130
    return 0


if __name__ == "__main__":
    if sys.prefix != sys.base_prefix:
        # An activated environment may lack pip, and may be removed; its base is what lasts.
        base = str(Path(sys.executable).resolve())
        os.execv(base, [base, *sys.argv])  # noqa: S606 - the same Python.
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
