"""The session of the blocking face: thin, typed, over the core's own."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypeVar, Unpack, final, overload

from thetatrio import _session as native
from thetatrio._calls import check_queries, explain_calls, explained, mark_used
from thetatrio._completed import CompletedChannel as NativeCompleted
from thetatrio._control import TerminalControl as NativeControl
from thetatrio._endpoints import (
    CalendarEndpoints,
    IndexEndpoints,
    InterestRateEndpoints,
    OptionEndpoints,
    StockEndpoints,
    WithGroups,
)
from thetatrio._faces.on_threads import Block, Caller, Receiver, SessionBlock
from thetatrio._portal import Use
from thetatrio._rest.limiter import LimiterStatistics
from thetatrio._rest.paging import PageChannel
from thetatrio._rest.query import Query as NativeQuery
from thetatrio._rest.raw import ParameterValue, RawAnswer
from thetatrio._secrets import sealing
from thetatrio.chains import OptionChain, TradingSession
from thetatrio.codes import TerminalStatus
from thetatrio.config import Config, ConfigOptions
from thetatrio.download import ROW_GROUP_ROWS, DatasetFormat, Downloadable
from thetatrio.errors import SessionClosed, WrongCall
from thetatrio.events import Gap
from thetatrio.requests import Request
from thetatrio.rows import Row
from thetatrio.sync._channels import Channel
from thetatrio.sync._download import Download
from thetatrio.sync._query import FileQuery, Query, downloadable, is_query, native_of
from thetatrio.sync._stream import Stream

if TYPE_CHECKING:
    from _typeshed import StrPath

    from thetatrio._rest.transport import HttpTransport
    from thetatrio._stream.connection import Dial

__all__ = ["Session", "connect", "open_session"]

A = TypeVar("A", bound=Row)
B = TypeVar("B", bound=Row)
C = TypeVar("C", bound=Row)
D = TypeVar("D", bound=Row)
E = TypeVar("E", bound=Row)
R = TypeVar("R", bound=Row)


class Group:
    """Operations of a session that belong together. Calling one gives a `Query`."""

    query_name: ClassVar[str] = "Query"
    file_query_name: ClassVar[str] = "FileQuery"

    def __init__(self, caller: Caller, group: native.Group) -> None:
        self._caller = caller
        self._native = group

    def bind(self, request: Request[R]) -> Query[R]:
        """Return a query of a request made by hand."""
        return Query(self._caller, self._native.bind(request))

    def bind_file(self, request: Request[Row]) -> FileQuery:
        """Return a file query of a flat file's request made by hand."""
        return FileQuery(self._caller, self._native.bind_file(request))


@final
class StockGroup(StockEndpoints, Group):
    """Operations on stocks and ETFs: `session.stock`."""


@final
class OptionGroup(OptionEndpoints, Group):
    """Operations on options: `session.option`."""


@final
class IndexGroup(IndexEndpoints, Group):
    """Operations on indices: `session.index`."""


@final
class CalendarGroup(CalendarEndpoints, Group):
    """Operations on the stock market's calendar: `session.calendar`."""


@final
class InterestRateGroup(InterestRateEndpoints, Group):
    """Operations on interest rates: `session.interest_rate`."""


@final
class TerminalControl:
    """The terminal itself: `session.terminal`. Nothing here takes a slot or is tried again."""

    def __init__(self, caller: Caller, control: NativeControl) -> None:
        self._caller = caller
        self._native = control

    def mdds_status(self) -> TerminalStatus:
        """Ask whether the terminal is connected to the vendor's historical data.

        A terminal whose queue is full answers this with 429 too; that is
        `TerminalStatus.BUSY`: alive. Raises ConnectError where no terminal runs.

            print(session.terminal.mdds_status())
        """
        return self._caller.ask(self._native.mdds_status)

    def fpss_status(self) -> TerminalStatus:
        """Ask whether the terminal is connected to the vendor's stream.

        DISCONNECTED is normal before the first subscription. 429 is
        `TerminalStatus.BUSY`: alive.

            print(session.terminal.fpss_status())
        """
        return self._caller.ask(self._native.fpss_status)

    def shutdown(self) -> None:
        """Have the terminal end itself, for everybody who uses it.

        Sent once; a terminal that is gone before it has answered counts as ended.
        """
        self._caller.ask(self._native.shutdown)


