"""What every operation is, by hand: its tier, its columns. In the vendor's order."""

TRADE = (
    "sequence ext_condition1 ext_condition2 ext_condition3 ext_condition4"
    " condition size exchange price"
)
QUOTE = "bid_size bid_exchange bid bid_condition ask_size ask_exchange ask ask_condition"
DAY = "open high low close volume count"
BAR = f"timestamp {DAY} vwap"
EOD = f"created last_trade {DAY} {QUOTE}"
JOINED = f"trade_timestamp quote_timestamp {TRADE} {QUOTE}"
OPTION = "symbol expiration strike right"
VALUE = "market_bid market_ask market_price"
FIRST = "delta theta vega rho epsilon lambda"
SECOND = "gamma vanna charm vomma veta"
THIRD = "speed zomma color ultima"
ALL = f"{FIRST} {SECOND} vera {THIRD} d1 d2 dual_delta dual_gamma"
FIT = "implied_vol iv_error underlying_timestamp underlying_price"
IN_QUOTES = f"{OPTION} timestamp bid ask"
IN_TRADES = f"{OPTION} timestamp {TRADE}"
IN_DAYS = f"{OPTION} timestamp {DAY} {QUOTE}"
VOLATILITIES = (
    f"{OPTION} timestamp bid bid_implied_vol midpoint implied_vol ask ask_implied_vol"
    " iv_error underlying_timestamp underlying_price"
)
FILE = "root expiration strike right ms_of_day"
FILE_EOD = f"date last_trade_ms_of_day {DAY} {QUOTE}"
FILE_JOINED = f"date quote_ms_of_day {TRADE} {QUOTE}"

TABLE = {
    "stock_list_symbols": ("free", "symbol"),
    "stock_list_dates": ("free", "date"),
    "stock_snapshot_ohlc": ("value", f"timestamp symbol {DAY}"),
    "stock_snapshot_trade": ("standard", "timestamp symbol sequence size condition price"),
    "stock_snapshot_quote": ("value", f"timestamp symbol {QUOTE}"),
    "stock_snapshot_market_value": ("standard", f"timestamp symbol {VALUE}"),
    "stock_history_eod": ("free", EOD),
    "stock_history_ohlc": ("value", BAR),
    "stock_history_trade": ("standard", f"timestamp {TRADE}"),
    "stock_history_quote": ("value", f"timestamp {QUOTE}"),
    "stock_history_trade_quote": ("standard", JOINED),
    "stock_at_time_trade": ("standard", f"timestamp {TRADE}"),
    "stock_at_time_quote": ("value", f"timestamp {QUOTE}"),
    "option_list_symbols": ("free", "symbol"),
    "option_list_dates": ("free", "date"),
    "option_list_expirations": ("free", "symbol expiration"),
    "option_list_strikes": ("free", "symbol strike"),
    "option_list_contracts": ("value", OPTION),
    "option_snapshot_ohlc": ("value", f"timestamp {OPTION} {DAY}"),
    "option_snapshot_trade": ("standard", f"{OPTION} timestamp {TRADE}"),
    "option_snapshot_quote": ("value", f"timestamp {OPTION} {QUOTE}"),
    "option_snapshot_open_interest": ("value", f"timestamp {OPTION} open_interest"),
    "option_snapshot_market_value": ("standard", f"timestamp {OPTION} {VALUE}"),
    "option_snapshot_greeks_implied_volatility": ("standard", f"{IN_QUOTES} {FIT}"),
    "option_snapshot_greeks_all": ("pro", f"{IN_QUOTES} {ALL} {FIT}"),
    "option_snapshot_greeks_first_order": ("standard", f"{IN_QUOTES} {FIRST} {FIT}"),
    "option_snapshot_greeks_second_order": ("pro", f"{IN_QUOTES} {SECOND} {FIT}"),
    "option_snapshot_greeks_third_order": ("pro", f"{IN_QUOTES} {THIRD} {FIT}"),
    "option_history_eod": ("free", f"{OPTION} {EOD}"),
    "option_history_ohlc": ("value", f"{OPTION} {BAR}"),
    "option_history_trade": ("standard", IN_TRADES),
    "option_history_quote": ("value", f"{OPTION} timestamp {QUOTE}"),
    "option_history_trade_quote": ("standard", f"{OPTION} {JOINED}"),
    "option_history_open_interest": ("value", f"{OPTION} timestamp open_interest"),
    "option_history_greeks_eod": ("standard", f"{IN_DAYS} {ALL} {FIT}"),
    "option_history_greeks_all": ("pro", f"{IN_QUOTES} {ALL} {FIT}"),
    "option_history_greeks_first_order": ("standard", f"{IN_QUOTES} {FIRST} {FIT}"),
    "option_history_greeks_second_order": ("pro", f"{IN_QUOTES} {SECOND} {FIT}"),
    "option_history_greeks_third_order": ("pro", f"{IN_QUOTES} {THIRD} {FIT}"),
    "option_history_greeks_implied_volatility": ("standard", VOLATILITIES),
    "option_history_trade_greeks_all": ("pro", f"{IN_TRADES} {ALL} {FIT}"),
    "option_history_trade_greeks_first_order": ("pro", f"{IN_TRADES} {FIRST} {FIT}"),
    "option_history_trade_greeks_second_order": ("pro", f"{IN_TRADES} {SECOND} {FIT}"),
    "option_history_trade_greeks_third_order": ("pro", f"{IN_TRADES} {THIRD} {FIT}"),
    "option_history_trade_greeks_implied_volatility": ("pro", f"{IN_TRADES} {FIT}"),
    "option_at_time_trade": ("standard", IN_TRADES),
    "option_at_time_quote": ("value", f"{OPTION} timestamp {QUOTE}"),
    "index_list_symbols": ("free", "symbol"),
    "index_list_dates": ("free", "date"),
    "index_snapshot_ohlc": ("standard", f"timestamp symbol {DAY}"),
    "index_snapshot_price": ("standard", "timestamp symbol price"),
    "index_snapshot_market_value": ("standard", "timestamp symbol market_price"),
    "index_history_eod": ("free", EOD),
    "index_history_ohlc": ("standard", BAR),
    "index_history_price": ("value", "timestamp price"),
    "index_at_time_price": ("value", f"timestamp {TRADE}"),
    "calendar_open_today": ("free", "type open close"),
    "calendar_on_date": ("value", "type open close"),
    "calendar_year": ("value", "date type open close"),
    "interest_rate_history_eod": ("free", "created rate"),
    "option_flat_file_trade_quote": ("pro", f"{FILE} {FILE_JOINED}"),
    "option_flat_file_eod": ("pro", f"{FILE} {FILE_EOD}"),
    "option_flat_file_open_interest": ("pro", f"{FILE} open_interest date"),
    "stock_flat_file_trade_quote": ("pro", f"root ms_of_day {FILE_JOINED}"),
    "stock_flat_file_eod": ("pro", f"root ms_of_day {FILE_EOD}"),
    "index_flat_file_eod": ("pro", f"root ms_of_day {FILE_EOD}"),
}

