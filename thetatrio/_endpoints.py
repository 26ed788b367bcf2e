"""Requests grouped as users look for them: `session.stock`, `session.option`, ...

Each operation is one line here: the method's name and its request class. The
same groups serve every face; a face's own `Group` says what calling one gives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Generic, ParamSpec, TypeVar, cast, overload

from thetatrio.requests import Request
from thetatrio.requests.calendar import CalendarYear
from thetatrio.requests.index import IndexHistoryPrice
from thetatrio.requests.option import (
    OptionHistoryQuote,
    OptionHistoryTrade,
    OptionListContracts,
    OptionListExpirations,
    OptionSnapshotGreeksAll,
)
from thetatrio.requests.stock import (
    StockHistoryEod,
    StockHistoryOhlc,
    StockListSymbols,
    StockSnapshotQuote,
)
from thetatrio.rows import Row

if TYPE_CHECKING:
    from thetatrio import _session as native
    from thetatrio._rest.query import Query

__all__ = [
    "CalendarEndpoints",
    "Endpoint",
    "IndexEndpoints",
    "OptionEndpoints",
    "StockEndpoints",
]

P = ParamSpec("P")
R = TypeVar("R", bound=Row)


class Endpoint(Generic[P, R]):
    """A request class as a method: calling it makes a query of the request."""

    def __init__(self, request: Callable[P, Request[R]]) -> None:
        self._request: Callable[P, Request[R]] = request
        self._name: str = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, group: None, owner: type) -> Endpoint[P, R]: ...
    @overload
    def __get__(self, group: native.Group, owner: type) -> Callable[P, Query[R]]: ...
    def __get__(self, group: native.Group | None, owner: type) -> object:
        if group is None:
            return self
        bind = group.bind
        make = self._request
        request_class = cast("type[Request[R]]", make)

        def method(*args: P.args, **kwargs: P.kwargs) -> object:
            try:
                request = make(*args, **kwargs)
            except TypeError:
                # msgspec's words name no operation.
                problem = request_class.call_problem(args, kwargs)
                raise TypeError(problem) from None
            return bind(request)

        method.__name__ = self._name
        method.__qualname__ = f"{owner.__qualname__}.{self._name}"
        method.__module__ = owner.__module__
        method.__doc__ = request_class.__doc__
        returns = f"{group.query_name}[{request_class.row_type().__name__}]"
        method.__signature__ = request_class.signature(returns)  # type: ignore[attr-defined]
        # A descriptor without __set__ gives way to the instance's own
        # attribute: found once for each session.
        group.__dict__[self._name] = method
        return method


class StockEndpoints:
    """Stocks and ETFs."""

    list_symbols: Final = Endpoint(StockListSymbols)
    snapshot_quote: Final = Endpoint(StockSnapshotQuote)
    history_eod: Final = Endpoint(StockHistoryEod)
    history_ohlc: Final = Endpoint(StockHistoryOhlc)


class OptionEndpoints:
    """Options."""

    list_expirations: Final = Endpoint(OptionListExpirations)
    list_contracts: Final = Endpoint(OptionListContracts)
    snapshot_greeks_all: Final = Endpoint(OptionSnapshotGreeksAll)
    history_trade: Final = Endpoint(OptionHistoryTrade)
    history_quote: Final = Endpoint(OptionHistoryQuote)


class IndexEndpoints:
    """Indices."""

    history_price: Final = Endpoint(IndexHistoryPrice)


class CalendarEndpoints:
    """The stock market's calendar."""

    year: Final = Endpoint(CalendarYear)
