"""The stream of terminals as they were seen in 2026: ERROR while reconnecting, refused logins."""

from __future__ import annotations

import logging
from itertools import pairwise

import pytest
import trio

import thetatrio
from tests.stream_peer import AAPL, read, streaming, told, trades
from thetatrio.events import Gap, Lost

MSFT = thetatrio.Stock("MSFT")


def times(terminal):
    """Return when subscriptions were sent, from the first."""
    sent = [command.time for peer in terminal.peers for command in peer.commands if command.add]
    return [at - sent[0] for at in sent]


async def test_a_first_subscription_is_sent_in_five_rounds(autojump_clock):
    """ERROR is transient: sent after 0, 1, 3, 7 and 15 s under new ids, then refused."""
    async with streaming() as (terminal, session):
        terminal.answer = lambda command: "ERROR" if command.add else "SUBSCRIBED"
        with pytest.raises(thetatrio.SubscriptionRefused, match="reconnecting") as caught:
            async with session.stream.trades(AAPL):
                raise AssertionError
        assert caught.value.refused == {AAPL: "ERROR"}
        assert times(terminal) == pytest.approx([0, 1, 3, 7, 15])
        numbers = [command.number for command in terminal.peer.commands if command.add]
        assert all(before < after for before, after in pairwise(numbers))


async def test_one_error_does_not_fail_the_others(autojump_clock):
    """A burst may lose one request: it alone is sent again, and the feed opens whole."""
    async with streaming() as (terminal, session):
        failed = iter([True])
        terminal.answer = lambda command: (
            "ERROR" if command.root == "MSFT" and next(failed, False) else "SUBSCRIBED"
        )
        async with session.stream.trades(AAPL, MSFT) as feed:
            assert dict(feed.refused) == {}
            assert terminal.peer.added == ["AAPL", "MSFT", "MSFT"]


@pytest.mark.parametrize("word", ["INVALID_PERMS", "MAX_STREAMS_REACHED"])
async def test_a_refusal_is_final(autojump_clock, word):
    """What the subscription does not permit is not sent again; another program may be the cause."""
    async with streaming() as (terminal, session):
        terminal.answer = lambda command: word if command.add else "SUBSCRIBED"
        with pytest.raises(thetatrio.SubscriptionRefused, match="other programs"):
            async with session.stream.trades(AAPL):
                raise AssertionError
        await trio.sleep(120)
        assert times(terminal) == [0]


async def test_a_drop_with_errors_is_one_gap(autojump_clock):
    """While a terminal reconnects it answers ERROR: lost until it accepts, and one gap for it."""
    async with streaming() as (terminal, session), session.stream.trades(AAPL) as feed:
        await terminal.peer.send_trades(1, 2)
        entries = feed.with_notices()
        assert told(await read(entries, 2)) == [1, 2]
        terminal.status = "DISCONNECTED"
        terminal.answer = lambda _: "ERROR"
        lost = await entries.receive()
        assert isinstance(lost, Lost)
        terminal.status = "CONNECTED"
        await trio.sleep(4)  # rounds after 1 and 3 s, all ERROR
        terminal.answer = lambda _: "SUBSCRIBED"
        await trio.sleep(6)
        await terminal.peer.send_trades(9, 10)
        gap, *events = await read(entries, 3)
        assert isinstance(gap, Gap)
        assert told(events) == [9, 10]
        assert session.stream.statistics().refused == 0


async def test_what_was_accepted_once_is_sent_until_it_is_again(autojump_clock):
    """ERROR without end: lost and no gap, sent again each minute and when upstream is back."""
    async with streaming() as (terminal, session), session.stream.trades(AAPL) as feed:
        entries = feed.with_notices()
        terminal.status = "DISCONNECTED"
        terminal.answer = lambda _: "ERROR"
        assert isinstance(await entries.receive(), Lost)
        terminal.status = "CONNECTED"
        await trio.sleep(200)
        waits = [after - before for before, after in pairwise(times(terminal)[1:])]
        assert waits == pytest.approx([1, 2, 4, 8, 60, 60, 60], abs=0.1)
        with pytest.raises(thetatrio.WouldBlock):
            entries.receive_nowait()
        terminal.status = "DISCONNECTED"
        await trio.sleep(2)
        terminal.answer = lambda _: "SUBSCRIBED"
        before = len(times(terminal))
        terminal.status = "CONNECTED"
        await trio.sleep(2)
        assert len(times(terminal)) == before + 1
        await terminal.peer.send(trades([5]))
        assert told(await read(entries, 2)) == ["Gap", 5]


