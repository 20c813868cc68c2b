"""The offline verifier: judges an exported log by its files and one public key, and needs nothing else of Ephor.

Standard library and `cryptography` only, in one file, so that an auditor can read all of it and run it anywhere:
``python -m ephor.verifier BUNDLE --key KEY [--checkpoint FILE]``. It shares no line with the ledger it judges.
Formats: C2SP signed-note, tlog-checkpoint, tlog-cosignature (Ed25519) and tlog-tiles over the Merkle tree of RFC 6962.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WITNESSED, CONSISTENT, INCOMPLETE, INVALID = "WITNESSED", "CONSISTENT", "INCOMPLETE", "INVALID"
WIDTH = 256
MAX_FINDINGS = 100
FIRST = 5
"""Findings told to people; the report has the rest."""
MAX_SOURCES = 100_000
MAX_NOTE = 1_000_000
MAX_BUNDLE = WIDTH * (2 + 65_535)
MAX_DEPTH = 8
MAX_INTEGER = 2**53 - 1
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_FIELD = 2**255 - 19
_EIGHTH = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
_SMALL = {
    0,
    1,
    _FIELD - 1,
    _EIGHTH,
    _FIELD - _EIGHTH,
}  # y of the eight points of small order: such a key proves nothing


class UsageError(Exception):
    """The verifier was asked in a way it cannot answer."""


class _BrokenError(Exception):
    """A file or an entry is not what it must be; the message says how."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold, and the first entry it concerns, counted from 0."""

    position: int | None
    entry: str | None
    problem: str
    means: str


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict and what it rests on.

    ``unwitnessed_tail`` counts the newest entries that only the log's own key vouches for. ``erased`` holds the positions of
    the erasures recorded in the log: lawful, and no finding. ``content_read`` is false if only hashes were checked.
    """

    verdict: str
    origin: str | None
    size: int
    root: str
    findings: tuple[Finding, ...]
    more_findings: int
    unwitnessed_tail: int
    erased: tuple[int, ...]
    first_at: str | None
    last_at: str | None
    content_read: bool


@dataclass(frozen=True, slots=True)
class _Head:
    origin: str
    size: int
    root: bytes
    witnessed: bool = False


@dataclass(frozen=True, slots=True)
class _Key:
    name: str
    id: bytes
    public: bytes


@dataclass(frozen=True, slots=True)
class _Trust:
    log: _Key
    witnesses: tuple[_Key, ...]
    quorum: int


def verify(
    bundle: Path,
    key: str,
    earlier: bytes | None = None,
    *,
    witnesses: Sequence[str] = (),
    quorum: int | None = None,
    content: bool = True,
) -> Report:
    """Return what the exported log in *bundle* amounts to under the verifier key *key*.

    *earlier* is a checkpoint kept from before; the log must begin with the very entries it stands for. *quorum* of
    the *witnesses*, all unless stated, must have cosigned for the log to count as witnessed. Without *content* only
    hashes are checked, not what the entries say.

    Raises:
        UsageError: a key is no verifier key, the quorum cannot be met, or *bundle* is no folder.
    """
    if not bundle.is_dir():
        raise UsageError(f"`{bundle}` is not a folder; name the folder of an exported log")
    files = _Folder(bundle.resolve())
    return judge(files, key, earlier, witnesses=witnesses, quorum=quorum, content=content)


def judge(
    folder: Files,
    key: str,
    earlier: bytes | None = None,
    *,
    witnesses: Sequence[str] = (),
    quorum: int | None = None,
    content: bool = True,
) -> Report:
    """Return what the log behind *folder* amounts to, wherever its files come from; see `verify`.

    Raises:
        UsageError: a key is no verifier key, or the quorum cannot be met.
    """
    trusted = _parse_trust(key, witnesses, quorum)
    try:
        head = _open_checkpoint(folder.read("checkpoint", MAX_NOTE), trusted)
    except _BrokenError as error:
        audit = _Audit(folder, _Head(trusted.log.name, 0, b""), None, content=False)
        audit.add(
            None, None, f"checkpoint: {error}", "nothing vouches for this log; do not rely on anything in it"
        )
        return _judge(audit)
    spoilt, kept = None, None
    try:
        kept = _open_checkpoint(earlier, trusted) if earlier is not None else None
    except _BrokenError as error:
        spoilt = f"earlier checkpoint: {error}"
    audit = _Audit(folder, head, kept, content=content)
    if spoilt is not None:
        audit.add(None, None, spoilt, "what you kept proves nothing about this log; find the right one")
    audit.run()
    return _judge(audit)


def _judge(audit: _Audit) -> Report:
    findings = sorted(audit.findings, key=lambda one: (one.position is None, one.position or 0))
    holds = WITNESSED if audit.head.witnessed else CONSISTENT
    verdict = INVALID if audit.invalid else INCOMPLETE if audit.missing else holds
    return Report(
        verdict,
        audit.head.origin,
        audit.head.size,
        base64.b64encode(audit.head.root).decode(),
        tuple(findings),
        audit.more,
        audit.unwitnessed,
        tuple(audit.content.erased),
        audit.content.first_at,
        audit.content.last_at or None,
        audit.reads_content,
    )


class Files(Protocol):
    """The files of a C2SP tlog-tiles log, by name."""

    def read(self, name: str, limit: int) -> bytes | None:
        """Return the bytes of a file of at most *limit* bytes, or ``None`` if there is none."""
        ...


class _Folder:
    """The bundle's files, read without leaving the bundle and without trusting their size."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, name: str, limit: int) -> bytes | None:
        """Return the bytes of a file, or ``None`` if there is none."""
        try:
            path = (self._root / name).resolve(strict=True)
            if not path.is_relative_to(self._root):
                raise _BrokenError(f"`{name}` leads out of the bundle")
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
            with os.fdopen(handle, "rb") as file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise _BrokenError(f"`{name}` is not a file")
                data = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, RuntimeError) as error:
            raise _BrokenError(f"`{name}` cannot be read ({type(error).__name__})") from None
        if len(data) > limit:
            raise _BrokenError(f"`{name}` is longer than {limit} bytes")
        return data


