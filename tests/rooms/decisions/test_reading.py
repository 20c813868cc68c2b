"""A call as it comes in: every field says something, or is not there."""

import dataclasses

import pytest

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.decisions.model import Call
from ephor.rooms.decisions.reading import MAX_TEXT, read_call

CALL = Call("bot", "pay", {"cents": 5})
TEXTS = ("agent", "tool", "on_behalf_of", "subject", "purpose", "model", "session", "trace")


def test_a_plain_call_is_read_as_it_is():
    assert read_call(CALL) == (CALL, b'{"cents":5}')


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize("value", ["", "  ", "\n", 7, b"x", ["x"], "\ud800", "x" * (MAX_TEXT + 1), object()])
def test_a_field_that_says_nothing_is_refused(field, value):
    with pytest.raises(InvalidInputError, match=f"`{field}`"):
        read_call(dataclasses.replace(CALL, **{field: value}))


@pytest.mark.parametrize("field", TEXTS)
def test_only_agent_and_tool_must_be_there(field):
    without = dataclasses.replace(CALL, **{field: None})
    if field in ("agent", "tool"):
        with pytest.raises(InvalidInputError):
            read_call(without)
    else:
        assert read_call(without)[0] == CALL


@pytest.mark.parametrize(
    ("given", "read"),
    [(None, None), (Sensitivity.RESTRICTED, Sensitivity.RESTRICTED), ("restricted", Sensitivity.RESTRICTED)],
)
def test_a_sensitivity_may_be_a_word(given, read):
    assert read_call(dataclasses.replace(CALL, sensitivity=given))[0].sensitivity is read


@pytest.mark.parametrize("given", ["Restricted", "", "secret", 3, object()])
def test_an_unknown_sensitivity_is_refused(given):
    with pytest.raises(InvalidInputError, match="unknown sensitivity"):
        read_call(dataclasses.replace(CALL, sensitivity=given))


def test_changing_the_arguments_afterwards_changes_nothing():
    arguments = {"cents": 5}
    call, _ = read_call(Call("bot", "pay", arguments))
    arguments["cents"] = 9000
    assert call.arguments == {"cents": 5}
