"""What terminals accept: the table against what was seen, entered here a second time by hand."""

import pytest

from thetatrio import requests
from thetatrio.requests import Request
from thetatrio.rules import RULES, first_byte_allowance, rules_of

pytestmark = pytest.mark.core

OPERATIONS = {
    kind.operation: kind
    for name in dir(requests)
    if isinstance(kind := getattr(requests, name), type)
    and issubclass(kind, Request)
    and getattr(kind, "operation", None)
}

SEEN = [
    # operation, `*` of settled days, `*` of today, days of one request with `*`, most days
    ("option_history_eod", "takes", "refuses", 7, 365),
    ("option_history_open_interest", "takes", "refuses", 7, None),
    ("option_history_greeks_eod", "takes", "refuses", 1, 365),
    ("option_history_greeks_all", "refuses", "refuses", 1, None),
    ("option_history_greeks_first_order", "refuses", "refuses", 1, None),
    ("option_history_greeks_second_order", "refuses", "refuses", 1, None),
    ("option_history_greeks_third_order", "refuses", "refuses", 1, None),
    ("option_history_greeks_implied_volatility", "refuses", "refuses", 1, None),
    ("option_history_ohlc", "refuses", "refuses", 1, None),
    ("option_history_quote", "takes", "refuses", 1, None),
    ("option_history_trade", "takes", "refuses", 1, None),
    ("option_history_trade_quote", "takes", "refuses", 1, None),
    ("option_history_trade_greeks_all", "unknown", "refuses", 1, None),
    ("option_snapshot_quote", "takes", "takes", 1, None),
    ("option_snapshot_greeks_all", "takes", "takes", 1, None),
    ("stock_history_eod", "unknown", "unknown", 1, 365),
    ("index_history_eod", "unknown", "unknown", 1, 365),
    ("interest_rate_history_eod", "unknown", "unknown", 1, 365),
    ("stock_history_trade", "unknown", "unknown", 1, None),
]


@pytest.mark.parametrize(("operation", "settled", "today", "days", "most"), SEEN)
def test_each_operation_accepts_what_was_seen(operation, settled, today, days, most):
    """The table says of an operation what users of terminals of 2026 have measured."""
    rules = rules_of(operation)
    assert (rules.expiration_wildcard, rules.current_day_wildcard) == (settled, today)
    assert (rules.wildcard_days, rules.most_days) == (days, most)


def test_daily_reports_of_today_are_refused():
    """EOD is made at about 17:15; until then, the current day is refused, and only of EOD."""
    refusing = {operation for operation, rules in RULES.items() if not rules.current_day}
    assert refusing == {
        "stock_history_eod",
        "index_history_eod",
        "interest_rate_history_eod",
        "option_history_eod",
        "option_history_greeks_eod",
        "option_history_binomial_greeks_eod",
    }


def test_lists_and_greeks_have_more_time():
    """Lists and Greeks of index roots were silent for over a minute before their first byte."""
    assert first_byte_allowance("option_list_contracts") >= 120
    assert first_byte_allowance("option_history_greeks_first_order") >= 240
    assert first_byte_allowance("stock_history_trade") == 60
    assert first_byte_allowance("of a later terminal") == 60


def test_every_entry_is_an_operation():
    """A misspelled entry would be a rule that nobody reads."""
    unknown = set(RULES) - set(OPERATIONS)
    assert not unknown


def test_every_option_operation_of_days_has_an_entry():
    """A new operation about expirations is entered before it is planned."""
    missing = {
        operation
        for operation, kind in OPERATIONS.items()
        if "expiration" in kind.__struct_fields__ and not kind.v2_only and operation not in RULES
    }
    assert not missing
