"""A small MLflow file store with everything that matters in it, laid out as MLflow 3 lays it out."""

from pathlib import Path

RUNS = {1: "1" * 32, 2: "a" * 32}


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def make_store(root: Path) -> Path:
    """Make `mlruns` below *root*: one model of two versions and an alias, one deleted version, one model without any."""
    store = root / "mlruns"
    for number, run in RUNS.items():
        folder = store / "7" / run
        meta = f"run_id: {run!r}\nstatus: 3\nstart_time: 1795830221464\nend_time: 1795830221477\nuser_id: somebody\n"
        write(folder / "meta.yaml", meta)
        write(folder / "params" / "max_depth", str(3 * number))
        write(folder / "tags" / "mlflow.user", "somebody")
        write(folder / "tags" / "team", "risk")
        write(
            folder / "metrics" / "accuracy",
            f"1795830221475 0.5 2\n1795830221476 0.9{number} 3\n1795830221477 0.1 0\n",
        )
        write(folder / "metrics" / "val" / "auc", "1795830221476 0.75 0\n")
        write(folder / "metrics" / "loss", "1795830221476 nan 0\n")
    model = store / "models" / "Churn Model"
    write(model / "meta.yaml", "name: Churn Model\ndescription: predicts churn\naliases:\n  champion: '2'\n")
    write(model / "tags" / "domain", "retail")
    write(model / "aliases" / "champion", "2")
    for number in (1, 2, 3):
        stage = {1: "Production", 2: "None", 3: "Deleted_Internal"}[number]
        run = RUNS.get(number, "")
        meta = (
            f"name: Churn Model\nversion: {number}\ncreation_timestamp: 1795830221500\ncurrent_stage: {stage}\n"
            f"description: try {number}\nrun_id: {run!r}\nsource: 'runs:/{run}/model'\nstatus: READY\nuser_id: somebody\n"
        )
        write(model / f"version-{number}" / "meta.yaml", meta)
    write(model / "version-2" / "tags" / "validated", "yes")
    write(store / "models" / "empty" / "meta.yaml", "name: empty\n")
    return store
