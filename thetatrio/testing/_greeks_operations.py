"""Operations with Greeks: one declaration for each order, closed and binomial."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from thetatrio.config import Tier
from thetatrio.testing import _columns as columns
from thetatrio.testing import _parameters as given
from thetatrio.testing._calendar import close_ms
from thetatrio.testing._greeks import (
    ORDERS,
    Model,
    Underlying,
    binomial,
    closed_form,
    greeks_row,
    underlying_of,
    value_of,
    volatility_row,
)
from thetatrio.testing._instruments import ROOTS
from thetatrio.testing._market import Market
from thetatrio.testing._operations import Arguments, Group, Kind, Operation, Row
from thetatrio.testing._option_operations import day_so_far
from thetatrio.testing._options import OptionTape
from thetatrio.testing._rows import (
    contract_days,
    contracts_today,
    one_a_contract,
    option_stamp_count,
    option_trade_count,
    stamps_of,
    trades_of,
)

_Groups: TypeAlias = Callable[[Market, Arguments], Iterator[Group]]

# Rows with a tree each take milliseconds: pieces are small, so that others get a turn.
_ROWS_A_GROUP: Final = 20

_BID_ASK: Final[columns.Columns] = (("bid", Kind.DOLLARS), ("ask", Kind.DOLLARS))
_UNDERLYING: Final[columns.Columns] = (
    ("underlying_timestamp", Kind.CLOCK),
    ("underlying_price", Kind.DOLLARS),
)
_FIT: Final[columns.Columns] = (("implied_vol", Kind.FOUR), ("iv_error", Kind.FOUR))

_TIERS: Final = {
    "all": Tier.PRO,
    "first_order": Tier.STANDARD,
    "second_order": Tier.PRO,
    "third_order": Tier.PRO,
    "implied_volatility": Tier.STANDARD,
}


def _columns(order: str) -> columns.Columns:
    return (*((name, Kind.FOUR) for name in ORDERS[order]), *_FIT, *_UNDERLYING)


def _snapshot(order: str, model: Model) -> _Groups:
    def groups(market: Market, arguments: Arguments) -> Iterator[Group]:
        for contract, tape in contracts_today(market, arguments):
            quote = tape.last_quote()
            if quote.ms >= arguments.min_time:
                # As of now: a quote of seconds ago that still stands, the underlying's last price.
                row = greeks_row(
                    tape,
                    value_of(quote, arguments),
                    quote.ms,
                    arguments,
                    order=order,
                    model=model,
                    underlying=underlying_of(tape, close_ms(market.day), arguments),
                )
                yield Group(contract, market.day, [(quote.ms, quote.bid, quote.ask, *row)])

    return groups


def _history(order: str, model: Model) -> _Groups:
    def groups(market: Market, arguments: Arguments) -> Iterator[Group]:
        for contract, day, tape in contract_days(market, arguments):
            last = market.session(day, options=True)[1]
            if arguments.interval:
                quotes = tape.quotes(stamps_of(arguments, last))
            else:
                end = min(arguments.end_time, last)
                quotes = list(tape.quote_changes(arguments.start_time, end))
            for at in range(0, len(quotes), _ROWS_A_GROUP):
                rows: list[Row] = []
                for quote in quotes[at : at + _ROWS_A_GROUP]:
                    if order == "implied_volatility":
                        rows.append((quote.ms, *volatility_row(tape, quote, arguments)))
                        continue
                    value = value_of(quote, arguments)
                    row = greeks_row(tape, value, quote.ms, arguments, order=order, model=model)
                    rows.append((quote.ms, quote.bid, quote.ask, *row))
                yield Group(contract, day, rows)

    return groups


def _trades(order: str, model: Model) -> _Groups:
    def groups(market: Market, arguments: Arguments) -> Iterator[Group]:
        for contract, day, tape in contract_days(market, arguments):
            trades = trades_of(tape, arguments)
            for at in range(0, len(trades), _ROWS_A_GROUP):
                rows = [
                    (
                        *trade,
                        *greeks_row(
                            tape, trade.price, trade.ms, arguments, order=order, model=model
                        ),
                    )
                    for trade in trades[at : at + _ROWS_A_GROUP]
                ]
                yield Group(contract, day, rows)

    return groups


def _closing_underlying(market: Market, tape: OptionTape, arguments: Arguments) -> Underlying:
    symbol = ROOTS[tape.contract.root].underlying
    if arguments.underlyer_use_nbbo and market.has_stock(symbol):
        quote = market.stock(symbol, tape.date).closing_quote()
        return Underlying(quote.ms, (quote.bid + quote.ask) / 2)
    if arguments.underlyer_use_nbbo:
        return Underlying(close_ms(tape.date), market.paths.close(symbol, tape.date))
    created = market.created_ms(symbol, tape.date)
    return Underlying(created, market.paths.close(symbol, tape.date))


def _eod(model: Model) -> _Groups:
    def groups(market: Market, arguments: Arguments) -> Iterator[Group]:
        for contract, day, tape in contract_days(market, arguments):
            quote = tape.last_quote()
            value = (quote.bid + quote.ask) / 2
            if not arguments.option_use_nbbo and tape.trades:
                value = tape.trades[-1].price
            underlying = _closing_underlying(market, tape, arguments)
            row = greeks_row(tape, value, quote.ms, arguments, model=model, underlying=underlying)
            yield Group(contract, day, [(quote.ms, *day_so_far(tape), *quote[1:], *row)])

    return groups


def _declared_snapshot(order: str, model: Model) -> Operation:
    tree = model is binomial
    kind = "binomial_greeks" if tree else "greeks"
    return Operation(
        name=f"option_snapshot_{kind}_{order}",
        path=f"/v3/option/snapshot/{kind}/{order}",
        tier=_TIERS[order],
        parameters=(
            *given.CONTRACT,
            *given.SNAPSHOT_PRICING,
            *((given.STEPS,) if tree else ()),
            *given.CHAIN,
            given.MIN_TIME,
            given.CURRENT_DAY_ONLY,
            given.FORMAT,
        ),
        columns=(*columns.CONTRACT, columns.TIMESTAMP, *_BID_ASK, *_columns(order)),
        groups=_snapshot(order, model),
        counted=False,
        by_contract=True,
        newer=tree,
    )


_VOLATILITIES: Final[columns.Columns] = (
    ("bid", Kind.DOLLARS),
    ("bid_implied_vol", Kind.FOUR),
    ("midpoint", Kind.DOLLARS),
    ("implied_vol", Kind.FOUR),
    ("ask", Kind.DOLLARS),
    ("ask_implied_vol", Kind.FOUR),
    ("iv_error", Kind.FOUR),
    *_UNDERLYING,
)


def _declared_history(order: str, model: Model) -> Operation:
    tree = model is binomial
    kind = "binomial_greeks" if tree else "greeks"
    return Operation(
        name=f"option_history_{kind}_{order}",
        path=f"/v3/option/history/{kind}/{order}",
        tier=_TIERS[order],
        parameters=(
            *given.ONE_EXPIRATION,
            given.DATE,
            *given.RANGE,
            *given.TIMES,
            *((given.INTERVAL_OR_SECOND, given.STEPS) if tree else (given.INTERVAL,)),
            *given.PRICING,
            given.STRIKE_RANGE,
            given.FORMAT,
        ),
        columns=(
            *columns.CONTRACT,
            columns.TIMESTAMP,
            *(_VOLATILITIES if order == "implied_volatility" else (*_BID_ASK, *_columns(order))),
        ),
        groups=_history(order, model),
        rows_a_day=option_stamp_count,
        span="days",
        limited_history=True,
        by_contract=True,
        newer=tree,
    )


def _declared_trades(order: str, model: Model) -> Operation:
    tree = model is binomial
    kind = "binomial_trade_greeks" if tree else "trade_greeks"
    return Operation(
        name=f"option_history_{kind}_{order}",
        path=f"/v3/option/history/{kind}/{order}",
        tier=Tier.PRO,
        parameters=(
            *given.CONTRACT,
            given.DATE,
            *given.RANGE,
            *given.TIMES,
            *given.PRICING,
            *((given.STEPS,) if tree else ()),
            given.PERF_BOOST,
            *given.CHAIN,
            given.FORMAT,
        ),
        columns=(*columns.CONTRACT, columns.TIMESTAMP, *columns.trade(), *_columns(order)),
        groups=_trades(order, model),
        rows_a_day=option_trade_count,
        span="days",
        limited_history=True,
        by_contract=True,
        newer=tree,
    )


def _declared_eod(model: Model) -> Operation:
    tree = model is binomial
    kind = "binomial_greeks" if tree else "greeks"
    return Operation(
        name=f"option_history_{kind}_eod",
        path=f"/v3/option/history/{kind}/eod",
        tier=Tier.STANDARD,
        parameters=(
            *given.CONTRACT,
            *given.THE_RANGE,
            *given.PRICING,
            *((given.STEPS,) if tree else ()),
            given.UNDERLYER_USE_NBBO,
            given.OPTION_USE_NBBO,
            *given.CHAIN,
            given.FORMAT,
        ),
        columns=(
            *columns.CONTRACT,
            columns.TIMESTAMP,
            *columns.day(),
            *columns.quote(),
            *_columns("all"),
        ),
        groups=_eod(model),
        rows_a_day=one_a_contract,
        span="dates",
        limited_history=True,
        by_contract=True,
        newer=tree,
    )


_BINOMIAL_ORDERS: Final = ("all", "first_order", "second_order", "third_order")

GREEKS_OPERATIONS: Final = (
    *(_declared_snapshot(order, closed_form) for order in ORDERS),
    *(_declared_snapshot(order, binomial) for order in _BINOMIAL_ORDERS),
    *(_declared_history(order, closed_form) for order in ORDERS),
    *(_declared_history(order, binomial) for order in _BINOMIAL_ORDERS),
    *(_declared_trades(order, closed_form) for order in ORDERS),
    *(_declared_trades(order, binomial) for order in _BINOMIAL_ORDERS),
    _declared_eod(closed_form),
    _declared_eod(binomial),
)
