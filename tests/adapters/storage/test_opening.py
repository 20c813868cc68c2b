"""Opening a plane for the first time."""

from __future__ import annotations

from ephor.bootstrap import open_engine
from ephor.settings import Settings


def test_the_files_of_a_new_plane_are_for_its_account_alone(tmp_path):
    plane = open_engine(f"sqlite:///{tmp_path / 'ephor.db'}", settings=Settings())
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir() if path.is_file()}
    plane.close()
    assert set(modes.values()) == {0o600}, modes
