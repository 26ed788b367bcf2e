"""The core's own classes, with methods that cross from asyncio to the portal's thread.

An object of a mirrored class is a native one: in the portal's thread its
methods are the core's, anywhere else they have the core do the work there.
So there is one implementation, with one set of signatures and docstrings.
"""

# What is mirrored keeps its types by being of the native class; in here they say nothing.
# pyright: reportUnknownParameterType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import asyncio
import random
import selectors
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial, wraps
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import anyio

from thetatrio import _session as native
from thetatrio._completed import CompletedChannel
from thetatrio._control import TerminalControl
from thetatrio._faces.feeds import FarInbox, FarSubscription
from thetatrio._faces.rows import RowPipe
from thetatrio._faces.stay import Stay
from thetatrio._owner import OpenBlock, Owner, leave_epoll
from thetatrio._portal import Job, Portal, Use
from thetatrio._rest.channels import BatchChannel, RowChannel
from thetatrio._rest.file_query import ChunkChannel, FileQuery
from thetatrio._rest.framing import FrameChannel
from thetatrio._rest.paging import PageChannel
from thetatrio._rest.query import Query
from thetatrio._stream.feed import Feed, Subscription, parts_of
from thetatrio._stream.inbox import Inbox
from thetatrio._stream.states import StateChannel
from thetatrio._stream.stream import Stream
from thetatrio.config import Config, ConfigOptions
from thetatrio.download import Download, DownloadEvents
from thetatrio.events import StreamEvent
from thetatrio.rows import Row

if TYPE_CHECKING:
    from thetatrio._rest.transport import HttpTransport
    from thetatrio._stream.connection import Dial

__all__ = ["SessionBlock"]

E = TypeVar("E", bound=StreamEvent)
R = TypeVar("R", bound=Row)
T = TypeVar("T")


class Caller:
    """One session's way into the portal, for asyncio.

    Args:
        portal: the way.
        owner: who may use it; None: the event loop that runs here.
        use: what keeps the portal there as long as anything of the session is referred to.
    """

    def __init__(self, portal: Portal, owner: Owner | None = None, use: Use | None = None) -> None:
        self.portal = portal
        self.owner: Owner = _owner_here() if owner is None else owner
        """Who may use the session."""
        self._use = use

    async def ask(self, work: Callable[[], Awaitable[T]]) -> T:
        """Have work done in the portal's thread. Cancelled, it ends there first."""
        return (await self.finish(work)).result()

    async def finish(
        self, work: Callable[[], Awaitable[T]], unread: Callable[[Job[T]], object] | None = None
    ) -> Job[T]:
        """Return the job that did the work; where this is cancelled, `unread` is given it."""
        self.owner.check()
        watch = Watch()
        job = self.portal.start(work, watch.tell)
        try:
            await watch.until(lambda: job.ended)
        except asyncio.CancelledError:
            await give_up(job, watch)  # noqa: ASYNC102  # shielded there
            if unread is not None and job.has_result:
                unread(job)
            raise
        return job


def _owner_here() -> Owner:
    loop = asyncio.get_running_loop()
    # What `get_running_loop` calls; it raises where none runs.
    running = asyncio._get_running_loop  # noqa: SLF001
    return Owner("thetatrio.aio", lambda: running() is loop, "asyncio", partial(_leave_loop, loop))


def _leave_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Separate a forked child's copy of a loop from the parent's; asyncio's own loops only."""
    selector: Any = getattr(loop, "_selector", None)
    if hasattr(selectors, "EpollSelector") and isinstance(selector, selectors.EpollSelector):
        leave_epoll(selector.fileno())


class Watch:
    """Waits in an asyncio task for what is told in the portal's thread."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        """The task's."""
        self._waiter: asyncio.Future[None] | None = None
        self._is_told = False

    def tell(self) -> None:
        """Have the waiting task look again; from any thread."""
        if not self._is_told:
            self._is_told = True
            call_soon(self.loop, self._wake)

    def _wake(self) -> None:
        self._is_told = False
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        while not holds():
            self._waiter = self.loop.create_future()
            if not holds():  # it may have been told just before
                await self._waiter


