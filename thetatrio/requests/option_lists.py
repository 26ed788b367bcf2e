"""Requests for lists about options: roots, days, expirations, strikes, contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from thetatrio import rows
from thetatrio.config import Tier
from thetatrio.requests._base import (
    AnySymbolsRequest,
    Count,
    DateLike,
    Expiration,
    Request,
    RequestType,
    Right,
    Strike,
    SymbolRequest,
    SymbolsRequest,
    unsent,
)

__all__ = [
    "OptionListContracts",
    "OptionListDates",
    "OptionListExpirations",
    "OptionListStrikes",
    "OptionListSymbols",
]


class OptionListSymbols(Request[rows.Symbol], frozen=True, kw_only=True):
    """List every root that has options, past ones included.

    Makes a `GET /v3/option/list/symbols` request. Tier: free. The vendor adds
    to the list overnight.

    Returns rows of `thetatrio.rows.Symbol`, one for each root. `SPXW` is one
    beside `SPX`.

        roots = await session.option.list_symbols()
        print(len(roots), roots[0].symbol)
    """

    operation: ClassVar[str] = "option_list_symbols"
    path: ClassVar[str] = "/v3/option/list/symbols"
    tier: ClassVar[Tier] = Tier.FREE

    if TYPE_CHECKING:
        # Without a field of its own, mypy would let the class be called with anything.
        def __init__(self) -> None: ...


class OptionListDates(SymbolRequest[rows.Date], frozen=True, kw_only=True):
    """List the days on which one option, or a chain, has data.

    Makes a `GET /v3/option/list/dates/{request_type}` request. Tier: free. The
    vendor adds to the list overnight.

    Args:
        symbol: the root (`SPXW` for weeklies of SPX).
        request_type: `trade` or `quote`: which of the two there must be data of.
        expiration: a date, or `*` for all.
        strike: dollars, or `*` for all.
        right: `call`, `put` or `both`.

    Returns rows of `thetatrio.rows.Date`.

        days = await session.option.list_dates(
            "SPY", request_type="quote", expiration="2024-11-15")
        print(len(days), days[0].date)
    """

    operation: ClassVar[str] = "option_list_dates"
    path: ClassVar[str] = "/v3/option/list/dates/{request_type}"
    tier: ClassVar[Tier] = Tier.FREE

    request_type: RequestType
    expiration: Expiration
    strike: Strike = unsent("*")
    right: Right = unsent("both")


class OptionListExpirations(SymbolsRequest[rows.Expiration], frozen=True, kw_only=True):
    """List the expirations of one root or several, past ones included.

    Makes a `GET /v3/option/list/expirations` request. Tier: free. The lists
    begin in 2012.

    Args:
        symbol: a root, or several (a sequence, or text with commas).

    Returns rows of `thetatrio.rows.Expiration`.

        for row in await session.option.list_expirations("SPY"):
            print(row.symbol, row.expiration)
    """

    operation: ClassVar[str] = "option_list_expirations"
    path: ClassVar[str] = "/v3/option/list/expirations"
    tier: ClassVar[Tier] = Tier.FREE


class OptionListStrikes(SymbolsRequest[rows.Strike], frozen=True, kw_only=True):
    """List the strikes of one expiration.

    Makes a `GET /v3/option/list/strikes` request. Tier: free. The vendor adds
    to the list overnight.

    Args:
        symbol: a root, or several (a sequence, or text with commas).
        expiration: a date, or `*` for all.

    Returns rows of `thetatrio.rows.Strike`, in dollars and unsorted.

        strikes = await session.option.list_strikes("SPY", expiration="2024-11-15")
        print(sorted(row.strike for row in strikes)[:5])
    """

    operation: ClassVar[str] = "option_list_strikes"
    path: ClassVar[str] = "/v3/option/list/strikes"
    tier: ClassVar[Tier] = Tier.FREE

    expiration: Expiration


class OptionListContracts(AnySymbolsRequest[rows.ListedContract], frozen=True, kw_only=True):
    """List the contracts that were quoted or traded on one day.

    Makes a `GET /v3/option/list/contracts/{request_type}` request. Tier:
    value; how far back a tier reaches is limited.

    Args:
        symbol: a root, several (a sequence, or text with commas), or None for all of them.
        request_type: `trade` or `quote`: which of the two must have happened.
        date: the day.
        max_dte: leave out contracts with more days to expiry than this.

    Returns rows of `thetatrio.rows.ListedContract`, unsorted. Strikes are dollars.

        contracts = await session.option.list_contracts(
            "SPY", request_type="quote", date="2024-11-04", max_dte=7)
        print(len(contracts), contracts[0].contract)
    """

    operation: ClassVar[str] = "option_list_contracts"
    path: ClassVar[str] = "/v3/option/list/contracts/{request_type}"
    tier: ClassVar[Tier] = Tier.VALUE
    history_limited: ClassVar[bool] = True

    request_type: RequestType
    date: DateLike
    max_dte: Count | None = None
