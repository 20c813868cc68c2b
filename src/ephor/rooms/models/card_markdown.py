"""A model card as Markdown that shows every field and obeys none of the texts in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from ephor.kernel.visible import visible
from ephor.rooms.models.card import GUIDE_FIELDS, ModelCard, Origin
from ephor.rooms.models.model import ModelVersion, Threshold

GAP = "**[not stated]**"
UNMEASURED = "**[not measured]**"
_MEASURED = frozenset(
    {"evaluation_metrics", "evaluation_datasets", "performance_by_group", "bias_evaluation"}
)
_SPECIAL = re.compile(r"([\\`*\[\]<>|~&$]|(?<![^\W_])_|_(?![^\W_]))")
_LEADING = re.compile(r"^([-+=#])|^([0-9]{1,9})([.)])(?=\s|$)")
CHAPTERS: Sequence[tuple[str, Sequence[tuple[str, str]]]] = (
    ("Model Details", (
        ("model_type", "Type"), ("developer", "Developer"), ("release_date", "Release Date"), ("license", "Licence"),
        ("task", "Task"), ("languages", "Languages"), ("base_models", "Made From"))),
    ("Intended Use", (
        ("primary_uses", "Primary Uses"), ("primary_users", "Primary Users"), ("out_of_scope_uses", "Out of Scope"))),
    ("Training Data", (
        ("training_data_description", "Description"), ("training_data_size", "Size"), ("preprocessing_steps", "Preprocessing"))),
    ("Evaluation Results", (
        ("evaluation_metrics", "Metrics"), ("evaluation_datasets", "Datasets"), ("performance_by_group", "Performance by Group"))),
    ("Ethical Considerations", (
        ("potential_harms", "Potential Harms"), ("mitigations", "Mitigations"), ("bias_evaluation", "Bias Evaluation"))),
    ("Limitations", (("known_limitations", "Known Limitations"), ("failure_modes", "Failure Modes"))),
    ("Recommendations", (
        ("usage_recommendations", "Usage"), ("monitoring_recommendations", "Monitoring"))),
)  # fmt: skip
"""Every field of a card but its name and version, by the guide's chapters."""
OPTIONAL = frozenset({"license", "task", "languages", "base_models"})
"""Fields besides the guide's: left out where nobody said them."""


def to_markdown(card: ModelCard) -> str:
    """Return the whole card as Markdown; what nobody said or measured is shown as a gap."""
    lines = [f"# Model Card: {plain(card.model_name)} v{plain(card.model_version)}", "", *_gaps(card)]
    for chapter, named in CHAPTERS:
        lines += ["", f"## {chapter}"]
        for name, title in named:
            if name not in OPTIONAL or getattr(card, name) is not None:
                lines += ["", f"### {title}", "", *_field(card, name)]
    return "\n".join([*lines, "", "## Registry", "", *_registry(card), ""])


def plain(text: str) -> str:
    r"""Return *text* as one line of Markdown that shows it and does nothing else.

    >>> plain("[a](b) <script>"), plain("--- 1"), plain("1. first"), plain("a_b and _c_")
    ('\\[a\\](b) \\<script\\>', '\\--- 1', '1\\. first', 'a_b and \\_c\\_')
    """
    said = _SPECIAL.sub(r"\\\1", visible(" ".join(text.split())))
    return _LEADING.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", said)


def paragraphs(text: str) -> list[str]:
    """Return *text* as paragraphs of Markdown, with an empty line between them."""
    parts = [plain(part) for part in re.split(r"\n\s*\n", text) if part.strip()]
    return [line for part in parts for line in ("", part)][1:]


def bounds(threshold: Threshold) -> str:
    """Return in words what a metric must reach."""
    parts = [f"at least {threshold.at_least}"] if threshold.at_least is not None else []
    parts += [f"at most {threshold.at_most}"] if threshold.at_most is not None else []
    return f"{threshold.metric}: {' and '.join(parts)}"


def told(origin: Origin) -> str:
    """Return in words where something comes from."""
    note = f"; {origin.note}" if origin.note else ""
    entry = f"; entry {origin.entry}" if origin.entry else "; no entry of the ledger was found for it"
    return f"{origin.source.value} by {origin.by}, {_minute(origin.at)}{note}{entry}"


def _gaps(card: ModelCard) -> Iterator[str]:
    if not card.gaps:
        yield f"All {len(GUIDE_FIELDS)} fields of the card are filled. Each says below where it comes from."
        return
    yield (
        f"{len(card.gaps)} of {len(GUIDE_FIELDS)} fields are gaps, which nobody has filled: "
        f"{', '.join(plain(name) for name in card.gaps)}. Nothing here is a guess; each field says where it comes from."
    )


def _field(card: ModelCard, name: str) -> list[str]:
    value = getattr(card, name)
    if value is None:
        return [UNMEASURED if name in _MEASURED else GAP]
    if name == "evaluation_metrics":
        shown = _figures(card, value)
    elif name == "performance_by_group":
        shown = _groups(value)
    elif isinstance(value, str):
        shown = paragraphs(value)
    else:
        shown = [f"- {plain(item)}" for item in value]
    sources = [f"<small>Source: {plain(told(one))}</small>" for one in card.origins.get(name, ())]
    return [*shown, "", *[line for source in sources for line in (source, "")]][:-1]


