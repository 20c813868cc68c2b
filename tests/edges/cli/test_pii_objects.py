"""`ephor pii scan` and `mask` over object stores: everything is read or named, and masked copies go into a folder here."""

from __future__ import annotations

import gzip
import io
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ephor import bootstrap
from ephor.adapters.connectors.objects import Objects
from ephor.kernel.errors import UnavailableError
from stored_objects import InMemory, Stored, in_bucket

Typed = Callable[..., tuple[int, str, str]]
MARY = b"mary@example.org"


@pytest.fixture
def ephor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    def typed(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ephor", "pii", *words])
        with pytest.raises(SystemExit) as stop:
            bootstrap.main()
        said = capsys.readouterr()
        return int(stop.value.code or 0), said.out, said.err

    return typed


def _table() -> bytes:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet  # noqa: PLC0415

    out = io.BytesIO()
    parquet.write_table(pa.table({"n": [1, 2], "email": [MARY.decode(), None]}), out)
    return out.getvalue()


@pytest.fixture
def memory(tmp_path: Path) -> InMemory:
    return InMemory(pytest.importorskip("fsspec"), f"/{tmp_path.name}/lake")


def fill(stored: Stored) -> None:
    for name, data in {
        "notes/a.md": b"write to mary@example.org",
        "people.json": b'{"email": "mary@example.org", "n": 1}',
        "people.csv.gz": gzip.compress(b"id,email\n1,mary@example.org\n"),
        "visits.parquet": _table(),
        "empty.txt": b"",
        "old.zip": b"PK\x03\x04 and more",
        "hidden": _table(),
    }.items():
        stored.write(name, data)


def finds(report: Mapping[str, Any]) -> dict[str, Mapping[str, int]]:
    return {part["name"]: part["counts"] for part in report["sources"]}


def check_scan_and_mask(stored: Stored, ephor: Typed, folder: Path) -> None:
    code, out, _ = ephor("scan", stored.url(), "--json")
    report = json.loads(out)
    assert code == 0
    assert MARY.decode() not in out
    not_read = {one["name"]: one["because"] for one in report["not_read"]}
    assert set(not_read) == {"old.zip", "hidden"}
    assert "zip archive" in not_read["old.zip"]
    assert "Parquet and not called so" in not_read["hidden"]
    assert report["counts"]["email"] == 4
    code, out, err = ephor("mask", stored.url(), "--output", str(folder / "out"), "--json")
    assert code == 0, err
    kept = {str(one.relative_to(folder / "out")) for one in (folder / "out").rglob("*") if one.is_file()}
    assert kept == {"notes/a.md", "people.json", "people.csv.gz", "visits.parquet", "empty.txt"}
    assert (folder / "out/notes/a.md").read_bytes() == b"write to [email]"
    assert MARY not in gzip.decompress((folder / "out/people.csv.gz").read_bytes())
    from pyarrow import parquet  # noqa: PLC0415

    assert parquet.read_table(folder / "out/visits.parquet").to_pylist()[0] == {"n": 1, "email": "[email]"}
    assert stored.read("notes/a.md") == b"write to mary@example.org"


def test_what_lies_in_memory_is_scanned_and_masked(memory: InMemory, ephor: Typed, tmp_path: Path) -> None:
    fill(memory)
    check_scan_and_mask(memory, ephor, tmp_path)
    code, out, _ = ephor("scan", memory.url("/notes/a.md"), "--json")
    assert (code, json.loads(out)["counts"]) == (0, {"email": 1})
    assert ephor("scan", memory.url("/notes/b.md"))[0] == 3
    assert "takes no patterns" in ephor("scan", memory.url("?a=*.md"))[2]
    assert "name it with --output" in ephor("mask", memory.url())[2]
    assert "are for databases" in ephor("mask", memory.url(), "--column", "a.b", "--in-place")[2]


def test_a_bucket_is_scanned_and_masked(
    s3_server: tuple[Mapping[str, str], Any], monkeypatch: pytest.MonkeyPatch, ephor: Typed, tmp_path: Path
) -> None:
    bucket = in_bucket(s3_server, monkeypatch)
    fill(bucket)
    check_scan_and_mask(bucket, ephor, tmp_path)


def test_an_object_that_cannot_be_read_is_named_and_a_list_that_ends_early_stops(
    memory: InMemory, ephor: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(memory)
    opened, paths = Objects.opened, Objects.paths

    def failing(self: Objects, path: str) -> Any:
        if path in ("notes/a.md", "visits.parquet"):
            raise UnavailableError(f"cannot read `{path}` in the store (AccessDenied)")
        return opened(self, path)

    monkeypatch.setattr(Objects, "opened", failing)
    report = json.loads(ephor("scan", memory.url(), "--json")[1])
    assert {"notes/a.md", "visits.parquet"} <= {one["name"] for one in report["not_read"]}

    def ending(self: Objects) -> Any:
        yield next(paths(self))
        raise UnavailableError("cannot list `notes` in the store (AccessDenied)")

    monkeypatch.setattr(Objects, "paths", ending)
    code, out, err = ephor("scan", memory.url(), "--json")
    assert (code, out) == (7, "")
    assert "cannot list" in err


def test_a_folder_by_its_url_is_a_folder(ephor: Typed, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.md").write_bytes(b"write to mary@example.org")
    for url in (f"file://{tmp_path}/in", f"files:///{tmp_path}/in/a.md"):
        assert json.loads(ephor("scan", url, "--json")[1])["counts"] == {"email": 1}
        assert ephor("mask", url, "--output", str(tmp_path / "out"))[0] == 0
        assert (tmp_path / "out/a.md").read_bytes() == b"write to [email]"
        (tmp_path / "out/a.md").unlink()
        (tmp_path / "out").rmdir()
