"""`ephor classify --interview`: ask a person, one question at a time, only what still matters, and write the facts down."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import date

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.regulation.ask import next_question
from ephor.rooms.regulation.facts import FactType, Kind, state
from ephor.rooms.regulation.pack import Pack

DONT_KNOW = "?"
_YES, _NO = ("y", "yes", "true"), ("n", "no", "false")


def refuse_without_terminal() -> None:
    """Check that somebody can be asked.

    Raises:
        InvalidInputError: input or questions do not go to a terminal.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InvalidInputError(
            "--interview asks a person, and there is no terminal; state the facts in a file instead, see "
            "`ephor classify --facts`"
        )


def interview(
    pack: Pack,
    on: date,
    *,
    ask: Callable[[str], str],
    say: Callable[[str], None],
    role: str | None = None,
    known: Mapping[str, object] | None = None,
    keep: Callable[[str, object], None] = lambda _name, _answer: None,
) -> dict[str, object]:
    """Return the facts that a person stated; *ask* returns the answer to a question, *say* tells them something.

    An answer that does not fit is asked for again. What the person does not know stays unstated, and so unknown. *known*
    was stated before and is not asked for; *keep* is given every answer as soon as it is there.

    Raises:
        EOFError: the person closed the input; what was answered was kept.
    """
    stated: dict[str, object] = dict(known or {})
    passed_over: list[str] = []
    say(
        f"Answer for the system's intended purpose; `{DONT_KNOW}` where you do not know. Only what matters is asked."
    )
    while (question := next_question(pack, stated, on, passed_over=passed_over, role=role)) is not None:
        answer = _asked(pack, question, ask, say)
        if answer is None:
            passed_over.append(question.name)
        else:
            stated[question.name] = answer
            keep(question.name, answer)
    return stated


def written(facts: dict[str, object]) -> bytes:
    """Return *facts* as the file that `ephor classify` reads; what is not in it is unknown."""
    lines = ["# Stated in an interview. What is not here is unknown, not false.", "facts:"]
    lines += [f"  {line_of(name, value)}" for name, value in facts.items()] or ["  {}"]
    return "\n".join(lines).encode() + b"\n"


def line_of(name: str, value: object) -> str:
    """Return one fact as YAML.

    >>> line_of("subjects", ["workers", "none"])
    'subjects: [workers, none]'
    """
    return f"{name}: {_yaml(value)}"


def _asked(
    pack: Pack, question: FactType, ask: Callable[[str], str], say: Callable[[str], None]
) -> object | None:
    say("")
    say(f"{question.name}: {question.means}")
    if question.values:
        say(f"  {', '.join(question.values)}{', or another word' if question.open else ''}")
    while True:
        text = ask(f"  {_how(question)} ").strip()
        if text == DONT_KNOW:
            return None
        try:
            answer = _understood(question, text)
            state(pack.vocabulary, {question.name: answer})
        except InvalidInputError as error:
            say(f"  {error}")
        else:
            return answer


def _how(question: FactType) -> str:
    if question.kind is Kind.BOOLEAN:
        return "yes, no or ?"
    return "one word or ?" if question.kind is Kind.TEXT else "words with commas, `none of them`, or ?"


def _understood(question: FactType, text: str) -> object:
    if question.kind is Kind.BOOLEAN:
        if text.lower() in _YES + _NO:
            return text.lower() in _YES
        raise InvalidInputError(f"`{text[:40]}` is neither yes nor no")
    if not text:
        raise InvalidInputError(f"nothing was written; write a word, or {DONT_KNOW}")
    if question.kind is Kind.TEXT:
        return text
    return [] if text == "none of them" else [one.strip() for one in text.split(",") if one.strip()]


def _yaml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(_quoted(str(one)) for one in value)}]"
    return _quoted(str(value))


def _quoted(text: str) -> str:
    plain = text.replace("_", "").isalnum() and text.isascii() and not text.isdigit()
    if plain and text not in ("true", "false", "null"):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
