"""What a type checker refuses: each wrong call, in both checkers; and no right one.

Run by `nox -s types`, which has the checkers; not part of the suite.
"""

import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[2]

HEAD = """\
import datetime as dt

from thetatrio import (
    Feed, Gap, Index, Option, Query, Session, Stock, Topic, aio, events, open_session, rows, sync
)
from thetatrio.requests import (
    CalendarYear, OptionHistoryQuote, StockHistoryEod, StockHistoryOhlc, StockListSymbols
)

DAY = dt.date(2024, 11, 4)
AAPL, SPX, CALL = Stock("AAPL"), Index("SPX"), Option("SPXW", DAY, 4800, "C")


async def calls(
    session: Session, quotes: Feed[events.Quote], gap: Gap, blocking: sync.Session
) -> None:
"""

WRONG = [
    # The blocking face: nothing to await, the same parameters, its own types.
    'blocking.stock.history_ohlc("AAPL", date=DAY, intervall="1m")',
    'blocking.stock.history_ohlc("AAPL", date=DAY, interval="2m")',
    'blocking.stock.history_eod("AAPL", DAY, DAY)',
    "blocking.stock.snapshot_quote()",
    "await blocking.stock.list_symbols()",
    "blocking.stock.list_symbols().fetch()[0].price",
    "blocked: list[rows.Eod] = blocking.stock.history_ohlc('AAPL', date=DAY).fetch()",
    "blocking.stream.quotes(SPX)",
    "blocking.query(StockListSymbols).fetch()",
    "blocking.gather(session.stock.list_symbols())",
    "session.gather(blocking.stock.list_symbols())",
    "sync.connect(slot=1)",
    # asyncio's.
    "aio.open_session(slot=1)",
    'open_session("http://127.0.0.1:25503")',
    'aio.open_session("http://127.0.0.1:25503")',
    'sync.open_session("http://127.0.0.1:25503")',
    "open_session(verify=5)",
    "async for row in session.stock.list_symbols(): print(row)",
    "for row in session.stock.list_symbols(): print(row)",
    # A misspelt parameter.
    'session.stock.history_ohlc("AAPL", date=DAY, intervall="1m")',
    'session.stock.history_eod("AAPL", start_date=DAY, end_data=DAY)',
    'session.stock.snapshot_quote("AAPL", min_tim="10:00")',
    "session.stock.list_symbols(venue='nqb')",
    'session.option.history_quote("SPY", expiration="*", date=DAY, strikes=570)',
    'session.option.history_trade("SPY", expiration="*", date=DAY, interval="1m")',
    'session.option.list_expirations("SPY", date=DAY)',
    'session.option.list_contracts("SPY", request_type="quote", date=DAY, dte=7)',
    'session.option.snapshot_greeks_all("SPY", expiration="*", rate="sofr")',
    'session.index.history_price("SPX", day=DAY)',
    "session.calendar.year(years=2024)",
    'session.stock.at_time_quote("AAPL", start_date=DAY, end_date=DAY)',
    'session.stock.history_trade_quote("AAPL", date=DAY, exclusive="yes")',
    'session.option.snapshot_trade("SPY", expiration=DAY, max_dte=7)',
    'session.option.list_strikes("SPY")',
    'session.index.history_ohlc("SPX", date=DAY)',
    "session.index.list_symbols(venue='nqb')",
    "session.calendar.open_today(date=DAY)",
    'session.interest_rate.history_eod("SOFR")',
    # A flat file is no list.
    "session.option.flat_file_eod(DAY)",
    "await session.option.flat_file_eod(date=DAY)",
    "session.stock.flat_file_quote(date=DAY).rows()",
    # A word that is none of the words.
    'session.stock.history_ohlc("AAPL", date=DAY, interval="2m")',
    'session.stock.history_ohlc("AAPL", date=DAY, venue="iex")',
    'session.stock.snapshot_quote("AAPL", venue="NQB")',
    'session.option.history_quote("SPY", expiration="*", date=DAY, right="X")',
    'session.option.history_trade("SPY", expiration="*", date=DAY, right="calls")',
    'session.option.list_contracts("SPY", request_type="ohlc", date=DAY)',
    'session.option.snapshot_greeks_all("SPY", expiration="*", rate_type="SOFR")',
    'session.option.snapshot_greeks_all("SPY", expiration="*", version="2")',
    'session.index.history_price("SPX", date=DAY, interval="1M")',
    # Something that must be given is not.
    "session.stock.history_eod(start_date=DAY, end_date=DAY)",
    'session.stock.history_eod("AAPL", start_date=DAY)',
    "session.stock.history_ohlc(date=DAY)",
    "session.stock.snapshot_quote()",
    "session.option.list_expirations()",
    'session.option.list_contracts("SPY", date=DAY)',
    'session.option.history_quote("SPY", date=DAY)',
    'session.option.history_trade("SPY", date=DAY)',
    'session.option.snapshot_greeks_all("SPY")',
    "session.index.history_price(date=DAY)",
    "session.calendar.year()",
    # A second positional argument, or a first where there is no symbol.
    'session.stock.history_eod("AAPL", DAY, DAY)',
    'session.stock.history_ohlc("AAPL", DAY)',
    'session.stock.snapshot_quote("AAPL", "nqb")',
    'session.option.history_quote("SPY", "*", date=DAY)',
    'session.option.history_trade("SPY", "*", date=DAY)',
    'session.option.list_contracts("SPY", "quote", date=DAY)',
    'session.option.snapshot_greeks_all("SPY", "*")',
    'session.option.list_expirations("SPY", "QQQ")',
    'session.index.history_price("SPX", DAY)',
    "session.calendar.year(2024)",
    'session.stock.list_symbols("AAPL")',
    # A value of another type.
    "session.stock.history_eod(5, start_date=DAY, end_date=DAY)",
    'session.stock.history_eod(["AAPL"], start_date=DAY, end_date=DAY)',
    'session.stock.history_eod("AAPL", start_date=20241104, end_date=DAY)',
    'session.stock.history_eod("AAPL", start_date=None, end_date=DAY)',
    'session.stock.history_ohlc("AAPL", date=DAY, interval=60)',
    'session.stock.history_ohlc("AAPL", date=DAY, start_time=930)',
    "session.stock.snapshot_quote([1, 2])",
    'session.option.history_quote("SPY", expiration=DAY, date=DAY, strike=None)',
    'session.option.history_quote("SPY", expiration=DAY, date=DAY, max_dte="7")',
    'session.option.snapshot_greeks_all("SPY", expiration="*", annual_dividend="0")',
    'session.option.snapshot_greeks_all("SPY", expiration="*", use_market_value="no")',
    "session.calendar.year(year=2024.0)",
    # The same of requests made by hand.
    'StockHistoryEod("AAPL", DAY, DAY)',
    'StockHistoryOhlc("AAPL", date=DAY, interval="2m")',
    'StockHistoryOhlc("AAPL", date=DAY).symbol = "MSFT"',
    'OptionHistoryQuote("SPY", date=DAY)',
    "CalendarYear(2024)",
    # What comes of it.
    "session.stock.list_symbols().rows().symbol",
    "(await session.stock.list_symbols())[0].price",
    "bars: list[rows.Eod] = await session.stock.history_ohlc('AAPL', date=DAY)",
    "other: Query[rows.Eod] = session.query(StockListSymbols())",
    "(await session.stock.list_symbols())[0].symbol = 'B'",
    "one, two = await session.gather(session.stock.list_symbols())",
    "session.gather(session.stock.list_symbols)",
    "session.query(StockListSymbols)",
    "session.stock = session.stock",
    "session.stock.history_eod = session.stock.history_ohlc",
    "session.stock.no_such_operation()",
    "await session.terminal.mdds_status",
    "for row in session.stock.list_symbols().rows(): print(row)",
    "open_session(row_format='xml')",
    "open_session(tears='pro')",
    # The stream: events that its contracts do not have.
    "session.stream.quotes(SPX)",
    "session.stream.trades(SPX)",
    "session.stream.prices(AAPL)",
    "session.stream.prices(CALL)",
    "Topic.trades(SPX)",
    "Topic.prices(AAPL)",
    'session.stream.full_trades("index")',
    "session.stream.full_trades(AAPL)",
    'Topic.full_trades("options")',
    # Something that is no contract, or no topic.
    'session.stream.quotes("AAPL")',
    "session.stream.trades([AAPL])",
    "session.stream.subscribe(AAPL)",
    "session.stream.subscribe([Topic.quotes(AAPL)])",
    'Topic("quote", (AAPL,))',
    'await quotes.add("AAPL")',
    "await quotes.add([AAPL])",
    "await quotes.add(Topic.trades(AAPL))",
    'quotes.remove("AAPL")',
    # Options that there are not, and words that are none of the words.
    "session.stream.quotes(AAPL, buffers=10)",
    'session.stream.quotes(AAPL, over_flow="latest")',
    'session.stream.quotes(AAPL, overflow="newest")',
    'session.stream.subscribe(Topic.quotes(AAPL), overflow="drop")',
    'session.stream.full_trades("option", overflow="error")',
    'session.stream.full_trades("option", join=False)',
    'session.stream.trades(AAPL, on_loss="ignore")',
    'session.stream.trades(AAPL, unanswered="log")',
    'session.stream.trades(AAPL, buffer="10")',
    'session.stream.trades(AAPL, partial="yes")',
    # What comes of it.
    "session.stream.quotes(AAPL).receive()",
    "async for quote in session.stream.quotes(AAPL): print(quote)",
    "for quote in quotes: print(quote)",
    "(await quotes.receive()).price",
    "(await quotes.receive()).bid = 1.0",
    "trade: events.Trade = await quotes.receive()",
    "quote: events.Quote = await quotes.with_notices().receive()",
    "trades: Feed[events.Trade] = quotes",
    "batch: list[events.Trade] = await quotes.batches().receive()",
    "session.requests_for(quotes)",
    "session.requests_for(gap, True)",
    "gap.until = gap.since",
    "session.stream = session.stream",
]

