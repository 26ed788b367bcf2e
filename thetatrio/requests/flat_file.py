"""Requests for flat files: a whole day of everything. The vendor keeps them for pro."""

from __future__ import annotations

from typing import ClassVar, Final

from thetatrio.config import Tier
from thetatrio.requests._base import NEWER, DateLike, FlatFileRequest

__all__ = [
    "IndexFlatFileEod",
    "OptionFlatFileEod",
    "OptionFlatFileOpenInterest",
    "OptionFlatFileQuote",
    "OptionFlatFileTradeQuote",
    "StockFlatFileEod",
    "StockFlatFileQuote",
    "StockFlatFileTradeQuote",
]

STOCK_COLUMNS: Final = ("root", "ms_of_day", "date")
OPTION_COLUMNS: Final = ("root", "expiration", "strike", "right", "ms_of_day", "date")


class OptionFlatFileTradeQuote(FlatFileRequest, frozen=True, kw_only=True):
    """Ask for the trades with their quotes of every option contract of one day, as a file.

    Makes a `GET /v3/option/flat_file/trade_quote` request. Tier: pro. The
    vendor builds the file while one waits, for up to half an hour.

    Args:
        date: the day, one of the last seven calendar days: the vendor keeps no older flat files.

    Returns a `FileQuery`: save it, or take its bytes as they come.

        async with session.option.flat_file_trade_quote(date="2024-11-04").chunks() as chunks:
            async for chunk in chunks:
                print(chunk[:60])
                break
    """

    operation: ClassVar[str] = "option_flat_file_trade_quote"
    path: ClassVar[str] = "/v3/option/flat_file/trade_quote"
    tier: ClassVar[Tier] = Tier.PRO
    columns: ClassVar[tuple[str, ...]] = OPTION_COLUMNS

    date: DateLike


class OptionFlatFileQuote(FlatFileRequest, frozen=True, kw_only=True):
    """Ask for the quotes of every option contract of one day, as a file.

    Makes a `GET /v3/option/flat_file/quote` request. Tier: pro. The vendor
    builds the file while one waits, for up to half an hour. Only terminals
    newer than the published API description of 2026-07 have it (404 from the
    others).

    Args:
        date: the day, one of the last seven calendar days: the vendor keeps no older flat files.

    Returns a `FileQuery`: save it, or take its bytes as they come.

        async with session.option.flat_file_quote(date="2024-11-04").chunks() as chunks:
            async for chunk in chunks:
                print(chunk[:60])
                break
    """

    operation: ClassVar[str] = "option_flat_file_quote"
    path: ClassVar[str] = "/v3/option/flat_file/quote"
    tier: ClassVar[Tier] = Tier.PRO
    since: ClassVar[str] = NEWER
    columns: ClassVar[tuple[str, ...]] = ()

    date: DateLike


class OptionFlatFileEod(FlatFileRequest, frozen=True, kw_only=True):
    """Ask for the end-of-day reports of every option contract of one day, as a file.

    Makes a `GET /v3/option/flat_file/eod` request. Tier: pro. The vendor
    builds the file while one waits, for up to half an hour.

    Args:
        date: the day, one of the last seven calendar days: the vendor keeps no older flat files.

    Returns a `FileQuery`: save it, or take its bytes as they come.

        async with session.option.flat_file_eod(date="2024-11-04").chunks() as chunks:
            async for chunk in chunks:
                print(chunk[:60])
                break
    """

    operation: ClassVar[str] = "option_flat_file_eod"
    path: ClassVar[str] = "/v3/option/flat_file/eod"
    tier: ClassVar[Tier] = Tier.PRO
    columns: ClassVar[tuple[str, ...]] = OPTION_COLUMNS

    date: DateLike