class _Rows:
    """A tree that grows tile by tile and keeps only the unfinished row of each tile level."""

    def __init__(self, finished: Callable[[int, int, list[bytes]], None]) -> None:
        self._finished = finished
        self._rows: list[list[bytes]] = [[]]
        self._done: list[int] = [0]

    def copy(self) -> _Rows:
        twin = _Rows(lambda _level, _index, _row: None)
        twin._rows, twin._done = [list(row) for row in self._rows], list(self._done)
        return twin

    def add(self, leaves: Sequence[bytes]) -> None:
        self._rows[0].extend(leaves)
        level = 0
        while len(self._rows[level]) == WIDTH:
            if level + 1 == len(self._rows):
                self._rows.append([])
                self._done.append(0)
            row, self._rows[level] = self._rows[level], []
            self._finished(level, self._done[level], row)
            self._done[level] += 1
            self._rows[level + 1].append(_fold(row))
            level += 1

    def close(self) -> None:
        for level, row in enumerate(self._rows):
            if row:
                self._finished(level, self._done[level], row)

    def root(self, more: Sequence[bytes] = ()) -> bytes:
        """Return the root, as if *more* leaves, a tile at most, stood behind the finished tiles."""
        peaks: list[bytes] = []
        for row in reversed([[*self._rows[0], *more], *self._rows[1:]]):
            start = 0
            for bit in range(len(row).bit_length() - 1, -1, -1):
                if len(row) >> bit & 1:
                    peaks.append(_fold(row[start : start + (1 << bit)]))
                    start += 1 << bit
        if not peaks:
            return sha256(b"").digest()
        running = peaks.pop()
        while peaks:
            running = sha256(b"\x01" + peaks.pop() + running).digest()
        return running


