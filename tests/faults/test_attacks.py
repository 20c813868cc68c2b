"""What an administrator could do to the stored rows, and that whoever holds one earlier checkpoint finds it out.

The triggers against changes are dropped first: an administrator can. Some attacks are by one who has the signing key too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
import sqlalchemy as sa

from databases import postgres_database
from ephor import verifier
from ephor.adapters.keys.keyset import key_set
from ephor.adapters.storage.growth import KeySigner
from ephor.adapters.storage.sql import engines, migrate
from ephor.adapters.storage.sql.rows import PostgresRows, SqliteRows
from ephor.kernel.errors import EphorError, VerificationError
from ephor.rooms.ledger import checkpoint, frontier, note, tile
from ephor.rooms.ledger.tree import leaf_hash, root_hash, verify_inclusion
from ephor.settings import Settings
from ephor.verifier import Report
from planes import ORIGIN, Made, emptied, event, signing_key, sqlite_plane

SIZE = 600
KEPT = 400
"""Size of the checkpoint that the auditor kept."""


@dataclass
class Scene:
    """A plane of `SIZE` entries, the auditor's key and checkpoint, and the administrator's access to the rows."""

    plane: Made
    rows: Any
    key: str
    earlier: bytes

    def run(self, sql: str, *values: object) -> Any:
        return self.rows.run(sql, *values)

    def entries(self) -> list[bytes]:
        return [bytes(one) for one in self.rows.entries(0, 10_000)]

    def store(self, entries: Sequence[bytes]) -> None:
        """Put these entries in place of those there are, and leave tiles and head alone."""
        self.run("delete from ledger_entries")
        self.rows.many("insert into ledger_entries (idx, data) values (?, ?)", list(enumerate(entries)))

    def rebuild(self, *, key: Any = None, origin: str = ORIGIN) -> None:
        """Make tiles, frontier, size and root fit the entries; sign them anew only with *key*."""
        leaves = [leaf_hash(one) for one in self.entries()]
        self.run("delete from ledger_tiles")
        for index in range(len(leaves) // 256):
            row = leaves[index * 256 : index * 256 + 256]
            sql = "insert into ledger_tiles (level, idx, hashes, root) values (0, ?, ?, ?)"
            self.run(sql, index, tile.encode_tile(row), root_hash(row))
        edge, root = frontier.encode(frontier.extend(frontier.EMPTY, leaves)), root_hash(leaves)
        self.run("update ledger_head set size = ?, root = ?, frontier = ?", len(leaves), root, edge)
        last = orjson.loads(self.entries()[-1])["received_at"]
        partial = b"".join(leaves[len(leaves) // 256 * 256 :])
        self.run("update ledger_head set last_at = ?", last)
        self.run("delete from ledger_fresh")
        self.run("insert into ledger_fresh (idx, hashes) values (?, ?)", len(leaves) // 256 * 256, partial)
        if key is not None:
            signer = KeySigner(origin, key)
            text = checkpoint.encode(checkpoint.Checkpoint(origin, len(leaves), root))
            mine = str(note.VerifierKey(origin, signer.public_key))
            self.run("update ledger_head set note = ?, key = ?", note.sign(text, signer), mine)

    def verify(self, *, earlier: bool = True) -> Report:
        """Judge what is stored, with the auditor's own key, and checkpoint where *earlier* says so."""
        storage = self.plane.open()
        (self.plane.folder / "head").unlink(missing_ok=True)  # it is the administrator's as well
        return self.plane.ledger(storage).verify(self.key, self.earlier if earlier else None)

    def refuses(self) -> None:
        """Check that the plane records nothing on top of what was done."""
        with pytest.raises(EphorError) as error:
            self.plane.open().append([event(9_999)])
        assert error.value.code == "verification-failed"


