"""A day's files: everything of a kind, instrument by instrument, made while it is sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from thetatrio.config import Tier
from thetatrio.testing import _columns as columns
from thetatrio.testing import _parameters as given
from thetatrio.testing._chains import Listed
from thetatrio.testing._index_operations import eod_rows as index_eod_rows
from thetatrio.testing._instruments import INDICES, STOCKS
from thetatrio.testing._market import Market
from thetatrio.testing._operations import Arguments, Group, Kind, Operation, Row
from thetatrio.testing._option_operations import eod_row as option_eod_row
from thetatrio.testing._options import OptionTape
from thetatrio.testing._rows import trade_quote_rows
from thetatrio.testing._stock_operations import eod_row as stock_eod_row
from thetatrio.testing._tape import StockTape

_WHOLE_DAY: Final = Arguments(start_time=0, end_time=86_400_000)
_BLOCK: Final = 4_000
_MS: Final[columns.Columns] = (("ms_of_day", Kind.INTEGER),)
_DATE: Final[columns.Columns] = (("date", Kind.INTEGER),)
_HEAD: Final[dict[str, columns.Columns]] = {
    "option": (
        ("root", Kind.TEXT),
        ("expiration", Kind.TEXT),
        ("strike", Kind.THREE),
        ("right", Kind.TEXT),
    ),
    "stock": (("root", Kind.TEXT),),
    "index": (("root", Kind.TEXT),),
}

_OfOption: TypeAlias = Callable[[Market, Listed, OptionTape], Sequence[Row]]
_OfStock: TypeAlias = Callable[[Market, str, StockTape], Sequence[Row]]
_Groups: TypeAlias = Callable[[Market, Arguments], Iterator[Group]]
_Placed: TypeAlias = Callable[[Row, dt.date, Sequence[Row]], Group]


def _placed(head: Row, date: dt.date, found: Sequence[Row]) -> Group:
    # A row's first value is its time; the file's date comes after it, all else after that.
    number = _number(date)
    return Group(None, date, [(*head, row[0], number, *row[1:]) for row in found])


def _number(date: dt.date) -> int:
    return int(date.strftime("%Y%m%d"))


def _dated_last(head: Row, date: dt.date, found: Sequence[Row]) -> Group:
    return Group(None, date, [(*head, *row, _number(date)) for row in found])


def _days(market: Market, arguments: Arguments) -> Sequence[dt.date]:
    return market.days(arguments.date, arguments.date) if arguments.date is not None else ()


def _options(rows: _OfOption, placed: _Placed = _placed) -> _Groups:
    def groups(market: Market, arguments: Arguments) -> Iterator[Group]:
        for day in _days(market, arguments):
            for root in market.roots():
                for contract in market.listed(root, day):
                    head = (
                        root,
                        contract.expiration.isoformat(),
                        contract.strike / 1000,
                        contract.right,
                    )
                    found = rows(market, contract, market.option(contract, day))
                    if found:
                        yield placed(head, day, found)

    return groups


def _stocks(rows: _OfStock) -> _Groups:
    def groups(market: Market, arguments: Arguments) -> Iterator[Group]:
        for day in _days(market, arguments):
            for symbol in sorted(STOCKS):
                found = rows(market, symbol, market.stock(symbol, day))
                yield _placed((symbol,), day, found)

    return groups


def _indices(market: Market, arguments: Arguments) -> Iterator[Group]:
    for day in _days(market, arguments):
        for symbol in sorted(INDICES):
            yield _placed((symbol,), day, index_eod_rows(market, symbol, day))


def _option_eod(market: Market, contract: Listed, tape: OptionTape) -> Sequence[Row]:
    return [option_eod_row(market, contract, tape)]


def _option_interest(market: Market, contract: Listed, tape: OptionTape) -> Sequence[Row]:
    held = market.open_interest.held(contract, tape.date)
    return [(market.open_interest.stamp(contract, tape.date), held)] if held else ()


def _option_quotes(market: Market, contract: Listed, tape: OptionTape) -> Sequence[Row]:
    del contract
    return list(tape.quote_changes(*market.session(tape.date, options=True)))


def _option_trade_quotes(market: Market, contract: Listed, tape: OptionTape) -> Sequence[Row]:
    del market, contract
    return trade_quote_rows(tape, _WHOLE_DAY)


def _stock_eod(market: Market, symbol: str, tape: StockTape) -> Sequence[Row]:
    return [stock_eod_row(market, symbol, tape)]


def _stock_quotes(market: Market, symbol: str, tape: StockTape) -> Sequence[Row]:
    del symbol
    return list(tape.quote_changes(*market.session(tape.date, options=False)))


def _stock_trade_quotes(market: Market, symbol: str, tape: StockTape) -> Sequence[Row]:
    del market, symbol
    return trade_quote_rows(tape, _WHOLE_DAY)


def repeated(groups: Iterator[Group], rows: int) -> Iterator[Group]:
    """Yield a file of exactly `rows` rows: the first few thousand, over and over.

    The block is one group, the same object each time, so that it is written once.
    """
    size = min(rows, _BLOCK)
    block: list[Row] = []
    date = dt.date.min
    for group in groups:
        date = group.date
        block += group.rows
        if len(block) >= size:
            break
    del block[size:]
    if not block:
        return
    whole = Group(None, date, block)
    times, rest = divmod(rows, len(block))
    for _ in range(times):
        yield whole
    if rest:
        yield Group(None, date, block[:rest])


def _declared(
    security: str, kind: str, values: columns.Columns, groups: _Groups, *, newer: bool = False
) -> Operation:
    return Operation(
        name=f"{security}_flat_file_{kind}",
        path=f"/v3/{security}/flat_file/{kind}",
        tier=Tier.PRO,
        parameters=(given.THE_DATE, given.FORMAT),
        columns=(*_HEAD[security], *_MS, *values),
        groups=groups,
        newer=newer,
        is_file=True,
    )


def _end_of_day(price: Kind) -> columns.Columns:
    last: columns.Columns = (("last_trade_ms_of_day", Kind.INTEGER),)
    return (*_DATE, *last, *columns.day(price), *columns.quote(price))


def _trade_quote(price: Kind) -> columns.Columns:
    quoted: columns.Columns = (("quote_ms_of_day", Kind.INTEGER),)
    return (*_DATE, *quoted, *columns.trade(price), *columns.quote())


FLAT_FILES: Final = (
    _declared("option", "quote", (*_DATE, *columns.quote()), _options(_option_quotes), newer=True),
    _declared("option", "trade_quote", _trade_quote(Kind.DOLLARS), _options(_option_trade_quotes)),
    _declared("option", "eod", _end_of_day(Kind.DOLLARS), _options(_option_eod)),
    _declared(
        "option",
        "open_interest",
        (("open_interest", Kind.INTEGER), *_DATE),
        _options(_option_interest, _dated_last),
    ),
    _declared("stock", "quote", (*_DATE, *columns.quote()), _stocks(_stock_quotes), newer=True),
    _declared("stock", "trade_quote", _trade_quote(Kind.STOCK_PRICE), _stocks(_stock_trade_quotes)),
    _declared("stock", "eod", _end_of_day(Kind.STOCK_PRICE), _stocks(_stock_eod)),
    _declared("index", "eod", _end_of_day(Kind.DOLLARS), _indices),
)
