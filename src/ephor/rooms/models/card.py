"""The model card: every field of the guide's, filled from what the registry knows and from what people said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum, unique

from ephor.kernel.vocabulary import UseCase
from ephor.rooms.models import card_texts
from ephor.rooms.models.bias_test import BiasTest
from ephor.rooms.models.card_texts import CardStatement
from ephor.rooms.models.groups import GroupRates
from ephor.rooms.models.model import ModelStatus, ModelVersion
from ephor.rooms.models.observation import Baseline, Observation


@unique
class Source(StrEnum):
    """Where a field of a card comes from."""

    REGISTRATION = "registration"
    HISTORY = "history"
    VALIDATION = "validation"
    BIAS_TEST = "bias test"
    BASELINE = "baseline"
    OBSERVATION = "observation"
    STATEMENT = "statement"


@dataclass(frozen=True, slots=True)
class Origin:
    """Who said or measured something, when, and the entry of the ledger that shows it; None where none was found."""

    source: Source
    by: str
    at: datetime
    id: str | None = None
    """The statement, test or observation it is."""
    note: str | None = None
    entry: str | None = None


@dataclass(frozen=True, slots=True)
class CardFacts:
    """Everything the registry keeps about one version."""

    model: ModelVersion
    statements: Sequence[CardStatement] = ()
    bias_tests: Sequence[BiasTest] = ()
    baseline: Baseline | None = None
    observations: Sequence[Observation] = ()


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model card; the fields up to ``monitoring_recommendations`` are the guide's. None is a gap, never *none*."""

    model_name: str
    model_version: str
    model_type: str | None
    developer: str | None
    release_date: str | None
    primary_uses: tuple[str, ...] | None
    primary_users: tuple[str, ...] | None
    out_of_scope_uses: tuple[str, ...] | None
    training_data_description: str | None
    training_data_size: str | None
    preprocessing_steps: tuple[str, ...] | None
    evaluation_metrics: Mapping[str, str] | None
    """Figures as decimal text: of the newest validation, and those that somebody states besides."""
    evaluation_datasets: tuple[str, ...] | None
    performance_by_group: Mapping[str, Mapping[str, str]] | None
    """Rates by group of the newest bias tests; a group too small to be shown is *withheld*."""
    potential_harms: tuple[str, ...] | None
    mitigations: tuple[str, ...] | None
    bias_evaluation: str | None
    known_limitations: tuple[str, ...] | None
    failure_modes: tuple[str, ...] | None
    usage_recommendations: tuple[str, ...] | None
    monitoring_recommendations: tuple[str, ...] | None
    license: str | None
    task: str | None
    languages: tuple[str, ...] | None
    base_models: tuple[str, ...] | None
    stated_metrics: tuple[str, ...]
    """Which of the figures are only stated: no validation recorded here measured them."""
    gaps: tuple[str, ...]
    """The guide's fields that nobody has filled."""
    origins: Mapping[str, tuple[Origin, ...]]
    registry: ModelVersion
    """Status, owner, use cases, thresholds, validations, approval and history, as the registry has them."""
    bias_tests: tuple[BiasTest, ...]
    baseline: Baseline | None
    observations: tuple[Observation, ...]


BESIDES = (
    "license", "task", "languages", "base_models", "stated_metrics", "gaps", "origins", "registry", "bias_tests", "baseline",
    "observations",
)  # fmt: skip
GUIDE_FIELDS = tuple(one.name for one in fields(ModelCard) if one.name not in BESIDES)
"""The guide's fields, in its order."""


