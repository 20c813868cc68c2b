"""What does not hold in the tables of an archive, kept until the log in them is judged."""

from __future__ import annotations

from dataclasses import replace

from ephor.verifier import INVALID, MAX_FINDINGS, Finding, Report

ALTERED = "the columns were altered, or Ephor did not make them; only an entry's bytes are signed"
DAMAGED = "the archive was damaged, or prepared to deceive"


class Findings:
    """At most `MAX_FINDINGS` findings, and how many there were besides."""

    def __init__(self) -> None:
        self._found: dict[tuple[int | None, str], Finding] = {}
        self._more = 0

    def add(self, position: int | None, problem: str, means: str, entry: str | None = None) -> None:
        """Note that something does not hold, once, and the first entry it concerns."""
        if (position, problem) in self._found:
            return
        if len(self._found) < MAX_FINDINGS:
            self._found[position, problem] = Finding(position, entry, problem, means)
        else:
            self._more += 1

    def join(self, report: Report) -> Report:
        """Return *report* with these findings, each before what the verifier says of the same entry.

        A log whose tables do not hold is invalid, whatever its signed part says.
        """
        if not self._found:
            return report
        together = [*self._found.values(), *report.findings]
        together.sort(key=lambda one: (one.position is None, one.position or 0))
        more = report.more_findings + self._more + max(0, len(together) - MAX_FINDINGS)
        kept = tuple(together[:MAX_FINDINGS])
        return replace(report, verdict=INVALID, findings=kept, more_findings=more)
