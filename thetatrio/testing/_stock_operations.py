"""Stock, index and calendar operations: declarations, and the rows of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

from thetatrio.config import Tier
from thetatrio.testing import _parameters as given
from thetatrio.testing._calendar import FIRST_YEAR, LAST_YEAR, close_ms, holidays
from thetatrio.testing._instruments import STOCKS
from thetatrio.testing._market import Market
from thetatrio.testing._operations import Arguments, Column, Group, Kind, Operation
from thetatrio.testing._tape import bars

QUOTE_COLUMNS: Final[tuple[Column, ...]] = (
    ("bid_size", Kind.INTEGER),
    ("bid_exchange", Kind.INTEGER),
    ("bid", Kind.DOLLARS),
    ("bid_condition", Kind.INTEGER),
    ("ask_size", Kind.INTEGER),
    ("ask_exchange", Kind.INTEGER),
    ("ask", Kind.DOLLARS),
    ("ask_condition", Kind.INTEGER),
)

# No instrument has more trades or changes of value in a day.
_TICKS_A_DAY: Final = 25_000


def days_of(market: Market, arguments: Arguments) -> Sequence[dt.date]:
    """Return the trading days a request asks for, those that have happened only."""
    span = arguments.span
    return market.days(*span) if span is not None else ()


def stamps_of(arguments: Arguments, last: int) -> range:
    """Return the interval stamps of a day, from start to end inclusive, as milliseconds."""
    step = max(1, arguments.interval)
    return range(arguments.start_time, min(arguments.end_time, last) + 1, step)


def _stamp_count(market: Market, arguments: Arguments, date: dt.date) -> int:
    if arguments.interval == 0:
        return _TICKS_A_DAY
    return len(stamps_of(arguments, market.session(date, options=False)[1]))


def _stock_symbols(market: Market, arguments: Arguments) -> Iterator[Group]:
    del arguments
    yield Group(None, market.day, [(symbol,) for symbol in sorted(STOCKS)])


def _stock_eod(market: Market, arguments: Arguments) -> Iterator[Group]:
    symbol = arguments.symbol
    if not market.has_stock(symbol):
        return
    for day in days_of(market, arguments):
        tape = market.stock(symbol, day)
        close = close_ms(day)
        created = market.created_ms(symbol, day)
        # The closing quote, a cent around the close: no intraday path is needed for it.
        last = tape.summary.close
        row = (created, close, *tape.summary, tape.volume, tape.count)
        yield Group(None, day, [(*row, 3, 7, max(0.01, last - 0.01), 0, 2, 1, last + 0.01, 0)])


def _stock_ohlc(market: Market, arguments: Arguments) -> Iterator[Group]:
    symbol = arguments.symbol
    if not market.has_stock(symbol):
        return
    for day in days_of(market, arguments):
        trades = market.stock(symbol, day).trades
        end = min(arguments.end_time, close_ms(day))
        if arguments.interval == 0:
            inside = (trade for trade in trades if arguments.start_time <= trade.ms <= end)
            rows: Sequence[Sequence[object]] = [
                (*(trade.ms, *[trade.price] * 4), trade.size, 1, trade.price) for trade in inside
            ]
        else:
            rows = list(bars(trades, arguments.start_time, end, arguments.interval))
        if rows:
            yield Group(None, day, rows)


def _stock_snapshot_quote(market: Market, arguments: Arguments) -> Iterator[Group]:
    if not market.is_open_today():
        return
    wanted = sorted(STOCKS) if arguments.symbols is None else arguments.symbols
    rows: list[Sequence[object]] = []
    for symbol in wanted:
        if market.has_stock(symbol):
            quote = market.stock_snapshot(symbol)
            if quote.ms >= arguments.min_time:
                rows.append((quote.ms, symbol, *quote[1:]))
    if rows:
        yield Group(None, market.day, rows)


def _index_price(market: Market, arguments: Arguments) -> Iterator[Group]:
    symbol = arguments.symbol
    if not market.has_index(symbol):
        return
    for day in days_of(market, arguments):
        first, last = market.session(day, options=False)
        values = market.index_values(symbol, day)
        if arguments.interval == 0:
            rows = [
                (first + second * 1000, value)
                for second, value in enumerate(values)
                if second and value != values[second - 1]
            ]
            rows = [row for row in rows if arguments.start_time <= row[0] <= arguments.end_time]
        else:
            stamps = stamps_of(arguments, last)
            rows = [(ms, values[(ms - first) // 1000] if ms >= first else 0.0) for ms in stamps]
        if rows:
            yield Group(None, day, rows)


def _year_holidays(market: Market, arguments: Arguments) -> Iterator[Group]:
    if not FIRST_YEAR <= arguments.year <= LAST_YEAR:
        return
    rows = [
        (day.date.isoformat(), "early_close", "09:30:00", "13:00:00")
        if day.early
        else (day.date.isoformat(), "full_close", None, None)
        for day in holidays(arguments.year)
    ]
    yield Group(None, market.day, rows)


STOCK_OPERATIONS: Final = (
    Operation(
        name="stock_list_symbols",
        path="/v3/stock/list/symbols",
        tier=Tier.FREE,
        parameters=(given.FORMAT,),
        columns=(("symbol", Kind.TEXT),),
        groups=_stock_symbols,
    ),
    Operation(
        name="stock_history_eod",
        path="/v3/stock/history/eod",
        tier=Tier.FREE,
        parameters=(given.SYMBOL, *given.THE_RANGE, given.FORMAT),
        columns=(
            ("created", Kind.CLOCK),
            ("last_trade", Kind.CLOCK),
            ("open", Kind.STOCK_PRICE),
            ("high", Kind.STOCK_PRICE),
            ("low", Kind.STOCK_PRICE),
            ("close", Kind.STOCK_PRICE),
            ("volume", Kind.INTEGER),
            ("count", Kind.INTEGER),
            ("bid_size", Kind.INTEGER),
            ("bid_exchange", Kind.INTEGER),
            ("bid", Kind.STOCK_PRICE),
            ("bid_condition", Kind.INTEGER),
            ("ask_size", Kind.INTEGER),
            ("ask_exchange", Kind.INTEGER),
            ("ask", Kind.STOCK_PRICE),
            ("ask_condition", Kind.INTEGER),
        ),
        groups=_stock_eod,
        rows_a_day=lambda market, arguments, date: 1,  # noqa: ARG005
        span="dates",
        limited_history=True,
    ),
    Operation(
        name="stock_history_ohlc",
        path="/v3/stock/history/ohlc",
        tier=Tier.VALUE,
        parameters=(
            given.SYMBOL,
            given.DATE,
            *given.RANGE,
            given.INTERVAL,
            *given.TIMES,
            given.VENUE,
            given.FORMAT,
        ),
        columns=(
            ("timestamp", Kind.CLOCK),
            ("open", Kind.STOCK_PRICE),
            ("high", Kind.STOCK_PRICE),
            ("low", Kind.STOCK_PRICE),
            ("close", Kind.STOCK_PRICE),
            ("volume", Kind.INTEGER),
            ("count", Kind.INTEGER),
            ("vwap", Kind.DOLLARS),
        ),
        groups=_stock_ohlc,
        rows_a_day=_stamp_count,
        span="days",
        limited_history=True,
    ),
    Operation(
        name="stock_snapshot_quote",
        path="/v3/stock/snapshot/quote",
        tier=Tier.VALUE,
        parameters=(given.SYMBOLS, given.VENUE, given.MIN_TIME, given.FORMAT),
        columns=(("timestamp", Kind.CLOCK), ("symbol", Kind.TEXT), *QUOTE_COLUMNS),
        groups=_stock_snapshot_quote,
        counted=False,
    ),
    Operation(
        name="index_history_price",
        path="/v3/index/history/price",
        tier=Tier.VALUE,
        parameters=(
            given.SYMBOL,
            given.DATE,
            *given.RANGE,
            given.INTERVAL,
            *given.TIMES,
            given.FORMAT,
        ),
        columns=(("timestamp", Kind.CLOCK), ("price", Kind.INDEX_PRICE)),
        groups=_index_price,
        rows_a_day=_stamp_count,
        span="days",
        limited_history=True,
    ),
    Operation(
        name="calendar_year",
        path="/v3/calendar/year_holidays",
        tier=Tier.VALUE,
        parameters=(given.YEAR, given.FORMAT),
        columns=(
            ("date", Kind.TEXT),
            ("type", Kind.TEXT),
            ("open", Kind.NULLABLE),
            ("close", Kind.NULLABLE),
        ),
        groups=_year_holidays,
    ),
)
