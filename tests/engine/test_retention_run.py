"""Retention over real databases: what goes, what stays, and what a run that is killed leaves behind."""

from __future__ import annotations

import json
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ephor.adapters.connectors.sql_retention import connect_retention
from ephor.adapters.connectors.values import plain
from ephor.adapters.parquet.rows import row_archive
from ephor.engine.plane import Engine
from ephor.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NotPermittedError,
    VerificationError,
)
from ephor.rooms.retention.disposal import Keeps, RetentionPlan, RunStatus
from ephor.rooms.retention.rule import RetentionLaw
from strikes import gets_through, strike

CLOCK = datetime(2026, 11, 24, 9, tzinfo=UTC)
SCHEMA = """
create table people (id integer primary key, email text, name text);
create table talks (id integer primary key, person_id integer references people(id), email text, ended {time}, country text, score {number});
create table lines (talk_id integer references talks(id), line integer, said text, at {time}, primary key (talk_id, line));
"""


@dataclass
class Shop:
    """A database, an engine over it, and a second opinion on its rows."""

    url: str
    folder: Path
    engine: Engine
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    opened: list[Any] = field(default_factory=list)

    @property
    def store(self) -> Any:
        self.opened.append(connect_retention(self.url))
        return self.opened[-1]

    def close(self) -> None:
        while self.opened:
            self.opened.pop().close()

    def base(self) -> sa.Engine:
        return sa.create_engine(self.url, poolclass=sa.pool.NullPool)

    def fill(self, talks: int = 60, seed: int = 7) -> None:
        dice = random.Random(seed)
        people = [{"id": n, "email": f"p{n}@example.org", "name": f"Person {n}"} for n in range(1, 6)]
        rows, lines = [], []
        for n in range(1, talks + 1):
            owner = dice.randint(1, 5)
            at = CLOCK - timedelta(days=dice.randint(0, 200), seconds=dice.randint(0, 86399))
            country, score = dice.choice(["NO", "DE"]), dice.choice([None, 1, 7])
            rows.append(
                {
                    "id": n,
                    "person_id": owner,
                    "email": f"p{owner}@example.org",
                    "ended": at,
                    "country": country,
                    "score": score,
                }
            )
            lines += [
                {"talk_id": n, "line": k, "said": f"said {k}", "at": at - timedelta(hours=1)}
                for k in range(dice.randint(0, 3))
            ]
        self.rows = {"people": people, "talks": rows, "lines": lines}
        with self.base().begin() as connection:
            kinds = {
                "time": "timestamptz" if "postgres" in self.url else "text",
                "number": "numeric" if "postgres" in self.url else "integer",
            }
            for statement in SCHEMA.format(**kinds).split(";\n")[:-1]:
                connection.execute(sa.text(statement))
            for table, found in self.rows.items():
                for row in found:
                    stored = {
                        k: v.isoformat() if isinstance(v, datetime) and "sqlite" in self.url else v
                        for k, v in row.items()
                    }
                    names = ", ".join(stored)
                    connection.execute(
                        sa.text(
                            f"insert into {table} ({names}) values ({', '.join(':' + k for k in stored)})"
                        ),
                        stored,
                    )

    def ids(self, table: str = "talks", column: str = "id") -> set[Any]:
        with self.base().connect() as connection:
            return {row[0] for row in connection.execute(sa.text(f"select {column} from {table}"))}

    def archived(self, plan: RetentionPlan) -> Counter[tuple[str, Any]]:
        """Every archived key, from the files themselves."""
        found: Counter[tuple[str, Any]] = Counter()
        for path in sorted((self.folder / "archive" / plan.id).glob("*shop*/part-*.parquet")):
            name = path.parent.name[3:]
            found.update((name, row.get("id") or (row["talk_id"], row["line"])) for row in _read(path))
        return found

    def run(self, plan: RetentionPlan, **more: Any) -> Any:
        given: dict[str, Any] = {
            "by": "dora",
            "archive": lambda id: row_archive(str(self.folder / "archive"), id),
        } | more
        return self.engine.retention.run(plan.id, {"shop": self.store}, **given)

    def approved(self, schedule: dict[str, Any]) -> RetentionPlan:
        plan = self.engine.retention.propose(schedule, {"shop": self.store}, by="ada")
        return self.engine.retention.approve(plan.id, by="dora")


