"""What a manifest must satisfy in itself, whoever built it."""

import dataclasses

import pytest

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.agents.check import Problem, check, problems, refuse
from ephor.rooms.agents.manifest import AskRule, DataStore, DataUse, Disclosure, Oversight
from sample_agents import LOOKUP, REFUND, SUPPORT, support


def tool(**other):
    return support(tools=(LOOKUP, dataclasses.replace(REFUND, **other)))


STORE = DataStore("shop", "sqlite", "shop.db")


def test_the_sample_is_sound():
    check(SUPPORT)


@pytest.mark.parametrize(
    ("manifest", "path"),
    [
        (support(id="Support"), "id"),
        (support(id=""), "id"),
        (support(id="a" * 65), "id"),
        (support(autonomy=0), "autonomy"),
        (support(autonomy=6), "autonomy"),
        (support(autonomy="3"), "autonomy"),
        (support(autonomy=True), "autonomy"),
        (support(owner=" "), "owner"),
        (support(purpose=""), "purpose"),
        (support(name="\n"), "name"),
        (tool(name="customer_lookup"), "tools[1].name"),
        (tool(name=""), "tools[1].name"),
        (tool(name="re fund"), "tools[1].name"),
        (tool(sensitivity=Sensitivity.RESTRICTED), "tools[1].sensitivity"),
        (tool(ask=(AskRule(),)), "tools[1].ask[0]"),
        (tool(ask=(AskRule(argument="a"),)), "tools[1].ask[0]"),
        (tool(ask=(AskRule(above=1),)), "tools[1].ask[0]"),
        (tool(ask=(AskRule(always=True, above=1),)), "tools[1].ask[0]"),
        (tool(description="pays\x1b[2K nothing"), "tools[1].description"),
        (support(data_stores=(STORE, STORE)), "data_stores[1].name"),
        (support(models=("a", "b", "a")), "models[2]"),
        (support(roles=("a", "a")), "roles[1]"),
        (support(jurisdictions=("DE", "DE")), "jurisdictions[1]"),
        (support(purpose="Reads \u202eetirw"), "purpose"),
        (support(oversight=Oversight(("ola",), "m", "stop\x07")), "oversight.stop"),
        (support(facts={"subjects": ("a", "b\x00")}), "facts.subjects[1]"),
        (support(oversight=Oversight(("ola",), " ", "stop")), "oversight.means"),
        (support(disclosure=Disclosure(True, "\n")), "disclosure.notice"),
        (tool(ask=(AskRule(argument=" ", above=1),)), "tools[1].ask[0].argument"),
    ],
)
def test_what_is_wrong_is_found_where_it_is(manifest, path):
    assert [problem.path for problem in problems(manifest)] == [path]
    with pytest.raises(InvalidInputError):
        check(manifest)


def test_every_tool_above_the_ceiling_is_named_and_those_at_it_are_not():
    low = support(data=DataUse(Sensitivity.INTERNAL))
    assert [one.path for one in problems(low)] == ["tools[0].sensitivity"]


def test_all_problems_come_in_one_error_with_their_data():
    with pytest.raises(InvalidInputError) as refused:
        check(support(id="No!", autonomy=9, purpose=""))
    assert str(refused.value).startswith("manifest of `No!` has 3 problems:\n")
    assert [one["path"] for one in refused.value.facts["problems"]] == ["id", "autonomy", "purpose"]


def test_problems_are_told_by_line_and_fall_back_to_what_is_around_them():
    lines = {"": 1, "b": 7, "b[0]": 8, "a": 9}
    with pytest.raises(InvalidInputError) as refused:
        refuse("`x`", [Problem("a", "late"), Problem("b[0].name", "early"), Problem("c.d", "first")], lines)
    assert [one["line"] for one in refused.value.facts["problems"]] == [1, 8, 9]
    assert "line 8: b[0].name: early" in str(refused.value)


def test_no_problem_is_no_error():
    refuse("`x`", [])
