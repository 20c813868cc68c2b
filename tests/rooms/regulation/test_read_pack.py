"""A pack is understood or refused: every guess, gap and repetition is an error that says where."""

from __future__ import annotations

import copy

import pytest

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.regulation.cases import read_cases, run_cases, untested
from ephor.rooms.regulation.read_pack import read_pack

EXAMPLE = {
    "pack": {
        "schema": "pack/1",
        "id": "example-act",
        "version": "1.2.0",
        "title": "Example Act on Automated Agents",
        "jurisdiction": "XX",
        "source": "https://law.example/act/2024/7",
        "text_version": "2025-11-19",
        "reviewed": {"by": "legal@example.org", "on": "2026-10-01"},
        "licence": "text-not-included",
    },
    "vocabulary": {
        "role": {"type": "text", "means": "the part played", "values": ["deployer", "importer"]},
        "talks": {"type": "boolean", "means": "it talks to people"},
        "harms": {"type": "boolean", "means": "it harms"},
    },
    "terms": {"talker": {"talks": True}},
    "practices": [
        {
            "id": "harm",
            "article": "s. 1",
            "title": "does harm",
            "when": {"harms": True},
            "since": "2025-01-01",
            "verified": "mem",
        }
    ],
    "obligations": [
        {
            "id": "example-act/tell",
            "cite": "s. 2",
            "title": "tell people",
            "roles": ["deployer"],
            "when": {"term": "talker"},
            "needs": ["documents.notice"],
            "in_force": "2026-08-02",
            "until": "2030-01-01",
            "verified": "mem",
        }
    ],
}


def _changed(*path_and_value):
    *path, last, value = path_and_value
    raw = copy.deepcopy(EXAMPLE)
    where = raw
    for step in path:
        where = where[step]
    if value is ...:
        del where[last]
    else:
        where[last] = value
    return raw


def test_a_pack_is_read_as_written():
    pack = read_pack(EXAMPLE)
    assert (pack.identity.id, pack.identity.version) == ("example-act", "1.2.0")
    assert pack.elements[0].since.isoformat() == "2025-01-01"
    assert pack.obligations[0].until.isoformat() == "2030-01-01"


def test_the_digest_is_of_the_content_and_not_of_its_order():
    digest = read_pack(EXAMPLE).digest
    assert digest.startswith("sha256:")
    assert read_pack(dict(reversed(EXAMPLE.items()))).digest == digest
    assert read_pack(_changed("practices", 0, "title", "does more harm")).digest != digest
    assert read_pack(_changed("practices", 0, "since", "2025-01-02")).digest != digest


REFUSED = [
    (("surprise", {}), "unknown field `surprise`"),
    (("pack", ...), "pack is `None`"),
    (("pack", "schema", "pack/2"), "write `pack/1`"),
    (("pack", "id", "Example Act"), "is not an id"),
    (("pack", "version", "1.2"), "not semantic"),
    (("pack", "text_version", "soon"), "is not a day"),
    (("pack", "title", 7), "write text"),
    (("pack", "reviewed", ...), "pack.reviewed is `None`"),
    (("pack", "colour", "red"), "unknown field `colour` at pack"),
    (("vocabulary", "all", {"type": "boolean", "means": "x"}), "cannot name a fact"),
    (("vocabulary", "class_category", {"type": "boolean", "means": "x"}), "cannot name a fact"),
    (("vocabulary", "Big", {"type": "boolean", "means": "x"}), "cannot name a fact"),
    (("vocabulary", "talks", "type", "number"), "unknown type `number`"),
    (("vocabulary", "talks", "claim", "yes"), "true or false"),
    (("vocabulary", "role", "values", "deployer"), "a list of texts"),
    (("terms", "talker", {"sings": True}), "not in the pack's vocabulary"),
    (("terms", []), "write a mapping"),
    (("vocabulary", {1: {"type": "boolean", "means": "x"}}), "write a mapping"),
    (("class_terms", {"talker": {"talks": True}}), "defined twice"),
    (("practices", {}), "write a list"),
    (("practices", 0, "since", ...), "`since` at practices"),
    (("practices", 0, "when", ...), r"condition at practices\[0\].when"),
    (("practices", 0, "verified", "yes"), "unknown verified `yes`"),
    (
        ("practices", 0, "unless", [{"article": "s. 1", "title": "x"}]),
        r"condition at practices\[0\].unless\[0\]",
    ),
    (("practices", 0, "unles", []), "unknown field `unles`"),
    (("practices", 0, "when", {"class_category": "high"}), "not in the pack's vocabulary"),
    (("obligations", 0, "id", "other/tell"), "must begin with `example-act/`"),
    (("obligations", 0, "until", "2026-08-02"), "before it begins"),
    (("obligations", 0, "in_force", "later"), "is not a day"),
    (("obligations", 0, "when", {"class_elements": ["nothing"]}), "does not list"),
    (("obligations", EXAMPLE["obligations"] * 2), "defined twice"),
    (("practices", EXAMPLE["practices"] * 2), "defined twice"),
    (("derogations", [EXAMPLE["practices"][0] | {"id": "spare"}]), "needs `limits`"),
    (("duties", EXAMPLE["practices"]), "`notice` at duties"),
    (
        ("doubts", [{"ask": "weather", "article": "s. 1", "when": {"talks": True}, "because": "x"}]),
        "not in the vocabulary",
    ),
    (("shortcuts", {"key": {"talks": "yes"}}), "true or false"),
    (("shortcuts", {"key": []}), "not a mapping"),
    (("least", ["weather"]), "not in the vocabulary"),
    (("dates", [{"on": "2026-02-30", "applies": "x", "cite": "y", "verified": "oj"}]), "is not a day"),
]


