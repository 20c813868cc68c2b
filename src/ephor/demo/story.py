"""The whole story, chapter by chapter, in one folder; told again it starts over and loses nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ephor.demo import approval, erasure, proof, setting, work
from ephor.demo.narrator import Narrator
from ephor.demo.stage import Stage
from ephor.edges.sdk import Plane
from ephor.engine.ports_data import DataStore
from ephor.examples import files
from ephor.examples.shop.database import create_shop
from ephor.examples.shop.shop import Shop
from ephor.kernel.errors import ConflictError, EphorError, UnavailableError
from ephor.rooms.agents.manifest import Manifest

MARKER = "ephor-demo.txt"
_NOTE = "Written by `ephor demo`. Earlier runs lie in earlier-1, earlier-2, … and are never deleted.\n"


def tell(
    folder: Path,
    open_plane: Callable[[str], Plane],
    read_manifest: Callable[[str], Manifest],
    read_yaml: Callable[[str], Mapping[str, Any]],
    open_store: Callable[[str], DataStore],
    *,
    quiet: bool,
) -> Mapping[str, Any]:
    """Run the story in *folder* and return its figures.

    Raises:
        ConflictError: the folder holds something else.
        UnavailableError: the folder cannot be written, or a step did not come out as it must.
    """
    narrator = Narrator(quiet=quiet)
    earlier = _prepare(folder, open_plane)
    files.copy_to(folder / "examples")
    create_shop(folder / "shop.db")
    (folder / "outbox").mkdir()
    plane = open_plane(f"sqlite:///{folder / 'ephor.db'}")
    stage = Stage(
        folder,
        plane,
        Shop(folder / "shop.db", folder / "outbox"),
        narrator,
        read_manifest,
        read_yaml,
        open_store,
    )
    try:
        setting.make_plane(stage)
        if earlier:
            narrator.did(earlier)
        setting.register_agents(stage)
        setting.classify_and_assess(stage)
        approval.review_agents(stage)
        work.run_the_agent(stage)
        proof.export_to(stage, folder / "bundle-before-erasure")
        erasure.erase_a_customer(stage)
        proof.prove_it(stage)
    finally:
        plane.close()
    return {"folder": str(folder), "database": stage.database, "chapters": narrator.as_json()}


def _prepare(folder: Path, open_plane: Callable[[str], Plane]) -> str:
    """Make the folder, or put an earlier run in it aside; return what to tell about that run."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and not (folder / MARKER).exists():
            raise ConflictError(f"`{folder}` holds other things; name a new folder with --keep")
        (folder / MARKER).write_text(_NOTE)
        if not _left_behind(folder):
            return ""
        told = _state_of(folder, open_plane)
        aside = folder / f"earlier-{1 + sum(path.name.startswith('earlier-') for path in folder.iterdir())}"
        aside.mkdir()
        for path in _left_behind(folder):
            shutil.move(path, aside / path.name)
    except OSError as error:
        raise UnavailableError(
            f"cannot write to `{folder}`: {error.strerror}; name another folder with --keep"
        ) from error
    return f"an earlier run was found here and put into {aside.name}: {told}"


def _left_behind(folder: Path) -> list[Path]:
    """Return what the last run left, asked anew each time: closing a database takes its side files away."""
    return sorted(
        path for path in folder.iterdir() if path.name != MARKER and not path.name.startswith("earlier-")
    )


def _state_of(folder: Path, open_plane: Callable[[str], Plane]) -> str:
    """Say whether what an earlier run recorded still verifies, also where it was killed half-way."""
    if not (folder / "ephor.db").exists():
        return "it had recorded nothing yet"
    try:
        plane = open_plane(f"sqlite:///{folder / 'ephor.db'}")
        try:
            report = plane.ledger.verify(None, None)
        finally:
            plane.close()
    except EphorError as error:
        return f"its ledger cannot be read: {error}"
    return f"its ledger of {report.size} entries is {report.verdict.lower()}"
