"""Keep to a rate, a width and a terminal's request to wait, without doing anything for it.

Runs on the simulated terminal; for your own, leave `open_terminal` out and
say your tier: `free` has a rate of 20 requests a minute, the others none.
"""

import trio

import thetatrio
from thetatrio.testing import Status, open_terminal

WEEK = {"start_date": "2024-10-28", "end_date": "2024-11-01"}
SYMBOLS = ("AAPL", "AMZN", "META", "MSFT", "NVDA", "TSLA")


async def main() -> None:
    busy = Status(code=429, headers={"Retry-After": "1"}, times=1)
    async with (
        open_terminal(faults=[busy]) as terminal,
        thetatrio.open_session(
            terminal.config,
            slots=2,  # in flight at once; by default what the tier allows
            rate=thetatrio.Rate(4, per=0.5),  # started in any half second, retries included
        ) as session,
    ):
        begun = trio.current_time()
        queries = [session.stock.history_eod(symbol, **WEEK) for symbol in SYMBOLS]
        async with session.as_completed(queries) as done:
            async for _, rows in done:
                now = session.statistics()
                print(
                    f"{trio.current_time() - begun:4.1f} s: {len(rows)} days;"
                    f" {now.in_flight} of {now.slots} slots taken, {now.waiting} waiting,"
                    f" {now.started} sent, pause of {now.paused_for:.1f} s left"
                )
        print("statuses:", terminal.ledger.statuses())


if __name__ == "__main__":
    trio.run(main)
