"""A log whose signing key was rotated, and everything that a thief of an old key may try."""

from __future__ import annotations

import json

import pytest

from ephor import verifier
from ephor.rooms.ledger import rotation as room
from ephor.rooms.ledger import tile
from sample_bundle import (
    ENTRIES,
    KEY,
    LOG,
    Pen,
    export,
    export_rotated,
    make_raw,
    rotated,
    rotation,
    sign_head,
    write,
)

A, B, C, D = (Pen(seed) for seed in (1, 2, 3, 4))
FIRST, SECOND = rotation(10, A, B), rotation(300, B, C)
LINKS = {10: FIRST, 300: SECOND}


def judged(folder, key=KEY, earlier=None, **options):
    return verifier.verify(folder, key, earlier, **options)


def only(report):
    assert report.verdict == "INVALID"
    return report.findings[0]


@pytest.fixture
def bundle(tmp_path):
    return export_rotated(tmp_path / "bundle", 400, LINKS, C)


@pytest.mark.parametrize("trusted", [A, B, C])
def test_whoever_trusts_one_key_of_the_chain_can_judge_the_log(bundle, trusted):
    report = judged(bundle, trusted.verifier)
    assert (report.verdict, report.findings) == ("CONSISTENT", ())
    told = [(one.key, one.first, one.last) for one in report.keys]
    assert told == [(A.verifier, 0, 10), (B.verifier, 11, 300), (C.verifier, 301, None)]
    assert f"key {B.verifier} signs trees of 11 entries to 300" in list(verifier.lines_of(report))


def test_the_statement_is_the_one_that_the_ledger_writes():
    text = room.encode(room.Statement(LOG, 10, A.verifier, B.verifier))
    assert FIRST.decode().startswith(text + "\n")
    assert room.open_statement(FIRST, A.verifier).new == B.verifier
    assert verifier._read_link(FIRST, 1, LOG).new.text == B.verifier


@pytest.mark.parametrize(("size", "pen"), [(10, A), (11, B), (300, B), (301, C)])
def test_the_tree_that_holds_a_hand_over_is_the_first_that_the_new_key_signs(tmp_path, size, pen):
    links = {position: one for position, one in LINKS.items() if position < size}
    assert judged(export_rotated(tmp_path, size, links, pen)).verdict == "CONSISTENT"


def test_a_key_that_nobody_handed_over_to_vouches_for_nothing(bundle):
    write(bundle, "checkpoint", sign_head(rotated(400, LINKS), D))
    found = only(judged(bundle))
    assert (
        found.problem
        == "checkpoint: it is not signed with this key nor with the 2 others that lead to it or follow it"
    )


def test_a_retired_key_that_signs_on_is_what_a_thief_does(bundle):
    for pen, told in ((A, 10), (B, 300)):
        write(bundle, "checkpoint", sign_head(rotated(400, LINKS), pen))
        for trusted in (A, B, C):
            found = only(judged(bundle, trusted.verifier))
            assert (
                found.problem == f"checkpoint: it is of 400 entries, and its key was given up at entry {told}"
            )
            assert "as a thief of it does" in found.means


def test_a_new_key_does_not_sign_what_came_before_it(tmp_path):
    folder = export(tmp_path, ENTRIES[:10], signed=sign_head(ENTRIES[:10], B))
    write(folder, "keys/1", FIRST)
    assert (
        only(judged(folder)).problem == "checkpoint: it is of 10 entries, and its key took over at entry 10"
    )


def test_a_signature_of_a_retired_key_beside_the_right_one_changes_nothing(bundle):
    right, old = sign_head(rotated(400, LINKS), C), sign_head(rotated(400, LINKS), A)
    write(bundle, "checkpoint", right + old.splitlines(keepends=True)[-1])
    assert judged(bundle).verdict == "CONSISTENT"
    write(bundle, "checkpoint", right + sign_head(rotated(399, LINKS), A).splitlines(keepends=True)[-1])
    assert only(judged(bundle)).problem == f"checkpoint: the signature of `{LOG}` does not hold"


@pytest.mark.parametrize(
    ("size", "pen"), [(0, A), (1, A), (10, A), (11, B), (256, B), (300, B), (301, C), (400, C)]
)
def test_an_earlier_checkpoint_is_signed_by_whose_turn_it_was(bundle, size, pen):
    kept = sign_head(rotated(400, LINKS)[:size], pen)
    for trusted in (A, B, C):
        assert judged(bundle, trusted.verifier, kept).verdict == "CONSISTENT"
    for other in {A, B, C} - {pen}:
        report = judged(bundle, KEY, sign_head(rotated(400, LINKS)[:size], other))
        assert only(report).problem.startswith(f"earlier checkpoint: it is of {size} entries, and its key")


def test_an_earlier_checkpoint_of_another_history_is_found_across_a_rotation(bundle):
    kept = sign_head([*ENTRIES[:5], ENTRIES[6]], A)
    assert "the first 6 entries" in only(judged(bundle, C.verifier, kept)).problem


