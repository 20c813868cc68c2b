"""What documents say of risk: the assessment's six factors, the register, and what is done about each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ephor.rooms.documents.kinds import DocumentKind
from ephor.rooms.documents.model import (
    Block,
    Row,
    Section,
    Source,
    Sources,
    bullets,
    fact,
    facts,
    gap,
    heat_map,
    item,
    paragraph,
    table,
)
from ephor.rooms.gate.assessment import risk_assessment as is_assessed
from ephor.rooms.gate.finding import Status
from ephor.rooms.risk.assess import Assessment, Factor
from ephor.rooms.risk.matrix import MATRIX, Rating
from ephor.rooms.risk.register import RegisteredRisk, seen_on
from ephor.rooms.writing.agent import identity
from ephor.rooms.writing.facts import AgentFacts
from ephor.rooms.writing.parts import Answers, answered, digest, entry_of, judged, listed, rows, spoken

KIND = DocumentKind.RISK_ASSESSMENT


def risk_assessment(one: AgentFacts, answers: Answers) -> tuple[Section, ...]:
    """Return the risk assessment of an agent."""
    id = one.gate.id
    return (
        Section("What was assessed", identity(one)),
        Section("Method", (*_method(one), *answered(KIND, id, "method_notes", answers))),
        Section("Result", results(one)),
        Section("What raises each risk", drivers(one)),
        Section("Mitigations", mitigations(one)),
        Section("Register of risks and their treatment", register(one)),
        Section("Recommendations", _recommended(one)),
        Section("Conclusion", answered(KIND, id, "conclusion", answers)),
    )


def assessment_of(one: AgentFacts) -> Assessment | None:
    """Return the assessment kept of the manifest in force; None where there is none that the ledger bears out."""
    kept = one.gate.assessment
    if kept is None or kept.entry is None or kept.record.manifest_digest != one.gate.agent.record.digest:
        return None
    return kept.record.assessment


def results(one: AgentFacts) -> tuple[Block, ...]:
    """Return the levels, as figures and as a map."""
    found, standing = assessment_of(one), is_assessed(one.gate)
    if found is None:
        return (judged("Risk assessment", standing, one.gate.day),)
    source = _source(one)
    told = (
        ("Overall, before controls", found.overall.inherent.value),
        ("Overall, after controls", found.overall.residual.value),
        ("Approval required", "yes" if found.approval_required else "no"),
    )
    lines = (
        ((spoken(factor.category.value), factor.description, rating(factor.inherent), rating(factor.residual)), source)
        for factor in found.factors
    )  # fmt: skip
    spots = [
        (spoken(one.category.value), one.residual.likelihood, one.residual.impact) for one in found.factors
    ]
    levels = [[level.value for level in line] for line in MATRIX]
    late = () if standing.status is Status.MET else (judged("Risk assessment", standing, one.gate.day),)
    return (
        *late,
        facts(fact(label, text, *source) for label, text in told),
        table(
            "The six categories", ("category", "what it is", "before controls", "after controls"), rows(lines)
        ),
        heat_map("Risk after controls", spots, levels, sources=source),
    )


def drivers(one: AgentFacts) -> tuple[Block, ...]:
    """Return what raised each factor, and where that stands in the manifest."""
    found = assessment_of(one)
    if found is None:
        return ()
    lines = (
        (
            (spoken(factor.category.value), driver.because, driver.field, f"{driver.likelihood:+d}", f"{driver.impact:+d}",
             "stated" if driver.stated else "nobody said, so it counts"),
            _source(one),
        )
        for factor in found.factors
        for driver in factor.drivers
    )  # fmt: skip
    columns = ("category", "because", "in the manifest", "likelihood", "impact", "known")
    return (table("", columns, rows(lines)),)


def mitigations(one: AgentFacts) -> tuple[Block, ...]:
    """Return each control against a factor, and whether evidence earns it credit."""
    found = assessment_of(one)
    if found is None:
        return ()
    lines = list(_controls(found.factors, _source(one)))
    if not lines:
        return (paragraph("No factor is above low, so none calls for a control.", *_source(one)),)
    return (table("", ("category", "control", "credited"), rows(lines)),)


def register(one: AgentFacts) -> tuple[Block, ...]:
    """Return the risks in the register, their treatment, and who accepted what."""
    if not one.risks:
        return (
            gap("no risk of the agent is in the register", f"ephor risk take {one.gate.id} --owner PERSON"),
        )  # fmt: skip
    seen = [(found, seen_on(found.record, one.gate.day)) for found in one.risks]
    lines = (
        ((risk.id, risk.title, rating(risk.residual), risk.owner, risk.status.value, _treatment(risk)),
         entry_of(found, "the newest entry on the risk"))
        for found, risk in seen
    )  # fmt: skip
    columns = ("risk", "what it is", "after controls", "owner", "status", "treatment")
    actions = [
        Row((risk.id, action.text, action.owner, action.due.isoformat(), "done" if action.done_at else "open"),
            entry_of(found, "the newest entry on the risk"))
        for found, risk in seen
        for action in risk.actions
    ]  # fmt: skip
    later = (table("Actions", ("risk", "action", "owner", "due", "state"), actions),) if actions else ()
    untreated = tuple(
        gap(
            f"risk {risk.id} is open and not treated: {risk.title}",
            f"ephor risk treat {risk.id}, or ephor risk accept {risk.id}",
        )
        for _, risk in seen
        if risk.status.value == "open"
    )
    return (table("", columns, rows(lines)), *later, *untreated)


def _method(one: AgentFacts) -> tuple[Block, ...]:
    found = assessment_of(one)
    if found is None:
        return ()
    text = (
        f"Method {found.method}: likelihood and impact from 1 to 5 for each of six categories, before any control and after "
        "those that evidence shows to work. The overall level is the worst factor's, never an average. Whatever nobody "
        "stated counts as a risk."
    )
    return (
        paragraph(
            text, *_source(one), digest(found.input_digest, "everything the assessment was computed from")
        ),
    )


def _recommended(one: AgentFacts) -> tuple[Block, ...]:
    found = assessment_of(one)
    if found is None:
        return ()
    if not found.recommendations:
        return (paragraph("The assessment recommends nothing further.", *_source(one)),)
    return (bullets(item(text, *_source(one)) for text in found.recommendations),)


def _source(one: AgentFacts) -> Sources:
    return entry_of(one.gate.assessment, "the risk was assessed")


def rating(given: Rating) -> str:
    """Return a place in the matrix in words and figures."""
    return f"{given.level.value} ({given.likelihood} x {given.impact} = {given.score})"


def _controls(
    factors: Sequence[Factor], source: tuple[Source, ...]
) -> Iterator[tuple[Sequence[str], Sources]]:
    for factor in factors:
        for one in factor.mitigations:
            credited = f"until {one.credited_until.isoformat()}" if one.credited_until else "no evidence"
            yield (spoken(factor.category.value), one.text, credited), source


def _treatment(risk: RegisteredRisk) -> str:
    parts = [risk.treatment.value] if risk.treatment else []
    if risk.acceptance is not None:
        parts.append(
            f"accepted by {risk.acceptance.by} through {risk.acceptance.until.isoformat()}: {risk.acceptance.reason}"
        )
    if risk.because:
        parts.append(risk.because)
    return listed(parts, "none yet")
