"""Manifest files as people and machines get them wrong: every fault named with its line, nothing half-read."""

import importlib.resources
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ephor.adapters import strict_yaml
from ephor.adapters.manifests import MOST_PROBLEMS, read_manifest, schema
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.agents.manifest import manifest_digest
from sample_agents import SUPPORT, TEXT


def refused(data):
    with pytest.raises(InvalidInputError) as error:
        read_manifest(data if isinstance(data, bytes) else data.encode(), "ephor.yaml")
    return error.value


def found(data):
    """Return line, path and message of the one fault in *data*."""
    (problem,) = refused(data).facts["problems"]
    return problem["line"], problem["path"], problem["message"]


def line_of(text, piece):
    return text[: text.index(piece)].count("\n") + 1


def test_the_file_and_the_record_say_the_same():
    assert read_manifest(TEXT.encode(), "ephor.yaml") == SUPPORT


def test_json_is_read_too():
    document = strict_yaml.read(TEXT.encode())
    assert read_manifest(json.dumps(document).encode(), "-") == SUPPORT


def test_comments_and_the_order_of_keys_are_not_in_the_digest():
    document = strict_yaml.read(TEXT.encode())
    turned = {key: document[key] for key in sorted(document, reverse=True)}
    turned["tools"] = [dict(reversed(tool.items())) for tool in reversed(turned["tools"])]
    text = "# another comment\n" + json.dumps(turned, indent=3)
    assert manifest_digest(read_manifest(text.encode(), "x")) == manifest_digest(SUPPORT)


@pytest.mark.parametrize("written", ["NO", '"NO"', "'NO'"])
def test_norway_stays_norway(written):
    data = TEXT.replace("[DE, NO]", f"[{written}]").encode()
    assert read_manifest(data, "x").jurisdictions == ("NO",)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe\x00binary",
        b"\x00\x01\x02",
        b"a: [1, 2",
        b"a: b: c",
        b"%!PS",
        b"a: &x 1\nb: *x",
        b"id: x\nid: y",
        b"a: 1\n---\nb: 2",
        b"purpose: " + b"x" * 10_000_000,
        b"[" * 5000,
        b'"' + b"x" * 1_000_000,
    ],
)
def test_what_is_no_yaml_of_ours_is_refused_by_name(data):
    error = refused(data)
    assert str(error).startswith("`ephor.yaml`: ")
    assert len(str(error)) < 500


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("", "is empty"),
        ("# nothing but a comment\n", "is empty"),
        ("- a\n- b\n", "holds a list at its top"),
        ("just text", "holds text at its top"),
        ("7", "holds a whole number at its top"),
        ("true", "holds true or false at its top"),
    ],
)
def test_what_is_no_mapping_is_refused_with_what_to_write(data, says):
    assert says in str(refused(data))
    assert "schema: ephor/1" in str(refused(data))


CHANGES = [
    ("autonomy: 3", "autonomy: 0", "autonomy", "`0` is less than 1; write a whole number from 1 to 5"),
    ("autonomy: 3", "autonomy: 6", "autonomy", "`6` is more than 5; write a whole number from 1 to 5"),
    (
        "autonomy: 3",
        'autonomy: "3"',
        "autonomy",
        "`3` is text; write a whole number from 1 to 5, without quotes",
    ),
    ("autonomy: 3", "autonomy: 2.5", "autonomy", "`2.5` is text; write a whole number"),
    ("autonomy: 3", "autonomy: true", "autonomy", "`true` is true or false; write a whole number"),
    ("autonomy: 3", "autonomy:", "autonomy", "nothing is written here; write a whole number"),
    ("schema: ephor/1", "schema: ephor/2", "schema", "`ephor/2` does not fit here; write ephor/1"),
    ("id: support-assistant", "id: Support Assistant", "id", "write lower-case letters"),
    ("id: support-assistant", 'id: "support\\n"', "id", "write lower-case letters"),
    (
        "name: Support Assistant",
        "nmae: Support Assistant\nname: x",
        "nmae",
        "unknown key `nmae`; did you mean `name`?",
    ),
    ("name: Support Assistant", "zzz: 1\nname: x", "zzz", "unknown key `zzz`; use one of: schema, id, name"),
    (
        "use_case: customer_service",
        "use_case: customer_servce",
        "use_case",
        "write `customer_service`, or another of",
    ),
    (
        "use_case: customer_service",
        "use_case: trading",
        "use_case",
        "one of: customer_service, content_generation",
    ),
    ("operator_role: deployer", "operator_role: user", "operator_role", "one of: provider, deployer"),
    (
        "    sensitivity: internal",
        "    sensitivity: secret",
        "tools[1].sensitivity",
        "one of: public, internal",
    ),
    (
        "    sensitivity: internal",
        "    sensitivity: Internal",
        "tools[1].sensitivity",
        "write `internal`, or another",
    ),
    (
        "    sensitivity: internal",
        "    sensitivity: restricted",
        "tools[1].sensitivity",
        "is above `confidential`",
    ),
    ("  - name: refund\n    effect", "  - effect", "tools[1]", "`name` is missing; write the tool's name"),
    ("  - name: refund", "  - name: customer_lookup", "tools[1].name", "stands at tools[0].name already"),
    ("  - name: refund", "  - name: re fund", "tools[1].name", "`re fund` does not fit here"),
    (
        "effect: external",
        "effect: destroys",
        "tools[1].effect",
        "one of: read, write, external, irreversible",
    ),
    ("above: 5000", "above: lots", "tools[1].ask[0].above", "`lots` is text; write a whole number"),
    (
        "{argument: amount_cents, above: 5000}",
        "{argument: a}",
        "tools[1].ask[0]",
        "{argument: NAME, above: NUMBER}",
    ),
    (
        "{argument: amount_cents, above: 5000}",
        "always",
        "tools[1].ask[0]",
        "`always` is text; write {always: true}",
    ),
    ("[DE, NO]", "[DE, no]", "jurisdictions[1]", "an ISO 3166 code in capitals"),
    ("[DE, NO]", "[DE, false]", "jurisdictions[1]", "`false` is true or false"),
    ("[DE, NO]", "DE", "jurisdictions", "`DE` is text; write a list of ISO 3166 codes"),
    ("  complete: true", "  complete: yes", "facts.complete", "`yes` is text; write true or false"),
    ("  complete: true", "  profilling: true", "facts.profilling", "did you mean `profiling`?"),
    ("purpose: Answers", "purpose: 7 #", "purpose", "`7` is a whole number; write a sentence or two"),
    ("purpose: Answers", 'purpose: "\\e[2K" #', "purpose", "holds the control character U+001B"),
    (
        "{people: [ola]",
        "{people: []",
        "oversight.people",
        "nothing is written here; write a list of people's ids",
    ),
]


