"""Use cases: what models do in use, held against what they did when they were accepted; and how groups fare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ephor.engine.ports import Unit, World
from ephor.kernel.canonical import Json
from ephor.kernel.errors import InvalidInputError, NotFoundError
from ephor.kernel.events import Event
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.models.bias import BiasLimits, judge_bias
from ephor.rooms.models.bias_test import BiasTest
from ephor.rooms.models.drift import Drift, observe
from ephor.rooms.models.groups import Rows
from ephor.rooms.models.model import ModelVersion
from ephor.rooms.models.observation import (
    Baseline,
    Observation,
    Table,
    make_baseline,
    observe_table,
    reopen,
    verdict,
    what_drifted,
)
from ephor.rooms.models.shift import Limits, Shift, check_limits


@dataclass(frozen=True, slots=True)
class Observations:
    """Baselines, observations and bias tests of models."""

    world: World

    def set_baseline(
        self,
        id: str,
        table: Table,
        limits: Limits,
        *,
        by: str,
        categorical: Sequence[str] = (),
        without: Sequence[str] = (),
    ) -> Baseline:
        """Keep how the columns of *table* are spread as the baseline of a model; a newer one takes the place of an older.

        Raises:
            InvalidInputError: too few rows, a column that is not there or no category, or a limit that cannot be.
            NotFoundError: there is no such model.
            NotPermittedError: *by* may not.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.MODELS, who=by)
            model = unit.shelf(ModelVersion).get(id)
            made = make_baseline(
                model, table, check_limits(limits), categorical=categorical, without=without,
                by=by, at=self.world.clock.now(),
            )  # fmt: skip
            shelf = unit.shelf(Baseline)
            if (old := shelf.find(id)) is None:
                shelf.add(made)
            else:
                shelf.replace(old, made)
            facts: dict[str, Json] = {
                "digest": made.digest,
                "rows": made.rows,
                "columns": [one.name for one in made.columns],
                "limits": {
                    name: _text(getattr(limits, name))
                    for name in ("psi", "ks", "cramers_v", "missing", "alpha")
                },
            }
            self._record(unit, "model.baseline-set/1", id, by, facts)
        return made

    def compare(self, id: str, table: Table | None, metrics: Mapping[str, object] | None) -> Observation:
        """Return what `observe` would record, and record nothing.

        Raises:
            InvalidInputError: neither is given, the table has none of the baseline's columns, or a value is no number.
            NotFoundError: there is no such model, or it has no baseline.
        """
        with self.world.storage.reading() as unit:
            return self._compared(unit, id, table, metrics, by="nobody")

    def observe(
        self, id: str, table: Table | None, metrics: Mapping[str, object] | None, *, by: str
    ) -> Observation:
        """Record how far what is observed lies from the baseline. A breach sends a model in use back to *validation*.

        Raises:
            InvalidInputError: as `compare`.
            NotFoundError: as `compare`.
            NotPermittedError: *by* may not.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.MODELS, who=by)
            seen = self._compared(unit, id, table, metrics, by=by)
            unit.shelf(Observation).add(seen)
            facts: dict[str, Json] = {
                "observation": seen.id,
                "digest": seen.digest,
                "rows": seen.rows,
                "drifted": seen.drifted,
                "effects": {f"{one.column}/{one.test.value}": _text(one.effect) for one in seen.shifts},
                "metrics": {one.metric: one.observed for one in seen.metrics},
            }
            self._record(unit, "model.observed/1", id, by, facts)
            if seen.drifted:
                self._breach(unit, seen)
        return seen

    def _breach(self, unit: Unit, seen: Observation) -> None:
        old = unit.shelf(ModelVersion).get(seen.model)
        new = reopen(old, seen)
        self._record(
            unit, "model.drifted/1", seen.model, seen.by,
            {"observation": seen.id, "what": what_drifted(seen), "old_status": old.status.value, "new_status": new.status.value},
        )  # fmt: skip
        if new is not old:
            unit.shelf(ModelVersion).replace(old, new)
            step = new.history[-1]
            facts: dict[str, Json] = {
                "old_status": step.old_status.value, "new_status": step.new_status.value, "reason": step.reason
            }  # fmt: skip
            self._record(unit, "model.status-changed/1", seen.model, seen.by, facts)

    def _compared(
        self, unit: Unit, id: str, table: Table | None, metrics: Mapping[str, object] | None, *, by: str
    ) -> Observation:
        model = unit.shelf(ModelVersion).get(id)
        if table is None and metrics is None:
            raise InvalidInputError(
                "nothing is observed; name a file of observations, `--metrics FILE`, or both"
            )
        shifts: tuple[Shift, ...] = ()
        if table is not None:
            baseline = unit.shelf(Baseline).find(id)
            if baseline is None:
                raise NotFoundError(
                    f"model `{id}` has no baseline of its columns; set one: ephor models baseline {id} FILE"
                )
            shifts = observe_table(baseline, table)
        told: tuple[Drift, ...] = observe(model, metrics).metrics if metrics is not None else ()
        return Observation(
            self.world.ids.new("obs"), id, table.digest if table else None, table.rows if table else 0,
            shifts, told, verdict(shifts, told), by, self.world.clock.now(),
        )  # fmt: skip

    def of(self, id: str) -> Sequence[Observation]:
        """Return what was recorded of a model, the oldest first. Raises NotFoundError."""
        with self.world.storage.reading() as unit:
            unit.shelf(ModelVersion).get(id)
            return unit.shelf(Observation).all(model=id)

    def test_bias(self, id: str, rows: Rows, digest: str, limits: BiasLimits, *, by: str) -> BiasTest:
        """Record how the groups of *rows*, read from a file of that *digest*, fare under a model.

        Raises:
            InvalidInputError: the rows cannot be compared, or a limit cannot be.
            NotFoundError: there is no such model.
            NotPermittedError: *by* is no validator.
        """
        report = judge_bias(rows, limits)
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.MODELS_APPROVE, who=by)
            unit.shelf(ModelVersion).get(id)
            made = BiasTest(
                self.world.ids.new("bias"), id, digest, tuple(rows.attributes), rows.favourable, limits, report, by,
                self.world.clock.now(),
            )  # fmt: skip
            unit.shelf(BiasTest).add(made)
            adverse: list[Json] = [
                f"{one.attribute}: {one.group} ({one.metric.value})" for one in report.findings if one.adverse
            ]
            facts: dict[str, Json] = {
                "test": made.id,
                "digest": digest,
                "rows": report.rows,
                "attributes": list(made.attributes),
                "adverse": report.adverse,
                "findings": adverse[:50],
            }
            self._record(unit, "model.bias-tested/1", id, by, facts)
        return made

    def bias_tests(self, id: str) -> Sequence[BiasTest]:
        """Return the bias tests of a model, the oldest first. Raises NotFoundError."""
        with self.world.storage.reading() as unit:
            unit.shelf(ModelVersion).get(id)
            return unit.shelf(BiasTest).all(model=id)

    def _record(self, unit: Unit, kind: str, model: str, by: str, facts: Mapping[str, Json]) -> None:
        unit.append(
            Event(
                kind=kind,
                at=self.world.clock.now(),
                actor=f"person:{by}",
                resource=f"model:{model}",
                metadata=facts,
            )
        )


def _text(value: float) -> str:
    return format(value, ".6g")