# Not in the published description.
NEWER = {
    "option_flat_file_quote": ("pro", f"{FILE} date {QUOTE}"),
    "option_history_binomial_greeks_all": ("pro", f"{IN_QUOTES} {ALL} {FIT}"),
    "option_history_binomial_greeks_eod": ("standard", f"{IN_DAYS} {ALL} {FIT}"),
    "option_history_binomial_greeks_first_order": ("standard", f"{IN_QUOTES} {FIRST} {FIT}"),
    "option_history_binomial_greeks_second_order": ("pro", f"{IN_QUOTES} {SECOND} {FIT}"),
    "option_history_binomial_greeks_third_order": ("pro", f"{IN_QUOTES} {THIRD} {FIT}"),
    "option_history_binomial_trade_greeks_all": ("pro", f"{IN_TRADES} {ALL} {FIT}"),
    "option_history_binomial_trade_greeks_first_order": ("pro", f"{IN_TRADES} {FIRST} {FIT}"),
    "option_history_binomial_trade_greeks_second_order": ("pro", f"{IN_TRADES} {SECOND} {FIT}"),
    "option_history_binomial_trade_greeks_third_order": ("pro", f"{IN_TRADES} {THIRD} {FIT}"),
    "option_snapshot_binomial_greeks_all": ("pro", f"{IN_QUOTES} {ALL} {FIT}"),
    "option_snapshot_binomial_greeks_first_order": ("standard", f"{IN_QUOTES} {FIRST} {FIT}"),
    "option_snapshot_binomial_greeks_second_order": ("pro", f"{IN_QUOTES} {SECOND} {FIT}"),
    "option_snapshot_binomial_greeks_third_order": ("pro", f"{IN_QUOTES} {THIRD} {FIT}"),
    "stock_flat_file_quote": ("pro", f"root ms_of_day date {QUOTE}"),
}

EVERY = TABLE | NEWER
