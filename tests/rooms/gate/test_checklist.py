"""The twelve and the eight items: each in each of its three answers, and what no removal can do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ephor.kernel.vocabulary import ReviewType, Sensitivity
from ephor.rooms.access.people import Person, PlaneRole
from ephor.rooms.access.roles import Permission, Role
from ephor.rooms.agents.agent import AgentStatus
from ephor.rooms.agents.manifest import Disclosure, OperatorRole, Oversight
from ephor.rooms.approvals.request import RequestStatus, Review, Verdict
from ephor.rooms.dsr.request import Request
from ephor.rooms.dsr.request import RequestStatus as DsrStatus
from ephor.rooms.dsr.rights import DsrLaw, Right
from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.gate.checklist import ITEMS, Checklist, Report, judge
from ephor.rooms.gate.facts import Entry, GateFacts, Recorded, Register, is_prohibited
from ephor.rooms.gate.finding import Status
from ephor.rooms.regulation.classification import Notice
from sample_gate import MODEL, ready_facts

Change = Callable[[GateFacts], GateFacts]
MET, NOT_MET, NOT_KNOWN = Status.MET, Status.NOT_MET, Status.NOT_KNOWN
LATER = datetime(2028, 6, 1, 9, tzinfo=UTC)
ENTRY = Entry("evt_x", datetime(2026, 11, 24, 9, tzinfo=UTC))


def with_(**other: Any) -> Change:
    return lambda facts: dataclasses.replace(facts, **other)


def later(facts: GateFacts) -> GateFacts:
    return dataclasses.replace(facts, at=LATER)


def agent(**other: Any) -> Change:
    def change(facts: GateFacts) -> GateFacts:
        changed = dataclasses.replace(facts.agent.record, **other)
        return dataclasses.replace(facts, agent=Recorded(changed, facts.agent.entry))

    return change


def manifest(**other: Any) -> Change:
    """Change the manifest alone; its digests stay, so that nothing but the check in question sees it."""
    return lambda facts: agent(manifest=dataclasses.replace(facts.agent.record.manifest, **other))(facts)


def tool(**other: Any) -> Change:
    def change(facts: GateFacts) -> GateFacts:
        first, *rest = facts.agent.record.manifest.tools
        return manifest(tools=(dataclasses.replace(first, **other), *rest))(facts)

    return change


def no_entry(facts: GateFacts) -> GateFacts:
    return dataclasses.replace(facts, agent=Recorded(facts.agent.record, None))


def without(kind: EvidenceKind) -> Change:
    return lambda facts: dataclasses.replace(
        facts, evidence=tuple(one for one in facts.evidence if one.record.kind is not kind)
    )


def evidence(of: EvidenceKind, /, **other: Any) -> Change:
    """Change the evidence of one kind."""

    def change(facts: GateFacts) -> GateFacts:
        changed = [
            Recorded(dataclasses.replace(one.record, **other), one.entry) if one.record.kind is of else one
            for one in facts.evidence
        ]
        return dataclasses.replace(facts, evidence=tuple(changed))

    return change


def unrecorded(kind: EvidenceKind) -> Change:
    """Leave the evidence of one kind on its shelf and take away its ledger entry."""
    return lambda facts: dataclasses.replace(
        facts,
        evidence=tuple(
            Recorded(one.record, None) if one.record.kind is kind else one for one in facts.evidence
        ),
    )


def expired(kind: EvidenceKind) -> Change:
    return evidence(kind, expires=date(2026, 11, 23), on=date(2026, 11, 1))


def field(name: str, **other: Any) -> Change:
    """Change the record that the facts keep under *name*."""

    def change(facts: GateFacts) -> GateFacts:
        kept = getattr(facts, name)
        return dataclasses.replace(
            facts, **{name: Recorded(dataclasses.replace(kept.record, **other), kept.entry)}
        )

    return change


def bare(name: str) -> Change:
    """Take away the ledger entry of the record under *name*."""
    return lambda facts: dataclasses.replace(facts, **{name: Recorded(getattr(facts, name).record, None)})


def law(**other: Any) -> Change:
    return lambda facts: dataclasses.replace(facts, law=dataclasses.replace(facts.law, **other))  # type: ignore[type-var]


def log(**other: Any) -> Change:
    return lambda facts: dataclasses.replace(facts, log=dataclasses.replace(facts.log, **other))


def request(**other: Any) -> Change:
    def change(facts: GateFacts) -> GateFacts:
        asked = facts.requests[0]
        return dataclasses.replace(
            facts, requests=(Recorded(dataclasses.replace(asked.record, **other), asked.entry),)
        )

    return change


def processing(**other: Any) -> Change:
    def change(facts: GateFacts) -> GateFacts:
        kept = facts.processing[0]
        return dataclasses.replace(
            facts, processing=(Recorded(dataclasses.replace(kept.record, **other), kept.entry),)
        )

    return change


def person(id: str, *roles: PlaneRole, entry: Entry | None = ENTRY) -> Change:
    return lambda facts: dataclasses.replace(
        facts, people={**facts.people, id: Recorded(Person(id, id, roles), entry)}
    )


def nobody(id: str) -> Change:
    return lambda facts: dataclasses.replace(
        facts, people={key: one for key, one in facts.people.items() if key != id}
    )


def duty(article: str, who: str) -> Change:
    """Let the class bring one duty, in the pack's answer and in the class kept."""
    notice = Notice(article, who, "tell them", date(2026, 8, 2), in_force=True)

    def change(facts: GateFacts) -> GateFacts:
        return field("classification", transparency_duties=(article,))(law(notices=(notice,))(facts))

    return change


