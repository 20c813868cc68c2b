"""The two impact assessments: on data protection (GDPR Art. 35) and on fundamental rights (AI Act Art. 27).

What people judge stands in the assessment that was recorded; what surrounds it is written from the plane's own facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ephor.rooms.documents.model import (
    Block,
    Row,
    Section,
    Sources,
    bullets,
    fact,
    facts,
    gap,
    item,
    paragraph,
    table,
)
from ephor.rooms.gate import control, impact, privacy, upkeep
from ephor.rooms.gate.facts import Recorded
from ephor.rooms.impact.assessment import Content, ImpactAssessment, ImpactKind, missing
from ephor.rooms.impact.screening import Judged
from ephor.rooms.ropa.record import ProcessingRecord
from ephor.rooms.writing import agent
from ephor.rooms.writing.facts import AI_ACT, GDPR, AgentFacts
from ephor.rooms.writing.obligations import obligation
from ephor.rooms.writing.parts import entry_of, judged, law, listed, rows, spoken, unborne, yes
from ephor.rooms.writing.risk import rating, register, results


def dpia(one: AgentFacts, answers: object) -> tuple[Section, ...]:
    """Return the data protection impact assessment of an agent, with the four contents of Art. 35(7)."""
    del answers  # what people state is recorded by `ephor dpia`
    says, day = _Says(one, ImpactKind.DPIA), one.gate.day
    return (
        Section("The agent", agent.identity(one)),
        Section("Whether an assessment is required", (*obligation(one, GDPR, "gdpr/dpia"), *says.screening()), cite="Art. 35(1), (3)"),
        Section(
            "The processing operations and their purposes",
            (*says.text("description", "Art. 35(7)(a)"), *says.items("purposes", "Art. 35(7)(a)")),
            (
                Section("Data and people concerned", agent.data(one)),
                Section("Records of processing", (*agent.processing(one), *_bases(one))),
                Section("Recipients and transfers", tuple(_recipients(one))),
                Section("Tools that touch the data", agent.tools(one)),
            ),
            cite="Art. 35(7)(a)",
        ),
        Section(
            "Necessity and proportionality",
            (*says.text("necessity", "Art. 35(7)(b)"), *says.text("proportionality", "Art. 35(7)(b)")),
            cite="Art. 35(7)(b)",
        ),
        Section(
            "Risks to the rights and freedoms of people", says.risks("Art. 35(7)(c)"),
            (Section("Assessment of the agent's risk", results(one)), Section("Register of risks", register(one))),
            cite="Art. 35(7)(c)",
        ),
        Section(
            "Measures against the risks", (*says.items("measures", "Art. 35(7)(d)"), *_measures(one)),
            (
                Section("Access and oversight", (
                    judged("Access controls", control.access_controls(one.gate), day),
                    judged("Human oversight", control.human_oversight(one.gate), day),
                )),
                Section("Storage limits", (judged("Retention", privacy.retention_policies(one.gate), day),)),
                Section("What people are told", agent.disclosure(one)),
            ),
            cite="Art. 35(7)(d)",
        ),
        Section("Advice of the data protection officer", says.advice(), cite="Art. 35(2)"),
        Section("Views of the people concerned", says.views(), cite="Art. 35(9)"),
        Section("Consultation of the authority", says.consultation(), cite="Art. 36"),
        Section("Decision", (*says.verdict(), judged("In force", impact.data_protection(one.gate), day))),
    )  # fmt: skip


def fria(one: AgentFacts, answers: object) -> tuple[Section, ...]:
    """Return the fundamental rights impact assessment of an agent, in the order of Art. 27(1)."""
    del answers  # what people state is recorded by `ephor fria`
    says, day = _Says(one, ImpactKind.FRIA), one.gate.day
    return (
        Section("The system", agent.identity(one)),
        Section("Whether an assessment is required", (*obligation(one, AI_ACT, "eu-ai-act/fria"), *says.screening()), cite="Art. 27(1)"),
        Section("Class under the AI Act", agent.legal_class(one)),
        Section("Processes in which it is used", says.text("processes", "Art. 27(1)(a)"), cite="Art. 27(1)(a)"),
        Section("Period and frequency of use", (*says.text("period", "Art. 27(1)(b)"), *says.text("frequency", "Art. 27(1)(b)")), cite="Art. 27(1)(b)"),
        Section("People and groups affected", (*says.items("affected", "Art. 27(1)(c)"), *_people(one)), cite="Art. 27(1)(c)"),
        Section("Risks of harm", says.risks("Art. 27(1)(d)"), (
            Section("Assessment of the agent's risk", results(one)),
            Section("Fairness", (judged("Bias testing", upkeep.bias_testing(one.gate), day),)),
        ), cite="Art. 27(1)(d)"),
        Section("Human oversight", (*says.text("oversight", "Art. 27(1)(e)"), *agent.oversight(one),
                judged("Training", upkeep.operator_training(one.gate), day)), cite="Art. 27(1)(e)"),
        Section("When the risks occur", (*says.measures("Art. 27(1)(f)"), *says.text("governance", "Art. 27(1)(f)"),
                *says.text("complaints", "Art. 27(1)(f)"),
                judged("Plan for incidents", upkeep.incident_response_plan(one.gate), day)), cite="Art. 27(1)(f)"),
        Section("Decision and notification", (*says.verdict(), *says.notified(),
                judged("In force", impact.fundamental_rights(one.gate), day)), cite="Art. 27(3)"),
        Section("Data protection impact assessment",
                (judged("Impact on data protection", impact.data_protection(one.gate), day),), cite="Art. 27(4)"),
    )  # fmt: skip


class _Says:
    """What the assessment in force says, or the newest one where none is."""

    def __init__(self, one: AgentFacts, kind: ImpactKind) -> None:
        self.kind, self.id = kind, one.gate.id
        kept = [found for found in one.gate.impacts if found.record.kind is kind]
        holding = impact.in_force(one.gate, kind) or kept
        self.found: Recorded[ImpactAssessment] | None = max(
            holding, key=lambda found: (found.record.recorded_at, found.record.id), default=None
        )
        self.sources = entry_of(self.found, f"the assessment {self.found.record.id}") if self.found else ()

    @property
    def content(self) -> Content | None:
        return self.found.record.content if self.found else None

    def text(self, name: str, cite: str) -> tuple[Block, ...]:
        said = getattr(self.content, name, "") if self.content else ""
        return (paragraph(said, *self.sources),) if said else (self._gap(name, cite),)

    def items(self, name: str, cite: str) -> tuple[Block, ...]:
        said: Sequence[str] = getattr(self.content, name, ()) if self.content else ()
        return (bullets(item(text, *self.sources) for text in said),) if said else (self._gap(name, cite),)

    def risks(self, cite: str) -> tuple[Block, ...]:
        if self.content is None or not self.content.risks:
            return (self._gap("risks", cite),)
        lines = [
            Row((risk.title, risk.affects, rating(risk.inherent), rating(risk.residual) if risk.residual else "not rated",
                 "; ".join(risk.measures) or "none"), self.sources)
            for risk in self.content.risks
        ]  # fmt: skip
        columns = ("risk", "whom it hits and how", "before measures", "after measures", "measures")
        lacks = [text for text in missing(self.kind, self.content) if text.startswith("risks.")]
        return (table("", columns, lines), *(self._gap(text.partition(" (")[0], cite) for text in lacks))

    def measures(self, cite: str) -> tuple[Block, ...]:
        """Return the measures stated for all risks; where each risk has its own and there are no others, say so."""
        risks = self.content.risks if self.content else ()
        if self.content and not self.content.measures and risks and all(risk.measures for risk in risks):
            return (paragraph("The measures are those stated with each risk.", *self.sources),)
        return self.items("measures", cite)

    def screening(self) -> tuple[Block, ...]:
        if self.found is None:
            return ()
        found = self.found.record.screening
        told = facts(
            [
                fact("Screened: required", yes(found.required), *self.sources),
                fact("Because", found.because, *self.sources),
            ]
        )
        lines = [self._screened(each) for each in (*found.cases, *found.criteria)]
        return (
            told,
            table("Cases and criteria", ("criterion", "source", "holds", "because"), lines),
            *unborne(self.found, "the assessment"),
        )

    def advice(self) -> tuple[Block, ...]:
        given = self.found.record.advice if self.found else None
        if given is None:
            return (
                gap(
                    "the data protection officer has not advised",
                    f"ephor {self.kind.value} advise {self._id} --help",
                    cite="Art. 35(2)",
                ),
            )
        said = (
            ("Given by", f"{given.by}, {given.at.date().isoformat()}"),
            ("Agrees", yes(given.agrees)),
            ("Notes", given.notes),
        )
        return (facts(fact(label, text, *self.sources) for label, text in said),)

    def views(self) -> tuple[Block, ...]:
        given = self.content.views if self.content else None
        if given is None:
            return (self._gap("views", "Art. 35(9)"),)
        return (
            facts(
                [
                    fact("Sought", yes(given.sought), *self.sources),
                    fact("They say", given.says, *self.sources),
                ]
            ),
        )

    def consultation(self) -> tuple[Block, ...]:
        asked = self.found.record.consultation if self.found else None
        if asked is None:
            return (
                paragraph(
                    "The authority was not consulted. It is where a high risk remains.",
                    law("GDPR Art. 36(1)"),
                ),
            )
        answered = asked.answered_on.isoformat() if asked.answered_on else "not yet"
        said = (("Authority", asked.authority), ("Sent on", asked.sent_on.isoformat()), ("Answered on", answered),
                ("Allows it", yes(asked.allows)), ("Notes", asked.notes))  # fmt: skip
        return (facts(fact(label, text, *self.sources) for label, text in said),)

    def verdict(self) -> tuple[Block, ...]:
        given = self.found.record.verdict if self.found else None
        if given is None:
            return (
                gap(
                    "nobody has approved the assessment", f"ephor {self.kind.value} approve {self._id} --help"
                ),
            )
        until = given.until.isoformat() if given.until else "no day"
        said = (("Decision", "approved" if given.approved else "rejected"), ("By", f"{given.by}, {given.at.date().isoformat()}"),
                ("Reason", given.reason), ("Counts through", until))  # fmt: skip
        return (facts(fact(label, text, *self.sources) for label, text in said),)

    def notified(self) -> tuple[Block, ...]:
        told = self.found.record.notified if self.found else None
        if told is None:
            return (
                gap(
                    "the market surveillance authority was not notified",
                    f"ephor fria notify {self._id} --authority NAME",
                    cite="Art. 27(3)",
                ),
            )
        return (
            facts(
                [fact("Notified", f"{told.authority}, {told.on.isoformat()}, by {told.by}", *self.sources)]
            ),
        )

    @property
    def _id(self) -> str:
        return self.found.record.id if self.found else f"{self.kind.value.upper()}_ID"

    def _gap(self, name: str, cite: str) -> Block:
        remedy = f"state `{name.partition('.')[0]}` in a file, then: ephor {self.kind.value} record FILE"
        return gap(f"nobody has stated {spoken(name)}", remedy, cite=cite)

    def _screened(self, each: Judged) -> Row:
        return Row((each.title, each.source, yes(each.holds), each.because), self.sources)


def _bases(one: AgentFacts) -> Iterator[Block]:
    lines = [
        (
            (found.record.id, spoken(found.record.legal_basis or "not stated"), found.record.basis_details or "not stated",
             listed(found.record.special_categories), yes(found.record.automated_decisions)),
            _registered(found),
        )
        for found in one.gate.processing
        if found.entry is not None
    ]  # fmt: skip
    if lines:
        columns = ("record", "legal basis", "in detail", "special categories", "automated decisions")
        yield table("Legal basis", columns, rows(lines))


def _recipients(one: AgentFacts) -> Iterator[Block]:
    for found in one.gate.processing:
        if found.entry is None:
            continue
        record, source = found.record, _registered(found)
        transfers = [f"{to.country} ({spoken(to.safeguard.value)})" for to in record.transfers or ()]
        told = (
            ("Recipients", "not stated" if record.recipients is None else listed(record.recipients)),
            ("Transfers", "not stated" if record.transfers is None else listed(transfers)),
        )
        yield facts(fact(f"{label} ({record.id})", text, *source) for label, text in told)
    if not any(found.entry for found in one.gate.processing):
        yield gap(
            "recipients and transfers are not recorded",
            "ephor ropa register FILE",
            cite="GDPR Art. 30(1)(d), (e)",
        )


def _measures(one: AgentFacts) -> Iterator[Block]:
    told = [
        item(measure, *_registered(found))
        for found in one.gate.processing
        if found.entry is not None
        for measure in found.record.measures
    ]
    if told:
        yield bullets(told)


def _registered(found: Recorded[ProcessingRecord]) -> Sources:
    return entry_of(found, f"record {found.record.id}, version {found.record.version}, was registered")


def _people(one: AgentFacts) -> tuple[Block, ...]:
    said = agent.manifest_of(one).data.subjects
    return (facts([fact("As the manifest declares", listed(said, "nobody declared"), *agent.declared(one))]),)