def _fold(row: Sequence[bytes]) -> bytes:
    """Return the hash over a power of two of hashes."""
    while len(row) > 1:
        pairs = iter(row)
        row = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return row[0]


@dataclass(slots=True)
class _Content:
    """What the entries say, one after the other."""

    origin: str
    first_at: str | None = None
    last_at: str = ""
    erased: list[int] = field(default_factory=list)
    _sources: dict[str, tuple[int, int]] = field(default_factory=dict)
    _gaps: int = 0

    def skip(self) -> None:
        """Note that entries are missing here: counters may jump, but not fall."""
        self._gaps += 1

    def read(self, position: int, data: bytes) -> tuple[str | None, list[tuple[str, str, bool]]]:
        """Return the entry's id and, for each problem, what it is, what it means, and if something is only missing."""
        try:
            fields = _fields_of(data)
        except _BrokenError as error:
            return None, [
                (str(error), "the log wrote what Ephor does not write, or it was forged with the key", False)
            ]
        problems = []
        if fields["log"] != self.origin:
            problems.append(("the entry belongs to another log", "it was replayed from there", False))
        if fields["received_at"] < self.last_at:
            problems.append(
                (
                    "its time of receipt lies before its predecessor's",
                    "entries were moved or dated back",
                    False,
                )
            )
        if problem := self._count(fields["src"], fields["n"]):
            problems.append(problem)
        self.last_at = max(self.last_at, fields["received_at"])
        self.first_at = self.first_at or fields["received_at"]
        if fields["kind"] == "erasure/1" and len(self.erased) < MAX_SOURCES:
            self.erased.append(position)
        return fields["id"], problems

    def _count(self, source: str, n: int) -> tuple[str, str, bool] | None:
        last, gaps = self._sources.get(source, (0, 0))
        if source not in self._sources and len(self._sources) >= MAX_SOURCES:
            return (f"more than {MAX_SOURCES} sources", "their counters were not followed", True)
        self._sources[source] = (max(last, n), self._gaps)
        if n <= last:
            return (
                f"counter {n} of its source comes after {last}",
                "an entry was repeated, moved or renumbered",
                False,
            )
        if n > last + 1 and gaps == self._gaps:
            return (
                f"its source counted from {last} to {n}",
                f"{n - last - 1} entries of this source never arrived",
                True,
            )
        return None