def dsr(due: date, status: DsrStatus = DsrStatus.RECEIVED, entry: Entry | None = ENTRY) -> Change:
    at = datetime(2026, 11, 2, 9, tzinfo=UTC)
    closed = at + timedelta(5) if status is DsrStatus.FULFILLED else None
    asked = Request("dsr_1", Right.ACCESS, DsrLaw.GDPR, "sub_1", "cli", at, at.date(), due, status, "evt_1", "dora", closed_at=closed)  # fmt: skip
    return with_(register=Register((Recorded(asked, entry),), ()))


def both(*changes: Change) -> Change:
    def change(facts: GateFacts) -> GateFacts:
        for one in changes:
            facts = one(facts)
        return facts

    return change


CUSTOM = Role("helper", (Permission.READ_PII, Permission.TOOL_DATABASE, Permission.TOOL_EMAIL), Sensitivity.RESTRICTED, ("customer_lookup", "email_send"))  # fmt: skip
OWN_ROLE = manifest(roles=("helper",))
REJECTED = Review(ReviewType.SECURITY, "sam", Verdict.REJECT, "no", (), datetime(2026, 11, 24, 9, tzinfo=UTC))
K = EvidenceKind


def rests_on(kind: EvidenceKind) -> list[tuple[str, Change, Status]]:
    return [
        (f"no {kind.value}", without(kind), NOT_KNOWN),
        (f"{kind.value} that the ledger does not have", unrecorded(kind), NOT_KNOWN),
        (f"{kind.value} that expired", expired(kind), NOT_MET),
        (f"{kind.value} from nobody known", evidence(kind, recorded_by="zoe"), NOT_MET),
    ]


def is_independent(kind: EvidenceKind) -> list[tuple[str, Change, Status]]:
    return [(f"{kind.value} by the owner", evidence(kind, recorded_by="eve"), NOT_MET)]


def is_bound(kind: EvidenceKind) -> list[tuple[str, Change, Status]]:
    return [(f"{kind.value} of an older manifest", evidence(kind, material_digest="sha256:old"), NOT_MET)]


