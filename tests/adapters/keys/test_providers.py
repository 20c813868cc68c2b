"""One contract over every provider of keys: what is signed verifies, what is wrapped opens, and nothing else does."""

from __future__ import annotations

import base64
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ephor.adapters.keys.keyset import KeySet
from ephor.kernel.errors import ConflictError, InvalidInputError, UnavailableError, VerificationError
from ephor.rooms.ledger.checkpoint import Checkpoint, encode
from ephor.settings import Settings, read_settings
from fake_transit import TOKEN

HEAD = encode(Checkpoint("test.local/ephor/main", 5, bytes(32))).encode()
SEEDS = [base64.b64encode(bytes([n]) * 32).decode() for n in range(1, 9)]


@dataclass
class Provided:
    """A provider under test: its keys, and ways to take it away."""

    keys: KeySet
    take_away: Callable[[], object]


def files(request: pytest.FixtureRequest, folder: Path) -> Provided:
    key_set = request.getfixturevalue("key_set")
    keys = key_set(folder, Settings())
    return Provided(keys, lambda: shutil.rmtree(folder))


def environment(request: pytest.FixtureRequest, folder: Path) -> Provided:
    key_set = request.getfixturevalue("key_set")
    given = {
        "EPHOR_SIGNING_KEY": f"{SEEDS[0]},{SEEDS[1]}",
        "EPHOR_WRAPPING_KEY": f"{SEEDS[2]}, {SEEDS[3]}",
        "EPHOR_PSEUDONYM_KEY": SEEDS[4],
    }
    return Provided(key_set(folder, read_settings(given)), lambda: None)


def vault(request: pytest.FixtureRequest, folder: Path) -> Provided:
    key_set = request.getfixturevalue("key_set")
    fake = request.getfixturevalue("vault")
    settings = Settings(
        signer=fake.url("signing"),
        wrapper=fake.url("wrapping"),
        vault_token_file=request.getfixturevalue("token"),
    )
    return Provided(key_set(folder, settings), lambda: setattr(fake, "status", 503))


def process(request: pytest.FixtureRequest, folder: Path) -> Provided:
    key_set = request.getfixturevalue("key_set")
    signer = request.getfixturevalue("signer")
    return Provided(key_set(folder, Settings(signer=f"unix:{signer.place}")), signer.kill)


PROVIDERS = [files, environment, vault, process]


@pytest.fixture(params=PROVIDERS, ids=lambda one: one.__name__)
def provided(request: pytest.FixtureRequest, tmp_path: Path) -> Provided:
    made = request.param(request, tmp_path / "keys")
    made.keys.create()
    return made


