"""Records inside one file (CSV, JSON, JSON lines, Parquet), read piece by piece so that what stays is kept byte for byte."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

import orjson

from ephor.adapters.connectors.parquet_records import needs_pyarrow, read_records, rewrite_records
from ephor.kernel.errors import InvalidInputError

LONGEST = 16 * 1024 * 1024
"""Bytes of the longest line, or of the longest file that is read as one text."""
WHOLE = 64 * 1024 * 1024
"""Bytes of the largest JSON document."""
ALONE = "document"
"""How the only record of a JSON document is told."""
csv.field_size_limit(max(csv.field_size_limit(), LONGEST))


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file as it stands there; without a record it is a heading or a blank line."""

    raw: bytes
    record: dict[str, Any] | None = None
    row: str = ""
    """What tells the record apart within its file: a digest of how it is written. Records written alike are one."""


Change = Callable[[Piece], "Piece | None"]
"""Takes a record and returns it, one with other values (its ``raw`` empty), or nothing when it goes."""


def read_pieces(kind: str, file: IO[bytes], where: str) -> Iterator[Piece]:
    """Yield the pieces of a file of that kind.

    Raises:
        InvalidInputError: it cannot be read as that, with the place; what cannot be read is not passed over.
    """
    return {"csv": _csv, "lines": _lines, "json": _document, "parquet": _parquet}[kind](file, where)


def rewrite(kind: str, file: IO[bytes], where: str, change: Change, out: IO[bytes]) -> None:
    """Write the file anew as *change* says.

    Raises:
        InvalidInputError: it cannot be read, or holds bytes that a changed record would lose.
    """
    if kind == "json":
        _rewrite_document(file, where, change, out)
        return
    if kind == "parquet":
        needs_pyarrow(where)
        rewrite_records(file, where, lambda record, row: _record(change(Piece(b"-", record, row))), out)
        return
    form = _Form(file, where) if kind == "csv" else None
    for piece in _csv(file, where, form) if form else _lines(file, where):
        made = piece if piece.record is None else change(piece)
        if made is None:
            continue
        if not made.raw and made.record is not None:
            _check_text(piece.raw, where)
            out.write(form.written(made.record, piece.raw) if form else _line(made.record, piece.raw))
        else:
            out.write(made.raw)


class _Form:
    """How a CSV file is written: its columns and what stands between them."""

    def __init__(self, file: IO[bytes], where: str) -> None:
        self.mark = b"\xef\xbb\xbf" if file.read(3) == b"\xef\xbb\xbf" else b""
        file.seek(len(self.mark))
        first = _next_line(file, where, 1)
        file.seek(len(self.mark))
        counts = {sign: first.count(sign) for sign in (b",", b";", b"\t", b"|")}
        self.sign = max(counts, key=lambda sign: counts[sign]).decode()
        self.names: list[str] = []

    def written(self, record: dict[str, Any], before: bytes) -> bytes:
        text = io.StringIO()
        end = "\r\n" if before.endswith(b"\r\n") else "\n" if before.endswith(b"\n") else ""
        csv.writer(text, delimiter=self.sign, lineterminator=end).writerow(
            [record[name] for name in self.names]
        )
        return text.getvalue().encode()


def _csv(file: IO[bytes], where: str, form: _Form | None = None) -> Iterator[Piece]:
    form = form or _Form(file, where)
    used: list[bytes] = []
    at = [0, 0]

    def lines() -> Iterator[str]:
        while line := _next_line(file, where, at[0] + 1):
            at[:] = [at[0] + 1, (at[1] if used else 0) + len(line)]
            if at[1] > LONGEST:
                raise InvalidInputError(f"`{where}`, line {at[0]}: a record longer than 16 MiB; correct it")
            used.append(line)
            yield line.decode("utf-8", "replace")

    reader = csv.reader(lines(), delimiter=form.sign, strict=True)
    try:
        form.names = next(reader, [])
        if len(set(form.names)) != len(form.names):
            raise InvalidInputError(f"`{where}` names a column twice in its first line; rename one")
        yield Piece(form.mark + b"".join(used))
        used.clear()
        for cells in reader:
            raw = b"".join(used)
            used.clear()
            if not cells:
                yield Piece(raw)
                continue
            if len(cells) > len(form.names):
                raise InvalidInputError(
                    f"`{where}`, line {at[0]}: more cells than the first line names; correct it"
                )
            values = [*cells, *[None] * (len(form.names) - len(cells))]
            yield Piece(raw, dict(zip(form.names, values, strict=True)), _digest(raw))
    except csv.Error:
        raise InvalidInputError(f"`{where}`, line {at[0]}: not readable as CSV; correct it there") from None