@pytest.mark.parametrize(("old", "new", "path", "message"), CHANGES)
def test_one_fault_is_told_with_its_line_and_what_to_write(old, new, path, message):
    assert TEXT.count(old) == 1
    line, where, said = found(TEXT.replace(old, new))
    assert (where, message in said) == (path, True), said
    assert line == line_of(TEXT, old)


@pytest.mark.parametrize(
    "key",
    ["schema", "id", "name", "owner", "purpose", "use_case", "operator_role", "autonomy", "tools", "data"],
)
def test_every_required_key_is_missed(key):
    document = strict_yaml.read(TEXT.encode())
    del document[key]
    line, path, message = found(json.dumps(document))
    assert (line, path) == (1, "")
    assert message.startswith(f"`{key}` is missing; write ")


def test_every_optional_key_may_be_left_out():
    document = strict_yaml.read(TEXT.encode())
    for key in ("models", "roles", "data_stores", "jurisdictions", "oversight", "disclosure", "facts"):
        del document[key]
    read = read_manifest(json.dumps(document).encode(), "x")
    assert (read.models, read.oversight, read.disclosure, read.facts) == ((), None, None, {})


def test_all_faults_come_at_once_in_the_order_of_the_file():
    text = TEXT.replace("autonomy: 3", 'autonomy: "3"').replace("effect: read", "effect: look")
    text = text.replace("owner: eve", "onwer: eve")
    error = refused(text)
    assert [one["path"] for one in error.facts["problems"]] == ["", "onwer", "autonomy", "tools[0].effect"]
    assert "`ephor.yaml` has 4 problems:\n  line 2: `owner` is missing" in str(error)


def test_thousands_of_faults_make_one_short_answer():
    text = TEXT + "".join(f"key{n}: 1\n" for n in range(20_000))
    assert len(refused(text).facts["problems"]) == MOST_PROBLEMS


def test_a_long_value_is_shortened_in_the_message():
    assert len(str(refused(TEXT.replace("name: Support Assistant", "name: " + "x" * 900_000)))) < 300


def test_the_published_schema_is_one_and_explains_itself():
    Draft202012Validator.check_schema(schema())
    Draft202012Validator(schema()).validate(strict_yaml.read(TEXT.encode()))
    pending = [schema()]
    while pending:
        part = pending.pop()
        assert part["x-write"]
        assert not ({"type", "enum", "const"}).isdisjoint(part)
        if part.get("type") == "object":
            assert (rest := part["additionalProperties"]) is False or rest["x-write"]
        pending += part.get("properties", {}).values()
        pending += [part["items"]] if "items" in part else []


def test_every_fact_the_ai_act_pack_asks_for_can_be_stated():
    file = importlib.resources.files("ephor.packs").joinpath("eu-ai-act", "vocabulary.yaml")
    vocabulary = strict_yaml.read(file.read_bytes())["vocabulary"]
    facts = schema()["properties"]["facts"]["properties"]
    kinds = {"text": "string", "list": "array", "boolean": "boolean"}
    assert {key: kinds[word["type"]] for key, word in vocabulary.items()}.items() <= {
        key: fact["type"] for key, fact in facts.items()
    }.items()


def test_the_shipped_manifests_are_sound():
    folder = importlib.resources.files("ephor.examples")
    names = [one.name for one in folder.iterdir() if one.joinpath("ephor.yaml").is_file()]
    assert len(names) >= 3
    for name in names:
        assert read_manifest(folder.joinpath(name, "ephor.yaml").read_bytes(), name).id == name


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_be_refused(data):
    with pytest.raises(InvalidInputError):
        read_manifest(data, "x")


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("abc\n\x1b\u202e", max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=2),
    max_leaves=4,
)


@given(key=st.sampled_from(list(schema()["properties"])), value=values)
def test_any_value_anywhere_is_read_or_refused_and_never_fails_otherwise(key, value):
    document = strict_yaml.read(TEXT.encode())
    document[key] = value
    data = json.dumps(document).encode()
    try:
        read = read_manifest(data, "x")
    except InvalidInputError as error:
        message = str(error)
    else:
        message = f"`x` is {manifest_digest(read)}"
    assert message.startswith("`x`")
