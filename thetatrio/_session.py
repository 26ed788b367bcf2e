"""A session: the nursery that owns limiter, transport and background tasks."""

from __future__ import annotations

import difflib
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    Generic,
    TypeVar,
    Unpack,
    cast,
    final,
    overload,
)

import msgspec
import sniffio
import trio

from thetatrio._endpoints import (
    CalendarEndpoints,
    IndexEndpoints,
    OptionEndpoints,
    StockEndpoints,
)
from thetatrio._nursery import open_hidden_nursery
from thetatrio._rest import raw
from thetatrio._rest.client import RestClient
from thetatrio._rest.dialect_v3 import SIMULATOR, error_of
from thetatrio._rest.limiter import UNCOUNTED_SLOTS, LimiterStatistics
from thetatrio._rest.query import Query
from thetatrio._rest.raw import ParameterValue, RawAnswer
from thetatrio.codes import TerminalStatus
from thetatrio.config import Config, ConfigOptions
from thetatrio.errors import (
    ConnectionLost,
    DecodeError,
    EndOfChannel,
    InternalError,
)
from thetatrio.requests import Request
from thetatrio.rows import Row

if TYPE_CHECKING:
    from thetatrio._rest.transport import HttpTransport

__all__ = ["CompletedChannel", "Session", "TerminalControl", "open_session"]

A = TypeVar("A", bound=Row)
B = TypeVar("B", bound=Row)
C = TypeVar("C", bound=Row)
D = TypeVar("D", bound=Row)
E = TypeVar("E", bound=Row)
R = TypeVar("R", bound=Row)


class Group:
    """Operations of a session that belong together. Calling one gives a `Query`."""

    query_name: ClassVar[str] = "Query"

    def __init__(self, client: RestClient) -> None:
        self._client = client

    def bind(self, request: Request[R]) -> Query[R]:
        """Return a query of a request made by hand."""
        return Query(self._client, request)


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
class TerminalControl:
    """The terminal itself: `session.terminal`. Nothing here takes a slot or is tried again."""

    def __init__(self, client: RestClient) -> None:
        self._client = client

    async def mdds_status(self) -> TerminalStatus:
        """Ask whether the terminal is connected to the vendor's historical data.

        Makes a `GET /v3/terminal/mdds/status` request. A terminal whose queue
        is full answers this with 429 too; that is `TerminalStatus.BUSY`:
        alive. Raises ConnectError where no terminal runs.

            print(await session.terminal.mdds_status())
        """
        return await self._status("/v3/terminal/mdds/status")

    async def fpss_status(self) -> TerminalStatus:
        """Ask whether the terminal is connected to the vendor's stream.

        Makes a `GET /v3/terminal/fpss/status` request. DISCONNECTED is normal
        before the first subscription. 429 is `TerminalStatus.BUSY`: alive.

            print(await session.terminal.fpss_status())
        """
        return await self._status("/v3/terminal/fpss/status")

    async def shutdown(self) -> None:
        """Have the terminal end itself, for everybody who uses it.

        Makes a `GET /v3/terminal/shutdown` request, once; a terminal that is
        gone before it has answered counts as ended.
        """
        target = "/v3/terminal/shutdown"
        try:
            status, text = await self._client.ask_once(target)
        except ConnectionLost:
            return
        if status != 200:
            raise error_of(status, text, request=target)

    async def _status(self, target: str) -> TerminalStatus:
        status, text = await self._client.ask_once(target)
        if status == 429:
            return TerminalStatus.BUSY
        if status != 200:
            raise error_of(status, text, request=target)
        try:
            return TerminalStatus(text.strip().upper())
        except ValueError:
            raise DecodeError(
                f"{target}: {text[:80]!r} is no status of a terminal",
                first_bytes=text.encode()[:256],
                request=target,
            ) from None


class CompletedChannel(Generic[R]):
    """Queries and their rows, as they are done. Made by `session.as_completed()`."""

    def __init__(
        self,
        receiver: trio.MemoryReceiveChannel[tuple[Query[R], list[R] | Exception]],
    ) -> None:
        self._receiver = receiver

    async def receive(self) -> tuple[Query[R], list[R]]:
        """Return a query that is done, and its rows.

        Raises EndOfChannel after the last; and a query's error in its turn,
        with its request in `error.request`, after which receiving can go on.
        """
        try:
            query, result = await self._receiver.receive()
        except (trio.EndOfChannel, trio.ClosedResourceError):
            raise EndOfChannel("all queries are done") from None
        if isinstance(result, Exception):
            raise result
        return query, result

    def __aiter__(self) -> CompletedChannel[R]:
        return self

    async def __anext__(self) -> tuple[Query[R], list[R]]:
        try:
            return await self.receive()
        except EndOfChannel:
            raise StopAsyncIteration from None


