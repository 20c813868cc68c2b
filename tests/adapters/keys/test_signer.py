"""The signer: a real process that is stopped, killed and asked nonsense; and what it will not sign."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import threading
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ephor.adapters.keys import wire
from ephor.adapters.keys.desk import Desk
from ephor.adapters.keys.local import LocalSigningKey
from ephor.adapters.keys.private import PrivateFolder
from ephor.adapters.keys.remote import RemoteSigning
from ephor.kernel.errors import ConflictError, UnavailableError, VerificationError
from ephor.rooms.ledger import note, rotation
from ephor.rooms.ledger.checkpoint import Checkpoint, encode
from ephor.rooms.ledger.note import verifier_key

ORIGIN = "test.local/ephor/main"


def head(size: int, root: int = 1, origin: str = ORIGIN) -> bytes:
    return encode(Checkpoint(origin, size, bytes([root]) * 32)).encode()


class Named:
    """A key under a log's name, as the ledger uses it."""

    def __init__(self, key, name: str = ORIGIN) -> None:
        self.name, self.public_key, self._key = name, key.public_key, key

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def signed(key, size: int, root: int = 1, origin: str = ORIGIN) -> bytes:
    return note.sign(head(size, root, origin).decode(), Named(key, origin))


@pytest.fixture
def remote(signer):
    made = RemoteSigning(signer.place, patience=60)
    yield made
    made.close()


def test_a_head_is_signed_again_until_it_is_confirmed(remote):
    """A transaction that rolled back is tried again, with another root at the same size."""
    [key] = remote.at_hand()
    for root in (1, 2, 3):
        assert len(key.sign(head(5, root))) == 64
    assert len(key.sign(head(3))) == 64
    key.settled(signed(key, 5, 2))
    assert key.sign(head(5, 2))
    with pytest.raises(VerificationError, match="two roots at size 5"):
        key.sign(head(5, 3))
    with pytest.raises(VerificationError, match="shrank from 5 to 4"):
        key.sign(head(4))
    assert key.sign(head(6))
    assert key.sign(head(6, 9))


def test_what_was_confirmed_binds_after_the_signer_was_killed(remote, signer):
    [key] = remote.at_hand()
    key.settled(signed(key, 5))
    key.sign(head(6))  # whoever asks next finds that the confirmation was read
    signer.kill()
    signer.start()
    assert [one.public_key for one in remote.at_hand()] == [key.public_key]
    with pytest.raises(VerificationError, match="two roots"):
        key.sign(head(5, 2))
    state = signer.folder / "signer.state"
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert json.loads(state.read_text())["confirmed"][ORIGIN]["size"] == 5


def test_a_confirmation_that_got_lost_is_repeated_on_the_next_connection(remote, signer):
    [key] = remote.at_hand()
    signer.kill()
    key.settled(signed_locally(signer, 5))
    signer.start()
    with pytest.raises(VerificationError, match="shrank"):
        key.sign(head(4))


def signed_locally(signer, size: int) -> bytes:
    from ephor.adapters.keys.files import FileSigning  # noqa: PLC0415 - only here

    return signed(FileSigning(PrivateFolder(signer.folder)).at_hand()[0], size)


def test_a_signer_that_stands_still_is_given_up_and_found_again(signer):
    remote = RemoteSigning(signer.place, patience=60)
    [key] = RemoteSigning.at_hand(remote)
    signer.pause()
    remote._patience = 0.3
    for _ in range(2):
        with pytest.raises(UnavailableError, match=r"does not answer in time; nothing was recorded"):
            key.sign(head(5))
    signer.signal(signal.SIGCONT)
    remote._patience = 60
    patient = RemoteSigning(signer.place, patience=60)
    assert len(patient.at_hand()[0].sign(head(5))) == 64
    assert len(key.sign(head(6))) == 64
    remote.close()
    patient.close()


def test_a_signer_that_was_restarted_is_found_without_an_error(remote, signer):
    [key] = remote.at_hand()
    key.sign(head(5))
    signer.kill()
    with pytest.raises(UnavailableError, match="does not answer"):
        key.sign(head(6))
    signer.start()
    assert len(key.sign(head(6))) == 64
    signer.kill()
    signer.start()
    assert (
        len(key.sign(head(7))) == 64
    )  # the old connection is noticed as broken, and the question asked again


