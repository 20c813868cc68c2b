"""Write the conformance vectors: `python3 dev.py run python conformance/make.py [FOLDER]`. The same bytes each time.

What is right is made with Ephor; what is wrong is made from it by hand, and what each is judged to be is stated here, by
a person, next to it. Nothing asks a verifier what to expect. The bundles are in `make_bundles.py`.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ephor.kernel.events import Event
from ephor.rooms.ledger import chain, checkpoint, cosignature, entry, note, proof_file, tile, tree

LOG = "conformance.example/ephor/main"
AT = datetime(2026, 8, 2, 9, 30, tzinfo=UTC)
Vectors = list[dict[str, Any]]


@dataclass(frozen=True)
class Pen:
    """A key made of a word, under a name."""

    word: str
    name: str = LOG

    @property
    def key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(
            sha256(b"ephor conformance " + self.word.encode()).digest()
        )

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)

    @property
    def verifier(self) -> str:
        return note.verifier_key(self.name, self.public_key)

    @property
    def witness(self) -> str:
        return str(cosignature.WitnessKey(self.name, self.public_key))


OWNER = Pen("log")
STRANGER = Pen("stranger")
FIRST_WITNESS = Pen("witness one", "witness-one.example/w")
SECOND_WITNESS = Pen("witness two", "witness-two.example/w")


def told(data: bytes) -> dict[str, str]:
    """Return bytes as a vector holds them: as text where that says it all, otherwise in base64."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}
    return {"text": text}


def make_entry(position: int, event: Event | None = None, **place: Any) -> bytes:
    """Return the entry that an honest log has at *position*, unless *place* says otherwise."""
    event = event or Event(
        "tool.invoked/1", AT, "agent:support", tool="crm.read", metadata={"number": position}
    )
    fields: dict[str, Any] = {
        "log": LOG,
        "id": f"evt_{position:032x}",
        "src": "src_a",
        "n": position + 1,
        "received_at": AT + timedelta(seconds=position),
    }
    return entry.encode(event, **(fields | place))


def head(
    entries: Sequence[bytes], pen: Pen = OWNER, *cosigners: Pen, extensions: Sequence[str] = ()
) -> bytes:
    """Return the signed checkpoint over *entries*."""
    leaves = [tree.leaf_hash(one) for one in entries]
    stated = checkpoint.Checkpoint(pen.name, len(leaves), tree.root_hash(leaves), tuple(extensions))
    return cosigned(note.sign(checkpoint.encode(stated), pen), *cosigners)


def cosigned(signed: bytes, *cosigners: Pen, at: int = 1_785_663_000) -> bytes:
    text = note.parse(signed).text
    return signed + "".join(cosignature.cosign(text, one, at).line for one in cosigners).encode()


FULL = Event(
    "decision.made/1",
    AT,
    "agent:support",
    resource="agent:support",
    on_behalf_of="person:ada",
    session="ses_1",
    trace="trc_1",
    parent="evt_parent",
    action="call",
    tool="crm.read",
    subject="sub_" + "0" * 32,
    args_digest="hmac-sha256:" + "1" * 64,
    input_hash="sha256:" + "2" * 64,
    output_hash="sha256:" + "3" * 64,
    decision="deny",
    reasons=("policy.denied", "budget.spent"),
    policy_digest="sha256:" + "4" * 64,
    approver="person:sam",
    confidence="0.93",
    duration_ms=0,
    error="timeout",
    refs={"approval": "apr_1"},
    metadata={"a": [1, True, None, {"b": -9007199254740991}], "number": 9007199254740991},
)
STRANGE = Event(
    "x-payroll.run-2/9999",
    AT,
    'agent:\u00fc\x7f\u2028\U0001f600"\\/\b\f\n\r\t\x00\x1f',
    metadata={"": [], "B": {}, "a": [[[[[["deep"]]]]]]},
)


def entries() -> Vectors:
    """Entries that are right, and wrong ones with the reason."""
    plain = make_entry(0)
    payload = {"alg": "aes-256-gcm", "commitment": "sha256:" + "a" * 64}
    right = {
        "the fewest fields": plain,
        "every field": make_entry(1, FULL, payload=payload),
        "every kind of character": make_entry(2, STRANGE),
        "another log: right in itself, a replay in this log": make_entry(
            3, log="conformance.example/other/main"
        ),
    }
    found: Vectors = [
        {"name": name, "valid": True, **told(data), "leaf_hash": tree.leaf_hash(data).hex()}
        for name, data in right.items()
    ]
    for name, data in wrong_entries(plain).items():
        found.append({"name": name, "valid": False, **told(data), "leaf_hash": tree.leaf_hash(data).hex()})
    return found


