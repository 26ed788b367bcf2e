"""How the terminal reads query parameters, and which it refuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from thetatrio._numbers import read_float, read_int
from thetatrio.contracts import normalise_right, normalise_symbol, strike_thousandths
from thetatrio.market_time import ms_of_day, parse_date, parse_time
from thetatrio.testing._instruments import RATES
from thetatrio.testing._operations import Arguments, Operation, Parameter, Refusal

_MOST_STEPS: Final = 1_000

INTERVALS: Final[Mapping[str, int]] = {
    "tick": 0,
    "10ms": 10,
    "100ms": 100,
    "500ms": 500,
    "1s": 1_000,
    "5s": 5_000,
    "10s": 10_000,
    "15s": 15_000,
    "30s": 30_000,
    "1m": 60_000,
    "5m": 300_000,
    "10m": 600_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1h": 3_600_000,
}
"""Milliseconds of each interval the terminal knows; 0 is every tick."""

# What the terminal tells callers who still use version 2's names.
_RENAMED: Final[Mapping[str, str]] = {
    "annual_div": "annual_dividend",
    "exp": "expiration",
    "ivl": "interval",
    "perf_boost": "*unnecessary*",
    "pretty_time": "*unnecessary*",
    "rate": "rate_type",
    "root": "symbol",
    "rth": "*unnecessary*",
    "sec": "*path parameter*",
    "under_price": "stock_price",
    "use_csv": "format",
}


def refuse_version_2(query: Mapping[str, str]) -> None:
    """Raise a 410 Refusal where a query uses names of version 2."""
    old = sorted(name for name in query if name in _RENAMED)
    if old:
        lines = "".join(f"\t{name} -> {_RENAMED[name]}\n" for name in old)
        raise Refusal(
            410,
            "This terminal speaks API v3. Please use API v3 query parameters instead. \n"
            f"Deprecated query parameters:\n{lines}"
            "Consult API v3 documentation for the names that replaced them.",
        )


def read_arguments(
    operation: Operation,
    query: Mapping[str, str],
    request_type: str = "",
    *,
    newest: bool = True,
) -> Arguments:
    """Read a query as its operation declares it; what it does not declare is ignored.

    So are newer parameters where `newest` is false.

    Raises a 473 Refusal that names each parameter that is missing or wrong.
    """
    values: dict[str, Any] = {"request_type": request_type} if request_type else {}
    problems: list[str] = []
    for parameter in operation.parameters if newest else _published(operation):
        text = query.get(parameter.name)
        if text is None or not text:
            if parameter.required:
                problems.append(f"{parameter.name}: required and not given")
            elif parameter.default is not None:
                values[parameter.name] = parameter.default
            continue
        try:
            values[parameter.name] = parameter.read(text)
        except ValueError as problem:
            problems.append(f"{parameter.name}: {problem}")
    if problems:
        raise Refusal(473, "Invalid parameters: " + "; ".join(problems))
    if "symbol" in values and not isinstance(values["symbol"], str):
        values["symbols"] = values.pop("symbol")[0]
    for name in ("expiration", "strike", "right"):
        if values.get(name) == "*":
            values[name] = None
    return Arguments(**values)


def _published(operation: Operation) -> Iterator[Parameter]:
    return (parameter for parameter in operation.parameters if not parameter.newer)


def _symbols(text: str) -> tuple[tuple[str, ...] | None]:
    # In a tuple of one, to tell "every symbol" from "no such parameter".
    if text.strip() == "*":
        return (None,)
    return (tuple(normalise_symbol(part) for part in text.split(",")),)


def _or_star(read: Callable[[str], object]) -> Callable[[str], object]:
    return lambda text: "*" if text == "*" else read(text)


def _right(text: str) -> str:
    if text.lower() == "both":
        return "*"
    return "CALL" if normalise_right(text) == "C" else "PUT"


def _time(text: str) -> int:
    return ms_of_day(parse_time(text))


def _from(low: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = read_int(text)
        if number < low:
            raise ValueError(f"{number} is below {low}")
        return number

    return read


def _steps(text: str) -> int:
    number = read_int(text)
    if not 2 <= number <= _MOST_STEPS:
        raise ValueError(f"{number} is not from 2 to {_MOST_STEPS}")
    return number


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"{text!r} is none of {', '.join(words)}")
        return text.lower()

    return read


def _interval(text: str) -> int:
    return INTERVALS[_one_of(*INTERVALS)(text)]


def _boolean(text: str) -> bool:
    return _one_of("true", "false")(text) == "true"


def _year(text: str) -> int:
    if len(text) != 4 or not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{text!r} is not a year such as 2024")
    return int(text)


def _date(text: str) -> dt.date:
    return parse_date(text)


FORMAT: Final = Parameter("format", _one_of("csv", "json", "ndjson", "html"))
SYMBOL: Final = Parameter("symbol", normalise_symbol, required=True)
SYMBOLS: Final = Parameter("symbol", _symbols, required=True)
SYMBOLS_OR_ALL: Final = Parameter("symbol", _symbols)
DATE: Final = Parameter("date", _date)
THE_DATE: Final = Parameter("date", _date, required=True)
RANGE: Final = (Parameter("start_date", _date), Parameter("end_date", _date))
THE_RANGE: Final = tuple(
    Parameter(name, _date, required=True) for name in ("start_date", "end_date")
)
TIMES: Final = (Parameter("start_time", _time), Parameter("end_time", _time))
TIME_OF_DAY: Final = Parameter("time_of_day", _time, required=True)
INTERVAL: Final = Parameter("interval", _interval, required=True)
INTERVAL_OR_SECOND: Final = Parameter("interval", _interval, default=1_000)
EXPIRATION: Final = Parameter("expiration", _date, required=True)
"""One expiration; `*` is refused."""
STRIKE_AND_RIGHT: Final = (
    Parameter("strike", _or_star(strike_thousandths)),
    Parameter("right", _right),
)
CONTRACT: Final = (
    SYMBOL,
    Parameter("expiration", _or_star(_date), required=True),
    *STRIKE_AND_RIGHT,
)
ONE_EXPIRATION: Final = (SYMBOL, EXPIRATION, *STRIKE_AND_RIGHT)
MAX_DTE: Final = Parameter("max_dte", _from(0))
STRIKE_RANGE: Final = Parameter("strike_range", _from(1))
CHAIN: Final = (MAX_DTE, STRIKE_RANGE)
EXCLUSIVE: Final = Parameter("exclusive", _boolean)
MIN_TIME: Final = Parameter("min_time", _time)
VENUE: Final = Parameter("venue", _one_of("nqb", "utp_cta"))
YEAR: Final = Parameter("year", _year, required=True)
RATE: Final = Parameter("symbol", _one_of(*RATES), required=True)
PRICING: Final = (
    Parameter("annual_dividend", read_float),
    Parameter("rate_type", _one_of(*RATES)),
    Parameter("rate_value", read_float),
    Parameter("version", _one_of("latest", "1")),
    Parameter("annual_dividend_amount", read_float, newer=True),
)
SNAPSHOT_PRICING: Final = (
    *PRICING,
    Parameter("stock_price", read_float),
    Parameter("use_market_value", _boolean),
)
UNDERLYER_USE_NBBO: Final = Parameter("underlyer_use_nbbo", _boolean)
OPTION_USE_NBBO: Final = Parameter("option_use_nbbo", _boolean, newer=True)
CURRENT_DAY_ONLY: Final = Parameter("current_day_only", _boolean, newer=True)
PERF_BOOST: Final = Parameter("perf_boost_intraday", _boolean, newer=True)
TIME_BASED: Final = Parameter("use_time_based_trade_quote", _boolean, newer=True)
STEPS: Final = Parameter("binomial_steps", _steps, newer=True)
