"""Key statements: which key signs a log from one entry on, said by the key before it and by the key itself."""

from __future__ import annotations

from dataclasses import dataclass

from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.rooms.ledger.checkpoint import MAX_SIZE
from ephor.rooms.ledger.note import parse_key, verify

TITLE = "ephor/key-rotation/1"
"""First line of a statement. It is no origin of a log, so that a statement is never taken for a checkpoint."""


@dataclass(frozen=True, slots=True)
class Statement:
    """From the entry at *position* on, the heads of *origin* are signed by *new* and no longer by *old*."""

    origin: str
    position: int
    old: str
    """The verifier key (C2SP signed-note) that signed until then."""
    new: str


def encode(statement: Statement) -> str:
    """Return the text that both keys sign, as C2SP signed-note has it.

    >>> from ephor.rooms.ledger.note import verifier_key
    >>> old, new = (verifier_key("a.example/b/c", bytes([n]) + bytes(31)) for n in (4, 5))
    >>> print(encode(Statement("a.example/b/c", 7, old, new)), end="")
    ephor/key-rotation/1
    a.example/b/c
    7
    a.example/b/c+32d4f842+AQQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
    a.example/b/c+8d310c34+AQUAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA

    Raises:
        InvalidInputError: the keys are not two of the origin's name, or the position is none.
    """
    if problem := _problem_of(statement):
        raise InvalidInputError(problem)
    return "\n".join((TITLE, statement.origin, str(statement.position), statement.old, statement.new, ""))


def parse(text: str) -> Statement:
    """Read the text of a note as a key statement; the signatures are the note's own affair.

    Raises:
        VerificationError: not a statement, or not written in the one allowed way.
    """
    lines = text.split("\n")
    if len(lines) != 6 or lines[0] != TITLE or lines[5]:
        raise VerificationError(f"a key statement has five lines, the first `{TITLE}`, and ends in a newline")
    _, origin, position, old, new, _ = lines
    if not (position.isascii() and position.isdigit()) or str(int(position[:20])) != position:
        raise VerificationError(f"`{position[:40]}` is not a position; digits only, without leading zeroes")
    statement = Statement(origin, int(position), old, new)
    try:
        problem = _problem_of(statement)
    except InvalidInputError as error:
        problem = str(error)
    if problem:
        raise VerificationError(problem)
    return statement


def open_statement(data: bytes, key: str) -> Statement:
    """Return the statement in the signed note *data* that hands on from *key*, if both keys signed it.

    Raises:
        InvalidInputError: *key* is not a verifier key.
        VerificationError: not a statement, of another key, or not signed by both.
    """
    old = parse_key(key)
    said = parse(verify(data, [old]).text)
    if said.old != key:
        raise VerificationError(f"the statement hands on from `{said.old[:120]}`, not from `{key[:120]}`")
    verify(data, [parse_key(said.new)])  # whoever hands on must not name a key that nobody holds
    return said


def _problem_of(statement: Statement) -> str | None:
    if not 0 <= statement.position <= MAX_SIZE:
        return f"`{statement.position}` cannot be the position of an entry"
    if statement.old == statement.new:
        return "a key cannot follow itself"
    for key in (statement.old, statement.new):
        name = parse_key(key).name
        if name != statement.origin:
            return f"the key of `{name[:80]}` cannot sign for the log `{statement.origin[:80]}`"
    return None
