"""Other people's readers and writers of models, in an environment of their own: `python3 dev.py run python tests/model_peers.py`."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent / "bench" / ".model-peers"
WANTED = Path(__file__).resolve().parent / "model_peers.txt"


def is_made() -> bool:
    """Tell whether the environment is there, as the list asks for it now."""
    mark = HOME / "made-from"
    return mark.exists() and mark.read_text() == _stated() and _python().exists()


def run(code: str, *words: object, cwd: Path, **environment: str) -> str:
    """Run Python *code* with the peers' packages, offline, and return what it prints; skip where they are not made."""
    if not is_made():
        pytest.skip(
            "mlflow and huggingface_hub are not installed; run: python3 dev.py run python tests/model_peers.py"
        )
    done = subprocess.run(
        [_python(), "-W", "ignore", "-c", code, *map(str, words)],
        cwd=cwd, capture_output=True, text=True, check=False, timeout=300,
        env={"PATH": "/usr/bin:/bin", "HOME": str(cwd), "HF_HUB_OFFLINE": "1", "MLFLOW_ALLOW_FILE_STORE": "true", **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def make() -> None:
    """Make the environment where there is none yet."""
    if is_made():
        return
    uv = Path(sys.executable).parent / "uv"
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, HOME], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", _python(), "-r", WANTED], check=True)
    (HOME / "made-from").write_text(_stated())


def _python() -> Path:
    return HOME / "bin" / "python"


def _stated() -> str:
    return hashlib.sha256(WANTED.read_bytes()).hexdigest()


if __name__ == "__main__":
    make()
