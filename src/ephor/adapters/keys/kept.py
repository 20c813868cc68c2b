"""The newest signed head of each log, kept outside the database.

It must not lie in the database: it is how a restored backup is told from the log it was taken of. Each log has one file of
two slots, written in turn. A slot ends in its own digest, so one that a power cut tore is known, and the other still holds.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ephor.kernel.errors import UnavailableError, VerificationError

_SLOT = 4_096
"""A page: what one write changes, another does not touch."""
_ROOM = _SLOT - 32 - 2
_NAME = re.compile(r"head(?:\.([1-9][0-9]{0,8}))?")


@dataclass(frozen=True, slots=True)
class _Open:
    file: int
    inode: tuple[int, int]
    place: str


class _Found(NamedTuple):
    """What a file holds: the slot to write the next head into, and the size that the newest states; -1 for none."""

    data: bytes
    slot: int
    size: int


class KeptHeads:
    """The heads of one plane's logs, in its key folder. One writer a log at a time: whoever else commits waits."""

    def __init__(self, folder: Path) -> None:
        self.path = folder
        self._open: dict[int, _Open] = {}
        self._last: dict[int, _Found] = {}
        """What each file held when this process wrote to it last."""

    def head(self, log: int = 0) -> bytes | None:
        """Return the newest head kept of *log*; None where none was.

        Raises:
            UnavailableError: there is one and it cannot be read.
            VerificationError: it is damaged.
        """
        place = self._place(log)
        try:
            data = place.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise UnavailableError(
                f"cannot read `{place}`: {error.strerror}; make it readable, or name a head you kept"
            ) from error
        with _named(place):
            return _newest(data)[0]

    def logs(self) -> frozenset[int]:
        """Return the numbers of the logs of which a head was kept."""
        try:
            names = [_NAME.fullmatch(one) for one in os.listdir(self.path)]
        except (FileNotFoundError, NotADirectoryError):
            return frozenset()
        except OSError as error:
            raise self._unwritable(error) from error
        return frozenset(int(one[1] or 0) for one in names if one is not None)

    @contextmanager
    def keeping(self, note: bytes, after: int, log: int = 0) -> Iterator[None]:
        """Keep *note*, which grew from *after* entries, as the newest head of *log*, if the block that commits it ends well.

        Whatever could fail is done before the block: a folder that cannot be written stops the commit instead of
        contradicting it. In the block the log must not be waited for: whoever has it may wait here.

        Raises:
            UnavailableError: the folder cannot be written.
            VerificationError: a head over more than *after* entries was kept: the database lost some.
        """
        if len(note) > _ROOM:
            raise UnavailableError(
                f"a head of {len(note)} bytes is too long to be kept; shorten the log's origin"
            )
        file = self._file(log)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            found = self._look(file, log)
            if (published := found.size) > after:
                raise VerificationError(
                    f"this database holds {after} entries, but a head over {published} was published: entries are missing; "
                    "nothing was recorded, restore the newest backup or see `ephor ledger renew`",
                    size=after,
                    published=published,
                )
            new = _slot(note)  # made now: what follows a commit finds the processor's caches cold
            then = _with(found, new, note)
            yield
            # The entries are durable; a head that cannot be kept lags, and is caught up by the next commit.
            with suppress(OSError):
                self._put(file, log, found.slot, new, then)
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)

    def catch_up(self, note: bytes, log: int = 0) -> None:
        """Keep *note*, whose commit turned out to have happened, unless a newer head is kept by now."""
        with (
            suppress(VerificationError, UnavailableError, OSError),
            self.keeping(note, size_of(note) - 1, log),
        ):
            pass

    def retire(self, *logs: int) -> None:
        """Put aside the heads of logs that nothing follows; they stay readable as `head….lost`."""
        for log in logs:
            place = self._place(log)
            with suppress(OSError):
                place.replace(place.with_name(f"{place.name}.lost"))

    def close(self) -> None:
        """Release the files."""
        while self._open:
            os.close(self._open.popitem()[1].file)

    def _look(self, file: int, log: int) -> _Found:
        """Return what the file holds; judged anew only where it is not what was put there last."""
        data, last = os.pread(file, 2 * _SLOT + 1, 0), self._last.get(log)
        if last is not None and last.data == data:
            return last
        with _named(self._place(log)):
            kept, slot = _newest(data)
            return _Found(data, slot, -1 if kept is None else size_of(kept))

    def _put(self, file: int, log: int, slot: int, new: bytes, then: _Found | None) -> None:
        self._last.pop(log, None)
        os.pwrite(file, new, slot * _SLOT)
        if then is not None:
            self._last[log] = then
        elif os.fstat(file).st_size != 2 * _SLOT:
            os.ftruncate(file, 2 * _SLOT)

    def _file(self, log: int) -> int:
        """Return the open file of a log's heads; opened anew where somebody put another in its place."""
        known = self._open.get(log)
        place = self._place(log) if known is None else known.place
        try:
            if known is not None:
                if known.inode == _inode_at(place):
                    return known.file
                os.close(self._open.pop(log).file)
            file = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._open[log] = _Open(file, _inode(os.fstat(file)), str(place))
            if os.fstat(file).st_size == 0:
                os.posix_fallocate(file, 0, 2 * _SLOT)  # here a full disk is told, and not after the commit
        except OSError as error:
            raise self._unwritable(error) from error
        return file

    def _place(self, log: int) -> Path:
        return self.path / (f"head.{log}" if log else "head")

    def _unwritable(self, error: OSError) -> UnavailableError:
        return UnavailableError(
            f"cannot write to `{self.path}`: {error.strerror}; nothing was recorded, make it writable"
        )


