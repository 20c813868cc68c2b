"""A slow verifier written from docs/ledger-format.md, to be obviously right: whole files, recursion, nothing shared.

It imports nothing of Ephor. `cryptography` gives it Ed25519, and that is all. Where a thing does not hold, `WrongError`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

P = 2**255 - 19
SMALL_ORDER = {  # the eight points of small order, by their y coordinate (the sign bit left out)
    0,
    1,
    P - 1,
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
}
TEXTS = frozenset(
    (
        "actor", "resource", "on_behalf_of", "session", "trace", "parent", "action", "tool", "subject", "args_digest",
        "input_hash", "output_hash", "decision", "policy_digest", "approver", "confidence", "error", "log", "id", "src",
    )
)  # fmt: skip
REQUIRED = ["v", "log", "kind", "id", "src", "n", "at", "received_at", "actor"]
LARGEST = 2**53 - 1


class WrongError(Exception):
    """It does not hold."""


def need(holds: Any, what: str) -> None:
    if not holds:
        raise WrongError(what)


# --- canonical JSON: a reader that knows only the one way to write each value


class Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def take(self, pattern: str) -> str:
        found = re.compile(pattern, re.DOTALL).match(self.text, self.at)
        need(found, f"not canonical JSON at character {self.at}")
        assert found
        self.at = found.end()
        return found[0]

    def value(self, depth: int) -> Any:
        match self.text[self.at : self.at + 1]:
            case "{":
                return self.object(depth)
            case "[":
                return self.array(depth)
            case '"':
                return self.string()
            case "t" | "f" | "n":
                return {"true": True, "false": False, "null": None}[self.take("true|false|null")]
        number = int(self.take("0|-?[1-9][0-9]{0,15}"))
        need(abs(number) <= LARGEST, "integer too large")
        return number

    def object(self, depth: int) -> dict[str, Any]:
        need(depth < 8, "nested too deep")
        self.take(r"\{")
        found: dict[str, Any] = {}
        last = None
        while self.text[self.at : self.at + 1] != "}":
            if found:
                self.take(",")
            key = self.string()
            need(key.isascii(), "key is not ASCII")
            need(last is None or last < key, "keys out of order or repeated")
            self.take(":")
            found[key] = self.value(depth + 1)
            last = key
        self.take("}")
        return found

    def array(self, depth: int) -> list[Any]:
        need(depth < 8, "nested too deep")
        self.take(r"\[")
        found: list[Any] = []
        while self.text[self.at : self.at + 1] != "]":
            if found:
                self.take(",")
            found.append(self.value(depth + 1))
        self.take("]")
        return found

    def string(self) -> str:
        self.take('"')
        raw = self.take(r'(?:[^"\\\x00-\x1f]|\\["\\bfnrt]|\\u00(?:0[0-7be-f]|1[0-9a-f]))*')
        self.take('"')
        short = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
        return re.sub(
            r"\\(?:u(....)|(.))", lambda one: chr(int(one[1], 16)) if one[1] else short[one[2]], raw
        )


def read_canonical(data: bytes) -> Any:
    need(len(data) <= 65_535, "too long")
    try:
        reader = Reader(data.decode("utf-8", "strict"))
    except UnicodeDecodeError:
        raise WrongError("not UTF-8") from None
    found = reader.value(0)
    need(reader.at == len(reader.text), "something follows the value")
    return found


# --- entries


def read_entry(data: bytes) -> dict[str, Any]:
    fields = read_canonical(data)
    need(isinstance(fields, dict), "not an object")
    for name in REQUIRED:
        need(name in fields, f"no {name}")
    for name, value in fields.items():
        need(name in TEXTS or name in OTHERS, f"unknown field {name}")
        need(is_text(value) if name in TEXTS else OTHERS[name](value), f"{name} is not what it must be")
    return dict(fields)


def is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def is_moment(value: Any) -> bool:
    if not (
        isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", value, re.ASCII)
    ):
        return False
    try:
        datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=None)  # noqa: DTZ007 - only: does it exist?
    except ValueError:
        return False
    return value[17:19] != "60"


OTHERS: Mapping[str, Callable[[Any], bool]] = {
    "v": lambda value: type(value) is int and value == 1,
    "n": lambda value: type(value) is int and value >= 1,
    "duration_ms": lambda value: type(value) is int and value >= 0,
    "at": is_moment,
    "received_at": is_moment,
    "kind": lambda value: (
        isinstance(value, str)
        and len(value) <= 80
        and bool(re.fullmatch(r"[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)*/[1-9][0-9]{0,3}", value))
    ),
    "reasons": lambda value: isinstance(value, list) and bool(value) and all(map(is_text, value)),
    "refs": lambda value: (
        isinstance(value, dict) and bool(value) and all(map(is_text, [*value, *value.values()]))
    ),
    "metadata": lambda value: isinstance(value, dict) and bool(value),
    "payload": lambda value: (
        isinstance(value, dict)
        and sorted(value) == ["alg", "commitment"]
        and is_text(value["alg"])
        and isinstance(value["commitment"], str)
        and bool(re.fullmatch("sha256:[0-9a-f]{64}", value["commitment"]))
    ),
}


# --- tree and proofs, as RFC 6962, section 2.1, says them


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = half(len(leaves))
    return node_hash(root_of(leaves[:k]), root_of(leaves[k:]))


def half(size: int) -> int:
    k = 1
    while 2 * k < size:
        k *= 2
    return k


def root_by_inclusion(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """Return the root that *path*, leaf's sibling first, leads to; uses the path up."""
    if size == 1:
        return leaf
    need(path, "path too short")
    sibling, k = path.pop(), half(size)
    if index < k:
        return node_hash(root_by_inclusion(leaf, index, k, path), sibling)
    return node_hash(sibling, root_by_inclusion(leaf, index - k, size - k, path))


