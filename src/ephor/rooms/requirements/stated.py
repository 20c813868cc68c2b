"""What a manifest states of the facts that a law's pack asks for; whatever it does not settle stays unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from ephor.kernel.truth import Truth
from ephor.rooms.agents.manifest import Manifest
from ephor.rooms.regulation.facts import FactType, Kind
from ephor.rooms.risk.categories import NOBODY, kinds_of
from ephor.rooms.risk.profile import DataKind

COMPLETE = "complete"
JURISDICTIONS = "jurisdictions"
_PLACE = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?")
_CARD = frozenset({"card", "cards", "cardholder", "pan"})
_MAYBE_CARD = frozenset({"payment", "payments", "billing"})
_SEGMENT = re.compile(r"[a-z0-9]+")


def facts_for(
    manifest: Manifest,
    vocabulary: Mapping[str, FactType],
    questionnaire: Mapping[str, FactType],
    registered: Mapping[str, object] = MappingProxyType({}),
) -> dict[str, object]:
    """Return the facts of *vocabulary* that *manifest* states, or that follow from what else it says.

    A fact of the *questionnaire* that was left out is false, none or empty where the manifest says that the list is
    complete. That word covers the questionnaire for classification and no other law's facts. What the *registered*
    records of processing settle stands where the manifest does not say so itself.
    """
    found = {name: value for name, value in registered.items() if name in vocabulary}
    found |= {name: value for name, value in _derived(manifest, vocabulary) if found.get(name) is not True}
    complete = manifest.facts.get(COMPLETE) is True
    for name, kind in vocabulary.items():
        if kind.derived:
            continue
        value = manifest.facts.get(name)
        if value is not None:
            found[name] = list(value) if isinstance(value, tuple) else value
        elif complete and name in questionnaire and name not in found and name != JURISDICTIONS:
            found |= _left_out(kind)
    return found


def places(stated: Iterable[str], listed: Iterable[str]) -> tuple[str, ...]:
    """Return the places *stated* in the codes that a pack lists, without well-formed codes it does not ask about.

    A country of which the pack asks for one part stays as it is, and so does what is no code: nothing follows from it.

    >>> places(["de", "US-CA", "JP"], ["EU", "DE", "US"])
    ('DE', 'US')
    >>> places(["US"], ["US-CO"]), places(["US-TX"], ["US-CO"]), places(["worldwide"], ["DE"])
    (('US',), (), ('WORLDWIDE',))
    """
    known = frozenset(listed)
    found: dict[str, None] = {}
    for text in stated:
        code = text.strip().upper()
        country = code.partition("-")[0]
        if code in known:
            found[code] = None
        elif country in known and _PLACE.fullmatch(code):
            found[country] = None
        elif not _PLACE.fullmatch(code) or any(one.startswith(f"{code}-") for one in known):
            found[code] = None
    return tuple(found)


def _left_out(kind: FactType) -> dict[str, object]:
    if kind.kind is Kind.BOOLEAN:
        return {kind.name: False}
    return {kind.name: []} if kind.kind is Kind.LIST else {}


def _derived(manifest: Manifest, vocabulary: Mapping[str, FactType]) -> Iterator[tuple[str, object]]:
    if JURISDICTIONS in vocabulary and manifest.jurisdictions:
        yield JURISDICTIONS, list(places(manifest.jurisdictions, vocabulary[JURISDICTIONS].values))
    words = sorted({*manifest.data.categories, *(one for tool in manifest.tools for one in tool.data)})
    subjects = {*manifest.data.subjects} - NOBODY
    personal = True if subjects else _has(words, DataKind.PERSONAL)
    settled: Mapping[str, Truth] = {
        "personal_data": personal,
        "special_categories": _has(words, DataKind.HEALTH, DataKind.SPECIAL),
        "health_data": _has(words, DataKind.HEALTH),
        "cardholder_data": _has_cards(words),
    }
    for name, truth in settled.items():
        if name in vocabulary and truth is not None:
            yield name, truth
    role = manifest.operator_role.value
    if "develops_ai" in vocabulary and role == "provider":
        yield "develops_ai", True


def _has(words: list[str], *kinds: DataKind) -> Truth:
    """Whether the data are of these kinds; unknown where no category is declared, or one is in no list of ours."""
    found = [kinds_of(word) for word in words]
    if any(one is not None and set(kinds) & set(one) for one in found):
        return True
    return None if not words or None in found else False


def _has_cards(words: list[str]) -> Truth:
    parts = {part for word in words for part in _SEGMENT.findall(word.lower())}
    if parts & _CARD:
        return True
    if parts & _MAYBE_CARD or not words or any(kinds_of(word) is None for word in words):
        return None
    return False
