"""Whole planes whose keys lie elsewhere: recorded, sealed, rotated, and stopped when whoever holds a key is gone."""

from __future__ import annotations

import base64
import signal
from typing import Any

import pytest

from ephor.bootstrap import open_engine
from ephor.kernel.errors import ConflictError, UnavailableError, VerificationError
from ephor.settings import Settings, read_settings
from fake_transit import TOKEN, FakeTransit
from planes import Made, check_whole, event, numbers

SEEDS = [base64.b64encode(bytes([n]) * 32).decode() for n in range(1, 9)]


def seal(storage: Any, number: int) -> str:
    with storage.unit() as unit:
        return str(unit.append(event(1000 + number, subject=f"sub_{number}"), f"payload {number}".encode()))


@pytest.fixture
def signed(make_plane, signer) -> Made:
    return make_plane(settings=Settings(signer=f"unix:{signer.place}"))


@pytest.fixture
def vaulted(make_plane, vault, token) -> Made:
    settings = Settings(signer=vault.url("signing"), wrapper=vault.url("wrapping"), vault_token_file=token)
    return make_plane(settings=settings)


def test_a_plane_whose_signer_is_a_process_holds_no_signing_key(signed, signer):
    storage = signed.open()
    storage.append([event(n) for n in range(1, 4)])
    names = {one.name for one in signed.folder.iterdir()}
    assert names == {"head", "pseudonym.key", "signing.pub", "wrapping.key"}
    assert (signed.folder / "signing.pub").read_text().strip() == storage.ledger.head().key
    assert (signer.folder / "signing.key").exists()
    check_whole(storage)


def refuses(storage: Any) -> None:
    """Check that nothing is recorded, by either way in, and nothing half."""
    before = storage.ledger.head()
    with pytest.raises(UnavailableError, match="nothing was recorded"):
        storage.append([event(900)])
    with pytest.raises(UnavailableError, match="nothing was recorded"), storage.unit() as unit:
        unit.append(event(901))
    assert storage.ledger.head() == before
    assert list(storage.ledger.entries(before.size, before.size + 5)) == []


def test_a_signer_that_stands_still_stops_the_recording_and_nothing_else(signed, signer):
    storage = signed.open()
    storage.append([event(1)])
    signer.pause()
    storage._keys.signing._patience = 0.3
    refuses(storage)
    assert numbers(storage) == [0, 1]
    signer.signal(signal.SIGCONT)
    storage._keys.signing._patience = 60
    storage.append([event(2)])
    with storage.unit() as unit:
        unit.append(event(3))
    assert numbers(storage) == [0, 1, 2, 3]
    check_whole(storage)


def test_a_signer_that_was_killed_is_found_again_by_the_plane_that_runs(signed, signer):
    storage, other = signed.open(), signed.open()
    for number in range(1, 4):
        storage.append([event(number * 10)])
        signer.kill()
        refuses(storage)
        signer.start()
        storage.append([event(number * 10 + 1)])
        other.append([event(number * 10 + 2)])
    assert numbers(storage) == [0, *(number * 10 + more for number in (1, 2, 3) for more in range(3))]
    check_whole(storage)


def test_a_commit_that_failed_is_signed_again_with_another_root(signed, monkeypatch):
    """The head was signed, the transaction rolled back: the signer must not take the next one for a forgery."""
    storage = signed.open()
    storage.append([event(1)])
    rows = type(storage.logs.writer(0)._hot)
    run = rows.run

    def fail(rows: Any, sql: str, *values: object) -> Any:
        if sql == "commit":
            raise KeyboardInterrupt
        return run(rows, sql, *values)

    with monkeypatch.context() as patched:
        patched.setattr(rows, "run", fail)
        with pytest.raises(KeyboardInterrupt):
            storage.append([event(2)])
    storage.append([event(3), event(4)])
    storage.append([event(5)])
    assert numbers(storage) == [0, 1, 3, 4, 5]
    check_whole(storage)


def test_a_signer_refuses_a_database_that_was_set_back(signed, signer):
    storage = signed.open()
    storage.append([event(1)])
    signed.close()
    before = signed.file.read_bytes()
    storage = signed.open()
    storage.append([event(2), event(3)])
    signed.close()
    signed.file.write_bytes(before)
    for name in ("head", "ephor.db-wal", "ephor.db-shm"):  # the administrator's as well; the signer is not
        for folder in (signed.folder, signed.file.parent):
            (folder / name).unlink(missing_ok=True)
    with pytest.raises(VerificationError, match="shrank from 4 to 3"):
        signed.open().append([event(4)])


