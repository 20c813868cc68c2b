"""Documents over a plane: written from facts, stale when one changes, approved by somebody else, and evidence only then."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from conftest import populate
from ephor.bootstrap import open_engine
from ephor.engine.document_steps import Approving, record_draft
from ephor.engine.plane import Engine
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, NotPermittedError
from ephor.rooms.access.people import Person
from ephor.rooms.agents.manifest import OperatorRole
from ephor.rooms.decisions.model import Call
from ephor.rooms.documents.due import Why
from ephor.rooms.documents.kinds import ALL, RULES, DocumentKind, Subject
from ephor.rooms.documents.model import BlockKind, Ground, Section, gaps, numbered, paragraph
from ephor.rooms.documents.questions import questions_of
from ephor.rooms.documents.record import DocumentStatus, facts_digest
from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.gate.finding import Status
from ephor.rooms.incidents.record import Severity
from ephor.rooms.requirements.needs import judge_need
from ephor.settings import Settings
from ephor.testing import FrozenClock
from sample_agents import LOOKUP
from sample_gate import AGENT, ROPA, make_ready, register

K = DocumentKind
SAYS = {"architecture": "One process beside the shop.", "data_flows": "Orders in, letters out."}
HIRING = {
    "complete": True, "domain": "employment", "function": "rank_applicants", "subjects": ("applicants",), "context": "online",
    "deployer": "private", "profiling": True, "decision_influence": "material", "interacts_with_persons": False,
    "generates": (),
}  # fmt: skip


@pytest.fixture
def ready(engine: Engine) -> Engine:
    return make_ready(engine)


def kinds(engine: Engine, name: str) -> list[str]:
    found = engine.ledger.search({"kind": f"document.{name}/1"}, limit=20)
    return [str(one.entry["resource"]) for one in found.entries]


def test_every_kind_is_written_with_its_subject(ready: Engine) -> None:
    ready.incidents.open("Wrong address", "A letter went astray", Severity.HIGH, by="ola", agents=[AGENT])
    subjects = {
        Subject.AGENT: AGENT, Subject.ORGANISATION: ALL,
        Subject.INCIDENT: ready.incidents.all()[0].incident.id,
    }  # fmt: skip
    today = ready.world.clock.now().date()
    for kind, rule in RULES.items():
        if rule.about is Subject.MODEL:
            continue
        period = (today - timedelta(30), today) if kind is K.AUDIT_REPORT else None
        made = ready.documents.draft(kind, subjects[rule.about], by="eve", period=period)
        assert made.sections
        assert made.digest == facts_digest(made.sections)
        assert ready.documents.show(made.id).changed == (), kind  # written again at once, it says the same


def test_each_statement_names_what_it_rests_on_and_the_entries_are_there(ready: Engine) -> None:
    made = ready.documents.draft(K.SYSTEM_DESCRIPTION, AGENT, by="eve", statements=SAYS)
    cited = set()
    for one in numbered(made.sections):
        for block in one.section.blocks:
            lines = block.rows if block.kind is not BlockKind.PARAGRAPH else ()
            for row in lines:
                if (
                    block.kind in (BlockKind.FACTS, BlockKind.TABLE)
                    and one.section.title != "Before deployment"
                ):
                    assert row.sources, (one.section.title, row)
            cited |= {source.id for row in lines for source in row.sources if source.ground is Ground.ENTRY}
            cited |= {source.id for source in block.sources if source.ground is Ground.ENTRY}
    assert len(cited) > 5
    for id in cited:
        ready.world.storage.ledger.position(id)  # raises where there is none
    assert made.open_points == 1  # the model is in no register


def test_a_gap_says_what_closes_it_and_closes(ready: Engine) -> None:
    first = ready.documents.draft(K.SYSTEM_DESCRIPTION, AGENT, by="eve")
    open_points = {one.title: one.gap for one in gaps(first.sections)}
    assert "--statements" in open_points["Architecture"].remedy
    second = ready.documents.draft(
        K.SYSTEM_DESCRIPTION, AGENT, by="eve", statements={"architecture": "One process."}
    )
    assert (second.version, second.open_points) == (2, first.open_points - 1)
    told = [one.told() for one in ready.documents.diff(first.id, second.id)]
    assert any("One process." in line and "Architecture" in line for line in told)
    third = ready.documents.draft(K.SYSTEM_DESCRIPTION, AGENT, by="sam", statements={"data_flows": "None."})
    assert {one.key: one.by for one in third.stated} == {"architecture": "eve", "data_flows": "sam"}
    assert third.authors == {"eve", "sam"}
    assert len(kinds(ready, "stated")) == 2
    assert len(kinds(ready, "drafted")) == 3


def test_nothing_new_is_no_version(ready: Engine) -> None:
    ready.documents.draft(K.RISK_ASSESSMENT, AGENT, by="eve")
    ready.decisions.decide(Call(agent=AGENT, tool="customer_lookup", arguments={"id": 8}))  # the ledger grows
    with pytest.raises(ConflictError, match="nothing changed since version 1"):
        ready.documents.draft(K.RISK_ASSESSMENT, AGENT, by="eve")


def test_a_changed_fact_makes_it_stale_and_says_which(ready: Engine, clock: FrozenClock) -> None:
    made = ready.documents.draft(K.PROCESSING_RECORDS, by="dora")
    clock.advance(timedelta(days=1))
    assert ready.documents.show(made.id).changed == ()
    ready.ropa.register({**ROPA, "recipients": ["a courier"]}, by="dora")
    changed = ready.documents.show(made.id).changed
    assert changed
    assert any('Recipients is now "a courier' in line and 'was "none' in line for line in changed)
    with pytest.raises(ConflictError, match="changed since it was drafted"):
        ready.documents.approve(made.id, by="pia")


def test_nobody_approves_what_they_wrote_or_own_and_the_role_counts(ready: Engine) -> None:
    made = ready.documents.draft(K.SYSTEM_DESCRIPTION, AGENT, by="sam", statements=SAYS)
    for by, why in (
        ("sam", "drafted it"),
        ("eve", "owns the agent"),
        ("dora", "may not approve"),
        ("nobody", "nobody is registered"),
    ):
        with pytest.raises(NotPermittedError, match=why):
            ready.documents.approve(made.id, by=by, with_open_points=True)
    with pytest.raises(ConflictError, match="open points"):
        ready.documents.approve(made.id, by="leo")
    done = ready.documents.approve(made.id, by="leo", note="read it", with_open_points=True)
    assert done.approval is not None
    assert (done.status, done.approval.by, done.approval.digest, done.approval.evidence) == (
        DocumentStatus.APPROVED, "leo", made.digest, (),
    )  # fmt: skip
    with pytest.raises(ConflictError, match="no draft"):
        ready.documents.approve(made.id, by="pia", with_open_points=True)


def test_a_later_approval_supersedes_and_a_withdrawn_one_is_gone(ready: Engine) -> None:
    first = ready.documents.draft(K.SYSTEM_DESCRIPTION, AGENT, by="sam")
    ready.documents.approve(first.id, by="leo", with_open_points=True)
    second = ready.documents.draft(K.SYSTEM_DESCRIPTION, AGENT, by="sam", statements=SAYS)
    ready.documents.approve(second.id, by="leo", with_open_points=True)
    assert ready.documents.show(first.id).document.status is DocumentStatus.SUPERSEDED
    assert ready.documents.show(first.id).changed is None
    with pytest.raises(ConflictError, match="superseded already"):
        ready.documents.withdraw(first.id, "old", by="sam")
    assert (
        ready.documents.withdraw(second.id, "it describes another", by="sam").status
        is DocumentStatus.WITHDRAWN
    )
    assert (
        ready.documents.draft(K.SYSTEM_DESCRIPTION, AGENT, by="sam").version == 3
    )  # what was stated is carried over
    assert kinds(ready, "approved") == [f"document:{second.id}", f"document:{first.id}"]


def test_an_approved_document_without_gaps_is_evidence_and_one_with_gaps_is_not(engine: Engine) -> None:
    register(engine, facts=HIRING, operator_role=OperatorRole.PROVIDER)
    before = engine.evidence.all(AGENT)
    made = engine.documents.draft(
        K.TECHNICAL_DOCUMENTATION, AGENT, by="ada",
        statements={one.key: f"about {one.key}" for one in questions_of(K.TECHNICAL_DOCUMENTATION)},
    )  # fmt: skip
    assert made.open_points
    assert not [one for one in gaps(made.sections) if "a person has to state" in one.gap.text]
    engine.documents.approve(made.id, by="leo", with_open_points=True)
    assert engine.evidence.all(AGENT) == before


def test_what_is_evidence_meets_the_need_of_the_law_and_ends_with_the_configuration(engine: Engine) -> None:
    register(engine, facts=HIRING, operator_role=OperatorRole.PROVIDER)
    need = "documents.technical-documentation"
    assert judge_need(engine.gate.facts(AGENT), need).status is Status.NOT_KNOWN
    sections = (Section("All is said", (paragraph("It is."),)),)
    with engine.world.storage.unit() as unit:
        made = record_draft(
            unit, engine.world, id="doc_1", kind=K.TECHNICAL_DOCUMENTATION, subject=AGENT, before=(), sections=sections,
            stated=(), by="ada", period=None,
        )  # fmt: skip
        leo = unit.shelf(Person).get("leo")
        done = Approving(unit, engine.world, made, leo, "").approve([made])
    assert done.approval is not None
    kept = {one.id: one for one in engine.evidence.all(AGENT)}
    assert list(kept) == list(done.approval.evidence)
    one = kept[done.approval.evidence[0]]
    assert (one.kind, one.about, one.digest, one.recorded_by) == (
        EvidenceKind.REQUIREMENT,
        need,
        made.digest,
        "leo",
    )
    assert judge_need(engine.gate.facts(AGENT), need).status is Status.MET
    register(
        engine, facts=HIRING, operator_role=OperatorRole.PROVIDER, tools=(LOOKUP,)
    )  # another configuration
    assert judge_need(engine.gate.facts(AGENT), need).status is not Status.MET


def test_its_own_approval_makes_no_document_stale(engine: Engine) -> None:
    register(engine, facts={**HIRING, "iso_42001_in_scope": True}, operator_role=OperatorRole.PROVIDER)
    for kind, need in (
        (K.TECHNICAL_DOCUMENTATION, EvidenceKind.REQUIREMENT),
        (K.STATEMENT_OF_APPLICABILITY, EvidenceKind.ORGANISATION),
    ):
        made = engine.documents.draft(kind, AGENT, by="ada")
        engine.evidence.record(AGENT, need, "by hand", by="leo", about=RULES[kind].need, content=b"x")
        assert engine.documents.show(made.id).changed == ()


def test_a_model_card_with_gaps_shows_the_gate_nothing(ready: Engine) -> None:
    """The one document of a model; what the register does not know is described first."""
    from sample_gate import MODEL  # noqa: PLC0415 - only here

    name, version = MODEL.split("@")
    ready.models.register(
        {"name": name, "version": version, "provider": "somebody", "model_type": "llm", "owner": "eve", "use_cases": ["customer_service"],
         "risk_tier": "low", "validation_thresholds": {"accuracy": {"at_least": 0.5}}}, by="eve",
    )  # fmt: skip
    made = ready.documents.draft(K.MODEL_CARD, MODEL, by="ada")
    assert {one.gap.text for one in gaps(made.sections)} >= {
        "known limitations not stated",
        "the model was never validated",
    }
    with pytest.raises(NotPermittedError, match="owns the model"):
        ready.documents.approve(made.id, by="eve", with_open_points=True)
    before = len(ready.evidence.all(AGENT))
    ready.documents.approve(made.id, by="val", with_open_points=True)
    assert len(ready.evidence.all(AGENT)) == before


def test_the_statement_of_applicability_lists_every_control_and_its_approval_is_evidence_only_without_gaps(
    ready: Engine,
) -> None:
    said = {
        "scope": "The shop's agents.",
        "excluded": "A.10.4: no customers are told\nA.6.2.3: nothing is developed",
    }
    made = ready.documents.draft(K.STATEMENT_OF_APPLICABILITY, AGENT, by="eve", statements=said)
    rows = [
        row
        for one in numbered(made.sections)
        if one.number.startswith("3.")
        for row in one.section.blocks[0].rows
    ]
    pack = ready.world.packs.load("iso-42001")
    assert [row.cells[0] for row in rows] == [
        one.cite for one in pack.obligations if one.id.startswith("iso-42001/a.")
    ]
    excluded = {row.cells[0]: row.cells[4] for row in rows if row.cells[2] == "no"}
    assert excluded == {"Annex A.10.4": "no customers are told", "Annex A.6.2.3": "nothing is developed"}
    assert any("scope of the management system is not known" in one.gap.text for one in gaps(made.sections))


def test_the_declaration_says_conformity_only_where_it_is_shown(engine: Engine) -> None:
    register(engine, facts=HIRING, operator_role=OperatorRole.PROVIDER)
    made = engine.documents.draft(K.DECLARATION_OF_CONFORMITY, AGENT, by="ada")
    said = [
        block.text
        for one in numbered(made.sections)
        for block in one.section.blocks
        if block.kind is BlockKind.PARAGRAPH
    ]
    assert not [text for text in said if "is in conformity" in text]
    assert [one for one in gaps(made.sections) if one.number == "4"]


def test_what_is_due_by_the_guides_frequencies(ready: Engine, clock: FrozenClock) -> None:
    today = clock.now().date()
    missing = {(one.kind, one.subject): one for one in ready.documents.due(0)}
    assert {K.SYSTEM_DESCRIPTION, K.RISK_ASSESSMENT, K.PROCESSING_RECORDS} <= {kind for kind, _ in missing}
    assert all(one.why is Why.MISSING and one.due == today for one in missing.values())
    assert K.DPIA not in {kind for kind, _ in missing}  # other evidence shows the impact assessment
    made = ready.documents.draft(K.RISK_ASSESSMENT, AGENT, by="eve")
    one = next(found for found in ready.documents.due(0) if found.kind is K.RISK_ASSESSMENT)
    assert (one.why, one.document) == (Why.UNAPPROVED, made.id)
    ready.documents.approve(made.id, by="sam", with_open_points=True)
    assert K.RISK_ASSESSMENT not in {found.kind for found in ready.documents.due(30)}
    ending = next(found for found in ready.documents.due(400) if found.kind is K.RISK_ASSESSMENT)
    assert (ending.why, ending.due) == (Why.ENDING, today + timedelta(366))
    ready.risk.assess(AGENT, by="eve")
    clock.advance(timedelta(days=2))
    ready.risk.assess(AGENT, by="eve")
    stale = next(found for found in ready.documents.due(0) if found.kind is K.RISK_ASSESSMENT)
    assert (stale.why, stale.document) == (Why.STALE, made.id)
    with pytest.raises(InvalidInputError, match="days cannot be looked ahead"):
        ready.documents.due(-1)


def test_what_cannot_be_drafted_says_why(ready: Engine) -> None:
    today = ready.world.clock.now().date()
    draft = ready.documents.draft
    with pytest.raises(NotFoundError):
        draft(K.DPIA, "ghost", by="eve")
    with pytest.raises(NotPermittedError, match="evidence:write"):
        draft(K.DPIA, AGENT, by="max")
    with pytest.raises(InvalidInputError, match="it asks: architecture"):
        draft(K.SYSTEM_DESCRIPTION, AGENT, by="eve", statements={"colour": "red"})
    with pytest.raises(InvalidInputError, match="ephor dpia record"):
        draft(K.DPIA, AGENT, by="eve", statements={"necessity": "x"})
    with pytest.raises(InvalidInputError, match="control character"):
        draft(K.SYSTEM_DESCRIPTION, AGENT, by="eve", statements={"architecture": "a\x1bb"})
    with pytest.raises(InvalidInputError, match="about one agent"):
        draft(K.DPIA, by="eve")
    with pytest.raises(InvalidInputError, match="whole organisation"):
        draft(K.PROCESSING_RECORDS, AGENT, by="eve")
    with pytest.raises(InvalidInputError, match="name it with --since"):
        draft(K.AUDIT_REPORT, by="eve")
    for period in ((today, today + timedelta(1)), (today, today - timedelta(1))):
        with pytest.raises(InvalidInputError, match="no time lies"):
            draft(K.AUDIT_REPORT, by="eve", period=period)
    with pytest.raises(InvalidInputError, match="leave out the period"):
        draft(K.DPIA, AGENT, by="eve", period=(date(2026, 1, 1), today))
    one = draft(K.DPIA, AGENT, by="eve")
    other = draft(K.FRIA, AGENT, by="eve")
    with pytest.raises(InvalidInputError, match="compare versions of one"):
        ready.documents.diff(one.id, other.id)


def test_the_audit_report_counts_what_the_ledger_holds(ready: Engine) -> None:
    today = ready.world.clock.now().date()
    made = ready.documents.draft(K.AUDIT_REPORT, by="ada", period=(today, today))
    tables = {one.section.title: one.section.blocks[0] for one in numbered(made.sections)}
    counted = {row.cells[0]: int(row.cells[1]) for row in tables["What was recorded"].rows}
    found = ready.ledger.search({"kind": "evidence.recorded/1"}, limit=100)
    assert counted["evidence.recorded/1"] == len(found.entries)
    meant = {row.cells[0]: row.cells[2] for row in tables["What was recorded"].rows}
    assert "evidence" in meant["evidence.recorded/1"]
    assert [row.cells for row in tables["Decisions on calls"].rows] == [(AGENT, "0", "0", "1")]
    assert any(row.cells[1] == "approval.approved/1" for row in tables["Approvals and refusals"].rows)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_version_is_kept_in_both_databases(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/a.db" if database == "sqlite" else request.getfixturevalue("postgres_url")
    engine = populate(open_engine(url, settings=Settings(keys=str(tmp_path / "keys"))))
    try:
        register(engine)
        engine.ropa.register(ROPA, by="dora")
        made = engine.documents.draft(K.SYSTEM_DESCRIPTION, AGENT, by="sam", statements=SAYS)
        engine.documents.approve(made.id, by="leo", with_open_points=True)
        kept = engine.documents.all(subject=AGENT, kind=K.SYSTEM_DESCRIPTION)
        assert [(one.document.sections, one.changed) for one in kept] == [(made.sections, ())]
        assert engine.evidence.all(AGENT) == []
    finally:
        engine.close()
