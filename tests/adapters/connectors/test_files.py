"""Files as a data store, in a folder and in object stores: what is found, what goes, what stays byte for byte, and what is refused."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from conftest import populate
from ephor.adapters.connectors.opening import connect
from ephor.engine.plane import Engine
from ephor.engine.ports_data import DataStore
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError
from ephor.rooms.dsr.datamap import Name
from ephor.rooms.dsr.store import Find, Tally
from planes import sqlite_plane
from stored_objects import HERE, InFolder, Stored
from strikes import gets_through, strike

MARY, JOHN = "mary@example.org", "john@example.org"
PATTERNS = (
    "?customers=customers.csv&events=logs/*.jsonl&orders=orders.json&notes=notes/{customer_id}/*.md"
    "&letters=letters/{customer_id}-{number}.txt&profiles=profiles/{customer_id}.json&scans=scans/{customer_id}/**"
)
CUSTOMERS = (
    b"id;email;name\r\n"
    b'1;Mary@example.org;"Miller; Mary"\r\n'
    b'2;john@example.org;"John\r\n""the"" Jones"\r\n'
    b"3;zoe@example.org;Zo\xff\r\n"
)
EVENTS = b'{"who": 1, "said": "hi"}\n\n{"who":2,  "said": "caf\\u00e9"}\n{"who": "1", "said": "bye"}'
ORDERS = b'[\n  {"id": 10, "customer": {"id": 1, "mail": "mary@example.org"}},\n  {"id":  20, "customer": {"id": 2}, "big": 12345678901234567890123}\n]\n'


FILES = {
    "customers.csv": CUSTOMERS,
    "logs/a.jsonl": EVENTS,
    "orders.json": ORDERS,
    "notes/1/x.md": b"---\nemail: mary@example.org\n---\nLikes lamps.\n",
    "notes/2/x.md": b"---\nemail: john@example.org\n---\nLikes chairs.\n",
    "letters/1-9.txt": b"Dear Mary",
    "letters/2-9.txt": b"Dear John",
    "profiles/1.json": b'{"city": "Bergen"}',
    "profiles/2.json": b'{"city": "Oslo"}',
    "scans/1/deep/id.png": b"\x89PNG Mary",
    "other.bin": b"\x00",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = InFolder(tmp_path / "agent")
    fill(place)
    return place.root


@pytest.fixture
def agent(stored: Stored) -> Stored:
    fill(stored)
    return stored


def fill(stored: Stored) -> None:
    for name, data in FILES.items():
        stored.write(name, data)


def opened(folder: Path, patterns: str = PATTERNS) -> DataStore:
    return connect(f"files:///{folder}{patterns}")


def field(name: str, category: str = "user.content", **meta: Any) -> dict[str, Any]:
    return {"name": name, "data_categories": [category]} | ({"fides_meta": meta} if meta else {})


def by_id(name: str) -> dict[str, Any]:
    refers = [{"dataset": "agent", "field": "customers.id", "direction": "from"}]
    return field(name, "user.unique_id", references=refers)


def files_map() -> Mapping[str, object]:
    collections = {
        "customers": [
            field("id", "user.unique_id", primary_key=True),
            field("email", "user.contact.email", identity="email"),
            field("name", "user.name"),
        ],
        "events": [by_id("who"), field("said")],
        "orders": [
            field("id", "system.operations", primary_key=True),
            by_id("customer.id"),
            field("customer.mail"),
        ],
        "notes": [by_id("customer_id"), field("_text")],
        "letters": [by_id("customer_id"), field("number", "system.operations"), field("_text")],
        "profiles": [by_id("customer_id"), field("city")],
        "scans": [by_id("customer_id"), field("_content")],
    }
    listed = [{"name": name, "fields": fields} for name, fields in collections.items()]
    return {"dataset": [{"fides_key": "agent", "collections": listed}]}


def ready(engine: Engine, right: str, store: DataStore, **facts: Any) -> str:
    request = engine.dsr.open(right, {"email": MARY}, by="ada", **facts)
    engine.dsr.verify_identity(request.id, "seen", by="ada")
    engine.dsr.plan(request.id, files_map(), {"agent": store}, by="ada")
    return engine.dsr.approve(request.id, by="dora").id


def everything(stored: Stored) -> bytes:
    folder = bytes_below(stored.root) if isinstance(stored, InFolder) else b""
    return folder + b"\n".join(name.encode() + b"\n" + stored.read(name) for name in stored.names())


def bytes_below(root: Path) -> bytes:
    return b"\n".join(
        str(path.relative_to(root)).encode() + b"\n" + (path.read_bytes() if path.is_file() else b"")
        for path in sorted(root.rglob("*"))
    )


def test_a_person_leaves_every_kind_of_file_and_the_others_stay_byte_for_byte(
    agent: Stored, engine: Engine
) -> None:
    store = connect(agent.url(PATTERNS))
    id = ready(engine, "erasure", store)
    plan = engine.dsr.show(id).plan
    assert plan is not None
    assert {line.collection[6:]: line.act for line in plan.lines} == {
        "customers": 1, "events": 2, "orders": 1, "notes": 1, "letters": 1, "profiles": 1, "scans": 1,
    }  # fmt: skip
    assert plan.unmapped == ("agent._other_files", "agent.notes.email", "agent.orders.big")
    done = engine.dsr.fulfil(id, by="dora", given=files_map(), stores={"agent": store})
    assert "agent.orders: 1 rows asked for by key, 0 left" in done.verified
    left = everything(agent).lower()
    assert b"mary" not in left
    assert b"bergen" not in left
    assert b"notes/1" not in left, "an empty folder that is named like a person goes, too"
    assert agent.read("customers.csv") == CUSTOMERS.replace(b'1;Mary@example.org;"Miller; Mary"\r\n', b"")
    assert agent.read("logs/a.jsonl") == b'\n{"who":2,  "said": "caf\\u00e9"}\n'
    assert b'{"id":  20, "customer": {"id": 2}, "big": 12345678901234567890123}' in agent.read("orders.json")
    assert json.loads(agent.read("orders.json"))[0]["id"] == 20
    assert agent.read("profiles/2.json") == b'{"city": "Oslo"}'
    assert "notes/2/x.md" in agent.names()


@HERE
def test_what_a_person_gets_is_theirs_with_what_stands_in_the_files(agent: Stored, engine: Engine) -> None:
    store, box = connect(agent.url(PATTERNS)), dict[str, bytes]()
    id = ready(engine, "access", store)
    engine.dsr.fulfil(id, by="dora", given=files_map(), stores={"agent": store}, deliver=box.__setitem__)
    [package] = box.values()
    given = json.loads(package)["collections"]
    assert given["agent.notes"] == [
        {"customer_id": "1", "_text": "---\nemail: mary@example.org\n---\nLikes lamps.\n"}
    ]
    assert given["agent.orders"] == [{"id": 10, "customer.id": 1, "customer.mail": MARY}]
    assert [one["said"] for one in given["agent.events"]] == ["bye", "hi"] or {
        one["said"] for one in given["agent.events"]
    } == {"hi", "bye"}
    assert "john" not in package.decode().lower()


def test_what_is_wrong_is_put_right_and_nothing_else(agent: Stored, engine: Engine) -> None:
    store = connect(agent.url(PATTERNS))
    wanted = {"agent.customers.name": 'Mary "M" Müller; née X', "agent.orders.customer.mail": "m@example.org"}
    id = ready(engine, "rectification", store, corrections=wanted)
    done = engine.dsr.fulfil(id, by="dora", given=files_map(), stores={"agent": store})
    assert done.verified == (
        "agent.customers: 1 of 1 rows corrected",
        "agent.orders: 1 of 1 rows corrected",
    )
    lines = agent.read("customers.csv").split(b"\r\n")
    assert lines[1].decode() == '1;Mary@example.org;"Mary ""M"" Müller; née X"'
    assert b"\r\n".join(lines[2:]) == CUSTOMERS.split(b"\r\n", 2)[2]
    assert json.loads(agent.read("orders.json"))[0]["customer"] == {
        "id": 1,
        "mail": "m@example.org",
    }


def test_rows_that_could_not_be_found_again_are_not_corrected(folder: Path, engine: Engine) -> None:
    store = opened(folder)
    with pytest.raises(InvalidInputError, match="primary_key: true"):
        ready(engine, "rectification", store, corrections={"agent.events.said": "x"})
    with pytest.raises(InvalidInputError, match="cannot be set"):
        store.update("letters", ("_path",), [("letters/1-9.txt",)], {"number": "8"})
    assert (folder / "logs/a.jsonl").read_bytes() == EVENTS


@pytest.mark.parametrize(
    "pattern",
    ["?a=../x.csv", "?a=/etc/passwd", "?a=x/../../y", "?a=./x", "?a=a%00b", "?a={id", "?a={a}{a}", "?a=b\\..\\c",
     "?a=x&a=y", "?..=x", "?a", "?_other_files=x", "?a={_path}.md"],
)  # fmt: skip
def test_patterns_that_climb_or_make_no_sense_are_refused(folder: Path, pattern: str) -> None:
    with pytest.raises(InvalidInputError):
        opened(folder, pattern)


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "deep/../../secret.txt", "/etc/passwd", "deep/..", "link/1-9.txt", "1\0", "", "."],
)
def test_keys_that_climb_touch_nothing(folder: Path, path: str) -> None:
    (folder / "secret.txt").write_text("secret")
    (folder / "out").mkdir()
    (folder / "out/1-9.txt").write_text("outside")
    (folder / "letters/link").symlink_to(folder / "out")
    store = opened(folder / "letters", "?letters=**")
    with pytest.raises(InvalidInputError):
        store.delete("letters", ("_path",), [(path,)])
    assert (folder / "secret.txt").exists()
    assert (folder / "out/1-9.txt").exists()
    found = store.find(Find(Name("d", "letters"), ("_path",), "_path", (path,)))
    assert found == [], "links are not followed"


def test_links_archives_and_files_of_no_pattern_are_told_and_never_opened(folder: Path) -> None:
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("zeros", bytes(50_000_000))
    store = opened(folder, "?customers=customers.csv")
    assert set(store.tables()) == {"customers", "_other_files"}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", b"id,id\n1,2\n"),
        ("a.csv", b"id,x\n1,2,3\n"),
        ("a.csv", b'id,x\n1,"open\n'),
        ("a.jsonl", b'{"a": 1}\n[1]\n'),
        ("a.jsonl", b'{"a": 1}\n{"a"\n'),
        ("a.json", b"3"),
        ("a.json", b'[{"a": 1}'),
        ("a.json", b'[{"a": 1}] x'),
        ("a.json", b"[" * 100_000),
        ("a.jsonl", b"[" * 100_000 + b"\n"),
        ("a.jsonl", b'{"a": "' + b"x" * (17 << 20) + b'"}\n'),
        ("a.csv", b'id,x\n1,"' + (b"x" * 65_536 + b"\n") * 260 + b'"\n'),
    ],
)
def test_what_cannot_be_read_is_refused_and_not_passed_over(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InvalidInputError):
        connect(f"files:///{tmp_path}").tables()


def test_odd_text_is_read_as_far_as_it_can_be(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"id": 1, "t": "\\ud800\\u0000\\u202e"}\n{"id": 2, "t": "\xff"}\n')
    store = connect(f"files:///{tmp_path}")
    name = Name("d", "a")
    assert [one["t"] for one in store.find(Find(name, ("id", "t"), "id", (1, 2)))] == ["?\0\u202e", "\ufffd"]
    assert store.tally(Tally(name, ("id",), (("1",), (2.0,)))) == {("1",): 1, (2.0,): 1}
    with pytest.raises(InvalidInputError, match="without loss"):
        store.update("a", ("id",), [(2,)], {"t": "x"})
    assert store.delete("a", ("id",), [(2,)]) == 1
    assert store.delete("a", ("id",), [(2,)]) == 0
    assert store.delete("a", ("id",), [(1,)]) == 1
    assert store.tally(Tally(name, ("id",), ((1,),))) == {}


def test_a_file_that_somebody_writes_meanwhile_is_left_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, settle = opened(folder), os.fsync

    def meanwhile(handle: int) -> None:
        with (folder / "customers.csv").open("ab") as file:
            file.write(b"4;new@example.org;New\r\n")
        settle(handle)

    monkeypatch.setattr(os, "fsync", meanwhile)
    with pytest.raises(ConflictError, match="writes"):
        store.delete("customers", ("id",), [("1",)])
    assert (folder / "customers.csv").read_bytes() == CUSTOMERS + b"4;new@example.org;New\r\n"
    assert not list(folder.rglob("*.ephor-part"))


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        connect(f"files:///{tmp_path}/nothing")
    with pytest.raises(InvalidInputError):
        connect("files://host/share")


@pytest.mark.parametrize("step", [1, 3, 6, 9, 12, 16])
def test_an_erasure_of_files_killed_at_any_step_goes_on(tmp_path: Path, folder: Path, step: int) -> None:
    made = sqlite_plane(tmp_path)
    storage = made.open()
    engine = populate(Engine(made.world(storage)))
    id = ready(engine, "erasure", opened(folder))
    made.close()

    def work(steps: int) -> Callable[[], None]:
        def run() -> None:
            mine = made.open()
            strike(steps)
            stores = {"agent": opened(folder)}
            Engine(made.world(mine)).dsr.fulfil(id, by="dora", given=files_map(), stores=stores)
            mine.close()

        return run

    assert not gets_through(work(step))
    assert gets_through(work(10_000))
    assert b"mary" not in bytes_below(folder).lower()
    assert b"ephor-part" not in bytes_below(folder)
    assert (folder / "logs/a.jsonl").read_bytes() == b'\n{"who":2,  "said": "caf\\u00e9"}\n'
    storage = made.open()
    view = Engine(made.world(storage)).dsr.show(id)
    assert view.certificate is not None
    assert sum(line.act for line in view.certificate.lines) == 8
    made.close()


@HERE
def test_a_document_that_lies_in_the_folder_itself_becomes_an_empty_list(stored: Stored) -> None:
    stored.write("person.json", b'{"id": 1}')
    store = connect(stored.url())
    store.tables()
    assert store.delete("person", ("_path", "_row"), [("person.json", "document")]) == 1
    again = connect(stored.url())
    assert again.delete("person", ("_path", "_row"), [("person.json", "document")]) == 0
    assert again.tally(Tally(Name("d", "person"), ("id",), ((1,),))) == {}
    assert again.tables()["person"].blank


@pytest.mark.parametrize("kind", ["object[]", None])
def test_a_record_in_whose_list_others_stand_stays_and_is_given_to_nobody(
    tmp_path: Path, engine: Engine, kind: str | None
) -> None:
    talks = [
        {
            "id": 1,
            "people": [{"email": "ann@example.com", "said": "a"}, {"email": "bob@example.com", "said": "b"}],
        },
        {"id": 2, "people": [{"email": "Ann@example.com", "said": "c"}]},
        {"id": 3, "people": [{"email": "bob@example.com", "said": "d"}]},
    ]
    (tmp_path / "talks.json").write_text(json.dumps(talks))
    people = {
        "name": "people",
        "fields": [field("email", "user.contact.email", identity="email"), field("said")],
    } | ({"fides_meta": {"data_type": kind}} if kind else {})
    given = {
        "dataset": [
            {
                "fides_key": "notes",
                "collections": [
                    {"name": "talks", "fields": [field("id", "system.operations", primary_key=True), people]}
                ],
            }
        ]
    }
    stores = {"notes": connect(f"files:///{tmp_path}")}
    request = engine.dsr.open("erasure", {"email": "ann@example.com"}, by="ada")
    engine.dsr.verify_identity(request.id, "seen", by="ada")
    plan = engine.dsr.plan(request.id, given, stores, by="ada")
    [line] = plan.lines
    assert (line.act, [(stay.rows, stay.because) for stay in line.stays]) == (
        1,
        [(1, "others in people.email")],
    )
    engine.dsr.approve(request.id, by="dora")
    engine.dsr.fulfil(request.id, by="dora", given=given, stores=stores)
    assert json.loads((tmp_path / "talks.json").read_text()) == [talks[0], talks[2]]


def test_lists_of_people_and_of_references_are_looked_into(tmp_path: Path, engine: Engine) -> None:
    """A list may hold addresses themselves, or the keys of people: what another's key stands in stays."""
    people = [{"id": 1, "email": "ann@example.com"}, {"id": 2, "email": "bob@example.com"}]
    papers = [
        {"no": "a", "owners": [1, 2], "text": "of both"},
        {"no": "b", "owners": [1], "text": "ann's"},
        {"no": "c", "owners": 1, "text": "ann's"},
        {"no": "d", "owners": [2], "text": "bob's"},
    ]
    mails = [
        {"no": 1, "to": ["ann@example.com", "bob@example.com"]},
        {"no": 2, "to": ["Ann@example.com"]},
        {"no": 3, "to": ["bob@example.com"]},
    ]
    for name, rows in (("people", people), ("papers", papers), ("mails", mails)):
        (tmp_path / f"{name}.json").write_text(json.dumps(rows))
    owners = field("owners", "user.unique_id")
    owners["fides_meta"] = {"references": [{"dataset": "d", "field": "people.id", "direction": "from"}]}
    no = field("no", "system.operations", primary_key=True)
    collections = [
        {
            "name": "people",
            "fields": [
                field("id", "system.operations", primary_key=True),
                field("email", "user.contact.email", identity="email"),
            ],
        },
        {"name": "papers", "fields": [no, owners, field("text", "user.content")]},
        {"name": "mails", "fields": [no, field("to", "user.contact.email", identity="email")]},
    ]
    given = {"dataset": [{"fides_key": "d", "collections": collections}]}
    stores = {"d": connect(f"files:///{tmp_path}")}
    request = engine.dsr.open("erasure", {"email": "ann@example.com"}, by="ada")
    engine.dsr.verify_identity(request.id, "seen", by="ada")
    plan = engine.dsr.plan(request.id, given, stores, by="ada")
    assert {line.collection: (line.found, line.act) for line in plan.lines} == {
        "d.people": (1, 1),
        "d.papers": (3, 2),
        "d.mails": (2, 1),
    }
    engine.dsr.approve(request.id, by="dora")
    engine.dsr.fulfil(request.id, by="dora", given=given, stores=stores)
    assert json.loads((tmp_path / "papers.json").read_text()) == [papers[0], papers[3]]
    assert json.loads((tmp_path / "mails.json").read_text()) == [mails[0], mails[2]]
    assert json.loads((tmp_path / "people.json").read_text()) == [people[1]]


