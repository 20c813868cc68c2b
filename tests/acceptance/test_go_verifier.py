"""The second verifier, written in Go from docs/ledger-format.md alone, judges as the vectors state and as ours does."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from acceptance.conftest import SIZES, replace
from ephor import verifier

HOME = Path(__file__).parents[2] / "conformance"
STATED = {
    "entries": "valid",
    "payloads": "valid",
    "chain": "first",
    "inclusion": "valid",
    "consistency": "valid",
    "keys": "valid",
    "checkpoints": "valid",
    "cosignatures": "witnessed",
    "proof-files": "valid",
}


@pytest.fixture(scope="session")
def spec(compiled):
    program = compiled("spec")

    def run(*words: object):
        done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="session")
def judged(spec):
    return spec("vectors", HOME)


def vectors(name):
    return json.loads((HOME / f"{name}.json").read_text(encoding="ascii"))


def test_every_file_of_vectors_is_judged(judged):
    assert sorted(judged) == sorted(one.stem for one in HOME.glob("*.json"))


@pytest.mark.parametrize("name", STATED)
def test_vectors_are_judged_as_stated(judged, name):
    stated = {one["name"]: one[STATED[name]] for one in vectors(name)}
    assert dict(zip(stated, judged[name], strict=True)) == stated


@pytest.mark.parametrize("name", ["trees", "paths"])
def test_roots_tiles_and_paths_are_as_stated(judged, name):
    assert judged[name] == [True] * len(vectors(name))


@pytest.mark.parametrize(
    "number", range(len(vectors("bundles"))), ids=[one["name"] for one in vectors("bundles")]
)
def test_bundles_are_judged_as_stated(judged, number):
    stated, found = vectors("bundles")[number], judged["bundles"][number]
    for name in ("verdict", "first", "size", "erased"):
        assert found[name] == stated[name], name
    for name in ("unwitnessed", "unanchored"):
        if stated[name] is not None:
            assert found[name] == stated[name], name


@pytest.mark.parametrize("size", SIZES)
def test_what_the_product_exports_holds(exports, spec, tmp_path, size):
    export = exports[size]
    kept = tmp_path / "kept"
    kept.write_bytes(exports[max(one for one in SIZES if one <= size)].checkpoint)
    for words in ((), (kept,)):
        found = spec("bundle", export.folder, export.key, *words)
        assert (found["verdict"], found["first"], found["size"]) == ("CONSISTENT", None, size)


@pytest.mark.parametrize("size", [257, 65_537])
def test_an_edited_export_is_judged_as_by_the_offline_verifier(exports, spec, tmp_path, size):
    export = exports[size]
    folder = export.copy(tmp_path / "bundle")
    for name, at in (
        ("tile/entries/000", 3_000),
        ("tile/0/000", 320),
        ("tile/1/000" if size > 65_535 else "tile/1/000.p/1", 5),
    ):
        data = bytearray((export.folder / name).read_bytes())
        data[at] ^= 1
        replace(folder, name, bytes(data))
        found, report = spec("bundle", folder, export.key), verifier.verify(folder, export.key)
        first = min(one.position for one in report.findings if one.position is not None)
        assert (found["verdict"], found["first"]) == (report.verdict, first) == ("INVALID", first)
        replace(folder, name, (export.folder / name).read_bytes())
