"""Programs that others wrote accept what Ephor exports, at every size where tiles begin or end, and refuse it damaged.

- golang.org/x/mod/sumdb/note and tlog: the code behind the Go checksum database, which the formats of C2SP come from;
- the merkletree package of Nebulous Labs: a Merkle tree of the same shape, written for another purpose;
- pymerkle: the same in Python.
"""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import pytest

from acceptance.conftest import SIZES, Export, replace
from ephor.rooms.ledger import tile
from ephor.rooms.ledger.tree import root_hash

MOD = "golang.org/x/mod/sumdb/tlog"
SIA = "github.com/NebulousLabs/merkletree"


@pytest.fixture(scope="session")
def gomod(compiled):
    """Judges a bundle with Go's tlog and note; returns the process."""
    program = compiled("gomod", needs=MOD)

    def run(folder: Path, key: str, proofs: Path, seed: int = 1):
        words = [str(program), str(folder), key, str(proofs), str(seed)]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="session")
def sia(compiled):
    """Makes a root of a bundle's entries with the merkletree package; returns the process."""
    program = compiled("merkletree", needs=SIA)

    def run(export: Export, proofs: Path | None = None):
        words = [str(program), str(export.folder), str(export.size), str(proofs or export.proofs)]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    return run


def names(export: Export) -> list[str]:
    return sorted(str(one.relative_to(export.folder)) for one in export.folder.rglob("*") if one.is_file())


