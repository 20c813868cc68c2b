"""`ephor models describe` and `card`, as somebody types them; other people's reader judges the Hugging Face card."""

import json
import random
import shutil
import sys

import pytest

from ephor import bootstrap
from model_peers import run as peers

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
CARD = """
release_date: "2026-10-01"
primary_users: [recruiters, "customers --- <script>alert(1)</script>"]
training_data_description: |
  Applications of ten years.

  ---
  license: stolen
known_limitations: [few applicants over sixty]
evaluation_metrics: {bleu: 0.31}
license: Apache-2.0
languages: ["no", en]
"""
ID = "ranker@3"


@pytest.fixture
def described(tmp_path, monkeypatch, capsys, tmp_path_factory):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EPHOR_DATABASE", "sqlite:///ephor.db")
    monkeypatch.setenv("EPHOR_PERSON", "ada")
    monkeypatch.delenv("EPHOR_KEYS", raising=False)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["ephor", *words])
        with pytest.raises(SystemExit) as ended:
            bootstrap.main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    made = tmp_path_factory.getbasetemp() / "described-model"
    if made.exists():
        shutil.copytree(made, tmp_path, dirs_exist_ok=True)
        return run
    assert run("init")[0] == 0
    assert run("people", "add", "val", "--name", "Val", "--role", "model_validator")[0] == 0
    (tmp_path / "model.yaml").write_text(MODEL)
    assert run("models", "register", "model.yaml")[0] == 0
    dice = random.Random(5)
    rows = [f"{'fm'[at % 2]},{'yes' if dice.random() < (0.3, 0.6)[at % 2] else 'no'}" for at in range(800)]
    (tmp_path / "outcomes.csv").write_text("\n".join(["sex,invited", *rows]) + "\n")
    (tmp_path / "card.yaml").write_text(CARD)
    results = "validation_date: today\ndataset: held-out 3\nvalidation_results: {accuracy: 0.95}\n"
    (tmp_path / "results.yaml").write_text(results)
    assert run("models", "validate", ID, "--results", "results.yaml", "--as", "val")[0] == 0
    code, out, err = run("models", "describe", ID, "card.yaml", "--set", "failure_modes=ties", "--json")
    assert (code, json.loads(out or err)["lists"]["failure_modes"]) == (0, ["ties"])
    shutil.copytree(tmp_path, made)
    return run


def test_a_card_says_for_each_field_which_entry_of_the_ledger_shows_it(described):
    bias = ("--group", "sex", "--prediction", "invited", "--favourable", "yes", "--as", "val")
    assert described("models", "bias", ID, "outcomes.csv", *bias)[0] == 1
    code, out, _ = described("models", "card", ID, "--json")
    card = json.loads(out)
    assert (code, card["model_name"], card["developer"], card["release_date"]) == (
        0,
        "ranker",
        "example",
        "2026-10-01",
    )
    assert card["evaluation_metrics"] == {"accuracy": "0.95", "bleu": "0.31"}
    assert card["performance_by_group"]["sex: f"]["people"] == "400"
    assert "Adverse differences were found by sex" in card["bias_evaluation"]
    assert card["gaps"] == [
        "training_data_size",
        "preprocessing_steps",
        "potential_harms",
        "mitigations",
        "usage_recommendations",
    ]
    filled = {name for name, value in card.items() if value is not None and name in card["origins"]}
    assert filled >= {
        "model_type",
        "primary_uses",
        "evaluation_datasets",
        "monitoring_recommendations",
        "languages",
    }
    for name, origins in card["origins"].items():
        assert all(one["entry"] for one in origins), name
    for entry in {one["entry"] for origins in card["origins"].values() for one in origins}:
        assert f"model:{ID}" in described("ledger", "show", entry, "--json")[1]
    assert described("ledger", "verify")[0] == 0


def test_who_said_it_is_recorded_and_saying_it_again_is_refused(described):
    (statement,) = json.loads(described("models", "statements", ID, "--json")[1])
    assert (statement["by"], statement["texts"]["license"]) == ("ada", "Apache-2.0")
    assert "license" in described("models", "statements", ID)[1]
    found = json.loads(described("ledger", "list", "--kind", "model.described/1", "--json")[1])
    assert "stolen" not in json.dumps(found)
    assert described("models", "describe", ID, "card.yaml")[0] == 4
    assert described("models", "describe", ID, "--set", "license=mit", "--as", "val")[0] == 5
    assert described("models", "describe", "nobody@1", "--set", "license=mit")[0] == 3
    for wrong in ("harms=x", "license", "performance_by_group=x"):
        assert described("models", "describe", ID, "--set", wrong)[0] == 2
    assert described("models", "describe", ID, "card.yaml", "--set", "license=mit")[0] == 2
    assert described("models", "describe", ID)[0] == 2


