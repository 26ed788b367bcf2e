"""Queries of the blocking face: thin, typed, over the core's own."""

# pyarrow says nothing of its types, so what is one of them is unknown to pyright.
# pyright: reportUnknownParameterType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeGuard, TypeVar, final, overload

from thetatrio._calls import Fetchable, OnlyAFile, explain_calls
from thetatrio._faces.on_threads import Block, Caller, Receiver
from thetatrio._rest import file_query as native_file
from thetatrio._rest import query as native
from thetatrio._rest.framing import FrameChannel as NativeFrames
from thetatrio._rest.planner import Estimate, Plan
from thetatrio._rest.save import FileFormat, SaveFormat
from thetatrio.download import Downloadable
from thetatrio.requests import Request
from thetatrio.rows import Row
from thetatrio.sync._channels import BatchChannel, Channel, RowChannel

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
    import polars as pl
    import pyarrow as pa  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
    from _typeshed import StrPath

__all__ = ["FileQuery", "Query", "downloadable", "is_query", "native_of"]

R = TypeVar("R", bound=Row)


@final
@explain_calls("query", "an operation of a session, such as session.stock.list_symbols()")
class Query(Fetchable, Generic[R]):
    """A request tied to a session: iterate it, or take its rows another way.

    `for row in query` and `query.batches()` give rows as they arrive, in
    constant memory; `list(query)` and `query.fetch()` give a list. Each of
    these sends the request anew.

        for row in session.stock.history_ohlc("AAPL", date="2024-11-04", interval="1m"):
            print(row.timestamp, row.close)
    """

    def __init__(self, caller: Caller, query: native.Query[R]) -> None:
        self._caller = caller
        self._native = query
        query.ways = "iterate it, or take .fetch(), .batches(), .polars() or .save()"

    @property
    def request(self) -> Request[R]:
        """What is asked: a value that can be printed, compared and kept."""
        return self._native.request

    def __repr__(self) -> str:
        return repr(self._native)

    def plan(self) -> Plan[R]:
        """Return the requests that will be sent, in the order of their rows. Sends nothing.

        A range is split by date as the terminal's bounds ask for; weekends, and
        days that this session's calendar called closed, are left out and named.
        """
        return self._native.plan()

    def estimate(self) -> Estimate:
        """Return how many requests this is, over how many days, and roughly how many rows."""
        return self._native.estimate()

    def resolve(self) -> Plan[R]:
        """List what the plan depends on, and return the requests that will be sent.

        Sends a request for the contracts of each day whose expirations are not known, if the
        query is about all expirations and its operation refuses that; otherwise nothing. What
        is listed is remembered by the session.

            plan = session.option.history_ohlc(
                "SPY", expiration="*", date="2024-11-04", interval="1h").resolve()
            print(len(plan.requests))

        Returns:
            The plan, of which nothing is unknown.

        Raises:
            InvalidRequest: There are more requests than `max_requests`.
        """
        return self._caller.ask(self._asked().resolve)

    def __iter__(self) -> Iterator[R]:
        with self.rows() as rows:
            yield from rows

    def fetch(self) -> list[R]:
        """Return all rows as a list; an empty one where there is no data.

        A connection that is cut in the middle is tried again from the start,
        so the list is whole or there is an error. Raises the errors of
        `thetatrio.errors`.
        """
        return self._caller.ask(self._asked().fetch)

    def rows(self) -> AbstractContextManager[RowChannel[R]]:
        """Open a channel of rows as they arrive, in constant memory.

        Entering sends the request and waits for the head of its answer, so
        refusals are raised there. Leaving ends the request, however much of
        it was read. No data is a channel that ends at once.

            with query.rows() as rows:
                for row in rows:
                    print(row)
        """
        return Block(self._caller, self._asked().rows, RowChannel[R])

    def batches(self) -> AbstractContextManager[BatchChannel[R]]:
        """Open a channel of lists of rows as they arrive, in constant memory.

        Like `rows()`, and cheaper for each row. A list is what one piece of
        the answer completed, up to a few hundred rows; none is empty.

            with query.batches() as batches:
                for rows in batches:
                    print(len(rows))
        """
        return Block(self._caller, self._asked().batches, BatchChannel[R])

    def polars(self) -> pl.DataFrame:
        """Return all rows as a polars DataFrame.

        Timestamps are aware, in New York; `symbol` is added where the vendor
        leaves it out; without data the frame is empty and has its columns and
        types. Raises InvalidRequest where polars is not installed, and the
        errors of any query.

            query = session.stock.history_ohlc("AAPL", date="2024-11-04", interval="1m")
            print(query.polars().columns)
        """
        return self._caller.ask(self._asked().polars)

    def arrow(self) -> pa.Table:
        """Return all rows as a pyarrow Table; as `polars()`."""
        return self._caller.ask(self._asked().arrow)

    def pandas(self) -> pd.DataFrame:
        """Return all rows as a pandas DataFrame; as `polars()`."""
        return self._caller.ask(self._asked().pandas)

    @overload
    def frames(
        self, library: Literal["polars"] = "polars"
    ) -> AbstractContextManager[Channel[pl.DataFrame]]: ...
    @overload
    def frames(self, library: Literal["arrow"]) -> AbstractContextManager[Channel[pa.Table]]: ...
    @overload
    def frames(
        self, library: Literal["pandas"]
    ) -> AbstractContextManager[Channel[pd.DataFrame]]: ...
    def frames(
        self, library: Literal["polars", "arrow", "pandas"] = "polars"
    ) -> AbstractContextManager[Channel[Any]]:
        """Open a channel of frames, for what does not fit into one.

        A frame holds whole answers of the plan, as many as make some 64 MB of
        CSV. No data is a channel that ends at once.

            with query.frames() as frames:
                for frame in frames:
                    print(frame.height)
        """
        opening: Any = self._asked().frames(library)

        def dress(frames: NativeFrames[Any]) -> Channel[Any]:
            return Channel(
                Receiver(self._caller, frames.receive, frames.block).receive,
                partial(self._caller.close_channel, frames.aclose),
            )

        return Block(self._caller, lambda: opening, dress)

    def save(self, path: StrPath, *, format: SaveFormat | None = None) -> int:  # noqa: A002
        """Save the answer as a file; return its size in bytes.

        Args:
            path: where to. The file appears whole or not at all; one that is there is replaced.
            format: `csv`, `ndjson` or `json`, as the terminal sends it, or `parquet` (by
                pyarrow, zstd); None takes it from the path's ending.

        Raises InvalidRequest where the format is not known or JSON would hold
        several answers, DecodeError where the terminal answers in another one,
        OSError where the file cannot be written.
        """
        return self._caller.ask(partial(self._asked().save, path, format=format))

    def _asked(self) -> native.Query[R]:
        self._native.close()  # whatever comes of it, it was not dropped unused
        return self._native


