"""Several programs at one terminal: subscriptions are the account's, not the connection's."""

from __future__ import annotations

import random
from contextlib import asynccontextmanager

import pytest
import trio

import thetatrio
from thetatrio import Stock
from thetatrio._nursery import open_hidden_nursery
from thetatrio.testing import (
    Duplicates,
    StreamSettings,
    StreamSubscription,
    Terminal,
    memory_stream_pair,
)

AAPL, SPY = Stock("AAPL"), Stock("SPY")
QUOTES = {one: StreamSubscription("STOCK", "QUOTE", one) for one in (AAPL, SPY)}


@asynccontextmanager
async def opened(**options):
    """Open a session on a terminal over memory streams; yield both."""
    terminal = Terminal(contracts=2, stream=StreamSettings(source="none"))
    async with open_hidden_nursery() as nursery:

        async def dial(host, port):
            ours, theirs = memory_stream_pair()
            nursery.start_soon(terminal.serve_stream, theirs)
            await trio.lowlevel.checkpoint()
            return ours

        async with thetatrio.open_session(
            terminal.config, dial=dial, chance=random.Random(1), **options
        ) as session:
            yield terminal, session


async def test_what_is_done_to_a_list_harms_no_other_feed(autojump_clock):
    """Two feeds of the same events: each has lists of its own, and a reconnect knows them all."""
    async with opened() as (terminal, session):
        async with session.stream.quotes(AAPL) as one, session.stream.quotes(AAPL) as other:
            for size in (1, 2, 3):
                terminal.stream.emit("QUOTE", AAPL, bid_size=size)
            await trio.sleep(1)
            spoilt = await one.batches().receive()
            spoilt.clear()
            assert [each.bid_size for each in await other.batches().receive()] == [1, 2, 3]
            terminal.faults.append(Duplicates(3))
            terminal.stream.drop()
            await trio.sleep(5)
            assert [feed.statistics().replayed for feed in (one, other)] == [3, 3]


@pytest.mark.parametrize("stays", [True, False])
@pytest.mark.parametrize("session_goes_on", [True, False])
async def test_leaving_a_feed_takes_back_or_leaves_as_set(autojump_clock, stays, session_goes_on):
    """`unsubscribe_on_exit=False` leaves subscriptions to others, whichever block is left first."""
    async with opened(unsubscribe_on_exit=not stays) as (terminal, session):
        async with session.stream.quotes(AAPL):
            assert terminal.stream.subscriptions == {QUOTES[AAPL]}
        if session_goes_on:
            await trio.sleep(2)
    await trio.sleep(2)
    assert terminal.stream.subscriptions == ({QUOTES[AAPL]} if stays else set())


async def test_what_is_removed_by_name_is_taken_back(autojump_clock):
    """`feed.remove` unsubscribes all the same, and one subscribes again as before."""
    async with opened(unsubscribe_on_exit=False) as (terminal, session):
        async with session.stream.quotes(AAPL, SPY) as feed:
            feed.remove(SPY)
            await trio.sleep(1)
            assert terminal.stream.subscriptions == {QUOTES[AAPL]}
        async with session.stream.quotes(AAPL) as feed:
            terminal.stream.emit("QUOTE", AAPL, bid=1.0)
            assert (await feed.receive()).bid == 1.0
        terminal.stream.emit("QUOTE", AAPL, bid=2.0)
        await trio.sleep(1)
        assert session.stream.statistics().unwanted == 1


async def test_what_another_client_subscribed_to_is_left_out(autojump_clock):
    """A terminal sends every client everything; a feed gets its own contracts and kinds only."""
    async with opened() as (terminal, session):
        async with session.stream.quotes(AAPL) as feed:
            for contract in (SPY, thetatrio.Index("AAPL"), AAPL):
                terminal.stream.emit("QUOTE", contract, bid=1.0)
            terminal.stream.emit("TRADE", AAPL, price=1.0)
            terminal.stream.emit("QUOTE", AAPL, bid=3.0)
            assert [(await feed.receive()).bid for _ in range(2)] == [1.0, 3.0]
        assert session.stream.statistics().unwanted == 3
