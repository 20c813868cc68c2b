"""The folder of a backup: a header, encrypted chunks, and the encrypted manifest, without which it is no backup.

The manifest is written last and under its name at once, so that a folder whose writer was killed never looks whole. Chunks
are named by a keyed digest of what is in them: a writer that comes again finds those that are there already.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ephor.adapters.backup.secret import Sealer, derived, described
from ephor.engine.ports_backup import Given
from ephor.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
    VerificationError,
)

FORMAT = "ephor-backup/1"
HEADER, MANIFEST, KEYS = "header.json", "manifest.bin", "keys.json"
_MOST = 64 * 1024 * 1024
"""Largest chunk that is read."""


class BackupFolder:
    """One backup, opened with its secret."""

    def __init__(self, path: Path, header: bytes, sealer: Sealer) -> None:
        self.path = path
        self.header: Mapping[str, Any] = json.loads(header)
        self.sealer = sealer
        self._about = hashlib.sha256(header).digest()

    @property
    def is_whole(self) -> bool:
        """Whether the manifest was written."""
        return (self.path / MANIFEST).exists()

    def put(self, data: bytes) -> tuple[str, bool]:
        """Keep *data* as a chunk; return its name, and whether it was there already."""
        name = self.sealer.name(data)
        if (self.path / name).exists():
            with suppress(VerificationError):
                if self.get(name) == data:
                    return name, True
        self._write(name, self.sealer.seal(zlib.compress(data, 6), self._of(name)))
        return name, False

    def get(self, name: str) -> bytes:
        """Return a chunk. Raises VerificationError: it is missing, or is not what was put there."""
        if len(name) != 40 or not name.isalnum():
            raise VerificationError("the manifest names a chunk that can be none")
        box = self._read(name)
        stream = zlib.decompressobj()
        try:
            data = stream.decompress(self.sealer.open(box, self._of(name)), _MOST)
        except zlib.error as error:
            raise VerificationError(f"chunk `{name}` is damaged") from error
        if not stream.eof or self.sealer.name(data) != name:
            raise VerificationError(f"chunk `{name}` is not what its name says")
        return data

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Make everything durable, clear away what belongs to no chunk, and write the manifest."""
        known = {*manifest["chunks"], HEADER, KEYS, ".lock"}
        for one in self.path.iterdir():
            if one.name not in known and one.is_file():
                one.unlink()
        sync(self.path)
        data = json.dumps(manifest, sort_keys=True).encode()
        self._write(MANIFEST, self.sealer.seal(zlib.compress(data), self._of(MANIFEST)))
        sync(self.path)

    def manifest(self) -> Mapping[str, Any]:
        """Return the manifest. Raises VerificationError: it was changed, or is another backup's."""
        told: Mapping[str, Any] = json.loads(
            zlib.decompress(self.sealer.open(self._read(MANIFEST), self._of(MANIFEST)))
        )
        return told

    def put_keys(self, files: Mapping[str, bytes], given: Given) -> str:
        """Keep the keys under a secret of their own; return the digest of what was written."""
        told = described(given)
        inside = json.dumps({name: data.hex() for name, data in sorted(files.items())}).encode()
        box = derived(given, told).seal(inside, self._of(KEYS))
        data = json.dumps({"key": told, "box": box.hex()}).encode()
        self._write(KEYS, data)
        return hashlib.sha256(data).hexdigest()

    def keys(self, given: Given, digest: str) -> Mapping[str, bytes]:
        """Return the keys. Raises VerificationError: they are missing, changed, or under another secret."""
        data = self._read(KEYS)
        if hashlib.sha256(data).hexdigest() != digest:
            raise VerificationError("the keys of this backup are not those that were backed up")
        told = json.loads(data)
        inside = derived(given, told["key"]).open(bytes.fromhex(told["box"]), self._of(KEYS))
        return {name: bytes.fromhex(text) for name, text in json.loads(inside).items()}

    def _of(self, name: str) -> bytes:
        return b"\0".join((FORMAT.encode(), self._about, name.encode()))

    def _read(self, name: str) -> bytes:
        try:
            with (self.path / name).open("rb") as file:
                data = file.read(_MOST + 1)
        except FileNotFoundError:
            raise VerificationError(f"`{name}` is missing from the backup; it is not whole") from None
        except OSError as error:
            raise UnavailableError(f"cannot read `{self.path / name}`: {error.strerror}") from error
        if len(data) > _MOST:
            raise VerificationError(f"`{name}` is too large to be part of a backup")
        return data

    def _write(self, name: str, data: bytes) -> None:
        write_whole(self.path / name, data)


@contextmanager
def opened_new(path: str, given: Given) -> Iterator[BackupFolder]:
    """Open a folder to back up into: a new one, or one that an earlier run left unfinished under the same secret.

    Raises:
        ConflictError: a whole backup lies there, something else does, or somebody writes it now.
        InvalidInputError: the secret is too short, or another than the earlier run's.
        UnavailableError: it cannot be written.
    """
    root = Path(path)
    try:
        found = set(os.listdir(root)) if root.exists() else set()
        others = {one for one in found if one != ".lock" and not (one[0] == "." and one.endswith(".part"))}
        if others and HEADER not in found:
            raise ConflictError(f"`{path}` holds other files; name a new folder")
        if MANIFEST in found:
            raise ConflictError(f"`{path}` holds a whole backup; name a new folder")
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(root):
            if HEADER not in found:
                told = described(given)
                header = {"format": FORMAT, "id": secrets.token_hex(16), "key": told}
                header["check"] = derived(given, told).check
                write_whole(root / HEADER, json.dumps(header, sort_keys=True).encode())
            yield _opened(root, given)
    except OSError as error:
        raise UnavailableError(f"cannot write `{path}`: {error.strerror}; the backup is not whole") from error


def open_whole(path: str, given: Given) -> BackupFolder:
    """Open a backup to read it.

    Raises:
        NotFoundError: there is none, or one that was never finished.
        InvalidInputError: the secret is another one.
        VerificationError: the header was changed.
    """
    root = Path(path)
    if not (root / HEADER).exists():
        raise NotFoundError(f"there is no backup in `{path}`")
    if not (root / MANIFEST).exists():
        raise NotFoundError(
            f"the backup in `{path}` was never finished; run `ephor backup` again, or use another"
        )
    return _opened(root, given)


def _opened(root: Path, given: Given) -> BackupFolder:
    data = (root / HEADER).read_bytes()
    try:
        header = json.loads(data)
        format, told, check = header["format"], header["key"], header["check"]
    except (ValueError, KeyError, TypeError) as error:
        raise VerificationError(f"the header of `{root}` is none; it was changed or cut") from error
    if format != FORMAT:
        raise InvalidInputError(f"`{root}` has the format `{str(format)[:40]}`; this version reads {FORMAT}")
    sealer = derived(given, told)
    if not secrets.compare_digest(sealer.check, str(check)):
        raise InvalidInputError("the passphrase or key file is not the one of this backup")
    return BackupFolder(root, data, sealer)


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    lock = os.open(root / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ConflictError(f"another process writes the backup in `{root}`; wait until it is done") from None
    finally:
        os.close(lock)


def write_whole(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file so that whoever sees its name sees all of it, also after a power cut."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def names(parts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the chunks of all tables, in order."""
    return [name for part in parts for name in part["chunks"]]
