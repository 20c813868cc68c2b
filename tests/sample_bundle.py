"""Logs to judge: keys that are the same every time, and bundles by the obvious tree, which shares nothing with the verifier."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ephor import verifier
from ephor.kernel.canonical import canonical
from ephor.kernel.events import Event
from ephor.rooms.ledger import checkpoint, entry, note, tile, tree

LOG = "ephor.example/acme/audit"
AT = datetime(2026, 8, 2, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Pen:
    seed: int = 1
    name: str = LOG

    @property
    def key(self):
        return Ed25519PrivateKey.from_private_bytes(bytes([self.seed]) * 32)

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)

    @property
    def verifier(self) -> str:
        return note.verifier_key(self.name, self.public_key)


KEY = Pen().verifier


def make_entry(position, *, n=None, src="gateway", log=LOG, after=None, kind="tool.invoked/1"):
    event = Event(kind, AT, "agent:support", metadata={"at": position})
    received = AT + timedelta(seconds=position if after is None else after)
    return entry.encode(
        event, log=log, id=f"evt_{position}", src=src, n=n or position + 1, received_at=received
    )


ENTRIES = [make_entry(i) for i in range(600)]


def sign_head(entries, pen=None, size=None):
    leaves = [tree.leaf_hash(one) for one in entries]
    pen = pen or Pen()
    head = checkpoint.Checkpoint(pen.name, len(entries) if size is None else size, tree.root_hash(leaves))
    return note.sign(checkpoint.encode(head), pen)


def write(root, name, data):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def export(root: Path, entries, *, signed=None) -> Path:
    """Write a bundle by the obvious tree, which shares nothing with the verifier."""
    leaves = [tree.leaf_hash(one) for one in entries]
    write(root, "checkpoint", signed or sign_head(entries))
    for level, index, width in tile.tiles_of(len(entries)):
        scale = 256**level
        starts = range(index * 256 * scale, (index * 256 + width) * scale, scale)
        write(
            root,
            tile.tile_path(level, index, width),
            b"".join(tree.root_hash(leaves[at : at + scale]) for at in starts),
        )
    for index, width in tile.bundles_of(len(entries)):
        write(
            root,
            tile.entries_path(index, width),
            tile.encode_bundle(entries[index * 256 : index * 256 + width]),
        )
    return root


def make_raw(position, kind, metadata, *, log=LOG, n=None):
    """Return an entry of any kind, in canonical JSON."""
    fields = json.loads(make_entry(position, n=n, log=log)) | {"kind": kind, "metadata": metadata}
    return canonical(fields)


def rewrite(bundle, position, change):
    """Change one entry in its bundle file, as somebody with write access to the disk would."""
    index = position // 256
    width = min(256, len(ENTRIES) - index * 256)
    path = bundle / tile.entries_path(index, width)
    entries = tile.decode_bundle(path.read_bytes())
    entries[position % 256] = change(entries[position % 256])
    path.write_bytes(tile.encode_bundle(entries))


def resign(tmp_path, entries):
    return verifier.verify(export(tmp_path, entries), KEY)


def witness(seed):
    """Return a witness's verifier key and the cosignature line it gives (C2SP tlog-cosignature)."""
    key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    raw = b"\x04" + key.public_key().public_bytes_raw()
    name = f"witness.example/{seed}"
    identity = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]

    def cosign(signed, at=1_679_315_147):
        message = f"cosignature/v1\ntime {at}\n{note.parse(signed).text}".encode()
        mark = identity + at.to_bytes(8, "big") + key.sign(message)
        return signed + f"— {name} {base64.b64encode(mark).decode()}\n".encode()

    return f"{name}+{identity.hex()}+{base64.b64encode(raw).decode()}", cosign


ONE, TWO = witness(21), witness(22)


def rotation(position, old, new, *, log=LOG, signers=None):
    """Return the statement by which *old* hands over to *new*, signed by both."""
    text = f"ephor/key-rotation/1\n{log}\n{position}\n{old.verifier}\n{new.verifier}\n"
    return note.sign(text, *((old, new) if signers is None else signers))


def rotated(size, links):
    """Return *size* entries, those at the positions in *links* the records of these statements."""
    entries = list(ENTRIES[:size])
    for position, statement in links.items():
        if position < size:
            entries[position] = make_raw(position, "key.rotated/1", {"statement": statement.decode()})
    return entries


def export_rotated(root, size, links, pen, *, entries=None, keys=None):
    """Write a bundle whose head *pen* signed, and the statements as its ``keys``."""
    entries = rotated(size, links) if entries is None else entries
    export(root, entries, signed=sign_head(entries, pen))
    for number, statement in enumerate(links.values() if keys is None else keys, 1):
        write(root, f"keys/{number}", statement)
    return root
