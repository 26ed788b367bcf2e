"""Requests grouped as users look for them: `session.stock`, `session.option`, ...

Each operation is one line here: the method's name and its request class. The
same groups serve every face; a face's own `Group` says what calling one gives
(that for asyncio gives the native query).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Generic, NoReturn, ParamSpec, TypeVar, cast, overload

from thetatrio._calls import missing_attribute
from thetatrio.errors import WrongCall
from thetatrio.requests import Request
from thetatrio.requests.calendar import (
    CalendarOnDate,
    CalendarOpenToday,
    CalendarYear,
)
from thetatrio.requests.flat_file import (
    IndexFlatFileEod,
    OptionFlatFileEod,
    OptionFlatFileOpenInterest,
    OptionFlatFileQuote,
    OptionFlatFileTradeQuote,
    StockFlatFileEod,
    StockFlatFileQuote,
    StockFlatFileTradeQuote,
)
from thetatrio.requests.index import (
    IndexAtTimePrice,
    IndexHistoryEod,
    IndexHistoryOhlc,
    IndexHistoryPrice,
    IndexListDates,
    IndexListSymbols,
    IndexSnapshotMarketValue,
    IndexSnapshotOhlc,
    IndexSnapshotPrice,
)
from thetatrio.requests.option_at_time import (
    OptionAtTimeQuote,
    OptionAtTimeTrade,
)
from thetatrio.requests.option_binomial_greeks import (
    OptionHistoryBinomialGreeksAll,
    OptionHistoryBinomialGreeksEod,
    OptionHistoryBinomialGreeksFirstOrder,
    OptionHistoryBinomialGreeksSecondOrder,
    OptionHistoryBinomialGreeksThirdOrder,
    OptionHistoryBinomialTradeGreeksAll,
    OptionHistoryBinomialTradeGreeksFirstOrder,
    OptionHistoryBinomialTradeGreeksSecondOrder,
    OptionHistoryBinomialTradeGreeksThirdOrder,
    OptionSnapshotBinomialGreeksAll,
    OptionSnapshotBinomialGreeksFirstOrder,
    OptionSnapshotBinomialGreeksSecondOrder,
    OptionSnapshotBinomialGreeksThirdOrder,
)
from thetatrio.requests.option_greeks import (
    OptionHistoryGreeksAll,
    OptionHistoryGreeksEod,
    OptionHistoryGreeksFirstOrder,
    OptionHistoryGreeksImpliedVolatility,
    OptionHistoryGreeksSecondOrder,
    OptionHistoryGreeksThirdOrder,
    OptionHistoryTradeGreeksAll,
    OptionHistoryTradeGreeksFirstOrder,
    OptionHistoryTradeGreeksImpliedVolatility,
    OptionHistoryTradeGreeksSecondOrder,
    OptionHistoryTradeGreeksThirdOrder,
    OptionSnapshotGreeksAll,
    OptionSnapshotGreeksFirstOrder,
    OptionSnapshotGreeksImpliedVolatility,
    OptionSnapshotGreeksSecondOrder,
    OptionSnapshotGreeksThirdOrder,
)
from thetatrio.requests.option_history import (
    OptionHistoryEod,
    OptionHistoryOhlc,
    OptionHistoryOpenInterest,
    OptionHistoryQuote,
    OptionHistoryTrade,
    OptionHistoryTradeQuote,
)
from thetatrio.requests.option_lists import (
    OptionListContracts,
    OptionListDates,
    OptionListExpirations,
    OptionListStrikes,
    OptionListSymbols,
)
from thetatrio.requests.option_snapshots import (
    OptionSnapshotMarketValue,
    OptionSnapshotOhlc,
    OptionSnapshotOpenInterest,
    OptionSnapshotQuote,
    OptionSnapshotTrade,
)
from thetatrio.requests.rate import InterestRateHistoryEod
from thetatrio.requests.stock import (
    StockAtTimeQuote,
    StockAtTimeTrade,
    StockHistoryEod,
    StockHistoryOhlc,
    StockHistoryQuote,
    StockHistoryTrade,
    StockHistoryTradeQuote,
    StockListDates,
    StockListSymbols,
    StockSnapshotMarketValue,
    StockSnapshotOhlc,
    StockSnapshotQuote,
    StockSnapshotTrade,
)
from thetatrio.requests.v2 import (
    OptionFileEod,
    OptionFileOpenInterest,
    OptionFileTradeQuote,
    OptionHistoryTradeFlags,
    StockFileTradeQuote,
    StockHistoryDividend,
    StockHistorySplit,
    StockHistoryTradeFlags,
)
from thetatrio.rows import Row

if TYPE_CHECKING:
    from thetatrio import _session as native
    from thetatrio import sync
    from thetatrio._rest.file_query import FileQuery
    from thetatrio._rest.query import Query

__all__ = [
    "CalendarEndpoints",
    "Endpoint",
    "FileEndpoint",
    "IndexEndpoints",
    "InterestRateEndpoints",
    "OptionEndpoints",
    "StockEndpoints",
    "WithGroups",
]

P = ParamSpec("P")
R = TypeVar("R", bound=Row)


class _Method(Generic[P]):
    """What both kinds of endpoint share: a request class, and its documentation as a method's."""

    def __init__(self, request: Callable[P, Request[Row]]) -> None:
        self._make = request
        self._name: str = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    if not TYPE_CHECKING:  # a type checker knows that it cannot be called

        def __call__(self, *_: object, **__: object) -> NoReturn:
            operation = self.request_class.operation
            raise WrongCall(
                f"{operation}: {self._name}() is a method of an open session, not of its class"
            )

    @property
    def request_class(self) -> type[Request[Row]]:
        """The declaration behind the method."""
        return cast("type[Request[Row]]", self._make)

    def bound(
        self,
        group: native.Group | sync.Group,
        owner: type,
        bind: Callable[[Request[Row]], object],
        returns: str,
    ) -> object:
        """Return the method of one group, and let the group remember it."""
        make = self._make
        declared = self.request_class

        def method(*args: P.args, **kwargs: P.kwargs) -> object:
            try:
                request = make(*args, **kwargs)
            except TypeError:
                # msgspec's words name no operation.
                problem = declared.call_problem(args, kwargs)
                raise WrongCall(problem) from None
            return bind(request)

        method.__name__ = self._name
        method.__qualname__ = f"{owner.__qualname__}.{self._name}"
        method.__module__ = owner.__module__
        method.__doc__ = declared.__doc__
        method.__signature__ = declared.signature(returns)  # type: ignore[attr-defined]
        # A descriptor without __set__ gives way to the instance's own
        # attribute: found once for each session.
        group.__dict__[self._name] = method
        return method


