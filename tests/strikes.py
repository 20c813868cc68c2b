"""A process that kills itself at a chosen step, and what it was doing goes on in the next one."""

from __future__ import annotations

import os
import signal
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa


def strike(steps: int) -> None:
    """Kill this process at its n-th step; the steps lie before and after each call that makes something durable."""
    left = [steps]

    def step(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("fsync", "rename"):
        call = getattr(os, name)

        def struck(*given: Any, call: Any = call, **more: Any) -> Any:
            step()
            done = call(*given, **more)
            step()
            return done

        setattr(os, name, struck)
    sa.event.listen(sa.Engine, "commit", step)
    sa.event.listen(sa.pool.Pool, "reset", step)


def gets_through(work: Callable[[], None]) -> bool:
    """Do the work in a process of its own; tell whether it got through. An error of it is the test's."""
    with warnings.catch_warnings():  # a client of S3 has a thread of its own, which sleeps meanwhile
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the parent looks at the code
            traceback.print_exc()
            os._exit(3)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "work that was cut off must go on"
    return not os.WIFSIGNALED(status)
