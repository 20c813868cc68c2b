"""Coverage of a plane: the demands of a pack, the declared tools, the agents asked about, and what cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from conftest import populate
from ephor.edges.sdk import Plane
from ephor.kernel.errors import InvalidInputError, NotFoundError, VerificationError
from sample_plane import ID, ready

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def plane(world):
    return ready(populate(Plane(world)))


def look_up(plane, times=1):
    @plane.governed(agent=ID)
    def customer_lookup(id: int) -> dict[str, int]:
        return {"id": id}

    for number in range(times):
        customer_lookup(number)


def told(plane, regulation="hipaa", **more):
    report = plane.coverage.report(regulation, **more)
    return {one.kind: one.suspicious for one in report.demands}


def hand_in(plane, kind, **more):
    plane.ledger.append([{"event_type": kind, "agent_id": ID, **more}], by="ola")


def test_reading_tools_that_leave_no_trace_of_reading_are_suspicious_until_they_do(plane):
    look_up(plane)
    assert told(plane, agent=ID) == {
        "data.accessed/1": True,
        "data.modified/1": None,
        "auth.granted/1": False,
        "auth.denied/1": False,
    }
    hand_in(plane, "data.accessed")
    assert told(plane, agent=ID)["data.accessed/1"] is False


def test_an_agent_that_did_nothing_is_not_known_and_never_covered(plane):
    packs = plane.world.packs
    for regulation in [name for name in packs.names() if packs.load(name).logging]:
        report = plane.coverage.report(regulation, agent=ID)
        assert {one.suspicious for one in report.demands} == {None}
        assert report.suspicious is None
        assert all(not one.seen for one in report.demands)


def test_what_happened_outside_the_time_asked_about_does_not_count(plane, clock):
    look_up(plane)
    clock.advance(timedelta(days=2))
    assert set(told(plane, agent=ID, since=timedelta(days=1)).values()) == {None}
    assert told(plane, agent=ID, until=NOW + timedelta(seconds=1))["data.accessed/1"] is True
    report = plane.coverage.report("hipaa", agent=ID, until=NOW + timedelta(days=99))
    assert report.until == clock.now()


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("HIPAA", "hipaa"),
        ("PCI_DSS", "pci-dss"),
        ("pci dss", "pci-dss"),
        ("SOC 2", "soc2"),
        ("EU AI Act", "eu-ai-act"),
        ("Gdpr", "gdpr"),
    ],
)
def test_a_regulation_is_found_in_the_spelling_people_use(plane, text, id):
    assert plane.coverage.report(text).regulation == id


@pytest.mark.parametrize("text", ["HIPPA", "", "gdpr2", "eu", "-"])
def test_an_unknown_regulation_is_told_with_those_there_are(plane, text):
    with pytest.raises(
        NotFoundError,
        match="ccpa, eu-ai-act, gdpr, hipaa, iso-42001, nist-ai-rmf, nyc-ll144, pci-dss, soc2, us-co-sb26-189",
    ):
        plane.coverage.report(text)


def test_an_agent_nobody_knows_is_told_and_one_that_only_acted_is_not(plane):
    with pytest.raises(NotFoundError, match="no agent `ghost`"):
        plane.coverage.report("hipaa", agent="ghost")
    plane.ledger.append([{"event_type": "data.accessed", "agent_id": "ghost"}], by="ola")
    assert plane.coverage.report("hipaa", agent="ghost").acts == 1


def test_a_time_that_ends_before_it_begins_is_refused(plane):
    for since, until in ((NOW + timedelta(days=1), None), (NOW, NOW), (NOW, NOW - timedelta(days=1))):
        with pytest.raises(InvalidInputError, match="let it begin before it ends"):
            plane.coverage.report("hipaa", since=since, until=until)


def test_the_report_names_the_text_it_rests_on(plane):
    report = plane.coverage.report("pci-dss")
    pack = plane.world.packs.load("pci-dss")
    assert (report.pack_digest, report.pack_version) == (pack.digest, pack.identity.version)
    assert [(one.cite, one.basis.value, one.verified.value) for one in report.demands][:2] == [
        ("Req. 10.2.1.1", "text", "sec"),
        ("Req. 10.2.1", "guide", "sec"),
    ]
    act = plane.coverage.report("eu-ai-act")
    assert {str(one.applies_from) for one in act.demands} == {"2027-12-02"}


PACK = """\
pack:
  schema: pack/1
  id: own
  version: 0.1.0
  title: Own
  jurisdiction: XX
  source: https://law.example/own
  text_version: 2026-01-01
  reviewed: {by: legal@example.org, on: 2026-01-02}