class OptionFlatFileOpenInterest(FlatFileRequest, frozen=True, kw_only=True):
    """Ask for the open interest of every option contract of one day, as a file.

    Makes a `GET /v3/option/flat_file/open_interest` request. Tier: pro. The
    vendor builds the file while one waits, for up to half an hour.

    Args:
        date: the day, one of the last seven calendar days: the vendor keeps no older flat files.

    Returns a `FileQuery`: save it, or take its bytes as they come.

        async with session.option.flat_file_open_interest(date="2024-11-04").chunks() as chunks:
            async for chunk in chunks:
                print(chunk[:60])
                break
    """

    operation: ClassVar[str] = "option_flat_file_open_interest"
    path: ClassVar[str] = "/v3/option/flat_file/open_interest"
    tier: ClassVar[Tier] = Tier.PRO
    columns: ClassVar[tuple[str, ...]] = (*OPTION_COLUMNS[:-1], "open_interest", "date")

    date: DateLike


class StockFlatFileTradeQuote(FlatFileRequest, frozen=True, kw_only=True):
    """Ask for the trades with their quotes of every stock of one day, as a file.

    Makes a `GET /v3/stock/flat_file/trade_quote` request. Tier: pro. The
    vendor builds the file while one waits, for up to half an hour.

    Args:
        date: the day, one of the last seven calendar days: the vendor keeps no older flat files.

    Returns a `FileQuery`: save it, or take its bytes as they come.

        size = await session.stock.flat_file_trade_quote(date="2024-11-04").save("trade_quote.csv")
        print(size)
    """

    operation: ClassVar[str] = "stock_flat_file_trade_quote"
    path: ClassVar[str] = "/v3/stock/flat_file/trade_quote"
    tier: ClassVar[Tier] = Tier.PRO
    columns: ClassVar[tuple[str, ...]] = STOCK_COLUMNS

    date: DateLike


class StockFlatFileQuote(FlatFileRequest, frozen=True, kw_only=True):
    """Ask for the quotes of every stock of one day, as a file.

    Makes a `GET /v3/stock/flat_file/quote` request. Tier: pro. The vendor
    builds the file while one waits, for up to half an hour. Only terminals
    newer than the published API description of 2026-07 have it (404 from the
    others).

    Args:
        date: the day, one of the last seven calendar days: the vendor keeps no older flat files.

    Returns a `FileQuery`: save it, or take its bytes as they come.

        size = await session.stock.flat_file_quote(date="2024-11-04").save("quote.csv")
        print(size)
    """

    operation: ClassVar[str] = "stock_flat_file_quote"
    path: ClassVar[str] = "/v3/stock/flat_file/quote"
    tier: ClassVar[Tier] = Tier.PRO
    since: ClassVar[str] = NEWER
    columns: ClassVar[tuple[str, ...]] = ()

    date: DateLike


class StockFlatFileEod(FlatFileRequest, frozen=True, kw_only=True):
    """Ask for the end-of-day reports of every stock of one day, as a file.

    Makes a `GET /v3/stock/flat_file/eod` request. Tier: pro. The vendor builds
    the file while one waits, for up to half an hour.

    Args:
        date: the day, one of the last seven calendar days: the vendor keeps no older flat files.

    Returns a `FileQuery`: save it, or take its bytes as they come.

        size = await session.stock.flat_file_eod(date="2024-11-04").save("eod.csv")
        print(size)
    """

    operation: ClassVar[str] = "stock_flat_file_eod"
    path: ClassVar[str] = "/v3/stock/flat_file/eod"
    tier: ClassVar[Tier] = Tier.PRO
    columns: ClassVar[tuple[str, ...]] = STOCK_COLUMNS

    date: DateLike


class IndexFlatFileEod(FlatFileRequest, frozen=True, kw_only=True):
    """Ask for the end-of-day reports of every index of one day, as a file.

    Makes a `GET /v3/index/flat_file/eod` request. Tier: pro. The vendor builds
    the file while one waits, for up to half an hour.

    Args:
        date: the day, one of the last seven calendar days: the vendor keeps no older flat files.

    Returns a `FileQuery`: save it, or take its bytes as they come.

        size = await session.index.flat_file_eod(date="2024-11-04").save("eod.csv")
        print(size)
    """

    operation: ClassVar[str] = "index_flat_file_eod"
    path: ClassVar[str] = "/v3/index/flat_file/eod"
    tier: ClassVar[Tier] = Tier.PRO
    columns: ClassVar[tuple[str, ...]] = STOCK_COLUMNS

    date: DateLike
