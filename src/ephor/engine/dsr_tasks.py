"""Use cases: what a person does by hand for a subject request, and their word that it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from ephor.engine.dsr_work import event_of, record
from ephor.engine.ports import World
from ephor.kernel.canonical import Json
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, NotPermittedError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.dsr.request import ENDED, HandTask, Request, confirmed


@dataclass(frozen=True, slots=True)
class DsrTasks:
    """Tasks of subject requests. Who has one says themselves that it is done; nobody says it for them."""

    world: World

    def tasks(self, *, person: str = "", open_only: bool = False) -> Sequence[tuple[str, HandTask]]:
        """Return the tasks of requests that are not answered yet, each with its request, those due first at the top."""
        with self.world.storage.reading() as unit:
            found = [
                (request.id, task)
                for request in unit.shelf(Request).all()
                for task in request.tasks
                if (not open_only or (task.done_at is None and request.status not in ENDED))
                and person in ("", task.person)
            ]
        return sorted(found, key=lambda one: (one[1].due, one[1].id))

    def confirm(self, id: str, on: date | None = None, *, by: str) -> Request:
        """Record that the person was told, on a day or today, that their request arrived.

        Raises:
            ConflictError: its law asks for no confirmation, or it was confirmed before.
            InvalidInputError: a day that cannot be.
            NotPermittedError: *by* may not.
        """
        today = self.world.clock.now().date()
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.PRIVACY, who=by)
            request = unit.shelf(Request).get(id)
            told = confirmed(request, on or today, today)
            facts: dict[str, Json] = {"on": (on or today).isoformat()}
            record(unit, request, told, event_of(self.world, "dsr.confirmed/1", request, by, metadata=facts))
        return told

    def done(self, id: str, said: str, *, by: str) -> HandTask:
        """Record what *by* says they did. It stands in the certificate as their word, with its day.

        Raises:
            InvalidInputError: nothing is said.
            NotFoundError: there is no such task.
            NotPermittedError: it is somebody else's.
            ConflictError: it was said before, or the request has ended.
        """
        if not said.strip() or len(said) > 2_000:
            raise InvalidInputError("say in up to 2,000 letters what you did; no personal data")
        with self.world.storage.unit() as unit:
            unit.shelf(Person).get(by)
            request = next(
                (one for one in unit.shelf(Request).all() if any(task.id == id for task in one.tasks)), None
            )
            if request is None:
                raise NotFoundError(f"there is no task `{id[:80]}`; see `ephor dsr tasks`")
            task = next(one for one in request.tasks if one.id == id)
            if task.person != by:
                raise NotPermittedError(
                    f"task `{id}` is `{task.person}`'s; only they can say that it is done", person=by
                )
            if task.done_at is not None or request.status in ENDED:
                raise ConflictError(
                    f"task `{id}` is done, or its request was answered; there is nothing to add"
                )
            finished = replace(task, said=" ".join(said.split()), done_at=self.world.clock.now())
            event = Event(
                "dsr.task-done/1",
                self.world.clock.now(),
                f"person:{by}",
                resource=f"request:{request.id}",
                subject=request.subject,
                metadata={"task": id, "dataset": task.dataset},
            )
            tasks = tuple(finished if one.id == id else one for one in request.tasks)
            record(unit, request, replace(request, tasks=tasks), event)
        return finished