# Each differs from a wrong one by what was wrong with it.
RIGHT = [
    'session.stock.history_ohlc("AAPL", date=DAY, interval="1m", venue="utp_cta")',
    'session.stock.history_eod("AAPL", start_date=DAY, end_date="20241104")',
    'session.stock.snapshot_quote(["AAPL"], min_time="10:00")',
    "session.stock.list_symbols()",
    'session.option.history_quote("SPY", expiration="*", date=DAY, strike=570, right="C")',
    'session.option.history_trade("SPY", expiration="*", date=DAY, right="call")',
    'session.option.list_expirations("SPY")',
    'session.option.list_contracts("SPY", request_type="quote", date=DAY, max_dte=7)',
    'session.option.snapshot_greeks_all("SPY", expiration="*", version="1", rate_type="sofr")',
    'session.index.history_price("SPX", date=DAY, interval="1m")',
    "session.calendar.year(year=2024)",
    'StockHistoryEod("AAPL", start_date=DAY, end_date=DAY)',
    "print((await session.stock.list_symbols())[0].symbol)",
    "bars: list[rows.Ohlc] = await session.stock.history_ohlc('AAPL', date=DAY)",
    "symbols: Query[rows.Symbol] = session.query(StockListSymbols())",
    "one, two = await session.gather(session.stock.list_symbols(), session.stock.list_symbols())",
    "await session.terminal.mdds_status()",
    "open_session(tier='pro')",
    "session.stream.quotes(AAPL, CALL)",
    "session.stream.trades(CALL)",
    "session.stream.prices(SPX)",
    "session.stream.ohlc(AAPL, CALL, SPX)",
    "session.stream.subscribe(Topic.quotes(AAPL), Topic.trades(CALL), buffer=10)",
    'session.stream.quotes(AAPL, overflow="latest", on_loss="raise", partial=True)',
    'session.stream.full_trades("option", joined=False, unanswered="accept")',
    "await quotes.add(AAPL, Topic.quotes(CALL))",
    "quotes.remove(AAPL)",
    "quote: events.Quote = await quotes.receive()",
    "batch: list[events.Quote] = await quotes.batches().receive()",
    "session.requests_for(gap, inclusive=True)",
]

