"""One way to write a test for every face: as a coroutine, also where nothing is awaited."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, NamedTuple

import anyio
import trio

import thetatrio
from thetatrio import aio, sync

PLAIN = (str, bytes, int, float, list, tuple, dict, type(None))


class Awaited:
    """An object of the blocking face that looks as those of the others do.

    What a method returns may be awaited, entered with `async with`, iterated
    with `async for`, or asked for its own attributes; all of it blocks.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return dressed(getattr(self.inner, name))

    def __call__(self, *args: Any, **options: Any) -> Any:
        return Done(partial(self.inner, *map(bare, args), **options))

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._each(iter(self.inner))

    async def _each(self, items: Any) -> AsyncIterator[Any]:
        for item in items:
            yield dressed(item)

    async def __anext__(self) -> Any:
        try:
            return dressed(next(self.inner))
        except StopIteration:
            raise StopAsyncIteration from None

    def __await__(self) -> Any:
        return dressed(self.inner.fetch() if hasattr(self.inner, "fetch") else self.inner.run())
        yield

    async def __aenter__(self) -> Any:
        return dressed(self.inner.__enter__())

    async def __aexit__(self, *exc: object) -> Any:
        return self.inner.__exit__(*exc)

    def __repr__(self) -> str:
        return repr(self.inner)


class Done(Awaited):
    """What a call returned, whether it is awaited or not."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__(call())

    def __await__(self) -> Any:
        if isinstance(self.inner, sync.Query | sync.Download):
            return (yield from super().__await__())
        return dressed(self.inner)

    def __eq__(self, other: object) -> bool:
        return bool(self.inner == other)

    def __hash__(self) -> int:
        return hash(self.inner)


def dressed(value: Any) -> Any:
    """Return a value of the blocking face as the other faces would have it."""
    if isinstance(value, tuple):
        return tuple(map(dressed, value))
    ours = type(value).__module__.startswith("thetatrio.sync")
    if ours or callable(value) or isinstance(value, AbstractContextManager):
        return Awaited(value)
    return value


def bare(value: Any) -> Any:
    """Return what is inside."""
    if isinstance(value, list):
        return [bare(each) for each in value]
    return value.inner if isinstance(value, Awaited) else value


def value_of(value: Any) -> Any:
    """Return a plain result of a call that is awaited on no face."""
    return value.inner if isinstance(value, Done) else value


class Face(NamedTuple):
    """A face, and how its programs are run."""

    name: str
    open_session: Callable[..., Any]
    run: Callable[[Callable[[], Awaitable[Any]]], Any]

    @property
    def is_trio(self) -> bool:
        """Whether the core runs in the thread of the test."""
        return self.name.endswith("trio")


def run_blocking(main: Callable[[], Awaitable[Any]]) -> Any:
    """Run a coroutine that never waits."""
    coroutine: Any = main()
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it awaited something")


def run_asyncio(main: Callable[[], Awaitable[Any]], loop_factory: Any = None) -> Any:
    """Run a coroutine on an asyncio loop of its own."""
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(main())  # type: ignore[arg-type]


def open_blocking(*args: Any, **options: Any) -> Awaited:
    """Open a session of the blocking face."""
    return Awaited(sync.open_session(*args, **options))


FACES = [
    Face("trio", thetatrio.open_session, trio.run),
    Face("asyncio", aio.open_session, run_asyncio),
    Face("anyio on asyncio", aio.open_session, partial(anyio.run, backend="asyncio")),
    Face("anyio on trio", aio.open_session, partial(anyio.run, backend="trio")),
    Face("sync", open_blocking, run_blocking),
]
if sys.platform != "win32":
    import uvloop

    on_uvloop = partial(run_asyncio, loop_factory=uvloop.new_event_loop)
    FACES.insert(2, Face("uvloop", aio.open_session, on_uvloop))
