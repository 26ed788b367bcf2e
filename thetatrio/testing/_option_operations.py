"""Option lists, history and moments: declarations, and the rows of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from thetatrio.config import Tier
from thetatrio.testing import _columns as columns
from thetatrio.testing import _parameters as given
from thetatrio.testing._chains import Listed
from thetatrio.testing._market import Market
from thetatrio.testing._operations import Arguments, Group, Kind, Operation, Parameter, Row
from thetatrio.testing._options import OptionTape
from thetatrio.testing._rows import (
    bar_rows,
    contract_days,
    contracts_of,
    days_of,
    one_a_contract,
    option_stamp_count,
    option_trade_count,
    stamps_of,
    trade_quote_rows,
    trades_of,
)
from thetatrio.testing._seeding import random_stream
from thetatrio.testing._tape import bars, last_trade

_Rows: TypeAlias = Callable[[OptionTape, Arguments, int], "list[Row]"]
_Groups: TypeAlias = Callable[[Market, Arguments], Iterator[Group]]


def day_so_far(tape: OptionTape) -> Row:
    """Return a day's open, high, low, close, volume and count; zeros where nothing traded."""
    whole = next(bars(tape.trades, 0, 86_400_000, 86_400_001))
    return whole[1:7]


def eod_row(market: Market, contract: Listed, tape: OptionTape) -> Row:
    """Return an option's end-of-day report; the last trade's time is midnight without one."""
    created = market.created_ms(*contract, tape.date)
    last = tape.trades[-1].ms if tape.trades else 0
    return (created, last, *day_so_far(tape), *tape.last_quote()[1:])


def _symbols(market: Market, arguments: Arguments) -> Iterator[Group]:
    del arguments
    yield Group(None, market.day, [(root,) for root in market.roots()])


def _roots(market: Market, arguments: Arguments) -> list[str]:
    wanted = market.roots() if arguments.symbols is None else arguments.symbols
    return [root for root in wanted if market.has_root(root)]


def _expirations(market: Market, arguments: Arguments) -> Iterator[Group]:
    rows = [
        (root, date.isoformat())
        for root in _roots(market, arguments)
        for date in market.chains.expirations(root, market.day)
    ]
    if rows:
        yield Group(None, market.day, rows)


def _strikes(market: Market, arguments: Arguments) -> Iterator[Group]:
    expiration = arguments.expiration
    if expiration is None:
        return
    rows: list[Row] = []
    for root in _roots(market, arguments):
        strikes = {
            listed.strike
            for day in market.chains.listing_days(root, expiration, market.day)
            for listed in market.listed(root, day)
            if listed.expiration == expiration
        }
        # In no order, as the terminal's: the same one each time.
        mixed = sorted(strikes)
        random_stream(market.seed, "strikes", root, expiration).shuffle(mixed)
        rows += [(root, strike / 1000) for strike in mixed]
    if rows:
        yield Group(None, market.day, rows)


def _dates(market: Market, arguments: Arguments) -> Iterator[Group]:
    root, expiration = arguments.symbol, arguments.expiration
    if not market.has_root(root) or expiration is None:
        return
    traded = arguments.request_type == "trade"
    days = [
        day
        for day in market.chains.listing_days(root, expiration, market.day)
        if any(
            not traded or market.option(contract, day).count
            for contract in contracts_of(market, arguments, day)
        )
    ]
    if days:
        yield Group(None, market.day, [(day.isoformat(),) for day in days])


def _contracts(market: Market, arguments: Arguments) -> Iterator[Group]:
    for day in days_of(market, arguments):
        for root in _roots(market, arguments):
            chain = [
                listed
                for listed in market.listed(root, day)
                if arguments.max_dte is None or (listed.expiration - day).days <= arguments.max_dte
            ]
            if arguments.request_type == "trade":
                chain = [listed for listed in chain if market.option(listed, day).count]
            rows = [
                (listed.root, listed.expiration.isoformat(), listed.strike / 1000, listed.right)
                for listed in chain
            ]
            if rows:
                yield Group(None, day, rows)


def _by_day(rows: _Rows) -> _Groups:
    def groups(market: Market, arguments: Arguments) -> Iterator[Group]:
        for contract, day, tape in contract_days(market, arguments):
            found = rows(tape, arguments, market.session(day, options=True)[1])
            if found:
                yield Group(contract, day, found)

    return groups


def _eod(market: Market, arguments: Arguments) -> Iterator[Group]:
    for contract, day, tape in contract_days(market, arguments):
        yield Group(contract, day, [eod_row(market, contract, tape)])


def _open_interest(market: Market, arguments: Arguments) -> Iterator[Group]:
    for contract, day, _ in contract_days(market, arguments):
        held = market.open_interest.held(contract, day)
        if held:
            yield Group(contract, day, [(market.open_interest.stamp(contract, day), held)])


def _bars(tape: OptionTape, arguments: Arguments, close: int) -> list[Row]:
    return list(bar_rows(tape.trades, arguments, close)) if tape.trades else []


def _trades(tape: OptionTape, arguments: Arguments, close: int) -> list[Row]:
    del close
    return list(trades_of(tape, arguments))


def _quotes(tape: OptionTape, arguments: Arguments, close: int) -> list[Row]:
    if arguments.interval:
        return list(tape.quotes(stamps_of(arguments, close)))
    return list(tape.quote_changes(arguments.start_time, min(arguments.end_time, close)))


