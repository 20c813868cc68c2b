"""Several writers on one database: threads, storages, processes."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ephor.rooms.access.people import Person
from planes import Made, check_whole, event, numbers

TESTS = Path(__file__).parents[2]
APPEND = """
import sys
sys.path[:0] = [{tests!r}, {source!r}]
from pathlib import Path
from planes import Made, event
storage = Made(sys.argv[1], Path(sys.argv[2])).open()
print("ready", flush=True)
sys.stdin.readline()
for n in range(int(sys.argv[3]), int(sys.argv[4])):
    storage.append([event(n)] if n % 7 else [])
    if not n % 7:
        with storage.unit() as unit:
            unit.append(event(n))
    print(n, flush=True)
storage.close()
"""


def start(made: Made, first: int, stop: int) -> subprocess.Popen[str]:
    """Start a process that appends the numbers from *first* to *stop* and says each when it is durable."""
    code = APPEND.format(tests=str(TESTS), source=str(TESTS.parent / "src"))
    return subprocess.Popen(
        [sys.executable, "-c", code, made.url, str(made.folder), str(first), str(stop)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_processes_append_at_once_and_lose_nothing(shared):
    storage = shared.open()
    workers = [start(shared, first, first + 120) for first in (1_000, 2_000)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    storage.append([event(3_000 + n) for n in range(20)])
    said = [worker.communicate(timeout=300)[0].split() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    found = numbers(storage)
    assert sorted(found) == sorted([*map(int, said[0]), *map(int, said[1]), *range(3_000, 3_020)])
    assert len(found) == 260
    check_whole(storage)


def test_two_storages_in_turn_go_on_from_each_other(shared):
    first, second = shared.open(), shared.open()
    for n in range(0, 600, 3):
        first.append([event(n)])
        second.append([event(n + 1)])
        with (first if n % 2 else second).unit() as unit:
            unit.shelf(Person).add(Person(f"p{n}", "P", ()))
            unit.append(event(n + 2))
        assert first.version() == second.version() == n // 3 + 1
    assert numbers(first) == numbers(second) == list(range(600))
    assert first.ledger.head() == second.ledger.head()
    check_whole(first)


def test_two_storages_with_eight_threads_each_lose_nothing(shared):
    storages = [shared.open(), shared.open()]

    def work(thread: int) -> None:
        storage = storages[thread % 2]
        for round in range(5):
            storage.append([event(thread * 100 + round * 2), event(thread * 100 + round * 2 + 1)])

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    assert sorted(numbers(storages[0])) == sorted(thread * 100 + n for thread in range(16) for n in range(10))
    check_whole(storages[1])


@pytest.mark.parametrize("where", ["sqlite", "postgres"])
def test_a_record_changed_in_another_process_is_a_conflict_not_a_lost_update(made_in, where):
    made = made_in(where)
    first, second = made.open(), made.open()
    ada = Person("ada", "Ada", ())
    with first.unit() as unit:
        unit.shelf(Person).add(ada)
        unit.append(event())
    with second.reading() as unit:
        read = unit.shelf(Person).get("ada")
    with first.unit() as unit:
        unit.shelf(Person).replace(ada, Person("ada", "First", ()))
        unit.append(event())
    with pytest.raises(Exception, match="changed meanwhile"), second.unit() as unit:
        unit.shelf(Person).replace(read, Person("ada", "Second", ()))
        unit.append(event())
    with second.reading() as unit:
        assert unit.shelf(Person).get("ada").name == "First"
