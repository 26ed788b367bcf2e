"""One query on its way: planned, sent, decoded, delivered as the caller wants it."""

# pyarrow says nothing of its types, so what is one of them is unknown to pyright.
# pyright: reportUnknownParameterType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import warnings
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast, overload

from thetatrio import frames
from thetatrio._calls import Unfetched, explain_calls
from thetatrio._files import local_path
from thetatrio._rest.channels import BatchChannel, RowChannel
from thetatrio._rest.client import RestClient
from thetatrio._rest.framing import FrameChannel, open_frames, read_frame, symbol_of
from thetatrio._rest.parts import resolve
from thetatrio._rest.planner import Estimate, Plan, estimate
from thetatrio._rest.reading import Reading, fetch_all
from thetatrio._rest.save import SaveFormat, file_format, save_answer, save_parquet
from thetatrio.errors import InvalidRequest
from thetatrio.frames import FrameReader
from thetatrio.requests import Request
from thetatrio.rows import CalendarDay, Row

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
    import polars as pl
    import pyarrow as pa  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
    from _typeshed import StrPath

__all__ = ["Query"]

F = TypeVar("F")
R = TypeVar("R", bound=Row)


@explain_calls(
    "query",
    "an operation of a session, such as session.stock.list_symbols()",
    skip=("send", "throw", "close"),
)
class Query(Unfetched, Coroutine[object, None, list[R]], Generic[R]):
    """A request tied to a session: await it, or take its rows another way.

    `await query` gives a list; `query.rows()` and `query.batches()` give rows
    as they arrive, in constant memory; `query.save(path)` keeps the answer as
    the terminal sent it. Each of these sends the request anew. A query that
    is dropped unused warns, like a coroutine that was never awaited.

    Queries are coroutines, so `asyncio.create_task` takes them; for trio's
    `start_soon` use `query.fetch`.
    """

    def __init__(self, client: RestClient, request: Request[R]) -> None:
        self._client = client
        self._request = request
        self.ways: str = "await it, or take .rows(), .batches() or .save()"
        """What may be done with it, for the warning of one that was not used."""
        self._used = False
        self._running: Coroutine[object, object, list[R]] | None = None

    @property
    def request(self) -> Request[R]:
        """What is asked: a value that can be printed, compared and kept."""
        return self._request

    def __repr__(self) -> str:
        return f"<Query {self._request!r}>"

    def plan(self) -> Plan[R]:
        """Return the requests that will be sent, in the order of their rows. Sends nothing.

        A range is split by date as the terminal's bounds ask for; weekends, and
        days that this session's calendar called closed, are left out and named.
        A part that turns out to be too large is split further when it is sent.
        """
        self._used = True
        return self._client.plan(self._request)

    def estimate(self) -> Estimate:
        """Return how many requests this is, over how many days, and roughly how many rows.

        Sends nothing.
        """
        return estimate(self.plan())

    async def resolve(self) -> Plan[R]:
        """List what the plan depends on, and return the requests that will be sent.

        Sends a request for the contracts of each day whose expirations are not known, if the
        query is about all expirations and its operation refuses that; otherwise nothing. What
        is listed is remembered by the session.

            plan = await session.option.history_ohlc(
                "SPY", expiration="*", date="2024-11-04", interval="1h").resolve()
            print(len(plan.requests))

        Returns:
            The plan, of which nothing is unknown.

        Raises:
            InvalidRequest: There are more requests than `max_requests`.
        """
        self._used = True
        self._client.check_open()
        return await resolve(
            self._client, self._client.plan(self._request), partial(fetch_all, self._client)
        )

    async def fetch(self) -> list[R]:
        """Return all rows as a list; an empty one where there is no data.

        A part that is cut in the middle is tried again from its start, so the
        list is whole or there is an error. Raises the errors of
        `thetatrio.errors`.
        """
        self._used = True
        whole = self._client.plan(self._request)
        self._client.check_open()
        rows = await Reading(self._client, whole, read_ahead=len(whole.requests) > 1).fetch()
        if rows and isinstance(rows[0], CalendarDay):
            self._client.closed_days.update(
                row.date
                for row in rows
                if isinstance(row, CalendarDay) and row.type == "full_close"
            )
        return rows

    @asynccontextmanager
    async def rows(self) -> AsyncGenerator[RowChannel[R], None]:
        """Open a channel of rows as they arrive, in constant memory.

        Entering sends the request and waits for the head of its answer, so
        refusals are raised there. Leaving ends the request, however much of
        it was read. No data is a channel that ends at once.

            async with query.rows() as rows:
                async for row in rows:
                    print(row)
        """
        async with self._open_batches() as batches:
            yield RowChannel(batches)

    @asynccontextmanager
    async def batches(self) -> AsyncGenerator[BatchChannel[R], None]:
        """Open a channel of lists of rows as they arrive, in constant memory.

        Like `rows()`, and cheaper for each row. A list is what one piece of
        the answer completed, up to a few hundred rows; none is empty.

            async with query.batches() as batches:
                async for rows in batches:
                    print(len(rows))
        """
        async with self._open_batches() as batches:
            yield batches

    async def polars(self) -> pl.DataFrame:
        """Return all rows as a polars DataFrame.

        Asks for CSV, which polars parses while the rest still arrives.
        Timestamps are aware, in New York; `symbol` is added where the vendor
        leaves it out; without data the frame is empty and has its columns and
        types. Raises InvalidRequest where polars is not installed, and the
        errors of any query.

            frame = await session.stock.history_ohlc(
                "AAPL", date="2024-11-04", interval="1m").polars()
            print(frame.columns)
        """
        return await self._frame(frames.polars_reader)

    async def arrow(self) -> pa.Table:
        """Return all rows as a pyarrow Table; as `polars()`."""
        return await self._frame(frames.arrow_reader)

    async def pandas(self) -> pd.DataFrame:
        """Return all rows as a pandas DataFrame; as `polars()`."""
        return await self._frame(frames.pandas_reader)

    @overload
    def frames(
        self, library: Literal["polars"] = "polars"
    ) -> AbstractAsyncContextManager[FrameChannel[pl.DataFrame]]: ...
    @overload
    def frames(
        self, library: Literal["arrow"]
    ) -> AbstractAsyncContextManager[FrameChannel[pa.Table]]: ...
    @overload
    def frames(
        self, library: Literal["pandas"]
    ) -> AbstractAsyncContextManager[FrameChannel[pd.DataFrame]]: ...
    def frames(
        self, library: Literal["polars", "arrow", "pandas"] = "polars"
    ) -> AbstractAsyncContextManager[FrameChannel[Any]]:
        """Open a channel of frames, for what does not fit into one.

        A frame holds whole answers of the plan, as many as make some 150 MB
        of CSV. No data is a channel that ends at once.

            async with query.frames() as frames:
                async for frame in frames:
                    print(frame.height)
        """
        self._used = True
        readers = {
            "polars": frames.polars_reader,
            "arrow": frames.arrow_reader,
            "pandas": frames.pandas_reader,
        }
        if library not in readers:
            raise InvalidRequest(f"frames: one of {', '.join(readers)}, not {library!r}")
        make = self._reader_maker(readers[library])
        return open_frames(self._client, self.plan(), make, partial(fetch_all, self._client))

    async def _frame(self, open_reader: Callable[..., FrameReader[F]]) -> F:
        make = self._reader_maker(open_reader)
        return await read_frame(self._client, self.plan(), make, partial(fetch_all, self._client))

    def _reader_maker(
        self, open_reader: Callable[..., FrameReader[F]]
    ) -> Callable[[], FrameReader[F]]:
        self._used = True
        row_type = self._request.row_type()
        make = partial(open_reader, row_type, symbol=symbol_of(self._request))
        make()  # a library that is missing is told of before anything is sent
        return make

    async def save(self, path: StrPath, *, format: SaveFormat | None = None) -> int:  # noqa: A002
        """Save the answer as a file; return its size in bytes.

        Args:
            path: where to. The file appears whole or not at all; one that is there is replaced.
            format: `csv`, `ndjson` or `json`, as the terminal sends it, or `parquet` (by
                pyarrow, zstd); None takes it from the path's ending.

        A range of several answers is one file: CSV with one line of names,
        NDJSON or Parquet. No data makes an empty file, or one of Parquet
        without rows. Raises InvalidRequest if the path is a URL (`s3://...`), the format is
        not known or JSON would hold several answers, DecodeError where the terminal answers
        in another one, OSError where the file cannot be written.
        """
        self._used = True
        target = local_path(path, "save")
        fetch = partial(fetch_all, self._client)
        if format == "parquet" or (format is None and target.lower().endswith(".parquet")):
            make = self._reader_maker(frames.arrow_reader)
            self._client.check_open()
            return await save_parquet(self._client, self.plan(), make, target, fetch)
        wanted = file_format(target, format)
        self._client.check_open()
        return await save_answer(self._client, self.plan(), wanted, target, fetch)

    @asynccontextmanager
    async def _open_batches(self) -> AsyncGenerator[BatchChannel[R], None]:
        whole = self.plan()
        self._client.check_open()
        reading = Reading(self._client, whole, read_ahead=True)
        try:
            await reading.open()
            batches = BatchChannel(reading)
            try:
                yield batches
            finally:
                batches.block.leave()
        finally:
            await reading.aclose()

    # What makes it a coroutine: each is passed on to a fresh `fetch()`.

    def __await__(self) -> Generator[object, None, list[R]]:
        return cast("Generator[object, None, list[R]]", self.fetch().__await__())

    def _coroutine(self) -> Coroutine[object, object, list[R]]:
        if self._running is None:
            self._running = self.fetch()
        return self._running

    def send(self, value: None, /) -> object:
        """Go on with the fetch; for event loops."""
        self._used = True
        return self._coroutine().send(value)

    def throw(
        self,
        typ: type[BaseException] | BaseException,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
        /,
    ) -> object:
        """Raise in the fetch; for event loops."""
        self._used = True
        error = typ if isinstance(typ, BaseException) else None
        if error is None:
            error = val if isinstance(val, BaseException) else cast("type[BaseException]", typ)()
        return self._coroutine().throw(error.with_traceback(tb) if tb else error)

    def close(self) -> None:
        """Give the fetch up; for event loops. One that never began does not warn then."""
        self._used = True
        if self._running is not None:
            self._running.close()

    def __del__(self) -> None:
        if not getattr(self, "_used", True):
            warnings.warn(
                f"{self!r} was never used: {self.ways}",
                RuntimeWarning,
                stacklevel=2,
                source=self,
            )
