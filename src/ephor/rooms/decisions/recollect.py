"""A recorded decision read back: the call, what was known for it, and what its arguments said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ephor.kernel.errors import VerificationError
from ephor.kernel.vocabulary import Objection, Sensitivity
from ephor.rooms.access.roles import Permission, Rights
from ephor.rooms.consent.statement import Standing
from ephor.rooms.decisions.authority import ToolAuthority
from ephor.rooms.decisions.bounds import observe_ask
from ephor.rooms.decisions.facts import limits_on
from ephor.rooms.decisions.model import Call, Outcome
from ephor.rooms.decisions.standing import UNSAID, Known, Lent, Observed, SubjectStanding
from ephor.rooms.policies.limits import NOBODY, Behalf

BY_PEOPLE: Mapping[str, Outcome] = {
    "approved-by-person": Outcome.ALLOW,
    "rejected-by-person": Outcome.DENY,
    "question-expired": Outcome.DENY,
    "question-withdrawn": Outcome.DENY,
}
"""Reasons that people add to an answer that asks, and the answer they make of it."""


def call_from(entry: Mapping[str, Any], arguments: Mapping[str, Any] | None) -> Call:
    """Return the call of a decision's entry; whom it touches is known by pseudonym alone.

    Raises:
        VerificationError: the entry does not say what a decision says.
    """
    metadata = entry.get("metadata") or {}
    looked = _looked(entry)
    kind, _, agent = str(entry.get("actor", "")).partition(":")
    if kind != "agent" or not isinstance(entry.get("tool"), str):
        raise VerificationError(f"entry `{entry.get('id')}` names no agent or no tool; verify the ledger")
    return Call(
        agent,
        entry["tool"],
        {} if arguments is None else arguments,
        on_behalf_of=entry.get("on_behalf_of"),
        subject=entry.get("subject"),
        purpose=metadata.get("purpose"),
        sensitivity=Sensitivity(looked["sensitivity"]) if "sensitivity" in looked else None,
        model=looked.get("model"),
        session=entry.get("session"),
        trace=entry.get("trace"),
    )


def known_from(entry: Mapping[str, Any]) -> Known:
    """Return what was known when the decision was made."""
    looked = _looked(entry)
    subject = None
    if entry.get("subject") is not None:
        said = looked.get("subject")
        subject = _of_person(said) if said else UNSAID
    lent = _lent(looked["lent"]) if "lent" in looked else None
    labels = frozenset(looked.get("labels", ())) if entry.get("session") is not None else None
    return Known(subject, lent, labels)


def _of_person(said: Mapping[str, Any]) -> SubjectStanding:
    return SubjectStanding(
        said["restricted"],
        Standing(said["consent"]),
        tuple(said.get("against", ())),
        said.get("opted_out", False),
        said.get("listed", False),
    )


def observed_from(
    entry: Mapping[str, Any],
    tool: ToolAuthority | None,
    call: Call,
    behalf: Behalf,
    *,
    arguments_known: bool,
) -> Observed:
    """Return what the arguments said: from themselves where they are there, else as it was recorded.

    What was used of a limit is recorded by its answer alone, so that answer is taken as it is.
    """
    looked = _looked(entry)
    rules = tool.tool.ask if tool else ()
    asked = tuple(looked.get("asked", ("within",) * len(rules)))
    if arguments_known:
        asked = tuple(observe_ask(rule, call) for rule in rules)
    covering = limits_on(tool, call.agent, behalf)
    recorded = looked.get("limits", {})
    return Observed(asked, {limit.id: recorded.get(limit.id, "within") for limit in covering})


def _looked(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    looked = (entry.get("metadata") or {}).get("looked_at")
    return looked if isinstance(looked, Mapping) else {}


def _lent(said: Mapping[str, Any]) -> Lent:
    rights = said["rights"]
    return Lent(
        None
        if rights is None
        else Rights(
            frozenset(Permission(one) for one in rights["permissions"]),
            {name: Sensitivity(ceiling) for name, ceiling in rights["tools"].items()},
        ),
        tuple(Objection(code, text) for code, text in said["reasons"]),
        said["to_agent"],
        said["purpose"],
        Behalf(tuple(said["chain"]), said["person"]) if said["chain"] else NOBODY,
    )
