"""How plain threads wait for the portal's thread."""

# pyright: reportUnknownParameterType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, suppress
from functools import partial
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

from thetatrio import _session as native
from thetatrio._bell import Bell
from thetatrio._faces.feeds import FarInbox, FarSubscription
from thetatrio._faces.rows import RowPipe
from thetatrio._faces.stay import Side, Stay
from thetatrio._owner import OpenBlock, Owner
from thetatrio._portal import Job, Portal, Use
from thetatrio._rest.channels import BatchChannel, RowChannel
from thetatrio._stream.feed import Feed, Subscription, parts_of
from thetatrio._stream.inbox import Inbox
from thetatrio.errors import WouldBlock
from thetatrio.events import StreamEvent
from thetatrio.rows import Row

__all__ = ["Block", "Caller", "FeedSide", "Receiver", "RowSide", "SessionBlock", "side_of"]

E = TypeVar("E", bound=StreamEvent)
R = TypeVar("R", bound=Row)
T = TypeVar("T")
U = TypeVar("U")
T_co = TypeVar("T_co", covariant=True)


class Caller:
    """One session's way into the portal, for plain threads.

    Args:
        portal: the way.
        use: what keeps the portal there as long as anything of the session is referred to.
    """

    def __init__(self, portal: Portal, use: Use | None = None) -> None:
        self.portal = portal
        self.owner: Owner = Owner("thetatrio.sync", None)
        """Who may use the session: every thread of this process."""
        self._use = use

    def close_with(self, job: Job[None]) -> None:
        """Have a job cancelled when nothing of the session is referred to any more."""
        if self._use is not None:
            self._use.job = job

    def close(self) -> None:
        """Give the portal back; once the session has been left."""
        if self._use is not None:
            self._use.close()

    def ask(self, work: Callable[[], Awaitable[T]]) -> T:
        """Have work done in the portal's thread. Interrupted, it ends there first."""
        return self.finish(work, None).result()

    def close_channel(self, aclose: Callable[[], Awaitable[None]]) -> None:
        """Have a channel closed; in a forked child there is nothing to close."""
        if not self.owner.is_foreign:
            self.ask(aclose)

    def finish(
        self,
        work: Callable[[], Awaitable[T]],
        timeout: float | None,
        unread: Callable[[Job[T]], object] | None = None,
    ) -> Job[T]:
        """Return the job that did the work. Raises TimeoutError.

        Where this is interrupted, `unread` is given the job if it did it all the same.
        """
        self.check()
        deadline = None if timeout is None else time.monotonic() + timeout
        bell = Bell()
        job = Job(self.portal, work)
        job.then(bell.ring)
        try:
            self.portal.begin(job)
            in_time = bell.until(lambda: job.ended, deadline)
        except BaseException:  # Ctrl-C; a second one does not wait
            job.cancel()
            bell.until(lambda: job.ended)
            if unread is not None and job.has_result:
                unread(job)
            raise
        if not in_time:
            job.cancel()
            bell.until(lambda: job.ended)
            if not job.has_result:
                raise TimeoutError(f"nothing came within {timeout:g} s")
        return job

    def check(self) -> None:
        """Refuse to wait in a forked child, and in the thread that would have to do the work."""
        self.owner.check()
        if self.portal.is_here:
            raise RuntimeError(
                "thetatrio.sync cannot be used in the thread that works for it;"
                " what is called from there uses the session that it is given"
            )


class Block(AbstractContextManager[U], Generic[T, U]):
    """An async context of the core, for a thread.

    Args:
        caller: the way there.
        open_it: makes the context.
        dress: makes what the thread is given of what the context gave.
    """

    def __init__(
        self,
        caller: Caller,
        open_it: Callable[[], AbstractAsyncContextManager[T]],
        dress: Callable[[Any], U],
    ) -> None:
        self._caller = caller
        self._open = open_it
        self._dress = dress
        self._bell = Bell()
        self._stay: Stay[T] | None = None

    def __enter__(self) -> U:
        self._caller.check()
        bell = self._bell
        self._stay = stay = Stay(self._caller.portal, self._open, self._side_of(), bell.ring)
        try:
            stay.enter()
            bell.until(lambda: stay.is_settled)
            return self._dress(stay.value())
        except BaseException:  # Ctrl-C, or what kept it from entering
            self.abandon()
            raise

    def _side_of(self) -> Callable[[object], Side | None]:
        return partial(side_of, self._caller)

    def abandon(self) -> None:
        """Leave as fast as possible; once is enough, twice does no harm."""
        stay = self._stay
        if stay is None or not self._caller.portal.is_mine:
            return
        if not stay.job.ended:
            stay.job.cancel()
            self._bell.until(lambda: stay.job.ended)
        stay.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._caller.portal.is_mine:
            return  # in a forked child, where there is nothing to leave
        stay = self._stay
        if stay is None:
            raise RuntimeError("this block was left before it was entered")
        try:
            stay.leave()
            self._bell.until(lambda: stay.job.ended)
        finally:
            self.abandon()
        stay.raise_for(error)


class SessionBlock(Block[native.Session, native.Session]):
    """The block of a session itself.

    Nothing in the portal's thread refers to the caller, so that a session which nobody
    refers to any more is closed.
    """

    def __init__(
        self,
        caller: Caller,
        open_it: Callable[[], AbstractAsyncContextManager[native.Session]],
    ) -> None:
        super().__init__(caller, open_it, lambda session: session)

    def __enter__(self) -> native.Session:
        session = super().__enter__()
        if self._stay is not None:
            self._caller.close_with(self._stay.job)
        return session

    def _side_of(self) -> Callable[[object], Side | None]:
        return lambda _: None


class _Polled(Protocol[T_co]):
    """What can be received from without waiting."""

    def receive_nowait(self) -> T_co: ...


