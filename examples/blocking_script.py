"""A plain script: history as rows and as a frame, then a few live quotes. Nothing is awaited.

Runs on the simulated terminal; for your own, leave `open_terminal` out.
"""

from __future__ import annotations

import signal

import thetatrio
from thetatrio import sync
from thetatrio.testing import StreamSettings
from thetatrio.testing.sync import open_terminal


def main() -> None:
    with (
        open_terminal(stream=StreamSettings(speed=60.0)) as terminal,
        sync.open_session(config=terminal.config) as session,
    ):
        query = session.stock.history_eod("AAPL", start_date="2024-10-28", end_date="2024-11-01")
        for day in query:
            print(day.last_trade.date(), day.close, day.volume)
        print(query.polars().select("close").describe())
        with session.stream.quotes(thetatrio.Stock("AAPL")) as quotes:
            for number, quote in enumerate(quotes.iterate(timeout=5), start=1):
                print(f"{quote.timestamp:%H:%M:%S} {quote.bid:.2f} {quote.ask:.2f}")
                if number == 3:
                    break


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also if started with `&`
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # as Ctrl-C
    main()
