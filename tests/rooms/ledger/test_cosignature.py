"""Cosignatures: what a second reader makes of them, round trips, and those that are wrong."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.rooms.ledger import note
from ephor.rooms.ledger.cosignature import WitnessKey, cosign, cosignatures, line_of, parse_witness_key
from sample_witness import LOG, WITNESS, SampleLog, is_cosigned, pen

TEXT = SampleLog().grow(3).text()
AT = 1_679_315_147


def cosigned(*lines: str, text: str = TEXT) -> note.Note:
    return note.parse(note.sign(text, LOG) + "".join(lines).encode())


def test_the_key_id_and_the_signed_message_are_those_of_the_specification():
    key = WITNESS.witness
    material = b"witness.example/w1\n\x04" + WITNESS.public_key
    assert key.key_id == hashlib.sha256(material).digest()[:4]
    made = cosign(TEXT, WITNESS, AT)
    raw = base64.b64decode(made.line.split(" ")[2])
    assert made.line.startswith("— witness.example/w1 ")
    assert (raw[:4], int.from_bytes(raw[4:12], "big"), len(raw)) == (key.key_id, AT, 76)
    message = f"cosignature/v1\ntime {AT}\n{TEXT}".encode()
    WITNESS.key.public_key().verify(raw[12:], message)


@given(st.integers(0, 2**63 - 1), st.integers(0, 40))
def test_what_is_cosigned_holds_here_and_for_a_second_reader(at, size):
    log = SampleLog().grow(size)
    made = cosign(log.text(), WITNESS, at)
    whole = log.note() + made.line.encode()
    assert cosignatures(note.parse(whole), [WITNESS.witness]) == (made,)
    assert is_cosigned(whole, str(WITNESS.witness))


def test_every_flipped_bit_of_a_cosignature_is_noticed():
    raw = base64.b64decode(cosign(TEXT, WITNESS, AT).line.split(" ")[2])
    for at in range(4, len(raw)):  # the four bytes before say whose it is
        for bit in range(8):
            wrong = raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :]
            line = f"— {WITNESS.name} {base64.b64encode(wrong).decode()}\n"
            with pytest.raises(VerificationError, match=r"`witness.example/w1` does not hold"):
                cosignatures(cosigned(line), [WITNESS.witness])


def test_a_cosignature_of_another_checkpoint_does_not_hold():
    line = cosign(SampleLog().grow(2).text(), WITNESS, AT).line
    with pytest.raises(VerificationError, match="does not hold"):
        cosignatures(cosigned(line), [WITNESS.witness])


def test_a_plain_signature_of_the_same_key_is_no_cosignature():
    plain = note.sign(TEXT, WITNESS).decode().rpartition("\n\n")[2]
    assert cosignatures(cosigned(plain), [WITNESS.witness]) == ()
    raw = WITNESS.witness.key_id + WITNESS.sign(TEXT.encode())
    disguised = f"— {WITNESS.name} {base64.b64encode(raw).decode()}\n"
    with pytest.raises(VerificationError, match="does not hold"):
        cosignatures(cosigned(disguised), [WITNESS.witness])


def test_others_cosignatures_are_left_out_and_known_ones_are_told_apart():
    second, stranger = pen("witness.example/w2", 3), pen("witness.example/w1", 4)
    lines = [cosign(TEXT, one, AT).line for one in (stranger, second, WITNESS)]
    found = cosignatures(cosigned(*lines), [WITNESS.witness, second.witness])
    assert [one.witness for one in found] == ["witness.example/w2", "witness.example/w1"]


def test_a_witness_that_cosigned_twice_spoils_the_note():
    lines = [cosign(TEXT, WITNESS, at).line for at in (AT, AT + 1)]
    with pytest.raises(VerificationError, match="cosigned twice"):
        cosignatures(cosigned(*lines), [WITNESS.witness])


@pytest.mark.parametrize("at", [-1, 2**63])
def test_a_time_that_cannot_be_is_not_cosigned(at):
    with pytest.raises(InvalidInputError, match="set the clock right"):
        cosign(TEXT, WITNESS, at)


def test_a_time_beyond_63_bits_does_not_hold_however_well_it_is_signed():
    at = 2**63
    signed = WITNESS.sign(f"cosignature/v1\ntime {at}\n{TEXT}".encode())
    raw = WITNESS.witness.key_id + at.to_bytes(8, "big") + signed
    line = f"— {WITNESS.name} {base64.b64encode(raw).decode()}\n"
    with pytest.raises(VerificationError, match="does not hold"):
        cosignatures(cosigned(line), [WITNESS.witness])


def test_a_line_survives_reading():
    line = cosign(TEXT, WITNESS, AT).line
    assert line_of(cosigned(line).signatures[-1]) == line


def test_a_witness_key_survives_text():
    text = str(WITNESS.witness)
    assert parse_witness_key(text) == WITNESS.witness


def written(name: str, key: bytes) -> str:
    return f"{name}+00000000+{base64.b64encode(bytes([4]) + key).decode()}"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not a verifier key"),
        ("a+b", "not a verifier key"),
        ("a+b+c", "not a verifier key"),
        (f"{WITNESS.witness} ", "not a verifier key"),
        (str(WITNESS.verifier), "not a witness's"),
        (str(WITNESS.witness).replace("w1+", "w2+"), "was altered"),
        (written("w", bytes(31)), "31 bytes"),
        (written("w", b"\x01" + bytes(31)), "small order"),
        (written("w 1", WITNESS.public_key), "cannot name a key"),
    ],
)
def test_what_is_no_witness_key_is_refused(text, complaint):
    with pytest.raises(InvalidInputError, match=complaint):
        parse_witness_key(text)


def test_a_key_of_small_order_cannot_be_a_witness():
    with pytest.raises(InvalidInputError, match="small order"):
        WitnessKey("w", b"\x01" + bytes(31))
