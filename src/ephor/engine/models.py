"""Use cases: the register of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ephor.engine.ports import Unit, World
from ephor.kernel.canonical import Json, digest
from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.models import lifecycle
from ephor.rooms.models.drift import DriftReport, observe
from ephor.rooms.models.model import ModelStatus, ModelVersion
from ephor.rooms.models.register import read_registration
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
            thresholds: Json = {
                one.metric: {"at_least": one.at_least, "at_most": one.at_most} for one in model.thresholds
            }
            self._record(
                unit,
                "model.registered/1",
                model,
                by,
                {
                    "owner": model.owner,
                    "provider": model.provider,
                    "risk_tier": model.risk_tier.value,
                    "use_cases": [case.value for case in model.use_cases],
                    "thresholds": digest(thresholds),
                },
            )
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

    def approve(self, id: str, reason: str, *, by: str) -> ModelVersion:
        """Approve a validated model for production.

        Raises:
            InvalidInputError: no reason.
            NotFoundError: there is no such model.
            NotPermittedError: *by* is no validator, owns the model, or registered it.
            ConflictError: it is not in *validation*, or its newest validation is missing, failing or expired.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.MODELS_APPROVE, who=by)
            old = unit.shelf(ModelVersion).get(id)
            model = lifecycle.approve(old, by=by, reason=reason, at=self.world.clock.now())
            unit.shelf(ModelVersion).replace(old, model)
            self._record_step(unit, model, by)
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