FIRST_LINE = HEAD.count("\n") + 1


class MypyProblem(msgspec.Struct):
    """One line of mypy's JSON."""

    file: str
    line: int
    message: str
    severity: str


class Position(msgspec.Struct):
    """A place in a file; lines count from 0."""

    line: int


class Range(msgspec.Struct):
    """What a problem of pyright's is about."""

    start: Position


class PyrightProblem(msgspec.Struct):
    """One problem in pyright's JSON."""

    severity: str
    message: str
    range: Range


class Summary(msgspec.Struct):
    """What pyright did."""

    files_analyzed: int = msgspec.field(name="filesAnalyzed")


class PyrightReport(msgspec.Struct):
    """Pyright's JSON."""

    problems: list[PyrightProblem] = msgspec.field(name="generalDiagnostics")
    summary: Summary


@cache
def folder() -> tempfile.TemporaryDirectory[str]:
    """Return the folder that the generated files are in, one for the whole run."""
    return tempfile.TemporaryDirectory(prefix="thetatrio-typing-")


def written(name: str, calls: list[str]) -> Path:
    """Write a file with one call on each line, and return its path."""
    path = Path(folder().name, name)
    path.write_text(HEAD + "".join(f"    {call}\n" for call in calls), encoding="utf-8")
    return path


