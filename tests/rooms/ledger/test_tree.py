"""The obvious tree against published vectors, and its verifiers against every way to be wrong."""

from __future__ import annotations

import base64
import json

import pytest

from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.rooms.ledger import tree

LEAVES = [tree.leaf_hash(bytes([i])) for i in range(40)]


def hashes(texts):
    return [base64.b64decode(text) for text in texts or ()]


def cases(folder):
    return [json.loads(path.read_text()) for path in sorted(folder.rglob("*.json"))]


def holds(check, *arguments):
    try:
        check(*arguments)
    except VerificationError:
        return False
    return True


def test_published_inclusion_vectors_are_judged_right(vectors):
    found = cases(vectors / "merkle" / "inclusion")
    assert len(found) == 98
    for case in found:
        leaf, root = hashes([case["leafHash"], case["root"]])
        arguments = (leaf, case["leafIdx"], case["treeSize"], hashes(case["proof"]), root)
        assert holds(tree.verify_inclusion, *arguments) != case["wantErr"], case["desc"]


def test_published_consistency_vectors_are_judged_right(vectors):
    found = cases(vectors / "merkle" / "consistency")
    assert len(found) == 98
    for case in found:
        old, new = hashes([case["root1"], case["root2"]])
        arguments = (case["size1"], case["size2"], old, new, hashes(case["proof"]))
        assert holds(tree.verify_consistency, *arguments) != case["wantErr"], case["desc"]


def test_known_roots_of_rfc_6962_implementations():
    # The eight inputs of the Certificate Transparency reference tests; roots at sizes 1, 2 and 8.
    inputs = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    leaves = [tree.leaf_hash(bytes.fromhex(one)) for one in inputs]
    assert (
        tree.root_hash(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )
    assert (
        tree.root_hash(leaves[:2]).hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    )
    assert tree.root_hash(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.mark.parametrize("size", range(1, 34))
def test_every_inclusion_proof_holds_and_no_shortened_or_lengthened_one(size):
    leaves, root = LEAVES[:size], tree.root_hash(LEAVES[:size])
    for index, leaf in enumerate(leaves):
        proof = tree.inclusion_proof(leaves, index)
        tree.verify_inclusion(leaf, index, size, proof, root)
        for wrong in ([*proof, root], proof[:-1] if proof else [leaf], [leaf, *proof]):
            assert not holds(tree.verify_inclusion, leaf, index, size, wrong, root)
        assert not holds(tree.verify_inclusion, tree.leaf_hash(b"other"), index, size, proof, root)
        assert not holds(tree.verify_inclusion, leaf, (index + 1) % size, size, proof, root) or size == 1


@pytest.mark.parametrize("new", range(34))
def test_every_consistency_proof_holds_and_none_with_a_changed_hash(new):
    for old in range(new + 1):
        proof = tree.consistency_proof(LEAVES[:new], old)
        roots = tree.root_hash(LEAVES[:old]), tree.root_hash(LEAVES[:new])
        tree.verify_consistency(old, new, *roots, proof)
        for at in range(len(proof)):
            assert not holds(
                tree.verify_consistency, old, new, *roots, [*proof[:at], bytes(32), *proof[at + 1 :]]
            )
            assert not holds(tree.verify_consistency, old, new, *roots, proof[:at] + proof[at + 1 :])
        assert not holds(tree.verify_consistency, old, new, *roots, [*proof, bytes(32)])
        assert not holds(tree.verify_consistency, old, new, bytes(32), roots[1], proof)
        assert not holds(tree.verify_consistency, old, new, roots[0], bytes(32), proof) or old == 0 < new


def test_an_inner_node_does_not_pass_as_a_leaf():
    inner = tree.node_hash(LEAVES[0], LEAVES[1])
    root = tree.root_hash(LEAVES[:4])
    assert tree.leaf_hash(LEAVES[0] + LEAVES[1]) != inner
    assert not holds(tree.verify_inclusion, inner, 0, 4, [tree.node_hash(LEAVES[2], LEAVES[3])], root)


@pytest.mark.parametrize(("index", "size"), [(-1, 2), (2, 2), (0, 0)])
def test_a_leaf_outside_the_tree_has_no_proof(index, size):
    with pytest.raises(InvalidInputError):
        tree.inclusion_proof(LEAVES[:size], index)
    assert not holds(tree.verify_inclusion, LEAVES[0], index, size, [], LEAVES[0])


@pytest.mark.parametrize("old", [-1, 3])
def test_a_tree_cannot_shrink(old):
    with pytest.raises(InvalidInputError):
        tree.consistency_proof(LEAVES[:2], old)
    assert not holds(tree.verify_consistency, old, 2, bytes(32), bytes(32), [])


def test_a_hash_of_the_wrong_length_is_refused_before_anything_else():
    with pytest.raises(VerificationError, match="31 bytes"):
        tree.verify_inclusion(LEAVES[0], 0, 2, [LEAVES[1][:31]], tree.root_hash(LEAVES[:2]))
