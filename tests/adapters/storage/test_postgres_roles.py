"""The two roles of the operator's page, as it writes them: the product works under the server's, and tampering is refused."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from conftest import populate
from ephor.adapters.storage.sql import migrate
from ephor.bootstrap import open_engine
from ephor.kernel.errors import UnavailableError
from ephor.rooms.decisions.model import Call, Outcome
from ephor.settings import Settings
from sample_plane import ID, ready

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "operator.md"
TAMPERING = (
    "update ledger_entries set data = data",
    "delete from ledger_entries",
    "truncate ledger_entries",
    "update ledger_tiles set hashes = hashes",
    "delete from ledger_tiles",
    "truncate ledger_tiles",
    "drop table ledger_entries",
    "alter table ledger_entries disable trigger all",
    "drop trigger ledger_entries_no_update on ledger_entries",
    "create or replace function ephor_refuse() returns trigger language plpgsql as $$ begin return null; end $$",
    "set session_replication_role = replica",
    "delete from alembic_version",
    "create table mine (id int)",
    "create index mine on ledger_entries (idx)",
)


def written():
    """Return the two scripts of SQL on the page."""
    page = PAGE.read_text()
    part = page[page.index("### Two roles") :]
    return re.findall(r"```sql\n(.*?)```", part, re.DOTALL)[:2]


@pytest.fixture
def roles(postgres_url):
    """Run the page's SQL around making the plane; return the URLs of the owner and of the server."""
    admin = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    before, after = written()
    with admin.connect() as connection:
        connection.exec_driver_sql(before)

    def as_role(name):
        url = sa.make_url(postgres_url).set(username=name, password=None)
        return url.render_as_string(hide_password=False)

    def close():
        with admin.connect() as connection:
            connection.exec_driver_sql(after)

    yield as_role("ephor_owner"), as_role("ephor_app"), close, admin
    with admin.connect() as connection:
        for role in ("ephor_app", "ephor_owner"):
            connection.exec_driver_sql(f"drop owned by {role} cascade")
            connection.exec_driver_sql(f"drop role {role}")
    admin.dispose()


def test_the_server_works_under_its_role_and_cannot_tamper(roles, tmp_path):
    owner, server, close, admin = roles
    settings = Settings(keys=str(tmp_path / "keys"))
    with pytest.raises(UnavailableError, match="the database role of"):
        open_engine(server, settings=settings)
    made = open_engine(owner, settings=settings)
    made.ledger.reindex()
    made.close()
    close()

    plane = ready(populate(open_engine(server, settings=settings)))
    assert (
        plane.decide(Call(ID, "customer_lookup", {"id": 7}, subject="jane@example.com", purpose="support"))
        is not None
    )
    assert plane.decide(Call(ID, "refund", {"amount_cents": 5})).outcome is Outcome.ALLOW
    plane.limits.load([{"id": "a", "measure": "calls", "most": 9, "window": "day"}], by="ada")
    plane.limits.remove("a", by="ada")
    event = {"event_type": "tool.invoked", "agent_id": "bot", "action": "call"}
    plane.ledger.append([event] * 300, by="ada")
    assert plane.ledger.search({}, text="refund*", limit=5).entries
    assert plane.ledger.search({"kind": "decision.made/1"}, limit=5).entries
    assert {one.verdict for one in plane.ledger.verify_all(None, None)} == {"CONSISTENT"}
    assert plane.fsck.run() is not None
    with pytest.raises(UnavailableError, match="run as the owner"):
        plane.ledger.reindex()
    size = plane.ledger.head().size

    theirs = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    for statement in TAMPERING:
        with (
            theirs.connect() as connection,
            pytest.raises(sa.exc.ProgrammingError, match=r"permission denied|must be owner"),
        ):
            connection.exec_driver_sql(statement)
    theirs.dispose()
    assert plane.ledger.head().size == size
    assert {one.verdict for one in plane.ledger.verify_all(None, None)} == {"CONSISTENT"}
    plane.close()

    with admin.connect() as connection:
        connection.exec_driver_sql(f"update alembic_version set version_num = '{migrate.KNOWN[-2]}'")
    with pytest.raises(UnavailableError, match="run as the owner"):
        open_engine(server, settings=settings)