def check_inclusion(leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    need(0 <= index < size, "no such leaf")
    need(all(len(one) == 32 for one in (leaf, root, *proof)), "a hash has 32 bytes")
    path = list(proof)
    found = root_by_inclusion(leaf, index, size, path)
    need(not path, "path too long")
    need(found == root, "another root")


def roots_by_consistency(
    old: int, new: int, path: list[bytes], old_root: bytes, *, whole: bool
) -> tuple[bytes, bytes]:
    if old == new:
        if whole:
            return old_root, old_root
        need(path, "proof too short")
        hash_ = path.pop()
        return hash_, hash_
    need(path, "proof too short")
    k, other = half(new), path.pop()
    if old <= k:
        left_old, left_new = roots_by_consistency(old, k, path, old_root, whole=whole)
        return left_old, node_hash(left_new, other)
    right_old, right_new = roots_by_consistency(old - k, new - k, path, old_root, whole=False)
    return node_hash(other, right_old), node_hash(other, right_new)


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    need(0 <= old <= new, "sizes")
    if old == new:  # published vectors have roots of any length here: nothing is hashed
        need(not proof and old_root == new_root, "two roots")
        need(old > 0 or old_root == sha256(b"").digest(), "not the empty root")
        return
    need(all(len(one) == 32 for one in (old_root, new_root, *proof)), "a hash has 32 bytes")
    if old == 0:
        need(not proof and old_root == sha256(b"").digest(), "not the empty root")
        return
    path = list(proof)
    found = roots_by_consistency(old, new, path, old_root, whole=True)
    need(not path, "proof too long")
    need(found == (old_root, new_root), "another root")


# --- keys, notes, checkpoints


@dataclass(frozen=True)
class Key:
    name: str
    algorithm: int
    public: bytes

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public).digest()[:4]

    def holds(self, signature: bytes, message: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


def from_base64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raise WrongError("not base64") from None
    need(base64.b64encode(raw).decode() == text, "not the one way to write this base64")
    return raw


def is_name(text: str) -> bool:
    return bool(text) and "+" not in text and not any(one.isspace() or one < " " for one in text)


def read_key(text: str, algorithm: int = 1) -> Key:
    parts = text.split("+", 2)
    need(len(parts) == 3 and is_name(parts[0]), "not a verifier key")
    raw = from_base64(parts[2])
    need(len(raw) == 33 and raw[0] == algorithm, "not this kind of key")
    key = Key(parts[0], algorithm, raw[1:])
    need(key.id.hex() == parts[1], "another id")
    y = int.from_bytes(key.public, "little") & 2**255 - 1
    need(y < P and y not in SMALL_ORDER, "small order")
    need(is_point(y, key.public[31] >> 7), "no point")
    return key


def is_point(y: int, sign: int) -> bool:
    d = -121665 * pow(121666, P - 2, P) % P
    square = (y * y - 1) * pow(d * y * y + 1, P - 2, P) % P
    return pow(square, (P - 1) // 2, P) == 1 or (square == 0 and not sign)


def read_note(data: bytes) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    need(len(data) <= 1_000_000, "too long")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise WrongError("not UTF-8") from None
    need(not any(one < " " and one != "\n" for one in text), "control character")
    cut = text.rfind("\n\n")
    need(cut >= 0 and text.endswith("\n"), "no note")
    lines = text[cut + 2 : -1].split("\n")
    need(len(lines) <= 100, "too many signatures")
    found = []
    for line in lines:
        parts = line.split(" ")
        need(len(parts) == 3 and parts[0] == "\u2014" and is_name(parts[1]), "no signature line")
        raw = from_base64(parts[2])
        need(len(raw) > 4, "no signature")
        found.append((parts[1], raw[:4], raw[4:]))
    return text[: cut + 1], found


def signed_by(data: bytes, key: Key) -> bool:
    """Return whether *key* signed; a signature of it that does not hold, or a second one, spoils the note."""
    text, signatures = read_note(data)
    mine = [raw for name, id_, raw in signatures if (name, id_) == (key.name, key.id)]
    need(len(mine) <= 1, "signed twice")
    for raw in mine:
        message = text.encode()
        if key.algorithm == 4:
            at, raw = int.from_bytes(raw[:8], "big"), raw[8:]  # noqa: PLW2901
            need(at < 2**63, "time out of range")
            message = f"cosignature/v1\ntime {at}\n".encode() + message
        need(key.holds(raw, message), "wrong signature")
    return bool(mine)


@dataclass(frozen=True)
class Head:
    origin: str
    size: int
    root: bytes


def read_checkpoint(data: bytes) -> Head:
    text, _ = read_note(data)
    lines = text[:-1].split("\n")
    need(len(lines) >= 3 and all(lines), "not a checkpoint")
    need(re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]) and int(lines[1]) < 2**63, "no size")
    root = from_base64(lines[2])
    need(len(root) == 32, "no root")
    need(lines[1] != "0" or root == sha256(b"").digest(), "not the empty root")
    return Head(lines[0], int(lines[1]), root)


