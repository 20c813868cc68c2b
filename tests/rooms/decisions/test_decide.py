"""The ceiling: every reason there is, and which of them wins."""

import dataclasses
import re
from datetime import timedelta
from pathlib import Path

import pytest

from ephor.kernel.vocabulary import Effect, Objection, Sensitivity, UseCase
from ephor.rooms.access.roles import Permission, Role, lend
from ephor.rooms.agents.agent import AgentStatus
from ephor.rooms.agents.manifest import AskRule
from ephor.rooms.consent.statement import Standing
from ephor.rooms.decisions import bounds, checks
from ephor.rooms.decisions import decide as module
from ephor.rooms.decisions.codes import AGAINST
from ephor.rooms.decisions.decide import decide
from ephor.rooms.decisions.model import Obligation, Outcome
from ephor.rooms.decisions.standing import Lent, SubjectStanding
from ephor.rooms.policies.governance import POLICIES, AboveCeiling
from ephor.rooms.policies.limits import Limit, Measure, Window
from ephor.rooms.policies.sequences import SequenceRule
from sample_agents import AT, LOOKUP, REFUND, support
from sample_decisions import FINE, LENT, MODEL, ROLES, authority, call

YEAR = timedelta(days=365)
R, C = Sensitivity.RESTRICTED, Sensitivity.CONFIDENTIAL
SUBJECT = {"subject": "jane@example.com", "purpose": "support"}
LOAN = {"on_behalf_of": "dlg_1", "purpose": "support"}


def with_tool(tool, **other):
    roles = ("customer_service_agent", "refund_clerk")
    return authority(support(tools=(tool,), roles=roles, **other))


def asks(*rules):
    return with_tool(dataclasses.replace(REFUND, ask=rules))


def lent(**other):
    return dataclasses.replace(LENT, **other)


def standing(consent=Standing.GIVEN, *, restricted=False):
    return SubjectStanding(restricted, consent)


CONSENT = {"consent_purposes": frozenset({"support"})}

DAILY = Limit("daily", Measure.CALLS, 5, Window.DAY)
SPEND = Limit("spend", Measure.MONEY, 9_000, Window.DAY, argument="amount_cents")
AFTER = SequenceRule("no-mail-after-crm", ("crm",), (Effect.EXTERNAL,), ("refund",))

