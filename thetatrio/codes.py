"""Exchange, quote-condition and trade-condition codes.

Rows and events carry the vendor's integers. These tables say what they mean;
a code that is in no table (0 is a real exchange code, and new ones appear)
stays the integer it is, and nothing fails because of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

__all__ = [
    "EXCHANGES",
    "NO_CONDITION",
    "QUOTE_CONDITIONS",
    "TRADE_CONDITIONS",
    "Exchange",
    "QuoteCondition",
    "TerminalStatus",
    "TradeCondition",
    "exchange_symbol",
    "quote_condition_name",
    "trade_condition_name",
]

NO_CONDITION: Final = 255
"""What `ext_condition1` to `ext_condition4` hold where there is none."""


class TerminalStatus(StrEnum):
    """What a terminal says of its connection to the vendor's servers."""

    CONNECTED = "CONNECTED"
    """Connected. Requests may still fail: v3 terminals connect again for each."""
    UNVERIFIED = "UNVERIFIED"
    """The account's credentials are wrong; requests will be refused."""
    DISCONNECTED = "DISCONNECTED"
    """Not connected. Normal for the stream's server until the first subscription."""
    ERROR = "ERROR"
    """The terminal says that something is wrong and not what."""
    BUSY = "BUSY"
    """Not the terminal's word: it answered 429, so it is alive and its queue is full."""


class Exchange(NamedTuple):
    """An exchange or reporting facility."""

    code: int
    symbol: str
    name: str


class QuoteCondition(NamedTuple):
    """What a quote's condition code means."""

    code: int
    name: str
    firm: bool
    """Whether the quote can be traded against."""
    halted: bool
    """Whether trading is halted."""


class TradeCondition(NamedTuple):
    """What a trade's condition code means."""

    code: int
    name: str
    cancel: bool
    """Whether it takes back an earlier trade."""
    late: bool
    """Whether it was reported late or out of sequence."""
    auto: bool
    """Whether it was executed automatically."""
    open: bool
    """Whether it is an opening trade."""
    volume: bool
    """Whether it counts in volume."""
    high: bool
    """Whether it may set the high."""
    low: bool
    """Whether it may set the low."""
    last: bool
    """Whether it may set the last price."""


