"""Two servers on one log: each goes on from what the other appended, if it is what was signed."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from ephor.adapters.storage.growth import Grower
from ephor.adapters.storage.sql import engines
from ephor.kernel.errors import VerificationError
from planes import Made, check_whole, event, numbers


@pytest.fixture
def made_anew(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes at which a log was read anew instead of being followed."""
    sizes: list[int] = []
    follow = Grower._follow

    def told(grower: Grower, rows: Any, head: Any) -> Any:
        edge = follow(grower, rows, head)
        if edge is None:
            sizes.append(head.size)
        return edge

    monkeypatch.setattr(Grower, "_follow", told)
    return sizes


def behind(made: Made, change: str) -> None:
    """Change a row behind Ephor's back."""
    engine = engines.open_engine(made.url)
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            for verb in ("update", "delete"):
                connection.execute(sa.text(f"drop trigger ledger_entries_no_{verb}"))
        else:
            connection.execute(sa.text("set local session_replication_role = replica"))
        connection.execute(sa.text(change))
    engine.dispose()


def test_each_follows_the_other_across_the_borders_of_tiles(shared, made_anew):
    one, other = shared.open(), shared.open()
    one.append([event(0)])
    other.append([event(1)])
    made_anew.clear()
    count = 2
    for turn, many in enumerate([1, 1, 2, 3, 100, 200, 1, 255, 256, 1, 5, 120, 121]):
        (one, other)[turn % 2].append([event(count + n) for n in range(many)])
        count += many
    assert made_anew == []
    assert numbers(one) == list(range(count))
    check_whole(one)
    assert shared.ledger(other).verify(None, None).findings == ()


def test_whoever_is_too_far_behind_reads_the_edge_anew(shared, made_anew):
    one, other = shared.open(), shared.open()
    one.append([event(0)])
    other.append([event(1)])
    made_anew.clear()
    other.append([event(n) for n in range(2, 302)])
    one.append([event(302)])
    assert made_anew == [302]
    assert numbers(one) == list(range(303))
    check_whole(one)


DAMAGES = {
    "an entry is changed": "update ledger_entries set data = (select data from ledger_entries where idx = 4) where idx = 3",
    "an entry is gone": "delete from ledger_entries where idx = 4",
    "the newest entry is gone": "delete from ledger_entries where idx = 5",
    "the head's time is another": "update ledger_head set last_at = '2031-01-01T00:00:00.000000Z'",
    "the head's time is none": "update ledger_head set last_at = 'soon'",
    "the head's size is smaller": "update ledger_head set size = 5",
    "the head's edge is another": "update ledger_head set frontier = substr(frontier, 33)",
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("expected", [False, True], ids=["unawares", "in turns"])
def test_nobody_goes_on_from_what_was_not_signed(shared, damage, expected):
    one, other = shared.open(), shared.open()
    one.append([event(0)])
    other.append([event(1)])
    if expected:  # whoever was overtaken once asks for the others' entries as it begins
        one.append([event(2)])
        other.append([event(3)])
    else:
        other.append([event(2), event(3)])
    other.append([event(4), event(5)])
    behind(shared, DAMAGES[damage])
    for _ in range(2):
        with pytest.raises(VerificationError, match="ledger"):
            one.append([event(6)])
    engine = engines.open_engine(shared.url)
    with engine.connect() as connection:
        assert connection.execute(sa.text("select max(idx) from ledger_entries")).scalar() <= 5
    engine.dispose()
