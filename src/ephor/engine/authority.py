"""Compile what every agent may do from what is on the shelves. A step that decisions share; it records nothing."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType

from ephor.engine.ports import Unit
from ephor.rooms.access.delegation import Delegation, Granter, PersonRights, chain_rights, chain_to, lendable
from ephor.rooms.access.roles import Reason, Rights, Role, known_roles, named, rights
from ephor.rooms.agents.agent import Agent, AgentStatus
from ephor.rooms.approvals.request import ApprovalRequest
from ephor.rooms.approvals.standing import is_bound_to
from ephor.rooms.consent.restriction import Restriction, is_restricted
from ephor.rooms.consent.statement import Standing, Statement, standing
from ephor.rooms.decisions.authority import AgentAuthority, Authority, compile_agent
from ephor.rooms.decisions.standing import Lent, SubjectStanding
from ephor.rooms.models.model import ModelVersion
from ephor.rooms.models.usage import allowed_for
from ephor.rooms.policies.governance import POLICIES, policy_of
from ephor.rooms.regulation.record import AgentClassification, category_for
from ephor.rooms.ropa.record import LegalBasis, ProcessingRecord


def compile_authority(unit: Unit, *, version: int, now: datetime) -> Authority:
    """Return the authority of every registered agent at *version*."""
    roles = known_roles(unit.shelf(Role).all())
    models = {model.id: model for model in unit.shelf(ModelVersion).all()}
    classes = {record.id: record for record in unit.shelf(AgentClassification).all()}
    approvals = {request.id: request for request in unit.shelf(ApprovalRequest).all()}
    purposes = _consent_purposes(unit)
    agents: dict[str, AgentAuthority] = {}
    for agent in unit.shelf(Agent).all():
        policy = policy_of(POLICIES, agent.manifest.use_case)
        approval = approvals.get(agent.approval or "")
        agents[agent.id] = compile_agent(
            agent,
            policy=policy,
            roles=roles,
            approval_binds=approval is not None and is_bound_to(approval, agent, policy),
            category=category_for(classes.get(agent.id), agent.material_digest),
            models=MappingProxyType(
                {id: _against(models.get(id), agent, now) for id in agent.manifest.models}
            ),
            consent_purposes=purposes.get(agent.id, frozenset()),
        )
    return Authority(version, MappingProxyType(agents), now)


def lent_by(unit: Unit, delegation: str, now: datetime) -> Lent:
    """Return what the delegation of this id is worth now."""
    known = {one.id: one for one in unit.shelf(Delegation).all()}
    if delegation not in known:
        return Lent(None, (Reason("delegation-unknown", f"there is no delegation `{delegation}`"),))
    chain = chain_to(delegation, known)
    worth = chain_rights(chain, lambda who: rights_of(unit, who), now)
    if isinstance(worth, tuple):
        return Lent(None, worth, chain[-1].to_agent, chain[-1].purpose)
    return Lent(worth, (), chain[-1].to_agent, chain[-1].purpose)


def first_giver(unit: Unit, delegation: str) -> str | None:
    """Return the person at the start of a delegation; None where an agent or nobody is."""
    known = {one.id: one for one in unit.shelf(Delegation).all()}
    if delegation not in known:
        return None
    first = chain_to(delegation, known)[0]
    return first.from_id if first.giver.startswith("person:") else None


def subject_standing(unit: Unit, subject: str, purpose: str | None, now: datetime) -> SubjectStanding:
    """Return what the data subject of this pseudonym asked for."""
    said = unit.shelf(Statement).all(subject=subject)
    return SubjectStanding(
        restricted=is_restricted(unit.shelf(Restriction).all(subject=subject), subject),
        consent=standing(said, purpose, now) if purpose else Standing.NEVER,
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


def _against(model: ModelVersion | None, agent: Agent, now: datetime) -> tuple[str, ...]:
    if model is None:
        return ("it is not registered",)
    return tuple(reason.text for reason in allowed_for(model, agent.manifest.use_case, now))


def _consent_purposes(unit: Unit) -> dict[str, frozenset[str]]:
    """Return, for each agent, the purposes that its records of processing rest on consent (GDPR Article 6(1)(a))."""
    found: dict[str, frozenset[str]] = {}
    for record in unit.shelf(ProcessingRecord).all():
        if record.legal_basis is LegalBasis.CONSENT:
            for agent in record.agents:
                found[agent] = found.get(agent, frozenset()) | frozenset(record.purposes)
    return found
