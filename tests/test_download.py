"""thetatrio.download: datasets that are whole, the same every time, and go on where they were."""

from __future__ import annotations

import csv
import datetime as dt
import errno
import hashlib
import io
import json
import os
import shutil
import sys
from contextlib import asynccontextmanager

import duckdb
import msgspec
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
import pytest
import trio

import thetatrio
from tests.network import answer, scripted, simulated
from thetatrio import market_time
from thetatrio.download import PartBegun, PartEnded
from thetatrio.download import _files as files
from thetatrio.download import _run as run
from thetatrio.download._manifest import Manifest
from thetatrio.market_time import NEW_YORK
from thetatrio.testing.faults import Garbage, LimitData, Refuse, ResetPeer, Status, WrongType

FORMATS = ("parquet", "csv", "ndjson")
each_format = pytest.mark.parametrize(
    "form", ["parquet", "csv", pytest.param("ndjson", marks=pytest.mark.deep)]
)
FEW = thetatrio.RetryPolicy(base=0, cap=0)


@asynccontextmanager
async def market(**options):
    """Open a session on a small market that tries again without waiting."""
    asked = options.pop("asked", {})
    async with simulated(
        session_options={"retry": FEW} | asked, **({"contracts": 40} | options)
    ) as opened:
        yield opened


def quotes(session, symbol="SPY", start="2024-10-30", end="2024-11-04", **given):
    return session.option.history_quote(
        symbol, **{"expiration": "*", "interval": "30m"} | given, start_date=start, end_date=end
    )


def eod(session, symbol="AAPL", start="2024-09-10", end="2024-11-04"):
    return session.stock.history_eod(symbol, start_date=start, end_date=end)


def several(session):
    return [quotes(session), quotes(session, "QQQ"), eod(session)]


