"""The offline verifier against every way to damage, cut, rewrite or forge an exported log."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ephor import verifier
from ephor.kernel.canonical import canonical
from ephor.kernel.events import Event
from ephor.rooms.ledger import checkpoint, entry, note, tile, tree
from sample_bundle import (
    AT,
    ENTRIES,
    KEY,
    LOG,
    ONE,
    TWO,
    Pen,
    export,
    make_entry,
    resign,
    rewrite,
    sign_head,
    write,
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return export(tmp_path_factory.mktemp("whole"), ENTRIES)


@pytest.fixture
def bundle(whole, tmp_path):
    return Path(shutil.copytree(whole, tmp_path / "bundle"))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 600])
def test_an_honest_log_holds_at_every_kind_of_size(tmp_path, size):
    report = verifier.verify(export(tmp_path, ENTRIES[:size]), KEY)
    assert (report.verdict, report.size, report.unwitnessed_tail, report.findings) == (
        "CONSISTENT",
        size,
        size,
        (),
    )
    assert report.first_at == ("2026-08-02T09:30:00.000000Z" if size else None)


def test_a_log_with_a_third_level_of_tiles_holds(tmp_path):
    leaves = [i.to_bytes(3, "big") for i in range(66_000)]
    hashes = [tree.leaf_hash(one) for one in leaves]
    head = checkpoint.Checkpoint(LOG, len(leaves), tree.root_hash(hashes))
    write(tmp_path, "checkpoint", note.sign(checkpoint.encode(head), Pen()))
    rows = hashes
    for level in range(3):
        for index in range((len(rows) + 255) // 256):
            row = rows[index * 256 : index * 256 + 256]
            write(tmp_path, tile.tile_path(level, index, len(row)), b"".join(row))
        rows = [tree.root_hash(rows[at : at + 256]) for at in range(0, len(rows) // 256 * 256, 256)]
    for index, width in tile.bundles_of(len(leaves)):
        write(
            tmp_path,
            tile.entries_path(index, width),
            tile.encode_bundle(leaves[index * 256 : index * 256 + width]),
        )
    report = verifier.verify(tmp_path, KEY, content=False)
    assert (report.verdict, report.findings, report.content_read) == ("CONSISTENT", (), False)


@pytest.mark.parametrize("kept", [0, 1, 2, 255, 256, 257, 300, 512, 599, 600])
def test_an_earlier_checkpoint_of_the_same_log_is_met(whole, kept):
    assert verifier.verify(whole, KEY, sign_head(ENTRIES[:kept])).verdict == "CONSISTENT"


@pytest.mark.parametrize("position", [0, 1, 255, 256, 300, 511, 512, 599])
def test_an_edited_entry_is_named(bundle, position):
    rewrite(bundle, position, lambda data: data.replace(b"agent:support", b"agent:mallory"))
    report = verifier.verify(bundle, KEY)
    assert report.verdict == "INVALID"
    assert [(one.position, one.entry) for one in report.findings] == [(position, f"evt_{position}")]
    assert report.findings[0].means == "the entry is not the one that was signed"


def test_every_field_of_an_entry_is_covered(tmp_path):
    full = Event(
        "decision.made/1", AT, "agent:a", decision="deny", reasons=("policy.denied",), policy_digest="sha256:1",
        approver="person:sam", args_digest="sha256:2", session="s", trace="t", refs={"rule": "r1"},
    )  # fmt: skip
    place = {"log": LOG, "id": "evt_0", "src": "a", "n": 1, "received_at": AT}
    honest = entry.encode(full, **place)
    for name in ("decision", "policy_digest", "approver", "args_digest", "session", "trace"):
        folder = export(tmp_path / name, [honest])
        write(
            folder,
            tile.entries_path(0, 1),
            tile.encode_bundle([entry.encode(replace(full, **{name: "x"}), **place)]),
        )
        assert verifier.verify(folder, KEY).findings[0].position == 0


def test_an_edit_with_all_hashes_done_again_does_not_fit_the_signature(tmp_path):
    forged = [*ENTRIES[:5], ENTRIES[5].replace(b"support", b"mallory"), *ENTRIES[6:20]]
    report = verifier.verify(export(tmp_path, forged, signed=sign_head(ENTRIES[:20])), KEY)
    assert report.verdict == "INVALID"
    assert "do not lead to the signed root" in report.findings[0].problem


def test_a_full_rewrite_with_the_key_is_caught_by_a_kept_checkpoint(tmp_path):
    forged = [*ENTRIES[:5], ENTRIES[5].replace(b"support", b"mallory"), *ENTRIES[6:30]]
    folder = export(tmp_path, forged)
    assert (
        verifier.verify(folder, KEY).verdict == "CONSISTENT"
    )  # nobody else saw the log: the key alone cannot show it
    report = verifier.verify(folder, KEY, sign_head(ENTRIES[:20]))
    assert report.verdict == "INVALID"
    assert "first 20 entries" in report.findings[0].problem
    assert verifier.verify(folder, KEY, sign_head(ENTRIES[:5])).verdict == "CONSISTENT"


def test_a_rewrite_without_the_key_is_not_signed(tmp_path):
    assert (
        verifier.verify(export(tmp_path, ENTRIES[:9], signed=sign_head(ENTRIES[:9], Pen(2))), KEY).verdict
        == "INVALID"
    )


def test_two_histories_of_one_size_are_caught(tmp_path):
    report = verifier.verify(
        export(tmp_path, [*ENTRIES[:8], make_entry(8, after=9)]), KEY, sign_head(ENTRIES[:9])
    )
    assert [one.problem for one in report.findings] == ["an earlier checkpoint has another root at this size"]


def test_a_cut_tail_signed_anew_is_caught_and_counted(tmp_path):
    report = verifier.verify(export(tmp_path, ENTRIES[:10]), KEY, sign_head(ENTRIES[:17]))
    assert report.verdict == "INVALID"
    assert (report.findings[0].position, report.findings[0].problem[:38]) == (
        10,
        "an earlier checkpoint counts 7 more en",
    )


def test_a_tail_cut_from_the_files_is_counted(tmp_path):
    report = verifier.verify(export(tmp_path, ENTRIES[:400], signed=sign_head(ENTRIES)), KEY)
    assert report.verdict == "INCOMPLETE"
    cut = next(one for one in report.findings if "of 600 entries" in one.problem)
    assert (cut.position, cut.problem) == (256, "344 of 600 entries are missing from here on")


def test_a_shortened_last_bundle_is_counted(bundle):
    path = bundle / tile.entries_path(2, 88)
    path.write_bytes(tile.encode_bundle(ENTRIES[512:597]))
    report = verifier.verify(bundle, KEY)
    assert (report.verdict, report.findings[0].position, report.findings[0].problem) == (
        "INCOMPLETE", 597, "3 entries are missing",
    )  # fmt: skip


def test_a_bundle_left_out_is_bridged_by_its_hashes(bundle):
    (bundle / tile.entries_path(1)).unlink()
    report = verifier.verify(bundle, KEY, sign_head(ENTRIES[:300]))
    assert report.verdict == "INCOMPLETE"
    assert [(one.position, one.problem) for one in report.findings] == [(256, "256 entries are missing")]


def test_a_missing_bundle_cannot_hide_a_rewrite_behind_it(bundle):
    (bundle / tile.entries_path(1)).unlink()
    rewrite(bundle, 550, lambda data: data.replace(b"support", b"mallory"))
    report = verifier.verify(bundle, KEY)
    assert report.verdict == "INVALID"
    assert report.findings[-1].position == 550


def test_a_missing_tail_cannot_hide_an_edit_before_it(bundle):
    rewrite(bundle, 3, lambda data: data.replace(b"support", b"mallory"))
    (bundle / tile.entries_path(2, 88)).unlink()
    (bundle / tile.tile_path(0, 2, 88)).unlink()
    report = verifier.verify(bundle, KEY)
    assert report.verdict == "INVALID"
    assert 3 in [one.position for one in report.findings]


@pytest.mark.parametrize("name", [tile.tile_path(0, 1), tile.tile_path(0, 2, 88), tile.tile_path(1, 0, 2)])
def test_a_missing_hash_tile_is_incomplete(bundle, name):
    (bundle / name).unlink()
    report = verifier.verify(bundle, KEY)
    assert report.verdict == "INCOMPLETE"
    assert [one.problem for one in report.findings] == [f"`{name}` is missing"]


def test_a_damaged_hash_tile_is_told_from_a_damaged_entry(bundle):
    for name in (tile.tile_path(0, 1), tile.tile_path(1, 0, 2)):
        data = bytearray((bundle / name).read_bytes())
        data[32 * 1] ^= 1
        (bundle / name).write_bytes(data)
    report = verifier.verify(bundle, KEY)
    assert report.verdict == "INVALID"
    assert [one.position for one in report.findings] == [256, 257]
    assert all("file was altered" in one.means for one in report.findings)


def test_entries_in_another_order_break_the_counters_and_the_clock(tmp_path):
    report = resign(tmp_path, [ENTRIES[0], ENTRIES[2], ENTRIES[1]])
    assert report.verdict == "INVALID"
    assert {one.position for one in report.findings} == {1, 2}
    assert any("time of receipt" in one.problem for one in report.findings)


def test_a_deleted_entry_leaves_a_gap(tmp_path):
    report = resign(tmp_path, [*ENTRIES[:3], *ENTRIES[5:8]])
    assert (report.verdict, len(report.findings)) == ("INCOMPLETE", 1)
    assert (report.findings[0].position, report.findings[0].means) == (
        3,
        "2 entries of this source never arrived",
    )


def test_a_source_that_does_not_begin_at_one_has_lost_its_beginning(tmp_path):
    assert resign(tmp_path, ENTRIES[2:5]).findings[0].means == "2 entries of this source never arrived"


def test_each_source_counts_for_itself(tmp_path):
    mixed = [make_entry(i, src="ab"[i % 2], n=i // 2 + 1) for i in range(9)]
    assert resign(tmp_path, mixed).verdict == "CONSISTENT"


def test_an_entry_twice_and_an_entry_from_another_log_are_named(tmp_path):
    report = resign(tmp_path, [*ENTRIES[:2], ENTRIES[1], make_entry(3, n=3, log="ephor.example/other/audit")])
    assert report.verdict == "INVALID"
    assert [(one.position, one.entry) for one in report.findings] == [(2, "evt_1"), (3, "evt_3")]
    assert report.findings[1].problem == "the entry belongs to another log"


def test_a_clock_that_runs_backwards_is_named(tmp_path):
    report = resign(
        tmp_path, [make_entry(0), make_entry(1, after=9), make_entry(2, after=8), make_entry(3, after=9)]
    )
    assert [one.position for one in report.findings] == [2]


def test_a_lawful_erasure_is_reported_and_no_alarm(tmp_path):
    report = resign(tmp_path, [ENTRIES[0], make_entry(1, kind="erasure/1"), ENTRIES[2]])
    assert (report.verdict, report.erased, report.findings) == ("CONSISTENT", ((1, 1),), ())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"null",
        b"[1]",
        ENTRIES[1] + b" ",
        ENTRIES[1].replace(b'"n":2', b'"n":2.0'),
        ENTRIES[1].replace(b'"n":2', b'"n":2,"n":2'),
        ENTRIES[1].replace(b'"n":2', b'"n":0'),
        ENTRIES[1].replace(b'"n":2', b'"n":NaN'),
        ENTRIES[1].replace(b'"n":2', b'"n":' + b"9" * 6000),
        ENTRIES[1].replace(b'"n":2', b'"n":true'),
        ENTRIES[1].replace(b"evt_1", b"\\u0065vt_1"),
        ENTRIES[1].replace(b"evt_1", b"\\ud800"),
        ENTRIES[1].replace(b'"v":1', b'"v":2'),
        ENTRIES[1].replace(b'"id":"evt_1"', b'"id":""'),
        ENTRIES[1].replace(b"T09:30:01.", b"T09:30:01,"),
        ENTRIES[1].replace(b'{"at":1}', b'{"\xc3\xa9":1}'),
        ENTRIES[1].replace(b'{"at":1}', b'{"at":' + b"[" * 9 + b"]" * 9 + b"}"),
        b"[" * 60_000,
        b'{"a":' * 10_000,
    ],
)  # fmt: skip
def test_an_entry_that_ephor_cannot_have_written_is_named_even_if_signed(tmp_path, data):
    report = resign(tmp_path, [ENTRIES[0], data])
    assert (report.verdict, report.findings[0].position) == ("INVALID", 1)


def test_the_verifier_and_the_room_agree_on_what_is_canonical(tmp_path):
    event = Event(
        "tool.failed/1",
        AT,
        "agent:ü\x7f\u2028\U0001f600",
        error='"\\/\b\f\n\r\t\x00\x1f<>',
        metadata={"": -1, "b": {}, "B": [[]]},
    )
    report = resign(tmp_path, [entry.encode(event, log=LOG, id="evt", src="s", n=1, received_at=AT)])
    assert report.findings == ()


def test_every_byte_of_a_small_bundle_matters(tmp_path):
    folder = export(tmp_path, ENTRIES[:3])
    write(
        folder, "key.pub", KEY.encode()
    )  # a copy for convenience: never read, so a change in it means nothing
    for path in sorted(one for one in folder.rglob("*") if one.is_file() and one.name != "key.pub"):
        data = path.read_bytes()
        for at in range(len(data)):
            path.write_bytes(data[:at] + bytes([data[at] ^ (1 << at % 8)]) + data[at + 1 :])
            assert verifier.verify(folder, KEY).verdict != "CONSISTENT", (path.name, at)
        path.write_bytes(data)
        for wrong in (b"", data[:-1], data + b"\x00", data * 2):
            path.write_bytes(wrong)
            assert verifier.verify(folder, KEY).verdict != "CONSISTENT", (path.name, len(wrong))
        path.unlink()
        assert verifier.verify(folder, KEY).verdict != "CONSISTENT", path.name
        path.write_bytes(data)
    assert verifier.verify(folder, KEY).verdict == "CONSISTENT"


def test_a_key_laid_into_the_bundle_is_not_believed(tmp_path):
    folder = export(tmp_path, ENTRIES[:3], signed=sign_head(ENTRIES[:3], Pen(2)))
    write(folder, "key.pub", Pen(2).verifier.encode())
    assert verifier.verify(folder, KEY).verdict == "INVALID"
    assert verifier.verify(folder, Pen(2).verifier).verdict == "CONSISTENT"


def test_a_checkpoint_of_another_origin_is_refused(tmp_path):
    text = checkpoint.encode(checkpoint.Checkpoint("ephor.example/other", 1, bytes(32)))
    folder = export(tmp_path, ENTRIES[:1], signed=note.sign(text, Pen()))
    assert "another log" in verifier.verify(folder, KEY).findings[0].problem


def test_signatures_of_strangers_are_ignored(tmp_path):
    text = note.parse(sign_head(ENTRIES[:2])).text
    folder = export(tmp_path, ENTRIES[:2], signed=note.sign(text, Pen(7, "witness"), Pen(), Pen(8)))
    assert verifier.verify(folder, KEY).verdict == "CONSISTENT"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log\n",
        "log\n1\n",
        "log\n01\nAAAA\n",
        f"{LOG}\nmany\n\n",
        f"{LOG}\n1\nAAAA\n",
        f"{LOG}\n{'9' * 19}\nx\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(tmp_path, text):
    signed = note.sign(text, Pen()) if text.endswith("\n") else b"\n\n"
    assert verifier.verify(export(tmp_path, ENTRIES[:1], signed=signed), KEY).verdict == "INVALID"


def test_an_earlier_checkpoint_that_is_not_signed_is_no_proof(whole):
    report = verifier.verify(whole, KEY, sign_head(ENTRIES[:9], Pen(2)))
    assert (report.verdict, report.findings[0].problem) == (
        "INVALID",
        "earlier checkpoint: it is not signed with this key",
    )
    assert verifier.verify(whole, KEY, b"").verdict == "INVALID"


def test_a_claimed_size_beyond_all_measure_ends_at_the_first_gap(tmp_path):
    text = f"{LOG}\n{2**63 - 1}\n{'A' * 43}=\n"  # the largest there is
    report = verifier.verify(export(tmp_path, ENTRIES[:3], signed=note.sign(text, Pen())), KEY)
    assert report.verdict == "INCOMPLETE"
    assert len(report.findings) < 5


def test_links_out_of_the_bundle_are_not_followed(bundle, tmp_path):
    outside = tmp_path / "outside"
    shutil.move(bundle / tile.entries_path(0), outside)
    (bundle / tile.entries_path(0)).symlink_to(outside)
    report = verifier.verify(bundle, KEY)
    assert report.verdict == "INVALID"
    assert (
        report.findings[0].problem == "`tile/entries/000` is a link, or no file; a bundle holds plain files"
    )


def test_strange_files_are_refused_and_not_waited_for(bundle):
    for name, make in (
        (tile.entries_path(0), os.mkfifo),
        (tile.tile_path(0, 1), Path.mkdir),
        (tile.tile_path(1, 0, 2), lambda path: path.symlink_to(path.name)),
    ):
        (bundle / name).unlink()
        make(bundle / name)
    (bundle / tile.tile_path(0, 0)).write_bytes(bytes(9000))
    report = verifier.verify(bundle, KEY)
    assert report.verdict == "INVALID"


def test_findings_are_counted_beyond_those_that_are_kept(tmp_path):
    report = resign(tmp_path, [b"x"] * 300)
    assert (len(report.findings), report.more_findings) == (100, 200)


def test_one_pass_keeps_no_entry(tmp_path, monkeypatch):
    held = []
    real = verifier._Rows.add

    def add(self, leaves):
        held.append(sum(len(row) for row in self._rows))
        real(self, leaves)

    monkeypatch.setattr(verifier._Rows, "add", add)
    verifier.verify(export(tmp_path, ENTRIES), KEY)
    assert held == [0, 1, 2]  # one hash for each finished tile, never the leaves


@pytest.mark.parametrize(
    "key",
    [
        "",
        "name",
        KEY[:-1],
        KEY.replace("+", "-"),
        KEY.replace("acme", "evil"),
        note.verifier_key("x", Pen().public_key)[2:],
        "n" * 5000,
    ],
)
def test_a_malformed_key_is_bad_usage(whole, key, capsys):
    assert verifier.main([str(whole), "--key", key]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_a_key_of_small_order_is_bad_usage(whole):
    raw = b"\x01" + (1).to_bytes(32, "little")
    identity = verifier.sha256(b"log\n" + raw).digest()[:4].hex()
    with pytest.raises(verifier.UsageError, match="small order"):
        verifier.verify(whole, f"log+{identity}+{verifier.base64.b64encode(raw).decode()}")


def test_the_command_answers_by_its_exit_code(whole, bundle, tmp_path, capsys):
    (tmp_path / "key").write_text(KEY + "\n")
    (tmp_path / "kept").write_bytes(sign_head(ENTRIES[:300]))
    assert (
        verifier.main([str(whole), "--key", str(tmp_path / "key"), "--checkpoint", str(tmp_path / "kept")])
        == 0
    )
    said = capsys.readouterr().out
    assert said.startswith(f"CONSISTENT  {LOG}  600 entries")
    assert "the last 600 entries are vouched for by the log's own key alone" in said
    rewrite(bundle, 300, lambda data: data.replace(b"evt_300", b"e\\u001b[2J"))
    assert verifier.main([str(bundle), "--key", KEY]) == 1
    said = capsys.readouterr().out
    assert "entry 300" in said
    assert "\x1b" not in said
    assert verifier.main([str(bundle), "--key", KEY, "--json", "--hashes-only"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["findings"][0]["position"], found["content_read"]) == (
        "INVALID",
        300,
        False,
    )


@pytest.mark.parametrize("extra", [["--checkpoint", "nowhere"], ["--unknown"], ["--checkpoint", "."]])
def test_bad_usage_is_neither_yes_nor_no(whole, extra, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        code = verifier.main([str(whole), "--key", KEY, *extra])
    except SystemExit as error:
        code = error.code
    assert code == 2


def test_a_bundle_that_is_no_folder_is_bad_usage(tmp_path):
    assert verifier.main([str(tmp_path / "nothing"), "--key", KEY]) == 2


def test_it_runs_alone_without_the_rest_of_ephor(whole, tmp_path):
    alone = shutil.copy(verifier.__file__, tmp_path / "check_log.py")
    done = subprocess.run(
        [sys.executable, "-I", alone, whole, "--key", KEY],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("CONSISTENT")


def test_an_empty_folder_is_invalid(tmp_path):
    report = verifier.verify(tmp_path, KEY)
    assert (report.verdict, report.findings[0].problem) == ("INVALID", "checkpoint: there is none")


def test_hostile_json_within_the_profile_limits_is_canonical_for_both():
    for value in ({"a": [[[[[[[1]]]]]]]}, {"a": {"b": {"c": {"d": {"e": {"f": {"g": {}}}}}}}}):
        data = canonical(value)
        verifier._check_profile(json.loads(data), verifier.MAX_DEPTH)


def test_a_log_is_witnessed_when_the_quorum_cosigned(tmp_path, capsys):
    folder = export(tmp_path, ENTRIES[:9], signed=ONE[1](sign_head(ENTRIES[:9])))
    report = verifier.verify(folder, KEY, witnesses=[ONE[0]])
    assert (report.verdict, report.unwitnessed_tail) == ("WITNESSED", 0)
    assert verifier.verify(folder, KEY, witnesses=[ONE[0], TWO[0]]).verdict == "CONSISTENT"
    assert verifier.verify(folder, KEY, witnesses=[ONE[0], TWO[0]], quorum=1).verdict == "WITNESSED"
    assert verifier.verify(folder, KEY).verdict == "CONSISTENT"
    assert (
        verifier.main([str(folder), "--key", KEY, "--witness", ONE[0], "--witness", TWO[0], "--quorum", "1"])
        == 0
    )
    assert capsys.readouterr().out.startswith("WITNESSED")


def test_a_witnessed_earlier_checkpoint_shortens_the_unwitnessed_tail(tmp_path):
    folder = export(tmp_path, ENTRIES[:9])
    kept = ONE[1](sign_head(ENTRIES[:6]))
    report = verifier.verify(folder, KEY, kept, witnesses=[ONE[0]])
    assert (report.verdict, report.unwitnessed_tail) == ("CONSISTENT", 3)
    forged = export(tmp_path / "forged", [make_entry(0, after=1), *ENTRIES[1:9]])
    assert verifier.verify(forged, KEY, kept, witnesses=[ONE[0]]).unwitnessed_tail == 9


def test_a_forged_cosignature_spoils_the_checkpoint(tmp_path):
    foreign = ONE[1](sign_head(ENTRIES[:8])).splitlines(keepends=True)[-1]
    report = verifier.verify(
        export(tmp_path, ENTRIES[:9], signed=sign_head(ENTRIES[:9]) + foreign), KEY, witnesses=[ONE[0]]
    )
    assert report.verdict == "INVALID"
    assert "witness.example/21" in report.findings[0].problem


def test_the_logs_own_signature_does_not_replace_a_witness(tmp_path):
    folder = export(tmp_path, ENTRIES[:3])
    with pytest.raises(verifier.UsageError):
        verifier.verify(folder, KEY, witnesses=[KEY])
    assert verifier.verify(folder, KEY, witnesses=[ONE[0]]).verdict == "CONSISTENT"


@pytest.mark.parametrize(
    ("witnesses", "quorum"),
    [((), 1), ((ONE[0],), 0), ((ONE[0],), 2), ((ONE[0], ONE[0]), None), (("x",), None)],
)
def test_a_witness_policy_that_cannot_be_met_is_bad_usage(whole, witnesses, quorum):
    with pytest.raises(verifier.UsageError):
        verifier.verify(whole, KEY, witnesses=witnesses, quorum=quorum)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_byte_changed_anywhere_in_a_large_bundle_is_noticed(whole, data):
    files = sorted(one for one in whole.rglob("*") if one.is_file())
    path = data.draw(st.sampled_from(files))
    honest = path.read_bytes()
    at, change = data.draw(st.integers(0, len(honest) - 1)), data.draw(st.integers(1, 255))
    try:
        path.write_bytes(honest[:at] + bytes([honest[at] ^ change]) + honest[at + 1 :])
        assert verifier.verify(whole, KEY).verdict != "CONSISTENT"
    finally:
        path.write_bytes(honest)


@settings(max_examples=30, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_no_checkpoint_whatever_is_worse_than_invalid(whole, data):
    assert verifier.verify(whole, KEY, data).verdict == "INVALID"


def test_people_are_told_the_first_findings_and_how_many_more_there_are():
    found = tuple(verifier.Finding(n, None, "gone", "look") for n in range(100))
    report = verifier.Report("INVALID", "log", 200, "root", found, 30, 200, (), None, None, True)
    lines = list(verifier.lines_of(report))
    assert lines[1:6] == [f"entry {n}: gone: look" for n in range(5)]
    assert lines[6:] == ["and 125 more findings, the first 100 of them in --json"]
    few = list(verifier.lines_of(replace(report, findings=found[:7], more_findings=0)))
    assert few[6:] == ["and 2 more findings, all of them in --json"]
    assert len(list(verifier.lines_of(replace(report, findings=found[:5], more_findings=0)))) == 6


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (["--quorum", "x"], "--quorum"),
        (["--no-such"], "--no-such"),
        (["--checkpoint", "no-file"], "`no-file`"),
    ],
)
def test_an_error_with_json_is_one_line_of_json(whole, capsys, more, word):
    assert verifier.main([str(whole), "--key", KEY, "--json", *more]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    told = json.loads(said.err)
    assert (sorted(told), told["error"]) == (["error", "message"], "invalid-input")
    assert word in told["message"]
    assert verifier.main([str(whole), "--key", KEY, *more]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_a_reader_that_went_away_is_no_traceback(whole):
    away, pipe = os.pipe()
    os.close(away)
    ran = subprocess.run(
        [sys.executable, "-m", "ephor.verifier", str(whole), "--key", KEY],
        stdout=pipe,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(pipe)
    assert (ran.returncode, ran.stderr) == (141, b"")
