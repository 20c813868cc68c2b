"""Findings joined: the worst answer, its reasons, and the first day anything lapses."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from ephor.rooms.gate.finding import Exhibit, Finding, Status, met, not_known, not_met, together

PLAN = Exhibit("a plan", "evd_1", "evt_1", date(2026, 11, 24))
DRILL = Exhibit("a drill", "evd_2", "evt_2", date(2026, 11, 25))
FINDINGS = (
    met("planned", PLAN, lapses=date(2027, 3, 1)),
    met("drilled", DRILL, lapses=date(2027, 1, 1)),
    met("watched", PLAN),
    not_known("nobody knows", "ask", DRILL),
    not_met("too late", "do it"),
)


def test_what_is_all_met_lapses_on_the_first_day_that_any_part_does() -> None:
    joined = together(FINDINGS[:3])
    assert (joined.status, joined.lapses) == (Status.MET, date(2027, 1, 1))
    assert joined.because == "planned; drilled; watched"
    assert joined.evidence == (PLAN, DRILL)


@given(st.lists(st.sampled_from(FINDINGS), min_size=1))
def test_the_worst_part_decides_and_says_what_to_do(parts: list[Finding]) -> None:
    joined = together(parts)
    found = {part.status for part in parts}
    worst = next(one for one in (Status.NOT_MET, Status.NOT_KNOWN, Status.MET) if one in found)
    assert joined.status is worst
    assert (joined.remedy is None) == (worst is Status.MET)
    assert worst is Status.MET or joined.lapses is None
