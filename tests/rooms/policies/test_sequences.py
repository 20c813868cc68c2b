"""Sequence rules: how they are read, what they are about, and labels that are never lost."""

from datetime import UTC, datetime

import pytest

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import Effect, Sensitivity
from ephor.rooms.policies.sequences import (
    SequenceRule,
    applies,
    labels_of,
    read_rule,
    session_id,
    touched,
)

AT = datetime(2026, 11, 27, 9, tzinfo=UTC)
RAW = {"id": "no-mail", "after": "data:contact", "effect": "external"}


def test_a_rule_is_read_as_written():
    assert read_rule(RAW) == SequenceRule("no-mail", ("data:contact",), (Effect.EXTERNAL,))
    asking = read_rule({"id": "a", "after": ["x", "y"], "tool": ["mail"], "then": "ask", "because": "look"})
    assert asking == SequenceRule("a", ("x", "y"), (), ("mail",), denies=False, because="look")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"when": 1}, "unknown key `when`"),
        ({"id": None}, "cannot name a sequence rule"),
        ({"after": []}, "comes after nothing"),
        ({"after": ["effect:raed"]}, "no call can touch; write one of effect:read"),
        ({"after": ["sensitivity:secret"]}, "sensitivity:public"),
        ({"after": None}, "missing or no text"),
        ({"after": ["a b"]}, "no label"),
        ({"effect": "loud"}, "unknown effect"),
        ({"then": "allow"}, "write ask or deny"),
        ({"because": 3}, "no line of text"),
        ({"because": "a\nb"}, "no line of text"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said(change, told):
    with pytest.raises(InvalidInputError, match=told):
        read_rule({**RAW, **change})


def test_a_rule_about_nothing_in_particular_is_about_every_call():
    assert applies(SequenceRule("a", ("x",)), "look", Effect.READ)
    about = SequenceRule("a", ("x",), (Effect.EXTERNAL,), ("look",))
    assert applies(about, "look", Effect.READ)
    assert applies(about, "mail", Effect.EXTERNAL)
    assert not applies(about, "mail", Effect.WRITE)


def test_touching_more_than_public_data_touches_every_level_below():
    assert labels_of("t", Effect.READ, Sensitivity.PUBLIC, ()) == {"tool:t", "effect:read"}
    assert {"sensitivity:internal", "sensitivity:restricted"} <= labels_of(
        "t", Effect.READ, Sensitivity.RESTRICTED, ()
    )


def test_labels_are_never_lost():
    one = touched(None, session_id("s"), ["b", "a"], AT)
    two = touched(one, one.id, ["c", "a"], AT)
    assert (one.labels, two.labels) == (("a", "b"), ("a", "b", "c"))
    assert session_id("s") != session_id("S")