def size_of(data: bytes) -> int:
    """Return the size a kept head states, without asking who signed it."""
    size = data.split(b"\n", 2)[1:2]  # the second line (C2SP tlog-checkpoint); this is asked at every commit
    if not size or not size[0].isdigit() or len(size[0]) > 19:
        raise VerificationError(
            "the head kept beside the keys is none; nothing is recorded until that is resolved"
        )
    return int(size[0])


@contextmanager
def _named(place: Path) -> Iterator[None]:
    """Say of a damaged head which file it is, and what to do."""
    try:
        yield
    except VerificationError as error:
        raise VerificationError(
            f"`{place}`: {error}; restore the file from a backup of the key folder, and run `ephor ledger verify` with a "
            "--checkpoint you kept",
            **error.facts,
        ) from None


def _inode(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _inode_at(place: str | Path) -> tuple[int, int] | None:
    try:
        return _inode(os.stat(place))
    except FileNotFoundError:
        return None


def _newest(data: bytes) -> tuple[bytes | None, int]:
    """Return the newest head in a file, and the slot to write the next one into."""
    if len(data) != 2 * _SLOT:  # a note put there by hand, by an earlier version, or nothing at all
        return data or None, 0
    if not any(data):  # made, and nothing kept yet
        return None, 0
    slots = [_read(data[at : at + _SLOT]) for at in (0, _SLOT)]
    sizes = [-1 if note is None else size_of(note) for note in slots]
    if max(sizes) < 0:
        raise VerificationError(
            "the head kept beside the keys is damaged; nothing is recorded until that is resolved"
        )
    newest = sizes.index(max(sizes))
    return slots[newest], 1 - newest


def _read(slot: bytes) -> bytes | None:
    length = int.from_bytes(slot[_ROOM : _ROOM + 2])
    note = slot[:length]
    return note if note and sha256(note).digest() == slot[_ROOM + 2 :] else None


def _with(found: _Found, new: bytes, note: bytes) -> _Found | None:
    """Return what the file holds when *new*, a slot of *note*, is written; None where it was no file of two slots yet."""
    if len(found.data) != 2 * _SLOT:
        return None
    data = new + found.data[_SLOT:] if found.slot == 0 else found.data[:_SLOT] + new
    return _Found(data, 1 - found.slot, size_of(note))


def _slot(note: bytes) -> bytes:
    return note.ljust(_ROOM, b"\0") + len(note).to_bytes(2) + sha256(note).digest()