@pytest.mark.parametrize(("change", "says"), REFUSED)
def test_a_pack_that_needs_a_guess_is_refused(change, says):
    with pytest.raises(InvalidInputError, match=says):
        read_pack(_changed(*change))


@pytest.mark.parametrize("raw", [None, [], "pack", 7])
def test_what_is_no_mapping_is_no_pack(raw):
    with pytest.raises(InvalidInputError, match="write a mapping"):
        read_pack(raw)


def _case(**changes):
    return {"name": "a talker", "on": "2026-11-24", "complete": True, "facts": {"talks": True}, "expect": {"category": "minimal"}} | changes  # fmt: skip


def test_a_wrong_expectation_fails_and_says_how():
    pack = read_pack(EXAMPLE)
    expect = {
        "category": "high",
        "articles": ["s. 9"],
        "applies_from": "2020-01-01",
        "holds": ["harm"],
        "spared": ["nobody"],
        "owed": ["example-act/sing"],
        "not_owed": ["example-act/tell"],
    }
    (good, bad) = run_cases(
        pack, read_cases({"cases": [_case(), _case(name="wrong", expect=expect)]}, "x.yaml")
    )
    assert good.passed
    assert bad.differences == (
        "category: expected high, got minimal",
        "articles: expected ['s. 9'], got []",
        "applies_from: expected 2020-01-01, got None",
        "holds: not harm",
        "spared: not nobody",
        "owed: not example-act/sing",
        "not_owed: example-act/tell is owed",
    )


def test_a_pack_without_enough_cases_hears_what_is_missing():
    pack = read_pack(EXAMPLE)
    cases = read_cases({"cases": [_case()]}, "x.yaml")
    assert untested(pack, cases) == ("no case triggers harm", "no case spares example-act/tell")
    more = read_cases({"cases": [_case(), _case(name="harm", facts={"harms": True})]}, "x.yaml")
    assert untested(pack, more) == ()


def test_an_obligation_ends_on_its_last_day():
    pack = read_pack(EXAMPLE)
    cases = read_cases({"cases": [_case(on="2029-12-31"), _case(on="2030-01-01")]}, "x.yaml")
    before, after = (run_cases(pack, [case])[0] for case in cases)
    assert before.passed
    assert after.passed
    owed = read_cases(
        {"cases": [_case(on="2030-01-01", expect={"category": "minimal", "owed": ["example-act/tell"]})]}, "x"
    )
    assert run_cases(pack, owed)[0].differences == ("owed: not example-act/tell",)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ([], "write a mapping"),
        ({"case": []}, "unknown field `case`"),
        ({"cases": [_case(on="today")]}, "is not a day"),
        ({"cases": [_case(expect={})]}, "`category`"),
        ({"cases": [_case(expect={"category": "high", "holds": "harm"})]}, "a list of texts"),
        ({"cases": [_case(expect={"category": "high", "hold": []})]}, "unknown field `hold`"),
        ({"cases": [_case(complete="yes")]}, "true or false"),
        ({"cases": [_case(facts=[])]}, "write a mapping"),
    ],
)
def test_a_case_that_cannot_be_read_is_refused(raw, says):
    with pytest.raises(InvalidInputError, match=says):
        read_cases(raw, "x.yaml")


LOGGED = {
    "id": "example-act/log-harm",
    "kind": "x-harm.done/1",
    "also": [{"kind": "decision.made/1", "decision": "deny", "because": "it was about to"}],
    "cite": "s. 3",
    "title": "harm was done",
    "basis": "text",
    "verified": "mem",
}


def logging(*demands):
    return {**EXAMPLE, "logging": [{**LOGGED, **one} for one in demands]}


def test_the_events_a_pack_demands_are_read_as_written():
    (demand,) = read_pack(logging({"since": "2027-12-02"})).logging
    assert (demand.id, demand.kind, demand.basis, demand.since.isoformat()) == (
        "example-act/log-harm",
        "x-harm.done/1",
        "text",
        "2027-12-02",
    )
    (likeness,) = demand.also
    assert (likeness.kind, likeness.decision, likeness.because) == (
        "decision.made/1",
        "deny",
        "it was about to",
    )
    assert read_pack(EXAMPLE).logging == ()


def test_a_pack_may_hold_its_events_and_nothing_else():
    pack = read_pack({"pack": EXAMPLE["pack"], "logging": [LOGGED]})
    assert (pack.elements, pack.obligations, len(pack.logging)) == ((), (), 1)


@pytest.mark.parametrize(
    ("demands", "said"),
    [
        ([{}, {"id": "example-act/other"}], "demands `x-harm.done/1` twice"),
        ([{}, {"kind": "x-other/1"}], "demand `example-act/log-harm` is defined twice"),
        ([{"id": "log-harm"}], "demand `log-harm` must begin with `example-act/`"),
        ([{"kind": "harm"}], r"`harm` at logging\[0\] is no kind of event"),
        ([{"also": [{"kind": "harm", "because": "so"}]}], r"`harm` at logging\[0\].also\[0\] is no kind"),
        ([{"also": [{"kind": "x-harm/1"}]}], "`because` at .* is missing"),
        ([{"also": "x-harm/1"}], "write a list"),
        ([{"cite": ""}], "`cite` at .* write text"),
        ([{"basis": "law"}], "unknown basis `law`; use one of: text, guide, ephor"),
        ([{"verified": "yes"}], "unknown verified `yes`"),
        ([{"sinse": "2027-12-02"}], "unknown field `sinse`"),
    ],
)
def test_a_demand_that_is_not_understood_is_refused(demands, said):
    with pytest.raises(InvalidInputError, match=said):
        read_pack(logging(*demands))
