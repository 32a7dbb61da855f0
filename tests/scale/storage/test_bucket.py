"""The same port over a bucket: a server that speaks as much S3 as the port asks for."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from pydantic import SecretStr

from myriad.kit.ids import new_id
from myriad.scale.storage import (
    FileNotStoredError,
    StorageError,
    StorageSettings,
    Store,
    TenantFiles,
)
from myriad.scale.tenancy import TenantId
from myriad.scale.vault import Vault
from tests.fixtures.database import TEST_KEY

FIRST, SECOND = TenantId(new_id()), TenantId(new_id())
_LIST = """<?xml version="1.0" encoding="UTF-8"?><ListBucketResult>
<Name>files</Name><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"""
_ITEM = """<Contents><Key>{key}</Key><LastModified>2026-11-21T00:00:00.000Z</LastModified>
<ETag>"1"</ETag><Size>{size}</Size></Contents>"""


class Bucket(ThreadingHTTPServer):
    """The objects of a bucket by key; `is_versioned` buckets name a version with each."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.is_versioned = False


class _Handler(BaseHTTPRequestHandler):
    server: Bucket
    protocol_version = "HTTP/1.1"

    @property
    def key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix("/files").lstrip("/")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_PUT(self) -> None:
        self.server.objects[self.key] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, b"")

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            prefix = query.get("prefix", [""])[0]
            found = sorted(key for key in self.server.objects if key.startswith(prefix))
            items = [_ITEM.format(key=key, size=len(self.server.objects[key])) for key in found]
            self._answer(200, _LIST.format(contents="".join(items)).encode())
        elif self.key in self.server.objects:
            self._answer(200, self.server.objects[self.key])
        else:
            self._answer(404, b"")

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        keys = re.findall(r"<Key>(.*?)</Key>", asked)
        for key in keys:
            self.server.objects.pop(key, None)
        gone = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        self._answer(200, f"<DeleteResult>{gone}</DeleteResult>".encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", formatdate(usegmt=True))
        if self.server.is_versioned:
            self.send_header("x-amz-version-id", "v1")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    server = Bucket()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def files(bucket: Bucket) -> TenantFiles:
    settings = StorageSettings(
        url="s3://files/myriad",
        region="eu-central-1",
        endpoint=f"http://127.0.0.1:{bucket.server_port}",
        access_key_id=SecretStr("key"),
        secret_access_key=SecretStr("secret"),
    )
    return TenantFiles(Store.open(settings), Vault(TEST_KEY))


async def test_a_bucket_holds_what_only_its_tenant_opens(
    files: TenantFiles, bucket: Bucket
) -> None:
    await files.put(FIRST, "a/one.csv", b"coffee")
    await files.put(SECOND, "a/one.csv", b"tea")
    assert await files.get(FIRST, "a/one.csv") == b"coffee"
    assert all(key.startswith("myriad/tenants/") for key in bucket.objects)
    assert all(b"coffee" not in content for content in bucket.objects.values())
    assert [name async for name in files.iter_names(FIRST, "a")] == ["a/one.csv"]


async def test_what_is_deleted_is_gone_from_the_bucket(files: TenantFiles, bucket: Bucket) -> None:
    await files.put(FIRST, "a/one.csv", b"coffee")
    await files.put(SECOND, "a/one.csv", b"tea")
    assert await files.forget(FIRST) == 1
    with pytest.raises(FileNotStoredError):
        await files.get(FIRST, "a/one.csv")
    assert len(bucket.objects) == 1


async def test_a_bucket_that_keeps_versions_does_not_pass_for_deleted(
    files: TenantFiles, bucket: Bucket
) -> None:
    bucket.is_versioned = True
    await files.put(FIRST, "a/one.csv", b"coffee")
    with pytest.raises(StorageError, match="turn versioning off"):
        await files.delete(FIRST, "a/one.csv")