def _read(path: Path) -> list[dict[str, Any]]:
    parquet = pytest.importorskip("pyarrow.parquet")
    return list(parquet.read_table(path).to_pylist())


def schedule(days: int = 90, archive: bool = True, lines: bool = True, **more: Any) -> dict[str, Any]:
    talks = {
        "collection": "shop.talks",
        "trigger": "ended",
        "subject": "email",
        "categories": ["user.content"],
    } | more
    said = {"collection": "shop.lines", "trigger": "at", "categories": ["system.operations"]}
    policy = {
        "category": "conversation_history",
        "purpose": "support",
        "jurisdiction": "EU",
        "laws": ["GDPR"],
        "days": days,
        "archive": archive,
        "collections": [talks, *([said] if lines else [])],
    }
    return {"policies": [policy]}


@pytest.fixture(params=["sqlite", "postgres"])
def shop(request: pytest.FixtureRequest, tmp_path: Path, engine: Engine) -> Iterator[Shop]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'shop.db'}"
        base = sqlite3.connect(tmp_path / "shop.db")
        base.execute("pragma journal_mode = wal")  # fewer waits for the disk
        base.close()
    else:
        url = request.getfixturevalue("postgres_url")
    made = Shop(url, tmp_path, engine)
    made.fill()
    yield made
    made.close()


def old(shop: Shop, days: int) -> tuple[set[int], set[tuple[int, int]]]:
    """The naive oracle: which talks and lines are past their time, row by row."""
    edge = datetime.combine(CLOCK.date(), datetime.min.time(), UTC) - timedelta(days=days)
    lines = {(one["talk_id"], one["line"]) for one in shop.rows["lines"] if one["at"] < edge}
    stuck = {one["talk_id"] for one in shop.rows["lines"] if one["at"] >= edge}
    return {one["id"] for one in shop.rows["talks"] if one["ended"] < edge and one["id"] not in stuck}, lines


def test_what_is_past_its_time_is_archived_and_goes_and_nothing_else(shop: Shop) -> None:
    plan = shop.approved(schedule())
    talks, lines = old(shop, 90)
    assert [one.collection for one in plan.lines] == ["shop.lines", "shop.talks"], (
        "what names others goes first"
    )
    assert [one.act for one in plan.lines] == [len(lines), len(talks)]
    report = shop.run(plan, batch=7)
    assert report.certificate is not None
    assert shop.ids() == {one["id"] for one in shop.rows["talks"]} - talks
    expected = Counter([*(("shop.talks", one) for one in talks), *(("shop.lines", one) for one in lines)])
    assert shop.archived(plan) == expected
    by = {one.collection: one for one in report.certificate.lines}
    assert (by["shop.talks"].gone, by["shop.talks"].archived.rows) == (len(talks), len(talks))
    assert report.certificate.deleted_at <= report.certificate.erased_at
    again = shop.run(plan)
    assert (again.rows, again.certificate) == (0, report.certificate)
    kinds = [json.loads(one)["kind"] for one in shop.engine.world.storage.ledger.entries(0, 99)]
    assert [kind for kind in kinds if kind.startswith("retention")] == [
        "retention.planned/1",
        "retention.approved/1",
        "retention.advanced/1",
        "retention.advanced/1",
        "retention.executed/1",
    ]


def test_the_archive_gives_back_what_the_rows_held(shop: Shop) -> None:
    plan = shop.approved(schedule(lines=False, days=0) if "sqlite" in shop.url else schedule(days=0))
    shop.run(plan)
    folder = next((shop.folder / "archive" / plan.id).glob("*talks"))
    with row_archive(str(shop.folder / "archive"), plan.id) as box:
        columns, rows = box.last(folder.name) or ((), ())
    kept = {row[0]: dict(zip(columns, row, strict=True)) for row in rows}
    for one in shop.rows["talks"]:
        if one["id"] in kept:
            told = kept[one["id"]]
            ended = (
                told["ended"]
                if isinstance(told["ended"], datetime)
                else datetime.fromisoformat(str(told["ended"]))
            )
            assert ended == one["ended"]
            assert str(plain(told["score"])) == str(one["score"])