def tree(folder):
    """Return the hash of every file of a dataset, its manifest's among them."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock"
    }


def asked(terminal):
    """Return how many requests for data a terminal was sent."""
    return sum("/calendar/" not in entry.path for entry in terminal.ledger.requests)


def wall_clock(monkeypatch, text):
    moment = dt.datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)
    monkeypatch.setattr(market_time, "now", lambda: moment)


# ---------------------------------------------------------------- what is there afterwards


async def test_parquet_is_read_as_it_lies(tmp_path):
    """polars, pyarrow and pandas find the query's rows, with the path's columns and one schema."""
    async with market() as (_, session):
        report = await session.download(several(session), tmp_path)
        rows = await session.option.history_quote(
            "SPY", expiration="*", interval="30m", date="2024-10-31"
        )
    assert (report.done, report.simulated, report.path) == (4 + 4 + 3, True, str(tmp_path))
    folder = tmp_path / "operation=option_history_quote"
    for source in (folder, folder / "**" / "*.parquet"):
        frame = pl.scan_parquet(source, hive_partitioning=True).collect()
        day = frame.filter(symbol="SPY", date=dt.date(2024, 10, 31))
        assert day["timestamp"].to_list() == [row.timestamp for row in rows]
        assert day["bid"].to_list() == [row.bid for row in rows]
        assert frame["symbol"].unique().sort().to_list() == ["QQQ", "SPY"]
    dataset = pyarrow.dataset.dataset(folder, partitioning="hive")
    assert dataset.count_rows() == frame.height
    assert {"symbol", "date"} <= set(dataset.schema.names)
    schemas = [pyarrow.parquet.read_schema(path) for path in folder.rglob("*.parquet")]
    assert all(schema.equals(schemas[0], check_metadata=True) for schema in schemas)
    assert not {"operation", "symbol", "date"} & set(schemas[0].names)
    # With the manifest beside it, the whole folder is a dataset as well.
    assert pyarrow.dataset.dataset(tmp_path, partitioning="hive").count_rows() == report.rows


TICKERS = ("TRUE", "NA", "INF", "1E5", "007")


@pytest.mark.parametrize("tickers", [TICKERS, *((ticker,) for ticker in TICKERS)], ids="-".join)
async def test_tickers_that_look_like_values_are_read_as_text(tickers, tmp_path, monkeypatch):
    """With the documented partition types, a ticker is its text in every reader."""
    instruments = sys.modules["thetatrio.testing._instruments"]
    for ticker in tickers:
        stock = msgspec.structs.replace(instruments.STOCKS["AAPL"], symbol=ticker)
        monkeypatch.setitem(instruments.STOCKS, ticker, stock)
        monkeypatch.setitem(instruments.INSTRUMENTS, ticker, stock)
    async with market() as (_, session):
        bars = [
            session.stock.history_ohlc(ticker, date="2024-11-01", interval="1h")
            for ticker in tickers
        ]
        report = await session.download([*bars, *map(eod, [session] * len(tickers), tickers)],
                                        tmp_path)  # fmt: skip
    assert report.no_data == 0
    day = dt.date(2024, 11, 1)
    for name, kinds, dates in (
        ("stock_history_ohlc", (pl.Date, "date", pa.date32()), {day}),
        ("stock_history_eod", (pl.String, "varchar", pa.string()),
         {"2024-09", "2024-10", "2024-11"}),
    ):  # fmt: skip
        folder = f"{tmp_path.as_posix()}/operation={name}"
        expected = {(ticker, date) for ticker in tickers for date in dates}
        schema = {"symbol": pl.String, "date": kinds[0]}
        frame = pl.scan_parquet(folder, hive_schema=schema).collect()
        assert set(frame.select("symbol", "date").rows()) == expected
        types = f"{{symbol: varchar, date: {kinds[1]}}}"
        files = f"read_parquet('{folder}/**/*.parquet', hive_types={types})"
        with duckdb.connect() as connection:
            found = connection.sql(f"select distinct symbol, date from {files}").fetchall()
        assert set(found) == expected
        columns = pa.schema([("symbol", pa.string()), ("date", kinds[2])])
        partitioning = pyarrow.dataset.partitioning(columns, flavor="hive")
        table = pyarrow.dataset.dataset(folder, partitioning=partitioning).to_table()
        assert {(row["symbol"], row["date"]) for row in table.to_pylist()} == expected
        table = pd.read_parquet(folder, partitioning=partitioning)
        assert set(zip(table["symbol"], table["date"], strict=True)) == expected


async def test_duckdb_reads_it(tmp_path):
    """DuckDB finds rows and partitions, and skips the files that a day or a symbol leaves out."""
    async with market() as (_, session):
        report = await session.download([quotes(session), quotes(session, "QQQ")], tmp_path)
    files = f"read_parquet('{tmp_path.as_posix()}/operation=option_history_quote/**/*.parquet')"
    with duckdb.connect() as connection:
        ((count,),) = connection.sql(f"select count(*) from {files}").fetchall()
        assert count == report.rows
        days = connection.sql(f"select symbol, date, count(*) from {files} group by 1, 2")
        expected = pl.scan_parquet(tmp_path / "operation=option_history_quote").collect()
        expected = expected.group_by("symbol", "date").len()
        assert sorted(days.fetchall()) == sorted(expected.rows())
        one = "where symbol = 'QQQ' and date = '2024-10-31'"
        plan = connection.sql(f"explain analyze select max(bid) from {files} {one}").fetchall()
        assert "Scanning Files: 1/8" in str(plan)


async def test_text_files_have_the_terminals_values(tmp_path):
    """CSV and NDJSON are the terminal's text, without the symbol that the path says."""
    async with market() as (_, session):
        for form in ("csv", "ndjson"):
            await session.download(quotes(session), tmp_path / form, format=form)
        query = session.option.history_quote(
            "SPY", expiration="*", interval="30m", date="2024-10-31"
        )
        await query.save(tmp_path / "whole.csv")
        await query.save(tmp_path / "whole.ndjson")
    place = "operation=option_history_quote/symbol=SPY/date=2024-10-31"
    (cells,) = (tmp_path / "csv" / place).iterdir()
    (lines,) = (tmp_path / "ndjson" / place).iterdir()
    with (tmp_path / "whole.csv").open(newline="") as whole, cells.open(newline="") as part:
        expected = [{**row, "symbol": None} for row in csv.DictReader(whole)]
        assert [{**row, "symbol": None} for row in csv.DictReader(part)] == expected
    assert cells.read_bytes().count(b"\r\n") == len(expected) + 1
    expected = [json.loads(line) for line in (tmp_path / "whole.ndjson").read_text().splitlines()]
    found = [json.loads(line) | {"symbol": "SPY"} for line in lines.read_text().splitlines()]
    assert found == expected
    text = pl.scan_csv(tmp_path / "csv" / "**" / "*.csv").collect()
    assert (
        text.height
        == pyarrow.dataset.dataset(
            tmp_path / "csv" / "operation=option_history_quote", format="csv", partitioning="hive"
        ).count_rows()
    )


