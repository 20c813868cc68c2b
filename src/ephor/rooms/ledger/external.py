"""Events that others hand in, in the guide's words or in ours, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.events import Event
from ephor.kernel.time import moment, stamp
from ephor.kernel.visible import check_visible
from ephor.rooms.ledger.kinds import check_external
from ephor.rooms.ledger.sources import HEARTBEAT, read_count

_GUIDE = {
    "timestamp": "at",
    "agent_id": "actor",
    "user_id": "on_behalf_of",
    "session_id": "session",
    "request_id": "trace",
    "authorization_policy": "policy_digest",
    "authorization_result": "decision",
    "confidence_score": "confidence",
    "error_code": "error",
}
"""The guide's name of a field, and ours."""
_NOTED = ("resource_type", "decision_factors", "error_message", "event_id")
"""The guide's fields that an entry keeps in its metadata."""
_CLAIMS = ("approver", "policy_digest", "decision")
"""Fields by which an entry says that this plane decided; handed in, they are somebody's word."""
_AHEAD = timedelta(minutes=5)
"""How far a host's clock may be ahead of the plane's."""
_OURS = {one.name for one in fields(Event)}
_WRITTEN = ("reported", "counted")
"""What Ephor itself writes into the metadata of an event that was handed in."""
_DECLARED = "user_is_subject"
"""Whether ``user_id`` is a data subject, whatever it looks like: then only their pseudonym is recorded."""
_APART = ("metadata", "event_type", "kind", "source", "sequence", _DECLARED)
"""Fields that are read by themselves."""


def read_event(raw: Mapping[str, Any], now: datetime, by: str) -> Event:
    """Return the event that *raw* states and the person *by* hands in; one without a time happened *now*.

    What only this plane can vouch for stays apart: ``approver``, ``policy_digest`` (the guide's
    ``authorization_policy``) and ``decision`` (``authorization_result``) are kept in ``metadata.reported`` and never in
    the entry's own fields, and ``refs.reported_by`` names *by*. Any time in the past is taken as it is told.

    ``agent_id`` becomes the actor ``agent:ID``; only a heartbeat, which is of no agent, may leave it out. An
    ``event_type`` without a version is of version 1. ``source`` and ``sequence`` are checked here, and counted by
    `ephor.rooms.ledger.sources.take`.

    >>> from datetime import UTC
    >>> read_event({"event_type": "agent.started", "agent_id": "bot"}, datetime(2026, 1, 1, tzinfo=UTC), "ada").actor
    'agent:bot'

    Raises:
        InvalidInputError: an unknown field, a kind that only Ephor itself may record, a value of the wrong type, or a
            time more than five minutes ahead of *now*.
    """
    known: dict[str, Any] = {}
    noted: dict[str, Any] = dict(_mapping(raw.get("metadata", {})))
    for name in _WRITTEN:
        if name in noted:
            raise InvalidInputError(
                f"`metadata.{name}` is written by Ephor itself; call yours something else"
            )
    kind, count = _kind(raw), read_count(raw)
    if kind == HEARTBEAT:
        if count is None:
            raise InvalidInputError(
                f"`{kind}` needs `source` and `sequence`: whose heart it is, and how far it counted"
            )
        known["actor"] = f"person:{by}"
    for name, value in raw.items():
        if value is None or name in _APART:
            continue
        if name in _NOTED:
            noted["external_id" if name == "event_id" else name] = value
        elif (ours := _GUIDE.get(name, name)) in _OURS:
            known[ours] = _value(name, value)
        else:
            raise InvalidInputError(
                f"unknown field `{name}` in an event; use the fields of the guide's audit event", field=name
            )
    _check_time(known.get("at", now), now)
    if claims := {name: known.pop(name) for name in _CLAIMS if name in known}:
        noted["reported"] = claims
    known["refs"] = {**known.get("refs", {}), "reported_by": f"person:{by}"}
    return Event(kind=kind, metadata=noted, **{"at": now, **_required(known)})


def user_is_subject(raw: Mapping[str, Any]) -> bool:
    """Tell whether the event declares its user to be a data subject.

    Raises:
        InvalidInputError: it says neither yes nor no.
    """
    if (said := raw.get(_DECLARED)) not in (None, True, False):
        raise InvalidInputError(f"`{_DECLARED}` is `{str(said)[:60]}`; write true or false")
    return said is True


def _check_time(at: datetime, now: datetime) -> None:
    if at - now > _AHEAD:
        raise InvalidInputError(
            f"an event of `{stamp(at)}` has not happened yet, it is `{stamp(now)}` here; set the clock of its host right"
        )


def _kind(raw: Mapping[str, Any]) -> str:
    kind = raw.get("kind") or raw.get("event_type")
    if not isinstance(kind, str):
        raise InvalidInputError("an event needs `event_type`, for example `tool.invoked`")
    kind = kind if "/" in kind else f"{kind}/1"
    check_external(kind)
    return kind


def _required(known: dict[str, Any]) -> dict[str, Any]:
    if "actor" not in known:
        raise InvalidInputError("an event needs `agent_id`, the agent it is about")
    return known


def _value(name: str, value: Any) -> Any:
    if name in ("timestamp", "at"):
        return moment(_text(name, value))
    if name == "agent_id":
        agent = _text(name, value)
        if not agent.strip():
            raise InvalidInputError("`agent_id` is empty; name the agent the event is about")
        check_visible(agent, "`agent_id`")
        return f"agent:{agent}"
    if name in ("confidence_score", "confidence"):
        return value if isinstance(value, str) else str(value)  # an entry holds no floats
    if name == "duration_ms":
        if type(value) is not int or value < 0:
            raise InvalidInputError(f"`duration_ms` is `{value!r}`; write whole milliseconds")
        return value
    if name == "reasons":
        return tuple(_text(name, one) for one in value) if isinstance(value, list) else (_text(name, value),)
    return dict(_mapping(value)) if name == "refs" else _text(name, value)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidInputError(f"`{name}` is `{str(value)[:60]}`; write text", field=name)
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidInputError(f"`{str(value)[:60]}` is no object; write `{{…}}`")
    return value
