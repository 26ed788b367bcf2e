"""Leaving a session or a feed: within close_timeout whatever the terminal does, and clean."""

from __future__ import annotations

import logging
import random
import signal
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

import thetatrio
from tests.stream_peer import (
    AAPL,
    GONE,
    PING,
    SPY,
    Peer,
    ScriptedTerminal,
    close_frame,
    frame,
    read,
    streaming,
    told,
    trades,
)
from thetatrio._nursery import open_hidden_nursery
from thetatrio.testing import MemoryStream

REMAIN = (
    "subscriptions may remain at the terminal and count against the account's limit until it is"
    " restarted"
)
NEVER = thetatrio.ReconnectPolicy(base=1000, cap=1000)


class Watched(trio.abc.Stream):
    """A client's stream that knows whether it was closed."""

    def __init__(self, stream):
        self.stream = stream
        self.is_closed = False

    async def send_all(self, data):
        await self.stream.send_all(data)

    async def wait_send_all_might_not_block(self):
        await self.stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes=None):
        return await self.stream.receive_some(max_bytes)

    async def aclose(self):
        self.is_closed = True
        await self.stream.aclose()


class Scene:
    """A terminal, and what is seen of a session that is left."""

    def __init__(self, terminal):
        self.terminal = terminal
        self.streams = []
        self.leaves_at = 0.0
        """When leaving the session began."""

    async def dial(self, host, port):
        watched = Watched(await self.terminal.dial(host, port))
        self.streams.append(watched)
        return watched


@asynccontextmanager
async def scene(*lives, takes=0.0, outlived_by=0, **options):
    """Open a session; check that it was left in just so many seconds, and that nothing is left.

    `outlived_by` tasks that the test itself has started may still be there.
    """
    living = trio.lowlevel.current_statistics().tasks_living
    options.setdefault("chance", random.Random(1))
    async with open_hidden_nursery() as nursery:
        here = Scene(ScriptedTerminal(nursery, *lives))
        try:
            async with thetatrio.open_session(dial=here.dial, **options) as session:
                try:
                    yield here, session
                finally:
                    here.leaves_at = trio.current_time()
        finally:
            assert trio.current_time() - here.leaves_at == pytest.approx(takes, abs=1e-6)
            assert all(stream.is_closed for stream in here.streams)
        await wait_all_tasks_blocked()
    assert trio.lowlevel.current_statistics().tasks_living == living + outlived_by


async def hold_feed(session, met, *, task_status, seconds=0.0, **options):
    """Read a feed whose block outlives its session, after so many seconds; note what it meets."""
    async with session.stream.trades(AAPL, **options) as feed:
        task_status.started(feed)
        await trio.sleep(seconds)
        try:
            while True:
                met.append(await feed.receive())
        except thetatrio.ThetaDataError as error:
            met.append(error)


async def subscribe(session, met):
    """Note what a subscription that does not come about meets."""
    try:
        async with session.stream.trades(AAPL):
            raise AssertionError
    except thetatrio.ThetaDataError as error:
        met.append(error)


# The goodbye


async def test_leaving_takes_subscriptions_back_and_closes(autojump_clock):
    """One removal for each, a close of 1000, no STOP, and no wait but for the answers."""
    async with scene() as (here, session):
        async with session.stream.trades(AAPL, SPY):
            pass
    peer = here.terminal.peer
    assert sorted(peer.removed) == ["AAPL", "SPY"]
    assert peer.close_code == 1000
    assert peer.has_ended
    assert {command.said["msg_type"] for command in peer.commands} == {"STREAM"}


async def test_feeds_left_with_their_session_are_taken_back_too(autojump_clock):
    """A feed whose block is still open when the session ends is unsubscribed all the same."""
    async with trio.open_nursery() as nursery:
        async with scene() as (here, session):
            await nursery.start(hold_feed, session, [])
        assert here.terminal.peer.removed == ["AAPL"]
        assert here.terminal.peer.close_code == 1000