"""
DEMAND = 'logging: [{id: own/log, kind: KIND, cite: "s. 1", title: harm, basis: text, verified: mem}]\n'


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("", "does not say which events it demands"),
        (DEMAND.replace("KIND", "made.up/1"), "pack `own`, `own/log`: unknown event kind `made.up/1`"),
    ],
)
def test_a_pack_that_demands_nothing_or_what_no_ledger_holds_is_refused(plane, tmp_path, section, said):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "pack.yaml").write_text(PACK + section)
    with pytest.raises(InvalidInputError, match=said):
        plane.coverage.report(str(folder))


def test_a_pack_of_ones_own_is_read_from_its_folder(plane, tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "pack.yaml").write_text(PACK + DEMAND.replace("KIND", "x-harm/1"))
    hand_in(plane, "x-harm")
    assert plane.coverage.report(str(folder)).demands[0].count == 1


def test_a_source_that_is_overdue_is_a_sign_for_the_plane_and_not_for_one_agent(plane, clock):
    plane.sources.expect("gw", timedelta(minutes=5), by="ola")
    clock.advance(timedelta(minutes=6))
    signs = {one.name: one.suspicious for one in plane.coverage.report("hipaa").signs}
    assert signs["heartbeats"] is True
    look_up(plane)
    assert "heartbeats" not in {one.name for one in plane.coverage.report("hipaa", agent=ID).signs}


def test_acts_of_the_library_are_open_only_while_they_run(plane, clock):
    @plane.governed(agent=ID)
    def customer_lookup(id: int) -> int:
        clock.advance(timedelta(hours=1))
        [act] = plane.coverage.open_acts(older_than=timedelta(minutes=10)).oldest
        assert (act.tool, act.actor, act.reported_by) == ("customer_lookup", f"agent:{ID}", None)
        if id:
            raise ZeroDivisionError
        return id

    customer_lookup(0)
    with pytest.raises(ZeroDivisionError):
        customer_lookup(1)
    found = plane.coverage.open_acts(older_than=timedelta(0))
    assert (found.invoked, found.ended, found.open, found.ended_on_word) == (2, 2, 0, 0)


def test_a_person_can_say_what_became_of_an_act_and_it_shows(plane):
    from ephor.rooms.decisions.model import Call  # noqa: PLC0415 - nothing else here decides by hand

    decision = plane.decisions.decide(Call(ID, "customer_lookup", {"id": 1}), intent=True)
    assert plane.coverage.open_acts(older_than=timedelta(0)).open == 1
    hand_in(plane, "tool.failed", tool="customer_lookup", refs={"decision": decision.id})
    found = plane.coverage.open_acts(older_than=timedelta(0), agent=ID)
    assert (found.open, found.ended_on_word) == (0, 1)


@pytest.mark.parametrize("spoil", ["gone", "changed"])
def test_a_ledger_that_cannot_be_read_is_no_coverage(plane, spoil):
    look_up(plane)
    entries = plane.world.storage._state.logs[0].entries
    if spoil == "gone":
        entries.pop()
    else:
        entries[-1] = entries[-1].replace(b'"v":1', b'"v":2')
    for since in (None, timedelta(minutes=1)):
        with pytest.raises(VerificationError, match="ledger verify"):
            plane.coverage.report("hipaa", since=since)
    with pytest.raises(VerificationError, match="ledger verify"):
        plane.coverage.open_acts(older_than=timedelta(0))
