"""The files of an audit report within a bundle, and how they are held against the entry that has their digests."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from ephor.kernel.errors import VerificationError
from ephor.rooms.ledger.entry import parse

FOLDER, SUMS, ENTRY = "report", "SHA256SUMS", "entry.json"
_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9./_-]{0,200})")


def sums(files: Mapping[str, bytes]) -> bytes:
    """Return the manifest: a line a file, as ``sha256sum -c`` reads it.

    >>> sums({"b": b"", "a": b"x"}).decode().splitlines()[1][56:]
    '7852b855  b'
    """
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()


def check(
    names: Sequence[str],
    read: Callable[[str], bytes | None],
    entry_at: Callable[[int], bytes | None],
    origin: str | None,
) -> list[str]:
    """Return what is wrong with the files of a report, of which *names* are there; nothing, where all hold.

    *entry_at* returns an entry of the log that was verified beside them, *origin* is that log's.
    """
    manifest, told = read(SUMS), read(ENTRY)
    if manifest is None or told is None:
        return [f"the report lacks `{SUMS}` or `{ENTRY}`"]
    try:
        position = orjson.loads(told)["position"]
        data = entry_at(position) if isinstance(position, int) else None
        entry: Mapping[str, Any] = parse(data) if data is not None else {}
    except (ValueError, KeyError, TypeError, VerificationError):
        entry = {}
    digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    if (entry.get("kind"), entry.get("output_hash"), entry.get("log")) != (
        "audit.reported/1",
        digest,
        origin,
    ):
        return [
            "the ledger has no entry with the digest of this report's manifest: it was changed, or is another's"
        ]
    return list(_differences(manifest, names, read))


def _differences(manifest: bytes, names: Sequence[str], read: Callable[[str], bytes | None]) -> Iterator[str]:
    listed = {}
    for line in manifest.decode("ascii", "replace").splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            yield f"`{SUMS}` holds a line that names no file"
            return
        listed[found[2]] = found[1]
    for name, wanted in sorted(listed.items()):
        data = read(name)
        if data is None:
            yield f"`{name}` of the report is missing"
        elif hashlib.sha256(data).hexdigest() != wanted:
            yield f"`{name}` of the report is not what was recorded"
    for name in sorted(set(names) - set(listed) - {SUMS, ENTRY}):
        yield f"`{name}` does not belong to the report"