class _Audit:
    """One pass over a bundle, in memory that does not grow with the number of entries."""

    def __init__(self, folder: Files, head: _Head, kept: _Head | None, *, content: bool) -> None:
        self.head, self.reads_content, self.content = head, content, _Content(head.origin)
        self.findings: list[Finding] = []
        self.invalid = self.missing = False
        self.more = 0  # findings beyond those that are kept
        self._folder, self._kept = folder, kept
        self._tree = _Rows(self._compare)
        self._stored: _Rows | None = (
            None  # the tree by the stored leaf hashes, from where it differs from the entries'
        )
        self._suspects: list[tuple[int, str | None]] = []
        self._damaged: list[tuple[int, str]] = []

    def add(
        self, position: int | None, entry: str | None, problem: str, means: str, *, missing: bool = False
    ) -> None:
        self.missing, self.invalid = self.missing or missing, self.invalid or not missing
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding(position, entry and entry[:80], problem, means))
        else:
            self.more += 1

    @property
    def unwitnessed(self) -> int:
        """How many of the newest entries no witness vouches for."""
        if self.head.witnessed:
            return 0
        kept = self._kept
        return self.head.size - (kept.size if kept and kept.witnessed and not self.invalid else 0)

    def run(self) -> None:
        self._check_kept()
        for index, width in _spans(self.head.size):
            if not self._take(index, width):
                self._report_suspects("the entry or its hash was altered; what is missing leaves open which")
                return
        self._tree.close()
        self._check_root()

    def _check_kept(self) -> None:
        kept, head = self._kept, self.head
        if kept is not None and kept.size > head.size:
            gone = kept.size - head.size
            self.add(
                head.size,
                None,
                f"an earlier checkpoint counts {gone} more entries",
                "the tail was cut, or an old backup restored",
            )
        elif kept is not None and kept.size == head.size and kept.root != head.root:
            self.add(
                None, None, "an earlier checkpoint has another root at this size", "two histories were signed"
            )

    def _take(self, index: int, width: int) -> bool:
        """Take in one bundle; return whether what follows can still be judged."""
        start = index * WIDTH
        stored = self._tile(0, index, width)
        entries = self._entries(index, width)
        leaves = [sha256(b"\x00" + entry).digest() for entry in entries]
        ids = self._read(start, entries)
        if stored is not None and stored[: len(leaves)] != leaves:
            self._stored = self._stored or self._tree.copy()
            pairs = enumerate(zip(leaves, stored, strict=False))
            differing = (at for at, (told, kept) in pairs if told != kept)
            room = MAX_FINDINGS - len(self._suspects)
            self._suspects.extend((start + at, ids.get(at)) for at in islice(differing, room))
        if len(leaves) < width:
            self._report_missing(start + len(leaves), start + width, lasting=stored is None)
            if stored is None:
                return False
            leaves += stored[len(leaves) :]
        self._check_beginning(start, leaves)
        if self._stored is not None:
            self._stored.add(stored or leaves)
        self._tree.add(leaves)
        return True

    def _report_missing(self, first: int, end: int, *, lasting: bool) -> None:
        end = self.head.size if lasting else end
        means = (
            "without them or their hashes the rest cannot be judged"
            if lasting
            else "their hashes are there and were used"
        )
        problem = (
            f"{end - first} of {self.head.size} entries are missing from here on"
            if lasting
            else f"{end - first} entries are missing"
        )
        self.add(first, None, problem, means, missing=True)
        self.content.skip()

    def _check_beginning(self, start: int, leaves: Sequence[bytes]) -> None:
        kept = self._kept
        if kept is None or kept.size == self.head.size or not start < kept.size <= start + len(leaves):
            return
        if self._tree.root(leaves[: kept.size - start]) != kept.root:
            problem = f"the first {kept.size} entries are not those of the earlier checkpoint"
            self.add(None, None, problem, "the past was rewritten; keep both checkpoints, they prove it")

    def _read(self, start: int, entries: Sequence[bytes]) -> dict[int, str | None]:
        ids: dict[int, str | None] = {}
        for at, data in enumerate(entries if self.reads_content else ()):
            ids[at], problems = self.content.read(start + at, data)
            for problem, means, missing in problems:
                self.add(start + at, ids[at], problem, means, missing=missing)
        return ids

    def _entries(self, index: int, width: int) -> list[bytes]:
        """Return the entries of a bundle as far as they can be read."""
        try:
            data = self._folder.read(_path("entries", index, width), MAX_BUNDLE) or b""
        except _BrokenError as error:
            self.add(index * WIDTH, None, str(error), "the bundle was damaged or prepared to deceive")
            return []
        entries: list[bytes] = []
        at = 0
        while at < len(data):
            start = at + 2
            at = start + int.from_bytes(data[at:start], "big")
            if at > len(data) or start > len(data) or len(entries) == width:
                self.add(
                    index * WIDTH + len(entries),
                    None,
                    "the bundle of entries is malformed here",
                    "it was damaged or altered",
                )
                break
            entries.append(data[start:at])
        return entries

    def _tile(self, level: int, index: int, width: int) -> list[bytes] | None:
        name, first = _path(str(level), index, width), index * WIDTH ** (level + 1)
        try:
            data = self._folder.read(name, WIDTH * 32)
        except _BrokenError as error:
            self.add(first, None, str(error), "a file of hashes was damaged")
            return None
        if data is None:
            self.add(first, None, f"`{name}` is missing", "a file of hashes was left out", missing=True)
            return None
        if len(data) != width * 32:
            self.add(
                first,
                None,
                f"`{name}` is {len(data)} bytes long",
                f"{width} hashes have {width * 32}; it was damaged",
            )
            return None
        return [data[at : at + 32] for at in range(0, len(data), 32)]

    def _compare(self, level: int, index: int, row: list[bytes]) -> None:
        """Compare a finished row with its tile; leaf hashes were compared with the entries already."""
        stored = self._tile(level, index, len(row)) if level else None
        if stored is not None and stored != row and len(self._damaged) < MAX_FINDINGS:
            at = next(at for at, pair in enumerate(zip(stored, row, strict=True)) if pair[0] != pair[1])
            self._damaged.append(((index * WIDTH + at) * WIDTH**level, _path(str(level), index, len(row))))

    def _report_suspects(self, means: str) -> None:
        for position, entry in self._suspects:
            self.add(position, entry, "the entry does not have the hash that was stored", means)

    def _check_root(self) -> None:
        if self._tree.root() == self.head.root:
            for position, name in self._damaged:
                self.add(
                    position,
                    None,
                    f"`{name}` does not fit the entries",
                    "the file was altered; the entries are those signed",
                )
            for position, entry in self._suspects:
                self.add(
                    position,
                    entry,
                    "the stored hash is not that of the entry",
                    "the file was altered; the entry is the one signed",
                )
            return
        exact = self._stored is not None and self._stored.root() == self.head.root
        means = (
            "the entry is not the one that was signed"
            if exact
            else "the entry, its hash or the checkpoint was altered"
        )
        self._report_suspects(means)
        if not exact:
            self.add(
                None,
                None,
                "the entries do not lead to the signed root",
                "the log was rewritten after it was signed",
            )


