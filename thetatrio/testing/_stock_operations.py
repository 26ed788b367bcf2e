"""Stock operations: declarations, and the rows of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from thetatrio.config import Tier
from thetatrio.testing import _columns as columns
from thetatrio.testing import _parameters as given
from thetatrio.testing._calendar import close_ms, trading_days
from thetatrio.testing._instruments import STOCKS
from thetatrio.testing._market import Market
from thetatrio.testing._operations import Arguments, Group, Kind, Operation, Parameter, Row
from thetatrio.testing._rows import (
    bar_rows,
    days_of,
    one_a_day,
    stamps_of,
    tick_or_stamp_count,
    trade_quote_rows,
    trades_of,
)
from thetatrio.testing._tape import StockTape, last_trade, market_value

_Rows: TypeAlias = Callable[[StockTape, Arguments, int], "list[Row]"]


def eod_row(market: Market, symbol: str, tape: StockTape) -> Row:
    """Return a stock's end-of-day report; no intraday path is needed for it."""
    created = market.created_ms(symbol, tape.date)
    day = (*tape.summary, tape.volume, tape.count)
    return (created, close_ms(tape.date), *day, *tape.closing_quote()[1:])


def _symbols(market: Market, arguments: Arguments) -> Iterator[Group]:
    del arguments
    yield Group(None, market.day, [(symbol,) for symbol in sorted(STOCKS)])


def _dates(market: Market, arguments: Arguments) -> Iterator[Group]:
    wanted = STOCKS if arguments.symbols is None else arguments.symbols
    if any(market.has_stock(symbol) for symbol in wanted):
        days = market.days(trading_days()[0], market.day)
        yield Group(None, market.day, [(day.isoformat(),) for day in days])


def _eod(market: Market, arguments: Arguments) -> Iterator[Group]:
    symbol = arguments.symbol
    if market.has_stock(symbol):
        for day in days_of(market, arguments):
            row = eod_row(market, symbol, market.stock(symbol, day))
            yield Group(None, day, [row])


def _history(rows: _Rows) -> Callable[[Market, Arguments], Iterator[Group]]:
    def groups(market: Market, arguments: Arguments) -> Iterator[Group]:
        if not market.has_stock(arguments.symbol):
            return
        for day in days_of(market, arguments):
            found = rows(market.stock(arguments.symbol, day), arguments, close_ms(day))
            if found:
                yield Group(None, day, found)

    return groups


def _snapshot(rows: _Rows) -> Callable[[Market, Arguments], Iterator[Group]]:
    def groups(market: Market, arguments: Arguments) -> Iterator[Group]:
        if not market.is_open_today():
            return
        wanted = sorted(STOCKS) if arguments.symbols is None else arguments.symbols
        found: list[Row] = []
        for symbol in wanted:
            if market.has_stock(symbol):
                tape = market.stock(symbol, market.day)
                for ms, *values in rows(tape, arguments, close_ms(market.day)):
                    if isinstance(ms, int) and ms >= arguments.min_time:
                        found.append((ms, symbol, *values))
        if found:
            yield Group(None, market.day, found)

    return groups


def _bars(tape: StockTape, arguments: Arguments, close: int) -> list[Row]:
    return list(bar_rows(tape.trades, arguments, close))


def _trades(tape: StockTape, arguments: Arguments, close: int) -> list[Row]:
    del close
    return list(trades_of(tape, arguments))


def _quotes(tape: StockTape, arguments: Arguments, close: int) -> list[Row]:
    if arguments.interval:
        return [tape.quote(ms) for ms in stamps_of(arguments, close)]
    return list(tape.quote_changes(arguments.start_time, arguments.end_time))


def _trade_quotes(tape: StockTape, arguments: Arguments, close: int) -> list[Row]:
    del close
    return list(trade_quote_rows(tape, arguments))


def _trade_at(tape: StockTape, arguments: Arguments, close: int) -> list[Row]:
    del close
    trade = last_trade(tape.trades, arguments.time_of_day)
    return [] if trade is None else [trade]


def _quote_at(tape: StockTape, arguments: Arguments, close: int) -> list[Row]:
    del close
    quote = tape.quote_before(arguments.time_of_day)
    return [] if quote is None else [quote]


def _day_so_far(tape: StockTape, arguments: Arguments, close: int) -> list[Row]:
    del arguments
    return [(close, *tape.summary, tape.volume, tape.count)]


def _last_trade(tape: StockTape, arguments: Arguments, close: int) -> list[Row]:
    del arguments, close
    trade = tape.trades[-1]
    return [(trade.ms, trade.sequence, trade.size, trade.condition, trade.price)]


