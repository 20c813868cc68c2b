"""Who saw which tree when: cosignatures on the head, beside it, and on checkpoints kept from before."""

from __future__ import annotations

import pytest

from ephor import verifier
from sample_bundle import ENTRIES, KEY, ONE, TWO, export, make_entry, sign_head, witness, write

THREE = witness(23)
ALL = [ONE[0], TWO[0], THREE[0]]


def cosigned(size, *witnesses, entries=ENTRIES, at=1_679_315_147):
    signed = sign_head(entries[:size])
    for number, one in enumerate(witnesses):
        signed = one[1](signed, at + number)
    return signed


def bundle_of(folder, size, *, head=None, beside=None):
    export(folder, ENTRIES[:size], signed=head or sign_head(ENTRIES[:size]))
    if beside is not None:
        write(folder, "checkpoint.cosigned", beside)
    return folder


def told(report):
    return report.verdict, report.unwitnessed_tail


def test_a_cosigned_checkpoint_beside_the_head_counts_the_tail_exactly(tmp_path):
    folder = bundle_of(tmp_path, 300, beside=cosigned(257, ONE))
    report = verifier.verify(folder, KEY, witnesses=[ONE[0]])
    assert told(report) == ("CONSISTENT", 43)
    assert report.seen == (verifier.Sighting(257, "witness.example/21", "2023-03-20T12:25:47Z"),)
    assert list(verifier.lines_of(report))[-2:] == [
        "witness.example/21 saw 257 entries at 2023-03-20T12:25:47Z",
        "the last 43 entries are vouched for by the log's own key alone",
    ]
    assert told(verifier.verify(folder, KEY)) == ("CONSISTENT", 300)


def test_only_the_head_itself_makes_a_log_witnessed(tmp_path):
    assert told(
        verifier.verify(bundle_of(tmp_path, 300, beside=cosigned(300, ONE)), KEY, witnesses=[ONE[0]])
    ) == (
        "WITNESSED",
        0,
    )
    write(tmp_path, "checkpoint.cosigned", cosigned(299, ONE))
    assert told(verifier.verify(tmp_path, KEY, witnesses=[ONE[0]])) == ("CONSISTENT", 1)


@pytest.mark.parametrize(("quorum", "tail"), [(1, 0), (2, 20), (3, 90)])
def test_whoever_saw_a_tree_saw_its_beginnings(tmp_path, quorum, tail):
    """Three witnesses, three checkpoints: a quorum of two vouches for what the second-best saw."""
    folder = bundle_of(tmp_path, 100, head=cosigned(100, ONE), beside=cosigned(80, TWO))
    report = verifier.verify(folder, KEY, cosigned(10, THREE), witnesses=ALL, quorum=quorum)
    assert told(report) == ("WITNESSED" if tail == 0 else "CONSISTENT", tail)
    assert [(one.size, one.witness[-2:]) for one in report.seen] == [(10, "23"), (80, "22"), (100, "21")]


def test_a_cosigned_checkpoint_that_contradicts_the_log_shows_two_histories(tmp_path):
    other = [make_entry(0, after=1), *ENTRIES[1:]]
    folder = bundle_of(tmp_path, 20, beside=cosigned(9, ONE, entries=other))
    for witnesses in ((), (ONE[0],)):  # the log's own key signed it: that is enough
        report = verifier.verify(folder, KEY, witnesses=witnesses)
        assert told(report) == ("INVALID", 20)
        assert report.findings[0].problem == "the first 9 entries are not those of the cosigned checkpoint"
    write(folder, "checkpoint.cosigned", cosigned(20, ONE, entries=other))
    assert verifier.verify(folder, KEY).findings[0].means == "two histories were signed"
    write(folder, "checkpoint.cosigned", cosigned(25, ONE))
    report = verifier.verify(folder, KEY)
    assert (report.verdict, report.findings[0].problem) == (
        "INVALID",
        "a cosigned checkpoint counts 5 more entries",
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        cosigned(9, ONE)[:-3],
        cosigned(9) + cosigned(8, ONE).splitlines(keepends=True)[-1],
        b"x" * 2_000_000,
    ],
)
def test_a_spoilt_cosigned_checkpoint_is_named(tmp_path, data):
    report = verifier.verify(bundle_of(tmp_path, 20, beside=data), KEY, witnesses=[ONE[0]])
    assert report.verdict == "INVALID"
    assert "checkpoint.cosigned" in report.findings[0].problem


def test_every_checkpoint_that_was_kept_is_held_against_the_log(tmp_path):
    folder = bundle_of(tmp_path, 300)
    kept = [sign_head(ENTRIES[:size]) for size in (0, 10, 10, 256, 299, 300)]
    assert verifier.verify(folder, KEY, kept).verdict == "CONSISTENT"
    wrong = sign_head([make_entry(0, after=2)])
    report = verifier.verify(folder, KEY, [*kept, wrong])
    assert [one.problem for one in report.findings] == [
        "the first 1 entries are not those of the earlier checkpoint"
    ]
    assert verifier.verify(folder, KEY, []).verdict == "CONSISTENT"


def test_a_tree_that_was_not_reached_is_not_vouched_for(tmp_path):
    folder = bundle_of(tmp_path, 300, head=cosigned(300, ONE))
    (folder / "tile/entries/001.p/44").unlink()
    (folder / "tile/0/001.p/44").unlink()
    assert told(verifier.verify(folder, KEY, cosigned(100, ONE), witnesses=[ONE[0]])) == ("INCOMPLETE", 200)


@pytest.mark.parametrize(
    ("at", "text"), [(0, "1970-01-01T00:00:00Z"), (2**63 - 1, "9223372036854775807 seconds after 1970")]
)
def test_any_time_of_63_bits_can_be_told(tmp_path, at, text):
    folder = bundle_of(tmp_path, 3, head=cosigned(3, ONE, at=at))
    assert verifier.verify(folder, KEY, witnesses=[ONE[0]]).seen[0].at == text


def test_a_time_of_64_bits_is_refused(tmp_path):
    report = verifier.verify(bundle_of(tmp_path, 3, head=cosigned(3, ONE, at=2**63)), KEY, witnesses=[ONE[0]])
    assert report.findings[0].problem.startswith("checkpoint: a cosignature is of second 9223372036854775808")


def test_a_note_of_very_many_signatures_is_refused(tmp_path):
    line = sign_head(ENTRIES[:3]).splitlines(keepends=True)[-1]
    report = verifier.verify(bundle_of(tmp_path, 3, head=sign_head(ENTRIES[:3]) + line * 100), KEY)
    assert report.findings[0].problem == "checkpoint: it has more than 100 signatures"


def test_an_empty_tree_has_one_root(tmp_path):
    folder = bundle_of(tmp_path, 0, head=cosigned(0, ONE))
    assert told(verifier.verify(folder, KEY, witnesses=[ONE[0]])) == ("WITNESSED", 0)
    assert told(verifier.verify(folder, KEY, witnesses=[TWO[0]])) == ("CONSISTENT", 0)