def open_checkpoint(data: bytes, key: Key) -> Head:
    need(signed_by(data, key), "not signed by this key")
    head = read_checkpoint(data)
    need(head.origin == key.name, "of another log")
    return head


def check_proof_file(data: bytes, entry: bytes, key: Key) -> Head:
    top, blank, note = data.partition(b"\n\n")
    try:
        lines = top.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise WrongError("not ASCII") from None
    need(blank and lines.pop(0) == "c2sp.org/tlog-proof@v1", "no proof file")
    if lines and lines[0].startswith("extra "):
        from_base64(lines.pop(0)[6:])
    need(lines and re.fullmatch("index (0|[1-9][0-9]{0,18})", lines[0]), "no index")
    index = int(lines.pop(0)[6:])
    need(len(lines) <= 63, "too many hashes")
    head = open_checkpoint(note, key)
    check_inclusion(leaf_hash(entry), index, head.size, head.root, [from_base64(one) for one in lines])
    return head


def commitment(salt: bytes, payload: bytes) -> str:
    need(len(salt) == 32, "salt")
    return "sha256:" + sha256(b"ephor/payload/1\x00" + salt + payload).hexdigest()


def chain_hash(number: int, previous: bytes, entry: bytes) -> bytes:
    return sha256(b"ephor/chain/1\x00" + number.to_bytes(8, "big") + previous + entry).digest()


