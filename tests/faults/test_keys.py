"""Keys that are missing, damaged or another plane's: reading goes on, recording stops and says which file it is."""

from __future__ import annotations

import shutil

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed448, ed25519

from ephor.adapters.keys.kept import KeptHeads
from ephor.bootstrap import open_engine
from ephor.kernel.errors import UnavailableError, VerificationError
from ephor.rooms.consent.statement import ConsentState
from ephor.settings import Settings
from planes import Made, check_whole, event, numbers


def pem(key: ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey, password: bytes | None = None) -> bytes:
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


def test_a_ledger_is_read_and_verified_where_its_keys_are_not(ephor, plane, events, tmp_path):
    away = tmp_path / "away"
    plane.folder.rename(away)
    for command in (["verify"], ["list"], ["show", "2"], ["prove", "2"], ["checkpoint"]):
        assert ephor("ledger", *command).code == 0, command
    answer = ephor("ledger", "append", events)
    answer.fails(7, f"cannot read `{plane.folder / 'signing.key'}`", "restore the key folder", "EPHOR_KEYS")
    assert not plane.folder.exists()
    away.rename(plane.folder)
    assert ephor("ledger", "append", events).code == 0
    assert ephor("ledger", "verify").code == 0


def test_keys_that_vanish_while_a_plane_runs_stop_it_until_they_are_back(plane, tmp_path):
    storage = plane.open()
    storage.append([event(5)])
    plane.folder.rename(tmp_path / "away")
    with pytest.raises(UnavailableError, match=r"cannot write to `.*keys`.*nothing was recorded"):
        storage.append([event(6)])
    with (
        pytest.raises(UnavailableError, match=r"cannot write to `.*keys`.*nothing was recorded"),
        storage.unit() as unit,
    ):
        unit.append(event(7))
    assert numbers(storage) == list(range(6))
    (tmp_path / "away").rename(plane.folder)
    storage.append([event(8)])
    assert numbers(storage) == [*range(6), 8]
    check_whole(storage)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is not a private key"),
        (b"-----BEGIN PRIVATE KEY-----\nrubbish\n-----END PRIVATE KEY-----\n", "is not a private key"),
        (bytes(range(256)), "is not a private key"),
        (pem(ed448.Ed448PrivateKey.generate()), "is not an Ed25519 key"),
        (pem(ed25519.Ed25519PrivateKey.generate(), b"password"), "is not a private key"),
    ],
    ids=["empty", "rubbish", "binary", "another algorithm", "encrypted"],
)
def test_a_signing_key_that_is_none_is_named(ephor, plane, events, content, complaint):
    good = (plane.folder / "signing.key").read_bytes()
    (plane.folder / "signing.key").write_bytes(content)
    ephor("ledger", "append", events).fails(7, f"`{plane.folder / 'signing.key'}` {complaint}", "restore it")
    assert ephor("ledger", "verify").code == 0
    (plane.folder / "signing.key").write_bytes(good)
    assert ephor("ledger", "append", events).code == 0


def test_another_planes_signing_key_signs_nothing_here(ephor, plane, events):
    good = (plane.folder / "signing.key").read_bytes()
    (plane.folder / "signing.key").write_bytes(pem(ed25519.Ed25519PrivateKey.generate()))
    ephor("ledger", "append", events).fails(6, "signed with another key", "restore its own key folder")
    assert ephor("ledger", "verify").code == 0
    (plane.folder / "signing.key").write_bytes(good)
    assert ephor("ledger", "append", events).code == 0
    assert ephor("ledger", "verify").code == 0


def test_another_planes_keys_are_refused_whole(plane, tmp_path):
    other = Made(f"sqlite:///{tmp_path / 'other.db'}", tmp_path / "other.keys")
    other.open().append([event(n) for n in range(9)])
    other.close()
    plane.folder = other.folder
    with pytest.raises(VerificationError, match="signed with another key"):
        plane.open().append([event(6)])
    plane.close()


@pytest.mark.parametrize("name", ["wrapping.key", "pseudonym.key"])
@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
def test_a_secret_of_another_length_is_named(plane, name, content):
    storage = plane.open()
    (plane.folder / name).write_bytes(content)
    with pytest.raises(UnavailableError, match=f"{name}` is {len(content)} bytes long, not 32; restore"):
        if name == "wrapping.key":
            with storage.unit() as unit:
                unit.append(event(5, subject="sub_1"), b"secret")
        else:
            plane.world(storage).pseudonyms.of("anna@example.org")
    assert numbers(storage) == list(range(5))


