"""A Parquet archive says what the log says, and no more: each way of spoiling it is named."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

pa = pytest.importorskip("pyarrow", reason="install ephor[parquet]")

from pyarrow import parquet  # noqa: E402

from ephor import verifier  # noqa: E402
from ephor.adapters.parquet import folder, writing  # noqa: E402
from ephor.kernel.errors import ConflictError, InvalidInputError  # noqa: E402
from ephor.rooms.ledger import tile  # noqa: E402
from sample_bundle import ENTRIES, KEY, export, sign_head  # noqa: E402

FIRST, TILES = "entries-000000000000.parquet", "tiles.parquet"
Change = Callable[[list[dict[str, Any]]], Any]


def files_of(root: Path, size: int) -> list[str]:
    """Return the names of a tlog-tiles folder in the order in which an export writes them."""
    return [
        *[tile.entries_path(*place) for place in tile.bundles_of(size)],
        *[tile.tile_path(*place) for place in tile.tiles_of(size)],
        *[str(path.relative_to(root)) for path in sorted(root.glob("keys/*"))],
        "checkpoint",
    ]


def archived(tiles: Path, size: int, target: Path) -> Path:
    with writing.new_archive(str(target)) as write:
        for name in files_of(tiles, size):
            write(name, (tiles / name).read_bytes())
    return target


def judge(where: Path, earlier: bytes | None = None) -> verifier.Report:
    archive = folder.open_archive(str(where))
    assert archive is not None
    return archive.settle(verifier.judge(archive, KEY, earlier))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder of tiles of 600 entries, and the archive of it."""
    root = tmp_path_factory.mktemp("archived")
    tiles = export(root / "tiles", ENTRIES)
    return tiles, archived(tiles, len(ENTRIES), root / "archive")


@pytest.fixture
def archive(whole: tuple[Path, Path], tmp_path: Path) -> Path:
    """An archive that a test may spoil."""
    return Path(shutil.copytree(whole[1], tmp_path / "archive"))


def rewrite(
    where: Path, change: Change, name: str = FIRST, schema: Any = None, **options: Any
) -> verifier.Report:
    """Write a table anew with its rows as *change* leaves them, as the archive's writer would, and judge it."""
    table = parquet.read_table(where / name)
    rows = table.to_pylist()
    rows = change(rows) or rows
    made = pa.Table.from_pylist(rows, schema=schema or table.schema)
    ours = writing._ENTRY_OPTIONS if name == FIRST else writing._TILE_OPTIONS
    known = {one: ours[one] for one in ("compression", "use_dictionary", "write_batch_size", "store_schema")}
    parquet.write_table(made, where / name, **known | options)
    return judge(where)


def told(report: verifier.Report) -> str:
    return "; ".join(f"{one.position}: {one.problem}" for one in report.findings)


def test_a_whole_archive_is_judged_as_the_tiles_it_was_made_of(whole):
    tiles, where = whole
    report = judge(where)
    assert (report.verdict, report.size, report.findings) == ("CONSISTENT", 600, ())
    assert report == verifier.verify(tiles, KEY)


def test_it_gives_every_file_of_the_tiles_byte_for_byte(whole):
    tiles, where = whole
    archive = folder.open_archive(str(where))
    for name in files_of(tiles, 600):
        assert archive.read(name, 1 << 26) == (tiles / name).read_bytes(), name
    assert archive.read("keys/1", 100) is None
    archive.close()


def test_its_rows_are_the_entries_and_their_fields(whole):
    rows = parquet.read_table(whole[1] / FIRST).to_pylist()
    assert [row["entry"] for row in rows] == ENTRIES
    assert [row["position"] for row in rows] == list(range(600))
    for row in rows[::97]:
        said = json.loads(row["entry"])
        assert (row["id"], row["actor"], row["n"], row["kind"]) == tuple(
            said[one] for one in ("id", "actor", "n", "kind")
        )
        assert row["received_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ") == said["received_at"]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257])
def test_every_size_is_whole(tmp_path, size):
    tiles = export(tmp_path / "tiles", ENTRIES[:size])
    report = judge(archived(tiles, size, tmp_path / "archive"))
    assert (report.verdict, report.size, report.findings) == ("CONSISTENT", size, ())
    assert report == verifier.verify(tiles, KEY)


