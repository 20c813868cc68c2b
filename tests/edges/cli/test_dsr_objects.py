"""One person's requests over a bucket, typed on the command line: access, then erasure, killed in the middle and gone on with."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from conftest import populate
from ephor import bootstrap
from ephor.adapters.connectors.objects_s3 import S3Objects
from ephor.engine.plane import Engine
from planes import sqlite_plane
from stored_objects import InBucket, in_bucket
from strikes import gets_through

MARY, JOHN = "mary@example.org", "john@example.org"
CHATS = (
    b'{"id": 1, "user": "mary@example.org", "said": "hello"}\n'
    b'{"id":2,  "user": "john@example.org", "said": "caf\\u00e9"}\n'
    b'{"id": 3, "user": "Mary@example.org", "said": "bye"}\n'
)
ORDERS = b'id;email;item\r\n7;mary@example.org;lamp\r\n8;john@example.org;"chair; red"\r\n'
URL = "?chats=chats/*.jsonl&orders=orders.csv&visits=visits/{year}.parquet"
SECRETS = ("hush-hush", "AKIAWHATEVER")


@pytest.fixture
def bucket(s3_server: tuple[Mapping[str, str], Any], monkeypatch: pytest.MonkeyPatch) -> InBucket:
    place = in_bucket(s3_server, monkeypatch)
    place.write("chats/a.jsonl", CHATS)
    place.write("chats/b.jsonl", b'{"id": 4, "user": "john@example.org", "said": "hi"}\n')
    place.write("orders.csv", ORDERS)
    place.write("visits/2026.parquet", _table([(1, MARY), (2, JOHN), (3, MARY), (4, JOHN)]))
    return place


def _table(rows: list[tuple[int, str]]) -> bytes:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet  # noqa: PLC0415

    out = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist([{"n": n, "email": email} for n, email in rows]), out)
    return out.getvalue()


def _map() -> str:
    def field(name: str, category: str, **meta: Any) -> dict[str, Any]:
        return {"name": name, "data_categories": [category]} | ({"fides_meta": meta} if meta else {})

    def collection(name: str, key: str, email: str, *more: str) -> dict[str, Any]:
        fields = [
            field(key, "system.operations", primary_key=True),
            field(email, "user.contact.email", identity="email"),
        ]
        return {"name": name, "fields": [*fields, *(field(one, "user.content") for one in more)]}

    collections = [
        collection("chats", "id", "user", "said"),
        collection("orders", "id", "email", "item"),
        collection("visits", "n", "email"),
    ]
    return json.dumps({"dataset": [{"fides_key": "lake", "collections": collections}]})  # JSON is YAML


class Officer:
    """Two people at the command line, and what they saw."""

    def __init__(self, folder: Path, url: str, typed: Callable[..., str]) -> None:
        self.folder, self.typed = folder, typed
        (folder / "map.yaml").write_text(_map())
        self.stores = ("--map", str(folder / "map.yaml"), "--store", f"lake={url}")

    def ready(self, right: str) -> str:
        opened = self.typed("dsr", "open", "--right", right, "--identity", f"email={MARY}", "--json")
        id: str = json.loads(opened)["id"]
        self.typed("dsr", "verify-identity", id, "--method", "code by letter")
        self.typed("dsr", "plan", id, *self.stores)
        self.typed("dsr", "approve", id, by="dora")
        return id

    def fulfil(self, id: str, *more: str) -> str:
        return self.typed("dsr", "fulfil", id, *self.stores, *more)

    def fulfil_and_be_killed(self, id: str, changes: int) -> None:
        left, call = [changes], S3Objects._call

        def struck(tree: S3Objects, what: str, path: str, method: str, **more: Any) -> Any:
            answer = call(tree, what, path, method, **more)
            left[0] -= method == "put_object"
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        S3Objects._call = struck  # type: ignore[method-assign]
        self.fulfil(id)


@pytest.fixture
def officer(
    tmp_path: Path, bucket: InBucket, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Officer]:
    made = sqlite_plane(tmp_path)
    populate(Engine(made.world(made.open())))
    made.close()
    monkeypatch.setenv("EPHOR_DATABASE", made.url)
    heard: list[str] = []

    def typed(*words: str, by: str = "ada") -> str:
        monkeypatch.setenv("EPHOR_PERSON", by)
        monkeypatch.setattr(sys, "argv", ["ephor", *words])
        with pytest.raises(SystemExit) as stop:
            bootstrap.main()
        said = capsys.readouterr()
        heard.append(said.out + said.err)
        assert not stop.value.code, said.err
        return said.out

    yield Officer(tmp_path, bucket.url(URL), typed)
    typed("ledger", "list", "--json")
    assert not [secret for secret in SECRETS if secret in "".join(heard)]


def test_what_a_bucket_holds_of_a_person_is_handed_out(officer: Officer, bucket: InBucket) -> None:
    assert "fides_key: agent" in officer.typed("dsr", "map", bucket.url(URL))
    access = officer.ready("access")
    officer.fulfil(access, "--output", str(officer.folder / "out"))
    package = json.loads((officer.folder / "out" / f"{access}.json").read_text())
    given = package["collections"]
    assert sorted(one["said"] for one in given["lake.chats"]) == ["bye", "hello"]
    assert [one["item"] for one in given["lake.orders"]] == ["lamp"]
    assert len(given["lake.visits"]) == 2
    assert JOHN not in json.dumps(package)


def test_a_person_is_erased_from_a_bucket_though_the_run_was_killed(
    officer: Officer, bucket: InBucket
) -> None:
    erasure, before = officer.ready("erasure"), {name: bucket.read(name) for name in bucket.names()}
    assert not gets_through(lambda: officer.fulfil_and_be_killed(erasure, 2))
    assert len([name for name, data in before.items() if bucket.read(name) != data]) == 2
    done = json.loads(officer.fulfil(erasure, "--json"))
    assert {line["collection"]: line["act"] for line in done["lines"]} == {
        "lake.chats": 2,
        "lake.orders": 1,
        "lake.visits": 2,
    }
    assert any("the bucket keeps no versions" in one for one in done["verified"])
    assert bucket.names() == list(before)
    assert bucket.read("chats/a.jsonl") == CHATS.splitlines(keepends=True)[1]
    assert bucket.read("chats/b.jsonl") == before["chats/b.jsonl"]
    without = ORDERS.replace(b"7;mary@example.org;lamp\r\n", b"")
    assert bucket.read("orders.csv") == without
    from pyarrow import parquet  # noqa: PLC0415

    left = parquet.read_table(io.BytesIO(bucket.read("visits/2026.parquet"))).to_pylist()
    assert left == [{"n": 2, "email": JOHN}, {"n": 4, "email": JOHN}]
    bucket.write("orders.csv", ORDERS)  # a backup comes back
    assert "lake.orders" in officer.typed("dsr", "reapply", *officer.stores)
    assert bucket.read("orders.csv") == without
    assert "CONSISTENT" in officer.typed("ledger", "verify")
