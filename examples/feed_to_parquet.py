"""Write a live feed of trades to a Parquet file, a row group at a time.

Runs on the simulated terminal; for your own, leave `open_terminal` out. Needs
`thetatrio[arrow]`. Give the file; without it, it is a temporary one. Where
trades are missing it stops: the file has all of them up to there.
"""

import signal
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import trio

import thetatrio
from thetatrio import frames
from thetatrio.testing import StreamSettings, open_terminal

CONTRACTS = thetatrio.Stock("SPY"), thetatrio.Option("SPY", "2024-11-15", 573, "C")
SCHEMA = frames.empty_arrow(thetatrio.events.Trade).schema


async def main(path: str, groups: int = 4, rows: int = 50) -> None:
    async with (
        open_terminal(stream=StreamSettings(speed=120.0)) as terminal,
        thetatrio.open_session(terminal.config) as session,
        session.stream.trades(*CONTRACTS, on_loss="raise") as trades,
    ):
        with pq.ParquetWriter(path, SCHEMA) as file:  # its footer is written however this ends
            for _ in range(groups):
                file.write_table(frames.arrow([await trades.receive() for _ in range(rows)]))
    table = pq.read_table(path)
    for trade in table.slice(table.num_rows - 3).to_pylist():
        print(f"{trade['timestamp']:%H:%M:%S.%f} {trade['size']} at {trade['price']}")
    print(f"{table.num_rows} trades, {table.nbytes:,} bytes in memory; the file is {path}")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also if started with `&`
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # as Ctrl-C
    with tempfile.TemporaryDirectory() as temporary:
        trio.run(main, sys.argv[1] if len(sys.argv) > 1 else str(Path(temporary) / "spy.parquet"))