def test_an_earlier_checkpoint_is_held_against_it(whole):
    assert judge(whole[1], sign_head(ENTRIES[:300])).verdict == "CONSISTENT"
    assert judge(whole[1], sign_head([*ENTRIES[:299], b"other"])).verdict == "INVALID"


def edit(at: int, **fields: Any) -> Change:
    def change(rows: list[dict[str, Any]]) -> None:
        rows[at].update(fields)

    return change


def swap(rows: list[dict[str, Any]]) -> None:
    rows[5], rows[6] = rows[6], rows[5]


def swap_and_renumber(rows: list[dict[str, Any]]) -> None:
    swap(rows)
    rows[5]["position"], rows[6]["position"] = 5, 6


SPOILT: dict[str, tuple[Change, str, int, str]] = {
    "the last rows dropped": (lambda rows: rows[:590], "INCOMPLETE", 590, ""),
    "a row dropped": (lambda rows: rows[:300] + rows[301:], "INCOMPLETE", 300, ""),
    "a row dropped, the rest renumbered": (
        lambda rows: [row | {"position": at} for at, row in enumerate(rows[:300] + rows[301:])], "INVALID", 300, "hash",
    ),
    "rows reordered": (swap, "INVALID", 5, "after 6"),
    "rows reordered and renumbered": (swap_and_renumber, "INVALID", 5, "hash"),
    "a row repeated": (lambda rows: [*rows[:8], rows[7], *rows[8:]], "INVALID", 7, "says position 7 after 7"),
    "a row added": (lambda rows: [*rows, rows[-1] | {"position": 600}], "INVALID", 600, "beyond the 600 entries"),
    "an entry changed": (edit(9, entry=ENTRIES[10]), "INVALID", 9, "hash"),
    "an entry emptied": (edit(9, entry=b""), "INVALID", 9, ""),
    "an entry too long": (edit(9, entry=b"x" * 65_536), "INVALID", 9, "at most 65535 fit"),
    "a column that lies": (edit(9, actor="agent:innocent"), "INVALID", 9, "`actor` says `agent:innocent`"),
    "a column that is silent": (edit(9, kind=None), "INVALID", 9, "`kind` says nothing"),
    "a leaf that lies": (edit(9, leaf=bytes(32)), "INVALID", 9, "`leaf` says"),
    "a negative position": (edit(0, position=-1), "INVALID", 0, "position -1"),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(SPOILT))
def test_rows_that_were_changed_are_named(archive, what):
    change, verdict, position, said = SPOILT[what]
    report = rewrite(archive, change)
    assert report.verdict in (verdict, "INVALID"), told(report)
    assert report.verdict != "CONSISTENT"
    assert position in [one.position for one in report.findings], told(report)
    assert said in told(report)


def test_rows_left_as_they_are_but_written_anew_hold(archive):
    assert rewrite(archive, lambda _rows: None).verdict == "CONSISTENT"
    assert rewrite(archive, lambda _rows: None, TILES).verdict == "CONSISTENT"


def without(schema: Any, name: str) -> Any:
    return schema.remove(schema.get_field_index(name))


def retyped(schema: Any, name: str, kind: Any) -> Any:
    return schema.set(schema.get_field_index(name), pa.field(name, kind))


@pytest.mark.parametrize(
    "change",
    [
        lambda schema: without(schema, "leaf"),
        lambda schema: without(schema, "actor"),
        lambda schema: without(schema, "received_at"),
        lambda schema: retyped(schema, "n", pa.string()),
        lambda schema: retyped(schema, "position", pa.int32()),
        lambda schema: schema.append(pa.field("note", pa.string())),
    ],
    ids=["no leaf", "no actor", "no time", "n is text", "position is short", "one more"],
)
def test_columns_that_are_missing_or_of_another_type_are_named(archive, change):
    table = parquet.read_table(archive / FIRST)
    rows = table.to_pylist()
    schema = change(table.schema)
    if schema.field("n").type == pa.string() if "n" in schema.names else False:
        rows = [row | {"n": str(row["n"])} for row in rows]
    parquet.write_table(pa.Table.from_pylist(rows, schema=schema), archive / FIRST, store_schema=False)
    report = judge(archive)
    assert report.verdict == "INVALID"
    assert "columns are not those of an archive" in told(report)


