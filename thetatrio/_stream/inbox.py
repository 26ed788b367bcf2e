"""A buffer that is waited at: where the stream meets the tasks that read a feed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from functools import partial
from operator import length_hint
from typing import Final, Generic, TypeVar, get_args

import trio

from thetatrio._owner import Owner, belongs_to_parent
from thetatrio._stream.buffer import Buffer, OnLoss, Overflow
from thetatrio._stream.loss_log import warn_of_loss
from thetatrio.errors import GapError, InvalidRequest, SlowConsumer
from thetatrio.events import Dropped, Gap, Lost, Notice, Replayed, StreamEvent, Undecodable

__all__ = ["Inbox"]

E = TypeVar("E", bound=StreamEvent)

WITHOUT_CHECKPOINT: Final = 256
"""Events that iteration hands out at most before it lets others run."""
WHOLE: Final = 1 << 30
"""All that arrived together: whoever takes a list goes through it as he likes."""


class Inbox(Buffer[E], Generic[E]):
    """The buffer of one feed, its readers, and how losses are told to them.

    Args:
        name: says whose it is, in messages.
    """

    def __init__(
        self, capacity: int, overflow: Overflow, on_loss: OnLoss, name: Callable[[], str]
    ) -> None:
        super().__init__(capacity, overflow)
        if on_loss not in get_args(OnLoss):
            raise InvalidRequest(f"on_loss: 'log' or 'raise', not {on_loss!r}")
        self.on_loss: OnLoss = on_loss
        """How losses are told."""
        self.name: Callable[[], str] = name
        """Says whose it is."""
        self._readers: list[Callable[[], object]] = []  # lets each go on
        self.ended: Callable[[], Exception] | None = None
        """Makes the error that readers meet after what waits; None while it is open."""
        self.freed: Callable[[], None] | None = None
        """Called when a reader took something."""
        self._owner: Owner | None = None

    def own(self, owner: Owner) -> None:
        """Let only an owner's event loop and process read."""
        self._owner = owner
        owner.watch(self)

    def check(self) -> None:
        """Raise if the caller is not where the feed's session was opened; see `Owner.check`."""
        if self._owner is None:
            return
        if self.ended is None:
            self._owner.check()
        else:  # every other caller gets the error that the feed ended with
            self._owner.check_process()

    def disown(self) -> None:
        """Let readers in a forked child get an error, and none of the parent's events."""
        self.clear()
        self.ended = belongs_to_parent

    # The stream's side

    def deliver(self, events: list[E]) -> None:
        """Take events; the list is not changed, by whoever has it."""
        self.push(events)
        if self._readers:
            self._wake()

    def notify(self, notice: Notice) -> None:
        """Take a notice, to be told in its place."""
        self.push_notice(notice)
        self._wake()

    def notify_replayed(self, count: int) -> None:
        """Count events that were delivered before, and tell of them here."""
        self.push_replayed(count)
        self._wake()

    def end(self, error: Callable[[], Exception], *, forget: bool = False) -> None:
        """Let each reader meet an error of its own, after what waits unless it is forgotten."""
        if self.ended is belongs_to_parent:
            return
        if self.ended is None or forget:
            self.ended = error
        if forget:
            self.clear()
        self._wake()

    def _wake(self) -> None:
        readers, self._readers = self._readers, []
        for let_go in readers:
            let_go()

    # The readers' side

    async def more(self, most: int = WITHOUT_CHECKPOINT) -> None:
        """Wait until `items` has events, `most` of them, telling of losses by log or error."""
        waited = False
        while not length_hint(self.items):
            if self.is_empty:
                if self.ended is not None:
                    await self._pause()
                    raise self.ended()
                await self._wait()
                waited = True
            elif not waited:
                await self._pause()
                waited = True
            else:
                self.line_up(most)

    async def next_entry(self) -> E | Notice:
        """Return the next event or notice, waiting for it; only SlowConsumer is raised."""
        await self._pause()
        while (entry := self.next_entry_nowait()) is None:
            if self.ended is not None:
                raise self.ended()
            await self._wait()
        return entry

    def next_entry_nowait(self) -> E | Notice | None:
        """Return the next event or notice, or None where none is there."""
        for event in self.items:
            return event
        entry = self.take(WITHOUT_CHECKPOINT)
        if not isinstance(entry, list):
            if isinstance(entry, Dropped) and self.overflow == "raise":
                raise self._too_slow(entry)
            return entry
        self._hand_out(entry)
        return next(self.items)

    def line_up(self, most: int = WITHOUT_CHECKPOINT) -> bool:
        """Bring the next events into `items`, `most` of them, telling of losses before them.

        False where there are no events.
        """
        run: list[Notice] = []
        while True:
            entry = self.take(most)
            if entry is not None and not isinstance(entry, list):
                run.append(entry)
            elif run:
                if entry is not None:
                    self.put_back([entry])
                self._tell(run)
                run = []
            elif entry is None:
                return False
            else:
                self._hand_out(entry)
                return True

    def _hand_out(self, events: list[E]) -> None:
        self.items: Iterator[E] = iter(events)
        if self.freed is not None:
            self.freed()

    async def next_run(self, most: int) -> list[list[E] | Notice]:
        """Take what waits, `most` events of it, waiting for something; for who hands it on.

        Tells of nothing: the notices are in it. Nothing once it has ended and is empty.
        """
        while self.is_empty:
            if self.ended is not None:
                await self._pause()
                return []
            await self._wait()
        run: list[list[E] | Notice] = []
        while most > 0 and (entry := self.take(most)) is not None:
            run.append(entry)
            most -= len(entry) if isinstance(entry, list) else 1
        if self.freed is not None:
            self.freed()
        return run

    # How one waits: the other faces have other ways.

    async def _pause(self) -> None:
        self.check()
        await trio.lowlevel.checkpoint()

    async def _wait(self) -> None:
        self.check()
        let_go = partial(trio.lowlevel.reschedule, trio.lowlevel.current_task())
        self._readers.append(let_go)

        def forget(_: object) -> trio.lowlevel.Abort:
            self._readers.remove(let_go)
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(forget)

    def _tell(self, run: list[Notice]) -> None:
        told: list[str] = []
        try:
            for place, notice in enumerate(run):
                error = self._error_of(notice, run[place + 1 :])
                if error is not None:
                    self.put_back(run[place + 1 :])
                    raise error
                told.append(self._text(notice))
        finally:
            if told:
                warn_of_loss("%s: %s", self.name(), "; ".join(told))

    def _error_of(self, notice: Notice, following: list[Notice]) -> Exception | None:
        if isinstance(notice, Dropped) and self.overflow == "raise":
            return self._too_slow(notice)
        if self.on_loss != "raise" or isinstance(notice, Replayed):
            return None
        if isinstance(notice, Lost) and any(isinstance(each, Gap) for each in following):
            return None  # the gap says it all
        hint = "; session.requests_for(gap) fills it" if isinstance(notice, Gap) else ""
        text = f"{self.name()}: {self._text(notice)}; reading may go on{hint}"
        return GapError(text, notice=notice)

    def _too_slow(self, notice: Dropped) -> SlowConsumer:
        return SlowConsumer(
            f"{self.name()}: {notice.count} events were given up here, the reader is too slow;"
            " reading may go on",
            count=notice.count,
        )

    def _text(self, notice: Notice) -> str:
        match notice:
            case Lost():
                return f"lost ({notice.reason})"
            case Gap():
                of = ", ".join(map(repr, notice.topics))
                of = "" if of in self.name() else f" in {of}"
                since = "the beginning" if notice.since is None else _moment(notice.since)
                until = _moment(notice.until)
                return f"gap{of} from {since} to {until} New York time ({notice.reason})"
            case Dropped():
                return f"{notice.count} events given up, the reader is too slow"
            case Replayed():
                return f"{notice.count} events were repeated by the terminal"
            case Undecodable():
                return f"{notice.count} frames could not be read: {notice.first_bytes[:80]!r}"


def _moment(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03}"
