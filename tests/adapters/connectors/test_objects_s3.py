"""Buckets of an S3 server over HTTP: conditions, older versions, what an object has beside its bytes, pages, pieces, and kills."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conftest import populate
from ephor.adapters.connectors import objects_s3
from ephor.adapters.connectors.objects_s3 import S3Objects
from ephor.adapters.connectors.opening import connect
from ephor.engine.plane import Engine
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError
from ephor.rooms.dsr.datamap import Name
from ephor.rooms.dsr.store import Find, Tally
from planes import sqlite_plane
from stored_objects import InBucket, in_bucket
from strikes import gets_through

MARY = "mary@example.org"
PEOPLE = b"id,email\n1,mary@example.org\n2,john@example.org\n"
NO_MARY = b"id,email\n2,john@example.org\n"
PATTERNS = "?people=people.csv&notes=notes/{who}/*.md"


@pytest.fixture
def bucket(s3_server: tuple[Mapping[str, str], Any], monkeypatch: pytest.MonkeyPatch) -> InBucket:
    return filled(in_bucket(s3_server, monkeypatch))


@pytest.fixture
def versioned(s3_server: tuple[Mapping[str, str], Any], monkeypatch: pytest.MonkeyPatch) -> InBucket:
    """A bucket that keeps versions, with two of each object."""
    place = in_bucket(s3_server, monkeypatch, versions=True)
    return filled(filled(place))


def filled(place: InBucket) -> InBucket:
    place.write("people.csv", PEOPLE, ContentType="text/csv", Metadata={"owner": "crm"}, Tagging="team=a%2Bb")
    place.write("notes/1/a.md", b"hers")
    place.write("notes/2/a.md", b"his")
    return place


def test_a_bucket_is_read_and_changed_below_its_prefix_and_nowhere_else(
    bucket: InBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = bucket.client
    for key in ("agent2/people.csv", "people.csv", "agent.csv"):
        client.put_object(Bucket=bucket.bucket, Key=key, Body=PEOPLE)
    for marker in ("", "notes/", "notes/1/"):
        bucket.write(marker, b"")
    call = S3Objects._call

    def in_small_pages(self: S3Objects, what: str, path: str, method: str, **given: Any) -> Any:
        return call(self, what, path, method, **({"MaxKeys": 1} if "list" in method else {}), **given)

    store = connect(bucket.url(PATTERNS))
    with monkeypatch.context() as patch:
        patch.setattr(S3Objects, "_some", lambda self, prefix: ["one", "another"])
        patch.setattr(S3Objects, "_call", in_small_pages)
        assert set(store.tables()) == {"people", "notes"}
    assert store.delete("people", ("id",), [("1",)]) == 1
    assert store.delete("notes", ("who",), [("1",)]) == 1
    assert bucket.names() == ["", "notes/", "notes/2/a.md", "people.csv"], (
        "and the folder named like her is gone"
    )
    assert bucket.read("people.csv") == NO_MARY
    head = client.head_object(Bucket=bucket.bucket, Key="agent/people.csv")
    assert (head["ContentType"], head["Metadata"]) == ("text/csv", {"owner": "crm"})
    tags = client.get_object_tagging(Bucket=bucket.bucket, Key="agent/people.csv")["TagSet"]
    assert tags == [{"Key": "team", "Value": "a+b"}]
    for key in ("agent2/people.csv", "people.csv", "agent.csv"):
        assert client.get_object(Bucket=bucket.bucket, Key=key)["Body"].read() == PEOPLE
    assert "the bucket keeps no versions" in store.scrub(["people"])
    for wrong in (f"{bucket.bucket}/agen", f"{bucket.bucket}/agent/people.csv", "no-such-bucket/agent"):
        with pytest.raises(NotFoundError, match="nothing lies below"):
            connect(f"s3://{wrong}")
    with pytest.raises(InvalidInputError, match="names no bucket"):
        connect("s3://")
    assert set(connect(f"s3://{bucket.bucket}").tables()) == {"people", "agent", "_other_files"}


def test_an_object_that_changed_since_it_was_seen_is_not_written_over(
    bucket: InBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last look is over when the other one writes: only the store itself can tell, and is asked to."""
    store, tags, late = connect(bucket.url(PATTERNS)), S3Objects._tags, PEOPLE + b"3,late@example.org\n"
    store.tables()

    def meanwhile(self: S3Objects, path: str) -> Any:
        told = tags(self, path)
        bucket.write("people.csv", late)
        return told

    with monkeypatch.context() as patch:
        patch.setattr(S3Objects, "_tags", meanwhile)
        with pytest.raises(ConflictError, match=r"somebody writes `people\.csv` at this moment"):
            store.delete("people", ("id",), [("1",)])
        patch.setattr(S3Objects, "_tags", lambda self, path: bucket.remove(path) or [])
        with pytest.raises(ConflictError, match="somebody writes"):
            store.delete("people", ("id",), [("1",)])
    assert "people.csv" not in bucket.names()
    with monkeypatch.context() as patch:
        asked: list[dict[str, Any]] = []
        call = S3Objects._call
        patch.setattr(
            S3Objects, "_call", lambda *given, **more: (asked.append(more), call(*given, **more))[1]
        )
        store.delete("notes", ("_path",), [("notes/1/a.md",)])
    assert [one["Key"] for one in asked if "IfMatch" in one] == ["agent/notes/1/a.md"]
    fetched: list[str] = []
    fetch = S3Objects._fetch

    def changing(self: S3Objects, path: str, start: int, state: str) -> Any:
        got = fetch(self, path, start, state)
        fetched.append(state)
        bucket.write("notes/2/a.md", b"x" * 20)
        return got

    monkeypatch.setattr(objects_s3, "BLOCK", 4)
    bucket.write("notes/2/a.md", b"his own words")
    monkeypatch.setattr(S3Objects, "_fetch", changing)
    with pytest.raises(UnavailableError, match="changed while it was read"):
        store.find(Find(Name("d", "notes"), ("_text",), "who", ("2",)))
    assert fetched == [""]


