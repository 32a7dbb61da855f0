"""Which edition of the code draws: what is kept of one release is not shown by the next."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_OWN = Path(__file__).parent
_SUFFIXES = frozenset({".py", ".html", ".sql"})
_DIGEST_BYTES = 8


@lru_cache
def edition_of(*folders: Path) -> str:
    """Return 16 hexadecimal digits that change with what is drawn by the code in `folders`.

    They are the BLAKE2b of the installed version, of this package, and of every template, module
    and query below the folders by its name: between two deployments from the same source tree the
    version says nothing. Read once a process, which draws what it has loaded.
    """
    digest = blake2b(_version().encode(), digest_size=_DIGEST_BYTES)
    for folder in (_OWN, *folders):
        for path in sorted(path for path in folder.rglob("*") if path.suffix in _SUFFIXES):
            text = path.read_bytes()
            digest.update(f"\0{path.relative_to(folder)}\0{len(text)}\0".encode())
            digest.update(text)
    return digest.hexdigest()


def _version() -> str:
    try:
        return version("myriad")
    except PackageNotFoundError:
        return ""