def test_a_card_is_written_into_a_new_file_and_never_over_one(described, tmp_path):
    code, out, _ = described("models", "card", ID, "--output", "card.md")
    assert (code, out.startswith("card.md: ranker@3, ")) == (0, True)
    assert (tmp_path / "card.md").read_text() == described("models", "card", ID)[1]
    assert described("models", "card", ID, "-o", "card.md")[0] == 4
    assert described("models", "card", ID, "--format", "odt")[0] == 2
    assert described("models", "card", "nobody@1")[0] == 3


LOADS = """
import json, sys
from huggingface_hub import ModelCard, EvalResult
from huggingface_hub.repocard_data import ModelCardData, model_index_to_eval_results
card = ModelCard.load(sys.argv[1])
again = ModelCard(str(card))
assert again.data.to_dict() == card.data.to_dict()
made = ModelCardData(model_name=card.data.model_name, eval_results=card.data.eval_results, **{
    key: value for key, value in card.data.to_dict().items() if key != "model-index"})
assert made.to_dict() == card.data.to_dict()
assert all(isinstance(one, EvalResult) for one in card.data.eval_results)
print(json.dumps({"data": card.data.to_dict(), "name": card.data.model_name,
                  "results": [[one.dataset_name, one.metric_type, one.metric_value] for one in card.data.eval_results],
                  "text": card.text.count("# Model Card")}))
"""


def test_huggingface_hub_loads_the_card_and_its_figures(described, tmp_path):
    assert described("models", "card", ID, "--format", "huggingface", "--output", "README.md")[0] == 0
    told = json.loads(peers(LOADS, tmp_path / "README.md", cwd=tmp_path))
    assert (told["data"]["license"], told["data"]["language"], told["name"]) == (
        "apache-2.0",
        ["no", "en"],
        "ranker",
    )
    assert told["results"] == [["held-out 3", "accuracy", 0.95], ["not stated", "bleu", 0.31]]
    assert told["text"] == 1


def test_huggingface_hub_loads_whatever_people_wrote(described, tmp_path):
    dice = random.Random(7)
    pieces = [
        "---",
        "\n---\n",
        "- a: b",
        "'",
        '"',
        "\\",
        "#",
        ": ",
        "{",
        "}",
        "é😀",
        "\u2029",
        "<b>",
        "|",
        "&x",
        "*x",
        "!!str",
        "yes",
    ]
    for at in range(4):
        text = "x" + "".join(dice.choice(pieces) for _ in range(12)).replace("\u2029", "")
        fields = [
            f"--set={name}={text}"
            for name in ("primary_users", "base_models", "languages", "license", "bias_evaluation")
        ]
        assert described("models", "describe", ID, *fields)[0] == 0
        assert described("models", "card", ID, "--format", "huggingface", "--output", f"{at}.md")[0] == 0
    told = peers(
        "import sys, json; from huggingface_hub import ModelCard\n"
        "for at in range(4): print(json.dumps(ModelCard.load(f'{at}.md').data.to_dict()))",
        cwd=tmp_path,
    )  # fmt: skip
    for line in told.splitlines():
        data = json.loads(line)
        assert set(data) <= {
            "license",
            "license_name",
            "language",
            "base_model",
            "pipeline_tag",
            "model-index",
        }
        assert data["license"] == "other"


def test_a_card_as_a_page_and_as_pdf_shows_every_field_and_the_same_bytes_for_the_same_facts(
    described, tmp_path
):
    code, page, _ = described("models", "card", ID, "--format", "html")
    assert code == 0
    assert "<script>" not in page
    for told in ("recruiters", "customers --- &lt;script&gt;", "few applicants over sixty", "bleu", "0.31", "mitigations not stated", "Apache-2.0",
                 "accuracy: at least 0.9", "development to validation, by val"):  # fmt: skip
        assert told in page, told
    assert described("models", "card", ID, "--format", "html")[1] == page
    assert described("models", "card", ID, "--format", "pdf")[0] == 2
    pytest.importorskip("typst", reason="install ephor[pdf]")
    for name in ("one.pdf", "two.pdf"):
        code, _, err = described("models", "card", ID, "--format", "pdf", "--output", name)
        assert code == 0, err
    data = (tmp_path / "one.pdf").read_bytes()
    assert data == (tmp_path / "two.pdf").read_bytes()
    assert data.startswith(b"%PDF-")
    assert b"pdfuaid" in data
    assert described("models", "card", ID, "--format", "docx", "--output", "card.docx")[0] == 0
