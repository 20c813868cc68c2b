"""Key statements: said by both keys, about one log, in one way."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import EphorError, InvalidInputError, VerificationError
from ephor.rooms.ledger import note, rotation
from ephor.rooms.ledger.rotation import Statement

ORIGIN = "test.local/ephor/main"


class Holder:
    def __init__(self, seed: int, name: str = ORIGIN) -> None:
        self.name, self._key = name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.public_key = self._key.public_key().public_bytes_raw()
        self.text = note.verifier_key(name, self.public_key)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


OLD, NEW, OTHER = Holder(1), Holder(2), Holder(3)
SAID = Statement(ORIGIN, 41, OLD.text, NEW.text)


def test_a_statement_that_both_keys_signed_is_opened_with_the_old_one():
    data = note.sign(rotation.encode(SAID), OLD, NEW)
    assert rotation.open_statement(data, OLD.text) == SAID


@pytest.mark.parametrize("signers", [(OLD,), (NEW,), (OTHER,), (OLD, OTHER), (NEW, OTHER)])
def test_a_statement_that_one_of_both_did_not_sign_is_refused(signers):
    with pytest.raises(VerificationError):
        rotation.open_statement(note.sign(rotation.encode(SAID), *signers), OLD.text)


def test_a_statement_of_another_key_is_refused():
    data = note.sign(rotation.encode(SAID), OLD, NEW, OTHER)
    with pytest.raises(VerificationError, match="hands on from"):
        rotation.open_statement(data, OTHER.text)


@pytest.mark.parametrize(
    "said",
    [
        Statement(ORIGIN, -1, OLD.text, NEW.text),
        Statement(ORIGIN, 2**63, OLD.text, NEW.text),
        Statement(ORIGIN, 1, OLD.text, OLD.text),
        Statement("other.local/a/b", 1, OLD.text, NEW.text),
        Statement(ORIGIN, 1, OLD.text, Holder(2, "other.local/a/b").text),
        Statement(ORIGIN, 1, "x", NEW.text),
    ],
)
def test_a_statement_that_cannot_be_is_not_made(said):
    with pytest.raises(InvalidInputError):
        rotation.encode(said)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "more\n",
        lambda text: text.removesuffix("\n"),
        lambda text: text.replace("rotation/1", "rotation/2"),
        lambda text: text.replace("\n41\n", "\n041\n"),
        lambda text: text.replace("\n41\n", "\n+41\n"),
        lambda text: text.replace("\n41\n", "\n\u0664\u0661\n"),
        lambda text: text.replace("\n41\n", "\n\n"),
        lambda text: text.replace("\n41\n", f"\n{10**30}\n"),
        lambda text: text.replace("\n41\n", f"\n{'9' * 5000}\n"),
        lambda text: text.replace(NEW.text, OLD.text),
        lambda text: text.replace(NEW.text, NEW.text[:-4]),
        lambda text: text.replace(f"\n{ORIGIN}\n", "\nother.local/a/b\n"),
        lambda text: text.replace("\n", "\r\n"),
    ],
)
def test_a_statement_written_in_another_way_is_refused(change):
    text = rotation.encode(SAID)
    assert change(text) != text
    with pytest.raises(VerificationError):
        rotation.parse(change(text))


@given(st.text())
def test_no_text_brings_the_reader_down(text):
    try:
        rotation.parse(text)
    except EphorError as error:
        assert isinstance(error, VerificationError)  # noqa: PT017 - any text may be refused, none may do worse


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_what_was_written_is_read_again(position, one, other):
    keys = [
        Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw() for seed in (one, other)
    ]
    if one == other:
        return
    said = Statement(ORIGIN, position, *(note.verifier_key(ORIGIN, key) for key in keys))
    assert rotation.parse(rotation.encode(said)) == said


def test_no_statement_is_a_checkpoint_of_its_log():
    from ephor.rooms.ledger import checkpoint  # noqa: PLC0415 - only here

    root = base64.b64encode(bytes(32)).decode()
    assert checkpoint.parse(f"{ORIGIN}\n41\n{root}\n").origin == ORIGIN
    with pytest.raises(VerificationError):
        checkpoint.parse(rotation.encode(SAID))