def test_a_hold_on_a_person_and_one_on_a_collection_beat_the_maximum_even_after_the_approval(
    shop: Shop,
) -> None:
    plan = shop.approved(schedule())
    pseudonym = shop.engine.world.pseudonyms.of("p1@example.org")
    shop.engine.retention.place_hold("Doe v. Shop", [f"subject:{pseudonym}"], by="dora")
    shop.engine.retention.place_hold("audit", ["collection:shop.lines"], by="dora")
    report = shop.run(plan)
    talks, _ = old(shop, 90)
    named = {one["talk_id"] for one in shop.rows["lines"]}
    free = {one["id"] for one in shop.rows["talks"] if one["id"] in talks - named and one["person_id"] != 1}
    assert shop.ids() == {one["id"] for one in shop.rows["talks"]} - free
    assert len(shop.ids("lines", "talk_id || '-' || line")) == len(shop.rows["lines"])
    reasons = {stay.reason for line in report.certificate.lines for stay in line.stays}
    assert {Keeps.HELD, Keeps.REFERENCED} <= reasons


@pytest.mark.parametrize(
    ("days", "since", "held"),
    [(60, "ended", False), (90, "ended", False), (91, "ended", True), (60, "begun", True)],
)
def test_a_minimum_keeps_a_collection_whose_rows_would_go_before_it_is_over(
    shop: Shop, days: int, since: str, held: bool
) -> None:
    shop.engine.retention.place_hold("tax law", ["collection:shop.talks"], by="dora", days=days, since=since)
    [line] = shop.engine.retention.draft(schedule(lines=False), {"shop": shop.store}, by="ada").lines
    assert ({stay.reason for stay in line.stays} == {Keeps.HELD}) is held
    assert (line.act == 0) is held


def test_a_person_is_found_through_the_row_that_a_foreign_key_names(shop: Shop) -> None:
    pseudonym = shop.engine.world.pseudonyms.of("p1@example.org")
    shop.engine.retention.place_hold("Doe v. Shop", [f"subject:{pseudonym}"], by="dora")
    plan = shop.approved(schedule(lines=False, subject="people.email", archive=False))
    talks, _ = old(shop, 90)
    named = {one["talk_id"] for one in shop.rows["lines"]}
    free = {one["id"] for one in shop.rows["talks"] if one["id"] in talks - named and one["person_id"] != 1}
    assert [one.act for one in plan.lines] == [len(free)]
    shop.run(plan)
    assert shop.ids() == {one["id"] for one in shop.rows["talks"]} - free
    with pytest.raises(InvalidInputError, match="foreign keys"):
        shop.engine.retention.draft(schedule(subject="lines.said"), {"shop": shop.store}, by="ada")


def test_a_limit_stops_a_run_and_the_next_one_goes_on(shop: Shop) -> None:
    plan = shop.approved(schedule())
    first = shop.run(plan, limit=5, batch=3)
    assert (first.certificate, first.rows) == (None, 5)
    assert shop.engine.retention.show(plan.id).plan.status is RunStatus.IN_PROGRESS
    with pytest.raises(ConflictError, match="archives to"):
        shop.run(plan, archive=lambda id: row_archive(str(shop.folder / "elsewhere"), id))
    total, reports = first.rows, [first]
    while reports[-1].certificate is None:
        reports.append(shop.run(plan, limit=20, batch=3))
        total += reports[-1].rows
    talks, lines = old(shop, 90)
    assert total == len(talks) + len(lines)
    assert max(shop.archived(plan).values()) == 1


