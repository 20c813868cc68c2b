"""Streams that a main log anchors, and logs that go on from another."""

from __future__ import annotations

import base64
import json

import pytest

from ephor import verifier
from ephor.rooms.ledger import tree
from sample_bundle import (
    ENTRIES,
    KEY,
    LOG,
    ONE,
    Pen,
    export,
    make_entry,
    make_raw,
    rotation,
    sign_head,
    write,
)

MAIN = "ephor.example/acme/main"
ROOTS = {
    size: tree.root_hash([tree.leaf_hash(one) for one in ENTRIES[:size]]) for size in (0, 1, 256, 257, 300)
}


def anchor(position, size, root=None, origin=LOG):
    root = base64.b64encode(ROOTS[size] if root is None else root).decode()
    return make_raw(position, "stream.anchored/1", {"origin": origin, "size": size, "root": root}, log=MAIN)


def main_log(folder, anchors, *, pen=None, cosigned=False, entries=None):
    """Write a main log in which every second entry is an anchor."""
    if entries is None:
        entries = [make_entry(0, log=MAIN)]
        for size, root in anchors:
            entries.append(anchor(len(entries), size, root))
            entries.append(make_entry(len(entries), log=MAIN))
    signed = sign_head(entries, pen or Pen(1, MAIN))
    return export(folder, entries, signed=ONE[1](signed) if cosigned else signed)


@pytest.fixture
def stream(tmp_path):
    return export(tmp_path / "stream", ENTRIES[:300])


def test_every_anchor_is_a_beginning_of_the_stream(stream, tmp_path):
    main = main_log(tmp_path / "main", [(0, None), (1, None), (256, None), (257, None)], cosigned=True)
    report = verifier.verify(stream, KEY, anchors=main)
    assert report.verdict == "CONSISTENT"
    assert report.anchored == verifier.Anchored(MAIN, "CONSISTENT", 4, 257, 0, 43)
    assert list(verifier.lines_of(report))[-2:] == [
        f"{MAIN} (CONSISTENT) anchors 257 entries, 0 of them witnessed",
        "the last 43 entries are not anchored",
    ]
    report = verifier.verify(stream, KEY, anchors=main, witnesses=[ONE[0]])
    assert (report.verdict, report.anchored) == (
        "CONSISTENT",
        verifier.Anchored(MAIN, "WITNESSED", 4, 257, 257, 43),
    )
    assert report.unwitnessed_tail == 300  # the witness saw the main log


def test_a_stream_that_is_anchored_whole_has_no_tail(stream, tmp_path):
    report = verifier.verify(stream, KEY, anchors=main_log(tmp_path / "main", [(300, None), (300, None)]))
    assert (report.anchored.size, report.anchored.tail) == (300, 0)
    report = verifier.verify(stream, KEY, anchors=main_log(tmp_path / "other", []))
    assert (report.verdict, report.anchored.anchors, report.anchored.tail) == ("CONSISTENT", 0, 300)


@pytest.mark.parametrize("size", [0, 1, 256, 257, 300])
def test_an_anchor_of_another_history_is_named(stream, tmp_path, size):
    main = main_log(tmp_path / "main", [(1, None), (size, bytes(32))])
    report = verifier.verify(stream, KEY, anchors=main)
    assert (report.verdict, report.anchored.size) == ("INVALID", 1)
    assert "anchor in entry 3 of the main log" in report.findings[0].problem


def test_a_stream_shorter_than_its_anchor_was_cut(tmp_path):
    stream = export(tmp_path / "stream", ENTRIES[:250])
    report = verifier.verify(stream, KEY, anchors=main_log(tmp_path / "main", [(1, None), (257, None)]))
    assert report.verdict == "INVALID"
    assert report.findings[0].problem == "an anchor in entry 3 of the main log counts 7 more entries"
    assert report.findings[0].position == 250


def test_anchors_of_other_streams_are_not_ours(stream, tmp_path):
    entries = [make_entry(0, log=MAIN), anchor(1, 1, bytes(32), "ephor.example/acme/other")]
    report = verifier.verify(stream, KEY, anchors=main_log(tmp_path / "main", (), entries=entries))
    assert (report.verdict, report.anchored.anchors) == ("CONSISTENT", 0)


@pytest.mark.parametrize(
    "metadata", [{}, {"size": -1}, {"size": True}, {"size": "1"}, {"size": 1, "root": "AAAA"}, {"root": 1}]
)
def test_an_anchor_that_says_nothing_makes_the_main_log_invalid(stream, tmp_path, metadata):
    whole = {"origin": LOG, "size": 1, "root": base64.b64encode(ROOTS[1]).decode()}
    entries = [make_entry(0, log=MAIN), make_raw(1, "stream.anchored/1", whole | metadata, log=MAIN)]
    if not metadata:
        assert (
            verifier.verify(stream, KEY, anchors=main_log(tmp_path / "main", (), entries=entries)).verdict
            == "CONSISTENT"
        )
        return
    report = verifier.verify(stream, KEY, anchors=main_log(tmp_path / "main", (), entries=entries))
    assert report.verdict == "INVALID"
    assert report.findings[0].problem == "the main log is INVALID: entry 1: the anchor names no size and root"


