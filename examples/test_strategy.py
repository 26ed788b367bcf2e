"""Tests of a toy strategy on the simulated terminal. Run them with pytest: no account is needed."""

from __future__ import annotations

import pytest
import trio

import thetatrio
from thetatrio import sync
from thetatrio.testing.sync import SyncTerminal

AAPL = thetatrio.Stock("AAPL")


class Crossing:
    """Buys when the middle of the quote rises above a mean, and sells below it."""

    def __init__(self, mean: float) -> None:
        self.mean = mean
        self.position = 0

    def on_quote(self, bid: float, ask: float) -> None:
        """Take the position that a quote asks for."""
        self.position = 1 if (bid + ask) / 2 > self.mean else -1


def mean_of(bars: list[thetatrio.rows.Ohlc]) -> float:
    return sum(bar.close for bar in bars) / len(bars)


@pytest.mark.trio
async def test_it_buys_when_the_market_opens_above_the_mean(
    theta_terminal: SyncTerminal, theta_session: thetatrio.Session
) -> None:
    bars = await theta_session.stock.history_ohlc("AAPL", date="2024-11-01", interval="1h")
    strategy = Crossing(mean_of(bars))
    async with theta_session.stream.quotes(AAPL) as quotes:
        theta_terminal.advance(60)  # a minute of the market, at once
        with trio.fail_after(5):
            quote = await quotes.receive()
    strategy.on_quote(quote.bid, quote.ask)
    assert strategy.position == 1  # in each run: the market is seeded


def test_it_buys_on_a_quote_above_the_mean(
    theta_terminal: SyncTerminal, theta_session: sync.Session
) -> None:
    strategy = Crossing(mean=100.0)
    with theta_session.stream.quotes(AAPL) as quotes:
        theta_terminal.call(lambda it: it.stream.emit("QUOTE", AAPL, bid=101.0, ask=102.0))
        quote = quotes.receive(timeout=5)
    strategy.on_quote(quote.bid, quote.ask)
    assert strategy.position == 1