def make_card(facts: CardFacts) -> ModelCard:
    """Return the card that the facts give. What nobody said or measured is None, and is among its gaps."""
    made = _Making(facts)
    model = facts.model
    values: dict[str, object] = {
        "model_name": made.take("model_name", model.name),
        "model_version": made.take("model_version", model.version),
        "model_type": made.take("model_type", model.model_type or None),
        "developer": made.take("developer", model.provider or None),
        "release_date": made.release_date(),
        "primary_uses": made.listed("primary_uses", made.allowed_uses()),
        "out_of_scope_uses": made.listed("out_of_scope_uses", made.barred_uses()),
        "evaluation_metrics": made.metrics(),
        "evaluation_datasets": made.listed("evaluation_datasets", made.datasets()),
        "performance_by_group": made.by_group(),
        "bias_evaluation": made.bias(),
        "monitoring_recommendations": made.listed("monitoring_recommendations", made.watched()),
        "languages": made.languages(),
        **{name: made.said(name) for name in ("training_data_description", "training_data_size", "license", "task")},
        **{
            name: made.listed(name)
            for name in (
                "primary_users", "preprocessing_steps", "potential_harms", "mitigations", "known_limitations",
                "failure_modes", "usage_recommendations", "base_models",
            )
        },
    }  # fmt: skip
    return ModelCard(
        **values,  # type: ignore[arg-type]
        stated_metrics=tuple(sorted(made.stated)),
        gaps=tuple(name for name in GUIDE_FIELDS if values[name] is None),
        origins={name: tuple(found) for name, found in made.origins.items()},
        registry=model,
        bias_tests=tuple(facts.bias_tests),
        baseline=facts.baseline,
        observations=tuple(facts.observations),
    )


class _Making:
    """A card in the making: what each field is filled with, and where that came from."""

    def __init__(self, facts: CardFacts) -> None:
        self.facts, self.model = facts, facts.model
        self.holding = card_texts.newest(facts.statements)
        self.origins: dict[str, list[Origin]] = {}
        self.stated: set[str] = set()

    def take(self, name: str, value: str | None) -> str | None:
        if value is not None:
            self._from(name, self._registration())
        return value

    def said(self, name: str) -> str | None:
        one = self.holding.get(name)
        if one is None:
            return None
        self._from(name, _stated(one))
        return one.texts[name]

    def listed(self, name: str, known: Iterable[tuple[str, Origin]] = ()) -> tuple[str, ...] | None:
        """Return what is known of itself, then what people say."""
        items: list[str] = []
        for text, origin in known:
            self._from(name, origin)
            if text not in items:
                items.append(text)
        if one := self.holding.get(name):
            self._from(name, _stated(one))
            items += [text for text in one.lists[name] if text not in items]
        return tuple(items) or None

    def release_date(self) -> str | None:
        if said := self.said("release_date"):
            return said
        first = next((step for step in self.model.history if step.new_status is ModelStatus.PRODUCTION), None)
        if first is None:
            return None
        self._from(
            "release_date", Origin(Source.HISTORY, first.updated_by, first.at, note="first in production")
        )
        return first.at.date().isoformat()

    def allowed_uses(self) -> Iterable[tuple[str, Origin]]:
        return [(case.value, self._registration()) for case in self.model.use_cases]

    def barred_uses(self) -> Iterable[tuple[str, Origin]]:
        barred = [case.value for case in UseCase if case not in self.model.use_cases]
        if not self.model.use_cases or not barred:
            return []
        return [
            (f"not on its list of use cases, so calls are denied: {', '.join(barred)}", self._registration())
        ]

    def metrics(self) -> Mapping[str, str] | None:
        found: dict[str, str] = {}
        if self.model.validations:
            newest = self.model.validations[-1]
            found |= newest.results
            self._from("evaluation_metrics", self._validation(len(self.model.validations) - 1))
        if one := self.holding.get(card_texts.FIGURES):
            self._from("evaluation_metrics", _stated(one))
            for metric, value in one.metrics.items():
                name = f"{metric} (stated)" if metric in found else metric
                found[name] = value
                self.stated.add(name)
        return dict(sorted(found.items())) or None

    def datasets(self) -> Iterable[tuple[str, Origin]]:
        for at, one in enumerate(self.model.validations):
            size = f", {one.sample_size} samples" if one.sample_size is not None else ""
            yield f"{one.dataset}{size}", self._validation(at)

    def newest_bias(self) -> list[BiasTest]:
        """Return the newest test of each set of attributes."""
        return list({one.attributes: one for one in self.facts.bias_tests}.values())

    def by_group(self) -> Mapping[str, Mapping[str, str]] | None:
        found: dict[str, dict[str, str]] = {}
        for test in self.newest_bias():
            self._from("performance_by_group", _tested(test))
            found |= {f"{rates.attribute}: {rates.group}": _rates(rates) for rates in test.report.groups}
        if one := self.holding.get(card_texts.GROUPS):
            self._from("performance_by_group", _stated(one))
            for group, figures in one.groups.items():
                found[f"{group} (stated)" if group in found else group] = dict(figures)
        return found or None

    def bias(self) -> str | None:
        parts = []
        for test in self.newest_bias():
            self._from("bias_evaluation", _tested(test))
            parts.append(tell_bias(test))
        if said := self.said("bias_evaluation"):
            parts.append(said)
        return "\n\n".join(parts) or None

    def watched(self) -> Iterable[tuple[str, Origin]]:
        for metric, allowed in sorted(self.model.drift_thresholds.items()):
            base = self.model.performance_baseline[metric]
            yield f"watch {metric}: at most {allowed} away from {base}", self._registration()
        if (baseline := self.facts.baseline) is not None:
            names = ", ".join(one.name for one in baseline.columns)
            text = f"compare these columns with their baseline of {baseline.rows} rows: {names}"
            yield text, Origin(Source.BASELINE, baseline.set_by, baseline.at, baseline.digest)

    def languages(self) -> tuple[str, ...] | None:
        listed = self.model.metadata.get("languages")
        known = [(text, self._registration()) for text in listed] if isinstance(listed, tuple) else []
        return self.listed("languages", known)

    def _registration(self) -> Origin:
        return Origin(Source.REGISTRATION, self.model.created_by, self.model.created_at)

    def _validation(self, at: int) -> Origin:
        one = self.model.validations[at]
        verdict = "passed" if one.passed else "FAILED"
        if one.before_thresholds:
            verdict = "does not count for"
        note = f"{verdict} its thresholds, measured on {one.validation_date.isoformat()}, counts through {one.expires.isoformat()}"
        return Origin(Source.VALIDATION, one.validated_by, one.recorded_at, str(at), note)

    def _from(self, name: str, origin: Origin) -> None:
        found = self.origins.setdefault(name, [])
        if origin not in found:
            found.append(origin)


