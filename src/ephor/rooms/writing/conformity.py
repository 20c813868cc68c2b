"""The AI Act's documents of a provider: technical documentation (Annex IV) and declaration of conformity (Annex V)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ephor.rooms.documents.kinds import DocumentKind
from ephor.rooms.documents.model import Block, Row, Section, fact, facts, gap, paragraph, table
from ephor.rooms.gate import approval, control, upkeep
from ephor.rooms.gate.checklist import Checklist
from ephor.rooms.requirements.answer import Requirement
from ephor.rooms.writing import agent
from ephor.rooms.writing.facts import AI_ACT, AgentFacts
from ephor.rooms.writing.obligations import answers_table, gaps_of, obligation, owed, requirements
from ephor.rooms.writing.parts import Answers, answered, digest, entry_of, judged, law
from ephor.rooms.writing.risk import mitigations, register, results

_TECH, _DECLARATION = DocumentKind.TECHNICAL_DOCUMENTATION, DocumentKind.DECLARATION_OF_CONFORMITY
SECTION_2 = ("risk-management", "data-governance", "technical-documentation", "record-keeping", "instructions",
             "human-oversight", "accuracy", "cybersecurity")  # fmt: skip
"""The requirements of Chapter III, Section 2 (Articles 9 to 15), by the names that the pack gives the obligations."""
_ITSELF = frozenset({"eu-ai-act/technical-documentation"})
"""A document is no gap of its own."""


def technical_documentation(one: AgentFacts, answers: Answers) -> tuple[Section, ...]:
    """Return the technical documentation of an agent, in the order of Annex IV."""
    id, day = one.gate.id, one.gate.day

    def says(key: str, label: str = "") -> tuple[Block, ...]:
        return answered(_TECH, id, key, answers, label=label)

    return (
        Section("Whether it is required", obligation(one, AI_ACT, "eu-ai-act/technical-documentation"), cite="Art. 11(1)"),
        Section("General description", agent.identity(one), (
            Section("Provider and version", says("provider"), cite="(1)(a)"),
            Section("Interaction with other hardware and software", says("interaction"), cite="(1)(b)"),
            Section("Versions of software and firmware", says("software"), cite="(1)(c)"),
            Section("Forms in which it is placed on the market", says("forms"), cite="(1)(d)"),
            Section("Hardware", says("hardware"), cite="(1)(e)"),
            Section("User interface and instructions for use", (*says("user_interface", "Interface"), *says("instructions", "Instructions")), cite="(1)(g), (h)"),
        ), cite="Annex IV(1)"),
        Section("Elements of the system and their development", (), (
            Section("Methods and steps of development", says("development"), cite="(2)(a)"),
            Section("Design", says("design"), cite="(2)(b)"),
            Section("Architecture", (*says("architecture"), *agent.tools(one), *agent.models(one)), cite="(2)(c)"),
            Section("Data", (*says("data_requirements"), *agent.data(one)), cite="(2)(d)"),
            Section("Human oversight", (*agent.oversight(one), judged("Oversight", control.human_oversight(one.gate), day)), cite="(2)(e)"),
            Section("Changes determined beforehand", says("predetermined_changes") or (paragraph("None was stated."),), cite="(2)(f)"),
            Section("Validation and testing", tuple(_validation(one)), cite="(2)(g)"),
            Section("Cybersecurity", (*says("cybersecurity"), judged("Security review", approval.security_review(one.gate), day)), cite="(2)(h)"),
        ), cite="Annex IV(2)"),
        Section("Monitoring, functioning and control", (*says("limitations"),
                judged("Monitoring", upkeep.model_monitoring(one.gate), day), *agent.disclosure(one)), cite="Annex IV(3)"),
        Section("Performance metrics", says("metrics"), cite="Annex IV(4)"),
        Section("Risk management system", results(one), (
            Section("Controls", mitigations(one)), Section("Register of risks", register(one))), cite="Annex IV(5), Art. 9"),
        Section("Changes through the lifecycle", _changes(one), cite="Annex IV(6)"),
        Section("Standards applied", says("standards"), cite="Annex IV(7)"),
        Section("Declaration of conformity", obligation(one, AI_ACT, "eu-ai-act/declaration"), cite="Annex IV(8), Art. 47"),
        Section("Monitoring after it is on the market", says("post_market_plan"), cite="Annex IV(9), Art. 72"),
        Section("Requirements and evidence", _requirements(one, _ITSELF), cite="Art. 8 to 15"),
    )  # fmt: skip


def declaration(one: AgentFacts, answers: Answers) -> tuple[Section, ...]:
    """Return the EU declaration of conformity of an agent, in the order of Annex V."""
    id = one.gate.id

    def says(key: str) -> tuple[Block, ...]:
        return answered(_DECLARATION, id, key, answers)

    sole = "This declaration of conformity is issued under the sole responsibility of the provider."
    body = says("notified_body") or (paragraph("No notified body is named."),)
    return (
        Section("The AI system", (*says("system"), *_named(one)), cite="Annex V(1)"),
        Section("The provider", says("provider"), cite="Annex V(2)"),
        Section("Responsibility", (paragraph(sole, law("AI Act Annex V(3)")),), cite="Annex V(3)"),
        Section("Conformity with the AI Act", _conforms(one), cite="Annex V(4)"),
        Section("Data protection", _data_protection(one), cite="Annex V(5)"),
        Section("Standards and specifications", says("standards"), cite="Annex V(6)"),
        Section("Notified body", body, cite="Annex V(7)"),
        Section("Issue and signature", says("signature"), cite="Annex V(8)"),
        Section("Class under the AI Act", agent.legal_class(one)),
    )


def _named(one: AgentFacts) -> tuple[Block, ...]:
    manifest = agent.manifest_of(one)
    told = (
        ("In the inventory", f"{manifest.name} ({one.gate.id})"),
        ("Manifest", one.gate.agent.record.digest),
    )
    return (facts(fact(label, text, *agent.declared(one)) for label, text in told),)


def _conforms(one: AgentFacts) -> tuple[Block, ...]:
    """A declaration says that the requirements are met; where that is not shown, it cannot be said."""
    found = _section_2(one)
    applying = owed(found)
    itself = frozenset({"eu-ai-act/declaration"})
    if not found:
        return (
            gap("the AI Act could not be judged", f"ephor agents compliance {one.gate.id} --law eu-ai-act"),
        )
    if not applying:
        return (gap("no requirement of Articles 9 to 15 applies to this agent in its role: there is nothing to declare",
                    "draft a declaration for a provider's high-risk system", cite="Art. 47(1)"),)  # fmt: skip
    open_points = gaps_of(one, applying, itself)
    said = "The system is in conformity with Regulation (EU) 2024/1689, as the evidence below shows."
    heading = () if open_points else (paragraph(said, law("AI Act Annex V(4)")),)
    return (*heading, answers_table(one, "Requirements of Articles 9 to 15", applying), *open_points)


def _data_protection(one: AgentFacts) -> tuple[Block, ...]:
    if not (agent.manifest_of(one).data.subjects or any(found.entry for found in one.gate.processing)):
        return (paragraph("The manifest declares no people whose data are processed.", *agent.declared(one)),)
    found = owed(list(requirements(one, "gdpr").values()))
    open_points = gaps_of(one, found)
    said = "The system complies with Regulation (EU) 2016/679, as the evidence below shows."
    heading = () if open_points or not found else (paragraph(said, law("AI Act Annex V(5)")),)
    return (*heading, answers_table(one, "Obligations of the GDPR", found), *open_points)


def _section_2(one: AgentFacts) -> list[Requirement]:
    known = requirements(one, AI_ACT)
    return [known[f"eu-ai-act/{name}"] for name in SECTION_2 if f"eu-ai-act/{name}" in known]


def _requirements(one: AgentFacts, itself: frozenset[str]) -> tuple[Block, ...]:
    found = _section_2(one)
    applying = owed(found)
    if found and not applying:
        return (paragraph(f"None of Articles 9 to 15 applies to this agent: {found[0].because}."),)
    others = [each for each in applying if each.id not in itself]
    return (answers_table(one, "Requirements of Articles 9 to 15", others), *gaps_of(one, others))


def _validation(one: AgentFacts) -> Iterator[Block]:
    day = one.gate.day
    for name, found in one.models.items():
        for run in found.record.validations if found else ():
            lines = [
                Row((outcome.metric, outcome.value or "not measured", outcome.because, "passed" if outcome.passed else "failed"),
                    entry_of(found, "the newest entry on the model"))
                for outcome in run.outcomes
            ]  # fmt: skip
            title = f"{name}: validated on {run.validation_date.isoformat()} by {run.validated_by}, data {run.dataset}"
            yield table(title, ("metric", "result", "threshold", "outcome"), lines)
        if found is None or not found.record.validations:
            yield gap(
                f"model `{name}` was never validated",
                f"ephor models validate {name} --help",
                cite="Annex IV(2)(g)",
            )
    if not one.models:
        yield from agent.models(one)
    yield judged("Bias testing", upkeep.bias_testing(one.gate), day)


def _changes(one: AgentFacts) -> tuple[Block, ...]:
    found: Sequence[Block] = agent.approvals(one)
    kept = one.gate.agent.record
    told = [
        fact("Registered", kept.registered_at.date().isoformat(), digest(kept.digest, "manifest in force"))
    ]
    return (facts(told), *found, *agent.checklist(one, Checklist.ONGOING, "Ongoing checklist"))
