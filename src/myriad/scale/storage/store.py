"""The small port to where files lie: put, get, list, delete, over a folder or a bucket."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from myriad.kit.lazy import lazily
from myriad.scale.storage.errors import FileNameError, FileNotStoredError, StorageError
from myriad.scale.storage.settings import StorageSettings

obstore = lazily("obstore")
stores = lazily("obstore.store")
faults = lazily("obstore.exceptions")

# A dot may not begin a part, so that neither `..` nor a hidden file can be meant.
_PART = r"[A-Za-z0-9_][A-Za-z0-9_.=+-]*"
_KEY = re.compile(rf"{_PART}(/{_PART})*")
_MAX_KEY = 512


class Store:
    """Files by key, "part/part/name"; a file is there whole or not at all.

    Belongs to one process. What is written is on the disk, or acknowledged by the bucket, when
    `put` returns.
    """

    def __init__(self, inner: Any, folder: Path | None = None) -> None:
        self._inner = inner
        self._folder = folder

    @classmethod
    def open(cls, settings: StorageSettings) -> Store:
        """Open the bucket of `settings`, or the folder, which is made readable by its owner only.

        Raises StorageError when neither can be used.
        """
        if settings.url is not None:
            return cls(_bucket(settings))
        if settings.folder is None:
            raise StorageError(
                "no place for files: set MYRIAD_STORAGE__FOLDER or MYRIAD_STORAGE__URL"
            )
        folder = settings.folder.absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
        except OSError as error:
            raise StorageError(f"the folder {folder} cannot be used: {error.strerror}") from None
        return cls(stores.LocalStore(folder, automatic_cleanup=True), folder)

    async def put(self, key: str, content: bytes) -> None:
        """Write a file in place of whatever had its key."""
        await self._ask(obstore.put_async(self._inner, _checked(key), content), key)
        if self._folder is not None:
            await asyncio.to_thread(_sync, self._folder / key)

    async def get(self, key: str) -> bytes:
        """Return a file; raise FileNotStoredError when there is none."""
        found = await self._ask(obstore.get_async(self._inner, _checked(key)), key)
        return bytes(await self._ask(found.bytes_async(), key))

    async def iter_keys(self, prefix: str) -> AsyncIterator[str]:
        """Yield the keys below "part/part", in order."""
        listed = await self._ask(
            obstore.list(self._inner, prefix=_checked(prefix)).collect_async(), prefix
        )
        for key in sorted(meta["path"] for meta in listed):
            yield key

    async def delete(self, key: str) -> None:
        """Delete a file, which is no fault when there is none.

        Raises StorageError where the bucket keeps versions, for then it would stay readable.
        """
        try:
            meta = await self._ask(obstore.head_async(self._inner, _checked(key)), key)
        except FileNotStoredError:
            return
        if meta["version"] is not None:
            raise StorageError(
                f"the bucket keeps versions, so {key} would stay: turn versioning off and remove "
                "earlier versions"
            )
        await self._ask(obstore.delete_async(self._inner, key), key)

    async def delete_below(self, prefix: str) -> int:
        """Delete every file below "part/part" and return how many there were."""
        gone = 0
        async for key in self.iter_keys(prefix):
            await self.delete(key)
            gone += 1
        return gone

    async def _ask(self, asked: Any, key: str) -> Any:
        try:
            return await asked
        except (faults.NotFoundError, FileNotFoundError):
            raise FileNotStoredError(f"there is no file {key}") from None
        except faults.BaseError as error:
            raise StorageError(f"{key}: {type(error).__name__}") from error


def _bucket(settings: StorageSettings) -> Any:
    given = {
        "region": settings.region,
        "endpoint": settings.endpoint,
        "access_key_id": _revealed(settings.access_key_id),
        "secret_access_key": _revealed(settings.secret_access_key),
    }
    config: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    is_plain = (settings.endpoint or "").startswith("http://")
    try:
        return stores.S3Store.from_url(
            settings.url, config=config, client_options={"allow_http": is_plain}
        )
    except faults.BaseError as error:
        raise StorageError(
            f"MYRIAD_STORAGE__URL cannot be used, it must be s3://bucket/prefix: {error}"
        ) from None


def _revealed(secret: Any) -> str | None:
    return None if secret is None else str(secret.get_secret_value())


def _checked(key: str) -> str:
    if len(key) > _MAX_KEY or not _KEY.fullmatch(key):
        raise FileNameError(
            f"{key[:80]!r} is no name for a file: letters, digits and . _ = + - in parts between /"
        )
    return key


def _sync(path: Path) -> None:
    """Have a file and its place in the folder on the disk."""
    for each in (path, path.parent):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
