"""Tells the story: colour in a terminal, plain lines in a pipe, one JSON document for machines."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from ephor.kernel.visible import visible

_MARKS = {
    "did": ("•", "-", "dim"),
    "good": ("✓", "+", "green"),
    "no": ("✗", "x", "red"),
    "ask": ("?", "?", "yellow"),
}


@dataclass(slots=True)
class Chapter:
    """One chapter: what was told, and the figures in it."""

    title: str
    lines: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


class _Screen(Console):
    """A console that leaves a closed pipe to whoever runs the command; by itself it would end the process."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Narrator:
    """Prints as the story happens, and keeps what machines want to read."""

    def __init__(self, *, quiet: bool) -> None:
        self.chapters: list[Chapter] = []
        self._quiet = quiet
        self._plain = "utf" not in (getattr(sys.stdout, "encoding", "") or "").lower()
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="replace", line_buffering=True)
        self._out = _Screen(highlight=False, markup=False, emoji=False, soft_wrap=True, safe_box=True)

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self.chapters.append(Chapter(title))
        if not self._quiet:
            self._out.print(f"\n{len(self.chapters)}. {title}", style="bold")

    def did(self, text: str) -> None:
        """Tell something that was done."""
        self._line("did", text)

    def good(self, text: str) -> None:
        """Tell something that came out well: allowed, met, holds."""
        self._line("good", text)

    def no(self, text: str) -> None:
        """Tell something that was refused, denied or detected."""
        self._line("no", text)

    def ask(self, text: str) -> None:
        """Tell something that waits, or is not known."""
        self._line("ask", text)

    def keep(self, **facts: Any) -> None:
        """Keep figures of this chapter for the JSON document."""
        self.chapters[-1].facts.update(facts)

    def block(self, text: str) -> None:
        """Show text as it is, set apart."""
        self.chapters[-1].lines.append(text)
        if not self._quiet:
            for line in text.rstrip("\n").split("\n"):
                self._out.print(f"      {self._shown(line)}", style="cyan")

    def as_json(self) -> list[Mapping[str, Any]]:
        """Return the chapters as what JSON can hold."""
        return [
            {"chapter": number, "title": one.title, "lines": one.lines, **one.facts}
            for number, one in enumerate(self.chapters, 1)
        ]

    def _line(self, mark: str, text: str) -> None:
        self.chapters[-1].lines.append(text)
        if self._quiet:
            return
        fine, plain, style = _MARKS[mark]
        self._out.print(f"   {plain if self._plain else fine} ", style=style, end="")
        self._out.print(self._shown(text))

    def _shown(self, text: str) -> str:
        """A terminal without UTF-8 shows question marks for what it cannot, and nothing breaks."""
        text = visible(text, keep="\n\t")
        return text.encode("ascii", "replace").decode() if self._plain else text
