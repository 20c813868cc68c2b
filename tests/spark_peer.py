"""The environment with Spark, in which `ephor pii scan --spark` is tried; made once, beside those of the benchmarks."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOME = ROOT / "bench" / ".spark-peer"
WANTED = f"{ROOT}[spark,parquet]"
PANDAS = "pandas<3"
"""PySpark says of later ones that it does not fully support them yet."""


def is_made() -> bool:
    """Tell whether the environment is there, for what this version asks for."""
    mark = HOME / "made-from"
    return mark.exists() and mark.read_text() == _stated() and python().exists()


def make() -> None:
    """Make the environment where there is none yet: some 900 MB."""
    if is_made():
        return
    uv = Path(sys.executable).parent / "uv"
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, HOME], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python(), "-e", WANTED, PANDAS], check=True)
    (HOME / "made-from").write_text(_stated())


def settings() -> Mapping[str, str]:
    """Return what makes Spark a cluster of two workers on this machine, each a process of its own. Skip where it is not installed."""
    if not is_made():
        pytest.skip("Spark is not installed; run: python3 dev.py run python tests/spark_peer.py")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed; on Debian: apt-get install default-jre-headless")
    conf = ("spark.ui.enabled=false", "spark.sql.shuffle.partitions=2", "spark.executor.memory=512m")
    words = " ".join(f"--conf {one}" for one in conf)
    return {
        **os.environ,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_SUBMIT_ARGS": f"--master local-cluster[2,1,768] {words} pyspark-shell",
    }


def python() -> Path:
    """Return the environment's interpreter."""
    return HOME / "bin" / "python"


def _stated() -> str:
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + PANDAS.encode()).hexdigest()


if __name__ == "__main__":
    make()
