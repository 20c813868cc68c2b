"""The library: a plane to ask, and a decorator that asks for you."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar, cast

from ephor.engine.plane import Engine
from ephor.kernel.events import Event
from ephor.rooms.decisions.arguments import encode_arguments
from ephor.rooms.decisions.model import Call, Decision, Outcome
from ephor.rooms.pii.catalogue import chosen
from ephor.rooms.pii.structure import mask_structure

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
        Works on functions and coroutine functions. The function never runs where the decision was not recorded.

        Raises (when the decorated function is called):
            Denied: the call may not happen.
            ApprovalRequired: a person must approve it first.
        """

        def decorate(function: Callable[P, T]) -> Callable[P, T]:
            signature = inspect.signature(function)
            name = tool or function.__name__

            def ask(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Call, Decision]:
                arguments = _arguments(signature, args, kwargs)
                about = subject(arguments) if subject else None
                call = Call(
                    agent,
                    name,
                    arguments,
                    on_behalf_of=on_behalf_of,
                    subject=about,
                    purpose=purpose,
                    session=session,
                )
                return call, self._admit(call)

            if inspect.iscoroutinefunction(function):

                @functools.wraps(function)
                async def governed_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                    call, decision = ask(args, kwargs)
                    run = _Run(self, call, decision)
                    with run:
                        result = await function(*args, **kwargs)
                        return run.finish(result)

                return cast("Callable[P, T]", governed_async)

            @functools.wraps(function)
            def governed_call(*args: P.args, **kwargs: P.kwargs) -> T:
                call, decision = ask(args, kwargs)
                run = _Run(self, call, decision)
                with run:
                    return cast("T", run.finish(function(*args, **kwargs)))

            return governed_call

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
            self._record("tool.failed/1", error=kind.__name__)

    def finish(self, result: Any) -> Any:
        """Record the result's fingerprint, and return the result with personal data masked as the decision demands."""
        for obligation in self._decision.obligations:
            if obligation.kind == "mask":
                result, _ = mask_structure(result, types=chosen(None) - frozenset(obligation.reveal))
        self._record("tool.completed/1", output=result)
        return result

    def _record(self, kind: str, *, output: Any = None, error: str | None = None) -> None:
        self._recorded = True
        world, call = self._plane.world, self._call
        event = Event(
            kind=kind,
            at=world.clock.now(),
            actor=f"agent:{call.agent}",
            action="call",
            tool=call.tool,
            session=call.session,
            trace=call.trace,
            parent=self._decision.entry,
            subject=world.pseudonyms.of(call.subject) if call.subject is not None else None,
            output_hash=None if error else world.pseudonyms.fingerprint(_encoded(output)),
            duration_ms=(time.monotonic_ns() - self._started) // 1_000_000,
            error=error,
            refs={"decision": self._decision.id},
        )
        world.storage.append([event])


def _arguments(signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Name every argument, defaults included, as the tool will see them; a method's ``self`` is not one."""
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    arguments: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            arguments.update(value)
        elif name not in ("self", "cls"):
            arguments[name] = list(value) if kind is inspect.Parameter.VAR_POSITIONAL else value
    return arguments


def _encoded(value: Any) -> bytes:
    """Results may be anything; what is not JSON is fingerprinted by how Python shows it."""
    try:
        return encode_arguments({"result": value})
    except Exception:  # noqa: BLE001 - a fingerprint must never cost the caller its result
        return repr(value).encode("utf-8", "backslashreplace")
