"""Other registries of models: read as they lie there, nothing followed that leads out, nothing guessed."""

import json
import sqlite3
import threading
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from ephor.adapters.registries.opening import read_huggingface, read_mlflow
from ephor.kernel.errors import InvalidInputError, NotFoundError, NotPermittedError, UnavailableError
from sample_mlflow import RUNS, make_store, write

FIXED = {
    "created": "2026-11-28T01:43:41.500+00:00", "source": f"runs:/{RUNS[2]}/model", "run_id": RUNS[2],
    "run.status": "FINISHED", "run.started": "2026-11-28T01:43:41.464+00:00", "run.ended": "2026-11-28T01:43:41.477+00:00",
    "run.parameter.max_depth": "6", "run.metric.accuracy": "0.92", "run.metric.val/auc": "0.75", "run.metric.loss": "nan",
}  # fmt: skip
NOTES = {
    "status": "READY", "aliases": "champion", "description": "try 2", "model description": "predicts churn",
    "tag.validated": "yes", "model tag.domain": "retail", "run tag.team": "risk",
}  # fmt: skip


@pytest.fixture
def store(tmp_path):
    return make_store(tmp_path)


def test_a_file_store_gives_each_version_with_its_run_and_what_is_only_noted(store):
    first, second = read_mlflow(str(store))
    assert (first.reference, second.reference) == ("Churn Model/1", "Churn Model/2")
    assert (second.fixed, second.notes) == (FIXED, NOTES)
    assert first.notes["stage"] == "Production"
    assert second.card == {"evaluation_metrics": {"accuracy": "0.92", "val/auc": "0.75"}}
    assert "somebody" not in repr((first, second))


def test_the_folder_around_it_and_an_address_of_a_file_name_the_same_store(store):
    told = read_mlflow(str(store))
    assert read_mlflow(str(store.parent)) == told
    assert read_mlflow(f"file://{store}") == told


def test_a_run_that_is_gone_is_said_to_be(store):
    (store / "7" / RUNS[2]).rename(store / "elsewhere")
    assert read_mlflow(str(store))[1].fixed["run"] == "not found"


def test_no_link_is_followed_and_no_path_is_made_of_what_a_file_says(store, tmp_path):
    write(tmp_path / "outside" / "meta.yaml", "run_id: x\nstatus: 3\n")
    write(tmp_path / "outside" / "params" / "secret", "s3cret")
    version = store / "models" / "Churn Model" / "version-2" / "meta.yaml"
    for run in ("../../outside", str(tmp_path / "outside"), "a" * 31 + "/"):
        version.write_text(f"version: 2\nrun_id: '{run}'\n")
        assert "s3cret" not in repr(read_mlflow(str(store)))
    (store / "7" / RUNS[1] / "params" / "linked").symlink_to(tmp_path / "outside" / "params" / "secret")
    (store / "7" / RUNS[1] / "tags" / "linked").symlink_to(tmp_path / "outside" / "params")
    (store / "models" / "linked").symlink_to(tmp_path / "outside")
    told = read_mlflow(str(store))
    assert "s3cret" not in repr(told)
    assert len(told) == 2


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("models/Churn Model/meta.yaml", "a: &x 1\nb: *x\n", "anchor"),
        ("models/Churn Model/version-1/meta.yaml", "- a list\n", "no mapping"),
        ("models/Churn Model/version-1/meta.yaml", "!!python/object:os.system x: y\n", "tag"),
        (f"7/{RUNS[1]}/metrics/accuracy", "yesterday\n", "no history of a metric"),
    ],
)
def test_a_damaged_store_names_the_file(store, file, text, told):
    (store / file).write_text(text)
    with pytest.raises(InvalidInputError, match=told) as error:
        read_mlflow(str(store))
    assert file.split("/")[-1] in str(error.value)


def test_what_is_no_registry_is_said_to_be_none(tmp_path):
    for place in (str(tmp_path), str(tmp_path / "nowhere")):
        with pytest.raises(NotFoundError):
            read_mlflow(place)
    (tmp_path / "notes.db").write_text("x" * 4096)
    for place in (str(tmp_path / "notes.db"), "postgresql://u:p@h/db", "ftp://h/x"):
        with pytest.raises(InvalidInputError) as error:
            read_mlflow(place)
        assert "u:p" not in str(error.value)