def test_records_of_a_parquet_file_are_found_corrected_and_erased(tmp_path: Path, engine: Engine) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet  # noqa: PLC0415

    schema = pa.schema(
        [
            pa.field("id", pa.int64(), metadata={b"unit": b"none"}),
            ("email", pa.string()),
            ("born", pa.date32()),
            ("spent", pa.decimal128(9, 2)),
            ("to", pa.list_(pa.string())),
        ],
        metadata={b"made": b"by hand"},
    )
    ann, bob = "ann@example.com", "bob@example.com"
    rows = [
        {"id": 1, "email": ann, "born": date(1990, 1, 2), "spent": Decimal("1.50"), "to": [ann]},
        {"id": 2, "email": bob, "born": date(1991, 1, 2), "spent": Decimal("2.50"), "to": [bob]},
        {"id": 3, "email": "Ann@example.com", "born": None, "spent": None, "to": [ann, bob]},
        {"id": 4, "email": bob, "born": date(1992, 1, 2), "spent": Decimal("3.50"), "to": None},
    ]
    place = tmp_path / "visits.parquet"
    with parquet.ParquetWriter(place, schema, compression="zstd") as writer:
        for pair in (rows[:2], rows[2:]):
            writer.write_table(pa.Table.from_pylist(pair, schema=schema))
    before = parquet.read_schema(place)
    fields = [
        field("id", "system.operations", primary_key=True),
        field("email", "user.contact.email", identity="email"),
        field("born", "user.demographic.date_of_birth"),
        field("to", "user.contact.email", identity="email"),
    ]
    given = {"dataset": [{"fides_key": "lake", "collections": [{"name": "visits", "fields": fields}]}]}
    stores = {"lake": connect(f"files:///{tmp_path}")}

    def carry(right: str, **facts: Any) -> Any:
        request = engine.dsr.open(right, {"email": ann}, by="ada", **facts)
        engine.dsr.verify_identity(request.id, "seen", by="ada")
        plan = engine.dsr.plan(request.id, given, stores, by="ada")
        engine.dsr.approve(request.id, by="dora")
        engine.dsr.fulfil(request.id, by="dora", given=given, stores=stores)
        return plan.lines[0]

    assert carry("rectification", corrections={"lake.visits.born": "1990-12-31"}).act == 1
    now = parquet.read_table(place)
    assert now.to_pylist() == [{**rows[0], "born": date(1990, 12, 31)}, *rows[1:]]
    assert now.schema.equals(before, check_metadata=True)
    assert parquet.ParquetFile(place).metadata.row_group(0).column(0).compression == "ZSTD"
    wrong = engine.dsr.open(
        "rectification", {"email": ann}, by="ada", corrections={"lake.visits.born": "soon"}
    )
    engine.dsr.verify_identity(wrong.id, "seen", by="ada")
    engine.dsr.plan(wrong.id, given, stores, by="ada")
    engine.dsr.approve(wrong.id, by="dora")
    with pytest.raises(InvalidInputError, match="cannot hold the value"):
        engine.dsr.fulfil(wrong.id, by="dora", given=given, stores=stores)
    assert parquet.read_table(place).equals(now)


