"""Every file of the external vectors is judged, the wrong ones included, by the rooms and by the naive verifier."""

from __future__ import annotations

import base64
import json

import orjson
import pytest
import rfc8785

from acceptance import naive
from ephor.kernel.canonical import canonical
from ephor.kernel.errors import EphorError
from ephor.rooms.ledger import tree

INSIDE = {"arrays", "unicode"}
"""Values of RFC 8785 that are in Ephor's profile; the others hold floats or keys beyond ASCII."""
WRITTEN_INSIDE = INSIDE | {"structures"}
"""Canonical texts that are; the one more was read from `56.0`, which RFC 8785 writes as an integer."""


def raw(texts):
    return [base64.b64decode(text) for text in texts or ()]


def holds(check, *arguments):
    try:
        check(*arguments)
    except (EphorError, naive.WrongError):
        return False
    return True


def judge_inclusion(path):
    case = json.loads(path.read_text())
    (leaf, root), proof = raw([case["leafHash"], case["root"]]), raw(case["proof"])
    index, size = case["leafIdx"], case["treeSize"]
    assert holds(tree.verify_inclusion, leaf, index, size, proof, root) is not case["wantErr"], path
    assert holds(naive.check_inclusion, leaf, index, size, root, proof) is not case["wantErr"], path
    return case["wantErr"]


def judge_consistency(path):
    case = json.loads(path.read_text())
    (old, new), proof = raw([case["root1"], case["root2"]]), raw(case["proof"])
    arguments = (case["size1"], case["size2"], old, new, proof)
    assert holds(tree.verify_consistency, *arguments) is not case["wantErr"], path
    assert holds(naive.check_consistency, *arguments) is not case["wantErr"], path
    return case["wantErr"]


def judge_json(path):
    """Judge a text, its canonical form and the bytes of that in hexadecimal, which are three files."""
    folder, name = path.parents[1], path.stem
    stated = bytes.fromhex((folder / "outhex" / f"{name}.txt").read_text())
    assert (folder / "output" / f"{name}.json").read_bytes().rstrip(b"\n") == stated
    value = json.loads(path.read_text(encoding="utf-8"))
    assert rfc8785.dumps(value) == stated  # the oracle of other tests is right about all of them
    assert holds(canonical, value) is (name in INSIDE)
    assert holds(naive.read_canonical, stated) is (name in WRITTEN_INSIDE)
    if name in INSIDE:
        assert canonical(value) == stated
    if name in WRITTEN_INSIDE:
        assert naive.read_canonical(stated) == orjson.loads(stated)
    return [path, folder / "output" / f"{name}.json", folder / "outhex" / f"{name}.txt"]


@pytest.mark.parametrize(
    ("kind", "judge"), [("inclusion", judge_inclusion), ("consistency", judge_consistency)]
)
def test_proofs_are_judged_as_published(vectors, kind, judge):
    wrong = [judge(path) for path in sorted((vectors / "merkle" / kind).rglob("*.json"))]
    assert len(wrong) == 98
    assert 0 < wrong.count(False) < wrong.count(True)  # most are wrong on purpose


def test_canonical_json_is_judged_as_published(vectors):
    judged = [path for one in (vectors / "jcs" / "testdata" / "input").iterdir() for path in judge_json(one)]
    assert sorted(judged) == sorted(path for path in (vectors / "jcs").rglob("*") if path.is_file())


def test_no_file_of_the_external_vectors_is_left_out(vectors):
    known = {vectors / "README.md"}
    for folder in (
        vectors / "merkle" / "inclusion",
        vectors / "merkle" / "consistency",
        vectors / "jcs" / "testdata",
    ):
        known |= {path for path in folder.rglob("*") if path.is_file()}
    assert {path for path in vectors.rglob("*") if path.is_file()} == known
