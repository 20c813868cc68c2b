"""The Merkle tree of RFC 6962 and RFC 9162, section 2.1, written the obvious way, and the checks of its proofs.

What is obvious here is the oracle for what is fast elsewhere (`frontier.py`, `proof.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from ephor.kernel.errors import InvalidInputError, VerificationError

HASH_SIZE = 32
"""Bytes of a SHA-256 hash."""
EMPTY_ROOT = sha256(b"").digest()
"""Root of the tree without leaves (RFC 9162, 2.1.1)."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one entry as a leaf.

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return sha256(b"\x00" + data).digest()  # the prefix keeps a leaf from passing as an inner node


def leaf_hashes(entries: Sequence[bytes]) -> list[bytes]:
    """Return the hash of each entry as a leaf; to copy a digest that has begun is faster than to begin one."""
    if len(entries) == 1:
        return [leaf_hash(entries[0])]
    begun, found = sha256(b"\x00").copy, []
    for entry in entries:
        one = begun()
        one.update(entry)
        found.append(one.digest())
    return found


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node over its two children's hashes."""
    return sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """Return the largest power of two below *size*, where a tree of two or more leaves parts.

    >>> split(2), split(5), split(8)
    (1, 4, 4)
    """
    return 1 << (size - 1).bit_length() - 1


def root_hash(leaves: Sequence[bytes]) -> bytes:
    """Return the root over *leaves*, which are leaf hashes already.

    >>> root_hash([]) == EMPTY_ROOT
    True
    """
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    middle = split(len(leaves))
    return node_hash(root_hash(leaves[:middle]), root_hash(leaves[middle:]))


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the siblings on the way from leaf *index* to the root (RFC 9162, 2.1.3.1).

    Raises:
        InvalidInputError: there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise InvalidInputError(
            f"no leaf `{index}` in a tree of {len(leaves)}", index=index, size=len(leaves)
        )
    if len(leaves) == 1:
        return []
    middle = split(len(leaves))
    if index < middle:
        return [*inclusion_proof(leaves[:middle], index), root_hash(leaves[middle:])]
    return [*inclusion_proof(leaves[middle:], index - middle), root_hash(leaves[:middle])]


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Return what shows that the first *old_size* leaves are still the beginning (RFC 9162, 2.1.4.1).

    Raises:
        InvalidInputError: the old tree is larger than the new one.
    """
    if not 0 <= old_size <= len(leaves):
        raise InvalidInputError(
            f"no tree of `{old_size}` in a tree of {len(leaves)}", old=old_size, size=len(leaves)
        )
    if old_size in (0, len(leaves)):
        return []
    return _subproof(leaves, old_size, whole=True)


def _subproof(leaves: Sequence[bytes], old_size: int, *, whole: bool) -> list[bytes]:
    if old_size == len(leaves):
        return [] if whole else [root_hash(leaves)]  # the verifier holds the old root and needs no copy of it
    middle = split(len(leaves))
    if old_size <= middle:
        return [*_subproof(leaves[:middle], old_size, whole=whole), root_hash(leaves[middle:])]
    return [*_subproof(leaves[middle:], old_size - middle, whole=False), root_hash(leaves[:middle])]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that *leaf*, a leaf hash, sits at *index* in the tree of *size* leaves with this *root*.

    The algorithm is that of RFC 9162, 2.1.3.2.

    Raises:
        VerificationError: it does not, or the proof is not of the one possible length.
    """
    if not 0 <= index < size:
        raise VerificationError(f"leaf index {index} lies outside the tree of {size}", index=index, size=size)
    _check_lengths(leaf, root, *proof)
    node, last, running = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise VerificationError("the inclusion proof is longer than the path", index=index, size=size)
        if node & 1 or node == last:
            running = node_hash(sibling, running)
            node, last = _climb_to_left_turn(node, last)
        else:
            running = node_hash(running, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise VerificationError("the inclusion proof is shorter than the path", index=index, size=size)
    if running != root:
        raise VerificationError("the inclusion proof does not lead to the root", index=index, size=size)


def verify_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree of *new_size* begins with the very leaves of the tree of *old_size*.

    The algorithm is that of RFC 9162, 2.1.4.2. Every tree begins with the empty one; its root must still be right.

    Raises:
        VerificationError: it does not, or the proof is not of the one possible length.
    """
    if not 0 <= old_size <= new_size:
        raise VerificationError(
            f"a tree of {new_size} cannot follow one of {old_size}", old=old_size, new=new_size
        )
    if old_size == new_size:
        _check_same(old_size, old_root, new_root, proof)
        return
    _check_lengths(old_root, new_root, *proof)
    if old_size == 0:
        _check_same(0, old_root, EMPTY_ROOT, proof)
        return
    # An old tree that is one perfect subtree is its own first node; the prover leaves it out.
    path = [old_root, *proof] if old_size & old_size - 1 == 0 else list(proof)
    if not path:
        raise VerificationError("the consistency proof is empty", old=old_size, new=new_size)
    old_found, new_found = _climb_both(*_climb_while_odd(old_size - 1, new_size - 1), path)
    if old_found != old_root:
        raise VerificationError(
            "the consistency proof does not lead to the old root", old=old_size, new=new_size
        )
    if new_found != new_root:
        raise VerificationError(
            "the consistency proof does not lead to the new root", old=old_size, new=new_size
        )


def _climb_both(node: int, last: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the roots of the old and of the new tree that *path* leads to."""
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise VerificationError("the consistency proof is longer than the path", hashes=len(path))
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            node, last = _climb_to_left_turn(node, last)
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise VerificationError("the consistency proof is shorter than the path", hashes=len(path))
    return old, new


def _check_lengths(*hashes: bytes) -> None:
    for found in hashes:
        if len(found) != HASH_SIZE:
            raise VerificationError(
                f"a hash is {len(found)} bytes long; SHA-256 gives {HASH_SIZE}", bytes=len(found)
            )


def _check_same(size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    if proof:
        raise VerificationError("a proof was given where none is possible", size=size)
    if old_root != new_root:
        raise VerificationError(f"size {size} has two roots", size=size)
    if size == 0 and old_root != EMPTY_ROOT:
        raise VerificationError("the root is not that of the empty tree", size=size)


def _climb_to_left_turn(node: int, last: int) -> tuple[int, int]:
    """Skip the levels at which the right border has no sibling."""
    while node & 1 == 0 and node != 0:
        node, last = node >> 1, last >> 1
    return node, last


def _climb_while_odd(node: int, last: int) -> tuple[int, int]:
    while node & 1:
        node, last = node >> 1, last >> 1
    return node, last
