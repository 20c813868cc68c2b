"""The stop switch: one agent, one tool, one model or everything may not act until the stop is lifted."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique

from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.rooms.agents.wording import worded

MAX_NAME = 200


@unique
class StopWhat(StrEnum):
    """What a stop stops."""

    AGENT = "agent"
    TOOL = "tool"
    """A tool of this name, whichever agent calls it."""
    MODEL = "model"
    """A model, or every version of one: ``name`` stops ``name@version``, too."""
    ALL = "all"


@unique
class StopStatus(StrEnum):
    """Whether a stop is in force."""

    OPEN = "open"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop. Several may be in force at once; each is lifted by itself."""

    id: str
    what: StopWhat
    name: str | None
    reason: str
    by: str
    at: datetime
    status: StopStatus = StopStatus.OPEN
    asked_by: str | None = None
    """Who asked first that a stop of everything be lifted."""
    asked_at: datetime | None = None
    lifted_by: str | None = None
    lifted_at: datetime | None = None
    because: str = ""


def read_stop(*, id: str, what: StopWhat, name: str | None, reason: str, by: str, at: datetime) -> Stop:
    """Return a stop if it says what it stops, and why.

    Raises:
        InvalidInputError: no name where one is needed, one where none is, a pattern, or no reason.
    """
    if (what is StopWhat.ALL) is not (name is None):
        raise InvalidInputError(
            "a stop names one agent, tool or model, or stops everything; give exactly one"
        )
    if name is not None and not (name.strip() and name.isprintable() and len(name) <= MAX_NAME):
        raise InvalidInputError(f"`{name[:80]}` is no name of one {what.value}; see `ephor agents show`")
    if name is not None and not {*"*?"}.isdisjoint(name):  # it would stop nothing, and look as if it did
        raise InvalidInputError(
            f"`{name}` is a pattern, and a stop reads none; name one {what.value}, or stop everything: ephor stop --all"
        )
    return Stop(id, what, name, worded(reason, "reason"), by, at)


def lift(stop: Stop, *, by: str, reason: str, at: datetime) -> Stop:
    """Return the stop as lifted; one of everything only when a second person asks, too.

    Raises:
        ConflictError: it is lifted already.
        NotPermittedError: the second person is the first.
        InvalidInputError: no reason.
    """
    if stop.status is StopStatus.LIFTED:
        raise ConflictError(f"stop `{stop.id}` was lifted by `{stop.lifted_by}`; see `ephor stops list`")
    because = worded(reason, "reason")
    if stop.what is StopWhat.ALL and stop.asked_by is None:
        return dataclasses.replace(stop, asked_by=by, asked_at=at, because=because)
    if stop.asked_by == by:
        raise NotPermittedError(
            f"`{by}` asked first that everything may go on; somebody else must lift `{stop.id}`", person=by
        )
    return dataclasses.replace(stop, status=StopStatus.LIFTED, lifted_by=by, lifted_at=at, because=because)


def in_force(
    stops: Iterable[Stop], agent: str, tools: Iterable[str], models: Iterable[str]
) -> tuple[Stop, ...]:
    """Return the stops that can touch an agent with these tools and models, oldest first."""
    known_tools, known_models = set(tools), tuple(models)
    found = [
        one
        for one in stops
        if one.status is StopStatus.OPEN
        and (
            one.what is StopWhat.ALL
            or (one.what is StopWhat.AGENT and one.name == agent)
            or (one.what is StopWhat.TOOL and one.name in known_tools)
            or (one.what is StopWhat.MODEL and any(is_model(one, model) for model in known_models))
        )
    ]
    return tuple(sorted(found, key=lambda one: one.id))


def is_model(stop: Stop, model: str) -> bool:
    """Tell whether a stop of a model is about this one.

    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> one = Stop("stp_1", StopWhat.MODEL, "claude", "leaks", "ola", at)
    >>> is_model(one, "claude@2026-10"), is_model(one, "claude"), is_model(one, "claude-mini@1")
    (True, True, False)
    """
    return stop.name is not None and (model == stop.name or model.startswith(f"{stop.name}@"))


def stopped(stops: Iterable[Stop], tool: str, model: str | None, models: Iterable[str]) -> tuple[Stop, ...]:
    """Return the stops that forbid one call. Who does not say which model asks may be using any that is declared."""
    declared = tuple(models)
    return tuple(
        one
        for one in stops
        if one.what in (StopWhat.ALL, StopWhat.AGENT)
        or (one.what is StopWhat.TOOL and one.name == tool)
        or (
            one.what is StopWhat.MODEL
            and any(is_model(one, name) for name in (declared if model is None else (model,)))
        )
    )
