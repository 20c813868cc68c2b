"""The Arrow kernel: the same counts by one process, by a pool, and by Spark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
from pyarrow import parquet  # noqa: E402

import spark_peer  # noqa: E402
from ephor.adapters.texts import lake  # noqa: E402
from ephor.rooms.pii.columns import ColumnCount, count_columns, joined  # noqa: E402

WANTED = (
    ColumnCount("p", "card", "credit_card", 900, 900),
    ColumnCount("p", "email", "email", 600, 600),
    ColumnCount("p", "nested", "ip_address", 900, 900),
)


@pytest.fixture
def path(tmp_path: Path) -> str:
    rows = 900
    made = pa.table({"email": [f"u{at}@example.com" if at % 3 else None for at in range(rows)], "n": list(range(rows)),
                     "card": [4111111111111111] * rows, "nested": [{"ip": "10.0.0.1", "k": [1]}] * rows})  # fmt: skip
    parquet.write_table(made, tmp_path / "p.parquet", row_group_size=250)
    return str(tmp_path / "p.parquet")


def test_one_process_and_a_pool_count_alike(path: str) -> None:
    one = joined(one for batch in lake.parquet_batches(path) for one in count_columns("p", batch))
    assert one == WANTED == lake.scan_in_pool([(path, "p")], None, 2)


def test_the_kernel_takes_a_batch_and_gives_a_batch(path: str) -> None:
    batches = parquet.ParquetFile(path).iter_batches(100)
    told = [row for batch in lake.map_in_arrow("p")(batches) for row in batch.to_pylist()]
    assert joined(ColumnCount(**row) for row in told) == WANTED


def test_a_cluster_counts_what_one_process_counts(path: str) -> None:
    words = ("-m", "ephor", "pii", "scan", str(Path(path).parent), "--json")
    told = []
    for python, more, environment in (
        (spark_peer.python(), ("--spark",), spark_peer.settings()),
        (Path(sys.executable), (), dict(os.environ)),
    ):
        done = subprocess.run(
            [python, *words, *more], capture_output=True, text=True, check=False, timeout=300, env=environment
        )
        assert done.returncode == 0, done.stderr[-3000:]
        told.append(json.loads(done.stdout))
    by_cluster, by_one = told
    assert by_cluster["columns"] == by_one["columns"]
    assert by_cluster["counts"] == by_one["counts"] == {"credit_card": 900, "email": 600, "ip_address": 900}
