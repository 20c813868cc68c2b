"""Checkpoints: written and read in one way only, and never going back."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.rooms.ledger import checkpoint, note
from ephor.rooms.ledger.checkpoint import Checkpoint
from ephor.rooms.ledger.tree import EMPTY_ROOT

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
ROOT = bytes(range(32))
TEXT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@dataclass(frozen=True)
class Pen:
    name: str

    @property
    def public_key(self) -> bytes:
        return KEY.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return KEY.sign(message)


@given(st.integers(1, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_survives_text(size, root):
    one = Checkpoint("ephor.example/acme/audit", size, root, ("more",))
    assert checkpoint.parse(checkpoint.encode(one)) == one


def test_the_example_of_the_specification_is_read():
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    found = checkpoint.parse(text)
    assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.encode(found) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log\n1\n",
        f"log\n1\n{TEXT}",
        f"\n1\n{TEXT}\n",
        f"log\n01\n{TEXT}\n",
        f"log\n-1\n{TEXT}\n",
        f"log\n+1\n{TEXT}\n",
        f"log\n\uff11\n{TEXT}\n",
        f"log\n1 \n{TEXT}\n",
        f"log\n{2**63}\n{TEXT}\n",
        f"log\n{'9' * 5000}\n{TEXT}\n",
        f"log\n1\n{TEXT[:-1]}\n",
        f"log\n1\n{TEXT.replace('8=', '9=')}\n",
        f"log\n1\n{TEXT[:40]}\n",
        f"log\n1\n{TEXT} \n",
        f"log\n0\n{TEXT}\n",
        f"log\n1\n{TEXT}\n\nmore\n",
        f"log\n1\n{TEXT}\n\n",
    ],
)
def test_anything_not_written_in_the_one_way_is_refused(text):
    with pytest.raises(VerificationError):
        checkpoint.parse(text)


@pytest.mark.parametrize(
    "wrong",
    [
        Checkpoint("", 1, ROOT),
        Checkpoint("a\nb", 1, ROOT),
        Checkpoint("log", -1, ROOT),
        Checkpoint("log", 2**63, ROOT),
        Checkpoint("log", 1, ROOT[:31]),
        Checkpoint("log", 0, ROOT),
        Checkpoint("log", 1, ROOT, ("",)),
    ],
)
def test_what_cannot_be_read_is_not_written(wrong):
    with pytest.raises(InvalidInputError):
        checkpoint.encode(wrong)


def test_a_signed_checkpoint_opens_with_its_own_key_only():
    key = note.verifier_key("log", Pen("log").public_key)
    one = Checkpoint("log", 1, ROOT)
    assert checkpoint.open_checkpoint(note.sign(checkpoint.encode(one), Pen("log")), key) == one
    with pytest.raises(VerificationError, match="not the log"):
        checkpoint.open_checkpoint(
            note.sign(checkpoint.encode(Checkpoint("other", 1, ROOT)), Pen("log")), key
        )
    with pytest.raises(VerificationError, match="no signature"):
        checkpoint.open_checkpoint(note.sign(checkpoint.encode(one), Pen("other")), key)


OLD = Checkpoint("log", 5, ROOT)


@pytest.mark.parametrize("new", [OLD, Checkpoint("log", 6, bytes(32)), Checkpoint("log", 5, ROOT, ("more",))])
def test_growth_and_standing_still_are_progress(new):
    checkpoint.check_progress(OLD, new)


@pytest.mark.parametrize(
    "new", [Checkpoint("other", 6, ROOT), Checkpoint("log", 4, ROOT), Checkpoint("log", 5, bytes(32))]
)
def test_another_log_a_cut_and_a_second_history_are_not(new):
    with pytest.raises(VerificationError):
        checkpoint.check_progress(OLD, new)


def test_the_empty_log_has_a_checkpoint():
    assert checkpoint.parse(checkpoint.encode(Checkpoint("log", 0, EMPTY_ROOT))).size == 0