def holds(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def test_a_signature_holds_for_its_message_and_key_alone(provided):
    key = provided.keys.signing.at_hand()[0]
    signature = key.sign(HEAD)
    assert holds(key.public_key, signature, HEAD)
    assert not holds(key.public_key, signature, HEAD + b"x")
    assert not holds(Ed25519PrivateKey.generate().public_key().public_bytes_raw(), signature, HEAD)


def test_what_is_wrapped_opens_in_its_own_context_alone(provided):
    key = provided.keys.wrapping.at_hand()[0]
    wrapped = key.wrap(b"k" * 32, b"sub_1")
    assert b"k" * 32 not in wrapped
    assert key.unwrap(wrapped, b"sub_1") == b"k" * 32
    assert key.wrap(b"k" * 32, b"sub_1") != wrapped
    with pytest.raises(VerificationError):
        key.unwrap(wrapped, b"sub_2")
    for broken in (wrapped[:-1], wrapped[:5], b"", wrapped[:-6] + b"AAAAAA", b"vault:v1:", b"x" * 60):
        with pytest.raises(VerificationError):
            key.unwrap(broken, b"sub_1")


def test_what_another_key_wrapped_does_not_open(provided):
    first = provided.keys.wrapping.at_hand()[0]
    second = provided.keys.wrapping.successor(first.mark)
    assert first.mark != second.mark
    assert 0 <= first.mark < 2**56
    wrapped = second.wrap(b"k" * 32, b"c")
    assert second.unwrap(wrapped, b"c") == b"k" * 32
    if not provided.keys.wrapping.name.startswith("vault"):  # there the ciphertext names its version
        with pytest.raises(VerificationError):
            first.unwrap(wrapped, b"c")


def test_asking_again_gives_the_same_keys(provided):
    keys = provided.keys
    before = (
        [key.public_key for key in keys.signing.at_hand()],
        [key.mark for key in keys.wrapping.at_hand()],
        keys.pseudonym.read(),
    )
    keys.create()
    assert before == (
        [key.public_key for key in keys.signing.at_hand()],
        [key.mark for key in keys.wrapping.at_hand()],
        keys.pseudonym.read(),
    )
    assert len(before[2]) == 32


def test_a_successor_waits_until_it_is_used(provided):
    signing, wrapping = provided.keys.signing, provided.keys.wrapping
    first = signing.at_hand()[0].public_key
    second = signing.successor(first)
    assert second.public_key != first
    assert signing.successor(first).public_key == second.public_key
    assert {first, second.public_key} == {key.public_key for key in signing.at_hand()}
    assert holds(second.public_key, second.sign(HEAD), HEAD)
    mark = wrapping.at_hand()[0].mark
    assert wrapping.successor(mark).mark == wrapping.successor(mark).mark != mark


@pytest.mark.parametrize("provided", [files, vault, process], indirect=True, ids=lambda one: one.__name__)
def test_a_provider_that_is_gone_is_unavailable_and_says_what_to_do(provided):
    key = provided.keys.signing.at_hand()[0]
    provided.take_away()
    with pytest.raises(UnavailableError) as error:
        provided.keys.signing.at_hand()
    assert any(word in str(error.value) for word in ("restore", "try again", "sealed", "start"))
    if not provided.keys.signing.name.startswith("file"):
        with pytest.raises(UnavailableError):
            key.sign(HEAD)


@pytest.mark.parametrize("kind", ["signing", "wrapping"])
def test_a_key_in_the_environment_is_rotated_to_the_one_after_it(kind, tmp_path, key_set):
    (first, second), third = SEEDS[:2], SEEDS[2]
    for given, expected in ((f"{first},{second}", 1), (f"{first},{second},{third}", 1)):
        source = getattr(key_set(tmp_path, Settings(**{f"{kind}_key": given})), kind)
        ids = [getattr(key, "public_key" if kind == "signing" else "mark") for key in source.at_hand()]
        assert (
            getattr(source.successor(ids[0]), "public_key" if kind == "signing" else "mark") == ids[expected]
        )
        with pytest.raises(ConflictError, match=r"after the current one and a comma"):
            source.successor(ids[-1])


def test_a_pem_in_the_environment_is_the_key_it_holds(tmp_path, key_set):
    made = Ed25519PrivateKey.generate()
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    for text in (pem, pem.replace("\n", "\\n")):
        [key] = key_set(tmp_path, Settings(signing_key=text)).signing.at_hand()
        assert key.public_key == made.public_key().public_bytes_raw()


@pytest.mark.parametrize(
    "text", ["secretsecret", "AAAA", f"{SEEDS[0]},", f"{SEEDS[0]},secret", "-----BEGIN X\nsecret"]
)
@pytest.mark.parametrize("name", ["signing_key", "wrapping_key", "pseudonym_key"])
def test_a_key_in_the_environment_that_is_none_is_refused_and_not_shown(tmp_path, name, text, key_set):
    keys = key_set(tmp_path, Settings(**{name: text}))
    with pytest.raises(UnavailableError) as error:
        getattr(keys, name.removesuffix("_key")).make()
    assert "secret" not in str(error.value)
    assert f"EPHOR_{name.upper()}" in str(error.value)
    assert error.value.__cause__ is None


def test_secrets_are_not_in_what_is_printed_of_settings():
    given = {
        f"EPHOR_{name}": f"secret-{name}"
        for name in ("SIGNING_KEY", "WRAPPING_KEY", "PSEUDONYM_KEY", "VAULT_TOKEN")
    }
    settings = read_settings(given)
    assert settings.vault_token == "secret-VAULT_TOKEN"
    assert "secret" not in repr(settings)
    assert "secret" not in str(settings)


def test_keys_in_the_environment_leave_nothing_secret_on_the_disk(tmp_path, request):
    environment(request, tmp_path / "keys").keys.create()
    assert [one.name for one in (tmp_path / "keys").rglob("*")] == []
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings(signer="unix:/x", signing_key=SEEDS[0]), "both name the signing key"),
        (Settings(wrapper="vault:https://h/transit/k", wrapping_key=SEEDS[0]), "both name the wrapping key"),
        (Settings(signer="tcp:1.2.3.4"), "names no signer"),
        (Settings(signer="unix:"), "names no signer"),
        (Settings(wrapper="unix:/x"), "wraps no keys"),
        (Settings(signer="vault:http://vault.example/transit/k"), "in the clear"),
        (Settings(signer="vault:https://u:p@h/transit/k"), "holds no password"),
        (Settings(signer="vault:https://h/transit"), "no address of a Vault key"),
        (Settings(signer="vault:https://h/transit/../sys/k?x"), "no address of a Vault key"),
        (Settings(signer="vault:https://h:port/transit/k"), "no address of a Vault key"),
        (Settings(signer="vault:ftp://h/transit/k"), "no address of a Vault key"),
    ],
)
def test_settings_that_name_no_provider_or_two_are_refused(tmp_path, settings, said, key_set):
    with pytest.raises(InvalidInputError, match=said):
        key_set(tmp_path, settings)