ASSESSMENT = [
    ("none", with_(assessment=None), NOT_KNOWN),
    ("not in the ledger", bare("assessment"), NOT_KNOWN),
    ("of another manifest", field("assessment", manifest_digest="sha256:old"), NOT_MET),
    ("too old", later, NOT_MET),
]
CLASS = [
    ("never classified", with_(classification=None), NOT_KNOWN),
    ("class not in the ledger", bare("classification"), NOT_KNOWN),
    ("facts that cannot be judged", with_(law=None), NOT_KNOWN),
    ("class in doubt", both(law(category="needs_review"), field("classification", category="needs_review")), NOT_KNOWN),
    ("prohibited by today's pack", law(category="unacceptable"), NOT_MET),
    ("prohibited by the class kept", field("classification", category="unacceptable"), NOT_MET),
]  # fmt: skip

CASES: Mapping[str, list[tuple[str, Change, Status]]] = {
    "risk-assessment-completed": ASSESSMENT,
    "regular-risk-assessments": [*ASSESSMENT, ("prohibited", law(category="unacceptable"), NOT_MET)],
    "governance-approval-obtained": [
        ("nobody asked", with_(requests=()), NOT_KNOWN),
        ("under review", request(status=RequestStatus.PENDING, reviews=()), NOT_KNOWN),
        ("not in the ledger", lambda facts: dataclasses.replace(facts, requests=(Recorded(facts.requests[0].record, None),)), NOT_KNOWN),
        ("rejected", request(status=RequestStatus.REJECTED), NOT_MET),
        ("revoked", request(status=RequestStatus.REVOKED), NOT_MET),
        ("expired", later, NOT_MET),
        ("of another manifest", request(material_digest="sha256:old"), NOT_MET),
        ("under another policy", request(policy_digest="sha256:old"), NOT_MET),
        ("suspended", agent(status=AgentStatus.SUSPENDED), NOT_MET),
        ("retired", agent(status=AgentStatus.RETIRED), NOT_MET),
        ("prohibited by today's pack", law(category="unacceptable"), NOT_MET),
        ("prohibited by the class kept", field("classification", category="unacceptable"), NOT_MET),
    ],
    "data-processing-registered": [
        ("no record", with_(processing=()), NOT_KNOWN),
        ("not in the ledger", lambda facts: dataclasses.replace(facts, processing=(Recorded(facts.processing[0].record, None),)), NOT_KNOWN),
        ("incomplete", processing(purposes=()), NOT_MET),
        ("data left out", manifest(data=dataclasses.replace(ready_facts().agent.record.manifest.data, categories=("contact", "health"))), NOT_MET),
    ],
    "privacy-impact-assessment-completed": [*rests_on(K.PRIVACY_IMPACT_ASSESSMENT), *is_independent(K.PRIVACY_IMPACT_ASSESSMENT), *is_bound(K.PRIVACY_IMPACT_ASSESSMENT)],
    "model-card-documented": [
        *rests_on(K.MODEL_CARD),
        ("one card for two models", manifest(models=(MODEL, "other@1")), NOT_KNOWN),
        ("no model declared, no card of the agent", manifest(models=()), NOT_KNOWN),
        ("no model declared, a card of the agent", both(manifest(models=()), evidence(K.MODEL_CARD, about="support-assistant")), MET),
        ("declared by an unknown manifest", no_entry, NOT_KNOWN),
    ],
    "audit-logging-configured": [
        ("no decision yet", log(decision=None), NOT_KNOWN),
        ("not checked", log(holds=None, problem="it could not be checked"), NOT_KNOWN),
        ("ledger damaged", log(holds=False, problem="it shrank"), NOT_MET),
    ],
    "access-controls-implemented": [
        ("no tools", manifest(tools=()), NOT_KNOWN),
        ("manifest not in the ledger", no_entry, NOT_KNOWN),
        ("unknown role", manifest(roles=("customer_service_agent", "wizard")), NOT_MET),
        ("no role", manifest(roles=()), NOT_MET),
        ("unknown permission", tool(permissions=("data:everything",)), NOT_MET),
        ("permission not granted", tool(permissions=("data:pii:delete",)), NOT_MET),
        ("above the ceiling", tool(sensitivity=Sensitivity.RESTRICTED), NOT_MET),
        ("a tool no role has", tool(name="wire_transfer"), NOT_MET),
        ("own role, recorded", both(OWN_ROLE, with_(roles={"helper": Recorded(CUSTOM, ENTRY)})), MET),
        ("own role, not in the ledger", both(OWN_ROLE, with_(roles={"helper": Recorded(CUSTOM, None)})), NOT_KNOWN),
    ],
    "human-oversight-in-place": [
        ("nothing said", manifest(oversight=None), NOT_KNOWN),
        ("manifest not in the ledger", no_entry, NOT_KNOWN),
        ("their rights not in the ledger", person("ola", PlaneRole.OPERATOR, entry=None), NOT_KNOWN),
        ("nobody named", manifest(oversight=Oversight((), "watch", "stop")), NOT_MET),
        ("no way to stop", manifest(oversight=Oversight(("ola",), "watch", " ")), NOT_MET),
        ("a stranger", manifest(oversight=Oversight(("ola", "zoe"), "watch", "stop")), NOT_MET),
        ("nobody who may stop it", person("ola", PlaneRole.AUDITOR), NOT_MET),
    ],
    "transparency-disclosures-ready": [
        *CLASS,
        ("manifest not in the ledger", no_entry, NOT_KNOWN),
        ("class of another manifest", field("classification", digest="sha256:old"), NOT_KNOWN),
        ("class by another pack", field("classification", pack_digest="sha256:old"), NOT_KNOWN),
        ("class kept differs", field("classification", category="minimal"), NOT_KNOWN),
        ("nothing said", manifest(disclosure=None), NOT_KNOWN),
        ("people are not told", manifest(disclosure=Disclosure(False, "hello")), NOT_MET),
        ("an empty notice", manifest(disclosure=Disclosure(True, " ")), NOT_MET),
        ("no duty", both(law(notices=(), category="minimal"), field("classification", category="minimal", transparency_duties=()), manifest(disclosure=None)), MET),
        ("high risk, nothing said", both(law(notices=(), category="high"), field("classification", category="high", transparency_duties=()), manifest(disclosure=None)), NOT_KNOWN),
        ("high risk, told", both(law(notices=(), category="high"), field("classification", category="high", transparency_duties=())), MET),
        ("a deployer's duty without evidence", duty("Art 50(3)", "deployer"), NOT_KNOWN),
        ("a provider's duty, here a deployer", duty("Art 50(2)", "provider"), MET),
        ("a provider's duty, here the provider", both(duty("Art 50(2)", "provider"), manifest(operator_role=OperatorRole.PROVIDER)), NOT_KNOWN),
    ],
    "incident-response-plan-documented": rests_on(K.INCIDENT_RESPONSE_PLAN),
    "retention-policies-configured": [
        ("no record, no policy", with_(processing=()), NOT_KNOWN),
        ("no data declared, no policy", manifest(data=dataclasses.replace(ready_facts().agent.record.manifest.data, categories=())), NOT_KNOWN),
        ("manifest not in the ledger", no_entry, NOT_KNOWN),
        ("a category without a limit", processing(erasure={"contact": "three years"}), NOT_MET),
        ("an empty limit", processing(erasure={"contact": "three years", "orders": " "}), NOT_MET),
        ("one limit for all", processing(erasure={"all": "a year"}), MET),
        ("a policy recorded instead", both(with_(processing=()), evidence(K.INCIDENT_RESPONSE_PLAN, kind=K.RETENTION_POLICY)), MET),
        ("an expired policy instead", both(with_(processing=()), expired(K.INCIDENT_RESPONSE_PLAN), evidence(K.INCIDENT_RESPONSE_PLAN, kind=K.RETENTION_POLICY)), NOT_MET),
    ],
    "security-review-completed": [
        ("no approval, no evidence", with_(requests=()), NOT_KNOWN),
        ("the review not in the ledger", with_(reviews={}), NOT_KNOWN),
        ("evidence instead", both(with_(requests=()), evidence(K.BIAS_TEST, kind=K.SECURITY_REVIEW)), MET),
        ("the owner's evidence instead", both(with_(requests=()), evidence(K.BIAS_TEST, kind=K.SECURITY_REVIEW, recorded_by="eve")), NOT_MET),
        ("rejected, evidence or not", both(request(status=RequestStatus.REJECTED, reviews=(REJECTED,)), evidence(K.BIAS_TEST, kind=K.SECURITY_REVIEW)), NOT_MET),
    ],
    "audit-log-reviews": [
        *rests_on(K.AUDIT_LOG_REVIEW),
        *is_independent(K.AUDIT_LOG_REVIEW),
        ("ledger damaged", log(holds=False, problem="it shrank"), NOT_MET),
    ],
    "model-performance-monitoring": [
        *rests_on(K.MODEL_MONITORING),
        ("one of two monitored", manifest(models=(MODEL, "other@1")), NOT_KNOWN),
        ("no model declared", manifest(models=()), NOT_KNOWN),
    ],
    "bias-testing": [*rests_on(K.BIAS_TEST), *is_independent(K.BIAS_TEST), *is_bound(K.BIAS_TEST)],
    "data-subject-request-handling": [
        ("a request the register lacks", with_(register=Register((), ("evt_9",))), NOT_KNOWN),
        ("a request the ledger lacks", dsr(date(2026, 12, 1), entry=None), NOT_KNOWN),
        ("overdue", dsr(date(2026, 11, 23)), NOT_MET),
        ("due today", dsr(date(2026, 11, 24)), MET),
        ("answered", dsr(date(2026, 11, 10), DsrStatus.FULFILLED), MET),
    ],
    "policy-updates": [
        *CLASS,
        ("the pack has changed", law(pack_digest="sha256:new"), NOT_MET),
        ("class of another manifest", field("classification", digest="sha256:old"), NOT_MET),
        ("another class today", law(category="high"), NOT_MET),
        ("other duties today", law(notices=()), NOT_MET),
    ],
    "operator-training": [
        *rests_on(K.OPERATOR_TRAINING),
        ("nobody named", manifest(oversight=None), NOT_KNOWN),
        ("one of two trained", manifest(oversight=Oversight(("ola", "cal"), "watch", "stop")), NOT_KNOWN),
        ("manifest not in the ledger", no_entry, NOT_KNOWN),
    ],
    "incident-response-drills": rests_on(K.INCIDENT_DRILL),
}  # fmt: skip

