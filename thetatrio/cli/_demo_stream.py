"""The live part of `thetatrio demo`: quotes and trades through a cut, and what it cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

import trio
from rich.console import Console
from rich.live import Live

from thetatrio import Feed, Session, rows
from thetatrio.cli._live import QUOTE, TRADE, LiveTable
from thetatrio.cli._words import clock_text, notice_text
from thetatrio.contracts import Contract, Option, Stock
from thetatrio.errors import ThetaDataError
from thetatrio.events import Gap, Quote, Topic, Trade
from thetatrio.requests import OptionHistoryTrade, Request, StockHistoryTrade
from thetatrio.rows import Row
from thetatrio.testing import RejectHandshake, StreamSettings, Terminal

__all__ = ["SETTINGS", "show_live"]

SPEED: Final = 60.0  # market seconds a second: something is to happen
SETTINGS: Final = StreamSettings(speed=SPEED, start="10:30", subscriptions="connection")
LOOKS: Final = 2  # of each half, where nothing can change in its place
_REFRESH: Final = 0.2
_PATIENCE: Final = 30.0  # seconds in which a connection on loopback is back

Numbers: TypeAlias = Mapping[Contract, set[int]]
"""Trades of each contract, by their sequence."""


class _Watch:
    """What came of the feed so far."""

    def __init__(
        self, feed: Feed[Quote | Trade], table: LiveTable, say: Callable[[str], None]
    ) -> None:
        self._say = say
        self._entries = feed.with_notices()
        self._wanted = sum(len(topic.contracts) for topic in feed.topics)
        self._table = table
        self.quotes = 0
        self.trades: defaultdict[Contract, list[Trade]] = defaultdict(list)
        self.newest: dict[tuple[Contract, type], Quote | Trade] = {}

    @property
    def gaps(self) -> Sequence[Gap]:
        """Those told so far."""
        return self._table.losses.gaps

    async def receive(self) -> None:
        """Take the next event or notice in."""
        entry = await self._entries.receive()
        self._table.take(entry)
        match entry:
            case Quote():
                self.quotes += 1
                self.newest[entry.contract, Quote] = entry
            case Trade():
                self.trades[entry.contract].append(entry)
                self.newest[entry.contract, Trade] = entry
            case Gap(topics=topics):
                gone = sum(len(topic.contracts) for topic in topics)
                self._say(f"  {notice_text(entry)}; {gone} of {self._wanted} subscriptions")
            case _:
                self._say(f"  {notice_text(entry)}")

    def numbers(self) -> Numbers:
        """Return the trades that came."""
        return {one: {trade.sequence for trade in trades} for one, trades in self.trades.items()}

    def line(self, stock: Stock) -> str:
        """Say where it is, in a line."""
        quote, trade = self.newest.get((stock, Quote)), self.newest.get((stock, Trade))
        prices = f"{quote.bid:.2f} x {quote.ask:.2f}" if isinstance(quote, Quote) else "no quote"
        last = f"{trade.price:.2f}" if isinstance(trade, Trade) else "none"
        count = sum(map(len, self.trades.values()))
        at = clock_text(max((each.timestamp for each in self.newest.values()), default=None))
        return (
            f"  {at}  {stock} {prices}, last {last};"
            f" {self.quotes:,} quotes and {count:,} trades so far"
        )


async def show_live(
    console: Console,
    terminal: Terminal,
    session: Session,
    stock: Stock,
    options: Sequence[Option],
    seconds: float,
) -> None:
    """Stream for so long, cut in mid-way, and account for every trade."""

    def say(text: str) -> None:
        console.print(text, soft_wrap=True, highlight=False)

    contracts: tuple[Stock | Option, ...] = (stock, *options)
    say(
        f"\nLive, a market minute each second: quotes and trades of {stock} and {len(options)}"
        " options at the money."
    )
    topics = Topic.quotes(*contracts), Topic.trades(*contracts)
    async with session.stream.subscribe(*topics) as feed:
        table = LiveTable((*QUOTE, *TRADE), contracts, session.stream)
        watch = _Watch(feed, table, say)
        if console.is_terminal:
            with Live(table, console=console, auto_refresh=False, vertical_overflow="crop") as live:
                looks = max(1, round(seconds / 2 / _REFRESH))
                await _through_a_cut(terminal, watch, seconds, looks, live.refresh, say)
        else:
            look = lambda: say(watch.line(stock))  # noqa: E731
            await _through_a_cut(terminal, watch, seconds, LOOKS, look, say)
    say(await _account(session, watch, seconds))


async def _through_a_cut(
    terminal: Terminal,
    watch: _Watch,
    seconds: float,
    looks: int,
    look: Callable[[], None],
    say: Callable[[str], None],
) -> None:
    await _half(watch, seconds / 2, looks, look)
    say("  Here the demo disconnects the stream and has the terminal refuse the first reconnect.")
    terminal.faults.append(RejectHandshake(times=1))
    terminal.stream.drop()
    with trio.move_on_after(_PATIENCE):
        while not watch.gaps:
            await watch.receive()
    if not watch.gaps:
        raise ThetaDataError(f"the stream did not come back within {_PATIENCE:g} s")
    await _half(watch, seconds / 2, looks, look)


async def _half(watch: _Watch, seconds: float, looks: int, look: Callable[[], None]) -> None:
    for _ in range(looks):
        with trio.move_on_after(seconds / looks):
            while True:
                await watch.receive()
        look()


async def _account(session: Session, watch: _Watch, seconds: float) -> str:
    """Fetch what the gaps are missing, hold all of it against the day's history, and say it."""
    streamed = watch.numbers()
    gaps = watch.gaps
    # With the milliseconds of both ends: several trades can share one.
    fetched = await _trades(
        session, [each for gap in gaps for each in session.requests_for(gap, inclusive=True)]
    )
    history = await _trades(
        session,
        [
            request
            for contract, trades in watch.trades.items()
            for request in session.requests_for(_span(contract, trades), inclusive=True)
        ],
    )
    count = sum(map(len, streamed.values()))
    back = sum(len(numbers - streamed.get(one, set())) for one, numbers in fetched.items())
    lacking = sum(
        len(numbers - streamed[one] - fetched.get(one, set())) for one, numbers in history.items()
    )
    if lacking:
        raise ThetaDataError(f"{lacking} trades are missing, and no notice reported them")
    since = "the beginning" if gaps[0].since is None else clock_text(gaps[0].since)
    return (
        f"In {seconds:g} s {watch.quotes:,} quotes and {count:,} trades arrived, with a gap from"
        f" {since} to {clock_text(gaps[-1].until)}.\n"
        f"The requests of session.requests_for(gap) returned {back:,} missing trades;"
        f" the {count + back:,} together are those of the day's history.\n"
        "No trade was lost without a notice."
    )


def _span(contract: Contract, trades: Sequence[Trade]) -> Gap:
    # As if all of it had been missed: from the first trade to the last.
    return Gap(
        reason="to compare",
        since=trades[0].timestamp,
        until=trades[-1].timestamp,
        replayed=0,
        topics=(Topic("trades", (contract,)),),
    )


async def _trades(session: Session, requests: Sequence[Request[Row]]) -> Numbers:
    """Fetch the trades among what requests ask for."""
    wanted = [
        each for each in requests if isinstance(each, (StockHistoryTrade, OptionHistoryTrade))
    ]
    answers = await session.gather(*[session.query(each) for each in wanted])
    found: defaultdict[Contract, set[int]] = defaultdict(set)
    for request, answer in zip(wanted, answers, strict=True):
        for row in answer:
            match row:
                case rows.OptionTrade():
                    found[row.contract].add(row.sequence)
                case rows.Trade():
                    found[Stock(request.symbol)].add(row.sequence)
                case _:
                    pass
    return found