# code, symbol, name. The vendor's table has symbol and name of 56 in each other's place.
_EXCHANGES: Final = (
    (1, "NQEX", "Nasdaq Exchange"),
    (2, "NQAD", "Nasdaq Alternative Display Facility"),
    (3, "NYSE", "New York Stock Exchange"),
    (4, "AMEX", "American Stock Exchange"),
    (5, "CBOE", "Chicago Board Options Exchange"),
    (6, "ISEX", "International Securities Exchange"),
    (7, "PACF", "NYSE ARCA (Pacific)"),
    (8, "CINC", "National Stock Exchange (Cincinnati)"),
    (9, "PHIL", "Philadelphia Stock Exchange"),
    (10, "OPRA", "Options Pricing Reporting Authority"),
    (11, "BOST", "Boston Stock/Options Exchange"),
    (12, "NQNM", "Nasdaq Global+Select Market (NMS)"),
    (13, "NQSC", "Nasdaq Capital Market (SmallCap)"),
    (14, "NQBB", "Nasdaq Bulletin Board"),
    (15, "NQPK", "Nasdaq OTC"),
    (16, "NQIX", "Nasdaq Indexes (GIDS)"),
    (17, "CHIC", "Chicago Stock Exchange"),
    (18, "TSE", "Toronto Stock Exchange"),
    (19, "CDNX", "Canadian Venture Exchange"),
    (20, "CME", "Chicago Mercantile Exchange"),
    (21, "NYBT", "New York Board of Trade"),
    (22, "MRCY", "ISE Mercury"),
    (23, "COMX", "COMEX (division of NYMEX)"),
    (24, "CBOT", "Chicago Board of Trade"),
    (25, "NYMX", "New York Mercantile Exchange"),
    (26, "KCBT", "Kansas City Board of Trade"),
    (27, "MGEX", "Minneapolis Grain Exchange"),
    (28, "NYBO", "NYSE/ARCA Bonds"),
    (29, "NQBS", "Nasdaq Basic"),
    (30, "DOWJ", "Dow Jones Indices"),
    (31, "GEMI", "ISE Gemini"),
    (32, "SIMX", "Singapore International Monetary Exchange"),
    (33, "FTSE", "London Stock Exchange"),
    (34, "EURX", "Eurex"),
    (35, "IMPL", "Implied Price"),
    (36, "DTN", "Data Transmission Network"),
    (37, "LMT", "London Metals Exchange Matched Trades"),
    (38, "LME", "London Metals Exchange"),
    (39, "IPEX", "Intercontinental Exchange (IPE)"),
    (40, "NQMF", "Nasdaq Mutual Funds (MFDS)"),
    (41, "fcec", "COMEX Clearport"),
    (42, "C2", "CBOE C2 Option Exchange"),
    (43, "MIAX", "Miami Exchange"),
    (44, "CLRP", "NYMEX Clearport"),
    (45, "BARK", "Barclays"),
    (46, "EMLD", "Miami Emerald Options Exchange"),
    (47, "NQBX", "NASDAQ Boston"),
    (48, "HOTS", "HotSpot Eurex US"),
    (49, "EUUS", "Eurex US"),
    (50, "EUEU", "Eurex EU"),
    (51, "ENCM", "Euronext Commodities"),
    (52, "ENID", "Euronext Index Derivatives"),
    (53, "ENIR", "Euronext Interest Rates"),
    (54, "CFE", "CBOE Futures Exchange"),
    (55, "PBOT", "Philadelphia Board of Trade"),
    (56, "FCME", "CME Floor"),
    (57, "NQNX", "FINRA/NASDAQ Trade Reporting Facility"),
    (58, "BTRF", "BSE Trade Reporting Facility"),
    (59, "NTRF", "NYSE Trade Reporting Facility"),
    (60, "BATS", "BATS Trading"),
    (61, "FCBT", "CBOT Floor"),
    (62, "PINK", "Pink Sheets"),
    (63, "BATY", "BATS Y Exchange"),
    (64, "EDGE", "Direct Edge A"),
    (65, "EDGX", "Direct Edge X"),
    (66, "RUSL", "Russell Indexes"),
    (67, "CMEX", "CME Indexes"),
    (68, "IEX", "Investors Exchange"),
    (69, "PERL", "Miami Pearl Options Exchange"),
    (70, "LSE", "London Stock Exchange"),
    (71, "GIF", "NYSE Global Index Feed"),
    (72, "TSIX", "TSX Indexes"),
    (73, "MEMX", "Members Exchange"),
    (74, "EMPT", "EMPTY"),
    (75, "LTSE", "Long-Term Stock Exchange"),
    (76, "EMPT", "EMPTY"),
    (77, "24X", "24X National Exchange"),
)

