"""What each operation of a v3 terminal accepts: the one table of it.

The planner, the documentation and the simulated terminal read it.

The facts are those that were seen on terminals of July to October 2026; where nothing was
seen, those of the vendor's documentation. Terminals differ: what the table does not know is
sent as it was requested, and a refusal (HTTP 400) corrects the table for the rest of a session.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RULES", "OperationRules", "Wildcard", "first_byte_allowance", "rules_of"]

Wildcard: TypeAlias = Literal["takes", "refuses", "unknown"]
"""Whether an operation accepts `*`. What is unknown is sent as requested."""

EOD_DAYS: Final = 365
"""Days of one request for daily reports, both ends inclusive. 366 are refused (several
independent users, measured)."""
WEEK: Final = 7
"""Days of one request for daily reports or open interest of all expirations. The terminal
accepts more, but answers over more than about a week were seen to stall after 32 KiB."""
USUAL_FIRST_BYTE: Final = 60.0
LIST_FIRST_BYTE: Final = 180.0
GREEKS_FIRST_BYTE: Final = 300.0


class OperationRules(msgspec.Struct, frozen=True, kw_only=True):
    """What one operation accepts."""

    expiration_wildcard: Wildcard = "unknown"
    """Whether `expiration="*"` is accepted for days before the current one."""
    current_day_wildcard: Wildcard = "unknown"
    """Whether `expiration="*"` is accepted for the current day."""
    strike_wildcard: Wildcard = "unknown"
    """Whether `strike="*"` is accepted."""
    wildcard_days: int = 1
    """Days of one request with `expiration="*"`, both ends inclusive."""
    most_days: int | None = None
    """Days of one request, both ends inclusive; None if the interval decides."""
    current_day: bool = True
    """Whether the current day is answered. Daily reports of it are refused until they are made,
    at about 17:15 New York time."""
    first_byte: float = USUAL_FIRST_BYTE
    """Seconds that an answer may take until its headers are complete."""


_NONE: Final = OperationRules()
# No history operation accepts `*` for the current day (several independent users).
_BULK: Final = OperationRules(
    expiration_wildcard="takes", current_day_wildcard="refuses", strike_wildcard="takes"
)
# One expiration of an index root's Greeks was silent for 38 to over 120 s before its first byte.
_GREEKS_REFUSE: Final = OperationRules(
    expiration_wildcard="refuses",
    current_day_wildcard="refuses",
    strike_wildcard="takes",
    first_byte=GREEKS_FIRST_BYTE,
)
# Whether these accept `*` was not seen.
_GREEKS_UNKNOWN: Final = OperationRules(
    current_day_wildcard="refuses", strike_wildcard="takes", first_byte=GREEKS_FIRST_BYTE
)
_SNAPSHOT: Final = OperationRules(
    expiration_wildcard="takes", current_day_wildcard="takes", strike_wildcard="takes"
)
_LIST: Final = OperationRules(first_byte=LIST_FIRST_BYTE)
_EOD: Final = OperationRules(most_days=EOD_DAYS, current_day=False)

_ORDERS: Final = ("all", "first_order", "second_order", "third_order", "implied_volatility")
_SINGLE: Final = {
    "stock_history_eod": _EOD,
    "index_history_eod": _EOD,
    # Rates: the same bound is assumed; nothing was seen.
    "interest_rate_history_eod": _EOD,
    "option_history_eod": OperationRules(
        expiration_wildcard="takes",
        current_day_wildcard="refuses",
        strike_wildcard="takes",
        wildcard_days=WEEK,
        most_days=EOD_DAYS,
        current_day=False,
    ),
    "option_history_open_interest": OperationRules(
        expiration_wildcard="takes",
        current_day_wildcard="refuses",
        strike_wildcard="takes",
        wildcard_days=WEEK,
    ),
    # `max_dte` and `strike_range` do not lift the bound of one day.
    "option_history_greeks_eod": OperationRules(
        expiration_wildcard="takes",
        current_day_wildcard="refuses",
        strike_wildcard="takes",
        most_days=EOD_DAYS,
        current_day=False,
        first_byte=GREEKS_FIRST_BYTE,
    ),
    "option_history_binomial_greeks_eod": OperationRules(
        current_day_wildcard="refuses",
        strike_wildcard="takes",
        most_days=EOD_DAYS,
        current_day=False,
        first_byte=GREEKS_FIRST_BYTE,
    ),
    "option_history_ohlc": OperationRules(
        expiration_wildcard="refuses", current_day_wildcard="refuses", strike_wildcard="takes"
    ),
    "option_history_quote": _BULK,
    "option_history_trade": _BULK,
    "option_history_trade_quote": _BULK,
    "option_at_time_quote": OperationRules(current_day_wildcard="refuses", strike_wildcard="takes"),
    "option_at_time_trade": OperationRules(current_day_wildcard="refuses", strike_wildcard="takes"),
}
_INTERVAL_GREEKS: Final = {f"option_history_greeks_{order}": _GREEKS_REFUSE for order in _ORDERS}
_OTHER_GREEKS: Final = {
    f"option_history_{kind}_{order}": _GREEKS_UNKNOWN
    for kind in ("trade_greeks", "binomial_greeks", "binomial_trade_greeks")
    for order in _ORDERS
    if not (kind.startswith("binomial") and order == "implied_volatility")
}
_SNAPSHOTS: Final = {
    f"option_snapshot_{what}": _SNAPSHOT
    for what in ("ohlc", "trade", "quote", "open_interest", "market_value")
}
_GREEKS_SNAPSHOTS: Final = {
    f"option_snapshot_{kind}_{order}": _SNAPSHOT
    for kind in ("greeks", "binomial_greeks")
    for order in _ORDERS
    if not (kind.startswith("binomial") and order == "implied_volatility")
}
# Lists of an index root's contracts were silent for over 60 s.
_LISTS: Final = {
    f"{what}_list_{kind}": _LIST
    for what, kinds in (
        ("stock", ("symbols", "dates")),
        ("option", ("symbols", "dates", "expirations", "strikes", "contracts")),
        ("index", ("symbols", "dates")),
    )
    for kind in kinds
}

RULES: Final[Mapping[str, OperationRules]] = MappingProxyType(
    _SINGLE | _INTERVAL_GREEKS | _OTHER_GREEKS | _SNAPSHOTS | _GREEKS_SNAPSHOTS | _LISTS
)
"""Rules by operation, such as `option_history_eod`. One that is not in it has no bounds that are
known."""


def rules_of(operation: str) -> OperationRules:
    """Return what an operation accepts.

    Args:
        operation: Its name, such as `option_history_eod`.

    Returns:
        Its rules; those of an operation of which nothing is known if it is not in the table.

            rules = thetatrio.rules.rules_of("option_history_ohlc")
            print(rules.expiration_wildcard)
    """
    return RULES.get(operation, _NONE)


def first_byte_allowance(operation: str) -> float:
    """Return the seconds that an operation's answer may take until its headers are complete.

    Args:
        operation: Its name, such as `option_list_contracts`.
    """
    return rules_of(operation).first_byte