def test_more_rows_than_were_approved_stop_the_run_before_the_first_one_goes(shop: Shop) -> None:
    plan = shop.approved(schedule())
    with shop.base().begin() as connection:
        connection.execute(sa.text("insert into talks (id, ended) values (999, '2020-01-01T00:00:00+00:00')"))
    before = shop.ids()
    with pytest.raises(ConflictError, match="were approved"):
        shop.run(plan)
    assert shop.ids() == before


def test_a_row_renewed_after_the_plan_stays(shop: Shop) -> None:
    plan = shop.approved(schedule())
    talks, _ = old(shop, 90)
    renewed = min(talks)
    with shop.base().begin() as connection:
        connection.execute(
            sa.text(f"update talks set ended = '2026-11-23T00:00:00+00:00' where id = {renewed}")
        )
    assert shop.run(plan).certificate is not None
    assert renewed in shop.ids()
    assert ("shop.talks", renewed) not in shop.archived(plan)


def test_anonymising_overwrites_the_columns_and_keeps_the_rows(shop: Shop) -> None:
    given = schedule(archive=False, lines=False, set={"email": None, "country": "XX"})
    given["policies"][0]["method"] = "anonymise"
    given["policies"][0]["collections"][0]["subject"] = None
    plan = shop.approved(given)
    edge = datetime.combine(CLOCK.date(), datetime.min.time(), UTC) - timedelta(days=90)
    past = {one["id"] for one in shop.rows["talks"] if one["ended"] < edge}
    report = shop.run(plan, batch=4, archive=None)
    assert [(one.planned, one.gone) for one in report.certificate.lines] == [(len(past), len(past))]
    with shop.base().connect() as connection:
        found = {
            row[0]: tuple(row[1:])
            for row in connection.execute(sa.text("select id, email, country from talks"))
        }
    assert {id for id, row in found.items() if row == (None, "XX")} == past
    assert len(found) == len(shop.rows["talks"])


def test_an_archive_that_cannot_be_written_or_does_not_read_back_deletes_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = shop.approved(schedule())
    before = shop.ids(), shop.ids("lines", "talk_id || '-' || line")
    monkeypatch.setattr("ephor.adapters.parquet.rows._equal", lambda one, other: False)
    with pytest.raises(VerificationError):
        shop.run(plan)
    monkeypatch.undo()
    assert (shop.ids(), shop.ids("lines", "talk_id || '-' || line")) == before
    assert shop.run(plan).certificate is not None


def test_an_archive_that_loses_a_file_gets_no_certificate(shop: Shop) -> None:
    plan = shop.approved(schedule())
    shop.run(plan, limit=10, batch=3)
    next((shop.folder / "archive" / plan.id).glob("*/part-000000.parquet")).unlink()
    with pytest.raises(VerificationError):
        while shop.run(plan, limit=1000).certificate is None:
            pass


def _die_at(shop: Shop, made: Any, plan: RetentionPlan, steps: int) -> bool:
    """Run the plan in a process that kills itself at a step; tell whether it got through before."""

    def work() -> None:
        storage = made.open()
        strike(steps)
        Shop(shop.url, shop.folder, Engine(made.world(storage))).run(plan, batch=9)
        storage.close()

    return gets_through(work)


@pytest.mark.parametrize("archive", [True, False])
def test_killed_at_any_step_it_goes_on_and_nothing_is_lost_or_archived_twice(
    shop: Shop, tmp_path: Path, archive: bool
) -> None:
    from conftest import populate  # noqa: PLC0415 - not a module of the product
    from planes import sqlite_plane  # noqa: PLC0415

    (tmp_path / "plane").mkdir()
    made = sqlite_plane(tmp_path / "plane")
    storage = made.open()
    shop.engine = populate(Engine(made.world(storage)))
    plan = shop.approved(schedule(archive=archive))
    made.close()
    shop.close()  # a child must not share its connections
    dice = random.Random(archive)
    struck = 0
    for _ in range(6 if archive else 2):
        if _die_at(shop, made, plan, dice.randint(1, 45)):
            break
        struck += 1
    assert struck
    assert _die_at(shop, made, plan, 10_000)
    talks, lines = old(shop, 90)
    assert shop.ids() == {one["id"] for one in shop.rows["talks"]} - talks
    assert len(shop.ids("lines", "talk_id || '-' || line")) == len(shop.rows["lines"]) - len(lines)
    if archive:
        assert shop.archived(plan) == Counter(
            [*(("shop.talks", one) for one in talks), *(("shop.lines", one) for one in lines)]
        )
    storage = made.open()
    certificate = Engine(made.world(storage)).retention.show(plan.id).certificate
    assert certificate is not None
    assert {one.collection: one.gone for one in certificate.lines} == {
        "shop.talks": len(talks),
        "shop.lines": len(lines),
    }
    made.close()


