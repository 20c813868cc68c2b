"""How two versions of a document differ, in words a reader understands: statement by statement, section by section."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique

from ephor.rooms.documents.model import Block, BlockKind, Section, Source, numbered


@unique
class What(StrEnum):
    """What became of a statement."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One statement that is new, gone or otherwise; ``where`` is the section's title."""

    what: What
    where: str
    label: str
    before: str
    after: str

    def told(self) -> str:
        """Return it as one line.

        >>> Difference(What.CHANGED, "Who is responsible", "Owner", "eve", "bob").told()
        'Who is responsible: Owner is now "bob", was "eve"'
        """
        name = f"{self.label} " if self.label else ""
        if self.what is What.CHANGED:
            return f'{self.where}: {name}is now "{self.after}", was "{self.before}"'
        said = self.after if self.what is What.ADDED else self.before
        verb = "says" if self.what is What.ADDED else "says no longer"
        return f'{self.where}: {name}{verb} "{said}"'


Statement = tuple[str, str, str]
"""The section, the label within it, and the words with what they rest on."""


def compare(before: Sequence[Section], after: Sequence[Section]) -> tuple[Difference, ...]:
    """Return every difference, in the order of the newer version; what is gone stands last in its section.

    Statements with a label are told apart by it; others by their words, so that a moved one is no difference.
    """
    old, new = _gathered(before), _gathered(after)
    found: list[Difference] = []
    for where in dict.fromkeys([*new, *old]):
        found += _within(where, old.get(where, {}), new.get(where, {}))
    return tuple(found)


def _within(where: str, old: Mapping[str, list[str]], new: Mapping[str, list[str]]) -> Iterator[Difference]:
    for label in dict.fromkeys([*new, *old]):
        gone = [one for one in old.get(label, []) if one not in new.get(label, [])]
        come = [one for one in new.get(label, []) if one not in old.get(label, [])]
        pairs = min(len(gone), len(come)) if label else 0
        yield from (
            Difference(What.CHANGED, where, label, was, now)
            for was, now in zip(gone[:pairs], come[:pairs], strict=True)
        )
        yield from (Difference(What.ADDED, where, label, "", one) for one in come[pairs:])
        yield from (Difference(What.REMOVED, where, label, one, "") for one in gone[pairs:])


def _gathered(sections: Sequence[Section]) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    path: list[str] = []
    for one in numbered(sections):
        path[one.depth - 1 :] = [one.section.title]
        here = found.setdefault(" / ".join(path), {})
        for block in one.section.blocks:
            for label, said in _said(block):
                here.setdefault(label, []).append(said)
    return found


def _said(block: Block) -> Iterator[tuple[str, str]]:
    """A row of a table is told apart by its first cell."""
    if block.kind is BlockKind.PARAGRAPH:
        yield "", block.text + _rests(block.sources)
    elif block.kind is BlockKind.GAP:
        yield "open point:", block.text
    elif block.kind is BlockKind.BULLETS:
        yield from (("", row.cells[0] + _rests(row.sources)) for row in block.rows)
    else:
        for row in block.rows:
            names = block.columns[1:] if block.kind is BlockKind.TABLE else ("",) * len(row.cells)
            told = zip(names, row.cells[1:], strict=False)
            rest = "; ".join(f"{name}: {cell}" if name else cell for name, cell in told)
            yield row.cells[0], rest + _rests(row.sources)


def _rests(sources: Sequence[Source]) -> str:
    """A newer entry for the same words is a difference too: it was recorded anew."""
    return f" [{', '.join(one.id for one in sources)}]" if sources else ""
