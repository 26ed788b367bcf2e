"""Option operations: declarations, and the rows of each."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from typing import Final

from thetatrio.config import Tier
from thetatrio.testing import _parameters as given
from thetatrio.testing._calendar import close_ms
from thetatrio.testing._chains import Listed
from thetatrio.testing._instruments import RATES, ROOTS
from thetatrio.testing._market import Market
from thetatrio.testing._operations import Arguments, Column, Group, Kind, Operation
from thetatrio.testing._options import OptionTape, years_to
from thetatrio.testing._pricing import greeks, implied_volatility
from thetatrio.testing._stock_operations import QUOTE_COLUMNS, days_of, stamps_of
from thetatrio.testing._tape import Quote

CONTRACT_COLUMNS: Final[tuple[Column, ...]] = (
    ("symbol", Kind.TEXT),
    ("expiration", Kind.TEXT),
    ("strike", Kind.THREE),
    ("right", Kind.TEXT),
)
GREEK_NAMES: Final = [
    "delta",
    "theta",
    "vega",
    "rho",
    "epsilon",
    "lambda",
    "gamma",
    "vanna",
    "charm",
    "vomma",
    "veta",
    "vera",
    "speed",
    "zomma",
    "color",
    "ultima",
    "d1",
    "d2",
    "dual_delta",
    "dual_gamma",
]
# An estimate for the limit on an answer's size, on the high side.
_TICKS_A_DAY: Final = 2_000


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
    kept: list[Listed] = []
    for expiration in sorted({listed.expiration for listed in chosen}):
        mine = [listed for listed in chosen if listed.expiration == expiration]
        strikes = sorted({listed.strike for listed in mine})
        centre = min(range(len(strikes)), key=lambda index: abs(strikes[index] - spot))
        near = set(strikes[max(0, centre - arguments.strike_range) :][: _width(centre, arguments)])
        kept += [listed for listed in mine if listed.strike in near]
    return kept


def _width(centre: int, arguments: Arguments) -> int:
    reach = arguments.strike_range or 0
    return reach + 1 + min(centre, reach)


def _contract_days(
    market: Market, arguments: Arguments
) -> Iterator[tuple[Listed, dt.date, OptionTape]]:
    # Contract by contract, each through its days: as JSON groups them.
    days = days_of(market, arguments)
    listed = {day: contracts_of(market, arguments, day) for day in days}
    for contract in sorted({contract for chain in listed.values() for contract in chain}):
        for day in days:
            if contract in listed[day]:
                yield contract, day, market.option(contract, day)


def _expirations(market: Market, arguments: Arguments) -> Iterator[Group]:
    roots = market.roots() if arguments.symbols is None else arguments.symbols
    rows = [
        (root, date.isoformat())
        for root in roots
        if market.has_root(root)
        for date in market.chains.expirations(root, market.day)
    ]
    if rows:
        yield Group(None, market.day, rows)


def _contracts(market: Market, arguments: Arguments) -> Iterator[Group]:
    for day in days_of(market, arguments):
        for root in market.roots() if arguments.symbols is None else arguments.symbols:
            if not market.has_root(root):
                continue
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


def _quotes(market: Market, arguments: Arguments) -> Iterator[Group]:
    for contract, day, tape in _contract_days(market, arguments):
        last = market.session(day, options=True)[1]
        end = min(arguments.end_time, last)
        if arguments.interval == 0:
            rows: Sequence[Quote] = list(tape.quote_changes(arguments.start_time, end))
        else:
            rows = tape.quotes(stamps_of(arguments, last))
        if rows:
            yield Group(contract, day, rows)


def _trades(market: Market, arguments: Arguments) -> Iterator[Group]:
    first, last = arguments.start_time, arguments.end_time
    for contract, day, tape in _contract_days(market, arguments):
        rows = [trade for trade in tape.trades if first <= trade.ms <= last]
        if rows:
            yield Group(contract, day, rows)


def _snapshot_greeks(market: Market, arguments: Arguments) -> Iterator[Group]:
    if not market.is_open_today():
        return
    day = market.day
    for contract in contracts_of(market, arguments, day):
        tape = market.option(contract, day)
        quote = tape.last_quote()
        if quote.ms >= arguments.min_time:
            row = (quote.ms, quote.bid, quote.ask, *greeks_row(tape, quote, day, arguments))
            yield Group(contract, day, [row])


def greeks_row(
    tape: OptionTape, quote: Quote, day: dt.date, arguments: Arguments
) -> tuple[float, ...]:
    """Return sensitivities, implied volatility, its error, underlying's time and price.

    From the quote's middle; with `use_market_value` from the price weighted by
    the sizes bid and offered.
    """
    value = (quote.bid + quote.ask) / 2
    sizes = quote.bid_size + quote.ask_size
    if arguments.use_market_value and sizes:
        value = (quote.bid * quote.ask_size + quote.ask * quote.bid_size) / sizes
    spot = arguments.stock_price or tape.underlying_price(quote.ms)
    percent = arguments.rate_value
    if percent is None:
        percent = RATES[arguments.rate_type]
    terms = tape.terms(quote.ms)._replace(
        spot=spot,
        years=years_to(tape.contract.expiration, day, quote.ms, arguments.version),
        rate=percent / 100,
        dividend_yield=math.log1p(max(0.0, arguments.annual_dividend) / spot),
    )
    fit = implied_volatility(terms, value)
    # Rounded here, and -0.0 made 0.0, so that no cell reads -0.0000.
    numbers = [round(number, 4) + 0.0 for number in (*greeks(terms, fit.volatility), *fit)]
    return (*numbers, min(quote.ms, close_ms(day)), spot)


def _quote_count(market: Market, arguments: Arguments, date: dt.date) -> int:
    chain = len(contracts_of(market, arguments, date))
    if arguments.interval == 0:
        return chain * _TICKS_A_DAY * 6
    return chain * len(stamps_of(arguments, market.session(date, options=True)[1]))


def _trade_count(market: Market, arguments: Arguments, date: dt.date) -> int:
    chain = contracts_of(market, arguments, date)
    return sum(market.option(contract, date).count for contract in chain)


_HISTORY: Final = (
    *given.CONTRACT,
    given.DATE,
    *given.RANGE,
    *given.TIMES,
    *given.CHAIN,
    given.FORMAT,
)

OPTION_OPERATIONS: Final = (
    Operation(
        name="option_list_expirations",
        path="/v3/option/list/expirations",
        tier=Tier.FREE,
        parameters=(given.SYMBOLS, given.FORMAT),
        columns=(("symbol", Kind.TEXT), ("expiration", Kind.TEXT)),
        groups=_expirations,
    ),
    Operation(
        name="option_list_contracts",
        path="/v3/option/list/contracts/{request_type}",
        request_types=("trade", "quote"),
        tier=Tier.VALUE,
        parameters=(given.SYMBOLS_OR_ALL, given.THE_DATE, given.CHAIN[0], given.FORMAT),
        columns=CONTRACT_COLUMNS,
        groups=_contracts,
        span="dates",
        limited_history=True,
    ),
    Operation(
        name="option_history_quote",
        path="/v3/option/history/quote",
        tier=Tier.VALUE,
        parameters=(*_HISTORY, given.INTERVAL),
        columns=(*CONTRACT_COLUMNS, ("timestamp", Kind.CLOCK), *QUOTE_COLUMNS),
        groups=_quotes,
        rows_a_day=_quote_count,
        span="days",
        limited_history=True,
        by_contract=True,
    ),
    Operation(
        name="option_history_trade",
        path="/v3/option/history/trade",
        tier=Tier.STANDARD,
        parameters=_HISTORY,
        columns=(
            *CONTRACT_COLUMNS,
            ("timestamp", Kind.CLOCK),
            ("sequence", Kind.INTEGER),
            ("ext_condition1", Kind.INTEGER),
            ("ext_condition2", Kind.INTEGER),
            ("ext_condition3", Kind.INTEGER),
            ("ext_condition4", Kind.INTEGER),
            ("condition", Kind.INTEGER),
            ("size", Kind.INTEGER),
            ("exchange", Kind.INTEGER),
            ("price", Kind.DOLLARS),
        ),
        groups=_trades,
        rows_a_day=_trade_count,
        span="days",
        limited_history=True,
        by_contract=True,
    ),
    Operation(
        name="option_snapshot_greeks_all",
        path="/v3/option/snapshot/greeks/all",
        tier=Tier.PRO,
        parameters=(
            *given.CONTRACT,
            *given.CHAIN,
            *given.PRICING,
            given.MIN_TIME,
            given.FORMAT,
        ),
        columns=(
            *CONTRACT_COLUMNS,
            ("timestamp", Kind.CLOCK),
            ("bid", Kind.DOLLARS),
            ("ask", Kind.DOLLARS),
            *((name, Kind.FOUR) for name in GREEK_NAMES),
            ("implied_vol", Kind.FOUR),
            ("iv_error", Kind.FOUR),
            ("underlying_timestamp", Kind.CLOCK),
            ("underlying_price", Kind.DOLLARS),
        ),
        groups=_snapshot_greeks,
        counted=False,
        by_contract=True,
    ),
)
