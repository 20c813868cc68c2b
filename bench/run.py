"""`python3 dev.py bench [ledger|memory|decisions|rules|pii|privacy]… [--rows N] [--short] [--write]`: ratios in one run, with what they were measured on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import decisions
import ledger
import ledger_memory
import measure
import pii
import privacy
import rules
from page import PAGE, keep


@dataclass(frozen=True, slots=True)
class Part:
    """Something that can be measured; *always* unless it takes so long that it has to be asked for."""

    run: Callable[[argparse.Namespace], str]
    always: bool = True


PARTS: Mapping[str, Part] = {
    "ledger": Part(lambda asked: ledger.run(short=asked.short, alone=asked.alone)),
    "memory": Part(lambda asked: ledger_memory.run(short=asked.short, write=asked.write), always=False),
    "decisions": Part(lambda asked: decisions.run(short=asked.short)),
    "rules": Part(lambda asked: rules.run(short=asked.short, alone=asked.alone)),
    "pii": Part(lambda asked: pii.run(short=asked.short, alone=asked.alone)),
    "privacy": Part(lambda asked: privacy.run(short=asked.short, rows=asked.rows), always=False),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python3 dev.py bench", description=__doc__)
    usual = ", ".join(name for name, part in PARTS.items() if part.always)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; default: {usual}")
    parser.add_argument("--short", action="store_true", help="few turns: shows that it runs, not how fast")
    parser.add_argument("--write", action="store_true", help="write the results to docs/benchmarks.md")
    parser.add_argument(
        "--alone", action="store_true", help="without peers, which are fetched from a network once"
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the tables of `privacy`")
    asked = parser.parse_args()
    if unknown := [part for part in asked.parts if part not in PARTS]:
        parser.error(f"unknown part {unknown[0]}; use {', '.join(PARTS)}")
    if asked.short and asked.write:
        parser.error("a short run shows no speed; leave out --short or --write")
    for name in asked.parts or [name for name, part in PARTS.items() if part.always]:
        about = measure.machine()
        print(f"{about}\n")
        text = PARTS[name].run(asked)
        if asked.write:
            rows = f" --rows {asked.rows}" if name == "privacy" and asked.rows != 1_000_000 else ""
            command = f"python3 dev.py bench {name} --write{rows}"
            keep(PAGE, name, f"Made by `{command}` on {about}.\n\n{text}", list(PARTS))
            print(f"written to docs/{PAGE.name}")


if __name__ == "__main__":
    main()