async def test_who_shares_a_terminal_may_leave_subscriptions_alone(autojump_clock):
    """`unsubscribe_on_exit=False` closes without removals."""
    async with trio.open_nursery() as nursery:
        async with scene(unsubscribe_on_exit=False) as (here, session):
            await nursery.start(hold_feed, session, [])
        assert here.terminal.peer.removed == []
        assert here.terminal.peer.close_code == 1000


async def test_a_feed_left_with_its_session_is_left_alone_too(autojump_clock):
    """`unsubscribe_on_exit=False` holds for a feed whose block ends right before the session's."""
    async with scene(unsubscribe_on_exit=False) as (here, session):
        async with session.stream.trades(AAPL):
            pass
    assert here.terminal.peer.removed == []
    assert here.terminal.peer.close_code == 1000


async def test_readers_of_a_session_that_was_left_meet_its_end(autojump_clock):
    """A feed in a nursery that outlives the session: what had arrived, then SessionClosed."""
    met = []
    async with trio.open_nursery() as nursery:
        async with scene(outlived_by=1) as (here, session):
            start = partial(hold_feed, seconds=30)
            feed = await nursery.start(start, session, met)
            await here.terminal.peer.send_trades(1, 2)
            await wait_all_tasks_blocked()
    assert told(met[:2]) == [1, 2]
    assert isinstance(met[2], thetatrio.SessionClosed)
    with pytest.raises(thetatrio.FeedClosed):
        await feed.receive()


async def test_a_reader_that_waits_meets_the_end_of_its_session_at_once(autojump_clock):
    """Each reader of each feed wakes with an error of its own."""
    met = []
    async with trio.open_nursery() as nursery:
        async with scene() as (_, session):
            for _ in range(3):
                await nursery.start(hold_feed, session, met)
    assert [type(error) for error in met] == [thetatrio.SessionClosed] * 3
    assert len({id(error) for error in met}) == 3


async def test_a_session_that_was_left_opens_no_feeds(autojump_clock):
    """Subscribing, adding and watching states raise SessionClosed."""
    async with trio.open_nursery() as nursery:
        async with scene(outlived_by=1) as (here, session):
            feed = await nursery.start(partial(hold_feed, seconds=30), session, [])
        with pytest.raises(thetatrio.SessionClosed):
            async with session.stream.trades(AAPL):
                raise AssertionError
        with pytest.raises(thetatrio.SessionClosed):
            async with session.stream.states():
                raise AssertionError
        with pytest.raises(thetatrio.SessionClosed):
            await feed.add(SPY)
        with pytest.raises(thetatrio.SessionClosed):
            feed.remove(AAPL)
    assert len(here.terminal.attempts) == 1


# Whatever the terminal does


async def test_leaving_with_thousands_of_unread_events_is_prompt(autojump_clock):
    """5,000 events in the buffer and more on the wire hold up nothing."""
    async with scene() as (here, session):
        async with session.stream.trades(AAPL) as feed:
            for first in range(1, 5001, 250):
                await here.terminal.peer.send_trades(first, first + 249)
            await wait_all_tasks_blocked()
            assert feed.statistics().waiting == 5000
            await here.terminal.peer.send_trades(5001, 5200)
    assert here.terminal.peer.close_code == 1000


async def test_leaving_a_feed_that_holds_back_the_socket_is_prompt(autojump_clock):
    """With `block` and a full buffer the close is still said, and its answer read."""
    async with trio.open_nursery() as nursery:
        async with scene(outlived_by=1) as (here, session):
            start = partial(hold_feed, seconds=60, overflow="block", buffer=10)
            feed = await nursery.start(start, session, [])
            for _ in range(2):
                await here.terminal.peer.send_trades(1, 200)
                await trio.sleep(2.5)
            assert feed.statistics().received == 200
        assert here.terminal.peer.close_code == 1000