async def test_row_groups_are_cut_by_rows_and_say_where_data_is_from(tmp_path):
    """As many rows as were said, zstd, and `thetatrio.simulated` in the file's metadata."""
    async with market() as (_, session):
        await session.download(quotes(session, start="2024-11-04"), tmp_path, row_group_rows=50)
    (path,) = tmp_path.rglob("*.parquet")
    metadata = pyarrow.parquet.read_metadata(path)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    assert len(groups) > 2
    assert {group.num_rows for group in groups[:-1]} == {50}
    assert groups[0].column(0).compression == "ZSTD"
    assert metadata.metadata[b"thetatrio.simulated"] == b"true"


async def test_the_manifest_says_everything_but_keys(tmp_path):
    """Request, state, rows, bytes and hash of each part; nowhere the key that was used."""
    async with market(asked={"api_key": "sesame-7"}) as (_, session):
        report = await session.download(several(session), tmp_path)
    manifest = Manifest(tmp_path)
    manifest.load()
    assert manifest.header.simulated is True
    assert len(manifest.parts) == report.parts
    for record in manifest.parts.values():
        file = tmp_path / record.file
        assert (record.state, record.bytes) == ("done", file.stat().st_size)
        assert record.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
        assert record.request.startswith("/v3/")
        assert pyarrow.parquet.read_metadata(file).num_rows == record.rows
    assert all(b"sesame" not in p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())


# ---------------------------------------------------------------- going on


@each_format
async def test_a_second_run_asks_for_what_is_missing_only(tmp_path, form):
    """Nothing; a file that is gone; with verify one that was changed; with force everything."""
    async with market() as (terminal, session):
        download = session.download(several(session), tmp_path, format=form)
        first = await download
        whole = tree(tmp_path)
        assert (first.asked, first.parts) == (11, 11)
        before = asked(terminal)
        assert (await download) == msgspec.structs.replace(first, asked=0)
        assert asked(terminal) == before
        one, other, *_ = tmp_path.glob("operation=option*/*/*/*")
        one.unlink()
        other.write_bytes(other.read_bytes()[::-1])
        assert (await download).asked == 1
        verified = session.download(several(session), tmp_path, format=form, verify=True)
        assert (await verified).asked == 1
        assert tree(tmp_path) == whole
        forced = session.download(several(session), tmp_path, format=form, force=True)
        assert (await forced).asked == 11
        assert tree(tmp_path) == whole


async def test_more_days_extend_a_month(tmp_path):
    """A month that was asked for in part is asked for anew with the days of both."""
    async with market() as (_, session):
        await session.download(eod(session, start="2024-10-14", end="2024-10-18"), tmp_path)
        again = await session.download(eod(session, start="2024-10-07", end="2024-10-11"), tmp_path)
        assert (again.asked, again.rows) == (1, 10)
        less = await session.download(eod(session, start="2024-10-08", end="2024-10-15"), tmp_path)
        assert (less.asked, less.rows) == (0, 10)


@pytest.mark.parametrize("form", FORMATS)
async def test_faults_leave_no_trace(tmp_path, form):
    """429, 474, 571, cut bodies and resets every few requests: the same files, hash by hash."""
    faults = []
    for nth in range(2, 40, 6):
        codes = [Status(code, nth=nth + at, times=1) for at, code in enumerate((429, 474, 571))]
        faults += [*codes, LimitData(4_000, nth=nth + 3, times=1), Refuse(nth=nth, times=1)]
        faults.append(ResetPeer(2_000, nth=nth + 4, times=1))
    async with market() as (_, session):
        await session.download(several(session), tmp_path / "calm", format=form)
    async with market(faults=faults) as (terminal, session):
        await session.download(several(session), tmp_path / "rough", format=form)
        assert asked(terminal) > 25
    assert tree(tmp_path / "rough") == tree(tmp_path / "calm")


@each_format
async def test_a_part_that_is_too_large_is_split(tmp_path, form):
    """570 leads to smaller requests, whose rows are one file with one line of names."""
    async with market() as (terminal, session):
        await session.download(quotes(session), tmp_path / "whole", format=form)
        terminal.service.row_limit = 100
        report = await session.download(
            quotes(session), tmp_path / "split", format=form, row_group_rows=64
        )
    assert report.done == 4
    if form == "parquet":
        one, other = (
            pl.read_parquet(tmp_path / name / "**" / "*.parquet") for name in ("whole", "split")
        )
        columns = one.columns
        assert one.sort(columns).equals(other.sort(columns))
    else:
        for path in (tmp_path / "whole").glob("operation=*/*/*/*"):
            other = tmp_path / "split" / path.relative_to(tmp_path / "whole")
            assert sorted(other.read_bytes().splitlines()) == sorted(path.read_bytes().splitlines())


