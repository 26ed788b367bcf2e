"""What REST answers become: one Struct for each kind of row.

Columns keep the vendor's names. Times are New York's: the attribute with the
column's name (`row.timestamp`) is an aware datetime, made when it is asked
for; the one with `_ny` added holds the wire's wall-clock value, which costs
nothing more than decoding it. Prices, strikes and Greeks are in dollars;
sizes are in shares or contracts; exchange and condition codes are explained
by `thetatrio.codes`. Rows are immutable, compare by value, and hash.
"""

from thetatrio.rows._base import OptionRow as OptionRow
from thetatrio.rows._base import Row as Row
from thetatrio.rows._base import WallClock as WallClock
from thetatrio.rows.calendar import CalendarDay as CalendarDay
from thetatrio.rows.calendar import CalendarHours as CalendarHours
from thetatrio.rows.calendar import InterestRate as InterestRate
from thetatrio.rows.greeks import OptionBidAskImpliedVolatility as OptionBidAskImpliedVolatility
from thetatrio.rows.greeks import OptionGreeks as OptionGreeks
from thetatrio.rows.greeks import OptionGreeksEod as OptionGreeksEod
from thetatrio.rows.greeks import OptionGreeksFirstOrder as OptionGreeksFirstOrder
from thetatrio.rows.greeks import OptionGreeksSecondOrder as OptionGreeksSecondOrder
from thetatrio.rows.greeks import OptionGreeksThirdOrder as OptionGreeksThirdOrder
from thetatrio.rows.greeks import OptionImpliedVolatility as OptionImpliedVolatility
from thetatrio.rows.greeks import OptionTradeGreeks as OptionTradeGreeks
from thetatrio.rows.greeks import OptionTradeGreeksFirstOrder as OptionTradeGreeksFirstOrder
from thetatrio.rows.greeks import OptionTradeGreeksSecondOrder as OptionTradeGreeksSecondOrder
from thetatrio.rows.greeks import OptionTradeGreeksThirdOrder as OptionTradeGreeksThirdOrder
from thetatrio.rows.greeks import OptionTradeImpliedVolatility as OptionTradeImpliedVolatility
from thetatrio.rows.lists import Date as Date
from thetatrio.rows.lists import Expiration as Expiration
from thetatrio.rows.lists import ListedContract as ListedContract
from thetatrio.rows.lists import Strike as Strike
from thetatrio.rows.lists import Symbol as Symbol
from thetatrio.rows.market import Eod as Eod
from thetatrio.rows.market import IndexMarketValue as IndexMarketValue
from thetatrio.rows.market import IndexPrice as IndexPrice
from thetatrio.rows.market import MarketValue as MarketValue
from thetatrio.rows.market import Ohlc as Ohlc
from thetatrio.rows.market import Price as Price
from thetatrio.rows.market import Quote as Quote
from thetatrio.rows.market import SnapshotOhlc as SnapshotOhlc
from thetatrio.rows.market import StockQuote as StockQuote
from thetatrio.rows.market import StockTrade as StockTrade
from thetatrio.rows.market import Trade as Trade
from thetatrio.rows.market import TradeQuote as TradeQuote
from thetatrio.rows.option import OpenInterest as OpenInterest
from thetatrio.rows.option import OptionEod as OptionEod
from thetatrio.rows.option import OptionMarketValue as OptionMarketValue
from thetatrio.rows.option import OptionOhlc as OptionOhlc
from thetatrio.rows.option import OptionQuote as OptionQuote
from thetatrio.rows.option import OptionSnapshotOhlc as OptionSnapshotOhlc
from thetatrio.rows.option import OptionTrade as OptionTrade
from thetatrio.rows.option import OptionTradeQuote as OptionTradeQuote
from thetatrio.rows.v2 import Dividend as Dividend
from thetatrio.rows.v2 import FilePath as FilePath
from thetatrio.rows.v2 import OptionTradeFlags as OptionTradeFlags
from thetatrio.rows.v2 import Split as Split
from thetatrio.rows.v2 import TradeFlags as TradeFlags