async def test_a_mute_terminal_is_left_at_close_timeout(autojump_clock):
    """It does not answer the close; exactly close_timeout passes."""
    async with scene(takes=2, close_timeout=2) as (here, session):
        async with session.stream.trades(AAPL):
            here.terminal.peer.muted = True
    assert here.terminal.peer.close_code == 1000


async def test_a_terminal_that_ignores_the_close_is_left_at_close_timeout(autojump_clock):
    """It goes on with events, statuses and pings as if nothing had been said."""
    async with scene(takes=1) as (here, session):
        here.terminal.on_close = "ignore"

        async def chatter(peer):
            with suppress(*GONE):
                for number in range(1, 500):
                    await peer.send(trades([number]), frame(b"", PING))
                    await trio.sleep(0.01)

        async with session.stream.trades(AAPL):
            here.terminal.start_soon(chatter, here.terminal.peer)
    assert here.terminal.peer.close_code == 1000


async def test_a_terminal_that_answers_the_close_and_keeps_tcp_open_is_left_at_once(
    autojump_clock,
):
    """With the answer there is nothing more to wait for."""
    async with scene() as (here, session):
        here.terminal.on_close = "keep"
        async with session.stream.trades(AAPL):
            pass
    assert here.terminal.peer.close_code == 1000


async def test_a_terminal_that_is_gone_is_left_at_once(autojump_clock):
    """The connection was reset or ended in the very moment of leaving."""
    for end in (MemoryStream.reset, MemoryStream.aclose):
        async with scene() as (here, session):
            async with session.stream.trades(AAPL):
                ending = end(here.terminal.peer.stream)
                if ending is not None:
                    await ending
                begun = trio.current_time()
        assert trio.current_time() - begun < 1


async def deaf_after_three_seconds(peer):
    await peer.accept()
    with trio.move_on_after(3):
        await peer.go_on()
    await trio.sleep_forever()


def stocks(count):
    return [thetatrio.Stock(f"T{number:05}") for number in range(count)]


def remain(caplog):
    """The warnings of subscriptions that may remain, without their beginning."""
    texts = [each.getMessage() for each in caplog.records if "may remain" in each.getMessage()]
    return [text.partition("v1/events: ")[2] for text in texts]


@pytest.mark.parametrize(("count", "takes"), [(499, 1), (800, 2), (5000, 11)])
async def test_a_terminal_that_reads_nothing_is_left_in_time(count, takes, autojump_clock, caplog):
    """Leaving takes close_timeout, and a second for each 500 subscriptions; the rest is counted.

    Not even the removals and the close can be sent.
    """
    async with scene(deaf_after_three_seconds, takes=takes, idle_timeout=60) as (_, session):
        async with session.stream.trades(*stocks(count)):
            await trio.sleep(4)
    assert remain(caplog) == [
        f"{count} of {count} {REMAIN} (the terminal did not confirm within {takes} s)"
    ]


async def test_what_may_remain_is_logged_after_dictconfig(autojump_clock, caplog, monkeypatch):
    """A logging configuration that disables existing loggers does not silence this warning."""
    monkeypatch.setattr(logging.getLogger("thetatrio.stream"), "disabled", True)
    async with scene(deaf_after_three_seconds, takes=1, idle_timeout=60) as (_, session):
        async with session.stream.trades(*stocks(3)):
            await trio.sleep(4)
    assert remain(caplog) == [f"3 of 3 {REMAIN} (the terminal did not confirm within 1 s)"]


async def slow(peer, commands_a_second=1000):
    """Obey like a terminal on a slow machine."""
    await peer.accept()
    take = peer._take_command

    async def slowly(payload):
        await trio.sleep(1 / commands_a_second)
        await take(payload)

    peer._take_command = slowly
    await peer.go_on()


