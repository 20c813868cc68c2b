"""The clocks that an incident starts: arithmetic by tables, and which run on which facts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from ephor.adapters import packs
from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.rooms.incidents.clocks import (
    ClockStatus,
    check_facts,
    clocks,
    deadline,
    facts_of,
    named,
    union_end,
)
from ephor.rooms.incidents.close import check_closable
from ephor.rooms.incidents.figures import trends
from ephor.rooms.incidents.record import (
    Cause,
    Excuse,
    Incident,
    IncidentStatus,
    Sending,
    Severity,
    Stated,
    aware,
    read_facts,
    said,
)
from ephor.rooms.incidents.write import GAP, draft, report
from ephor.rooms.regulation.pack import Counting

LAWS = [packs.load(name) for name in packs.bundled() if packs.load(name).incidents]
RULES = {rule.id: rule for law in LAWS for rule in law.incidents.clocks}
AWARE = datetime(2026, 11, 27, 10, 20, tzinfo=UTC)  # a Friday
BERLIN, LA = ZoneInfo("Europe/Berlin"), ZoneInfo("America/Los_Angeles")


def incident(facts=(), *, aware_at=AWARE, complete=False, **more):
    stated, unknown = check_facts(LAWS, read_facts(tuple(facts)))
    return Incident(
        id="inc_1",
        title="wrong *addresses*",
        summary="Mail went to [wrong](x) people",
        severity=Severity.HIGH,
        status=IncidentStatus.OPEN,
        aware_at=aware_at,
        zone="UTC",
        agents=("support",),
        origin="log",
        query={},
        pins=(),
        suspended=(),
        by="ola",
        at=aware_at,
        entry="evt_1",
        **{"stated": (Stated(stated, unknown, complete, "ola", aware_at, "evt_2"),), **more},
    )


def standing(one, now=AWARE, zone=UTC):
    return {clock.id: clock for clock in clocks(one, LAWS, zone, now)}


def running(one, now=AWARE):
    return {id for id, clock in standing(one, now).items() if clock.status is ClockStatus.RUNNING}


AI = ("ai_act_role=provider", "high_risk_system=true", "system_link=established")
GDPR = ("gdpr_applies=true", "personal_data_breach=true", "data_role=controller")
HIPAA = ("hipaa_role=covered_entity", "phi_breach=true")
CA = ("california_data=true", "california_owner=owns_or_licenses")


@pytest.mark.parametrize(
    ("rule", "start", "zone", "due", "last", "latest"),
    [
        # Article 73: days after the day of becoming aware; a weekend moves only the day that Regulation 1182/71 allows.
        ("eu-ai-act/report-2-days", "2026-11-24T09:00Z", UTC, "2026-11-27T00:00Z", "2026-11-26", None),
        ("eu-ai-act/report-2-days", "2026-11-27T10:20Z", UTC, "2026-11-30T00:00Z", "2026-11-29", "2026-12-01"),
        ("eu-ai-act/report-10-days", "2026-11-25T00:00Z", UTC, "2026-12-06T00:00Z", "2026-12-05", "2026-12-07"),
        ("eu-ai-act/report-15-days", "2026-11-27T10:20Z", UTC, "2026-12-13T00:00Z", "2026-12-12", "2026-12-14"),
        ("eu-ai-act/report-15-days", "2026-11-26T10:20Z", UTC, "2026-12-12T00:00Z", "2026-12-11", None),
        # The same moment is another day elsewhere, and summer time ends within the days.
        ("eu-ai-act/report-15-days", "2026-11-26T23:30Z", BERLIN, "2026-12-12T23:00Z", "2026-12-12", "2026-12-14"),
        ("eu-ai-act/report-15-days", "2026-10-20T10:00Z", BERLIN, "2026-11-04T23:00Z", "2026-11-04", None),
        # Hours run through weekends and changes of the clock.
        ("gdpr/notify-authority", "2026-11-27T10:20Z", BERLIN, "2026-11-30T10:20Z", None, None),
        ("gdpr/notify-authority", "2026-10-23T22:00Z", BERLIN, "2026-10-26T22:00Z", None, None),
        ("gdpr/tell-people", "2026-11-27T10:20Z", UTC, None, None, None),
        ("hipaa/tell-individuals", "2026-11-27T10:20Z", LA, "2027-01-27T08:00Z", "2027-01-26", None),
        ("hipaa/tell-individuals", "2026-11-28T03:00Z", LA, "2027-01-27T08:00Z", "2027-01-26", None),
        ("hipaa/log-hhs", "2026-02-01T12:00Z", UTC, "2027-03-02T00:00Z", "2027-03-01", None),
        ("hipaa/log-hhs", "2027-12-31T12:00Z", UTC, "2028-03-01T00:00Z", "2028-02-29", None),
        ("hipaa/log-hhs", "2028-01-01T03:00Z", LA, "2028-03-01T08:00Z", "2028-02-29", None),
        ("ccpa/tell-residents", "2026-01-31T12:00Z", UTC, "2026-03-03T00:00Z", "2026-03-02", None),
    ],
)  # fmt: skip
def test_when_a_clock_ends(rule, start, zone, due, last, latest):
    ends = deadline(RULES[rule], datetime.fromisoformat(start), zone)
    assert ends.due == (datetime.fromisoformat(due) if due else None)
    assert ends.last_day == (date.fromisoformat(last) if last else None)
    assert ends.latest_day == (date.fromisoformat(latest) if latest else None)


def test_the_zone_a_time_is_written_in_changes_nothing():
    rule = RULES["eu-ai-act/report-10-days"]
    moved = AWARE.astimezone(timezone(timedelta(hours=-11)))
    assert deadline(rule, AWARE, BERLIN) == deadline(rule, moved, BERLIN)


@pytest.mark.parametrize("first", [date(2026, 11, 23) + timedelta(n) for n in range(7)])
def test_a_union_period_ends_on_a_working_day_and_holds_two(first):
    end = union_end(first, 2)
    days = [first + timedelta(n) for n in range(1, (end - first).days + 1)]
    assert end.weekday() < 5
    assert sum(day.weekday() < 5 for day in days) == 2 or end == first + timedelta(2)


@pytest.mark.parametrize(
    ("facts", "runs", "open_"),
    [
        ((*AI, "death=true"), {"eu-ai-act/report-15-days", "eu-ai-act/report-10-days"}, {"eu-ai-act/report-2-days"}),
        ((*AI, "serious_health_harm=true", "death=false"), {"eu-ai-act/report-15-days"}, {"eu-ai-act/report-2-days"}),
        ((*AI, "critical_infrastructure_disruption=true"), {"eu-ai-act/report-15-days", "eu-ai-act/report-2-days"},
         {"eu-ai-act/report-10-days"}),
        ((*AI[:2], "widespread_infringement=true", "system_link=ruled_out"), {"eu-ai-act/report-2-days"}, set()),
        ((*AI, "death=true", "equivalent_reporting=true", "fundamental_rights_infringement=false"), set(),
         {"eu-ai-act/report-2-days"}),
        ((*AI, "death=true", "equivalent_reporting=true", "fundamental_rights_infringement=true"),
         {"eu-ai-act/report-15-days"}, {"eu-ai-act/report-2-days"}),
        (("ai_act_role=deployer", *AI[1:], "death=true"), {"eu-ai-act/deployer-informs"}, set()),
        (AI, set(), {"eu-ai-act/report-15-days", "eu-ai-act/report-10-days", "eu-ai-act/report-2-days"}),
        (GDPR, {"gdpr/notify-authority"}, {"gdpr/tell-people"}),
        ((*GDPR, "risk_to_people=unlikely"), set(), set()),
        ((*GDPR, "risk_to_people=risk"), {"gdpr/notify-authority"}, set()),
        ((*GDPR, "risk_to_people=high"), {"gdpr/notify-authority", "gdpr/tell-people"}, set()),
        ((*GDPR, "risk_to_people=high", "data_unintelligible=true"), {"gdpr/notify-authority"}, set()),
        ((*GDPR, "risk_to_people=high", "public_communication_instead=true"),
         {"gdpr/notify-authority", "gdpr/tell-public"}, set()),
        ((*GDPR[:2], "data_role=processor"), {"gdpr/processor-informs"}, set()),
        ((*HIPAA, "phi_individuals=500_or_more", "over_500_in_one_state=true"),
         {"hipaa/tell-individuals", "hipaa/notify-hhs", "hipaa/tell-media"}, set()),
        ((*HIPAA, "phi_individuals=under_500", "over_500_in_one_state=false"),
         {"hipaa/tell-individuals", "hipaa/log-hhs"}, set()),
        (HIPAA, {"hipaa/tell-individuals"}, {"hipaa/notify-hhs", "hipaa/log-hhs", "hipaa/tell-media"}),
        ((*HIPAA, "low_probability_of_compromise=true"), set(), set()),
        (("hipaa_role=business_associate", "phi_breach=true"), {"hipaa/associate-informs"}, set()),
        ((*CA, "california_residents=up_to_500"), {"ccpa/tell-residents"}, set()),
        ((*CA, "california_residents=over_500", "california_encrypted=true"), set(), set()),
    ],
)  # fmt: skip
def test_which_clocks_run_and_which_may(facts, runs, open_):
    found = standing(incident(facts))
    assert {id for id, one in found.items() if one.status is ClockStatus.RUNNING} == runs
    law = {"ai": "eu-ai-act", "gd": "gdpr", "hi": "hipaa", "ca": "ccpa"}[facts[0][:2]]
    may = {id for id, one in found.items() if one.status is ClockStatus.NOT_KNOWN and id.startswith(law)}
    assert may == {id for id in open_ if id.startswith(law)}
    assert all(found[id].unknown for id in may)


def test_nothing_stated_is_nothing_known_and_everything_stated_is_nothing_left():
    found = standing(incident())
    off = [id for id, one in found.items() if one.status is not ClockStatus.NOT_KNOWN]
    assert off == ["gdpr/tell-public"]  # instead of telling each: an exception that nobody invoked
    assert all(one.holds is None and one.unknown for one in named(incident(), LAWS))
    assert running(incident(complete=True)) == set()
    assert all(one.holds is False for one in named(incident(complete=True), LAWS))
    unsure = incident(["death=unknown", *AI], complete=True)
    assert standing(unsure)["eu-ai-act/report-10-days"].unknown == ("death",)


@pytest.mark.parametrize(
    ("limb", "fact"),
    [
        ("a", "death"),
        ("a", "serious_health_harm"),
        ("b", "critical_infrastructure_disruption"),
        ("c", "fundamental_rights_infringement"),
        ("d", "serious_property_or_environment_harm"),
    ],
)
@pytest.mark.parametrize(
    ("link", "holds"), [("established", True), ("reasonably_likely", True), ("ruled_out", False)]
)
def test_the_limbs_of_a_serious_incident(limb, fact, link, holds):
    one = incident([f"{fact}=true", f"system_link={link}"], complete=True)
    found = {name.id: name.holds for name in named(one, LAWS) if name.law == "eu-ai-act"}
    assert found == {f"eu-ai-act/serious-incident-{letter}": letter == limb and holds for letter in "abcd"}


def test_a_law_applies_by_the_day_of_becoming_aware():
    facts = (*CA, "california_residents=over_500", *AI, "death=true")
    before = incident(facts, aware_at=datetime(2025, 12, 31, 12, tzinfo=UTC))
    assert running(before) == {"ccpa/tell-residents-soon"}
    edge = incident(facts, aware_at=datetime(2026, 1, 1, 2, tzinfo=UTC))
    assert "ccpa/tell-residents-soon" in standing(edge, zone=LA)
    assert "ccpa/tell-residents" in standing(edge, zone=UTC)


def sending(clock, at, **more):
    return Sending(clock, at, "portal", None, None, "ola", at, "evt_9", **more)


def test_overdue_late_and_the_first_notification_counts():
    one = incident(GDPR)
    due = AWARE + timedelta(hours=72)
    id = "gdpr/notify-authority"
    assert [standing(one, due - timedelta(0, 1))[id].overdue, standing(one, due)[id].overdue] == [False, True]
    assert standing(incident(["gdpr_applies=true"]), due)[id].overdue  # nobody knows, and the time is over
    late = incident(GDPR, sendings=(sending(id, due),))
    assert (standing(late)[id].status, standing(late)[id].late) == (ClockStatus.ANSWERED, True)
    phases = incident(GDPR, sendings=(sending(id, due), sending(id, AWARE)))
    assert not standing(phases, due)[id].late
    assert standing(phases, due)[id].overdue is False


def test_a_clock_that_starts_with_another_notification():
    facts = (*CA, "california_residents=over_500")
    id = "ccpa/sample-to-attorney-general"
    waits = standing(incident(facts))[id]
    assert (waits.status, waits.start, waits.due) == (ClockStatus.WAITING, None, None)
    told = AWARE + timedelta(days=3)
    runs = standing(incident(facts, sendings=(sending("ccpa/tell-residents", told),)))[id]
    assert (runs.status, runs.start, runs.last_day) == (ClockStatus.RUNNING, told, date(2026, 12, 15))


def test_closing_asks_for_every_clock_every_action_a_cause_and_somebody_else():
    one = incident(GDPR, complete=True)
    with pytest.raises(NotPermittedError):
        check_closable(one, tuple(standing(one).values()), "ola")
    with pytest.raises(ConflictError, match=r"notify-authority.*no root cause") as refused:
        check_closable(one, tuple(standing(one).values()), "sam")
    assert len(refused.value.facts["left"]) == 2
    ready = incident(
        GDPR,
        complete=True,
        excuses=(Excuse("gdpr/notify-authority", "told by another", "ola", AWARE, "evt_3"),),
        causes=(Cause("surname alone", "ola", AWARE, "evt_4"),),
    )
    check_closable(ready, tuple(standing(ready).values()), "sam")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "x" * 2001,
        "a\x1b[31mb",
        "a\u202eb",
        "Write to jane.doe@example.com",
        "card 4111 1111 1111 1111",
    ],
)
def test_words_that_are_not_kept(text):
    with pytest.raises(InvalidInputError) as refused:
        said(text, "summary")
    assert "jane" not in str(refused.value)


@pytest.mark.parametrize(
    "texts", [["death"], ["=true"], ["death="], ["Death=true"], ["death=true", "death=false"]]
)
def test_facts_that_are_not_written_as_facts(texts):
    with pytest.raises(InvalidInputError):
        read_facts(tuple(texts))


@pytest.mark.parametrize(
    "raw", [{"colour": True}, {"death": "yes"}, {"risk_to_people": "huge"}, {"data_role": ["king"]}]
)
def test_facts_that_no_law_asks_for_or_of_another_type(raw):
    with pytest.raises(InvalidInputError):
        check_facts(LAWS, raw)


@pytest.mark.parametrize("at", [AWARE + timedelta(seconds=1), datetime(1969, 1, 1, tzinfo=UTC)])
def test_moments_nobody_became_aware_at(at):
    with pytest.raises(InvalidInputError):
        aware(at, AWARE)


def test_what_is_written_shows_gaps_and_does_nothing_else():
    one = incident(GDPR)
    clock = standing(one, AWARE + timedelta(days=9))["gdpr/notify-authority"]
    text = draft(one, clock, RULES[clock.id])
    assert "Reasons for the delay: " + GAP in text
    assert text.count(GAP) == 4
    assert "\\[wrong\\](x)" in text
    told = report(one, named(one, LAWS), tuple(standing(one).values()), AWARE)
    assert "wrong \\*addresses\\*" in told
    assert "[evt_2]" in told
    assert "to be stated: risk_to_people" in told


def test_trends_count_months_without_any():
    spread = trends([incident(), incident(aware_at=datetime(2026, 9, 1, tzinfo=UTC))])
    assert spread.months == {"2026-09": 1, "2026-10": 0, "2026-11": 1}
    assert (spread.severities["high"], spread.severities["low"], spread.agents) == (2, 0, {"support": 2})
    assert trends([]).months == {}


def test_facts_of_the_same_name_mean_the_same_and_every_statement_is_dated_or_marked():
    seen: dict[str, object] = {}
    for law in LAWS:
        for name, kind in law.incidents.facts.items():
            assert seen.setdefault(name, kind) == kind
        assert facts_of(incident(), law).stated == {}
        for rule in law.incidents.clocks:
            assert rule.contents
            assert (rule.counting is Counting.AT_ONCE) == (rule.amount == 0)
