"""Clients of REST answers. `python -m tests.benchmarks.rest VARIANT PORT` takes turns."""

from __future__ import annotations

import datetime as dt
import gc
import sys
import time

import httpx
import msgspec
import trio

import thetatrio
from tests.benchmarks.turns import resident, serve_turns
from thetatrio import rows

SMALL_REQUESTS = 1000
PYDANTIC_ROWS = 50_000
KEPT_ROWS = 300_000  # of the variant that keeps pydantic's models


def measured(main, port: int) -> dict[str, float]:
    gc.collect()
    before = resident()
    peak = before
    counted = {"rows": 0}

    def watch(count: int) -> None:
        nonlocal peak
        counted["rows"] += count
        if counted["rows"] % 64 == 0:
            peak = max(peak, resident())

    started = time.process_time()
    trio.run(main, port, watch)
    cpu = time.process_time() - started
    return {"cpu": cpu / max(1, counted["rows"]), "grown": max(peak, resident()) - before}


def query_of(session: thetatrio.Session):
    return session.option.history_quote(
        "SPXW", expiration="2024-11-08", date="2024-11-04", interval="1s"
    )


async def bare(port: int, watch) -> None:
    """Decode lines of httpx's raw chunks into the same Struct."""
    decode_lines = msgspec.json.Decoder(rows.OptionQuote).decode_lines
    tail = b""
    async with (
        httpx.AsyncClient(trust_env=False, headers={"accept-encoding": "identity"}) as client,
        client.stream("GET", f"http://127.0.0.1:{port}/rows") as response,
    ):
        async for chunk in response.aiter_raw():
            end = chunk.rfind(b"\n") + 1
            found = decode_lines(tail + chunk[:end])
            tail = chunk[end:]
            watch(len(found))


async def batches(port: int, watch) -> None:
    """Take lists from thetatrio."""
    async with (
        thetatrio.open_session(base_url=f"http://127.0.0.1:{port}") as session,
        query_of(session).batches() as channel,
    ):
        async for found in channel:
            watch(len(found))


async def one_by_one(port: int, watch) -> None:
    """Take rows from thetatrio."""
    count = 0
    async with (
        thetatrio.open_session(base_url=f"http://127.0.0.1:{port}") as session,
        query_of(session).rows() as channel,
    ):
        async for _row in channel:
            count += 1
    watch(count)


async def listed(port: int, watch) -> None:
    """Take all rows as a list from thetatrio."""
    async with thetatrio.open_session(base_url=f"http://127.0.0.1:{port}") as session:
        watch(len(await query_of(session)))


async def pydantic(port: int, watch) -> None:
    """Validate the first lines of httpx's chunks with a pydantic model."""
    watch(await _validated(port, PYDANTIC_ROWS, lambda _: None))


async def pydantic_listed(port: int, watch) -> None:
    """Validate more of them, and keep the models in a list."""
    kept: list = []
    watch(await _validated(port, KEPT_ROWS, kept.append))


async def _validated(port: int, most: int, take) -> int:
    from pydantic import BaseModel

    class Quote(BaseModel):
        symbol: str
        expiration: dt.date
        strike: float
        right: str
        timestamp: dt.datetime
        bid_size: int
        bid_exchange: int
        bid: float
        bid_condition: int
        ask_size: int
        ask_exchange: int
        ask: float
        ask_condition: int

    tail = b""
    count = 0
    async with (
        httpx.AsyncClient(trust_env=False, headers={"accept-encoding": "identity"}) as client,
        client.stream("GET", f"http://127.0.0.1:{port}/rows") as response,
    ):
        async for chunk in response.aiter_raw():
            *lines, tail = (tail + chunk).split(b"\n")
            for line in lines:
                take(Quote.model_validate_json(line))
            count += len(lines)
            if count >= most:
                break
    return count


async def small_bare(port: int, watch) -> None:
    """Send a request that httpx built once."""
    async with httpx.AsyncClient(trust_env=False) as client:
        request = client.build_request("GET", f"http://127.0.0.1:{port}/v3/calendar/year_holidays")
        for _ in range(SMALL_REQUESTS):
            assert (await client.send(request)).content
    watch(SMALL_REQUESTS)


async def small(port: int, watch) -> None:
    """Ask through a session, decoding the rows; nothing is built beforehand."""
    async with thetatrio.open_session(base_url=f"http://127.0.0.1:{port}") as session:
        for _ in range(SMALL_REQUESTS):
            assert await session.calendar.year(year=2024)
    watch(SMALL_REQUESTS)


VARIANTS = {
    function.__name__: function
    for function in (
        bare,
        batches,
        one_by_one,
        listed,
        pydantic,
        pydantic_listed,
        small_bare,
        small,
    )
}


if __name__ == "__main__":
    variant, port = VARIANTS[sys.argv[1]], int(sys.argv[2])
    serve_turns(lambda: measured(variant, port))
