"""Read a pack from plain data, strictly: a pack a stranger wrote is refused or understood, never run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ephor.kernel.canonical import digest
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.regulation.condition import Condition
from ephor.rooms.regulation.facts import FactType, Kind, state
from ephor.rooms.regulation.fields import Fields
from ephor.rooms.regulation.pack import (
    ApplicationDate,
    Doubt,
    Element,
    Escape,
    Group,
    Identity,
    Limits,
    Obligation,
    Pack,
    Reading,
    Verified,
)
from ephor.rooms.regulation.read_condition import RESERVED, Reader
from ephor.rooms.regulation.read_consequences import (
    read_crosswalks,
    read_graces,
    read_penalties,
    read_reach,
    read_role_changes,
)
from ephor.rooms.regulation.read_incidents import read_incident_law
from ephor.rooms.regulation.read_logging import read_logging

CATEGORIES = ("unacceptable", "high", "limited", "minimal", "out_of_scope", "needs_review")
"""Every answer a classification can give. `limited` and `minimal` are the guide's words, not the Act's."""
CATEGORY, HOLDS = "class_category", "class_elements"
"""What obligations may ask about the classification: its category, and the ids of the elements that hold."""
_IDENTITY = frozenset(
    {"id", "version", "title", "jurisdiction", "source", "text_version", "reviewed", "licence", "schema"}
)
_ELEMENT = frozenset(
    {"id", "article", "title", "when", "unless", "since", "verified", "notice", "who", "note"}
)
_OBLIGATION = frozenset(
    {"id", "cite", "title", "roles", "when", "needs", "in_force", "until", "verified", "note", "readings"}
)
_TOP = frozenset(
    {
        "pack",
        "vocabulary",
        "terms",
        "class_terms",
        "limits",
        "doubts",
        "obligations",
        "dates",
        "shortcuts",
        "least",
        "logging",
        "applies",
        "role_changes",
        "grace",
        "penalties",
        "crosswalks",
        "incidents",
    }
    | {group.value for group in Group}
)
_NAME = re.compile(r"[a-z][a-z0-9_.]{0,63}")
_VERSION = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*)){2}")


def read_pack(raw: object) -> Pack:
    """Return the pack written as *raw*: the sections of its files, merged.

    Raises:
        InvalidInputError: anything unknown, missing, repeated, unreachable or of the wrong type; the message says where.
    """
    top = Fields.of(raw, "", _TOP)
    identity = _identity(Fields.of(top.raw.get("pack"), "pack", _IDENTITY))
    stated = _vocabulary(top)
    reader = Reader(stated, _terms(top, "terms", stated, {}))
    elements = tuple(element for group in Group for element in _elements(top, group, reader))
    _refuse_repeats([element.id for element in elements], "element")
    derived = _derived(elements)
    every_word = {**stated, **derived}
    # Class terms may ask about the classification, so they are read once its elements are known.
    class_terms = _terms(top, "class_terms", every_word, reader.terms)
    obligations = tuple(_obligations(top, Reader(every_word, class_terms)))
    _refuse_strays([obligation.id for obligation in obligations], "obligation", identity.id)
    ids = frozenset(obligation.id for obligation in obligations)
    classed = Reader(every_word, class_terms)
    logging = read_logging(top)
    _refuse_strays([demand.id for demand in logging], "demand", identity.id)
    incidents = read_incident_law(top)
    if incidents is not None:
        _refuse_strays([one.id for one in incidents.classes], "class", identity.id)
        _refuse_strays([one.id for one in incidents.clocks], "clock", identity.id)
    return Pack(
        identity,
        digest(dict(_flat(raw, ""))),
        every_word,
        elements,
        _limits(top, reader),
        tuple(_doubts(top, reader)),
        obligations,
        tuple(_dates(top)),
        _shortcuts(top, stated),
        _least(top, stated),
        logging,
        read_reach(top, reader),
        read_role_changes(top, classed),
        read_graces(top, classed, ids),
        read_penalties(top, classed),
        read_crosswalks(top, ids),
        incidents,
    )


def _identity(fields: Fields) -> Identity:
    reviewed = Fields.of(fields.raw.get("reviewed"), "pack.reviewed", frozenset({"by", "on"}))
    if fields.text("schema") != "pack/1":
        raise InvalidInputError(f"pack schema `{fields.text('schema')}` is not read here; write `pack/1`")
    if not _VERSION.fullmatch(fields.text("version")):
        raise InvalidInputError(
            f"pack version `{fields.text('version')}` is not semantic; write for example 1.2.0"
        )
    return Identity(
        fields.id("id"),
        fields.text("version"),
        fields.text("title"),
        fields.text("jurisdiction"),
        fields.text("source"),
        fields.day("text_version"),
        reviewed.text("by"),
        reviewed.day("on"),
    )


def _vocabulary(top: Fields) -> dict[str, FactType]:
    words: dict[str, FactType] = {}
    for name, raw in top.mapping("vocabulary").items():
        where = f"vocabulary.{name}"
        if not _NAME.fullmatch(name) or name in RESERVED or name in (CATEGORY, HOLDS):
            raise InvalidInputError(f"`{name[:60]}` cannot name a fact", at=where)
        fields = Fields.of(raw, where, frozenset({"type", "means", "values", "open", "claim", "places"}))
        words[name] = FactType(
            name,
            fields.word("type", Kind),
            fields.text("means"),
            fields.texts("values"),
            open=fields.flag("open"),
            claim=fields.flag("claim"),
            places=fields.flag("places"),
        )
    return words


def _terms(
    top: Fields, section: str, vocabulary: Mapping[str, FactType], known: Mapping[str, Condition]
) -> dict[str, Condition]:
    terms = dict(known)
    for name, raw in top.mapping(section).items():
        if name in terms:
            raise InvalidInputError(f"term `{name[:60]}` of `{section}` is defined twice; keep one")
        terms[name] = Reader(vocabulary, terms).read(raw, f"{section}.{name}")
    return terms


def _elements(top: Fields, group: Group, reader: Reader) -> Iterator[Element]:
    dated = group in (Group.PRACTICE, Group.PRODUCT, Group.AREA, Group.DUTY)
    for where, raw in top.entries(group.value):
        fields = Fields.of(raw, where, _ELEMENT)
        yield Element(
            fields.id("id"),
            group,
            fields.text("article"),
            fields.text("title"),
            reader.read(fields.raw.get("when"), f"{where}.when"),
            tuple(_escapes(fields, reader)),
            fields.day("since") if dated else fields.day_or_none("since"),
            fields.word("verified", Verified),
            fields.text("notice") if group is Group.DUTY else None,
            fields.text("who") if group is Group.DUTY else fields.text_or_none("who"),
            fields.text_or_none("note"),
        )


def _escapes(element: Fields, reader: Reader) -> Iterator[Escape]:
    for where, raw in element.entries("unless"):
        fields = Fields.of(raw, where, frozenset({"article", "title", "when"}))
        when = reader.read(fields.raw.get("when"), f"{where}.when")
        yield Escape(fields.text("article"), fields.text("title"), when)


def _limits(top: Fields, reader: Reader) -> Limits | None:
    if "limits" not in top.raw:
        if top.raw.get(Group.DEROGATION.value):
            raise InvalidInputError("a pack with `derogations` needs `limits`: the chapeau and the override")
        return None
    fields = Fields.of(top.raw["limits"], "limits", frozenset({"article", "chapeau", "override"}))
    chapeau = reader.read(fields.raw.get("chapeau"), "limits.chapeau")
    return Limits(fields.text("article"), chapeau, reader.read(fields.raw.get("override"), "limits.override"))


def _doubts(top: Fields, reader: Reader) -> Iterator[Doubt]:
    for where, raw in top.entries("doubts"):
        fields = Fields.of(raw, where, frozenset({"ask", "article", "when", "because"}))
        ask = fields.text("ask")
        if ask not in reader.vocabulary:
            raise InvalidInputError(f"{where} asks for `{ask}`, which is not in the vocabulary", at=where)
        when = reader.read(fields.raw.get("when"), f"{where}.when")
        yield Doubt(ask, fields.text("article"), when, fields.text("because"))


def _obligations(top: Fields, reader: Reader) -> Iterator[Obligation]:
    for where, raw in top.entries("obligations"):
        fields = Fields.of(raw, where, _OBLIGATION)
        with_class = fields.text("in_force") == "with-class"
        in_force, until = None if with_class else fields.day("in_force"), fields.day_or_none("until")
        if in_force is not None and until is not None and until <= in_force:
            raise InvalidInputError(f"{where} ends on {until}, before it begins", at=where)
        yield Obligation(
            fields.id("id"),
            fields.text("cite"),
            fields.text("title"),
            fields.texts("roles"),
            reader.read(fields.raw.get("when"), f"{where}.when"),
            fields.texts("needs"),
            in_force,
            until,
            fields.word("verified", Verified),
            fields.text_or_none("note"),
            tuple(_readings(fields)),
        )


def _readings(obligation: Fields) -> Iterator[Reading]:
    for where, raw in obligation.entries("readings"):
        fields = Fields.of(raw, where, frozenset({"says", "in_force"}))
        with_class = fields.text("in_force") == "with-class"
        yield Reading(fields.text("says"), None if with_class else fields.day("in_force"))


def _dates(top: Fields) -> Iterator[ApplicationDate]:
    for where, raw in top.entries("dates"):
        fields = Fields.of(raw, where, frozenset({"on", "applies", "cite", "verified"}))
        verified = fields.word("verified", Verified)
        yield ApplicationDate(fields.day("on"), fields.text("applies"), fields.text("cite"), verified)


def _shortcuts(top: Fields, vocabulary: Mapping[str, FactType]) -> dict[str, Mapping[str, object]]:
    shortcuts: dict[str, Mapping[str, object]] = {}
    for key, raw in top.mapping("shortcuts").items():
        if not isinstance(raw, Mapping):
            raise InvalidInputError(f"shortcut `{key[:60]}` is not a mapping of facts")
        shortcuts[key] = dict(state(vocabulary, raw).stated)
    return shortcuts


def _least(top: Fields, vocabulary: Mapping[str, FactType]) -> tuple[str, ...]:
    least = top.texts("least")
    for name in least:
        if name not in vocabulary:
            raise InvalidInputError(f"`least` names `{name[:60]}`, which is not in the vocabulary")
    return least


def _derived(elements: tuple[Element, ...]) -> dict[str, FactType]:
    ids = tuple(element.id for element in elements)
    return {
        CATEGORY: FactType(CATEGORY, Kind.TEXT, "the category given", CATEGORIES, derived=True),
        HOLDS: FactType(HOLDS, Kind.LIST, "the elements that hold", ids, derived=True),
    }


def _refuse_repeats(ids: list[str], what: str) -> None:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise InvalidInputError(f"{what} `{one}` is defined twice; keep one")
        seen.add(one)


def _refuse_strays(ids: list[str], what: str, pack: str) -> None:
    """What others cite carries the pack's name, and names one thing."""
    _refuse_repeats(ids, what)
    for one in ids:
        if not one.startswith(f"{pack}/"):
            raise InvalidInputError(f"{what} `{one}` must begin with `{pack}/`")


def _flat(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Yield each leaf under its JSON pointer (RFC 6901), so that the digest depends on content, not on layout."""
    if isinstance(value, Mapping) and value:
        for key, part in value.items():
            yield from _flat(part, f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list | tuple) and value:
        for index, part in enumerate(value):
            yield from _flat(part, f"{path}/{index}")
    else:
        yield path, value
