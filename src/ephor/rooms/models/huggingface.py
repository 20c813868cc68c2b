"""What a Hugging Face model card states, as a candidate for import: its front matter, and the chapters of the usual template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.visible import visible
from ephor.rooms.models import fields
from ephor.rooms.models.imported import Candidate

SYSTEM = "huggingface"
_BLOCK = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_ITEM = re.compile(r"^\s*(?:[-*+]|[0-9]+[.)])\s+(.+)$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_SOURCE = re.compile(r"^\s*<small>.*</small>\s*$", re.MULTILINE)
_EMPTY = re.compile(r"\[(?:more information needed|not stated|not measured)\]|^n/?a\.?$", re.IGNORECASE)
_NO_METRIC = re.compile(r"[^A-Za-z0-9_.@/-]+")
CHAPTERS = {
    "direct use": "primary_uses", "primary uses": "primary_uses", "uses": "primary_uses", "intended use": "primary_uses",
    "primary users": "primary_users", "out-of-scope use": "out_of_scope_uses", "out of scope": "out_of_scope_uses",
    "training data": "training_data_description", "preprocessing": "preprocessing_steps",
    "testing data": "evaluation_datasets", "datasets": "evaluation_datasets", "potential harms": "potential_harms",
    "mitigations": "mitigations", "bias evaluation": "bias_evaluation",
    "bias, risks, and limitations": "known_limitations", "limitations": "known_limitations",
    "known limitations": "known_limitations", "failure modes": "failure_modes", "recommendations": "usage_recommendations",
    "usage": "usage_recommendations", "monitoring": "monitoring_recommendations", "size": "training_data_size",
}  # fmt: skip
"""Headings of the hub's template and of our own cards, and the field each fills."""
_TEXTS = frozenset({"training_data_description", "training_data_size", "bias_evaluation"})


def front_matter(data: bytes) -> tuple[bytes, str]:
    """Return the YAML of a card and what follows it.

    Raises:
        InvalidInputError: there is none, or the file is not UTF-8.
    """
    found = _BLOCK.match(data)
    if found is None:
        raise InvalidInputError("the file begins with no front matter; a card begins with `---`, YAML, `---`")
    try:
        return found[1], data[found.end() :].decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"the file is not UTF-8 text: {error.reason}; save it as UTF-8") from error


def candidate(
    data: bytes, told: Mapping[str, Any], body: str, *, name: str | None, version: str | None
) -> Candidate:
    """Return what a card states. Its figures are statements: nothing here has measured them.

    Raises:
        InvalidInputError: it does not say what the model is called, and nobody else does.
    """
    digest = sha256(data).hexdigest()
    index = told.get("model-index")
    entries = [one for one in index if isinstance(one, Mapping)] if isinstance(index, list) else []
    named = name or next((str(one["name"]) for one in entries if one.get("name")), None)
    if named is None:
        raise InvalidInputError("the card does not say what its model is called; add --name")
    results = list(_results(entries))
    fixed = {"file": f"sha256:{digest}"}
    fixed |= {f"result.{at + 1}": text for at, (_, _, _, text) in enumerate(results)}
    notes = {
        key: _said(value)
        for key, value in told.items()
        if key != "model-index" and value is not None and _said(value)
    }
    return Candidate(
        SYSTEM, named, version or f"card-{digest[:12]}", fixed, notes, _card(told, body, results)
    )


def _card(
    told: Mapping[str, Any], body: str, results: list[tuple[str, str, object, str]]
) -> dict[str, object]:
    card: dict[str, object] = dict(_chapters(body))
    for key, field in (("language", "languages"), ("base_model", "base_models")):
        listed = told.get(key)
        items = [
            str(one) for one in (listed if isinstance(listed, list) else [listed]) if one not in (None, "")
        ]
        if items:
            card[field] = items[:200]
    licence = told.get("license_name") if told.get("license") == "other" else told.get("license")
    for field, value in (("license", licence or told.get("license")), ("task", told.get("pipeline_tag"))):
        if isinstance(value, str) and value.strip():
            card[field] = value.strip()
    return card | _measured(results)


def _measured(results: list[tuple[str, str, object, str]]) -> dict[str, object]:
    """Return figures and data sets of a model index; a figure that is no number is among the fixed facts alone."""
    metrics: dict[str, str] = {}
    for metric, dataset, value, _ in results:
        try:
            figure = fields.figure(value, metric)
        except InvalidInputError:
            continue
        plain = _NO_METRIC.sub("_", metric).lstrip("_.@/-")[:80]
        if plain in metrics:  # the same metric on another data set
            plain = f"{plain}@{_NO_METRIC.sub('_', dataset)}"[:80]
        if plain and plain not in metrics and len(metrics) < 200:
            metrics[plain] = figure
    datasets = list(dict.fromkeys(one[1] for one in results if one[1] not in ("", "not stated")))
    figures: dict[str, object] = {"evaluation_metrics": metrics} if metrics else {}
    return figures | ({"evaluation_datasets": datasets[:200]} if datasets else {})


def _results(entries: list[Mapping[str, Any]]) -> Iterator[tuple[str, str, object, str]]:
    """Yield each figure of the model index: its metric, its data set, its value, and all of it as one text."""
    for entry in entries:
        for result in _mappings(entry.get("results")):
            dataset, task = result.get("dataset"), result.get("task")
            on = str(dataset.get("name") or "") if isinstance(dataset, Mapping) else ""
            doing = str(task.get("type") or "") if isinstance(task, Mapping) else ""
            for metric in _mappings(result.get("metrics")):
                kind, value = str(metric.get("type") or metric.get("name") or "metric"), metric.get("value")
                yield kind, on, value, f"{kind} on {on} ({doing}): {_said(value)}"


def _chapters(body: str) -> Iterator[tuple[str, object]]:
    """Yield the fields that the chapters of a card fill; what the template left empty fills none."""
    plain = _SOURCE.sub("", _COMMENT.sub("", body))
    seen: set[str] = set()
    for heading, text in _sections(plain):
        field = CHAPTERS.get(heading.lower())
        said = visible(text, keep="\n\t").strip()
        if field is None or field in seen or not said or _EMPTY.search(said) or "|---" in said:
            continue
        seen.add(field)
        if field in _TEXTS:
            yield field, said[:10_000]
            continue
        items = [found[1].strip() for line in said.splitlines() if (found := _ITEM.match(line))]
        whole = " ".join(said.split())
        yield field, [one[:10_000] for one in (items or [whole])][:200]


def _sections(body: str) -> Iterator[tuple[str, str]]:
    heading, lines, fenced = "", list[str](), False
    for line in body.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        found = None if fenced else _HEADING.match(line)
        if found is None:
            lines.append(line)
            continue
        yield heading, "\n".join(lines)
        heading, lines = found[2].strip(" *_"), []
    yield heading, "\n".join(lines)


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_said(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