def tell_bias(test: BiasTest) -> str:
    """Return in words what a bias test found, what it could not tell, and what it did not look at."""
    report = test.report
    says = {
        True: "Adverse differences were found",
        False: "No adverse difference was found",
        None: "Whether groups fare worse is not known",
    }
    crossed = " and ".join(test.attributes)
    parts = [
        f"{says[report.adverse]} by {crossed}, over {report.rows} rows, for the outcome {test.favourable}."
    ]
    for finding in report.findings:
        if finding.adverse is not False:
            verdict = "adverse" if finding.adverse else "not known"
            parts.append(
                f"{finding.attribute} {finding.group}, {finding.metric.value}: {verdict}; {finding.because}."
            )
    parts += [f"Not tested: {one}." for one in report.not_tested]
    return " ".join(parts)


def _rates(rates: GroupRates) -> dict[str, str]:
    if rates.withheld:
        return {"people": "withheld"}
    shown = {
        "selection_rate": rates.selection_rate,
        "true_positive_rate": rates.true_positive_rate,
        "false_positive_rate": rates.false_positive_rate,
        "calibration_gap": rates.calibration_gap,
    }
    return {"people": str(rates.size)} | {
        name: format(value, ".4g") for name, value in shown.items() if value is not None
    }


def _stated(one: CardStatement) -> Origin:
    return Origin(Source.STATEMENT, one.by, one.at, one.id, one.source)


def _tested(test: BiasTest) -> Origin:
    return Origin(Source.BIAS_TEST, test.by, test.at, test.id)
