"""The files of an audit report within a bundle; the verifier holds them against the entry that has their digests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

FOLDER, SUMS, ENTRY = "report", "SHA256SUMS", "entry.json"


def sums(files: Mapping[str, bytes]) -> bytes:
    """Return the manifest: a line a file, as ``sha256sum -c`` reads it.

    >>> sums({"b": b"", "a": b"x"}).decode().splitlines()[1][56:]
    '7852b855  b'
    """
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()
