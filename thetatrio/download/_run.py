"""A download: its parts side by side, each streamed into its file, and noted when it is whole."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, TypeVar, TypeVarTuple, cast, final

import trio

from thetatrio import market_time
from thetatrio._calls import explain_calls
from thetatrio._nursery import open_hidden_nursery, run_together
from thetatrio._rest.client import RestClient
from thetatrio._rest.dialect_v3 import SIMULATOR
from thetatrio._rest.query import Query
from thetatrio.download._dataset import Dataset
from thetatrio.download._events import (
    DownloadEvent,
    DownloadEvents,
    DownloadProgress,
    DownloadReport,
    PartBegun,
    PartEnded,
)
from thetatrio.download._layout import Contents, DatasetFormat, DatasetPart, parts_of
from thetatrio.download._manifest import PartRecord
from thetatrio.download._part import PartFetch
from thetatrio.errors import (
    DecodeError,
    DownloadError,
    InvalidRequest,
    PermissionDenied,
    ServerError,
    ThetaDataError,
    WrongVersion,
)
from thetatrio.requests import CalendarYear, Request
from thetatrio.rows import Row

__all__ = ["Download"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

# What is wrong with one part, while others can still be had.
_OF_ONE_PART: Final = (InvalidRequest, PermissionDenied, DecodeError, ServerError)
HOPELESS: Final = 5
"""Parts of an operation that may fail before the first succeeds, until it is given up."""
_SHOWN: Final = 3
_YEAR_ENDS: Final = (12, 20)


@final
@explain_calls("download", "session.download()")
class Download:
    """Queries on their way into a dataset: await it, or take its events.

    Made by `session.download()`. Each run asks for what is missing then, so
    that it may be run again.
    """

    def __init__(
        self,
        client: RestClient,
        requests: Sequence[Request[Row]],
        to: str,
        form: DatasetFormat,
        *,
        row_group_rows: int,
        verify: bool,
        retry_failed: bool,
        force: bool,
    ) -> None:
        self._client = client
        self._requests = requests
        self._folder = Path(to)
        self._form: DatasetFormat = form
        self._row_group_rows = row_group_rows
        self._missing = {"verify": verify, "retry_failed": retry_failed, "force": force}
        # Reading CSV is work for a processor: more at once would only hold more.
        self._threads = trio.CapacityLimiter(max(2, os.cpu_count() or 1))
        self._sender: trio.MemorySendChannel[DownloadEvent | Exception] | None = None
        self._report: DownloadReport | None = None
        self._last: DownloadProgress | None = None
        self._reset([])

    def __repr__(self) -> str:
        operations = ", ".join(sorted({request.operation for request in self._requests}))
        return f"<Download of {operations} to {str(self._folder)!r}>"

    @property
    def report(self) -> DownloadReport | None:
        """What the last run came to; None before its end."""
        return self._report

    def parts(self) -> tuple[DatasetPart, ...]:
        """Return all parts of the dataset that is asked for, in order. Sends nothing."""
        return tuple(self._contents())

    def progress(self) -> DownloadProgress:
        """Return how far it is; after a run, how far it came."""
        self._client.owner.check_process()
        if self._last is None:
            self._client.check_open()
        return self._progress()

    def _progress(self) -> DownloadProgress:
        if self._last is not None:
            return self._last
        states = Counter(record.state for record in self._settled.values())
        started = self._started
        seconds = 0.0 if started is None else trio.current_time() - started
        ended = self._ended
        left = seconds / ended * (self._to_ask - ended) if ended else None
        limiter = self._client.limiter.statistics()
        return DownloadProgress(
            parts=self._parts,
            done=states["done"],
            no_data=states["no_data"],
            pending=states["pending"] + self._to_come,
            failed=states["failed"],
            running=self._running,
            rows=sum(record.rows for record in self._settled.values()),
            bytes=sum(record.bytes for record in self._settled.values()),
            received=self._received,
            seconds=seconds,
            seconds_left=left if self._to_ask > ended else 0.0,
            waiting=limiter.waiting,
            paused_for=limiter.paused_for,
        )

    def __await__(self) -> Generator[object, None, DownloadReport]:
        return cast("Generator[object, None, DownloadReport]", self.run().__await__())

    async def run(self) -> DownloadReport:
        """Ask for everything that is missing, and return what came of it.

        Raises DownloadError where the folder cannot be written, another
        download is at work in it, it has data that does not go with this, or
        parts could not be had (`failed` names them, all others are done);
        InvalidRequest where the queries do not go together; the errors of any
        query where the terminal cannot go on. Whatever ends it, files that are
        there are whole, and running it again goes on from there.
        """
        self._client.check_open()
        self._report = None
        contents = self._contents()
        self._reset(contents.values())
        dataset = Dataset(self._folder, self._form)
        try:
            await self._run(dataset, list(contents.values()))
        except OSError as error:
            raise DownloadError(
                f"cannot go on in {self._folder}: {error.strerror or error}"
                f" ({error.filename or 'while writing'}); {self._so_far()}"
            ) from error
        except ThetaDataError as error:
            begun = self._started is not None or self._settled
            if begun and not isinstance(error, DownloadError):
                error.add_note(self._so_far())
            raise
        finally:
            dataset.close()
            # Asked for from now on where there may be no clock: after `trio.run`.
            self._last = self._progress()
        report = self._report = self._made_report(dataset)
        self._raise_failed()
        return report

    @asynccontextmanager
    async def events(self) -> AsyncGenerator[DownloadEvents, None]:
        """Run it, and open a channel of what happens.

        Leaving the block ends it, whatever has been read of the events.

            async with download.events() as events:
                async for event in events:
                    print(event)
        """
        self._client.check_open()
        # Each part has two events at most, so nobody ever waits for their reader.
        sender, receiver = trio.open_memory_channel["DownloadEvent | Exception"](
            2 * len(self._contents()) + 1
        )
        async with open_hidden_nursery() as nursery:
            nursery.start_soon(self._run_telling, sender)
            with receiver:
                events = DownloadEvents(receiver, self._client.owner)
                try:
                    yield events
                finally:
                    events.block.leave()

    async def _run_telling(self, sender: trio.MemorySendChannel[DownloadEvent | Exception]) -> None:
        with sender:
            self._sender = sender
            try:
                await self.run()
            except Exception as error:  # noqa: BLE001  # raised where events are received
                self._tell(error)
            finally:
                self._sender = None

    def _tell(self, event: DownloadEvent | Exception) -> None:
        if self._sender is not None:
            self._sender.send_nowait(event)

    def _contents(self) -> dict[DatasetPart, Contents]:
        found: dict[DatasetPart, Contents] = {}
        today = market_time.today()
        for request in self._requests:
            for each in parts_of(request, today):
                before = found.get(each.part)
                found[each.part] = (
                    each if before is None else before.covering(each.first, each.last)
                )
        return found

    def _reset(self, contents: Iterable[Contents]) -> None:
        everything = list(contents)
        self._parts = len(everything)
        self._to_come = sum(each.request is None for each in everything)
        self._settled: dict[DatasetPart, PartRecord] = {}
        self._todo: deque[Contents] = deque()
        self._to_ask = self._ended = self._running = self._received = 0
        self._started: float | None = None
        self._last = None
        self._failures: Counter[str] = Counter()
        self._successes: Counter[str] = Counter()

    async def _run(self, dataset: Dataset, contents: list[Contents]) -> None:
        await self._in_thread(dataset.open, self._requests, contents)
        todo = await self._in_thread(partial(dataset.missing, contents, **self._missing))
        asked = {each.part for each in todo}
        known = dataset.manifest.parts
        self._settled = {
            each.part: known[each.part]
            for each in contents
            if each.part in known and each.part not in asked
        }
        if not todo:
            return
        await self._meet_terminal()
        simulated = self._client.server == SIMULATOR
        await self._in_thread(partial(dataset.begin, self._requests, contents, simulated=simulated))
        self._todo.extend(todo)
        self._to_ask = len(todo)
        self._started = trio.current_time()
        # As many as may be in flight: each has a request under way, or writes.
        workers = min(self._client.config.effective_slots, len(todo))
        await run_together([partial(self._work, dataset, simulated)] * workers)
        await self._in_thread(dataset.manifest.compact)

    async def _meet_terminal(self) -> None:
        """Ask for the calendar: which days come next, and who it is that answers."""
        today = market_time.today()
        # Late in December the next trading day can be the next year's.
        years = 1 + (today.timetuple()[1:3] > _YEAR_ENDS)
        for year in range(today.year, today.year + years):
            try:
                await Query(self._client, CalendarYear(year=year)).fetch()
            except (InvalidRequest, PermissionDenied, DecodeError, ServerError, WrongVersion):
                # Without it, weekends are known and holidays are not: what they
                # leave without data is asked for a little earlier than need be.
                break
        if not self._client.server:  # a v2 terminal has no calendar, and was not asked for one
            await self._client.ask_once(self._client.dialect.MDDS_STATUS, complete=False)

    async def _work(self, dataset: Dataset, simulated: bool) -> None:  # noqa: FBT001
        while self._todo:
            contents = self._todo.popleft()
            self._running += 1
            self._tell(PartBegun(contents.part))
            try:
                record = await self._settle(dataset, contents, simulated=simulated)
            finally:
                self._running -= 1
            self._settled[record.part] = record
            self._ended += 1
            self._tell(
                PartEnded(record.part, record.state, record.rows, record.bytes, record.error)
            )

    async def _settle(self, dataset: Dataset, contents: Contents, *, simulated: bool) -> PartRecord:
        fetch = PartFetch(
            self._client,
            contents,
            dataset,
            row_group_rows=self._row_group_rows,
            simulated=simulated,
            in_thread=self._in_thread,
            on_bytes=self._count,
        )
        operation = contents.part.operation
        try:
            record = await fetch.fetch()
        except _OF_ONE_PART as error:
            self._failures[operation] += 1
            if not self._successes[operation] and self._failures[operation] >= HOPELESS:
                raise
            return await self._in_thread(dataset.settle, fetch.failed(error), None, ())
        self._successes[operation] += 1
        return record

    def _count(self, received: int) -> None:
        self._received += received

    async def _in_thread(self, job: Callable[[*Ts], T], *args: *Ts) -> T:
        return await trio.to_thread.run_sync(job, *args, limiter=self._threads)

    def _so_far(self) -> str:
        settled = len(self._settled)
        return f"{settled} of {self._parts} parts are settled and stay so; run it again to go on"

    def _made_report(self, dataset: Dataset) -> DownloadReport:
        now = self._progress()
        header = dataset.manifest.header
        return DownloadReport(
            path=str(self._folder),
            parts=now.parts,
            done=now.done,
            no_data=now.no_data,
            pending=now.pending,
            asked=self._ended,
            rows=now.rows,
            bytes=now.bytes,
            simulated=header is not None and header.simulated,
        )

    def _raise_failed(self) -> None:
        failed = [
            f"{record.part}: {record.error}"
            for record in self._settled.values()
            if record.state == "failed"
        ]
        if not failed:
            return
        shown = "; ".join(failed[:_SHOWN])
        more = f"; and {len(failed) - _SHOWN} more" if len(failed) > _SHOWN else ""
        raise DownloadError(
            f"{len(failed)} of {self._parts} parts could not be had, all others are settled:"
            f" {shown}{more}; retry_failed=True asks for them again",
            failed=tuple(failed),
        )
