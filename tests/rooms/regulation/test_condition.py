"""Conditions are judged in three values, and refused where someone would have to guess."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.regulation.condition import AllOf, AnyOf, Claimed, In, Known, Not, Only, judge
from ephor.rooms.regulation.facts import Facts, FactType, Kind, state
from ephor.rooms.regulation.read_condition import MAX_DEPTH, Reader, depth, weight

WORDS = {
    "field": FactType("field", Kind.TEXT, "", ("a", "b"), open=True),
    "closed": FactType("closed", Kind.TEXT, "", ("a", "b")),
    "flag": FactType("flag", Kind.BOOLEAN, ""),
    "many": FactType("many", Kind.LIST, "", ("a", "b", "c"), open=True),
    "claim": FactType("claim", Kind.BOOLEAN, "", claim=True),
}

TABLE = [
    # condition, stated, complete, truth
    (In("field", ("a",)), {"field": "a"}, False, True),
    (In("field", ("a",)), {"field": "b"}, False, False),
    (In("field", ("a",)), {"field": "zebra"}, False, None),
    (In("field", ("a",)), {"field": "zebra"}, True, None),
    (In("field", ("a",)), {}, False, None),
    (In("field", ("a",)), {}, True, False),
    (In("flag", (False,)), {"flag": False}, False, True),
    (In("flag", (False,)), {}, True, False),
    (In("many", ("a", "b")), {"many": ["c", "b"]}, False, True),
    (In("many", ("a",)), {"many": ["c"]}, False, False),
    (In("many", ("a",)), {"many": ["c", "zebra"]}, False, None),
    (In("many", ("a",)), {"many": ["a", "zebra"]}, False, True),
    (In("many", ("a",)), {"many": []}, False, False),
    (Only("many", ("a", "b")), {"many": ["a", "b"]}, False, True),
    (Only("many", ("a",)), {"many": ["a", "c"]}, False, False),
    (Only("many", ("a",)), {"many": ["a", "zebra"]}, False, None),
    (Only("many", ("a",)), {"many": ["c", "zebra"]}, False, False),
    (Only("many", ("a",)), {"many": []}, False, False),
    (Only("many", ("a",)), {}, False, None),
    (Only("many", ("a",)), {}, True, False),
    (Known("field"), {"field": "zebra"}, False, True),
    (Known("field"), {}, False, None),
    (Known("field"), {}, True, False),
    (In("claim", (True,)), {}, False, False),
    (In("claim", (True,)), {"claim": True}, False, True),
    (Not(In("claim", (True,))), {}, False, True),
    (Not(In("field", ("a",))), {}, False, None),
    (Claimed(In("field", ("a",))), {}, False, False),
    (Claimed(In("field", ("a",))), {"field": "a"}, False, True),
]


@pytest.mark.parametrize(("condition", "stated", "complete", "truth"), TABLE)
def test_a_condition_has_its_truth(condition, stated, complete, truth):
    assert judge(condition, state(WORDS, stated, complete=complete)).truth is truth


def test_a_finding_names_what_settled_it_or_what_would():
    both = AllOf((In("flag", (True,)), In("field", ("a",)), In("closed", ("a",))))
    assert judge(both, state(WORDS, {"field": "b"})).rests_on == ("field",)
    assert judge(both, state(WORDS, {"field": "a"})).unknown == ("flag", "closed")
    either = AnyOf((In("flag", (True,)), In("field", ("a",))))
    assert judge(either, state(WORDS, {"field": "a"})).rests_on == ("field",)
    assert judge(either, state(WORDS, {"field": "b", "flag": False})).rests_on == ("flag", "field")


leaves = st.sampled_from(
    [
        In("field", ("a",)),
        In("closed", ("b",)),
        In("flag", (True,)),
        In("many", ("a",)),
        Only("many", ("a", "b")),
        Known("flag"),
    ]
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AllOf(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=6,
)
CHOICES = {
    "field": ["a", "b"],
    "closed": ["a", "b"],
    "flag": [True, False],
    "many": [[], ["a"], ["a", "c"], ["b", "c"]],
}
worlds = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in CHOICES.items()})


@given(conditions, worlds, st.sets(st.sampled_from(sorted(CHOICES))))
def test_withholding_a_fact_never_turns_the_answer_round(condition, world, withheld):
    whole = judge(condition, state(WORDS, world)).truth
    part = judge(
        condition, state(WORDS, {name: value for name, value in world.items() if name not in withheld})
    )
    assert part.truth in (whole, None)
    if part.truth is None:
        assert set(part.unknown) <= withheld
        assert part.unknown


@given(conditions, worlds)
def test_a_settled_answer_rests_on_facts_that_settle_it_alone(condition, world):
    found = judge(condition, state(WORDS, world))
    alone = {name: value for name, value in world.items() if name in found.rests_on}
    assert judge(condition, state(WORDS, alone)).truth is found.truth


def _oracle(condition, world):
    match condition:
        case AllOf(parts):
            return all(_oracle(part, world) for part in parts)
        case AnyOf(parts):
            return any(_oracle(part, world) for part in parts)
        case Not(part):
            return not _oracle(part, world)
        case Known():
            return True
        case Only(fact, values):
            return bool(world[fact]) and set(world[fact]) <= set(values)
        case In(fact, values):
            held = world[fact] if isinstance(world[fact], list) else [world[fact]]
            return bool(set(held) & set(values))
    raise AssertionError


@given(conditions)
def test_with_every_fact_stated_the_logic_is_the_ordinary_one(condition):
    for combination in product(*CHOICES.values()):
        world = dict(zip(CHOICES, combination, strict=True))
        assert judge(condition, state(WORDS, world)).truth is _oracle(condition, world)


REFUSED = [
    ({"all": []}, "needs a list"),
    ({"any": {}}, "needs a list"),
    ({}, "write one of"),
    ([], "write one of"),
    ("field", "write one of"),
    (None, "write one of"),
    ({"field": "a", "flag": True}, "write one of"),
    ({"nothing": "a"}, "not in the pack's vocabulary"),
    ({"field": []}, "compared with nothing"),
    ({"field": "zebra"}, "does not list"),
    ({"field": True}, "does not list"),
    ({"flag": "true"}, "does not list"),
    ({"flag": 1}, "does not list"),
    ({"many": [["a"]]}, "does not list"),
    ({"known": "nothing"}, "not in the pack's vocabulary"),
    ({"known": ["field"]}, "not in the pack's vocabulary"),
    ({"only": {"field": ["a"]}}, "not a list"),
    ({"only": ["many"]}, "needs one fact"),
    ({"term": "later"}, "not defined above"),
    ({"term": ["t"]}, "not defined above"),
    ({1: "a"}, "not in the pack's vocabulary"),
    ({"not": {"not": {}}}, "at here.not.not"),
]


@pytest.mark.parametrize(("raw", "says"), REFUSED)
def test_what_nobody_should_guess_is_refused(raw, says):
    with pytest.raises(InvalidInputError, match=says):
        Reader(WORDS).read(raw, "here")


def test_what_is_written_is_what_is_read():
    raw = {
        "all": [
            {"field": ["a", "b"]},
            {"not": {"any": [{"flag": True}, {"only": {"many": ["a"]}}]}},
            {"known": "closed"},
        ]
    }
    read = Reader(WORDS, {"t": In("flag", (True,))})
    assert read.read(raw, "here") == AllOf(
        (In("field", ("a", "b")), Not(AnyOf((In("flag", (True,)), Only("many", ("a",))))), Known("closed"))
    )
    assert read.read({"claimed": {"term": "t"}}, "here") == Claimed(In("flag", (True,)))


def test_terms_that_double_each_other_do_not_explode():
    terms = {"t0": In("flag", (True,))}
    with pytest.raises(InvalidInputError, match=r"comparisons|deeper"):
        for step in range(40):
            terms[f"t{step + 1}"] = Reader(WORDS, terms).read(
                {"all": [{"term": f"t{step}"}, {"term": f"t{step}"}]}, "here"
            )


def test_terms_do_not_nest_beyond_the_announced_depth():
    terms = {"t0": In("flag", (True,))}
    with pytest.raises(InvalidInputError, match="deeper than"):
        for step in range(1000):
            terms[f"t{step + 1}"] = Reader(WORDS, terms).read({"not": {"term": f"t{step}"}}, "here")
    assert max(depth(term) for term in terms.values()) == MAX_DEPTH


def test_one_deep_condition_is_refused_before_it_is_read():
    raw: object = {"flag": True}
    for _ in range(5000):
        raw = {"not": raw}
    with pytest.raises(InvalidInputError, match="deeper"):
        Reader(WORDS).read(raw, "here")


def test_weight_counts_comparisons():
    assert weight(AllOf((In("field", ("a", "b")), Not(Known("flag"))))) == 3


STATED_WRONG = [
    ({"nothing": 1}, "unknown fact `nothing`"),
    ({"flag": "yes"}, "true or false"),
    ({"flag": 1}, "true or false"),
    ({"field": ["a"]}, "one word"),
    ({"field": ""}, "one word"),
    ({"field": 7}, "one word"),
    ({"many": "a"}, "a list of words"),
    ({"many": ["a", 7]}, "a list of words"),
    ({"closed": "zebra"}, "use one of: a, b"),
]


@pytest.mark.parametrize(("raw", "says"), STATED_WRONG)
def test_a_fact_of_the_wrong_name_or_type_is_refused(raw, says):
    with pytest.raises(InvalidInputError, match=says):
        state(WORDS, raw)


def test_a_fact_given_as_null_counts_as_left_out():
    assert state(WORDS, {"field": None}).stated == {}
    assert Facts(WORDS, {}).unknown("field")