@pytest.fixture(scope="module")
def unguarded(postgres_server: str) -> Iterator[str]:
    """A PostgreSQL database with the schema and without its triggers."""
    with postgres_database(postgres_server) as url:
        engine = engines.open_engine(url)
        migrate.upgrade(engine)
        with engine.begin() as connection:
            connection.execute(sa.text("drop function ephor_refuse cascade"))
        engine.dispose()
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def scene(request: pytest.FixtureRequest, tmp_path: Path, migrated: Path) -> Iterator[Scene]:
    if request.param == "sqlite":
        plane = sqlite_plane(tmp_path, migrated)
    else:
        plane = Made(emptied(request.getfixturevalue("unguarded")), tmp_path / "keys")
    storage = plane.open()
    for start in range(0, KEPT, 100):
        storage.append([event(n) for n in range(start, start + 100)])
    earlier = storage.ledger.head()
    storage.append([event(n) for n in range(KEPT, SIZE)])
    plane.close()
    if request.param == "sqlite":
        connection: Any = sqlite3.connect(plane.file, isolation_level=None)
        triggers = [
            row[0] for row in connection.execute("select name from sqlite_master where type = 'trigger'")
        ]
        for name in triggers:
            connection.execute(f"drop trigger {name}")
        rows: Any = SqliteRows(connection)
    else:
        connection = psycopg.connect(
            engines.parse_url(plane.url).set(drivername="postgresql").render_as_string(False), autocommit=True
        )
        rows = PostgresRows(connection)
    yield Scene(plane, rows, earlier.key, earlier.note)
    connection.close()
    plane.close()


def changed(entry: bytes, **fields: Any) -> bytes:
    """Return *entry* with other fields, still canonical."""
    return orjson.dumps(orjson.loads(entry) | fields, option=orjson.OPT_SORT_KEYS)


def first_bad(report: Report) -> int | None:
    return report.findings[0].position


def problems(report: Report) -> str:
    return "; ".join(f"{one.problem}: {one.means}" for one in report.findings)


def test_nothing_is_found_where_nothing_was_done(scene):
    for earlier in (True, False):
        report = scene.verify(earlier=earlier)
        assert (report.verdict, report.findings, report.size) == ("CONSISTENT", (), SIZE)
    scene.plane.open().append([event(SIZE)])


@pytest.mark.parametrize("position", [0, 1, 255, 256, 399, 400, 511, 512, 598, 599])
def test_an_entry_edited_in_place_is_named(scene, position):
    entry = scene.entries()[position]
    scene.run(
        "update ledger_entries set data = ? where idx = ?", changed(entry, actor="agent:innocent"), position
    )
    report = scene.verify(earlier=False)
    assert (report.verdict, first_bad(report)) == ("INVALID", position)
    assert report.findings[0].entry == orjson.loads(entry)["id"]
    if position >= 512:  # in the unfinished tile, which is read before it is built upon
        scene.refuses()


FIELDS = {
    "decision": "allow", "approver": "person:nobody", "policy_digest": "sha256:0", "args_digest": "sha256:0",
    "session": "s", "trace": "t", "tool": "other", "reasons": ["r"], "refs": {"rule": "r"}, "metadata": {"number": 7_777},
    "kind": "tool.failed/1", "at": "2020-01-01T00:00:00.000000Z", "on_behalf_of": "person:x", "resource": "x", "error": "e",
    "id": "evt_" + "0" * 32, "src": "src_other", "n": 1, "received_at": "2020-01-01T00:00:00.000000Z", "actor": "agent:x",
    "log": "other.local/a/b", "v": 2, "payload": {"alg": "A256GCM", "commitment": "sha256:" + "0" * 64},
    "input_hash": "x", "output_hash": "x", "confidence": "1", "duration_ms": 1, "parent": "p", "action": "a", "subject": "sub_1",
}  # fmt: skip


def test_every_field_of_an_event_is_covered(scene):
    for offset, (name, value) in enumerate(FIELDS.items()):
        entry = scene.entries()[offset]
        assert orjson.loads(entry).get(name) != value
        scene.run("update ledger_entries set data = ? where idx = ?", changed(entry, **{name: value}), offset)
    report = scene.verify(earlier=False)
    named = {
        one.position for one in report.findings if "does not have the hash that was stored" in one.problem
    }
    assert named == set(range(len(FIELDS)))
    scene.rebuild(key=signing_key(scene.plane.folder))
    assert "the past was rewritten" in problems(scene.verify())


def test_the_fields_that_are_changed_are_all_there_are():
    assert set(FIELDS) == set(verifier._FIELDS)


