"""The system description: what the system is, what it consists of, and how it is kept under control (the guide's first)."""

from __future__ import annotations

from ephor.rooms.documents.kinds import DocumentKind
from ephor.rooms.documents.model import Block, Ground, Section, Source, fact, facts
from ephor.rooms.gate.checklist import Checklist
from ephor.rooms.writing import agent
from ephor.rooms.writing.facts import AgentFacts
from ephor.rooms.writing.parts import Answers, answered, listed, spoken, yes
from ephor.rooms.writing.risk import results

KIND = DocumentKind.SYSTEM_DESCRIPTION


def system_description(one: AgentFacts, answers: Answers) -> tuple[Section, ...]:
    """Return the description of an agent as it is now."""
    id = one.gate.id
    changes = answered(KIND, id, "changes", answers)
    return (
        Section("What the system is", agent.identity(one)),
        Section("Architecture", answered(KIND, id, "architecture", answers)),
        Section(
            "Components",
            sections=(
                Section("Tools", agent.tools(one)),
                Section("Roles and permissions", agent.roles(one)),
                Section("Models", agent.models(one)),
            ),
        ),
        Section(
            "Data",
            sections=(
                Section("Data handled", agent.data(one)),
                Section("Data flows", answered(KIND, id, "data_flows", answers)),
                Section("Records of processing", agent.processing(one)),
            ),
        ),
        Section(
            "Control",
            sections=(
                Section("Policy of the use case", policy(one)),
                Section("Human oversight", agent.oversight(one)),
                Section("What people are told", agent.disclosure(one)),
                Section("Approvals", agent.approvals(one)),
            ),
        ),
        Section("Class under the AI Act", agent.legal_class(one)),
        Section("Risk", results(one)),
        Section(
            "Before deployment", agent.checklist(one, Checklist.PRE_DEPLOYMENT, "Checklist before deployment")
        ),
        *((Section("What changed", changes),) if changes else ()),
    )


def policy(one: AgentFacts) -> tuple[Block, ...]:
    """Return the policy of the agent's use case in force."""
    found = one.gate.policy
    source = Source(Ground.RECORD, f"policy:{found.use_case.value}", "the policy of the use case in force")
    told = (
        ("Risk level of the use case", found.risk_level.value),
        ("A person must approve", yes(found.requires_human_approval)),
        ("Highest autonomy", f"level {found.max_autonomy_level}"),
        ("Data allowed", listed(found.data_sensitivity_allowed)),
        ("Reviews required", listed(found.required_reviews)),
        ("Monitoring", spoken(found.monitoring_level.value)),
        ("Records are kept", f"{found.retention_days} days"),
    )
    return (facts(fact(label, text, source) for label, text in told),)
