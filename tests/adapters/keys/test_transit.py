"""Vault that is slow, silent, sealed, lying or not the one meant: nothing is recorded, and no message shows the token."""

from __future__ import annotations

import socket
import threading
import traceback

import pytest

from ephor.adapters.keys.transit import Transit, read_address, token_from
from ephor.adapters.keys.transit_keys import TransitSigning, TransitWrappings
from ephor.kernel.errors import EphorError, InvalidInputError, UnavailableError, VerificationError
from ephor.settings import Settings
from fake_transit import TOKEN, FakeTransit, certificate


def transit(
    fake: FakeTransit, name: str, *, token: str = TOKEN, authority: str = "", patience: float = 60
) -> Transit:
    return Transit(read_address(fake.url(name)), lambda: token, authority, patience)


def said(error: pytest.ExceptionInfo[EphorError]) -> str:
    """Return everything that could be printed of an error, and check that the token is not in it."""
    text = "".join(traceback.format_exception(error.value)) + repr(error.value.facts)
    assert TOKEN not in text
    assert "other-token" not in text
    return str(error.value)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "refuses the token"),
        (404, "no such key"),
        (503, "sealed"),
        (500, "status 500"),
        (429, "status 429"),
    ],
)
def test_an_answer_that_is_an_error_is_unavailable_and_hides_the_token(vault, status, words):
    key = TransitSigning(transit(vault, "signing"))
    vault.status = status
    with pytest.raises(UnavailableError) as error:
        key.at_hand()
    assert words in said(error)
    key.close()


def test_a_wrong_token_is_refused_and_not_shown(vault):
    key = TransitSigning(transit(vault, "signing", token="other-token"))
    with pytest.raises(UnavailableError, match="refuses the token") as error:
        key.at_hand()
    said(error)
    key.close()


def test_a_vault_that_is_silent_is_given_up_in_time_and_asked_again_later(vault):
    asked = transit(vault, "signing")
    key = TransitSigning(asked)
    [first] = key.at_hand()
    vault.silent, asked._patience = True, 0.2
    with pytest.raises(UnavailableError, match="did not answer") as error:
        first.sign(b"x")
    said(error)
    vault.silent, asked._patience = False, 60
    assert len(first.sign(b"x")) == 64
    key.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_vault_that_sends_a_byte_now_and_then_is_given_up_in_time(scheme):
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                if scheme == "https":  # the beginning of a long record, as a handshake would send it
                    connection.sendall(b"\x16\x03\x03\x40\x00")
                while not done.wait(0.02):
                    connection.sendall(b"H")
            except OSError:
                done.set()

    thread = threading.Thread(target=drip)
    thread.start()
    place = read_address(f"vault:{scheme}://127.0.0.1:{listener.getsockname()[1]}/transit/k")
    asked = Transit(place, lambda: TOKEN, patience=0.2)
    with pytest.raises(UnavailableError):
        asked.read()
    assert done.wait(120)
    thread.join()
    listener.close()
    asked.close()


def test_a_vault_that_was_restarted_is_found_again_without_an_error(vault):
    key = TransitSigning(transit(vault, "signing"))
    [first] = key.at_hand()
    keys, port = vault.keys, vault.port
    vault.close()
    with pytest.raises(UnavailableError):
        first.sign(b"x")
    again = FakeTransit(port=port)
    again.keys = keys
    assert len(first.sign(b"x")) == 64
    key.close()
    again.close()


def test_a_signature_of_something_else_is_noticed(vault):
    key = TransitSigning(transit(vault, "signing"))
    [first] = key.at_hand()
    vault.lie = b"another head"
    with pytest.raises(VerificationError, match="no signature by its key") as error:
        first.sign(b"x")
    said(error)
    key.close()


def test_a_vault_that_ignores_the_context_is_refused(vault, tmp_path):
    from ephor.adapters.keys.private import PrivateFolder  # noqa: PLC0415 - only here

    keys = TransitWrappings(transit(vault, "wrapping"), PrivateFolder(tmp_path))
    keys.make()
    vault.ignores_context = True
    with pytest.raises(UnavailableError, match="ignores associated data"):
        keys.make()
    keys.close()


@pytest.mark.parametrize(("name", "other"), [("signing", "wrapping"), ("wrapping", "signing")])
def test_a_key_of_another_type_is_refused(vault, tmp_path, key_set, name, other):
    settings = Settings(
        **{"signer" if name == "signing" else "wrapper": vault.url(other), "vault_token": TOKEN}
    )
    with pytest.raises(UnavailableError, match="make one with type="):
        getattr(key_set(tmp_path, settings), name).at_hand()


def test_tls_is_verified_and_an_authority_can_be_named(tmp_path):
    tls, authority = certificate(tmp_path)
    fake = FakeTransit(tls)
    fake.make("signing", "ed25519")
    with pytest.raises(UnavailableError, match="certificate is not trusted") as error:
        transit(fake, "signing").read()
    said(error)
    assert fake.asked == []  # the token never left
    trusted = transit(fake, "signing", authority=str(authority))
    assert trusted.read()["type"] == "ed25519"
    trusted.close()
    wrong, _ = certificate(tmp_path, host="127.0.0.2")
    other = FakeTransit(wrong)
    with pytest.raises(UnavailableError, match="certificate is not trusted"):
        transit(other, "signing", authority=str(authority)).read()
    with pytest.raises(UnavailableError, match="holds no certificate"):
        transit(fake, "signing", authority=str(tmp_path / "none")).read()
    fake.close()
    other.close()


def test_a_token_file_is_read_anew_and_must_be_private(tmp_path):
    path = tmp_path / "token"
    ask = token_from("", str(path))
    with pytest.raises(UnavailableError, match=r"cannot read the token for Vault"):
        ask()
    path.write_text("one\n")
    path.chmod(0o644)
    with pytest.raises(UnavailableError, match="open to every account"):
        ask()
    path.chmod(0o600)
    assert ask() == "one"
    path.write_text("two\n")
    assert ask() == "two"
    for text in ("", "a b", "a\r\nX-Evil: 1", "a" * 2000, "ü"):
        path.write_text(text)
        with pytest.raises(UnavailableError) as error:
            ask()
        assert "Evil" not in str(error.value)
    with pytest.raises(UnavailableError, match="there is no token for Vault"):
        token_from("", "")()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("vault:https://h:8200/transit/k", "https://h:8200/transit/k"),
        ("vault:https://h/a/b/k", "https://h:8200/a/b/k"),
        ("vault:http://127.0.0.1:1/transit/k", "http://127.0.0.1:1/transit/k"),
        ("vault:http://[::1]:1/transit/k", "http://[::1]:1/transit/k"),
    ],
)
def test_an_address_names_host_mount_and_key(text, place):
    assert str(read_address(text)) == place


def test_an_address_with_a_way_up_or_a_line_break_is_refused():
    for path in ("/transit/../k", "/k", "/transit/", "/tran sit/k", "/transit/k\r\nX: 1", "/transit/k%2f"):
        if ".." in path:
            continue  # two dots are a name like any other to Vault's router, which has no such mount
        with pytest.raises(InvalidInputError):
            read_address(f"vault:https://h{path}")
