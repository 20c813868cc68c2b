"""The offline verifier: judges an exported log by its files and one public key, and needs nothing else of Ephor.

Standard library and `cryptography` only, in one file, so that an auditor can read all of it and run it anywhere:
``python -m ephor.verifier BUNDLE --key KEY [--checkpoint FILE]``, or ``--proof FILE --key KEY`` for one entry alone. It shares no line with the ledger it judges.
Formats: C2SP signed-note, tlog-checkpoint, tlog-cosignature (Ed25519), tlog-proof and tlog-tiles over the Merkle tree of RFC 6962.

In order: what is told (`Report`, `Proved`), the ways in (`verify`, `judge`, `verify_proof`), files, keys and notes, the tree, what entries say,
the pass over a log (`_Audit`), the same in several processes, the command.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import stat
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NoReturn, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WITNESSED, CONSISTENT, INCOMPLETE, INVALID = "WITNESSED", "CONSISTENT", "INCOMPLETE", "INVALID"
WIDTH = 256
MAX_FINDINGS = 100
FIRST = 5
"""Findings told to people; the report has the rest."""
MAX_SOURCES = 100_000
MAX_RANGES = 10_000
MAX_ANCHORS = 100_000
MAX_LINKS = 1_000
MAX_SIGNATURES = 100
MAX_NOTE = 1_000_000
MAX_BUNDLE = WIDTH * (2 + 65_535)
MAX_DEPTH = 8
MAX_INTEGER = 2**53 - 1
STRETCH = 64
"""Bundles that another process checks at a time."""
WORTH_IT = 60_000
"""Entries from which on other processes save more time than they take to start."""
ROTATION = "ephor/key-rotation/1"
REPORT = "report"
"""The folder of an audit report in a bundle."""
PROOF = "c2sp.org/tlog-proof@v1"
MAX_PROOF = 63
"""Hashes of an inclusion proof in the largest tree."""
MAX_PROOF_FILE = 2_000_000
MAX_PAGE = 256 * 1024 * 1024
MAX_SIZE = MAX_TIME = 2**63 - 1
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_SUM = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9./_-]{0,200})")
_NO_NAME = re.compile(r"[\s+\x00-\x1f]")
_PRIME = 2**255 - 19
_EIGHTH = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
_SMALL = {0, 1, _PRIME - 1, _EIGHTH, _PRIME - _EIGHTH}
"""The y of the eight points of small order: such a key proves nothing."""


class UsageError(Exception):
    """The verifier was asked in a way it cannot answer."""


class _BrokenError(Exception):
    """A file or an entry is not what it must be; the message says how, *means* what follows where that is known."""

    def __init__(self, problem: str, means: str | None = None) -> None:
        super().__init__(problem)
        self.means = means


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold, and the first entry it concerns, counted from 0."""

    position: int | None
    entry: str | None
    problem: str
    means: str


@dataclass(frozen=True, slots=True)
class KeyTerm:
    """A key of the log, and the sizes of the tree whose heads it signs; *last* is ``None`` while it is in use."""

    key: str
    first: int
    last: int | None


@dataclass(frozen=True, slots=True)
class Sighting:
    """A witness saw the tree of *size* at this time: what it holds was recorded by then."""

    size: int
    witness: str
    at: str


@dataclass(frozen=True, slots=True)
class Former:
    """The log that this one goes on from, and the tree that was left of it; *signed* if a key of this log signed for it.

    ``lost`` counts the entries beyond it that had been published.
    """

    origin: str
    size: int
    root: str
    signed: bool
    lost: int


