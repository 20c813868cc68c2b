"""PII: detection against the guide's five plain patterns, and the cost of masking one call's arguments."""

from __future__ import annotations

import re

from measure import interleave, micro, show

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


def run(*, short: bool) -> str:
    """Return the results as Markdown."""
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
    turns = 3 if short else 15
    scans = interleave(
        {"five": lambda: [one.findall(text) for one in FIVE], "ephor": lambda: detect(text),
         "five dense": lambda: [one.findall(dense) for one in FIVE], "ephor dense": lambda: detect(dense)},
        turns,
    )  # fmt: skip
    masks = interleave({"mask": lambda: [mask_structure(arguments) for _ in range(50)]}, turns * 4)
    size = len(text.encode())
    rows = [
        ("ordinary text, the guide's five patterns", micro(scans["five"].median), f"{size / scans['five'].median / 1e6:,.0f} MB/s", "1.0"),
        ("ordinary text, Ephor's default types (must be 3.0)", micro(scans["ephor"].median), f"{size / scans['ephor'].median / 1e6:,.0f} MB/s",
         f"{scans['five'].median / scans['ephor'].median:.1f}"),
        ("dense text, the guide's five patterns", micro(scans["five dense"].median), f"{len(dense) / scans['five dense'].median / 1e6:,.0f} MB/s", "1.0"),
        ("dense text, Ephor's default types", micro(scans["ephor dense"].median), f"{len(dense) / scans['ephor dense'].median / 1e6:,.0f} MB/s",
         f"{scans['five dense'].median / scans['ephor dense'].median:.1f}"),
        ("one 1 KB call's arguments, masked (must be 60 µs)", micro(masks["mask"].median / 50), "", ""),
    ]  # fmt: skip
    return show("PII, one core", rows, ("what", "median", "rate", "times the five"))