# code, name, then F where the quote is firm, H where trading is halted. The
# vendor's table spells 38 NON_COMLIANCE.
_QUOTE_CONDITIONS: Final = (
    (0, "REGULAR", "F"),
    (1, "BID_ASK_AUTO_EXEC", "F"),
    (2, "ROTATION", ""),
    (3, "SPECIALIST_ASK", "F"),
    (4, "SPECIALIST_BID", "F"),
    (5, "LOCKED", "F"),
    (6, "FAST_MARKET", ""),
    (7, "SPECIALIST_BID_ASK", "F"),
    (8, "ONE_SIDE", "F"),
    (9, "OPENING_QUOTE", ""),
    (10, "CLOSING_QUOTE", ""),
    (11, "MARKET_MAKER_CLOSED", ""),
    (12, "DEPTH_ON_ASK", "F"),
    (13, "DEPTH_ON_BID", "F"),
    (14, "DEPTH_ON_BID_ASK", "F"),
    (15, "TIER_3", "F"),
    (16, "CROSSED", "F"),
    (17, "HALTED", "H"),
    (18, "OPERATIONAL_HALT", "H"),
    (19, "NEWS_OUT", "H"),
    (20, "NEWS_PENDING", "H"),
    (21, "NON_FIRM", ""),
    (22, "DUE_TO_RELATED", "H"),
    (23, "RESUME", ""),
    (24, "NO_MARKET_MAKERS", "H"),
    (25, "ORDER_IMBALANCE", "H"),
    (26, "ORDER_INFLUX", "H"),
    (27, "INDICATED", "H"),
    (28, "PRE_OPEN", ""),
    (29, "IN_VIEW_OF_COMMON", "H"),
    (30, "RELATED_NEWS_OUT", "H"),
    (32, "ADDITIONAL_INFO", "H"),
    (33, "RELATED_ADD_INFO", "H"),
    (34, "NO_OPEN_RESUME", "H"),
    (35, "DELETED", "H"),
    (36, "REGULATORY_HALT", "H"),
    (37, "SEC_SUSPENSION", "H"),
    (38, "NON_COMPLIANCE", "H"),
    (39, "FILINGS_NOT_CURRENT", "H"),
    (40, "CATS_HALTED", "H"),
    (41, "CATS", ""),
    (42, "EX_DIV_OR_SPLIT", "F"),
    (43, "UNASSIGNED", ""),
    (44, "INSIDE_OPEN", ""),
    (45, "INSIDE_CLOSED", ""),
    (46, "OFFER_WANTED", ""),
    (47, "BID_WANTED", ""),
    (48, "CASH", "F"),
    (49, "INACTIVE", "F"),
    (50, "NATIONAL_BBO", "F"),
    (51, "NOMINAL", "F"),
    (52, "CABINET", "F"),
    (53, "NOMINAL_CABINET", "F"),
    (54, "BLANK_PRICE", "F"),
    (55, "SLOW_BID_ASK", ""),
    (56, "SLOW_LIST", "F"),
    (57, "SLOW_BID", ""),
    (58, "SLOW_ASK", ""),
    (59, "BID_OFFER_WANTED", ""),
    (60, "SUBPENNY", ""),
    (61, "NON_BBO", ""),
    (62, "SPECIAL_OPEN", ""),
    (63, "BENCHMARK", ""),
    (64, "IMPLIED", ""),
    (65, "EXCHANGE_BEST", ""),
    (66, "MKT_WIDE_HALT_1", ""),
    (67, "MKT_WIDE_HALT_2", ""),
    (68, "MKT_WIDE_HALT_3", ""),
    (69, "ON_DEMAND_AUCTION", ""),
    (70, "NON_FIRM_BID", ""),
    (71, "NON_FIRM_ASK", ""),
    (72, "RETAIL_BID", ""),
    (73, "RETAIL_ASK", ""),
    (74, "RETAIL_QTE", ""),
)