@dataclass(frozen=True, slots=True)
class Anchored:
    """What the main log says of this stream: it holds *anchors*, the largest of a tree of *size*.

    ``witnessed`` is the size of the largest that stands in the witnessed part of the main log. ``tail`` counts the newest
    entries that no anchor covers.
    """

    origin: str
    verdict: str
    anchors: int
    size: int
    witnessed: int
    tail: int


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict and what it rests on.

    ``unwitnessed_tail`` counts the newest entries that only the log's own key vouches for. ``erased`` holds the positions of
    the erasures recorded in the log, as ranges from first to last, ``erasures`` their number: lawful, and no finding.
    ``content_read`` is false if only hashes were checked: then the hand-over of keys was not compared with its entries.
    """

    verdict: str
    origin: str | None
    size: int
    root: str
    findings: tuple[Finding, ...]
    more_findings: int
    unwitnessed_tail: int
    erased: tuple[tuple[int, int], ...]
    first_at: str | None
    last_at: str | None
    content_read: bool
    erasures: int = 0
    keys: tuple[KeyTerm, ...] = ()
    seen: tuple[Sighting, ...] = ()
    former: tuple[Former, ...] = ()
    anchored: Anchored | None = None


@dataclass(frozen=True, slots=True)
class Proved:
    """What a proof file shows: that *entry* stands at *position* of the log, under a signed tree of *size*, or why not.

    ``seen`` has the witnesses that cosigned the tree. INCOMPLETE: the file does not carry the entry, and none was given.
    """

    verdict: str
    origin: str | None
    size: int
    root: str
    position: int | None
    entry: str | None
    kind: str | None
    findings: tuple[Finding, ...]
    seen: tuple[Sighting, ...] = ()


@dataclass(frozen=True, slots=True)
class _Key:
    name: str
    id: bytes
    public: bytes
    text: str


@dataclass(frozen=True, slots=True)
class _Term:
    """A key and the sizes of the tree whose heads it may sign."""

    key: _Key
    first: int = 0
    last: int | None = None


@dataclass(frozen=True, slots=True)
class _Link:
    """The statement by which one key hands over to the next at an entry: ``keys/NUMBER`` of the bundle."""

    number: int
    position: int
    old: _Key
    new: _Key
    note: str


@dataclass(frozen=True, slots=True)
class _Trust:
    log: _Key
    witnesses: tuple[_Key, ...]
    quorum: int
    terms: tuple[_Term, ...]
    links: tuple[_Link, ...] = ()


@dataclass(frozen=True, slots=True)
class _Head:
    """A checkpoint whose signatures hold: *votes* are the witnesses that cosigned, each with its time."""

    origin: str
    size: int
    root: bytes
    votes: tuple[tuple[_Key, int], ...] = ()
    name: str = "checkpoint"


class Files(Protocol):
    """The files of a C2SP tlog-tiles log, by name.

    Where entries lie apart from each other, as in a database, a method ``apart(index, width)`` may give those of a bundle, as
    far as they are there: nobody then puts them end to end to take them apart again.
    """

    def read(self, name: str, limit: int) -> bytes | None:
        """Return the bytes of a file of at most *limit* bytes, or ``None`` if there is none."""
        ...


def verify(
    bundle: Path,
    key: str,
    earlier: bytes | Sequence[bytes] | None = None,
    *,
    witnesses: Sequence[str] = (),
    quorum: int | None = None,
    content: bool = True,
    anchors: Path | None = None,
    anchors_key: str | None = None,
    workers: int = 1,
) -> Report:
    """Return what the exported log in *bundle* amounts to under the verifier key *key*.

    *earlier* is a checkpoint kept from before, or several; the log must begin with the very entries each stands for. *quorum*
    of the *witnesses*, all unless stated, must have cosigned for the log to count as witnessed. Without *content* only
    hashes are checked, not what the entries say. *anchors* is the bundle of the main log that anchors this one; see `judge`.
    An audit report in the bundle has to be the one whose digest an entry of the log holds.
    With more than one of *workers* a large bundle is checked by as many further processes, which import the program's
    main module anew; the report is the same.

    Raises:
        UsageError: a key is no verifier key, the quorum cannot be met, or *bundle* is no folder.
    """
    files = _open_folder(bundle)
    main = None if anchors is None else _open_folder(anchors)
    trust = _parse_trust(key, witnesses, quorum)
    found = _judge(files, trust, earlier, content=content, main=main, main_key=anchors_key, workers=workers)
    if found.verdict not in (WITNESSED, CONSISTENT) or not os.path.lexists(files.root / REPORT):
        return found
    means = "whoever changed the report after it was made; ask for the whole bundle again"
    told = tuple(Finding(None, None, one, means) for one in _problems_of_report(files, found))
    return replace(found, verdict=INVALID, findings=(*found.findings, *told)) if told else found


def judge(
    folder: Files,
    key: str,
    earlier: bytes | Sequence[bytes] | None = None,
    *,
    witnesses: Sequence[str] = (),
    quorum: int | None = None,
    content: bool = True,
    anchors: Files | None = None,
    anchors_key: str | None = None,
) -> Report:
    """Return what the log behind *folder* amounts to, wherever its files come from; see `verify`.

    *anchors* are the files of the main log: each of its entries ``stream.anchored/1`` for this log must name a tree that this
    log begins with. It must be signed with *anchors_key*; unless that is stated, with the same key under its own origin.

    Raises:
        UsageError: a key is no verifier key, or the quorum cannot be met.
    """
    trust = _parse_trust(key, witnesses, quorum)
    return _judge(folder, trust, earlier, content=content, main=anchors, main_key=anchors_key)


def verify_proof(
    proof: bytes,
    key: str,
    entry: bytes | None = None,
    *,
    witnesses: Sequence[str] = (),
    quorum: int | None = None,
    content: bool = True,
) -> Proved:
    """Return what a proof file (C2SP tlog-proof) is worth under the verifier key *key*, with nothing else at hand.

    *entry* holds the bytes it is about; without it they are the file's own extra data. Without *content* what the entry says
    is not looked at.

    Raises:
        UsageError: a key is no verifier key, or the quorum cannot be met.
    """
    trust = _parse_trust(key, witnesses, quorum)
    told, extra = Proved(INVALID, None, 0, "", None, None, None, ()), None
    try:
        index, hashes, signed, extra = _parse_proof(proof)
        told = replace(told, position=index)
        head = _open_checkpoint(signed, trust)
        seen = tuple(Sighting(head.size, one.name, _moment(time)) for one, time in head.votes)
        told = replace(told, origin=head.origin, size=head.size, root=head.root.hex(), seen=seen)
        data = extra if entry is None else entry
        _check_path(data, index, hashes, head)
        if data is not None and content:
            fields = _fields_of(data)
            told = replace(told, entry=fields["id"], kind=fields["kind"])
            _check_home(fields["log"], trust.log.name)
    except _BrokenError as error:
        if told.root and entry is None and extra is None:
            told = replace(told, verdict=INCOMPLETE)
        means = error.means or "the file proves nothing under this key"
        return replace(told, findings=(Finding(told.position, told.entry, str(error), means),))
    return replace(told, verdict=WITNESSED if 0 < trust.quorum <= len(head.votes) else CONSISTENT)


def _check_path(data: bytes | None, index: int, hashes: Sequence[bytes], head: _Head) -> None:
    if data is None:
        raise _BrokenError("the file carries no entry", "name the entry it is about, with --entry FILE")
    if _climb(sha256(b"\x00" + data).digest(), index, head.size, hashes) != head.root:
        means = "index, hashes or entry were changed, or the file is about another entry"
        raise _BrokenError("the proof does not lead from the entry to the signed root", means)


def _check_home(log: str, name: str) -> None:
    if log != name:
        raise _BrokenError("the entry belongs to another log", "it was replayed from there")


def _judge(
    folder: Files,
    trust: _Trust,
    earlier: bytes | Sequence[bytes] | None,
    *,
    content: bool,
    main: Files | None = None,
    main_key: str | None = None,
    workers: int = 1,
) -> Report:
    audit = _Audit(folder, trust, content=content)
    if audit.open(_listed(earlier)):
        if main is not None:
            audit.hold_against(_read_anchors(main, trust, main_key))
        with ExitStack() as stack:
            audit.run(stack.enter_context(_Helpers(audit, workers)) if workers > 1 else None)
    return audit.report()


def _listed(earlier: bytes | Sequence[bytes] | None) -> Sequence[bytes]:
    return () if earlier is None else (earlier,) if isinstance(earlier, bytes) else earlier


def _open_folder(bundle: Path) -> _Folder:
    if not os.path.isdir(bundle):
        raise UsageError(f"`{bundle}` is not a folder; name the folder of an exported log")
    if os.path.isfile(bundle / "tiles.parquet") and not os.path.lexists(bundle / "tile"):
        raise UsageError(
            f"`{bundle}` is a Parquet archive, which takes more than this file to read; use `ephor ledger verify --bundle`"
        )
    return _Folder(bundle.resolve())


class _Folder:
    """The bundle's files, read without leaving the bundle and without trusting their size."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._inside: dict[str, str] = {}

    def read(self, name: str, limit: int) -> bytes | None:
        """Return the bytes of a file, or ``None`` if there is none."""
        try:
            return self._read(name, limit)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, RuntimeError) as error:
            raise _BrokenError(f"`{name}` cannot be read ({type(error).__name__})") from None

    def _read(self, name: str, limit: int) -> bytes:
        above, _, last = name.rpartition("/")
        path = f"{self._enter(above)}{os.sep}{last}"
        # Looked at before it is opened: a pipe would wait, a device might act.
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise _BrokenError(f"`{name}` is a link, or no file; a bundle holds plain files")
        flags = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(path, os.O_RDONLY | flags), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > limit:
                raise _BrokenError(f"`{name}` is longer than {limit} bytes")
            return file.read(size)

    def _enter(self, above: str) -> str:
        """Return the path of a folder of the bundle; a link may lead to one, but not out of the bundle."""
        if above not in self._inside:
            path = (self.root / above).resolve(strict=True)
            if not path.is_relative_to(self.root):
                raise _BrokenError(f"`{above}` leads out of the bundle")
            if len(self._inside) > WIDTH:
                self._inside.clear()
            self._inside[above] = str(path)
        return self._inside[above]


def _problems_of_report(folder: _Folder, found: Report) -> Iterator[str]:
    """Yield what the files of an audit report are not: what its manifest lists, the manifest what an entry of the log holds."""
    try:
        sums, told = (
            folder.read(f"{REPORT}/SHA256SUMS", MAX_NOTE * 10),
            folder.read(f"{REPORT}/entry.json", MAX_NOTE),
        )
        if sums is None or told is None:
            yield "the report lacks `SHA256SUMS` or `entry.json`"
            return
        entry = _entry_of_report(folder, told, found.size)
        wanted = ("audit.reported/1", f"sha256:{sha256(sums).hexdigest()}", found.origin)
        if (entry.get("kind"), entry.get("output_hash"), entry.get("log")) != wanted:
            yield "the ledger has no entry with the digest of this report's manifest: it was changed, or is another's"
            return
        lines = [(line, _SUM.fullmatch(line)) for line in sums.decode("ascii", "replace").splitlines()]
        listed = {match[2]: match[1] for _, match in lines if match}
        if not all(match for _, match in lines):
            yield "`SHA256SUMS` holds a line that names no file"
            return
        for name, digest in sorted(listed.items()):
            data = folder.read(f"{REPORT}/{name}", MAX_PAGE)
            if data is None or sha256(data).hexdigest() != digest:
                yield f"`{name}` of the report is {'missing' if data is None else 'not what was recorded'}"
        root = folder.root / REPORT
        there = {
            f"{Path(above, name).relative_to(root)}" for above, _, names in os.walk(root) for name in names
        }
        for name in sorted(there - {*map(str, map(Path, listed)), "SHA256SUMS", "entry.json"}):
            yield f"`{name}` does not belong to the report"
    except _BrokenError as error:
        yield str(error)


