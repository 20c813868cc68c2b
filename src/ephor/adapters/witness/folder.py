"""A witness in a folder of its own: its key, and in a SQLite file its name and what it cosigned last of each log.

The folder belongs to the witness alone. A plane that could reach it could be its own witness.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ephor.kernel.errors import ConflictError, NotFoundError, UnavailableError, VerificationError
from ephor.rooms.ledger import checkpoint, note
from ephor.rooms.ledger.cosignature import WitnessKey
from ephor.rooms.ledger.witness import NOTHING_SEEN, Seen

_PEM = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_WAIT = 5.0
"""Seconds that one request waits for another's turn."""


class KeyInMemory:
    """A witness's name and private key; `Signer` of the room."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self.name, self._key = name, key

    @property
    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature over *message*."""
        return self._key.sign(message)


class WitnessFolder:
    """The folder of one witness."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._key_file, self._state = path / "witness.key", path / "witness.db"

    def create(self, name: str) -> WitnessKey:
        """Make a witness of this *name* where there is none, and return its verifier key.

        Raises:
            InvalidInputError: the name cannot stand in a signature line.
            ConflictError: there is a witness of another name.
            UnavailableError: the folder cannot be written, or its key is open to other accounts.
            VerificationError: its memory is gone, or is another key's.
        """
        fresh = Ed25519PrivateKey.generate()
        made = WitnessKey(name, fresh.public_key().public_bytes_raw())
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._only_one():
                if not self._key_file.exists():
                    self._found(made, fresh)
        except OSError as error:
            raise UnavailableError(
                f"cannot write a witness to `{self.path}`: {error.strerror}; make it writable, or name another folder"
            ) from error
        known = self.signer()
        if known.name != name:
            raise ConflictError(
                f"`{self.path}` is the witness `{known.name}`; another one needs another folder"
            )
        return WitnessKey(known.name, known.public_key)

    def signer(self) -> KeyInMemory:
        """Return what this witness signs with.

        Raises:
            NotFoundError: there is no witness here.
            UnavailableError: its key is unreadable, or open to other accounts.
            VerificationError: its memory is gone, or is another key's: it would cosign a fork.
        """
        if not self._key_file.exists() and not self._state.exists():
            raise NotFoundError(
                f"there is no witness in `{self.path}`; run `ephor witness key --keys {self.path} --name NAME`"
            )
        key = self._read_key()
        if not self._state.exists():
            raise VerificationError(
                f"the memory of the witness, `{self._state}`, is gone: it would cosign a fork; make a new witness, with a new "
                "key, in another folder"
            )
        with self._connected() as connection:
            row = connection.execute("select name, public_key from identity").fetchone()
        signer = KeyInMemory(str(row[0]) if row else "", key)
        if row is None or row[1] != signer.public_key:
            raise VerificationError(
                f"the memory in `{self._state}` is not that of the key beside it; restore the two together"
            )
        return signer

    def last(self, origin: str) -> Seen:
        """Return the tree cosigned last; see `Memory`."""
        with self._connected() as connection:
            return self._seen(connection, origin)

    def advance(self, origin: str, old: Seen, new: Seen, note: bytes) -> bool:
        """Keep *new* if what is kept is still *old*; see `Memory`."""
        with self._connected() as connection:
            connection.execute("begin immediate")  # whoever comes second finds what the first has kept
            if self._seen(connection, origin) != old:
                connection.execute("rollback")
                return False
            connection.execute(
                "insert into logs (origin, size, root, note) values (?, ?, ?, ?) on conflict (origin) do update set "
                "size = excluded.size, root = excluded.root, note = excluded.note",
                (origin, new.size, new.root, note),
            )
            connection.execute("commit")
        return True

    def _seen(self, connection: sqlite3.Connection, origin: str) -> Seen:
        row = connection.execute("select size, root, note from logs where origin = ?", (origin,)).fetchone()
        if row is None:
            return NOTHING_SEEN
        try:
            stated = checkpoint.parse(_text_of(row[2]))
        except VerificationError as error:
            raise self._damaged(origin) from error
        if (stated.origin, stated.size, stated.root) != (origin, row[0], row[1]):
            raise self._damaged(origin)
        return Seen(stated.size, stated.root)

    def _damaged(self, origin: str) -> VerificationError:
        return VerificationError(
            f"what this witness remembers of `{origin}` is damaged; make a new witness, with a new key, in another folder"
        )

    def _found(self, made: WitnessKey, key: Ed25519PrivateKey) -> None:
        """Write the memory first and the key last: a key whose memory is missing is never served."""
        if self._state.exists():
            self._check_unused()
            for left in self.path.glob("witness.db*"):  # by one who died before there was a key
                left.unlink()
        os.close(os.open(self._state, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with self._connected() as connection:
            connection.executescript(
                "begin;"
                "create table identity (name text not null, public_key blob not null);"
                "create table logs (origin text primary key, size integer not null, root blob not null, note blob not null);"
            )
            connection.execute("insert into identity values (?, ?)", (made.name, made.public_key))
            connection.execute("commit")
        self._write("witness.pub", f"{made}\n".encode(), 0o644)
        self._write("witness.key", key.private_bytes(*_PEM), 0o600)
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _check_unused(self) -> None:
        with self._connected() as connection:
            tables = connection.execute("select count(*) from sqlite_master where name = 'logs'").fetchone()[
                0
            ]
            used = tables and connection.execute("select count(*) from logs").fetchone()[0]
        if used:
            raise UnavailableError(
                f"`{self._key_file}` is gone and the memory beside it is not; restore the key, or name another folder"
            )

    def _write(self, name: str, data: bytes, mode: int) -> None:
        draft = self.path / f".{name}.{secrets.token_hex(8)}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path / name)

    def _read_key(self) -> Ed25519PrivateKey:
        try:
            with self._key_file.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                data = file.read(1 << 16)
            key = serialization.load_pem_private_key(data, password=None)
        except OSError as error:
            raise UnavailableError(
                f"cannot read `{self._key_file}`: {error.strerror}; restore the witness's folder"
            ) from error
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise UnavailableError(f"`{self._key_file}` is not a private key; restore it") from error
        if mode & _OTHERS:  # as ssh does: a key that others may have read proves nothing any more
            raise UnavailableError(
                f"`{self._key_file}` is open to other accounts (mode {stat.S_IMODE(mode):04o}); run `chmod 600 "
                f"{self._key_file}`, and ask who could have read it"
            )
        if not isinstance(key, Ed25519PrivateKey):
            raise UnavailableError(f"`{self._key_file}` is not an Ed25519 key; restore it")
        return key

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        with (self.path / "witness.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """Open the memory, never make it: a new one would have forgotten everything."""
        try:
            address = f"{self._state.absolute().as_uri()}?mode=rw"
            with closing(
                sqlite3.connect(address, uri=True, timeout=_WAIT, isolation_level=None)
            ) as connection:
                connection.execute(
                    "pragma synchronous=extra"
                )  # the journal's end is synced with its folder, too
                yield connection
        except sqlite3.Error as error:
            # Never a word of backups: an old memory would cosign a fork.
            passing = isinstance(error, sqlite3.OperationalError) and "no such" not in str(error)
            family = UnavailableError if passing else VerificationError
            raise family(
                f"the memory of the witness, `{self._state}`, cannot be used: {error}; nothing was cosigned"
            ) from error


def _text_of(data: object) -> str:
    if not isinstance(data, bytes):
        raise VerificationError("no note is kept")
    return note.parse(data).text