@final
@explain_calls("query", "an operation of a session, such as session.option.flat_file_eod()")
class FileQuery(OnlyAFile):
    """A request for a flat file, tied to a session: save it, or take its bytes as they come.

    A day of every contract is hundreds of megabytes, so there is no list of
    it. The vendor builds the file while one waits, for up to half an hour
    (`flat_file_timeout`).
    """

    def __init__(self, caller: Caller, query: native_file.FileQuery) -> None:
        self._caller = caller
        self._native = query

    @property
    def request(self) -> Request[Row]:
        """What is asked: a value that can be printed, compared and kept."""
        return self._native.request

    def __repr__(self) -> str:
        return repr(self._native)

    def save(self, path: StrPath, *, format: FileFormat | None = None) -> int:  # noqa: A002
        """Save the file as the terminal sends it; return its size in bytes.

        Args:
            path: where to. The file appears whole or not at all; one that is there is replaced.
            format: `csv`, `ndjson` or `json`; None takes it from the path's ending.

        A cut is tried again from the start. No data makes an empty file.
        Memory stays flat. Raises as `Query.save` does.
        """
        return self._caller.ask(partial(self._native.save, path, format=format))

    def chunks(
        self,
        *,
        format: FileFormat = "csv",  # noqa: A002
    ) -> AbstractContextManager[Channel[bytes]]:
        """Open a channel of the file's bytes as they arrive, in constant memory.

        After a cut the same bytes must come again, or it is ConnectionLost:
        what was received is never followed by bytes of another file. A range of
        several answers is one after the other, CSV with one line of names.
        Raises InvalidRequest where JSON would hold several.

            with session.option.flat_file_eod(date="2024-11-04").chunks() as chunks:
                print(len(chunks.receive()))
        """

        def dress(chunks: native_file.ChunkChannel) -> Channel[bytes]:
            return Channel(
                Receiver(self._caller, chunks.receive, chunks.block).receive,
                partial(self._caller.close_channel, chunks.aclose),
            )

        return Block(self._caller, partial(self._native.chunks, format=format), dress)


def native_of(query: Query[R]) -> native.Query[R]:
    """Return the core's query behind one of these."""
    return query._native  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def is_query(value: object) -> TypeGuard[Query[Any]]:
    """Tell whether this is one query."""
    return isinstance(value, Query)


def downloadable(query: Downloadable) -> Downloadable:
    """Return the core's query behind one of these, and anything else as it is."""
    return native_of(query) if is_query(query) else query
