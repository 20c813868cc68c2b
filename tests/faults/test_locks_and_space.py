"""A database that is locked, read-only or full: nothing half done, a clear word, and it goes on when the cause is gone."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ephor.adapters.storage.sql import engines
from ephor.kernel.errors import UnavailableError
from ephor.rooms.access.people import Person
from planes import Made, check_whole, event, numbers

TESTS = Path(__file__).parents[1]


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "BUSY_MS", 60)


@pytest.fixture
def holder(plane: Made) -> Iterator[sqlite3.Connection]:
    """Another program that holds the database."""
    connection = sqlite3.connect(plane.file, isolation_level=None)
    yield connection
    connection.close()


def change(storage: Any, n: int) -> None:
    with storage.unit() as unit:
        unit.shelf(Person).add(Person(f"p{n}", "P", ()))
        unit.append(event(n))


@pytest.mark.usefixtures("_impatient")
def test_a_writer_waits_a_while_and_then_says_who_is_in_the_way(ephor, plane, events, holder):
    storage = plane.open()
    holder.execute("begin immediate")
    for write in (lambda: storage.append([event(5)]), lambda: change(storage, 6)):
        with pytest.raises(
            UnavailableError, match=r"another process holds `sqlite:.*`; nothing was recorded, try again"
        ):
            write()
    ephor("ledger", "append", events).fails(7, "another process holds", "try again")
    assert numbers(storage) == list(range(5))  # who reads does not wait
    assert ephor("ledger", "verify").code == 0
    assert storage.ledger.search({"actor": "agent:bot"}, before=None, limit=2) == [4, 3]
    assert storage.version() == 0
    holder.execute("rollback")
    storage.append([event(7)])
    change(storage, 8)
    assert numbers(storage) == [0, 1, 2, 3, 4, 7, 8]
    check_whole(storage)


@pytest.mark.usefixtures("_impatient")
def test_a_database_held_by_a_program_that_lets_nobody_in(ephor, plane, events, holder):
    holder.execute("pragma locking_mode=exclusive")
    holder.execute("begin exclusive")
    for command in (["ledger", "append", events], ["ledger", "verify"], ["init"]):
        ephor(*command).fails(7, "another process holds", "try again")
    holder.execute("rollback")
    holder.close()
    assert ephor("ledger", "append", events).code == 0
    assert ephor("ledger", "verify").code == 0


def test_a_full_database_keeps_what_it_acknowledged(plane, monkeypatch):
    storage = plane.open()
    pages = sqlite3.connect(plane.file).execute("pragma page_count").fetchone()[0]
    real = engines._configure

    def configure(connection: Any, record: object) -> None:
        real(connection, record)
        connection.execute(f"pragma max_page_count={pages + 40}")

    monkeypatch.setattr(engines, "_configure", configure)
    plane.close()
    storage = plane.open()
    acknowledged = list(range(5))
    with pytest.raises(UnavailableError, match=r"no space left for `.*`; nothing was recorded, free some"):
        for n in range(5, 500):
            storage.append([event(n, metadata={"number": n, "much": "x" * 5_000})])
            acknowledged.append(n)
    with pytest.raises(UnavailableError, match="no space left"), storage.unit() as unit:
        unit.append(event(900, metadata={"number": 900, "much": "x" * 60_000}))
    assert numbers(storage) == acknowledged
    check_whole(storage)
    monkeypatch.undo()
    plane.close()
    storage = plane.open()
    storage.append([event(901)])
    assert numbers(storage) == [*acknowledged, 901]
    check_whole(storage)


def test_a_file_that_may_not_grow_recovers_by_itself_when_it_may(plane):
    storage = plane.open()
    storage.append([event(5)])
    acknowledged = list(range(6))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    log = Path(f"{plane.file}-wal")
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 100_000, before[1]))
    try:
        with pytest.raises(UnavailableError, match="nothing was recorded"):
            for n in range(6, 300):
                storage.append([event(n, metadata={"number": n, "much": "x" * 9_000})])
                acknowledged.append(n)
        with pytest.raises(UnavailableError, match="nothing was recorded"):
            change(storage, 800)
            change(storage, 801)
            change(storage, 802)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    there = numbers(storage)
    assert there[: len(acknowledged)] == acknowledged
    storage.append([event(900)])
    assert numbers(storage) == [*there, 900]
    check_whole(storage)
    assert plane.ledger(storage).verify(None, None).verdict == "CONSISTENT"


FULL_DISK = """
import sys
sys.path[:0] = sys.argv[2:]
from pathlib import Path
from planes import Made, check_whole, event, numbers
from ephor.kernel.errors import UnavailableError
folder = Path(sys.argv[1])
made = Made(f"sqlite:///{folder / 'ephor.db'}", folder / "ephor.db.keys")
storage = made.open()
ballast = folder / "ballast"
ballast.write_bytes(bytes(200_000))
said = []
try:
    for n in range(2_000):
        storage.append([event(n, metadata={"number": n, "much": "x" * 9_000})])
        said.append(n)
    sys.exit("the disk did not fill up")
except UnavailableError as error:
    print(error)
try:
    with storage.unit() as unit:
        unit.append(event(5_000, metadata={"much": "x" * 60_000}))
    sys.exit("there was room after all")
except UnavailableError as error:
    print(error)
