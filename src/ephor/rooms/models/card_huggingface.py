"""A model card as Hugging Face reads it: front matter in YAML, with the figures as a model index, then the card itself.

Every text in the front matter stands on one line in double quotes, with whatever YAML could take for something else
written out, so that no text can end the block, begin another key or become a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from ephor.rooms.models.card import ModelCard
from ephor.rooms.models.card_markdown import to_markdown
from ephor.rooms.models.model import Validation

_TASKS = {"llm": "text-generation", "embedding": "feature-extraction"}
"""What the hub calls the task of the guide's two types of models."""
_TASK = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}|multilingual|code")
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?", re.ASCII)
LICENSES = frozenset(
    [
        "apache-2.0",
        "mit",
        "openrail",
        "bigscience-openrail-m",
        "creativeml-openrail-m",
        "bigscience-bloom-rail-1.0",
        "bigcode-openrail-m",
        "afl-3.0",
        "artistic-2.0",
        "bsl-1.0",
        "bsd",
        "bsd-2-clause",
        "bsd-3-clause",
        "bsd-3-clause-clear",
        "c-uda",
        "cc",
        "cc0-1.0",
        "cc-by-2.0",
        "cc-by-2.5",
        "cc-by-3.0",
        "cc-by-4.0",
        "cc-by-sa-3.0",
        "cc-by-sa-4.0",
        "cc-by-nc-2.0",
        "cc-by-nc-3.0",
        "cc-by-nc-4.0",
        "cc-by-nd-4.0",
        "cc-by-nc-nd-3.0",
        "cc-by-nc-nd-4.0",
        "cc-by-nc-sa-2.0",
        "cc-by-nc-sa-3.0",
        "cc-by-nc-sa-4.0",
        "cdla-sharing-1.0",
        "cdla-permissive-1.0",
        "cdla-permissive-2.0",
        "wtfpl",
        "ecl-2.0",
        "epl-1.0",
        "epl-2.0",
        "etalab-2.0",
        "eupl-1.1",
        "eupl-1.2",
        "agpl-3.0",
        "gfdl",
        "gpl",
        "gpl-2.0",
        "gpl-3.0",
        "lgpl",
        "lgpl-2.1",
        "lgpl-3.0",
        "isc",
        "h-research",
        "intel-research",
        "lppl-1.3c",
        "ms-pl",
        "apple-ascl",
        "mpl-2.0",
        "odc-by",
        "odbl",
        "openmdw-1.0",
        "openrail++",
        "osl-3.0",
        "postgresql",
        "ofl-1.1",
        "ncsa",
        "unlicense",
        "zlib",
        "pddl",
        "lgpl-lr",
        "deepfloyd-if-license",
        "fair-noncommercial-research-license",
        "llama2",
        "llama3",
        "llama3.1",
        "llama3.2",
        "llama3.3",
        "llama4",
        "grok2-community",
        "gemma",
        "unknown",
        "other",
    ]
)
"""The identifiers that the hub takes for a licence; anything else is `other` with a name."""


def to_huggingface(card: ModelCard) -> str:
    """Return the card as a README that `huggingface_hub.ModelCard` loads."""
    return "\n".join(["---", *front_matter(card), "---", "", to_markdown(card)])


def front_matter(card: ModelCard) -> Iterator[str]:
    """Yield the lines of the metadata; what nobody said is left out."""
    if card.license is not None:
        named = card.license.strip().lower()
        if named in LICENSES:
            yield f"license: {quoted(named)}"
        else:
            yield f"license: {quoted('other')}"
            yield f"license_name: {quoted(slug(card.license))}"
    yield from _listed("language", [one for one in card.languages or () if _LANGUAGE.fullmatch(one)])
    yield from _listed("base_model", [one for one in card.base_models or () if _REPOSITORY.fullmatch(one)])
    if (task := task_of(card)) is not None:
        yield f"pipeline_tag: {quoted(task)}"
    yield from _model_index(card)


def task_of(card: ModelCard) -> str | None:
    """Return what the hub calls the model's task; None where nothing says it."""
    said = (card.task or "").strip().lower()
    return said if _TASK.fullmatch(said) else _TASKS.get((card.model_type or "").lower())


def quoted(text: str) -> str:
    r"""Return *text* as a YAML scalar in double quotes, on one line, in printable ASCII.

    >>> quoted('no'), quoted('a"b\n---\nc: d'), quoted("é😀")
    ('"no"', '"a\\"b\\n---\\nc: d"', '"\\xE9\\U0001F600"')
    """
    return '"' + "".join(_escaped(character) for character in text) + '"'


def slug(text: str) -> str:
    """Return *text* as the hub names data sets and licences.

    >>> slug("400 scripted support conversations, version 3")
    '400-scripted-support-conversations-version-3'
    """
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")[:96] or "unnamed"


def number(figure: str) -> str:
    """Return decimal text as a YAML number that any reader takes for one.

    >>> number("9350"), number("0.93"), number("-0.50")
    ('9350', '0.93', '-0.50')
    """
    written = format(Decimal(figure), "f")
    return written if "." in written or len(written) < 16 else f"{written}.0"


def _model_index(card: ModelCard) -> Iterator[str]:
    results = list(_results(card))
    if not results:
        return
    yield "model-index:"
    yield f"- name: {quoted(card.model_name)}"
    yield "  results:"
    task = task_of(card) or "other"
    for dataset, metrics in results:
        yield "  - task:"
        yield f"      type: {quoted(task)}"
        yield "    dataset:"
        yield f"      type: {quoted(slug(dataset))}"
        yield f"      name: {quoted(dataset)}"
        yield "    metrics:"
        for metric, value in metrics.items():
            yield f"    - type: {quoted(metric)}"
            yield f"      value: {number(value)}"
            yield f"      name: {quoted(metric)}"


def _results(card: ModelCard) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield figures by data set: the newest validation of each, then what is only stated."""
    newest: dict[str, Validation] = {}
    for one in card.registry.validations:
        newest.pop(one.dataset, None)
        newest[one.dataset] = one
    for dataset, one in newest.items():
        yield dataset, dict(sorted(one.results.items()))
    stated = {
        name.removesuffix(" (stated)"): figure
        for name, figure in (card.evaluation_metrics or {}).items()
        if name in card.stated_metrics
    }
    if stated:
        yield "not stated", stated


def _listed(key: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield f"{key}:"
        yield from (f"- {quoted(item)}" for item in items)


def _escaped(character: str) -> str:
    short = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    code = ord(character)
    if character in short:
        return short[character]
    if 0x20 <= code < 0x7F:
        return character
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"