def test_keys_of_a_signer_are_rotated_by_the_plane(signed, signer):
    storage, other = signed.open(), signed.open()
    for number in range(1, 3):
        done = signed.keys(storage).rotate_signing("x", by="ada", keep_old=number == 2)
        assert (done.begun, done.moved, done.retired) == (True, 1, 1)
        other.append([event(number)])
        storage.append([event(number * 10)])
    names = {one.name for one in signer.folder.iterdir() if ".key" in one.name}
    assert names == {"signing-2.key.retired", "signing-3.key"}
    assert numbers(storage) == [0, 1, 10, 2, 20]
    check_whole(storage)


def test_a_rotation_that_the_signer_did_not_survive_is_finished(signed, signer, monkeypatch):
    storage = signed.open()
    storage.append([event(1)])
    retire = type(storage._keys.signing).retire

    def die(keys: Any, current: bytes, *, keep: bool) -> int:
        if storage.ledger.head().statements:
            signer.kill()
        return int(retire(keys, current, keep=keep))

    with monkeypatch.context() as patched:
        patched.setattr(type(storage._keys.signing), "retire", die)
        with pytest.raises(UnavailableError):
            signed.keys(storage).rotate_signing("x", by="ada")
    signer.start()
    storage.append([event(2)])
    done = signed.keys(storage).rotate_signing("x", by="ada")
    assert (done.begun, done.retired) == (False, 1)
    assert len(storage.ledger.head().statements) == 1
    assert [one.public_key for one in storage._keys.signing.at_hand()] != []
    assert not (signer.folder / "signing.key").exists()


def test_a_plane_whose_keys_are_in_vault_keeps_none(vaulted, vault):
    storage = vaulted.open()
    ids = [seal(storage, number) for number in range(4)]
    assert [storage.ledger.payload(id) for id in ids] == [f"payload {n}".encode() for n in range(4)]
    names = {one.name for one in vaulted.folder.iterdir()}
    assert names == {"head", "pseudonym.vault", "signing.pub"}
    assert (vaulted.folder / "pseudonym.vault").read_bytes().startswith(b"vault:v1:")
    check_whole(storage)


def test_keys_in_vault_are_rotated_and_old_versions_deleted(vaulted, vault):
    storage, other = vaulted.open(), vaulted.open()
    ids = [seal(storage, number) for number in range(4)]
    name = vaulted.world(storage).pseudonyms.of("anna@example.org")
    old = storage.ledger.head()
    assert vaulted.keys(storage).rotate_signing("x", by="ada").retired == 1
    done = vaulted.keys(storage).rotate_wrapping("x", by="ada")
    assert (done.begun, done.moved, done.retired) == (True, 4, 1)
    ids.append(seal(other, 4))
    for one in (storage, other, vaulted.open()):
        assert [one.ledger.payload(id) for id in ids] == [f"payload {n}".encode() for n in range(5)]
    assert vaulted.world(other).pseudonyms.of("anna@example.org") == name
    assert {key: set(vault.keys[key].versions) for key in vault.keys} == {"signing": {2}, "wrapping": {2}}
    assert storage.ledger.head().key != old.key
    check_whole(storage)


def test_vault_rotated_by_itself_changes_nothing(vaulted, vault):
    storage = vaulted.open()
    id = seal(storage, 1)
    for key in vault.keys.values():
        key.rotate()
    storage.append([event(1)])
    other = seal(vaulted.open(), 2)
    assert [storage.ledger.payload(one) for one in (id, other)] == [b"payload 1", b"payload 2"]
    assert storage.ledger.head().statements == ()
    assert {one.key.waiting for one in vaulted.keys(storage).list()} == {0}
    done = vaulted.keys(storage).rotate_wrapping("x", by="ada")
    assert (done.begun, done.moved) == (True, 2)
    assert set(vault.keys["wrapping"].versions) == {2}