def make_database(path):
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(
            f"""
            CREATE TABLE registered_models (name, creation_time, description);
            CREATE TABLE model_versions (name, version, creation_time, description, user_id, current_stage, source, run_id, status);
            CREATE TABLE registered_model_tags (key, value, name);
            CREATE TABLE model_version_tags (key, value, name, version);
            CREATE TABLE registered_model_aliases (alias, version, name);
            CREATE TABLE runs (run_uuid, status, start_time, end_time);
            CREATE TABLE latest_metrics (key, value, is_nan, run_uuid);
            CREATE TABLE params (key, value, run_uuid);
            CREATE TABLE tags (key, value, run_uuid);
            INSERT INTO registered_models VALUES ('Churn Model', 1, 'predicts churn');
            INSERT INTO model_versions VALUES
              ('Churn Model', 2, 1795830221500, 'try 2', 'somebody', 'None', 'runs:/{RUNS[2]}/model', '{RUNS[2]}', 'READY'),
              ('Churn Model', 3, 1795830221500, '', '', 'Deleted_Internal', '', '', 'READY');
            INSERT INTO registered_model_tags VALUES ('domain', 'retail', 'Churn Model');
            INSERT INTO model_version_tags VALUES ('validated', 'yes', 'Churn Model', 2);
            INSERT INTO registered_model_aliases VALUES ('champion', 2, 'Churn Model');
            INSERT INTO runs VALUES ('{RUNS[2]}', 'FINISHED', 1795830221464, 1795830221477);
            INSERT INTO latest_metrics VALUES ('accuracy', 0.92, 0, '{RUNS[2]}'), ('val/auc', 0.75, 0, '{RUNS[2]}'),
              ('loss', 0, 1, '{RUNS[2]}');
            INSERT INTO params VALUES ('max_depth', '6', '{RUNS[2]}');
            INSERT INTO tags VALUES ('team', 'risk', '{RUNS[2]}'), ('mlflow.user', 'somebody', '{RUNS[2]}');
            """
        )


def test_the_database_says_the_same_as_the_files_and_is_only_read(tmp_path):
    make_database(tmp_path / "mlflow.db")
    before = (tmp_path / "mlflow.db").read_bytes()
    for place in (str(tmp_path), str(tmp_path / "mlflow.db"), f"sqlite:///{tmp_path}/mlflow.db"):
        (only,) = read_mlflow(place)
        assert (only.fixed, only.notes) == (FIXED, NOTES)
    assert (tmp_path / "mlflow.db").read_bytes() == before
    make_store(tmp_path)
    with pytest.raises(InvalidInputError, match="name the one"):
        read_mlflow(str(tmp_path))


MODELS = [{"name": "Churn Model", "description": "predicts churn", "tags": [{"key": "domain", "value": "retail"}],
           "aliases": [{"alias": "champion", "version": "2"}]}]  # fmt: skip
VERSION = {"name": "Churn Model", "version": "2", "creation_timestamp": 1795830221500, "current_stage": "None",
           "description": "try 2", "source": f"runs:/{RUNS[2]}/model", "run_id": RUNS[2], "status": "READY", "user_id": "somebody",
           "tags": [{"key": "validated", "value": "yes"}]}  # fmt: skip
RUN = {"run": {"info": {"status": "FINISHED", "start_time": 1795830221464, "end_time": 1795830221477},
               "data": {"metrics": [{"key": "accuracy", "value": 0.92}, {"key": "val/auc", "value": 0.75}, {"key": "loss", "value": "NaN"}],
                        "params": [{"key": "max_depth", "value": "6"}],
                        "tags": [{"key": "team", "value": "risk"}, {"key": "mlflow.user", "value": "somebody"}]}}}  # fmt: skip


@contextmanager
def server(answer):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            status, told = answer(parts.path, parse_qs(parts.query), dict(self.headers))
            body = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    served = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=served.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{served.server_port}"
    finally:
        served.shutdown()
        served.server_close()
        thread.join()