class Endpoint(_Method[P], Generic[P, R]):
    """A request class as a method: calling it makes a query of the request."""

    def __init__(self, request: Callable[P, Request[R]]) -> None:
        super().__init__(cast("Callable[P, Request[Row]]", request))

    @overload
    def __get__(self, group: None, owner: type) -> Endpoint[P, R]: ...
    @overload
    def __get__(self, group: native.Group, owner: type) -> Callable[P, Query[R]]: ...
    @overload
    def __get__(self, group: sync.Group, owner: type) -> Callable[P, sync.Query[R]]: ...
    def __get__(self, group: native.Group | sync.Group | None, owner: type) -> object:
        if group is None:
            return self
        row = self.request_class.row_type().__name__
        return self.bound(group, owner, group.bind, f"{group.query_name}[{row}]")


class FileEndpoint(_Method[P]):
    """A request for a flat file as a method: calling it makes a file query of the request."""

    @overload
    def __get__(self, group: None, owner: type) -> FileEndpoint[P]: ...
    @overload
    def __get__(self, group: native.Group, owner: type) -> Callable[P, FileQuery]: ...
    @overload
    def __get__(self, group: sync.Group, owner: type) -> Callable[P, sync.FileQuery]: ...
    def __get__(self, group: native.Group | sync.Group | None, owner: type) -> object:
        if group is None:
            return self
        return self.bound(group, owner, group.bind_file, group.file_query_name)


class _Endpoints:
    """What the groups share: a message for an operation that a group does not have."""

    if not TYPE_CHECKING:  # a type checker knows that it is not there

        def __getattr__(self, name: str) -> object:
            if name.startswith("_"):
                raise AttributeError(name)
            mine = next(group for group, kind in _groups().items() if isinstance(self, kind))
            others = [f"session.{g}.{name}" for g, kind in _groups().items() if name in vars(kind)]
            hint = f"; there is {' and '.join(others)}" if others else ""
            names = [n for kind in type(self).__mro__ for n in vars(kind)]
            raise AttributeError(missing_attribute(f"session.{mine}", name, names, hint))