def _entry_of_report(folder: _Folder, told: bytes, size: int) -> Mapping[str, Any]:
    try:
        position = json.loads(told)["position"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    if type(position) is not int or not 0 <= position < size:
        return {}
    index, offset = divmod(position, WIDTH)
    data, at = folder.read(_path("entries", index, min(WIDTH, size - index * WIDTH)), MAX_BUNDLE) or b"", 0
    for _ in range(offset):
        at += 2 + int.from_bytes(data[at : at + 2])
    end = at + 2 + int.from_bytes(data[at : at + 2])
    return _fields_of(data[at + 2 : end])


def _base64(text: str) -> bytes:
    """Return the bytes *text* stands for if it is the one way to write them; otherwise none."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        return b""
    return raw if base64.b64encode(raw).decode() == text else b""


def _parse_trust(key: str, witnesses: Sequence[str], quorum: int | None) -> _Trust:
    try:
        log, known = _parse_key(key.strip(), 1), tuple(_parse_key(text.strip(), 4) for text in witnesses)
    except _BrokenError as error:
        raise UsageError(str(error)) from None
    if len({one.public for one in known}) < len(known):
        raise UsageError("one key stands for two witnesses; a cosignature does not name who gave it")
    if quorum is not None and not 1 <= quorum <= len(known):
        raise UsageError(f"no quorum of {quorum} among {len(known)} witnesses")
    return _Trust(log, known, quorum or len(known), (_Term(log),))


def _parse_key(text: str, algorithm: int) -> _Key:
    """Read a verifier key: *algorithm* 1 is a log's Ed25519, 4 a witness's."""
    name, _, rest = text.partition("+")
    mark, _, encoded = rest.partition("+")
    raw = _base64(encoded)
    if not name or _NO_NAME.search(name) or len(raw) != 33 or raw[0] != algorithm:
        raise _BrokenError("the key is not a verifier key for Ed25519; write `name+id+key`")
    made = _make_key(name, raw[1:], algorithm)
    if made.id.hex() != mark:
        raise _BrokenError("the key's id does not belong to it; it was altered")
    if (int.from_bytes(raw[1:], "little") & (1 << 255) - 1) % _PRIME in _SMALL:
        raise _BrokenError("the key is of small order and would accept forgeries")
    return made


def _make_key(name: str, public: bytes, algorithm: int = 1) -> _Key:
    raw = bytes([algorithm]) + public
    identity = sha256(name.encode(errors="surrogateescape") + b"\n" + raw).digest()[:4]
    return _Key(name, identity, public, f"{name}+{identity.hex()}+{base64.b64encode(raw).decode()}")


def _open_note(data: bytes) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Return the text of a signed note and its signatures, none of them checked: name, key id, what it signed with."""
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise _BrokenError("it is not UTF-8") from None
    text, blank, signatures = whole.rpartition("\n\n")
    if not blank or not whole.endswith("\n") or any(c < " " and c != "\n" for c in whole):
        raise _BrokenError("it is not a signed note")
    lines = signatures[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise _BrokenError(f"it has more than {MAX_SIGNATURES} signatures")
    return text + "\n", [_parse_signature(line) for line in lines]


def _parse_signature(line: str) -> tuple[str, bytes, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    raw = _base64(encoded)
    if dash != "\N{EM DASH}" or not name or _NO_NAME.search(name) or len(raw) < 5:
        raise _BrokenError("it has a malformed signature line")
    return name, raw[:4], raw[4:]


def _find_signature(
    signatures: Sequence[tuple[str, bytes, bytes]], key: _Key, split: Callable[[bytes], tuple[bytes, str]]
) -> bytes | None:
    """Return what *key* signed with, if it did; whom one does not know is ignored, as the specification asks."""
    mine = [raw for name, identity, raw in signatures if (name, identity) == (key.name, key.id)]
    if len(mine) > 1:
        raise _BrokenError(f"`{key.name}` signed it twice with one key")
    for raw in mine:
        signature, message = split(raw)
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message.encode())
        except (InvalidSignature, ValueError):
            raise _BrokenError(f"the signature of `{key.name}` does not hold") from None
    return mine[0] if mine else None


def _cosigned(raw: bytes, text: str) -> tuple[bytes, str]:
    """Return signature and message of a cosignature: time in 63 bits, then Ed25519 (C2SP tlog-cosignature)."""
    time = int.from_bytes(raw[:8], "big")
    if time > MAX_TIME:
        raise _BrokenError(f"a cosignature is of second {time}, which no reader knows")
    return raw[8:], f"cosignature/v1\ntime {time}\n{text}"


def _open_checkpoint(data: bytes | None, trust: _Trust, name: str = "checkpoint") -> _Head:
    """Return a checkpoint that the key signed whose turn it was at that size."""
    if data is None:
        raise _BrokenError("there is none")
    text, found = _open_note(data)
    signers = [term for term in trust.terms if _find_signature(found, term.key, lambda raw: (raw, text))]
    if not signers:
        origin = text.partition("\n")[0]
        other = f"; the key is of log `{trust.log.name}`, and this is of log {origin[:120]!a}"
        raise _BrokenError(
            "it is not signed with this key" + _besides(trust) + (other if origin != trust.log.name else "")
        )
    votes = [
        (one, int.from_bytes(raw[:8], "big"))
        for one in trust.witnesses
        if (raw := _find_signature(found, one, lambda raw: _cosigned(raw, text))) is not None
    ]
    head = _read_checkpoint(text, trust.log.name)
    if not any(
        term.first <= head.size <= (head.size if term.last is None else term.last) for term in signers
    ):
        raise _wrong_term(head.size, signers[0])
    return _Head(head.origin, head.size, head.root, tuple(votes), name)


def _besides(trust: _Trust) -> str:
    return (
        ""
        if len(trust.terms) == 1
        else f" nor with the {len(trust.terms) - 1} others that lead to it or follow it"
    )


def _wrong_term(size: int, term: _Term) -> _BrokenError:
    if size < term.first:
        return _BrokenError(
            f"it is of {size} entries, and its key took over at entry {term.first - 1}",
            "a key signed what was its predecessor's to sign; the past was signed anew",
        )
    return _BrokenError(
        f"it is of {size} entries, and its key was given up at entry {term.last}",
        "a retired key signs on, as a thief of it does; rely on nothing from that entry on",
    )


def _read_checkpoint(text: str, origin: str | None = None) -> _Head:
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not all(lines) or not _is_size(lines[1]):
        raise _BrokenError("it is signed, but not a checkpoint")
    if origin is not None and lines[0] != origin:
        raise _BrokenError("it is of another log than the key")
    root = _base64(lines[2])
    if len(root) != 32 or (lines[1] == "0" and root != sha256(b"").digest()):
        raise _BrokenError("its root hash is malformed")
    return _Head(lines[0], int(lines[1]), root)


def _is_size(text: str) -> bool:
    return _SIZE.fullmatch(text) is not None and int(text) <= MAX_SIZE


def _read_links(folder: Files, origin: str) -> tuple[_Link, ...]:
    """Return the statements of the bundle by which each key hands over to the next, from the first key on."""
    links: list[_Link] = []
    for number in range(1, MAX_LINKS + 2):
        name = f"keys/{number}"
        try:
            data = folder.read(name, MAX_NOTE)
            if data is None:
                break
            links.append(_read_link(data, number, origin))
            _check_follows(links)
        except _BrokenError as error:
            raise _BrokenError(f"{name}: {error}", error.means) from None
    return tuple(links)


def _read_link(data: bytes, number: int, origin: str) -> _Link:
    text, found = _open_note(data)
    lines = text.split("\n")
    if len(lines) != 6 or lines[0] != ROTATION or not _is_size(lines[2]):
        raise _BrokenError("it is no statement of a new key")
    if lines[1] != origin:
        raise _BrokenError("it is of another log")
    old, new = _parse_key(lines[3], 1), _parse_key(lines[4], 1)
    if old.public == new.public:
        raise _BrokenError("its new key is the old one")
    if number > MAX_LINKS:
        raise _BrokenError(f"it is beyond the {MAX_LINKS} that are read")
    for key in (old, new):
        if key.name != origin or _find_signature(found, key, lambda raw: (raw, text)) is None:
            raise _BrokenError("the old key and the new one must both have signed it, in the log's name")
    return _Link(number, int(lines[2]), old, new, data.decode())


def _check_follows(links: Sequence[_Link]) -> None:
    """Check the newest link: one key leads to one other, positions rise, and no key returns."""
    new = links[-1]
    if any(new.old.public == link.old.public for link in links[:-1]):
        raise _BrokenError(
            "its old key has handed over already", "one key, two successors: whoever stole it did one"
        )
    if len(links) > 1 and new.old.public != links[-2].new.public:
        raise _BrokenError(
            "its old key is not the one before", "the chain of keys is broken; a link was left out or forged"
        )
    if new.new.public in {link.old.public for link in links}:
        raise _BrokenError(
            "its new key was given up before", "a retired key returns, as a thief of it would have it"
        )
    if len(links) > 1 and new.position <= links[-2].position:
        raise _BrokenError(f"it takes over at entry {new.position}, not after the one before")


def _follow(trust: _Trust, links: tuple[_Link, ...]) -> _Trust:
    """Return the trust in every key of the chain: the head of a tree that holds a hand-over is the new key's to sign."""
    if not links:
        return trust
    keys = [links[0].old, *(link.new for link in links)]
    if trust.log.public not in [key.public for key in keys]:
        raise _BrokenError("keys: the key you trust is none of them")
    starts = [0, *(link.position + 1 for link in links)]
    ends = [*(link.position for link in links), None]
    return replace(trust, terms=tuple(map(_Term, keys, starts, ends)), links=links)


def _runs(leaves: Sequence[bytes], kept: Sequence[bytes]) -> Iterator[tuple[int, int, int]]:
    """Yield first, end and place of each run of entries that stand side by side, where some of the bundle's are gone.

    An entry stands where its hash is kept; one whose hash is nowhere was altered, and stands right behind the one before.
    """
    places = {one: at for at, one in reversed([*enumerate(kept)])}
    first = place = 0
    for one, leaf in enumerate(leaves):
        at = places.get(leaf, -1)
        room = len(kept) - (len(leaves) - one)
        if place + one - first < at <= room:
            if one > first:
                yield first, one, place
            first, place = one, at
    yield first, len(leaves), place


def _parse_proof(data: bytes) -> tuple[int, Sequence[bytes], bytes, bytes | None]:
    """Return index, hashes, checkpoint and extra data of a proof file, as it states them."""
    head, blank, signed = data.partition(b"\n\n")
    lines = head.decode("ascii", "replace").split("\n")
    if lines.pop(0) != PROOF:
        raise _BrokenError(f"it is no proof file: its first line is not `{PROOF}`")
    if not blank:
        raise _BrokenError("it is cut off: no checkpoint follows")
    extra = None
    if lines and lines[0].startswith("extra "):
        text = lines.pop(0).removeprefix("extra ")
        if not (extra := _base64(text)) and text:
            raise _BrokenError("its extra data is not base64")
    index = lines.pop(0).removeprefix("index ") if lines and lines[0].startswith("index ") else ""
    if not _is_size(index):
        raise _BrokenError("it has no line `index N`")
    hashes = [_base64(line) for line in lines]
    if len(hashes) > MAX_PROOF or any(len(one) != 32 for one in hashes):
        raise _BrokenError("its hashes are malformed, or more than any proof has")
    return int(index), hashes, signed, extra


def _climb(leaf: bytes, index: int, size: int, hashes: Sequence[bytes]) -> bytes:
    """Return the root that an inclusion proof leads to (RFC 9162, 2.1.3.2)."""
    if index >= size:
        raise _BrokenError(f"it is about entry {index} of a tree of {size}, which has none there")
    running, last = leaf, size - 1
    for one in hashes:
        if last == 0:
            raise _BrokenError("it has more hashes than the way to the root has steps")
        if index & 1 or index == last:
            running = sha256(b"\x01" + one + running).digest()
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            running = sha256(b"\x01" + running + one).digest()
        index, last = index >> 1, last >> 1
    if last:
        raise _BrokenError("it has fewer hashes than the way to the root has steps")
    return running


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
        if len(self._rows[0]) == WIDTH:
            self._finish(0)

    def add_full(self, root: bytes) -> None:
        """Take in the root of a full tile of leaves that was compared with its file already."""
        self._done[0] += 1
        self._climb(0, root)

    def _finish(self, level: int) -> None:
        row, self._rows[level] = self._rows[level], []
        self._finished(level, self._done[level], row)
        self._done[level] += 1
        self._climb(level, _fold(row))

    def _climb(self, level: int, root: bytes) -> None:
        if level + 1 == len(self._rows):
            self._rows.append([])
            self._done.append(0)
        self._rows[level + 1].append(root)
        if len(self._rows[level + 1]) == WIDTH:
            self._finish(level + 1)

    @property
    def roots(self) -> Sequence[bytes]:
        """The roots of the tiles of leaves, less than a tile of them, that were finished."""
        return self._rows[1]

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


def _leaves(entries: Sequence[bytes]) -> list[bytes]:
    """Return the leaf hash of each entry; to copy a digest that has begun is faster than to begin one."""
    begun, found = sha256(b"\x00").copy, []
    for entry in entries:
        one = begun()
        one.update(entry)
        found.append(one.digest())
    return found


def _fold(row: Sequence[bytes]) -> bytes:
    """Return the hash over a power of two of hashes."""
    while len(row) > 1:
        pairs = iter(row)
        row = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return row[0]


# An entry is the one canonical JSON text of its fields: RFC 8785 within Ephor's profile. What it may say stands here as the
# shape that such a text has, fields in their order. A text of this shape is canonical but for the order of the keys in
# `metadata` and `refs`. Whatever has another shape, escapes or nested objects for instance, is read by the long way.
_TEXT = r'"[^"\\\x00-\x1f]+"'
_SAID = r'"([^"\\\x00-\x1f]+)"'
_WHEN = r'"([0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z)"'
_KEY = r'"[ !#-\[\]-~\x7f]'  # ASCII, not closed yet
_COUNT = r"(?:0|[1-9][0-9]{0,14})"  # of 16 digits some are too large: the long way looks closer
_PLAIN = rf'(?:"[^"\\\x00-\x1f]*"|{_COUNT}|-[1-9][0-9]{{0,14}}|true|false|null)'
_VALUE = rf"(?:{_PLAIN}|\[(?:{_PLAIN}(?:,{_PLAIN})*)?\])"
_FIELDS = {
    "action": _TEXT, "actor": _TEXT, "approver": _TEXT, "args_digest": _TEXT, "at": _WHEN, "confidence": _TEXT,
    "decision": _TEXT, "duration_ms": _COUNT, "error": _TEXT, "id": _TEXT, "input_hash": _TEXT, "kind": _SAID, "log": _SAID,
    "metadata": rf'(\{{{_KEY}*":{_VALUE}(?:,{_KEY}*":{_VALUE})*\}})', "n": r"([1-9][0-9]{0,14})",
    "on_behalf_of": _TEXT, "output_hash": _TEXT, "parent": _TEXT,
    "payload": rf'\{{"alg":{_TEXT},"commitment":"sha256:[0-9a-f]{{64}}"\}}', "policy_digest": _TEXT,
    "reasons": rf"\[{_TEXT}(?:,{_TEXT})*\]", "received_at": _WHEN,
    "refs": rf'(\{{{_KEY}+":{_TEXT}(?:,{_KEY}+":{_TEXT})*\}})', "resource": _TEXT, "session": _TEXT, "src": _SAID,
    "subject": _TEXT, "tool": _TEXT, "trace": _TEXT, "v": "1",
}  # fmt: skip
_REQUIRED = ("log", "kind", "id", "src", "actor", "at", "received_at")
_SHAPE = re.compile(
    r"\{" + "".join(
        f'"{name}":{what},' if name in (*_REQUIRED, "n") else f'(?:"{name}":{what},|)'
        for name, what in _FIELDS.items() if name != "v"
    ) + r'"v":1\}'
)  # fmt: skip
_STAMP = re.compile(_WHEN[1:-1])
_KIND = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)*/[1-9][0-9]{0,3}")
_COMMITMENT = re.compile(r"sha256:[0-9a-f]{64}")


def _parse_entry(data: bytes) -> tuple[str, str, int, str, str]:
    """Return kind, log, counter, time of receipt and source of an entry, which is checked in whole."""
    try:
        found = _SHAPE.fullmatch(data.decode())
    except UnicodeDecodeError:
        raise _BrokenError("the entry is not JSON of the profile") from None
    if found is not None:
        at, kind, log, metadata, n, received, refs, src = found.groups()
        if (
            (metadata is None or _is_ascending(metadata)) and (refs is None or _is_ascending(refs))
            and _is_day(at[:10]) and _is_day(received[:10]) and len(kind) <= 80 and _is_kind(kind)
        ):  # fmt: skip
            return kind, log, int(n), received, src
    fields = _fields_of(data)
    return fields["kind"], fields["log"], fields["n"], fields["received_at"], fields["src"]


def _is_ascending(text: str) -> bool:
    """Return whether each key of a flat object without escapes is larger than the one before."""
    if text.count('":') == 1:
        return True
    parts = text.split('"')  # what stands between quotes is at the odd places
    keys = [one for one, after in zip(parts[1::2], parts[2::2], strict=True) if after[0] == ":"]
    return all(one < other for one, other in pairwise(keys))


@lru_cache(maxsize=1024)
def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1024)
def _is_kind(text: str) -> bool:
    return _KIND.fullmatch(text) is not None