TABLE = [(item, name, change, status) for item, cases in CASES.items() for name, change, status in cases]
ALL_ITEMS = {item.id: item for items in ITEMS.values() for item in items}


def answer(report: Report, id: str) -> Status:
    return next(one.status for one in report.items if one.id == id)


def list_of(id: str) -> Checklist:
    return next(checklist for checklist, items in ITEMS.items() if id in {item.id for item in items})


def test_the_lists_are_the_guides_twelve_and_eight() -> None:
    assert [len(ITEMS[checklist]) for checklist in Checklist] == [12, 8]
    assert len(ALL_ITEMS) == 20
    assert set(CASES) == set(ALL_ITEMS)


@pytest.mark.parametrize("checklist", Checklist)
def test_what_is_complete_passes_with_evidence_for_every_item(checklist: Checklist) -> None:
    report = judge(checklist, ready_facts())
    assert report.passed
    for one in report.items:
        assert one.status is MET
        assert one.evidence
        assert one.remedy is None


@pytest.mark.parametrize(
    ("item", "change", "status"),
    [row[:1] + row[2:] for row in TABLE],
    ids=[f"{row[0]}: {row[1]}" for row in TABLE],
)
def test_one_fact_changed_gives_the_answer_it_should(item: str, change: Change, status: Status) -> None:
    report = judge(list_of(item), change(ready_facts()))
    found = next(one for one in report.items if one.id == item)
    assert found.status is status, found.because
    assert (found.remedy is None) == (status is MET)
    assert status is MET or not report.passed


