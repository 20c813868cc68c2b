"""Cosigned checkpoints: kept by log and size, and replaced only by who saw what is there."""

from __future__ import annotations

import threading

from planes import event


def kept(storage):
    return storage.logs.cosigned


def test_the_largest_sizes_come_first_and_logs_are_apart(storage):
    assert kept(storage).latest(0, 5) == []
    assert kept(storage).at(0, 7) is None
    for log, size in ((0, 7), (0, 1 << 40), (0, 12), (1, 99)):
        assert kept(storage).keep(log, size, None, f"{log}/{size}".encode())
    assert list(kept(storage).latest(0, 2)) == [b"0/1099511627776", b"0/12"]
    assert list(kept(storage).latest(1, 9)) == [b"1/99"]
    assert kept(storage).at(0, 12) == b"0/12"


def test_only_who_saw_what_is_there_replaces_it(storage):
    assert not kept(storage).keep(0, 3, b"never there", b"new")
    assert kept(storage).keep(0, 3, None, b"first")
    assert not kept(storage).keep(0, 3, None, b"second")
    assert not kept(storage).keep(0, 3, b"other", b"second")
    assert kept(storage).at(0, 3) == b"first"
    assert kept(storage).keep(0, 3, b"first", b"second")
    assert kept(storage).at(0, 3) == b"second"


def test_of_many_at_once_one_gets_through_and_the_ledger_stays_as_it_is(storage):
    storage.append([event(1)])
    before, version = storage.ledger.head(), storage.version()
    done = []
    threads = [
        threading.Thread(target=lambda n=n: done.append(kept(storage).keep(0, 1, None, b"%d" % n)))
        for n in range(6)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(done) == [False] * 5 + [True]
    assert (storage.ledger.head(), storage.version()) == (before, version)


def test_another_process_finds_what_was_kept(shared):
    assert kept(shared.open()).keep(0, 2, None, b"note")
    assert list(kept(shared.open()).latest(0, 1)) == [b"note"]