def test_large_objects_are_read_in_blocks_and_written_in_pieces(
    bucket: InBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [b'{"id": %d, "text": "%s"}\n' % (at, b"x" * 500) for at in range(12_000)]
    bucket.write("big.jsonl", b"".join(lines), Metadata={"owner": "crm"})
    bucket.write("empty.jsonl", b"")
    store = connect(bucket.url("?big=big.jsonl&empty=empty.jsonl"))
    assert store.tables()["empty"].blank
    monkeypatch.setattr(objects_s3, "_AT_ONCE", 5 * 1024 * 1024)
    assert store.delete("big", ("id",), [("7",), ("11999",)]) == 2
    assert bucket.read("big.jsonl") == b"".join(lines[:7] + lines[8:-1])
    head = bucket.client.head_object(Bucket=bucket.bucket, Key="agent/big.jsonl")
    assert head["ETag"].endswith('-2"'), "it was sent in two pieces"
    assert head["Metadata"] == {"owner": "crm"}
    monkeypatch.setattr(
        S3Objects,
        "_on_condition",
        lambda self, what, path, *_, **__: (_ for _ in ()).throw(ConflictError("x")),
    )
    with pytest.raises(ConflictError):
        store.delete("big", ("id",), [("8",)])
    uploads = bucket.client.list_multipart_uploads(Bucket=bucket.bucket).get("Uploads", ())
    assert (list(uploads), len(bucket.read("big.jsonl"))) == (
        [],
        sum(map(len, lines)) - len(lines[7] + lines[-1]),
    )


def test_older_versions_go_with_what_is_erased(versioned: InBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    client = versioned.client
    client.put_object(Bucket=versioned.bucket, Key="agent/people.csv.bak", Body=PEOPLE)
    store = connect(versioned.url(PATTERNS))
    assert store.delete("people", ("id",), [("1",)]) == 1
    assert store.delete("notes", ("_path",), [("notes/1/a.md",)]) == 1
    others = [("agent/notes/2/a.md", "Versions")] * 2 + [("agent/people.csv.bak", "Versions")]
    assert versioned.versions() == sorted([*others, ("agent/people.csv", "Versions")])
    assert "their older versions with them" in store.scrub(["people"])

    filled(versioned)
    kept = connect(versioned.url(f"{PATTERNS}&_versions=keep"))
    assert kept.delete("people", ("id",), [("1",)]) == 1
    assert kept.delete("notes", ("_path",), [("notes/1/a.md",)]) == 1
    assert versioned.versions().count(("agent/people.csv", "Versions")) == 3
    assert versioned.versions().count(("agent/notes/1/a.md", "DeleteMarkers")) == 1
    assert "older versions remain, as `_versions=keep` says" in kept.scrub(["people"])

    filled(versioned)
    call = S3Objects._call

    def forbidding(self: S3Objects, what: str, path: str, method: str, **given: Any) -> Any:
        if "VersionId" in given:
            return self._ask(what, path, _denied)
        return call(self, what, path, method, **given)

    with monkeypatch.context() as patch:
        patch.setattr(S3Objects, "_call", forbidding)
        assert store.delete("people", ("id",), [("1",)]) == 1
        said = store.scrub(["people"])
    assert (
        "1 of them have older versions that the store refused to erase (AccessDenied), which remain" in said
    )
    assert set(store.tables()) == {"people", "notes", "_other_files"}, "what is left to do is no file"
    assert versioned.versions().count(("agent/people.csv", "Versions")) > 1
    assert "their older versions with them" in store.scrub(["people"])
    assert versioned.versions().count(("agent/people.csv", "Versions")) == 1
    assert not [name for name, _ in versioned.versions() if "ephor" in name]


class _AnswerError(Exception):
    response: Mapping[str, Any] = {"Error": {"Code": "AccessDenied", "Message": "AKIASECRET may not"}}


class _UnknownError(Exception):
    response: Mapping[str, Any] = {"Error": {"Code": "NotImplemented"}}


def _denied() -> None:
    raise PermissionError("AKIASECRET may not") from _AnswerError()


def _unknown() -> None:
    raise OSError("a header implies what is not here") from _UnknownError()


def test_a_store_without_conditions_tags_and_versions_is_asked_without_them(
    versioned: InBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, call = connect(versioned.url(PATTERNS)), S3Objects._call
    refused: list[str] = []

    def lacking(self: S3Objects, what: str, path: str, method: str, **given: Any) -> Any:
        if "IfMatch" in given or method in ("get_object_tagging", "list_object_versions"):
            refused.append(method)
            return self._ask(what, path, _unknown)
        return call(self, what, path, method, **given)

    monkeypatch.setattr(S3Objects, "_call", lacking)
    assert store.delete("people", ("id",), [("1",)]) == 1
    assert versioned.read("people.csv") == NO_MARY
    assert store.delete("notes", ("_path",), [("notes/1/a.md",)]) == 1
    assert {"get_object_tagging", "put_object", "delete_object", "list_object_versions"} <= set(refused)
    assert "2 of them have older versions that the store refused to erase (NotImplemented)" in store.scrub([])


def test_what_a_bucket_refuses_is_told_by_its_code(bucket: InBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    store = connect(bucket.url(PATTERNS))
    store.tables()
    call, refused = S3Objects._call, [""]

    def forbidding(self: S3Objects, what: str, path: str, method: str, **given: Any) -> Any:
        return (
            self._ask(what, path, _denied)
            if method == refused[0]
            else call(self, what, path, method, **given)
        )

    monkeypatch.setattr(S3Objects, "_call", forbidding)
    for method in ("list_objects_v2", "get_object", "head_object", "get_object_tagging", "put_object"):
        refused[0] = method
        with pytest.raises(
            UnavailableError, match=r"\(AccessDenied\); give this machine credentials"
        ) as stop:
            store.delete("people", ("id",), [("1",)])
        assert "AKIASECRET" not in str(stop.value)
    assert bucket.read("people.csv") == PEOPLE
    refused[0] = "get_bucket_versioning"
    assert "could not be asked (AccessDenied)" in store.scrub(["people"])


def test_names_that_are_no_paths_stop_the_request(bucket: InBucket) -> None:
    store = connect(bucket.url(PATTERNS))
    for key, said in {
        "x/../y.csv": "a way out",
        "./y.csv": "a way out",
        "notes/": "like a folder",
        "/y.csv": "double slash",
    }.items():
        bucket.write(key, PEOPLE)
        with pytest.raises(InvalidInputError, match=said):
            store.tables()
        bucket.remove(key)
    assert set(store.tables()) == {"people", "notes"}


def test_paths_that_lead_out_of_the_prefix_touch_nothing(bucket: InBucket) -> None:
    bucket.client.put_object(Bucket=bucket.bucket, Key="secret.csv", Body=PEOPLE)
    store = connect(bucket.url("?all=**.md"))
    store.tables()
    for path in ("../secret.md", "notes/../../secret.md", "/secret.md"):
        with pytest.raises(InvalidInputError, match="leads out"):
            store.delete("all", ("_path",), [(path,)])
    assert bucket.client.get_object(Bucket=bucket.bucket, Key="secret.csv")["Body"].read() == PEOPLE


def test_credentials_come_from_a_named_variable(bucket: InBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = os.environ
    told = (
        f'{{"key": "{environment["AWS_ACCESS_KEY_ID"]}", "secret": "{environment["AWS_SECRET_ACCESS_KEY"]}", '
        f'"endpoint_url": "{environment["AWS_ENDPOINT_URL"]}"}}'
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("LAKE_OPTIONS", told)
    assert set(connect(bucket.url(f"{PATTERNS}&_options=LAKE_OPTIONS")).tables()) == {"people", "notes"}


def files_map() -> Mapping[str, object]:
    def field(name: str, category: str, **meta: Any) -> dict[str, Any]:
        return {"name": name, "data_categories": [category]} | ({"fides_meta": meta} if meta else {})

    refers = [{"dataset": "agent", "field": "people.id", "direction": "from"}]
    collections = {
        "people": [
            field("id", "user.unique_id", primary_key=True),
            field("email", "user.contact.email", identity="email"),
        ],
        "notes": [field("who", "user.unique_id", references=refers), field("_text", "user.content")],
    }
    listed = [{"name": name, "fields": fields} for name, fields in collections.items()]
    return {"dataset": [{"fides_key": "agent", "collections": listed}]}


def test_an_erasure_in_a_bucket_killed_again_and_again_goes_on(tmp_path: Path, versioned: InBucket) -> None:
    made = sqlite_plane(tmp_path)
    engine = populate(Engine(made.world(made.open())))
    stores = {"agent": connect(versioned.url(PATTERNS))}
    request = engine.dsr.open("erasure", {"email": MARY}, by="ada")
    engine.dsr.verify_identity(request.id, "seen", by="ada")
    engine.dsr.plan(request.id, files_map(), stores, by="ada")
    engine.dsr.approve(request.id, by="dora")
    made.close()

    def work(steps: int) -> None:
        left, call = [steps], S3Objects._call

        def step() -> None:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        def struck(self: S3Objects, what: str, path: str, method: str, **given: Any) -> Any:
            if method.partition("_")[0] in ("get", "head", "list"):
                return call(self, what, path, method, **given)
            step()
            answer = call(self, what, path, method, **given)
            step()
            return answer

        S3Objects._call = struck  # type: ignore[method-assign]
        reached = {"agent": connect(versioned.url(PATTERNS))}
        Engine(made.world(made.open())).dsr.fulfil(request.id, by="dora", given=files_map(), stores=reached)

    kills = 0
    for steps in (5, 8, 9, 1_000):
        if gets_through(lambda steps=steps: work(steps)):  # type: ignore[misc]
            break
        kills += 1
    assert kills >= 3
    assert versioned.read("people.csv") == NO_MARY
    assert versioned.versions() == [
        ("agent/notes/2/a.md", "Versions"),
        ("agent/notes/2/a.md", "Versions"),
        ("agent/people.csv", "Versions"),
    ]
    view = Engine(made.world(made.open())).dsr.show(request.id)
    assert view.certificate is not None
    assert {line.collection: line.act for line in view.certificate.lines} == {
        "agent.notes": 1,
        "agent.people": 1,
    }
    assert any("their older versions with them" in one for one in view.certificate.verified)
    made.close()


def test_the_place_stays_when_its_last_object_goes(versioned: InBucket) -> None:
    """Or a run that was killed behind it could not go on: a place that is not there is an error."""
    for name in ("people.csv", "notes/2/a.md"):
        versioned.remove(name)
    store = connect(versioned.url(PATTERNS))
    assert store.delete("notes", ("_path",), [("notes/1/a.md",)]) == 1
    assert versioned.names() == [""]
    again = connect(versioned.url(PATTERNS))
    assert again.tally(Tally(Name("d", "notes"), ("who",), (("1",),))) == {}
    assert not [key for key, _ in versioned.versions() if "notes/1" in key]
