"""Option snapshots: declarations, and the rows of each. Those with Greeks are elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from thetatrio.config import Tier
from thetatrio.testing import _columns as columns
from thetatrio.testing import _parameters as given
from thetatrio.testing._chains import Listed
from thetatrio.testing._market import Market
from thetatrio.testing._operations import Arguments, Group, Kind, Operation, Parameter, Row
from thetatrio.testing._option_operations import day_so_far
from thetatrio.testing._options import OptionTape
from thetatrio.testing._rows import contracts_today
from thetatrio.testing._tape import market_value

_Stamped: TypeAlias = Callable[[Market, Listed, OptionTape], tuple[int, Row] | None]
"""A contract's row without its time, and its time; None where it has none."""


def _day(market: Market, contract: Listed, tape: OptionTape) -> tuple[int, Row] | None:
    del market, contract
    return (tape.trades[-1].ms, day_so_far(tape)) if tape.trades else None


def _trade(market: Market, contract: Listed, tape: OptionTape) -> tuple[int, Row] | None:
    del market, contract
    return (tape.trades[-1].ms, tape.trades[-1][1:]) if tape.trades else None


def _quote(market: Market, contract: Listed, tape: OptionTape) -> tuple[int, Row] | None:
    del market, contract
    quote = tape.last_quote()
    return quote.ms, quote[1:]


def _value(market: Market, contract: Listed, tape: OptionTape) -> tuple[int, Row] | None:
    del market, contract
    quote = tape.last_quote()
    return quote.ms, (quote.bid, quote.ask, market_value(quote))


def _interest(market: Market, contract: Listed, tape: OptionTape) -> tuple[int, Row] | None:
    held = market.open_interest.held(contract, tape.date)
    return (market.open_interest.stamp(contract, tape.date), (held,)) if held else None


def _snapshot(made: _Stamped) -> Callable[[Market, Arguments], Iterator[Group]]:
    def groups(market: Market, arguments: Arguments) -> Iterator[Group]:
        for contract, tape in contracts_today(market, arguments):
            found = made(market, contract, tape)
            if found is not None and found[0] >= arguments.min_time:
                yield Group(contract, market.day, [(found[0], *found[1])])

    return groups


def _declared(
    name: str,
    tier: Tier,
    values: columns.Columns,
    made: _Stamped,
    *,
    chain: tuple[Parameter, ...] = (*given.CONTRACT, *given.CHAIN),
    stamp_first: bool = True,
) -> Operation:
    head = (columns.TIMESTAMP, *columns.CONTRACT)
    return Operation(
        name=f"option_snapshot_{name}",
        path=f"/v3/option/snapshot/{name}",
        tier=tier,
        parameters=(*chain, given.MIN_TIME, given.CURRENT_DAY_ONLY, given.FORMAT),
        columns=(*(head if stamp_first else (*head[1:], head[0])), *values),
        groups=_snapshot(made),
        counted=False,
        by_contract=True,
    )


OPTION_SNAPSHOTS: Final = (
    _declared("ohlc", Tier.VALUE, columns.day(), _day),
    _declared(
        "trade",
        Tier.STANDARD,
        columns.trade(),
        _trade,
        chain=(*given.ONE_EXPIRATION, given.STRIKE_RANGE),
        stamp_first=False,
    ),
    _declared("quote", Tier.VALUE, columns.quote(), _quote),
    _declared("open_interest", Tier.VALUE, (("open_interest", Kind.INTEGER),), _interest),
    _declared("market_value", Tier.STANDARD, columns.market_value(), _value),
)