@pytest.mark.parametrize("fault", ["status", "silent", "token"])
def test_a_vault_that_is_gone_stops_the_recording_and_hides_the_token(vaulted, vault, token, fault):
    storage = vaulted.open()
    storage.append([event(1)])
    for key in (storage._keys.signing, storage._keys.wrapping):
        key._transit._patience = 0.3
    if fault == "token":
        with open(token, "w", encoding="ascii") as file:
            file.write("revoked")
    else:
        setattr(vault, fault, 503 if fault == "status" else True)
    before = storage.ledger.head()
    for act in (lambda: storage.append([event(2)]), lambda: seal(storage, 1)):
        with pytest.raises(UnavailableError) as error:
            act()
        assert TOKEN not in str(error.value)
        assert "revoked" not in str(error.value)
    assert storage.ledger.head() == before
    vault.status, vault.silent = 0, False
    for key in (storage._keys.signing, storage._keys.wrapping):
        key._transit._patience = 60
    with open(token, "w", encoding="ascii") as file:
        file.write(TOKEN)
    storage.append([event(3)])
    seal(storage, 1)
    assert [number for number in numbers(storage) if number < 1000] == [0, 1, 3]
    check_whole(storage)


def test_a_wrapping_rotation_that_vault_did_not_survive_is_finished(vaulted, vault, monkeypatch):
    monkeypatch.setattr("ephor.adapters.storage.sql.rotation._PAGE", 2)
    storage = vaulted.open()
    ids = [seal(storage, number) for number in range(6)]
    vault.fail_after = 20
    with pytest.raises(UnavailableError):
        vaulted.keys(storage).rotate_wrapping("x", by="ada")
    vault.fail_after = -1
    waiting = vaulted.keys(storage).list()[1].key.waiting
    assert 0 < waiting < 6
    assert [storage.ledger.payload(id) for id in ids] == [f"payload {n}".encode() for n in range(6)]
    done = vaulted.keys(storage).rotate_wrapping("x", by="ada")
    assert (done.begun, done.moved, done.retired) == (False, waiting, 1)
    assert [storage.ledger.payload(id) for id in ids] == [f"payload {n}".encode() for n in range(6)]


def test_keys_in_the_environment_are_rotated_to_those_after_the_comma(make_plane):
    def given(signing: str, wrapping: str) -> Settings:
        return read_settings(
            {
                "EPHOR_SIGNING_KEY": signing,
                "EPHOR_WRAPPING_KEY": wrapping,
                "EPHOR_PSEUDONYM_KEY": SEEDS[7],
                "EPHOR_PERSON": "ada",
            }
        )

    plane = make_plane(settings=given(SEEDS[0], SEEDS[2]))
    storage = plane.open()
    id = seal(storage, 1)
    for rotate in (plane.keys(storage).rotate_signing, plane.keys(storage).rotate_wrapping):
        with pytest.raises(ConflictError, match="after the current one and a comma"):
            rotate("x", by="ada")
    storage.append([event(1)])
    plane.close()
    plane.settings = given(f"{SEEDS[0]},{SEEDS[1]}", f"{SEEDS[2]},{SEEDS[3]}")
    storage = plane.open()
    assert plane.keys(storage).rotate_signing("x", by="ada").begun
    assert plane.keys(storage).rotate_wrapping("x", by="ada").moved == 1
    plane.close()
    plane.settings = given(SEEDS[1], SEEDS[3])
    storage = plane.open()
    storage.append([event(2)])
    assert storage.ledger.payload(id) == b"payload 1"
    assert {one.name for one in plane.folder.iterdir()} == {"head", "signing.pub"}
    plane.close()
    plane.settings = given(SEEDS[0], SEEDS[2])
    storage = plane.open()
    with pytest.raises(VerificationError, match="signed with another key"):
        storage.append([event(3)])
    with pytest.raises(VerificationError, match="does not open under the wrapping key"):
        storage.ledger.payload(id)


def test_a_plane_can_move_from_one_provider_to_another_only_with_its_keys(make_plane, signer):
    plane = make_plane()
    plane.settings = Settings(signer=f"unix:{signer.place}")
    storage = plane.open()
    with pytest.raises(VerificationError, match="signed with another key"):
        storage.append([event(1)])
    assert storage.ledger.head().size == 1


def test_a_plane_is_not_made_where_its_provider_does_not_answer(tmp_path):
    fake = FakeTransit()
    url = f"sqlite:///{tmp_path / 'ephor.db'}"
    settings = Settings(signer=fake.url("none"), vault_token=TOKEN)
    with pytest.raises(UnavailableError, match="no such key"):
        open_engine(url, settings=settings)
    fake.make("none", "ed25519")
    plane = open_engine(url, settings=settings)
    assert plane.ledger.head().size == 1
    plane.close()
    fake.close()