def test_a_lawful_erasure_raises_no_alarm(scene):
    storage = scene.plane.open()
    subject = "sub_" + "3" * 32
    with storage.unit() as unit:
        sealed = unit.append(event(SIZE, subject=subject), b"Anna Example")
    kept = storage.ledger.head().note
    with storage.unit() as unit:
        assert unit.forget(subject).keys == 1
        unit.append(event(SIZE + 1, kind="erasure/1", subject=subject))
    report = scene.plane.ledger(storage).verify(scene.key, kept)
    assert (report.verdict, report.findings, report.erased) == ("CONSISTENT", (), ((SIZE + 1, SIZE + 1),))
    assert storage.ledger.payload(sealed) is None


def test_an_edit_with_tiles_and_root_made_to_fit_fails_for_want_of_the_key(scene):
    scene.run(
        "update ledger_entries set data = ? where idx = 123", changed(scene.entries()[123], tool="other")
    )
    scene.rebuild()
    report = scene.verify(earlier=False)
    assert report.verdict == "INVALID"
    assert "do not lead to the signed root" in problems(report)
    scene.refuses()


def test_a_full_rewrite_with_the_signing_key_is_found_by_an_earlier_checkpoint(scene):
    scene.run(
        "update ledger_entries set data = ? where idx = 123", changed(scene.entries()[123], tool="other")
    )
    scene.rebuild(key=signing_key(scene.plane.folder))
    assert scene.verify(earlier=False).verdict == "CONSISTENT"  # nobody without a checkpoint could know
    report = scene.verify()
    assert report.verdict == "INVALID"
    assert (
        f"the first {KEPT} entries are not those of the earlier checkpoint: the past was rewritten"
        in problems(report)
    )


def test_a_full_rewrite_with_another_key_is_not_signed_by_the_one_trusted(scene, tmp_path):
    other = key_set(tmp_path / "other", Settings())
    other.create()
    scene.run(
        "update ledger_entries set data = ? where idx = 123", changed(scene.entries()[123], tool="other")
    )
    scene.rebuild(key=other.signing.at_hand()[0])
    report = scene.verify(earlier=False)
    assert report.verdict == "INVALID"
    assert "not signed with this key" in problems(report)
    scene.refuses()


def test_a_cut_tail_is_found(scene):
    scene.store(scene.entries()[:550])
    report = scene.verify(earlier=False)
    assert (report.verdict, first_bad(report)) == ("INCOMPLETE", 550)
    assert "50 entries are missing" in problems(report)
    scene.refuses()


def test_a_cut_tail_made_to_fit_with_the_key_is_found_by_an_earlier_checkpoint(scene):
    scene.store(scene.entries()[: KEPT - 10])
    scene.rebuild(key=signing_key(scene.plane.folder))
    assert scene.verify(earlier=False).verdict == "CONSISTENT"
    report = scene.verify()
    assert (report.verdict, first_bad(report)) == ("INVALID", KEPT - 10)
    assert "an earlier checkpoint counts 10 more entries: the tail was cut" in problems(report)


def test_a_cut_tail_made_to_fit_with_the_key_stops_the_plane_while_its_head_is_kept(scene):
    scene.store(scene.entries()[:550])
    scene.rebuild(key=signing_key(scene.plane.folder))
    scene.refuses()
    storage = scene.plane.open()
    report = scene.plane.ledger(storage).verify(scene.key, None)  # against the head beside the keys
    assert (report.verdict, first_bad(report)) == ("INVALID", 550)


@pytest.mark.parametrize("position", [0, 200, 399, 512, 598])
def test_an_entry_deleted_and_the_rest_renumbered_is_found_where_it_was(scene, position):
    entries = scene.entries()
    scene.store(entries[:position] + entries[position + 1 :])
    report = scene.verify(earlier=False)
    assert report.verdict == "INVALID"
    assert first_bad(report) == position


def test_an_entry_deleted_is_found_where_it_was(scene):
    scene.run("delete from ledger_entries where idx = 300")
    report = scene.verify(earlier=False)
    assert report.verdict == "INVALID"
    assert first_bad(report) == 300


def test_an_entry_deleted_with_everything_made_to_fit_leaves_a_gap_in_its_sources_count(scene):
    entries = scene.entries()
    scene.store(entries[:450] + entries[451:])
    scene.rebuild(key=signing_key(scene.plane.folder))
    report = scene.verify()  # after the checkpoint: only the counter can tell
    assert (report.verdict, first_bad(report)) == ("INCOMPLETE", 450)
    assert "its source counted from 450 to 452" in problems(report)


