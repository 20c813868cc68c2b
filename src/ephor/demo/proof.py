"""Chapter 7: the ledger leaves the house, a stranger verifies it, and tampering shows."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from ephor import verifier
from ephor.demo.stage import Stage
from ephor.kernel.errors import VerificationError
from ephor.rooms.ledger import tile


def prove_it(stage: Stage) -> None:
    """Chapter 7: checkpoint, export, offline verification in another process, then an edit, a cut and a restored backup."""
    plane, tell, folder = stage.plane, stage.tell, stage.folder
    tell.chapter("Proof: a stranger verifies with a file and a public key")
    head = plane.ledger.head()
    tell.did(
        f"checkpoint over {head.size} entries; keep it where no administrator of this plane can change it"
    )
    tell.block(head.note.decode())
    (folder / "checkpoint").write_bytes(head.note)
    bundle = export_to(stage, folder / "bundle")
    key = folder / "ephor.db.keys" / "signing.pub"
    report = _verify(bundle, key)
    _expect(report, verifier.CONSISTENT)
    tell.good(
        f"offline verifier, another process: {report['verdict'].lower()}, {report['size']} entries, {report['unwitnessed_tail']} not witnessed yet"
    )
    found = {
        "edit": _verify(_edited(bundle, folder / "tampered-edit"), key),
        "cut": _verify(_cut(bundle, folder / "tampered-cut"), key),
        "old backup": _verify(folder / "bundle-before-erasure", key, folder / "checkpoint"),
    }
    told = {
        "edit": "one word of one entry changed",
        "cut": "the newest entries cut off",
        "old backup": "a validly signed backup from before the erasure, held against the checkpoint kept",
    }
    for name, judged in found.items():
        _expect(judged, verifier.INVALID, verifier.INCOMPLETE)
        first = judged["findings"][0]
        place = "log" if first["position"] is None else f"entry {first['position']}"
        tell.no(f"{told[name]}: {judged['verdict'].lower()}, {place}: {first['problem']}")
    tell.keep(
        entries=head.size,
        verdict=report["verdict"],
        detected={name: judged["verdict"] for name, judged in found.items()},
    )


def export_to(stage: Stage, folder: Path) -> Path:
    """Write the ledger as it stands to a new folder."""

    def write(name: str, data: bytes) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)

    stage.plane.ledger.export(write)
    return folder


def _verify(bundle: Path, key: Path, earlier: Path | None = None) -> dict[str, Any]:
    """Run the verifier as an auditor would: the one file, another process, nothing of Ephor loaded."""
    words = [sys.executable, "-I", str(verifier.__file__), str(bundle), "--key", str(key), "--json"]
    done = subprocess.run(  # noqa: S603 - our own file, our own arguments
        [*words, *(["--checkpoint", str(earlier)] if earlier else [])],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise VerificationError(f"the offline verifier did not run: {done.stderr.strip()[:300]}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _expect(report: dict[str, Any], *verdicts: str) -> None:
    if report["verdict"] not in verdicts:
        raise VerificationError(
            f"the offline verifier says {report['verdict']}; this copy of Ephor is broken, do not use it"
        )


def _edited(bundle: Path, copy: Path) -> Path:
    """Copy the bundle and turn one denial into an allowance."""
    shutil.copytree(bundle, copy)
    path = next(path for path in _entry_files(copy) if b'"decision":"deny"' in path.read_bytes())
    path.write_bytes(path.read_bytes().replace(b'"decision":"deny"', b'"decision":"pass"', 1))
    return copy


def _cut(bundle: Path, copy: Path) -> Path:
    """Copy the bundle without its newest entries."""
    shutil.copytree(bundle, copy)
    last = _entry_files(copy)[-1]
    entries = tile.decode_bundle(last.read_bytes())
    last.write_bytes(tile.encode_bundle(entries[: len(entries) // 2]))
    return copy


def _entry_files(bundle: Path) -> list[Path]:
    return sorted(path for path in (bundle / "tile" / "entries").rglob("*") if path.is_file())
