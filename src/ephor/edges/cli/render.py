"""How answers leave the command line: one JSON document for machines, plain words or a table for people."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import orjson
from rich.console import Console
from rich.table import Table

from ephor.kernel.visible import visible


def as_json(value: object) -> Any:
    """Return *value* as what JSON can hold: records become objects, enums and times text."""
    return msgspec.to_builtins(value, str_keys=True)


def emit(value: object, human: Callable[[Console], None], *, json: bool) -> None:
    """Print *value* as one JSON document, or let *human* print it."""
    if json:
        exact(orjson.dumps(as_json(value), option=orjson.OPT_INDENT_2) + b"\n")
    else:
        human(console())


_PIPE = 240
"""Columns where nobody watches: wide enough that a row stays a line for whatever reads it."""


_SHORT = 20


class _Screen(Console):
    """A console that leaves a closed pipe to whoever runs the command; by itself it would end the process."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError

    def print(self, *objects: Any, **style: Any) -> None:
        """Print, with whatever would steer the terminal written out; only lines and tabs of running text stay."""
        super().print(
            *(visible(one, keep="\n\t") if isinstance(one, str) else one for one in objects), **style
        )


def exact(data: bytes) -> None:
    """Write *data* as it is: a signed text that a terminal's encoding changes is signed no more."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def console() -> Console:
    """Return a console on standard output that shows any text, whatever the terminal's encoding."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    piped = not sys.stdout.isatty()
    return _Screen(
        highlight=False,
        emoji=False,
        soft_wrap=piped,
        safe_box=True,
        markup=False,
        width=_PIPE if piped else None,
    )


def table(out: Console, columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """Print a table, or *empty* when there are no rows."""
    if not rows:
        out.print(empty)
        return
    cells = [[visible(str(cell)) for cell in row] for row in rows]
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        # Short words (times, states, names) stay in one piece on a narrow screen; what is longer folds and loses nothing.
        longest = max(len(column), *(len(row[number]) for row in cells))
        grid.add_column(column, overflow="fold", min_width=longest if longest <= _SHORT else None)
    for row in cells:
        grid.add_row(*row)
    if out.is_terminal:
        out.print(grid)
        return
    with out.capture() as drawn:
        out.print(grid)
    out.print("\n".join(line.rstrip() for line in drawn.get().splitlines()))