# reason code -> (authority, call, what decide is told besides), each the sample with one thing changed
CASES = {
    "agent-unknown": (None, call(), {}),
    "agent-not-active": (authority(agent_is={"status": AgentStatus.SUSPENDED}), call(), {}),
    "agent-not-approved": (authority(agent_is={"approved_until": None}), call(), {}),
    "approval-outdated": (authority(approval_binds=False), call(), {}),
    "approval-expired": (authority(agent_is={"approved_until": AT}), call(), {}),
    "prohibited-practice": (authority(category="unacceptable"), call(), {}),
    "not-classified": (authority(category=None), call(), {}),
    "class-unknown": (authority(category="needs_review"), call(), {}),
    "model-not-allowed": (authority(models={MODEL: ("it is retired",)}), call(), {}),
    "model-not-declared": (authority(), call(model="gpt@1"), {}),
    "subject-unknown": (authority(), call(**SUBJECT), {}),
    "subject-restricted": (authority(), call(**SUBJECT), {"subject": standing(restricted=True)}),
    "purpose-missing": (authority(**CONSENT), call(subject="jane"), {"subject": FINE}),
    **{
        code: (authority(), call(**SUBJECT), {"subject": SubjectStanding(False, Standing.GIVEN, (code,))})
        for code in AGAINST
    },
    "opt-out-purpose-unknown": (
        authority(other_purposes=frozenset({"refunds"})),
        call(**SUBJECT),
        {"subject": SubjectStanding(False, Standing.GIVEN, opted_out=True)},
    ),
    "consent-withdrawn": (authority(), call(**SUBJECT), {"subject": standing(Standing.WITHDRAWN)}),
    "consent-refused": (authority(), call(**SUBJECT), {"subject": standing(Standing.REFUSED)}),
    "consent-expired": (authority(), call(**SUBJECT), {"subject": standing(Standing.EXPIRED)}),
    "objected": (authority(), call(**SUBJECT), {"subject": standing(Standing.OBJECTED)}),
    "opted-out": (authority(), call(**SUBJECT), {"subject": standing(Standing.OPTED_OUT)}),
    "consent-missing": (authority(**CONSENT), call(**SUBJECT), {"subject": standing(Standing.NEVER)}),
    "role-unknown": (authority(support(roles=("customer_service_agent", "ghost"))), call(), {}),
    "no-role": (authority(support(roles=())), call(), {}),
    "tool-not-declared": (authority(), call("format_disk"), {}),
    "tool-not-in-role": (authority(support(roles=("analytics_agent",), tools=(dataclasses.replace(LOOKUP, permissions=()),))), call(), {}),
    "permission-missing": (with_tool(dataclasses.replace(LOOKUP, permissions=("agent:spawn",))), call(), {}),
    "permission-unknown": (with_tool(dataclasses.replace(LOOKUP, permissions=("data:everything",))), call(), {}),
    "sensitivity-above-ceiling": (authority(), call(sensitivity=R), {}),
    "delegation-unknown": (authority(), call(on_behalf_of="dlg_1"), {}),
    "delegation-not-yours": (authority(), call(**LOAN), {"lent": lent(to_agent="other")}),
    "delegation-purpose": (authority(), call(on_behalf_of="dlg_1", purpose="ads"), {"lent": LENT}),
    "delegation-revoked": (authority(), call(**LOAN), {"lent": lent(rights=None, reasons=(Objection("delegation-revoked", "gone"),))}),
    "tool-not-held": (authority(), call(**LOAN), {"lent": lent(rights=lend(tuple(Permission), ("refund",), R))}),
    "permission-not-held": (authority(), call(**LOAN), {"lent": lent(rights=lend((), ("customer_lookup",), R))}),
    "sensitivity-not-held": (authority(), call(**LOAN), {"lent": lent(rights=lend(tuple(Permission), ("customer_lookup",), Sensitivity.INTERNAL))}),
    "sensitivity-not-in-policy": (authority(), call(sensitivity=R), {}),
    "autonomy-above-ceiling": (authority(support(autonomy=2, roles=("refund_clerk",))), call("refund"), {}),
    "autonomy-not-in-policy": (authority(support(roles=("refund_clerk",)), policy=dataclasses.replace(POLICIES[UseCase.CUSTOMER_SERVICE], max_autonomy_level=2, above_autonomy=AboveCeiling.DENY)), call("refund"), {}),
    "policy-needs-approval": (authority(support(use_case=UseCase.CODE_GENERATION, tools=(dataclasses.replace(REFUND, effect=Effect.WRITE),), roles=("refund_clerk",))), call("refund"), {}),
    "tool-asks": (authority(), call("refund", arguments={"amount_cents": 5001}), {}),
    "class-not-signed-off": (authority(signed=False), call(), {}),
    "class-needs-oversight": (authority(category="high"), call("refund"), {}),
    "sequence-rule": (authority(sequences=[AFTER]), call("refund", session="s"), {"labels": frozenset({"crm"})}),
    "session-unknown": (authority(sequences=[AFTER]), call("refund"), {}),
    "session-full": (authority(), call(session="s"), {"labels": frozenset(map(str, range(1000)))}),
    "limit-exceeded": (authority(limits=[DAILY]), call(), {"used": {"daily": 5}}),
    "limit-unknown": (authority(limits=[DAILY]), call(), {}),
    "limit-amount-missing": (authority(limits=[SPEND]), call("refund", arguments={}), {"used": {"spend": 0}}),
    "limit-amount-foreign": (authority(limits=[dataclasses.replace(SPEND, currency="EUR")]), call("refund", arguments={"amount_cents": 1, "currency": "USD"}), {"used": {"spend": 0}}),
    "limit-amount-negative": (authority(limits=[SPEND]), call("refund", arguments={"amount_cents": -1}), {"used": {"spend": 0}}),
    "limit-amount-unreadable": (authority(limits=[SPEND]), call("refund", arguments={"amount_cents": 1.5}), {"used": {"spend": 0}}),
}  # fmt: skip
ASKED = {"autonomy-above-ceiling", "policy-needs-approval", "class-needs-oversight", "tool-asks"}


