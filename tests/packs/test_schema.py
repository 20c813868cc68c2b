"""The published schema admits every bundled pack and refuses what the reader refuses for its shape."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import ephor.packs
from ephor.adapters import packs, strict_yaml
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.regulation.read_pack import read_pack

SHELF = Path(ephor.packs.__file__).parent
SCHEMA = Draft202012Validator(json.loads((SHELF / "schema" / "pack.schema.json").read_bytes()))


def _merged(name):
    merged = {}
    for path in sorted((SHELF / name).glob("*.yaml")):
        merged |= strict_yaml.read(path.read_bytes())
    return merged


@pytest.mark.parametrize(
    "change",
    [
        lambda section: section["clocks"][0].update(form="none"),
        lambda section: section["clocks"][0].update(id="gdpr/elsewhere"),
        lambda section: section["clocks"][1].update(id=section["clocks"][0]["id"]),
        lambda section: section["clocks"][0].update(after=section["clocks"][1]["id"]),
        lambda section: section["clocks"][0].update(until="2020-01-01"),
        lambda section: section["clocks"][0].update(when={"colour": ["red"]}),
        lambda section: section["facts"].update({"any": {"type": "boolean", "means": "x"}}),
        lambda section: section["facts"]["death"].update(values=["yes"]),
    ],
)
def test_what_only_the_reader_sees_of_incidents_is_refused_too(change):
    raw = copy.deepcopy(_merged("eu-ai-act"))
    read_pack(raw)
    change(raw["incidents"])
    with pytest.raises(InvalidInputError):
        read_pack(raw)


def test_the_schema_is_itself_valid():
    Draft202012Validator.check_schema(SCHEMA.schema)


@pytest.mark.parametrize("name", packs.bundled())
def test_a_bundled_pack_fits_the_schema(name):
    assert list(SCHEMA.iter_errors(_merged(name))) == []


CHANGES = [
    lambda raw: raw.pop("pack"),
    lambda raw: raw.update(surprise=[]),
    lambda raw: raw["pack"].update(version="1"),
    lambda raw: raw["practices"][0].pop("since"),
    lambda raw: raw["practices"][0].update(verified="yes"),
    lambda raw: raw["practices"][0].update(when={"all": []}),
    lambda raw: raw["practices"][0].update(
        when={"all": [{"function": "rules"}], "any": [{"function": "rules"}]}
    ),
    lambda raw: raw["duties"][0].pop("notice"),
    lambda raw: raw["obligations"][0].update(in_force="later"),
    lambda raw: raw["vocabulary"].update({"any": {"type": "boolean", "means": "x"}}),
    lambda raw: raw["vocabulary"]["domain"].update(type="number"),
    lambda raw: raw.update(logging={}),
    lambda raw: raw.update(incidents=[]),
    lambda raw: raw["incidents"].update(colour="red"),
    lambda raw: raw["incidents"]["clocks"][0].pop("recipient"),
    lambda raw: raw["incidents"]["clocks"][0].pop("form"),
    lambda raw: raw["incidents"]["clocks"][0].update(due={"days": 0}),
    lambda raw: raw["incidents"]["clocks"][0].update(due={"days": 99999999}),
    lambda raw: raw["incidents"]["clocks"][0].update(due={"days": True}),
    lambda raw: raw["incidents"]["clocks"][0].update(due={"weeks": 2}),
    lambda raw: raw["incidents"]["clocks"][0].update(due={"days": 2, "hours": 3}),
    lambda raw: raw["incidents"]["clocks"][0].update(due={"at_once": False}),
    lambda raw: raw["incidents"]["clocks"][0].update(counts="working"),
    lambda raw: raw["incidents"]["clocks"][0].update(since="soon"),
    lambda raw: raw["incidents"]["classes"][0].pop("when"),
    lambda raw: raw["incidents"]["classes"][0].update(verified="yes"),
    lambda raw: raw["incidents"]["facts"]["death"].update(type="number"),
    lambda raw: raw["incidents"]["forms"]["report"][0].update({"from": "hearsay"}),
    lambda raw: raw["logging"][0].pop("basis"),
    lambda raw: raw["logging"][0].update(basis="everybody"),
    lambda raw: raw["logging"][0].update(kind="agent.started"),
    lambda raw: raw["logging"][0].update(colour="red"),
    lambda raw: raw["logging"][0].update(since="soon"),
    lambda raw: raw["logging"][0].update(also=[{"kind": "erasure/1"}]),
    lambda raw: raw["logging"][0].update(also=[{"kind": "erasure", "because": "it says the same"}]),
]


@pytest.mark.parametrize("change", CHANGES)
def test_schema_and_reader_refuse_the_same_shapes(change):
    raw = copy.deepcopy(_merged("eu-ai-act"))
    change(raw)
    assert list(SCHEMA.iter_errors(raw))
    with pytest.raises(InvalidInputError):
        read_pack(raw)
