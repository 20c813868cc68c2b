"""The card of a model as a document: every field of the guide's, each with where it comes from, and charts of its groups."""

from __future__ import annotations

from collections.abc import Iterator

from ephor.rooms.documents.kinds import DocumentKind
from ephor.rooms.documents.model import (
    Block,
    Ground,
    Row,
    Section,
    Source,
    Sources,
    bars,
    bullets,
    fact,
    facts,
    gap,
    item,
    paragraph,
    table,
)
from ephor.rooms.models.bias import BiasMetric
from ephor.rooms.models.bias_test import BiasTest
from ephor.rooms.models.card import ModelCard, Origin
from ephor.rooms.writing.facts import ModelFacts
from ephor.rooms.writing.parts import Answers, answered, listed, spoken, yes

_KIND = DocumentKind.MODEL_CARD
_TITLES = {
    "primary_uses": "primary uses", "primary_users": "primary users", "out_of_scope_uses": "uses out of scope",
    "training_data_description": "training data", "training_data_size": "size of the training data",
    "preprocessing_steps": "steps of preprocessing", "evaluation_datasets": "evaluation datasets",
    "potential_harms": "potential harms", "mitigations": "mitigations", "bias_evaluation": "evaluation of bias",
    "known_limitations": "known limitations", "failure_modes": "failure modes",
    "usage_recommendations": "recommendations on use", "monitoring_recommendations": "recommendations on monitoring",
}  # fmt: skip


def model_card(one: ModelFacts, answers: Answers) -> tuple[Section, ...]:
    """Return the card of one version of a model."""
    card, notes = one.card, answered(_KIND, one.card.registry.id, "notes", answers)

    def said(title: str, *names: str) -> Section:
        return Section(title, tuple(block for name in names for block in _said(card, name)))

    return (
        Section("Model details", _details(one)),
        said("Intended use", "primary_uses", "primary_users", "out_of_scope_uses"),
        said("Training data", "training_data_description", "training_data_size", "preprocessing_steps"),
        Section(
            "Evaluation",
            (*_metrics(card), *_said(card, "evaluation_datasets")),
            (
                Section("Validation", tuple(_validation(card))),
                Section("Performance by group", tuple(_groups(card))),
            ),
        ),
        said("Ethical considerations", "potential_harms", "mitigations", "bias_evaluation"),
        said("Limitations", "known_limitations", "failure_modes"),
        said("Recommendations", "usage_recommendations", "monitoring_recommendations"),
        Section("In use", tuple(_seen(card))),
        *((Section("Notes", notes),) if notes else ()),
    )


def _details(one: ModelFacts) -> tuple[Block, ...]:
    card, model = one.card, one.card.registry
    told = [
        fact("Name", card.model_name, *_of(card, "model_name")),
        fact("Version", card.model_version, *_of(card, "model_version")),
    ]
    gaps = []
    for name, label in (("model_type", "Type"), ("developer", "Developer"), ("release_date", "Release date")):
        text = getattr(card, name)
        if text is None:
            gaps.append(_gap(card, name, label.lower()))
        else:
            told.append(fact(label, text, *_of(card, name)))
    source = _of(card, "model_name")
    besides = (
        ("Owner", model.owner), ("Status", spoken(model.status.value)), ("Approved by", model.approved_by or "nobody yet"),
        ("Risk tier", model.risk_tier.value if model.risk_tier else "not stated"), ("Licence", card.license or "not stated"),
        ("Languages", listed(card.languages or (), "not stated")), ("Derived from", listed(card.base_models or (), "not stated")),
        ("Used by", listed(one.agents, "no agent")),
    )  # fmt: skip
    return (facts([*told, *(fact(label, text, *source) for label, text in besides)]), *gaps)


def _said(card: ModelCard, name: str) -> Iterator[Block]:
    value, title = getattr(card, name), _TITLES[name]
    if value is None:
        yield _gap(card, name, title)
    elif isinstance(value, tuple):
        yield paragraph(f"{title[:1].upper()}{title[1:]}:")
        yield bullets(item(text, *_of(card, name)) for text in value)
    else:
        yield facts([fact(f"{title[:1].upper()}{title[1:]}", str(value), *_of(card, name))])


