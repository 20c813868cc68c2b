"""One log of 70,000 entries, exported whenever it passed a size where tiles begin or end, and programs in Go to judge it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from ephor.engine.ledger import Ledgers
from planes import event, migrate_file, sqlite_plane

SIZES = (1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000)
GOCODE = Path("/usr/share/gocode")
PROGRAMS = Path(__file__).parent / "go"

Compile = Callable[..., Path]


@dataclass(frozen=True)
class Export:
    """What `ephor ledger export` wrote when the log had this size, and proofs the product made then."""

    size: int
    folder: Path
    key: str
    root: bytes
    proofs: Path

    @property
    def checkpoint(self) -> bytes:
        return (self.folder / "checkpoint").read_bytes()

    def copy(self, into: Path) -> Path:
        """Return a copy that shares its files with this one: replace them, never write into them."""
        return Path(shutil.copytree(self.folder, into, copy_function=os.link))


def replace(folder: Path, name: str, data: bytes) -> None:
    """Put *data* in place of a file that other folders may share."""
    (folder / name).unlink()
    (folder / name).write_bytes(data)


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Mapping[int, Export]:
    """The exports by size: one log that grew, so each is a beginning of the next."""
    root = tmp_path_factory.mktemp("exports")
    migrated = migrate_file(root / "empty.db")
    (root / "plane").mkdir()
    plane = sqlite_plane(root / "plane", migrated)
    storage = plane.open()
    made: dict[int, Export] = {}
    for size in SIZES:
        while (at := storage.ledger.head().size) < size:
            storage.append([event(n) for n in range(at, min(at + 1_000, size))])
        made[size] = _export(plane.ledger(storage), root / str(size), list(made.values()))
    plane.close()
    return made


def _export(ledger: Ledgers, folder: Path, earlier: list[Export]) -> Export:
    def write(name: str, data: bytes) -> None:
        path = folder / "bundle" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    head = ledger.export(write)
    proofs = [ledger.prove(str(n)) for n in sorted({0, head.size // 3, head.size - 1})]
    told = {
        "inclusion": [{"index": one.position, "leaf": one.leaf, "hashes": one.path} for one in proofs],
        "consistency": [
            {
                "checkpoint": one.checkpoint.decode(),
                "hashes": [found.hex() for found in ledger.consistency(one.size)],
            }
            for one in earlier
        ],
    }
    (folder / "proofs.json").write_text(json.dumps(told))
    return Export(head.size, folder / "bundle", head.key, head.root, folder / "proofs.json")


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compile:
    """Compiles a program of `go/` once, with the packages of Debian and without a network."""
    folder = tmp_path_factory.mktemp("go")
    done: dict[str, Path] = {}

    def build(name: str, *, needs: str | None = None) -> Path:
        if shutil.which("go") is None:
            pytest.skip("Go is not on this machine; install golang-go")
        if needs is not None and not (GOCODE / "src" / needs).is_dir():
            pytest.skip(
                f"the Go package {needs} is not on this machine; .ci/run says which Debian package has it"
            )
        if name not in done:
            environment = {
                **os.environ,
                "GO111MODULE": "off",
                "GOPATH": str(GOCODE),
                "GOPROXY": "off",
                "GOFLAGS": "",
                "GOCACHE": str(folder / "cache"),
                "CGO_ENABLED": "0",
            }
            command = ["go", "build", "-o", str(folder / name), str(PROGRAMS / name / "main.go")]
            built = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            assert built.returncode == 0, built.stderr
            done[name] = folder / name
        return done[name]

    return build
