"""`ephor packs`: what a pack holds is told, and what it does not hold is told as well."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import pytest

from ephor.adapters.packs import BundledPacks
from ephor.edges.cli.app import run as run_cli
from ephor.engine.regulation import Law

EMPTY = """\
pack:
  schema: pack/1
  id: bare
  version: 0.1.0
  title: Bare
  jurisdiction: XX
  source: https://law.example/bare
  text_version: 2026-01-01
  reviewed: {by: legal@example.org, on: 2026-01-02}
"""


@pytest.fixture
def run(capsysbinary):
    def call(*words):
        code = run_cli(words, SimpleNamespace(law=Law(BundledPacks()), person="eve"))
        said = capsysbinary.readouterr()
        return code, said.out.decode(), said.err.decode()

    return call


def test_a_pack_tells_what_is_owed_when_and_what_shows_it(run):
    code, out, _ = run("packs", "show", "hipaa")
    assert code == 0
    assert "holds 0 elements, 24 obligations, 0 dates, 4 logging" in out
    assert "it applies to a covered entity or business associate" in out
    assert "hipaa/audit-controls" in out
    assert "recall" in out
    assert "45 CFR 164.312(b)" in out


def test_a_pack_of_events_alone_says_that_it_holds_no_more(run, tmp_path):
    folder = tmp_path / "bare"
    folder.mkdir()
    (folder / "pack.yaml").write_text(
        EMPTY
        + "logging: [{id: bare/read, kind: data.accessed/1, cite: s. 2, title: read, basis: text, verified: mem}]\n"
    )
    out = run("packs", "show", str(folder))[1]
    assert "holds 0 elements, 0 obligations, 0 dates, 1 logging" in out
    assert "only what must be logged" in out
    assert "only what must be logged" not in run("packs", "show", "eu-ai-act")[1]
    assert run("packs", "test", str(folder))[0] == 0
    assert "nothing in this pack answers to cases" in run("packs", "test", str(folder))[1]


def test_a_pack_is_shown_as_one_document(run):
    told = json.loads(run("packs", "show", "pci-dss", "--json")[1])
    assert told["identity"]["id"] == "pci-dss"
    assert told["digest"].startswith("sha256:")
    assert told["holds"] == {"elements": 0, "obligations": 25, "dates": 0, "logging": 4}
    assert [one["basis"] for one in told["logging"]] == ["text", "guide", "text", "guide"]
    display = next(one for one in told["obligations"] if one["id"] == "pci-dss/display")
    assert (display["cite"], display["verified"], display["in_force"]) == (
        "Req. 3.4.1",
        "official",
        "2025-03-31",
    )
    assert {"pci-dss/access-control": "soc2/cc6.1"}.items() <= {
        one["here"]: one["there"] for one in told["crosswalks"]
    }.items()


def test_a_pack_that_nobody_has_is_told_with_the_list(run):
    code, _, err = run("packs", "show", "hippa")
    assert code == 3
    assert (
        "use one of: ccpa, eu-ai-act, gdpr, hipaa, iso-42001, nist-ai-rmf, nyc-ll144, pci-dss, soc2, us-co-sb26-189"
        in err
    )


def test_nothing_to_test_is_no_failure_but_an_untested_provision_is(run, tmp_path):
    code, said, _ = run("packs", "test", "hipaa")
    assert code == 0
    assert re.fullmatch(r"([1-9]\d*) of \1 cases answer as written\n", said)
    folder = tmp_path / "bare"
    folder.mkdir()
    (folder / "pack.yaml").write_text(
        EMPTY
        + "vocabulary: {harms: {type: boolean, means: it harms}}\n"
        + "practices: [{id: harm, article: s. 1, title: does harm, when: {harms: true}, since: 2026-01-01, verified: mem}]\n"
    )
    assert run("packs", "test", str(folder))[0] == 1
    assert run("packs", "show", str(folder))[1].endswith("it does not say which events must be logged\n")
