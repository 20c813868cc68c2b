"""What detection and masking answer with: positions, types and lengths in classes, never a character of a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Find:
    """One piece of personal data: where it stands in the original text, what it is, how sure we are.

    ``start`` and ``end`` count characters (code points) of the text as given; ``confidence`` is a percentage.
    """

    start: int
    end: int
    type: str
    confidence: int

    @property
    def preview(self) -> str:
        """Return type and length class, which is all that may be shown of a value.

        >>> Find(0, 16, "credit_card", 95).preview
        'credit_card, 13 to 24 characters'
        """
        return f"{self.type}, {length_class(self.end - self.start)}"


@dataclass(frozen=True, slots=True)
class StructuredFind:
    """One find inside a structured value: the path of its value, and the find in that value's text.

    ``path`` is a JSON Pointer (RFC 6901) whose own personal data is already masked; ``in_key`` says that the find is
    in the key the path ends with. ``hinted`` says that the field's name, not only the text, made it a find. ``steps`` is
    the way to the value in the structure as given: for each level, which child it is.
    """

    path: str
    find: Find
    in_key: bool = False
    hinted: bool = False
    steps: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Located:
    """One find for a report: its place in the file, counted in characters, and in what holds it; never the value."""

    type: str
    confidence: int
    length: str
    start: int
    end: int
    line: int
    column: int
    path: str | None = None
    in_key: bool = False
    by_name: bool = False


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without the finds, and the finds at their places in the original text."""

    text: str
    finds: tuple[Find, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of personal data that detection knows: its name, what it is, and who defines its form."""

    type: str
    description: str
    standard: str


def length_class(length: int) -> str:
    """Return the class a length in characters falls in, so that no exact length is shown.

    >>> length_class(11)
    'up to 12 characters'
    """
    for low, high in ((0, 12), (13, 24), (25, 64)):
        if length <= high:
            return f"up to {high} characters" if low == 0 else f"{low} to {high} characters"
    return "over 64 characters"