def wrong_entries(plain: bytes) -> dict[str, bytes]:
    def put(old: str, new: str | bytes) -> bytes:
        if old.encode() not in plain:
            raise ValueError(f"the entry has no `{old}` to change")
        return plain.replace(old.encode(), new if isinstance(new, bytes) else new.encode(), 1)

    def more(text: str) -> bytes:
        """Return the entry with more fields, still in order."""
        fields = json.loads(plain) | json.loads(text)
        return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    def less(name: str) -> bytes:
        fields = json.loads(plain)
        del fields[name]
        return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    number = '"metadata":{"number":0}'
    return {
        "nothing": b"",
        "not UTF-8": put("crm", b"\xff"),
        "UTF-8 of a surrogate": put("crm", b"\xed\xa0\x80"),
        "overlong UTF-8": put("crm", b"\xc0\xaf"),
        "a byte order mark": b"\xef\xbb\xbf" + plain,
        "null": b"null",
        "an array": b"[1]",
        "a newline after it": plain + b"\n",
        "two values": plain + plain,
        "cut short": plain[:-1],
        "a space inside": put('"v":1', '"v": 1'),
        "keys out of order": b'{"v":1,' + put(',"v":1}', "}")[1:],
        "a key twice": put('"v":1', '"v":1,"v":1'),
        "a float": put(number, '"metadata":{"number":0.5}'),
        "an integer written as a float": put('"v":1', '"v":1.0'),
        "an exponent": put(number, '"metadata":{"number":1e2}'),
        "minus zero": put(number, '"metadata":{"number":-0}'),
        "a leading zero": put(number, '"metadata":{"number":00}'),
        "a plus sign": put(number, '"metadata":{"number":+1}'),
        "NaN": put(number, '"metadata":{"number":NaN}'),
        "2^53": put(number, '"metadata":{"number":9007199254740992}'),
        "-2^53": put(number, '"metadata":{"number":-9007199254740992}'),
        "a number of a thousand digits": put(number, '"metadata":{"number":' + "9" * 1000 + "}"),
        "an escape where none is needed": put("crm", "\\u0063rm"),
        "an escaped slash": put("crm", "\\/"),
        "a short escape written long": put("crm", "\\u0009"),
        "an upper-case escape": put("crm", "\\u001F"),
        "a lone surrogate": put("crm", "\\ud800"),
        "a pair of surrogates as escapes": put("crm", "\\ud83d\\ude00"),
        "a raw control character": put("crm", "\x01"),
        "a single quote": put('"crm.read"', "'crm.read'"),
        "a comment": put('"v":1', '"v":1/**/'),
        "a comma at the end": put('"v":1}', '"v":1,}'),
        "a key that is not ASCII": put(number, '"metadata":{"\u00e9":0}'),
        "nine levels deep": put(number, '"metadata":{"a":' + "[" * 7 + "]" * 7 + "}"),
        "a thousand levels deep": put(number, '"metadata":{"a":' + "[" * 1000 + "]" * 1000 + "}"),
        **{f"no {name}": less(name) for name in ("v", "log", "kind", "id", "src", "n", "at", "received_at", "actor")},
        "version 2": put('"v":1', '"v":2'),
        "version true": put('"v":1', '"v":true'),
        "version 1 as text": put('"v":1', '"v":"1"'),
        "counter 0": put('"n":1', '"n":0'),
        "counter -1": put('"n":1', '"n":-1'),
        "counter true": put('"n":1', '"n":true'),
        "an unknown field": more('{"colour": "red"}'),
        "an empty text": more('{"session": ""}'),
        "a text that is null": more('{"session": null}'),
        "a text that is a number": more('{"session": 7}'),
        "an empty id": put('"id":"evt_' + "0" * 32, '"id":"'),
        "a kind without a version": put("tool.invoked/1", "tool.invoked"),
        "a kind in capitals": put("tool.invoked/1", "Tool.invoked/1"),
        "a kind of version 0": put("tool.invoked/1", "tool.invoked/0"),
        "a kind of 81 characters": put("tool.invoked/1", "a" * 79 + "/1"),
        "a time with a zone of its own": put("09:30:00.000000Z", "09:30:00.000000+00:00"),
        "a time in milliseconds": put("09:30:00.000000Z", "09:30:00.000Z"),
        "a time with a space": put("2026-08-02T", "2026-08-02 "),
        "the 30th of February": put("2026-08-02T", "2026-02-30T"),
        "a leap second": put("09:30:00", "09:30:60"),
        "24 o'clock": put("T09:30:00", "T24:00:00"),
        "the year 0": put("2026-08-02T", "0000-08-02T"),
        "digits that are not ASCII": put("2026-08-02T", "\u0662026-08-02T"),
        "a duration below 0": more('{"duration_ms": -1}'),
        "a duration as text": more('{"duration_ms": "1"}'),
        "reasons that are none": more('{"reasons": []}'),
        "reasons that are a text": more('{"reasons": "denied"}'),
        "an empty reason": more('{"reasons": ["denied", ""]}'),
        "refs that are none": more('{"refs": {}}'),
        "a ref that is a number": more('{"refs": {"approval": 1}}'),
        "a ref without a role": more('{"refs": {"": "apr_1"}}'),
        "metadata that is none": put(number, '"metadata":{}'),
        "metadata that is a list": put(number, '"metadata":[1]'),
        "a payload without its commitment": more('{"payload": {"alg": "aes-256-gcm"}}'),
        "a payload with more than is known": more(
            '{"payload": {"alg": "a", "commitment": "sha256:' + "a" * 64 + '", "salt": "x"}}'
        ),
        "a commitment in capitals": more('{"payload": {"alg": "a", "commitment": "sha256:' + "A" * 64 + '"}}'),
        "a commitment too short": more('{"payload": {"alg": "a", "commitment": "sha256:' + "a" * 63 + '"}}'),
    }  # fmt: skip


