"""Pieces that several documents share: how a fact, a finding, an answer of a person and a gap are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from ephor.rooms.documents.kinds import DocumentKind
from ephor.rooms.documents.model import Block, Ground, Row, Source, Sources, fact, facts, gap, paragraph
from ephor.rooms.documents.questions import Question, Stated, questions_of
from ephor.rooms.gate.facts import Recorded
from ephor.rooms.gate.finding import Exhibit, Finding, Status

Answers = Mapping[str, Stated]
NONE = "none"
_SIZE = re.compile(r" of \d+ entries")
_DECISION = "decision on a call"


def entry_of(found: Recorded[Any] | None, says: str) -> Sources:
    """Return the ledger entry that bears a record out, as a source; nothing where there is none."""
    if found is None or found.entry is None:
        return ()
    return (Source(Ground.ENTRY, found.entry.id, f"{says}, {found.entry.at.date().isoformat()}"),)


def entry(id: str, says: str) -> Sources:
    """Return an entry of the ledger by its id."""
    return (Source(Ground.ENTRY, id, says),) if id else ()


def digest(of: str, says: str) -> Source:
    """Return a digest as a source."""
    return Source(Ground.DIGEST, of, says)


def law(cite: str, says: str = "") -> Source:
    """Return a provision as a source."""
    return Source(Ground.LAW, cite, says)


def unborne(found: Recorded[Any] | None, what: str) -> tuple[Block, ...]:
    """Return the gap of a record that the ledger does not bear out; nothing where it does."""
    if found is None or found.entry is not None:
        return ()
    return (gap(f"the ledger has no entry that says the same as {what}", "run: ephor ledger verify"),)


def steady(text: str, day: date) -> str:
    """Return a finding's words without what changes from day to day or with every entry of the ledger.

    >>> steady("nobody recorded a drill by 2026-11-28", date(2026, 11, 28))
    'nobody recorded a drill'
    >>> steady("it holds under its signed head of 37 entries", date(2026, 11, 28))
    'it holds under its signed head'
    """
    said, today = _SIZE.sub("", text), day.isoformat()
    for phrase, rest in ((f" by {today}", ""), (f" for {today}", ""), (f"; on {today} it is", "; now it is")):
        said = said.replace(phrase, rest)
    return said


def exhibits(shown: Iterable[Exhibit]) -> Sources:
    """Return what a finding rests on, but for the newest decision, which is another one with every call."""
    return tuple(
        Source(Ground.ENTRY, one.entry, f"{one.what} {one.id}, {one.date.isoformat()}")
        for one in shown
        if one.entry is not None and one.what != _DECISION
    )


def judged(label: str, found: Finding, day: date, *, cite: str = "") -> Block:
    """Return a finding: as a fact where it is met, else as a gap with its remedy."""
    said = steady(found.because, day)
    if found.status is Status.MET:
        return facts([fact(label, said, *exhibits(found.evidence))])
    state = "not met" if found.status is Status.NOT_MET else "not known"
    return gap(f"{label}: {state}; {said}", found.remedy or "", cite=cite, sources=exhibits(found.evidence))


def answered(
    kind: DocumentKind, subject: str, key: str, answers: Answers, *, label: str = ""
) -> tuple[Block, ...]:
    """Return what a person stated to a question, or the gap; nothing where it need not be stated and was not."""
    question = next(one for one in questions_of(kind) if one.key == key)
    stated = answers.get(key)
    if stated is not None:
        source = Source(Ground.ENTRY, stated.entry, f"stated by {stated.by}, {stated.at.date().isoformat()}")
        return (facts([fact(label, stated.text, source)]) if label else paragraph(stated.text, source),)
    if not question.required:
        return ()
    return (asked(kind, subject, question),)


def asked(kind: DocumentKind, subject: str, question: Question) -> Block:
    """Return the gap of a question that nobody has answered."""
    remedy = f"state `{question.key}` in a file, then: ephor documents draft {kind.value} {subject} --statements FILE"
    return gap(f"a person has to state {question.asks}", remedy, cite=question.cite)


def listed(words: Sequence[object], empty: str = NONE) -> str:
    """Return words as one line.

    >>> listed(["a", "b"]), listed([]), listed(["One.", "Two, or three."])
    ('a, b', 'none', 'One; Two, or three')
    """
    said = [str(getattr(one, "value", one)) for one in words]
    if len(said) > 1 and any("," in one or one.endswith(".") for one in said):
        return "; ".join(one.removesuffix(".") for one in said)
    return ", ".join(said) or empty


def spoken(word: str) -> str:
    """Return a word of ours as people write it.

    >>> spoken("customer_service")
    'customer service'
    """
    return word.replace("_", " ")


def yes(truth: bool | None) -> str:
    """Return a truth in words; what is unknown is said to be."""
    return "not known" if truth is None else "yes" if truth else "no"


def rows(cells: Iterable[tuple[Iterable[object], Sources]]) -> Iterator[Row]:
    """Return lines of a table."""
    for line, sources in cells:
        yield Row(tuple(str(one) for one in line), sources)
