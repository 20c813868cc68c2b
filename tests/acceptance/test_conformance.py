"""The conformance vectors: made anew they are the same, and everybody judges them as they are stated.

Everybody: the rooms of the ledger, the offline verifier, and the naive one of `naive.py`; the one in Go is in
`test_go_verifier.py`.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceptance import naive
from ephor import verifier
from ephor.kernel.errors import EphorError
from ephor.rooms.ledger import (
    chain,
    checkpoint,
    cosignature,
    entry,
    note,
    proof_file,
    tile,
    tree,
)

HOME = Path(__file__).parents[2] / "conformance"


def vectors(name):
    return json.loads((HOME / f"{name}.json").read_text(encoding="ascii"))


def each(name):
    found = vectors(name)
    assert found
    return pytest.mark.parametrize("vector", found, ids=[one["name"] for one in found])


def data_of(vector):
    return base64.b64decode(vector["base64"]) if "base64" in vector else vector["text"].encode()


def hashes(texts):
    return [bytes.fromhex(one) for one in texts]


def holds(check, *arguments, **named):
    """Return whether a check that raises where something does not hold lets these pass."""
    try:
        check(*arguments, **named)
    except (EphorError, naive.WrongError):
        return False
    return True


def test_made_anew_the_vectors_are_the_same_to_the_byte(tmp_path):
    shutil.copytree(
        HOME, tmp_path / "made", ignore=shutil.ignore_patterns("*.json", "bundles", "__pycache__")
    )
    command = [sys.executable, str(HOME / "make.py"), str(tmp_path / "made")]
    subprocess.run(command, check=True, env={"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "7"})

    def files(folder):
        found = [one for one in folder.rglob("*") if one.is_file() and "__pycache__" not in one.parts]
        return {str(one.relative_to(folder)): one.read_bytes() for one in found}

    made, kept = files(tmp_path / "made"), files(HOME)
    assert sorted(made) == sorted(kept)
    assert [name for name in made if made[name] != kept[name]] == []
    assert sum(map(len, kept.values())) < 1_000_000


# --- entries, payloads, chain


class Alone:
    """A log of one entry under the key of the vectors, as files in memory."""

    def __init__(self, data: bytes) -> None:
        sys.path.insert(0, str(HOME))
        try:
            import make  # noqa: PLC0415 - the generator's own words
        finally:
            sys.path.remove(str(HOME))
        self.files = {
            "checkpoint": make.head([data]),
            "tile/0/000.p/1": tree.leaf_hash(data),
            "tile/entries/000.p/1": tile.encode_bundle([data]),
        }
        self.key = make.OWNER.verifier

    def read(self, name: str, limit: int) -> bytes | None:
        return self.files.get(name)


@each("entries")
def test_entries_are_judged_as_stated(vector):
    data = data_of(vector)
    assert holds(entry.parse, data) is vector["valid"]
    assert holds(naive.read_entry, data) is vector["valid"]
    assert tree.leaf_hash(data).hex() == naive.leaf_hash(data).hex() == vector["leaf_hash"]


@each("entries")
def test_the_offline_verifier_judges_entries_as_stated(vector):
    log = Alone(data_of(vector))
    report = verifier.judge(log, log.key)
    if vector["valid"] and json.loads(data_of(vector))["log"] == log.key.split("+")[0]:
        # the counters of the vectors are those of a longer log: nothing else may be missed
        assert report.verdict in ("CONSISTENT", "INCOMPLETE"), report.findings
        assert all("its source counted" in one.problem for one in report.findings)
    else:
        assert (report.verdict, report.findings[0].position) == ("INVALID", 0)


@each("payloads")
def test_commitments_to_payloads_are_judged_as_stated(vector):
    salt, payload = bytes.fromhex(vector["salt"]), bytes.fromhex(vector["payload"])

    def by_room():
        naive.need(entry.commitment(entry.PAYLOAD_TAG, salt, payload) == vector["commitment"], "another")

    def by_naive():
        naive.need(naive.commitment(salt, payload) == vector["commitment"], "another")

    assert holds(by_room) is vector["valid"]
    assert holds(by_naive) is vector["valid"]


def link_of(row):
    return chain.Link(
        row["sequence_number"], bytes.fromhex(row["previous_hash"]), bytes.fromhex(row["entry_hash"])
    )


@each("chain")
def test_hash_chains_are_judged_as_stated(vector):
    rows = [(link_of(one), one["entry"].encode()) for one in vector["rows"]]
    last = None if vector["last"] is None else link_of(vector["last"])
    first = None
    try:
        chain.verify(rows, last=last)
    except EphorError as error:
        first = error.facts["sequence_number"]
    assert first == vector["first"]
    assert naive_chain(rows, last) == vector["first"]


def naive_chain(rows, last):
    previous = bytes(32)
    for number, (found, data) in enumerate(rows, 1):
        hash_ = naive.chain_hash(number, previous, data)
        if (found.sequence_number, found.previous_hash, found.entry_hash) != (number, previous, hash_):
            return number
        previous = hash_
    if last is None or last in [found for found, _ in rows]:
        return None
    return min(len(rows) + 1, last.sequence_number)


# --- trees and proofs


def test_roots_and_tiles_are_as_stated():
    for vector in vectors("trees"):
        leaves = [tree.leaf_hash(f"leaf {number}".encode()) for number in range(vector["size"])]
        assert tree.root_hash(leaves).hex() == vector["root"]
        assert naive.root_of(leaves).hex() == vector["root"]
        paths = {tile.tile_path(*place): place for place in tile.tiles_of(vector["size"])}
        assert vector["tiles"].keys() <= paths.keys()
        for path, digest in vector["tiles"].items():
            level, index, width = paths[path]
            scale = 256**level
            starts = range(index * 256 * scale, (index * 256 + width) * scale, scale)
            assert (
                sha256(b"".join(naive.root_of(leaves[at : at + scale]) for at in starts)).hexdigest()
                == digest
            )


def test_paths_are_as_stated():
    for vector in vectors("paths"):
        level, index, width = vector["level"], vector["index"], vector["width"]
        assert (
            vector["path"]
            == tile.tile_path(level, index, width)
            == f"tile/{level}/{naive.place(index, width)}"
        )
        assert vector["entries"] == tile.entries_path(index, width)
        assert tile.parse_path(vector["path"]) == (level, index, width)


@each("inclusion")
def test_inclusion_proofs_are_judged_as_stated(vector):
    leaf, root, proof = (
        bytes.fromhex(vector["leaf_hash"]),
        bytes.fromhex(vector["root"]),
        hashes(vector["proof"]),
    )
    index, size = vector["index"], vector["size"]
    assert holds(tree.verify_inclusion, leaf, index, size, proof, root) is vector["valid"]
    assert holds(naive.check_inclusion, leaf, index, size, root, proof) is vector["valid"]


@each("consistency")
def test_consistency_proofs_are_judged_as_stated(vector):
    arguments = (
        vector["old"],
        vector["new"],
        bytes.fromhex(vector["old_root"]),
        bytes.fromhex(vector["new_root"]),
        hashes(vector["proof"]),
    )
    assert holds(tree.verify_consistency, *arguments) is vector["valid"]
    assert holds(naive.check_consistency, *arguments) is vector["valid"]


# --- keys, checkpoints, cosignatures, proof files


class Only:
    """A bundle that holds a checkpoint and nothing else."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read(self, name: str, limit: int) -> bytes | None:
        return self.data if name == "checkpoint" else None