# code, name, then the letters of what holds: Cancel, lAte, aUto, Open, Volume,
# High, Low, laSt (the capital is the letter).
_TRADE_CONDITIONS: Final = (
    (0, "REGULAR", "VHLS"),
    (1, "FORM_T", "V"),
    (2, "OUT_OF_SEQ", "AVHL"),
    (3, "AVG_PRC", "V"),
    (4, "AVG_PRC_NASDAQ", "V"),
    (5, "OPEN_REPORT_LATE", "AVHL"),
    (6, "OPEN_REPORT_OUT_OF_SEQ", "AVHL"),
    (7, "OPEN_REPORT_IN_SEQ", "AVHLS"),
    (8, "PRIOR_REFERENCE_PRICE", "AVHL"),
    (9, "NEXT_DAY_SALE", "V"),
    (10, "BUNCHED", "VHLS"),
    (11, "CASH_SALE", "V"),
    (12, "SELLER", "V"),
    (13, "SOLD_LAST", "AVHL"),
    (14, "RULE_127", "VHLS"),
    (15, "BUNCHED_SOLD", "AVHL"),
    (16, "NON_BOARD_LOT", "V"),
    (17, "POSIT", "VHL"),
    (18, "AUTO_EXECUTION", "UVHLS"),
    (19, "HALT", ""),
    (20, "DELAYED", "V"),
    (21, "REOPEN", "VHLS"),
    (22, "ACQUISITION", "VHLS"),
    (23, "CASH_MARKET", "VHLS"),
    (24, "NEXT_DAY_MARKET", "VHLS"),
    (25, "BURST_BASKET", "VHLS"),
    (26, "OPEN_DETAIL", "A"),
    (27, "INTRA_DETAIL", "A"),
    (28, "BASKET_ON_CLOSE", "AV"),
    (29, "RULE_155", "VHLS"),
    (30, "DISTRIBUTION", "VHLS"),
    (31, "SPLIT", "VHLS"),
    (32, "REGULAR_SETTLE", "VHLS"),
    (33, "CUSTOM_BASKET_CROSS", "V"),
    (34, "ADJ_TERMS", "VHLS"),
    (35, "SPREAD", "VHLS"),
    (36, "STRADDLE", "VHLS"),
    (37, "BUY_WRITE", "VHLS"),
    (38, "COMBO", "VHLS"),
    (39, "STPD", "VHLS"),
    (40, "CANC", "C"),
    (41, "CANC_LAST", "C"),
    (42, "CANC_OPEN", "C"),
    (43, "CANC_ONLY", "C"),
    (44, "CANC_STPD", "C"),
    (45, "MATCH_CROSS", "VHLS"),
    (46, "FAST_MARKET", "VHLS"),
    (47, "NOMINAL", "VHLS"),
    (48, "CABINET", "O"),
    (49, "BLANK_PRICE", ""),
    (50, "NOT_SPECIFIED", ""),
    (51, "MC_OFFICIAL_CLOSE", ""),
    (52, "SPECIAL_TERMS", "VHLS"),
    (53, "CONTINGENT_ORDER", "VHLS"),
    (54, "INTERNAL_CROSS", "VHLS"),
    (55, "STOPPED_REGULAR", "VHLS"),
    (56, "STOPPED_SOLD_LAST", "HLS"),
    (57, "STOPPED_OUT_OF_SEQ", "AHL"),
    (58, "BASIS", "VHLS"),
    (59, "VWAP", "V"),
    (60, "SPECIAL_SESSION", "V"),
    (61, "NANEX_ADMIN", ""),
    (62, "OPEN_REPORT", "VHL"),
    (63, "MARKET_ON_CLOSE", "VHLS"),
    (64, "SETTLE_PRICE", ""),
    (65, "OUT_OF_SEQ_PRE_MKT", "AV"),
    (66, "MC_OFFICIAL_OPEN", ""),
    (67, "FUTURES_SPREAD", "VHLS"),
    (68, "OPEN_RANGE", "HL"),
    (69, "CLOSE_RANGE", "HL"),
    (70, "NOMINAL_CABINET", ""),
    (71, "CHANGING_TRANS", "VHLS"),
    (72, "CHANGING_TRANS_CAB", ""),
    (73, "NOMINAL_UPDATE", ""),
    (74, "PIT_SETTLEMENT", ""),
    (75, "BLOCK_TRADE", "VHLS"),
    (76, "EXG_FOR_PHYSICAL", "VHLS"),
    (77, "VOLUME_ADJUSTMENT", "V"),
    (78, "VOLATILITY_TRADE", "VHLS"),
    (79, "YELLOW_FLAG", "VHLS"),
    (80, "FLOOR_PRICE", "VHLS"),
    (81, "OFFICIAL_PRICE", "VHLS"),
    (82, "UNOFFICIAL_PRICE", "VHLS"),
    (83, "MID_BID_ASK_PRICE", "VHLS"),
    (84, "END_SESSION_HIGH", "H"),
    (85, "END_SESSION_LOW", "L"),
    (86, "BACKWARDATION", "VHLS"),
    (87, "CONTANGO", "VHLS"),
    (88, "HOLIDAY", "VHLS"),
    (89, "PRE_OPENING", "V"),
    (90, "POST_FULL", ""),
    (91, "POST_RESTRICTED", ""),
    (92, "CLOSING_AUCTION", ""),
    (93, "BATCH", ""),
    (94, "TRADING", ""),
    (95, "INTERMARKET_SWEEP", "VHLS"),
    (96, "DERIVATIVE", "VHL"),
    (97, "REOPENING", "VHLS"),
    (98, "CLOSING", "VHL"),
    (99, "CAPELECTION", "VHL"),
    (100, "SPOT_SETTLEMENT", "VHLS"),
    (101, "BASIS_HIGH", "VHL"),
    (102, "BASIS_LOW", "VHL"),
    (103, "YIELD", ""),
    (104, "PRICE_VARIATION", ""),
    (105, "CONTINGENT_TRADE", "V"),
    (106, "STOPPED_IM", "VHL"),
    (107, "BENCHMARK", "S"),
    (108, "TRADE_THRU_EXEMPT", ""),
    (109, "IMPLIED", "V"),
    (110, "OTC", ""),
    (111, "MKT_SUPERVISION", ""),
    (112, "RESERVED_77", ""),
    (113, "RESERVED_91", ""),
    (114, "CONTINGENT_UTP", ""),
    (115, "ODD_LOT", "V"),
    (116, "RESERVED_89", ""),
    (117, "CORRECTED_CS_LAST", "HLS"),
    (118, "OPRA_EXT_HOURS", ""),
    (119, "RESERVED_78", ""),
    (120, "RESERVED_81", ""),
    (121, "RESERVED_84", ""),
    (122, "RESERVED_878", ""),
    (123, "RESERVED_90", ""),
    (124, "QUALIFIED_CONTINGENT_TRADE", "V"),
    (125, "SINGLE_LEG_AUCTION_NON_ISO", "VHLS"),
    (126, "SINGLE_LEG_AUCTION_ISO", "VHLS"),
    (127, "SINGLE_LEG_CROSS_NON_ISO", "VHLS"),
    (128, "SINGLE_LEG_CROSS_ISO", "VHLS"),
    (129, "SINGLE_LEG_FLOOR_TRADE", "VHLS"),
    (130, "MULTI_LEG_AUTOELEC_TRADE", "VHLS"),
    (131, "MULTI_LEG_AUCTION", "VHLS"),
    (132, "MULTI_LEG_CROSS", "VHLS"),
    (133, "MULTI_LEG_FLOOR_TRADE", "VHLS"),
    (134, "ML_AUTO_ELEC_TRADE_AGSL", "VHLS"),
    (135, "STOCK_OPTIONS_AUCTION", "VHLS"),
    (136, "ML_AUCTION_AGSL", "VHLS"),
    (137, "ML_FLOOR_TRADE_AGSL", "VHLS"),
    (138, "STK_OPT_AUTO_ELEC_TRADE", "VHLS"),
    (139, "STOCK_OPTIONS_CROSS", "VHLS"),
    (140, "STOCK_OPTIONS_FLOOR_TRADE", "VHLS"),
    (141, "STK_OPT_AE_TRD_AGSL", "VHLS"),
    (142, "STK_OPT_AUCTION_AGSL", "VHLS"),
    (143, "STK_OPT_FLOOR_TRADE_AGSL", "VHLS"),
    (144, "ML_FLOOR_TRADE_OF_PP", "VHLS"),
    (145, "BID_AGGRESSOR", "VHLS"),
    (146, "ASK_AGGRESSOR", "VHLS"),
    (147, "MULTILAT_COMP_TR_PDP", "V"),
    (148, "EXTENDED_HOURS_TRADE", "V"),
)