# --- whole bundles


def place(index: int, width: int) -> str:
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([f"x{one}" for one in groups[:-1]] + groups[-1:])
    return path if width == 256 else f"{path}.p/{width}"


@dataclass(frozen=True)
class Link:
    """One of `keys/1`, `keys/2`, …: from the entry at *position* on, *new* signs and *old* no longer."""

    position: int
    old: Key
    new: Key
    note: str


def read_link(data: bytes, origin: str) -> Link:
    text, _ = read_note(data)
    lines = text.split("\n")
    need(len(lines) == 6 and lines[0] == "ephor/key-rotation/1" and lines[1] == origin, "no statement")
    need(re.fullmatch("0|[1-9][0-9]{0,18}", lines[2]) and int(lines[2]) < 2**63, "no position")
    old, new = read_key(lines[3]), read_key(lines[4])
    need(old.name == new.name == origin, "keys of another log")
    need(old != new, "a key cannot follow itself")
    need(signed_by(data, old) and signed_by(data, new), "not signed by both")
    return Link(int(lines[2]), old, new, data.decode())


def read_links(files: Mapping[str, bytes], origin: str) -> list[Link]:
    links: list[Link] = []
    while (data := files.get(f"keys/{len(links) + 1}")) is not None:
        links.append(read_link(data, origin))
    for one, following in pairwise(links):
        need(one.new == following.old and one.position < following.position, "chain broken")
    keys = [one.old for one in links] + [one.new for one in links[-1:]]
    need(len(set(keys)) == len(keys), "a key returns")
    return links


@dataclass
class Trust:
    """The key one trusts, and those that lead to it or follow it, each with the sizes it may sign."""

    key: Key
    links: list[Link] = field(default_factory=list)

    def open(self, data: bytes) -> Head:
        if not self.links:
            return open_checkpoint(data, self.key)
        head = read_checkpoint(data)
        need(head.origin == self.key.name, "of another log")
        keys = [self.links[0].old, *(one.new for one in self.links)]
        signed = [one for one in keys if signed_by(data, one)]
        due = keys[sum(one.position < head.size for one in self.links)]
        need(due in signed, "not signed by the key whose turn it is")
        return head


@dataclass
class Judged:
    """What a bundle amounts to: the positions of what is wrong and of what is only missing (None: the log as a whole)."""

    size: int = 0
    wrong: list[int | None] = field(default_factory=list)
    missing: list[int | None] = field(default_factory=list)
    erased: list[int] = field(default_factory=list)
    anchors: list[Head] = field(default_factory=list)
    witnessed: int = -1
    unanchored: int | None = None

    @property
    def verdict(self) -> str:
        if self.wrong:
            return "INVALID"
        if self.missing:
            return "INCOMPLETE"
        return "WITNESSED" if self.witnessed == self.size else "CONSISTENT"

    @property
    def first(self) -> int | None:
        return min((one for one in self.wrong + self.missing if one is not None), default=None)

    def tries(self, read: Callable[..., Any], *arguments: Any) -> Any:
        """Return what *read* returns; where it does not hold, the log as a whole does not."""
        try:
            return read(*arguments)
        except WrongError:
            self.wrong.append(None)
            return None


@dataclass(frozen=True)
class Asked:
    """What somebody trusts and kept."""

    key: Key
    earlier: bytes | None = None
    witnesses: Sequence[Key] = ()
    quorum: int = 0
    main: Mapping[str, bytes] | None = None
    main_key: Key | None = None


