"""What to write where a rule compares things of two kinds: Cedar's validator names the kinds, and leaves it at that."""

from __future__ import annotations

import re

from ephor.rooms.policies.rule_schema import WORDS

_SAW = re.compile(r"\bexpected (?P<wanted>.+?) but saw (?P<found>.+)")
_PAIR = re.compile(r"the types (?P<wanted>.+?) and (?P<found>.+?) are not compatible")
_CALLED = {
    "Long": "a whole number",
    "String": "text",
    "Bool": "true or false",
    "decimal": "a decimal number",
    "datetime": "a time",
    "Set<String>": "a list of text",
    "Set<Long>": "a list of whole numbers",
}


_KNOWN = (
    (
        "AnyEntity",
        "`in` asks whether an agent is of a role, or an action one of several; whether text is one of several is written "
        '`["a", "b"].contains(principal.owner)`',
    ),
    ("datetime", 'write a time as `datetime("2026-12-31")`, or `datetime("2026-12-31T18:00:00Z")`'),
    (
        "decimal",
        'write the number as `decimal("20.5")`, and compare with `.lessThan(…)` or `.greaterThan(…)`',
    ),
    (
        "Set<",
        'a list is asked with `.contains(…)`, as in `context.labels.contains("data:contact")`; what it holds must be of one kind',
    ),
    *(
        (one, f'write `{one}::"NAME"` where `{one}` is compared')
        for one in ("Agent", "Role", "Tool", "Action")
    ),
)
"""What a kind's name in the message calls for."""


def advise(text: str) -> str:
    """Return the validator's words with what to write instead.

    >>> advise("unexpected type: expected Long but saw String").partition("; ")[2]
    'a whole number stands beside text: write numbers without quotes, as in `> 2000`'
    """
    found = _SAW.search(text) or _PAIR.search(text)
    if found is None:
        return text
    wanted, saw = found["wanted"], found["found"]
    return f"{text}; {_instead({wanted, saw}, wanted, saw)}"


def _instead(kinds: set[str], wanted: str, saw: str) -> str:
    word = next((one for one in kinds if one in WORDS), None)
    if word is not None:
        return f'write the word as `{word}::"{WORDS[word][-1]}"`; there are: {", ".join(WORDS[word])}'
    for sign, advice in _KNOWN:
        if any(sign in one for one in kinds):
            return advice
    if kinds == {"Long", "String"}:
        return "a whole number stands beside text: write numbers without quotes, as in `> 2000`"
    if wanted == "Bool":
        return f"a condition must be true or false, and this is {_called(saw)}: compare it, as in `context.hour >= 22`"
    if saw == "Bool":
        return f"true or false stands where {_called(wanted)} must: join conditions with `&&` and `||`"
    return f"compare {_called(wanted)} with {_called(wanted)}, not with {_called(saw)}"


def _called(kind: str) -> str:
    return _CALLED.get(kind, f"`{kind}`")
