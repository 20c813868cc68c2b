"""What a decision looks up and leaves behind: what went before in its session, what was used of each limit. A step of deciding."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ephor.engine.authority import lent_by, subject_standing
from ephor.engine.ports import Unit
from ephor.kernel.canonical import Json
from ephor.rooms.access.roles import Rights, lend, narrow
from ephor.rooms.decisions.authority import AgentAuthority
from ephor.rooms.decisions.bounds import added, observe
from ephor.rooms.decisions.facts import Facts, behalf_of, limits_on, sensitivity_of
from ephor.rooms.decisions.model import Call
from ephor.rooms.decisions.record import AuthorityRecord
from ephor.rooms.decisions.standing import NOTHING_KNOWN, UNSAID, Known, SubjectStanding
from ephor.rooms.policies.limits import Usage, amount_in, usage_id, use, used_now
from ephor.rooms.policies.sequences import Session, labels_of, session_id, touched


def leaves_traces(call: Call, authority: AgentAuthority | None, marked: frozenset[str] = frozenset()) -> bool:
    """Tell whether what a call may do, or leaves behind, must be settled in the transaction that records the decision.

    *marked* are labels that its session is known to carry: they are never lost, so whoever adds none of them and is held
    to no rule that looks at them leaves nothing new.
    """
    tool = authority.tools.get(call.tool) if authority else None
    if authority is None or tool is None:
        return False
    if tool.limits or call.session is None:
        return bool(tool.limits)
    if authority.sequences or authority.rules is not None or authority.shadow is not None:
        return True
    sensitivity = sensitivity_of(call, tool)
    return not labels_of(tool.tool.name, tool.effect, sensitivity, tool.tool.data, tool.labels) <= marked


def look_up(
    unit: Unit, call: Call, subject: str | None, authority: AgentAuthority | None, now: datetime
) -> Known:
    """Return what is known for *call*; *subject* is the pseudonym of the data subject it names."""
    if authority is None:
        return NOTHING_KNOWN
    lent = lent_by(unit, call.on_behalf_of, now) if call.on_behalf_of is not None else None
    known = Known(
        subject_standing(unit, subject, call.purpose, now) if subject is not None else None,
        lent,
        _labels(unit, call.session) if call.session is not None else None,
    )
    behalf = behalf_of(known)
    shelf = unit.shelf(Usage)
    used = {
        limit.id: used_now(shelf.find(usage_id(limit, call.agent, call.tool, behalf)), limit, now)
        for limit in limits_on(authority.tools.get(call.tool), call.agent, behalf)
    }
    return Known(known.subject, lent, known.labels, used) if used else known


def leave(unit: Unit, facts: Facts) -> None:
    """Count an allowed call, and mark its session with what it touches."""
    call, now, behalf = facts.call, facts.now, behalf_of(facts.known)
    shelf = unit.shelf(Usage)
    covering = limits_on(facts.tool, call.agent, behalf)
    for limit in covering:
        id = usage_id(limit, call.agent, call.tool, behalf)
        amount = amount_in(limit, call.arguments, covering)
        if not isinstance(
            amount, int
        ):  # denied, or another limit counts it; nothing that is not known is ever counted
            continue
        old = shelf.find(id)
        new = use(old, limit, id, amount, now)
        if old is None:
            shelf.add(new)
        elif new != old:
            shelf.replace(old, new)
    if call.session is not None:
        _mark(unit, call.session, added(facts), now)


def keep(unit: Unit, record: AuthorityRecord) -> None:
    """Keep what an authority was compiled from, once, so that its decisions can be made again."""
    shelf = unit.shelf(AuthorityRecord)
    if shelf.find(record.id) is None:
        shelf.add(record)


def told(facts: Facts) -> Mapping[str, Json]:
    """Return what the decision looked at besides the authority, for its entry: no argument and no person in the clear.

    What is as it mostly is stays unsaid: a person who said nothing, and arguments within every bound.
    """
    call, known, looked = facts.call, facts.known, observe(facts)
    said: dict[str, Json] = {}
    if call.sensitivity is not None:
        said["sensitivity"] = call.sensitivity.value
    if call.model is not None:
        said["model"] = call.model
    if known.labels:
        said["labels"] = tuple(sorted(known.labels))
    if known.subject not in (None, UNSAID):
        said["subject"] = _of_person(known.subject)
    if known.lent is not None:
        said["lent"] = {
            "rights": _needed(known.lent.rights, facts),
            "reasons": [[one.code, one.text] for one in known.lent.reasons],
            "to_agent": known.lent.to_agent,
            "purpose": known.lent.purpose,
            "chain": list(known.lent.behalf.chain),
            "person": known.lent.behalf.person,
        }
    if looked.asked and any(one != "within" for one in looked.asked):
        said["asked"] = list(looked.asked)
    if looked.limits and any(one != "within" for one in looked.limits.values()):
        said["limits"] = dict(looked.limits)
    return {"looked_at": said} if said else {}


def _of_person(subject: SubjectStanding) -> Json:
    """Return what held for the data subject; what is as it mostly is stays unsaid."""
    more: dict[str, Json] = {"against": list(subject.against)} if subject.against else {}
    more |= {name: True for name in ("opted_out", "listed") if getattr(subject, name)}
    return {"restricted": subject.restricted, "consent": subject.consent.value, **more}


def _needed(rights: Rights | None, facts: Facts) -> Json:
    """Return as much of the lent rights as the call could need."""
    if rights is None:
        return None
    needed = facts.tool.permissions if facts.tool else ()
    ceiling = rights.tools.get(facts.call.tool)
    scope = lend(needed, () if ceiling is None else (facts.call.tool,), ceiling or facts.sensitivity)
    held = narrow(rights, scope)
    return {
        "permissions": tuple(sorted(one.value for one in held.permissions)),
        "tools": {name: ceiling.value for name, ceiling in held.tools.items()},
    }


def _labels(unit: Unit, session: str) -> frozenset[str]:
    found = unit.shelf(Session).find(session_id(session))
    return frozenset() if found is None else frozenset(found.labels)


def _mark(unit: Unit, name: str, more: frozenset[str], now: datetime) -> None:
    shelf, id = unit.shelf(Session), session_id(name)
    old = shelf.find(id)
    if old is None:
        shelf.add(touched(None, id, more, now))
    elif not more <= set(old.labels):
        shelf.replace(old, touched(old, id, more, now))
