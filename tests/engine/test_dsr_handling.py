"""Requests by agents, twice, for a fee, and those that only a person answers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ephor.engine.plane import Engine
from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.rooms.dsr.request import RequestStatus
from ephor.testing import FrozenClock

MARY = {"email": "mary@example.org"}
SIGNED = "sha256:" + "a" * 64


def test_an_agent_needs_a_mandate_and_is_named_only_under_seal(engine: Engine) -> None:
    request = engine.dsr.open("access", MARY, by="ada", agent="Rights Now Ltd")
    with pytest.raises(ConflictError, match="mandate"):
        engine.dsr.verify_identity(request.id, "passport seen", by="ada")
    code = engine.dsr_identity.send_code(request.id, by="ada").code
    with pytest.raises(ConflictError, match="mandate"):
        engine.dsr_identity.confirm(request.id, code, by="ada")
    with pytest.raises(InvalidInputError, match="digest"):
        engine.dsr.verify_identity(request.id, "passport seen", by="ada", mandate="signed")
    verified = engine.dsr.verify_identity(request.id, "passport seen", by="ada", mandate=SIGNED)
    assert (verified.status, verified.mandate) == (RequestStatus.IDENTITY_VERIFIED, SIGNED)
    ledger = engine.world.storage.ledger
    assert b"Rights Now" not in b"".join(ledger.entries(0, ledger.head().size))
    assert b"Rights Now" in (ledger.payload(request.entry) or b"")


def test_an_opt_out_by_an_agent_needs_one_as_well_though_nobody_is_identified(engine: Engine) -> None:
    def opened(**more: str) -> str:
        return engine.dsr.open("opt_out", MARY, by="ada", law="ccpa", purposes=["sale"], **more).id

    with pytest.raises(ConflictError, match="mandate"):
        engine.dsr.fulfil(opened(agent="Rights Now Ltd"), by="dora")
    engine.dsr.fulfil(opened(agent="Rights Now Ltd", mandate=SIGNED), by="dora")
    engine.dsr.fulfil(opened(), by="dora")
    with pytest.raises(InvalidInputError, match="nobody asks"):
        opened(mandate=SIGNED)


def test_a_request_says_which_open_one_asks_for_the_same(engine: Engine) -> None:
    first = engine.dsr.open("access", MARY, by="ada")
    assert first.duplicate_of == ""
    assert engine.dsr.open("access", MARY, by="ada").duplicate_of == first.id
    assert engine.dsr.open("erasure", MARY, by="ada").duplicate_of == ""
    assert engine.dsr.open("access", {"email": "john@example.org"}, by="ada").duplicate_of == ""


def test_a_fee_is_asked_on_a_ground_of_the_law_only(engine: Engine) -> None:
    access = engine.dsr.open("access", MARY, by="ada").id
    erasure = engine.dsr.open("erasure", MARY, by="ada").id
    amendment = engine.dsr.open("accounting", MARY, by="ada", law="hipaa").id
    asked = engine.dsr.ask_fee(access, "12.50 EUR", "further_copies", by="dora")
    assert asked.fee == "12.50 EUR: further_copies (GDPR Art. 15(3))"
    assert asked.due == engine.dsr.show(access).request.due
    for id, amount, ground in (
        (erasure, "5 EUR", "further_copies"),
        (access, "5", "excessive"),
        (amendment, "5 USD", "cost_of_copies"),
    ):
        with pytest.raises(InvalidInputError):
            engine.dsr.ask_fee(id, amount, ground, by="dora")
    engine.dsr.refuse(access, "excessive", by="dora")
    with pytest.raises(ConflictError):
        engine.dsr.ask_fee(access, "5 EUR", "excessive", by="dora")


def test_what_only_a_person_can_answer_is_closed_by_what_they_did(engine: Engine) -> None:
    id = engine.dsr.open("automated_decision", MARY, by="ada").id
    with pytest.raises(ConflictError):
        engine.dsr.answer(id, "looked at again", by="dora")  # nobody showed who asks
    engine.dsr.verify_identity(id, "signed in", by="ada")
    with pytest.raises(ConflictError, match="cannot carry out"):
        engine.dsr.fulfil(id, by="dora")
    with pytest.raises(InvalidInputError):
        engine.dsr.answer(id, " ", by="dora")
    with pytest.raises(NotPermittedError):
        engine.dsr.answer(id, "looked at again", by="eve")
    done = engine.dsr.answer(id, "looked at again", by="dora")
    assert done.verified == ("answered by dora: looked at again",)
    assert engine.dsr.show(id).request.status is RequestStatus.FULFILLED
    other = engine.dsr.open("objection", MARY, by="ada", purposes=["newsletter"]).id
    engine.dsr.verify_identity(other, "signed in", by="ada")
    with pytest.raises(ConflictError, match="not answered by hand"):
        engine.dsr.answer(other, "done", by="dora")


def test_receipt_is_confirmed_once_where_the_law_asks_for_it(engine: Engine, clock: FrozenClock) -> None:
    request = engine.dsr.open("know", {"email": "mary@example.org"}, law="ccpa", by="ada")
    today, tasks = clock.now().date(), engine.dsr_tasks
    for wrong in (today + timedelta(days=1), today - timedelta(days=1)):
        with pytest.raises(InvalidInputError, match="when it was received, and today"):
            tasks.confirm(request.id, wrong, by="dora")
    with pytest.raises(NotPermittedError):
        tasks.confirm(request.id, by="eve")
    assert tasks.confirm(request.id, by="dora").confirmed_on == today
    with pytest.raises(ConflictError, match="was confirmed on"):
        tasks.confirm(request.id, by="dora")
    other = engine.dsr.open("access", {"email": "mary@example.org"}, by="ada")
    with pytest.raises(ConflictError, match="gdpr asks nobody"):
        tasks.confirm(other.id, by="dora")
    clock.advance(timedelta(days=30))
    told = [one.stage for one in engine.reminders.due() if one.subject == request.id]
    assert not any(stage.startswith("confirm-") for stage in told)