@pytest.mark.parametrize("size", SIZES)
def test_the_code_of_gos_checksum_database_accepts_the_export(exports, gomod, size):
    export = exports[size]
    done = gomod(export.folder, export.key, export.proofs, seed=size)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["size"], told["entries"]) == (size, size)
    assert told["tiles"] == len(list(tile.tiles_of(size)))
    assert told["inclusion"] == 6 + len({0, size // 3, size - 1})  # its own proofs, and those Ephor made
    assert told["consistency"] == SIZES.index(size)  # with every smaller size


@pytest.mark.parametrize("size", SIZES)
def test_a_merkle_tree_written_for_another_purpose_has_the_same_root(exports, sia, size):
    done = sia(exports[size])
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [exports[size].root.hex(), str(len({0, size // 3, size - 1}))]


@pytest.mark.parametrize("size", SIZES[:5])
def test_a_merkle_tree_in_python_by_others_has_the_same_root(exports, size):
    pymerkle = pytest.importorskip("pymerkle", reason="install pymerkle")
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for index, width in tile.bundles_of(size):
        for entry in tile.decode_bundle(
            (exports[size].folder / tile.entries_path(index, width)).read_bytes()
        ):
            tree.append_entry(entry)
    assert tree.get_root() == exports[size].root


def test_the_exports_are_of_one_log_that_grew(exports):
    assert [export.size for export in exports.values()] == list(SIZES)
    assert len({export.key for export in exports.values()}) == 1
    assert len({export.root for export in exports.values()}) == len(SIZES)


def test_the_largest_export_has_the_files_that_the_specification_counts(exports):
    """C2SP tlog-tiles, on partial tiles, counts these for 70,000."""
    found = names(exports[70_000])
    full = [one for one in found if one.startswith("tile/0/") and ".p/" not in one]
    assert len(full) == 273
    others = [
        one for one in found if one.startswith("tile/") and one.split("/")[1] in "012" and one not in full
    ]
    assert others == ["tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]


@pytest.mark.parametrize("size", [1, 257])
def test_a_flipped_bit_in_any_file_is_refused_by_gos_code(exports, gomod, tmp_path, size):
    export = exports[size]
    folder = export.copy(tmp_path / "bundle")
    dice = random.Random(size)
    for name in names(export):
        data = (export.folder / name).read_bytes()
        for at in {0, len(data) // 2, len(data) - 1, *(dice.randrange(len(data)) for _ in range(5))}:
            replace(folder, name, flipped(data, at))
            done = gomod(folder, export.key, export.proofs)
            assert done.returncode == 1, (name, at)
            assert done.stdout == ""
        replace(folder, name, data)
    assert gomod(folder, export.key, export.proofs).returncode == 0


def test_a_flipped_bit_in_any_byte_of_a_checkpoint_is_refused_by_gos_code(exports, gomod, tmp_path):
    export = exports[1]
    folder = export.copy(tmp_path / "bundle")
    for at in range(len(export.checkpoint)):
        replace(folder, "checkpoint", flipped(export.checkpoint, at))
        assert gomod(folder, export.key, export.proofs).returncode == 1, at


@pytest.mark.parametrize(
    ("size", "name"),
    [
        (65_535, "tile/0/255.p/255"),
        (65_535, "tile/1/000.p/255"),
        (65_535, "tile/entries/255.p/255"),
        (65_536, "tile/1/000"),
        (65_536, "tile/2/000.p/1"),
        (65_537, "tile/0/256.p/1"),
        (70_000, "tile/0/100"),
        (70_000, "tile/0/273.p/112"),
        (70_000, "tile/1/001.p/17"),
        (70_000, "tile/2/000.p/1"),
        (70_000, "tile/entries/200"),
        (70_000, "tile/entries/273.p/112"),
    ],
)
def test_a_flipped_bit_or_a_missing_file_in_a_large_log_is_refused_by_gos_code(
    exports, gomod, tmp_path, size, name
):
    export = exports[size]
    folder = export.copy(tmp_path / "bundle")
    data = (export.folder / name).read_bytes()
    for wrong in (flipped(data, len(data) // 3), data[:-1], data + b"\x00"):
        replace(folder, name, wrong)
        assert gomod(folder, export.key, export.proofs).returncode == 1
    (folder / name).unlink()
    assert gomod(folder, export.key, export.proofs).returncode == 1


def test_a_checkpoint_of_another_size_or_key_is_refused_by_gos_code(exports, gomod, tmp_path):
    export = exports[257]
    folder = export.copy(tmp_path / "bundle")
    replace(folder, "checkpoint", exports[256].checkpoint)
    assert "belongs to no tile" in gomod(folder, export.key, export.proofs).stderr
    other = "test.local/ephor/main+a6bb0b6c+AVEX2Sd2Gtv7rUK0CyvsCqjhO7Qqm0DwvPjTRzCOAEbR"
    done = gomod(export.folder, other, export.proofs)
    assert done.returncode == 1
    assert done.stderr.startswith("key:") or "checkpoint:" in done.stderr


@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_a_flipped_bit_in_a_proof_that_ephor_made_is_refused_by_gos_code(exports, gomod, tmp_path, kind):
    export = exports[257]
    hashes = [one["hashes"] for one in json.loads(export.proofs.read_text())[kind]]
    places = [(number, at) for number, path in enumerate(hashes) for at in range(len(path))]
    assert len(places) > 15
    for number, at in places:
        wrong = json.loads(export.proofs.read_text())
        path = wrong[kind][number]["hashes"]
        path[at] = flipped(bytes.fromhex(path[at]), number).hex()
        (tmp_path / "wrong.json").write_text(json.dumps(wrong))
        assert gomod(export.folder, export.key, tmp_path / "wrong.json").returncode == 1


def test_a_proof_of_another_entry_is_refused_by_the_other_tree_too(exports, sia, tmp_path):
    export = exports[257]
    wrong = json.loads(export.proofs.read_text())
    wrong["inclusion"][0]["index"] = 1
    (tmp_path / "wrong.json").write_text(json.dumps(wrong))
    done = sia(export, tmp_path / "wrong.json")
    assert (done.returncode, done.stderr) == (1, "the proof of entry 1 does not hold\n")


def test_the_obvious_tree_agrees_with_all_of_them_at_the_largest_size(exports):
    export = exports[70_000]
    leaves = b"".join(
        (export.folder / tile.tile_path(*place)).read_bytes()
        for place in tile.tiles_of(70_000)
        if place[0] == 0
    )
    assert root_hash([leaves[at : at + 32] for at in range(0, len(leaves), 32)]) == export.root