def codes(verdict):
    return [reason.code for reason in verdict.reasons]


@pytest.mark.parametrize("code", CASES)
def test_each_reason_is_reached_by_changing_one_thing(code):
    known, asked, told = CASES[code]
    verdict = decide(asked, known, now=AT, **told)
    assert code in codes(verdict)
    wanted = Outcome.ASK if code in ASKED else Outcome.DENY
    reason = next(one for one in verdict.reasons if one.code == code)
    assert (verdict.outcome, reason.outcome) == (wanted, wanted)
    assert reason.text
    assert verdict.obligations == () if wanted is Outcome.DENY else verdict.obligations


def test_every_code_that_decide_can_say_stands_in_the_table():
    sources = [Path(one.__file__).read_text(encoding="utf-8") for one in (module, checks, bounds)]
    said = set(re.findall(r'(?:deny|Reason)\(\s*"([a-z-]+)"', "".join(sources))) - {"allowed"}
    assert said <= set(CASES)
    assert len(said) > 20


def test_a_call_that_nothing_speaks_against_is_allowed_with_its_obligations():
    verdict = decide(call(), authority(), now=AT)
    assert (verdict.outcome, codes(verdict)) == (Outcome.ALLOW, ["allowed"])
    assert verdict.obligations == (
        Obligation("mask", where="result", reveal=("email",)),
        Obligation("notice", text="You are talking to an AI system."),
    )


def test_deny_beats_ask_beats_allow_and_all_reasons_are_given():
    asked = call("refund", arguments={"amount_cents": 9000})
    assert decide(asked, authority(), now=AT).outcome is Outcome.ASK
    denied = decide(asked, authority(agent_is={"status": AgentStatus.SUSPENDED}), now=AT)
    assert (denied.outcome, codes(denied)) == (Outcome.DENY, ["agent-not-active", "tool-asks"])


def test_everything_that_is_wrong_is_said_at_once():
    wrong = authority(
        support(roles=("ghost",), tools=(dataclasses.replace(LOOKUP, permissions=("data:everything",)),)),
        agent_is={"status": AgentStatus.RETIRED, "approved_until": AT},
        approval_binds=False,
        category="unacceptable",
        models={MODEL: ("it is retired", "it is for code_generation")},
    )
    asked = call(on_behalf_of="dlg_1", model="gpt@1", sensitivity=R, **SUBJECT)
    told = {
        "subject": standing(Standing.WITHDRAWN, restricted=True),
        "lent": lent(to_agent="other", purpose="ads"),
    }
    assert codes(decide(asked, wrong, now=AT, **told)) == [
        "agent-not-active", "approval-outdated", "approval-expired", "prohibited-practice", "model-not-allowed",
        "model-not-allowed", "model-not-declared", "subject-restricted", "consent-withdrawn", "role-unknown", "no-role",
        "permission-unknown", "delegation-not-yours", "delegation-purpose", "sensitivity-not-in-policy",
    ]  # fmt: skip


def test_a_tool_that_is_not_declared_hides_no_other_reason():
    told = {"lent": lent(to_agent="other"), "subject": standing(restricted=True)}
    asked = call("format_disk", on_behalf_of="dlg_1", **SUBJECT)
    assert codes(decide(asked, authority(), now=AT, **told)) == [
        "subject-restricted", "tool-not-in-role", "delegation-not-yours", "tool-not-held", "tool-not-declared",
    ]  # fmt: skip


@pytest.mark.parametrize("status", [one for one in AgentStatus if one is not AgentStatus.ACTIVE])
def test_only_an_active_agent_may_act(status):
    verdict = decide(call(), authority(agent_is={"status": status}), now=AT)
    assert codes(verdict) == ["agent-not-active"]


def test_an_approval_ends_at_its_very_moment():
    at = AT + YEAR
    assert decide(call(), authority(), now=at - timedelta(microseconds=1)).outcome is Outcome.ALLOW
    assert codes(decide(call(), authority(), now=at)) == ["approval-expired"]


