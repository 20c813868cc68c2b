"""Object stores as data stores: what others write, what a store refuses, odd names, URLs, and every file system of fsspec."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ephor.adapters.connectors.files import FileStore
from ephor.adapters.connectors.objects import Objects
from ephor.adapters.connectors.opening import connect
from ephor.engine.dsr_mapping import draft
from ephor.engine.plane import Engine
from ephor.engine.ports_data import DataStore
from ephor.kernel.errors import ConflictError, EphorError, InvalidInputError, NotFoundError, UnavailableError
from ephor.rooms.dsr.datamap import Name
from ephor.rooms.dsr.store import Find, Tally
from stored_objects import InMemory

fsspec = pytest.importorskip("fsspec", reason="install ephor[objects]")
from fsspec.implementations.memory import MemoryFileSystem  # noqa: E402 - an extra

PEOPLE = b"id,email\n1,mary@example.org\n2,john@example.org\n"
NO_MARY = b"id,email\n2,john@example.org\n"
PATTERNS = "?people=people.csv&notes=notes/{who}/*.md"


@pytest.fixture
def memory(tmp_path: Path) -> InMemory:
    place = InMemory(fsspec, f"/{tmp_path.name}/agent")
    place.write("people.csv", PEOPLE)
    place.write("notes/1/a.md", b"hers")
    place.write("notes/2/a.md", b"his")
    return place


def found(store: DataStore, table: str, column: str, *values: str) -> list[dict[str, Any]]:
    columns = store.tables()[table].columns
    return [dict(row) for row in store.find(Find(Name("d", table), columns, column, values))]


def test_nothing_beside_the_place_is_seen_or_touched(memory: InMemory) -> None:
    memory.fs.pipe_file(f"{memory.root}2/people.csv", PEOPLE)
    memory.fs.pipe_file(f"{memory.root}.csv", PEOPLE)
    store = connect(memory.url())
    assert set(store.tables()) == {"people", "_other_files"}
    assert store.delete("people", ("id",), [("1",)]) == 1
    assert memory.read("people.csv") == NO_MARY
    assert memory.fs.cat_file(f"{memory.root}2/people.csv") == PEOPLE
    assert memory.fs.cat_file(f"{memory.root}.csv") == PEOPLE
    for wrong in (f"memory:/{memory.root[:-1]}", f"memory:/{memory.root}/people.csv"):
        with pytest.raises(NotFoundError, match="nothing lies below"):
            connect(wrong)


@pytest.mark.parametrize(
    "path", ["../secret.csv", "a/../../secret.csv", "/secret.csv", "a/..", "", ".", "x\0", "a/"]
)
def test_paths_that_lead_out_touch_nothing(memory: InMemory, path: str) -> None:
    memory.fs.pipe_file(f"{memory.root.rpartition('/')[0]}/secret.csv", PEOPLE)
    store = connect(memory.url("?all=**"))
    store._known = {"all": connect(memory.url(PATTERNS)).tables()["notes"]}  # type: ignore[attr-defined]
    with pytest.raises(InvalidInputError, match="leads out"):
        store.delete("all", ("_path",), [(path,)])
    assert memory.fs.cat_file(f"{memory.root.rpartition('/')[0]}/secret.csv") == PEOPLE


def test_names_that_read_as_a_way_out_stop_the_request(memory: InMemory) -> None:
    memory.fs.store[f"{memory.root}/x/../../people.csv"] = memory.fs.store[f"{memory.root}/people.csv"]
    try:
        with pytest.raises(InvalidInputError, match="rename it"):
            connect(memory.url(PATTERNS)).tables()
    finally:
        del memory.fs.store[f"{memory.root}/x/../../people.csv"]


def test_empty_files_and_the_last_one_of_a_place(memory: InMemory) -> None:
    memory.write("notes/3/empty.md", b"")
    memory.write("nobody.csv", b"")
    store = connect(memory.url(f"{PATTERNS}&nobody=nobody.csv"))
    assert store.tables()["nobody"].blank
    assert [one["_text"] for one in found(store, "notes", "who", "3")] == [""]
    for path in memory.names():
        memory.remove(path) if not path.startswith("notes") else None
    assert store.delete("notes", ("who",), [("1",), ("2",), ("3",)]) == 3
    assert memory.names() == []
    again = connect(memory.url(PATTERNS))
    assert again.tally(Tally(Name("d", "notes"), ("who",), (("1",),))) == {}
    assert "memory: written anew or removed" in again.scrub(["notes"])


def test_what_others_write_or_remove_meanwhile_is_left_alone(
    memory: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, put, late = connect(memory.url(PATTERNS)), Objects._put, PEOPLE + b"3,late@example.org\n"
    store.tables()

    def before_it(act: Callable[[], None]) -> None:
        def meanwhile(self: Objects, *given: Any) -> None:
            act()
            put(self, *given)

        monkeypatch.setattr(Objects, "_put", meanwhile)

    before_it(lambda: memory.write("people.csv", late))
    with pytest.raises(ConflictError, match=r"somebody writes `people\.csv` at this moment"):
        store.delete("people", ("id",), [("1",)])
    assert memory.read("people.csv") == late
    before_it(lambda: memory.remove("people.csv"))
    with pytest.raises(ConflictError, match="somebody writes"):
        store.update("people", ("id",), [("1",)], {"email": "m@example.org"})
    assert "people.csv" not in memory.names()
    whole = FileStore._whole

    def reading(self: FileStore, path: str, place: Any) -> Any:
        memory.write(path, b"hers, and more")
        return whole(self, path, place)

    monkeypatch.setattr(FileStore, "_whole", reading)
    with pytest.raises(ConflictError, match="somebody writes"):
        store.delete("notes", ("_path",), [("notes/1/a.md",)])
    assert memory.read("notes/1/a.md") == b"hers, and more"


class Odd(MemoryFileSystem):  # type: ignore[misc]
    """A file system that is told what to do wrong."""

    protocol = "odd"
    wrong: str = ""
    replaces = False

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(MemoryFileSystem._strip_protocol(path.removeprefix("odd://")))

    def ls(self, path: str, detail: bool = True, **more: Any) -> Any:
        if self.wrong == "list" or (self.wrong == "list below" and path.endswith("/2")):
            raise PermissionError("the key AKIASECRET may not")
        if self.wrong == "elsewhere":
            return [{"name": "/other/people.csv", "size": 1, "type": "file"}]
        return super().ls(path, detail, **more)

    def _open(self, path: str, mode: str = "rb", **more: Any) -> Any:
        if self.wrong == "read" and mode == "rb":
            raise OSError("the key AKIASECRET cannot")
        file = super()._open(path, mode, **more)
        if self.wrong == "short" and mode == "rb":
            short = io.BytesIO(file.getvalue()[:-5])
            short.size = len(file.getvalue())  # type: ignore[attr-defined]
            return short
        if self.wrong == "vanish":
            raise FileNotFoundError(path)
        return file

    def put_file(self, lpath: str, rpath: str, **more: Any) -> None:
        if self.wrong == "write":
            raise OSError("the key AKIASECRET cannot")
        super().put_file(lpath, rpath, **more)
        if self.wrong == "lose":
            self.store[self._strip_protocol(rpath)].truncate(3)

    def modified(self, path: str) -> Any:
        if self.wrong == "timeless":
            raise NotImplementedError
        return super().modified(path)

    def info(self, path: str, **more: Any) -> Any:
        return {name: value for name, value in super().info(path, **more).items() if name != "created"}


class Moving(Odd):
    """One that moves a file in one step."""

    protocol = "moving"

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(MemoryFileSystem._strip_protocol(path.removeprefix("moving://")))

    def mv(self, path1: str, path2: str, **more: Any) -> None:
        if self.wrong == "move":
            raise OSError("there is something")
        self.store[path2] = self.store.pop(path1)


@pytest.fixture
def odd(memory: InMemory, monkeypatch: pytest.MonkeyPatch) -> InMemory:
    fsspec.register_implementation("odd", Odd, clobber=True)
    fsspec.register_implementation("moving", Moving, clobber=True)
    monkeypatch.setattr(Odd, "wrong", "")
    return memory


def said_by(call: Callable[[], object], kind: type[EphorError]) -> str:
    with pytest.raises(kind) as stop:
        call()
    assert "AKIASECRET" not in str(stop.value)
    return str(stop.value)


def test_what_a_store_refuses_is_said_and_never_passed_over(
    odd: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = odd.url(PATTERNS).replace("memory:", "moving:")
    monkeypatch.setattr(Odd, "wrong", "list")
    assert "cannot list" in said_by(lambda: connect(url), UnavailableError)
    for wrong, said in {
        "list below": "credentials that may",
        "elsewhere": "cannot be relied on",
        "read": "cannot read `notes/1/a.md` in the store (OSError)",
        "short": "ended after",
        "vanish": "is gone since it was listed",
    }.items():
        monkeypatch.setattr(Odd, "wrong", "")
        store = connect(url)
        monkeypatch.setattr(Odd, "wrong", wrong)
        assert said in said_by(store.tables, UnavailableError), wrong
    before = {name: odd.read(name) for name in odd.names()}
    for wrong in ("write", "lose", "move", "timeless"):
        monkeypatch.setattr(Odd, "wrong", "")
        store = connect(url)
        store.tables()
        monkeypatch.setattr(Odd, "wrong", wrong)
        said_by(
            lambda store=store: store.delete("people", ("id",), [("1",)]),  # type: ignore[misc]
            InvalidInputError if wrong == "timeless" else UnavailableError,
        )
        assert {name: odd.read(name) for name in odd.names()} == before, wrong


def test_where_files_are_not_replaced_whole_they_are_moved_into_their_place_or_left(odd: InMemory) -> None:
    store = connect(odd.url(PATTERNS).replace("memory:", "odd:"))
    assert [one["id"] for one in found(store, "people", "email", MARY)] == ["1"]
    with pytest.raises(InvalidInputError, match="neither replace a file as a whole nor move one"):
        store.delete("people", ("id",), [("1",)])
    assert odd.read("people.csv") == PEOPLE
    moving = connect(odd.url(PATTERNS).replace("memory:", "moving:"))
    assert moving.delete("people", ("id",), [("1",)]) == 1
    assert odd.read("people.csv") == NO_MARY
    odd.write("notes/2/.a.md.ephor-part", b"left over")
    assert moving.delete("notes", ("who",), [("1",)]) == 1
    assert "moving: " in moving.scrub(["notes"])
    assert odd.names() == ["notes/2/a.md", "people.csv"]


MARY = "mary@example.org"


def test_an_archive_in_a_chain_is_read_and_not_written(memory: InMemory, engine: Engine) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("people.csv", PEOPLE)
        archive.writestr("notes/1/a.md", b"hers")
    memory.write("all.zip", made.getvalue())
    url = f"zip://::{memory.url('/all.zip')}{PATTERNS}"
    store = connect(url)
    assert [one["id"] for one in found(store, "people", "email", MARY)] == ["1"]
    assert [one["_text"] for one in found(store, "notes", "who", "1")] == ["hers"]
    for table, key, value in (("people", "id", "1"), ("notes", "who", "1")):
        with pytest.raises(InvalidInputError, match="`zip`"):
            store.delete(table, (key,), [(value,)])
    fields = [
        {"name": "id", "data_categories": ["system.operations"], "fides_meta": {"primary_key": True}},
        {"name": "email", "data_categories": ["user.contact.email"], "fides_meta": {"identity": "email"}},
    ]
    given = {"dataset": [{"fides_key": "old", "collections": [{"name": "people", "fields": fields}]}]}
    asked = {
        right: engine.dsr.open(right, {"email": MARY}, by="ada", corrections=corrections).id
        for right, corrections in {
            "access": {},
            "erasure": {},
            "rectification": {"old.people.email": "m@example.org"},
        }.items()
    }
    for id in asked.values():
        engine.dsr.verify_identity(id, "seen", by="ada")
    assert [line.act for line in engine.dsr.plan(asked["access"], given, {"old": store}, by="ada").lines] == [
        1
    ]
    for right in ("erasure", "rectification"):
        with pytest.raises(
            InvalidInputError, match=r"`old\.people` can only be read.*`--store old=manual:PERSON`"
        ):
            engine.dsr.plan(asked[right], given, {"old": store}, by="ada")
    assert memory.read("all.zip") == made.getvalue()


@pytest.mark.parametrize("scheme", ["file://", "local://", "files:///"])
def test_a_folder_is_a_folder_by_whatever_name(tmp_path: Path, scheme: str) -> None:
    (tmp_path / "people.csv").write_bytes(PEOPLE)
    store = connect(f"{scheme}{tmp_path}")
    assert store.delete("people", ("id",), [("1",)]) == 1
    assert (tmp_path / "people.csv").read_bytes() == NO_MARY
    assert store.scrub(["people"]).startswith("files: ")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://AKIA1:hush-hush@lake/agent", "a password stands in the store's URL"),
        ("s3://AKIA1:hush/hush+x@lake/agent", "a password stands in the store's URL"),
        ("sftp://bob:hush-hush@host/agent", "a password stands in the store's URL"),
        ("zip://::s3://AKIA1:hush-hush@lake/a.zip", "a password stands in the store's URL"),
        ("s3://lake/agent?people=people.csv&secret=hush-hush", "`secret` stands in"),
        ("az://lake/agent?connection_string=hush-hush", "`connection_string` stands in"),
        ("memory://x?_options=hush%20hush", "names an environment variable"),
        ("memory://x?_versions=hush", "`erase` or `keep`"),
        ("memory://x?_versions=keep&_versions=erase", "twice"),
        ("memory://x?a=../b", "must stay below"),
        ("simplecache::s3://lake/agent", "keeps copies"),
        ("https://example.org/agent/", "no list of what is there"),
        ("ftp://example.org/agent", "for all to read"),
        ("dir://agent::s3://lake", "name the place in the URL"),
        ("memory://x%3A%3Ay", "hides"),
    ],
)
def test_urls_that_hold_secrets_or_make_no_sense_are_refused(url: str, said: str) -> None:
    with pytest.raises(InvalidInputError) as stop:
        connect(url)
    assert said in str(stop.value)
    assert "hush" not in str(stop.value)


def test_options_come_from_a_named_variable_and_are_told_nowhere(
    memory: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    class Asking(MemoryFileSystem):  # type: ignore[misc]
        protocol = "asking"

        def __init__(self, **options: Any) -> None:
            seen.update(options)
            super().__init__()

        @classmethod
        def _strip_protocol(cls, path: str) -> str:
            return str(MemoryFileSystem._strip_protocol(path.removeprefix("asking://")))

    fsspec.register_implementation("asking", Asking, clobber=True)
    url = f"asking:/{memory.root}?people=people.csv&_options=LAKE_OPTIONS"
    assert "no environment variable `LAKE_OPTIONS`" in said_by(lambda: connect(url), InvalidInputError)
    monkeypatch.setenv("LAKE_OPTIONS", "AKIASECRET")
    assert "no JSON object" in said_by(lambda: connect(url), InvalidInputError)
    monkeypatch.setenv("LAKE_OPTIONS", json.dumps({"key": "AKIASECRET", "secret": "x"}))
    assert set(connect(url).tables()) == {"people", "_other_files"}
    assert seen == {"key": "AKIASECRET", "secret": "x"}


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for scheme, needs in {"gs": "gcsfs", "abfs": "adlfs", "s3": "s3fs"}.items():
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, needs, None)
            patch.delitem(import_module("fsspec.registry")._registry, scheme, raising=False)
            with pytest.raises(UnavailableError, match=rf"`{scheme}` needs {needs}.*ephor\[objects\]"):
                connect(f"{scheme}://lake/agent")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "fsspec", None)
        patch.setitem(sys.modules, "fsspec.core", None)
        patch.setitem(sys.modules, "fsspec.registry", None)
        with pytest.raises(UnavailableError, match=r"needs fsspec; install `ephor\[objects\]`"):
            connect("s3://lake/agent")
        with pytest.raises(InvalidInputError, match="nothing here knows"):
            connect("webhdfs://lake/agent")


def test_a_map_is_drafted_from_an_object_store(memory: InMemory) -> None:
    made = draft(connect(memory.url(PATTERNS)), "agent")
    listed = made.data_map["dataset"][0]["collections"]  # type: ignore[index]
    fields = {one["name"]: [field["name"] for field in one["fields"]] for one in listed}
    assert fields["people"][-2:] == ["id", "email"]
    assert "who" in fields["notes"]
