#!/usr/bin/env python3
"""Set up and run: `python3 dev.py demo | test | check | bench | soak | run COMMAND…`. Needs only Python 3.11 and, once, a network."""

import hashlib
import os
import pathlib
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent
VENV = HERE / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
ENOUGH, EVERYTHING = "requirements-run.lock", "requirements.lock"
"""What it takes to use Ephor on an embedded database, and what it takes to work on it."""
COMMANDS = {
    "demo": [["ephor", "demo"]],
    "test": [["python", "-m", "pytest", "-n", "2", "--dist", "worksteal"]],
    "check": [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["lint-imports"], ["mypy"],
              ["python", "-m", "pytest", "-q", "tests/house"]],
    "bench": [["python", "bench/run.py"]],
    "soak": [["python", "tests/soak.py"]],
    "lock": [["uv", "pip", "compile", "pyproject.toml", "--universal", "--generate-hashes", "--no-header",
              "--no-emit-index-url", "--no-annotate", "--extra", "dev", "--extra", "postgres",
              "--extra", "mysql", "--extra", "redis", "--extra", "parquet", "--extra", "objects", "--extra", "xlsx", "--extra", "pdf", "--extra", "timestamps",
              "--extra", "server", "-o", "requirements.lock"],
             ["uv", "pip", "compile", "pyproject.toml", "--universal", "--generate-hashes", "--no-header",
              "--no-emit-index-url", "--no-annotate", "--extra", "source", "-c", "requirements.lock",
              "-o", "requirements-run.lock"]],
    "run": [[]],
}  # fmt: skip


def call(*words: object) -> None:
    done = subprocess.run([str(word) for word in words], cwd=HERE, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def set_up(lock: str) -> None:
    """Make the virtual environment once, and again whenever a lock changes; offline otherwise."""
    wanted = {name: f"{name} {digest(name)} {HERE}" for name in (lock, EVERYTHING)}
    stamp = VENV / "installed-from"
    if stamp.exists() and stamp.read_text() in wanted.values():
        return
    print("setting up .venv (once; needs a network)", file=sys.stderr, flush=True)
    if not (BIN / "python").exists():
        venv.create(VENV, with_pip=True)
    call(BIN / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "uv")
    install = (BIN / "uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", BIN / "python")
    call(*install, "--require-hashes", "-r", lock)
    call(*install, "--no-deps", "--no-build-isolation", "-e", ".")
    call(BIN / "python", "-m", "compileall", "-q", "src/ephor")
    stamp.write_text(wanted[lock])


def digest(lock: str) -> str:
    return hashlib.sha256((HERE / lock).read_bytes() + (HERE / "pyproject.toml").read_bytes()).hexdigest()


def main() -> None:
    name, *rest = sys.argv[1:] or ["--help"]
    if name not in COMMANDS:
        sys.exit(f"{__doc__}\ncommands: {', '.join(COMMANDS)}")
    if sys.version_info < (3, 11):  # noqa: UP036 - a person may start this with any Python
        sys.exit(f"dev.py needs Python 3.11 or newer; this is {sys.version.split()[0]}")
    set_up(ENOUGH if name in ("demo", "run") else EVERYTHING)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each of many processes compiles everything anew
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    steps = COMMANDS[name]
    for step in steps[:-1]:
        call(BIN / step[0], *step[1:])
    last = [*steps[-1], *rest]
    if not last:
        sys.exit("run what? for example: python3 dev.py run ephor --help")
    try:
        done = subprocess.run(
            [str(BIN / last[0]), *last[1:]], cwd=None if name == "run" else HERE, check=False
        )
    except OSError as error:
        sys.exit(f"cannot run `{last[0]}`: {error.strerror}; try: python3 dev.py run ephor --help")
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
