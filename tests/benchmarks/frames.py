"""CSV to frames and files. `python -m tests.benchmarks.frames VARIANT [PORT]` takes turns.

In memory, in the pieces that sockets give, or over loopback from the port. A
turn is a million quotes of options, as tick data has them: no two rows at one
time, ten rows in a hundred without a last digit of the millisecond.
"""

from __future__ import annotations

import csv
import datetime as dt
import gc
import importlib.util
import io
import json
import random
import statistics
import sys
import tempfile
import time

import trio

import thetatrio
from tests.benchmarks.turns import Variant, judge_ratio, run, server, table
from thetatrio import frames, rows
from thetatrio.market_time import in_new_york

ROWS = 1_000_000
PYTHON_ROWS = 20_000  # of the variant that reads cells in Python
PARTS = 5  # of a download, each a day
PIECE = 1 << 16
HEADER = (
    "symbol,expiration,strike,right,timestamp,bid_size,bid_exchange,bid,bid_condition,"
    "ask_size,ask_exchange,ask,ask_condition"
)


def quotes(count: int) -> bytes:
    """Return CSV of so many quotes, a thousand of each contract."""
    chosen = random.Random(3)
    start = dt.datetime(2024, 11, 4, 9, 30)
    lines = [HEADER]
    for number in range(count):
        contract, tick = divmod(number, 1000)
        strike, right = 4000 + 5 * (contract // 2), ("CALL", "PUT")[contract % 2]
        moment = start + dt.timedelta(milliseconds=tick * 23_400 + contract)
        text = moment.isoformat("T", "milliseconds")
        text = text.removesuffix("0") if text[-2:] == "50" else text
        bid = chosen.random() * 400
        sizes = chosen.choices(range(500), k=2)
        lines.append(
            f"SPXW,2024-11-08,{strike}.000,{right},{text},{sizes[0]},{number % 70},{bid:.2f},50,"
            f"{sizes[1]},{number % 69},{bid + 0.5:.2f},50"
        )
    return ("\r\n".join(lines) + "\r\n").encode()


def pieces(body: bytes) -> list[bytes]:
    return [body[at : at + PIECE] for at in range(0, len(body), PIECE)]


def through(reader, body: list[bytes]):
    for piece in body:
        reader.feed(piece)
    return reader.finish()


def read_polars(body):
    """Read pieces into a polars DataFrame."""
    return through(frames.polars_reader(rows.OptionQuote), body)


def read_arrow(body):
    """Read pieces into a pyarrow Table."""
    return through(frames.arrow_reader(rows.OptionQuote), body)


def read_pandas(body):
    """Read pieces into a pandas DataFrame."""
    return through(frames.pandas_reader(rows.OptionQuote), body)


def plain_polars(body: bytes):
    """Let polars read all bytes at once; dates and times from text, which is faster."""
    import polars as pl

    return pl.read_csv(body, schema=polars_schema(times=pl.String())).with_columns(
        pl.col("expiration").str.to_date("%Y-%m-%d"),
        pl.col("timestamp").str.to_datetime(
            "%Y-%m-%dT%H:%M:%S%.f",
            time_unit="ms",
            time_zone="America/New_York",
            ambiguous="earliest",
        ),
    )


def typed_polars(body: bytes):
    """Let polars read all bytes at once, times by its schema too."""
    import polars as pl

    read = pl.read_csv(body, schema=polars_schema(times=None))
    return read.with_columns(
        pl.col("timestamp").dt.replace_time_zone("America/New_York", ambiguous="earliest")
    )


def polars_schema(times):
    import polars as pl

    types = {
        "symbol": pl.Categorical(),
        "expiration": times or pl.Date(),
        "right": pl.Enum(["CALL", "PUT"]),
        "timestamp": times or pl.Datetime("ms"),
    } | dict.fromkeys(("strike", "bid", "ask"), pl.Float64())
    return {name: types.get(name, pl.Int64()) for name in HEADER.split(",")}


def plain_arrow(body: bytes):
    """Let pyarrow read all bytes at once, times by its own types."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv

    category = pa.dictionary(pa.int32(), pa.string())
    types = {"symbol": category, "right": category, "timestamp": pa.timestamp("ms")}
    read = pyarrow.csv.read_csv(
        pa.BufferReader(body), convert_options=pyarrow.csv.ConvertOptions(column_types=types)
    )
    place = read.column_names.index("timestamp")
    zoned = pc.assume_timezone(read["timestamp"], "America/New_York", ambiguous="earliest")
    return read.set_column(place, "timestamp", zoned)


def plain_pandas(body: bytes):
    """Let pandas read all bytes at once."""
    import pandas as pd

    categories = {"symbol": "category", "right": "category"}
    read = pd.read_csv(io.BytesIO(body), dtype=categories, parse_dates=["expiration"])
    moments = pd.to_datetime(read["timestamp"], format="ISO8601")
    read["timestamp"] = moments.dt.tz_localize("America/New_York", ambiguous=True)
    return read


def python_cells(body: bytes):
    """Read each cell in Python, and make a polars DataFrame of the lists."""
    import polars as pl

    lines = csv.reader(io.StringIO(body.decode(), newline=""))
    names = next(lines)
    kinds = {"strike": float, "bid": float, "ask": float} | dict.fromkeys(("symbol", "right"), str)
    kinds |= {"expiration": dt.date.fromisoformat, "timestamp": moment_of}
    readers = [kinds.get(name, int) for name in names]
    columns = [[] for _ in names]
    for line in lines:
        for column, read, cell in zip(columns, readers, line, strict=True):
            column.append(read(cell))
    return pl.DataFrame(dict(zip(names, columns, strict=True)))


def vendors_answer(body: bytes):
    """Return CSV as the answer that the vendor's own library takes apart, a message for a cell."""
    from thetadata._proto import endpoints_pb2 as messages

    lines = csv.reader(io.StringIO(body.decode(), newline=""))
    table = messages.DataTable(headers=next(lines))
    texts = {"symbol", "expiration", "right"}
    prices = {"strike", "bid", "ask"}
    for line in lines:
        row = table.data_table.add()
        for name, cell in zip(table.headers, line, strict=True):
            value = row.values.add()  # noqa: PD011  # no frame is here yet
            if name in texts:
                value.text = cell
            elif name in prices:
                value.price.value, value.price.type = round(float(cell) * 1000), 7
            elif name == "timestamp":
                value.timestamp.epoch_ms = round(moment_of(cell).timestamp() * 1000)
                value.timestamp.zone = messages.TimeZone.NEW_YORK
            else:
                value.number = int(cell)
    answer = messages.ResponseData(compressed_data=table.SerializeToString())
    answer.compression_description.algo = messages.CompressionAlgo.NONE
    return answer


def vendor_cells(answer):
    """Let the vendor's own library make a polars DataFrame of its answer."""
    from thetadata import ThetaClient

    client = object.__new__(ThetaClient)  # one that is not logged in: it only converts
    client.dataframe_type = "polars"
    return client._convert_response_stream([answer])


def moment_of(cell: str) -> dt.datetime:
    return in_new_york(dt.datetime.fromisoformat(cell))


def query_of(session: thetatrio.Session, **days):
    days = days or {"date": "2024-11-04"}
    return session.option.history_quote("SPXW", expiration="2024-11-08", interval="tick", **days)


async def ask_polars(url: str):
    """Ask for a polars DataFrame."""
    async with thetatrio.open_session(base_url=url) as session:
        return await query_of(session).polars()


async def ask_arrow(url: str):
    """Ask for a pyarrow Table."""
    async with thetatrio.open_session(base_url=url) as session:
        return await query_of(session).arrow()


async def ask_pandas(url: str):
    """Ask for a pandas DataFrame."""
    async with thetatrio.open_session(base_url=url) as session:
        return await query_of(session).pandas()


async def download(url: str, form: str = "parquet"):
    """Download days into a new folder; return as many rows as there are in it."""
    with tempfile.TemporaryDirectory() as folder:
        async with thetatrio.open_session(base_url=url, tier="pro") as session:
            # From Monday on: a Sunday is asked for too, because of SPXW's nights.
            query = query_of(session, start_date="2024-10-21", end_date="2024-10-25")
            report = await session.download(query, folder, format=form)
        return range(report.rows)


async def download_csv(url: str):
    return await download(url, "csv")


OVER_LOOPBACK = {
    function.__name__: function
    for function in (ask_polars, ask_arrow, ask_pandas, download, download_csv)
}
VARIANTS = {
    function.__name__: function
    for function in (
        read_polars,
        read_arrow,
        read_pandas,
        plain_polars,
        typed_polars,
        plain_arrow,
        plain_pandas,
        python_cells,
        vendor_cells,
    )
}
HAS_VENDORS = importlib.util.find_spec("thetadata") is not None  # from Python 3.12 on


def main(name: str, port: str = "") -> None:
    """Take turns, on all processors: the libraries use more than one, and that is compared too."""
    count = PYTHON_ROWS if name.endswith("_cells") else ROWS
    if name in OVER_LOOPBACK:
        job, given = OVER_LOOPBACK[name], f"http://127.0.0.1:{port}"

        def turn():
            return trio.run(job, given)
    else:
        body = quotes(count)
        data = pieces(body) if name.startswith("read_") else body
        if name == "vendor_cells":
            data = vendors_answer(body)

        def turn():
            return VARIANTS[name](data)

    for _ in sys.stdin:
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        frame = turn()
        cost = {
            "cpu": (time.process_time() - cpu) / count,
            "wall": (time.perf_counter() - wall) / count,
        }
        assert len(frame) == count
        del frame
        print(json.dumps(cost), flush=True)


def variant(name: str, label: str, *port: int) -> Variant:
    return Variant(label, ["-m", "tests.benchmarks.frames", name, *map(str, port)])


def vendors_variants() -> list[Variant]:
    """Return the vendor's own library, which walks the cells of its answer, if it is here."""
    label = "the vendor's library, cells in memory"
    return [variant("vendor_cells", label)] if HAS_VENDORS else []


def frames_in_memory() -> None:
    """CSV in memory to frames."""
    variants = [
        plain := variant("plain_polars", "polars.read_csv, times from text"),
        variant("typed_polars", "polars.read_csv, times by its schema"),
        ours := variant("read_polars", "thetatrio, polars"),
        cells := variant("python_cells", "Python, cell by cell, into polars"),
        *(vendors := vendors_variants()),
        variant("plain_arrow", "pyarrow.csv"),
        variant("read_arrow", "thetatrio, pyarrow"),
        variant("plain_pandas", "pandas.read_csv"),
        variant("read_pandas", "thetatrio, pandas"),
    ]
    run(variants)
    table(
        f"{ROWS:,} quotes in CSV in memory to frames with the same types"
        " (goals: polars x1 of polars.read_csv, cell by cell x10 of it)",
        variants,
        "us a row",
        1e6,
    )
    judge_ratio("frames, polars to polars.read_csv", ours, plain, 1.0)
    judge_ratio("frames, cell by cell to polars", cells, ours, 10, at_least=True)
    for each in vendors:
        judge_ratio("frames, the vendor's library to polars", each, ours, 15, at_least=True)


def frames_over_loopback() -> None:
    """CSV over loopback to frames, against the same bytes in memory."""
    with server(str(ROWS), "csv") as port:
        variants = [
            plain := variant("plain_polars", "polars.read_csv, in memory"),
            ours := variant("ask_polars", "thetatrio, polars", port),
            cells := variant("python_cells", "Python, cell by cell, into polars"),
            *(vendors := vendors_variants()),
            plain_table := variant("plain_arrow", "pyarrow.csv, in memory"),
            table_of_ours := variant("ask_arrow", "thetatrio, pyarrow", port),
            plain_frame := variant("plain_pandas", "pandas.read_csv, in memory"),
            frame_of_ours := variant("ask_pandas", "thetatrio, pandas", port),
        ]
        run(variants)
    table(
        f"{ROWS:,} quotes in CSV over loopback to frames with the same types"
        " (goals: CPU x1.25 and wall x1.4 of reading bytes in memory, cell by cell x15)",
        variants,
        "us a row",
        1e6,
    )
    for name, mine, base in (
        ("polars", ours, plain),
        ("pyarrow", table_of_ours, plain_table),
        ("pandas", frame_of_ours, plain_frame),
    ):
        judge_ratio(f"loopback to {name}, CPU to bytes in memory", mine, base, 1.25)
        judge_ratio(f"loopback to {name}, wall to bytes in memory", mine, base, 1.4, figure="wall")
    judge_ratio("loopback, cell by cell to polars", cells, ours, 15, at_least=True)
    for each in vendors:
        judge_ratio("loopback, the vendor's library to polars", each, ours, 15, at_least=True)


def downloads() -> None:
    """Days of CSV over loopback to files."""
    with server(str(ROWS // PARTS), "csv") as port:
        variants = [
            variant("download", "thetatrio, download to Parquet", port),
            variant("download_csv", "thetatrio, download to CSV", port),
        ]
        run(variants)
    table(f"{ROWS:,} quotes of {PARTS} days over loopback to files", variants, "us a row", 1e6)
    size = len(quotes(PYTHON_ROWS)) / PYTHON_ROWS
    for each in variants:
        rate = 1 / statistics.median(result["wall"] for result in each.results)
        print(f"  {each.name:<44} {rate:12,.0f} rows/s, {rate * size / 1e6:.0f} MB/s received")


BENCHMARKS = (frames_in_memory, frames_over_loopback, downloads)

if __name__ == "__main__":
    main(*sys.argv[1:])