def call_soon(loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
    """Call a function in a loop's thread, or never if that loop is closed."""
    try:
        loop.call_soon_threadsafe(function)
    except RuntimeError:
        if not loop.is_closed():
            raise


async def give_up(job: Job[Any], watch: Watch) -> None:
    """Cancel a job and wait until it has ended, however often that is cancelled in turn."""
    job.cancel()
    # anyio's scopes would cancel this again at every turn of the loop.
    with anyio.CancelScope(shield=True):
        while not job.ended:
            with suppress(asyncio.CancelledError):
                await watch.until(lambda: job.ended)


class Block(Generic[T]):
    """An async context of the core, for an asyncio task.

    Args:
        caller: the way there.
        open_it: makes the context.
        of: the query whose context it is, or the queries, if any.
    """

    def __init__(
        self,
        caller: Caller,
        open_it: Callable[[], AbstractAsyncContextManager[T]],
        of: tuple[object, ...] = (),
    ) -> None:
        self._caller = caller
        self._open = open_it
        self._of = of

    async def __aenter__(self) -> T:
        _note_use(self._of)
        self._caller.owner.check()
        watch = Watch()
        self._stay = stay = Stay(
            self._caller.portal, self._open, partial(_side_of, self._caller, watch.loop), watch.tell
        )
        try:
            stay.enter()
            await watch.until(lambda: stay.is_settled)
        except asyncio.CancelledError:
            await give_up(stay.job, watch)  # noqa: ASYNC102  # shielded there
            raise
        value: T = adopt(stay.value(), self._caller)
        return value

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._caller.owner.is_foreign:
            return  # in a forked child, where there is nothing to leave
        stay, watch = self._stay, Watch()  # the loop may be another one by now
        stay.job.then(watch.tell)
        stay.leave()
        try:
            await watch.until(lambda: stay.job.ended)  # noqa: ASYNC102  # bounded by the core
        except asyncio.CancelledError:
            await give_up(stay.job, watch)  # noqa: ASYNC102  # shielded there
            raise
        finally:
            stay.close()
        stay.raise_for(error)


class LoopInbox(FarInbox[E]):
    """The inbox of a feed that asyncio tasks read."""

    async def _pause(self) -> None:
        self.check()
        await asyncio.sleep(0)

    async def _wait(self) -> None:
        self.check()
        waiter = asyncio.get_running_loop().create_future()

        def let_go() -> None:
            if not waiter.done():
                waiter.set_result(None)

        self._readers.append(let_go)
        try:
            await waiter
        finally:
            if let_go in self._readers:
                self._readers.remove(let_go)


class FeedSide(Generic[E]):
    """A feed as asyncio tasks see it."""

    def __init__(self, caller: Caller, loop: asyncio.AbstractEventLoop, feed: Feed[E]) -> None:
        near: Inbox[E]
        subscription: Subscription
        near, subscription = parts_of(feed)
        self._loop = loop
        self._is_told = False
        self._inbox: LoopInbox[E] = LoopInbox(caller.portal, near, self._tell)
        self._inbox.own(caller.owner)
        self.value: Feed[E] = Feed(
            self._inbox, FarSubscription(caller.portal, subscription, caller.ask)
        )

    async def pump(self) -> None:
        """Hand on events; in the portal's thread."""
        await self._inbox.pump()

    def close(self) -> None:
        """Let readers meet the feed's end."""
        self._inbox.close()

    def _tell(self) -> None:
        if not self._is_told:
            self._is_told = True
            call_soon(self._loop, self._drain)

    def _drain(self) -> None:
        self._is_told = False
        self._inbox.drain()


class RowSide(Generic[R]):
    """A channel of rows, or of lists of them, as asyncio tasks see it."""

    def __init__(
        self,
        caller: Caller,
        loop: asyncio.AbstractEventLoop,
        channel: RowChannel[R] | BatchChannel[R],
    ) -> None:
        self._caller = caller
        self._loop = loop
        self._near = channel.batches() if isinstance(channel, RowChannel) else channel
        self._pipe: RowPipe[R] = RowPipe(caller.portal, self._tell)
        self._came = asyncio.Event()
        self._closed = False
        self.owner: Owner = caller.owner
        self._batches: BatchChannel[R] = BatchChannel(self, asyncio.Lock())
        batches = self._batches
        self.value: RowChannel[R] | BatchChannel[R] = (
            RowChannel(batches) if isinstance(channel, RowChannel) else batches
        )

    async def pump(self) -> None:
        """Hand on rows; in the portal's thread."""
        await self._pipe.pump(self._near)

    def close(self) -> None:
        """Refuse all use, since the block has been left."""
        self._batches.block.leave()
        self._end()

    def _end(self) -> None:
        self._closed = True
        self._came.set()

    def _tell(self) -> None:
        call_soon(self._loop, self._came.set)

    async def next_batch(self) -> list[R]:
        """Return the rows that arrive next; none at the end."""
        await asyncio.sleep(0)
        while not self._closed:
            self._came.clear()
            rows = self._pipe.take()
            if rows is not None:
                return rows
            await self._came.wait()
        return []

    def delivered(self, rows: int) -> None:
        """Note nothing: they are counted where they come from."""

    async def aclose(self) -> None:
        """End the request."""
        self._end()
        await self._caller.ask(self._near.aclose)


def _side_of(
    caller: Caller, loop: asyncio.AbstractEventLoop, value: object
) -> FeedSide[Any] | RowSide[Any] | None:
    if isinstance(value, Feed):
        return FeedSide(caller, loop, value)
    if isinstance(value, RowChannel | BatchChannel):
        return RowSide(caller, loop, value)
    return None


def _note_use(values: Iterable[object]) -> None:
    # Whatever comes of it, and if it is only refused here: these were not dropped unused.
    for value in values:
        if isinstance(value, Query):
            vars(value)["_used"] = True


def _asking(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @wraps(method)
    async def ask(self: Any, *args: Any, **options: Any) -> Any:
        caller: Caller = self._caller
        _note_use((self, *args))
        if method.__name__ == "aclose" and caller.owner.is_foreign:
            return None  # in a forked child, where there is nothing to close
        work = partial(method, self, *args, **options)
        return await (work() if caller.portal.is_here else caller.ask(work))

    return ask


def _receiving(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @wraps(method)
    async def receive(self: Any) -> Any:
        caller: Caller = self._caller
        if caller.portal.is_here:
            return await method(self)
        caller.owner.check()
        block: OpenBlock | None = getattr(self, "block", None)
        if block is not None:
            block.check_left()
        if self._unread:
            await asyncio.sleep(0)
        if self._unread:
            return self._unread.popleft().result()
        # What has been received when this is cancelled is the next one's.
        job = await caller.finish(partial(method, self), self._unread.append)
        return job.result()

    return receive


def _looking(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def look(self: Any) -> Any:
        caller: Caller = self._caller
        if not caller.portal.is_here:
            caller.owner.check()
        if self._unread and method.__name__ == "receive_nowait":
            return self._unread.popleft().result()
        return caller.portal.peek(partial(method, self))

    return look


def _opening(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def open_it(self: Any, *args: Any, **options: Any) -> Any:
        caller: Caller = self._caller
        opening = method(self, *args, **options)
        if caller.portal.is_here:
            return opening
        return opening.around(Block(caller, lambda: opening, (self,)))

    return open_it


def _making(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def make(self: Any, *args: Any, **options: Any) -> Any:
        return adopt(method(self, *args, **options), self._caller)

    return make


def _checking(method: Callable[[Any], None]) -> Callable[[Any], None]:
    def check(self: Any) -> None:
        caller: Caller = self._caller
        if caller.portal.is_here:
            method(self)
        else:
            caller.owner.check()

    return check


_WAYS: Final = {
    "asks": _asking,
    "receives": _receiving,
    "looks": _looking,
    "opens": _opening,
    "makes": _making,
}
MIRRORS: Final[dict[type, type]] = {}
"""The mirrored class of each native one."""


def _mirror(kind: type, **methods: str) -> None:
    body = {
        name: _WAYS[way](getattr(kind, name))
        for way, names in methods.items()
        for name in names.split()
    }
    check: Any = getattr(kind, "_check", None)
    if check is not None:
        body["_check"] = _checking(check)
    MIRRORS[kind] = type(kind.__name__, (kind,), body | {"__doc__": kind.__doc__})


_mirror(
    native.Session,
    asks="chain expirations trading_sessions get gather",
    opens="as_completed pages",
    looks="statistics",
    makes="query file_query download",
)
for _group in (
    native.StockGroup,
    native.OptionGroup,
    native.IndexGroup,
    native.CalendarGroup,
    native.InterestRateGroup,
):
    _mirror(_group, makes="bind bind_file")
_mirror(TerminalControl, asks="mdds_status fpss_status shutdown")
_mirror(Query, asks="fetch resolve polars arrow pandas save", opens="rows batches frames")
_mirror(FileQuery, asks="save", opens="chunks")
_mirror(FrameChannel, receives="receive", asks="aclose")
_mirror(ChunkChannel, receives="receive", asks="aclose")
_mirror(CompletedChannel, receives="receive")
_mirror(PageChannel, receives="receive", asks="aclose")
_mirror(DownloadEvents, receives="receive")
_mirror(
    Stream,
    opens="quotes trades ohlc prices market_values full_trades subscribe states",
    looks="statistics",
)
_mirror(StateChannel, receives="receive", looks="receive_nowait")
_mirror(Download, asks="run", opens="events", looks="progress")


def adopt(value: T, caller: Caller) -> T:
    """Make a native object, fresh from the core, one that asyncio may use."""
    mirror = MIRRORS.get(type(value))
    if mirror is not None:
        value.__class__ = mirror
        vars(value)["_caller"] = caller
        vars(value)["_unread"] = deque()
        if isinstance(value, native.Session):
            for part in list(vars(value).values()):
                adopt(part, caller)
    return value


class SessionBlock:
    """The block of a session under asyncio."""

    def __init__(
        self,
        config: Config | None,
        transport: HttpTransport | None,
        dial: Dial | None,
        chance: random.Random | None,
        options: ConfigOptions,
    ) -> None:
        self._open = partial(
            native.open_session,
            config,
            transport=transport,
            dial=dial,
            chance=chance,
            **options,
        )

    async def __aenter__(self) -> native.Session:
        self._use = use = Use()
        try:
            self._block = Block(Caller(use.open(), use=use), self._open)
            return await self._block.__aenter__()
        except BaseException:
            use.close()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self._block.__aexit__(kind, error, trace)  # noqa: ASYNC102  # bounded by the core
        finally:
            self._use.close()