def _fields_of(data: bytes) -> dict[str, Any]:
    """Return the fields of an entry the long way: parse it, write it anew, look at each field."""
    try:
        fields = json.loads(data.decode(), parse_float=_refuse, parse_constant=_refuse)
        _check_profile(fields, MAX_DEPTH)
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    except (ValueError, RecursionError):
        raise _BrokenError("the entry is not JSON of the profile") from None
    if text != data or not isinstance(fields, dict):
        raise _BrokenError("the entry is not a canonical JSON object")
    if problem := _problem_of(fields):
        raise _BrokenError(problem)
    return fields


def _problem_of(fields: Mapping[str, Any]) -> str | None:
    for name in _REQUIRED:
        if not _is_text(fields.get(name)):
            return f"the entry has no `{name}`"
    if fields.get("v") != 1 or type(fields["v"]) is not int:
        return "the entry is of a version unknown to this verifier"
    if type(fields.get("n")) is not int or fields["n"] < 1:
        return "the entry has no counter `n` from 1"
    if not all(
        _STAMP.fullmatch(fields[name]) and _is_day(fields[name][:10]) for name in ("received_at", "at")
    ):
        return "the entry has a malformed time"
    for name, value in fields.items():
        if name not in _FIELDS:
            return f"the entry has a field `{name[:40]}` that version 1 does not know"
        if not _CHECKS.get(name, _is_text)(value):
            return f"the entry's field `{name}` is not what it must be"
    return None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _are_texts(values: Sequence[object]) -> bool:
    return len(values) > 0 and all(map(_is_text, values))


