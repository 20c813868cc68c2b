"""Bundles prepared to deceive, to stop, or to exhaust whoever verifies them: always a verdict, never a traceback."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
import stat
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ephor import verifier
from sample_bundle import (
    ENTRIES,
    KEY,
    LOG,
    ONE,
    Pen,
    export,
    export_rotated,
    make_entry,
    resign,
    rotation,
    write,
)

NAMES = [
    "checkpoint",
    "checkpoint.cosigned",
    "keys/1",
    "tile/entries/000",
    "tile/entries/001.p/44",
    "tile/0/000",
    "tile/1/000.p/1",
]


@pytest.fixture
def bundle(tmp_path):
    link = {10: rotation(10, Pen(1), Pen(2))}
    folder = export_rotated(tmp_path / "bundle", 300, link, Pen(2))
    shutil.copy(folder / "checkpoint", folder / "checkpoint.cosigned")
    assert verifier.verify(folder, KEY).verdict == "CONSISTENT"
    return folder


def fifo(path):
    os.mkfifo(path)


def folder(path):
    path.mkdir()


def loop(path):
    path.symlink_to(path.name)


def outside(path):
    target = path.parents[len(path.parts) - 2] / "etc/hostname"
    path.symlink_to(target)


def endless(path):
    path.symlink_to("/dev/zero")


def device(path):
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("only root makes devices")


def enormous(path):
    path.touch()
    os.truncate(path, 1 << 40)


def plug(path, monkeypatch):
    monkeypatch.chdir(path.parent)  # the path of a socket is short
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as end:
        end.bind(path.name)


@pytest.mark.parametrize("make", [fifo, folder, loop, outside, endless, device, enormous, plug])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_plain_file_of_its_size_is_refused_and_not_waited_for(bundle, name, make, monkeypatch):
    (bundle / name).unlink()
    make(bundle / name, *((monkeypatch,) if make is plug else ()))
    report = verifier.verify(bundle, KEY)
    assert report.verdict == "INVALID"
    assert any("no file" in one.problem or "is longer than" in one.problem for one in report.findings)


@pytest.mark.parametrize("name", ["tile", "tile/entries", "tile/0", "keys"])
def test_folders_that_lead_out_are_not_entered(bundle, tmp_path, name):
    (bundle / name).rename(tmp_path / "moved")
    (bundle / name).symlink_to(tmp_path / "moved")
    report = verifier.verify(bundle, KEY)
    assert report.verdict == "INVALID"
    assert any("leads out of the bundle" in one.problem for one in report.findings)


@pytest.mark.parametrize("name", ["tile", "tile/entries", "tile/0", "keys"])
def test_a_file_in_the_place_of_a_folder_is_a_folder_that_is_not_there(bundle, name):
    shutil.rmtree(bundle / name)
    (bundle / name).write_bytes(b"x")
    assert verifier.verify(bundle, KEY).verdict in ("INVALID", "INCOMPLETE")


def test_the_bundle_itself_may_be_reached_by_a_link(bundle, tmp_path):
    (tmp_path / "link").symlink_to(bundle)
    assert verifier.verify(tmp_path / "link", KEY).verdict == "CONSISTENT"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    link = {10: rotation(10, Pen(1), Pen(2))}
    return export_rotated(tmp_path_factory.mktemp("pristine"), 300, link, Pen(2))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_whatever_lies_in_the_bundle_there_is_a_verdict(pristine, tmp_path_factory, seed):
    dice = random.Random(seed)
    copy = Path(shutil.copytree(pristine, tmp_path_factory.mktemp("copy") / "bundle"))
    for name in dice.sample([*NAMES, "keys/2", "tile/2/000", "anything"], 3):
        path = copy / name
        path.unlink(missing_ok=True)
        write(copy, name, b"")
        data = (pristine / dice.choice([*NAMES[:1], *NAMES[2:]])).read_bytes()
        match dice.randrange(4):
            case 0:
                path.write_bytes(dice.randbytes(dice.randrange(20_000)))
            case 1:
                path.write_bytes(data)
            case 2:
                at = dice.randrange(len(data))
                path.write_bytes(
                    data[:at] + dice.randbytes(dice.randrange(9)) + data[at + dice.randrange(9) :]
                )
            case 3:
                path.unlink()
    for options in ([], ["--hashes-only"], ["--witness", ONE[0], "--json"]):
        assert verifier.main([str(copy), "--key", KEY, *options]) in (0, 1)


@pytest.mark.parametrize(
    "words",
    [
        ["\x00"], ["x" * 100_000], [""], ["--processes", "x"], ["--processes"], ["--key"], ["a", "b"], ["--key=\udcff"],
        ["--checkpoint", "\x00"], ["--witness", "\x00"], ["--anchors", "\x00"], ["--anchors-key", "x" * 100_000],
    ],
)  # fmt: skip
def test_whatever_is_typed_there_is_an_answer(bundle, words, capsys):
    given = [str(bundle), "--key", KEY, *words] if words[0].startswith("--") else [*words, "--key", KEY]
    assert verifier.main(given) in (0, 2)
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("count", ["0", "1", "-3"])
def test_any_number_of_processes_will_do(bundle, count):
    assert verifier.main([str(bundle), "--key", KEY, "--processes", count]) == 0


def test_memory_does_not_grow_with_the_number_of_entries(tmp_path):
    def peak(size):
        entries = [*ENTRIES, *(make_entry(i) for i in range(len(ENTRIES), size))][:size]
        files = export(tmp_path / str(size), entries)
        tracemalloc.start()
        try:
            assert verifier.verify(files, KEY).verdict == "CONSISTENT"
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(512)  # patterns are compiled, caches filled
    assert peak(5_120) < peak(512) + 100_000


def test_a_source_of_any_length_takes_little_room():
    content = verifier._Content(verifier._parse_trust(KEY, (), None))
    for letter in "ab":
        assert content.read(0, make_entry(0, src=letter * 60_000, n=1)) == []
    assert all(len(one) <= 80 for one in content.sources)
    assert [one[0] for one in content.read(0, make_entry(0, src="a" * 60_000, n=1))] == [
        "counter 1 of its source comes after 1"
    ]


def test_very_many_sources_are_told_and_followed_no_further(tmp_path, monkeypatch):
    monkeypatch.setattr(verifier, "MAX_SOURCES", 50)
    report = resign(tmp_path, [make_entry(i, src=f"s{i}", n=1) for i in range(60)])
    assert (report.verdict, len(report.findings)) == ("INCOMPLETE", 10)
    assert report.findings[0].problem == "more than 50 sources"


def test_very_many_erasures_are_counted_and_named_in_ranges(tmp_path, monkeypatch):
    kinds = [f"{'erasure' if at % 10 < 7 else 'tool.invoked'}/1" for at in range(100)]
    entries = [make_entry(at, kind=kind) for at, kind in enumerate(kinds)]
    report = resign(tmp_path, entries)
    assert (report.erasures, report.erased[:2], len(report.erased)) == (70, ((0, 6), (10, 16)), 10)
    monkeypatch.setattr(verifier, "MAX_RANGES", 3)
    report = resign(tmp_path, entries)
    assert (report.erasures, report.erased) == (70, ((0, 6), (10, 16), (20, 26)))


def test_bundles_left_out_one_after_the_other_are_one_gap(tmp_path):
    files = export(tmp_path, [make_entry(i) for i in range(1_500)])
    for index in (1, 2, 4):
        (files / f"tile/entries/{index:03d}").unlink()
    report = verifier.verify(files, KEY)
    assert [(one.position, one.problem) for one in report.findings] == [
        (256, "512 entries are missing"),
        (1024, "256 entries are missing"),
    ]


@pytest.mark.parametrize("name", ["a b", "a\tb", "a\u2003b", "a\x00b", "a\nb"])
def test_a_key_of_an_impossible_name_is_bad_usage(bundle, name):
    text = verifier._make_key(name, Pen().public_key).text
    with pytest.raises(verifier.UsageError):
        verifier.verify(bundle, text)
    assert verifier._make_key(LOG, Pen().public_key).text == KEY
