"""`python3 dev.py soak [--rounds N] [--minutes M] [--database sqlite|postgres]… [--seed S] [--write]`.

Kills writers at random (SIGKILL) while several processes of several threads append to one ledger, and after each kill holds
the ledger to what it promised: what was acknowledged is there, once; a record and its entry are there together or not at
all; the head is the tree's; and of all heads that anybody ever saw no two are of one size.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from threading import Event as Flag
from threading import Lock, Thread
from typing import Any

import orjson

from databases import postgres_database, postgres_running
from ephor.adapters.keys.kept import KeptHeads
from ephor.engine.ports import Head
from ephor.kernel.errors import EphorError, UnavailableError
from ephor.rooms.access.people import Person
from ephor.rooms.ledger.checkpoint import open_checkpoint
from planes import Made, check_whole, event
from soak_child import has_person, is_pair

WRITERS = 2
"""Processes that append at once."""
BUSY_MS = 30_000
WHOLE = 25
"""Rounds from one look at everything to the next; what is new is looked at in every round."""
SERVER = 20
"""Every so many rounds it is the PostgreSQL server whose process is killed."""
PATIENCE = 60.0


class BrokenPromiseError(Exception):
    """The ledger is not what was promised."""


def need(holds: bool, problem: str) -> None:
    if not holds:
        raise BrokenPromiseError(problem)


@dataclass
class Heads:
    """Every head that anybody saw. Of each size there may be one root."""

    key: str
    seen: dict[int, bytes] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def note(self, size: int, root: bytes, whose: str) -> None:
        with self.lock:
            known = self.seen.setdefault(size, root)
        need(known == root, f"two heads of size {size}: {known.hex()} and, {whose}, {root.hex()}")

    def signed(self, note: bytes, whose: str) -> None:
        stated = open_checkpoint(note, self.key)
        self.note(stated.size, stated.root, whose)


class Tree:
    """RFC 9162, 2.1.1, leaf by leaf: the root at every size there was. A second implementation, to hold heads against."""

    def __init__(self) -> None:
        self._stack: list[tuple[int, bytes]] = []
        self.roots = [sha256(b"").digest()]

    def add(self, entry: bytes) -> None:
        height, node = 0, sha256(b"\x00" + entry).digest()
        while self._stack and self._stack[-1][0] == height:
            node = sha256(b"\x01" + self._stack.pop()[1] + node).digest()
            height += 1
        self._stack.append((height, node))
        running = node
        for _, left in reversed(self._stack[:-1]):
            running = sha256(b"\x01" + left + running).digest()
        self.roots.append(running)


@dataclass
class Writer:
    """A process that appends, and the file in which it says so."""

    pid: int
    file: Path
    read: int = 0
    acknowledged: int = 0

    def lines(self) -> list[str]:
        """Return the whole lines that came since."""
        data = self.file.read_bytes()[self.read :] if self.file.exists() else b""
        data = data[: data.rfind(b"\n") + 1]
        self.read += len(data)
        return data.decode().splitlines()

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.001)
        raise BrokenPromiseError(f"process {self.pid} does not die")


@dataclass
class Outcome:
    """What a campaign came to."""

    rounds: int = 0
    killed: int = 0
    servers: int = 0
    acknowledged: int = 0
    entries: int = 0
    unavailable: int = 0
    heads: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        servers = f" and {self.servers} of the server's" if self.servers else ""
        return (
            f"{self.rounds} rounds, {self.killed} writers{servers} killed with SIGKILL, {self.acknowledged:,} appends acknowledged, "
            f"{self.unavailable} answered as unavailable, {self.entries:,} entries, {self.heads:,} heads of different sizes seen, "
            f"{self.seconds:.0f} s"
        )


class Campaign:
    """One ledger, its writers, and all that was ever learnt of it."""

    def __init__(self, made: Made, place: Path, seed: int) -> None:
        self.made, self.place, self.dice = made, place, random.Random(seed)
        self.outcome = Outcome()
        self.storage = made.open()
        self.storage.append([event(0)])
        self.heads = Heads(self.storage.ledger.head().key)
        self.kept = KeptHeads(made.folder)
        self.tree = Tree()
        self.found: Counter[int] = Counter()
        self.acknowledged: set[int] = set()
        self.writers: list[Writer] = []
        self.problem: BaseException | None = None
        self._started = 0
        self._over = Flag()
        self._nursery: subprocess.Popen[str] | None = None

    def _open_nursery(self) -> subprocess.Popen[str]:
        tests = Path(__file__).parent
        arguments = [self.made.url, str(self.made.folder), str(BUSY_MS)]
        return subprocess.Popen(
            [sys.executable, "-W", "ignore::DeprecationWarning", str(tests / "soak_child.py"), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, rounds: int, *, until: float = float("inf"), say: Callable[[str], None] = print) -> Outcome:
        """Run that many rounds, fewer if the monotonic clock shows *until* before; then look at everything once more."""
        began = time.monotonic()
        watcher = Thread(target=self._watch, daemon=True)
        watcher.start()
        try:
            while self.outcome.rounds < rounds and time.monotonic() < until:
                self._round()
                self.outcome.rounds += 1
                if self.outcome.rounds % WHOLE == 0:
                    self._look_at_everything()
                    self.outcome.seconds = time.monotonic() - began
                    say(str(self.outcome))
            self._bury(list(self.writers))
            self._over.set()
            watcher.join()
            self._look()
            self._look_at_everything()
        finally:
            self._over.set()
            self._end()
        self.outcome.seconds = time.monotonic() - began
        return self.outcome

    def _round(self) -> None:
        while len(self.writers) < WRITERS:
            self.writers.append(self._start())
        if self.made.url.startswith("postgresql") and self.outcome.rounds % SERVER == SERVER - 1:
            self._await(self.dice.choice(self.writers))
            self._kill_server()
            for one in self.writers:
                self._await(one)  # they go on by themselves
        victims = self.dice.sample(self.writers, self.dice.choice([1, 1, WRITERS]))
        if self.dice.random() < 0.8:  # otherwise it dies while it starts, or is idle
            self._await(victims[0])
        time.sleep(self.dice.uniform(0, 0.05))
        self._bury(victims)
        self._look()

    def _start(self) -> Writer:
        nursery = self._nursery = self._nursery or self._open_nursery()
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        self._started += 1
        file = self.place / f"writer-{self._started}"
        nursery.stdin.write(f"{self._started * 1_000_000} {file}\n")
        nursery.stdin.flush()
        return Writer(int(nursery.stdout.readline()), file)

    def _bury(self, victims: list[Writer]) -> None:
        for one in victims:
            one.kill()
            self.outcome.killed += 1
        for one in victims:
            self._listen(one)
            self.writers.remove(one)

    def _await(self, writer: Writer) -> None:
        """Return when the writer was given one more acknowledgement than it has spoken of up to now."""
        self._listen(writer)
        before, until = writer.acknowledged, time.monotonic() + PATIENCE
        while writer.acknowledged == before:
            need(time.monotonic() < until, f"process {writer.pid} got nothing recorded in {PATIENCE:.0f} s")
            self._listen(writer)
            time.sleep(0.001)

    def _listen(self, writer: Writer) -> None:
        for line in writer.lines():
            word, _, rest = line.partition(" ")
            need(word in ("a", "u", "h"), f"process {writer.pid}: {rest}")
            if word == "a":
                writer.acknowledged += 1
                self.acknowledged.add(int(rest))
            elif word == "u":
                self.outcome.unavailable += 1
            else:
                size, root = rest.split()
                self.heads.note(int(size), bytes.fromhex(root), f"process {writer.pid} saw")

    def _look(self) -> None:
        """Hold what is new against what was promised."""
        for one in self.writers:
            self._listen(one)
        promised = frozenset(self.acknowledged)
        head = self._asked(self._head)
        self.heads.signed(head.note, "stored")
        self._take_in(
            self._asked(lambda: list(self.storage.ledger.entries(len(self.tree.roots) - 1, head.size)))
        )
        roots = self.tree.roots
        need(len(roots) == head.size + 1, f"{len(roots) - 1} entries where the head counts {head.size}")
        with self.heads.lock:
            seen = dict(self.heads.seen)
        for size, root in seen.items():
            need(size >= len(roots) or roots[size] == root, f"the head of size {size} is not the tree's")
        if lost := sorted(promised - self.found.keys()):
            raise BrokenPromiseError(f"acknowledged and not there: {lost[:5]}, {len(lost)} in all")
        if self.problem is not None:
            raise self.problem
        self.outcome.entries, self.outcome.heads = head.size, len(seen)
        self.outcome.acknowledged = len(promised)

    def _take_in(self, entries: list[bytes]) -> None:
        for entry in entries:
            self.tree.add(entry)
            number = orjson.loads(entry)["metadata"]["number"]
            self.found[number] += 1
            need(self.found[number] == 1, f"the event {number} is there twice")

    def _look_at_everything(self) -> None:
        """Look at every entry, tile and record anew, on a connection of its own, as whoever starts Ephor would."""
        storage = self._asked(self.made.open)
        before = set(self.found)
        with storage.reading() as unit:
            people = {int(one.id[1:]) for one in unit.shelf(Person).all()}
        self._look()
        need({one for one in before if has_person(one)} <= people, "an entry is there, and its record is not")
        need(people <= self.found.keys(), "a record is there, and its entry is not")
        halves = [one for one in self.found if is_pair(abs(one)) and -one not in self.found]
        need(not halves, f"half of a batch is there: {halves[:5]}")
        if not self.writers:
            check_whole(storage)
            need(storage.version() == len(people), "the plane's version does not count its changes")
        report = self.made.ledger(storage).verify(None, None)
        need(
            report.verdict == "CONSISTENT" and not report.findings, f"{report.verdict}: {report.findings[:3]}"
        )
        self.made.opened.remove(storage)
        storage.close()

    def _head(self) -> Head:
        return self.storage.ledger.head()

    def _asked(self, ask: Callable[[], Any]) -> Any:
        """Return an answer; a server that comes up again is asked again."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return ask()
            except UnavailableError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def _watch(self) -> None:
        """Look at the head all the time, in the database and beside the keys."""
        storage = self.made.open()
        while not self._over.wait(0.004):
            try:
                self.heads.signed(storage.ledger.head().note, "watched")
                if (kept := self.kept.head()) is not None:
                    self.heads.signed(kept, "kept")
            except UnavailableError:
                continue
            except (BrokenPromiseError, EphorError, AssertionError) as error:
                self.problem = error
                return

    def _kill_server(self) -> None:
        """Kill the process of the server that serves a writer; return when all others have ended, and it is up again."""
        import psycopg  # noqa: PLC0415 - only where there is such a server

        query = (
            "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() "
            "order by state <> 'active', random() limit 1"
        )
        with psycopg.connect(self.made.url.replace("+psycopg", ""), autocommit=True) as connection:
            found = connection.execute(query).fetchone()
            if found is None:
                return
            os.kill(found[0], signal.SIGKILL)
            self.outcome.servers += 1
            # The server hears of it when it comes to it. What is asked before then is answered as if nothing had happened.
            until = time.monotonic() + PATIENCE
            with suppress(psycopg.OperationalError):
                while True:
                    connection.execute("select 1")
                    need(
                        time.monotonic() < until,
                        "the server goes on as if none of its processes had been killed",
                    )
                    time.sleep(0.001)
        self._asked(self._head)

    def _end(self) -> None:
        for one in self.writers:
            one.kill()
        if self._nursery is not None:
            self._nursery.communicate(timeout=30)
        self.made.close()


