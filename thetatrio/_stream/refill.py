"""The requests that fetch what a gap is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from thetatrio import requests
from thetatrio.contracts import Contract, Index, Option, Stock, strike_text
from thetatrio.errors import InvalidRequest
from thetatrio.events import Gap, TopicKind
from thetatrio.market_time import is_weekend
from thetatrio.requests import Request

__all__ = ["requests_for"]

_MILLISECOND: Final = dt.timedelta(milliseconds=1)
_LAST: Final = dt.time(23, 59, 59, 999_000)


class _Span(NamedTuple):
    """A part of one day, both ends inclusive."""

    date: dt.date
    start: dt.time
    end: dt.time


def requests_for(gap: Gap, *, inclusive: bool = False) -> list[Request[Any]]:
    """Return one request for each kind, contract and day of a gap."""
    spans = list(_spans(gap, inclusive=inclusive))
    found: list[Request[Any]] = []
    for topic in gap.topics:
        if topic.security is not None:
            raise InvalidRequest(
                f"a gap in all trades of {topic.security}s cannot be asked for: the terminal"
                " has no such history; ask for the contracts you need"
            )
        for contract in topic.contracts:
            found += [_request(topic.kind, contract, span) for span in spans]
    return found


def _spans(gap: Gap, *, inclusive: bool) -> Iterator[_Span]:
    until = gap.until.replace(tzinfo=None)
    since = dt.datetime.combine(until.date(), dt.time())
    if gap.since is not None:
        since = _whole(gap.since.replace(tzinfo=None))
        if not inclusive:
            since += _MILLISECOND
    if not inclusive:
        until -= dt.timedelta(microseconds=1)  # an acknowledgement's may be within a millisecond
    until = _whole(until)
    day = since.date()
    while day <= until.date() and since <= until:
        start = since.time() if day == since.date() else dt.time()
        end = until.time() if day == until.date() else _LAST
        if not is_weekend(day):
            yield _Span(day, start, end)
        day += dt.timedelta(1)


def _whole(moment: dt.datetime) -> dt.datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _request(kind: TopicKind, contract: Contract, span: _Span) -> Request[Any]:
    times: dict[str, Any] = {
        "date": span.date,
        "start_time": span.start,
        "end_time": span.end,
    }
    match kind, contract:
        case "quotes", Stock(symbol=symbol):
            return requests.StockHistoryQuote(symbol, interval="tick", **times)
        case "trades", Stock(symbol=symbol):
            return requests.StockHistoryTrade(symbol, **times)
        case "ohlc", Stock(symbol=symbol):
            return requests.StockHistoryOhlc(symbol, interval="1s", **times)
        case "prices", Index(symbol=symbol):
            return requests.IndexHistoryPrice(symbol, interval="tick", **times)
        case "ohlc", Index(symbol=symbol):
            # Of all of these, it alone knows no single day.
            day = times.pop("date")
            return requests.IndexHistoryOhlc(
                symbol, interval="1s", start_date=day, end_date=day, **times
            )
        case _, Option(symbol=symbol):
            return _option_request(kind, contract, times)
        case _:
            pass
    raise _no_history(kind, contract)


def _option_request(kind: TopicKind, option: Option, times: dict[str, Any]) -> Request[Any]:
    terms: dict[str, Any] = {
        "expiration": option.expiration,
        "strike": strike_text(option.strike_thousandths),
        "right": option.right,
        **times,
    }
    match kind:
        case "quotes":
            return requests.OptionHistoryQuote(option.symbol, interval="tick", **terms)
        case "trades":
            return requests.OptionHistoryTrade(option.symbol, **terms)
        case "ohlc":
            return requests.OptionHistoryOhlc(option.symbol, interval="1s", **terms)
        case _:
            raise _no_history(kind, option)


def _no_history(kind: TopicKind, contract: Contract) -> InvalidRequest:
    return InvalidRequest(f"{kind} of {contract!r}: the terminal has no history of them")
