"""Download two weeks of option quotes as Parquet; started again, only what is missing is asked for.

Give the URL of a Theta Terminal and a folder; without them, a simulated
terminal answers and the folder is a temporary one.
"""

import signal
import sys
import tempfile
from contextlib import AsyncExitStack

import trio

import thetatrio
from thetatrio.download import PartEnded
from thetatrio.testing import open_terminal


async def main(url: str | None, folder: str) -> None:
    async with AsyncExitStack() as stack:
        if url is None:
            url = (await stack.enter_async_context(open_terminal(contracts=40))).url
        session = await stack.enter_async_context(thetatrio.open_session(base_url=url))
        download = session.download(
            session.option.history_quote(
                "SPY", expiration="*", start_date="2024-10-21", end_date="2024-11-01", interval="1h"
            ),
            folder,
        )
        async with download.events() as events:
            async for event in events:
                if isinstance(event, PartEnded):
                    print(event.part.date, event.state, event.rows)
        print(download.report)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also if started with `&`
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # as Ctrl-C
    with tempfile.TemporaryDirectory() as temporary:
        trio.run(main, *(sys.argv[1:] or (None, temporary)))