@contextmanager
def place_for(database: str) -> Iterator[tuple[Made, Path]]:
    """Yield a plane to soak and a folder; what failed stays to be looked at."""
    place = Path(tempfile.mkdtemp(prefix=f"ephor-soak-{database}-"))
    with ExitStack() as stack:
        url = f"sqlite:///{place / 'ephor.db'}"
        if database == "postgres":
            url = stack.enter_context(postgres_database(stack.enter_context(postgres_running())))
        yield Made(url, place / "keys"), place
    for root, _, files in os.walk(place, topdown=False):
        for name in files:
            os.unlink(os.path.join(root, name))
        os.rmdir(root)


def soak(database: str, rounds: int, minutes: float | None, seed: int) -> str | None:
    """Run a campaign and return its outcome in words, or ``None`` after saying what did not hold."""
    until = float("inf") if minutes is None else time.monotonic() + minutes * 60
    print(f"{database}: {rounds} rounds, seed {seed}", flush=True)
    place = None
    try:
        with place_for(database) as (made, place):
            outcome = Campaign(made, place, seed).run(
                rounds, until=until, say=lambda text: print(f"{database}: {text}", flush=True)
            )
    except (BrokenPromiseError, EphorError, AssertionError) as error:
        print(
            f"{database}: FAILED: {error}\n{database}: seed {seed}; what is left lies in {place}", flush=True
        )
        return None
    print(f"{database}: every promise held: {outcome}", flush=True)
    return str(outcome)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 dev.py soak", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=200, help="kills on each database, at least; default: 200"
    )
    parser.add_argument("--minutes", type=float, help="stop after so many minutes on each database")
    parser.add_argument("--database", action="append", choices=["sqlite", "postgres"], help="default: both")
    parser.add_argument("--seed", type=int, help="of the dice; default: by chance")
    parser.add_argument("--write", action="store_true", help="write the result to docs/benchmarks.md")
    asked = parser.parse_args()
    if asked.rounds < 1 or (asked.minutes is not None and asked.minutes <= 0):
        parser.error("a soak has one round at least, and some time")
    seed = random.randrange(1_000_000) if asked.seed is None else asked.seed
    told = {
        one: soak(one, asked.rounds, asked.minutes, seed) for one in asked.database or ["sqlite", "postgres"]
    }
    if None in told.values():
        return 1
    if asked.write:
        keep_result(asked.rounds, seed, told)
    return 0


def keep_result(rounds: int, seed: int, told: dict[str, str | None]) -> None:
    sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
    import measure  # noqa: PLC0415 - only where results are kept
    from page import PAGE, keep  # noqa: PLC0415

    command = f"python3 dev.py soak --rounds {rounds} --seed {seed} --write"
    lines = "\n".join(f"- {one}: {text}. Every promise held." for one, text in told.items())
    keep(
        PAGE,
        "soak",
        f"Made by `{command}` on {measure.machine()}.\n\n{__doc__.split(chr(10), 2)[2]}\n{lines}\n",
        [],
    )


if __name__ == "__main__":
    sys.exit(main())
