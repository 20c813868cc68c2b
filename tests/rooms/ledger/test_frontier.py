"""The growing edge against the obvious tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import VerificationError
from ephor.rooms.ledger import frontier, tree
from ephor.rooms.ledger.frontier import EMPTY, Frontier

LEAVES = [tree.leaf_hash(i.to_bytes(2, "big")) for i in range(700)]


def test_the_root_equals_the_oracle_at_every_size_to_600():
    edge = EMPTY
    for size in range(601):
        assert edge.size == size
        assert frontier.root(edge) == tree.root_hash(LEAVES[:size])
        assert frontier.extend(EMPTY, LEAVES[:size]) == edge
        edge = frontier.extend(edge, [LEAVES[size]])


@given(st.lists(st.integers(0, 120), max_size=6))
def test_how_leaves_fall_into_batches_makes_no_difference(batches):
    edge, done = EMPTY, 0
    for count in batches:
        edge, done = frontier.extend(edge, LEAVES[done : min(done + count, 700)]), min(done + count, 700)
    assert edge == frontier.extend(EMPTY, LEAVES[:done])
    assert frontier.root(edge) == tree.root_hash(LEAVES[:done])


@given(st.integers(0, 700))
def test_a_frontier_survives_storage(size):
    edge = frontier.extend(EMPTY, LEAVES[:size])
    assert frontier.decode(size, frontier.encode(edge)) == edge


@pytest.mark.parametrize(
    ("size", "data"), [(-1, b""), (0, bytes(32)), (1, b""), (3, bytes(32)), (1, bytes(33))]
)
def test_bytes_of_another_size_are_refused(size, data):
    with pytest.raises(VerificationError):
        frontier.decode(size, data)


def test_an_impossible_frontier_cannot_be_made():
    with pytest.raises(VerificationError):
        Frontier(2, (bytes(32), bytes(32)))