def judge(files: Mapping[str, bytes], asked: Asked, stream: str = "") -> Judged:
    """Judge a bundle; *stream* is the origin whose anchors are looked for in it."""
    judged = Judged()
    trust = Trust(asked.key, judged.tries(read_links, files, asked.key.name) or [])
    if trust.links and asked.key not in [trust.links[0].old, *(one.new for one in trust.links)]:
        judged.wrong.append(None)
        trust.links = []
    if "checkpoint" not in files:
        judged.wrong.append(None)
        return judged
    opened = judged.tries(open_witnessed, files["checkpoint"], trust, asked.witnesses)
    if opened is None:
        return judged
    head, _ = opened
    judged.size = head.size
    judged.wrong += [head.size for one in trust.links if one.position >= head.size]
    marks = [opened]
    if asked.earlier is not None:
        marks.append(judged.tries(open_witnessed, asked.earlier, trust, asked.witnesses))
    if "checkpoint.cosigned" in files:
        marks.append(judged.tries(open_witnessed, files["checkpoint.cosigned"], trust, asked.witnesses))
    anchors = read_anchors(asked, judged)
    leaves = read_leaves(files, head, trust, stream, judged)
    whole = len(leaves) == head.size
    held = [
        one
        for one in [*filter(None, marks), *((anchor, ()) for anchor in anchors)]
        if begins_with(one[0], head, leaves, judged)
    ]
    if whole:
        compare_tree(files, head, leaves, judged)
    judged.witnessed = count_witnessed(held, asked)
    if asked.main is not None:
        judged.unanchored = head.size - max((one.size for one, _ in held if one in anchors), default=0)
    return judged


def open_witnessed(data: bytes, trust: Trust, witnesses: Sequence[Key]) -> tuple[Head, tuple[Key, ...]]:
    """Return a head and who cosigned it."""
    return trust.open(data), tuple(one for one in witnesses if signed_by(data, one))


def count_witnessed(held: Sequence[tuple[Head, Sequence[Key]]], asked: Asked) -> int:
    """Return the largest size that the quorum vouches for: who cosigned a tree vouches for its beginnings."""
    if not asked.witnesses:
        return -1
    largest = [
        max((head.size for head, voted in held if one in voted), default=-1) for one in asked.witnesses
    ]
    return sorted(largest)[-(asked.quorum or len(largest))]


def read_anchors(asked: Asked, judged: Judged) -> list[Head]:
    if asked.main is None or asked.main_key is None:
        return []
    main = judge(asked.main, Asked(asked.main_key), stream=asked.key.name)
    if main.wrong:
        judged.wrong.append(None)
    elif main.missing:
        judged.missing.append(None)
    return main.anchors


def begins_with(mark: Head, head: Head, leaves: Sequence[bytes], judged: Judged) -> bool:
    """Return whether the log begins with the tree *mark*, and note it where it does not."""
    if mark.size > head.size:
        judged.wrong.append(head.size)
        return False
    if mark.size == head.size and mark.root != head.root:
        judged.wrong.append(None)
        return False
    if mark.size > len(leaves):
        return False
    holds = root_of(leaves[: mark.size]) == mark.root
    if not holds and mark.size < head.size:
        judged.wrong.append(None)
    return holds


