"""The key folder: made once, never overwritten, private; and the names it gives to people."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.adapters.keys import keyset
from ephor.adapters.keys.keyset import KeySet
from ephor.adapters.keys.pseudonyms import KeyedPseudonyms
from ephor.kernel.errors import UnavailableError
from ephor.settings import Settings


def key_folder(path: Path) -> KeySet:
    """Keys in files alone."""
    return keyset.key_set(path, Settings())


def public_key(keys: KeySet) -> bytes:
    [key] = keys.signing.at_hand()
    return key.public_key


SECRETS = ("signing.key", "wrapping.key", "pseudonym.key")


def test_keys_are_made_once_and_private(tmp_path):
    before = os.umask(0)
    try:
        keys = key_folder(tmp_path / "deep" / "keys")
        keys.create()
    finally:
        os.umask(before)
    made = {name: (keys.path / name).read_bytes() for name in SECRETS}
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE((keys.path / name).stat().st_mode) for name in SECRETS} == {0o600}
    keys.create()
    assert {name: (keys.path / name).read_bytes() for name in SECRETS} == made
    assert sorted(one.name for one in keys.path.iterdir()) == sorted(SECRETS)
    assert len(made["wrapping.key"]) == len(keys.pseudonym.read()) == 32
    assert made["wrapping.key"] != keys.pseudonym.read()


def test_a_missing_key_is_made_and_the_others_stay(tmp_path):
    keys = key_folder(tmp_path)
    keys.create()
    signing = public_key(keys)
    (tmp_path / "wrapping.key").unlink()
    keys.create()
    assert public_key(keys) == signing
    assert len((tmp_path / "wrapping.key").read_bytes()) == 32


def test_many_that_start_at_once_end_up_with_the_same_keys(tmp_path):
    barrier = Barrier(12)

    def start(_: int) -> bytes:
        keys = key_folder(tmp_path / "keys")
        barrier.wait()
        keys.create()
        return public_key(keys) + keys.pseudonym.read() + (keys.path / "wrapping.key").read_bytes()

    with ThreadPoolExecutor(12) as pool:
        assert len(set(pool.map(start, range(12)))) == 1
    assert sorted(one.name for one in (tmp_path / "keys").iterdir()) == sorted(SECRETS)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UnavailableError, match=r"cannot write keys to `.*file`.*EPHOR_KEYS"):
        key_folder(tmp_path / "file").create()
    with pytest.raises(UnavailableError, match="cannot write keys to"):
        key_folder(tmp_path / "none").publish("key")


def test_a_pseudonym_is_the_hmac_of_the_folded_name():
    names = KeyedPseudonyms(lambda: bytes(32))
    expected = hmac.new(bytes(32), b"anna@example.org", hashlib.sha256).hexdigest()[:32]
    assert names.of("Anna@Example.org ") == "sub_" + expected
    assert KeyedPseudonyms(lambda: bytes(31) + b"x").of("anna@example.org") != "sub_" + expected


@given(st.text(st.characters(categories=None)), st.text(st.characters(categories=None)))
def test_two_names_share_a_pseudonym_only_when_they_differ_in_case_or_space(one, other):
    names = KeyedPseudonyms(lambda: bytes(32))
    same = one.strip().casefold() == other.strip().casefold()
    assert (names.of(one) == names.of(other)) is same


@given(st.binary())
def test_a_fingerprint_is_no_pseudonym_and_no_plain_digest(data):
    names = KeyedPseudonyms(lambda: bytes(32))
    told = names.fingerprint(data)
    assert told == names.fingerprint(data)
    own = hmac.digest(bytes(32), b"ephor/fingerprint/1", "sha256")
    assert told == "hmac-sha256:" + hmac.digest(own, data, "sha256").hex()
    assert told.removeprefix("hmac-sha256:") not in {
        hashlib.sha256(data).hexdigest(),
        hmac.new(bytes(32), data, hashlib.sha256).hexdigest(),
    }


@pytest.mark.parametrize("mode", [0o666, 0o640, 0o604, 0o620, 0o601])
@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_that_others_can_get_at_is_refused_with_what_to_run(tmp_path, name, mode):
    keys = key_folder(tmp_path / "keys")
    keys.create()
    (keys.path / name).chmod(mode)
    read = {
        "signing.key": keys.signing.at_hand,
        "wrapping.key": keys.wrapping.at_hand,
        "pseudonym.key": keys.pseudonym.read,
    }[name]
    with pytest.raises(UnavailableError) as error:
        read()
    path = keys.path / name
    assert f"`{path}` is open to other accounts (mode {mode:04o}); run `chmod 600 {path}`" in str(error.value)
    path.chmod(0o600)
    read()


def test_a_key_folder_that_everybody_can_write_to_is_refused(tmp_path):
    keys = key_folder(tmp_path / "keys")
    keys.create()
    keys.path.chmod(0o777)
    with pytest.raises(UnavailableError, match=r"mode 0777\); run `chmod 700"):
        keys.signing.at_hand()
