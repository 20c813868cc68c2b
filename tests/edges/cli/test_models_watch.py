"""`ephor models baseline`, `observe` and `bias`, as somebody types them on a plane in a file."""

import json
import random
import sys
from xml.etree import ElementTree

import pytest

from ephor import bootstrap
from ephor.edges.charts import Bar, bars

MODEL = """
name: ranker
version: "3"
provider: example
model_type: classifier
owner: ada
use_cases: [decision_support]
risk_tier: high
validation_thresholds: {accuracy: {at_least: 0.9}}
performance_baseline: {accuracy: 0.95}
drift_thresholds: {accuracy: 0.02}
"""


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EPHOR_DATABASE", "sqlite:///ephor.db")
    monkeypatch.setenv("EPHOR_PERSON", "ada")
    monkeypatch.delenv("EPHOR_KEYS", raising=False)
    dice = random.Random(5)
    for name, mean in (("accepted", 40), ("later", 40), ("young", 25)):
        rows = [f"{dice.gauss(mean, 9):.1f},{dice.choice(['web', 'shop'])},{at}" for at in range(2_000)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["age,channel,ticket", *rows]) + "\n")
    rows = [f"{'fm'[at % 2]},{'yes' if dice.random() < (0.3, 0.6)[at % 2] else 'no'}" for at in range(800)]
    (tmp_path / "outcomes.csv").write_text("\n".join(["sex,invited", *rows]) + "\n")
    (tmp_path / "model.yaml").write_text(MODEL)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["ephor", *words])
        with pytest.raises(SystemExit) as ended:
            bootstrap.main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    assert call("init")[0] == 0
    assert call("people", "add", "val", "--name", "Val", "--role", "model_validator")[0] == 0
    assert call("models", "register", "model.yaml")[0] == 0
    return call


def test_from_the_baseline_to_a_breach(run, tmp_path):
    code, out, _ = run("models", "baseline", "ranker@3", "accepted.csv", "--without", "ticket", "--json")
    assert (code, [one["name"] for one in json.loads(out)["columns"]]) == (0, ["age", "channel"])
    code, out, _ = run("models", "observe", "ranker@3", "later.csv", "--json")
    assert (code, json.loads(out)["drifted"]) == (0, False)
    code, out, _ = run("models", "observe", "ranker@3", "young.csv", "--dry-run", "--json")
    assert (code, json.loads(out)["drifted"]) == (1, True)
    code, out, _ = run("models", "observe", "ranker@3", "young.csv", "--chart", "drift.svg")
    assert (code, out.splitlines()[0]) == (1, "ranker@3: drifted")
    told = json.loads(run("models", "observations", "ranker@3", "--json")[1])
    assert [one["drifted"] for one in told] == [False, True]
    assert "drifted" in run("models", "observations", "ranker@3")[1]
    chart = ElementTree.parse(tmp_path / "drift.svg").getroot()
    assert "age (psi)" in "".join(chart.itertext())
    (tmp_path / "today.yaml").write_text("accuracy: 0.94\n")
    assert run("models", "observe", "ranker@3", "--metrics", "today.yaml")[0] == 0
    assert run("ledger", "verify")[0] == 0


def test_a_bias_test_says_who_is_worse_off_and_what_was_not_tested(run, tmp_path):
    words = (
        "models",
        "bias",
        "ranker@3",
        "outcomes.csv",
        "--group",
        "sex",
        "--prediction",
        "invited",
        "--favourable",
        "yes",
    )
    code, out, _ = run(*words, "--as", "val", "--chart", "rates.svg")
    assert (code, out.splitlines()[0]) == (1, "ranker@3: adverse; 800 rows, 0 left out")
    assert "not tested: error rates" in out
    assert (tmp_path / "rates.svg").exists()
    code, out, _ = run(*words, "--as", "val", "--json")
    assert (code, json.loads(out)["report"]["adverse"]) == (1, True)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("observe", "ranker@3", "later.csv"), 3, "has no baseline"),
        (("observe", "ranker@3"), 2, "nothing is observed"),
        (("observe", "none@1", "later.csv"), 3, "none@1"),
        (("baseline", "ranker@3", "accepted.csv", "--psi", "0"), 2, "limit `psi`"),
        (("baseline", "ranker@3", "none.csv"), 3, "there is no file"),
        (("bias", "ranker@3", "outcomes.csv", "--group", "age", "--prediction", "invited", "--favourable", "yes"), 2, "no column `age`"),
        (("bias", "ranker@3", "outcomes.csv", "--group", "sex", "--prediction", "invited", "--favourable", "maybe"), 2, "no prediction is"),
        (("bias", "ranker@3", "outcomes.csv", "--group", "sex", "--prediction", "invited", "--favourable", "yes", "--score", "sex"), 2, "is not a number in every row"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told(run, words, code, says):
    found, _, err = run("models", *words)
    assert found == code
    assert says in err


def test_a_chart_is_a_picture_whatever_it_is_told():
    drawn = bars(
        "<b> & co", [Bar("a" * 90, None, None), Bar("x<y", 0.0, False), Bar("z", 3.0, True)], limit=2
    )
    assert "not known" in "".join(ElementTree.fromstring(drawn).itertext())
    ElementTree.fromstring(bars("nothing", []))