def test_many_threads_share_a_signer(remote):
    [key] = remote.at_hand()
    failed = []

    def work(number: int) -> None:
        try:
            for size in range(20):
                key.sign(head(100 * number + size + 1))
        except Exception as error:  # noqa: BLE001 - reported below
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []


def test_another_signer_for_the_same_keys_or_place_is_refused(signer, tmp_path):
    for folder, place, said in (
        (signer.folder, signer.place.with_name("t"), "serves the keys"),
        (tmp_path / "more", signer.place, "listens at"),
    ):
        other = type(signer)(folder, place)
        with pytest.raises(AssertionError, match=said):
            other.start()
        other_place = place.with_name("t")
        assert not other_place.exists()


def test_a_file_that_is_no_socket_is_not_pushed_aside(signer, tmp_path):
    signer.kill()
    signer.place.unlink()
    signer.place.write_text("precious")
    with pytest.raises(AssertionError, match="is no socket"):
        signer.start()
    assert signer.place.read_text() == "precious"


def test_the_socket_has_the_mode_that_was_asked_for(signer):
    assert stat.S_IMODE(signer.place.stat().st_mode) == 0o600
    signer.kill()
    signer.start(mode="660")
    assert stat.S_IMODE(signer.place.stat().st_mode) == 0o660


HOSTILE = [
    b"",
    b"\x00",
    b"\x00\x00\x00\x00",
    b"\xff\xff\xff\xff",
    b"\x00\x01\x00\x01" + b"x" * 70_000,
    b"GET / HTTP/1.1\r\n\r\n",
    b"\x00\x00\x00\x04\xff\xff\xff\xff",
    b"\x00\x00\x00\x05\x00\x00\x00\x00\x01",
    wire.pack(b"sign"),
    wire.pack(b"sign", b"", b"", b""),
    wire.pack(b"sign", b"k" * 32, b"\xff"),
    wire.pack(b"settled", b"\xff\xfe"),
    wire.pack(b"settled", b"a b\n"),
    wire.pack(b"next", b""),
    wire.pack(b"retire", b"", b""),
    wire.pack(b"shutdown"),
    wire.pack(*[b""] * 64),
]


def test_hostile_bytes_end_their_own_connection_and_nothing_else(signer, remote):
    [key] = remote.at_hand()
    for data in HOSTILE:
        with socket.socket(socket.AF_UNIX) as hostile:
            hostile.settimeout(10)
            hostile.connect(str(signer.place))
            with suppress(ConnectionError):  # it may hang up while there is more to send
                hostile.sendall(data)
                hostile.shutdown(socket.SHUT_WR)
                while hostile.recv(65_536):
                    pass
    assert len(key.sign(head(5))) == 64
    assert "Traceback" not in signer.kill()


@given(st.binary(max_size=200))
def test_no_frame_brings_the_reader_down(body):
    try:
        fields = wire.unpack(body)
    except wire.BrokenFrameError:
        return
    assert wire.pack(*fields)[4:] == body


@given(st.lists(st.binary(max_size=100), min_size=1, max_size=20))
def test_what_was_packed_is_unpacked(fields):
    frame = wire.pack(*fields)
    assert list(wire.unpack(frame[4:])) == fields


@pytest.fixture
def desk(tmp_path):
    return Desk(PrivateFolder(tmp_path / "held"))


def ask(desk: Desk, *fields: bytes) -> bytes:
    answer = desk.answer(fields)
    assert answer is not None
    if answer[0] != b"ok":
        raise VerificationError(answer[1].decode(), code=answer[0])
    return answer[1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(st.binary(max_size=80), min_size=1, max_size=4))
def test_no_question_brings_the_desk_down(desk, fields):
    desk.answer(fields)
    desk.answer([b"sign", *fields])


def test_only_heads_and_statements_are_signed(desk):
    key = ask(desk, b"keys")
    for text in (
        b"",
        b"transfer 100 to mallory\n",
        head(5) + b"\n",
        head(5)[:-1],
        b"\xff" + head(5),
        head(5).replace(b"\n", b"\r\n"),
        os.urandom(100),
    ):
        with pytest.raises(VerificationError):
            ask(desk, b"sign", key, text)
    with pytest.raises(VerificationError, match="does not hold that key"):
        ask(desk, b"sign", bytes(32), head(5))


