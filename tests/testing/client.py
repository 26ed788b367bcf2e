"""A client for tests of the simulated terminal: HTTP by h11 over any trio stream."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import urlencode

import h11
import trio

from thetatrio.testing import Terminal, memory_stream_pair

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
REQUESTS = {
    "stock_list_symbols": (SYMBOLS, {}),
    "stock_history_eod": (
        EOD,
        {"symbol": "AAPL", "start_date": "20241101", "end_date": "2024-11-04"},
    ),
    "stock_history_ohlc": (OHLC, {"symbol": "F", "date": "20241104", "interval": "1m"}),
    "stock_snapshot_quote": (SNAPSHOT, {"symbol": "AAPL,F"}),
    "option_list_expirations": ("/v3/option/list/expirations", {"symbol": "SPY"}),
    "option_list_contracts": (
        "/v3/option/list/contracts/quote",
        {"symbol": "AAPL", "date": "20241104"},
    ),
    "option_history_quote": (
        QUOTE,
        {"symbol": "AAPL", "expiration": "*", "date": "20241104", "interval": "5m"},
    ),
    "option_history_trade": (
        TRADE,
        {"symbol": "AAPL", "expiration": "20241108", "date": "20241104"},
    ),
    "option_snapshot_greeks_all": (GREEKS, {"symbol": "AAPL", "expiration": "*"}),
    "index_history_price": (
        "/v3/index/history/price",
        {"symbol": "SPX", "date": "20241104", "interval": "5m"},
    ),
    "calendar_year": ("/v3/calendar/year_holidays", {"year": "2024"}),
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


def csv_rows(reply):
    head, *lines = reply.text.split("\r\n")[:-1]
    names = head.split(",")
    return [dict(zip(names, line.split(","), strict=True)) for line in lines]