@pytest.mark.parametrize("rebuilt", [False, True])
def test_entries_that_changed_places_are_named(scene, rebuilt):
    entries = scene.entries()
    entries[500], entries[501] = entries[501], entries[500]
    scene.store(entries)
    if rebuilt:
        scene.rebuild(key=signing_key(scene.plane.folder))
    report = scene.verify()
    assert report.verdict == "INVALID"
    assert first_bad(report) == 500


@pytest.mark.parametrize("rebuilt", [False, True])
def test_an_entry_put_before_the_first_is_found(scene, rebuilt):
    entries = scene.entries()
    forged = changed(entries[0], id="evt_" + "0" * 32, src="src_forged", n=1)
    scene.store([forged, *entries] if rebuilt else [forged, *entries[:-1]])
    if rebuilt:
        scene.rebuild(key=signing_key(scene.plane.folder))
    report = scene.verify()
    assert report.verdict == "INVALID"
    assert "earlier checkpoint" in problems(report) if rebuilt else first_bad(report) == 0


def test_a_head_note_put_back_does_not_fit_the_entries(scene):
    scene.run("update ledger_head set note = ?", scene.earlier)
    scene.refuses()
    report = scene.verify(earlier=False)
    assert (report.verdict, report.size, first_bad(report)) == ("INVALID", KEPT, KEPT)
    assert "rows lie beyond the signed head" in problems(report)  # an old head is a true one, but of fewer


def test_a_head_note_put_back_is_found_by_the_head_kept_beside_the_keys(scene):
    scene.run("update ledger_head set note = ?", scene.earlier)
    storage = scene.plane.open()
    report = scene.plane.ledger(storage).verify(scene.key, None)
    assert (report.verdict, first_bad(report)) == ("INVALID", KEPT)


@pytest.mark.parametrize("data", [b"", b"rubbish", bytes(100)], ids=["empty", "rubbish", "zeroes"])
def test_a_head_note_that_is_none_vouches_for_nothing(scene, data):
    scene.run("update ledger_head set note = ?", data)
    report = scene.verify()
    assert report.verdict == "INVALID"
    assert "nothing vouches for this log" in problems(report)
    scene.refuses()


@pytest.mark.parametrize("column", ["size", "root", "frontier", "origin", "key", "last_at", "fresh"])
def test_a_head_that_says_something_else_than_its_note_is_not_built_upon(scene, column):
    other: dict[str, Any] = {
        "size": SIZE - 1, "root": bytes(32), "frontier": bytes(32) * SIZE.bit_count(), "origin": "other.local/a/b",
        "key": scene.key.replace("+", "+0", 1), "last_at": "2020-01-01T00:00:00.000000Z",
        "fresh": bytes(32 * (SIZE % 256)),
    }  # fmt: skip
    if column == "fresh":
        scene.run("update ledger_fresh set hashes = ?", other[column])
    else:
        scene.run(f"update ledger_head set {column} = ?", other[column])
    scene.refuses()
    scene.plane.close()
    verdict = scene.verify().verdict  # the note is what is judged, and it is as it was signed
    assert verdict == ("INVALID" if column == "fresh" else "CONSISTENT")


def test_a_changed_tile_is_found(scene):
    stored = bytearray(scene.rows.tile(0, 1))
    stored[32 * 10] ^= 1
    scene.run("update ledger_tiles set hashes = ? where level = 0 and idx = 1", bytes(stored))
    report = scene.verify()
    assert (report.verdict, first_bad(report)) == ("INVALID", 266)
    assert "the stored hash is not that of the entry: the file was altered" in problems(report)
    ledger = scene.plane.ledger(scene.plane.open())
    with pytest.raises(VerificationError, match=r"entry 270 cannot be proved: .*; run `ephor ledger verify`"):
        ledger.prove("270")


