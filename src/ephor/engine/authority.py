"""Compile what every agent may do from what is on the shelves. A step that decisions share; it records nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from types import MappingProxyType

from ephor.engine.overriding import in_force as policies_in_force
from ephor.engine.ports import Unit
from ephor.kernel.errors import ConflictError
from ephor.kernel.vocabulary import Objection
from ephor.rooms.access.delegation import (
    MAX_DEPTH,
    Delegation,
    Granter,
    PersonRights,
    chain_rights,
    chain_to,
    lendable,
)
from ephor.rooms.access.roles import Rights, Role, known_roles, named, rights
from ephor.rooms.agents.agent import Agent, AgentStatus
from ephor.rooms.agents.stop import Stop, StopStatus, in_force
from ephor.rooms.approvals.request import ApprovalRequest, RequestStatus
from ephor.rooms.approvals.standing import is_bound_to
from ephor.rooms.consent.choices import Minor, Purpose, choices, entry_of, standing_as_called
from ephor.rooms.consent.restriction import Restriction, is_restricted
from ephor.rooms.consent.statement import Standing, Statement
from ephor.rooms.decisions.authority import Authority, compile_agent
from ephor.rooms.decisions.catalogue import ToolEntry
from ephor.rooms.decisions.record import AuthorityRecord
from ephor.rooms.decisions.standing import Lent, SubjectStanding
from ephor.rooms.models.model import ModelVersion
from ephor.rooms.models.usage import allowed_for
from ephor.rooms.policies.book import Book, book_of
from ephor.rooms.policies.governance import POLICIES, policy_of
from ephor.rooms.policies.limits import Behalf, Limit
from ephor.rooms.policies.rule import RuleSet, SetStatus
from ephor.rooms.policies.sequences import SequenceRule
from ephor.rooms.regulation.record import AgentClassification, category_for, is_signed
from ephor.rooms.ropa.record import LegalBasis, ProcessingRecord


def compile_authority(unit: Unit, id: str, *, version: int, now: datetime) -> Authority:
    """Return the authority of one agent at *version*; of one, so that a large plane pays only for who acts."""
    agent = unit.shelf(Agent).find(id)
    if agent is None:
        return Authority(version, None, now)
    policy = policy_of(policies_in_force(unit, POLICIES), agent.manifest.use_case)
    approval = unit.shelf(ApprovalRequest).find(agent.approval) if agent.approval else None
    law = unit.shelf(AgentClassification).find(id)
    signed = is_signed(law, agent.material_digest)
    notices = law.notices if law is not None and signed else ()
    models = {name: unit.shelf(ModelVersion).find(name) for name in agent.manifest.models}
    by_consent, by_other = _purposes(unit, id)
    book, shadow = books(unit)
    compiled = compile_agent(
        agent,
        policy=policy,
        roles=known_roles(unit.shelf(Role).all()),
        approval_binds=approval is not None
        and approval.status is RequestStatus.APPROVED
        and is_bound_to(approval, agent, policy),
        category=category_for(law, agent.material_digest),
        signed=signed,
        class_notices=notices,
        models=MappingProxyType({name: _against(model, agent, now) for name, model in models.items()}),
        consent_purposes=by_consent,
        other_purposes=by_other,
        stops=in_force(
            unit.shelf(Stop).all(status=StopStatus.OPEN.value),
            id,
            (tool.name for tool in agent.manifest.tools),
            agent.manifest.models,
        ),
        catalogue=_described(unit, agent),
        limits=unit.shelf(Limit).all(),
        sequences=unit.shelf(SequenceRule).all(),
        book=book,
        shadow=shadow,
    )
    return Authority(version, compiled, now)


def lent_by(unit: Unit, delegation: str, now: datetime) -> Lent:
    """Return what the delegation of this id is worth now."""
    known = _leading_to(unit, delegation)
    if delegation not in known:
        return Lent(None, (Objection("delegation-unknown", f"there is no delegation `{delegation}`"),))
    last = known[delegation]
    try:
        chain = chain_to(delegation, known)
    except ConflictError as error:  # what cannot be followed to its first giver is worth nothing
        return Lent(None, (Objection("delegation-broken", str(error)),), last.to_agent, last.purpose)
    first = chain[0]
    behalf = Behalf(
        tuple(hop.id for hop in chain), first.from_id if first.from_kind is Granter.PERSON else None
    )
    worth = chain_rights(chain, lambda who: rights_of(unit, who), now)
    reasons = (*_stopped(unit, chain), *(worth if isinstance(worth, tuple) else ()))
    if isinstance(worth, tuple) or reasons:
        return Lent(None, reasons, last.to_agent, last.purpose, behalf)
    return Lent(worth, (), last.to_agent, last.purpose, behalf)


def books(unit: Unit) -> tuple[Book | None, Book | None]:
    """Return the rules in force, and those that would be if the versions in shadow took their places; None for none."""
    active = unit.shelf(RuleSet).all(status=SetStatus.ACTIVE.value)
    shadow = unit.shelf(RuleSet).all(status=SetStatus.SHADOW.value)
    names = {one.name for one in shadow}
    would = [*(one for one in active if one.name not in names), *shadow]
    return book_of(active) if active else None, book_of(would) if shadow else None


def book_then(unit: Unit, record: AuthorityRecord) -> Book | None:
    """Return the rules that an authority rested on; their texts never change, and versions are never thrown away."""
    found = [unit.shelf(RuleSet).find(one.id) for one in record.rules]
    return book_of(one for one in found if one is not None) if record.rules else None


def first_giver(unit: Unit, delegation: str) -> str | None:
    """Return the person at the start of a delegation; None where an agent or nobody is."""
    known = _leading_to(unit, delegation)
    first = next((one for one in known.values() if one.parent is None), None)
    return first.from_id if first is not None and first.from_kind is Granter.PERSON else None


def lenders_of(unit: Unit, delegation: str) -> tuple[str, ...]:
    """Return everybody who had a hand in a delegation: who lent or passed it on, and who owns an agent that did."""
    found: set[str] = set()
    for hop in _leading_to(unit, delegation).values():
        if hop.granted_by is not None:
            found.add(hop.granted_by)
        if hop.from_kind is Granter.PERSON:
            found.add(hop.from_id)
        elif (agent := unit.shelf(Agent).find(hop.from_id)) is not None:
            found.add(agent.manifest.owner)
    return tuple(sorted(found))


def subject_standing(unit: Unit, subject: str, purpose: str | None, now: datetime) -> SubjectStanding:
    """Return what the data subject of this pseudonym asked for."""
    said = unit.shelf(Statement).all(subject=subject)
    name = entry_of(purpose)
    listed = unit.shelf(Purpose).find(name) if name else None
    found = choices(said, unit.shelf(Minor).find(subject), purpose, listed, now)
    return SubjectStanding(
        restricted=is_restricted(unit.shelf(Restriction).all(subject=subject), subject),
        consent=standing_as_called(said, purpose, now) if purpose else Standing.NEVER,
        against=found.against,
        opted_out=found.opted_out,
        listed=found.listed,
    )


def rights_of(unit: Unit, principal: str) -> Rights | None:
    """Return what a person may lend, or what an agent's roles grant; None for whoever is unknown or retired."""
    kind, _, id = principal.partition(":")
    if kind == Granter.PERSON:
        held = unit.shelf(PersonRights).find(id)
        return None if held is None else lendable(held)
    agent = unit.shelf(Agent).find(id)
    known = known_roles(unit.shelf(Role).all())
    if agent is None or agent.status is AgentStatus.RETIRED or not set(agent.manifest.roles) <= known.keys():
        return None
    return rights(named(agent.manifest.roles, known))


