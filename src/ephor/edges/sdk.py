"""The library: a plane to ask, and a decorator that asks for you."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar, cast

from ephor.engine.plane import Engine
from ephor.kernel.errors import InvalidInputError, UnavailableError
from ephor.kernel.events import Event
from ephor.rooms.decisions.model import Call, Decision, Outcome
from ephor.rooms.decisions.result import encode_result, mask_result

P = ParamSpec("P")
T = TypeVar("T")


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

    def decide(self, call: Call) -> Decision:
        """Decide a call and record the decision. The caller must not act unless ``decision.allowed``.

        Raises:
            InvalidInputError: the arguments are not JSON.
            UnavailableError: the decision could not be recorded, and so was not made.
        """
        return self.decisions.decide(call)

    def governed(
        self,
        agent: str,
        *,
        tool: str | None = None,
        on_behalf_of: str | None = None,
        purpose: str | None = None,
        subject: Callable[[Mapping[str, Any]], str | None] | None = None,
        session: str | None = None,
    ) -> Callable[[Callable[P, T]], Callable[P, T]]:
        """Return a decorator: decide before the function runs, mask what it returns, record what came of it.

        *tool* is the function's name where none is given; *subject* picks the data subject out of the arguments.
        With *on_behalf_of*, *purpose* must be the delegation's, or every call is denied.
        Works on functions, coroutine functions and methods (``@classmethod`` and ``@staticmethod`` go above it). The
        function never runs where the decision was not recorded. It is given its arguments as they are; what it returns
        must be text, numbers, times, lists and mappings, for nothing else can be masked. What it raises is passed on as
        it is, and recorded by the name of its class alone.

        Raises:
            InvalidInputError: a generator, whose values would come after the record of them was closed; or no name.

        Raises (when the decorated function is called):
            Denied: the call may not happen.
            ApprovalRequired: a person must approve it first.
            InvalidInputError: the arguments are not JSON, and the function did not run; or it ran, and its result cannot
                be masked and is not passed on.
            UnavailableError: the decision could not be recorded, and the function did not run; or it ran, and what came
                of it could not be recorded. The message says which.
        """

        def decorate(function: Callable[P, T]) -> Callable[P, T]:
            name = _name_of(function, tool)
            arguments_of = _binder(function)

            def admit(args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Run:
                arguments = arguments_of(args, kwargs)
                call = Call(
                    agent,
                    name,
                    arguments,
                    on_behalf_of=on_behalf_of,
                    subject=subject(arguments) if subject else None,
                    purpose=purpose,
                    session=session,
                )
                return _Run(self, call, self._admit(call))

            return _wrapped(function, admit)

        return decorate

    def _admit(self, call: Call) -> Decision:
        decision = self.decisions.decide(call, intent=True)
        if decision.outcome is Outcome.DENY:
            raise Denied(decision)
        if decision.outcome is Outcome.ASK:
            raise ApprovalRequired(decision)
        return decision


class _Run:
    """Records what came of an admitted call, whether the tool returned or raised."""

    def __init__(self, plane: Plane, call: Call, decision: Decision) -> None:
        self._plane, self._call, self._decision = plane, call, decision
        self._started = 0
        self._recorded = False

    def __enter__(self) -> _Run:
        self._started = time.monotonic_ns()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None and not self._recorded:
            self._record(
                "tool.failed/1", error=kind.__name__.encode("ascii", "backslashreplace").decode()[:200]
            )

    def finish(self, result: Any) -> Any:
        """Record the result's fingerprint, and return the result with personal data masked as the decision demands."""
        for obligation in self._decision.obligations:
            if obligation.kind == "mask":
                result = self._masked(result, obligation.reveal)
        self._record("tool.completed/1", output=encode_result(result))
        return result

    def _masked(self, result: Any, reveal: tuple[str, ...]) -> Any:
        try:
            return mask_result(result, reveal)
        except InvalidInputError as error:
            if inspect.iscoroutine(result) or inspect.isgenerator(result):  # it has not begun, and does not
                result.close()
            raise InvalidInputError(
                f"tool `{self._call.tool}` ran, and what it returned is kept back: {error}", **error.facts
            ) from None

    def _record(self, kind: str, *, output: bytes | None = None, error: str | None = None) -> None:
        world, call = self._plane.world, self._call
        event = Event(
            kind=kind,
            at=world.clock.now(),
            actor=f"agent:{call.agent}",
            action="call",
            tool=call.tool,
            on_behalf_of=call.on_behalf_of,
            session=call.session,
            trace=call.trace,
            parent=self._decision.entry,
            subject=world.pseudonyms.of(call.subject) if call.subject is not None else None,
            output_hash=None if output is None else world.pseudonyms.fingerprint(output),
            duration_ms=(time.monotonic_ns() - self._started) // 1_000_000,
            error=error,
            refs={"decision": self._decision.id},
        )
        self._recorded = True  # tried once: a second try could contradict a first that went through after all
        try:
            world.storage.append([event])
        except UnavailableError as failure:
            raise UnavailableError(
                f"tool `{call.tool}` ran, but what came of it could not be recorded: {failure}; look before you run "
                "it again",
                **failure.facts,
            ) from failure


