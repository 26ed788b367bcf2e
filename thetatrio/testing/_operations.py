"""What an operation of the terminal is to the simulator: path, parameters, columns, rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from thetatrio.config import Tier
from thetatrio.testing._chains import Listed
from thetatrio.testing._market import Market


class Refusal(Exception):
    """An answer other than 200, with the text the terminal sends along."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text


class Kind(Enum):
    """How a column's values are written."""

    TEXT = "text"
    NULLABLE = "text, or empty"
    INTEGER = "integer"
    CLOCK = "millisecond of the group's day, written as date and time"
    DOLLARS = "two decimals"
    THREE = "three decimals"
    FOUR = "four decimals"
    STOCK_PRICE = "three decimals, four where the fourth is not zero"
    INDEX_PRICE = "two decimals, one for zero"

    @property
    def is_price(self) -> bool:
        """Whether values are dollars or points that may move by a cent."""
        return self in _PRICES


_PRICES: Final = {Kind.DOLLARS, Kind.STOCK_PRICE, Kind.INDEX_PRICE}

Column: TypeAlias = tuple[str, Kind]
Row: TypeAlias = Sequence[object]


class Group(NamedTuple):
    """Consecutive rows of one day and, for options, one contract."""

    contract: Listed | None
    date: dt.date
    rows: Sequence[Row]


class Arguments(msgspec.Struct, frozen=True, kw_only=True):
    """A request's parameters, read. A field no operation names stays at its default."""

    format: str = "csv"
    symbol: str = ""
    symbols: tuple[str, ...] | None = None
    """None: every symbol."""
    date: dt.date | None = None
    start_date: dt.date | None = None
    end_date: dt.date | None = None
    start_time: int = 34_200_000
    """Milliseconds of the day, as all times."""
    end_time: int = 57_600_000
    interval: int = 0
    """Milliseconds; 0: every tick."""
    expiration: dt.date | None = None
    """None: every expiration."""
    strike: int | None = None
    """Thousandths of a dollar; None: every strike."""
    right: str | None = None
    """`CALL` or `PUT`; None: both."""
    max_dte: int | None = None
    strike_range: int | None = None
    min_time: int = 0
    annual_dividend: float = 0.0
    rate_type: str = "sofr"
    rate_value: float | None = None
    stock_price: float | None = None
    version: str = "latest"
    use_market_value: bool = False
    time_of_day: int = 0
    exclusive: bool = True
    """Whether a trade is joined with a quote strictly before it."""
    underlyer_use_nbbo: bool = False
    option_use_nbbo: bool = True
    annual_dividend_amount: float | None = None
    """Goes before `annual_dividend`."""
    binomial_steps: int = 101
    perf_boost_intraday: bool = False
    """Read and of no effect, as the two after it: speed, and what this market has not."""
    current_day_only: bool = False
    use_time_based_trade_quote: bool = True
    venue: str = "nqb"
    year: int = 0
    request_type: str = "quote"

    @property
    def span(self) -> tuple[dt.date, dt.date] | None:
        """The first and last date asked for; `date` goes before a range."""
        if self.date is not None:
            return self.date, self.date
        if self.start_date is not None and self.end_date is not None:
            return self.start_date, self.end_date
        return None


class Parameter(msgspec.Struct, frozen=True):
    """One query parameter: its name, and how its text is read (ValueError where it cannot be)."""

    name: str
    read: Callable[[str], object]
    required: bool = False
    default: object = None
    """What is read where nothing is given; None: the field's own default."""
    newer: bool = False
    """Not in the published description: terminals of that release do not know it."""


Span: TypeAlias = Literal["none", "dates", "days"]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One GET of the terminal."""

    name: str
    path: str
    """May end in `{request_type}`, for which `request_types` has the words."""
    tier: Tier
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    groups: Callable[[Market, Arguments], Iterator[Group]]
    rows_a_day: Callable[[Market, Arguments, dt.date], int] | None = None
    """An estimate, for the limit on the size of an answer."""
    span: Span = "none"
    """Dates: `none` takes no range, `dates` any up to a year, `days` a month of intraday data."""
    counted: bool = True
    """Whether it takes one of the account's slots."""
    limited_history: bool = False
    """Whether the tier bounds how far back it goes."""
    by_contract: bool = False
    """Whether rows belong to option contracts, whose columns JSON groups by."""
    request_types: tuple[str, ...] = ()
    newer: bool = False
    """Not in the published description: terminals of that release answer 404."""
    is_file: bool = False
    """Whether it is a day's file, which `flat_file_rows` makes as long as asked for."""