def refuses(report):
    """Return whether the offline verifier would not take the checkpoint; that entries are missing is no refusal."""
    return any(one.problem.startswith("checkpoint:") for one in report.findings)


@each("keys")
def test_keys_are_judged_as_stated(vector):
    read = note.parse_key if vector["algorithm"] == 1 else cosignature.parse_witness_key
    assert holds(read, vector["key"]) is vector["valid"]
    assert holds(naive.read_key, vector["key"], vector["algorithm"]) is vector["valid"]


@each("keys")
def test_the_offline_verifier_takes_nothing_signed_with_a_key_that_is_none(vector):
    right = vectors("checkpoints")[0]
    key, witnesses = (vector["key"], []) if vector["algorithm"] == 1 else (right["key"], [vector["key"]])
    try:
        report = verifier.judge(Only(data_of(right)), key, witnesses=witnesses)
    except verifier.UsageError:
        taken = False
    else:
        taken = not refuses(report) or key != right["key"]  # another's key is taken, and has not signed this
        if vector["name"] == "no point of the curve":
            taken = not refuses(report)  # it is only seen when something should be signed with it
    assert taken is vector["valid"]


@each("checkpoints")
def test_checkpoints_are_judged_as_stated(vector):
    data = data_of(vector)
    assert holds(checkpoint.open_checkpoint, data, vector["key"]) is vector["valid"]
    assert holds(naive.open_checkpoint, data, naive.read_key(vector["key"])) is vector["valid"]
    if vector["valid"]:
        found = checkpoint.open_checkpoint(data, vector["key"])
        stated = (vector["origin"], vector["size"], vector["root"])
        assert (found.origin, found.size, found.root.hex()) == stated
        assert naive.read_checkpoint(data) == naive.Head(found.origin, found.size, found.root)


