"""One set of files in three kinds of stores: a folder, fsspec's memory, and a bucket of an S3 server over HTTP."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

KINDS = ("folder", "memory", "s3")
_SERVER = """
import logging, sys
from moto.server import ThreadedMotoServer
logging.disable()
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""
_NUMBERS = itertools.count()


class Stored(Protocol):
    """Files in a store, as its owner sees them."""

    def url(self, patterns: str = "") -> str: ...

    def write(self, name: str, data: bytes) -> None: ...

    def read(self, name: str) -> bytes: ...

    def names(self) -> list[str]: ...

    def remove(self, name: str) -> None: ...


class InFolder:
    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def url(self, patterns: str = "") -> str:
        return f"files:///{self.root}{patterns}"

    def write(self, name: str, data: bytes) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_bytes(data)

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def names(self) -> list[str]:
        return sorted(str(one.relative_to(self.root)) for one in self.root.rglob("*") if one.is_file())

    def remove(self, name: str) -> None:
        (self.root / name).unlink()


class InMemory:
    def __init__(self, fsspec: Any, root: str) -> None:
        self.fs, self.root = fsspec.filesystem("memory"), root
        self.fs.makedirs(root, exist_ok=True)

    def url(self, patterns: str = "") -> str:
        return f"memory://{self.root[1:]}{patterns}"

    def write(self, name: str, data: bytes) -> None:
        self.fs.pipe_file(f"{self.root}/{name}", data)

    def read(self, name: str) -> bytes:
        return bytes(self.fs.cat_file(f"{self.root}/{name}"))

    def names(self) -> list[str]:
        return sorted(one.removeprefix(f"{self.root}/") for one in self.fs.find(self.root))

    def remove(self, name: str) -> None:
        self.fs.rm_file(f"{self.root}/{name}")


class InBucket:
    """A bucket of its own; `client` is boto3's, for what only a bucket has."""

    prefix = "agent/"

    def __init__(self, client: Any, bucket: str, *, versions: bool = False) -> None:
        self.client, self.bucket = client, bucket
        client.create_bucket(Bucket=bucket)
        if versions:
            status = {"Status": "Enabled"}
            client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=status)

    def url(self, patterns: str = "") -> str:
        return f"s3://{self.bucket}/{self.prefix.rstrip('/')}{patterns}"

    def write(self, name: str, data: bytes, **more: Any) -> None:
        self.client.put_object(Bucket=self.bucket, Key=self.prefix + name, Body=data, **more)

    def read(self, name: str) -> bytes:
        found = self.client.get_object(Bucket=self.bucket, Key=self.prefix + name)
        return bytes(found["Body"].read())

    def names(self) -> list[str]:
        listed = self.client.list_objects_v2(Bucket=self.bucket, Prefix=self.prefix).get("Contents", ())
        return sorted(one["Key"].removeprefix(self.prefix) for one in listed)

    def remove(self, name: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=self.prefix + name)

    def versions(self) -> list[tuple[str, str]]:
        """Return every version of every object of the bucket, by its key and its kind."""
        told = self.client.list_object_versions(Bucket=self.bucket)
        return sorted(
            (one["Key"], kind) for kind in ("Versions", "DeleteMarkers") for one in told.get(kind, ())
        )


@contextmanager
def s3_running() -> Iterator[Mapping[str, str]]:
    """An S3 server in a process of its own; what the environment says to reach it."""
    pytest.importorskip("s3fs", reason="install s3fs")
    pytest.importorskip("moto.server", reason="install moto[s3], flask and flask-cors")
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{int(server.stdout.readline())}",
                "AWS_ACCESS_KEY_ID": "AKIAWHATEVER",
                "AWS_SECRET_ACCESS_KEY": "hush-hush",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_CONFIG_FILE": "/nonexistent",
                "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            }
        finally:
            server.stdin.close()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[tuple[Mapping[str, str], Any]]:
    """The server's environment, and a client of its own library."""
    with s3_running() as environment:
        boto3 = pytest.importorskip("boto3")
        yield (
            environment,
            boto3.client(
                "s3",
                endpoint_url=environment["AWS_ENDPOINT_URL"],
                aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
                region_name=environment["AWS_DEFAULT_REGION"],
            ),
        )


def in_bucket(
    s3_server: tuple[Mapping[str, str], Any], monkeypatch: pytest.MonkeyPatch, *, versions: bool = False
) -> InBucket:
    """Return a new bucket, and have this process reach its server as it would a cloud's."""
    environment, client = s3_server
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return InBucket(client, f"lake-{next(_NUMBERS)}", versions=versions)


HERE = pytest.mark.parametrize("stored", ["folder", "memory"], indirect=True)
"""For what a bucket does as memory does: it takes a second each time."""


@pytest.fixture(params=KINDS)
def stored(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stored:
    """An empty store of each kind."""
    if request.param == "folder":
        return InFolder(tmp_path / "agent")
    if request.param == "memory":
        return InMemory(pytest.importorskip("fsspec"), f"/{tmp_path.name}-{next(_NUMBERS)}/agent")
    return in_bucket(request.getfixturevalue("s3_server"), monkeypatch)
