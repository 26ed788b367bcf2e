"""`thetatrio stream`: live data, as a table that changes in its place or as NDJSON."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec
import trio
from rich.console import Console
from rich.live import Live

from thetatrio import Feed, FeedWithNotices, Session, open_session
from thetatrio._interrupt import run_interruptibly
from thetatrio._stream.buffer import market_time_of
from thetatrio.cli._console import note
from thetatrio.cli._live import COLUMNS, LiveTable
from thetatrio.cli._stdio import write_out
from thetatrio.cli._words import StreamKind, notice_text, topic_of
from thetatrio.config import Config, ConfigOptions, StreamApi, StreamForm, StreamSockets
from thetatrio.contracts import Contract, Option
from thetatrio.errors import WouldBlock
from thetatrio.events import (
    Event,
    Following,
    JoinedTrade,
    MarketValue,
    Notice,
    Ohlc,
    Price,
    Quote,
    StreamEvent,
    Trade,
)

__all__ = ["StreamFormat", "gateway_options", "record_of", "run", "with_path"]

StreamFormat: TypeAlias = Literal["table", "ndjson"]

_REFRESH: Final = 0.25  # seconds between two looks of the table
_AT_ONCE: Final = 1024  # entries taken before they are written or counted
_SILENCE: Final = 10.0  # seconds without a first event after which that is said

_NAMES: Final[dict[type[StreamEvent], str]] = {
    Quote: "quote",
    Trade: "trade",
    Ohlc: "ohlc",
    Price: "price",
    MarketValue: "market_value",
    JoinedTrade: "joined_trade",
    Following: "following",
}
# The columns of the wire that `symbol` and others, and `timestamp`, stand for.
_TOLD_APART: Final = frozenset({"contract", "ms_of_day", "date_int"})
_ENCODER: Final = msgspec.json.Encoder()


def run(
    console: Console,
    kind: StreamKind,
    words: Sequence[str],
    *,
    format: StreamFormat | None,  # noqa: A002
    count: int | None,
    duration: float | None,
    options: ConfigOptions,
) -> None:
    """Subscribe and show what comes. Raises errors of `thetatrio.errors`."""
    topic = topic_of(kind, words)
    shown = format or ("table" if sys.stdout.isatty() else "ndjson")

    async def stream() -> None:
        # What is not shown in time is dropped and told; nothing is worth an error here.
        async with (
            open_session(**options) as session,
            session.stream.subscribe(topic, overflow="drop_oldest") as feed,
        ):
            reader = Reader(feed, count, duration)
            if shown == "table":
                await _show(console, kind, session, reader, topic.contracts)
            else:
                await _pipe(reader)

    run_interruptibly(stream)


def with_path(url: str, api: StreamApi = "terminal") -> str:
    """Return a stream's URL with the path that terminals or gateways have, where it has none."""
    has_none = url.rstrip("/").count("/") == 2
    usual = urlsplit(Config(stream_api=api).stream_url).path
    return url.rstrip("/") + usual if has_none else url


def gateway_options(
    url: str | None, sockets: StreamSockets, form: StreamForm, given: ConfigOptions
) -> ConfigOptions:
    """Return the settings of a session with a gateway's stream; a key is for that gateway."""
    where = with_path(url, "gateway") if url else Config(stream_api="gateway").stream_url
    parts = urlsplit(where)
    options: ConfigOptions = {
        "base_url": f"{'https' if parts.scheme == 'wss' else 'http'}://{parts.netloc}",
        "stream_url": where,
        "stream_api": "gateway",
        "stream_sockets": sockets,
        "stream_form": form,
    }
    if "api_key" in given:
        options["api_key"] = given["api_key"]
    return options