def read_leaves(
    files: Mapping[str, bytes], head: Head, trust: Trust, stream: str, judged: Judged
) -> list[bytes]:
    """Return the leaf hashes, of entries where they are there and of tiles where not, up to where neither is there."""
    leaves: list[bytes] = []
    content = Content(head.origin, trust.links, stream)
    for start in range(0, head.size, 256):
        width = min(256, head.size - start)
        tile = read_tile(files, 0, start // 256, width, judged)
        entries = read_bundle(
            files.get(f"tile/entries/{place(start // 256, width)}", b""), start, width, judged
        )
        for at, data in enumerate(entries):
            content.read(start + at, data, judged)
            if tile is not None and leaf_hash(data) != tile[at]:
                judged.wrong.append(start + at)
        leaves += map(leaf_hash, entries)
        if len(entries) < width:
            judged.missing.append(start + len(entries))
            content.holes += 1
            if tile is None:
                return leaves[:start]
            leaves += tile[len(entries) :]
    return leaves


def read_tile(
    files: Mapping[str, bytes], level: int, index: int, width: int, judged: Judged
) -> list[bytes] | None:
    data = files.get(f"tile/{level}/{place(index, width)}")
    first = index * 256 ** (level + 1)
    if data is None:
        judged.missing.append(first)
        return None
    if len(data) != 32 * width:
        judged.wrong.append(first)
        return None
    return [data[at : at + 32] for at in range(0, len(data), 32)]


def read_bundle(data: bytes, start: int, width: int, judged: Judged) -> list[bytes]:
    entries: list[bytes] = []
    while data:
        length = int.from_bytes(data[:2], "big")
        if len(data) < 2 + length or len(entries) == width:
            judged.wrong.append(start + len(entries))
            break
        entries.append(data[2 : 2 + length])
        data = data[2 + length :]
    return entries


def compare_tree(files: Mapping[str, bytes], head: Head, leaves: list[bytes], judged: Judged) -> None:
    holds = root_of(leaves) == head.root
    if not holds:
        judged.wrong.append(None)
    level, row = 1, [root_of(leaves[at : at + 256]) for at in range(0, len(leaves) - 255, 256)]
    while row:
        for index in range(-(-len(row) // 256)):
            right = row[index * 256 : index * 256 + 256]
            tile = read_tile(files, level, index, len(right), judged)
            if tile is not None and tile != right and holds:
                at = next(at for at, pair in enumerate(zip(tile, right, strict=True)) if pair[0] != pair[1])
                judged.wrong.append((index * 256 + at) * 256**level)
        level, row = level + 1, [root_of(row[at : at + 256]) for at in range(0, len(row) - 255, 256)]


@dataclass
class Content:
    """What the entries say, in order."""

    origin: str
    links: Sequence[Link]
    stream: str
    received: str = ""
    holes: int = 0
    counted: dict[str, tuple[int, int]] = field(default_factory=dict)

    def read(self, position: int, data: bytes, judged: Judged) -> None:
        try:
            entry = read_entry(data)
        except WrongError:
            judged.wrong.append(position)
            return
        if entry["log"] != self.origin or entry["received_at"] < self.received:
            judged.wrong.append(position)
        last, holes = self.counted.get(entry["src"], (0, 0))
        if entry["n"] <= last:
            judged.wrong.append(position)
        elif entry["n"] > last + 1 and holes == self.holes:
            judged.missing.append(position)
        self.counted[entry["src"]] = max(last, entry["n"]), self.holes
        self.received = max(self.received, entry["received_at"])
        if entry["kind"] == "erasure/1":
            judged.erased.append(position)
        told = entry.get("metadata", {})
        self.check_key(position, told.get("statement") if entry["kind"] == "key.rotated/1" else None, judged)
        if entry["kind"] == "stream.anchored/1" and told.get("origin") == self.stream:
            self.read_anchor(position, told, judged)
        if entry["kind"] == "epoch.started/1" and position == 0:
            try:
                read_former(told)
            except WrongError:
                judged.wrong.append(position)

    def check_key(self, position: int, statement: Any, judged: Judged) -> None:
        due = next((one for one in self.links if one.position == position), None)
        if due is not None:
            if statement != due.note:
                judged.wrong.append(position)
        elif statement is not None:
            olds = [name_of_key(one.old) for one in self.links]
            known = isinstance(statement, str) and (statement.split("\n") + [""] * 4)[3] in olds
            (judged.wrong if known else judged.missing).append(position)

    def read_anchor(self, position: int, told: Mapping[str, Any], judged: Judged) -> None:
        size, root = told.get("size"), told.get("root")
        try:
            need(type(size) is int and size >= 0 and isinstance(root, str), "no head")
            raw = from_base64(str(root))
            need(len(raw) == 32, "no root")
        except WrongError:
            judged.wrong.append(position)
            return
        judged.anchors.append(Head(self.stream, int(str(size)), raw))


def name_of_key(key: Key) -> str:
    return f"{key.name}+{key.id.hex()}+{base64.b64encode(bytes([key.algorithm]) + key.public).decode()}"


def read_former(told: Mapping[str, Any]) -> None:
    def read(note: Any) -> Head:
        need(isinstance(note, str), "no checkpoint")
        return read_checkpoint(note.encode())

    left = read(told.get("checkpoint"))
    need(read(told.get("published", told["checkpoint"])).origin == left.origin, "two logs")
    lost = told.get("lost", [])
    need(isinstance(lost, list), "no list")
    for one in lost:
        read(one)
