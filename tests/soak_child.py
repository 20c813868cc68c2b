"""Writers that a soak kills: a nursery that forks one for each line it reads, and what a writer does until then.

A writer says what happened in a file of its own, a line at a time: `a N` was acknowledged, `u N` was answered with
"unavailable", `h SIZE ROOT` is a head it saw, `e TEXT` must not happen.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

from ephor.adapters.storage.sql import engines
from ephor.kernel.errors import UnavailableError
from ephor.rooms.access.people import Person
from planes import Made, event

with suppress(ImportError):
    import psycopg  # noqa: F401 - before the fork, which makes a child start quickly

THREADS = 3
SECRET = b"plain text of a person"


def has_person(number: int) -> bool:
    """Tell whether the event of this number was recorded in a unit, together with a person."""
    return number > 0 and number % 5 == 0


def is_pair(number: int) -> bool:
    """Tell whether the event of this number was recorded in one batch with that of its negative."""
    return number % 5 == 1


def record(storage: Any, number: int) -> None:
    if has_person(number):
        subject = f"sub_{number % 7}"
        with storage.unit() as unit:
            unit.shelf(Person).add(Person(f"p{number}", "P", ()))
            unit.append(event(number, subject=subject), SECRET)
            if number % 35 == 0:
                unit.forget(subject)
    elif is_pair(number):
        storage.append([event(number), event(-number)])
    else:
        storage.append([event(number)])


def work(storage: Any, file: int, first: int, step: int) -> None:
    number = first
    while True:
        number += step
        try:
            record(storage, number)
            os.write(file, f"a {number}\n".encode())
            if number % 4 == 0:
                head = storage.ledger.head()
                os.write(file, f"h {head.size} {head.root.hex()}\n".encode())
        except UnavailableError:
            os.write(file, f"u {number}\n".encode())
        except BaseException:  # noqa: BLE001 - told, and judged by who reads it
            os.write(file, f"e {traceback.format_exc()!r}\n".encode())
            os._exit(1)


def live(made: Made, place: Path, first: int) -> None:
    file = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        while True:
            with suppress(UnavailableError):  # the server may be coming up again
                storage = made.open()
                break
    except BaseException:  # noqa: BLE001 - as above
        os.write(file, f"e {traceback.format_exc()!r}\n".encode())
        os._exit(1)
    threads = [Thread(target=work, args=(storage, file, first + n, THREADS)) for n in range(THREADS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def main() -> None:
    url, folder, busy = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    engines.BUSY_MS = busy
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are buried at once
    for line in sys.stdin:
        first, place = line.rstrip("\n").split(" ", 1)
        child = os.fork()
        if not child:
            live(Made(url, folder), Path(place), int(first))
            os._exit(1)
        os.write(1, f"{child}\n".encode())


if __name__ == "__main__":
    main()
