"""`ephor models import`, as somebody types it; MLflow itself writes the stores where it is installed."""

import json
import sys

import pytest

from ephor import bootstrap
from model_peers import run as peers
from sample_mlflow import make_store

OURS = "owner: ada\nprovider: us\nmodel_type: classifier\nuse_cases: [decision_support]\nrisk_tier: high\nvalidation_thresholds: {accuracy: {at_least: 0.9}}\n"
WRITES = """
import shutil, mlflow
from mlflow.tracking import MlflowClient

def write(place):
    client = MlflowClient(place, place)
    experiment = client.create_experiment("churn")
    client.create_registered_model("Churn Model", tags={"domain": "retail"}, description="predicts churn")
    for number in (1, 2):
        run = client.create_run(experiment, tags={"team": "risk"}).info.run_id
        client.log_param(run, "max_depth", number * 3)
        client.log_metric(run, "accuracy", 0.5, step=0)
        client.log_metric(run, "accuracy", 0.9 + number / 100, step=1)
        client.log_metric(run, "val/auc", 0.75)
        client.set_terminated(run)
        client.create_model_version("Churn Model", f"runs:/{run}/model", run_id=run, tags={"validated": "yes"}, description=f"try {number}")
    client.set_registered_model_alias("Churn Model", "champion", "2")
    client.transition_model_version_stage("Churn Model", "1", "Production")
    client.create_model_version("Churn Model", "nowhere", tags={})
    client.delete_model_version("Churn Model", "3")
    return client

write("sqlite:///mlflow.db")
client = write("./mlruns")
shutil.copytree("mlruns", "later")
later = MlflowClient("./later", "./later")
later.set_registered_model_alias("Churn Model", "champion", "1")
shutil.copytree("later", "changed")
changed = MlflowClient("./changed", "./changed")
changed.log_metric(changed.get_model_version("Churn Model", "1").run_id, "accuracy", 0.99, step=2)
"""


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EPHOR_DATABASE", "sqlite:///ephor.db")
    monkeypatch.setenv("EPHOR_PERSON", "ada")
    monkeypatch.delenv("EPHOR_KEYS", raising=False)
    (tmp_path / "ours.yaml").write_text(OURS)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["ephor", *words])
        with pytest.raises(SystemExit) as ended:
            bootstrap.main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    assert call("init")[0] == 0
    return call


def what(told):
    return [(one["model"], one["what"]) for one in json.loads(told)]


def test_a_store_is_imported_once_and_shown_with_where_it_comes_from(run, tmp_path):
    make_store(tmp_path)
    code, out, _ = run("models", "import", "mlflow", "mlruns", "--with", "ours.yaml", "--dry-run")
    assert (code, out.splitlines()[-1]) == (0, "nothing was done; leave out --dry-run to do it")
    assert json.loads(run("models", "list", "--json")[1]) == []
    code, out, _ = run(
        "models", "import", "mlflow", "mlruns", "--with", "ours.yaml", "--only", "Churn Model/2", "--json"
    )
    assert (code, what(out)) == (0, [("churn-model@2", "registered")])
    code, out, _ = run("models", "import", "mlflow", "mlruns", "--json")
    assert (code, what(out)) == (0, [("churn-model@1", "registered"), ("churn-model@2", "unchanged")])
    assert "note: aliases" in run("models", "origin", "churn-model@2")[1]
    assert json.loads(run("models", "origin", "churn-model@2", "--json")[1])["notes"]["aliases"] == "champion"
    card = json.loads(run("models", "card", "churn-model@2", "--json")[1])
    assert (card["evaluation_metrics"], card["stated_metrics"]) == (
        {"accuracy": "0.92", "val/auc": "0.75"},
        ["accuracy", "val/auc"],
    )
    assert "still open" in run("models", "show", "churn-model@1")[1]
    (tmp_path / "mlruns/7/11111111111111111111111111111111/params/max_depth").write_text("4")
    code, out, err = run("models", "import", "mlflow", "mlruns", "--json")
    assert (code, out) == (4, "")
    assert "run.parameter.max_depth was `3` and is `4`" in json.loads(err)["message"]
    assert run("models", "import", "mlflow", "mlruns", "--only", "Churn")[0] == 3
    assert run("models", "import", "mlflow", "elsewhere")[0] == 3
    assert run("models", "origin", "nobody@1")[0] == 3
    assert run("ledger", "verify")[0] == 0


