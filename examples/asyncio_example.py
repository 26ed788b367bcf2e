"""Ask and stream under asyncio: tasks in a TaskGroup, each with queries and feeds of one session.

Runs on the simulated terminal; for your own, leave `open_terminal` out.
"""

import asyncio
import signal

import thetatrio
from thetatrio import aio
from thetatrio.testing import StreamSettings
from thetatrio.testing.aio import open_terminal

ROOTS = ("AAPL", "MSFT")


async def watch(session: aio.Session, root: str) -> None:
    async with session.stream.quotes(thetatrio.Stock(root), overflow="latest") as quotes:
        for _ in range(3):
            quote = await quotes.receive()
            print(f"{root} {quote.timestamp:%H:%M:%S} {quote.bid:.2f} {quote.ask:.2f}")


async def main() -> None:
    async with (
        open_terminal(stream=StreamSettings(speed=60.0)) as terminal,
        aio.open_session(config=terminal.config) as session,
    ):
        async with asyncio.TaskGroup() as tasks:
            queries = {
                root: session.stock.history_ohlc(root, date="2024-11-04", interval="1m")
                for root in ROOTS
            }
            bars = {root: tasks.create_task(query) for root, query in queries.items()}
            for root in ROOTS:
                tasks.create_task(watch(session, root))
        for root, task in bars.items():
            print(root, len(task.result()), "bars, the last at", task.result()[-1].close)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also if started with `&`
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # as Ctrl-C
    asyncio.run(main())