@pytest.fixture
def small(tmp_path: Path, engine: Engine) -> Shop:
    sqlite3.connect(tmp_path / "shop.db").close()
    made = Shop(f"sqlite:///{tmp_path / 'shop.db'}", tmp_path, engine)
    made.fill()
    return made


def test_nobody_approves_their_own_plan_and_only_an_approved_one_runs(small: Shop) -> None:
    retention = small.engine.retention
    with pytest.raises(NotPermittedError):
        retention.propose(schedule(), {"shop": small.store}, by="eve")
    plan = retention.propose(schedule(), {"shop": small.store}, by="ada")
    with pytest.raises(ConflictError, match="not approved"):
        small.run(plan)
    with pytest.raises(NotPermittedError):
        retention.approve(plan.id, by="ada")
    with pytest.raises(NotPermittedError):
        retention.approve(plan.id, by="eve")
    retention.approve(plan.id, by="dora")
    with pytest.raises(ConflictError):
        retention.approve(plan.id, by="dora")
    with pytest.raises(InvalidInputError, match="--archive"):
        small.run(plan, archive=None)


def test_the_dry_run_is_the_same_plan(small: Shop) -> None:
    retention = small.engine.retention
    dry = retention.draft(schedule(), {"shop": small.store}, by="ada")
    assert dry.digest == retention.propose(schedule(), {"shop": small.store}, by="ada").digest
    assert [one.id for one in retention.plans()] != [dry.id]


def test_rows_whose_time_nobody_can_read_stay(small: Shop) -> None:
    strange = ["", "yesterday", None, 20200101, 1.5, "now", "2459000.5", b"2020-01-01", "2020-13-45"]
    with sqlite3.connect(small.folder / "shop.db") as base:
        base.executemany(
            "insert into talks (id, ended) values (?, ?)", [(1000 + n, one) for n, one in enumerate(strange)]
        )
    plan = small.approved(schedule())
    [line] = [one for one in plan.lines if one.collection == "shop.talks"]
    assert [(one.reason, one.rows) for one in line.stays if one.reason is Keeps.UNREADABLE] == [
        (Keeps.UNREADABLE, len(strange))
    ]
    small.run(plan)
    assert {1000 + n for n in range(len(strange))} <= small.ids()


def test_a_conflict_stops_its_line_until_a_person_decides_and_is_recorded(small: Shop) -> None:
    given = {
        "laws": ["GDPR", "HIPAA"],
        "policies": [
            {
                "category": "pii_data",
                "purpose": "care",
                "archive": False,
                "collections": [
                    {"collection": "shop.talks", "trigger": "ended", "categories": ["user.content"]}
                ],
            }
        ],
    }
    retention = small.engine.retention
    [line] = retention.draft(given, {"shop": small.store}, by="ada").lines
    assert (line.act, [one.reason for one in line.stays]) == (0, [Keeps.UNDECIDED])
    assert "split the category" in line.proposal
    laws = [RetentionLaw.GDPR, RetentionLaw.HIPAA]
    for days, because in ((90, "short"), (2200, "long"), (365, " ")):
        with pytest.raises(InvalidInputError):
            retention.decide("pii_data", laws, days, because, by="dora")
    with pytest.raises(NotPermittedError):
        retention.decide("pii_data", laws, 365, "no records of care among them", by="eve")
    with pytest.raises(ConflictError):
        retention.decide("pii_data", [RetentionLaw.GDPR], 365, "no conflict", by="dora")
    retention.decide("pii_data", laws, 365, "no records of care among them", by="dora")
    with pytest.raises(ConflictError):
        retention.decide("pii_data", laws, 400, "again", by="dora")
    [line] = retention.draft(given, {"shop": small.store}, by="ada").lines
    assert (line.days, line.proposal) == (
        365,
        f"dora decided on {small.engine.world.clock.now().date()} that it goes after 365 days: no records of care among them",
    )
    given["policies"][0]["days"] = 60  # type: ignore[index]
    [line] = retention.draft(given, {"shop": small.store}, by="ada").lines
    assert line.days == 365
    assert "365 days, not after the 60 days of the schedule: " in line.proposal
    ledger = small.engine.world.storage.ledger
    assert len(ledger.search({"kind": "retention.decided/1"}, before=None, limit=9)) == 1


