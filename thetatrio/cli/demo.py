"""`thetatrio demo`: the main job, end to end, on the simulated terminal."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from rich.box import HEAVY_HEAD
from rich.console import Console
from rich.table import Table

from thetatrio import Session, open_session
from thetatrio._interrupt import run_interruptibly
from thetatrio.cli._demo_stream import SETTINGS, show_live
from thetatrio.cli._tables import BOXED, Column, make_table
from thetatrio.contracts import Option, Stock
from thetatrio.errors import ThetaDataError
from thetatrio.market_time import parse_date
from thetatrio.rows import Ohlc, OptionGreeks
from thetatrio.testing import Terminal, open_terminal

__all__ = ["run"]

AROUND_THE_MONEY: Final = 5  # strikes shown on each side
CONTRACTS: Final = 600  # of the simulated chain: enough strikes on both sides of the money
_SIDE: Final = (Column("IV", rank=1), Column("delta", rank=2))
COLUMNS: Final = (
    *(column._replace(style="green") for column in (Column("call bid"), Column("ask"), *_SIDE)),
    Column("strike", "center", "bold"),
    *(column._replace(style="red") for column in (*_SIDE[::-1], Column("put bid"), Column("ask"))),
)
"""Left out in a narrow window, in this order: implied volatility, delta."""
CHART_WIDTH: Final = 66
_LABEL: Final = 10  # columns left of the chart
CHART_HEIGHT: Final = 10
_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
_PLAIN: Final = "     ####"  # for consoles that cannot show blocks


def run(
    console: Console, *, symbol: str, day: str, seed: int, url: str | None, seconds: float
) -> None:
    """Run the demo. Raises errors of `thetatrio.errors`."""
    try:
        date = parse_date(day)
    except ValueError as problem:
        raise ThetaDataError(f"--day: {problem}") from None
    run_interruptibly(_demo, console, symbol.upper(), date, seed, url, seconds)


async def _demo(
    console: Console, symbol: str, day: dt.date, seed: int, url: str | None, seconds: float
) -> None:
    started = time.perf_counter()
    async with _open(console, day, seed, url) as (terminal, session):
        expirations = await session.option.list_expirations(symbol)
        coming = [row.expiration for row in expirations if row.expiration > day]
        if not coming:
            raise ThetaDataError(f"{symbol} has no options that expire after {day}")
        expiration = min(coming, key=lambda date: abs((date - day).days - 14))
        _say(
            console,
            f"{symbol} has {len(expirations)} expirations, {len(coming)} of them after {day};"
            f" taking {expiration}, {(expiration - day).days} days out.",
        )
        asked = time.perf_counter()
        chain, bars = await session.gather(
            session.option.snapshot_greeks_all(symbol, expiration=expiration),
            session.stock.history_ohlc(symbol, date=day, interval="1m"),
        )
        answered = time.perf_counter()
        if not chain or not bars:
            raise ThetaDataError(f"the terminal has no data on {symbol} for {day}")
        console.print(_chain_table(chain, console.width))
        _print_chart(console, f"{symbol} on {day}, minute bars, New York time", bars)
        statistics = session.statistics()
        _say(
            console,
            f"{len(chain)} contracts with Greeks and {len(bars)} bars, requested concurrently,"
            f" arrived in {(answered - asked) * 1000:.0f} ms; {statistics.started} requests,"
            f" {statistics.slots} slots; {time.perf_counter() - started:.1f} s in total.",
        )
        if terminal is not None and seconds:
            options = _at_the_money(chain)
            await show_live(console, terminal, session, Stock(symbol), options, seconds)


def _at_the_money(chain: Sequence[OptionGreeks]) -> list[Option]:
    nearest = sorted(chain, key=lambda row: abs(row.strike - row.underlying_price))
    return sorted((row.contract for row in nearest[:4]), key=lambda one: (one.strike, one.right))


def _say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False)


@asynccontextmanager
async def _open(
    console: Console, day: dt.date, seed: int, url: str | None
) -> AsyncGenerator[tuple[Terminal | None, Session], None]:
    if url is not None:
        async with open_session(base_url=url) as session:
            _say(console, f"Asking the Theta Terminal at {url}.")
            yield None, session
        return
    async with (
        open_terminal(seed=seed, day=day, contracts=CONTRACTS, stream=SETTINGS) as terminal,
        open_session(terminal.config) as session,
    ):
        _say(
            console,
            f"A simulated Theta Terminal answers at {terminal.url}. Nothing here is market data.",
        )
        yield terminal, session


def _chain_table(chain: Sequence[OptionGreeks], width: int) -> Table:
    money = chain[0].underlying_price
    calls = {row.strike: row for row in chain if row.right == "CALL"}
    puts = {row.strike: row for row in chain if row.right == "PUT"}
    strikes = sorted(calls.keys() & puts.keys())
    nearest = min(range(len(strikes)), key=lambda place: abs(strikes[place] - money))
    shown = strikes[max(0, nearest - AROUND_THE_MONEY) : nearest + AROUND_THE_MONEY + 1]
    rows: list[list[str]] = []
    for strike in shown:
        call, put = calls[strike], puts[strike]
        rows.append(
            [
                f"{call.bid:.2f}",
                f"{call.ask:.2f}",
                f"{call.implied_vol:.1%}",
                f"{call.delta:.3f}",
                f"{strike:g}",
                f"{put.delta:.3f}",
                f"{put.implied_vol:.1%}",
                f"{put.bid:.2f}",
                f"{put.ask:.2f}",
            ]
        )
    title = f"{chain[0].symbol} {chain[0].expiration}, underlying at {money:.2f}"
    return make_table(COLUMNS, rows, width, BOXED, title=title, box=HEAVY_HEAD)


def _print_chart(console: Console, title: str, bars: Sequence[Ohlc]) -> None:
    traded = [bar for bar in bars if bar.count]  # a bar without trades is zeros, not a price
    if not traded:
        console.print(f"{title}: no trades")
        return
    width = max(2, min(CHART_WIDTH, console.width - _LABEL, len(traded)))
    closes = [traded[place * len(traded) // width].close for place in range(width - 1)]
    closes.append(traded[-1].close)
    low, high = min(closes), max(closes)
    levels = CHART_HEIGHT * 8
    heights = [1 + round((close - low) / ((high - low) or 1) * (levels - 1)) for close in closes]
    marks = _EIGHTHS if "utf" in console.encoding.lower() else _PLAIN
    console.print(f"\n{title}")
    for line in range(CHART_HEIGHT - 1, -1, -1):
        label = {CHART_HEIGHT - 1: f"{high:.2f}", 0: f"{low:.2f}"}.get(line, "")
        cells = "".join(marks[max(0, min(8, height - line * 8))] for height in heights)
        console.print(f"{label:>9} {cells}", highlight=False, markup=False, style="cyan")
    first, last = traded[0].timestamp, traded[-1].timestamp
    span = f"{first:%H:%M}{f'{last:%H:%M}':>{max(6, width - 5)}}"
    console.print(f"{'':>9} {span}\n", highlight=False)