_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "v": lambda _: True,
    "n": lambda _: True,
    "kind": lambda value: len(value) <= 80 and _is_kind(value),
    "duration_ms": lambda value: type(value) is int and value >= 0,
    "reasons": lambda value: isinstance(value, list) and _are_texts(value),
    "refs": lambda value: isinstance(value, dict) and _are_texts([*value, *value.values()]),
    "metadata": lambda value: isinstance(value, dict) and len(value) > 0,
    "payload": lambda value: isinstance(value, dict) and value.keys() == {"alg", "commitment"}
    and _are_texts([*value.values()]) and _COMMITMENT.fullmatch(value["commitment"]) is not None,
}  # fmt: skip


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


_Problem = tuple[str, str, bool]
"""What is wrong, what it means, and whether something is only missing."""
_REPEATED = "an entry was repeated, moved or renumbered"


@dataclass(slots=True)
class _Content:
    """What the entries say, one after the other."""

    trust: _Trust
    stream: str | None = None
    """Origin whose anchors are looked for."""
    first_at: str | None = None
    last_at: str = ""
    erased: list[tuple[int, int]] = field(default_factory=list)
    erasures: int = 0
    former: tuple[Former, ...] = ()
    anchors: list[tuple[int, _Head]] = field(default_factory=list)
    sources: dict[str | bytes, tuple[int, int]] = field(default_factory=dict)
    opening: dict[str | bytes, int] | None = None
    """Where it does not begin with the log's first entry: the first counter of each source."""
    due: dict[int, _Link] = field(default_factory=dict)
    """The statement that the entry at a position must hold."""
    _gaps: int = 0

    def skip(self) -> None:
        """Note that entries are missing here: counters may jump, but not fall."""
        self._gaps += 1

    def read(self, position: int, data: bytes) -> Sequence[_Problem]:
        """Return what is wrong with an entry."""
        try:
            kind, log, n, received, src = _parse_entry(data)
        except _BrokenError as error:
            return [
                (str(error), "the log wrote what Ephor does not write, or it was forged with the key", False)
            ]
        problems: list[_Problem] = []
        if log != self.trust.log.name:
            problems.append(("the entry belongs to another log", "it was replayed from there", False))
        if received < self.last_at:
            means = "entries were moved or dated back"
            problems.append(("its time of receipt lies before its predecessor's", means, False))
        else:
            self.last_at = received
        if problem := self._count(src, n):
            problems.append(problem)
        self.first_at = self.first_at or received
        if kind in _SPECIAL or position in self.due:
            problems += self._look_closer(position, kind, data)
        return problems

    def _count(self, source: str, n: int) -> _Problem | None:
        key = source if len(source) <= 80 else sha256(source.encode()).digest()
        last, gaps = self.sources.get(key, (0, 0))
        if last == 0 and len(self.sources) >= MAX_SOURCES:
            return (f"more than {MAX_SOURCES} sources", "their counters were not followed", True)
        self.sources[key] = (max(last, n), self._gaps)
        if last == 0 and self.opening is not None:
            self.opening[key] = n
            return None
        if n <= last:
            return (f"counter {n} of its source comes after {last}", _REPEATED, False)
        if n > last + 1 and gaps == self._gaps:
            means = f"{n - last - 1} entries of this source never arrived"
            return (f"its source counted from {last} to {n}", means, True)
        return None

    def absorb(self, other: _Content) -> bool:
        """Take in what was read elsewhere of the entries that follow; return whether they follow in every respect."""
        opening = other.opening or {}
        new = sum(key not in self.sources for key in opening)
        if (other.first_at or "") < self.last_at or len(self.sources) + new > MAX_SOURCES:
            return False
        if any(n != self.sources.get(key, (0, 0))[0] + 1 for key, n in opening.items()):
            return False
        self.sources.update((key, (last, self._gaps)) for key, (last, _) in other.sources.items())
        self.first_at, self.last_at = self.first_at or other.first_at, other.last_at
        for first, last in other.erased:
            self.note_erased(first, last)
        return True

    def _look_closer(self, position: int, kind: str, data: bytes) -> Sequence[_Problem]:
        told = json.loads(data).get("metadata", {}) if kind in _SPECIAL else {}
        if kind == "erasure/1":
            self.note_erased(position, position)
        elif kind == "epoch.started/1" and position == 0:
            return self._read_former(told)
        elif kind == "stream.anchored/1" and self.stream is not None and told.get("origin") == self.stream:
            return self._read_anchor(position, told)
        return self._check_rotation(position, told.get("statement") if kind == "key.rotated/1" else None)

    def note_erased(self, first: int, last: int) -> None:
        self.erasures += last - first + 1
        if self.erased and self.erased[-1][1] + 1 == first:
            self.erased[-1] = (self.erased[-1][0], last)
        elif len(self.erased) < MAX_RANGES:
            self.erased.append((first, last))

    def _check_rotation(self, position: int, statement: object) -> Sequence[_Problem]:
        link = self.due.get(position)
        if link is not None and statement != link.note:
            means = "the key changed by a statement that the log did not record; whoever has the old key can write one"
            return [(f"`keys/{link.number}` is not the statement of this entry", means, False)]
        if link is not None or statement is None:
            return []
        if any(f"\n{one.old.text}\n" in str(statement) for one in self.trust.links):
            means = "one key, two successors: whoever stole it did one"
            return [
                ("the key hands over here, and by another statement in the bundle's `keys`", means, False)
            ]
        return [
            (
                "the key hands over here, and the bundle's `keys` lack it",
                "a file of the bundle was left out",
                True,
            )
        ]

    def _read_former(self, told: Mapping[str, Any]) -> Sequence[_Problem]:
        left, gone = told.get("checkpoint"), told.get("lost", [])
        try:
            formers = [_read_former(left, told.get("published", left), self.trust)]
            formers += [_read_former(None, one, self.trust) for one in gone]
        except (_BrokenError, TypeError) as error:
            means = "where this log comes from cannot be told"
            return [
                (
                    f"a log begins here that goes on from another, and the checkpoint is wrong: {error}",
                    means,
                    False,
                )
            ]
        self.former = tuple(formers)
        return []

    def _read_anchor(self, position: int, told: Mapping[str, Any]) -> Sequence[_Problem]:
        size, root = told.get("size"), _base64(str(told.get("root")))
        if type(size) is not int or size < 0 or len(root) != 32:
            return [("the anchor names no size and root", "the log wrote what Ephor does not write", False)]
        if len(self.anchors) == MAX_ANCHORS:
            return [(f"more than {MAX_ANCHORS} anchors", "those from here on were not followed", True)]
        name = f"anchor in entry {position} of the main log"
        self.anchors.append((position, _Head(str(self.stream), size, root, (), name)))
        return []


_SPECIAL = {"erasure/1", "epoch.started/1", "stream.anchored/1", "key.rotated/1"}


def _read_former(left: object, published: object, trust: _Trust) -> Former:
    """Return what was *left* of a log, none of it if that is ``None``, and how much more had been *published*."""
    last, signed = _open_former(published, trust)
    head, also = (
        (_Head(last.origin, 0, sha256(b"").digest()), True) if left is None else _open_former(left, trust)
    )
    if head.origin != last.origin:
        raise _BrokenError("what was left is of another log than what had been published")
    root = base64.b64encode(head.root).decode()
    return Former(head.origin, head.size, root, signed and also, max(last.size - head.size, 0))


def _open_former(note: object, trust: _Trust) -> tuple[_Head, bool]:
    if not isinstance(note, str):
        raise _BrokenError("there is none")
    text, found = _open_note(note.encode())
    head = _read_checkpoint(text)
    keys = [_make_key(head.origin, term.key.public) for term in trust.terms]
    return head, any(_find_signature(found, one, lambda raw: (raw, text)) is not None for one in keys)


