"""What a session has touched, as labels, and rules about what may come after it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from ephor.kernel import ids
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import Effect, Sensitivity, word

MOST_LABELS = 1_000
"""Labels that one session carries at most; a call that would add more is denied."""
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:-]{0,159}")


@dataclass(frozen=True, slots=True)
class SequenceRule:
    """After a session has every label in *after*, a call of one of these effects or tools asks a person, or is denied.

    No effect and no tool named: every call.
    """

    id: str
    after: tuple[str, ...]
    effects: tuple[Effect, ...] = ()
    tools: tuple[str, ...] = ()
    denies: bool = True
    """False: a person is asked."""
    because: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """What the calls of one session have touched so far. ``id`` is a digest of the name its host gave it."""

    id: str
    labels: tuple[str, ...]
    began_at: datetime
    changed_at: datetime


def session_id(name: str) -> str:
    """Return the id of the session that its host calls *name*."""
    return "ses_" + sha256(name.encode()).hexdigest()


def labels_of(
    name: str, effect: Effect, sensitivity: Sensitivity, data: Iterable[str], own: Iterable[str] = ()
) -> frozenset[str]:
    """Return what a call adds to its session: what it is, what it touches, and the labels of the tool's own.

    A call on restricted data has touched confidential data as well, so that a rule names the least that matters.

    >>> sorted(labels_of("crm", Effect.READ, Sensitivity.CONFIDENTIAL, ["contact"], ["customer-data"]))
    ['customer-data', 'data:contact', 'effect:read', 'sensitivity:confidential', 'sensitivity:internal', 'tool:crm']
    """
    reached = (one for one in Sensitivity if Sensitivity.PUBLIC < one <= sensitivity)
    return frozenset(
        [
            f"tool:{name}",
            f"effect:{effect.value}",
            *(f"sensitivity:{one.value}" for one in reached),
            *(f"data:{one}" for one in data),
            *own,
        ]
    )


def _check_closed(label: str, rule: str) -> None:
    """Refuse a label that no call can ever add: a rule that waits for it protects nothing."""
    kind, colon, value = label.partition(":")
    known = {"effect": Effect, "sensitivity": Sensitivity}.get(kind)
    possible = [one.value for one in known or () if one is not Sensitivity.PUBLIC]
    if colon and known is not None and value not in possible:
        words = ", ".join(f"{kind}:{one}" for one in possible)
        never = "; `sensitivity:public` marks no session" if kind == "sensitivity" else ""
        raise InvalidInputError(
            f"sequence rule `{rule}` comes after `{label}`, which no call can touch; write one of {words}{never}"
        )


def applies(rule: SequenceRule, tool: str, effect: Effect) -> bool:
    """Tell whether the rule is about calls of this tool, of this effect."""
    if not rule.effects and not rule.tools:
        return True
    return effect in rule.effects or tool in rule.tools


def touched(session: Session | None, id: str, more: Iterable[str], now: datetime) -> Session:
    """Return the session after a call that adds labels; labels are never lost."""
    if session is None:
        return Session(id, tuple(sorted(set(more))), now, now)
    return Session(id, tuple(sorted({*session.labels, *more})), session.began_at, now)


def read_rule(raw: Mapping[str, object]) -> SequenceRule:
    """Read one rule as a file has it: ``{id, after, effect, tool, then, because}``.

    Raises:
        InvalidInputError: a field is missing, unknown or cannot be read; the message says which and what to write.
    """
    known = ("id", "after", "effect", "tool", "then", "because")
    if unknown := sorted(set(raw) - set(known)):
        raise InvalidInputError(
            f"unknown key `{unknown[0]}` in a sequence rule; use some of: {', '.join(known)}"
        )
    id = ids.name(raw.get("id"), "a sequence rule")
    after = read_labels(raw.get("after"), f"`after` of sequence rule `{id}`")
    if not after:
        raise InvalidInputError(f"sequence rule `{id}` comes after nothing; name labels under `after`")
    for label in after:
        _check_closed(label, id)
    if (then := raw.get("then", "deny")) not in ("ask", "deny"):
        raise InvalidInputError(f"`then` of sequence rule `{id}` is `{then}`; write ask or deny")
    because = raw.get("because", "")
    if not isinstance(because, str) or len(because) > 500 or not because.isprintable():
        raise InvalidInputError(f"`because` of sequence rule `{id}` is no line of text; write a sentence")
    return SequenceRule(
        id,
        after,
        tuple(word(Effect, text, "effect") for text in read_labels(raw.get("effect", ()), "`effect`")),
        read_labels(raw.get("tool", ()), f"`tool` of sequence rule `{id}`"),
        then == "deny",
        because,
    )


def read_labels(raw: object, what: str) -> tuple[str, ...]:
    """Return labels, one or several, each once and sorted.

    Raises:
        InvalidInputError: one of them cannot be a label.
    """
    texts = [raw] if isinstance(raw, str) else raw
    if not isinstance(texts, list | tuple):
        raise InvalidInputError(f"{what} is missing or no text; write one label or a list of them")
    for text in texts:
        if not isinstance(text, str) or not _LABEL.fullmatch(text):
            raise InvalidInputError(
                f"{what} holds `{str(text)[:80]}`, which is no label; use letters, digits, `_ . / : -`"
            )
    return tuple(sorted(set(texts)))