def _wrapped(
    function: Callable[P, T], admit: Callable[[tuple[Any, ...], dict[str, Any]], _Run]
) -> Callable[P, T]:
    """Return *function* with *admit* before it, and masking and recording after it."""
    if _is_any(inspect.iscoroutinefunction, function):

        @functools.wraps(function)
        async def governed_async(*args: P.args, **kwargs: P.kwargs) -> Any:
            with admit(args, kwargs) as run:
                return run.finish(await cast("Any", function(*args, **kwargs)))

        return cast("Callable[P, T]", governed_async)

    @functools.wraps(function)
    def governed_call(*args: P.args, **kwargs: P.kwargs) -> T:
        with admit(args, kwargs) as run:
            return cast("T", run.finish(function(*args, **kwargs)))

    return governed_call


def _is_any(test: Callable[[Any], bool], function: Callable[..., Any]) -> bool:
    """Ask about the function itself, and about how an object that can be called answers."""
    return test(function) or test(getattr(type(function), "__call__", None))  # noqa: B004 - not whether it can be called, but how


def _name_of(function: Callable[..., Any], tool: str | None) -> str:
    name = tool or getattr(function, "__name__", None)
    if not isinstance(name, str):
        raise InvalidInputError(f"a {type(function).__name__} has no name; say which tool it is: `tool=`")
    if not callable(function):
        raise InvalidInputError(
            f"`{name}` cannot be called; put `@classmethod` and the like above `governed`"
        )
    if _is_any(inspect.isgeneratorfunction, function) or _is_any(inspect.isasyncgenfunction, function):
        raise InvalidInputError(
            f"`{name}` is a generator: its values would pass unmasked and unrecorded; return a list",
            tool=name,
        )
    return name


def _binder(
    function: Callable[..., Any],
) -> Callable[[tuple[Any, ...], dict[str, Any]], dict[str, Any]]:
    """Return what names every argument, defaults included, as the tool will see them; a method's ``self`` is not one."""
    signature = inspect.signature(function)
    itself = next(iter(signature.parameters), None) if _is_method(function) else None

    def arguments_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        arguments: dict[str, Any] = {}
        for name, value in bound.arguments.items():
            kind = signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_KEYWORD:
                if twice := sorted(value.keys() & arguments.keys()):
                    raise InvalidInputError(f"two arguments are called `{twice[0]}`; rename the tool's own")
                arguments.update(value)
            elif name != itself:
                arguments[name] = list(value) if kind is inspect.Parameter.VAR_POSITIONAL else value
        return arguments

    return arguments_of


def _is_method(function: Callable[..., Any]) -> bool:
    """Tell a function written in a class from one that merely calls its first argument ``self``."""
    if not inspect.isfunction(function):
        return False
    place, _, _ = function.__qualname__.rpartition(".")
    first = next(iter(inspect.signature(function).parameters), None)
    return bool(place) and not place.endswith("<locals>") and first in ("self", "cls")
