"""Ask for several things at once: in order, as they come, and in a nursery of one's own.

However many are asked for, only as many run as the subscription allows; the
others wait their turn. Runs on the simulated terminal; for your own, leave
`open_terminal` out.
"""

import trio

import thetatrio
from thetatrio.testing import open_terminal

SYMBOLS = ("AAPL", "MSFT", "NVDA", "SPY")


async def volume(session: thetatrio.Session, symbol: str) -> None:
    bars = await session.stock.history_ohlc(symbol, date="2024-11-01", interval="1m")
    print(f"{symbol}: {sum(bar.volume for bar in bars):,} shares")


async def main() -> None:
    async with (
        open_terminal(tier="standard", latency=0.05) as terminal,
        thetatrio.open_session(terminal.config) as session,
    ):
        quotes, trades = await session.gather(  # of different types; in the order given
            session.stock.snapshot_quote("AAPL"), session.stock.snapshot_trade("AAPL")
        )
        print(f"AAPL {quotes[0].bid} x {quotes[0].ask}, last {trades[0].price}")

        queries = [session.option.list_expirations(symbol) for symbol in SYMBOLS]
        async with session.as_completed(queries) as done:
            async for _, rows in done:
                print(f"{rows[0].symbol}: {len(rows)} expirations")

        async with trio.open_nursery() as nursery:  # one fails: the others are cancelled
            for symbol in SYMBOLS:
                nursery.start_soon(volume, session, symbol)
        sent, width = session.statistics().started, terminal.ledger.highest_in_flight
        print(f"{sent} requests, at most {width} at once")


if __name__ == "__main__":
    trio.run(main)
