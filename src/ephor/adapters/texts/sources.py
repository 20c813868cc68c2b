"""Files and folders as sources, read a piece at a time and within bounds; what is not read is said."""

from __future__ import annotations

import codecs
import os
import stat
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ephor.kernel.errors import EphorError, InvalidInputError, NotFoundError

PIECE = 1 << 18
"""Bytes read at a time."""
MAX_JSON = 64 << 20
"""Largest JSON document that is read as one value; a larger one is read as text."""
MAX_UNPACKED = 4 << 30
"""Most bytes a compressed file may unpack to."""
MAX_RATIO = 200
"""Most that a compressed file may grow by, once it has unpacked to `PIECE` * 64 bytes."""
_FORMS = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "table",
    ".pq": "table",
}
_PACKED = {b"PK\x03\x04": "a zip archive", b"7z\xbc\xaf": "a 7z archive", b"Rar!": "a rar archive", b"BZh": "packed with bzip2",
           b"\xfd7zXZ": "packed with xz", b"\x28\xb5\x2f\xfd": "packed with zstd"}  # fmt: skip
_PICTURES = {b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"GIF8": "a picture", b"%PDF": "a PDF", b"\x7fELF": "a program",
             b"RIFF": "sound or film", b"ID3": "sound", b"OggS": "sound", b"SQLite f": "a SQLite database, to be named as sqlite:///…"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NotRead:
    """Something that is there and is not read."""

    name: str
    because: str


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file, or standard input for ``-``."""

    path: str
    name: str
    form: str

    def pieces(self) -> Iterator[str]:
        try:
            with _opened(self.path) as file:
                yield from decoded(file, self.name)
        except FileNotFoundError:
            raise NotFoundError(f"there is no file `{self.name}`") from None
        except (OSError, EOFError, zlib.error, ValueError) as error:
            raise InvalidInputError(
                f"cannot read `{self.name}`: {getattr(error, 'strerror', None) or error}"
            ) from error

    def batches(self) -> Iterator[Mapping[str, Sequence[object]]]:
        from ephor.adapters.texts.lake import parquet_batches  # noqa: PLC0415 - an extra, and slow to load

        return parquet_batches(self.path)


def file_sources(path: str) -> Iterator[FileSource | NotRead]:
    """Yield the file at *path*, or the files of a folder in order of their names; links are not followed out of it.

    Raises:
        NotFoundError: there is nothing.
        InvalidInputError: it is no file and no folder, or packed in a way that is not read.
    """
    if path == "-":
        yield FileSource("-", "-", "auto")
        return
    if not os.path.lexists(path):
        raise NotFoundError(f"there is no file `{path}`")
    if not Path(path).is_dir():
        one = _source(Path(path), path)
        if isinstance(one, NotRead):
            raise InvalidInputError(f"`{path}` is not read: {one.because}")
        yield one
        return
    for folder, folders, files in os.walk(path, onerror=_unreadable):
        folders.sort()
        for name in [*folders]:
            if (Path(folder) / name).is_symlink():
                folders.remove(name)
                yield NotRead(
                    str((Path(folder) / name).relative_to(path)), "a link to another folder, not followed"
                )
        for name in sorted(files):
            full = Path(folder) / name
            shown = str(full.relative_to(path))
            yield NotRead(shown, "a link, not followed") if full.is_symlink() else _source(full, shown)


def form_of(name: str) -> str:
    """Return how a file of that name is read; `auto` where its name does not say."""
    path = Path(name.lower())
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    return _FORMS.get(suffix, "auto")


def unread(head: bytes) -> str | None:
    """Return why a file that begins like that is not read, or None if it is."""
    for magic, what in _PACKED.items():
        if head.startswith(magic):
            return f"it is {what}; unpack it first"
    return next(
        (f"it is {what}, not text" for magic, what in _PICTURES.items() if head.startswith(magic)), None
    )


def _source(path: Path, name: str) -> FileSource | NotRead:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            return NotRead(name, "no regular file")
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        return NotRead(name, f"cannot be opened: {error.strerror}")
    if (why := unread(head)) is not None:
        return NotRead(name, why)
    form = form_of(name)
    if head[:4] == b"PAR1":
        form = "table"
    elif form == "table":
        form = "text"
    if form == "json" and path.stat().st_size > MAX_JSON:
        form = "text"
    return FileSource(str(path), name, form)


def _unreadable(error: OSError) -> None:
    raise InvalidInputError(f"cannot read folder `{error.filename}`: {error.strerror}") from error


def _opened(path: str) -> AbstractContextManager[IO[bytes]]:
    if path != "-":
        return Path(path).open("rb")
    if sys.stdin is None:  # closed by whoever started this
        raise InvalidInputError("standard input is closed; name a file, or pipe something in")
    return nullcontext(sys.stdin.buffer)


def decoded(file: IO[bytes], name: str) -> Iterator[str]:
    """Yield the text of an open file, unpacked where it is gzip; bytes that are no UTF-8 as lone surrogates."""
    return _decoded(_unpacked(file, name))


def _unpacked(file: IO[bytes], name: str) -> Iterator[bytes]:
    """Yield the bytes of *file*, unpacked where it is gzip, within bounds."""
    head = file.read(PIECE)
    if head[:2] != b"\x1f\x8b":
        while head:
            yield head
            head = file.read(PIECE)
        return
    told = taken = 0
    packed, unpacker = head, zlib.decompressobj(31)
    while packed:
        taken += len(packed)
        while packed and not unpacker.eof:
            piece = unpacker.decompress(packed, PIECE)
            told += len(piece)
            if told > MAX_UNPACKED or (told > 64 * PIECE and told > MAX_RATIO * taken):
                raise InvalidInputError(
                    f"`{name}` unpacks to more than {MAX_RATIO} times its size or {MAX_UNPACKED >> 30} GiB; is it meant to?"
                )
            yield piece
            packed = unpacker.unconsumed_tail
        if unpacker.eof:  # another member may follow (RFC 1952, 2.2); anything else behind it is padding
            packed = unpacker.unused_data.lstrip(b"\0") or file.read(PIECE)
            taken -= len(unpacker.unused_data)
            if packed[:1] != b"\x1f":
                return
            unpacker = zlib.decompressobj(31)
        else:
            packed = file.read(PIECE)
    if not unpacker.eof:
        raise InvalidInputError(f"cannot read `{name}`: it ends in the middle of what is packed")


def _decoded(pieces: Iterator[bytes]) -> Iterator[str]:
    first = next(pieces, b"")
    if first[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        decoder = codecs.getincrementaldecoder("utf-16")("replace")
    else:
        first = first.removeprefix(b"\xef\xbb\xbf")
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    if text := decoder.decode(first):
        yield text
    for piece in pieces:
        if text := decoder.decode(piece):
            yield text
    if text := decoder.decode(b"", True):
        yield text


def refusal(error: EphorError, name: str) -> NotRead:
    """Return what a report says of a source that failed."""
    return NotRead(name, str(error))