@final
@explain_calls("session", "sync.open_session() or sync.connect()")
class Session(WithGroups):
    """A connection to one Theta Terminal. Made by `open_session()` or `connect()`.

    May be used from several threads, those of a running event loop included,
    which it then holds up for as long as it waits.
    """

    def __init__(
        self,
        caller: Caller,
        session: native.Session,
        block: SessionBlock,
    ) -> None:
        self._caller = caller
        self._native = session
        self._block = block
        self._is_open = True
        self.stream: Final[Stream] = Stream(caller, session.stream)
        self.stock: Final[StockGroup] = StockGroup(caller, session.stock)
        self.option: Final[OptionGroup] = OptionGroup(caller, session.option)
        self.index: Final[IndexGroup] = IndexGroup(caller, session.index)
        self.calendar: Final[CalendarGroup] = CalendarGroup(caller, session.calendar)
        self.interest_rate: Final[InterestRateGroup] = InterestRateGroup(
            caller, session.interest_rate
        )
        self.terminal: Final[TerminalControl] = TerminalControl(caller, session.terminal)

    def __enter__(self) -> Self:
        if not self._is_open:
            raise SessionClosed("this session was closed; open another one")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:  # an interrupt may come between any two of these lines
            if self._is_open:
                self._is_open = False
                self._block.__exit__(kind, error, trace)
        finally:
            self._block.abandon()
            self._caller.close()

    def close(self) -> None:
        """Close the session: nothing it started goes on. Once is enough, twice does no harm."""
        self.__exit__(None, None, None)

    @property
    def config(self) -> Config:
        """The settings it was opened with."""
        return self._native.config

    @property
    def simulated(self) -> bool | None:
        """Whether the terminal is thetatrio's simulated one; None before its first answer."""
        return self._native.simulated

    @property
    def server(self) -> str:
        """What the terminal called itself in its last answer; empty before the first."""
        return self._native.server

    def statistics(self) -> LimiterStatistics:
        """Return how many requests are in flight, wait, and have been sent."""
        return self._caller.portal.peek(self._native.statistics)

    def query(self, request: Request[R]) -> Query[R]:
        """Return a query of a request made by hand or kept from before.

        request = thetatrio.requests.StockListSymbols()
        rows = session.query(request).fetch()
        """
        return Query(self._caller, self._native.query(request))

    def file_query(self, request: Request[R]) -> FileQuery:
        """Return a query of any request for its answer's bytes, as the terminal sends them.

        request = thetatrio.requests.StockListSymbols()
        with session.file_query(request).chunks(format="csv") as chunks:
            print(chunks.receive())
        """
        return FileQuery(self._caller, self._native.file_query(request))

    def chain(
        self,
        symbol: str,
        *,
        expiration: dt.date | str,
        at: dt.datetime | str | None = None,
        strike_range: int | None = None,
    ) -> OptionChain:
        """Fetch an option chain at one moment: quotes, open interest, Greeks, underlying, joined.

        Makes three `GET` requests side by side: snapshots of quote, open
        interest and Greeks; or, for a past moment, the quote at that time,
        the day's open interest and the Greeks of that moment.

        Args:
            symbol: the root, such as `SPY` or `SPXW`.
            expiration: a date, `YYYY-MM-DD` or `YYYYMMDD`.
            at: a past moment, as a datetime or as text such as `2024-11-04 12:00`; without a
                zone it is New York's. None: now.
            strike_range: only this many strikes above and below the money, from 1.

        Returns an `OptionChain` with an entry for each contract; each part
        says how old it is. Greeks of every order need the pro tier, of the
        first order the standard tier; what the tier does not permit is left
        out, quotes excepted. Raises InvalidRequest for an expiration that does not
        exist, naming near ones (one more request, sent only if nothing came), and the
        errors of any query.

            chain = session.chain("SPY", expiration="2024-11-15")
            print(chain.underlying_price, chain.nearest_strike())
            print(chain.nearest_delta(0.25).contract)
        """
        work = partial(
            self._native.chain, symbol, expiration=expiration, at=at, strike_range=strike_range
        )
        return self._caller.ask(work)

    def expirations(
        self,
        symbol: str,
        *,
        on: dt.date | str | None = None,
        min_dte: int = 0,
        max_dte: int | None = None,
    ) -> list[dt.date]:
        """Fetch the expirations that are so many days away, in order.

        Makes a `GET /v3/option/list/expirations` request. Free tier.

        Args:
            symbol: the root.
            on: the day to count from; None: today in New York, or the day of a simulated
                terminal's market.
            min_dte: calendar days to expiry, at least; 0 is the day itself.
            max_dte: at most; None: without end.

        Returns dates, each once. Raises InvalidRequest for what is no date.

            print(session.expirations("SPY", on="2024-11-04", max_dte=10))
        """
        work = partial(self._native.expirations, symbol, on=on, min_dte=min_dte, max_dte=max_dte)
        return self._caller.ask(work)

    def trading_sessions(self, start: dt.date | str, end: dt.date | str) -> list[TradingSession]:
        """Fetch the days on which the stock market trades, with their hours, in order.

        Makes a `GET /v3/calendar/year_holidays` request for each year.

        Args:
            start: first day, inclusive.
            end: last day, inclusive.

        Returns a `TradingSession` for each, with aware times. Raises
        InvalidRequest where `end` is before `start`.

            for day in session.trading_sessions("2024-11-25", "2024-11-29"):
                print(day.date, day.close, day.closes_early)
        """
        return self._caller.ask(partial(self._native.trading_sessions, start, end))

    def get(self, path: str, params: Mapping[str, ParameterValue] | None = None) -> RawAnswer:
        """Ask for an endpoint that the library does not know, and read the whole answer.

        Makes a `GET` request for the path, through the limiter and with the
        same retries and errors as any query.

        Args:
            path: such as `/v3/stock/list/symbols`, on this session's terminal.
            params: sent as they are given: True and False as `true` and `false`, dates as
                `YYYY-MM-DD`, tuples with commas; None is left out.

        Returns the answer as it came; no data is one of status 472. Raises
        InvalidRequest for what is no path or name, and the errors of any query.

            answer = session.get("/v3/stock/list/symbols", {"format": "csv"})
            print(answer.rows()[0])
        """
        return self._caller.ask(partial(self._native.get, path, params))

    def pages(
        self, path: str, params: Mapping[str, ParameterValue] | None = None
    ) -> AbstractContextManager[Channel[RawAnswer]]:
        """Open a channel of the pages of an endpoint that the library does not know.

        Makes a `GET` request for the path, and one for each page after it.
        Where a page says that there is another (`header.next_page`, the
        `Next-Page` header, a gateway's `nextUrl`), its path and query are
        asked for on this session's origin, and nothing else of the link is
        used. Each page is asked for when it is received; one is in memory.

        Args:
            path: such as `/v2/hist/stock/eod`, on this session's terminal.
            params: as those of `get`, of the first page.

        Raises InvalidRequest for what is no path or name. Receiving raises
        ForeignPage for a link that leads elsewhere, DecodeError for pages
        that run in a circle, and the errors of any query.

            with session.pages("/v3/stock/list/symbols", {"format": "csv"}) as pages:
                for page in pages:
                    print(len(page.rows()))
        """

        def dress(pages: PageChannel) -> Channel[RawAnswer]:
            return Channel(
                Receiver(self._caller, pages.receive, pages.block).receive,
                partial(self._caller.close_channel, pages.aclose),
            )

        return Block(self._caller, partial(self._native.pages, path, params), dress)

    def requests_for(self, gap: Gap, *, inclusive: bool = False) -> list[Request[Row]]:
        """Return the requests that fetch what a gap of a feed is missing.

        Sends nothing: `session.query(request)` does. One request for each
        kind of event, contract and day; quotes and prices by tick, bars by
        second. Both ends of the gap are left out, since they were delivered.

        Args:
            gap: a notice of a feed.
            inclusive: ask for the milliseconds of both ends too. Several trades
                can share one, and some of those may be missing; the others come
                again, with the same `sequence`.

        Raises InvalidRequest for all trades of a kind of security and for market values,
        which have no history.

            day = thetatrio.market_time.parse_date("2024-11-04")
            gap = thetatrio.Gap(
                reason="cut", replayed=0, topics=(thetatrio.Topic.trades(thetatrio.Stock("AAPL")),),
                since=thetatrio.market_time.from_ms_of_day(day, 36_000_000),
                until=thetatrio.market_time.from_ms_of_day(day, 36_005_000))
            for request in session.requests_for(gap):
                print(len(session.query(request).fetch()))
        """
        return self._native.requests_for(gap, inclusive=inclusive)

    def download(
        self,
        queries: Downloadable | Iterable[Downloadable],
        to: StrPath,
        *,
        format: DatasetFormat = "parquet",  # noqa: A002
        row_group_rows: int = ROW_GROUP_ROWS,
        verify: bool = False,
        retry_failed: bool = False,
        force: bool = False,
    ) -> Download:
        """Download history into a folder as a dataset; again, it asks only for what is missing.

        Makes `GET` requests for the calendar and for each part: a day of each
        symbol for intraday operations, a month for daily ones; as many side
        by side as the tier allows.

        Args:
            queries: one or several, of operations that ask about days of one symbol.
            to: the dataset's folder; made where it is not there.
            format: `parquet` (needs pyarrow), `csv` or `ndjson`.
            row_group_rows: rows of a Parquet row group, held in memory for each part under way.
            verify: read all files again, and ask anew for those whose hash is not the manifest's.
            retry_failed: ask again for parts that the terminal did not give before.
            force: ask for all parts again.

        Returns a `Download`: its `run()` gives a `DownloadReport`, its `events()`
        what happens meanwhile. Raises InvalidRequest for queries that cannot be
        downloaded; running raises as `Download.run` says.

            query = session.stock.history_eod(
                "AAPL", start_date="2024-10-01", end_date="2024-11-01")
            report = session.download(query, "data", format="csv").run()
            print(report.done, "files,", report.rows, "rows in", report.path)
        """
        # A query is something to iterate too, and means itself here.
        several: Iterable[Downloadable]
        if is_query(queries):
            several = [queries]
        else:
            several = queries if isinstance(queries, Iterable) else [queries]
        made = self._native.download(
            [downloadable(each) for each in several],
            to,
            format=format,
            row_group_rows=row_group_rows,
            verify=verify,
            retry_failed=retry_failed,
            force=force,
        )
        return Download(self._caller, made)

    @overload
    def gather(self, query: Query[A], /) -> tuple[list[A]]: ...
    @overload
    def gather(self, a: Query[A], b: Query[B], /) -> tuple[list[A], list[B]]: ...
    @overload
    def gather(
        self, a: Query[A], b: Query[B], c: Query[C], /
    ) -> tuple[list[A], list[B], list[C]]: ...
    @overload
    def gather(
        self, a: Query[A], b: Query[B], c: Query[C], d: Query[D], /
    ) -> tuple[list[A], list[B], list[C], list[D]]: ...
    @overload
    def gather(
        self, a: Query[A], b: Query[B], c: Query[C], d: Query[D], e: Query[E], /
    ) -> tuple[list[A], list[B], list[C], list[D], list[E]]: ...
    @overload
    def gather(self, *queries: Query[R]) -> tuple[list[R], ...]: ...
    def gather(self, *queries: Query[Any]) -> tuple[list[Any], ...]:
        """Fetch several queries at once and return their lists in the order given.

        They run side by side as far as the limiter lets them. Where one
        fails, the others are cancelled and its error is raised, bare.

            bars, quotes = session.gather(
                session.stock.history_ohlc("AAPL", date="2024-11-04", interval="1m"),
                session.stock.snapshot_quote("AAPL"))
            print(len(bars), quotes[0].bid)
        """
        check_queries("session.gather", queries, Query)
        native_ones: list[NativeQuery[Any]] = [native_of(query) for query in queries]
        return self._caller.ask(partial(self._native.gather, *native_ones))

    def as_completed(
        self, queries: Iterable[Query[R]]
    ) -> AbstractContextManager[Channel[tuple[Query[R], list[R]]]]:
        """Open a channel of queries and their rows, each as it is done.

        They run side by side as far as the limiter lets them, and no further
        than their results are received, so memory is bounded. One that fails
        raises in its turn, and does not stop the others. Leaving cancels what
        has not been received.

            queries = [session.option.list_expirations(root) for root in ("SPY", "QQQ")]
            with session.as_completed(queries) as done:
                for query, rows in done:
                    print(query.request, len(rows))
        """
        if is_query(queries):
            mark_used(queries)
            raise WrongCall("session.as_completed: expected a list of queries, got one query")
        several: list[Query[R]] = list(queries)
        check_queries("session.as_completed", several, Query)
        given = {id(native_of(query)): query for query in several}
        asked = [native_of(query) for query in given.values()]

        def dress(done: NativeCompleted[R]) -> Channel[tuple[Query[R], list[R]]]:
            receiver = Receiver(self._caller, done.receive, done.block)

            def receive(timeout: float | None) -> tuple[Query[R], list[R]]:
                query, rows = receiver.receive(timeout)
                return given[id(query)], rows

            return Channel(receive)

        return Block(self._caller, partial(self._native.as_completed, asked), dress)