# More than a slow terminal obeys within the close_timeout, which is a second.
@pytest.mark.parametrize("count", [2000, pytest.param(4000, marks=pytest.mark.deep)])
@pytest.mark.parametrize("answers", [True, False], ids=["removals answered", "not answered"])
@pytest.mark.parametrize("first", ["feed", "session"])
async def test_thousands_are_unsubscribed_at_a_slow_terminal(
    answers, first, count, autojump_clock, caplog
):
    """Each of thousands is removed, whichever of feed and session is left first."""
    async with open_hidden_nursery() as nursery:
        terminal = ScriptedTerminal(nursery, slow)
        terminal.answer = lambda command: "SUBSCRIBED" if command.add or answers else None
        held = trio.Event()

        async def hold(session):
            async with session.stream.trades(*stocks(count)):
                held.set()
                if first == "session":
                    await trio.sleep_forever()

        with trio.CancelScope() as holding:
            async with trio.open_nursery() as holders:
                async with thetatrio.open_session(dial=terminal.dial, ack_timeout=60) as session:
                    holders.start_soon(hold, session)
                    await held.wait()
                    await trio.sleep(0.01)
                    began = trio.current_time()
                assert trio.current_time() - began < 1 + count // 500
                holding.cancel()
    assert sorted(terminal.peer.removed) == sorted(terminal.peer.added)
    assert len(terminal.peer.added) == count
    assert remain(caplog) == []


async def test_what_a_very_slow_terminal_did_not_read_is_counted(autojump_clock, caplog):
    """Of 2,000 removals at 100 a second, those that it has not answered in time may remain."""
    async with scene(partial(slow, commands_a_second=100), takes=5, ack_timeout=60) as (
        here,
        session,
    ):
        async with session.stream.trades(*stocks(2000)):
            pass
    (text,) = remain(caplog)
    count = int(text.partition(" ")[0])
    assert count == 2000 - len(here.terminal.peer.removed) == pytest.approx(1500, abs=3)


async def test_leaving_without_a_connection_counts_what_may_remain(autojump_clock, caplog):
    """Subscriptions are the account's: who leaves while the line is down cannot remove them."""
    async with trio.open_nursery() as nursery:
        async with scene(outlived_by=1, reconnect=NEVER) as (here, session):
            await nursery.start(partial(hold_feed, seconds=60), session, [])
            here.terminal.refuse = 1000
            await here.terminal.peer.cut()
            await trio.sleep(1)
    assert remain(caplog) == [f"1 of 1 {REMAIN} (the stream was not connected)"]


async def test_a_connection_that_ends_while_leaving_counts_what_may_remain(autojump_clock, caplog):
    """What was answered before is not counted."""

    async def stops(peer):
        await peer.accept()
        with trio.move_on_after(5):
            await peer.go_on()

    async with scene(stops, takes=1, close_timeout=3) as (here, session):
        here.terminal.on_close = "ignore"
        async with session.stream.trades(AAPL, SPY) as feed:
            here.terminal.answer = lambda command: (command.root == "AAPL" and "SUBSCRIBED") or None
            feed.remove(AAPL)
            await trio.sleep(4)
    (text,) = remain(caplog)
    assert text.startswith("1 of 1 subscriptions may remain")
    assert text.endswith("(the connection ended first: the terminal ended the connection)")


async def test_removals_that_are_answered_with_error_are_counted(autojump_clock, caplog):
    """A terminal that is reconnecting drops commands, and says ERROR: they may remain."""
    async with scene() as (here, session):
        async with session.stream.trades(AAPL, SPY):
            here.terminal.answer = lambda command: (
                "ERROR" if command.root == "SPY" else "SUBSCRIBED"
            )
    assert remain(caplog) == [f"1 of 2 {REMAIN} (the terminal answered ERROR)"]


