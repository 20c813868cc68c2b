"""A large bundle checked by several processes is judged as by one, whatever is wrong with it."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import BrokenExecutor

import pytest

from ephor import verifier
from ephor.rooms.ledger import checkpoint, note, tile
from sample_bundle import ENTRIES, KEY, LOG, Pen, export, make_entry, rewrite, sign_head, write


class Here:
    """Stands in for a pool of processes: does the work at once, in this one."""

    asked: list[int]

    def __init__(self, *_):
        Here.asked = []

    def submit(self, work, *arguments):
        Here.asked.append(arguments[2])
        return Done(work(*arguments))

    def shutdown(self, **_):
        pass


class Done:
    def __init__(self, told):
        self._told = told

    def result(self):
        return self._told


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Two bundles a stretch, and every log worth it."""
    monkeypatch.setattr(verifier, "STRETCH", 2)
    monkeypatch.setattr(verifier, "WORTH_IT", 0)
    monkeypatch.setattr(verifier, "ProcessPoolExecutor", Here)


LONG = [
    make_entry(i, src="ab"[i % 2], n=i // 2 + 1, kind="erasure/1" if 500 < i < 530 else "tool.invoked/1")
    for i in range(1700)
]


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    return export(tmp_path_factory.mktemp("long"), LONG)


def alike(folder, *, earlier=None, **options):
    one = verifier.verify(folder, KEY, earlier, **options)
    many = verifier.verify(folder, KEY, earlier, workers=2, **options)
    assert one == many
    return many


def test_stretches_in_order_are_taken_from_the_others(long, monkeypatch):
    taken = []
    real = verifier._Audit._take

    def take(audit, index, width):
        taken.append(index)
        return real(audit, index, width)

    report = alike(long)
    assert (report.verdict, report.erased, report.erasures) == ("CONSISTENT", ((501, 529),), 29)
    assert Here.asked == [0, 2, 4]
    monkeypatch.setattr(verifier._Audit, "_take", take)
    monkeypatch.setattr(verifier, "_survey", lambda *_: None)
    verifier.verify(long, KEY, workers=2)
    assert taken == list(range(7))  # where the others say nothing, all is read here
    assert alike(long, content=False).content_read is False


def test_a_kept_checkpoint_is_met_within_a_stretch(long):
    for size in (1, 512, 513, 700, 1024, 1699, 1700):
        assert alike(long, earlier=sign_head(LONG[:size])).verdict == "CONSISTENT"
        assert alike(long, earlier=sign_head([*LONG[1:size], LONG[0]]) if size > 1 else None).size == 1700


DAMAGE = {
    "nothing": {},
    "another log": {3: make_entry(3, log="x")},
    "a time set back": {600: make_entry(600, after=1)},
    "a counter at a seam": {512: make_entry(512, src="a", n=999)},
    "a counter repeated": {513: LONG[1]},
    "a source that begins late": {1030: make_entry(1030, src="c", n=5)},
    "a source that begins": {1030: make_entry(1030, src="c", n=1)},
    "no entry": {700: b"{}"},
    "a time that lies ahead at a seam": {511: make_entry(511, src="b", n=256, after=9_999)},
}


@pytest.mark.parametrize("changes", DAMAGE.values(), ids=DAMAGE)
def test_whatever_is_signed_is_judged_alike(tmp_path, changes):
    folder = export(tmp_path, [changes.get(at, one) for at, one in enumerate(LONG)])
    assert (alike(folder).verdict == "CONSISTENT") == (not changes)
    assert alike(folder, content=False).verdict == "CONSISTENT"


@pytest.mark.parametrize("index", [0, 1, 2, 5, 6])
@pytest.mark.parametrize("kind", ["entries", "0"])
def test_whatever_is_missing_or_damaged_is_judged_alike(tmp_path, kind, index):
    folder = export(tmp_path, LONG)
    name = f"tile/{kind}/{index:03d}" + (".p/164" if index == 6 else "")
    data = (folder / name).read_bytes()
    for spoilt in (data[:-1], data[:100], b"", bytes(len(data)), data[:50] + b"\xff" + data[51:]):
        write(folder, name, spoilt)
        assert alike(folder).verdict == "INVALID" or spoilt == b""
        assert alike(folder, content=False).verdict in ("INVALID", "INCOMPLETE")
    (folder / name).unlink()
    assert alike(folder, earlier=sign_head(LONG[:900])).verdict == "INCOMPLETE"


def test_an_edit_is_named_alike(tmp_path):
    folder = export(tmp_path, ENTRIES)
    for position in (0, 300, 511, 599):
        rewrite(folder, position, lambda data: data.replace(b"agent:support", b"agent:mallory"))
    assert [one.position for one in alike(folder).findings] == [0, 300, 511, 599]


def test_more_sources_than_are_followed_are_told_alike(tmp_path, monkeypatch):
    monkeypatch.setattr(verifier, "MAX_SOURCES", 3)
    entries = [make_entry(i, src="abcd"[min(i // 500, 3)], n=i % 500 + 1) for i in range(1700)]
    assert alike(export(tmp_path, entries)).verdict == "INCOMPLETE"


@pytest.mark.parametrize("error", [BrokenExecutor, OSError])
def test_where_no_process_can_be_had_the_verdict_is_the_same(long, monkeypatch, error):
    class Broken(Here):
        def submit(self, *_):
            return self

        def result(self):
            raise error

    monkeypatch.setattr(verifier, "ProcessPoolExecutor", Broken)
    assert alike(long).verdict == "CONSISTENT"

    class Refused(Here):
        def __init__(self, *_):
            raise error

    monkeypatch.setattr(verifier, "ProcessPoolExecutor", Refused)
    assert alike(long).verdict == "CONSISTENT"


def test_real_processes_alone_on_the_file_say_the_same(tmp_path):
    """The one file, copied to an empty folder, with nothing of Ephor in reach; small logs need no second process."""
    folder = big(tmp_path / "bundle", 66_000)
    (tmp_path / "empty").mkdir()
    alone = tmp_path / "check_log.py"
    with open(verifier.__file__, "rb") as source:
        alone.write_bytes(source.read())
    told = []
    for count in ("1", "2"):
        words = [
            sys.executable,
            "-I",
            alone,
            folder,
            "--key",
            KEY,
            "--json",
            "--hashes-only",
            "--processes",
            count,
        ]
        done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path / "empty")
        assert (done.returncode, done.stderr) == (0, "")
        told.append(json.loads(done.stdout))
    assert told[0] == told[1]
    assert (told[0]["verdict"], told[0]["size"]) == ("CONSISTENT", 66_000)


def big(folder, size):
    """Write a log of tiny entries; the tree is the verifier's own, whose roots other tests check."""
    rows = verifier._Rows(
        lambda level, index, row: write(folder, tile.tile_path(level, index, len(row)), b"".join(row))
    )
    for index, width in tile.bundles_of(size):
        entries = [(index * 256 + at).to_bytes(3, "big") for at in range(width)]
        write(folder, tile.entries_path(index, width), tile.encode_bundle(entries))
        leaves = [verifier.sha256(b"\x00" + one).digest() for one in entries]
        rows.add(leaves)
        if width == 256:
            write(folder, tile.tile_path(0, index), b"".join(leaves))
    rows.close()
    head = checkpoint.Checkpoint(LOG, size, rows.root())
    write(folder, "checkpoint", note.sign(checkpoint.encode(head), Pen()))
    return folder
