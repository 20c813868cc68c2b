"""Retention of Ephor's own sealed payloads: where a person's newest is past its time, their key is destroyed.

The ledger's entries stay and still verify; what was sealed under the key can be read by nobody any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from ephor.engine.epochs import main_logs
from ephor.engine.ports import World
from ephor.engine.ports_retention import Appraisal, Done, Keep, RawKey, RawRow, Selection
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError
from ephor.kernel.events import Event
from ephor.kernel.time import moment
from ephor.rooms.approvals.call import CallApproval, forget
from ephor.rooms.dsr.request import ENDED, Request
from ephor.rooms.dsr.store import Table
from ephor.rooms.retention.schedule import Unit as Measured

DATASET = "ephor"
TABLE = "ledger"
TRIGGER = "received_at"
_PAGE = 500
_COLUMNS = ("subject", TRIGGER)


@dataclass(frozen=True, slots=True)
class LedgerStore:
    """The people with sealed payloads, as a table of one row each: their pseudonym, and when their newest was recorded."""

    world: World
    by: str

    def tables(self) -> Mapping[str, Table]:
        return {TABLE: Table(TABLE, _COLUMNS, ("subject",))}

    def check(self, selection: Selection) -> None:
        if (
            selection.table != TABLE
            or selection.trigger != TRIGGER
            or selection.unit is not Measured.TIMESTAMP
        ):
            raise InvalidInputError(f"Ephor's own store is `{DATASET}.{TABLE}` with the trigger `{TRIGGER}`")
        if selection.only or selection.subject not in (None, "subject"):
            raise InvalidInputError(f"`{DATASET}.{TABLE}` takes no `only`, and no subject but its own")
        if selection.change != (("key", None),):
            raise InvalidInputError(
                f"`{DATASET}.{TABLE}` is disposed of by crypto-shred with `set: {{key: null}}`"
            )

    def appraise(self, selection: Selection, going: Sequence[Selection]) -> Appraisal:
        due = spared = busy = unreadable = 0
        for subject, at in self._people(None):
            if at is None:
                unreadable += 1
            elif at < selection.cutoff:
                due += 1
                spared += subject in selection.spared
                busy += subject not in selection.spared and self._is_busy(subject)
        return Appraisal(due, spared, busy, unreadable)

    def subjects(self, selection: Selection) -> Iterator[str]:
        return (subject for subject, at in self._people(None) if at is not None and at < selection.cutoff)

    def batch(self, selection: Selection, after: RawKey | None, size: int, keep: Keep | None) -> Done:
        if keep is not None:
            raise ConflictError(
                "sealed payloads are not archived: an archive would keep what the key protects"
            )
        done = 0
        for subject, at in self._people(None if after is None else str(after[0])):
            if at is None or at >= selection.cutoff or subject in selection.spared or self._is_busy(subject):
                continue
            self._shred(subject)
            done += 1
            if done == size:
                return Done(done, (subject,))
        return Done(done, None)

    def settle(self, selection: Selection, columns: Sequence[str], rows: Sequence[RawRow]) -> int:
        return 0

    def scrub(self, tables: Sequence[str]) -> str:
        return "keys destroyed and overwritten; backups of the plane that are older still hold them"

    def close(self) -> None:
        """Nothing is open."""

    def _shred(self, subject: str) -> None:
        """Destroy one person's key and what was shown of their calls, and record it, in one transaction."""
        now = self.world.clock.now()
        with self.world.storage.unit() as unit:
            gone = unit.forget(subject)
            shelf = unit.shelf(CallApproval)
            for asked in shelf.all(subject=subject):
                shelf.replace(asked, forget(asked))
            facts = {"keys": gone.keys, "payloads": gone.payloads}
            unit.append(
                Event(
                    "erasure/1",
                    now,
                    f"person:{self.by}",
                    action="retention.run",
                    subject=subject,
                    metadata=facts,
                )
            )

    def _is_busy(self, subject: str) -> bool:
        """An open request still needs what it was opened with."""
        with self.world.storage.reading() as unit:
            return any(one.status not in ENDED for one in unit.shelf(Request).all(subject=subject))

    def _people(self, after: str | None) -> Iterator[tuple[str, datetime | None]]:
        last = after or ""
        while True:
            with self.world.storage.reading() as unit:
                page = unit.sealed_subjects(last, _PAGE)
            for subject, entry in page:
                yield subject, self._recorded(entry)
            if len(page) < _PAGE:
                return
            last = page[-1][0]

    def _recorded(self, entry: str) -> datetime | None:
        """Return when an entry was recorded; None where no log of the main stream has it."""
        for log in main_logs(self.world):
            try:
                at = log.position(entry)
            except NotFoundError:
                continue
            [data] = log.entries(at, at + 1)
            return moment(orjson.loads(data)["received_at"])
        return None
