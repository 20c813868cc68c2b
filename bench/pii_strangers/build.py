"""The second set: whole messages, payloads, logs and tables as a stranger would write them, written without a look at the recognizers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

from pii_set.build import Text, Truth
from pii_strangers.slots import NOTHING, PERSONAL

SEED = 20261128
TIMES = 9
_SLOT = re.compile(r"<([a-z0-9]+)>")
_MARKED = re.compile(r"\[\[([a-z0-9_]+):(.*?)\]\]")
_HERE = Path(__file__).parent
ALIKE = {"us_passport": "passport", "us_driver_license": "driver_license"}
"""Nine digits after `passport number` may be of either country: such finds count as one type."""


def texts() -> list[Text]:
    """Return the whole set, the same each time."""
    dice = Random(SEED)
    made = [_marked(line) for line in (_HERE / "handmade.txt").read_text(encoding="utf-8").splitlines()]
    for locale, template in _templates():
        made += (_filled(locale, template, dice) for _ in range(TIMES))
    return made


def _templates() -> Iterator[tuple[str, str]]:
    for part in (_HERE / "templates.txt").read_text(encoding="utf-8").split("== ")[1:]:
        locale, body = part.split("\n", 1)
        for template in body.rstrip("\n").split("\n--\n"):
            yield locale, template


def _filled(locale: str, template: str, dice: Random) -> Text:
    text, at, truths = "", 0, []
    for slot in _SLOT.finditer(template):
        text += template[at : slot.start()]
        at = slot.end()
        name = slot.group(1)
        if locale != "none" and name in PERSONAL:
            type_, made = PERSONAL[name]
            value = made(dice, locale)
            truths.append(Truth(len(text), len(text) + len(value), ALIKE.get(type_, type_)))
        elif locale == "none":
            value = NOTHING[name](dice, "de")
        else:
            value = slot.group()
        text += value
    return Text(locale, text + template[at:], tuple(truths))


def _marked(line: str) -> Text:
    text, at, truths = "", 0, []
    for mark in _MARKED.finditer(line):
        text += line[at : mark.start()]
        truths.append(
            Truth(len(text), len(text) + len(mark.group(2)), ALIKE.get(mark.group(1), mark.group(1)))
        )
        text, at = text + mark.group(2), mark.end()
    return Text("xx", text + line[at:], tuple(truths))