class Reader:
    """Reads a feed, its notices too, until there was enough of it.

    Args:
        feed: what to read.
        count: events after which it ends; None: never.
        duration: seconds after which it ends; None: never.
    """

    def __init__(self, feed: Feed[StreamEvent], count: int | None, duration: float | None) -> None:
        self._entries: FeedWithNotices[StreamEvent] = feed.with_notices()
        self._left = math.inf if count is None else count
        self._ends = math.inf if duration is None else trio.current_time() + duration
        self._begun = False

    @property
    def ended(self) -> bool:
        """Whether there was enough."""
        return self._left <= 0 or trio.current_time() >= self._ends

    async def receive(self, until: float = math.inf) -> list[StreamEvent | Notice]:
        """Return what has come, waiting for it; nothing where it ended, or at a time of trio's."""
        found: list[StreamEvent | Notice] = []
        with trio.CancelScope(deadline=min(until, self._ends)):
            await trio.lowlevel.checkpoint()
            found.append(await (self._entries.receive() if self._begun else self._first()))
        if not found:
            return found
        events = int(isinstance(found[0], StreamEvent))
        while len(found) < _AT_ONCE and events < self._left:
            try:
                entry = self._entries.receive_nowait()
            except WouldBlock:
                break
            events += isinstance(entry, StreamEvent)
            found.append(entry)
        self._left -= events
        return found

    async def _first(self) -> StreamEvent | Notice:
        self._begun = True
        with trio.move_on_after(_SILENCE):
            return await self._entries.receive()
        note(
            f"nothing has come in {_SILENCE:g} s: the market may be closed, the account may lack"
            " the permission, or there may be no such contract (the terminal takes any)"
        )
        return await self._entries.receive()


async def _show(
    console: Console,
    kind: StreamKind,
    session: Session,
    reader: Reader,
    contracts: Sequence[Contract],
) -> None:
    table = LiveTable(COLUMNS[kind], contracts, session.stream)
    with Live(table, console=console, auto_refresh=False, vertical_overflow="crop") as live:
        due = trio.current_time()
        while not reader.ended:
            if trio.current_time() >= due:
                live.refresh()
                due = trio.current_time() + _REFRESH
            for entry in await reader.receive(due):
                table.take(entry)


async def _pipe(reader: Reader) -> None:
    while not reader.ended:
        records: list[dict[str, object]] = []
        for entry in await reader.receive():
            if isinstance(entry, StreamEvent):
                records.append(record_of(entry))
            else:
                note(notice_text(entry))
        # In a thread: who reads the pipe may be slow, and the terminal's pings are to be answered.
        lines = _ENCODER.encode_lines(records)
        await trio.to_thread.run_sync(write_out, lines, abandon_on_cancel=True)


def record_of(event: StreamEvent) -> dict[str, object]:
    """Return an event as an object of JSON: contract, time, and its fields."""
    contract = event.contract
    option = contract if isinstance(contract, Option) else None
    timestamp = market_time_of(event)
    record: dict[str, object] = {
        "type": _NAMES[type(event)],
        "symbol": contract.symbol,
        "expiration": None if option is None else option.expiration.isoformat(),
        "strike": None if option is None else option.strike,
        "right": None if option is None else option.right,
        "timestamp": None if timestamp is None else timestamp.isoformat(),
    }
    match event:
        case JoinedTrade(trade=trade, quote=quote, bar=bar):
            before = None if quote is None else market_time_of(quote)
            record |= _fields(Trade, trade) | _fields(Quote, quote) | _fields(Ohlc, bar)
            record["quote_timestamp"] = None if before is None else before.isoformat()
        case Following(trade=trade, quote=quote, index=index):
            record |= {"follows": trade.sequence, "index": index} | _fields(Quote, quote)
        case _:
            record |= _fields(type(event), event)
            if timestamp is None:  # the wire's are no time: as they are, then
                record |= {"date": event.date_int, "ms_of_day": event.ms_of_day}
    return record


def _fields(kind: type[Event], event: Event | None) -> dict[str, object]:
    names = [name for name in kind.__struct_fields__ if name not in _TOLD_APART]
    return {name: None if event is None else getattr(event, name) for name in names}