def leaves_to(size: int) -> list[bytes]:
    return [tree.leaf_hash(f"leaf {number}".encode()) for number in range(size)]


def trees() -> Vectors:
    """Roots and tiles of trees over the leaves `leaf 0`, `leaf 1`, …; a tile by the SHA-256 of its file."""
    found: Vectors = []
    for size in [*range(18), 255, 256, 257, 511, 512, 513, 1000, 65_535, 65_536, 65_537, 70_000]:
        leaves = leaves_to(size)
        rows, files = leaves, {}
        for level in range(3):
            for index in range(-(-len(rows) // 256)):
                row = rows[index * 256 : index * 256 + 256]
                if size <= 1000 or level or len(row) < 256:
                    files[tile.tile_path(level, index, len(row))] = sha256(b"".join(row)).hexdigest()
            rows = [tree.root_hash(rows[at : at + 256]) for at in range(0, len(rows) // 256 * 256, 256)]
        found.append({"size": size, "root": tree.root_hash(leaves).hex(), "tiles": files})
    return found


def paths() -> Vectors:
    """Where a tile lies: level, index and width, and its path."""
    places = [
        (0, 0, 256),
        (0, 5, 1),
        (1, 999, 256),
        (0, 1000, 17),
        (0, 1_234_067, 256),
        (3, 1_000_000_000, 255),
    ]
    places += [(63, 0, 1), (0, 2**55 - 1, 256)]
    return [
        {"level": level, "index": index, "width": width, "path": tile.tile_path(level, index, width),
         "entries": tile.entries_path(index, width)}
        for level, index, width in places
    ]  # fmt: skip


def inclusion() -> Vectors:
    """Inclusion proofs, and wrong ones."""
    found: Vectors = []
    for size in (1, 2, 3, 5, 8, 13, 257):
        leaves = leaves_to(size)
        for index in sorted({0, 1, size // 2, size - 2, size - 1} & set(range(size))):
            found.append(included(leaves, index, f"leaf {index} of {size}"))
    leaves = leaves_to(13)
    proof = tree.inclusion_proof(leaves, 4)
    wrong: dict[str, dict[str, Any]] = {
        "another leaf": {"leaf_hash": leaves[5].hex()},
        "the index beside it": {"index": 5},
        "an index beyond the tree": {"index": 13},
        "an index below the tree": {"index": -1},
        "a smaller tree": {"size": 8},
        "a larger tree": {"size": 17},
        "no tree at all": {"size": 0},
        "another root": {"root": tree.root_hash(leaves[:12]).hex()},
        "a proof too short": {"proof": hexes(proof[:-1])},
        "a proof too long": {"proof": hexes([*proof, proof[-1]])},
        "no proof": {"proof": []},
        "a proof upside down": {"proof": hexes(proof[::-1])},
        "a flipped bit": {"proof": hexes([flip(proof[0]), *proof[1:]])},
        "a hash of 31 bytes": {"proof": hexes([proof[0][:31], *proof[1:]])},
    }  # fmt: skip
    right = included(leaves, 4, "")
    return found + [{**right, **change, "name": name, "valid": False} for name, change in wrong.items()]


def included(leaves: Sequence[bytes], index: int, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "valid": True,
        "leaf_hash": leaves[index].hex(),
        "index": index,
        "size": len(leaves),
        "root": tree.root_hash(leaves).hex(),
        "proof": hexes(tree.inclusion_proof(leaves, index)),
    }


def consistency() -> Vectors:
    """Consistency proofs, and wrong ones."""
    found = [
        consistent(old, new, f"{old} in {new}")
        for new in (1, 2, 3, 7, 8, 13, 257)
        for old in sorted({0, 1, 2, 3, 4, 6, 7, 8, 12, 13, 256, 257} & set(range(new + 1)))
    ]
    right = consistent(6, 13, "")
    proof = [bytes.fromhex(one) for one in right["proof"]]
    empty = consistent(0, 13, "")
    wrong: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("sizes exchanged", right, {"old": 13, "new": 6}),
        ("another old size", right, {"old": 5}),
        ("another new size", right, {"new": 17}),
        ("another old root", right, {"old_root": tree.root_hash(leaves_to(5)).hex()}),
        ("another new root", right, {"new_root": tree.root_hash(leaves_to(12)).hex()}),
        ("a proof too short", right, {"proof": hexes(proof[:-1])}),
        ("a proof too long", right, {"proof": hexes([*proof, proof[0]])}),
        ("no proof", right, {"proof": []}),
        ("a proof upside down", right, {"proof": hexes(proof[::-1])}),
        ("a flipped bit", right, {"proof": hexes([*proof[:-1], flip(proof[-1])])}),
        ("a hash of 33 bytes", right, {"proof": hexes([proof[0] + b"\x00", *proof[1:]])}),
        (
            "the old root before the proof",
            consistent(8, 13, ""),
            {"proof": hexes([tree.root_hash(leaves_to(8))])},
        ),
        ("two roots at one size", consistent(6, 6, ""), {"new_root": tree.root_hash(leaves_to(5)).hex()}),
        ("a proof at one size", consistent(6, 6, ""), {"proof": hexes(proof[:1])}),
        ("an empty tree with another root", empty, {"old_root": "00" * 32}),
        ("a proof from the empty tree", empty, {"proof": hexes(proof[:1])}),
        ("a size below 0", empty, {"old": -1}),
    ]
    return found + [{**base, **change, "name": name, "valid": False} for name, base, change in wrong]


def consistent(old: int, new: int, name: str) -> dict[str, Any]:
    leaves = leaves_to(new)
    return {
        "name": name,
        "valid": True,
        "old": old,
        "new": new,
        "old_root": tree.root_hash(leaves[:old]).hex(),
        "new_root": tree.root_hash(leaves).hex(),
        "proof": hexes(tree.consistency_proof(leaves, old)),
    }


def hexes(hashes: Sequence[bytes]) -> list[str]:
    return [one.hex() for one in hashes]


def flip(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def keys() -> Vectors:
    """Verifier keys of logs (algorithm 1) and of witnesses (algorithm 4)."""
    text = OWNER.verifier
    name, mark, _ = text.split("+", 2)

    def raw(public: bytes, algorithm: int = 1) -> str:
        body = bytes([algorithm]) + public
        id_ = sha256(name.encode() + b"\n" + body).digest()[:4].hex()
        return f"{name}+{id_}+{base64.b64encode(body).decode()}"

    p = 2**255 - 19
    eighth = int.from_bytes(
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
    )
    small = {"0": 0, "1": 1, "-1": p - 1, "of order 8": eighth, "of order 8, the other": p - eighth}
    signed = 1 << 255
    wrong = {
        "nothing": "",
        "a name alone": name,
        "another id": text.replace(f"+{mark}+", "+00000000+"),
        "an id in capitals": text.replace(f"+{mark}+", f"+{mark.upper()}+"),
        "another name": text.replace("conformance", "conformity"),
        "no name": text.removeprefix(name),
        "a name with a space": text.replace("/ephor/", "/ep hor/"),
        "a name with a space that is not ASCII": named("conformance.example/ep\u00a0hor"),
        "base64 cut short": text[:-1],
        "base64 with a space": text[:-4] + " " + text[-4:],
        "a key of 31 bytes": raw(OWNER.public_key[:31]),
        "a key of 33 bytes": raw(OWNER.public_key + b"\x00"),
        "algorithm 2": raw(OWNER.public_key, 2),
        "a witness's algorithm": raw(OWNER.public_key, 4),
        "no point of the curve": raw((2).to_bytes(32, "little")),
        **{f"small order: y = {which}": raw(y.to_bytes(32, "little")) for which, y in small.items()},
        **{f"small order: y = {which}, sign set": raw((y | signed).to_bytes(32, "little")) for which, y in small.items()},
        "small order: y = 0 written as p": raw(p.to_bytes(32, "little")),
        "small order: y = 1 written as p + 1": raw((p + 1).to_bytes(32, "little")),
        "small order: y = 1 written as p + 1, sign set": raw((p + 1 | signed).to_bytes(32, "little")),
    }  # fmt: skip
    found: Vectors = [
        {"name": "a log's key", "algorithm": 1, "key": text, "valid": True},
        {"name": "a name that is not ASCII", "algorithm": 1, "key": named("conf\u00f6rmance"), "valid": True},
        {"name": "a witness's key", "algorithm": 4, "key": FIRST_WITNESS.witness, "valid": True},
        {"name": "a log's key for a witness", "algorithm": 4, "key": text, "valid": False},
        {
            "name": "small order, a witness's",
            "algorithm": 4,
            "key": raw((1).to_bytes(32, "little"), 4),
            "valid": False,
        },
    ]
    return found + [
        {"name": told_as, "algorithm": 1, "key": one, "valid": False} for told_as, one in wrong.items()
    ]


def named(name: str) -> str:
    body = b"\x01" + OWNER.public_key
    id_ = sha256(name.encode() + b"\n" + body).digest()[:4].hex()
    return f"{name}+{id_}+{base64.b64encode(body).decode()}"


def five() -> list[bytes]:
    return [make_entry(position) for position in range(5)]


def signed(text: str, *pens: Pen) -> bytes:
    return note.sign(text, *(pens or (OWNER,)))


def checkpoints() -> Vectors:
    """Checkpoints under the key of the log, and what must not pass for one."""
    right = head(five())
    text = note.parse(right).text
    size_and_root = text.split("\n")[1:3]
    root = size_and_root[1]
    line = right.decode().split("\n\n")[1]
    good: dict[str, bytes] = {
        "a checkpoint": right,
        "of the empty log": head([]),
        "with extension lines": head(five(), extensions=("one more", "\u00e9")),
        "with signatures of strangers": note.sign(text, STRANGER, OWNER, Pen("x", "stranger.example/y")),
        "of the largest size": signed(f"{LOG}\n{2**63 - 1}\n{root}\n"),
        "with sixteen signatures": note.sign(
            text, OWNER, *(Pen(f"s{n}", f"s{n}.example") for n in range(15))
        ),
    }
    unsigned = text.encode() + b"\n"
    bad: dict[str, bytes] = {
        "nothing": b"",
        "no signature": unsigned,
        "no blank line": text.encode() + line.encode(),
        "no newline at the end": right[:-1],
        "a newline too many": right + b"\n",
        "not UTF-8": right.replace(b"example", b"ex\xffmple"),
        "lines that end as on Windows": right.replace(b"\n", b"\r\n"),
        "a tab": signed(text).replace(b"\n5\n", b"\n5\t\n"),
        "a zero byte": right + b"\x00",
        "signed by another key": note.sign(text, STRANGER),
        "signed under another name": note.sign(text, Pen("log", "conformance.example/ephor")),
        "a signature that does not hold": right.replace(line[-20:-10].encode(), b"AAAAAAAAAA"),
        "one signature of the key that holds and one that does not": right + broken(line).encode(),
        "signed twice with one key": right + line.encode(),
        "a signature line without its dash": unsigned + line.removeprefix("\u2014 ").encode(),
        "a signature line with a hyphen": unsigned + line.replace("\u2014", "-").encode(),
        "a signature line of a stranger that is no line": right + b"rubbish\n",
        "a stranger's name with a plus": right + line.replace(LOG, "a+b").encode(),
        "a stranger's name with a space that is not ASCII": right + line.replace(LOG, "a\u00a0b").encode(),
        "a stranger's signature that is no base64": right + "\u2014 a.example !!!!\n".encode(),
        "a stranger's signature of four bytes": right + "\u2014 a.example AAAAAA==\n".encode(),
        "a stranger's signature with bits that mean nothing": right + "\u2014 a.example AAAAAAF=\n".encode(),
        "the size written with a zero before it": signed(f"{LOG}\n05\n{root}\n"),
        "the size with a sign": signed(f"{LOG}\n+5\n{root}\n"),
        "the size below 0": signed(f"{LOG}\n-5\n{root}\n"),
        "the size with a space": signed(f"{LOG}\n5 \n{root}\n"),
        "the size in other digits": signed(f"{LOG}\n\u0665\n{root}\n"),
        "the size as 2^63": signed(f"{LOG}\n{2**63}\n{root}\n"),
        "no size": signed(f"{LOG}\n{root}\n"),
        "no root": signed(f"{LOG}\n5\n"),
        "a root of 31 bytes": signed(f"{LOG}\n5\n{base64.b64encode(bytes(31)).decode()}\n"),
        "a root in hexadecimal": signed(f"{LOG}\n5\n{bytes(32).hex()}\n"),
        "a root with bits that mean nothing": signed(f"{LOG}\n5\n{'A' * 42}B=\n"),
        "the empty log with another root": signed(f"{LOG}\n0\n{root}\n"),
        "an empty extension line": signed(f"{LOG}\n5\n{root}\n\nmore\n"),
        "another log's, signed with this key under its name": signed(f"conformance.example/other/main\n5\n{root}\n"),
        "no origin": signed(f"\n5\n{root}\n"),
    }  # fmt: skip
    found: Vectors = []
    for name, data in good.items():
        stated = checkpoint.parse(note.parse(data).text)
        found.append(
            {"name": name, "valid": True, "key": OWNER.verifier, **told(data), "origin": stated.origin, "size": stated.size,
             "root": stated.root.hex()}
        )  # fmt: skip
    return found + [
        {"name": name, "valid": False, "key": OWNER.verifier, **told(data)} for name, data in bad.items()
    ]


def broken(line: str) -> str:
    """Return the signature line with one bit of its signature flipped."""
    start, encoded = line.rstrip("\n").rsplit(" ", 1)
    raw = base64.b64decode(encoded)
    return f"{start} {base64.b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode()}\n"


def cosignatures() -> Vectors:
    """Cosigned checkpoints: whether they count as witnessed, or are refused."""
    plain = head(five())
    both = cosigned(plain, FIRST_WITNESS, SECOND_WITNESS)
    one = cosigned(plain, FIRST_WITNESS)
    names = [FIRST_WITNESS.witness, SECOND_WITNESS.witness]
    last_line = one.decode().rsplit("\n", 2)[1] + "\n"
    text = note.parse(plain).text
    plainly = (
        f"\u2014 {FIRST_WITNESS.name} "
        + base64.b64encode(
            cosignature.WitnessKey(FIRST_WITNESS.name, FIRST_WITNESS.public_key).key_id
            + bytes(8)
            + FIRST_WITNESS.sign(text.encode())
        ).decode()
    )
    other = Pen("another", FIRST_WITNESS.name)
    stated: list[tuple[str, bytes, list[str], int | None, bool | None]] = [
        # name, note, witnesses trusted, quorum, witnessed (None: the note is refused)
        ("both witnesses", both, names, None, True),
        ("one of two, both needed", one, names, None, False),
        ("one of two, one needed", one, names, 1, True),
        ("two of one", both, names[:1], None, True),
        ("none", plain, names, 1, False),
        ("nobody is trusted", both, [], None, False),
        ("of the year 1970", cosigned(plain, FIRST_WITNESS, at=0), names, 1, True),
        ("as late as can be", cosigned(plain, FIRST_WITNESS, at=2**63 - 1), names, 1, True),
        ("later than can be", plain + too_late(text).encode(), names, 1, None),
        ("by another key of that name", cosigned(plain, other), names, 1, False),
        ("one that does not hold", plain + broken(last_line).encode(), names, 1, None),
        ("one that does not hold, of a witness beyond the quorum", one + broken(both.decode().rsplit("\n", 2)[1] + "\n").encode(), names, 1, None),
        ("given for another checkpoint", plain + last_line_of(cosigned(head(five()[:4]), FIRST_WITNESS)), names, 1, None),
        ("at another time than stated", plain + later(last_line).encode(), names, 1, None),
        ("over the text alone", plain + f"{plainly}\n".encode(), names, 1, None),
        ("twice by one witness", one + last_line.encode(), names, 1, None),
        ("cosigned, and not signed by the log", cosigned(note.sign(text, STRANGER), FIRST_WITNESS), names, 1, None),
        ("cut short", plain + shorter(last_line).encode(), names, 1, None),
    ]  # fmt: skip
    return [
        {"name": name, "key": OWNER.verifier, "witnesses": trusted, "quorum": quorum, "witnessed": witnessed, **told(data)}
        for name, data, trusted, quorum, witnessed in stated
    ]  # fmt: skip


def last_line_of(data: bytes) -> bytes:
    return data.rsplit(b"\n", 2)[1] + b"\n"


def later(line: str) -> str:
    start, encoded = line.rstrip("\n").rsplit(" ", 1)
    raw = bytearray(base64.b64decode(encoded))
    raw[11] += 1
    return f"{start} {base64.b64encode(bytes(raw)).decode()}\n"


def too_late(text: str) -> str:
    """Return the first witness's line under *text*, of a time that needs all 64 bits."""
    signature = FIRST_WITNESS.sign(f"cosignature/v1\ntime {2**63}\n{text}".encode())
    key = cosignature.WitnessKey(FIRST_WITNESS.name, FIRST_WITNESS.public_key)
    mark = base64.b64encode(key.key_id + (2**63).to_bytes(8, "big") + signature).decode()
    return f"\u2014 {key.name} {mark}\n"


def shorter(line: str) -> str:
    start, encoded = line.rstrip("\n").rsplit(" ", 1)
    return f"{start} {base64.b64encode(base64.b64decode(encoded)[:9]).decode()}\n"


def proof_files() -> Vectors:
    """Proof files (C2SP tlog-proof) for one entry."""
    logged = five()
    leaves = [tree.leaf_hash(one) for one in logged]
    right = proof_file.ProofFile(2, tuple(tree.inclusion_proof(leaves, 2)), head(logged))
    data = proof_file.encode(right)
    extra = proof_file.encode(proof_file.ProofFile(2, right.hashes, right.checkpoint, b"for people"))
    alone = proof_file.encode(proof_file.ProofFile(0, (), head(logged[:1])))
    lines = data.decode().split("\n")

    def with_lines(*changed: str) -> bytes:
        return "\n".join(changed).encode()

    good = {
        "a proof": (data, logged[2]),
        "with extra data": (extra, logged[2]),
        "of the only entry": (alone, logged[0]),
    }
    bad = {
        "of another entry": (data, logged[1]),
        "nothing": (b"", logged[2]),
        "another first line": (data.replace(b"@v1", b"@v2"), logged[2]),
        "no index": (with_lines(lines[0], *lines[2:]), logged[2]),
        "another index": (data.replace(b"index 2", b"index 3"), logged[2]),
        "an index with a zero before it": (data.replace(b"index 2", b"index 02"), logged[2]),
        "an index beyond the log": (data.replace(b"index 2", b"index 5"), logged[2]),
        "extra data after the index": (
            with_lines(lines[0], lines[1], "extra Zm9y", *lines[2:]),
            logged[2],
        ),
        "extra data that is no base64": (extra.replace(b"extra Z", b"extra !"), logged[2]),
        "a hash too few": (with_lines(*lines[:2], *lines[3:]), logged[2]),
        "a hash too many": (with_lines(*lines[:3], *lines[2:]), logged[2]),
        "a hash of 31 bytes": (
            data.replace(lines[2].encode(), base64.b64encode(bytes(31))),
            logged[2],
        ),
        "64 hashes": (with_lines(*lines[:2], *[lines[2]] * 64, *lines[5:]), logged[2]),
        "no blank line": (data.replace(b"\n\n", b"\n", 1), logged[2]),
        "a checkpoint of another key": (data.replace(right.checkpoint, head(logged, STRANGER)), logged[2]),
        "a checkpoint of another size": (data.replace(right.checkpoint, head(logged[:4])), logged[2]),
        "a checkpoint cut short": (data[:-10], logged[2]),
    }
    return [
        {"name": name, "valid": valid, "key": OWNER.verifier, **told(file), "entry": about.decode()}
        for valid, group in ((True, good), (False, bad))
        for name, (file, about) in group.items()
    ]


def payloads() -> Vectors:
    """What an entry commits to instead of a payload."""
    salt, payload = bytes(range(32)), b'{"e-mail":"ada@example.org"}'
    right = entry.commitment(entry.PAYLOAD_TAG, salt, payload)
    nothing = entry.commitment(entry.PAYLOAD_TAG, salt, b"")
    moved = salt + payload[:1]
    stated = [
        ("a payload", salt, payload, right, True),
        ("an empty payload", salt, b"", nothing, True),
        (
            "bytes that are no text",
            salt,
            b"\xff\x00",
            entry.commitment(entry.PAYLOAD_TAG, salt, b"\xff\x00"),
            True,
        ),
        ("another payload", salt, payload + b" ", right, False),
        ("another salt", bytes(32), payload, right, False),
        ("a byte moved from the payload into the salt", moved, payload[1:], right, False),
        ("a byte moved from the salt into the payload", salt[:31], salt[31:] + payload, right, False),
        ("the hash without tag and salt", salt, payload, "sha256:" + sha256(payload).hexdigest(), False),
        ("in capitals", salt, payload, "sha256:" + right[7:].upper(), False),
    ]
    return [
        {"name": name, "valid": valid, "salt": one.hex(), "payload": what.hex(), "commitment": commitment}
        for name, one, what, commitment, valid in stated
    ]


def links() -> Vectors:
    """The guide's hash chain over the five entries, and chains that break; `first` is the number of the first bad link."""
    logged = five()
    rows = list(zip(chain.link_all(logged), logged, strict=True))

    def one(link: chain.Link, data: bytes) -> dict[str, Any]:
        return {
            "sequence_number": link.sequence_number,
            "previous_hash": link.previous_hash.hex(),
            "entry_hash": link.entry_hash.hex(),
            "entry": data.decode(),
        }

    whole = [one(*row) for row in rows]
    edited = [*whole[:2], {**whole[2], "entry": whole[2]["entry"].replace("crm", "erp")}, *whole[3:]]
    missing = [*whole[:1], *whole[2:]]
    renumbered = [*whole[:1], *({**row, "sequence_number": row["sequence_number"] - 1} for row in whole[2:])]
    swapped = [whole[0], whole[2], whole[1], *whole[3:]]
    fresh = [
        one(*row)
        for row in zip(chain.link_all([*logged[:2], *logged[3:]]), [*logged[:2], *logged[3:]], strict=True)
    ]
    last = {name: value for name, value in whole[-1].items() if name != "entry"}
    stated: list[tuple[str, list[dict[str, Any]], dict[str, Any] | None, int | None]] = [
        ("whole", whole, last, None),
        ("an entry edited", edited, last, 3),
        ("an entry left out", missing, last, 2),
        ("an entry left out and the rest renumbered", renumbered, last, 2),
        ("two entries exchanged", swapped, last, 2),
        ("the tail cut off, its last link kept by somebody", whole[:3], last, 4),
        ("the tail cut off, and nobody kept its last link: a chain cannot show it", whole[:3], None, None),
        (
            "written anew without an entry, and nobody kept its last link: a chain cannot show it",
            fresh,
            None,
            None,
        ),
        ("written anew without an entry, its last link kept by somebody", fresh, last, 5),
        ("no entries, and nobody kept a link", [], None, None),
    ]
    return [
        {"name": name, "rows": found, "last": kept, "first": first} for name, found, kept, first in stated
    ]


MADE: dict[str, Callable[[], Vectors]] = {
    "entries": entries,
    "trees": trees,
    "paths": paths,
    "inclusion": inclusion,
    "consistency": consistency,
    "keys": keys,
    "checkpoints": checkpoints,
    "cosignatures": cosignatures,
    "proof-files": proof_files,
    "payloads": payloads,
    "chain": links,
}


def write(folder: Path) -> None:
    """Write every vector into *folder*, which holds nothing else of that name afterwards."""
    from make_bundles import write_bundles  # noqa: PLC0415 - it takes its words from here

    for name, make in MADE.items():
        text = json.dumps(make(), indent=1, ensure_ascii=True)
        (folder / f"{name}.json").write_text(compact(text) + "\n", encoding="ascii")
    shutil.rmtree(folder / "bundles", ignore_errors=True)
    write_bundles(folder)


def compact(text: str) -> str:
    """Put each list of plain texts on one line: a proof is one thing."""
    return re.sub(r"\[\s+((?:\"[^\"]*\",?\s*)+)\]", lambda one: "[" + " ".join(one[1].split()) + "]", text)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