class _ThreadInbox(FarInbox[E]):
    """The inbox of a feed that threads read."""

    def __init__(self, portal: Portal, near: Inbox[E]) -> None:
        super().__init__(portal, near, self._wake)
        self.turn = threading.Lock()
        """Held by the thread that reads."""
        # Of what is here the portal's thread touches this alone: a reader, and
        # what logs its losses, may take their time.
        self._bell = Bell()

    def _wake(self) -> None:
        self._bell.ring()

    def wait(self, deadline: float | None) -> bool:
        """Wait until there may be something to read; False where that was not in time."""
        return self._bell.until(self._may_be_read, deadline)

    def _may_be_read(self) -> bool:
        return self.has_arrivals or bool(self.waiting) or self.ended is not None

    def close(self) -> None:
        with self.turn:
            super().close()


class FeedSide(Generic[E]):
    """A feed as threads see it: the core's own, which is polled, and a way to wait for more."""

    def __init__(self, caller: Caller, feed: Feed[E]) -> None:
        near: Inbox[E]
        subscription: Subscription
        near, subscription = parts_of(feed)
        self._caller = caller
        self._inbox: _ThreadInbox[E] = _ThreadInbox(caller.portal, near)
        self._inbox.own(caller.owner)
        self.near: Feed[E] = feed
        """The feed in the portal's thread, for what waits there."""
        self.feed: Feed[E] = Feed(
            self._inbox, FarSubscription(caller.portal, subscription, lambda work: work())
        )
        """The feed here, for what does not wait."""

    @property
    def value(self) -> FeedSide[E]:
        """What the faces' own feeds are made from."""
        return self

    async def pump(self) -> None:
        """Hand on events; in the portal's thread."""
        await self._inbox.pump()

    def close(self) -> None:
        """Let readers meet the feed's end."""
        self._inbox.close()

    def next_event(self, timeout: float | None) -> E:
        """Return the next event, waiting for it."""
        for event in self._inbox.items:
            return event
        return self.receive(self.feed, timeout)

    def receive(self, polled: _Polled[T], timeout: float | None) -> T:
        """Return what comes next in one way of reading, waiting for it. Raises TimeoutError."""
        deadline = None if timeout is None else time.monotonic() + timeout
        self._caller.check()
        while True:
            with suppress(WouldBlock):
                return self.receive_nowait(polled)
            if not self._inbox.wait(deadline):
                raise TimeoutError(f"nothing came within {timeout:g} s")

    def receive_nowait(self, polled: _Polled[T]) -> T:
        """Return what comes next in one way of reading, if it is there."""
        self._caller.owner.check()
        with self._inbox.turn:
            if self._inbox.has_arrivals:
                self._inbox.drain()
            return polled.receive_nowait()


class RowSide(Generic[R]):
    """A channel of rows, or of lists of them, as threads see it."""

    def __init__(self, caller: Caller, channel: RowChannel[R] | BatchChannel[R]) -> None:
        self._caller = caller
        self._near = channel.batches() if isinstance(channel, RowChannel) else channel
        self._bell = Bell()
        self._turn = threading.Lock()
        self._pipe: RowPipe[R] = RowPipe(caller.portal, self._bell.ring)
        self._closed = False
        self.block: OpenBlock = OpenBlock(caller.owner, "rows")
        """Where they can be received."""

    @property
    def value(self) -> RowSide[R]:
        """What the faces' own channels are made from."""
        return self

    async def pump(self) -> None:
        """Hand on rows; in the portal's thread."""
        await self._pipe.pump(self._near)

    def close(self) -> None:
        """Refuse all use, since the block has been left."""
        self.block.leave()
        self._end()

    def _end(self) -> None:
        self._closed = True
        self._bell.ring()

    def next_batch(self, timeout: float | None = None) -> list[R]:
        """Return the rows that arrive next; none at the end.

        Raises TimeoutError, and SessionClosed after the block.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        self._caller.check()
        self.block.check()
        found: list[list[R]] = []

        def take() -> bool:
            with self._turn:
                if not self._closed and (rows := self._pipe.take()) is not None:
                    found.append(rows)
            return self._closed or bool(found)

        if not self._bell.until(take, deadline):
            raise TimeoutError(f"nothing came within {timeout:g} s")
        if not found:
            self.block.check_left()  # while this thread waited
        return found[0] if found else []

    def end(self) -> None:
        """End the request; in a forked child there is none."""
        self._end()
        self._caller.close_channel(self._near.aclose)


def side_of(caller: Caller, value: object) -> Side | None:
    """Return what stands here for something that is read, where it is not asked each time."""
    if isinstance(value, Feed):
        return FeedSide(caller, value)
    if isinstance(value, RowChannel | BatchChannel):
        return RowSide(caller, value)
    return None


class Receiver(Generic[T]):
    """Receives from a channel of the core by asking each time; loses nothing by time-outs.

    Args:
        caller: Way to the core.
        receive: Receives from the channel there.
        block: Block of the channel; None if it ends with its session only.
    """

    def __init__(
        self,
        caller: Caller,
        receive: Callable[[], Awaitable[T]],
        block: OpenBlock | None = None,
    ) -> None:
        self._caller = caller
        self._receive = receive
        self._block = block
        self._unread: deque[Job[T]] = deque()

    def receive(self, timeout: float | None) -> T:
        """Return the next. Raises TimeoutError, EndOfChannel and what the channel raises."""
        self._caller.check()
        if self._block is not None:
            self._block.check_left()
        unread: Job[T] | None = None
        with suppress(IndexError):  # another thread may be first
            unread = self._unread.popleft()
        if unread is not None:
            return unread.result()
        return self._caller.finish(self._receive, timeout, self._unread.append).result()