async def test_a_part_of_several_answers_survives_cuts(tmp_path):
    """A month of all expirations is a request for each day; one that is cut comes again."""

    def month(session):
        return session.option.history_eod(
            "SPY", expiration="*", start_date="2024-10-01", end_date="2024-10-08"
        )

    cut = [LimitData(300, path="option_history_eod", nth=nth, times=1) for nth in (2, 5)]
    for answers, faults in (("stable", cut), ("stable", ()), ("changing", cut)):
        async with market(faults=faults, answers=answers, contracts=12) as (_, session):
            report = await session.download(month(session), tmp_path / f"{answers}{len(faults)}")
            assert (report.done, report.parts) == (1, 1)
    assert tree(tmp_path / "stable2") == tree(tmp_path / "stable0")


async def test_cancelling_leaves_whole_files_and_goes_on(tmp_path):
    """Nothing unfinished stays; what is there is what an undisturbed run makes."""
    async with market() as (_, session):
        await session.download(several(session), tmp_path / "calm")
    async with market(latency=0.02) as (_, session):
        download = session.download(several(session), tmp_path / "rough")
        async with download.events() as events:
            async for event in events:
                if isinstance(event, PartEnded):
                    break
        own = tmp_path / "rough" / "_thetatrio"
        assert list((own / "unfinished").iterdir()) == []
        calm = tree(tmp_path / "calm")
        assert 0 < len(tree(tmp_path / "rough")) < len(calm)
        report = await download
        assert report.asked < report.done == 11
    assert tree(tmp_path / "rough") == calm


async def test_what_a_killed_process_was_writing_is_passed_over(tmp_path):
    """Half a line at the manifest's end and unfinished files are as if they were not there."""
    async with market() as (_, session):
        await session.download(several(session), tmp_path)
        whole = tree(tmp_path)
        manifest = tmp_path / "_thetatrio" / "manifest.ndjson"
        lines = manifest.read_bytes().splitlines(keepends=True)
        manifest.write_bytes(b"".join(lines[:-1]) + lines[-1][:40])
        (tmp_path / "_thetatrio" / "unfinished" / "1-1").write_bytes(b"half")
        assert (await session.download(several(session), tmp_path)).asked == 1
        assert tree(tmp_path) == whole
        manifest.write_bytes(b"{}\n" + manifest.read_bytes())
        with pytest.raises(thetatrio.DownloadError, match="line 1 is damaged"):
            await session.download(several(session), tmp_path)


# ---------------------------------------------------------------- no data, and failures


async def test_no_data_is_asked_for_again_until_it_is_final(tmp_path, monkeypatch):
    """Thanksgiving's bars: pending until Friday 02:00, then no data for good."""
    async with market(day="2024-12-02") as (terminal, session):
        query = session.stock.history_ohlc("AAPL", date="2024-11-28", interval="1h")
        states = []
        for text in ("11-28 20:00", "11-29 01:59", "11-29 02:00", "11-29 03:00"):
            wall_clock(monkeypatch, f"2024-{text}")
            report = await session.download(query, tmp_path)
            states.append((report.pending, report.no_data, report.asked))
        assert states == [(1, 0, 1), (1, 0, 1), (0, 1, 1), (0, 1, 0)]
        assert report.done == 0
        assert not list(tmp_path.glob("operation=*"))
        assert terminal.ledger.requests


def ohlc(session, day):
    return session.stock.history_ohlc("XYZQ", date=day, interval="1h")


def report(session, day):
    return session.stock.history_eod("XYZQ", start_date=day, end_date=day)


def open_interest(session, day):
    return session.option.history_open_interest("XYZQ", expiration="*", date=day)


