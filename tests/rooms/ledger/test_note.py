"""Signed notes: the specification's example, round trips, and notes that are wrong."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.rooms.ledger import note

# From the Go documentation of golang.org/x/mod/sumdb/note: a key and a note signed with it.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
QUOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


@dataclass(frozen=True)
class Pen:
    name: str
    key: Ed25519PrivateKey

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)

    @property
    def verifier(self) -> note.VerifierKey:
        return note.VerifierKey(self.name, self.public_key)


def pen(name="ephor.example/acme", seed=1):
    return Pen(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def test_a_note_signed_by_other_software_holds():
    found = note.verify(QUOTE.encode(), [note.parse_key(PETER)])
    assert found.text.startswith("If you think")
    assert [one.name for one in found.signatures] == ["PeterNeumann"]


def test_a_verifier_key_survives_text():
    assert note.parse_key(str(pen().verifier)) == pen().verifier
    assert str(note.parse_key(PETER)) == PETER
    assert note.verifier_key(pen().name, pen().public_key) == str(pen().verifier)


@pytest.mark.parametrize("text", ["one line\n", "two\nlines\n", "with\n\nblank\n", "\n", "ünïcode — dash\n"])
def test_what_is_signed_verifies(text):
    data = note.sign(text, pen())
    assert note.verify(data, [pen().verifier]).text == text


def test_every_flipped_bit_is_noticed():
    data = note.sign("a log\n3\nroot\n", pen())
    for at in range(len(data)):
        for bit in range(8):
            wrong = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
            with pytest.raises(VerificationError):
                note.verify(wrong, [pen().verifier])


def test_unknown_signatures_are_left_out_even_under_a_known_name():
    data = note.sign("text\n", pen(), pen("stranger", 2), pen(seed=3))
    assert [one.key_id for one in note.verify(data, [pen().verifier]).signatures] == [pen().verifier.key_id]


def test_a_wrong_signature_of_a_known_key_spoils_the_note():
    good, bad = pen(), pen("second", 2)
    line = f"— second {base64.b64encode(bad.verifier.key_id + bytes(64)).decode()}\n".encode()
    with pytest.raises(VerificationError, match="`second` does not hold"):
        note.verify(note.sign("text\n", good) + line, [good.verifier, bad.verifier])


def test_a_note_nobody_known_signed_is_refused():
    with pytest.raises(VerificationError, match="no signature of"):
        note.verify(note.sign("text\n", pen()), [pen(seed=2).verifier])
    with pytest.raises(VerificationError, match="nobody"):
        note.verify(note.sign("text\n", pen()), [])


def test_one_key_signing_twice_is_refused():
    data = note.sign("text\n", pen())
    with pytest.raises(VerificationError, match="twice"):
        note.verify(data + data[data.index("—".encode()) :], [pen().verifier])


def test_no_more_than_a_hundred_signatures_are_read():
    data = note.sign("text\n", pen())
    line = f"— other {base64.b64encode(bytes(68)).decode()}\n".encode()
    note.verify(data + line * 99, [pen().verifier])
    with pytest.raises(VerificationError, match="101 signatures"):
        note.verify(data + line * 100, [pen().verifier])


LINE = f"— name {base64.b64encode(bytes(68)).decode()}\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"text\n",
        b"text\n\n",
        ("text\n" + LINE).encode(),
        ("text\n\n" + LINE[:-1]).encode(),
        ("text\n\n" + LINE.replace("—", "-")).encode(),
        ("text\n\n" + LINE.replace("— ", "—")).encode(),
        ("text\n\n" + LINE.replace("name ", "")).encode(),
        ("text\n\n" + LINE.replace("name", "na+me")).encode(),
        ("text\n\n" + LINE.replace("name ", "name  ")).encode(),
        ("text\n\n" + LINE.replace("name", "na\u00a0me")).encode(),
        ("text\n\n" + LINE.replace("A\n", "B\n").replace("=\n", "\n")).encode(),
        ("text\n\n" + LINE.replace("\n", " \n")).encode(),
        ("te\txt\n\n" + LINE).encode(),
        ("te\rxt\n\n" + LINE).encode(),
        ("text\n\n" + LINE).encode() + b"\xff\n",
        b"text\n\n" + "— name AAAA\n".encode(),
        b"a" * 1_000_001,
    ],
)
def test_malformed_notes_are_refused(data):
    with pytest.raises(VerificationError):
        note.parse(data)


@pytest.mark.parametrize("text", ["", "no newline", "tab\there\n", "\ud800\n"])
def test_a_text_that_cannot_stand_in_a_note_is_not_signed(text):
    with pytest.raises(InvalidInputError):
        note.sign(text, pen())


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\nb", "\ud800"])
def test_a_malformed_name_names_no_key(name):
    with pytest.raises(InvalidInputError, match="cannot name a key"):
        note.VerifierKey(name, pen().public_key)


P = 2**255 - 19
EIGHTH = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)


@pytest.mark.parametrize("y", [0, 1, P - 1, P, P + 1, EIGHTH, P - EIGHTH, 2])
@pytest.mark.parametrize("sign", [0, 1])
def test_keys_of_small_order_and_keys_that_are_no_point_are_refused(y, sign):
    with pytest.raises(InvalidInputError):
        note.VerifierKey("log", (y | sign << 255).to_bytes(32, "little"))


@pytest.mark.parametrize("seed", range(1, 30))
def test_honest_keys_are_accepted(seed):
    assert pen(seed=seed).verifier.public_key == pen(seed=seed).public_key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+c74f20a3",
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("c74f20a3", "C74F20A3"),
        PETER.replace("PeterNeumann", "Mallory"),
        PETER + "=",
        PETER[:-4],
        PETER + "\n",
        "log+00000000+" + base64.b64encode(b"\x04" + bytes(32)).decode(),
        "log+00000000+" + base64.b64encode(b"\x01" + bytes(31)).decode(),
    ],
)
def test_a_malformed_verifier_key_is_refused(text):
    with pytest.raises(InvalidInputError):
        note.parse_key(text)