def test_heads_of_another_plane_are_not_signed(tmp_path):
    for origins in ((), (ORIGIN,), ("test.local/ephor/",)):
        desk = Desk(
            PrivateFolder(tmp_path / f"held{len(origins)}{''.join(origins)[-1:]}".replace("/", "-")), origins
        )
        key = ask(desk, b"keys")
        ask(desk, b"sign", key, head(5))
        for other in ("test.local/other/main", "other.local/ephor/main", "test.local/ephorx/main"):
            with pytest.raises(VerificationError, match="belongs to another plane"):
                ask(desk, b"sign", key, head(5, origin=other))
        if origins != (ORIGIN,):
            ask(desk, b"sign", key, head(5, origin="test.local/ephor/payments"))


def test_a_confirmation_counts_only_with_its_own_signature(desk):
    key = ask(desk, b"keys")
    forger = LocalSigningKey(Ed25519PrivateKey.generate())
    desk.answer([b"settled", signed(forger, 50)])
    assert ask(desk, b"sign", key, head(5))


def test_a_second_root_that_is_confirmed_is_told(tmp_path):
    from ephor.adapters.keys.files import FileSigning  # noqa: PLC0415 - only here

    said: list[str] = []
    desk = Desk(PrivateFolder(tmp_path), say=said.append)
    [key] = FileSigning(PrivateFolder(tmp_path)).at_hand()
    desk.answer([b"settled", signed(key, 5, 1)])
    desk.answer([b"settled", signed(key, 4, 7)])
    assert said == []
    desk.answer([b"settled", signed(key, 5, 2)])
    assert len(said) == 1
    assert "two databases go on under one name" in said[0]


def test_a_damaged_memory_stops_the_signer(tmp_path):
    Desk(PrivateFolder(tmp_path))
    for text in (
        "",
        "{}",
        '{"family": 1, "confirmed": []}',
        '{"family": "", "confirmed": {"a": {"size": "x"}}}',
    ):
        PrivateFolder(tmp_path).replace("signer.state", text.encode())
        with pytest.raises(UnavailableError, match="does not know what it may sign"):
            Desk(PrivateFolder(tmp_path))


def statement(old: bytes, new: bytes, position: int = 5, origin: str = ORIGIN) -> bytes:
    keys = [verifier_key(origin, key) for key in (old, new)]
    return rotation.encode(rotation.Statement(origin, position, *keys)).encode()


def test_a_signer_rotates_its_keys_when_the_new_one_signs_every_log(remote, signer):
    [first] = remote.at_hand()
    first.settled(signed(first, 5))
    second = remote.successor(first.public_key)
    assert second.public_key == remote.successor(first.public_key).public_key
    for key in (first, second):
        said = statement(first.public_key, second.public_key)
        assert len(key.sign(said)) == 64
        with pytest.raises(VerificationError, match="confirmed already"):
            key.sign(statement(first.public_key, second.public_key, 4))
        with pytest.raises(VerificationError, match="does not hold"):
            key.sign(
                statement(first.public_key, Ed25519PrivateKey.generate().public_key().public_bytes_raw())
            )
    with pytest.raises(ConflictError, match="no head by the new key was confirmed"):
        remote.retire(second.public_key, keep=False)
    with pytest.raises(ConflictError, match="only the key in use"):
        remote.successor(second.public_key)
    second.settled(signed(second, 6))
    assert remote.retire(second.public_key, keep=False) == 1
    assert remote.retire(second.public_key, keep=False) == 0
    assert [key.public_key for key in remote.at_hand()] == [second.public_key]
    with pytest.raises(VerificationError, match="does not hold that key"):
        first.sign(head(7))
    assert not (signer.folder / "signing.key").exists()


def test_a_signer_that_signs_for_nobody_yet_destroys_nothing(remote):
    [key] = remote.at_hand()
    with pytest.raises(ConflictError):
        remote.retire(key.public_key, keep=False)