def _last_quote(tape: StockTape, arguments: Arguments, close: int) -> list[Row]:
    del arguments, close
    return [tape.closing_quote()]


def _value(tape: StockTape, arguments: Arguments, close: int) -> list[Row]:
    del arguments, close
    quote = tape.closing_quote()
    return [(quote.ms, quote.bid, quote.ask, market_value(quote))]


def _declared_snapshot(name: str, tier: Tier, values: columns.Columns, rows: _Rows) -> Operation:
    return Operation(
        name=f"stock_snapshot_{name}",
        path=f"/v3/stock/snapshot/{name}",
        tier=tier,
        parameters=(
            given.SYMBOLS,
            given.VENUE,
            given.MIN_TIME,
            given.CURRENT_DAY_ONLY,
            given.FORMAT,
        ),
        columns=(columns.TIMESTAMP, ("symbol", Kind.TEXT), *values),
        groups=_snapshot(rows),
        counted=False,
    )


def _declared_history(
    name: str,
    tier: Tier,
    more: tuple[Parameter, ...],
    values: columns.Columns,
    rows: _Rows,
) -> Operation:
    return Operation(
        name=f"stock_history_{name}",
        path=f"/v3/stock/history/{name}",
        tier=tier,
        parameters=(
            given.SYMBOL,
            given.DATE,
            *given.RANGE,
            *given.TIMES,
            given.VENUE,
            *more,
            given.FORMAT,
        ),
        columns=values,
        groups=_history(rows),
        rows_a_day=tick_or_stamp_count,
        span="days",
        limited_history=True,
    )


def _declared_at_time(name: str, tier: Tier, values: columns.Columns, rows: _Rows) -> Operation:
    return Operation(
        name=f"stock_at_time_{name}",
        path=f"/v3/stock/at_time/{name}",
        tier=tier,
        parameters=(given.SYMBOL, *given.THE_RANGE, given.TIME_OF_DAY, given.VENUE, given.FORMAT),
        columns=(columns.TIMESTAMP, *values),
        groups=_history(rows),
        rows_a_day=one_a_day,
        span="dates",
        limited_history=True,
    )


_TRADE: Final = columns.trade(Kind.STOCK_PRICE)

STOCK_OPERATIONS: Final = (
    Operation(
        name="stock_list_symbols",
        path="/v3/stock/list/symbols",
        tier=Tier.FREE,
        parameters=(given.FORMAT,),
        columns=(("symbol", Kind.TEXT),),
        groups=_symbols,
    ),
    Operation(
        name="stock_list_dates",
        path="/v3/stock/list/dates/{request_type}",
        request_types=("trade", "quote"),
        tier=Tier.FREE,
        parameters=(given.SYMBOLS, given.FORMAT),
        columns=(("date", Kind.TEXT),),
        groups=_dates,
    ),
    _declared_snapshot("ohlc", Tier.VALUE, columns.day(Kind.STOCK_PRICE), _day_so_far),
    _declared_snapshot(
        "trade",
        Tier.STANDARD,
        (
            ("sequence", Kind.INTEGER),
            ("size", Kind.INTEGER),
            ("condition", Kind.INTEGER),
            ("price", Kind.STOCK_PRICE),
        ),
        _last_trade,
    ),
    _declared_snapshot("quote", Tier.VALUE, columns.quote(), _last_quote),
    _declared_snapshot("market_value", Tier.STANDARD, columns.market_value(), _value),
    Operation(
        name="stock_history_eod",
        path="/v3/stock/history/eod",
        tier=Tier.FREE,
        parameters=(given.SYMBOL, *given.THE_RANGE, given.FORMAT),
        columns=columns.end_of_day(Kind.STOCK_PRICE),
        groups=_eod,
        rows_a_day=one_a_day,
        span="dates",
        limited_history=True,
    ),
    _declared_history("ohlc", Tier.VALUE, (given.INTERVAL,), columns.bar(Kind.STOCK_PRICE), _bars),
    _declared_history("trade", Tier.STANDARD, (), (columns.TIMESTAMP, *_TRADE), _trades),
    _declared_history(
        "quote", Tier.VALUE, (given.INTERVAL,), (columns.TIMESTAMP, *columns.quote()), _quotes
    ),
    _declared_history(
        "trade_quote",
        Tier.STANDARD,
        (given.EXCLUSIVE, given.TIME_BASED),
        columns.trade_quote(Kind.STOCK_PRICE),
        _trade_quotes,
    ),
    _declared_at_time("trade", Tier.STANDARD, _TRADE, _trade_at),
    _declared_at_time("quote", Tier.VALUE, columns.quote(), _quote_at),
)