def refused_by_mypy(path: Path) -> dict[int, str]:
    """Return what mypy has against which lines of a file."""
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--output=json", "--config-file=",
         f"--cache-dir={path.parent / 'cache'}", str(path)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert run.returncode in (0, 1), run.stdout + run.stderr
    lines = [line for line in run.stdout.splitlines() if line.startswith("{")]
    found = [msgspec.json.decode(line, type=MypyProblem) for line in lines]
    assert bool(found) == bool(run.returncode), run.stdout + run.stderr
    assert {Path(problem.file).name for problem in found} <= {path.name}
    return {problem.line: problem.message for problem in found if problem.severity == "error"}


def refused_by_pyright(path: Path) -> dict[int, str]:
    """Return what pyright has against which lines of a file."""
    settings = {
        "include": [path.name], "typeCheckingMode": "strict", "extraPaths": [str(ROOT)],
        # A call on a line of its own gives a query that nobody takes.
        "reportUnusedCoroutine": "none", "reportUnusedExpression": "none",
        "reportUnusedVariable": "none", "reportUnusedImport": "none",
    }  # fmt: skip
    project = path.with_suffix(".json")
    project.write_bytes(msgspec.json.encode(settings))
    run = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable,
         "--project", str(project)],
        cwd=path.parent, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert run.returncode in (0, 1), run.stdout + run.stderr
    told = run.stdout[run.stdout.index("{") :]
    report = msgspec.json.decode(told, type=PyrightReport)
    assert report.summary.files_analyzed == 1, told
    return {
        problem.range.start.line + 1: problem.message
        for problem in report.problems
        if problem.severity == "error"
    }


CHECKERS = {"mypy": refused_by_mypy, "pyright": refused_by_pyright}
FILES = {"wrong": WRONG, "right": RIGHT}


@cache
def refused(checker: str, name: str) -> dict[int, str]:
    """Run a checker over all the wrong calls, or over all the right ones, once for all tests."""
    return CHECKERS[checker](written(f"{checker}_{name}.py", FILES[name]))


@pytest.mark.parametrize("checker", list(CHECKERS))
@pytest.mark.parametrize("number", range(len(WRONG)), ids=WRONG)
def test_a_wrong_call_is_refused(checker: str, number: int) -> None:
    """Both checkers find each wrong call before it is run."""
    assert FIRST_LINE + number in refused(checker, "wrong")


@pytest.mark.parametrize("checker", list(CHECKERS))
def test_right_calls_are_not_refused(checker: str) -> None:
    """Neither checker has anything against the calls that are right."""
    assert refused(checker, "right") == {}


@pytest.mark.parametrize("checker", list(CHECKERS))
def test_nothing_but_the_calls_is_refused(checker: str) -> None:
    """Each problem found belongs to a line with a wrong call: what is around them is right."""
    assert set(refused(checker, "wrong")) <= set(range(FIRST_LINE, FIRST_LINE + len(WRONG)))
