"""The planned proof against the obvious one, for every leaf of every small tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.ledger import proof, tree
from ephor.rooms.ledger.proof import Node

LEAVES = [tree.leaf_hash(i.to_bytes(2, "big")) for i in range(1100)]


def fetch(plan, leaves=LEAVES):
    nodes = {node for step in plan for node in step}
    return {
        node: tree.root_hash(leaves[node.at << node.level : (node.at + 1) << node.level]) for node in nodes
    }


@pytest.mark.parametrize("size", range(1, 40))
def test_a_planned_inclusion_proof_equals_the_obvious_one(size):
    for index in range(size):
        plan = proof.plan_inclusion(index, size)
        assert proof.assemble(plan, fetch(plan)) == tree.inclusion_proof(LEAVES[:size], index)


@pytest.mark.parametrize("new", range(40))
def test_a_planned_consistency_proof_equals_the_obvious_one(new):
    for old in range(new + 1):
        plan = proof.plan_consistency(old, new)
        assert proof.assemble(plan, fetch(plan)) == tree.consistency_proof(LEAVES[:new], old)


@pytest.mark.parametrize("size", [*range(40), 255, 256, 257, 700])
def test_a_planned_root_equals_the_obvious_one(size):
    plan = proof.plan_root(size)
    assert proof.assemble(plan, fetch(plan)) == [tree.root_hash(LEAVES[:size])]


@given(st.integers(1, 2**40), st.data())
def test_plans_name_only_finished_subtrees(size, data):
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    plans = proof.plan_inclusion(index, size) + proof.plan_consistency(old, size) + proof.plan_root(size)
    assert all(node.at + 1 << node.level <= size for step in plans for node in step)


@given(st.integers(0, 10), st.integers(0, 1100))
def test_every_node_is_hashed_from_the_part_of_the_tile_that_is_located(level, index):
    if (index + 1) << level > len(LEAVES):
        index = 0
    span = proof.locate(Node(level, index))
    scale = 256**span.level
    parts = [
        tree.root_hash(LEAVES[(span.at * 256 + at) * scale : (span.at * 256 + at + 1) * scale])
        for at in range(span.start, span.stop)
    ]
    assert 0 <= span.start < span.stop <= 256
    assert tree.root_hash(parts) == tree.root_hash(LEAVES[index << level : (index + 1) << level])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 2)])
def test_no_such_leaf_has_no_plan(index, size):
    with pytest.raises(InvalidInputError):
        proof.plan_inclusion(index, size)


@pytest.mark.parametrize(("old", "new"), [(3, 2), (-1, 2)])
def test_no_such_growth_has_no_plan(old, new):
    with pytest.raises(InvalidInputError):
        proof.plan_consistency(old, new)


def test_a_negative_tree_has_no_root():
    with pytest.raises(InvalidInputError):
        proof.plan_root(-1)


def test_a_hash_nobody_fetched_is_named():
    with pytest.raises(InvalidInputError, match="level=0, at=1"):
        proof.assemble(proof.plan_inclusion(0, 2), {})
