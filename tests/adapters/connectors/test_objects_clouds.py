"""What Google's and Azure's file systems are asked: to write and remove on condition, and to keep what an object has besides."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ephor.adapters.connectors import objects as module
from ephor.adapters.connectors.files import FileStore
from ephor.adapters.connectors.layout import read_layout
from ephor.adapters.connectors.objects import Objects
from ephor.adapters.connectors.objects_gcs import GcsObjects
from ephor.kernel.errors import ConflictError

pytest.importorskip("fsspec", reason="install ephor[objects]")
from fsspec.implementations.memory import MemoryFileSystem

PEOPLE = b"id,email\n1,mary@example.org\n2,john@example.org\n"
NO_MARY = b"id,email\n2,john@example.org\n"
_STATES = itertools.count(1)


class HttpError(Exception):
    """What the library of Google's store raises."""

    def __init__(self, code: int) -> None:
        super().__init__("a token of somebody's")
        self.code = code


class Cloud(MemoryFileSystem):  # type: ignore[misc]
    """A store whose objects have a state each, which changes with every write."""

    before: Callable[[], None] | None = None

    def __init__(self) -> None:
        super().__init__(global_store=False)
        self.states: dict[str, str] = {}
        self.besides: dict[str, Any] = {}

    def write(self, path: str, data: bytes, **besides: Any) -> None:
        self.pipe_file(path, data)
        self.states[path], self.besides[path] = str(next(_STATES)), besides

    def info(self, path: str, **more: Any) -> Any:
        told = super().info(path, **more)
        return told | ({"generation": self.states[path], "etag": self.states[path], **self.besides[path]}
                       if path in self.states else {})  # fmt: skip

    def put_file(self, lpath: str, rpath: str, **besides: Any) -> None:
        if self.before and "etag" in besides:
            self.before()
        if besides.pop("match_condition", None) and besides.pop("etag") != self.states[rpath]:
            raise HttpError(412)
        self.write(rpath, Path(lpath).read_bytes(), **besides)

    @staticmethod
    def split_path(path: str) -> tuple[str, str, None]:
        bucket, _, key = path.strip("/").partition("/")
        return bucket, key, None

    def call(self, method: str, way: str, *place: str, **given: Any) -> Any:
        """Do what Google's store does: copy an object over another, or remove one, if that is of a generation."""
        if self.before:
            self.before()
        target = f"/{place[-2]}/{place[-1]}"
        if target not in self.states:
            raise FileNotFoundError(target)
        if self.states[target] != given["ifGenerationMatch"]:
            raise HttpError(412)
        if method == "DELETE":
            del self.states[target]
            return self.rm_file(target)
        if given["rewriteToken"] is None:
            return {"done": False, "rewriteToken": "more"}
        source = f"/{place[0]}/{place[1]}"
        self.write(target, self.cat_file(source), **self.besides[source])
        return {"done": True}


def cloud(protocol: str, tree: type[Objects], **besides: Any) -> tuple[Cloud, FileStore]:
    fs = Cloud(skip_instance_cache=True)
    fs.protocol = protocol
    fs.write("/lake/people.csv", PEOPLE, **besides)
    fs.write("/lake/notes/1/a.md", b"hers")
    store = FileStore(
        tree(fs, "/lake", f"{protocol}://lake"), read_layout("people=people.csv&notes=notes/{who}/*.md")
    )
    store.tables()
    return fs, store


def test_google_is_asked_for_the_generation_that_was_read() -> None:
    fs, store = cloud("gs", GcsObjects, contentType="text/csv", metadata={"a": "b"}, cacheControl="no-store")
    assert store.delete("people", ("id",), [("1",)]) == 1
    assert fs.cat_file("/lake/people.csv") == NO_MARY
    assert fs.besides["/lake/people.csv"] == {
        "content_type": "text/csv",
        "metadata": {"a": "b"},
        "fixed_key_metadata": {"cache_control": "no-store"},
    }
    assert store.delete("notes", ("who",), [("1",)]) == 1
    assert fs.find("/lake") == ["/lake/people.csv"]
    fs.before = lambda: fs.write("/lake/people.csv", PEOPLE)
    with pytest.raises(ConflictError, match=r"somebody writes `people\.csv`"):
        store.delete("people", ("id",), [("2",)])
    assert fs.find("/lake") == ["/lake/people.csv"], "and what was sent is gone"
    assert fs.cat_file("/lake/people.csv") == PEOPLE
    fs.before = fs.states.clear
    with pytest.raises(ConflictError, match=r"somebody writes `people\.csv`"):
        store.delete("people", ("id",), [("2",)])


def test_azure_is_asked_for_the_state_that_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    class Conditions:
        class MatchConditions:
            IfNotModified = "if not modified"

    monkeypatch.setattr(module, "import_module", {"azure.core": Conditions}.__getitem__)
    settings = {"content_type": "text/csv", "content_md5": b"of the old one"}
    fs, store = cloud("abfs", Objects, content_settings=settings)
    assert store.delete("people", ("id",), [("1",)]) == 1
    assert fs.cat_file("/lake/people.csv") == NO_MARY
    assert fs.besides["/lake/people.csv"] == {"content_settings": {"content_type": "text/csv"}}
    fs.before = lambda: fs.write("/lake/people.csv", PEOPLE)
    with pytest.raises(ConflictError, match=r"somebody writes `people\.csv`"):
        store.delete("people", ("id",), [("2",)])
    assert fs.cat_file("/lake/people.csv") == PEOPLE
