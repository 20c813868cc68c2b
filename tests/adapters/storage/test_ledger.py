"""What every storage must do with the ledger: the tree of RFC 9162, its tiles, its proofs, its search, its sealed payloads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from ephor.engine.proving import fetch
from ephor.kernel.errors import InvalidInputError, NotFoundError, VerificationError
from ephor.rooms.ledger.proof import plan_inclusion, plan_root
from ephor.rooms.ledger.tree import leaf_hash, root_hash, verify_consistency, verify_inclusion
from planes import check_tiles, check_whole, event, numbers

SUBJECT, OTHER = "sub_" + "1" * 32, "sub_" + "2" * 32


def test_the_tree_is_that_of_the_rfc_at_every_size_to_six_hundred(storage):
    leaves: list[bytes] = []
    size = 0
    while size < 600:
        step = 1 if size < 20 or 250 < size < 262 or 508 < size < 515 else 13
        storage.append([event(size + n) for n in range(step)])
        head = storage.ledger.head()
        leaves += [leaf_hash(entry) for entry in storage.ledger.entries(size, head.size)]
        size += step
        assert (head.size, head.root) == (size, root_hash(leaves))
        check_tiles(storage, leaves)
    assert numbers(storage) == list(range(size))
    check_whole(storage)


def test_an_empty_ledger_has_the_root_of_the_empty_tree(storage):
    check_whole(storage)
    assert list(storage.ledger.entries(0, 5)) == []


def test_the_tree_is_right_where_the_third_level_of_tiles_begins(made):
    storage = made.open()
    for start in range(0, 64_000, 8_000):
        storage.append([event(n) for n in range(start, start + 8_000)])
    storage.append([event(n) for n in range(64_000, 65_535)])
    leaves = [leaf_hash(entry) for entry in storage.ledger.entries(0, 70_000)]
    assert len(leaves) == 65_535
    again = made.open() if made.url != "memory:" else storage
    for number, writer in ((65_535, storage), (65_536, again), (65_537, storage)):
        writer.append([event(number)])
        leaves += [leaf_hash(entry) for entry in storage.ledger.entries(number, number + 1)]
        head = storage.ledger.head()
        assert (head.size, head.root) == (number + 1, root_hash(leaves))
    check_tiles(storage, leaves)
    assert storage.ledger.search({"kind": "tool.invoked/1"}, before=3, limit=5) == [2, 1, 0]


def test_a_full_tile_keeps_what_lies_in_its_middle(storage):
    storage.append([event(n) for n in range(700)])
    full = storage.ledger.tiles(0, 0, 9)
    assert {at: len(one.middle or b"") for at, one in full.items()} == {0: 512, 1: 512}


def test_a_tile_that_the_log_has_not_grown_to_is_no_tile(storage):
    storage.append([event(n) for n in range(3)])
    assert len(storage.ledger.tile(0, 0, 3)) == 96
    with pytest.raises(VerificationError, match="3 hashes where the head promises 4"):
        storage.ledger.tile(0, 0, 4)


def test_every_entry_is_proved_and_every_size_is_a_beginning(made):
    storage = made.open()
    roots = [storage.ledger.head().root]
    for n in range(40):
        storage.append([event(n)])
        roots.append(storage.ledger.head().root)
    storage.append([event(n) for n in range(40, 300)])
    ledger, head = made.ledger(storage), storage.ledger.head()
    for position in (0, 1, 39, 40, 255, 256, 299):
        proof = ledger.prove(str(position))
        leaf = leaf_hash(next(iter(storage.ledger.entries(position, position + 1))))
        verify_inclusion(leaf, position, head.size, [bytes.fromhex(one) for one in proof.path], head.root)
    for old in range(41):
        verify_consistency(old, head.size, roots[old], head.root, ledger.consistency(old))
    report = ledger.verify(head.key, None)
    assert (report.verdict, report.size, report.findings) == ("CONSISTENT", 300, ())


def test_a_proof_by_the_edge_that_was_signed_is_the_one_the_entries_give(storage):
    size = 0
    for step in (1, 2, 97, 156, 1, 255, 130):
        storage.append([event(size + n) for n in range(step)])
        size += step
        head = storage.ledger.head()
        for position in {0, 1, size // 3, size // 2, size - 2, size - 1} & set(range(size)):
            plan = plan_inclusion(position, size)
            path = fetch(storage.ledger, plan, head)
            assert path == fetch(storage.ledger, plan)
            (entry,) = storage.ledger.entries(position, position + 1)
            verify_inclusion(leaf_hash(entry), position, size, path, head.root)
        assert fetch(storage.ledger, plan_root(size), replace(head, edge=head.edge[1:])) == [head.root]


def test_what_is_read_in_a_steady_block_is_of_one_moment(shared):
    storage, other = shared.open(), shared.open()
    storage.append([event(0)])
    with storage.logs.steady():
        assert storage.ledger.head().size == 1
        other.append([event(1)])
        with storage.logs.steady():
            assert storage.ledger.head().size == 1
        assert list(storage.ledger.entries(0, 5)) == list(storage.ledger.entries(0, 1))
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(lambda: storage.ledger.head().size).result(300) == 2
    assert storage.ledger.head().size == 2


def test_entries_are_found_by_what_they_say_newest_first(storage):
    storage.append(
        [
            event(n, tool=f"tool{n % 3}", session=f"s{n % 2}", decision="allow" if n % 5 else None)
            for n in range(30)
        ]
    )
    search = storage.ledger.search
    assert search({}, before=None, limit=4) == [29, 28, 27, 26]
    assert search({"tool": "tool1"}, before=None, limit=3) == [28, 25, 22]
    assert search({"tool": "tool1", "session": "s1"}, before=25, limit=9) == [19, 13, 7, 1]
    assert search({"tool": "tool1", "decision": "deny"}, before=None, limit=9) == []
    assert search({"tool": "tool1"}, before=0, limit=9) == []
    assert search({"tool": "tool0"}, before=10**30, limit=1) == [27]
    assert search({"tool": "nothing"}, before=None, limit=9) == []


def test_what_came_after_the_last_search_is_found_too(storage):
    for n in range(3):
        storage.append([event(n, tool="t")])
        assert storage.ledger.search({"tool": "t"}, before=None, limit=9) == list(range(n, -1, -1))


def test_a_field_that_cannot_be_searched_is_refused_even_in_an_empty_ledger(storage):
    with pytest.raises(InvalidInputError, match="cannot be searched by `colour`"):
        storage.ledger.search({"colour": "red"}, before=None, limit=1)
    with pytest.raises(InvalidInputError, match="is not text"):
        storage.ledger.search({"tool": "\udcff"}, before=None, limit=1)


@pytest.mark.parametrize("text", ["a\0b", "x" * 9_000, "x" * 500 + "y", "é" * 2_000, "' or 1=1 --"])
def test_any_text_can_be_searched_for_exactly(storage, text):
    storage.append([event(0, tool=text), event(1, tool=text + "!"), event(2, tool=text)])
    assert storage.ledger.search({"tool": text}, before=None, limit=9) == [2, 0]
    assert storage.ledger.search({"tool": text + "!"}, before=None, limit=9) == [1]


@pytest.mark.parametrize("id", ["evt_no", "", "é", "\udcff", "a\0b", "x" * 5_000])
def test_an_entry_that_is_not_there_is_not_found(storage, id):
    storage.append([event()])
    with pytest.raises(NotFoundError, match="there is no entry"):
        storage.ledger.position(id)
    with pytest.raises(NotFoundError):
        storage.ledger.payload(id)


def test_entries_can_be_left_off_and_taken_up_while_the_ledger_grows(storage):
    storage.append([event(n) for n in range(10)])
    running = storage.ledger.entries(0, 10)
    first = next(running)
    storage.append([event(10)])
    assert len([first, *running]) == 10


def test_a_sealed_payload_is_read_back_until_its_subject_is_forgotten(storage):
    with storage.unit() as unit:
        mine = [unit.append(event(n, subject=SUBJECT), f"mine {n}".encode()) for n in range(2)]
        other = unit.append(event(2, subject=OTHER), b"other")
        plain = unit.append(event(3, subject=SUBJECT))
    with storage.unit() as unit:
        mine.append(unit.append(event(4, subject=SUBJECT), b""))
    assert [storage.ledger.payload(id) for id in mine] == [b"mine 0", b"mine 1", b""]
    assert storage.ledger.payload(plain) is None
    root = storage.ledger.head().root
    with storage.unit() as unit:
        forgotten = unit.forget(SUBJECT)
        unit.append(event(5, kind="erasure/1", subject=SUBJECT))
    assert (forgotten.keys, forgotten.payloads) == (1, 3)
    assert [storage.ledger.payload(id) for id in mine] == [None, None, None]
    assert storage.ledger.payload(other) == b"other"
    assert storage.ledger.head().root != root
    check_whole(storage)
    with storage.unit() as unit:
        again = unit.append(event(6, subject=SUBJECT), b"a new beginning")
    assert storage.ledger.payload(again) == b"a new beginning"
    assert storage.ledger.payload(mine[0]) is None


def test_forgetting_covers_what_the_same_unit_sealed_and_spares_what_it_seals_after(storage):
    with storage.unit() as unit:
        before = unit.append(event(0, subject=SUBJECT), b"before")
        forgotten = unit.forget(SUBJECT)
        after = unit.append(event(1, subject=SUBJECT), b"after")
    assert (forgotten.keys, forgotten.payloads) == (1, 1)
    assert storage.ledger.payload(before) is None
    assert storage.ledger.payload(after) == b"after"


def test_a_payload_without_a_subject_is_refused(storage):
    with pytest.raises(InvalidInputError, match="pseudonym of its subject"), storage.unit() as unit:
        unit.append(event(0), b"whose?")
    assert storage.ledger.head().size == 0