@sealing(Config.__struct_fields__)
@partial(explained, "thetatrio.sync.connect", opens=False)
def connect(
    config: Config | None = None,
    *,
    transport: HttpTransport | None = None,
    dial: Dial | None = None,
    chance: random.Random | None = None,
    **options: Unpack[ConfigOptions],
) -> Session:
    """Open a session with a Theta Terminal, to be closed by hand or by the interpreter's end.

    For notebooks and prompts; programs use `open_session`. Arguments and
    errors are those of `open_session`.

        session = sync.connect(tier="standard")
        print(len(session.stock.list_symbols().fetch()))
        session.close()
    """
    use = Use()
    block: SessionBlock | None = None
    try:  # an interrupt may come between any two of these lines
        caller = Caller(use.open(), use)
        opening = partial(
            native.open_session,
            config,
            transport=transport,
            dial=dial,
            chance=chance,
            **options,
        )
        block = SessionBlock(caller, opening)
        return Session(caller, block.__enter__(), block)
    except BaseException:
        if block is not None:
            block.abandon()
        use.close()
        raise


class _SessionContext(AbstractContextManager[Session]):
    # No generator: between its `yield` and the caller's block an interrupt leaves it suspended.

    def __init__(self, opening: partial[Session]) -> None:
        self._opening = opening
        self._session: Session | None = None

    def __enter__(self) -> Session:
        try:
            self._session = self._opening()
        except BaseException:
            if self._session is not None:
                self._session.close()
            raise
        return self._session

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            self._session.__exit__(kind, error, trace)


