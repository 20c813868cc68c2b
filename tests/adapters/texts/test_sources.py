"""Files, folders and databases as sources: bounded, not led astray by links, and honest about what is not read."""

from __future__ import annotations

import gzip
import os
import sqlite3
from pathlib import Path

import pytest

from ephor.adapters.texts.sources import FileSource, NotRead, file_sources
from ephor.adapters.texts.tables import table_sources
from ephor.engine.pii import Search
from ephor.kernel.errors import InvalidInputError, NotFoundError, UnavailableError


def test_a_folder_is_read_in_order_and_links_pipes_and_archives_are_named(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "b").mkdir(parents=True)
    (root / "a.txt").write_text("jane@example.com")
    (root / "b" / "c.csv").write_text("x\n")
    (root / "z.zip").write_bytes(b"PK\x03\x04")
    (root / "p.png").write_bytes(b"\x89PNG\r\n")
    (tmp_path / "outside.txt").write_text("john@example.com")
    (root / "link").symlink_to(tmp_path / "outside.txt")
    (root / "up").symlink_to(tmp_path)
    os.mkfifo(root / "pipe")
    found = list(file_sources(str(root)))
    assert [one.name for one in found if isinstance(one, FileSource)] == ["a.txt", "b/c.csv"]
    assert {one.name for one in found if isinstance(one, NotRead)} == {"link", "up", "pipe", "z.zip", "p.png"}


def test_what_unpacks_without_end_is_refused_and_honest_gzip_is_read(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "bomb.gz", "wb") as file:
        for _ in range(40):
            file.write(bytes(1 << 20))
    with gzip.open(tmp_path / "fine.txt.gz", "wt") as file:
        file.write("jane@example.com\n" * 10)
    (bomb,), (fine,) = (
        list(file_sources(str(tmp_path / "bomb.gz"))),
        list(file_sources(str(tmp_path / "fine.txt.gz"))),
    )
    with pytest.raises(InvalidInputError, match="unpacks to more"):
        for _ in bomb.pieces():  # type: ignore[union-attr]
            pass
    assert Search(None).one(fine, lambda name, finds: None).counts == {"email": 10}  # type: ignore[arg-type]
    (tmp_path / "cut.gz").write_bytes((tmp_path / "fine.txt.gz").read_bytes()[:-12])
    (cut,) = list(file_sources(str(tmp_path / "cut.gz")))
    with pytest.raises(InvalidInputError, match="cannot read"):
        list(cut.pieces())  # type: ignore[union-attr]


def test_one_long_line_is_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_text("x " * 1_500_000 + "jane@example.com " + "y" * 300_000)
    (source,) = list(file_sources(str(path)))
    assert isinstance(source, FileSource)
    assert max(len(piece) for piece in source.pieces()) <= 1 << 18
    (find,) = Search(None).one(source, lambda name, finds: None).finds
    assert (find.start, find.end) == (3_000_000, 3_000_016)


@pytest.mark.parametrize("name", ["nothing", "pipe"])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises((NotFoundError, InvalidInputError)):
        list(file_sources(str(tmp_path / name)))


def test_tables_give_columns_and_names_with_quotes_hurt_nobody(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as base:
        base.execute('create table "a""b; drop table x" (id integer, "e ""mail" text, dob text, raw blob)')
        base.executemany('insert into "a""b; drop table x" values (?, ?, ?, ?)',
                         [(at, f"user{at}@example.com", "1980-02-29", b"\xff4111 1111 1111 1111") for at in range(1_200)])  # fmt: skip
    (source,) = list(table_sources(f"sqlite:///{path}"))
    told = Search(None).one(source, lambda name, finds: None)
    assert {(one.column, one.type, one.finds, one.rows) for one in told.columns} == {
        ('e "mail', "email", 1_200, 1_200), ("dob", "date_of_birth", 1_200, 1_200), ("raw", "credit_card", 1_200, 1_200)}  # fmt: skip


@pytest.mark.parametrize(
    ("url", "error"),
    [("sqlite:///nowhere.db", NotFoundError), ("nonsense://", UnavailableError), ("postgresql+psycopg://nobody@127.0.0.1:1/x", UnavailableError)],
)  # fmt: skip
def test_a_database_that_is_none_is_refused(url: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        list(table_sources(url))
