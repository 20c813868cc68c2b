"""`python3 dev.py bench [ledger|decisions|pii]… [--short] [--write]`: ratios in one run, with what they were measured on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import decisions
import ledger
import measure
import pii

PARTS: dict[str, Callable[..., str]] = {"ledger": ledger.run, "decisions": decisions.run, "pii": pii.run}
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"default: all of {', '.join(PARTS)}")
    parser.add_argument("--short", action="store_true", help="few turns: shows that it runs, not how fast")
    parser.add_argument("--write", action="store_true", help="write the results to docs/benchmarks.md")
    asked = parser.parse_args()
    if unknown := [part for part in asked.parts if part not in PARTS]:
        parser.error(f"unknown part {unknown[0]}; use {', '.join(PARTS)}")
    parts = asked.parts or list(PARTS)
    about = measure.machine()
    print(f"{about}\n")
    texts = [f"## {part}\n\n{PARTS[part](short=asked.short)}" for part in parts]
    if asked.write:
        command = "python3 dev.py bench " + " ".join([*asked.parts, "--write"])
        PAGE.write_text(
            "# Benchmarks\n\nRatios within one run; contestants take turns. Times are of one machine and mean little elsewhere.\n\n"
            f"Made by `{command}` on {about}.\n\n" + "\n".join(texts)
        )
        print(f"written to docs/{PAGE.name}")


if __name__ == "__main__":
    main()