def _metrics(card: ModelCard) -> Iterator[Block]:
    if card.evaluation_metrics is None:
        yield _gap(card, "evaluation_metrics", "evaluation metrics")
        return
    source = _of(card, "evaluation_metrics")
    lines = [
        Row((name, value, "stated" if name in card.stated_metrics else "measured"), source)
        for name, value in card.evaluation_metrics.items()
    ]
    yield table("Evaluation metrics", ("metric", "value", "known by"), lines)


def _validation(card: ModelCard) -> Iterator[Block]:
    model, source = card.registry, _of(card, "evaluation_metrics")
    if not model.validations:
        yield gap("the model was never validated", f"ephor models validate {model.id} --help")
    for run in model.validations:
        lines = [
            Row(
                (one.metric, one.value or "not measured", one.because, "passed" if one.passed else "failed"),
                source,
            )
            for one in run.outcomes
        ]
        size = f", {run.sample_size} rows" if run.sample_size else ""
        title = f"Validated on {run.validation_date.isoformat()} by {run.validated_by}: {run.dataset}{size}"
        yield table(title, ("metric", "result", "threshold", "outcome"), lines)


def _groups(card: ModelCard) -> Iterator[Block]:
    if card.performance_by_group is None:
        yield _gap(card, "performance_by_group", "performance by group")
        return
    source = _of(card, "performance_by_group")
    names = list(dict.fromkeys(name for figures in card.performance_by_group.values() for name in figures))
    lines = [
        Row((group, *(figures.get(name, "not known") for name in names)), source)
        for group, figures in card.performance_by_group.items()
    ]
    yield table("Rates by group", ("group", *map(spoken, names)), lines)
    for test in card.bias_tests:
        yield from _tested(test, source)


def _tested(test: BiasTest, source: Sources) -> Iterator[Block]:
    adverse = {
        (one.attribute, one.group): one.adverse
        for one in test.report.findings
        if one.metric is BiasMetric.SELECTION_RATE
    }
    rates = [
        (f"{one.attribute}: {one.group}", one.selection_rate, adverse.get((one.attribute, one.group), False if one.selection_rate is not None else None))
        for one in test.report.groups
    ]  # fmt: skip
    yield bars(f"Selection rate by group, tested {test.at.date().isoformat()}", rates, sources=source)
    lines = [
        Row((one.attribute, one.group, spoken(one.metric.value), "not known" if one.value is None else f"{one.value:.3g}",
             yes(one.adverse), one.because), source)
        for one in test.report.findings
    ]  # fmt: skip
    yield table("Findings", ("attribute", "group", "metric", "value", "adverse", "because"), lines)


def _seen(card: ModelCard) -> Iterator[Block]:
    if not card.observations:
        yield gap("the model was never observed in use", f"ephor models observe {card.registry.id} --help")
        return
    lines = [
        Row((one.at.date().isoformat(), str(one.rows), yes(one.drifted), one.by), (Source(Ground.RECORD, one.id, "observation"),))
        for one in card.observations
    ]  # fmt: skip
    yield table("Observations", ("on", "rows", "drifted", "by"), lines)


def _gap(card: ModelCard, name: str, title: str) -> Block:
    return gap(f"{title} not stated", f"ephor models describe {card.registry.id} --set {name}=TEXT")


def _of(card: ModelCard, name: str) -> Sources:
    return tuple(_origin(one) for one in card.origins.get(name, ()))


def _origin(one: Origin) -> Source:
    says = f"{one.source.value} by {one.by}, {one.at.date().isoformat()}" + (
        f"; {one.note}" if one.note else ""
    )
    if one.entry is not None:
        return Source(Ground.ENTRY, one.entry, says)
    return Source(
        Ground.RECORD, one.id or one.source.value, f"{says}; no entry of the ledger was found for it"
    )
