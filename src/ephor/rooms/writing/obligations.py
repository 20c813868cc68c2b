"""What documents say of a law's obligations: whether each is owed, and what shows that it is met."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ephor.rooms.documents.model import Block, Row, Sources, fact, facts, gap, paragraph, table
from ephor.rooms.requirements.answer import Answer, Requirement
from ephor.rooms.writing.facts import AgentFacts
from ephor.rooms.writing.parts import exhibits, law, steady

SAYS: Mapping[Answer, str] = {
    Answer.MET: "met",
    Answer.NOT_MET: "not met",
    Answer.NOT_KNOWN: "not known",
    Answer.NOT_APPLICABLE: "does not apply",
}


def requirements(one: AgentFacts, pack: str) -> Mapping[str, Requirement]:
    """Return a law's obligations by id; nothing where the law could not be judged."""
    found = one.laws.get(pack)
    return {each.id: each for each in found.obligations} if found else {}


def obligation(one: AgentFacts, pack: str, id: str) -> tuple[Block, ...]:
    """Return whether one obligation is owed and met."""
    found = requirements(one, pack).get(id)
    if found is None:
        return (gap("the law could not be judged", f"ephor agents compliance {one.gate.id} --law {pack}"),)
    cite = law(f"{pack} {found.cite}", f"verified: {found.verified}")
    owed = "no" if found.status is Answer.NOT_APPLICABLE else "not known" if not found.needs else "yes"
    because = steady(found.because, one.gate.day)
    if found.status is Answer.NOT_APPLICABLE:
        yet = "not yet" if because.startswith("it applies from ") else "no"
        return (facts([fact("Required", f"{yet}: {because}", cite)]),)
    if "not known" in because and found.status is Answer.NOT_KNOWN:
        return (gap(because, found.recommendation or "", cite=found.cite, sources=(cite,)),)
    return (facts([fact("Required", owed, cite), fact("Title", found.title, cite)]),)


def lines(one: AgentFacts, found: Sequence[Requirement]) -> Iterator[Row]:
    """Return a line for each obligation: its provision, its title, the answer and why."""
    for each in found:
        yield Row(
            (each.cite, each.title, SAYS[each.status], steady(each.because, one.gate.day)),
            (law(each.id, f"verified: {each.verified}"), *exhibits(each.evidence)),
        )


def answers_table(one: AgentFacts, title: str, found: Sequence[Requirement]) -> Block:
    """Return obligations as a table."""
    return table(title, ("provision", "asks for", "answer", "because"), lines(one, found))


def gaps_of(
    one: AgentFacts, found: Sequence[Requirement], besides: frozenset[str] = frozenset()
) -> tuple[Block, ...]:
    """Return a gap for each obligation that is owed and not shown to be met, but for those *besides*.

    Those that one and the same step closes are one gap.
    """
    steps: dict[tuple[str, str, str], list[Requirement]] = {}
    for each in found:
        if each.status in (Answer.NOT_MET, Answer.NOT_KNOWN) and each.id not in besides:
            remedy = (each.recommendation or "").removeprefix(f"{each.title}: ")
            steps.setdefault((SAYS[each.status], steady(each.because, one.gate.day), remedy), []).append(each)
    return tuple(
        gap(
            f"{'; '.join(each.title for each in alike)}: {answer}; {because}",
            remedy,
            cite=", ".join(dict.fromkeys(each.cite for each in alike)),
            sources=tuple(source for each in alike for source in _law(each)),
        )
        for (answer, because, remedy), alike in steps.items()
    )


def owed(found: Sequence[Requirement]) -> list[Requirement]:
    """Return those that apply, or of which nobody can tell."""
    return [each for each in found if each.status is not Answer.NOT_APPLICABLE]


def nothing(found: Sequence[Requirement], text: str) -> tuple[Block, ...]:
    """Return *text* where nothing is found."""
    return () if found else (paragraph(text),)


def _law(each: Requirement) -> Sources:
    return (law(each.id, f"verified: {each.verified}"),)