@pytest.mark.parametrize("item", ALL_ITEMS)
def test_every_item_is_reached_in_each_of_its_three_answers(item: str) -> None:
    reached = {status for _, _, status in CASES[item]} | {MET}
    assert reached == set(Status)


def test_a_prohibited_agent_passes_neither_list_whatever_else_is_recorded() -> None:
    for change in (law(category="unacceptable"), field("classification", category="unacceptable")):
        for checklist in Checklist:
            assert not judge(checklist, change(ready_facts())).passed


def _smaller(facts: GateFacts, drop: Callable[[], bool]) -> GateFacts:
    """Take away what *drop* says: pieces of evidence, records, entries, people, roles. Never what speaks against."""

    def some(rows: tuple[Any, ...]) -> tuple[Any, ...]:
        kept = [row for row in rows if not drop()]
        return tuple(Recorded(row.record, None) if drop() else row for row in kept)

    def keys(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
        return MappingProxyType({key: mapping[key] for key in sorted(mapping) if not drop()})

    def maybe(kept: Any) -> Any:
        return None if drop() else kept

    return dataclasses.replace(
        facts,
        agent=Recorded(facts.agent.record, None) if drop() else facts.agent,
        assessment=maybe(facts.assessment),
        classification=facts.classification if is_prohibited(facts) else maybe(facts.classification),
        law=facts.law if is_prohibited(facts) else maybe(facts.law),
        requests=facts.requests if _rejected(facts) else some(facts.requests),
        reviews=keys(facts.reviews),
        processing=some(facts.processing),
        evidence=some(facts.evidence),
        roles=keys(facts.roles),
        people=keys(facts.people),
        log=dataclasses.replace(facts.log, decision=maybe(facts.log.decision)),
    )


def _rejected(facts: GateFacts) -> bool:
    return any(given.decision is Verdict.REJECT for one in facts.requests for given in one.record.reviews)


CHANGES = [(lambda facts: facts), later, *(change for _, _, change, status in TABLE if status is not MET)]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(CHANGES), st.data())
def test_taking_evidence_away_never_turns_an_item_to_met(change: Change, data: st.DataObject) -> None:
    facts = change(ready_facts())
    fewer = _smaller(facts, lambda: data.draw(st.integers(0, 4)) == 0)
    for checklist in Checklist:
        before = {one.id: one.status for one in judge(checklist, facts).items}
        after = {one.id: one.status for one in judge(checklist, fewer).items}
        assert not [id for id in after if after[id] is MET and before[id] is not MET]


@given(st.data())
def test_the_same_facts_in_another_order_give_the_same_report(data: st.DataObject) -> None:
    facts = ready_facts()
    people = data.draw(st.permutations(sorted(facts.people)))
    shuffled = dataclasses.replace(
        facts,
        evidence=tuple(data.draw(st.permutations(facts.evidence))),
        people={id: facts.people[id] for id in people},
    )
    for checklist in Checklist:
        assert judge(checklist, shuffled) == judge(checklist, facts)


@pytest.mark.parametrize("checklist", Checklist)
def test_an_item_is_met_until_the_day_before_it_lapses_and_not_on_that_day(checklist: Checklist) -> None:
    facts = ready_facts()
    for item in judge(checklist, facts).items:
        if item.lapses is None:
            continue
        before = datetime.combine(item.lapses - timedelta(1), datetime.max.time(), UTC)
        assert answer(judge(checklist, dataclasses.replace(facts, at=before)), item.id) is MET
        then = datetime.combine(item.lapses, datetime.max.time(), UTC)
        assert answer(judge(checklist, dataclasses.replace(facts, at=then)), item.id) is not MET