@pytest.mark.parametrize("category", ["high", "limited", "minimal", "out_of_scope"])
def test_a_known_class_that_is_not_prohibited_may_act(category):
    assert decide(call(), authority(category=category), now=AT).outcome is Outcome.ALLOW


@pytest.mark.parametrize("category", ["needs_review", "Limited", "", "new_class"])
def test_a_class_that_is_not_known_may_not_act(category):
    assert codes(decide(call(), authority(category=category), now=AT)) == ["class-unknown"]


CONTRACT = {"consent_purposes": frozenset({"news"}), "other_purposes": frozenset({"support"})}


@pytest.mark.parametrize(
    ("purposes", "purpose", "consent", "expected"),
    [
        ({}, "support", Standing.NEVER, "allowed"),
        ({}, None, Standing.NEVER, "allowed"),
        (CONTRACT, "support", Standing.NEVER, "allowed"),
        (CONTRACT, "support", Standing.GIVEN, "allowed"),
        (CONTRACT, "support", Standing.WITHDRAWN, "consent-withdrawn"),
        (CONTRACT, "news", Standing.GIVEN, "allowed"),
        (CONTRACT, "news", Standing.NEVER, "consent-missing"),
        (CONTRACT, "news", Standing.REFUSED, "consent-refused"),
        (CONTRACT, "news", Standing.EXPIRED, "consent-expired"),
        (CONTRACT, "News", Standing.NEVER, "consent-missing"),  # another spelling evades nothing
        (CONTRACT, "anything", Standing.NEVER, "consent-missing"),
        (CONTRACT, None, Standing.NEVER, "purpose-missing"),
        ({**CONTRACT, "other_purposes": frozenset({"news"})}, "news", Standing.NEVER, "consent-missing"),
    ],
)
def test_consent_counts_where_a_purpose_rests_on_it(purposes, purpose, consent, expected):
    asked = call(subject="jane", purpose=purpose)
    assert codes(decide(asked, authority(**purposes), now=AT, subject=standing(consent))) == [expected]


def test_what_is_not_known_denies():
    assert codes(decide(call(subject="jane"), authority(), now=AT)) == ["subject-unknown"]
    assert codes(decide(call(on_behalf_of="dlg_1"), authority(), now=AT)) == ["delegation-unknown"]
    empty = Lent(None, (), "support-assistant", "support")
    assert codes(decide(call(on_behalf_of="dlg_1"), authority(), now=AT, lent=empty)) == [
        "delegation-unknown"
    ]


def test_a_delegation_narrows_and_never_widens():
    everything = lent(rights=lend(tuple(Permission), ("customer_lookup", "format_disk"), R))
    assert decide(call(**LOAN), authority(), now=AT, lent=everything).outcome is Outcome.ALLOW
    assert "tool-not-in-role" in codes(
        decide(call("format_disk", **LOAN), authority(), now=AT, lent=everything)
    )
    beyond = call(sensitivity=R, **LOAN)
    assert "sensitivity-above-ceiling" in codes(decide(beyond, authority(), now=AT, lent=everything))


def test_a_call_that_names_no_purpose_is_not_covered_by_a_delegation():
    verdict = decide(call(on_behalf_of="dlg_1"), authority(), now=AT, lent=LENT)
    assert (verdict.outcome, codes(verdict)) == (Outcome.DENY, ["delegation-purpose"])
    assert verdict.reasons[0].text == "the call names no purpose, and delegation `dlg_1` serves `support`"
    assert decide(call(**LOAN), authority(), now=AT, lent=LENT).outcome is Outcome.ALLOW


def test_an_argument_with_a_limit_that_is_missing_is_said_to_be_missing():
    told = [
        decide(call("refund", arguments=given), authority(), now=AT).reasons[-1].text
        for given in ({}, {"amount_cents": None}, {"amount_cents": "5"})
    ]
    assert told[0].startswith("argument `amount_cents` is missing, and `refund` has a limit of ")
    assert all(text.startswith("argument `amount_cents` is no whole number, ") for text in told[1:])


