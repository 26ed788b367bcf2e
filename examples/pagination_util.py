"""Read every page of a paginated endpoint, with one page in memory at a time.

Terminals of the second version and gateways answer in pages. Queries follow
them by themselves; this is for what is asked by its path. Give the URL of such
a terminal, such as http://127.0.0.1:25510; without one, a simulated one answers.
"""

import sys
from contextlib import AsyncExitStack

import trio

import thetatrio
from thetatrio.testing import open_terminal

BARS = "/v2/hist/stock/ohlc"
A_DAY = {"root": "AAPL", "start_date": 20241101, "end_date": 20241101, "ivl": 60_000}


async def column(session: thetatrio.Session, path: str, params: dict, name: str) -> list[object]:
    """Return one column of all pages of an endpoint."""
    found: list[object] = []
    async with session.pages(path, params) as pages:
        async for page in pages:
            rows = page.rows()
            print(f"page of {len(rows)} rows, {len(page.content):,} bytes")
            found += [row[name] for row in rows]
    return found


async def main(url: str | None) -> None:
    async with AsyncExitStack() as stack:
        if url is None:
            simulated = open_terminal(api="v2", page_rows=150)
            url = (await stack.enter_async_context(simulated)).url
        session = await stack.enter_async_context(thetatrio.open_session(base_url=url, api="v2"))
        closes = await column(session, BARS, A_DAY, "close")
        print(f"{len(closes)} minutes, the last closed at {closes[-1]}")


if __name__ == "__main__":
    trio.run(main, sys.argv[1] if len(sys.argv) > 1 else None)
