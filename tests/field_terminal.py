"""A raw terminal that answers REST as real ones were seen to in 2026, and no better.

It shares no code with the simulated terminal and knows nothing of the package's rules:
what it refuses, and in which words, is written here. Its rows are copies of one hand-written
row for each operation, with another day, contract or time.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import trio

import thetatrio
from tests.answers import ANSWERS
from tests.network import MemoryNetwork, answer
from thetatrio._nursery import open_hidden_nursery

DAY = dt.timedelta(days=1)
_NO_DATA = (472, "No data found for your request")
_GREEKS = ("all", "first_order", "second_order", "third_order", "implied_volatility")

Answered = tuple[int, str] | list[dict[str, Any]]


def sample(operation: str) -> dict[str, Any]:
    """Return the fields of the operation's first documented row."""
    line = ANSWERS[operation].ndjson.splitlines()[0]
    return dict(json.loads(line))


def trading_days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Yield the days from Monday to Friday, both ends inclusive."""
    day = first
    while day <= last:
        if day.weekday() < 5:
            yield day
        day += DAY


class FieldTerminal:
    """Answers requests by the rules that were seen.

    Args:
        today: Its day.
        expirations: Of every option root.
        roots: The option roots there are.
    """

    def __init__(
        self,
        today: dt.date,
        expirations: Iterable[dt.date] = (),
        roots: Iterable[str] = ("AAPL", "SPY", "SPXW", "BRKB"),
    ) -> None:
        self.today = today
        self.expirations = sorted(expirations)
        self.roots = sorted(roots)
        self.strikes: list[float] = [100.0, 105.0]
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.refused: list[tuple[str, dict[str, str]]] = []
        self.head_delay: Callable[[str], float] = lambda _path: 0.0
        """Seconds before the first byte of an answer, by path."""
        self.rows: Callable[[str, dict[str, str], list[dict[str, Any]]], Answered] = (
            lambda _operation, _query, rows: rows
        )
        """Changes the rows of an answer."""

    @property
    def paths(self) -> Counter[str]:
        """How often each path was requested."""
        return Counter(path for path, _ in self.requests)

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Serve one connection until it is closed."""
        async with stream:
            buffer = b""
            while True:
                while b"\r\n\r\n" not in buffer:
                    try:
                        received = await stream.receive_some()
                    except (trio.BrokenResourceError, trio.ClosedResourceError):
                        return
                    if not received:
                        return
                    buffer += received
                head, _, buffer = buffer.partition(b"\r\n\r\n")
                parts = urlsplit(head.split(b" ", 2)[1].decode())
                query = dict(parse_qsl(parts.query))
                self.requests.append((parts.path, query))
                await trio.sleep(self.head_delay(parts.path))
                try:
                    await stream.send_all(self._reply(parts.path, query))
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    return

    def _reply(self, path: str, query: dict[str, str]) -> bytes:
        answered = self._answer(path, query)
        if isinstance(answered, tuple):
            if answered[0] == 400:
                self.refused.append((path, query))
            return answer(answered[1].encode(), status=answered[0], content_type="text/plain")
        if query.get("format") == "csv" and answered:
            names = ",".join(answered[0])
            cells = [",".join(map(str, row.values())) for row in answered]
            body = "".join(f"{line}\r\n" for line in (names, *cells)).encode()
            return answer(body, content_type="text/csv", chunks=1 << 16)
        lines = [json.dumps(row).encode() + b"\n" for row in answered]
        return answer(b"".join(lines), chunks=1 << 16)

    def _answer(self, path: str, query: dict[str, str]) -> Answered:
        parts = path.removeprefix("/v3/").split("/")
        kind, group = parts[0], parts[1]
        if kind == "option" and query.get("symbol") not in (None, "*", *self.roots):
            return _NO_DATA
        if kind == "calendar":
            return self._calendar(parts[1], query)
        if group == "list":
            return self._listed(kind, parts[2:], query)
        if group == "snapshot":
            operation = "_".join(parts)
            return self.rows(operation, query, list(self._snapshot(operation, query)))
        return self._history(kind, parts[2:], "_".join(parts), query)

    def _calendar(self, what: str, query: dict[str, str]) -> Answered:
        if what == "year_holidays":
            return []
        day = dt.date.fromisoformat(query["date"]) if "date" in query else self.today
        kind = "open" if day.weekday() < 5 else "weekend"
        hours = ("09:30:00", "16:00:00") if kind == "open" else (None, None)
        return [{"type": kind, "open": hours[0], "close": hours[1]}]

    def _listed(self, kind: str, what: list[str], query: dict[str, str]) -> Answered:
        match what[0]:
            case "symbols":
                return [{"symbol": root} for root in self.roots]
            case "expirations":
                return [
                    {"symbol": query["symbol"], "expiration": str(day)} for day in self.expirations
                ]
            case "strikes":
                return [{"symbol": query["symbol"], "strike": strike} for strike in self.strikes]
            case "contracts":
                day = dt.date.fromisoformat(query["date"])
                return [
                    {"symbol": query["symbol"], **contract} for contract in self._contracts(day)
                ] or _NO_DATA
        return _NO_DATA

    def _contracts(self, day: dt.date, query: dict[str, str] | None = None) -> Iterator[Any]:
        query = query or {}
        for expiration in self.expirations:
            if expiration < day or query.get("expiration", "*") not in ("*", str(expiration)):
                continue
            for strike in self.strikes:
                if query.get("strike", "*") != "*" and float(query["strike"]) != strike:
                    continue
                for right in ("CALL", "PUT"):
                    if query.get("right", "both").upper()[0] in ("B", right[0]):
                        yield {"expiration": str(expiration), "strike": strike, "right": right}

    def _snapshot(self, operation: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        if not operation.startswith("option"):
            yield {**sample(operation), "symbol": query["symbol"]}
            return
        for contract in self._contracts(self.today, query):
            row = sample(operation) | contract | {"symbol": query["symbol"]}
            yield row | {"timestamp": f"{self.today}T15:59:59.5"}

    def _history(
        self, kind: str, what: list[str], operation: str, query: dict[str, str]
    ) -> Answered:
        first = dt.date.fromisoformat(query.get("date") or query["start_date"])
        last = dt.date.fromisoformat(query.get("date") or query["end_date"])
        refusal = self._refusal(kind, what, query, first, last)
        if refusal is not None:
            return 400, refusal
        is_all = query.get("expiration") == "*"
        if what == ["trade_quote"] and is_all and "start_time" in query:
            return []  # as was measured: 200, and not a row
        found = [
            row
            for day in trading_days(first, min(last, self.today))
            for row in self._rows_of(kind, operation, query, day)
        ]
        return self.rows(operation, query, found) or _NO_DATA

    def _rows_of(
        self, kind: str, operation: str, query: dict[str, str], day: dt.date
    ) -> Iterator[dict[str, Any]]:
        row = sample(operation)
        stamps = {
            name: f"{day}T{value.partition('T')[2]}"
            for name, value in row.items()
            if isinstance(value, str) and "T" in value and value[:1] == "2"
        }
        if "created" in stamps:
            stamps["created"] = f"{day}T17:15:20.5"
        if kind != "option":
            named = {"symbol": query["symbol"]} if "symbol" in row else {}
            yield row | stamps | named
            return
        for contract in self._contracts(day, query):
            yield row | stamps | contract | {"symbol": query["symbol"]}

    def _refusal(
        self, kind: str, what: list[str], query: dict[str, str], first: dt.date, last: dt.date
    ) -> str | None:
        is_all = query.get("expiration") == "*"
        days = (last - first).days + 1
        name = "/".join(what)
        if is_all and last >= self.today:
            return "Cannot fetch current-day data without specifying an expiration"
        if name in {"eod", "greeks/eod"}:
            return self._refusal_of_reports(name, last, days, is_all=is_all)
        if name == "open_interest":
            return None
        interval_greeks = what[0] == "greeks" and what[1] in _GREEKS
        if is_all and (interval_greeks or name == "ohlc") and kind == "option":
            return "Cannot specify '*' for the date"
        if is_all and days > 1:
            return "When expiration=*, you must request data a day-at-a-time"
        if days > 31:
            return "Bulk history requests are limited to no more than 1 month."
        if days > 1 and query.get("interval", "1s") in ("tick", "1s", "5s", "10s", "15s", "30s"):
            return "Bulk history requests are limited to intervals of at least 1 minute."
        return None

    def _refusal_of_reports(
        self, name: str, last: dt.date, days: int, *, is_all: bool
    ) -> str | None:
        if last >= self.today and name == "eod":
            return "EOD is not available for the current day"
        if days > 365:
            return "Too many days between start and end date; max 365 days allowed"
        if name == "greeks/eod" and is_all and days > 1:
            return "When expiration=*, you must request data a day-at-a-time"
        return None


@asynccontextmanager
async def field_session(terminal: FieldTerminal, **options: Any):
    """Open a session on such a terminal over memory streams."""
    async with open_hidden_nursery() as nursery:
        network = MemoryNetwork(nursery, terminal.serve)
        async with thetatrio.open_session(transport=network.transport(), **options) as session:
            yield session
