"""A client for tests of the simulated terminal: HTTP by h11 over any trio stream."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import cache
from typing import NamedTuple
from urllib.parse import urlencode

import h11
import trio

from thetatrio.testing import Terminal, memory_stream_pair
from thetatrio.testing._market import market_of, paths_of
from thetatrio.testing._operations import Refusal

DAY = "2024-11-04"
OHLC = "/v3/stock/history/ohlc"
EOD = "/v3/stock/history/eod"
QUOTE = "/v3/option/history/quote"
TRADE = "/v3/option/history/trade"
STATUS = "/v3/terminal/mdds/status"
SYMBOLS = "/v3/stock/list/symbols"
SNAPSHOT = "/v3/stock/snapshot/quote"
GREEKS = "/v3/option/snapshot/greeks/all"

# One good request of each operation that moves little data.
_DAY = {"date": "20241104"}
_SPAN = {"start_date": "20241101", "end_date": "2024-11-04"}
_AT = _SPAN | {"time_of_day": "10:00:00.000"}
_HOURS = {"interval": "1h"}
_MINUTES = {"start_time": "10:00:00", "end_time": "10:10:00"}
_STOCKS = {"symbol": "AAPL,F"}
_CALLS = {"symbol": "AAPL", "expiration": "20241108", "right": "call"}
_CHAIN = {"symbol": "AAPL", "expiration": "*"}
_TREE = {"binomial_steps": "15"}
_ORDERS = ("all", "first_order", "second_order", "third_order")

REQUESTS = {
    "stock_list_symbols": (SYMBOLS, {}),
    "stock_list_dates": ("/v3/stock/list/dates/trade", {"symbol": "AAPL"}),
    "stock_snapshot_ohlc": ("/v3/stock/snapshot/ohlc", _STOCKS),
    "stock_snapshot_trade": ("/v3/stock/snapshot/trade", _STOCKS),
    "stock_snapshot_quote": (SNAPSHOT, _STOCKS),
    "stock_snapshot_market_value": ("/v3/stock/snapshot/market_value", _STOCKS),
    "stock_history_eod": (EOD, {"symbol": "AAPL"} | _SPAN),
    "stock_history_ohlc": (OHLC, {"symbol": "F", "interval": "1m"} | _DAY),
    "stock_history_trade": ("/v3/stock/history/trade", {"symbol": "F"} | _DAY | _MINUTES),
    "stock_history_quote": ("/v3/stock/history/quote", {"symbol": "F", "interval": "1m"} | _DAY),
    "stock_history_trade_quote": (
        "/v3/stock/history/trade_quote",
        {"symbol": "F"} | _DAY | _MINUTES,
    ),
    "stock_at_time_trade": ("/v3/stock/at_time/trade", {"symbol": "F"} | _AT),
    "stock_at_time_quote": ("/v3/stock/at_time/quote", {"symbol": "F"} | _AT),
    "option_list_symbols": ("/v3/option/list/symbols", {}),
    "option_list_dates": (
        "/v3/option/list/dates/quote",
        {"symbol": "AAPL", "expiration": "20241108"},
    ),
    "option_list_expirations": ("/v3/option/list/expirations", {"symbol": "SPY"}),
    "option_list_strikes": (
        "/v3/option/list/strikes",
        {"symbol": "AAPL", "expiration": "20241108"},
    ),
    "option_list_contracts": (
        "/v3/option/list/contracts/quote",
        {"symbol": "AAPL", "date": "20241104"},
    ),
    "option_snapshot_ohlc": ("/v3/option/snapshot/ohlc", _CHAIN),
    "option_snapshot_trade": ("/v3/option/snapshot/trade", _CALLS),
    "option_snapshot_quote": ("/v3/option/snapshot/quote", _CHAIN),
    "option_snapshot_open_interest": ("/v3/option/snapshot/open_interest", _CHAIN),
    "option_snapshot_market_value": ("/v3/option/snapshot/market_value", _CHAIN),
    "option_history_eod": ("/v3/option/history/eod", _CALLS | _SPAN),
    "option_history_ohlc": ("/v3/option/history/ohlc", _CALLS | _DAY | _HOURS),
    "option_history_trade": (
        TRADE,
        {"symbol": "AAPL", "expiration": "20241108", "date": "20241104"},
    ),
    "option_history_quote": (
        QUOTE,
        {"symbol": "AAPL", "expiration": "*", "date": "20241104", "interval": "5m"},
    ),
    "option_history_trade_quote": (
        "/v3/option/history/trade_quote",
        _CALLS | _DAY | _MINUTES,
    ),
    "option_history_open_interest": ("/v3/option/history/open_interest", _CALLS | _SPAN),
    "option_at_time_trade": ("/v3/option/at_time/trade", _CALLS | _AT),
    "option_at_time_quote": ("/v3/option/at_time/quote", _CALLS | _AT),
    **{
        f"option_snapshot_greeks_{order}": (f"/v3/option/snapshot/greeks/{order}", _CHAIN)
        for order in (*_ORDERS, "implied_volatility")
    },
    **{
        f"option_history_greeks_{order}": (
            f"/v3/option/history/greeks/{order}",
            _CALLS | _DAY | _HOURS,
        )
        for order in (*_ORDERS, "implied_volatility")
    },
    **{
        f"option_history_trade_greeks_{order}": (
            f"/v3/option/history/trade_greeks/{order}",
            _CALLS | _DAY | _MINUTES,
        )
        for order in (*_ORDERS, "implied_volatility")
    },
    "option_history_greeks_eod": ("/v3/option/history/greeks/eod", _CALLS | _SPAN),
    **{
        f"option_snapshot_binomial_greeks_{order}": (
            f"/v3/option/snapshot/binomial_greeks/{order}",
            _CHAIN | _TREE,
        )
        for order in _ORDERS
    },
    **{
        f"option_history_binomial_greeks_{order}": (
            f"/v3/option/history/binomial_greeks/{order}",
            _CALLS | _DAY | _HOURS | _TREE,
        )
        for order in _ORDERS
    },
    **{
        f"option_history_binomial_trade_greeks_{order}": (
            f"/v3/option/history/binomial_trade_greeks/{order}",
            _CALLS | _DAY | _MINUTES | _TREE,
        )
        for order in _ORDERS
    },
    "option_history_binomial_greeks_eod": (
        "/v3/option/history/binomial_greeks/eod",
        _CALLS | _SPAN | _TREE,
    ),
    "index_list_symbols": ("/v3/index/list/symbols", {}),
    "index_list_dates": ("/v3/index/list/dates", {"symbol": "SPX"}),
    "index_snapshot_ohlc": ("/v3/index/snapshot/ohlc", {"symbol": "SPX,VIX"}),
    "index_snapshot_price": ("/v3/index/snapshot/price", {"symbol": "SPX,VIX"}),
    "index_snapshot_market_value": ("/v3/index/snapshot/market_value", {"symbol": "SPX,VIX"}),
    "index_history_eod": ("/v3/index/history/eod", {"symbol": "SPX"} | _SPAN),
    "index_history_ohlc": (
        "/v3/index/history/ohlc",
        {"symbol": "SPX", "interval": "30m"} | _SPAN,
    ),
    "index_history_price": (
        "/v3/index/history/price",
        {"symbol": "SPX", "date": "20241104", "interval": "5m"},
    ),
    "index_at_time_price": ("/v3/index/at_time/price", {"symbol": "SPX"} | _AT),
    "calendar_open_today": ("/v3/calendar/today", {}),
    "calendar_on_date": ("/v3/calendar/on_date", {"date": "20241128"}),
    "calendar_year": ("/v3/calendar/year_holidays", {"year": "2024"}),
    "interest_rate_history_eod": ("/v3/interest_rate/history/eod", {"symbol": "SOFR"} | _SPAN),
    **{
        f"{security}_flat_file_{kind}": (f"/v3/{security}/flat_file/{kind}", _DAY)
        for security, kinds in (
            ("option", ("quote", "trade_quote", "eod", "open_interest")),
            ("stock", ("quote", "trade_quote", "eod")),
            ("index", ("eod",)),
        )
        for kind in kinds
    },
}


class Reply(NamedTuple):
    """What came back."""

    status: int
    headers: dict
    body: bytes
    whole: bool
    """Whether the answer ended as its framing says."""

    @property
    def text(self):
        return self.body.decode()


class Client:
    """One connection."""

    def __init__(self, stream, host="127.0.0.1"):
        self.stream = stream
        self.host = host
        self.http = h11.Connection(h11.CLIENT)

    async def ask(self, path, method="GET", **query):
        target = path + ("?" + urlencode(query) if query else "")
        request = h11.Request(method=method, target=target, headers=[("Host", self.host)])
        data = self.http.send(request) + self.http.send(h11.EndOfMessage())
        await self.stream.send_all(data)

    async def answer(self):
        status, headers, body = 0, {}, bytearray()
        while True:
            try:
                event = self.http.next_event()
            except h11.RemoteProtocolError:
                return Reply(status, headers, bytes(body), whole=False)
            match event:
                case h11.NEED_DATA:
                    self.http.receive_data(await self.stream.receive_some(65536))
                case h11.Response():
                    status = event.status_code
                    headers = {name.decode(): value.decode() for name, value in event.headers}
                case h11.Data():
                    body += event.data
                case h11.EndOfMessage():
                    if self.http.our_state is self.http.their_state is h11.DONE:
                        self.http.start_next_cycle()
                    return Reply(status, headers, bytes(body), whole=True)
                case _:
                    return Reply(status, headers, bytes(body), whole=False)

    async def get(self, path, **query):
        await self.ask(path, **query)
        return await self.answer()


@asynccontextmanager
async def connected(terminal, host="127.0.0.1", capacity=65536):
    """A client on a memory stream that the terminal serves."""
    async with trio.open_nursery() as nursery:
        ours, theirs = memory_stream_pair(capacity)
        nursery.start_soon(terminal.serve, theirs)
        yield Client(ours, host)
        await ours.aclose()


async def ask_once(terminal, path, host="127.0.0.1", **query):
    """One request on a connection of its own."""
    async with connected(terminal, host) as client:
        return await client.get(path, **query)


async def ask_operation(terminal, name, **more):
    path, query = REQUESTS[name]
    return await ask_once(terminal, path, **(query | more))


def small(**options):
    """A terminal with few contracts, without sockets."""
    return Terminal(**({"contracts": 12} | options))


@cache
def shared(twin=0, json_shape="rows"):
    """A terminal that tests of stable answers share; `twin` is another of the same seed.

    With a market of its own, as it would be in another process.
    """
    market_of.cache_clear()
    paths_of.cache_clear()
    return small(flat_file_rows=20, json_shape=json_shape)


def body_of(terminal, name, **more):
    """The bytes of an operation's good request, asked for without a connection."""
    path, query = REQUESTS[name]
    return body_at(terminal, path, **(query | more))


def body_at(terminal, path, **query):
    """The bytes at a path, asked for without a connection. Raises Refusal."""
    service = terminal.service
    return b"".join(service.answer(service.route(path), path, query, "127.0.0.1").body)


def rows_at(terminal, path, **query):
    """Rows at a path as dictionaries of text; [] where there is no data."""
    try:
        text = body_at(terminal, path, **query).decode()
    except Refusal as refusal:
        if refusal.status != 472:
            raise
        return []
    return csv_rows(Reply(200, {}, text.encode(), whole=True))


def csv_rows(reply):
    head, *lines = reply.text.split("\r\n")[:-1]
    names = head.split(",")
    return [dict(zip(names, line.split(","), strict=True)) for line in lines]