def _spans(size: int) -> Iterator[tuple[int, int]]:
    full, rest = divmod(size, WIDTH)
    for index in range(full):
        yield index, WIDTH
    if rest:
        yield full, rest


def _path(level: str, index: int, width: int) -> str:
    place = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        place = f"x{index % 1000:03d}/{place}"
    return f"tile/{level}/{place}" if width == WIDTH else f"tile/{level}/{place}.p/{width}"


def _fields_of(data: bytes) -> dict[str, Any]:
    """Return the fields of an entry that is the one canonical JSON text of them (RFC 8785 within Ephor's profile)."""
    try:
        fields = json.loads(data.decode(), parse_float=_refuse, parse_constant=_refuse)
        _check_profile(fields, MAX_DEPTH)
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    except (ValueError, RecursionError):
        raise _BrokenError("the entry is not JSON of the profile") from None
    if text != data or not isinstance(fields, dict):
        raise _BrokenError("the entry is not a canonical JSON object")
    for name in ("log", "kind", "id", "src", "actor", "at", "received_at"):
        if not isinstance(fields.get(name), str) or not fields[name]:
            raise _BrokenError(f"the entry has no `{name}`")
    if fields.get("v") != 1 or type(fields["v"]) is not int:
        raise _BrokenError("the entry is of a version unknown to this verifier")
    if type(fields.get("n")) is not int or fields["n"] < 1:
        raise _BrokenError("the entry has no counter `n` from 1")
    if not _STAMP.fullmatch(fields["received_at"]) or not _STAMP.fullmatch(fields["at"]):
        raise _BrokenError("the entry has a malformed time")
    return fields


def _refuse(text: str) -> None:
    raise ValueError(text)


def _check_profile(value: object, depth: int) -> None:
    if isinstance(value, dict | list):
        if depth == 0:
            raise ValueError("nested too deep")
        if isinstance(value, dict) and not all(key.isascii() for key in value):
            raise ValueError("key is not ASCII")
        for part in value.values() if isinstance(value, dict) else value:
            _check_profile(part, depth - 1)
    elif isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise ValueError("integer too large")


