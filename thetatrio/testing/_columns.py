"""Columns that several operations share, in the order of their rows."""

from __future__ import annotations

from typing import Final, TypeAlias

from thetatrio.testing._operations import Column, Kind

Columns: TypeAlias = tuple[Column, ...]

TIMESTAMP: Final[Column] = ("timestamp", Kind.CLOCK)

CONTRACT: Final[Columns] = (
    ("symbol", Kind.TEXT),
    ("expiration", Kind.TEXT),
    ("strike", Kind.THREE),
    ("right", Kind.TEXT),
)


def quote(price: Kind = Kind.DOLLARS) -> Columns:
    """Return the columns of a quote, its time apart."""
    return (
        ("bid_size", Kind.INTEGER),
        ("bid_exchange", Kind.INTEGER),
        ("bid", price),
        ("bid_condition", Kind.INTEGER),
        ("ask_size", Kind.INTEGER),
        ("ask_exchange", Kind.INTEGER),
        ("ask", price),
        ("ask_condition", Kind.INTEGER),
    )


def trade(price: Kind = Kind.DOLLARS) -> Columns:
    """Return the columns of a trade, its time apart."""
    return (
        ("sequence", Kind.INTEGER),
        ("ext_condition1", Kind.INTEGER),
        ("ext_condition2", Kind.INTEGER),
        ("ext_condition3", Kind.INTEGER),
        ("ext_condition4", Kind.INTEGER),
        ("condition", Kind.INTEGER),
        ("size", Kind.INTEGER),
        ("exchange", Kind.INTEGER),
        ("price", price),
    )


def day(price: Kind = Kind.DOLLARS) -> Columns:
    """Return the columns of what was traded in a day, its times apart."""
    return (
        ("open", price),
        ("high", price),
        ("low", price),
        ("close", price),
        ("volume", Kind.INTEGER),
        ("count", Kind.INTEGER),
    )


def bar(price: Kind = Kind.DOLLARS) -> Columns:
    """Return the columns of a bar."""
    return (TIMESTAMP, *day(price), ("vwap", Kind.DOLLARS))


def end_of_day(price: Kind = Kind.DOLLARS) -> Columns:
    """Return the columns of an end-of-day report."""
    return (("created", Kind.CLOCK), ("last_trade", Kind.CLOCK), *day(price), *quote(price))


def trade_quote(price: Kind = Kind.DOLLARS) -> Columns:
    """Return the columns of a trade joined with a quote."""
    times: Columns = (("trade_timestamp", Kind.CLOCK), ("quote_timestamp", Kind.CLOCK))
    return (*times, *trade(price), *quote())


def market_value() -> Columns:
    """Return the columns of a market value, its time and symbol apart."""
    return tuple((f"market_{name}", Kind.DOLLARS) for name in ("bid", "ask", "price"))
