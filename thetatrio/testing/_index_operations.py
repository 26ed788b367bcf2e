"""Index operations: declarations, and the rows of each."""

from __future__ import annotations

import bisect
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from thetatrio.config import Tier
from thetatrio.testing import _columns as columns
from thetatrio.testing import _parameters as given
from thetatrio.testing._calendar import OPEN_MS, close_ms, trading_days
from thetatrio.testing._instruments import INDICES
from thetatrio.testing._market import Market
from thetatrio.testing._operations import Arguments, Group, Kind, Operation, Row
from thetatrio.testing._rows import (
    bar_rows,
    days_of,
    one_a_day,
    stamps_of,
    tick_or_stamp_count,
)
from thetatrio.testing._tape import Trade

# What an index's report has for a quote: it has none.
_NO_QUOTE: Final = (0, 0, 0.0, 0) * 2
_EXCHANGE: Final = 5


def _symbols(market: Market, arguments: Arguments) -> Iterator[Group]:
    del arguments
    yield Group(None, market.day, [(symbol,) for symbol in sorted(INDICES)])


def _dates(market: Market, arguments: Arguments) -> Iterator[Group]:
    wanted = INDICES if arguments.symbols is None else arguments.symbols
    if any(market.has_index(symbol) for symbol in wanted):
        days = market.days(trading_days()[0], market.day)
        yield Group(None, market.day, [(day.isoformat(),) for day in days])


def _print(ms: int, value: float) -> Trade:
    # A change of value as the terminal shows it among trades: nothing is traded.
    return Trade(ms, 0, 255, 255, 255, 255, 0, 0, _EXCHANGE, value)


def _snapshot(
    values: Callable[[Market, str, float], Row],
) -> Callable[[Market, Arguments], Iterator[Group]]:
    def groups(market: Market, arguments: Arguments) -> Iterator[Group]:
        if not market.is_open_today():
            return
        wanted = sorted(INDICES) if arguments.symbols is None else arguments.symbols
        rows: list[Row] = []
        for symbol in wanted:
            if market.has_index(symbol):
                ms, value = market.index_ticks(symbol, market.day)[-1]
                if ms >= arguments.min_time:
                    rows.append((ms, symbol, *values(market, symbol, value)))
        if rows:
            yield Group(None, market.day, rows)

    return groups


def eod_rows(market: Market, symbol: str, day: dt.date) -> Sequence[Row]:
    """Return an index's end-of-day report of a day; no intraday path is needed for it."""
    created = market.created_ms(symbol, day)
    return [(created, close_ms(day), *market.paths.summary(symbol, day), 0, 0, *_NO_QUOTE)]


def _eod(market: Market, arguments: Arguments) -> Iterator[Group]:
    if market.has_index(arguments.symbol):
        for day in days_of(market, arguments):
            yield Group(None, day, eod_rows(market, arguments.symbol, day))


def _ohlc(market: Market, arguments: Arguments) -> Iterator[Group]:
    symbol = arguments.symbol
    if not market.has_index(symbol):
        return
    for day in days_of(market, arguments):
        ticks = [_print(*tick) for tick in market.index_ticks(symbol, day)]
        # Neither volume nor count: what is folded are values.
        rows = [(*row[:5], 0, 0, 0.0) for row in bar_rows(ticks, arguments, close_ms(day))]
        if rows:
            yield Group(None, day, rows)


def _price(market: Market, arguments: Arguments) -> Iterator[Group]:
    symbol = arguments.symbol
    if not market.has_index(symbol):
        return
    for day in days_of(market, arguments):
        first, last = OPEN_MS, close_ms(day)
        if arguments.interval == 0:
            start, end = arguments.start_time, arguments.end_time
            rows = [tick for tick in market.index_ticks(symbol, day) if start <= tick[0] <= end]
        else:
            values = market.index_values(symbol, day)
            stamps = stamps_of(arguments, last)
            rows = [(ms, values[(ms - first) // 1000] if ms >= first else 0.0) for ms in stamps]
        if rows:
            yield Group(None, day, rows)


def _at_time(market: Market, arguments: Arguments) -> Iterator[Group]:
    symbol = arguments.symbol
    if not market.has_index(symbol):
        return
    for day in days_of(market, arguments):
        ticks = market.index_ticks(symbol, day)
        at = bisect.bisect_right(ticks, arguments.time_of_day, key=lambda tick: tick[0])
        if at:
            yield Group(None, day, [_print(*ticks[at - 1])])


def _day_so_far(market: Market, symbol: str, value: float) -> Row:
    del value
    return (*market.paths.summary(symbol, market.day), 0, 0)


def _value(market: Market, symbol: str, value: float) -> Row:
    del market, symbol
    return (value,)


def _declared_snapshot(
    name: str, shown: columns.Columns, values: Callable[[Market, str, float], Row]
) -> Operation:
    return Operation(
        name=f"index_snapshot_{name}",
        path=f"/v3/index/snapshot/{name}",
        tier=Tier.STANDARD,
        parameters=(given.SYMBOLS, given.MIN_TIME, given.CURRENT_DAY_ONLY, given.FORMAT),
        columns=(columns.TIMESTAMP, ("symbol", Kind.TEXT), *shown),
        groups=_snapshot(values),
        counted=False,
    )


INDEX_OPERATIONS: Final = (
    Operation(
        name="index_list_symbols",
        path="/v3/index/list/symbols",
        tier=Tier.FREE,
        parameters=(given.FORMAT,),
        columns=(("symbol", Kind.TEXT),),
        groups=_symbols,
    ),
    Operation(
        name="index_list_dates",
        path="/v3/index/list/dates",
        tier=Tier.FREE,
        parameters=(given.SYMBOLS, given.FORMAT),
        columns=(("date", Kind.TEXT),),
        groups=_dates,
    ),
    _declared_snapshot("ohlc", columns.day(), _day_so_far),
    _declared_snapshot("price", (("price", Kind.DOLLARS),), _value),
    _declared_snapshot("market_value", (("market_price", Kind.DOLLARS),), _value),
    Operation(
        name="index_history_eod",
        path="/v3/index/history/eod",
        tier=Tier.FREE,
        parameters=(given.SYMBOL, *given.THE_RANGE, given.FORMAT),
        columns=columns.end_of_day(),
        groups=_eod,
        rows_a_day=one_a_day,
        span="dates",
        limited_history=True,
    ),
    Operation(
        name="index_history_ohlc",
        path="/v3/index/history/ohlc",
        tier=Tier.STANDARD,
        parameters=(given.SYMBOL, *given.THE_RANGE, given.INTERVAL, *given.TIMES, given.FORMAT),
        columns=columns.bar(),
        groups=_ohlc,
        rows_a_day=tick_or_stamp_count,
        span="days",
        limited_history=True,
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
        columns=(columns.TIMESTAMP, ("price", Kind.INDEX_PRICE)),
        groups=_price,
        rows_a_day=tick_or_stamp_count,
        span="days",
        limited_history=True,
    ),
    Operation(
        name="index_at_time_price",
        path="/v3/index/at_time/price",
        tier=Tier.VALUE,
        parameters=(given.SYMBOL, *given.THE_RANGE, given.TIME_OF_DAY, given.FORMAT),
        columns=(columns.TIMESTAMP, *columns.trade()),
        groups=_at_time,
        rows_a_day=one_a_day,
        span="dates",
        limited_history=True,
    ),
)
