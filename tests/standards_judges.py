"""The environment in which other people's programs judge our exports; made once, beside those of the benchmarks."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "acceptance" / "standards"
HOME = Path(__file__).parents[1] / "bench" / ".standards-peers"


def is_made() -> bool:
    """Tell whether the environment is there, as the list asks for it now."""
    mark = HOME / "made-from"
    return mark.exists() and mark.read_text() == _stated() and _python().exists()


def make() -> None:
    """Make the environment where there is none yet."""
    if is_made():
        return
    uv = Path(sys.executable).parent / "uv"
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, HOME], check=True)
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--python", _python(), "-r", HERE / "needs.txt"], check=True
    )
    (HOME / "made-from").write_text(_stated())


def judged(**files: Path) -> dict[str, Any]:
    """Return what the judges have against each of *files*; an empty list is what we want. Skip where they are not made."""
    if not is_made():
        pytest.skip("the judges are not installed; run: python3 dev.py run python tests/standards_judges.py")
    words = [f"{name}={path}" for name, path in files.items()]
    done = subprocess.run([_python(), HERE / "judge.py", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _python() -> Path:
    return HOME / "bin" / "python"


def _stated() -> str:
    return hashlib.sha256((HERE / "needs.txt").read_bytes()).hexdigest()


if __name__ == "__main__":
    make()