class WithGroups:
    """A base of sessions: a message for an attribute that a session does not have."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            if name.startswith("_"):
                raise AttributeError(name)
            hint = ""
            for group in _groups():
                method = name.removeprefix(f"{group}_")
                if method != name and method in vars(_groups()[group]):
                    hint = f"; it is session.{group}.{method}"
            names = {*vars(self), *dir(type(self))}
            raise AttributeError(missing_attribute("session", name, sorted(names), hint))


def _groups() -> dict[str, type[_Endpoints]]:
    return {
        "stock": StockEndpoints,
        "option": OptionEndpoints,
        "index": IndexEndpoints,
        "calendar": CalendarEndpoints,
        "interest_rate": InterestRateEndpoints,
    }


class StockEndpoints(_Endpoints):
    """Stocks and ETFs."""

    list_symbols: Final = Endpoint(StockListSymbols)
    list_dates: Final = Endpoint(StockListDates)
    snapshot_ohlc: Final = Endpoint(StockSnapshotOhlc)
    snapshot_trade: Final = Endpoint(StockSnapshotTrade)
    snapshot_quote: Final = Endpoint(StockSnapshotQuote)
    snapshot_market_value: Final = Endpoint(StockSnapshotMarketValue)
    history_eod: Final = Endpoint(StockHistoryEod)
    history_ohlc: Final = Endpoint(StockHistoryOhlc)
    history_trade: Final = Endpoint(StockHistoryTrade)
    history_quote: Final = Endpoint(StockHistoryQuote)
    history_trade_quote: Final = Endpoint(StockHistoryTradeQuote)
    at_time_trade: Final = Endpoint(StockAtTimeTrade)
    at_time_quote: Final = Endpoint(StockAtTimeQuote)
    flat_file_trade_quote: Final = FileEndpoint(StockFlatFileTradeQuote)
    flat_file_quote: Final = FileEndpoint(StockFlatFileQuote)
    flat_file_eod: Final = FileEndpoint(StockFlatFileEod)
    # v2 terminals only.
    history_split: Final = Endpoint(StockHistorySplit)
    history_dividend: Final = Endpoint(StockHistoryDividend)
    history_trade_flags: Final = Endpoint(StockHistoryTradeFlags)
    file_trade_quote: Final = Endpoint(StockFileTradeQuote)


class OptionEndpoints(_Endpoints):
    """Options."""

    list_symbols: Final = Endpoint(OptionListSymbols)
    list_dates: Final = Endpoint(OptionListDates)
    list_expirations: Final = Endpoint(OptionListExpirations)
    list_strikes: Final = Endpoint(OptionListStrikes)
    list_contracts: Final = Endpoint(OptionListContracts)
    snapshot_ohlc: Final = Endpoint(OptionSnapshotOhlc)
    snapshot_trade: Final = Endpoint(OptionSnapshotTrade)
    snapshot_quote: Final = Endpoint(OptionSnapshotQuote)
    snapshot_open_interest: Final = Endpoint(OptionSnapshotOpenInterest)
    snapshot_market_value: Final = Endpoint(OptionSnapshotMarketValue)
    history_eod: Final = Endpoint(OptionHistoryEod)
    history_ohlc: Final = Endpoint(OptionHistoryOhlc)
    history_trade: Final = Endpoint(OptionHistoryTrade)
    history_quote: Final = Endpoint(OptionHistoryQuote)
    history_trade_quote: Final = Endpoint(OptionHistoryTradeQuote)
    history_open_interest: Final = Endpoint(OptionHistoryOpenInterest)
    at_time_trade: Final = Endpoint(OptionAtTimeTrade)
    at_time_quote: Final = Endpoint(OptionAtTimeQuote)
    flat_file_trade_quote: Final = FileEndpoint(OptionFlatFileTradeQuote)
    flat_file_quote: Final = FileEndpoint(OptionFlatFileQuote)
    flat_file_eod: Final = FileEndpoint(OptionFlatFileEod)
    flat_file_open_interest: Final = FileEndpoint(OptionFlatFileOpenInterest)
    # v2 terminals only.
    history_trade_flags: Final = Endpoint(OptionHistoryTradeFlags)
    file_eod: Final = Endpoint(OptionFileEod)
    file_open_interest: Final = Endpoint(OptionFileOpenInterest)
    file_trade_quote: Final = Endpoint(OptionFileTradeQuote)
    snapshot_greeks_implied_volatility: Final = Endpoint(OptionSnapshotGreeksImpliedVolatility)
    snapshot_greeks_all: Final = Endpoint(OptionSnapshotGreeksAll)
    snapshot_greeks_first_order: Final = Endpoint(OptionSnapshotGreeksFirstOrder)
    snapshot_greeks_second_order: Final = Endpoint(OptionSnapshotGreeksSecondOrder)
    snapshot_greeks_third_order: Final = Endpoint(OptionSnapshotGreeksThirdOrder)
    history_greeks_eod: Final = Endpoint(OptionHistoryGreeksEod)
    history_greeks_implied_volatility: Final = Endpoint(OptionHistoryGreeksImpliedVolatility)
    history_greeks_all: Final = Endpoint(OptionHistoryGreeksAll)
    history_greeks_first_order: Final = Endpoint(OptionHistoryGreeksFirstOrder)
    history_greeks_second_order: Final = Endpoint(OptionHistoryGreeksSecondOrder)
    history_greeks_third_order: Final = Endpoint(OptionHistoryGreeksThirdOrder)
    history_trade_greeks_implied_volatility: Final = Endpoint(
        OptionHistoryTradeGreeksImpliedVolatility
    )
    history_trade_greeks_all: Final = Endpoint(OptionHistoryTradeGreeksAll)
    history_trade_greeks_first_order: Final = Endpoint(OptionHistoryTradeGreeksFirstOrder)
    history_trade_greeks_second_order: Final = Endpoint(OptionHistoryTradeGreeksSecondOrder)
    history_trade_greeks_third_order: Final = Endpoint(OptionHistoryTradeGreeksThirdOrder)
    snapshot_binomial_greeks_all: Final = Endpoint(OptionSnapshotBinomialGreeksAll)
    snapshot_binomial_greeks_first_order: Final = Endpoint(OptionSnapshotBinomialGreeksFirstOrder)
    snapshot_binomial_greeks_second_order: Final = Endpoint(OptionSnapshotBinomialGreeksSecondOrder)
    snapshot_binomial_greeks_third_order: Final = Endpoint(OptionSnapshotBinomialGreeksThirdOrder)
    history_binomial_greeks_eod: Final = Endpoint(OptionHistoryBinomialGreeksEod)
    history_binomial_greeks_all: Final = Endpoint(OptionHistoryBinomialGreeksAll)
    history_binomial_greeks_first_order: Final = Endpoint(OptionHistoryBinomialGreeksFirstOrder)
    history_binomial_greeks_second_order: Final = Endpoint(OptionHistoryBinomialGreeksSecondOrder)
    history_binomial_greeks_third_order: Final = Endpoint(OptionHistoryBinomialGreeksThirdOrder)
    history_binomial_trade_greeks_all: Final = Endpoint(OptionHistoryBinomialTradeGreeksAll)
    history_binomial_trade_greeks_first_order: Final = Endpoint(
        OptionHistoryBinomialTradeGreeksFirstOrder
    )
    history_binomial_trade_greeks_second_order: Final = Endpoint(
        OptionHistoryBinomialTradeGreeksSecondOrder
    )
    history_binomial_trade_greeks_third_order: Final = Endpoint(
        OptionHistoryBinomialTradeGreeksThirdOrder
    )


class IndexEndpoints(_Endpoints):
    """Indices."""

    list_symbols: Final = Endpoint(IndexListSymbols)
    list_dates: Final = Endpoint(IndexListDates)
    snapshot_ohlc: Final = Endpoint(IndexSnapshotOhlc)
    snapshot_price: Final = Endpoint(IndexSnapshotPrice)
    snapshot_market_value: Final = Endpoint(IndexSnapshotMarketValue)
    history_eod: Final = Endpoint(IndexHistoryEod)
    history_ohlc: Final = Endpoint(IndexHistoryOhlc)
    history_price: Final = Endpoint(IndexHistoryPrice)
    at_time_price: Final = Endpoint(IndexAtTimePrice)
    flat_file_eod: Final = FileEndpoint(IndexFlatFileEod)


class CalendarEndpoints(_Endpoints):
    """The stock market's calendar."""

    open_today: Final = Endpoint(CalendarOpenToday)
    on_date: Final = Endpoint(CalendarOnDate)
    year: Final = Endpoint(CalendarYear)


class InterestRateEndpoints(_Endpoints):
    """Interest rates."""

    history_eod: Final = Endpoint(InterestRateHistoryEod)
