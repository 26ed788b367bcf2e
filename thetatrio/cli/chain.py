"""`thetatrio chain`: an option chain around the money."""

from __future__ import annotations

import datetime as dt
from typing import Final

from rich.box import HEAVY_HEAD
from rich.console import Console
from rich.table import Table

from thetatrio import Session, open_session
from thetatrio._interrupt import run_interruptibly
from thetatrio.chains import ChainEntry, OptionChain
from thetatrio.cli._tables import BOXED, Column, make_table
from thetatrio.config import ConfigOptions
from thetatrio.errors import InvalidRequest
from thetatrio.market_time import in_new_york, parse_date, parse_time

__all__ = ["run"]

A_WEEK = 7
_SIDE: Final = (Column("OI", rank=1), Column("IV", rank=2), Column("delta", rank=3))
COLUMNS: Final = (
    *(column._replace(style="green") for column in (*_SIDE, Column("C bid"), Column("ask"))),
    Column("strike", "center", "bold"),
    *(column._replace(style="red") for column in (Column("P bid"), Column("ask"), *_SIDE[::-1])),
)
"""Left out in a narrow window, in this order: open interest, implied volatility, delta."""


def run(
    console: Console,
    symbol: str,
    *,
    expiration: str | None,
    at: str | None,
    strikes: int,
    options: ConfigOptions,
) -> None:
    """Fetch and print a chain. Raises errors of `thetatrio.errors`."""
    run_interruptibly(_chain, console, symbol, expiration, _moment(at), strikes, options)


def _moment(text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    day, _, time = text.strip().replace("T", " ").partition(" ")
    try:
        return in_new_york(dt.datetime.combine(parse_date(day), parse_time(time or "16:00")))
    except ValueError as problem:
        raise InvalidRequest(f"--at: {problem}") from None


async def _chain(
    console: Console,
    symbol: str,
    expiration: str | None,
    at: dt.datetime | None,
    strikes: int,
    options: ConfigOptions,
) -> None:
    async with open_session(**options) as session:
        date = await _expiration(session, symbol, at, expiration)
        chain = await session.chain(symbol, expiration=date, at=at)
    if not chain.entries:
        raise InvalidRequest(f"the terminal has no quotes of {chain.symbol} {chain.expiration}")
    console.print(_table(chain, strikes, console.width))


async def _expiration(
    session: Session, symbol: str, at: dt.datetime | None, given: str | None
) -> dt.date:
    if given is not None:
        try:
            return parse_date(given)
        except ValueError as problem:
            raise InvalidRequest(f"--expiration: {problem}") from None
    day = None if at is None else at.date()  # None: the terminal's day, which may be simulated
    coming = await session.expirations(symbol, on=day)
    if not coming:
        since = "today" if day is None else str(day)
        raise InvalidRequest(
            f"{symbol} has no expirations from {since} on; give --expiration, or --at a past moment"
        )
    later = await session.expirations(symbol, on=day, min_dte=A_WEEK)
    return later[0] if later else coming[-1]


def _table(chain: OptionChain, strikes: int, width: int) -> Table:
    known = chain.strikes
    money = chain.underlying_price
    middle = known.index(chain.nearest_strike(money or known[len(known) // 2]))
    shown = known[max(0, middle - strikes) : middle + strikes + 1]
    calls = {entry.contract.strike: entry for entry in chain.calls}
    puts = {entry.contract.strike: entry for entry in chain.puts}
    price = f"underlying {money:.2f}" if money else "no underlying price"
    rows: list[list[str]] = []
    for strike in shown:
        call, put = calls.get(strike), puts.get(strike)
        rows.append([*_cells(call), f"{strike:g}", *reversed(_cells(put, swap=True))])
    return make_table(
        COLUMNS,
        rows,
        width,
        BOXED,
        title=f"{chain.symbol} {chain.expiration}, {price}, {chain.at:%Y-%m-%d %H:%M:%S} New York",
        caption=_ages(chain),
        box=HEAVY_HEAD,
    )


def _cells(entry: ChainEntry | None, *, swap: bool = False) -> list[str]:
    if entry is None:
        return [""] * 5
    interest = "" if entry.open_interest is None else str(entry.open_interest.open_interest)
    volatility = "" if entry.greeks is None else f"{entry.greeks.implied_vol:.1%}"
    delta = "" if entry.greeks is None else f"{entry.greeks.delta:.3f}"
    bid = "" if entry.quote is None else f"{entry.quote.bid:.2f}"
    ask = "" if entry.quote is None else f"{entry.quote.ask:.2f}"
    # Reversed by the caller for puts: bid stays left of ask on both sides.
    return [interest, volatility, delta, *((ask, bid) if swap else (bid, ask))]


def _ages(chain: OptionChain) -> str:
    parts = {
        "quotes": [entry.quote_age for entry in chain.entries],
        "Greeks": [entry.greeks_age for entry in chain.entries],
        "open interest": [entry.open_interest_age for entry in chain.entries],
        "underlying": [chain.underlying_age],
    }
    said: list[str] = []
    for name, ages in parts.items():
        known = [age for age in ages if age is not None]
        said.append(f"{name} up to {_short(max(known))} old" if known else f"no {name}")
    return "; ".join(said)


def _short(age: dt.timedelta) -> str:
    seconds = age.total_seconds()
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if abs(seconds) >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"
