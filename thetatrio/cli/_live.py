"""A table of live data that changes in its place: a line for each contract, losses beneath."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

import trio
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from thetatrio import Stream
from thetatrio._stream.buffer import market_time_of
from thetatrio.cli import _tables as table_columns
from thetatrio.cli._words import StreamKind, cell_text, clock_text, notice_text
from thetatrio.contracts import Contract
from thetatrio.events import (
    Dropped,
    Event,
    Following,
    Gap,
    JoinedTrade,
    Lost,
    MarketValue,
    Notice,
    Ohlc,
    Price,
    Quote,
    Replayed,
    StreamEvent,
    Trade,
    Undecodable,
)

__all__ = ["COLUMNS", "QUOTE", "TRADE", "Column", "LiveTable", "Losses"]


class Column(NamedTuple):
    """A column: what of which kind of event."""

    heading: str
    kind: type[Event]
    field: str


QUOTE: Final = tuple(
    Column("size" if name.endswith("size") else name, Quote, name)
    for name in ("bid_size", "bid", "ask", "ask_size")
)
TRADE: Final = tuple(Column(name, Trade, name) for name in ("price", "size"))
_OHLC: Final = ("open", "high", "low", "close", "volume", "count")
_VALUES: Final = ("market_bid", "market_ask", "market_price")

COLUMNS: Final[dict[StreamKind, tuple[Column, ...]]] = {
    "quotes": QUOTE,
    "trades": TRADE,
    "ohlc": tuple(
        Column("trades" if name == "count" else name, Ohlc, name) for name in _OHLC
    ),
    "prices": (Column("price", Price, "price"),),
    "market-values": tuple(
        Column(name.removeprefix("market_"), MarketValue, name) for name in _VALUES
    ),
    "full-trades": (*TRADE, *QUOTE),
}  # fmt: skip
"""What of each kind of stream is shown."""

_Told: TypeAlias = Quote | Trade | Ohlc | Price | MarketValue

# Columns that a narrow window leaves out after "/s" (1) and "events" (2); the time is 5.
_RANKS: Final = {"count": 3, "bid_size": 3, "ask_size": 3, "size": 4, "volume": 4}
_SMOOTHED: Final = 3.0  # seconds over which the rate is smoothed
_KEPT: Final = 1_000  # lines of contracts that are not known from the beginning
_AROUND: Final = 9  # lines of the screen that are no contract's
_SHOWN: Final = 40  # lines where there is no screen


class _Line:
    def __init__(self) -> None:
        self.newest: dict[type[Event], Event] = {}
        self.last: _Told | None = None
        self.count = 0
        self.rate = 0.0
        self.counted = 0
        """Events at the last look."""


class Losses:
    """What is missing of a feed, in a line."""

    def __init__(self) -> None:
        self.gaps: list[Gap] = []
        """Those told, the last 1,000 of them."""
        self._lost: Lost | None = None
        self._dropped = self._replayed = self._undecodable = 0

    def take(self, notice: Notice) -> None:
        """Count a notice."""
        match notice:
            case Lost():
                self._lost = notice
            case Gap():
                self._lost = None
                self.gaps = [*self.gaps[-999:], notice]
            case Dropped(count=count):
                self._dropped += count
            case Replayed(count=count):
                self._replayed += count
            case Undecodable(count=count):
                self._undecodable += count

    def __str__(self) -> str:
        told: list[str] = []
        if self._lost is not None:
            told.append(notice_text(self._lost))
        if self.gaps:
            number = "1 gap, " if len(self.gaps) == 1 else f"{len(self.gaps)} gaps, the last "
            told.append(number + notice_text(self.gaps[-1]).removeprefix("gap "))
        for count, words in (
            (self._dropped, "events dropped, not read in time"),
            (self._replayed, "events repeated by the terminal"),
            (self._undecodable, "frames could not be read"),
        ):
            if count:
                told.append(f"{count:,} {words}")
        return "; ".join(told) or "none"


class LiveTable:
    """The newest of each contract. Given to `rich.live.Live`, which draws it anew.

    Args:
        columns: what of the events is shown.
        contracts: those that are known, in their order; where there are none, those
            that come are shown, the one of the newest event first.
        stream: whose state is told.
    """

    def __init__(
        self, columns: Sequence[Column], contracts: Iterable[Contract], stream: Stream
    ) -> None:
        self._columns = columns
        self._stream = stream
        self._lines: dict[Contract, _Line] = {contract: _Line() for contract in contracts}
        self._by_newest = not self._lines
        self._began = self._drawn = trio.current_time()
        self._events = 0
        self.losses: Losses = Losses()
        """What is missing."""

    def take(self, entry: StreamEvent | Notice) -> None:
        """Take an event or a notice in."""
        match entry:
            case JoinedTrade(trade=trade, quote=quote):
                line = self._count(trade)
                if quote is not None:
                    line.newest[Quote] = quote
            case Following(quote=quote):
                self._count(quote)
            case Quote() | Trade() | Ohlc() | Price() | MarketValue():
                self._count(entry)
            case _:
                self.losses.take(entry)

    def _count(self, event: _Told) -> _Line:
        lines = self._lines
        line = lines.get(event.contract)
        if line is None:
            line = lines[event.contract] = _Line()
            if len(lines) > _KEPT:
                del lines[next(iter(lines))]
        elif self._by_newest:
            lines[event.contract] = lines.pop(event.contract)
        line.newest[type(event)] = line.last = event
        line.count += 1
        self._events += 1
        return line

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it as it is now."""
        self._measure_rates()
        # Rates begin at 0; this is how much of the time before that has been forgotten.
        known = 1 - math.exp(-max(0.001, self._drawn - self._began) / _SMOOTHED)
        room = max(1, console.height - _AROUND) if console.is_terminal else _SHOWN
        if not self._by_newest:
            room = room if console.is_terminal else len(self._lines)
        columns = (
            table_columns.Column("contract", "left", "bold"),
            *(table_columns.Column(c.heading, rank=_RANKS.get(c.field)) for c in self._columns),
            table_columns.Column("New York", "left", rank=5),
            table_columns.Column("events", rank=2),
            table_columns.Column("/s", rank=1),
        )
        lines = reversed(self._lines.items()) if self._by_newest else self._lines.items()
        rows = [
            (
                str(contract),
                *(self._cell(line, column) for column in self._columns),
                "" if line.last is None else clock_text(market_time_of(line.last)),
                f"{line.count:,}",
                f"{line.rate / known:.1f}",
            )
            for contract, line in islice(lines, room)
        ]
        yield table_columns.make_table(
            columns, rows, options.max_width, table_columns.COMPACT, header_style="bold underline"
        )
        hidden = len(self._lines) - room
        if hidden > 0:
            yield Text(f"and {hidden:,} contracts more")
        yield Text(self._summary(), overflow="fold")
        yield Text(f"losses: {self.losses}", overflow="fold")

    @staticmethod
    def _cell(line: _Line, column: Column) -> str:
        event = line.newest.get(column.kind)
        if event is None:
            return ""
        value: object = getattr(event, column.field)
        return f"{value:.2f}" if isinstance(value, float) and _is_cents(value) else cell_text(value)

    def _summary(self) -> str:
        state = self._stream.statistics().state
        attempt = f" (attempt {state.attempt})" if state.attempt else ""
        return (
            f"{self._events:,} events in {trio.current_time() - self._began:.0f} s;"
            f" {state.name}{attempt}"
        )

    def _measure_rates(self) -> None:
        now = trio.current_time()
        passed, self._drawn = now - self._drawn, now
        if passed <= 0:
            return
        share = 1 - math.exp(-passed / _SMOOTHED)
        for line in self._lines.values():
            line.rate += ((line.count - line.counted) / passed - line.rate) * share
            line.counted = line.count


def _is_cents(value: float) -> bool:
    return round(value, 2) == round(value, 4)