def test_a_worthless_delegation_also_says_whose_it_was():
    gone = lent(
        rights=None, reasons=(Objection("delegation-expired", "ended"),), to_agent="other", purpose="ads"
    )
    assert codes(decide(call(**LOAN), authority(), now=AT, lent=gone)) == [
        "delegation-expired", "delegation-not-yours", "delegation-purpose",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("raised", "outcome"),
    [(None, Outcome.ALLOW), (Sensitivity.PUBLIC, Outcome.ALLOW), (C, Outcome.ALLOW), (R, Outcome.DENY)],
)
def test_a_call_raises_the_sensitivity_and_never_lowers_it(raised, outcome):
    assert decide(call(sensitivity=raised), authority(), now=AT).outcome is outcome
    low = Role("low", tuple(Permission), Sensitivity.INTERNAL, ("customer_lookup",))
    lowered = decide(
        call(sensitivity=Sensitivity.PUBLIC), authority(support(roles=("low",)), roles={"low": low}), now=AT
    )
    assert codes(lowered) == ["sensitivity-above-ceiling"]


@pytest.mark.parametrize("autonomy", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("effect", list(Effect))
def test_acts_above_the_agents_or_the_policys_autonomy_ask(autonomy, effect):
    tool = dataclasses.replace(REFUND, effect=effect, ask=())
    verdict = decide(call("refund"), with_tool(tool, autonomy=autonomy), now=AT)
    ceiling = min(autonomy, 3)  # customer service
    assert verdict.outcome is (Outcome.ASK if effect.rank + 1 > ceiling else Outcome.ALLOW)
    if verdict.outcome is Outcome.ASK:
        assert ("the agent's" in verdict.reasons[0].text) is (autonomy <= 3)
        assert verdict.obligations


ABOVE = AskRule(argument="amount_cents", above=5000)


@pytest.mark.parametrize(
    ("arguments", "asks_"),
    [
        ({"amount_cents": 5000}, False),
        ({"amount_cents": 0}, False),
        ({"amount_cents": -1}, True),
        ({"amount_cents": -9000}, True),
        ({"amount_cents": 5001}, True),
        ({"amount_cents": 10**1000}, True),
        ({"amount_cents": -(10**1000)}, True),
        ({}, True),
        ({"amount_cents": None}, True),
        ({"amount_cents": "1"}, True),
        ({"amount_cents": 1.0}, True),
        ({"amount_cents": float("nan")}, True),
        ({"amount_cents": True}, True),
        ({"amount_cents": [1]}, True),
        ({"Amount_cents": 1}, True),
    ],
)
def test_a_limit_that_cannot_be_checked_asks(arguments, asks_):
    verdict = decide(call("refund", arguments=arguments), asks(ABOVE), now=AT)
    assert codes(verdict) == (["tool-asks"] if asks_ else ["allowed"])
    assert all(len(reason.text) < 200 for reason in verdict.reasons)


def test_a_bound_below_zero_counts_with_negative_numbers():
    cold = asks(AskRule(argument="degrees", above=-18))
    found = [codes(decide(call("refund", arguments={"degrees": at}), cold, now=AT)) for at in (-20, -18, -17)]
    assert found == [["allowed"], ["allowed"], ["tool-asks"]]


@pytest.mark.parametrize("rule", [AskRule(always=True), AskRule(), AskRule(argument="a"), AskRule(above=5)])
def test_a_rule_that_always_asks_or_says_nothing_asks(rule):
    assert codes(decide(call("refund"), asks(rule), now=AT)) == ["tool-asks"]


def test_each_rule_that_asks_is_named():
    found = decide(
        call("refund", arguments={"amount_cents": 9000}), asks(ABOVE, AskRule(always=True)), now=AT
    )
    assert codes(found) == ["tool-asks", "tool-asks"]
    assert "9000" in found.reasons[0].text


def test_the_same_question_has_the_same_answer():
    asked = call(on_behalf_of="dlg_1", model="gpt@1", sensitivity=R, **SUBJECT)
    known = authority(roles=ROLES, **CONSENT)
    told = {"subject": standing(Standing.NEVER, restricted=True)}
    assert len({repr(decide(asked, known, now=AT, **told)) for _ in range(5)}) == 1
