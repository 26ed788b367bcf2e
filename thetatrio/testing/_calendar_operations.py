"""Calendar and interest rate operations: declarations, and the rows of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from thetatrio.config import Tier
from thetatrio.market_time import is_weekend
from thetatrio.testing import _columns as columns
from thetatrio.testing import _parameters as given
from thetatrio.testing._calendar import (
    FIRST_YEAR,
    LAST_YEAR,
    holidays,
    is_early_close,
    is_trading_day,
)
from thetatrio.testing._market import Market
from thetatrio.testing._operations import Arguments, Group, Kind, Operation, Row
from thetatrio.testing._rows import days_of, one_a_day

_OPEN: Final = "09:30:00"
_DAY: Final[columns.Columns] = (
    ("type", Kind.TEXT),
    ("open", Kind.NULLABLE),
    ("close", Kind.NULLABLE),
)


def _kind_of(date: dt.date) -> Row:
    if is_weekend(date):
        return ("weekend", None, None)
    if not is_trading_day(date):
        return ("full_close", None, None)
    if is_early_close(date):
        return ("early_close", _OPEN, "13:00:00")
    return ("open", _OPEN, "16:00:00")


def _today(market: Market, arguments: Arguments) -> Iterator[Group]:
    del arguments
    yield Group(None, market.day, [_kind_of(market.day)])


def _on_date(market: Market, arguments: Arguments) -> Iterator[Group]:
    del market
    date = arguments.date
    if date is not None and FIRST_YEAR <= date.year <= LAST_YEAR:
        yield Group(None, date, [_kind_of(date)])


def _year(market: Market, arguments: Arguments) -> Iterator[Group]:
    if FIRST_YEAR <= arguments.year <= LAST_YEAR:
        days = [holiday.date for holiday in holidays(arguments.year)]
        yield Group(None, market.day, [(day.isoformat(), *_kind_of(day)) for day in days])


def _rates(market: Market, arguments: Arguments) -> Iterator[Group]:
    rows = [
        (day.isoformat(), market.rate(arguments.symbol, day)) for day in days_of(market, arguments)
    ]
    if rows:
        yield Group(None, market.day, rows)


CALENDAR_OPERATIONS: Final = (
    Operation(
        name="calendar_open_today",
        path="/v3/calendar/today",
        tier=Tier.FREE,
        parameters=(given.FORMAT,),
        columns=_DAY,
        groups=_today,
    ),
    Operation(
        name="calendar_on_date",
        path="/v3/calendar/on_date",
        tier=Tier.VALUE,
        parameters=(given.THE_DATE, given.FORMAT),
        columns=_DAY,
        groups=_on_date,
    ),
    Operation(
        name="calendar_year",
        path="/v3/calendar/year_holidays",
        tier=Tier.VALUE,
        parameters=(given.YEAR, given.FORMAT),
        columns=(("date", Kind.TEXT), *_DAY),
        groups=_year,
    ),
    Operation(
        name="interest_rate_history_eod",
        path="/v3/interest_rate/history/eod",
        tier=Tier.FREE,
        parameters=(given.RATE, *given.THE_RANGE, given.FORMAT),
        columns=(("created", Kind.TEXT), ("rate", Kind.FOUR)),
        groups=_rates,
        rows_a_day=one_a_day,
        span="dates",
    ),
)