class _Audit:
    """One pass over a bundle, in memory that does not grow with the number of entries."""

    def __init__(self, folder: Files, trust: _Trust, *, content: bool, stream: str | None = None) -> None:
        self.folder, self.trust, self.reads_content = folder, trust, content
        self._apart: Callable[[int, int], list[bytes]] | None = getattr(folder, "apart", None)
        self.content = _Content(trust, stream)
        self.head = _Head(trust.log.name, 0, b"")
        self.findings: list[Finding] = []
        self.invalid = self.missing = False
        self.more = 0  # findings beyond those that are kept
        self.main: _Main | None = None
        self._marks: list[_Head] = []  # trees that the log must begin with, the largest first
        self._held: list[_Head] = []  # those of them that it does begin with
        self._tree = _Rows(self._compare)
        self._stored: _Rows | None = (
            None  # the tree by the stored leaf hashes, from where it differs from the entries'
        )
        self._suspects: list[tuple[int, str | None]] = []
        self._damaged: list[tuple[int, str]] = []
        self._gap: tuple[int, int] | None = (
            None  # the newest entries that are missing while their hashes are there
        )

    def add(
        self, position: int | None, entry: str | None, problem: str, means: str, *, missing: bool = False
    ) -> None:
        self.missing, self.invalid = self.missing or missing, self.invalid or not missing
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding(position, entry and entry[:80], problem, means))
        else:
            self.more += 1

    def open(self, earlier: Sequence[bytes]) -> bool:
        """Read keys and checkpoints; return whether there is a log that somebody vouches for."""
        nobody = "nothing vouches for this log; do not rely on anything in it"
        self._open_keys()
        try:
            self.head = _open_checkpoint(self.folder.read("checkpoint", MAX_NOTE), self.trust)
        except _BrokenError as error:
            self.reads_content = False
            self.add(None, None, f"checkpoint: {error}", error.means or nobody)
            return False
        for link in self.trust.links:
            if link.position >= self.head.size:
                problem = f"`keys/{link.number}` takes over at entry {link.position} of {self.head.size}"
                self.add(
                    self.head.size, None, problem, "the tail was cut, or keys of a later bundle were put in"
                )
        self._open_marks(earlier)
        return True

    def _open_keys(self) -> None:
        try:
            links = _read_links(self.folder, self.trust.log.name)
            self.trust = self.content.trust = _follow(self.trust, links)
            self.content.due = {link.position: link for link in links}
        except _BrokenError as error:
            self.add(None, None, str(error), error.means or "the hand-over of keys was damaged or forged")

    def _open_marks(self, earlier: Sequence[bytes]) -> None:
        for data in earlier:
            try:
                self._mark(_open_checkpoint(data, self.trust, "earlier checkpoint"))
            except _BrokenError as error:
                means = error.means or "what you kept proves nothing about this log; find the right one"
                self.add(None, None, f"earlier checkpoint: {error}", means)
        try:
            cosigned = self.folder.read("checkpoint.cosigned", MAX_NOTE)
            if cosigned is not None:
                self._mark(_open_checkpoint(cosigned, self.trust, "cosigned checkpoint"))
        except _BrokenError as error:
            self.add(
                None, None, f"checkpoint.cosigned: {error}", error.means or "the file was damaged or forged"
            )

    def hold_against(self, main: _Main) -> None:
        """Hold the log against what the main log says of it."""
        for problem, missing in main.problems:
            self.add(
                None, None, problem, "the main log's word on this stream cannot be relied on", missing=missing
            )
        for _, anchor in main.anchors:
            self._mark(anchor)
        self.main = main

    def _mark(self, mark: _Head) -> None:
        """Check a tree that the log must begin with, now or when its size is reached."""
        name = f"{'an' if mark.name[0] in 'ae' else 'a'} {mark.name}"
        if mark.size > self.head.size:
            gone = mark.size - self.head.size
            means = "the tail was cut, or an old backup restored"
            self.add(self.head.size, None, f"{name} counts {gone} more entries", means)
        elif mark.size == self.head.size and mark.root != self.head.root:
            self.add(None, None, f"{name} has another root at this size", "two histories were signed")
        else:
            self._marks.append(mark)

    @property
    def witnessed(self) -> int:
        """Size of the largest tree, known to be a beginning of this log, that the quorum vouches for; -1 if there is none.

        Whoever cosigned a tree vouches for each of its beginnings.
        """
        voted = [head for head in self._held if head.votes]
        sizes = [
            max((head.size for head in voted if one in [key for key, _ in head.votes]), default=-1)
            for one in self.trust.witnesses
        ]
        return sorted(sizes, reverse=True)[self.trust.quorum - 1] if sizes else -1

    def report(self) -> Report:
        """Return what was found."""
        findings = sorted(self.findings, key=lambda one: (one.position is None, one.position or 0))
        holds = WITNESSED if self.witnessed == self.head.size else CONSISTENT
        verdict = INVALID if self.invalid else INCOMPLETE if self.missing else holds
        content = self.content
        seen = {(head.size, key.name, time) for head in self._held for key, time in head.votes}
        return Report(
            verdict,
            self.head.origin,
            self.head.size,
            base64.b64encode(self.head.root).decode(),
            tuple(findings),
            self.more,
            self.head.size - max(self.witnessed, 0),
            tuple(content.erased),
            content.first_at,
            content.last_at or None,
            self.reads_content,
            content.erasures,
            tuple(KeyTerm(term.key.text, term.first, term.last) for term in self.trust.terms),
            tuple(Sighting(size, witness, _moment(time)) for size, witness, time in sorted(seen)),
            content.former,
            self._anchored(),
        )

    def _anchored(self) -> Anchored | None:
        if self.main is None:
            return None
        held = set(self._held)
        sizes = [(place, one.size) for place, one in self.main.anchors if one in held]
        largest = max((size for _, size in sizes), default=0)
        witnessed = max((size for place, size in sizes if place < self.main.witnessed), default=0)
        tail = self.head.size - largest
        return Anchored(self.main.origin, self.main.verdict, len(self.main.anchors), largest, witnessed, tail)

    def run(self, helpers: _Helpers | None = None) -> None:
        """Read the whole log, the stretches that *helpers* found in order excepted."""
        self._marks.sort(key=lambda mark: mark.size, reverse=True)
        self._check_marks(0, ())
        full, rest = divmod(self.head.size, WIDTH)
        index = 0
        while index < full + (rest > 0):
            stretch = helpers.get(index) if helpers else None
            if stretch is not None and self._absorb(stretch):
                index += STRETCH
                continue
            if not self._take(index, WIDTH if index < full else rest):
                self._report_gap()
                self._report_suspects("the entry or its hash was altered; what is missing leaves open which")
                return
            index += 1
        self._report_gap()
        self._tree.close()
        self._check_root()

    def survey(self, first: int) -> _Stretch | None:
        """Return what a stretch of full bundles amounts to if nothing about it asks for a second look."""
        self.content.opening = {}
        for index in range(first, first + STRETCH):
            if not self._take(index, WIDTH):
                return None
        if self.findings or self._suspects or self._gap or self.content.former:
            return None
        return _Stretch(self._tree.roots, self.content)

    def _absorb(self, stretch: _Stretch) -> bool:
        """Take in what another process found; return whether it joins what came before without a seam."""
        if self._stored is not None or (self.reads_content and not self.content.absorb(stretch.content)):
            return False
        self._report_gap()
        for root in stretch.roots:
            self._tree.add_full(root)
        return True

    def busy(self) -> set[int]:
        """Return the positions at which something besides the entries is to be compared."""
        return {mark.size - 1 for mark in self._marks} | {link.position for link in self.trust.links}

    def _take(self, index: int, width: int) -> bool:
        """Take in one bundle; return whether what follows can still be judged."""
        start = index * WIDTH
        stored = self._tile(0, index, width)
        entries = self._entries(index, width)
        leaves = _leaves(entries)
        if stored is not None and 0 < len(leaves) < width:
            leaves = self._take_around_gaps(start, stored, leaves, entries)
        else:
            if self.reads_content:
                self._read(start, entries)
            if stored is not None and stored != b"".join(leaves):
                self._compare_leaves(start, stored, leaves, entries)
            if len(leaves) < width:
                self._note_missing(start + len(leaves), start + width, lasting=stored is None)
                if stored is None:
                    return False
                leaves += _cut(stored)[len(leaves) :]
        if self._marks:
            self._check_marks(start, leaves)
        if self._stored is not None:
            self._stored.add(leaves if stored is None else _cut(stored))
        self._tree.add(leaves)
        return True

    def _take_around_gaps(
        self, start: int, stored: bytes, leaves: list[bytes], entries: Sequence[bytes]
    ) -> list[bytes]:
        """Take in the entries of a bundle that lacks some, each where its hash stands; return all the hashes of the bundle."""
        kept = _cut(stored)
        whole, at = list(kept), 0
        for first, end, place in _runs(leaves, kept):
            if place > at:
                self._report_gap()
                self.content.skip()
                means = "they were taken out from among the others; their hashes are there and were used"
                self.add(start + at, None, f"{place - at} entries are gone", means)
            if self.reads_content:
                self._read(start + place, entries[first:end])
            at = place + end - first
            whole[place:at] = leaves[first:end]
            differing = [one for one in range(first, end) if leaves[one] != kept[place + one - first]]
            if differing:
                self._stored = self._stored or self._tree.copy()
                room = MAX_FINDINGS - len(self._suspects)
                self._suspects.extend(
                    (start + place + one - first, _name_of(entries[one])) for one in differing[:room]
                )
        if at < len(kept):
            self._note_missing(start + at, start + len(kept), lasting=False)
        return whole

    def _compare_leaves(
        self, start: int, stored: bytes, leaves: list[bytes], entries: Sequence[bytes]
    ) -> None:
        pairs = enumerate(zip(leaves, _cut(stored), strict=False))
        differing = [at for at, (told, kept) in pairs if told != kept]
        if differing:
            self._stored = self._stored or self._tree.copy()
            room = MAX_FINDINGS - len(self._suspects)
            self._suspects.extend((start + at, _name_of(entries[at])) for at in differing[:room])

    def _note_missing(self, first: int, end: int, *, lasting: bool) -> None:
        self.content.skip()
        if lasting:
            self._report_gap()
            means = "without them or their hashes the rest cannot be judged"
            problem = f"{self.head.size - first} of {self.head.size} entries are missing from here on"
            self.add(first, None, problem, means, missing=True)
        elif self._gap is not None and self._gap[1] == first:
            self._gap = (self._gap[0], end)
        else:
            self._report_gap()
            self._gap = (first, end)

    def _report_gap(self) -> None:
        if self._gap is not None:
            first, end = self._gap
            means = "their hashes are there and were used"
            self.add(first, None, f"{end - first} entries are missing", means, missing=True)
            self._gap = None

    def _check_marks(self, start: int, leaves: Sequence[bytes]) -> None:
        """Compare the trees that end among these leaves; one of the head's own size waits for the end."""
        size, root = -1, b""
        while (
            self._marks
            and self._marks[-1].size <= start + len(leaves)
            and self._marks[-1].size < self.head.size
        ):
            mark = self._marks.pop()
            if mark.size != size:
                size, root = mark.size, self._tree.root(leaves[: mark.size - start])
            if root == mark.root:
                self._held.append(mark)
            else:
                problem = f"the first {size} entries are not those of the {mark.name}"
                self.add(None, None, problem, "the past was rewritten; keep both checkpoints, they prove it")

    def _read(self, start: int, entries: Sequence[bytes]) -> None:
        read = self.content.read
        for position, data in enumerate(entries, start):
            for problem, means, missing in read(position, data):
                self.add(position, _name_of(data), problem, means, missing=missing)

    def _entries(self, index: int, width: int) -> list[bytes]:
        """Return the entries of a bundle as far as they can be read."""
        if self._apart is not None:
            return self._apart(index, width)[:width]
        try:
            data = self.folder.read(_path("entries", index, width), MAX_BUNDLE) or b""
        except _BrokenError as error:
            self.add(index * WIDTH, None, str(error), "the bundle was damaged or prepared to deceive")
            return []
        entries: list[bytes] = []
        at, end = 0, len(data)
        while at + 1 < end:
            start = at + 2
            at = start + (data[at] << 8 | data[at + 1])
            entries.append(data[start:at])
        if at != end or len(entries) > width:
            entries = entries[: min(width, len(entries) - (at > end))]
            problem = "the bundle of entries is malformed here"
            self.add(index * WIDTH + len(entries), None, problem, "it was damaged or altered")
        return entries

    def _tile(self, level: int, index: int, width: int) -> bytes | None:
        name, first = _path(str(level), index, width), index * WIDTH ** (level + 1)
        try:
            data = self.folder.read(name, WIDTH * 32)
        except _BrokenError as error:
            self.add(first, None, str(error), "a file of hashes was damaged")
            return None
        if data is None:
            self.add(first, None, f"`{name}` is missing", "a file of hashes was left out", missing=True)
            return None
        if len(data) != width * 32:
            means = f"{width} hashes have {width * 32}; it was damaged"
            self.add(first, None, f"`{name}` is {len(data)} bytes long", means)
            return None
        return data

    def _compare(self, level: int, index: int, row: list[bytes]) -> None:
        """Compare a finished row with its tile; leaf hashes were compared with the entries already."""
        stored = self._tile(level, index, len(row)) if level else None
        if stored is not None and stored != b"".join(row) and len(self._damaged) < MAX_FINDINGS:
            at = next(at for at, pair in enumerate(zip(_cut(stored), row, strict=True)) if pair[0] != pair[1])
            self._damaged.append(((index * WIDTH + at) * WIDTH**level, _path(str(level), index, len(row))))

    def _report_suspects(self, means: str) -> None:
        for position, entry in self._suspects:
            self.add(position, entry, "the entry does not have the hash that was stored", means)

    def _check_root(self) -> None:
        if self._tree.root() == self.head.root:
            self._held += [self.head, *self._marks]  # those that are left are of its size and root
            for position, name in self._damaged:
                means = "the file was altered; the entries are those signed"
                self.add(position, None, f"`{name}` does not fit the entries", means)
            for position, entry in self._suspects:
                means = "the file was altered; the entry is the one signed"
                self.add(position, entry, "the stored hash is not that of the entry", means)
            return
        exact = self._stored is not None and self._stored.root() == self.head.root
        self._report_suspects(
            "the entry is not the one that was signed"
            if exact
            else "the entry, its hash or the checkpoint was altered"
        )
        if not exact:
            means = "the log was rewritten after it was signed"
            self.add(None, None, "the entries do not lead to the signed root", means)


