"""What others hand in is read strictly, and never looks like what this plane decided itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import stamp
from ephor.rooms.ledger.external import read_event

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
PLAIN = {"event_type": "decision.made", "agent_id": "bot"}
CLAIMS = {"approver": "person:cal", "policy_digest": "sha256:1", "decision": "allow"}
GUIDE = {"authorization_policy": "sha256:1", "authorization_result": "allow"}


def read(**fields):
    return read_event({**PLAIN, **fields}, NOW, "eve")


@given(st.sets(st.sampled_from(sorted(CLAIMS))))
def test_what_only_the_plane_can_vouch_for_is_kept_as_reported(names):
    claims = {name: CLAIMS[name] for name in names}
    event = read(**claims, metadata={"a": 1}, refs={"ticket": "7", "reported_by": "person:ada"})
    assert (event.approver, event.policy_digest, event.decision) == (None, None, None)
    assert event.metadata == ({"a": 1, "reported": claims} if claims else {"a": 1})
    assert event.refs == {"ticket": "7", "reported_by": "person:eve"}


def test_the_guides_names_of_those_fields_are_moved_as_well():
    event = read(**GUIDE)
    assert (event.policy_digest, event.decision) == (None, None)
    assert event.metadata == {"reported": {"policy_digest": "sha256:1", "decision": "allow"}}


def test_nobody_writes_the_mark_of_a_report_themselves():
    with pytest.raises(InvalidInputError, match=r"metadata\.reported"):
        read(metadata={"reported": {}})


@pytest.mark.parametrize("field", ["at", "timestamp"])
@pytest.mark.parametrize(
    ("ahead", "taken"),
    [
        (timedelta(minutes=5), True),
        (timedelta(minutes=5, microseconds=1), False),
        (timedelta(days=-9_000), True),
        (timedelta(days=365_000), False),
    ],
)
def test_what_has_not_happened_yet_is_refused_and_any_past_is_taken(field, ahead, taken):
    at = NOW + ahead
    if taken:
        assert read(**{field: stamp(at)}).at == at
    else:
        with pytest.raises(InvalidInputError, match="has not happened yet"):
            read(**{field: stamp(at)})
    assert read().at == NOW


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"agent_id": "bot"}, "needs `event_type`"),
        ({"event_type": "tool.failed"}, "needs `agent_id`"),
        ({**PLAIN, "event_type": "agent.activated"}, "recorded by the plane alone"),
        ({**PLAIN, "event_type": "no.such"}, "unknown event kind"),
        ({**PLAIN, "colour": "red"}, "unknown field `colour`"),
        ({**PLAIN, "duration_ms": -1}, "whole milliseconds"),
        ({**PLAIN, "duration_ms": True}, "whole milliseconds"),
        ({**PLAIN, "metadata": []}, "is no object"),
        ({**PLAIN, "decision": 1}, "write text"),
        ({**PLAIN, "source": "gw"}, "`source` and `sequence` go together"),
        ({**PLAIN, "source": "gw", "sequence": 0}, "an integer from 1"),
        ({**PLAIN, "metadata": {"counted": {"missing": 0}}}, r"`metadata\.counted` is written by Ephor"),
        ({"event_type": "source.heartbeat", "agent_id": "bot"}, "needs `source` and `sequence`"),
        ({"event_type": "source.expected"}, "recorded by the plane alone"),
    ],
)
def test_what_cannot_be_read_is_refused(raw, said):
    with pytest.raises(InvalidInputError, match=said):
        read_event(raw, NOW, "eve")


def test_a_heartbeat_is_of_whoever_hands_it_in_and_of_no_agent():
    beat = {"event_type": "source.heartbeat", "source": "gw", "sequence": 1}
    assert read_event(beat, NOW, "eve").actor == "person:eve"
    assert read_event({**beat, "agent_id": "bot"}, NOW, "eve").actor == "agent:bot"
    assert read_event(beat, NOW, "eve").metadata == {}