@pytest.mark.parametrize(
    ("ask", "day", "hours"),
    [
        (ohlc, "2024-11-12", ("2024-11-13 01:59:59", "2024-11-13 02:00")),
        (report, "2024-11-12", ("2024-11-13 11:59:59", "2024-11-13 12:00")),
        (open_interest, "2024-11-12", ("2024-11-13 11:59:59", "2024-11-13 12:00")),
        # Midnight in UTC, in winter and in summer, says nothing: 02:00 is still to come.
        (ohlc, "2024-11-12", ("2024-11-12 19:00:01", "2024-11-13 02:00")),
        (ohlc, "2024-07-09", ("2024-07-09 20:00:01", "2024-07-10 02:00")),
        # Over both changes of the clock, which are on Sundays.
        (ohlc, "2024-03-08", ("2024-03-11 01:59:59", "2024-03-11 02:00")),
        (report, "2024-03-08", ("2024-03-11 11:59:59", "2024-03-11 12:00")),
        (ohlc, "2024-11-01", ("2024-11-04 01:59:59", "2024-11-04 02:00")),
        (report, "2024-11-01", ("2024-11-04 11:59:59", "2024-11-04 12:00")),
    ],
)
async def test_no_data_becomes_final_at_its_hour(tmp_path, monkeypatch, ask, day, hours):
    """Pending on one side of the hour and asked again, no data for good on the other."""
    async with market(day="2024-12-02") as (_, session):
        states = []
        for text in (*hours, hours[1]):
            wall_clock(monkeypatch, text)
            found = await session.download(ask(session, day), tmp_path, format="csv")
            states.append((found.pending, found.no_data, found.asked))
        assert states == [(1, 0, 1), (0, 1, 1), (0, 1, 0)]


async def test_the_calendar_decides_which_day_is_next(tmp_path, monkeypatch):
    """Wednesday's silence is not final on the holiday, but on Friday; without calendar earlier."""
    no_calendar = Status(403, path="calendar_year")
    for faults, final in (((), False), ((no_calendar,), True)):
        async with market(day="2024-12-02", faults=faults) as (_, session):
            wall_clock(monkeypatch, "2024-11-28 03:00")
            query = session.stock.history_ohlc("XYZQ", date="2024-11-27", interval="1h")
            report = await session.download(query, tmp_path / str(final))
            assert (report.no_data, report.pending) == (int(final), int(not final))


async def test_a_day_that_is_not_over_is_kept_and_asked_for_again(tmp_path, monkeypatch):
    """Today's rows are there as a pending part; tomorrow's run makes them done."""
    async with market() as (_, session):
        wall_clock(monkeypatch, "2024-11-04 15:00")
        query = quotes(session, start="2024-11-01", end="2024-11-06")
        report = await session.download(query, tmp_path)
        assert (report.parts, report.done, report.pending, report.asked) == (4, 1, 3, 2)
        assert len(list(tmp_path.rglob("*.parquet"))) == 2
        wall_clock(monkeypatch, "2024-11-05 00:01")
        report = await session.download(query, tmp_path)
        assert (report.done, report.pending, report.asked) == (2, 2, 2)


async def test_a_part_that_fails_is_named_and_the_others_are_done(tmp_path):
    """471 for one day: the rest is there, the error names it, and only retry_failed asks again."""
    fault = Status(471, "not in your subscription", path="option_history_quote", nth=2, times=1)
    async with market(faults=[fault]) as (terminal, session):
        with pytest.raises(thetatrio.DownloadError, match="1 of 4 parts") as caught:
            await session.download(quotes(session), tmp_path)
        assert len(caught.value.failed) == 1
        assert "not in your subscription" in caught.value.failed[0]
        before = asked(terminal)
        with pytest.raises(thetatrio.DownloadError):
            await session.download(quotes(session), tmp_path)
        assert asked(terminal) == before
        report = await session.download(quotes(session), tmp_path, retry_failed=True)
        assert (report.done, report.asked) == (4, 1)


@pytest.mark.parametrize("form", FORMATS)
async def test_answers_that_are_no_data_of_that_kind_fail(tmp_path, form):
    """Answers of other types are DecodeErrors of their parts, never a file."""
    faults = [
        WrongType("text/html", path="option_history_quote", nth=1, times=1),
        WrongType("application/json", path="option_history_quote", nth=2, times=1),
    ]
    async with market(faults=faults) as (_, session):
        with pytest.raises(thetatrio.DownloadError) as caught:
            await session.download(quotes(session), tmp_path, format=form)
        assert len(caught.value.failed) == 2
        assert len(list(tmp_path.glob("operation=*/*/*/*"))) == 2


@pytest.mark.parametrize("form", FORMATS)
async def test_random_bytes_fail(tmp_path, form):
    """Random bytes, again when requested once more, are DecodeErrors of their parts."""
    async with market(faults=[Garbage(path="option_history_quote")]) as (_, session):
        with pytest.raises(thetatrio.DownloadError) as caught:
            await session.download(quotes(session), tmp_path, format=form)
        assert len(caught.value.failed) == 4
        assert not list(tmp_path.glob("operation=*/*/*/*"))


