"""Use cases: the register of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ephor.engine.ports import Unit, World
from ephor.kernel.canonical import Json
from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.models import lifecycle
from ephor.rooms.models.complete import complete
from ephor.rooms.models.drift import DriftReport, observe
from ephor.rooms.models.model import ModelStatus, ModelVersion
from ephor.rooms.models.register import read_registration, registered_facts
from ephor.rooms.models.validation import read_validation, record_validation


@dataclass(frozen=True, slots=True)
class Models:
    """Models: registered, validated, approved, put into production, retired."""

    world: World

    def register(self, given: Mapping[str, object], *, by: str) -> ModelVersion:
        """Put a version of a model into the register, in *development*.

        Raises:
            InvalidInputError: the registration cannot be read, or its owner is nobody's id.
            NotPermittedError: *by* may not.
            ConflictError: this version is there already; a version is never overwritten.
        """
        model = read_registration(given, by=by, at=self.world.clock.now())
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.MODELS, who=by)
            if unit.shelf(Person).find(model.owner) is None:
                raise InvalidInputError(
                    f"nobody is registered as owner `{model.owner}`; see `ephor people list`"
                )
            if unit.shelf(ModelVersion).find(model.id):
                raise ConflictError(
                    f"model `{model.id}` is registered already; register another version", model=model.id
                )
            unit.shelf(ModelVersion).add(model)
            self._record(unit, "model.registered/1", model, by, registered_facts(model))
        return model

    def all(self) -> Sequence[ModelVersion]:
        """Return every version of every model, by id."""
        with self.world.storage.reading() as unit:
            return unit.shelf(ModelVersion).all()

    def show(self, id: str) -> ModelVersion:
        """Return one version. Raises NotFoundError."""
        with self.world.storage.reading() as unit:
            return unit.shelf(ModelVersion).get(id)

    def validate(self, id: str, given: Mapping[str, object], *, by: str) -> ModelVersion:
        """Record what *by* measured, held against the thresholds that were set at registration.

        Raises:
            InvalidInputError: the results cannot be read, or are another's.
            NotFoundError: there is no such model.
            NotPermittedError: *by* is no validator.
            ConflictError: the model is deprecated or retired.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.MODELS_APPROVE, who=by)
            old = unit.shelf(ModelVersion).get(id)
            validation = read_validation(given, old, by=by, at=self.world.clock.now())
            model = record_validation(old, validation)
            unit.shelf(ModelVersion).replace(old, model)
            facts: dict[str, Json] = {
                "passed": validation.passed,
                "failed": [one.metric for one in validation.outcomes if not one.passed],
                "results": dict(validation.results),
                "dataset": validation.dataset,
                "expires": validation.expires.isoformat(),
            }
            self._record(unit, "model.validated/1", model, by, facts)
            if model.status is not old.status:
                self._record_step(unit, model, by)
        return model

    def approve(self, id: str, reason: str, *, by: str, until: date | None = None) -> ModelVersion:
        """Approve a validated model for production, through the day *until*: a year at most, and if it is left out.

        Raises:
            InvalidInputError: no reason, or a day that cannot be.
            NotFoundError: there is no such model.
            NotPermittedError: *by* is no validator, owns the model, or registered it.
            ConflictError: it is not in *validation*, or its newest validation is missing, failing or expired.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.MODELS_APPROVE, who=by)
            old = unit.shelf(ModelVersion).get(id)
            model = lifecycle.approve(old, by=by, reason=reason, at=self.world.clock.now(), until=until)
            unit.shelf(ModelVersion).replace(old, model)
            self._record_step(unit, model, by)
            self._record_approval(unit, model, by, reason)
        return model

    def renew(self, id: str, reason: str, *, by: str, until: date | None = None) -> ModelVersion:
        """Give an approval anew before or after it ends, on the newest validation; the status stays.

        Raises:
            InvalidInputError, NotFoundError, NotPermittedError: as `approve`.
            ConflictError: it is neither approved nor in production, or its newest validation does not count.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.MODELS_APPROVE, who=by)
            old = unit.shelf(ModelVersion).get(id)
            model = lifecycle.renew(old, by=by, reason=reason, at=self.world.clock.now(), until=until)
            unit.shelf(ModelVersion).replace(old, model)
            self._record_approval(unit, model, by, reason)
        return model

    def deprecate(
        self, id: str, reason: str, *, by: str, successor: str | None = None, until: date | None = None
    ) -> ModelVersion:
        """Deprecate a model in production; its calls are denied after the day *until*, or at once where none is named.

        Raises:
            InvalidInputError: no reason, a day that is past, or a model that succeeds itself.
            NotFoundError: there is no such model, or no such successor.
            NotPermittedError: *by* may not.
            ConflictError: it is not in production, or the successor is deprecated or retired.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.MODELS, who=by)
            old = unit.shelf(ModelVersion).get(id)
            after = unit.shelf(ModelVersion).get(successor) if successor is not None else None
            now = self.world.clock.now()
            model = lifecycle.deprecate(old, after, until, by=by, reason=reason, at=now)
            unit.shelf(ModelVersion).replace(old, model)
            self._record_step(unit, model, by)
            facts: dict[str, Json] = {"successor": successor, "until": until.isoformat() if until else None}
            self._record(unit, "model.deprecated/1", model, by, facts)
        return model

    def complete(self, id: str, given: Mapping[str, object], *, by: str) -> ModelVersion:
        """Fill in what an import left open of a registration, each field once and before anything was measured.

        Raises:
            InvalidInputError: a field is unknown or unreadable, or none is given.
            NotFoundError: there is no such model.
            NotPermittedError: *by* may not.
            ConflictError: a field is filled already, or the model has left *development*.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.MODELS, who=by)
            old = unit.shelf(ModelVersion).get(id)
            model = complete(old, given, by=by, at=self.world.clock.now())
            unit.shelf(ModelVersion).replace(old, model)
            filled: list[Json] = [*sorted(given)]
            facts: dict[str, Json] = {"fields": filled, **registered_facts(model)}
            self._record(unit, "model.completed/1", model, by, facts)
        return model

    def promote(self, id: str, to: ModelStatus, reason: str, *, by: str) -> ModelVersion:
        """Move a model to its next status; *approved* is not reached this way.

        Raises:
            InvalidInputError: no reason.
            NotFoundError: there is no such model.
            NotPermittedError: *by* may not.
            ConflictError: that status cannot follow, or *production* is asked for without a valid validation.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.MODELS, who=by)
            old = unit.shelf(ModelVersion).get(id)
            model = lifecycle.move(old, to, by=by, reason=reason, at=self.world.clock.now())
            unit.shelf(ModelVersion).replace(old, model)
            self._record_step(unit, model, by)
        return model

    def drift(self, id: str, observed: Mapping[str, object]) -> DriftReport:
        """Return how far *observed* metrics lie from the model's baseline. Raises NotFoundError."""
        return observe(self.show(id), observed)

    def _record_approval(self, unit: Unit, model: ModelVersion, by: str, reason: str) -> None:
        until = model.approved_until
        facts: dict[str, Json] = {"until": until.isoformat() if until else None, "reason": reason.strip()}
        self._record(unit, "model.approved/1", model, by, facts)

    def _record_step(self, unit: Unit, model: ModelVersion, by: str) -> None:
        step = model.history[-1]
        facts: dict[str, Json] = {
            "old_status": step.old_status.value,
            "new_status": step.new_status.value,
            "reason": step.reason,
        }
        self._record(unit, "model.status-changed/1", model, by, facts)

    def _record(self, unit: Unit, kind: str, model: ModelVersion, by: str, facts: Mapping[str, Json]) -> None:
        unit.append(
            Event(
                kind=kind,
                at=self.world.clock.now(),
                actor=f"person:{by}",
                resource=f"model:{model.id}",
                metadata=facts,
            )
        )