def _figures(card: ModelCard, value: Mapping[str, str]) -> list[str]:
    newest = card.registry.validations[-1] if card.registry.validations else None
    outcomes = {one.metric: one for one in newest.outcomes} if newest else {}
    rows = ["| metric | value | held against its threshold |", "|---|---|---|"]
    for metric, figure in value.items():
        if metric in card.stated_metrics:
            verdict = "only stated, not validated here"
        elif metric not in outcomes:
            verdict = "no threshold was set"
        else:
            verdict = "passed" if outcomes[metric].passed else "FAILED"
            verdict += f": {_unmarked(outcomes[metric].because)}"
        rows.append(f"| {plain(metric)} | {plain(figure)} | {plain(verdict)} |")
    missing = [one for one in outcomes.values() if one.value is None]
    rows += [
        f"| {plain(one.metric)} | {UNMEASURED} | FAILED: {plain(_unmarked(one.because))} |" for one in missing
    ]
    return rows


def _groups(value: Mapping[str, Mapping[str, str]]) -> list[str]:
    metrics = list(dict.fromkeys(metric for rates in value.values() for metric in rates))
    rows = [
        f"| group | {' | '.join(plain(metric) for metric in metrics)} |",
        "|---" * (len(metrics) + 1) + "|",
    ]
    for group, rates in value.items():
        rows.append(f"| {plain(group)} | {' | '.join(plain(rates.get(metric, '-')) for metric in metrics)} |")
    return rows


def _registry(card: ModelCard) -> Iterator[str]:
    for name, value in registry_rows(card):
        yield f"- **{name}:** {plain(value)}"
    if card.registry.history:
        yield from ("", "### History", "")
        yield from (f"- {plain(line)}" for line in history_lines(card))


def history_lines(card: ModelCard) -> Iterator[str]:
    """Yield each step of the model's life in words, the oldest first."""
    for step in card.registry.history:
        yield _step(step.old_status.value, step.new_status.value, step.updated_by, step.at, step.reason)


def registry_rows(card: ModelCard) -> Iterator[tuple[str, str]]:
    """Yield what the registry itself knows, a name and a value at a time; gaps included."""
    model = card.registry
    yield "Model", model.id
    yield "Status", model.status.value
    yield "Owner", model.owner
    yield "Risk tier", model.risk_tier.value if model.risk_tier else "[not stated]"
    yield "Allowed use cases", ", ".join(one.value for one in model.use_cases) or "none: every call is denied"
    yield "Registered", f"by {model.created_by}, {_minute(model.created_at)}"
    thresholds = "; ".join(bounds(one) for one in model.thresholds)
    yield "Thresholds", thresholds or "[not set]: no validation can pass"
    yield "Validations", "; ".join(_validations(model)) or "[none recorded]"
    if model.approved_by and model.approved_at:
        last = f", counts through {model.approved_until.isoformat()}" if model.approved_until else ""
        yield "Approved", f"by {model.approved_by}, {_minute(model.approved_at)}{last}"
    else:
        yield "Approved", "no"
    if (told := model.deprecation) is not None:
        use = f"used through {told.until.isoformat()}" if told.until else "used no more"
        yield (
            "Deprecated",
            f"by {told.by}, {_minute(told.at)}; {use}; successor: {told.successor or '[not named]'}",
        )
    yield "Bias tests", "; ".join(_tests(card)) or "[none recorded]"
    yield "Drift", _drift(card)
    for name, value in sorted(model.metadata.items()):
        yield f"Metadata {plain(name)}", ", ".join(value) if isinstance(value, tuple) else str(value)


def _validations(model: ModelVersion) -> Iterator[str]:
    for one in model.validations:
        verdict = "passed" if one.passed else "FAILED"
        verdict += " (measured before its thresholds were set)" if one.before_thresholds else ""
        yield (
            f"{verdict} on {one.validation_date.isoformat()} on {one.dataset}, by {one.validated_by}, "
            f"counts through {one.expires.isoformat()}"
        )


def _tests(card: ModelCard) -> Iterator[str]:
    says = {True: "adverse", False: "nothing adverse", None: "not known"}
    for one in card.bias_tests:
        yield f"{' and '.join(one.attributes)}: {says[one.report.adverse]}, by {one.by}, {_minute(one.at)}"


def _drift(card: ModelCard) -> str:
    says = {True: "drifted", False: "steady", None: "not known"}
    if not card.observations:
        return "[never observed]"
    newest = card.observations[-1]
    return f"{says[newest.drifted]} when observed last, by {newest.by}, {_minute(newest.at)}; observed {len(card.observations)} times"


def _unmarked(text: str) -> str:
    return text.replace("`", "")


def _step(old: str, new: str, by: str, at: datetime, reason: str) -> str:
    return f"{_minute(at)}: {old} to {new}, by {by}: {reason}"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
