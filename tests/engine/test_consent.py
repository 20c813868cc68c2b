"""Consent over a plane: a history that grows, under a pseudonym."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ephor.engine.plane import Engine
from ephor.kernel.errors import InvalidInputError, NotPermittedError
from ephor.rooms.consent.statement import ConsentState, Standing, Statement
from ephor.testing import FrozenClock

MARY = "mary@example.org"
G, W, R = ConsentState.GIVEN, ConsentState.WITHDRAWN, ConsentState.REFUSED


def give(engine: Engine, purpose: str = "news", subject: str = MARY, **facts: object) -> Statement:
    return engine.consent.state(subject, purpose, G, notice_version="v1", by="dora", **facts)  # type: ignore[arg-type]


def test_a_second_consent_never_overwrites_the_first(engine: Engine) -> None:
    first, second = give(engine), give(engine)
    assert engine.consent.view(MARY).history == (first, second)


def test_withdrawing_at_the_same_moment_still_comes_last(engine: Engine) -> None:
    give(engine)
    give(engine, "offers")
    engine.consent.state(MARY, "news", W, by="dora")
    assert engine.consent.view(MARY).standings == {"news": Standing.WITHDRAWN, "offers": Standing.GIVEN}


def test_consent_runs_out_by_the_clock(engine: Engine, clock: FrozenClock) -> None:
    give(engine, expires_at=clock.at + timedelta(days=1))
    assert engine.consent.view(MARY).standings["news"] is Standing.GIVEN
    clock.advance(timedelta(days=1))
    assert engine.consent.view(MARY).standings["news"] is Standing.EXPIRED


def test_one_person_under_two_spellings_is_one_person_and_two_people_are_two(engine: Engine) -> None:
    give(engine)
    assert engine.consent.view(" Mary@Example.org ").standings == {"news": Standing.GIVEN}
    assert engine.consent.view("john@example.org").standings == {}


def test_neither_record_nor_entry_holds_the_identifier(engine: Engine) -> None:
    said = give(engine)
    ledger = engine.world.storage.ledger
    newest = list(ledger.entries(0, ledger.head().size))[-1]
    assert b"mary" not in newest
    assert b'"consent.given/1"' in newest
    assert "mary" not in repr(said)


def test_only_who_may_records_consent_and_a_refused_statement_leaves_no_trace(engine: Engine) -> None:
    size = engine.world.storage.ledger.head().size
    with pytest.raises(NotPermittedError):
        engine.consent.state(MARY, "news", R, by="eve")
    with pytest.raises(InvalidInputError):
        engine.consent.state(MARY, "news", G, by="dora")
    with pytest.raises(InvalidInputError):
        engine.consent.state("  ", "news", R, by="dora")
    assert engine.world.storage.ledger.head().size == size