async def test_new_subscriptions_wait_for_upstream(autojump_clock):
    """Nothing is sent to a terminal that has lost its upstream; what waited is sent then."""
    async with streaming() as (terminal, session), session.stream.trades(AAPL):
        terminal.status = "DISCONNECTED"
        await trio.sleep(2)
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def come_back():
                await trio.sleep(10)
                assert terminal.peer.added == ["AAPL"]
                terminal.status = "CONNECTED"

            async with session.stream.trades(MSFT):
                assert "MSFT" in terminal.peer.added


async def test_the_wait_for_upstream_is_bounded(autojump_clock):
    """After subscribe_timeout a new subscription fails, and says what it waited for."""
    async with streaming(subscribe_timeout=30) as (terminal, session), session.stream.trades(AAPL):
        terminal.status = "DISCONNECTED"
        await trio.sleep(2)
        start = trio.current_time()
        with pytest.raises(thetatrio.SubscriptionUnanswered, match="subscribe_timeout"):
            async with session.stream.trades(MSFT):
                raise AssertionError
        assert trio.current_time() - start == pytest.approx(30, abs=1.1)


async def test_nothing_waits_for_the_first_upstream(autojump_clock):
    """A terminal has no upstream before its first request: nothing waits for it."""
    async with streaming() as (terminal, session):
        terminal.status = "DISCONNECTED"
        with trio.fail_after(2):
            async with session.stream.trades(AAPL) as feed:
                terminal.status = "CONNECTED"
                await trio.sleep(1.5)
                await terminal.peer.send(trades([1]))
                assert told(await read(feed, 1)) == [1]


async def test_a_login_that_the_vendor_refuses_is_reported(autojump_clock, caplog):
    """Accepted, and still without upstream after 5 s: lost, with the likely causes."""
    async with streaming() as (terminal, session):
        terminal.status = "DISCONNECTED"
        async with session.stream.states() as states, session.stream.trades(AAPL) as feed:
            entries = feed.with_notices()
            start = trio.current_time()
            lost = await entries.receive()
            assert isinstance(lost, Lost)
            assert "login may be refused" in lost.reason
            assert trio.current_time() - start == pytest.approx(5, abs=1.1)
            while (state := await states.receive()).name != "upstream lost":
                pass
            assert "maintenance" in state.reason
    assert any("login may be refused" in text for _, level, text in caplog.record_tuples
               if level >= logging.WARNING)  # fmt: skip


async def test_hundreds_of_short_drops_are_a_gap_each(autojump_clock):
    """Up to 118 drops a day were seen: one gap for each, no reconnect, one request for each."""
    drops = 200
    async with streaming() as (terminal, session), session.stream.trades(AAPL) as feed:
        entries = feed.with_notices()
        found = []
        for number in range(drops):
            await terminal.peer.send(trades([number]))
            terminal.status = "DISCONNECTED"
            found += told(await read(entries, 2))
            terminal.status = "CONNECTED"
            found += told(await read(entries, 1))
        assert found == [each for number in range(drops) for each in (number, "Lost", "Gap")]
        assert len(terminal.peers) == 1
        assert len(terminal.peer.added) == drops + 1


async def test_a_long_hold_is_reported(autojump_clock, caplog):
    """`overflow="block"` is not lossless: a terminal drops data of a client that does not read."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL, buffer=4, overflow="block") as feed:
            await terminal.peer.send_trades(1, 20)
            await trio.sleep(0.9)
            assert "overflow" not in caplog.text
            await trio.sleep(30)
            assert caplog.text.count('overflow="block" is full') == 1
            assert told(await read(feed, 20)) == list(range(1, 21))