async def test_a_removal_that_was_answered_with_error_is_sent_again(autojump_clock, caplog):
    """When the session is left, or at the next connection, whichever comes first."""
    async with scene() as (here, session):
        async with session.stream.trades(AAPL, SPY) as feed:
            here.terminal.answer = lambda command: "SUBSCRIBED" if command.add else "ERROR"
            feed.remove(SPY)
            await wait_all_tasks_blocked()
            here.terminal.answer = lambda _: "SUBSCRIBED"
            await here.terminal.peer.cut()
            second = await here.terminal.connection(2)
            await wait_all_tasks_blocked()
            assert second.removed == ["SPY"]
    assert remain(caplog) == []


async def test_a_feed_left_in_a_connection_that_ends_is_counted_at_once(autojump_clock, caplog):
    """Nothing is wanted any more, so that there is no next connection to remove it on."""
    async with scene() as (here, session):
        here.terminal.answer = lambda command: "SUBSCRIBED" if command.add else None
        async with session.stream.trades(AAPL):
            pass
        await wait_all_tasks_blocked()
        await here.terminal.peer.cut()
        await trio.sleep(1)
        assert len(remain(caplog)) == 1
        assert "the connection ended before they were removed" in remain(caplog)[0]
        async with session.stream.trades(SPY):  # a next connection all the same
            await wait_all_tasks_blocked()
            assert here.terminal.peer.removed == ["AAPL"]
            here.terminal.answer = lambda _: "SUBSCRIBED"
    assert len(remain(caplog)) == 1


async def test_subscriptions_that_are_to_stay_are_not_counted(autojump_clock, caplog):
    """With `unsubscribe_on_exit=False` there is nothing to warn of, nor to wait for."""
    async with scene(
        deaf_after_three_seconds, takes=1, unsubscribe_on_exit=False, idle_timeout=60
    ) as (_, session):
        async with session.stream.trades(*stocks(800)):
            await trio.sleep(4)
    assert remain(caplog) == []


def test_leaving_that_is_interrupted_counts_what_may_remain(caplog):
    """A second Ctrl-C while leaving ends it at once, and the warning comes all the same."""

    @trio.lowlevel.enable_ki_protection
    async def interrupt():
        await trio.sleep(5)
        signal.raise_signal(signal.SIGINT)
        await trio.sleep(3)
        signal.raise_signal(signal.SIGINT)

    async def main():
        async with open_hidden_nursery() as nursery:
            nursery.start_soon(interrupt)
            async with scene(takes=3, outlived_by=1, idle_timeout=60) as (here, session):
                async with session.stream.trades(*stocks(3000)):
                    here.terminal.peer.muted = True
                    await trio.sleep(60)

    with pytest.raises((KeyboardInterrupt, BaseExceptionGroup)):
        trio.run(main, clock=MockClock(autojump_threshold=0))
    (text,) = remain(caplog)
    assert text.startswith("3000 of 3000 subscriptions may remain")
    assert text.endswith("(leaving was interrupted)")


async def test_pings_after_our_close_disturb_nothing(autojump_clock):
    """What the terminal says before it has seen our close is not answered, and is no error."""

    async def late(peer):
        peer.terminal.on_close = "ignore"
        await peer.accept()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(peer.go_on)
            while peer.close_code is None:  # noqa: ASYNC110  # of the mock clock
                await trio.sleep(0.05)
            await peer.send(trades([1]), frame(b"late", PING), trades([2]))
            await trio.sleep(0.2)
            await peer.send(frame(b"later", PING))
            await trio.sleep(0.2)
            await peer.send(close_frame(1000))

    async with streaming(late) as (terminal, session):
        async with session.stream.trades(AAPL):
            pass
        began = trio.current_time()
    assert trio.current_time() - began < 0.6
    assert terminal.peer.close_code == 1000
    assert terminal.peer.pongs == []


