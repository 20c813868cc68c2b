"""Limits: windows, amounts, whom a count is for, and a clock that goes back."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.policies.limits import (
    NOBODY,
    Behalf,
    Limit,
    Measure,
    Per,
    Window,
    amount_in,
    amount_of,
    covers,
    judge,
    read_limit,
    shown,
    tell,
    usage_id,
    use,
    used_now,
    window_end,
    window_start,
)

AT = datetime(2026, 11, 27, 9, 30, 15, tzinfo=UTC)
CALLS = Limit("calls-a-day", Measure.CALLS, 3, Window.DAY)
RAW = {"id": "spend", "measure": "money", "most": "100.00", "window": "day", "argument": "amount", "scale": 2}


def test_a_limit_is_read_as_written():
    read = read_limit({**RAW, "per": ["tool", "agent"], "tool": "pay"})
    assert read == Limit(
        "spend",
        Measure.MONEY,
        10_000,
        Window.DAY,
        (Per.AGENT, Per.TOOL),
        tool="pay",
        argument="amount",
        scale=2,
    )
    assert shown(read) == "100.00 money"
    assert read_limit({**RAW, "per": "person"}).per == (Per.PERSON,)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"colour": "red"}, "unknown key `colour`"),
        ({"id": "No Name"}, "cannot name a limit"),
        ({"measure": "hours"}, "unknown measure"),
        ({"window": "year"}, "unknown window"),
        ({"most": -1}, "negative"),
        ({"most": 1.5}, "no whole number"),
        ({"most": True}, "no whole number"),
        ({"most": None}, "no `most`"),
        ({"most": "1.001"}, "no whole number"),
        ({"per": ["galaxy"]}, "unknown per"),
        ({"argument": None}, "name the `argument`"),
        ({"argument": 7}, "is no text"),
        ({"scale": 12}, "`scale`"),
        ({"scale": True}, "`scale`"),
        ({"measure": "calls", "most": 3}, "counts calls"),
        ({"measure": "records", "most": 3}, "are whole"),
    ],
)
def test_what_is_wrong_with_a_limit_is_said(change, told):
    with pytest.raises(InvalidInputError, match=told):
        read_limit({**RAW, **change})


@pytest.mark.parametrize(
    ("value", "scale", "amount"),
    [
        (5, 0, 5), ("5", 0, 5), ("5.00", 0, 5), ("12.5", 2, 1250), ("12.50", 2, 1250), (1250, 2, 1250), ("0", 2, 0),
        ("-0", 2, 0), ("-1", 2, "negative"), (-1, 2, "negative"), ("12.505", 2, "unreadable"), (1.0, 2, "unreadable"),
        (True, 0, "unreadable"), (None, 0, "unreadable"), ("", 0, "unreadable"), ("1e3", 0, "unreadable"),
        ("1,000", 0, "unreadable"), ("٣", 0, "unreadable"), (" 1", 0, "unreadable"), ("1\n", 0, "unreadable"), ([1], 0, "unreadable"),
        (1 << 60, 0, "unreadable"), ("9" * 16, 2, "unreadable"), ("--1", 0, "unreadable"), (".5", 1, "unreadable"),
    ],
)  # fmt: skip
def test_an_amount_is_exact_or_it_is_none(value, scale, amount):
    assert amount_of(value, scale) == amount


def test_records_count_the_items_of_a_list():
    limit = Limit("rows", Measure.RECORDS, 10, Window.HOUR, argument="ids")
    assert [amount_in(limit, {"ids": one}) for one in ([1, 2, 3], 4, "5", [], {"a": 1})] == [
        3,
        4,
        5,
        0,
        "unreadable",
    ]
    assert amount_in(limit, {}) == "missing"
    assert "`ids`" in tell(limit, "missing")


@pytest.mark.parametrize(
    ("window", "began"),
    [
        (Window.MINUTE, "2026-11-27T09:30:00+00:00"), (Window.HOUR, "2026-11-27T09:00:00+00:00"),
        (Window.DAY, "2026-11-27T00:00:00+00:00"), (Window.WEEK, "2026-11-23T00:00:00+00:00"),
        (Window.MONTH, "2026-11-01T00:00:00+00:00"), (Window.EVER, "1970-01-01T00:00:00+00:00"),
    ],
)  # fmt: skip
def test_windows_are_the_calendars(window, began):
    assert window_start(window, AT).isoformat() == began
    limit = Limit("x", Measure.CALLS, 1, window)
    assert began == use(None, limit, "u", 1, AT).window.isoformat()


def test_who_is_counted_apart_and_who_is_covered():
    lent = Behalf(("dlg_1", "dlg_2"), "ann")
    per_person = Limit("p", Measure.CALLS, 1, Window.DAY, (Per.PERSON,))
    per_chain = Limit("c", Measure.CALLS, 1, Window.DAY, (Per.DELEGATION,))
    assert not covers(per_person, "bot", "pay", NOBODY)
    assert not covers(per_chain, "bot", "pay", NOBODY)
    assert not covers(per_person, "bot", "pay", Behalf(("dlg_9",), None))
    assert covers(per_person, "bot", "pay", lent)
    assert covers(Limit("d", Measure.CALLS, 1, Window.DAY, delegation="dlg_1"), "bot", "pay", lent)
    assert not covers(Limit("d", Measure.CALLS, 1, Window.DAY, delegation="dlg_3"), "bot", "pay", lent)
    assert not covers(Limit("t", Measure.CALLS, 1, Window.DAY, tool="look"), "bot", "pay", lent)
    further = Behalf(("dlg_1", "dlg_7"), "ann")
    assert usage_id(per_chain, "bot", "pay", lent) == usage_id(per_chain, "other", "pay", further)
    per_agent = Limit("a", Measure.CALLS, 1, Window.DAY, (Per.AGENT,))
    assert usage_id(per_agent, "bot", "pay", lent) != usage_id(per_agent, "other", "pay", lent)


MOVES = st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 4)), max_size=30)


@settings(max_examples=200, deadline=None)
@given(MOVES, st.sampled_from(list(Window)))
def test_no_clock_however_it_jumps_lets_more_through_than_the_windows_it_has_newly_reached(moves, window):
    limit = Limit("x", Measure.MONEY, 7, window, argument="n")
    now, usage, newest, passed = AT, None, None, 0
    for days, amount in moves:
        now += timedelta(days=days)
        start = window_start(window, now)
        if newest is None or start > newest:
            newest, passed = start, 0
        if judge(limit, used_now(usage, limit, now), amount) == "within":
            usage = use(usage, limit, "u", amount, now)
            passed += amount
        assert passed <= limit.most


def test_money_in_another_currency_or_in_none_has_no_amount():
    euros = read_limit(
        {
            "id": "eur",
            "measure": "money",
            "most": "10.00",
            "scale": 2,
            "window": "day",
            "argument": "sum",
            "currency": "EUR",
        }
    )
    said = [
        amount_in(euros, {"sum": "1.50", **more})
        for more in ({"currency": "EUR"}, {"currency": "USD"}, {"currency": None}, {}, {"currency": "eur"})
    ]
    assert said == [150, "foreign", "foreign", "foreign", "foreign"]
    named = read_limit(
        {
            "id": "eur",
            "measure": "money",
            "most": 9,
            "window": "day",
            "argument": "sum",
            "currency": "EUR",
            "currency_argument": "unit",
        }
    )
    assert amount_in(named, {"sum": 3, "unit": "EUR"}) == 3
    assert "argument `currency` must say EUR" in tell(euros, "foreign")
    plain = read_limit(
        {"id": "eur", "measure": "money", "most": "10.00", "scale": 2, "window": "day", "argument": "sum"}
    )
    assert usage_id(plain, "bot", "pay", NOBODY) != usage_id(euros, "bot", "pay", NOBODY)


@pytest.mark.parametrize(
    "wrong",
    [
        {"currency": "euro"},
        {"currency": "EUR", "measure": "calls"},
        {"currency_argument": "unit"},
        {"currency": 5},
    ],
)
def test_a_currency_is_for_money_and_is_three_letters(wrong):
    raw = {"id": "x", "measure": "money", "most": 9, "window": "day", "argument": "sum", **wrong}
    if raw["measure"] == "calls":
        del raw["argument"]
    with pytest.raises(InvalidInputError, match="currency"):
        read_limit(raw)


@pytest.mark.parametrize(
    ("window", "ends"),
    [
        (Window.MINUTE, "2026-11-27T09:31:00+00:00"), (Window.HOUR, "2026-11-27T10:00:00+00:00"),
        (Window.DAY, "2026-11-28T00:00:00+00:00"), (Window.WEEK, "2026-11-30T00:00:00+00:00"),
        (Window.MONTH, "2026-12-01T00:00:00+00:00"),
    ],
)  # fmt: skip
def test_a_window_ends_where_the_next_one_begins(window, ends):
    end = window_end(window, AT)
    assert end.isoformat() == ends
    assert window_start(window, end) == end
    assert window_end(Window.EVER, AT) is None


def test_what_goes_beyond_a_limit_is_told_with_what_was_used_what_is_left_and_when_it_begins_anew():
    limit = Limit("spend", Measure.MONEY, 1250, Window.DAY, argument="sum", scale=2, currency="EUR")
    text = tell(limit, "exceeded", 1000, 500, AT)
    assert "at most 12.50 EUR in one day" in text
    assert "10.00 used, 5.00 asked for, 2.50 left; it begins anew at 2026-11-28 00:00 UTC" in text
    assert "it never begins anew" in tell(Limit("x", Measure.CALLS, 1, Window.EVER), "exceeded", 1, 1, AT)


def test_limits_in_two_currencies_each_count_their_own():
    """A call in a currency that another covering limit counts is not foreign to this one; in a third it is, to both."""
    euros, dollars = (
        Limit(
            one,
            Measure.MONEY,
            10,
            Window.DAY,
            per=(Per.AGENT,),
            tool="pay",
            argument="sum",
            currency=one.upper(),
        )
        for one in ("eur", "usd")
    )
    both = (euros, dollars)

    def said(currency):
        return [amount_in(one, {"sum": 3, "currency": currency}, both) for one in both]

    assert said("EUR") == [3, "elsewhere"]
    assert said("USD") == ["elsewhere", 3]
    assert said("GBP") == said(None) == said("eur") == ["foreign", "foreign"]
    assert [amount_in(one, {"currency": "EUR"}, both) for one in both] == ["missing", "missing"]
    assert judge(dollars, 99, "elsewhere") == "within"
    assert judge(dollars, 0, "foreign") == "foreign"
    for other in (
        dataclasses.replace(dollars, argument="fee"),
        dataclasses.replace(dollars, currency_argument="unit"),
    ):
        assert amount_in(euros, {"sum": 3, "currency": "USD", "unit": "USD"}, (euros, other)) == "foreign"
