"""One key put in another's place: every step leaves a plane that goes on, and asking again finishes what was begun."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

import sqlalchemy as sa

from ephor.adapters.keys.kept import KeptHeads
from ephor.adapters.keys.keyset import KeySet
from ephor.adapters.keys.provider import SigningKey
from ephor.adapters.storage.growth import Draft, HeadRow, KeySigner
from ephor.adapters.storage.sql.logs import Database, SqlLogs, current
from ephor.adapters.storage.sql.rows import SqliteRows
from ephor.adapters.storage.sql.tables import ledger_keys, plane_state, subject_keys
from ephor.adapters.storage.sql.unit import SqlUnit, mark_in
from ephor.adapters.storage.vault import Vault, Wrapped, kek_of
from ephor.engine.ports import MAIN, Ids, LogName, Unit
from ephor.engine.ports_keys import HandOver, KeyInUse, Rotated
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, VerificationError
from ephor.kernel.events import Event
from ephor.rooms.ledger import note, rotation

_PAGE = 200
_S = subject_keys.c
Allow = Callable[[Unit], None]
Tell = Callable[[HandOver], Event]


class SqlKeyRing:
    """The keys of a plane in a database."""

    def __init__(
        self,
        database: Database,
        logs: SqlLogs,
        keys: KeySet,
        heads: KeptHeads,
        vault: Vault,
        ids: Ids,
        unit: Callable[[sa.Connection], SqlUnit],
        scrub: Callable[[], None],
    ) -> None:
        self._database, self._logs, self._keys, self._heads = database, logs, keys, heads
        self._vault, self._ids, self._unit, self._scrub = vault, ids, unit, scrub

    def in_use(self) -> Sequence[KeyInUse]:
        """Return the three keys; nothing but the database is asked."""
        with self._database.reading() as connection:
            names = self._goes_on(connection)
            main = current(names, MAIN)
            key = self._head(connection, main).key
            statements = self._database.rows(connection, main.number).statements()
            position = rotation.parse(note.parse(statements[-1]).text).position if statements else None
            behind = sum(_public(self._head(connection, one).key) != _public(key) for one in names)
            wrapping, pseudonym = self._mark(connection, "wrapping"), self._mark(connection, "pseudonym")
            waiting = self._waiting(connection, wrapping)
        return [
            KeyInUse("signing", self._keys.signing.name, key, position, behind),
            KeyInUse("wrapping", self._keys.wrapping.name, kek_of(wrapping), waiting=waiting),
            KeyInUse("pseudonym", self._keys.pseudonym.name, kek_of(pseudonym)),
        ]

    def hand_over(self, allow: Allow, tell: Tell, *, keep: bool) -> Rotated:
        with self._database.writing() as connection:
            allow(self._unit(connection))
            names = self._goes_on(connection)
            main = current(names, MAIN)
            old = self._head(connection, main).key
            behind = any(_public(self._head(connection, one).key) != _public(old) for one in names)
            key = self._signer(connection, main)
        retired = 0 if behind else self._keys.signing.retire(key.public_key, keep=keep)
        begun = not behind and not retired
        successor = self._keys.signing.successor(key.public_key) if begun else key
        # The main log first: what it is signed with says, from then on, which key the plane is on its way to.
        moved = sum(self._hand_over_one(one, successor, allow, tell) for one in (main, *names))
        retired += self._keys.signing.retire(successor.public_key, keep=keep)
        new = note.verifier_key(main.origin, successor.public_key)
        self._keys.publish(new)
        return Rotated("signing", old, new, begun, moved, retired)

    def rewrap(self, allow: Allow, tell: Tell) -> Rotated:
        with self._database.writing() as connection:
            allow(self._unit(connection))
            old = self._mark(connection, "wrapping")
            behind = self._waiting(connection, old)
        retired = 0 if behind else self._keys.wrapping.retire(old)
        begun = not behind and not retired
        new = self._put_in_place(old, allow, tell) if begun else old
        moved = self._rewrap_all(new)
        retired += self._keys.wrapping.retire(new)
        self._scrub()
        return Rotated("wrapping", kek_of(old), kek_of(new), begun, moved, retired)

    def _hand_over_one(self, name: LogName, successor: SigningKey, allow: Allow, tell: Tell) -> bool:
        """Let *successor* sign a log; False where it does already."""

        def prepare(connection: sa.Connection, rows: SqliteRows, key: SigningKey) -> Event | None:
            allow(self._unit(connection))
            if key.public_key == successor.public_key:
                return None  # another process was faster, or this is what was done before an interruption
            head, given = self._head(connection, name), len(rows.statements())
            old, new = (note.verifier_key(head.origin, one.public_key) for one in (key, successor))
            text = rotation.encode(rotation.Statement(head.origin, head.size, old, new))
            signed = note.sign(text, KeySigner(head.origin, key), KeySigner(head.origin, successor))
            values = {"log": name.number, "number": given + 1, "note": signed}
            connection.execute(ledger_keys.insert().values(values))
            return tell(HandOver(old, new, signed.decode()))

        return self._record(name.number, prepare, successor)

    def _put_in_place(self, old: int, allow: Allow, tell: Tell) -> int:
        """Let a new key wrap whatever is wrapped from now on; both can be opened until everything is."""
        new = self._keys.wrapping.successor(old).mark

        def prepare(connection: sa.Connection, rows: SqliteRows, key: SigningKey) -> Event | None:
            allow(self._unit(connection))
            mine = (plane_state.c.name == "wrapping-key") & (plane_state.c.value == old)
            if connection.execute(plane_state.update().where(mine).values(value=new)).rowcount != 1:
                raise ConflictError(
                    "another process rotated the wrapping key meanwhile; look at `ephor keys list`"
                )
            return tell(HandOver(kek_of(old), kek_of(new)))

        self._record(current(self._logs.names(), MAIN).number, prepare)
        return new

    def _rewrap_all(self, mark: int) -> int:
        """Wrap page after page by the key of that mark. Whoever gives keys is asked outside any transaction."""
        done = 0
        while True:
            with self._database.reading() as connection:
                asked = sa.select(_S.subject, _S.wrapped, _S.kek).where(_S.kek != kek_of(mark))
                page = connection.execute(asked.order_by(_S.subject).limit(_PAGE)).all()
            if not page:
                return done
            fresh = [
                (row, self._vault.rewrap(Wrapped(row.wrapped, row.kek), row.subject, mark)) for row in page
            ]
            with self._database.writing() as connection:
                for row, new in fresh:  # a subject who was forgotten meanwhile stays forgotten
                    same = (_S.subject == row.subject) & (_S.wrapped == row.wrapped)
                    values = {"wrapped": new.data, "kek": new.kek}
                    done += connection.execute(subject_keys.update().where(same).values(values)).rowcount

    def _record(
        self,
        number: int,
        prepare: Callable[[sa.Connection, SqliteRows, SigningKey], Event | None],
        following: SigningKey | None = None,
    ) -> bool:
        """Record what *prepare* makes in its own transaction, signed by *following*; False where it makes nothing."""
        grower = self._logs.writer(number).grower
        with self._database.lock, ExitStack() as doubtful:
            with ExitStack() as kept, self._database.writing() as connection:
                rows = self._database.rows(connection, number)
                rows.lock()
                doubtful.callback(grower.settle, None)
                event = prepare(connection, rows, grower.signer(rows))
                if event is None:
                    return False
                growth = grower.grow(rows, [Draft(self._ids.new("evt"), event)], following)
                kept.enter_context(self._heads.keeping(growth.head.note, growth.first, number))
            doubtful.pop_all()
            grower.settle(growth)
        return True

    def _signer(self, connection: sa.Connection, name: LogName) -> SigningKey:
        rows = self._database.rows(connection, name.number)
        rows.lock()
        return self._logs.writer(name.number).grower.signer(rows)

    def _goes_on(self, connection: sa.Connection) -> Sequence[LogName]:
        return [one for one in self._logs.names_in(connection) if not one.ended]

    def _head(self, connection: sa.Connection, name: LogName) -> HeadRow:
        head = self._database.rows(connection, name.number).head()
        if head is None:
            raise NotFoundError(
                f"the signed head of `{name.origin or name.stream}` is gone; run `ephor ledger fsck`"
            )
        return head

    def _mark(self, connection: sa.Connection, name: str) -> int:
        mark = mark_in(connection, name)
        if mark is None:
            raise VerificationError(
                f"the database does not say which {name} key is its own; restore it from a backup"
            )
        return mark

    def _waiting(self, connection: sa.Connection, mark: int) -> int:
        """Count the subjects' keys that another key wraps."""
        count = sa.select(sa.func.count()).select_from(subject_keys).where(_S.kek != kek_of(mark))
        return int(connection.execute(count).scalar() or 0)


def _public(verifier_key: str) -> bytes:
    try:
        return note.parse_key(verifier_key).public_key
    except InvalidInputError as error:
        raise VerificationError(f"a stored head names no key: {error}; run `ephor ledger fsck`") from None