async def test_an_operation_that_is_not_permitted_ends_it(tmp_path):
    """Where no part can be had, the terminal's own error comes, after a few."""
    async with market(faults=[Status(471, path="option_history_quote")]) as (terminal, session):
        with pytest.raises(thetatrio.PermissionDenied):
            await session.download(quotes(session, start="2024-07-01"), tmp_path)
        assert asked(terminal) < run.HOPELESS + 9


async def test_a_terminal_that_goes_away_is_said_with_how_far_it_came(tmp_path):
    """Its own error, with a note; running again goes on."""
    async with market() as (terminal, session):
        download = session.download(several(session), tmp_path)
        await session.terminal.mdds_status()
        terminal.faults.append(Status(474, nth=5))
        with pytest.raises(thetatrio.TerminalDisconnected) as caught:
            await download
        (said,) = caught.value.__notes__
        assert "parts are settled" in said
        terminal.faults.clear()
        assert (await download).done == 11


# ---------------------------------------------------------------- the disk


@each_format
async def test_a_full_disk_is_one_error_and_what_is_done_stays(tmp_path, form, monkeypatch):
    """ENOSPC ends it with a DownloadError; with room again it comes to the same."""
    async with market() as (_, session):
        await session.download(several(session), tmp_path / "calm", format=form)
        write, room = files.HashedFile.write, [30_000 if form == "ndjson" else 8_000]

        def limited(self, data):
            room[0] -= len(data)
            if room[0] < 0 and not self._discarded:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(self, data)

        download = session.download(several(session), tmp_path / "full", format=form)
        with monkeypatch.context() as patch:
            patch.setattr(files.HashedFile, "write", limited)
            with pytest.raises(thetatrio.DownloadError, match="No space left") as caught:
                await download
        assert "run it again" in str(caught.value)
        assert not list((tmp_path / "full" / "_thetatrio" / "unfinished").iterdir())
        assert (await download).asked <= 11
    assert tree(tmp_path / "full") == tree(tmp_path / "calm")


async def test_a_folder_that_is_taken_away_is_one_error(tmp_path):
    """While it runs: DownloadError; afterwards it begins anew."""
    async with market(latency=0.01) as (_, session):
        download = session.download(several(session), tmp_path / "data")
        with pytest.raises(thetatrio.DownloadError, match="cannot go on in"):
            async with download.events() as events:
                async for event in events:
                    if isinstance(event, PartEnded):
                        shutil.rmtree(tmp_path / "data", ignore_errors=True)
        shutil.rmtree(tmp_path / "data", ignore_errors=True)  # what came while it was taken away
        assert (await download).done == 11


async def test_a_folder_that_cannot_be_made_is_one_error(tmp_path):
    """A file in its place, or a folder that may only be read."""
    (tmp_path / "data").write_bytes(b"")
    async with market() as (_, session):
        with pytest.raises(thetatrio.DownloadError, match="cannot go on in"):
            await session.download(eod(session), tmp_path / "data")
        if os.name == "posix" and os.geteuid():
            (tmp_path / "sealed").mkdir(mode=0o500)
            with pytest.raises(thetatrio.DownloadError, match="Permission denied"):
                await session.download(eod(session), tmp_path / "sealed")


async def test_two_downloads_do_not_meet_in_a_folder(tmp_path):
    """The second one is refused at once, and the first one is not disturbed."""
    async with market(latency=0.02) as (_, session):
        first = session.download(several(session), tmp_path)
        async with first.events() as events:
            await events.receive()
            with pytest.raises(thetatrio.DownloadError, match="another download is at work"):
                await session.download(eod(session), tmp_path)
            async for _ in events:
                pass
        assert first.report.done == 11


# ---------------------------------------------------------------- what does not go together


async def test_real_and_simulated_data_do_not_mix(tmp_path):
    """Either way round: refused before anything is written."""
    reply = answer(b"created,open\r\n", content_type="text/csv")
    async with market() as (_, session):
        await session.download(eod(session, end="2024-10-01"), tmp_path / "simulated")
    before = tree(tmp_path / "simulated")
    async with scripted(reply) as (_, session):
        with pytest.raises(
            thetatrio.DownloadError, match="simulated terminal, and this one is real"
        ):
            await session.download(eod(session), tmp_path / "simulated")
        with pytest.raises(thetatrio.DownloadError):
            await session.download(eod(session, end="2024-10-01"), tmp_path / "real", format="csv")
    assert tree(tmp_path / "simulated") == before
    before = tree(tmp_path / "real")
    async with market() as (_, session):
        download = session.download(eod(session), tmp_path / "real", format="csv")
        with pytest.raises(
            thetatrio.DownloadError, match="real terminal, and this one is simulated"
        ):
            await download
    assert tree(tmp_path / "real") == before


