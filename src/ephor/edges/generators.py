"""Governed generators: decided when the first item is asked for, masked item by item, recorded when they end."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ephor.edges.governing import Run, Stream

Admit = Callable[[tuple[Any, ...], dict[str, Any]], tuple[Run, Callable[[], Any]]]
AdmitLater = Callable[[tuple[Any, ...], dict[str, Any]], Awaitable[tuple[Run, Callable[[], Any]]]]


def generator(function: Callable[..., Any], admit: Admit) -> Callable[..., Any]:
    """Return the generator function *function*, governed."""

    @functools.wraps(function)
    def governed_generator(*args: Any, **kwargs: Any) -> Any:
        run, start = admit(args, kwargs)
        with run:
            stream = run.stream()
            with run.active():
                source = start()
            try:
                with _over(run, stream):
                    returned = yield from _items(run, stream, source)
            finally:
                source.close()
            return run.finish_stream(stream, returned)

    return governed_generator


def _items(run: Run, stream: Stream, source: Any) -> Any:
    """Yield the items of *source*, masked; what is sent in and thrown in reaches it."""
    resume: Callable[[], Any] = functools.partial(next, source)
    while True:
        try:
            with run.active():
                item = resume()
        except StopIteration as stop:
            yield from stream.finish()
            return stop.value
        except Exception as error:
            run.fail(error)
            yield from stream.finish()
            raise
        resume = functools.partial(next, source)
        for part in stream.feed(item):
            try:
                sent = yield part
            except Exception as thrown:  # noqa: BLE001 - whatever is thrown in is the tool's to judge
                resume = functools.partial(source.throw, thrown)
            else:
                if sent is not None:
                    resume = functools.partial(source.send, sent)


def async_generator(function: Callable[..., Any], admit: AdmitLater) -> Callable[..., Any]:
    """Return the asynchronous generator function *function*, governed."""

    @functools.wraps(function)
    async def governed_generator(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        run, start = await admit(args, kwargs)
        with run:
            stream = run.stream()
            with run.active():
                source = start()
            try:
                with _over(run, stream):
                    resume: Callable[[], Awaitable[Any]] = source.__anext__
                    while True:
                        try:
                            with run.active():
                                item = await resume()
                        except StopAsyncIteration:
                            break
                        except Exception as error:
                            run.fail(error)
                            for part in stream.finish():
                                yield part
                            raise
                        resume = source.__anext__
                        for part in stream.feed(item):
                            sent = yield part
                            if sent is not None:
                                resume = functools.partial(source.asend, sent)
                    for part in stream.finish():
                        yield part
            finally:
                await source.aclose()
            run.finish_stream(stream)

    return governed_generator


@contextmanager
def _over(run: Run, stream: Stream) -> Iterator[None]:
    """Whoever stops asking before the end has all they wanted: that is no failure of the tool."""
    try:
        yield
    except GeneratorExit:
        run.finish_stream(stream, closed=True)
        raise
