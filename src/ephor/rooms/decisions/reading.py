"""A call as it comes in, checked field by field before anything is decided about it."""

from __future__ import annotations

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.visible import check_visible
from ephor.kernel.vocabulary import Sensitivity, word
from ephor.rooms.decisions.arguments import read_arguments
from ephor.rooms.decisions.model import Call

_OPTIONAL = ("on_behalf_of", "subject", "purpose", "model", "session", "trace")
_NONE = (None,) * len(_OPTIONAL)
MAX_TEXT = 1_000
"""Longest text of a call beside its arguments, in characters."""


def read_call(call: Call) -> tuple[Call, bytes]:
    """Return *call* with arguments that nobody else can change any more, and the bytes of those arguments.

    A field that is there must say something: a blank subject would be nobody, and a blank purpose no purpose.

    >>> read_call(Call("bot", "pay", {"cents": 5}))[1]
    b'{"cents":5}'

    Raises:
        InvalidInputError: a field is no text, blank, too long, or holds a lone surrogate or a control character; a sensitivity that is not
            known; or arguments that are not JSON.
    """
    _check_text("agent", call.agent)
    _check_text("tool", call.tool)
    given = (call.on_behalf_of, call.subject, call.purpose, call.model, call.session, call.trace)
    if given != _NONE:
        for name, value in zip(_OPTIONAL, given, strict=True):
            if value is not None:
                _check_text(name, value)
    arguments, encoded = read_arguments(call.arguments)
    # Field by field: `dataclasses.replace` costs as much as all the rest.
    read = Call(
        call.agent,
        call.tool,
        arguments,
        call.on_behalf_of,
        call.subject,
        call.purpose,
        None if call.sensitivity is None else _sensitivity(call.sensitivity),
        call.model,
        call.session,
        call.trace,
    )
    return read, encoded


def _check_text(name: str, value: object) -> None:
    if type(value) is str and len(value) <= MAX_TEXT and value.isprintable() and value.strip():
        return  # nothing that the close look below could find: a lone half of a pair is not printable
    if not isinstance(value, str):
        raise InvalidInputError(f"`{name}` is {type(value).__name__}, not text; pass it as text", field=name)
    if not value.strip():
        raise InvalidInputError(f"`{name}` is blank; name one, or leave it out where it may be", field=name)
    if len(value) > MAX_TEXT:
        raise InvalidInputError(
            f"`{name}` is {len(value)} characters long; at most {MAX_TEXT} fit", field=name
        )
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InvalidInputError(f"`{name}` holds a lone surrogate; remove it", field=name) from None
    check_visible(value, f"`{name}`")


def _sensitivity(value: object) -> Sensitivity | None:
    if value is None or isinstance(value, Sensitivity):
        return value
    return word(Sensitivity, str(value)[:40], "sensitivity")