async def test_what_does_not_go_together_is_refused(tmp_path):
    """Another format, another interval, the same rows twice, data without a manifest."""
    async with market() as (terminal, session):
        await session.download(quotes(session), tmp_path)
        before = tree(tmp_path), asked(terminal)
        for error, words, queries, form in (
            (thetatrio.DownloadError, "a dataset of parquet", quotes(session), "csv"),
            (
                thetatrio.DownloadError,
                "interval=30m there, 5m here",
                quotes(session, interval="5m"),
                "parquet",
            ),
            (
                thetatrio.InvalidRequest,
                "contracts in common",
                quotes(session, expiration="2024-11-08"),
                "parquet",
            ),
            (
                thetatrio.InvalidRequest,
                "different parameters",
                [quotes(session), quotes(session, "QQQ", interval="5m")],
                "parquet",
            ),
        ):
            with pytest.raises(error, match=words):
                await session.download(queries, tmp_path, format=form)
        assert (tree(tmp_path), asked(terminal)) == before
        shutil.rmtree(tmp_path / "_thetatrio")
        with pytest.raises(thetatrio.DownloadError, match="without a manifest"):
            await session.download(quotes(session), tmp_path)


async def test_wrong_calls_are_refused_at_once(tmp_path):
    """Before anything is sent or made."""
    async with market() as (terminal, session):
        query = eod(session)
        for queries, options in (
            ([], {}),
            (session.stock.list_symbols(), {}),
            (query, {"format": "xml"}),
            (query, {"row_group_rows": 0}),
        ):
            with pytest.raises(thetatrio.InvalidRequest, match="download: "):
                session.download(queries, tmp_path / "none", **options)
        assert not terminal.ledger.requests
        assert not (tmp_path / "none").exists()


# ---------------------------------------------------------------- watching it


async def test_events_and_progress_tell_the_same(tmp_path):
    """Each part begins and ends once; the progress counts what the report says at the end."""
    async with market() as (_, session):
        download = session.download(several(session), tmp_path)
        assert download.report is None
        async with download.events() as events:
            seen = [event async for event in events]
        begun = [event.part for event in seen if isinstance(event, PartBegun)]
        ended = [event for event in seen if isinstance(event, PartEnded)]
        assert sorted(begun) == sorted(event.part for event in ended) == sorted(download.parts())
        now, report = download.progress(), download.report
        assert (now.settled, now.running, now.seconds_left) == (11, 0, 0)
        assert (now.rows, now.bytes) == (report.rows, report.bytes)
        assert sum(event.bytes for event in ended) == report.bytes
        assert now.received > 0
        assert "option_history_quote" in repr(download)
        assert "SPY 2024-10-30" in str(download.parts()[0])


async def test_a_failure_reaches_the_reader_of_events(tmp_path):
    """What running raises is raised where events are received."""
    (tmp_path / "data").write_bytes(b"")
    async with market() as (_, session):
        async with session.download(eod(session), tmp_path / "data").events() as events:
            with pytest.raises(thetatrio.DownloadError):
                await events.receive()
            with pytest.raises(thetatrio.EndOfChannel):
                await events.receive()


async def test_parts_run_side_by_side(tmp_path):
    """As many requests are in flight as the tier allows."""
    async with market(tier="standard", latency=0.02) as (terminal, session):
        await session.download(several(session), tmp_path)
        assert terminal.ledger.highest_in_flight == 4


