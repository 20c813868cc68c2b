"""Every manifest is kept as a version, and two of them can be compared: what is material, and what that ends."""

import json
from types import SimpleNamespace

import pytest

from conftest import populate
from ephor.edges.cli.app import run as run_command
from ephor.edges.sdk import Plane
from ephor.kernel.errors import NotFoundError
from ephor.kernel.events import Event
from ephor.rooms.agents.versions import ManifestVersion
from sample_plane import ID, approve, manifest

ROLES = ("customer_service_agent",)


@pytest.fixture
def plane(world):
    plane = populate(Plane(world))
    plane.agents.register(manifest(roles=ROLES), by="eve")
    return plane


def change(plane, by="eve", **fields):
    return plane.agents.register(manifest(roles=ROLES, **fields), by=by)


def test_each_registration_that_changes_something_is_a_version_and_one_that_does_not_is_none(plane):
    change(plane)
    change(plane, name="Another name")
    change(plane, autonomy=2, by="ada")
    found = plane.agents.versions(ID)
    assert [(one.number, one.id, one.registered_by) for one in found] == [
        (1, f"{ID}@1", "eve"),
        (2, f"{ID}@2", "eve"),
        (3, f"{ID}@3", "ada"),
    ]
    assert found[0].material_digest == found[1].material_digest != found[2].material_digest
    assert found[-1].digest == plane.agents.show(ID).digest


def test_what_is_material_ends_the_approval_and_what_is_not_does_not(plane):
    change(plane, name="Another name")
    found = plane.agents.diff(ID)
    assert [(one.path, one.material) for one in found.changes] == [("name", False)]
    assert (found.material, found.reopens, found.reviews) == (False, (), ())
    change(plane, name="Another name", autonomy=2)
    found = plane.agents.diff(ID, "1", "3")
    assert [(one.path, one.before, one.after, one.material) for one in found.changes] == [
        ("autonomy", "3", "2", True),
        ("name", "Support Assistant", "Another name", False),
    ]
    assert found.reopens == ("approval", "class", "assessment")
    assert found.reviews == ("security", "privacy")
    backwards = plane.agents.diff(ID, "3", "1")
    assert [(one.before, one.after) for one in backwards.changes] == [
        ("2", "3"),
        ("Another name", "Support Assistant"),
    ]


def test_without_versions_named_it_goes_from_what_was_approved_last_to_the_newest(plane):
    approve(plane)
    change(plane, autonomy=2)
    change(plane, autonomy=2, purpose="Something else altogether.")
    found = plane.agents.diff(ID)
    assert (found.older.number, found.newer.number) == (1, 3)
    assert {one.path for one in found.changes} == {"autonomy", "purpose"}
    digest = found.older.digest
    assert plane.agents.diff(ID, digest, digest[:20].removeprefix("sha256:")).changes == ()


def test_what_is_no_version_is_not_found(plane):
    for name in ("2", "0", "ghost", "sha256:", f"{ID}@7"):
        with pytest.raises(NotFoundError, match="no version"):
            plane.agents.diff(ID, name)
    with pytest.raises(NotFoundError):
        plane.agents.diff("ghost")
    assert plane.agents.diff(ID).changes == ()


def test_an_agent_from_before_versions_were_kept_has_what_it_had_as_its_first(plane, world):
    with world.storage.unit() as unit:
        (only,) = unit.shelf(ManifestVersion).all(agent=ID)
        unit.shelf(ManifestVersion).remove(only)
        unit.append(Event(kind="x-test/1", at=world.clock.now(), actor="test"))
    assert [one.number for one in plane.agents.versions(ID)] == [1]
    change(plane, autonomy=2)
    assert [one.manifest.autonomy for one in plane.agents.versions(ID)] == [3, 2]


def test_the_command_says_it_in_words_and_in_json(plane, capsysbinary):
    change(plane, autonomy=2)
    door = SimpleNamespace(open=lambda _database=None, **_other: plane, person="eve")
    assert run_command(["agents", "diff", ID, "--from", "1", "--to", "2"], door) == 0
    out = capsysbinary.readouterr().out.decode()
    assert "version 1 by eve" in out
    assert "ends: approval, class, assessment; reviews needed again: security, privacy" in out
    assert run_command(["agents", "diff", ID, "--json"], door) == 0
    told = json.loads(capsysbinary.readouterr().out)
    assert (told["material"], told["from"]["number"], told["to"]["number"]) == (True, 1, 2)
    assert told["changes"] == [{"path": "autonomy", "before": "3", "after": "2", "material": True}]
    assert run_command(["agents", "versions", ID], door) == 0
    assert told["to"]["digest"].removeprefix("sha256:") in capsysbinary.readouterr().out.decode()