EXCHANGES: Final[Mapping[int, Exchange]] = MappingProxyType(
    {code: Exchange(code, symbol, name) for code, symbol, name in _EXCHANGES}
)
"""Every exchange the vendor documents, by code."""

QUOTE_CONDITIONS: Final[Mapping[int, QuoteCondition]] = MappingProxyType(
    {
        code: QuoteCondition(code, name, "F" in flags, "H" in flags)
        for code, name, flags in _QUOTE_CONDITIONS
    }
)
"""Every quote condition the vendor documents, by code. 50, NATIONAL_BBO, is the usual one."""

TRADE_CONDITIONS: Final[Mapping[int, TradeCondition]] = MappingProxyType(
    {
        code: TradeCondition(code, name, *(letter in flags for letter in "CAUOVHLS"))
        for code, name, flags in _TRADE_CONDITIONS
    }
)
"""Every trade condition the vendor documents, by code."""


def exchange_symbol(code: int) -> str | int:
    """Return an exchange's short symbol (5 is `CBOE`), or the code itself where it is unknown."""
    exchange = EXCHANGES.get(code)
    return code if exchange is None else exchange.symbol


def quote_condition_name(code: int) -> str | int:
    """Return a quote condition's name (50 is `NATIONAL_BBO`), or the code where it is unknown."""
    condition = QUOTE_CONDITIONS.get(code)
    return code if condition is None else condition.name


def trade_condition_name(code: int) -> str | int:
    """Return a trade condition's name (18 is `AUTO_EXECUTION`), or the code where it is unknown."""
    condition = TRADE_CONDITIONS.get(code)
    return code if condition is None else condition.name
