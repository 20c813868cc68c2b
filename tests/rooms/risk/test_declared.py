"""From manifest to profile: what was said, what was not, and what words mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import Effect, RiskLevel, Sensitivity, UseCase
from ephor.rooms.agents.manifest import AskRule, DataUse, Disclosure, Manifest, OperatorRole, Oversight, Tool
from ephor.rooms.risk.assess import assess
from ephor.rooms.risk.categories import _MEANS, KINDS, kinds_of
from ephor.rooms.risk.declared import profile_of
from ephor.rooms.risk.profile import DataKind, Influence

FAQ = Manifest(
    id="faq", name="FAQ", owner="eve", purpose="Answers questions from the public help pages.",
    use_case=UseCase.CUSTOMER_SERVICE, operator_role=OperatorRole.DEPLOYER, autonomy=1,
    data=DataUse(Sensitivity.PUBLIC, ("help_articles",), ("customers",)),
    tools=(Tool("search", Effect.READ, Sensitivity.PUBLIC),), models=("m@1",),
    oversight=Oversight(("ola",), "Reads a sample each week.", "ephor agents suspend faq"),
    disclosure=Disclosure(tells_people=True),
    facts={"complete": True, "domain": "customer_service", "function": "faq", "interacts_with_persons": True},
)  # fmt: skip
SUPPORT = replace(
    FAQ, id="support-assistant", autonomy=3, data=DataUse(Sensitivity.CONFIDENTIAL, ("contact", "orders"), ("customers",)),
    tools=(
        Tool("customer_lookup", Effect.READ, Sensitivity.CONFIDENTIAL, data=("contact", "payment"),
             permissions=("data:pii:read", "tool:database:execute"), reveals=("email",)),
        Tool("refund", Effect.IRREVERSIBLE, Sensitivity.CONFIDENTIAL, data=("payment",),
             ask=(AskRule(argument="amount_cents", above=5000),)),
    ),
)  # fmt: skip
CV = replace(
    FAQ, id="cv", use_case=UseCase.DECISION_SUPPORT, data=DataUse(Sensitivity.CONFIDENTIAL, ("cv",), ("job_applicants",)),
    facts={"complete": True, "domain": "employment", "function": "cv_ranking", "subjects": ("job_applicants",)},
)  # fmt: skip


def overall(manifest: Manifest) -> RiskLevel:
    return assess(profile_of(manifest), date(2026, 11, 24), {}).overall.inherent


@pytest.mark.parametrize(
    ("manifest", "level"),
    [(FAQ, RiskLevel.LOW), (SUPPORT, RiskLevel.HIGH), (CV, RiskLevel.HIGH)],
    ids=["faq", "support", "cv"],
)
def test_the_three_examples_come_out_as_people_would_place_them(manifest: Manifest, level: RiskLevel) -> None:
    assert overall(manifest) is level


def test_a_bot_that_says_nothing_about_itself_is_not_low() -> None:
    silent = replace(FAQ, facts={}, oversight=None, disclosure=None)
    assert overall(silent) > RiskLevel.LOW


def test_facts_left_out_are_unknown_unless_the_manifest_says_it_is_complete() -> None:
    known, open_ = profile_of(FAQ), profile_of(replace(FAQ, facts={}))
    assert (known.profiling, known.safety_component, known.influence) == (False, False, Influence.NONE)
    assert (open_.profiling, open_.safety_component, open_.interacts, open_.influence) == (
        None,
        None,
        None,
        None,
    )
    assert (known.domain, open_.domain, profile_of(replace(FAQ, facts={"complete": True})).domain) == (
        "customer_service",
        None,
        "",
    )


def test_arrangements_not_mentioned_are_unknown_and_empty_ones_are_none() -> None:
    unmentioned = profile_of(replace(FAQ, oversight=None, disclosure=None))
    assert (unmentioned.overseen, unmentioned.stoppable, unmentioned.discloses) == (None, None, None)
    empty = profile_of(
        replace(FAQ, oversight=Oversight((), "", " "), disclosure=Disclosure(tells_people=False))
    )
    assert (empty.overseen, empty.stoppable, empty.discloses) == (False, False, False)


def test_a_ranking_function_weighs_in_decisions_even_where_nobody_says_so() -> None:
    assert profile_of(CV).influence is Influence.MATERIAL
    stated = replace(CV, facts={**CV.facts, "decision_influence": "determinative"})
    assert profile_of(stated).influence is Influence.DETERMINATIVE


def test_decision_support_without_a_stated_influence_stays_unknown_even_when_complete() -> None:
    facts = {"complete": True, "domain": "employment", "function": "summarisation"}
    assert profile_of(replace(CV, facts=facts)).influence is None


def test_an_influence_that_is_no_word_of_the_questionnaire_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="unknown decision influence `some`"):
        profile_of(replace(FAQ, facts={"decision_influence": "some"}))


def test_the_data_of_tools_counts_even_where_the_agent_does_not_list_it() -> None:
    quiet = replace(SUPPORT, data=DataUse(Sensitivity.PUBLIC))
    profile = profile_of(quiet)
    assert profile.data == (DataKind.PERSONAL, DataKind.FINANCIAL)
    assert profile.sensitivity is Sensitivity.CONFIDENTIAL


@pytest.mark.parametrize(
    ("tool", "kinds"),
    [
        (Tool("t", Effect.READ, Sensitivity.PUBLIC, permissions=("data:pii:read",)), (DataKind.PERSONAL,)),
        (
            Tool("t", Effect.READ, Sensitivity.PUBLIC, permissions=("data:phi:write",)),
            (DataKind.PERSONAL, DataKind.HEALTH),
        ),
        (
            Tool("t", Effect.READ, Sensitivity.PUBLIC, permissions=("data:financial:read",)),
            (DataKind.FINANCIAL,),
        ),
        (Tool("t", Effect.READ, Sensitivity.PUBLIC, reveals=("iban",)), (DataKind.PERSONAL,)),
        (Tool("t", Effect.READ, Sensitivity.PUBLIC, permissions=("tool:email:execute",)), ()),
    ],
)
def test_permissions_and_what_a_tool_reveals_tell_its_data(tool: Tool, kinds: tuple[DataKind, ...]) -> None:
    assert profile_of(replace(FAQ, tools=(tool,))).tools[0].data == kinds


@pytest.mark.parametrize(
    ("permission", "field"),
    [
        ("tool:filesystem:execute", "powerful"),
        ("tool:web_search:execute", "untrusted"),
        ("agent:spawn", "delegates"),
    ],
)
def test_permissions_tell_what_a_tool_can_do(permission: str, field: str) -> None:
    tool = Tool("t", Effect.WRITE, Sensitivity.PUBLIC, permissions=(permission,))
    use = profile_of(replace(FAQ, tools=(tool,))).tools[0]
    assert {name: getattr(use, name) for name in ("powerful", "untrusted", "delegates")} == {
        name: name == field for name in ("powerful", "untrusted", "delegates")
    }


def test_the_order_of_a_manifest_changes_nothing() -> None:
    backwards = replace(
        SUPPORT,
        tools=SUPPORT.tools[::-1],
        data=replace(SUPPORT.data, categories=SUPPORT.data.categories[::-1]),
        facts=dict(reversed(list(SUPPORT.facts.items()))),
    )
    assert profile_of(backwards) == profile_of(SUPPORT)


def test_data_about_people_is_personal_whatever_its_category_is_called() -> None:
    odd = replace(FAQ, data=DataUse(Sensitivity.INTERNAL, ("zorgs",), ("customers",)))
    profile = profile_of(odd)
    assert profile.data == (DataKind.PERSONAL,)
    assert profile.unrecognised == ("zorgs",)


@pytest.mark.parametrize(
    ("category", "kinds"),
    [
        ("pii", (DataKind.PERSONAL,)),
        ("PHI", (DataKind.PERSONAL, DataKind.HEALTH)),
        ("user.health_and_medical", (DataKind.PERSONAL, DataKind.HEALTH)),
        ("payments", (DataKind.PERSONAL, DataKind.FINANCIAL)),
        ("invoices", (DataKind.FINANCIAL,)),
        ("biometrics", (DataKind.PERSONAL, DataKind.SPECIAL)),
        ("api-keys", (DataKind.SECRET,)),
        ("companies", ()),
        ("source_code", ()),
        ("", None),
        ("Ω", None),
        ("piiiii", None),
    ],
)
def test_a_category_is_read_word_by_word(category: str, kinds: tuple[DataKind, ...] | None) -> None:
    assert kinds_of(category) == kinds


def test_no_word_is_listed_under_two_meanings() -> None:
    listed = [word for _, words in _MEANS for word in words.split()]
    assert sorted(listed) == sorted(KINDS)