def _base64(text: str) -> bytes:
    """Return the bytes *text* stands for if it is the one way to write them; otherwise none."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        return b""
    return raw if base64.b64encode(raw).decode() == text else b""


def _parse_trust(key: str, witnesses: Sequence[str], quorum: int | None) -> _Trust:
    known = tuple(_parse_key(text, 4) for text in witnesses)
    if len({one.public for one in known}) < len(known):
        raise UsageError("one key stands for two witnesses; a cosignature does not name who gave it")
    if quorum is not None and not 1 <= quorum <= len(known):
        raise UsageError(f"no quorum of {quorum} among {len(known)} witnesses")
    return _Trust(_parse_key(key, 1), known, quorum or len(known))


def _parse_key(text: str, algorithm: int) -> _Key:
    """Read a verifier key: *algorithm* 1 is a log's Ed25519, 4 a witness's."""
    name, _, rest = text.strip().partition("+")
    mark, _, encoded = rest.partition("+")
    raw = _base64(encoded)
    if not name or len(raw) != 33 or raw[0] != algorithm:
        raise UsageError("the key is not a verifier key for Ed25519; write `name+id+key`")
    identity = sha256(name.encode(errors="surrogateescape") + b"\n" + raw).digest()[:4]
    if identity.hex() != mark:
        raise UsageError("the key's id does not belong to it; it was altered")
    if (int.from_bytes(raw[1:], "little") & (1 << 255) - 1) % _FIELD in _SMALL:
        raise UsageError("the key is of small order and would accept forgeries")
    return _Key(name, identity, raw[1:])


def _open_checkpoint(data: bytes | None, trust: _Trust) -> _Head:
    if data is None:
        raise _BrokenError("there is none")
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise _BrokenError("it is not UTF-8") from None
    text, blank, signatures = whole.rpartition("\n\n")
    if not blank or not whole.endswith("\n") or any(c < " " and c != "\n" for c in whole):
        raise _BrokenError("it is not a signed note")
    found = [_parse_signature(line) for line in signatures[:-1].split("\n")]
    if not _holds(found, trust.log, lambda raw: (raw, text + "\n")):
        raise _BrokenError("it is not signed with this key")
    vouching = sum(
        _holds(found, witness, lambda raw: _cosigned(raw, text + "\n")) for witness in trust.witnesses
    )
    lines = text.split("\n")
    if len(lines) < 3 or not all(lines) or not _SIZE.fullmatch(lines[1]):
        raise _BrokenError("it is signed, but not a checkpoint")
    if lines[0] != trust.log.name:
        raise _BrokenError("it is of another log than the key")
    root = _base64(lines[2])
    if len(root) != 32:
        raise _BrokenError("its root hash is malformed")
    return _Head(lines[0], int(lines[1]), root, bool(trust.witnesses) and vouching >= trust.quorum)


def _parse_signature(line: str) -> tuple[str, bytes, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    raw = _base64(encoded)
    if dash != "\N{EM DASH}" or not name or len(raw) < 5:
        raise _BrokenError("it has a malformed signature line")
    return name, raw[:4], raw[4:]


def _holds(
    signatures: Sequence[tuple[str, bytes, bytes]], key: _Key, split: Callable[[bytes], tuple[bytes, str]]
) -> bool:
    """Return whether *key* signed; whom one does not know is ignored, as the specification asks."""
    mine = [raw for name, identity, raw in signatures if (name, identity) == (key.name, key.id)]
    for raw in mine:
        signature, message = split(raw)
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message.encode())
        except (InvalidSignature, ValueError):
            raise _BrokenError(f"the signature of `{key.name}` does not hold") from None
    return bool(mine)


def _cosigned(raw: bytes, text: str) -> tuple[bytes, str]:
    """Return signature and message of a cosignature: time in 64 bits, then Ed25519 (C2SP tlog-cosignature)."""
    return raw[8:], f"cosignature/v1\ntime {int.from_bytes(raw[:8], 'big')}\n{text}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the verdict; return 0 if the log holds, 1 if not, 2 if that could not be asked.

    Where nobody reads what is printed it returns 141, as a shell reports it (128 and SIGPIPE).
    """
    given = sys.argv[1:] if arguments is None else arguments
    try:
        code = _run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python would complain as it ends
        return 141
    return code


