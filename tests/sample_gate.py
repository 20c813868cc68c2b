"""A plane on which the sample agent passes both checklists, built step by step through the use cases."""

from __future__ import annotations

from functools import cache

from ephor.engine.plane import Engine
from ephor.kernel.vocabulary import Effect, ReviewType, Sensitivity
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.agents.manifest import Manifest, OperatorRole, Tool
from ephor.rooms.approvals.request import Verdict
from ephor.rooms.decisions.model import Call
from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.gate.facts import GateFacts
from ephor.testing import memory_world
from sample_agents import LOOKUP, support

AGENT = "support-assistant"
MODEL = "claude-support@2026-10"
MAIL = Tool("email_send", Effect.EXTERNAL, Sensitivity.INTERNAL, permissions=("tool:email:execute",))
FACTS = {
    "complete": True,
    "domain": "customer_service",
    "function": "chatbot",
    "subjects": ("customers",),
    "interacts_with_persons": True,
    "profiling": False,
    "decision_influence": "none",
    "context": "online",
    "deployer": "private",
    "generates": ("text",),
}
ROPA = {
    "id": "support",
    "name": "Support",
    "part": "controller",
    "agents": [AGENT],
    "controller": {"name": "The Example Shop", "contact": "privacy@example.org"},
    "no_dpo_because": "not required under Article 37",
    "purposes": ["answering customers"],
    "legal_basis": "contract",
    "basis_details": "the sales contract",
    "subjects": ["customers"],
    "categories": ["contact", "orders"],
    "special_categories": [],
    "recipients": [],
    "transfers": [],
    "erasure": {"contact": "three years", "orders": "three years"},
    "measures": ["every call is decided first"],
    "automated_decisions": False,
}
PEOPLE = {
    "eve": PlaneRole.ENGINEER,
    "sam": PlaneRole.SECURITY_REVIEWER,
    "pia": PlaneRole.PRIVACY_REVIEWER,
    "eti": PlaneRole.ETHICS_REVIEWER,
    "ola": PlaneRole.OPERATOR,
    "dora": PlaneRole.PRIVACY_OFFICER,
    "cal": PlaneRole.CALL_APPROVER,
}
EVIDENCE = (
    (EvidenceKind.PRIVACY_IMPACT_ASSESSMENT, None, "pia"),
    (EvidenceKind.MODEL_CARD, MODEL, "eve"),
    (EvidenceKind.INCIDENT_RESPONSE_PLAN, None, "eve"),
    (EvidenceKind.AUDIT_LOG_REVIEW, None, "sam"),
    (EvidenceKind.MODEL_MONITORING, MODEL, "eve"),
    (EvidenceKind.BIAS_TEST, None, "eti"),
    (EvidenceKind.OPERATOR_TRAINING, "ola", "eve"),
    (EvidenceKind.INCIDENT_DRILL, None, "ola"),
)


def ready_manifest(**other: object) -> Manifest:
    """Return the sample whose tools its roles allow and whose facts the pack can judge."""
    return support(
        **{"tools": (LOOKUP, MAIL), "facts": FACTS, "operator_role": OperatorRole.DEPLOYER, **other}
    )


def register(engine: Engine, **other: object) -> None:
    engine.agents.register(ready_manifest(**other), by="eve")


def approve(engine: Engine) -> str:
    asked = engine.approvals.request(AGENT, "first release", by="eve")
    for type, by in ((ReviewType.SECURITY, "sam"), (ReviewType.PRIVACY, "pia")):
        engine.approvals.submit_review(asked.id, type, Verdict.APPROVE, by=by)
    return asked.id


def add(engine: Engine, kind: EvidenceKind, about: str | None = None, by: str = "sam") -> str:
    return engine.evidence.record(AGENT, kind, kind.value, by=by, about=about, content=kind.value.encode()).id


def make_ready(engine: Engine) -> Engine:
    """Do everything both checklists ask for."""
    register(engine)
    engine.decisions.decide(Call(agent=AGENT, tool="customer_lookup", arguments={"id": 7}))
    engine.regulation.classify_agent(AGENT, by="eve")
    engine.risk.assess(AGENT, by="eve")
    engine.ropa.register(ROPA, by="dora")
    for kind, about, by in EVIDENCE:
        add(engine, kind, about, by)
    approve(engine)
    return engine


@cache
def ready_facts() -> GateFacts:
    """Return the facts of a plane on which both checklists pass."""
    engine = Engine(memory_world())
    engine.access.found("ada", "Ada")
    for name, role in PEOPLE.items():
        engine.access.add_person(name, name, [role], by="ada")
    return make_ready(engine).gate.facts(AGENT)
