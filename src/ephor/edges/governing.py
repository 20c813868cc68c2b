"""What happens around one governed run: obligations are carried out, and what came of it is recorded."""

from __future__ import annotations

import hashlib
import inspect
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ephor.engine.plane import Engine
from ephor.kernel.errors import InvalidInputError, UnavailableError
from ephor.kernel.events import Event
from ephor.rooms.decisions.model import Call, Decision, Obligation
from ephor.rooms.decisions.result import encode_result, mask_result
from ephor.rooms.decisions.stream import MaskedBytes, MaskedText
from ephor.rooms.pii.catalogue import chosen
from ephor.rooms.policies.governance import MonitoringLevel

OnNotice = Callable[[str, Decision], Any]
"""Shows a notice to people, before the tool runs."""
_CURRENT: ContextVar[Decision | None] = ContextVar("ephor_decision", default=None)


def current_decision() -> Decision | None:
    """Return the decision under which the governed function around this code runs; None outside of one."""
    return _CURRENT.get()


class Run:
    """One admitted call. Entered around the tool, it records what came of it, whether the tool returned or raised."""

    def __init__(self, plane: Engine, call: Call, decision: Decision) -> None:
        self._plane, self._call, self.decision = plane, call, decision
        self._started = 0
        self._recorded = False

    def __enter__(self) -> Run:
        self._started = time.monotonic_ns()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None:
            self._fail(kind)

    def fail(self, error: BaseException) -> None:
        """Record that the tool raised, unless what came of it is recorded already."""
        self._fail(type(error))

    def _fail(self, kind: type[BaseException]) -> None:
        if not self._recorded:
            self._record(
                "tool.failed/1", error=kind.__name__.encode("ascii", "backslashreplace").decode()[:200]
            )

    @contextmanager
    def active(self) -> Iterator[None]:
        """Make the decision the current one for as long as the tool's own code runs."""
        token = _CURRENT.set(self.decision)
        try:
            yield
        finally:
            _CURRENT.reset(token)

    def notices(self) -> list[str]:
        """Return what people must be shown first.

        Raises:
            UnavailableError: the decision demands something that cannot be done here; the tool must not run.
        """
        for one in self.decision.obligations:
            if not _is_possible(one):
                what = f"`{one.kind}` of `{one.where}`" if one.where else f"`{one.kind}`"
                raise UnavailableError(
                    f"the decision demands {what}, which this version cannot do; tool `{self._call.tool}` did not run"
                )
        return [one.text for one in self.decision.obligations if one.kind == "notice"]

    def masked_arguments(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the arguments as the tool may see them; the very same where nothing is to be hidden."""
        for one in self._masks("arguments"):
            arguments = mask_result(dict(arguments), one.reveal)
        return arguments

    def finish(self, result: Any) -> Any:
        """Record the result's fingerprint, and return the result with personal data masked as the decision demands."""
        for one in self._masks("result"):
            result = self._masked(result, one.reveal)
        self._record("tool.completed/1", output=encode_result(result))
        return result

    def stream(self) -> Stream:
        """Return what masks the items of a generator."""
        masks = self._masks("result")
        if not masks:
            return Stream(self, None)
        reveal = frozenset(masks[0].reveal).intersection(*(one.reveal for one in masks))
        return Stream(self, tuple(sorted(reveal)))

    def finish_stream(self, stream: Stream, returned: Any = None, *, closed: bool = False) -> Any:
        """Record that a stream is over, and return the generator's own result, masked."""
        for one in self._masks("result"):
            returned = self._masked(returned, one.reveal)
        told = {"items": stream.count, "closed": closed} if closed else {"items": stream.count}
        if self._recorded:
            return returned
        self._record("tool.completed/1", output=stream.digest(returned), metadata=told)
        return returned

    def _masks(self, where: str) -> list[Obligation]:
        return [one for one in self.decision.obligations if one.kind == "mask" and one.where == where]

    def _masked(self, result: Any, reveal: tuple[str, ...]) -> Any:
        try:
            return mask_result(result, reveal)
        except InvalidInputError as error:
            if inspect.iscoroutine(result) or inspect.isgenerator(result):  # it has not begun, and does not
                result.close()
            raise InvalidInputError(
                f"tool `{self._call.tool}` ran, and what it returned is kept back: {error}", **error.facts
            ) from None

    def masked_item(self, item: Any, reveal: tuple[str, ...]) -> Any:
        """Return one item of a stream, masked by itself."""
        return self._masked(item, reveal)

    def _record(
        self,
        kind: str,
        *,
        output: bytes | None = None,
        error: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
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
            parent=self.decision.entry,
            subject=world.pseudonyms.of(call.subject) if call.subject is not None else None,
            output_hash=None if output is None else world.pseudonyms.fingerprint(output),
            duration_ms=(time.monotonic_ns() - self._started) // 1_000_000,
            error=error,
            refs={"decision": self.decision.id},
            metadata=metadata or {},
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


class Stream:
    """Masks what a generator yields: text and bytes across the borders of pieces, everything else item by item."""

    def __init__(self, run: Run, reveal: tuple[str, ...] | None) -> None:
        self._run, self._reveal = run, reveal
        self._text: MaskedText | None = None
        self._bytes: MaskedBytes | None = None
        self._hash = hashlib.sha256()
        self.count = 0
        """How many items came out."""

    def feed(self, item: Any) -> list[Any]:
        """Take an item of the generator, and return what can come out now."""
        if self._reveal is None:
            return self._counted([item])
        if isinstance(item, str):
            out = self._flushed(text=False)
            self._text = self._text or MaskedText(self._types())
            return self._counted([*out, *self._text.feed(str.__str__(item))])
        if isinstance(item, bytes):
            out = self._flushed(data=False)
            self._bytes = self._bytes or MaskedBytes(self._types())
            return self._counted([*out, *self._bytes.feed(bytes(item))])
        return self._counted([*self._flushed(), self._run.masked_item(item, self._reveal)])

    def finish(self) -> list[Any]:
        """Return what was kept back."""
        return self._counted(self._flushed())

    def digest(self, returned: Any) -> bytes:
        """Return what the fingerprint is taken of: everything that came out, in order, and the generator's own result."""
        whole = self._hash.copy()
        whole.update(encode_result(returned))
        return whole.hexdigest().encode()

    def _types(self) -> frozenset[str]:
        return chosen(None) - frozenset(self._reveal or ())

    def _flushed(self, *, text: bool = True, data: bool = True) -> list[Any]:
        """End the text, the bytes or both: what follows is of another kind, and never one value with it."""
        out: list[Any] = []
        if text and self._text is not None:
            out += self._text.finish()
            self._text = None
        if data and self._bytes is not None:
            out += self._bytes.finish()
            self._bytes = None
        return out

    def _counted(self, items: list[Any]) -> list[Any]:
        for one in items:
            self._hash.update(encode_result(one) + b"\n")
        self.count += len(items)
        return items


_LEVELS = frozenset(level.value for level in MonitoringLevel)


def _is_possible(demand: Obligation) -> bool:
    """Tell whether what is governed carries *demand* out.

    Logging and keeping need nothing more: intent, result, time and error of every call are recorded, and entries of the
    ledger are never taken away.
    """
    if demand.kind == "mask":
        return demand.where in ("arguments", "result")
    return demand.kind in ("notice", "retain") or (demand.kind == "log" and demand.text in _LEVELS)
