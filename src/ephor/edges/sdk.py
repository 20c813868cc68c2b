"""The library: a plane to ask, and a decorator that asks for you."""

from __future__ import annotations

import asyncio
import functools
import inspect
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar, cast

from ephor.edges.generators import async_generator, generator
from ephor.edges.governing import OnNotice, Run
from ephor.edges.signatures import Binding, binder, is_any, name_of
from ephor.engine.plane import Engine
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.approvals.call import CallStatus
from ephor.rooms.decisions.model import Call, Decision, Outcome

P = ParamSpec("P")
T = TypeVar("T")
_FIRST_LOOK, _LAST_LOOK = 0.05, 2.0
"""Seconds between two looks for an answer that is waited for: the longer it takes, the rarer."""


class Denied(Exception):  # noqa: N818 - a denial is an answer, raised only because a decorated function has no other way to give it
    """The call may not happen, and did not. ``decision`` says why."""

    def __init__(self, decision: Decision) -> None:
        super().__init__("; ".join(reason.text for reason in decision.reasons))
        self.decision = decision


class ApprovalRequired(Exception):  # noqa: N818 - as above
    """A person must approve exactly this call first; call again with the same arguments when they have."""

    def __init__(self, decision: Decision) -> None:
        because = "; ".join(reason.text for reason in decision.reasons)
        super().__init__(f"{because} (waiting as `{decision.approval}`; see `ephor approvals inbox`)")
        self.decision = decision


class Plane(Engine):
    """A plane as a library: every use case by its room, and `decide` and `governed` for agents."""

    def decide(self, call: Call, *, explain: bool = False) -> Decision:
        """Decide a call and record the decision. The caller must not act unless ``decision.allowed``.

        With *explain*, ``decision.path`` tells each check, what it looked at and what it said.

        Raises:
            InvalidInputError: the arguments are not JSON.
            UnavailableError: the decision could not be recorded, and so was not made.
        """
        return self.decisions.decide(call, explain=explain)

    def governed(
        self,
        agent: str,
        *,
        tool: str | None = None,
        on_behalf_of: str | None = None,
        purpose: str | None = None,
        subject: Callable[[Mapping[str, Any]], str | None] | None = None,
        session: str | None = None,
        wait: float | timedelta | None = None,
        on_notice: OnNotice | None = None,
    ) -> Callable[[Callable[P, T]], Callable[P, T]]:
        """Return a decorator: decide before the function runs, mask what it takes and returns, record what came of it.

        *tool* is the function's name where none is given; *subject* picks the data subject out of the arguments.
        With *on_behalf_of*, *purpose* must be the delegation's, or every call is denied. With *wait*, in seconds, a call
        that a person must approve waits so long for the answer, and is decided again when it came. *on_notice* is given
        each notice that people must be shown, and the decision, before the function runs; it may be a coroutine function
        where the function is one.

        Works on functions, coroutine functions, generators of both kinds, methods, class methods and static methods. The
        function never runs where the decision was not recorded. What it returns or yields must be text, numbers, times,
        lists and mappings, for nothing else can be masked; text that a generator yields piece by piece is masked as one,
        so some of it is kept back until what follows is known. What it raises is passed on as it is, and recorded by the
        name of its class alone. `ephor.current_decision` tells the function what was decided.

        Raises:
            InvalidInputError: what is decorated has no name, or cannot be called; or a wait that is none.

        Raises (when the decorated function is called, or the generator first asked):
            Denied: the call may not happen; also where who was waited for did not answer before the question ran out.
            ApprovalRequired: a person must approve it first, and did not within the wait.
            InvalidInputError: the arguments are not JSON, and the function did not run; or it ran, and its result cannot
                be masked and is not passed on.
            UnavailableError: the decision could not be recorded, or demands what cannot be done here, and the function
                did not run; or it ran, and what came of it could not be recorded. The message says which.
        """
        patience = _seconds(wait)

        def decorate(function: Callable[P, T]) -> Callable[P, T]:
            if isinstance(function, classmethod | staticmethod):
                inner = function.__func__
                of_class = isinstance(function, classmethod)
                return cast("Callable[P, T]", type(function)(govern(inner, of_class=of_class)))
            return cast("Callable[P, T]", govern(function))

        def govern(function: Callable[..., Any], *, of_class: bool = False) -> Callable[..., Any]:
            name = name_of(function, tool)
            bind = binder(function, of_class=of_class)

            def call_of(binding: Binding) -> Call:
                return Call(
                    agent,
                    name,
                    binding.arguments,
                    on_behalf_of=on_behalf_of,
                    subject=subject(binding.arguments) if subject else None,
                    purpose=purpose,
                    session=session,
                )

            return _Governed(self, function, bind, call_of, patience, on_notice).wrapped()

        return decorate


