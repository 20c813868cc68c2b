"""Digests: what changes them, what does not, and that a stored manifest comes back the same."""

import dataclasses

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import Effect, Sensitivity, UseCase
from ephor.rooms.agents.manifest import (
    AskRule,
    DataUse,
    Disclosure,
    Manifest,
    OperatorRole,
    Tool,
    manifest_digest,
    material_digest,
    plain,
)
from sample_agents import LOOKUP, REFUND, SUPPORT, support

OTHER = {
    "id": "other",
    "name": "Other",
    "owner": "ola",
    "purpose": "Something else.",
    "use_case": UseCase.CODE_GENERATION,
    "operator_role": OperatorRole.PROVIDER,
    "autonomy": 2,
    "data": DataUse(Sensitivity.RESTRICTED),
    "tools": (LOOKUP,),
    "models": (),
    "roles": ("analytics_agent",),
    "data_stores": (),
    "jurisdictions": ("DE",),
    "oversight": None,
    "disclosure": Disclosure(False),
    "facts": {"complete": False},
}


def test_the_table_names_every_field():
    assert set(OTHER) == {field.name for field in dataclasses.fields(Manifest)}


@pytest.mark.parametrize("field", OTHER)
def test_every_field_is_in_the_digest(field):
    assert manifest_digest(support(**{field: OTHER[field]})) != manifest_digest(SUPPORT)


@pytest.mark.parametrize("field", OTHER)
def test_everything_but_the_name_is_material(field):
    same = material_digest(support(**{field: OTHER[field]})) == material_digest(SUPPORT)
    assert same == (field == "name")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "lookup"),
        ("effect", Effect.WRITE),
        ("sensitivity", Sensitivity.PUBLIC),
        ("data", ()),
        ("permissions", ()),
        ("reveals", ("phone",)),
        ("ask", (AskRule(always=True),)),
        ("masks", ("arguments",)),
        ("arguments", {"id": "long"}),
    ],
)
def test_everything_of_a_tool_but_its_description_is_material(field, value):
    changed = support(tools=(dataclasses.replace(LOOKUP, **{field: value}), REFUND))
    assert material_digest(changed) != material_digest(SUPPORT)
    reworded = support(tools=(dataclasses.replace(LOOKUP, description="Other words."), REFUND))
    assert material_digest(reworded) == material_digest(SUPPORT)
    assert manifest_digest(reworded) != manifest_digest(SUPPORT)
    assert len(dataclasses.fields(Tool)) == 10  # nine above and the description


def test_order_is_not_in_the_digest():
    turned = support(
        tools=(REFUND, dataclasses.replace(LOOKUP, data=("orders", "contact"))),
        jurisdictions=("NO", "DE"),
        facts=dict(reversed(SUPPORT.facts.items())),
    )
    assert manifest_digest(turned) == manifest_digest(SUPPORT)


def test_a_truth_and_a_number_are_not_the_same_fact():
    assert manifest_digest(support(facts={"complete": 1})) != manifest_digest(
        support(facts={"complete": True})
    )


def test_nothing_said_is_not_the_same_as_said_to_be_false():
    assert manifest_digest(support(disclosure=None)) != manifest_digest(support(disclosure=Disclosure(False)))


def test_what_was_left_empty_is_left_out():
    bare = Manifest(
        "a", "A", "eve", "P.", UseCase.CUSTOMER_SERVICE, OperatorRole.DEPLOYER, 1, DataUse(Sensitivity.PUBLIC)
    )
    assert set(plain(bare)) == {
        "schema", "id", "name", "owner", "purpose", "use_case", "operator_role", "autonomy", "data",
    }  # fmt: skip


def test_the_digest_is_pinned():
    """It is written into ledgers: an upgrade of Ephor must not change it."""
    assert (
        manifest_digest(SUPPORT) == "sha256:6bb3d8bb67dc08a7d8c845b3638375f9bad575f8ea084ba015c80e2a80c8d69c"
    )
    assert (
        material_digest(SUPPORT) == "sha256:9098300b935db7085182997f4dcbf8538e3263b0651421d0dfef1882ec80a67d"
    )


def test_a_number_no_json_reader_keeps_has_no_digest():
    with pytest.raises(InvalidInputError, match="beyond"):
        manifest_digest(support(facts={"large": 2**53}))


def test_a_manifest_survives_storage():
    stored = msgspec.json.encode(SUPPORT)
    back = msgspec.json.decode(stored, type=Manifest)
    assert back == SUPPORT
    assert manifest_digest(back) == manifest_digest(SUPPORT)


words = st.lists(st.sampled_from(["a", "b", "c", "d"]), unique=True)


@given(words=words, turned=st.randoms(use_true_random=False))
def test_no_order_of_words_matters(words, turned):
    other = [*words]
    turned.shuffle(other)
    assert manifest_digest(support(models=tuple(words))) == manifest_digest(support(models=tuple(other)))