def broken(how, at=1):
    statements = [FIRST, SECOND]
    statements[at - 1] = how
    return statements


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        (broken(b""), "keys/1: it is not a signed note"),
        (broken(b"\xff"), "keys/1: it is not UTF-8"),
        (broken(sign_head(ENTRIES[:3])), "keys/1: it is no statement of a new key"),
        (broken(FIRST[:-9] + b"AAAAAAA=\n"), "keys/1: "),
        (broken(rotation(10, A, B, signers=(A,))), "keys/1: the old key and the new one must both have signed"),
        (broken(rotation(10, A, B, signers=(B,))), "keys/1: the old key and the new one must both have signed"),
        (broken(rotation(10, A, B, signers=(A, D))), "keys/1: the old key and the new one must both have signed"),
        (broken(rotation(10, A, B, log="ephor.example/other")), "keys/1: it is of another log"),
        (broken(rotation(10, Pen(1, "x"), Pen(2, "x"))), "keys/1: the old key and the new one must both have signed"),
        (broken(rotation("010", A, B)), "keys/1: it is no statement"),
        (broken(rotation(-1, A, B)), "keys/1: it is no statement"),
        (broken(rotation(10, A, D)), "keys/2: its old key is not the one before"),
        (broken(rotation(300, A, B)), "keys/2: it takes over at entry 300, not after the one before"),
        (broken(rotation(300, A, C), 2), "keys/2: its old key has handed over already"),
        (broken(rotation(300, B, A), 2), "keys/2: its new key was given up before"),
        (broken(rotation(10, A, A)), "keys/1: its new key is the old one"),
        ([SECOND, FIRST], "keys/2: its old key is not the one before"),
        ([FIRST, FIRST], "keys/2: its old key has handed over already"),
        ([FIRST, SECOND, rotation(350, C, D)], "checkpoint: it is of 400 entries, and its key was given up"),
        ([FIRST, SECOND, rotation(400, C, D)], "`keys/3` takes over at entry 400 of 400"),
    ],
)  # fmt: skip
def test_a_chain_that_is_broken_forked_or_unsigned_is_invalid(bundle, keys, problem):
    for number, statement in enumerate(keys, 1):
        write(bundle, f"keys/{number}", statement)
    report = judged(bundle, C.verifier)
    assert report.verdict == "INVALID"
    assert any(one.problem.startswith(problem) for one in report.findings), report.findings


def test_a_thief_of_the_first_key_cannot_lead_the_chain_elsewhere(tmp_path):
    """The thief writes the log anew from the rotation on, with a successor of its own; the auditor has the true newest key."""
    stolen = {10: rotation(10, A, D)}
    folder = export_rotated(tmp_path, 20, stolen, D)
    assert (
        judged(folder, KEY).verdict == "CONSISTENT"
    )  # who has only the stolen key cannot know: see the auditor's page
    assert "none of them" in " ".join(one.problem for one in judged(folder, C.verifier).findings)
    assert judged(folder, C.verifier).verdict == "INVALID"
    kept = sign_head(rotated(20, LINKS), B)  # nor can it stand beside one checkpoint of the true log
    assert only(judged(folder, KEY, kept)).problem.startswith("earlier checkpoint: it is not signed")


def test_what_the_log_recorded_is_the_statement_that_is_shown(tmp_path):
    again = rotation(10, A, B, signers=(B, A))  # as good a statement, and not the one recorded
    folder = export_rotated(tmp_path, 400, LINKS, C, keys=[again, SECOND])
    found = only(judged(folder))
    assert (found.position, found.entry, found.problem) == (
        10,
        "evt_10",
        "`keys/1` is not the statement of this entry",
    )
    assert judged(folder, content=False).verdict == "CONSISTENT"
    assert "that the log itself recorded each new key was not checked" in list(
        verifier.lines_of(judged(folder, content=False))
    )


def test_an_entry_of_another_kind_records_no_new_key(tmp_path):
    entries = rotated(400, LINKS)
    entries[300] = make_raw(300, "tool.invoked/1", {"statement": SECOND.decode()})
    folder = export_rotated(tmp_path, 400, LINKS, C, entries=entries)
    assert only(judged(folder)).position == 300


def test_two_statements_of_one_key_are_a_fork_wherever_they_stand(tmp_path):
    links = LINKS | {350: rotation(350, B, D)}
    folder = export_rotated(tmp_path, 400, links, C, keys=[FIRST, SECOND])
    found = only(judged(folder))
    assert (found.position, found.means) == (350, "one key, two successors: whoever stole it did one")


def test_a_statement_that_the_bundle_lacks_is_missing(tmp_path):
    folder = export_rotated(tmp_path, 400, LINKS, C, keys=[])
    report = judged(folder, C.verifier)
    assert (report.verdict, [one.position for one in report.findings]) == ("INCOMPLETE", [10, 300])
    assert judged(folder, KEY).verdict == "INVALID"  # from the first key nothing leads to the head


def test_a_rotation_of_another_key_is_no_hand_over(tmp_path):
    entries = [*ENTRIES[:5], make_raw(5, "key.rotated/1", {"key": "wrapping"})]
    assert judged(export(tmp_path, entries)).verdict == "CONSISTENT"


def test_every_byte_of_the_statements_matters(tmp_path):
    folder = export_rotated(tmp_path, 12, {10: FIRST}, B)
    for at in range(len(FIRST)):
        write(folder, "keys/1", FIRST[:at] + bytes([FIRST[at] ^ (1 << at % 8)]) + FIRST[at + 1 :])
        assert judged(folder).verdict == "INVALID", at
    (folder / "keys/1").unlink()
    assert judged(folder).verdict == "INVALID"
    assert judged(folder, B.verifier).verdict == "INCOMPLETE"


def test_a_chain_of_more_links_than_are_read_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(verifier, "MAX_LINKS", 1)
    for trusted in (KEY, C.verifier):
        report = judged(export_rotated(tmp_path, 400, LINKS, C), trusted)
        assert report.verdict == "INVALID"
        assert "keys/2: it is beyond the 1 that are read" in [one.problem for one in report.findings]


def test_the_report_in_json_names_keys_and_where_each_took_over(bundle, capsys):
    assert verifier.main([str(bundle), "--key", KEY, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["keys"][1] == {"key": B.verifier, "first": 11, "last": 300}


def test_a_missing_bundle_leaves_the_hand_over_unread(bundle):
    (bundle / tile.entries_path(0)).unlink()
    assert judged(bundle).verdict == "INCOMPLETE"