class _Governed:
    """One governed function: how it is admitted, and how it runs."""

    def __init__(
        self,
        plane: Plane,
        function: Callable[..., Any],
        bind: Callable[[tuple[Any, ...], dict[str, Any]], Binding],
        call_of: Callable[[Binding], Call],
        patience: float,
        on_notice: OnNotice | None,
    ) -> None:
        self._plane, self._function, self._bind, self._call_of = plane, function, bind, call_of
        self._patience, self._on_notice = patience, on_notice

    def wrapped(self) -> Callable[..., Any]:
        function = self._function
        if is_any(inspect.isasyncgenfunction, function):
            return async_generator(function, self._admit_later)
        if is_any(inspect.isgeneratorfunction, function):
            return generator(function, self._admit)
        if is_any(inspect.iscoroutinefunction, function):
            return self._coroutine()

        @functools.wraps(function)
        def governed_call(*args: Any, **kwargs: Any) -> Any:
            run, start = self._admit(args, kwargs)
            with run:
                with run.active():
                    result = start()
                return run.finish(result)

        return governed_call

    def _coroutine(self) -> Callable[..., Any]:
        @functools.wraps(self._function)
        async def governed_async(*args: Any, **kwargs: Any) -> Any:
            run, start = await self._admit_later(args, kwargs)
            with run:
                with run.active():
                    result = await start()
                return run.finish(result)

        return governed_async

    def _admit(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Run, Callable[[], Any]]:
        """Decide, wait if need be, show notices; return the run, and what calls the function as it may be called."""
        binding = self._bind(args, kwargs)
        waiting = _Waiting(self._plane, self._call_of(binding), self._patience)
        for seconds in waiting:
            time.sleep(seconds)
        with waiting.run() as run:
            for shown in self._shown(run):
                if inspect.isawaitable(shown):
                    getattr(shown, "close", lambda: None)()
                    raise InvalidInputError("`on_notice` is a coroutine function, and what it is for is none")
            return run, self._start(run, binding)

    async def _admit_later(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Run, Callable[[], Any]]:
        """As `_admit`, and let others go on while it waits."""
        binding = self._bind(args, kwargs)
        waiting = _Waiting(self._plane, self._call_of(binding), self._patience)
        for seconds in waiting:
            await asyncio.sleep(seconds)
        with waiting.run() as run:
            for shown in self._shown(run):
                if inspect.isawaitable(shown):
                    await shown
            return run, self._start(run, binding)

    def _shown(self, run: Run) -> Iterator[Any]:
        for text in run.notices():
            if self._on_notice is not None:
                yield self._on_notice(text, run.decision)

    def _start(self, run: Run, binding: Binding) -> Callable[[], Any]:
        bound = binding.changed(run.masked_arguments(binding.arguments))
        return functools.partial(self._function, *bound.args, **bound.kwargs)


class _Waiting:
    """A call that is decided, and decided again when the people it waits for have spoken.

    Iterating yields how many seconds to sleep before the next look; whoever does decides how to sleep.
    """

    def __init__(self, plane: Plane, call: Call, patience: float) -> None:
        self._plane, self._call, self._patience = plane, call, patience
        self._decision = plane.decisions.decide(call, intent=True)

    def __iter__(self) -> Iterator[float]:
        end, look = time.monotonic() + self._patience, _FIRST_LOOK
        while self._decision.outcome is Outcome.ASK and (left := end - time.monotonic()) > 0:
            yield min(look, left)
            look = min(look * 1.5, _LAST_LOOK)
            asked = self._plane.calls.find(str(self._decision.approval))
            if asked is None or asked.status is not CallStatus.PENDING:
                self._decision = self._plane.decisions.decide(
                    self._call, intent=True, awaited=self._decision.approval
                )

    def run(self) -> Run:
        """Return the run, if the call may happen.

        Raises:
            Denied: it may not.
            ApprovalRequired: a person must approve it first.
        """
        if self._decision.outcome is Outcome.DENY:
            raise Denied(self._decision)
        if self._decision.outcome is Outcome.ASK:
            raise ApprovalRequired(self._decision)
        return Run(self._plane, self._call, self._decision)


def _seconds(wait: float | timedelta | None) -> float:
    seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait or 0)
    if not 0 <= seconds < float("inf"):
        raise InvalidInputError(f"a wait of {seconds} seconds cannot be; write a number of seconds from 0 on")
    return seconds