def _lines(file: IO[bytes], where: str) -> Iterator[Piece]:
    at = 0
    while line := _next_line(file, where, at + 1):
        at += 1
        if not line.strip():
            yield Piece(line)
            continue
        value = _parsed(line, f"`{where}`, line {at}")
        if not isinstance(value, dict):
            raise InvalidInputError(f"`{where}`, line {at}: no JSON object; each line is one record")
        yield Piece(line, value, _digest(line))


def _document(file: IO[bytes], where: str) -> Iterator[Piece]:
    data = file.read(WHOLE + 1)
    if len(data) > WHOLE:
        raise InvalidInputError(f"`{where}` is larger than 64 MiB; write it as JSON lines")
    text = data.decode("utf-8-sig", "surrogateescape")
    if not text.lstrip().startswith("["):
        value = _parsed(data.removeprefix(b"\xef\xbb\xbf"), f"`{where}`")
        if not isinstance(value, dict):
            raise InvalidInputError(f"`{where}` holds neither an object nor a list of them")
        yield Piece(data, value, ALONE)
        return
    for raw in _elements(text, where):
        value = _parsed(raw, f"`{where}`")
        if not isinstance(value, dict):
            raise InvalidInputError(f"`{where}` lists something that is no object; correct it")
        yield Piece(raw, value, _digest(raw))


def _parquet(file: IO[bytes], where: str) -> Iterator[Piece]:
    needs_pyarrow(where)
    for record, row in read_records(file, where):
        yield Piece(b"-", record, row)  # it is written anew by its columns: no bytes of a row stand there


def _record(made: Piece | None) -> dict[str, Any] | None:
    return None if made is None else made.record


def _elements(text: str, where: str) -> Iterator[bytes]:
    """Yield each element of a JSON list as it is written."""
    decoder = json.JSONDecoder(strict=False)
    at = _skip(text, text.index("[") + 1)
    try:
        while at < len(text) and text[at] != "]":
            _, end = decoder.raw_decode(text, at)
            yield text[at:end].encode("utf-8", "surrogateescape")
            at = _skip(text, end)
            if text[at : at + 1] == ",":
                at = _skip(text, at + 1)
            elif text[at : at + 1] != "]":
                break
    except (ValueError, RecursionError):
        raise InvalidInputError(f"`{where}` is not readable as JSON; correct it") from None
    if text[at:].strip() != "]":
        raise InvalidInputError(f"`{where}` is not readable as JSON: it does not end where its list does")


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _rewrite_document(file: IO[bytes], where: str, change: Change, out: IO[bytes]) -> None:
    written, alone = [], False
    for piece in _document(file, where):
        made, alone = change(piece), piece.row == ALONE
        if made is None:
            continue
        if not made.raw:
            _check_text(piece.raw, where)
        written.append(made.raw or _dumped(made.record, indent=b"\n" in piece.raw))
    if alone and written:
        out.write(b"".join(written))
    else:
        out.write(b"[\n" + b",\n".join(written) + b"\n]\n" if written else b"[]\n")


def _line(record: dict[str, Any], before: bytes) -> bytes:
    return _dumped(record, indent=False) + (b"\n" if before.endswith(b"\n") else b"")


def _dumped(record: object, *, indent: bool) -> bytes:
    return json.dumps(record, ensure_ascii=False, indent=2 if indent else None).encode("utf-8", "replace")


def _parsed(raw: bytes, where: str) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        pass
    try:  # lone surrogates, NaN and bytes that are no text: read as far as they can be
        return _clean(json.loads(raw.decode("utf-8", "replace")))
    except (ValueError, RecursionError):
        raise InvalidInputError(f"{where}: not readable as JSON; correct it there") from None


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_clean(name): _clean(one) for name, one in value.items()}
    return [_clean(one) for one in value] if isinstance(value, list) else value


def _check_text(raw: bytes, where: str) -> None:
    try:
        raw.decode()
    except UnicodeDecodeError:
        raise InvalidInputError(
            f"`{where}` holds a record that is not UTF-8; it cannot be changed without loss, correct it by hand"
        ) from None


def _next_line(file: IO[bytes], where: str, number: int) -> bytes:
    line = file.readline(LONGEST + 1)
    if len(line) > LONGEST:
        raise InvalidInputError(f"`{where}`, line {number}: longer than 16 MiB; correct it or split it")
    return line


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw.strip()).hexdigest()[:32]
