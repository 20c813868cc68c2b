"""Langfuse's traces and any service's rows over HTTP, and Redis: found, erased, asked again, and not believed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ephor.adapters.connectors import web
from ephor.adapters.connectors.opening import connect
from ephor.kernel.errors import ConflictError, EphorError, InvalidInputError, NotFoundError, UnavailableError
from ephor.rooms.dsr.datamap import Name
from ephor.rooms.dsr.store import Find, Tally
from fake_services import FakeLangfuse, FakeService, served, trace
from served_stores import redis_running

TRACES, TICKETS, CHATS = Name("agent", "traces"), Name("desk", "tickets"), Name("cache", "chats")


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_PAUSES", (0.0, 0.0))


def test_traces_of_a_person_go_with_their_observations_however_late() -> None:
    traces = [trace(f"t/{n}", str(n % 2), f"I am number {n % 2}") for n in range(250)]
    fake = FakeLangfuse({one["id"]: one for one in traces}, late=3)
    with served(fake) as host:
        store = connect(f"langfuse+http://pk:sk@{host}")
        assert set(store.tables()) == {"traces"}
        rows = store.find(Find(TRACES, ("id", "input", "observations"), "userId", ("1",)))
        assert len(rows) == 125
        assert rows[0]["observations"] == '[{"id":"o-t/1","input":"I am number 1"}]'
        by_metadata = store.find(Find(TRACES, ("id",), "metadata.customer.id", (1,)))
        assert [one["id"] for one in by_metadata] == [one["id"] for one in rows]
        keys = [(row["id"],) for row in rows]
        assert len(store.tally(Tally(TRACES, ("id",), tuple(keys)))) == 125
        fake.down = 2
        assert store.delete("traces", ("id",), keys) == 125
        assert [len(one) for one in fake.deletions] == [100, 25]
        assert "deleted" in store.scrub(["traces"])
        assert store.tally(Tally(TRACES, ("id",), tuple(keys))) == {}
        assert store.delete("traces", ("id",), keys) == 0
        assert {one["userId"] for one in fake.traces.values()} == {"0"}
        with pytest.raises(InvalidInputError, match="not corrected"):
            store.update("traces", ("id",), keys, {"name": "x"})


def test_a_deletion_that_langfuse_does_not_carry_out_is_not_called_done(tmp_path: Path) -> None:
    fake = FakeLangfuse({"t": trace("t", "1", "mary@example.org")}, late=10_000)
    (tmp_path / "keys").write_text("pk:sk\n")
    with served(fake) as host:
        store = connect(f"langfuse+http://{host}?credentials={tmp_path}/keys&wait=0.1")
        store.delete("traces", ("id",), [("t",)])
        with pytest.raises(UnavailableError, match="has not carried it out"):
            store.scrub(["traces"])


def test_refusals_are_told_without_what_they_say_and_without_the_keys() -> None:
    with served(FakeLangfuse({})) as host:
        with pytest.raises(UnavailableError, match="answered 401") as raised:
            connect(f"langfuse+http://pk:wrong@{host}").tables()
        assert "mary" not in str(raised.value)
        assert "wrong" not in str(raised.value)
    with pytest.raises(UnavailableError, match="does not answer"):
        connect("langfuse+http://pk:sk@127.0.0.1:9").tables()


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("langfuse+https://host", InvalidInputError),
        ("langfuse+https://pk@host", InvalidInputError),
        ("langfuse+ftp://pk:sk@host", InvalidInputError),
        ("langfuse+https://pk:sk@host:x", InvalidInputError),
        ("langfuse+https://pk:sk@host?what=1", InvalidInputError),
        ("langfuse+https://host?credentials=/nowhere/keys", NotFoundError),
        ("service+https://host", InvalidInputError),
        ("service+https://host?secret=/nowhere/secret", NotFoundError),
        ("service+file:///etc/passwd", InvalidInputError),
        ("redis://host/0", InvalidInputError),
        ("redis:///0?a=b", InvalidInputError),
    ],
)
def test_urls_that_say_too_little_are_refused(url: str, error: type[EphorError]) -> None:
    with pytest.raises(error):
        connect(url)


@pytest.fixture
def secret(tmp_path: Path) -> str:
    (tmp_path / "secret").write_text("s3cret\n")
    return str(tmp_path / "secret")


def tickets() -> list[dict[str, Any]]:
    return [
        {"id": 1, "mail": "Mary@example.org", "text": "help", "who": 1},
        {"id": 2, "mail": "john@example.org", "text": "hi", "who": 2},
        {"id": 3, "mail": "mary@example.org", "text": "more", "who": 1},
    ]


def test_a_service_finds_corrects_and_erases_once_even_if_its_answer_is_lost(secret: str) -> None:
    fake = FakeService(tickets())
    with served(fake) as host:
        store = connect(f"service+http://{host}/privacy?secret={secret}")
        assert store.tables()["tickets"].primary_key == ("id",)
        found = store.find(Find(TICKETS, ("id", "text"), "mail", ("mary@example.org",), fold=True))
        assert [one["id"] for one in found] == [1, 3]
        assert [one["id"] for one in store.find(Find(TICKETS, ("id",), "who", ("2",)))] == [2]
        fake.down = 1
        assert store.update("tickets", ("id",), [(1,)], {"text": "right"}) == 1
        fake.down = 1
        assert store.delete("tickets", ("id",), [(1,), (3,)]) == 2, (
            "the second try gets the first one's answer"
        )
        assert fake.acts == ["rectify", "erase"]
        assert store.tally(Tally(TICKETS, ("id",), ((1,), (2,), (3,)))) == {(2,): 1}
        assert "erased" in store.scrub(["tickets"])
        again = connect(f"service+http://{host}/privacy?secret={secret}")
        fake.rows += tickets()[:1]
        assert again.delete("tickets", ("id",), [(1,), (3,)]) == 1, "a later run is another run"


def test_rows_that_nobody_asked_for_are_not_taken_for_the_persons(secret: str) -> None:
    fake = FakeService(tickets(), lies=True)
    with served(fake) as host:
        store = connect(f"service+http://{host}/privacy?secret={secret}")
        assert [one["id"] for one in store.find(Find(TICKETS, ("id",), "who", (2,)))] == [2]
        assert store.tally(Tally(TICKETS, ("id",), ((2,),))) == {(2,): 1}


@pytest.mark.parametrize("answer", [[], {}, {"rows": "all"}, {"rows": True}, {"rows": 9}, {"rows": -1}])
def test_an_answer_that_says_nothing_is_no_answer(
    secret: str, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeService(tickets())
    monkeypatch.setattr(fake, "erase", lambda _: answer)
    with served(fake) as host:
        store = connect(f"service+http://{host}/privacy?secret={secret}")
        with pytest.raises(UnavailableError):
            store.delete("tickets", ("id",), [(1,)])


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_running() as url:
        yield url


def test_a_person_leaves_redis_and_its_log(redis_url: str) -> None:
    redis = pytest.importorskip("redis", reason="install ephor[redis]")
    client = redis.Redis.from_url(redis_url, decode_responses=True)
    for who, name in (("1", "Mary"), ("2", "John")):
        client.hset(f"user:{who}", mapping={"name": name, "mail": f"{name.lower()}@example.org"})
        client.rpush(f"chat:{who}:a", f"I am {name}", "bye")
        client.set(f"doc:{who}", f'{{"who": {{"mail": "{name}"}}}}', ex=1000)
    client.set("user:1:cache", "x")
    store = connect(
        f"{redis_url}?users=user:{{customer_id}}&chats=chat:{{customer_id}}:*&docs=doc:{{customer_id}}"
    )
    assert set(store.tables()) == {"users", "chats", "docs", "_other_files"}
    users = Name("cache", "users")
    [row] = store.find(
        Find(users, ("_key", "customer_id", "_value"), "_value.mail", ("MARY@example.org",), fold=True)
    )
    assert row == {
        "_key": "user:1",
        "customer_id": "1",
        "_value": '{"name":"Mary","mail":"mary@example.org"}',
    }
    [chat] = store.find(Find(CHATS, ("_key", "_type", "_value"), "customer_id", (1,)))
    assert chat == {"_key": "chat:1:a", "_type": "list", "_value": '["I am Mary","bye"]'}
    assert store.update("users", ("_key",), [("user:1",), ("user:9",)], {"_value.name": "Maria"}) == 1
    assert store.update("docs", ("_key",), [("doc:1",)], {"_value.who.mail": "m@example.org"}) == 1
    assert client.hget("user:1", "name") == "Maria"
    assert (client.get("doc:1"), client.ttl("doc:1") > 0) == ('{"who":{"mail":"m@example.org"}}', True)
    with pytest.raises(InvalidInputError, match="not corrected"):
        store.update("chats", ("_key",), [("chat:1:a",)], {"_value": "x"})
    with pytest.raises(ConflictError, match="none of"):
        store.delete("users", ("_key",), [("user:1",), ("chat:2:a",)])
    for table, key in (("users", "user:1"), ("chats", "chat:1:a"), ("docs", "doc:1")):
        assert store.delete(table, ("_key",), [(key,)]) == 1
        assert store.delete(table, ("_key",), [(key,)]) == 0
    assert store.tally(Tally(CHATS, ("_key",), (("chat:1:a",), ("chat:2:a",)))) == {("chat:2:a",): 1}
    assert "written anew" in store.scrub(["users"])
    folder = Path(client.config_get("dir")["dir"])
    left = b"".join(path.read_bytes() for path in folder.rglob("*.aof"))
    assert b"Mary" not in left
    assert b"john@example.org" in left or b"john@" in b"".join(p.read_bytes() for p in folder.rglob("*.rdb"))
    assert sorted(client.keys("*")) == ["chat:2:a", "doc:2", "user:1:cache", "user:2"]
    store.close()
    client.close()