def _cut(tile: bytes) -> list[bytes]:
    return [tile[at : at + 32] for at in range(0, len(tile), 32)]


def _path(level: str, index: int, width: int) -> str:
    place = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        place = f"x{index % 1000:03d}/{place}"
    return f"tile/{level}/{place}" if width == WIDTH else f"tile/{level}/{place}.p/{width}"


def _name_of(data: bytes) -> str | None:
    try:
        return str(_fields_of(data)["id"])
    except _BrokenError:
        return None


def _moment(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return f"{seconds} seconds after 1970"


@dataclass(frozen=True, slots=True)
class _Main:
    """What the main log says of a stream: each anchor with the position of its entry."""

    origin: str
    verdict: str
    witnessed: int
    anchors: Sequence[tuple[int, _Head]]
    problems: Sequence[tuple[str, bool]]


def _read_anchors(files: Files, trust: _Trust, key: str | None) -> _Main:
    """Judge the main log, and return its anchors of the stream that *trust* is for."""
    try:
        own = _parse_key(key.strip(), 1) if key else _make_key(_told_origin(files), trust.log.public)
    except _BrokenError as error:
        raise UsageError(f"the main log cannot be asked: {error}") from None
    if own.name == trust.log.name:
        raise UsageError("the main log is this very log; name the bundle of the log that anchors it")
    audit = _Audit(
        files, _Trust(own, trust.witnesses, trust.quorum, (_Term(own),)), content=True, stream=trust.log.name
    )
    if audit.open(()):
        audit.run()
    report = audit.report()
    problems = []
    if report.verdict in (INVALID, INCOMPLETE):
        first = report.findings[0]
        place = "" if first.position is None else f"entry {first.position}: "
        problems.append((f"the main log is {report.verdict}: {place}{first.problem}", not audit.invalid))
    return _Main(own.name, report.verdict, audit.witnessed, audit.content.anchors, problems)


def _told_origin(files: Files) -> str:
    origin = (files.read("checkpoint", MAX_NOTE) or b"").partition(b"\n")[0].decode(errors="replace")
    if not origin or _NO_NAME.search(origin):
        raise _BrokenError("its bundle has no checkpoint that names its origin")
    return origin


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Bundles that another process checked and found in order: their roots, and what they say."""

    roots: Sequence[bytes]
    content: _Content


class _Helpers:
    """Further processes that look at stretches of a bundle before the audit comes there.

    They only say that a stretch is in order. What is not, or joins its neighbours in no plain way, the audit reads itself, as
    if there were no helpers: thus the report is the same.
    """

    def __init__(self, audit: _Audit, workers: int) -> None:
        self._audit, self._workers = audit, workers
        self._pool: ProcessPoolExecutor | None = None
        self._waiting: deque[int] = deque()
        self._jobs: deque[tuple[int, Future[_Stretch | None]]] = deque()

    def __enter__(self) -> Self:
        size = self._audit.head.size
        if isinstance(self._audit.folder, _Folder) and size >= WORTH_IT:
            busy = {at // (STRETCH * WIDTH) * STRETCH for at in self._audit.busy()}
            starts = range(0, size // (STRETCH * WIDTH) * STRETCH, STRETCH)
            self._waiting.extend(start for start in starts if start not in busy)
            try:
                self._pool = ProcessPoolExecutor(self._workers, get_context("spawn"))
                self._submit()
            except _NO_PROCESS:
                self._jobs.clear()
        return self

    def __exit__(self, *error: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def get(self, index: int) -> _Stretch | None:
        """Return the stretch that begins with the bundle *index*, if one was given away and is in order."""
        if not self._jobs or self._jobs[0][0] != index:
            return None
        try:
            self._submit()
            return self._jobs.popleft()[1].result()
        except _NO_PROCESS:
            self._waiting.clear()
            self._jobs.clear()
            return None

    def _submit(self) -> None:
        audit = self._audit
        while (
            self._pool
            and self._waiting
            and len(self._jobs) < 3 * self._workers
            and isinstance(audit.folder, _Folder)
        ):
            start = self._waiting.popleft()
            job = self._pool.submit(_survey, audit.folder.root, audit.trust, start, audit.reads_content)
            self._jobs.append((start, job))


_NO_PROCESS = (BrokenExecutor, OSError, ImportError, NotImplementedError)
"""What is raised where further processes are not to be had: the audit then reads on by itself."""


def _survey(root: Path, trust: _Trust, first: int, content: bool) -> _Stretch | None:
    return _Audit(_Folder(root), trust, content=content).survey(first)


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
        lines = lines_of_proof(report) if isinstance(report, Proved) else lines_of(report)
    except UsageError as error:
        told = {"error": "invalid-input", "message": str(error)}
        print(json.dumps(told) if "--json" in arguments else _plain(f"error: {error}"), file=sys.stderr)
        return 2
    print(json.dumps(asdict(report), indent=2) if asked.json else "\n".join(map(_plain, lines)))
    return 0 if report.verdict in (WITNESSED, CONSISTENT) else 1


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see --help")


def _path_given(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("an empty path; name a file or folder")
    return Path(text)


def _parser() -> _Parser:
    parser = _Parser(prog="ephor.verifier", description="Verify an exported log offline.", allow_abbrev=False)
    parser.add_argument("bundle", type=_path_given, nargs="?", help="folder with `checkpoint` and `tile/`")
    parser.add_argument("--proof", type=_path_given, metavar="FILE", help="judge a .tlog-proof file instead")
    parser.add_argument(
        "--entry", type=_path_given, metavar="FILE", help="the entry it is about, where the file has none"
    )
    parser.add_argument("--key", required=True, help="verifier key you trust, or a file that holds it")
    parser.add_argument(
        "--checkpoint",
        type=_path_given,
        action="append",
        default=[],
        help="checkpoint you kept from before; repeat",
    )
    parser.add_argument(
        "--witness", action="append", default=[], help="witness key you trust, or its file; repeat"
    )
    parser.add_argument("--quorum", type=int, help="how many of the witnesses suffice; all unless stated")
    parser.add_argument(
        "--anchors",
        type=_path_given,
        metavar="BUNDLE",
        help="bundle of the main log, which anchors this stream",
    )
    parser.add_argument("--anchors-key", help="the main log's key, or its file; the same key unless stated")
    parser.add_argument("--hashes-only", action="store_true", help="do not read what the entries say")
    parser.add_argument(
        "--processes", type=int, default=min(os.cpu_count() or 1, 8), help="that check a large bundle at once"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser


def _ask(asked: argparse.Namespace) -> Report | Proved:
    if (asked.bundle is None) == (asked.proof is None):
        raise UsageError("name either a folder or, with --proof, a proof file; see --help")
    if asked.proof is not None:
        if asked.checkpoint or asked.anchors:
            raise UsageError("a proof file is judged by itself; leave --checkpoint and --anchors out")
        return verify_proof(
            _read_argument(asked.proof, MAX_PROOF_FILE),
            _find_key(asked.key),
            None if asked.entry is None else _read_argument(asked.entry),
            witnesses=[_find_key(text) for text in asked.witness],
            quorum=asked.quorum,
            content=not asked.hashes_only,
        )
    if asked.entry is not None:
        raise UsageError("--entry goes with --proof")
    return verify(
        asked.bundle,
        _find_key(asked.key),
        [_read_argument(one) for one in asked.checkpoint],
        witnesses=[_find_key(text) for text in asked.witness],
        quorum=asked.quorum,
        content=not asked.hashes_only,
        anchors=asked.anchors,
        anchors_key=None if asked.anchors_key is None else _find_key(asked.anchors_key),
        workers=asked.processes,
    )


def _find_key(text: str) -> str:
    try:
        named = Path(text).is_file()
    except OSError:
        named = False  # too long for a file name
    return _read_argument(Path(text)).decode(errors="replace") if named else text


def _read_argument(path: Path, limit: int = MAX_NOTE) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"`{path}` cannot be read ({why}); name a file") from None


def lines_of(report: Report) -> Iterator[str]:
    """Return the report as lines for people: the first findings only, one cause often has many."""
    yield f"{report.verdict}  {report.origin}  {report.size} entries  root {report.root}"
    if report.first_at:
        yield f"received from {report.first_at} to {report.last_at}"
    if not report.content_read:
        yield "only hashes were checked, not what the entries say"
    yield from _lines_of_keys(report)
    yield from _lines_of_origin(report)
    if report.erased:
        yield f"lawful erasures: {report.erasures}, the first at {report.erased[0][0]}"
    for one in report.findings[:FIRST]:
        place = "log" if one.position is None else f"entry {one.position}"
        yield f"{place}{f' ({one.entry})' if one.entry else ''}: {one.problem}: {one.means}"
    if more := max(len(report.findings) - FIRST, 0) + report.more_findings:
        which = f"the first {len(report.findings)}" if report.more_findings else "all"
        yield f"and {more} more findings, {which} of them in --json"
    if report.verdict in (WITNESSED, CONSISTENT):
        yield from _lines_of_vouching(report)


def lines_of_proof(told: Proved) -> Iterator[str]:
    """Return what a proof file shows as lines for people."""
    which = f"  {told.origin}  entry {told.position} of {told.size}  root {told.root}" if told.root else ""
    yield f"{told.verdict}{which}"
    if told.entry:
        yield f"{told.entry}  {told.kind}"
    for one in told.findings:
        yield f"{one.problem}: {one.means}"
    if told.verdict in (WITNESSED, CONSISTENT):
        for seen in told.seen:
            yield f"{seen.witness} saw {seen.size} entries at {seen.at}"


def _lines_of_keys(report: Report) -> Iterator[str]:
    if len(report.keys) > 1:
        for one in report.keys:
            until = "on" if one.last is None else f"to {one.last}"
            yield f"key {one.key} signs trees of {one.first} entries {until}"
        if not report.content_read:
            yield "that the log itself recorded each new key was not checked"


def _lines_of_origin(report: Report) -> Iterator[str]:
    for one in report.former:
        how = "signed with a key of this log" if one.signed else "which no key of this log signed"
        yield f"this log goes on from {one.size} entries of {one.origin}, {how}; {one.lost} more were lost"


def _lines_of_vouching(report: Report) -> Iterator[str]:
    for one in report.seen[-FIRST:]:
        yield f"{one.witness} saw {one.size} entries at {one.at}"
    if report.unwitnessed_tail:
        yield f"the last {report.unwitnessed_tail} entries are vouched for by the log's own key alone"
    if (found := report.anchored) is not None:
        yield f"{found.origin} ({found.verdict}) anchors {found.size} entries, {found.witnessed} of them witnessed"
        if found.tail:
            yield f"the last {found.tail} entries are not anchored"


def _plain(text: str) -> str:
    """Return *text* in printable ASCII: what comes from a bundle may not steer a terminal."""
    return ascii(text)[1:-1]


if __name__ == "__main__":
    sys.exit(main())
