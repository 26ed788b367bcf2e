"""Requests that only v2 terminals can answer: splits, dividends, files on the terminal's disk.

They are asked with `session.query()`, of a session that was opened with `api="v2"`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import ClassVar, Final, cast

from thetatrio.config import Tier
from thetatrio.requests._base import DateLike, Request, SymbolRequest
from thetatrio.rows import Row
from thetatrio.rows.v2 import Dividend, FilePath, Split

__all__ = [
    "OptionFileEod",
    "OptionFileOpenInterest",
    "OptionFileTradeQuote",
    "StockFileTradeQuote",
    "StockHistoryDividend",
    "StockHistorySplit",
    "operations",
]


_WHO: Final = "v2 terminals only"


class StockHistorySplit(SymbolRequest[Split], frozen=True, kw_only=True):
    """Fetch one stock's last split, as it stood on each day of a range. v2 terminals only.

    Makes a `GET /v2/hist/stock/split` request. Tier: standard.

    Args:
        symbol: the ticker.
        start_date: first day, inclusive.
        end_date: last day, inclusive.

    Returns rows of `thetatrio.rows.v2.Split`.
    """

    operation: ClassVar[str] = "stock_history_split"
    path: ClassVar[str] = "/v2/hist/stock/split"
    tier: ClassVar[Tier] = Tier.STANDARD
    since: ClassVar[str] = _WHO
    v2_only: ClassVar[bool] = True

    start_date: DateLike
    end_date: DateLike


class StockHistoryDividend(SymbolRequest[Dividend], frozen=True, kw_only=True):
    """Fetch one stock's last dividend, as it stood on each day of a range. v2 terminals only.

    Makes a `GET /v2/hist/stock/dividend` request. Tier: standard.

    Args:
        symbol: the ticker.
        start_date: first day, inclusive.
        end_date: last day, inclusive.

    Returns rows of `thetatrio.rows.v2.Dividend`.
    """

    operation: ClassVar[str] = "stock_history_dividend"
    path: ClassVar[str] = "/v2/hist/stock/dividend"
    tier: ClassVar[Tier] = Tier.STANDARD
    since: ClassVar[str] = _WHO
    v2_only: ClassVar[bool] = True

    start_date: DateLike
    end_date: DateLike


class FileRequest(Request[FilePath], frozen=True, kw_only=True):
    """Base of requests that have the terminal write a day's file on its own machine."""

    tier: ClassVar[Tier] = Tier.PRO
    flat_file: ClassVar[bool] = True
    since: ClassVar[str] = _WHO
    v2_only: ClassVar[bool] = True

    date: DateLike

    @classmethod
    def row_type(cls) -> type[FilePath]:
        """Return the Struct that each row of the answer becomes."""
        return FilePath


class OptionFileEod(FileRequest, frozen=True, kw_only=True):
    """Have a v2 terminal write all options' end-of-day reports of a day; get the file's path.

    Makes a `GET /v2/file/option/eod` request; the file takes about a minute.
    Tier: pro.

    Args:
        date: the day.

    Returns one row of `thetatrio.rows.v2.FilePath`.
    """

    operation: ClassVar[str] = "option_file_eod"
    path: ClassVar[str] = "/v2/file/option/eod"


class OptionFileOpenInterest(FileRequest, frozen=True, kw_only=True):
    """Have a v2 terminal write all options' open interest of a day; get the file's path.

    Makes a `GET /v2/file/option/open_interest` request. Tier: pro.

    Args:
        date: the day.

    Returns one row of `thetatrio.rows.v2.FilePath`.
    """

    operation: ClassVar[str] = "option_file_open_interest"
    path: ClassVar[str] = "/v2/file/option/open_interest"


class OptionFileTradeQuote(FileRequest, frozen=True, kw_only=True):
    """Have a v2 terminal write all options' trades with quotes of a day; get the file's path.

    Makes a `GET /v2/file/option/trade_quote` request; the file takes about
    three minutes. Tier: pro.

    Args:
        date: the day.

    Returns one row of `thetatrio.rows.v2.FilePath`.
    """

    operation: ClassVar[str] = "option_file_trade_quote"
    path: ClassVar[str] = "/v2/file/option/trade_quote"


class StockFileTradeQuote(FileRequest, frozen=True, kw_only=True):
    """Have a v2 terminal write all stocks' trades with quotes of a day; get the file's path.

    Makes a `GET /v2/file/stock/trade_quote` request; the file takes about half
    an hour. Tier: pro.

    Args:
        date: the day.

    Returns one row of `thetatrio.rows.v2.FilePath`.
    """

    operation: ClassVar[str] = "stock_file_trade_quote"
    path: ClassVar[str] = "/v2/file/stock/trade_quote"


_REQUESTS: Final = (
    OptionFileEod,
    OptionFileOpenInterest,
    OptionFileTradeQuote,
    StockFileTradeQuote,
    StockHistoryDividend,
    StockHistorySplit,
)


def operations() -> Mapping[str, type[Request[Row]]]:
    """Return the request classes of what only v2 terminals have, by the operation's name."""
    found = cast("Iterator[type[Request[Row]]]", iter(_REQUESTS))
    return MappingProxyType({request.operation: request for request in found})
