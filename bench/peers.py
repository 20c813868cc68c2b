"""Other people's logs to be measured against, in an environment of their own that is made when it is first needed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from children import HERE, Child, ChildError
from measure import Taken

HOME = HERE / ".peers"
WANTED = HERE / "peers.txt"
NAMES = ("pymerkle", "toolkit", "toolkit memory")


class Peers:
    """The peers of one run. They answer turn by turn, so that their turns lie between the others'."""

    names: Sequence[str] = NAMES

    def __init__(self) -> None:
        self._child = Child("peers_child.py", python=str(python()))
        try:
            versions = self._child.ask("versions")
        except ChildError:
            self._child.close()
            raise
        self.settings = (
            f"pymerkle {versions['pymerkle']}: journal_mode=wal, synchronous=full, one fsync a batch; keeps the entry and its leaf hash, "
            "no inner hashes, no signature. "
            f"agent-governance-toolkit (agentmesh-platform {versions['agentmesh-platform']}): a line of JSON an event, HMAC and hash chain, "
            "its tree in memory only; no fsync, no batches, no public-key signature."
        )

    def start(self, folder: Path) -> None:
        """Begin new logs in *folder*."""
        self._child.ask("start", folder=str(folder))

    def append(self, name: str, entries: list[str], batches: int) -> Taken:
        """Return what appending, in so many batches, took in the peer's own process."""
        return Taken(**self._child.ask("append", peer=name, entries=entries, batches=batches))

    def ask(self, command: str, **values: Any) -> Any:
        return self._child.ask(command, **values)

    def close(self) -> None:
        self._child.close()


def python(home: Path = HOME, wanted: Path = WANTED) -> Path:
    """Return the interpreter of the peers' environment, made from the list *wanted* where there is none yet.

    Raises:
        OSError: it cannot be made; there is no network, for example.
    """
    mark, stated = home / "made-from", hashlib.sha256(wanted.read_bytes()).hexdigest()
    found = home / "bin" / "python"
    if mark.exists() and mark.read_text() == stated and found.exists():
        return found
    print(
        f"making the environment of the peers in bench/{home.name} (once; needs a network)", file=sys.stderr
    )
    shutil.rmtree(home, ignore_errors=True)
    uv = Path(sys.executable).parent / "uv"
    _run(uv, "venv", "--quiet", "--python", sys.executable, home)
    _run(uv, "pip", "install", "--quiet", "--python", found, "-r", wanted)
    mark.write_text(stated)
    return found


def open_peers() -> tuple[Peers | None, str]:
    """Return the peers, or none and why."""
    try:
        return Peers(), ""
    except (OSError, ChildError) as error:
        return None, f"pymerkle and the agent-governance-toolkit were not measured: {error}."


def _run(*words: object) -> None:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise OSError(f"`uv {words[1]}` failed: {reason[:200]}")