def _described(unit: Unit, agent: Agent) -> list[ToolEntry]:
    found = (unit.shelf(ToolEntry).find(tool.name) for tool in agent.manifest.tools)
    return [entry for entry in found if entry is not None]


def _against(model: ModelVersion | None, agent: Agent, now: datetime) -> tuple[str, ...]:
    if model is None:
        return ("it is not registered",)
    return tuple(reason.text for reason in allowed_for(model, agent.manifest.use_case, now))


def _leading_to(unit: Unit, delegation: str) -> dict[str, Delegation]:
    """Return the delegations that lead to this one, itself included, as far as they are there."""
    known: dict[str, Delegation] = {}
    wanted: str | None = delegation
    while wanted is not None and wanted not in known and len(known) <= MAX_DEPTH + 1:
        if (hop := unit.shelf(Delegation).find(wanted)) is None:
            break
        known[wanted] = hop
        wanted = hop.parent
    return known


def _stopped(unit: Unit, chain: Sequence[Delegation]) -> Iterator[Objection]:
    """Stopping an agent also stops what it passed on."""
    givers = dict.fromkeys(hop.from_id for hop in chain if hop.from_kind is Granter.AGENT)
    for giver in givers:
        agent = unit.shelf(Agent).find(giver)
        if agent is not None and agent.status is not AgentStatus.ACTIVE:
            yield Objection(
                "delegation-giver-stopped", f"agent `{giver}`, which passed it on, is {agent.status.value}"
            )


def _purposes(unit: Unit, agent: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the purposes that the agent's records rest on consent or on nothing yet, and those on another basis.

    GDPR Article 6(1)(a) against (b) to (f).
    """
    records = [one for one in unit.shelf(ProcessingRecord).all() if agent in one.agents]
    by_consent = [one for one in records if one.legal_basis in (None, LegalBasis.CONSENT)]
    by_other = [one for one in records if one not in by_consent]
    return _named_in(by_consent), _named_in(by_other)


def _named_in(records: Iterable[ProcessingRecord]) -> frozenset[str]:
    return frozenset(purpose for one in records for purpose in one.purposes)