async def test_unusual_csv_is_read(tmp_path):
    """Blank lines, quoted cells, a byte order mark, the symbol in any column: the same rows."""
    plain = "symbol,created,rate\r\nSOFR,2024-10-01,4.92\r\nSOFR,2024-10-02,4.85\r\n"
    rows = list(csv.reader(io.StringIO(plain)))
    texts = [
        plain,
        "\ufeff" + plain.replace("\r\n", "\n\n"),
        plain.replace("4.92", '"4.92"'),
        *("".join(",".join(row[at:] + row[:at]) + "\n" for row in rows) for at in (1, 2)),
        "created,symbol,rate\n2024-10-01,SOFR,4.92\n2024-10-02,SOFR2,4.85\n",
    ]
    for form in ("csv", "parquet"):
        for number, text in enumerate(texts):
            calendar = answer(b"", status=404)
            async with scripted(calendar, answer(text.encode(), content_type="text/csv")) as (
                _,
                session,
            ):
                query = session.interest_rate.history_eod(
                    "SOFR", start_date="2024-10-01", end_date="2024-10-02"
                )
                report = await session.download(query, tmp_path / f"{form}{number}", format=form)
                assert (report.done, report.rows) == (1, 2)
            (path,) = (tmp_path / f"{form}{number}").glob("operation=*/*/*/*")
            if form == "csv":
                with path.open(newline="") as file:
                    found = list(csv.DictReader(file))
            else:
                found = pl.read_parquet(path, hive_partitioning=False).to_dicts()
            assert [str(row["created"]) for row in found] == ["2024-10-01", "2024-10-02"]
            assert [float(row["rate"]) for row in found] == [4.92, 4.85]


def rates(session):
    return session.interest_rate.history_eod("SOFR", start_date="2024-10-01", end_date="2024-10-02")


NO_CALENDAR = answer(b"", status=404)
RATES = {
    "csv": b"created,rate\r\n2024-10-01,4.92\r\n2024-10-02,4.85\r\n",
    "ndjson": b'{"created":"2024-10-01","rate":4.92}\n{"created":"2024-10-02","rate":4.85}\n',
}
TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
each_wire_form = pytest.mark.parametrize(
    ("form", "wire"), [("parquet", "csv"), ("csv", "csv"), ("ndjson", "ndjson")]
)


@each_wire_form
async def test_a_truncated_answer_is_no_part(tmp_path, form, wire):
    """A last line without a line end, and an empty answer, fail their part and leave no file."""
    for number, body in enumerate((RATES[wire][:-1].rstrip(b"\r"), RATES[wire][:-3], b"")):
        folder = tmp_path / str(number)
        line = answer(body, content_type=TYPES[wire])
        async with scripted(NO_CALENDAR, line) as (_, session):
            with pytest.raises(thetatrio.DownloadError, match="no line end|is empty"):
                await session.download(rates(session), folder, format=form)
        assert not list(folder.glob("operation=*/*/*/*"))


@each_wire_form
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"No data found for your request", "text/plain"),
        (b'{"status":"OK","results":null}', "application/json"),
    ],
)
async def test_no_data_with_status_200_is_no_data(tmp_path, form, wire, body, content_type):
    """A part of which a service says with status 200 that there is none has no data."""
    line = answer(body, content_type=content_type)
    async with scripted(NO_CALENDAR, line) as (_, session):
        report = await session.download(rates(session), tmp_path, format=form)
    assert (report.done, report.no_data, report.rows) == (0, 1, 0)


async def test_a_number_that_json_lacks_is_null_in_ndjson(tmp_path):
    """A bare NaN or Infinity of a float column becomes null, so that every reader takes the file;
    in another column it is an error that names the column.
    """
    line = b'{"rate":%s,"created":"2024-10-01"}\n{"rate":4.85,"created":%s}\n'
    for number, word in enumerate((b"NaN", b"Infinity", b"-Infinity")):
        folder = tmp_path / str(number)
        body = line % (word, b'"NaN Infinity"')
        reply = answer(body, content_type="application/x-ndjson")
        async with scripted(NO_CALENDAR, reply) as (_, session):
            await session.download(rates(session), folder, format="ndjson")
        (path,) = folder.glob("operation=*/*/*/*")
        assert [json.loads(row) for row in path.read_bytes().splitlines()] == [
            {"rate": None, "created": "2024-10-01"},
            {"rate": 4.85, "created": "NaN Infinity"},
        ]
    reply = answer(line % (b"1", b"NaN"), content_type="application/x-ndjson")
    async with scripted(NO_CALENDAR, reply) as (_, session):
        with pytest.raises(thetatrio.DownloadError, match="row 2: column created"):
            await session.download(rates(session), tmp_path / "x", format="ndjson")


async def test_it_is_a_coroutine_for_nurseries(tmp_path):
    """`nursery.start_soon(download.run)` works, and so does starting it by `await`."""
    async with market() as (_, session):
        download = session.download(eod(session), tmp_path, format="csv")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(download.run)
        assert download.report.done == 3