@each("checkpoints")
def test_the_offline_verifier_judges_checkpoints_as_stated(vector):
    report = verifier.judge(Only(data_of(vector)), vector["key"])
    assert refuses(report) is not vector["valid"], report.findings
    if vector["valid"]:
        stated = (vector["origin"], vector["size"], vector["root"])
        assert (report.origin, report.size, base64.b64decode(report.root).hex()) == stated


@each("cosignatures")
def test_cosignatures_are_judged_as_stated(vector):
    data = data_of(vector)
    quorum = vector["quorum"] or len(vector["witnesses"])

    def by_room():
        checkpoint.open_checkpoint(data, vector["key"])
        known = map(cosignature.parse_witness_key, vector["witnesses"])
        return len(cosignature.cosignatures(note.parse(data), known))

    def by_naive():
        naive.open_checkpoint(data, naive.read_key(vector["key"]))
        return sum(naive.signed_by(data, naive.read_key(one, 4)) for one in vector["witnesses"])

    for count in (by_room, by_naive):
        if vector["witnessed"] is None:
            assert not holds(count)
        else:
            assert (bool(vector["witnesses"]) and count() >= quorum) is vector["witnessed"]


@each("cosignatures")
def test_the_offline_verifier_judges_cosignatures_as_stated(vector):
    right = next(one for one in vectors("bundles") if one["name"] == "five")
    files = files_of(right["folder"]) | {"checkpoint": data_of(vector)}
    report = verifier.judge(
        Kept(files), vector["key"], witnesses=vector["witnesses"], quorum=vector["quorum"]
    )
    assert refuses(report) is (vector["witnessed"] is None)
    if not refuses(report):
        assert (report.verdict == "WITNESSED") is vector["witnessed"]


@each("proof-files")
def test_proof_files_are_judged_as_stated(vector):
    data, about = data_of(vector), vector["entry"].encode()

    def by_room():
        proof_file.verify(proof_file.parse(data), about, vector["key"])

    assert holds(by_room) is vector["valid"]
    assert holds(naive.check_proof_file, data, about, naive.read_key(vector["key"])) is vector["valid"]
    assert (verifier.verify_proof(data, vector["key"], about).verdict == "CONSISTENT") is vector["valid"]


# --- bundles


def files_of(folder):
    files = sorted(one for one in (HOME / folder).rglob("*") if one.is_file())
    return {str(one.relative_to(HOME / folder)): one.read_bytes() for one in files}


@each("bundles")
def test_the_offline_verifier_judges_bundles_as_stated(vector):
    report = verifier.verify(
        HOME / vector["folder"],
        vector["key"],
        None if vector["earlier"] is None else vector["earlier"].encode(),
        witnesses=vector["witnesses"],
        quorum=vector["quorum"],
        anchors=None if vector["main"] is None else HOME / vector["main"],
        anchors_key=vector["main_key"],
    )
    first = min((one.position for one in report.findings if one.position is not None), default=None)
    assert (report.verdict, first, report.size) == (vector["verdict"], vector["first"], vector["size"]), (
        report.findings
    )
    assert [at for start, end in report.erased for at in range(start, end + 1)] == vector["erased"]
    if vector["unwitnessed"] is not None:
        assert report.unwitnessed_tail == vector["unwitnessed"]
    if vector["unanchored"] is not None:
        assert report.anchored
        assert report.anchored.tail == vector["unanchored"]


