"""The second verifier, written in Go from docs/ledger-format.md alone, judges as the vectors state and as ours does."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from acceptance import naive
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


def damaged(files: dict[str, bytes], dice: random.Random) -> dict[str, bytes]:
    """Return *files* with one of them flipped in a bit, cut, lengthened, doubled or taken away."""
    name = dice.choice(sorted(files))
    data = files[name]
    at = dice.randrange(len(data)) if data else 0
    wrong = dice.choice(
        [
            data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :],
            data[:at],
            data + b"\x00",
            data + data,
            None,
        ]
    )
    return {one: other for one, other in (files | {name: wrong}).items() if other is not None}


def test_whatever_was_done_to_a_bundle_the_naive_verifier_finds_the_same(spec, tmp_path):
    dice = random.Random(20261124)
    folder = Path(shutil.copytree(HOME, tmp_path / "vectors", ignore=shutil.ignore_patterns("bundles")))
    stated, expected = [], []
    for number in range(250):
        vector = dice.choice([one for one in vectors("bundles") if one["main"] is None])
        place = HOME / vector["folder"]
        files = {str(one.relative_to(place)): one.read_bytes() for one in place.rglob("*") if one.is_file()}
        files = damaged(files, dice)
        for name, data in files.items():
            (folder / "bundles" / str(number) / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "bundles" / str(number) / name).write_bytes(data)
        stated.append(vector | {"folder": f"bundles/{number}"})
        witnesses = [naive.read_key(one, 4) for one in vector["witnesses"]]
        earlier = None if vector["earlier"] is None else vector["earlier"].encode()
        asked = naive.Asked(naive.read_key(vector["key"]), earlier, witnesses, vector["quorum"] or 0)
        expected.append(naive.judge(files, asked))
    (folder / "bundles.json").write_text(json.dumps(stated))
    found = spec("vectors", folder)["bundles"]
    assert [(one["verdict"], one["first"], one["size"], one["erased"]) for one in found] == [
        (one.verdict, one.first, one.size, one.erased) for one in expected
    ]
    assert len({one.verdict for one in expected}) > 2


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
