"""Codes that show who asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from ephor.engine.plane import Engine
from ephor.engine.ports import Sent
from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError, UnavailableError
from ephor.rooms.dsr.request import RequestStatus
from ephor.testing import FrozenClock


class Box:
    """Keeps the mails that would go out."""

    def __init__(self, taken: bool = True) -> None:
        self.mails: list[tuple[str, str]] = []
        self.taken = taken

    def mail(self, to: str, subject: str, text: str, id: str) -> Sent:
        self.mails.append((to, text))
        return Sent(self.taken, "handed over")

    def webhook(self, url: str, body: bytes, headers: Mapping[str, str]) -> Sent:
        raise AssertionError


@pytest.fixture
def request_id(engine: Engine) -> str:
    return engine.dsr.open("access", {"email": "mary@example.org", "phone": "+4712345678"}, by="ada").id


def code_in(text: str) -> str:
    return next(word for word in text.split() if word.isdecimal() and len(word) == 8)


def test_the_code_that_was_mailed_verifies_once(engine: Engine, request_id: str) -> None:
    box = Box()
    sent = engine.dsr_identity.send_code(request_id, by="ada", post=box)
    [(to, text)] = box.mails
    assert (sent.sent, sent.code, to) == (True, "", "mary@example.org")
    code = code_in(text)
    request = engine.dsr_identity.confirm(request_id, f"{code[:4]} {code[4:]}", by="ada")
    assert request.status is RequestStatus.IDENTITY_VERIFIED
    assert request.verification_method == "code sent to the email"
    with pytest.raises(ConflictError):
        engine.dsr_identity.confirm(request_id, code, by="ada")
    ledger = engine.world.storage.ledger
    everything = b"".join(ledger.entries(0, ledger.head().size))
    assert code.encode() not in everything
    assert b"mary@example.org" not in everything


def test_wrong_codes_count_and_end_it(engine: Engine, request_id: str) -> None:
    code = engine.dsr_identity.send_code(request_id, by="ada").code
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    for _ in range(5):
        with pytest.raises(NotPermittedError):
            engine.dsr_identity.confirm(request_id, wrong, by="ada")
    with pytest.raises(ConflictError, match="wrong codes"):
        engine.dsr_identity.confirm(request_id, code, by="ada")
    assert engine.dsr.show(request_id).request.status is RequestStatus.RECEIVED
    ledger = engine.world.storage.ledger
    assert len(ledger.search({"kind": "dsr.code-failed/1"}, before=None, limit=9)) == 5


def test_a_code_runs_out_a_newer_one_replaces_it_and_there_are_three(
    engine: Engine, request_id: str, clock: FrozenClock
) -> None:
    identity = engine.dsr_identity
    first = identity.send_code(request_id, by="ada").code
    second = identity.send_code(request_id, by="ada").code
    with pytest.raises(NotPermittedError):
        identity.confirm(request_id, first, by="ada")
    clock.advance(timedelta(hours=1))
    with pytest.raises(ConflictError, match="ran out"):
        identity.confirm(request_id, second, by="ada")
    identity.send_code(request_id, by="ada", kind="phone")
    with pytest.raises(ConflictError, match="another way"):
        identity.send_code(request_id, by="ada")


def test_no_code_goes_where_it_cannot_and_none_is_taken_that_was_not_sent(
    engine: Engine, request_id: str
) -> None:
    identity = engine.dsr_identity
    with pytest.raises(ConflictError, match="no code was sent"):
        identity.confirm(request_id, "12345678", by="ada")
    with pytest.raises(InvalidInputError):
        identity.confirm(request_id, "1234", by="ada")
    with pytest.raises(InvalidInputError):
        identity.send_code(request_id, by="ada", kind="fax")
    with pytest.raises(InvalidInputError):
        identity.send_code(request_id, by="ada", kind="phone", post=Box())
    with pytest.raises(NotPermittedError):
        identity.send_code(request_id, by="eve")
    with pytest.raises(UnavailableError, match="handed over; try again"):
        identity.send_code(request_id, by="ada", post=Box(taken=False))
    engine.dsr.verify_identity(request_id, "passport seen", by="ada")
    with pytest.raises(ConflictError):
        identity.send_code(request_id, by="ada")


def test_an_account_shows_who_is_signed_in_to_it_and_nobody_else(engine: Engine, request_id: str) -> None:
    identity = engine.dsr_identity
    with pytest.raises(NotPermittedError, match="somebody else is signed in") as refused:
        identity.signed_in(request_id, "email", "john@example.org", by="ada")
    assert "john" not in str(refused.value)
    with pytest.raises(InvalidInputError, match="it names: email, phone"):
        identity.signed_in(request_id, "account", "7", by="ada")
    with pytest.raises(NotPermittedError):
        identity.signed_in(request_id, "email", "mary@example.org", by="eve")
    shown = identity.signed_in(request_id, "email", " Mary@Example.org", by="ada")
    assert (shown.status, shown.verification_method) == (
        RequestStatus.IDENTITY_VERIFIED,
        "signed in with the email",
    )
    with pytest.raises(ConflictError):
        identity.signed_in(request_id, "email", "mary@example.org", by="ada")


def test_who_asks_for_another_shows_a_mandate_with_code_and_account_too(engine: Engine) -> None:
    mandate = "sha256:" + "a" * 64
    for way in ("code", "account"):
        request = engine.dsr.open("access", {"email": f"{way}@example.org"}, by="ada", agent="Bob")
        code = engine.dsr_identity.send_code(request.id, by="ada").code

        def show(mandate: str, id: str = request.id, code: str = code, way: str = way) -> str:
            if way == "code":
                return engine.dsr_identity.confirm(id, code, by="ada", mandate=mandate).mandate
            found = engine.dsr_identity.signed_in(
                id, "email", f"{way}@example.org", by="ada", mandate=mandate
            )
            return found.mandate

        with pytest.raises(ConflictError, match="--mandate"):
            show("")
        assert show(mandate) == mandate


def test_a_mail_that_was_not_taken_counts_as_no_code_and_leaves_the_one_before(
    engine: Engine, request_id: str
) -> None:
    identity = engine.dsr_identity
    code = identity.send_code(request_id, by="ada").code
    for _ in range(9):
        with pytest.raises(UnavailableError):
            identity.send_code(request_id, by="ada", post=Box(taken=False))
    assert identity.confirm(request_id, code, by="ada").status is RequestStatus.IDENTITY_VERIFIED