@each("bundles")
def test_the_naive_verifier_judges_bundles_as_stated(vector):
    asked = naive.Asked(
        naive.read_key(vector["key"]),
        None if vector["earlier"] is None else vector["earlier"].encode(),
        [naive.read_key(one, 4) for one in vector["witnesses"]],
        vector["quorum"] or 0,
        None if vector["main"] is None else files_of(vector["main"]),
        None if vector["main_key"] is None else naive.read_key(vector["main_key"]),
    )
    judged = naive.judge(files_of(vector["folder"]), asked)
    assert (judged.verdict, judged.first, judged.size) == (vector["verdict"], vector["first"], vector["size"])
    assert judged.erased == vector["erased"]
    if vector["unwitnessed"] is not None:
        assert judged.size - max(judged.witnessed, 0) == vector["unwitnessed"]
    if vector["unanchored"] is not None:
        assert judged.unanchored == vector["unanchored"]


BUNDLES = {one["name"]: one for one in vectors("bundles")}


@st.composite
def damaged(draw):
    """A bundle of the vectors to which one or two things were done, and the vector it was."""
    vector = BUNDLES[draw(st.sampled_from(sorted(set(BUNDLES) - {"full-tile"})))]
    files = files_of(vector["folder"])
    other = files_of(BUNDLES[draw(st.sampled_from(sorted(BUNDLES)))]["folder"])
    for _ in range(draw(st.integers(1, 2))):
        name = draw(st.sampled_from(sorted(files) or ["checkpoint"]))
        data = files.get(name, b"")
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        match draw(st.sampled_from(["flip", "cut", "add", "drop", "swap", "double"])):
            case "flip" if data:
                files[name] = data[:at] + bytes([data[at] ^ 1 << draw(st.integers(0, 7))]) + data[at + 1 :]
            case "cut":
                files[name] = data[:at]
            case "add":
                files[name] = data + draw(st.binary(min_size=1, max_size=3))
            case "drop":
                files.pop(name, None)
            case "swap" if other:
                taken = draw(st.sampled_from(sorted(other)))
                files[taken] = other[taken]
            case _:
                files[name] = data[:at] + data
    return vector, files


class Kept:
    """Files in memory."""

    def __init__(self, files) -> None:
        self.files = files

    def read(self, name: str, limit: int) -> bytes | None:
        return self.files.get(name)


@settings(max_examples=300, deadline=None)
@given(damaged())
def test_whatever_was_done_to_a_bundle_two_verifiers_find_the_same(case):
    vector, files = case
    earlier = None if vector["earlier"] is None else vector["earlier"].encode()
    report = verifier.judge(
        Kept(files),
        vector["key"],
        earlier,
        witnesses=vector["witnesses"],
        quorum=vector["quorum"],
    )
    judged = naive.judge(
        files,
        naive.Asked(
            naive.read_key(vector["key"]),
            earlier,
            [naive.read_key(one, 4) for one in vector["witnesses"]],
            vector["quorum"] or 0,
        ),
    )
    first = min((one.position for one in report.findings if one.position is not None), default=None)
    assert (report.verdict, first, report.size) == (judged.verdict, judged.first, judged.size), (
        report.findings
    )


def test_there_is_a_bundle_for_every_attack_that_must_be_found():
    """The attacks of the threat model, each by its bundle: none may be dropped in silence."""
    names = {one["name"] for one in vectors("bundles")}
    assert names >= {
        "edited",  # in place
        "edited-with-tiles-to-fit",  # and the rest recomputed
        "tail-cut",
        "tail-cut-and-signed",  # or an old backup put back
        "deleted-and-signed",
        "entry-left-out",  # and the rest renumbered
        "exchanged-and-signed",
        "put-first-and-signed",
        "rewritten-with-the-key-and-a-head-was-kept",
        "rewritten-with-another-key",
        "two-histories",
        "inner-node-as-entry",
        "replayed-from-another-log",
        "dated-back",
        "repeated-and-signed",
    }