async def test_leaving_in_mid_handshake_is_prompt(autojump_clock):
    """Who was subscribing meets SessionClosed; the connection is closed."""

    async def silent(peer):
        await peer.read_head()
        await trio.sleep_forever()

    met = []
    async with trio.open_nursery() as nursery:
        async with scene(silent) as (here, session):
            nursery.start_soon(subscribe, session, met)
            await trio.sleep(2)
        assert len(here.streams) == 1
    assert [type(error) for error in met] == [thetatrio.SessionClosed]


async def test_leaving_while_a_dial_hangs_is_prompt(autojump_clock):
    """There is nothing to say goodbye to."""
    met = []

    async def hang(host, port):
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        async with thetatrio.open_session(dial=hang) as session:
            nursery.start_soon(subscribe, session, met)
            await trio.sleep(2)
            began = trio.current_time()
        assert trio.current_time() == began
    assert [type(error) for error in met] == [thetatrio.SessionClosed]


async def test_leaving_while_an_answer_is_pending_is_prompt(autojump_clock):
    """Who was subscribing meets SessionClosed, and the subscription is taken back."""

    async def quiet(peer):
        peer.terminal.answer = lambda _: None
        await peer.live()

    met = []
    async with trio.open_nursery() as nursery:
        async with scene(quiet) as (here, session):
            nursery.start_soon(subscribe, session, met)
            await trio.sleep(2)
    assert [type(error) for error in met] == [thetatrio.SessionClosed]
    assert here.terminal.peer.removed == ["AAPL"]


async def test_leaving_in_back_off_is_prompt(autojump_clock):
    """A wait of many seconds is ended at once, and no further attempt is made."""
    async with trio.open_nursery() as nursery:
        async with scene() as (here, session):
            async with session.stream.trades(AAPL), session.stream.states() as states:
                here.terminal.refuse = 1000
                await here.terminal.peer.cut()
                while (await states.receive()).delay < 20:
                    pass
                # The feed of another task is wanted all the while.
                nursery.start_soon(subscribe, session, [])
                await trio.sleep(1)
            attempts = len(here.terminal.attempts)
            assert session.stream.statistics().state.name == "reconnecting"
    await trio.sleep(100)
    assert len(here.terminal.attempts) == attempts


async def test_leaving_while_waiting_for_the_terminal_is_prompt(autojump_clock):
    """The first connection's patience ends with the session."""
    met = []
    async with trio.open_nursery() as nursery:
        async with streaming(refuse=1000, wait_for_terminal=600) as (_, session):
            nursery.start_soon(subscribe, session, met)
            await trio.sleep(100)
            began = trio.current_time()
        assert trio.current_time() == began
    assert [type(error) for error in met] == [thetatrio.SessionClosed]


# Exceptions of the body


async def test_an_exception_of_the_body_comes_out_bare(autojump_clock):
    """With its own context, while data is flowing; and the goodbye is said."""
    error = ValueError("mine")
    with pytest.raises(ValueError, match="mine") as caught:
        async with scene() as (here, session):
            async with session.stream.trades(AAPL) as feed:
                await here.terminal.peer.send_trades(1, 100)
                await feed.receive()
                try:
                    {}["first"]
                except KeyError:
                    raise error  # noqa: B904  # its context is what is looked at
    assert caught.value is error
    assert isinstance(error.__context__, KeyError)
    assert error.__cause__ is None
    assert here.terminal.peer.removed == ["AAPL"]


async def test_the_bodys_exception_wins_over_the_streams(autojump_clock):
    """Both in one tick: the feed's failure is for its readers, the body's error comes out."""

    async def wrong_key(peer):
        await peer.accept(wrong_key=True)
        await peer.obey()

    with pytest.raises(ValueError, match="mine"):
        async with scene(Peer.live, wrong_key) as (here, session):
            async with session.stream.trades(AAPL) as feed:
                await here.terminal.peer.cut()
                try:
                    await feed.receive()
                except thetatrio.ProtocolError:
                    raise ValueError("mine") from None