def _trade_quotes(tape: OptionTape, arguments: Arguments, close: int) -> list[Row]:
    del close
    return list(trade_quote_rows(tape, arguments))


def _trade_at(tape: OptionTape, arguments: Arguments, close: int) -> list[Row]:
    del close
    trade = last_trade(tape.trades, arguments.time_of_day)
    return [] if trade is None else [trade]


def _quote_at(tape: OptionTape, arguments: Arguments, close: int) -> list[Row]:
    del close
    quote = tape.quote_before(arguments.time_of_day)
    return [] if quote is None else [quote]


def _declared_history(
    name: str,
    tier: Tier,
    parameters: tuple[Parameter, ...],
    values: columns.Columns,
    rows: _Rows,
) -> Operation:
    return Operation(
        name=f"option_history_{name}",
        path=f"/v3/option/history/{name}",
        tier=tier,
        parameters=(*parameters, given.DATE, *given.RANGE, *given.TIMES, given.FORMAT),
        columns=(*columns.CONTRACT, *values),
        groups=_by_day(rows),
        rows_a_day=option_stamp_count if given.INTERVAL in parameters else option_trade_count,
        span="days",
        limited_history=True,
        by_contract=True,
    )


def _declared_daily(
    name: str, tier: Tier, dates: tuple[Parameter, ...], values: columns.Columns, groups: _Groups
) -> Operation:
    return Operation(
        name=f"option_{name.replace('/', '_')}",
        path=f"/v3/option/{name}",
        tier=tier,
        parameters=(*given.CONTRACT, *dates, *given.CHAIN, given.FORMAT),
        columns=(*columns.CONTRACT, *values),
        groups=groups,
        rows_a_day=one_a_contract,
        span="dates",
        limited_history=True,
        by_contract=True,
    )


_STAMPED_TRADE: Final = (columns.TIMESTAMP, *columns.trade())
_STAMPED_QUOTE: Final = (columns.TIMESTAMP, *columns.quote())
_MOMENTS: Final = (*given.THE_RANGE, given.TIME_OF_DAY)

OPTION_OPERATIONS: Final = (
    Operation(
        name="option_list_symbols",
        path="/v3/option/list/symbols",
        tier=Tier.FREE,
        parameters=(given.FORMAT,),
        columns=(("symbol", Kind.TEXT),),
        groups=_symbols,
    ),
    Operation(
        name="option_list_dates",
        path="/v3/option/list/dates/{request_type}",
        request_types=("trade", "quote"),
        tier=Tier.FREE,
        parameters=(*given.ONE_EXPIRATION, given.FORMAT),
        columns=(("date", Kind.TEXT),),
        groups=_dates,
    ),
    Operation(
        name="option_list_expirations",
        path="/v3/option/list/expirations",
        tier=Tier.FREE,
        parameters=(given.SYMBOLS, given.FORMAT),
        columns=(("symbol", Kind.TEXT), ("expiration", Kind.TEXT)),
        groups=_expirations,
    ),
    Operation(
        name="option_list_strikes",
        path="/v3/option/list/strikes",
        tier=Tier.FREE,
        parameters=(given.SYMBOLS, given.EXPIRATION, given.FORMAT),
        columns=(("symbol", Kind.TEXT), ("strike", Kind.THREE)),
        groups=_strikes,
    ),
    Operation(
        name="option_list_contracts",
        path="/v3/option/list/contracts/{request_type}",
        request_types=("trade", "quote"),
        tier=Tier.VALUE,
        parameters=(given.SYMBOLS_OR_ALL, given.THE_DATE, given.MAX_DTE, given.FORMAT),
        columns=columns.CONTRACT,
        groups=_contracts,
        span="dates",
        limited_history=True,
    ),
    _declared_daily("history/eod", Tier.FREE, given.THE_RANGE, columns.end_of_day(), _eod),
    _declared_history(
        "ohlc",
        Tier.VALUE,
        (*given.ONE_EXPIRATION, given.INTERVAL, given.STRIKE_RANGE),
        columns.bar(),
        _bars,
    ),
    _declared_history(
        "trade", Tier.STANDARD, (*given.CONTRACT, *given.CHAIN), _STAMPED_TRADE, _trades
    ),
    _declared_history(
        "quote",
        Tier.VALUE,
        (*given.CONTRACT, given.INTERVAL, *given.CHAIN),
        _STAMPED_QUOTE,
        _quotes,
    ),
    _declared_history(
        "trade_quote",
        Tier.STANDARD,
        (*given.CONTRACT, given.EXCLUSIVE, given.TIME_BASED, *given.CHAIN),
        columns.trade_quote(),
        _trade_quotes,
    ),
    _declared_daily(
        "history/open_interest",
        Tier.VALUE,
        (given.DATE, *given.RANGE),
        (columns.TIMESTAMP, ("open_interest", Kind.INTEGER)),
        _open_interest,
    ),
    _declared_daily("at_time/trade", Tier.STANDARD, _MOMENTS, _STAMPED_TRADE, _by_day(_trade_at)),
    _declared_daily("at_time/quote", Tier.VALUE, _MOMENTS, _STAMPED_QUOTE, _by_day(_quote_at)),
)
