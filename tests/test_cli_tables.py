"""Tables of the command in windows of 60, 80 and 200 columns."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from tests.test_cli import command, simulated  # noqa: F401  # a fixture
from thetatrio import Option, Stock, events
from thetatrio.cli import chain, demo, operations
from thetatrio.cli._live import COLUMNS, LiveTable
from thetatrio.cli._tables import BOXED, COMPACT, SPACED, Column, fit, left_out, make_table
from thetatrio.cli.fetch import table_columns

WIDTHS = (60, 80, 200)


def drawn(renderable, width: int) -> str:
    """Return what a window of a width shows of something."""
    file = io.StringIO()
    Console(file=file, width=width, color_system=None).print(renderable)
    return file.getvalue()


def at_width(width: int, *arguments: str, monkeypatch) -> int | str | None:
    """Run the command in a window of a width; return its exit code."""
    setenv = monkeypatch.setenv

    def fixed(name, value):
        setenv(name, str(width) if name == "COLUMNS" else value)

    monkeypatch.setattr(monkeypatch, "setenv", fixed)
    return command(*arguments, monkeypatch=monkeypatch)


def numbers_of(text: str) -> list[str]:
    return re.findall(r"-?\d[\d.,:-]*%?", text)


def test_columns_are_left_out_in_their_order():
    """A table loses whole ranks, lowest first, until it fits; the rest is never lost."""
    columns = [Column("a", rank=2), Column("b"), Column("c", rank=1), Column("d", rank=1)]
    row = ("1" * 10, "2" * 10, "3" * 10, "4" * 10)
    kept = {width: fit(columns, [row], width, SPACED) for width in range(60)}
    assert all(kept[width] == [0, 1, 2, 3] for width in range(46, 60))
    assert all(kept[width] == [0, 1] for width in range(22, 46))
    assert all(kept[width] == [1] for width in range(22))
    # Lines around the cells take room too.
    assert fit(columns, [row], 52, BOXED) == [0, 1]
    assert fit(columns, [row], 53, BOXED) == [0, 1, 2, 3]
    assert left_out(columns, [0, 1], 30) == "left out to fit 30 columns: c, d"
    assert left_out(columns, [0, 1, 2, 3], 60) == ""


@pytest.mark.parametrize("layout", [BOXED, SPACED, COMPACT])
def test_no_digit_is_lost_at_any_width(layout):
    """However narrow a window is, every digit of a column that is shown is there."""
    columns = [Column("first", rank=1), Column("second"), Column("prose", "left", wraps_at=8)]
    rows = [("1234567", "8901234.5678", "some words"), ("1", "2", "and more of them")]
    for width in range(12, 60):
        table = make_table(columns, rows, width, layout)
        text = drawn(table, width)
        assert max(map(len, text.splitlines())) <= width
        digits = "".join(re.findall(r"[\d.]", text.partition("left out")[0]))
        if len(table.columns) == 3:
            assert "1234567" in text
        else:
            assert "left out" in " ".join(text.split())
        # Folded or not, in order.
        assert "8901234" in digits or "8901234.5678" in text
        assert "…" not in text


CHAIN = ("chain", "SPY", "--at", "2024-11-04 11:00", "--strikes", "2")
QUOTES = ("fetch", "option_history_quote", "SPY", "expiration=2024-11-05", "date=2024-11-04",
          "interval=1h", "--format", "table")  # fmt: skip
GREEKS = ("fetch", "option_snapshot_greeks_all", "SPY", "expiration=2024-11-05",
          "--format", "table")  # fmt: skip
BARS = ("fetch", "stock_history_ohlc", "AAPL", "date=2024-11-04", "interval=1h",
        "--format", "table")  # fmt: skip


@pytest.mark.parametrize("arguments", [CHAIN, QUOTES, GREEKS, BARS], ids=lambda a: a[1])
def test_tables_of_a_command_fit_the_window(arguments, simulated, monkeypatch, capfd):  # noqa: F811
    """No line is wider than the window, no number is truncated, and what is left out is named."""
    complete: set[str] = set()
    for width in (5_000, *WIDTHS):
        with monkeypatch.context() as patch:
            assert at_width(width, *arguments, "--url", simulated, monkeypatch=patch) in (0, None)
        shown = capfd.readouterr()
        lines = shown.out.splitlines()
        assert len(lines) > 5
        assert max(map(len, lines)) <= width
        assert "…" not in shown.out
        said = " ".join((shown.out + shown.err).split())
        table = shown.out.partition("left out")[0]
        complete = complete or set(numbers_of(table))
        # The ages beneath a chain may wrap anywhere; they are numbers too.
        assert set(numbers_of(table)) <= complete
        assert ("left out" in said) == (f"left out to fit {width} columns: " in said)
        if width == 60:
            assert "left out" in said or arguments is BARS
        if width == 5_000:
            assert "left out" not in said


def test_a_chain_loses_open_interest_then_volatility_then_delta(simulated, monkeypatch, capsys):  # noqa: F811
    """The stated order, and the prices of both sides stay."""
    for width, lost in ((200, ""), (60, "OI, IV"), (50, "OI, IV, delta")):
        arguments = (*CHAIN, "--url", simulated)
        with monkeypatch.context() as patch:
            assert at_width(width, *arguments, monkeypatch=patch) in (0, None)
        text = " ".join(capsys.readouterr().out.split())
        assert ("left out" in text) == bool(lost)
        if lost:
            assert f"left out to fit {width} columns: {lost}" in text
        assert all(name in text for name in ("C bid", "P bid", "strike"))
    names = [(column.heading, column.rank) for column in chain.COLUMNS]
    assert names[:3] == [("OI", 1), ("IV", 2), ("delta", 3)]
    assert names == names[:3] + names[3:8] + names[2::-1]
    assert {column.heading: column.rank for column in demo.COLUMNS} == {
        "call bid": None, "ask": None, "IV": 1, "delta": 2, "strike": None, "put bid": None,
    }  # fmt: skip


def test_fetched_tables_lose_codes_first_and_the_moment_never():
    """Codes, sizes, others from the right, symbol, expiration, prices; strike and time stay."""
    names = ["symbol", "expiration", "strike", "right", "timestamp", "bid_size", "bid_exchange",
             "bid", "ask", "ask_condition", "vwap", "delta"]  # fmt: skip
    order = sorted(
        (column.rank, column.heading) for column in table_columns(names) if column.rank is not None
    )
    assert [name for _, name in order] == [
        "ask_condition", "bid_exchange", "bid_size", "delta", "vwap", "symbol", "expiration",
        "ask", "bid",
    ]  # fmt: skip
    ranks = [rank for rank, _ in order]
    assert ranks[0] == ranks[1]
    assert len(set(ranks)) == len(ranks) - 1


class LiveStream:
    """A stream that is live."""

    name = "live"
    attempt = 0

    @property
    def state(self):
        return self

    def statistics(self):
        return self


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("width", WIDTHS)
async def test_live_tables_fit_the_window(kind, width):
    """At every width a contract, its prices and no half number are shown."""
    option = Option("SPXW", "2024-11-15", 5750.5, "C")
    contracts = (Stock("AAPL"), option)
    table = LiveTable(COLUMNS[kind], contracts, LiveStream())
    for contract in contracts:
        fields = {"bid_size": 123_456, "bid": 12_345.67, "ask_size": 654_321, "ask": 12_345.89}
        codes = dict.fromkeys(("bid_exchange", "bid_condition", "ask_exchange", "ask_condition"), 1)
        moment = {"ms_of_day": 34_200_123, "date_int": 20_241_104}
        table.take(events.Quote(contract=contract, **moment, **fields, **codes))
    text = drawn(table, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert str(option) in text
    if kind == "quotes":
        assert "12345.67" in text
        assert "12345.89" in text
        assert ("123456" in text) == (width > 60)
        assert ("left out to fit 60 columns: /s, events, size" in text) == (width == 60)


@pytest.mark.parametrize("width", WIDTHS)
def test_operations_keep_their_names(width, monkeypatch, capsys):
    """Every operation is named in full, whatever the window's width."""
    assert at_width(width, "operations", monkeypatch=monkeypatch) in (0, None)
    text = capsys.readouterr().out
    for name in operations.operations():
        assert f"{name}" in text
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_the_demo_fits_the_window(width, monkeypatch, capsys):
    """Its chain and its chart are as wide as the window at most."""
    assert at_width(width, "demo", "--seconds", "0", monkeypatch=monkeypatch) in (0, None)
    text = capsys.readouterr().out
    drawing = [line for line in text.splitlines() if re.search("[█│┃]", line)]
    assert len(drawing) > 15
    assert max(map(len, drawing)) <= width
    assert "…" not in text


def test_a_pipe_gets_all_columns(simulated, monkeypatch, capsys):  # noqa: F811
    """Where no window bounds the width, nothing is left out."""
    monkeypatch.delenv("COLUMNS", raising=False)
    setenv = monkeypatch.setenv
    monkeypatch.setattr(
        monkeypatch, "setenv", lambda name, value: name == "COLUMNS" or setenv(name, value)
    )
    assert command(*CHAIN, "--url", simulated, monkeypatch=monkeypatch) in (0, None)
    text = capsys.readouterr().out
    assert "left out" not in text
    assert text.count("OI") == 2
