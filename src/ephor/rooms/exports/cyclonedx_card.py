"""CycloneDX 1.6 model cards, filled from the registry, from measurements, and from what people say for the card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ephor.kernel.time import stamp
from ephor.rooms.exports.inventory import ModelFacts
from ephor.rooms.exports.naming import line
from ephor.rooms.models.bias_test import BiasTest
from ephor.rooms.models.model import ModelVersion

Json = dict[str, Any]


def model_card(model: ModelFacts, version: ModelVersion) -> Json:
    """Return the card. What nobody measured or said is left out, and never made up."""
    made: Json = {}
    if parameters := _parameters(model, version):
        made["modelParameters"] = parameters
    if metrics := [*_validated(version), *_observed(model), *_tested(model.bias_tests)]:
        made["quantitativeAnalysis"] = {"performanceMetrics": metrics}
    made["considerations"] = _considerations(model, version)
    return made


def _parameters(model: ModelFacts, version: ModelVersion) -> Json:
    made: Json = {"architectureFamily": line(version.model_type)}
    if task := model.said.get("task"):
        made["task"] = line("; ".join(task))
    if trained := model.said.get("training_data_description"):
        size = model.said.get("training_data_size", ())
        made["datasets"] = [
            {"type": "dataset", "name": "training data", "description": line("; ".join((*trained, *size)))}
        ]
    used = dict.fromkeys(line(one.dataset) for one in version.validations)
    said = dict.fromkeys(map(line, model.said.get("evaluation_datasets", ())))
    for name in used | said:
        made.setdefault("datasets", []).append({"type": "dataset", "name": name})
    return made


def _validated(version: ModelVersion) -> Iterator[Json]:
    """Yield what each validation measured; the newest is the last."""
    for one in version.validations:
        for metric, value in one.results.items():
            yield {
                "type": line(metric),
                "value": value,
                "slice": f"validation of {one.validation_date.isoformat()} on {line(one.dataset)}",
            }


def _observed(model: ModelFacts) -> Iterator[Json]:
    for one in model.observations[-1:]:
        for drift in one.metrics:
            if drift.observed is not None:
                yield {
                    "type": line(drift.metric),
                    "value": str(drift.observed),
                    "slice": f"observed at {stamp(one.at)}",
                }


def _tested(tests: Sequence[BiasTest]) -> Iterator[Json]:
    """Yield what the newest bias test found by group; a figure that was withheld is none."""
    for test in tests[-1:]:
        for found in test.report.findings:
            if found.value is not None:
                yield {
                    "type": found.metric.value,
                    "value": f"{found.value:.6g}",
                    "slice": line(f"{found.attribute}: {found.group}"),
                }


def _considerations(model: ModelFacts, version: ModelVersion) -> Json:
    said = model.said
    made: Json = {"useCases": [*(case.value for case in version.use_cases), *_lines(said, "primary_uses")]}
    if users := _lines(said, "primary_users"):
        made["users"] = users
    limits = [
        *_lines(said, "known_limitations"),
        *_lines(said, "failure_modes"),
        *(f"not for: {one}" for one in _lines(said, "out_of_scope_uses")),
    ]
    if limits:
        made["technicalLimitations"] = limits
    if harms := _lines(said, "potential_harms"):
        how = "; ".join(_lines(said, "mitigations"))
        made["ethicalConsiderations"] = [
            {"name": harm, **({"mitigationStrategy": how} if how else {})} for harm in harms
        ]
    if fairness := list(_fairness(model.bias_tests)):
        made["fairnessAssessments"] = fairness
    return made


def _fairness(tests: Sequence[BiasTest]) -> Iterator[Json]:
    for test in tests[-1:]:
        for found in test.report.findings:
            if found.adverse is not False:
                yield {
                    "groupAtRisk": line(f"{found.attribute}: {found.group}"),
                    "harms": line(
                        f"{found.metric.value}: {'adverse' if found.adverse else 'not known'}; {found.because}"
                    ),
                }


def _lines(said: Any, name: str) -> list[str]:
    return [line(one) for one in said.get(name, ())]
