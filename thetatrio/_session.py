"""A session: the nursery that owns limiter, transport and background tasks."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    TypeVar,
    Unpack,
    cast,
    final,
    overload,
)

import msgspec
import trio

from thetatrio._calls import check_queries, explain_calls, explained, mark_used, unknown_name
from thetatrio._completed import CompletedChannel, open_completed
from thetatrio._control import TerminalControl
from thetatrio._endpoints import (
    CalendarEndpoints,
    IndexEndpoints,
    InterestRateEndpoints,
    OptionEndpoints,
    StockEndpoints,
    WithGroups,
)
from thetatrio._nursery import bare_interrupts, open_hidden_nursery, run_together
from thetatrio._owner import Owner, runtime_here
from thetatrio._rest import raw
from thetatrio._rest.client import RestClient
from thetatrio._rest.detect import detect
from thetatrio._rest.dialect_v3 import SIMULATOR
from thetatrio._rest.file_query import FileQuery
from thetatrio._rest.limiter import UNCOUNTED_SLOTS, LimiterStatistics
from thetatrio._rest.paging import PageChannel, open_pages
from thetatrio._rest.query import Query
from thetatrio._rest.raw import ParameterValue, RawAnswer
from thetatrio._secrets import sealing
from thetatrio._stream.refill import requests_for
from thetatrio._stream.sockets import Sockets
from thetatrio._stream.stream import Stream
from thetatrio.chains import (
    OptionChain,
    TradingSession,
    checked_date,
    fetch_chain,
    fetch_expirations,
    fetch_trading_sessions,
)
from thetatrio.config import Config, ConfigOptions, key_from_environment
from thetatrio.download import (
    ROW_GROUP_ROWS,
    DatasetFormat,
    Download,
    Downloadable,
    make_download,
)
from thetatrio.errors import InternalError, WrongCall
from thetatrio.events import Gap
from thetatrio.requests import Request
from thetatrio.rows import Row

if TYPE_CHECKING:
    from _typeshed import StrPath

    from thetatrio._rest.transport import HttpTransport
    from thetatrio._stream.connection import Dial

__all__ = ["Session", "open_session"]

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

    def __init__(self, client: RestClient) -> None:
        self._client = client

    def bind(self, request: Request[R]) -> Query[R]:
        """Return a query of a request made by hand."""
        return Query(self._client, request)

    def bind_file(self, request: Request[Row]) -> FileQuery:
        """Return a file query of a flat file's request made by hand."""
        return FileQuery(self._client, request)


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
@explain_calls("session", "`async with thetatrio.open_session() as session:`")
class Session(WithGroups):
    """A connection to one Theta Terminal. Made by `open_session()`."""

    def __init__(self, config: Config, client: RestClient, stream: Stream) -> None:
        self._config = config
        self.stream: Final[Stream] = stream
        self._client = client
        self._time_to_leave: Callable[[], float] = lambda: config.close_timeout
        self.stock: Final[StockGroup] = StockGroup(client)
        self.option: Final[OptionGroup] = OptionGroup(client)
        self.index: Final[IndexGroup] = IndexGroup(client)
        self.calendar: Final[CalendarGroup] = CalendarGroup(client)
        self.interest_rate: Final[InterestRateGroup] = InterestRateGroup(client)
        self.terminal: Final[TerminalControl] = TerminalControl(client)

    @property
    def config(self) -> Config:
        """The settings it was opened with."""
        return self._config

    @property
    def simulated(self) -> bool | None:
        """Whether the terminal is thetatrio's simulated one; None before its first answer."""
        server = self._client.server
        return None if not server else server == SIMULATOR

    @property
    def server(self) -> str:
        """What the terminal called itself in its last answer; empty before the first."""
        return self._client.server

    def statistics(self) -> LimiterStatistics:
        """Return how many requests are in flight, wait, and have been sent."""
        self._client.check_open()
        return self._client.limiter.statistics()

    def query(self, request: Request[R]) -> Query[R]:
        """Return a query of a request made by hand or kept from before.

        request = thetatrio.requests.StockListSymbols()
        rows = await session.query(request)
        print(len(rows))
        """
        check_request("session.query", request)
        return Query(self._client, request)

    def file_query(self, request: Request[R]) -> FileQuery:
        """Return a query of any request for its answer's bytes, as the terminal sends them.

        request = thetatrio.requests.StockListSymbols()
        async with session.file_query(request).chunks(format="csv") as chunks:
            print(await chunks.receive())
        """
        check_request("session.file_query", request)
        return FileQuery(self._client, cast("Request[Row]", request))

    async def chain(
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

            chain = await session.chain("SPY", expiration="2024-11-15")
            print(chain.underlying_price, chain.nearest_strike())
            print(chain.nearest_delta(0.25).contract)
        """
        self._client.check_open()
        return await fetch_chain(
            self, symbol, expiration, at, strike_range, today=self._client.today
        )

    async def expirations(
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

            print(await session.expirations("SPY", on="2024-11-04", max_dte=10))
        """
        self._client.check_open()
        if on is None:
            return await fetch_expirations(self, symbol, self._client.today, min_dte, max_dte)
        day = checked_date("on", on)
        return await fetch_expirations(self, symbol, lambda: day, min_dte, max_dte)

    async def trading_sessions(
        self, start: dt.date | str, end: dt.date | str
    ) -> list[TradingSession]:
        """Fetch the days on which the stock market trades, with their hours, in order.

        Makes a `GET /v3/calendar/year_holidays` request for each year.

        Args:
            start: first day, inclusive.
            end: last day, inclusive.

        Returns a `TradingSession` for each, with aware times. Raises
        InvalidRequest where `end` is before `start`.

            for day in await session.trading_sessions("2024-11-25", "2024-11-29"):
                print(day.date, day.close, day.closes_early)
        """
        self._client.check_open()
        first, last = checked_date("start", start), checked_date("end", end)
        return await fetch_trading_sessions(self, first, last)

    async def get(self, path: str, params: Mapping[str, ParameterValue] | None = None) -> RawAnswer:
        """Ask for an endpoint that the library does not know, and read the whole answer.

        Makes a `GET` request for the path, through the limiter and with the
        same retries and errors as any query.

        Args:
            path: such as `/v3/stock/list/symbols`, on this session's terminal.
            params: sent as they are given: True and False as `true` and `false`, dates as
                `YYYY-MM-DD`, tuples with commas; None is left out.

        Returns the answer as it came; no data is one of status 472. Raises
        InvalidRequest for what is no path or name, and the errors of any query.

            answer = await session.get("/v3/stock/list/symbols", {"format": "csv"})
            print(answer.rows()[0])
        """
        return await raw.get(self._client, path, params or {})

    @asynccontextmanager
    async def pages(
        self, path: str, params: Mapping[str, ParameterValue] | None = None
    ) -> AsyncGenerator[PageChannel, None]:
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

            async with session.pages("/v3/stock/list/symbols", {"format": "csv"}) as pages:
                async for page in pages:
                    print(len(page.rows()))
        """
        async with open_pages(self._client, path, params or {}) as channel:
            yield channel

    def requests_for(self, gap: Gap, *, inclusive: bool = False) -> list[Request[Row]]:
        """Return the requests that fetch what a gap of a feed is missing.

        Sends nothing: `await session.query(request)` does. One request for each
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
                print(len(await session.query(request)))
        """
        notice = cast("object", gap)  # who checks no types may pass anything
        if not isinstance(notice, Gap):
            raise WrongCall(
                f"session.requests_for: expected a Gap of feed.with_notices(), got {notice!r:.100}"
            )
        return requests_for(gap, inclusive=inclusive)

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

        Returns a `Download`, to be awaited for its `DownloadReport`, or run
        with `events()`. Raises InvalidRequest for queries that cannot be
        downloaded; running raises as `Download.run` says.

            query = session.stock.history_eod(
                "AAPL", start_date="2024-10-01", end_date="2024-11-01")
            report = await session.download(query, "data", format="csv")
            print(report.done, "files,", report.rows, "rows in", report.path)
        """
        return make_download(
            self._client,
            queries,
            to,
            format=format,
            row_group_rows=row_group_rows,
            verify=verify,
            retry_failed=retry_failed,
            force=force,
        )

    @overload
    async def gather(self, query: Query[A], /) -> tuple[list[A]]: ...
    @overload
    async def gather(self, a: Query[A], b: Query[B], /) -> tuple[list[A], list[B]]: ...
    @overload
    async def gather(
        self, a: Query[A], b: Query[B], c: Query[C], /
    ) -> tuple[list[A], list[B], list[C]]: ...
    @overload
    async def gather(
        self, a: Query[A], b: Query[B], c: Query[C], d: Query[D], /
    ) -> tuple[list[A], list[B], list[C], list[D]]: ...
    @overload
    async def gather(
        self, a: Query[A], b: Query[B], c: Query[C], d: Query[D], e: Query[E], /
    ) -> tuple[list[A], list[B], list[C], list[D], list[E]]: ...
    @overload
    async def gather(self, *queries: Query[R]) -> tuple[list[R], ...]: ...
    async def gather(self, *queries: Query[Any]) -> tuple[list[Any], ...]:
        """Fetch several queries at once and return their lists in the order given.

        They run side by side as far as the limiter lets them. Where one
        fails, the others are cancelled and its error is raised, bare.

            bars, quotes = await session.gather(
                session.stock.history_ohlc("AAPL", date="2024-11-04", interval="1m"),
                session.stock.snapshot_quote("AAPL"))
            print(len(bars), quotes[0].bid)
        """
        self._client.check_open()
        check_queries("session.gather", queries, Query)
        return tuple(await run_together([query.fetch for query in queries]))

    @asynccontextmanager
    async def as_completed(
        self, queries: Iterable[Query[R]]
    ) -> AsyncGenerator[CompletedChannel[R], None]:
        """Open a channel of queries and their rows, each as it is done.

        They run side by side as far as the limiter lets them, and no further
        than their results are received, so memory is bounded. One that fails
        raises in its turn, and does not stop the others. Leaving cancels what
        has not been received.

            queries = [session.option.list_expirations(root) for root in ("SPY", "QQQ")]
            async with session.as_completed(queries) as done:
                async for query, rows in done:
                    print(query.request, len(rows))
        """
        # No more under way than can have a request in flight.
        workers = self._config.effective_slots + UNCOUNTED_SLOTS
        self._client.check_open()
        if isinstance(queries, Query):
            mark_used(queries)
            raise WrongCall("session.as_completed: expected a list of queries, got one query")
        given = list(queries)
        check_queries("session.as_completed", given, Query)
        async with open_completed(given, workers, self._client.owner) as done:
            yield done


@sealing(Config.__struct_fields__)
@partial(explained, "thetatrio.open_session")
@asynccontextmanager
async def open_session(
    config: Config | None = None,
    *,
    transport: HttpTransport | None = None,
    dial: Dial | None = None,
    chance: random.Random | None = None,
    **options: Unpack[ConfigOptions],
) -> AsyncGenerator[Session, None]:
    """Open a session with a Theta Terminal, inside `trio.run()`.

    Nothing is sent before the first request, but for the status call of
    `api="auto"`, whose errors are raised here then. Nothing it started outlives the
    block, and leaving takes at most `close_timeout`, whatever the terminal
    does; with 500 subscriptions of the stream or more, one second longer for each
    500. An exception of the block comes out as it is, except that a group which holds
    nothing but KeyboardInterrupt (and cancellations) comes out as a bare KeyboardInterrupt,
    whichever nursery made it. A forked child cannot use the session, and sends nothing.

    Args:
        config: settings; the default is a terminal on this machine's default ports.
        transport: what carries the HTTP requests, for tests and unusual networks.
        dial: opens the stream's byte stream to a host and port, likewise.
        chance: the source of jitter, for tests.
        **options: the fields of `Config`; they go before those of `config`. A gateway's key
            that neither gives is taken from THETATRIO_API_KEY.

    Raises InvalidConfig, naming everything wrong with the settings; TypeError for a
    setting that does not exist; RuntimeError outside `trio.run()`.

        async with thetatrio.open_session(tier="standard") as session:
            bars = await session.stock.history_ohlc("AAPL", date="2024-11-04", interval="1m")
            print(len(bars))
    """
    _require_trio()
    settings = _settings(config, options)
    owner = Owner.on_trio()
    if settings.api == "auto":
        with bare_interrupts():
            settings = await detect(settings, transport)
    async with open_hidden_nursery() as nursery:
        defects: list[InternalError] = []

        def start_soon(task: Callable[[], Awaitable[object]]) -> None:
            nursery.start_soon(_guard, task, client.limiter.close, defects)

        def start_stream_soon(task: Callable[[], Awaitable[object]]) -> None:
            nursery.start_soon(_guard, task, sockets.fail, defects)

        luck = chance or random.Random()
        client = RestClient(settings, start_soon, transport, luck, owner)
        sockets = Sockets(settings, start_stream_soon, dial, luck, owner)
        start_soon(client.limiter.run)
        raised: BaseException | None = None
        try:
            session = Session(settings, client, Stream(sockets, settings.buffer))
            session._time_to_leave = sockets.time_to_leave  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            yield session
        except BaseException as error:
            raised = error
            raise
        finally:
            if not owner.is_foreign:  # a forked child sends nothing on its parent's sockets
                with trio.CancelScope(shield=True):
                    async with trio.open_nursery() as closing:
                        closing.start_soon(_close_rest, client, settings.close_timeout)
                        closing.start_soon(sockets.aclose)  # bounded by its subscriptions, too
            if raised is not None:  # the body's error wins; a defect is not lost beside it
                for defect in defects:
                    raised.add_note(f"meanwhile: {defect!r}")
    if defects:
        raise defects[0]


def time_to_leave(session: Session) -> float:
    """Return how many seconds leaving a session may take, from now on."""
    return session._time_to_leave()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


async def _close_rest(client: RestClient, close_timeout: float) -> None:
    with trio.move_on_after(close_timeout):
        await client.aclose()


@trio.lowlevel.enable_ki_protection  # Ctrl-C is for the body, not for whichever task runs just now
async def _guard(
    task: Callable[[], Awaitable[object]],
    tell: Callable[[InternalError], None],
    defects: list[InternalError],
) -> None:
    """Run a background task; a defect in it reaches whoever waits, and the end of the session."""
    try:
        await task()
    except Exception as error:  # noqa: BLE001  # it must not vanish, nor end the body as Cancelled
        defect = InternalError(f"a background task failed ({error!r}); please report this")
        defect.__cause__ = error
        defects.append(defect)
        tell(defect)


def check_request(call: str, request: object) -> None:
    """Raise WrongCall, with a remedy, if something is not a request."""
    if isinstance(request, Request):
        return
    if isinstance(request, type):
        remedy = f"make one: {request.__name__}(...)"
    elif hasattr(request, "request"):
        mark_used(request)
        remedy = "a query is used as it is; its request is query.request"
    else:
        remedy = (
            "see thetatrio.requests, or call an operation, such as session.stock.list_symbols()"
        )
    raise WrongCall(f"{call}: expected a request, got {request!r:.100}; {remedy}")


def _require_trio() -> None:
    here = runtime_here()
    if here == "trio":
        return
    if here:
        raise RuntimeError(
            f"thetatrio.open_session() works inside trio.run(), and this is {here};"
            " under asyncio and anyio use thetatrio.aio.open_session()"
        )
    raise RuntimeError(
        "thetatrio.open_session() works inside trio.run(), and no event loop is running here;"
        " use trio.run(), or thetatrio.sync.open_session() in a plain script"
    )


def _settings(config: Config | None, options: ConfigOptions) -> Config:
    known = Config.__struct_fields__
    given_config = cast("object", config)
    if given_config is not None and not isinstance(given_config, Config):
        # Not printed unless it is a plain URL: it may be a key.
        is_url = isinstance(given_config, str) and "://" in given_config and "@" not in given_config
        shown = repr(given_config) if is_url else f"a {type(given_config).__name__}"
        raise WrongCall(
            f"open_session() takes a Config or settings by name, not {shown}; a URL is"
            f" open_session(base_url={shown if is_url else '...'}), and a dict **settings"
        )
    for name in options:
        if name not in known:
            raise WrongCall(f"open_session() has no setting {name!r}{unknown_name(name, known)}")
    given = cast("dict[str, object]", options)
    if given.get("api_key") is None and (config is None or config.api_key is None):
        key = key_from_environment()
        if key is not None:
            given = {**given, "api_key": key}
    return msgspec.structs.replace(config or Config(), **given)