def test_a_payload_does_not_open_under_another_planes_wrapping_key(plane):
    storage = plane.open()
    with storage.unit() as unit:
        id = unit.append(event(5, subject="sub_1"), b"secret")
    plane.close()
    good = (plane.folder / "wrapping.key").read_bytes()
    (plane.folder / "wrapping.key").write_bytes(bytes(32))
    storage = plane.open()
    with pytest.raises(VerificationError, match="does not open under the wrapping key"):
        storage.ledger.payload(id)
    with (
        pytest.raises(VerificationError, match="does not open under the wrapping key"),
        storage.unit() as unit,
    ):
        unit.append(event(6, subject="sub_1"), b"more")
    plane.close()
    (plane.folder / "wrapping.key").write_bytes(good)
    assert plane.open().ledger.payload(id) == b"secret"


@pytest.mark.parametrize("content", [b"rubbish", b"a\nb\n\n\xe2\x80\x94 c d\n", bytes(9)])
def test_a_kept_head_that_is_none_stops_the_recording(ephor, plane, events, content):
    good = (plane.folder / "head").read_bytes()
    (plane.folder / "head").write_bytes(content)
    ephor("ledger", "append", events).fails(6, "the head kept beside the keys is none of this log's")
    assert ephor("ledger", "verify").code == 1
    (plane.folder / "head").write_bytes(good)
    assert ephor("ledger", "append", events).code == 0


def test_a_kept_head_that_cannot_be_read_is_not_taken_for_none(ephor, plane, events):
    (plane.folder / "head").rename(plane.folder / "away")
    (plane.folder / "head").mkdir()
    ephor("ledger", "append", events).fails(7, f"cannot read `{plane.folder / 'head'}`")
    ephor("ledger", "verify").fails(7, f"cannot read `{plane.folder / 'head'}`")


@pytest.mark.parametrize("content", [None, b""])
def test_a_head_that_is_gone_is_kept_again_by_the_next_commit(plane, content):
    head = plane.folder / "head"
    head.unlink() if content is None else head.write_bytes(content)
    storage = plane.open()
    storage.append([event(5)])
    assert KeptHeads(plane.folder).head() == storage.ledger.head().note


def test_a_later_head_means_that_the_database_lost_entries_even_while_it_is_open(plane, tmp_path):
    storage = plane.open()
    storage.append([event(5)])
    copy = Made(f"sqlite:///{tmp_path / 'copy.db'}", plane.folder)
    shutil.copyfile(plane.file, copy.file)
    copied = copy.open()
    storage.append([event(6), event(7)])
    with pytest.raises(VerificationError, match=r"holds \d entries, but a head over 8 was published"):
        copied.append([event(8)])
    copy.close()
    storage.append([event(9)])
    check_whole(storage)


def test_an_interrupted_commit_leaves_no_head_behind(plane, monkeypatch):
    storage = plane.open()
    storage.append([event(5)])
    before = (plane.folder / "head").read_bytes()
    rows = type(storage.logs.writer(0)._hot)
    run = rows.run

    def fail(rows, sql, *values):
        if sql == "commit":
            raise KeyboardInterrupt
        return run(rows, sql, *values)

    monkeypatch.setattr(rows, "run", fail)
    with pytest.raises(KeyboardInterrupt):
        storage.append([event(6)])
    monkeypatch.undo()
    assert (plane.folder / "head").read_bytes() == before
    assert sorted(one.name for one in plane.folder.iterdir()) == [
        "head", "pseudonym.key", "signing.key", "signing.pub", "wrapping.key",
    ]  # fmt: skip
    storage.append([event(7)])
    assert numbers(storage) == [*range(6), 7]
    check_whole(storage)


@pytest.mark.parametrize("name", ["pseudonym", "wrapping"])
def test_a_key_that_is_well_formed_and_another_planes_is_refused_before_anybody_is_named_by_it(
    tmp_path, name
):
    """Under another pseudonym key an erasure would look for nobody, find nobody, and call itself done."""
    url = f"sqlite:///{tmp_path / 'ephor.db'}"
    plane = open_engine(url, settings=Settings())
    plane.access.found("ada", "Ada")
    plane.consent.state(
        "anna@example.org", "news", ConsentState.GIVEN, by="ada", notice_version="v1", channel="web"
    )
    plane.close()
    (tmp_path / "ephor.db.keys" / f"{name}.key").write_bytes(bytes(32))
    plane = open_engine(url, settings=Settings())
    with pytest.raises(VerificationError, match=f"`{name}.key` is not the key that"):
        plane.dsr.open("erasure", {"email": "anna@example.org"}, by="ada")
    assert [request.id for request in plane.dsr.requests()] == []
    plane.close()
