"""Rows of lists: symbols, dates, expirations, strikes, contracts."""

from __future__ import annotations

import datetime as dt

from thetatrio.rows._base import OptionRow, Row, StrikeDollars

__all__ = ["Date", "Expiration", "ListedContract", "Strike", "Symbol"]


class Symbol(Row, frozen=True, gc=False):
    """A symbol that has data."""

    symbol: str


class Expiration(Row, frozen=True, gc=False):
    """A date on which options of a root expire. Expired ones are listed too."""

    symbol: str
    expiration: dt.date


class ListedContract(OptionRow, frozen=True, gc=False):
    """A contract that was quoted or traded on the day asked for."""


class Date(Row, frozen=True, gc=False):
    """A day that has data."""

    date: dt.date


class Strike(Row, frozen=True, gc=False):
    """A strike of an expiration."""

    symbol: str
    """The root, such as `SPXW`."""
    strike: StrikeDollars
    """Dollars."""