def test_a_number_outside_of_the_rules_two_claims_on_a_row_and_unfit_columns_are_refused(small: Shop) -> None:
    def draft(given: dict[str, Any]) -> Any:
        return small.engine.retention.draft(given, {"shop": small.store}, by="ada")

    with pytest.raises(
        InvalidInputError, match=r"`conversation_history` says 91 days; its rules ask for at most 90;"
    ):
        draft(schedule(days=91))
    twice = schedule()
    twice["policies"].append(twice["policies"][0])
    with pytest.raises(InvalidInputError, match="two policies claim"):
        draft(twice)
    apart = schedule(lines=False, only={"country": "NO"})
    apart["policies"].append(
        schedule(lines=False, only={"country": ["DE"]}, days=30)["policies"][0] | {"days": 30}
    )
    assert len(draft(apart).lines) == 2
    for more in (
        {"trigger": "nothing"},
        {"subject": "nothing"},
        {"only": {"nothing": 1}},
        {"collection": "shop.nothing"},
        {"unit": "weeks"},
    ):
        with pytest.raises(InvalidInputError):
            draft(schedule(**more))
    with sqlite3.connect(small.folder / "shop.db") as base:
        base.execute("create table loose (ended text)")
    with pytest.raises(InvalidInputError, match="no primary key"):
        draft(schedule(lines=False, collection="shop.loose", subject=None))


def test_a_hold_over_people_holds_a_collection_that_names_none(small: Shop) -> None:
    small.engine.retention.place_hold("Doe", ["subject:sub_x"], by="dora")
    [line] = small.engine.retention.draft(
        schedule(lines=False, subject=None), {"shop": small.store}, by="ada"
    ).lines
    assert (line.act, line.stays[0].reason) == (0, Keeps.HELD)
    small.engine.retention.place_hold("tax", ["category:user.financial"], by="dora")
    [line] = small.engine.retention.draft(
        schedule(lines=False, categories=[]), {"shop": small.store}, by="ada"
    ).lines
    assert line.act == 0, "categories nobody stated may be the held ones"


def test_deleted_and_out_of_the_files_are_two_states(small: Shop) -> None:
    plan = small.approved(schedule())
    reader = sqlite3.connect(small.folder / "shop.db")
    with sqlite3.connect(small.folder / "shop.db") as base:
        base.execute("pragma journal_mode = wal")
    reader.execute("begin")
    reader.execute("select count(*) from talks").fetchone()
    report = small.run(plan)
    assert (report.certificate, report.plan.status) == (None, RunStatus.DELETED)
    assert "not yet out of the files" in report.next
    reader.close()
    small.engine.world.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]
    done = small.run(plan).certificate
    assert done is not None
    assert done.erased_at - done.deleted_at == timedelta(hours=1)


def test_two_processes_do_not_work_on_one_run(small: Shop) -> None:
    plan = small.approved(schedule())
    with (
        row_archive(str(small.folder / "archive"), plan.id),
        pytest.raises(ConflictError, match="another process"),
    ):
        small.run(plan)


def test_a_date_column_keeps_its_day_to_the_end() -> None:
    from ephor.rooms.retention.disposal import cutoff  # noqa: PLC0415

    assert cutoff(date(2026, 3, 1), 30).date() == date(2026, 1, 30)