def retired(keys: KeySet, *, keep: bool) -> tuple[list[bytes], list[int]]:
    """Rotate both keys and return those still at hand."""
    first = keys.signing.at_hand()[0].public_key
    second = keys.signing.successor(first).public_key
    assert keys.signing.retire(first, keep=keep) == 0
    keys.signing.retire(second, keep=keep)
    mark = keys.wrapping.at_hand()[0].mark
    following = keys.wrapping.successor(mark).mark
    assert keys.wrapping.retire(mark) == 0
    keys.wrapping.retire(following)
    assert keys.signing.retire(second, keep=keep) == keys.wrapping.retire(following) == 0
    return [key.public_key for key in keys.signing.at_hand()], [key.mark for key in keys.wrapping.at_hand()]


@pytest.mark.parametrize("keep", [False, True])
def test_old_files_are_destroyed_or_put_aside(tmp_path, request, keep):
    keys = files(request, tmp_path / "keys").keys
    keys.create()
    before = (tmp_path / "keys" / "signing.key").read_bytes()
    signing, wrapping = retired(keys, keep=keep)
    assert len(signing) == len(wrapping) == 1
    names = {one.name for one in (tmp_path / "keys").iterdir()}
    assert names == {"signing-2.key", "wrapping-2.key", "pseudonym.key"} | (
        {"signing-1.key.retired"} if keep else set()
    )
    if keep:
        assert (tmp_path / "keys" / "signing-1.key.retired").read_bytes() == before
    keys.create()
    assert {one.name for one in (tmp_path / "keys").iterdir()} == names


@pytest.mark.parametrize("keep", [False, True])
def test_old_versions_in_vault_are_deleted_or_can_sign_no_more(
    tmp_path, request, vault, token, keep, key_set
):
    settings = Settings(signer=vault.url("signing"), wrapper=vault.url("wrapping"), vault_token_file=token)
    keys = key_set(tmp_path / "keys", settings)
    keys.create()
    pseudonym, old = keys.pseudonym.read(), keys.signing.at_hand()[0]
    signing, wrapping = retired(keys, keep=keep)
    assert len(wrapping) == 1
    assert set(vault.keys["wrapping"].versions) == {2}
    assert (1 in vault.keys["signing"].versions) is keep
    assert len(signing) == 1 + keep
    with pytest.raises(VerificationError, match="refuses"):
        old.sign(HEAD)
    assert keys.pseudonym.read() == pseudonym


def test_a_vault_that_died_between_two_requests_is_brought_to_the_end(tmp_path, vault, token, key_set):
    keys = key_set(tmp_path, Settings(signer=vault.url("signing"), vault_token_file=token))
    second = keys.signing.successor(keys.signing.at_hand()[0].public_key).public_key
    vault.fail_after = 3  # two reads and the new minimum; not the deletion
    with pytest.raises(UnavailableError):
        keys.signing.retire(second, keep=False)
    vault.fail_after = -1
    assert set(vault.keys["signing"].versions) == {1, 2}
    assert keys.signing.retire(second, keep=False) == 1
    assert set(vault.keys["signing"].versions) == {2}
    assert TOKEN not in repr(keys)