def test_our_own_hugging_face_card_comes_back_as_what_it_said(run, tmp_path):
    make_store(tmp_path)
    assert (
        run("models", "import", "mlflow", "mlruns", "--with", "ours.yaml", "--only", "Churn Model/1")[0] == 0
    )
    said = (
        "--set=known_limitations=few people over sixty",
        "--set=primary_users=staff",
        "--set=license=mit",
        "--set=languages=no",
    )
    assert run("models", "describe", "churn-model@1", *said)[0] == 0
    assert run("models", "card", "churn-model@1", "--format", "huggingface", "-o", "README.md")[0] == 0
    code, out, _ = run("models", "import", "huggingface", "README.md", "--version", "1-hub", "--json")
    assert (code, what(out)) == (0, [("churn-model@1-hub", "registered")])
    card = json.loads(run("models", "card", "churn-model@1-hub", "--json")[1])
    assert (card["known_limitations"], card["license"], card["languages"]) == (
        ["few people over sixty"],
        "mit",
        ["no"],
    )
    assert (card["primary_users"], card["evaluation_metrics"]) == (
        ["staff"],
        {"accuracy": "0.91", "val/auc": "0.75"},
    )
    assert "potential_harms" in card["gaps"]
    assert (
        what(run("models", "import", "huggingface", "README.md", "--version", "1-hub", "--json")[1])[0][1]
        == "unchanged"
    )
    (tmp_path / "README.md").write_text((tmp_path / "README.md").read_text().replace("0.91", "0.99"))
    code, _, err = run("models", "import", "huggingface", "README.md", "--version", "1-hub")
    assert (code, "has changed since it was imported" in err) == (4, True)
    assert run("models", "import", "huggingface", "README.md", "--dry-run")[0] == 0


def test_what_mlflow_writes_is_read_from_its_files_and_from_its_database_alike(run, tmp_path):
    peers(WRITES, cwd=tmp_path)
    told = {}
    for place in (f"file://{tmp_path}/mlruns", f"sqlite:///{tmp_path}/mlflow.db"):
        code, out, err = run("models", "import", "mlflow", place, "--dry-run", "--json")
        assert (code, what(out or err)) == (
            0,
            [("churn-model@1", "registered"), ("churn-model@2", "registered")],
        )
        told[place] = [one["notes"] for one in json.loads(out)]
    files, database = told.values()
    assert files == database
    assert files[1] == {
        "aliases": "champion", "description": "try 2", "model description": "predicts churn", "model tag.domain": "retail",
        "run tag.team": "risk", "status": "READY", "tag.validated": "yes",
    }  # fmt: skip
    assert files[0]["stage"] == "Production"
    assert run("models", "import", "mlflow", "mlruns")[0] == 0
    fixed = json.loads(run("models", "origin", "churn-model@2", "--json")[1])["fixed"]
    assert (fixed["run.metric.accuracy"], fixed["run.metric.val/auc"], fixed["run.parameter.max_depth"]) == (
        "0.92",
        "0.75",
        "6",
    )
    assert (fixed["run.status"], len(fixed["run_id"])) == ("FINISHED", 32)
    for again, done in (("mlruns", "unchanged"), ("later", "noted"), ("later", "unchanged")):
        assert {one["what"] for one in json.loads(run("models", "import", "mlflow", again, "--json")[1])} == {
            done
        }
    code, _, err = run("models", "import", "mlflow", "changed")
    assert (code, "run.metric.accuracy was `0.91` and is `0.99`" in err) == (4, True)
