"""PII: detection against the guide's five plain patterns, Presidio and scrubadub; hostile text; accuracy on our own set."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peers
from children import Child, ChildError
from measure import Taken, interleave, micro, say, show
from pii_set.build import texts
from pii_set.score import Score, score
from pii_strangers.build import ALIKE
from pii_strangers.build import texts as strangers

from ephor.rooms.pii.detect import detect
from ephor.rooms.pii.structure import mask_structure

FIVE = [
    re.compile(pattern)
    for pattern in (
        r"[\w\.-]+@[\w\.-]+\.\w+",
        r"\b\d{3}[-.]?\d{3}[-.]?\d{4}\b",
        r"\b\d{3}-\d{2}-\d{4}\b",
        r"\b\d{4}[-\s]?\d{4}[-\s]?\d{4}[-\s]?\d{4}\b",
        r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b",
    )
]
"""The guide's patterns, as it states them."""
ORDINARY = (
    "The parcel left the warehouse on Tuesday and should reach you within three days. If the lid is scratched, keep the box, "
    "write to us and we will send another one. Order notes: two jugs, one tray, gift wrap, no rush. "
)


HOSTILE = (
    "a",
    "1-",
    "1.",
    "a@",
    "a@a.",
    "4111 ",
    "0123 ",
    "+1",
    "1.1.1.",
    "a:b:",
    "phone ",
    "(0",
    "-----BEGIN ",
    "\u200b",
)
"""Units that make regular expressions stall when repeated."""
_HERE = Path(__file__).parent


def run(*, short: bool, alone: bool = False) -> str:
    """Return the results as Markdown."""
    return _speed(short=short, alone=alone) + _hostile(short=short) + _accuracy()


def _speed(*, short: bool, alone: bool) -> str:
    text = (ORDINARY * 6_000)[: 1 << 20]
    dense = (
        ORDINARY * 4 + "write to ann@example.org or call +46 70 174 06 05, card 4111 1111 1111 1111. "
    ) * 900
    arguments = {
        "id": 7,
        "note": ORDINARY * 2,
        "items": [{"sku": f"jug-{n}", "count": n} for n in range(12)],
        "tags": ["gift", "fragile"],
    }
    numbers = {
        "customer": 48213, "order": "ORD-2026-004512", "amount": 1899.5, "when": "2026-03-01T10:11:12Z",
        "lines": [{"sku": f"SKU-{n:06d}", "count": n, "price": n * 3.25} for n in range(8)],
        "note": "ship by 12 May, invoice 20260312-77, box 40x30x20, weight 1200 g, ref 7781-22. " * 5,
    }  # fmt: skip
    turns = 3 if short else 15
    contestants: dict[str, Callable[[], Any]] = {
        "five": lambda: [one.findall(text) for one in FIVE], "ephor": lambda: detect(text),
        "five dense": lambda: [one.findall(dense) for one in FIVE], "ephor dense": lambda: detect(dense),
    }  # fmt: skip
    part = 1 << 13 if short else 1 << 16
    peer, missing = (None, "Presidio and scrubadub were left out, as asked.") if alone else _open_peer()
    if peer is not None:
        for name in ("presidio", "scrubadub"):
            contestants[name] = lambda name=name: Taken(**peer.ask(name, text=text[:part]))
            contestants[f"{name} dense"] = lambda name=name: Taken(**peer.ask(name, text=dense[:part]))
    scans = interleave(contestants, turns)
    masks = interleave(
        {
            "text": lambda: [mask_structure(arguments) for _ in range(50)],
            "numbers": lambda: [mask_structure(numbers) for _ in range(50)],
        },
        turns * 4,
    )
    versions = peer.ask("versions") if peer is not None else {}
    if peer is not None:
        peer.close()
    rates = {
        name: _size(name, len(text), len(dense), part) / timing.cpu / 1e6 for name, timing in scans.items()
    }
    rows = [
        (name, f"{rate:,.2f} MB/s", f"{rates['ephor dense' if 'dense' in name else 'ephor'] / rate:,.1f}")
        for name, rate in rates.items()
    ]
    rows += [
        (f"one 1 KB call's arguments of {name}, masked (must be 60 µs)", micro(timing.cpu / 50), "")
        for name, timing in masks.items()
    ]
    told = show("PII, one core, CPU time", rows, ("what", "rate", "Ephor is so many times as fast"))
    goals = (
        "Ephor must be 3 times the five, 100 times Presidio's pattern recognizers, 10 times on dense text."
    )
    return told + say(
        f"{goals} {missing}{', '.join(f'{name} {number}' for name, number in versions.items())}\n"
    )


def _size(name: str, ordinary: int, dense: int, part: int) -> int:
    if name.startswith(("presidio", "scrubadub")):
        return part
    return dense if "dense" in name else ordinary


def _open_peer() -> tuple[Child | None, str]:
    try:
        peer = Child("pii_child.py", python=str(peers.python(_HERE / ".pii-peers", _HERE / "pii_peers.txt")))
        peer.ask("presidio", text="warm")
    except (OSError, ChildError) as error:
        return None, f"Presidio and scrubadub were not measured: {error}. "
    return peer, ""


def _hostile(*, short: bool) -> str:
    text = (ORDINARY * 6_000)[: 1 << 20]
    contestants = {"ordinary": text} | {unit: (unit * (1 << 20))[: 1 << 20] for unit in HOSTILE}
    taken = interleave(
        {name: (lambda one=one: detect(one)) for name, one in contestants.items()}, 2 if short else 5
    )
    rows = [
        (
            f"`{unit.encode('unicode_escape').decode()}`",
            micro(taken[unit].cpu),
            f"{taken[unit].cpu / taken['ordinary'].cpu:.2f}",
        )
        for unit in HOSTILE
    ]
    return show(
        "Hostile text, 1 MB of one unit (must be 3.00)", rows, ("unit", "time", "times ordinary text")
    )


def _accuracy() -> str:
    made = texts()
    head = _scores("Accuracy on our own set", score(made))
    second = strangers()
    other = _scores("Accuracy on the second set", score(second, alike=ALIKE))
    clean = [text.text for text in made if not text.truths]
    wrong = sum(len(detect(text)) for text in clean)
    size = sum(map(len, clean))
    places = len({text.locale for text in made} - {"xx"})
    return (
        head
        + say(
            f"{len(made):,} texts of {places} places, {len(clean):,} of them without personal data: made from a fixed seed by `bench/pii_set`, and by hand. "
            f"Wrong finds in the {size / 1000:,.0f} KB without personal data: {wrong} (must be at most 1 in 100 KB).\n"
        )
        + other
        + say(
            f"{len(second):,} whole messages, payloads, logs and tables of {len({text.locale for text in second} - {'xx', 'none'})} places, "
            f"{sum(not text.truths for text in second):,} of them without personal data: `bench/pii_strangers`, written without a look at the rules.\n"
        )
    )


def _scores(title: str, told: dict[str, Score]) -> str:
    rows = [
        (
            name,
            str(one.there),
            f"{one.recall:.3f}",
            f"{one.precision:.3f}",
            f"{one.exact / one.there:.3f}" if one.there else "",
        )
        for name, one in told.items()
    ]
    return show(
        title,
        rows,
        (
            "type",
            "in the set",
            "recall (must be 0.970)",
            "precision (must be 0.970)",
            "found to the character",
        ),
    )
