"""What operations of every kind make rows with: days, stamps, contracts, joins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from thetatrio.testing._chains import Listed
from thetatrio.testing._instruments import ROOTS
from thetatrio.testing._market import Market
from thetatrio.testing._operations import Arguments, Row
from thetatrio.testing._options import OptionTape
from thetatrio.testing._tape import Quote, Trade, bars

# Estimates for the limit on an answer's size, on the high side: no instrument has
# more trades or changes of value in a day, few options more changes of their quote.
TICKS_A_DAY: Final = 25_000
_OPTION_TICKS_A_DAY: Final = 12_000


class Tape(Protocol):
    """Trades and quotes of one day, of a stock or an option."""

    @property
    def trades(self) -> Sequence[Trade]: ...

    def quote_before(self, ms: int, *, strictly: bool = False) -> Quote | None: ...


def days_of(market: Market, arguments: Arguments) -> Sequence[dt.date]:
    """Return the trading days a request asks for, those that have happened only."""
    span = arguments.span
    return market.days(*span) if span is not None else ()


def stamps_of(arguments: Arguments, last: int) -> range:
    """Return the interval stamps of a day, from start to end inclusive, as milliseconds."""
    step = max(1, arguments.interval)
    return range(arguments.start_time, min(arguments.end_time, last) + 1, step)


def trades_of(tape: Tape, arguments: Arguments) -> Sequence[Trade]:
    """Return the trades within the times a request asks for."""
    first, last = arguments.start_time, arguments.end_time
    return [trade for trade in tape.trades if first <= trade.ms <= last]


def bar_rows(trades: Sequence[Trade], arguments: Arguments, last: int) -> Sequence[Row]:
    """Return bars of trades; without an interval one of each trade."""
    end = min(arguments.end_time, last)
    if arguments.interval:
        return list(bars(trades, arguments.start_time, end, arguments.interval))
    inside = (trade for trade in trades if arguments.start_time <= trade.ms <= end)
    return [(trade.ms, *[trade.price] * 4, trade.size, 1, trade.price) for trade in inside]


def trade_quote_rows(tape: Tape, arguments: Arguments) -> Sequence[Row]:
    """Return each trade with the last quote before it; `exclusive=false`: or of its moment."""
    rows: list[Row] = []
    for trade in trades_of(tape, arguments):
        quote = tape.quote_before(trade.ms, strictly=arguments.exclusive)
        if quote is not None:
            rows.append((trade.ms, quote.ms, *trade[1:], *quote[1:]))
    return rows


def contracts_of(market: Market, arguments: Arguments, date: dt.date) -> Sequence[Listed]:
    """Return the listed options a request means on a trading day."""
    root = arguments.symbol
    if not market.has_root(root):
        return ()
    chosen = [
        listed
        for listed in market.listed(root, date)
        if arguments.expiration in (None, listed.expiration)
        and arguments.strike in (None, listed.strike)
        and arguments.right in (None, listed.right)
        and (arguments.max_dte is None or (listed.expiration - date).days <= arguments.max_dte)
    ]
    if arguments.strike_range is None:
        return chosen
    spot = market.paths.close(ROOTS[root].underlying, date) * 1000
    reach = arguments.strike_range
    kept: list[Listed] = []
    for expiration in sorted({listed.expiration for listed in chosen}):
        mine = [listed for listed in chosen if listed.expiration == expiration]
        strikes = sorted({listed.strike for listed in mine})
        centre = min(range(len(strikes)), key=lambda index: abs(strikes[index] - spot))
        near = set(strikes[max(0, centre - reach) : centre + reach + 1])
        kept += [listed for listed in mine if listed.strike in near]
    return kept


def contract_days(
    market: Market, arguments: Arguments
) -> Iterator[tuple[Listed, dt.date, OptionTape]]:
    """Yield contract by contract, each through its days: as JSON groups them."""
    days = days_of(market, arguments)
    listed = {day: contracts_of(market, arguments, day) for day in days}
    for contract in sorted({contract for chain in listed.values() for contract in chain}):
        for day in days:
            if contract in listed[day]:
                yield contract, day, market.option(contract, day)


def contracts_today(market: Market, arguments: Arguments) -> Iterator[tuple[Listed, OptionTape]]:
    """Yield the options of today that a snapshot asks for; none on a closed day."""
    if market.is_open_today():
        for contract in contracts_of(market, arguments, market.day):
            yield contract, market.option(contract, market.day)


def tick_or_stamp_count(market: Market, arguments: Arguments, date: dt.date) -> int:
    """Return about how many rows one stock or index has on a day."""
    if arguments.interval == 0:
        return round(TICKS_A_DAY * _share(market, arguments, date, options=False))
    return len(stamps_of(arguments, market.session(date, options=False)[1]))


def option_stamp_count(market: Market, arguments: Arguments, date: dt.date) -> int:
    """Return about how many quotes a request has on a day."""
    chain = len(contracts_of(market, arguments, date))
    if arguments.interval == 0:
        return round(chain * _OPTION_TICKS_A_DAY * _share(market, arguments, date, options=True))
    return chain * len(stamps_of(arguments, market.session(date, options=True)[1]))


def option_trade_count(market: Market, arguments: Arguments, date: dt.date) -> int:
    """Return about how many trades a request has on a day."""
    chain = contracts_of(market, arguments, date)
    every = sum(market.option(contract, date).count for contract in chain)
    return round(every * _share(market, arguments, date, options=True))


def _share(market: Market, arguments: Arguments, date: dt.date, *, options: bool) -> float:
    """Return which part of a day's session lies in the window of time asked for."""
    opens, closes = market.session(date, options=options)
    begin, end = max(opens, arguments.start_time), min(closes, arguments.end_time)
    return max(0, end + 1 - begin) / (closes + 1 - opens)


def one_a_day(market: Market, arguments: Arguments, date: dt.date) -> int:
    """Return the row a stock or an index has on a day."""
    del market, arguments, date
    return 1


def one_a_contract(market: Market, arguments: Arguments, date: dt.date) -> int:
    """Return how many contracts a request has on a day, each with one row."""
    return len(contracts_of(market, arguments, date))
