"""One frozen Struct for each REST operation; its fields are the vendor's parameters.

Calling a session's method makes one of these; they can also be made by hand,
printed, compared, hashed and kept.
"""

from thetatrio.requests._base import Parameter as Parameter
from thetatrio.requests._base import Request as Request
from thetatrio.requests._base import operations as operations
from thetatrio.requests.calendar import CalendarYear as CalendarYear
from thetatrio.requests.index import IndexHistoryPrice as IndexHistoryPrice
from thetatrio.requests.option import OptionHistoryQuote as OptionHistoryQuote
from thetatrio.requests.option import OptionHistoryTrade as OptionHistoryTrade
from thetatrio.requests.option import OptionListContracts as OptionListContracts
from thetatrio.requests.option import OptionListExpirations as OptionListExpirations
from thetatrio.requests.option import OptionSnapshotGreeksAll as OptionSnapshotGreeksAll
from thetatrio.requests.stock import StockHistoryEod as StockHistoryEod
from thetatrio.requests.stock import StockHistoryOhlc as StockHistoryOhlc
from thetatrio.requests.stock import StockListSymbols as StockListSymbols
from thetatrio.requests.stock import StockSnapshotQuote as StockSnapshotQuote