assert numbers(storage) == said and len(said) > 3, (numbers(storage), said)
ballast.unlink()
storage.append([event(6_000)])
assert numbers(storage) == [*said, 6_000]
check_whole(storage)
assert made.ledger(storage).verify(None, None).verdict == "CONSISTENT"
made.close()
"""


def test_a_disk_that_is_full_keeps_what_it_acknowledged_and_goes_on_when_there_is_room(tmp_path):
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"], check=False).returncode != 0:
        pytest.skip("only root may mount a small disk")
    arguments = [str(tmp_path), str(TESTS), str(TESTS.parent / "src")]
    mount = 'mount -t tmpfs -o size=2m none "$0" && exec "$@"'
    ran = subprocess.run(
        ["unshare", "--mount", "sh", "-c", mount, str(tmp_path), sys.executable, "-c", FULL_DISK, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if "mount:" in ran.stderr:
        pytest.skip("this container may not mount")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("nothing was recorded") == 2
    assert "Traceback" not in ran.stderr


@pytest.fixture
def public(plane: Made) -> Iterator[Path]:
    """A copy of the plane that another account could reach."""
    folder = Path(tempfile.mkdtemp(prefix="ephor-public-"))
    folder.chmod(0o755)
    shutil.copyfile(plane.file, folder / "ephor.db")
    shutil.copytree(plane.folder, folder / "ephor.db.keys")
    for one in (folder / "ephor.db.keys").iterdir():
        one.chmod(0o600)  # a secret that others can read is refused; these are the other account's own
        if os.geteuid() == 0:
            os.chown(one, 65534, 65534)
    (folder / "ephor.db.keys").chmod(0o755)
    yield folder
    subprocess.run(["chmod", "-R", "u+w", str(folder)], check=True)
    shutil.rmtree(folder)


def as_nobody(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command as an account for which the permissions count, which they do not for root."""
    other: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    ran = subprocess.run(
        [sys.executable, "-m", "ephor", *arguments, "--database", f"sqlite:///{folder / 'ephor.db'}"],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(TESTS.parent / "src"),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        check=False,
        **other,
    )
    if "ModuleNotFoundError" in ran.stderr or "Permission denied: '" in ran.stderr:
        pytest.skip("another account cannot run this interpreter")
    return ran


EVENT = '{"event_type": "tool.invoked", "agent_id": "bot", "action": "call"}\n'


def test_a_read_only_database_is_read_but_not_written(public):
    (public / "ephor.db").chmod(0o444)
    public.chmod(0o777)
    ran = as_nobody(public, "ledger", "append", "-", stdin=EVENT)
    assert (ran.returncode, ran.stdout) == (7, "")
    assert "is read-only; nothing was recorded, make the file and its folder writable" in ran.stderr
    for command in (["verify"], ["list", "--tool", "no-such-tool"], ["list"], ["checkpoint"]):
        ran = as_nobody(public, "ledger", *command)
        assert (ran.returncode, ran.stderr) == (0, ""), command


def test_a_database_in_a_read_only_folder_says_what_to_change(public):
    (public / "ephor.db").chmod(0o444)
    public.chmod(0o555)
    for command in (["ledger", "append", "-"], ["init"]):
        ran = as_nobody(public, *command, stdin=EVENT)
        assert ran.returncode == 7
        assert ran.stderr.startswith("ephor: unavailable: ")
        assert "writable" in ran.stderr
        assert "Traceback" not in ran.stderr


def test_a_folder_of_keys_that_cannot_be_written_stops_the_recording_before_it_happens(public):
    (public / "ephor.db").chmod(0o666)
    public.chmod(0o777)
    keys = public / "ephor.db.keys"
    keys.chmod(0o555)
    (keys / "head").chmod(0o444)
    ran = as_nobody(public, "ledger", "append", "-", stdin=EVENT)
    assert ran.returncode == 7
    assert f"cannot write to `{keys}`" in ran.stderr or f"cannot write to `{keys.name}`" in ran.stderr
    assert "nothing was recorded, make it writable" in ran.stderr
    assert as_nobody(public, "ledger", "verify").stdout.startswith(
        "CONSISTENT  test.local/ephor/main  5 entries"
    )


def test_an_unreadable_database_says_so(public):
    (public / "ephor.db").chmod(0o000)
    ran = as_nobody(public, "ledger", "verify")
    assert ran.returncode == 7
    assert "cannot read" in ran.stderr
    assert "make it readable" in ran.stderr


def test_a_read_only_copy_in_a_read_only_folder_is_read(public):
    (public / "ephor.db").chmod(0o444)
    public.chmod(0o555)
    for command in (["ledger", "verify"], ["ledger", "list"], ["agents", "list"], ["people", "list"]):
        ran = as_nobody(public, *command)
        assert (ran.returncode, ran.stderr) == (0, ""), command
    assert sorted(one.name for one in public.iterdir()) == ["ephor.db", "ephor.db.keys"]


def test_a_read_only_copy_whose_newest_entries_lie_in_the_write_ahead_log_is_not_read_without_them(
    public, plane
):
    storage = plane.open()
    storage.append([event(9)])
    for end in ("", "-wal"):
        shutil.copyfile(f"{plane.file}{end}", public / f"ephor.db{end}")
        (public / f"ephor.db{end}").chmod(0o444)
    assert (public / "ephor.db-wal").stat().st_size
    public.chmod(0o555)
    ran = as_nobody(public, "ledger", "verify")
    assert ran.returncode in (0, 7)
    assert "6 entries" in ran.stdout if ran.returncode == 0 else "writable" in ran.stderr