@final
class Session:
    """A connection to one Theta Terminal. Made by `open_session()`."""

    def __init__(self, config: Config, client: RestClient) -> None:
        self._config = config
        self._client = client
        self.stock: Final[StockGroup] = StockGroup(client)
        self.option: Final[OptionGroup] = OptionGroup(client)
        self.index: Final[IndexGroup] = IndexGroup(client)
        self.calendar: Final[CalendarGroup] = CalendarGroup(client)
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

    def statistics(self) -> LimiterStatistics:
        """Return how many requests are in flight, wait, and have been sent."""
        return self._client.limiter.statistics()

    def query(self, request: Request[R]) -> Query[R]:
        """Return a query of a request made by hand or kept from before.

        request = thetatrio.requests.StockListSymbols()
        rows = await session.query(request)
        """
        return Query(self._client, request)

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
        results: list[list[Any]] = [[] for _ in queries]
        failed: list[Exception] = []
        left = len(queries)
        settled = trio.Event()

        async def fetch(place: int, query: Query[Any]) -> None:
            nonlocal left
            try:
                results[place] = await query.fetch()
            except Exception as error:  # noqa: BLE001  # raised below, bare
                failed.append(error)
            left -= 1
            if failed or not left:
                settled.set()

        async with open_hidden_nursery() as nursery:
            for place, query in enumerate(queries):
                nursery.start_soon(fetch, place, query)
            if queries:
                await settled.wait()
            else:
                await trio.lowlevel.checkpoint()
        if failed:
            raise failed[0]
        return tuple(results)

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
        todo = iter(list(queries))
        sender, receiver = trio.open_memory_channel["tuple[Query[R], list[R] | Exception]"](0)
        async with open_hidden_nursery() as nursery:
            with sender, receiver:
                # No more workers than can have a request in flight: each holds one result.
                for _ in range(self._config.effective_slots + UNCOUNTED_SLOTS):
                    nursery.start_soon(_complete, todo, sender.clone())
                sender.close()
                yield CompletedChannel(receiver)
                nursery.cancel_scope.cancel()


async def _complete(
    todo: Iterator[Query[R]],
    sender: trio.MemorySendChannel[tuple[Query[R], list[R] | Exception]],
) -> None:
    with sender:
        for query in todo:
            result: list[R] | Exception
            try:
                result = await query.fetch()
            except Exception as error:  # noqa: BLE001  # raised where it is received
                result = error
            try:
                await sender.send((query, result))
            except trio.BrokenResourceError:
                return


@asynccontextmanager
async def open_session(
    config: Config | None = None,
    *,
    transport: HttpTransport | None = None,
    chance: random.Random | None = None,
    **options: Unpack[ConfigOptions],
) -> AsyncGenerator[Session, None]:
    """Open a session with a Theta Terminal, inside `trio.run()`.

    Nothing is sent before the first request. Nothing it started outlives the
    block, and leaving takes at most `close_timeout`, whatever the terminal
    does. An exception of the block comes out as it is.

    Args:
        config: settings; the default is a terminal on this machine's default ports.
        transport: what carries the HTTP requests, for tests and unusual networks.
        chance: the source of jitter, for tests.
        **options: the fields of `Config`; they go before those of `config`.

    Raises InvalidConfig, naming everything wrong with the settings; TypeError for a
    setting that does not exist; RuntimeError outside `trio.run()`.

        async with thetatrio.open_session(tier="standard") as session:
            bars = await session.stock.history_ohlc("AAPL", date="2024-11-04", interval="1m")
            print(len(bars))
    """
    _require_trio()
    settings = _settings(config, options)
    async with open_hidden_nursery() as nursery:
        defects: list[InternalError] = []

        def start_soon(task: Callable[[], Awaitable[object]]) -> None:
            nursery.start_soon(_guard, task, client, defects)

        client = RestClient(settings, start_soon, transport, chance or random.Random())
        start_soon(client.limiter.run)
        try:
            yield Session(settings, client)
        finally:
            with trio.move_on_after(settings.close_timeout, shield=True):
                await client.aclose()
    if defects:
        raise defects[0]


@trio.lowlevel.enable_ki_protection  # Ctrl-C is for the body, not for whichever task runs just now
async def _guard(
    task: Callable[[], Awaitable[object]], client: RestClient, defects: list[InternalError]
) -> None:
    """Run a background task; a defect in it reaches whoever waits, and the end of the session."""
    try:
        await task()
    except Exception as error:  # noqa: BLE001  # it must not vanish, nor end the body as Cancelled
        defect = InternalError(f"a background task failed ({error!r}); please report this")
        defect.__cause__ = error
        defects.append(defect)
        client.limiter.close(defect)


def _require_trio() -> None:
    try:
        trio.lowlevel.current_task()
    except RuntimeError:
        try:
            here = f"this is {sniffio.current_async_library()}"
        except sniffio.AsyncLibraryNotFoundError:
            here = "no event loop is running here"
        raise RuntimeError(
            f"thetatrio.open_session() works inside trio.run(), and {here}"
        ) from None


def _settings(config: Config | None, options: ConfigOptions) -> Config:
    known = Config.__struct_fields__
    for name in options:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; they are {', '.join(known)}"
            raise TypeError(f"open_session() has no setting {name!r}{hint}")
    given = cast("dict[str, object]", options)
    return msgspec.structs.replace(config or Config(), **given)