def test_people_in_a_parquet_file_are_erased_and_nobody_else(stored: Stored, engine: Engine) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet  # noqa: PLC0415

    ann, bob = "ann@example.com", "bob@example.com"
    rows = [{"n": at, "email": ann if at % 3 == 0 else bob} for at in range(2_500)]
    made = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), made, row_group_size=900)
    stored.write("visits.parquet", made.getvalue())
    stored.write("broken.parquet", b"PAR1 and no more")
    fields = [
        field("n", "system.operations", primary_key=True),
        field("email", "user.contact.email", identity="email"),
    ]
    given = {"dataset": [{"fides_key": "lake", "collections": [{"name": "visits", "fields": fields}]}]}
    stores = {"lake": connect(stored.url())}
    request = engine.dsr.open("erasure", {"email": ann}, by="ada")
    engine.dsr.verify_identity(request.id, "seen", by="ada")
    with pytest.raises(InvalidInputError, match=r"`broken\.parquet` is not readable as Parquet"):
        engine.dsr.plan(request.id, given, stores, by="ada")
    stored.remove("broken.parquet")
    stores = {"lake": connect(stored.url())}
    [line] = engine.dsr.plan(request.id, given, stores, by="ada").lines
    assert (line.found, line.act) == (834, 834)
    engine.dsr.approve(request.id, by="dora")
    engine.dsr.fulfil(request.id, by="dora", given=given, stores=stores)
    left = stored.read("visits.parquet")
    assert parquet.read_table(io.BytesIO(left)).to_pylist() == [one for one in rows if one["email"] == bob]
    assert ann.encode() not in left


def test_a_folder_that_may_not_be_listed_stops_the_request(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, listed = opened(folder), os.scandir

    def forbidding(place: Any) -> Any:
        if str(place).endswith("/notes"):
            raise PermissionError(13, "Permission denied", str(place))
        return listed(place)

    monkeypatch.setattr(os, "scandir", forbidding)
    with pytest.raises(UnavailableError, match="cannot list the folder"):
        store.tables()