def test_a_main_log_that_does_not_hold_proves_nothing(stream, tmp_path):
    main = main_log(tmp_path / "main", [(1, None)], pen=Pen(7, MAIN))
    report = verifier.verify(stream, KEY, anchors=main)
    assert (report.verdict, report.anchored.verdict) == ("INVALID", "INVALID")
    assert (
        verifier.verify(stream, KEY, anchors=main, anchors_key=Pen(7, MAIN).verifier).verdict == "CONSISTENT"
    )
    (main / "tile/entries/000.p/3").unlink()
    report = verifier.verify(stream, KEY, anchors=main, anchors_key=Pen(7, MAIN).verifier)
    assert (report.verdict, report.anchored.anchors) == ("INCOMPLETE", 0)


def test_a_main_log_that_cannot_be_asked_is_bad_usage(stream, tmp_path, capsys):
    main = main_log(tmp_path / "main", [(1, None)])
    assert verifier.main([str(stream), "--key", KEY, "--anchors", str(main)]) == 0
    assert "anchors 1 entries" in capsys.readouterr().out
    for folder in (stream, tmp_path / "nowhere", tmp_path):
        assert verifier.main([str(stream), "--key", KEY, "--anchors", str(folder)]) == 2
    assert verifier.main([str(stream), "--key", KEY, "--anchors", str(main), "--anchors-key", "x"]) == 2
    for spoilt in (b"", b"\xff\n", b"a b\n", b"a+b\n"):
        write(main, "checkpoint", spoilt)
        assert verifier.main([str(stream), "--key", KEY, "--anchors", str(main)]) in (1, 2)


def test_the_main_log_may_have_changed_its_key(stream, tmp_path):
    old, new = Pen(1, MAIN), Pen(2, MAIN)
    statement = rotation(1, old, new, log=MAIN)
    record = make_raw(1, "key.rotated/1", {"statement": statement.decode()}, log=MAIN)
    entries = [make_entry(0, log=MAIN), record, anchor(2, 257)]
    main = main_log(tmp_path / "main", (), entries=entries, pen=new)
    write(main, "keys/1", statement)
    assert verifier.verify(stream, KEY, anchors=main).anchored.size == 257


def test_more_anchors_than_are_followed_are_not_passed_over_in_silence(stream, tmp_path, monkeypatch):
    monkeypatch.setattr(verifier, "MAX_ANCHORS", 2)
    main = main_log(tmp_path / "main", [(1, None), (256, None), (257, None)])
    report = verifier.verify(stream, KEY, anchors=main)
    assert (report.verdict, report.anchored.anchors) == ("INCOMPLETE", 2)


def started(left, *, position=0, **told):
    entry = make_raw(position, "epoch.started/1", {"checkpoint": left} | told)
    return [entry, *ENTRIES[1:3]] if position == 0 else [ENTRIES[0], entry, ENTRIES[2]]


def former(pen, size=7):
    return sign_head([make_entry(i, log=pen.name) for i in range(size)], pen).decode()


OLD, OTHER, STRANGER = Pen(1, "ephor.example/old"), Pen(1, "ephor.example/other"), Pen(9, "ephor.example/old")


def test_a_log_that_goes_on_from_another_says_so(tmp_path):
    report = verifier.verify(export(tmp_path / "one", started(former(OLD))), KEY)
    assert report.verdict == "CONSISTENT"
    (told,) = report.former
    assert (told.origin, told.size, told.signed, told.lost) == ("ephor.example/old", 7, True, 0)
    assert told.root == former(OLD).split("\n")[2]
    assert (
        "this log goes on from 7 entries of ephor.example/old, signed with a key of this log; 0 more were lost"
        in list(verifier.lines_of(report))
    )
    assert json.dumps(verifier.asdict(report))


def test_what_was_published_and_lost_is_counted(tmp_path):
    entries = started(former(OLD), published=former(OLD, 9), lost=[former(OTHER, 4)])
    report = verifier.verify(export(tmp_path / "one", entries), KEY)
    assert [(one.origin, one.size, one.lost) for one in report.former] == [
        ("ephor.example/old", 7, 2),
        ("ephor.example/other", 0, 4),
    ]
    for left, published in ((OLD, STRANGER), (STRANGER, OLD)):
        entries = started(former(left), published=former(published, 9))
        report = verifier.verify(export(tmp_path / str(left.seed), entries), KEY)
        assert [one.signed for one in report.former] == [False]
        assert any("which no key of this log signed" in line for line in verifier.lines_of(report))


@pytest.mark.parametrize(
    "left", [None, "", "x", 1, [1], ["x"], former(OLD)[:-4], former(OLD).replace("\n7\n", "\n8\n")]
)
def test_an_epoch_that_comes_from_nowhere_is_named(tmp_path, left):
    for number, entries in enumerate(
        (started(left), started(former(OLD), published=left), started(former(OLD), lost=[left]))
    ):
        report = verifier.verify(export(tmp_path / str(number), entries), KEY)
        assert (report.verdict, report.findings[0].position, report.former) == ("INVALID", 0, ())


@pytest.mark.parametrize("told", [{"lost": 1}, {"lost": None}, {"lost": [[]]}, {"published": former(OTHER)}])
def test_losses_that_make_no_sense_are_named(tmp_path, told):
    report = verifier.verify(export(tmp_path, started(former(OLD), **told)), KEY)
    assert (report.verdict, report.findings[0].position) == ("INVALID", 0)


def test_only_the_first_entry_begins_an_epoch(tmp_path):
    assert verifier.verify(export(tmp_path, started(former(OLD), position=1)), KEY).former == ()