def _run(arguments: Sequence[str]) -> int:
    try:
        asked = _parser().parse_args(arguments)
        report = _ask(asked)
    except UsageError as error:
        told = {"error": "invalid-input", "message": str(error)}
        print(json.dumps(told) if "--json" in arguments else _plain(f"error: {error}"), file=sys.stderr)
        return 2
    print(json.dumps(asdict(report), indent=2) if asked.json else "\n".join(map(_plain, lines_of(report))))
    return 0 if report.verdict in (WITNESSED, CONSISTENT) else 1


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see --help")


def _parser() -> _Parser:
    parser = _Parser(prog="ephor.verifier", description="Verify an exported log offline.", allow_abbrev=False)
    parser.add_argument("bundle", type=Path, help="folder with `checkpoint` and `tile/`")
    parser.add_argument("--key", required=True, help="verifier key you trust, or a file that holds it")
    parser.add_argument("--checkpoint", type=Path, help="checkpoint you kept from before")
    parser.add_argument(
        "--witness", action="append", default=[], help="witness key you trust, or its file; repeat"
    )
    parser.add_argument("--quorum", type=int, help="how many of the witnesses suffice; all unless stated")
    parser.add_argument("--hashes-only", action="store_true", help="do not read what the entries say")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser


def _ask(asked: argparse.Namespace) -> Report:
    return verify(
        asked.bundle,
        _find_key(asked.key),
        None if asked.checkpoint is None else _read_argument(asked.checkpoint),
        witnesses=[_find_key(text) for text in asked.witness],
        quorum=asked.quorum,
        content=not asked.hashes_only,
    )


def _find_key(text: str) -> str:
    try:
        named = Path(text).is_file()
    except OSError:
        named = False  # too long for a file name
    return _read_argument(Path(text)).decode(errors="replace") if named else text


def _read_argument(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_NOTE)
    except OSError as error:
        raise UsageError(f"`{path}` cannot be read ({error.strerror}); name a file") from None


def lines_of(report: Report) -> Iterator[str]:
    """Return the report as lines for people: the first findings only, one cause often has many."""
    yield f"{report.verdict}  {report.origin}  {report.size} entries  root {report.root}"
    if report.first_at:
        yield f"received from {report.first_at} to {report.last_at}"
    if not report.content_read:
        yield "only hashes were checked, not what the entries say"
    if report.erased:
        yield f"lawful erasures: {len(report.erased)}, the first at {report.erased[0]}"
    for one in report.findings[:FIRST]:
        place = "log" if one.position is None else f"entry {one.position}"
        yield f"{place}{f' ({one.entry})' if one.entry else ''}: {one.problem}: {one.means}"
    if more := max(len(report.findings) - FIRST, 0) + report.more_findings:
        which = f"the first {len(report.findings)}" if report.more_findings else "all"
        yield f"and {more} more findings, {which} of them in --json"
    if report.verdict in (WITNESSED, CONSISTENT) and report.unwitnessed_tail:
        yield f"the last {report.unwitnessed_tail} entries are vouched for by the log's own key alone"


def _plain(text: str) -> str:
    """Return *text* in printable ASCII: what comes from a bundle may not steer a terminal."""
    return ascii(text)[1:-1]


if __name__ == "__main__":
    sys.exit(main())