async def test_a_defect_of_ours_does_not_hide_the_bodys_exception(autojump_clock, monkeypatch):
    """The stream's own task dies in the same tick: the body's error comes out bare."""

    def broken(self, failures, failure):
        raise ZeroDivisionError

    monkeypatch.setattr("thetatrio._stream.supervisor.Supervisor._delay", broken)
    with pytest.raises(ValueError, match="mine"):
        async with scene() as (here, session):
            async with session.stream.trades(AAPL) as feed:
                await here.terminal.peer.cut()
                try:
                    await feed.receive()
                except thetatrio.InternalError:
                    raise ValueError("mine") from None


async def test_a_defect_of_ours_reaches_readers_and_who_leaves(autojump_clock, monkeypatch):
    """InternalError for each reader, and once more for the session: it is not swallowed."""

    def broken(self, failures, failure):
        raise ZeroDivisionError

    monkeypatch.setattr("thetatrio._stream.supervisor.Supervisor._delay", broken)
    with pytest.raises(thetatrio.InternalError, match="ZeroDivisionError"):
        async with scene() as (here, session):
            async with session.stream.trades(AAPL) as feed:
                await here.terminal.peer.cut()
                with pytest.raises(thetatrio.InternalError):
                    await feed.receive()


async def test_a_session_cancelled_from_outside_says_goodbye(autojump_clock):
    """Removals and close go out although everything is cancelled; it takes what leaving takes."""
    async with open_hidden_nursery() as nursery:
        terminal = ScriptedTerminal(nursery)
        with trio.move_on_after(5) as scope:
            async with thetatrio.open_session(dial=terminal.dial) as session:
                async with session.stream.trades(AAPL) as feed:
                    await feed.receive()
        assert scope.cancelled_caught
        assert trio.current_time() == pytest.approx(5)
        await wait_all_tasks_blocked()
        assert terminal.peer.removed == ["AAPL"]
        assert terminal.peer.close_code == 1000


async def test_a_session_cancelled_from_outside_is_bounded(autojump_clock):
    """With a mute terminal it takes close_timeout and no longer."""
    async with open_hidden_nursery() as nursery:
        terminal = ScriptedTerminal(nursery)
        with trio.move_on_after(5):
            async with thetatrio.open_session(dial=terminal.dial, close_timeout=2) as session:
                async with session.stream.trades(AAPL) as feed:
                    terminal.peer.muted = True
                    await feed.receive()
        assert trio.current_time() == pytest.approx(7)


async def test_a_subscriber_cancelled_while_it_waits_leaves_nothing_behind(autojump_clock):
    """The subscription is taken back, and the next one works."""
    async with streaming() as (terminal, session):
        terminal.answer = lambda command: None if command.add else "SUBSCRIBED"
        with trio.move_on_after(2) as scope:
            async with session.stream.trades(AAPL):
                raise AssertionError
        assert scope.cancelled_caught
        await wait_all_tasks_blocked()
        assert terminal.peer.removed == ["AAPL"]
        counts = session.stream.statistics()
        assert (counts.feeds, counts.subscriptions) == (0, 0)
        terminal.answer = lambda _: "SUBSCRIBED"
        async with session.stream.trades(AAPL) as feed:
            await terminal.peer.send_trades(1, 1)
            assert told(await read(feed, 1)) == [1]


async def test_an_addition_cancelled_while_it_waits_leaves_the_feed_as_it_was(autojump_clock):
    """What was being added is taken back; what the feed had goes on."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            terminal.answer = lambda command: None if command.add else "SUBSCRIBED"
            with trio.move_on_after(2):
                await feed.add(SPY)
            await wait_all_tasks_blocked()
            assert terminal.peer.removed == ["SPY"]
            assert feed.topics[0].contracts == (AAPL,)
            await terminal.peer.send(trades([1], SPY), trades([2]))
            assert told(await read(feed, 1)) == [2]
