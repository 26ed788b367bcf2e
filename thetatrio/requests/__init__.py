"""One frozen Struct for each REST operation; its fields are the vendor's parameters.

Calling a session's method makes one of these; they can also be made by hand,
printed, compared, hashed and kept.
"""

from thetatrio.requests._base import FlatFileRequest as FlatFileRequest
from thetatrio.requests._base import Parameter as Parameter
from thetatrio.requests._base import Request as Request
from thetatrio.requests._base import operations as operations
from thetatrio.requests.calendar import CalendarOnDate as CalendarOnDate
from thetatrio.requests.calendar import CalendarOpenToday as CalendarOpenToday
from thetatrio.requests.calendar import CalendarYear as CalendarYear
from thetatrio.requests.flat_file import IndexFlatFileEod as IndexFlatFileEod
from thetatrio.requests.flat_file import OptionFlatFileEod as OptionFlatFileEod
from thetatrio.requests.flat_file import OptionFlatFileOpenInterest as OptionFlatFileOpenInterest
from thetatrio.requests.flat_file import OptionFlatFileQuote as OptionFlatFileQuote
from thetatrio.requests.flat_file import OptionFlatFileTradeQuote as OptionFlatFileTradeQuote
from thetatrio.requests.flat_file import StockFlatFileEod as StockFlatFileEod
from thetatrio.requests.flat_file import StockFlatFileQuote as StockFlatFileQuote
from thetatrio.requests.flat_file import StockFlatFileTradeQuote as StockFlatFileTradeQuote
from thetatrio.requests.index import IndexAtTimePrice as IndexAtTimePrice
from thetatrio.requests.index import IndexHistoryEod as IndexHistoryEod
from thetatrio.requests.index import IndexHistoryOhlc as IndexHistoryOhlc
from thetatrio.requests.index import IndexHistoryPrice as IndexHistoryPrice
from thetatrio.requests.index import IndexListDates as IndexListDates
from thetatrio.requests.index import IndexListSymbols as IndexListSymbols
from thetatrio.requests.index import IndexSnapshotMarketValue as IndexSnapshotMarketValue
from thetatrio.requests.index import IndexSnapshotOhlc as IndexSnapshotOhlc
from thetatrio.requests.index import IndexSnapshotPrice as IndexSnapshotPrice
from thetatrio.requests.option_at_time import OptionAtTimeQuote as OptionAtTimeQuote
from thetatrio.requests.option_at_time import OptionAtTimeTrade as OptionAtTimeTrade
from thetatrio.requests.option_binomial_greeks import (
    OptionHistoryBinomialGreeksAll as OptionHistoryBinomialGreeksAll,
)
from thetatrio.requests.option_binomial_greeks import (
    OptionHistoryBinomialGreeksEod as OptionHistoryBinomialGreeksEod,
)
from thetatrio.requests.option_binomial_greeks import (
    OptionHistoryBinomialGreeksFirstOrder as OptionHistoryBinomialGreeksFirstOrder,
)
from thetatrio.requests.option_binomial_greeks import (
    OptionHistoryBinomialGreeksSecondOrder as OptionHistoryBinomialGreeksSecondOrder,
)
from thetatrio.requests.option_binomial_greeks import (
    OptionHistoryBinomialGreeksThirdOrder as OptionHistoryBinomialGreeksThirdOrder,
)
from thetatrio.requests.option_binomial_greeks import (
    OptionHistoryBinomialTradeGreeksAll as OptionHistoryBinomialTradeGreeksAll,
)
from thetatrio.requests.option_binomial_greeks import (
    OptionHistoryBinomialTradeGreeksFirstOrder as OptionHistoryBinomialTradeGreeksFirstOrder,
)
from thetatrio.requests.option_binomial_greeks import (
    OptionHistoryBinomialTradeGreeksSecondOrder as OptionHistoryBinomialTradeGreeksSecondOrder,
)
from thetatrio.requests.option_binomial_greeks import (
    OptionHistoryBinomialTradeGreeksThirdOrder as OptionHistoryBinomialTradeGreeksThirdOrder,
)
from thetatrio.requests.option_binomial_greeks import (
    OptionSnapshotBinomialGreeksAll as OptionSnapshotBinomialGreeksAll,
)
from thetatrio.requests.option_binomial_greeks import (
    OptionSnapshotBinomialGreeksFirstOrder as OptionSnapshotBinomialGreeksFirstOrder,
)
from thetatrio.requests.option_binomial_greeks import (
    OptionSnapshotBinomialGreeksSecondOrder as OptionSnapshotBinomialGreeksSecondOrder,
)
from thetatrio.requests.option_binomial_greeks import (
    OptionSnapshotBinomialGreeksThirdOrder as OptionSnapshotBinomialGreeksThirdOrder,
)
from thetatrio.requests.option_greeks import OptionHistoryGreeksAll as OptionHistoryGreeksAll
from thetatrio.requests.option_greeks import OptionHistoryGreeksEod as OptionHistoryGreeksEod
from thetatrio.requests.option_greeks import (
    OptionHistoryGreeksFirstOrder as OptionHistoryGreeksFirstOrder,
)
from thetatrio.requests.option_greeks import (
    OptionHistoryGreeksImpliedVolatility as OptionHistoryGreeksImpliedVolatility,
)
from thetatrio.requests.option_greeks import (
    OptionHistoryGreeksSecondOrder as OptionHistoryGreeksSecondOrder,
)
from thetatrio.requests.option_greeks import (
    OptionHistoryGreeksThirdOrder as OptionHistoryGreeksThirdOrder,
)
from thetatrio.requests.option_greeks import (
    OptionHistoryTradeGreeksAll as OptionHistoryTradeGreeksAll,
)
from thetatrio.requests.option_greeks import (
    OptionHistoryTradeGreeksFirstOrder as OptionHistoryTradeGreeksFirstOrder,
)
from thetatrio.requests.option_greeks import (
    OptionHistoryTradeGreeksImpliedVolatility as OptionHistoryTradeGreeksImpliedVolatility,
)
from thetatrio.requests.option_greeks import (
    OptionHistoryTradeGreeksSecondOrder as OptionHistoryTradeGreeksSecondOrder,
)
from thetatrio.requests.option_greeks import (
    OptionHistoryTradeGreeksThirdOrder as OptionHistoryTradeGreeksThirdOrder,
)
from thetatrio.requests.option_greeks import OptionSnapshotGreeksAll as OptionSnapshotGreeksAll
from thetatrio.requests.option_greeks import (
    OptionSnapshotGreeksFirstOrder as OptionSnapshotGreeksFirstOrder,
)
from thetatrio.requests.option_greeks import (
    OptionSnapshotGreeksImpliedVolatility as OptionSnapshotGreeksImpliedVolatility,
)
from thetatrio.requests.option_greeks import (
    OptionSnapshotGreeksSecondOrder as OptionSnapshotGreeksSecondOrder,
)
from thetatrio.requests.option_greeks import (
    OptionSnapshotGreeksThirdOrder as OptionSnapshotGreeksThirdOrder,
)
from thetatrio.requests.option_history import OptionHistoryEod as OptionHistoryEod
from thetatrio.requests.option_history import OptionHistoryOhlc as OptionHistoryOhlc
from thetatrio.requests.option_history import OptionHistoryOpenInterest as OptionHistoryOpenInterest
from thetatrio.requests.option_history import OptionHistoryQuote as OptionHistoryQuote
from thetatrio.requests.option_history import OptionHistoryTrade as OptionHistoryTrade
from thetatrio.requests.option_history import OptionHistoryTradeQuote as OptionHistoryTradeQuote
from thetatrio.requests.option_lists import OptionListContracts as OptionListContracts
from thetatrio.requests.option_lists import OptionListDates as OptionListDates
from thetatrio.requests.option_lists import OptionListExpirations as OptionListExpirations
from thetatrio.requests.option_lists import OptionListStrikes as OptionListStrikes
from thetatrio.requests.option_lists import OptionListSymbols as OptionListSymbols
from thetatrio.requests.option_snapshots import (
    OptionSnapshotMarketValue as OptionSnapshotMarketValue,
)
from thetatrio.requests.option_snapshots import OptionSnapshotOhlc as OptionSnapshotOhlc
from thetatrio.requests.option_snapshots import (
    OptionSnapshotOpenInterest as OptionSnapshotOpenInterest,
)
from thetatrio.requests.option_snapshots import OptionSnapshotQuote as OptionSnapshotQuote
from thetatrio.requests.option_snapshots import OptionSnapshotTrade as OptionSnapshotTrade
from thetatrio.requests.rate import InterestRateHistoryEod as InterestRateHistoryEod
from thetatrio.requests.stock import StockAtTimeQuote as StockAtTimeQuote
from thetatrio.requests.stock import StockAtTimeTrade as StockAtTimeTrade
from thetatrio.requests.stock import StockHistoryEod as StockHistoryEod
from thetatrio.requests.stock import StockHistoryOhlc as StockHistoryOhlc
from thetatrio.requests.stock import StockHistoryQuote as StockHistoryQuote
from thetatrio.requests.stock import StockHistoryTrade as StockHistoryTrade
from thetatrio.requests.stock import StockHistoryTradeQuote as StockHistoryTradeQuote
from thetatrio.requests.stock import StockListDates as StockListDates
from thetatrio.requests.stock import StockListSymbols as StockListSymbols
from thetatrio.requests.stock import StockSnapshotMarketValue as StockSnapshotMarketValue
from thetatrio.requests.stock import StockSnapshotOhlc as StockSnapshotOhlc
from thetatrio.requests.stock import StockSnapshotQuote as StockSnapshotQuote
from thetatrio.requests.stock import StockSnapshotTrade as StockSnapshotTrade
