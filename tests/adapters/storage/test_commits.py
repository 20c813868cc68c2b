"""Group commit by itself: who leads, who waits, and that nobody is left waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from ephor.adapters.storage.growth import Draft
from ephor.adapters.storage.sql.commits import MOST, GroupCommit
from ephor.kernel.errors import InvalidInputError, UnavailableError
from ephor.kernel.events import Event

AT = datetime(2026, 11, 24, tzinfo=UTC)


def draft(name: str) -> Draft:
    return Draft(name, Event("tool.invoked/1", AT, "agent:bot"))


class Log:
    """A commit that remembers its batches, is slow enough to let others queue, and fails where it is told to."""

    def __init__(self, fails: Callable[[Sequence[str]], BaseException | None] = lambda _ids: None) -> None:
        self.batches: list[list[str]] = []
        self._fails = fails

    def __call__(self, drafts: Sequence[Draft]) -> None:
        time.sleep(0.002)
        ids = [one.id for one in drafts]
        if (error := self._fails(ids)) is not None:
            raise error
        self.batches.append(ids)


def run(commits: GroupCommit, names: Sequence[str]) -> dict[str, BaseException | None]:
    """Submit each name from a thread of its own, and return what each got."""
    told: dict[str, BaseException | None] = {}

    def work(name: str) -> None:
        try:
            commits.submit([draft(name)])
            told[name] = None
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            told[name] = error

    threads = [threading.Thread(target=work, args=(name,), daemon=True) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert not any(thread.is_alive() for thread in threads), "somebody was left waiting"
    return told


def test_everybody_is_served_once_and_whoever_waits_goes_together():
    names, all_wait = [f"n{number}" for number in range(64)], threading.Event()

    def until_all_wait(ids: Sequence[str]) -> None:
        """Hold the first batch until everybody else has queued behind it, however slowly threads start."""
        while not all_wait.is_set():
            if commits.waiting() + len(ids) == len(names):
                all_wait.set()
            time.sleep(0.001)

    log = Log(until_all_wait)
    commits = GroupCommit(threading.RLock(), log)
    told = run(commits, names)
    assert told == dict.fromkeys(names)
    assert sorted(id for batch in log.batches for id in batch) == sorted(names)
    assert len(log.batches) <= 2


def test_a_lone_caller_commits_at_once_and_the_next_one_too():
    log = Log()
    commits = GroupCommit(threading.RLock(), log)
    commits.submit([draft("a"), draft("b")])
    commits.submit([draft("c")])
    assert log.batches == [["a", "b"], ["c"]]


def test_one_bad_entry_costs_only_its_own_caller():
    log = Log(lambda ids: InvalidInputError("too long") if "bad" in ids else None)
    told = run(GroupCommit(threading.RLock(), log), ["bad", *[f"n{number}" for number in range(20)]])
    assert isinstance(told.pop("bad"), InvalidInputError)
    assert set(told.values()) == {None}


def test_a_failure_of_the_database_reaches_everybody_it_concerns_and_the_next_attempt_works():
    broken = threading.Event()
    broken.set()
    log = Log(lambda _ids: UnavailableError("disk full") if broken.is_set() else None)
    commits = GroupCommit(threading.RLock(), log)
    names = [f"n{number}" for number in range(8)]
    assert all(isinstance(error, UnavailableError) for error in run(commits, names).values())
    broken.clear()
    assert run(commits, names) == dict.fromkeys(names)


@pytest.mark.parametrize("alone", [True, False])
def test_an_interrupted_leader_keeps_its_interrupt_and_leaves_nobody_waiting(alone):
    """Whoever shared its batch is told that the outcome is not known; whoever came later is served."""
    hit = threading.Event()

    def interrupt(ids: Sequence[str]) -> BaseException | None:
        if not alone and len(ids) > 1 and not hit.is_set():
            return InvalidInputError("split me")
        if not hit.is_set() and len(ids) == 1:
            hit.set()
            return KeyboardInterrupt()
        return None

    commits = GroupCommit(threading.RLock(), Log(interrupt))
    told = run(commits, [f"n{number}" for number in range(24)])
    kinds = [type(error) for error in told.values()]
    assert kinds.count(KeyboardInterrupt) == 1
    assert set(kinds) <= {KeyboardInterrupt, UnavailableError, type(None)}
    assert run(commits, ["later"]) == {"later": None}


def test_no_transaction_grows_without_end():
    log = Log()
    commits = GroupCommit(threading.RLock(), log)
    big = [draft(f"b{number}") for number in range(MOST - 1)]
    started = threading.Thread(target=commits.submit, args=([draft("first")],))
    started.start()
    threads = [threading.Thread(target=commits.submit, args=(big,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in (started, *threads):
        thread.join(300)
    assert max(map(len, log.batches)) <= MOST
    assert sum(map(len, log.batches)) == 1 + 3 * len(big)


def test_whoever_comes_while_the_transaction_is_waited_for_goes_with_it():
    log, waiting, coming = Log(), threading.Event(), threading.Event()

    @contextmanager
    def begun() -> Iterator[None]:
        waiting.set()
        assert coming.wait(300)
        yield

    commits = GroupCommit(threading.RLock(), log, begun)
    first = threading.Thread(target=lambda: commits.submit([draft("a")]))
    first.start()
    assert waiting.wait(300)
    others = [threading.Thread(target=lambda name=name: commits.submit([draft(name)])) for name in "bcd"]
    for one in others:
        one.start()
    while commits.waiting() < 4:
        time.sleep(0.001)
    coming.set()
    for one in (first, *others):
        one.join(300)
    assert [sorted(batch) for batch in log.batches] == [["a", "b", "c", "d"]]


def test_a_transaction_that_cannot_begin_fails_everybody_who_waited_for_it_and_nobody_else():
    log, fails = Log(), [UnavailableError("locked")]

    @contextmanager
    def begun() -> Iterator[None]:
        if fails:
            raise fails[0]
        yield

    commits = GroupCommit(threading.RLock(), log, begun)
    told = run(commits, ["a", "b", "c"])
    assert {type(error) for error in told.values()} == {UnavailableError}
    fails.clear()
    assert run(commits, ["d"]) == {"d": None}
    assert log.batches == [["d"]]


def test_an_interrupt_before_anything_began_is_the_leaders_alone():
    log, fails = Log(), [KeyboardInterrupt()]

    @contextmanager
    def begun() -> Iterator[None]:
        if fails:
            raise fails.pop()
        yield

    told = run(GroupCommit(threading.RLock(), log, begun), ["a", "b", "c", "d"])
    assert sorted(type(error).__name__ for error in told.values()) == ["KeyboardInterrupt", *["NoneType"] * 3]
    assert sorted(id for batch in log.batches for id in batch) == sorted(
        name for name, error in told.items() if error is None
    )