def mlflow(path, asked, headers):
    if headers.get("Authorization") != "Basic ZXZlOnB3OjE=":
        return 401, {}
    if path == "/base/api/2.0/mlflow/registered-models/search":
        return 200, {} if "page_token" in asked else {"registered_models": MODELS, "next_page_token": "more"}
    if path == "/base/api/2.0/mlflow/model-versions/search":
        assert asked["filter"] == ["name='Churn Model'"]
        return 200, {"model_versions": [VERSION, {**VERSION, "name": "Other"}]}
    assert (path, asked) == ("/base/api/2.0/mlflow/runs/get", {"run_id": [RUNS[2]]})
    return 200, RUN


def test_a_server_says_the_same_page_by_page_and_its_password_stays_out():
    with server(mlflow) as at:
        (only,) = read_mlflow(f"http://eve:pw%3A1@{at}/base/")
        assert (only.fixed, only.notes) == (FIXED, NOTES)
        with pytest.raises(NotPermittedError, match="who asks") as error:
            read_mlflow(f"http://eve:wrong@{at}/base")
    assert "wrong" not in str(error.value)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((200, b"<html>"), InvalidInputError),
        ((200, b"[]"), InvalidInputError),
        ((302, {}), InvalidInputError),
        ((500, {}), InvalidInputError),
    ],
)
def test_what_is_no_answer_of_mlflow_is_refused(answer, error):
    with server(lambda *asked: answer) as at, pytest.raises(error):
        read_mlflow(f"http://{at}")
    with pytest.raises(UnavailableError):
        read_mlflow(f"http://{at}")


CARD = """---
license: other
license_name: ours
language:
- no
- en
base_model: org/base
pipeline_tag: text-classification
tags: [fraud]
model-index:
- name: Ranker 3
  results:
  - task: {type: text-classification}
    dataset: {type: held-out, name: Held out}
    metrics:
    - {type: accuracy, value: 0.93}
    - {type: f1, value: 91.2%}
  - task: {type: text-classification}
    dataset: {type: other, name: Other set}
    metrics:
    - {type: accuracy, value: 0.81}
---

# Ranker

<!-- a comment -->
## Uses
### Direct Use

- ranks applications
- sorts letters

### Out-of-Scope Use

[More Information Needed]

## Bias, Risks, and Limitations

Knows few applicants
over sixty.

```
## Recommendations
not a heading
```

## Training Details
### Training Data

Ten years of letters.

### Preprocessing
1. names removed
"""


def test_a_hugging_face_card_gives_what_it_says_and_its_gaps_stay_gaps(tmp_path):
    (tmp_path / "README.md").write_text(CARD)
    told = read_huggingface(str(tmp_path / "README.md"), None, None)
    assert (told.system, told.name, told.version[:5]) == ("huggingface", "Ranker 3", "card-")
    assert told.card == {
        "languages": ["no", "en"], "base_models": ["org/base"], "license": "ours", "task": "text-classification",
        "evaluation_metrics": {"accuracy": "0.93", "accuracy@Other_set": "0.81"}, "evaluation_datasets": ["Held out", "Other set"],
        "primary_uses": ["ranks applications", "sorts letters"], "training_data_description": "Ten years of letters.",
        "known_limitations": ["Knows few applicants over sixty. ``` ## Recommendations not a heading ```"],
        "preprocessing_steps": ["names removed"],
    }  # fmt: skip
    assert told.fixed["result.2"] == "f1 on Held out (text-classification): 91.2%"
    assert told.notes["tags"] == "fraud"
    named = read_huggingface(str(tmp_path / "README.md"), "mine", "3")
    assert named.reference == "mine/3"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# no front matter\n", "no front matter"),
        ("---\n- a list\n---\n", "no mapping"),
        ("---\na: &x [1]\nb: *x\n---\n", "anchor"),
        ("---\nlicense: mit\n---\n", "add --name"),
        ("---\nlicense: mit\nlicense: gpl\n---\n", "repeats"),
    ],
)
def test_what_is_no_card_is_refused(tmp_path, text, told):
    (tmp_path / "README.md").write_text(text)
    with pytest.raises(InvalidInputError, match=told):
        read_huggingface(str(tmp_path / "README.md"), None, None)
