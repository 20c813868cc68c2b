"""The statement of applicability for ISO/IEC 42001: every control of Annex A, whether it applies, and what shows it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ephor.rooms.documents.kinds import DocumentKind
from ephor.rooms.documents.model import Block, Row, Section, Sources, gap, table
from ephor.rooms.requirements.answer import Answer, Requirement
from ephor.rooms.requirements.judge import shown_together
from ephor.rooms.writing import agent
from ephor.rooms.writing.facts import ISO_42001, AgentFacts
from ephor.rooms.writing.obligations import SAYS, gaps_of, requirements
from ephor.rooms.writing.parts import Answers, answered, exhibits, law, steady

_KIND = DocumentKind.STATEMENT_OF_APPLICABILITY
GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "2": "Policies on AI", "3": "Internal organisation", "4": "Resources", "5": "Impact of AI systems",
        "6": "Life cycle of AI systems", "7": "Data", "8": "Information for interested parties",
        "9": "Use of AI systems", "10": "Third parties and customers",
    }
)  # fmt: skip
"""The groups of Annex A by number, with our own short titles."""
_ITSELF = "org.statement-of-applicability"
_CONTROL = re.compile(r"iso-42001/a\.(\d+)\.[\d.]+")
_LINE = re.compile(r"\s*(A\.\d+(?:\.\d+)*)\s*:\s*(.+?)\s*", re.IGNORECASE)


def statement(one: AgentFacts, answers: Answers) -> tuple[Section, ...]:
    """Return the statement of applicability, control by control."""
    id, found = (
        one.gate.id,
        {name: _by_needs(one, each) for name, each in requirements(one, ISO_42001).items()},
    )
    stated = answers.get("excluded")
    excluded = exclusions(stated.text) if stated else {}
    controls = [each for each in found.values() if _CONTROL.fullmatch(each.id)]
    clauses = [each for each in found.values() if not _CONTROL.fullmatch(each.id)]
    because = answered(_KIND, id, "excluded", answers)
    sources = because[0].sources if because else ()
    groups = tuple(
        Section(f"A.{number} {title}", _group(one, _of(controls, number), excluded, sources))
        for number, title in GROUPS.items()
        if _of(controls, number)
    )
    return (
        Section("Scope", (*answered(_KIND, id, "scope", answers), *_reach(one)), cite="clause 4.3"),
        Section("The agent", agent.identity(one)),
        Section("Controls of Annex A", sections=groups, cite="clause 6.1.3"),
        Section("Exclusions", because or (_counted(controls, excluded),)),
        Section("Controls beyond Annex A", answered(_KIND, id, "added", answers)),
        Section(
            "Clauses of the standard",
            (table("", _COLUMNS, [_row(one, each, "yes", ()) for each in clauses]),),
        ),
    )


_COLUMNS = ("control", "asks for", "applies", "answer", "because")


def exclusions(text: str) -> dict[str, str]:
    """Return the controls that a person excludes, each with the reason, from lines such as ``A.9.2: why``.

    >>> exclusions("A.9.2: nobody uses it\\na.10.4:  no customers")
    {'a.9.2': 'nobody uses it', 'a.10.4': 'no customers'}
    """
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return {one[1].lower(): one[2] for one in found if one}


def _counted(controls: Sequence[Requirement], excluded: Mapping[str, str]) -> Block:
    """Where nothing is excluded, the figures say so."""
    count = len(controls) - len(excluded)
    return table(
        "", ("controls", "applied", "excluded"), [Row((str(len(controls)), str(count), str(len(excluded))))]
    )


def _group(
    one: AgentFacts, controls: Sequence[Requirement], excluded: Mapping[str, str], sources: Sources
) -> tuple[Block, ...]:
    lines, open_points = [], []
    for each in controls:
        why = excluded.get(each.id.removeprefix("iso-42001/"))
        if why is not None:
            lines.append(Row((each.cite, each.title, "no", "excluded", why), (*sources, law(each.id))))
            continue
        lines.append(_row(one, each, "yes", exhibits(each.evidence)))
        open_points.append(each)
    return (table("", _COLUMNS, lines), *gaps_of(one, open_points))


def _row(one: AgentFacts, each: Requirement, applies: str, sources: Sources) -> Row:
    if each.status is Answer.NOT_APPLICABLE:
        applies = "no"
    because = steady(each.because, one.gate.day)
    return Row(
        (each.cite, each.title, applies, SAYS[each.status], because),
        (law(each.id, f"verified: {each.verified}"), *sources),
    )


def _by_needs(one: AgentFacts, each: Requirement) -> Requirement:
    """Where nobody said whether the standard applies, the statement still says what each control would find.

    That there is a statement of applicability is not said in it: its approval must not make it stale.
    """
    others = tuple(shown for shown in each.needs if shown.need != _ITSELF)
    itself = len(others) < len(each.needs)
    unsettled = one.laws[ISO_42001].applies is None and each.status is Answer.NOT_KNOWN
    if not others or not (itself or unsettled) or each.status is Answer.NOT_APPLICABLE:
        return each
    status, because = shown_together(others)
    remedies = dict.fromkeys(
        shown.remedy for shown in others if shown.status is not Answer.MET and shown.remedy
    )
    shown_by = tuple(dict.fromkeys(exhibit for shown in others for exhibit in shown.evidence))
    return dataclasses.replace(
        each, status=status, because=because, recommendation="; ".join(remedies) or None, evidence=shown_by
    )


def _reach(one: AgentFacts) -> tuple[Block, ...]:
    found = one.laws.get(ISO_42001)
    if found is None or found.applies is None:
        return (
            gap("whether the agent lies within the scope of the management system is not known",
                "state `iso_42001_in_scope` among the manifest's facts, then: ephor agents register FILE", cite="clause 4.3"),
        )  # fmt: skip
    return ()


def _of(controls: Sequence[Requirement], group: str) -> list[Requirement]:
    return [each for each in controls if (found := _CONTROL.fullmatch(each.id)) and found[1] == group]