@pytest.mark.parametrize(
    "middle", ["hashes", "root", "null", "(select middle from ledger_tiles where idx = 1)"]
)
def test_the_middle_of_a_tile_is_a_help_that_nobody_relies_on(scene, middle):
    scene.run(f"update ledger_tiles set middle = {middle} where level = 0 and idx = 0")
    assert scene.verify().verdict == "CONSISTENT"
    ledger = scene.plane.ledger(scene.plane.open())
    head = ledger.head()
    for position in (0, 200, 255, 300):
        told = ledger.prove(str(position))
        path = [bytes.fromhex(one) for one in told.path]
        verify_inclusion(bytes.fromhex(told.leaf), position, head.size, path, head.root)


@pytest.mark.parametrize(
    "sql",
    [
        "delete from ledger_tiles where idx = 0",
        "update ledger_tiles set root = (select root from ledger_tiles where level = 0 and idx = 0) where idx = 1",
    ],
)
def test_tiles_that_are_gone_or_lie_about_their_root_are_found(scene, sql):
    scene.run(sql)
    report = scene.verify()
    assert report.verdict in ("INVALID", "INCOMPLETE")
    scene.refuses()


def test_an_entry_replayed_from_another_log_is_named_even_when_signed(scene):
    entries = scene.entries()
    foreign = changed(entries[450], log="other.local/ephor/main")
    scene.store([*entries[:450], foreign, *entries[451:]])
    scene.rebuild(key=signing_key(scene.plane.folder))
    report = scene.verify()
    assert (report.verdict, first_bad(report)) == ("INVALID", 450)
    assert "the entry belongs to another log" in problems(report)


def test_a_time_that_runs_backwards_is_named_even_when_signed(scene):
    entries = scene.entries()
    entries[500] = changed(entries[500], received_at="2026-11-23T09:00:00.000000Z")
    scene.store(entries)
    scene.rebuild(key=signing_key(scene.plane.folder))
    report = scene.verify()
    assert (report.verdict, first_bad(report)) == ("INVALID", 500)
    assert "its time of receipt lies before its predecessor's" in problems(report)


def test_an_entry_that_repeats_another_is_named_even_when_signed(scene):
    entries = scene.entries()
    scene.store([*entries[:500], entries[499], *entries[500:]])
    scene.rebuild(key=signing_key(scene.plane.folder))
    report = scene.verify()
    assert (report.verdict, first_bad(report)) == ("INVALID", 500)
    assert "an entry was repeated" in problems(report)


def test_an_inner_node_does_not_pass_as_an_entry(scene):
    leaves = [leaf_hash(one) for one in scene.entries()]
    scene.run("update ledger_entries set data = ? where idx = 598", leaves[598] + leaves[599])
    scene.run("delete from ledger_entries where idx = 599")
    report = scene.verify(earlier=False)
    assert (report.verdict, first_bad(report)) == ("INVALID", 598)
    scene.refuses()


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[1]", b"null", b"\xff\xfe", b'{"id": 5, "n": []}', b'{"a":' * 200]
)
def test_rubbish_in_place_of_an_entry_is_named_and_the_rest_is_still_found(scene, data):
    scene.run("update ledger_entries set data = ? where idx = 555", data)
    report = scene.verify(earlier=False)
    assert (report.verdict, first_bad(report)) == ("INVALID", 555)
    storage = scene.plane.open()
    assert storage.ledger.search({"actor": "agent:bot"}, before=557, limit=3) == [556, 554, 553]
    with pytest.raises(EphorError) as error:
        scene.plane.ledger(storage).show("555")
    assert error.value.code == "verification-failed"


def test_the_command_line_says_the_same(scene, ephor, tmp_path):
    (tmp_path / "kept").write_bytes(scene.earlier)
    (tmp_path / "auditor.pub").write_text(scene.key)
    auditor = ["--checkpoint", str(tmp_path / "kept"), "--key", str(tmp_path / "auditor.pub")]
    answer = ephor("ledger", "verify", *auditor, database=scene.plane.url)
    assert (answer.code, answer.err) == (0, "")
    scene.run(
        "update ledger_entries set data = ? where idx = 123", changed(scene.entries()[123], tool="other")
    )
    answer = ephor("ledger", "verify", *auditor, database=scene.plane.url)
    assert answer.code == 1
    assert answer.out.startswith("INVALID")
    assert "entry 123 (evt_" in answer.out
    scene.rebuild(key=signing_key(scene.plane.folder))
    answer = ephor("ledger", "verify", *auditor, database=scene.plane.url)
    assert answer.code == 1
    assert "the past was rewritten" in answer.out
