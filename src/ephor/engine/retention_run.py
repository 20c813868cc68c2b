"""Carrying out a retention plan: counted again before, in batches that can be cut off anywhere, proved after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from ephor.engine import retention_work as work
from ephor.engine.ports import World
from ephor.engine.ports_retention import (
    Appraisal,
    OpenArchive,
    RetentionStores,
    RowArchive,
    Selection,
)
from ephor.kernel.canonical import Json
from ephor.kernel.errors import ConflictError, InvalidInputError, UnavailableError, VerificationError
from ephor.kernel.events import Event
from ephor.kernel.time import stamp
from ephor.rooms.retention.disposal import (
    Archived,
    CertifiedLine,
    Keeps,
    Line,
    RetentionCertificate,
    RetentionPlan,
    RunStatus,
    Staying,
)

_PASSES = 3
"""Rows that name each other are free only once others are gone."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one run did: rows worked on in it, and the certificate once everything is done and proved."""

    plan: RetentionPlan
    rows: int
    certificate: RetentionCertificate | None
    next: str = ""
    """What is left to do, where there is no certificate yet."""


@dataclass(slots=True)
class Runner:
    """One run of one plan on behalf of the person *by*; at most *limit* rows, *size* of them in one transaction."""

    world: World
    by: str
    stores: RetentionStores
    limit: int
    size: int
    worked: int = 0
    counted: dict[str, tuple[Selection, Appraisal]] = field(default_factory=dict)
    """What was counted after the last row went, so that the certificate need not count it once more."""

    def run(self, plan: RetentionPlan, open_archive: OpenArchive | None) -> RunReport:
        """Carry the plan through, or as far as the limit lets it. See `Retention.run`."""
        lines = keyed(plan)
        if any(line.archive for line in lines.values()) and not open_archive:
            raise InvalidInputError("this plan archives before it deletes; say where with --archive DIR")
        with open_archive(plan.id) if open_archive else nullcontext() as archive:
            if plan.status is not RunStatus.DELETED:
                plan = self._begin(plan, lines, archive)
                plan, unfinished = self._carry(plan, lines, archive)
                if unfinished:
                    return RunReport(
                        plan, self.worked, None, f"the limit of {self.limit} rows is reached; run again"
                    )
                plan = self._step(plan, status=RunStatus.DELETED, deleted_at=self.world.clock.now())
            return self._prove(plan, lines, archive)

    def _begin(
        self, plan: RetentionPlan, lines: Mapping[str, Line], archive: RowArchive | None
    ) -> RetentionPlan:
        """Count again before the first row goes: fewer rows than were approved are fine, more are not."""
        for line in lines.values():
            work.store_of(line.collection, self.stores)
        place = archive.place if archive else ""
        if plan.status is RunStatus.IN_PROGRESS:
            if plan.archive and place != plan.archive:
                raise ConflictError(f"this run archives to `{plan.archive}`; name the folder above it again")
            return plan
        for line in lines.values():
            selection, stands = self._stand(line)
            now = 0 if stands.whole else self._appraise(line, selection, lines).act
            if now > line.act:
                raise ConflictError(
                    f"{now} rows of `{line.collection}` would go and {line.act} were approved; plan and approve again"
                )
        return self._step(plan, status=RunStatus.IN_PROGRESS, archive=place)

    def _carry(
        self, plan: RetentionPlan, lines: Mapping[str, Line], archive: RowArchive | None
    ) -> tuple[RetentionPlan, bool]:
        """Return the plan as it stands then, and whether the limit cut it off."""
        for _ in range(_PASSES):
            before = self.worked
            self.counted.clear()
            for key, line in lines.items():
                plan = self._dispose(plan, key, line, archive if line.archive else None)
                if self.worked >= self.limit:
                    return plan, self._is_left(lines)
            if self.worked == before or not self._is_left(lines):
                break
        return plan, False

    def _dispose(
        self, plan: RetentionPlan, key: str, line: Line, archive: RowArchive | None
    ) -> RetentionPlan:
        """Work through one collection, as far as plan and limit let it."""
        store = work.store_of(line.collection, self.stores)
        selection, stands = self._stand(line)
        if stands.whole:
            return plan
        known, before = (plan.done or {}).get(key, 0), self.worked
        if archive is not None:
            if last := archive.last(
                key
            ):  # archived for certain; deleted, unless the run was cut off just then
                self.worked += store.settle(selection, *last)
            known = max(known, archive.sum_up(key).rows)
        rows, after = 0, None
        keep = None if archive is None else partial(archive.keep, key)
        while (size := min(self.size, line.act - known - rows, self.limit - self.worked)) > 0:
            done = store.batch(selection, after, size, keep)
            rows, after, self.worked = rows + done.rows, done.last, self.worked + done.rows
            if after is None:
                break
            selection, stands = self._stand(line, selection, stands)
            if stands.whole:
                break
        return self._note(plan, key, line, known + rows) if self.worked > before else plan

    def _prove(self, plan: RetentionPlan, lines: Mapping[str, Line], archive: RowArchive | None) -> RunReport:
        """Ask the stores again, take deleted bytes out of their files, and certify both with their days."""
        certified = tuple(self._certify(plan, key, line, lines, archive) for key, line in lines.items())
        said: list[str] = []
        for dataset in dict.fromkeys(work.name_of(line.collection).dataset for line in lines.values()):
            tables = [work.name_of(one.collection) for one in lines.values()]
            names = sorted({name.collection for name in tables if name.dataset == dataset})
            try:
                said.append(f"{dataset}: {self.stores[dataset].scrub(names)}")
            except UnavailableError as error:
                return RunReport(plan, self.worked, None, f"deleted, but not yet out of the files: {error}")
        said += [
            f"{one.collection}: asked again, {one.gone} of {one.planned} rows are gone" for one in certified
        ]
        return self._close(plan, certified, said)

    def _certify(
        self, plan: RetentionPlan, key: str, line: Line, lines: Mapping[str, Line], archive: RowArchive | None
    ) -> CertifiedLine:
        selection, stands = self._stand(line)
        asked, now = self.counted.get(key, (None, None))
        if now is None or asked != selection:
            now = self._appraise(line, selection, lines, alone=True)
        gone, done = max(line.due - now.due, 0), (plan.done or {}).get(key, 0)
        kept = archive.sum_up(key) if archive is not None and line.archive else Archived()
        if line.archive and kept.rows < done:
            raise VerificationError(
                f"{done} rows of `{line.collection}` were deleted and {kept.rows} are archived; files of the archive are missing"
            )
        if not stands.whole and now.act and done < line.act:
            raise VerificationError(
                f"{now.act} rows of `{line.collection}` are past their time and still there; run again"
            )
        stays = tuple(_stays(now, stands.whole))
        return CertifiedLine(line.collection, line.method, line.act, gone, kept, stays)

    def _close(self, plan: RetentionPlan, lines: tuple[CertifiedLine, ...], said: Sequence[str]) -> RunReport:
        now = self.world.clock.now()
        deleted = plan.deleted_at or now
        rows: dict[str, Json] = {f"{at:02d}-{one.collection}": one.gone for at, one in enumerate(lines)}
        archives: dict[str, Json] = {
            f"{at:02d}-{one.collection}": one.archived.digest
            for at, one in enumerate(lines)
            if one.archived.files
        }
        facts: dict[str, Json] = {
            "rows": rows,
            "archives": archives,
            "deleted_at": stamp(deleted),
            "proof": list(said),
        }
        done = replace(plan, status=RunStatus.DONE)
        with self.world.storage.unit() as unit:
            entry = unit.append(self._event("retention.executed/1", plan, now, metadata=facts))
            unit.shelf(RetentionPlan).replace(plan, done)
            made = RetentionCertificate(plan.id, plan.digest, lines, tuple(said), deleted, now, entry)
            unit.shelf(RetentionCertificate).add(made)
        return RunReport(done, self.worked, made)

    def _stand(
        self, line: Line, before: Selection | None = None, stood: work.Standing | None = None
    ) -> tuple[Selection, work.Standing]:
        """Return the rows of a line as holds stand this moment; people are looked up again only where holds changed."""
        stands = work.standing(self.world, line)
        if before is not None and stands == stood:
            return before, stands
        store = work.store_of(line.collection, self.stores)
        people = () if stands.whole else work.spared(self.world, store, work.select(line), stands.people)
        return work.select(line, people), stands

    def _appraise(
        self, line: Line, selection: Selection, lines: Mapping[str, Line], *, alone: bool = False
    ) -> Appraisal:
        going = [] if alone else [
            work.select(one)
            for one in lines.values()
            if work.name_of(one.collection).dataset == work.name_of(line.collection).dataset
        ]  # fmt: skip
        return work.store_of(line.collection, self.stores).appraise(selection, going)

    def _is_left(self, lines: Mapping[str, Line]) -> bool:
        self.counted.clear()
        for key, line in lines.items():
            selection, stands = self._stand(line)
            now = self._appraise(line, selection, lines, alone=True)
            self.counted[key] = selection, now
            if not stands.whole and now.act:
                return True
        return False

    def _note(self, plan: RetentionPlan, key: str, line: Line, done: int) -> RetentionPlan:
        kind = "data.modified/1" if line.binding.change else "data.deleted/1"
        facts: dict[str, Json] = {"collection": line.collection, "rows": done, "method": line.method.value}
        event = self._event(kind, plan, self.world.clock.now(), action="retention.run", metadata=facts)
        further = replace(plan, done={**(plan.done or {}), key: done})
        with self.world.storage.unit() as unit:
            unit.append(event)
            unit.shelf(RetentionPlan).replace(plan, further)
        return further

    def _step(self, plan: RetentionPlan, **changes: Any) -> RetentionPlan:
        moved = replace(plan, **changes)
        with self.world.storage.unit() as unit:
            facts: dict[str, Json] = {"status": moved.status.value}
            unit.append(self._event("retention.advanced/1", plan, self.world.clock.now(), metadata=facts))
            unit.shelf(RetentionPlan).replace(plan, moved)
        return moved

    def _event(self, kind: str, plan: RetentionPlan, at: datetime, **facts: Any) -> Event:
        return Event(
            kind=kind,
            at=at,
            actor=f"person:{self.by}",
            resource=f"retention:{plan.id}",
            policy_digest=plan.digest,
            **facts,
        )


def keyed(plan: RetentionPlan) -> Mapping[str, Line]:
    """Return the lines that act, each under a name of its own: one collection may be split between two policies."""
    return {f"{at:02d}-{line.collection}": line for at, line in enumerate(plan.lines) if line.act}


def _stays(now: Appraisal, whole: str) -> list[Staying]:
    if whole:
        return [Staying(Keeps.HELD, whole, now.due)] if now.due else []
    return staying(now)


def staying(now: Appraisal) -> list[Staying]:
    """Return what stays of a collection that is not held as a whole."""
    found = (
        (Keeps.HELD, "people under a hold or a restriction", now.spared),
        (Keeps.REFERENCED, "rows that stay", now.referenced),
        (Keeps.UNREADABLE, "the trigger column says no time", now.unreadable),
    )
    return [Staying(reason, why, rows) for reason, why, rows in found if rows]