@pytest.mark.parametrize("compression", ["snappy", "gzip", "brotli"])
def test_another_compression_is_refused(archive, compression):
    report = rewrite(archive, lambda _rows: None, compression=compression)
    assert report.verdict == "INVALID"
    assert "does not lie where an archive has it" in told(report)


@pytest.mark.parametrize(
    ("name", "said"), [(FIRST, ""), (TILES, "`tiles.parquet` is missing"), ("checkpoint", "checkpoint")]
)
def test_a_table_that_is_missing_is_named(archive, name, said):
    (archive / name).unlink()
    report = judge(archive)
    assert report.verdict in ("INCOMPLETE", "INVALID")
    assert said in told(report)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows[:-1], ""),
        (lambda rows: rows.reverse(), "after"),
        (edit(0, hashes=bytes(8192)), ""),
        (lambda rows: [*rows, rows[-1] | {"level": 5, "index": 0}], "that nobody signed"),
        (edit(0, level=-1), "says tile -1/0"),
    ],
    ids=["dropped", "reordered", "zeroed", "added", "negative"],
)
def test_hash_tiles_that_were_changed_are_named(archive, change, said):
    report = rewrite(archive, change, TILES)
    assert report.verdict in ("INVALID", "INCOMPLETE"), told(report)
    assert report.findings
    assert said in told(report)


def overwrite(at: int, data: bytes) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        content = bytearray(path.read_bytes())
        place = at if at >= 0 else len(content) + at
        content[place : place + len(data)] = data
        path.write_bytes(bytes(content))

    return change


HOSTILE: dict[str, Callable[[Path], None]] = {
    "empty": lambda path: path.write_bytes(b""),
    "no parquet": lambda path: path.write_bytes(b"PAR1" * 40),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-20]),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "a huge footer": overwrite(-8, b"\xff\xff\xff\x7f"),
    "a footer of noise": overwrite(-200, os.urandom(0) + bytes(range(150))),
    "pages of noise": overwrite(40, bytes(range(256))),
    "a folder": lambda path: (path.unlink(), path.mkdir()),  # type: ignore[dict-item, return-value]
    "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),  # type: ignore[dict-item, return-value]
    "a link outside": lambda path: (path.unlink(), path.symlink_to("/etc/hostname")),  # type: ignore[dict-item, return-value]
}


@pytest.mark.parametrize("name", [FIRST, TILES])
@pytest.mark.parametrize("what", sorted(HOSTILE))
def test_a_hostile_file_is_named_and_takes_nobody_down(archive, what, name):
    HOSTILE[what](archive / name)
    report = judge(archive)
    assert report.verdict in ("INVALID", "INCOMPLETE"), told(report)
    assert report.findings
    assert name in told(report) or "missing" in told(report)


def test_a_stray_table_is_named(archive):
    shutil.copyfile(archive / FIRST, archive / "entries-more.parquet")
    assert "is no file of an archive" in told(judge(archive))
    (archive / "entries-more.parquet").rename(archive / "entries-000000000600.parquet")
    report = judge(archive)
    assert report.verdict == "INVALID"
    assert "begins with position 0" in told(report)


def test_what_is_no_archive_is_none_and_what_is_two_things_is_refused(whole, archive, tmp_path):
    assert folder.open_archive(str(whole[0])) is None
    assert folder.open_archive(str(tmp_path / "nothing")) is None
    (archive / "tile").mkdir()
    with pytest.raises(InvalidInputError, match="holds both"):
        folder.open_archive(str(archive))


def test_an_archive_appears_whole_or_not_at_all(whole, tmp_path):
    target = tmp_path / "new"

    def half(write: Callable[[str, bytes], None], names: Sequence[str]) -> None:
        for name in names:
            write(name, (whole[0] / name).read_bytes())
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError), writing.new_archive(str(target)) as write:
        half(write, files_of(whole[0], 600)[:2])
    assert list(tmp_path.iterdir()) == []
    archived(whole[0], 600, target)
    with pytest.raises(ConflictError):
        archived(whole[0], 600, target)
    assert judge(target).verdict == "CONSISTENT"
