"""Print live quotes of a stock and an option, and what is missing of them, if anything.

Give the URL of a Theta Terminal's stream, such as ws://127.0.0.1:25520/v1/events;
without one, a simulated terminal streams.
"""

import signal
import sys
from contextlib import AsyncExitStack

import trio

import thetatrio
from thetatrio import Option, Stock
from thetatrio.testing import open_terminal


async def main(url: str | None, count: int = 6) -> None:
    async with AsyncExitStack() as stack:
        if url is None:
            url = (await stack.enter_async_context(open_terminal())).stream_url
        session = await stack.enter_async_context(thetatrio.open_session(stream_url=url))
        contracts = Stock("SPY"), Option("SPY", "2024-11-15", 573, "C")
        quotes = await stack.enter_async_context(session.stream.quotes(*contracts))
        async for entry in quotes.with_notices():
            if isinstance(entry, thetatrio.events.Quote):
                print(
                    f"{entry.timestamp:%H:%M:%S} {entry.contract!s:<22} {entry.bid} x {entry.ask}"
                )
                count -= 1
            else:
                print(entry)  # Lost, Gap, Dropped, Replayed or Undecodable
            if not count:
                break


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also if started with `&`
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # as Ctrl-C
    trio.run(main, sys.argv[1] if len(sys.argv) > 1 else None)