@sealing(Config.__struct_fields__)
@partial(explained, "thetatrio.sync.open_session")
def open_session(
    config: Config | None = None,
    *,
    transport: HttpTransport | None = None,
    dial: Dial | None = None,
    chance: random.Random | None = None,
    **options: Unpack[ConfigOptions],
) -> AbstractContextManager[Session]:
    """Open a session with a Theta Terminal for the time of a block.

    Nothing is sent before the first request. Nothing it started outlives the
    block, Ctrl-C included, and leaving takes at most `close_timeout`, whatever
    the terminal does; with 500 subscriptions of the stream or more, one second
    longer for each 500. An exception of the block comes out as it is.

    Args:
        config: settings; the default is a terminal on this machine's default ports.
        transport: what carries the HTTP requests, on trio.
        dial: opens the stream's byte stream to a host and port, on trio.
        chance: the source of jitter, for tests.
        **options: the fields of `Config`; they go before those of `config`.

    Raises InvalidConfig, naming everything wrong with the settings; TypeError for a
    setting that does not exist.

        with sync.open_session(tier="standard") as session:
            for bar in session.stock.history_ohlc("AAPL", date="2024-11-04", interval="1m"):
                print(bar.timestamp, bar.close)
    """
    return _SessionContext(
        partial(connect, config, transport=transport, dial=dial, chance=chance, **options)
    )
