"""thetatrio._stream.sockets: a gateway's sockets by kind, and feeds that read from several."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

import thetatrio
from tests.stream_peer import (
    AAPL,
    PING,
    PONG,
    SPOKEN,
    SPY,
    Peer,
    frame,
    quote,
    read,
    streaming,
    told,
    trade,
)
from thetatrio import FeedClosed, InvalidRequest, ReconnectGaveUp, Topic
from thetatrio.config import ReconnectPolicy
from thetatrio.events import Gap, Lost

BY_KIND = pytest.mark.parametrize("spoken", SPOKEN[1:2], indirect=True, ids=lambda it: it.name)
pytestmark = [pytest.mark.core, pytest.mark.usefixtures("spoken"), BY_KIND]

BOTH = Topic.quotes(AAPL), Topic.trades(AAPL)


def paths(terminal):
    return [peer.head.split(b" ")[1].decode() for peer in terminal.peers]


def peer_of(terminal, kind):
    """Return the newest connection of a kind's socket."""
    return [p for p in terminal.peers if p.head.startswith(b"GET /stream/%s " % kind.encode())][-1]


async def test_a_feed_of_both_kinds_reads_from_both_sockets_in_order_of_arrival(autojump_clock):
    """Each kind has its own socket under the prefix; what comes is one feed."""
    async with streaming() as (terminal, session):
        assert terminal.peers == []
        async with session.stream.subscribe(*BOTH) as feed:
            assert feed.topics == BOTH
            await wait_all_tasks_blocked()
            assert paths(terminal) == ["/stream/quotes", "/stream/trades"]
            assert terminal.addresses == {("127.0.0.1", 25510)}
            assert [peer.added for peer in terminal.peers] == [["AAPL"], ["AAPL"]]
            quotes, trades = terminal.peers
            for number in range(1, 20, 2):
                await quotes.send_texts(quote(number))
                await wait_all_tasks_blocked()
                await trades.send_texts(trade(number + 1))
                await wait_all_tasks_blocked()
            assert told(await read(feed, 20)) == list(range(1, 21))
            counts = session.stream.statistics()
            assert (counts.connections, counts.feeds, counts.subscriptions) == (2, 1, 2)
            assert (counts.confirmed, counts.messages) == (2, 20)
        await wait_all_tasks_blocked()
        assert [peer.removed for peer in terminal.peers] == [["AAPL"], ["AAPL"]]


async def test_only_what_is_wanted_is_connected(autojump_clock):
    """A socket is opened with the first subscription of its kind; add() opens the other."""
    async with streaming() as (terminal, session):
        async with session.stream.quotes(AAPL) as feed:
            assert paths(terminal) == ["/stream/quotes"]
            await feed.add(SPY)
            await feed.add(Topic.trades(SPY))
            assert paths(terminal) == ["/stream/quotes", "/stream/trades"]
            assert feed.topics == (Topic.quotes(AAPL, SPY), Topic.trades(SPY))
            await terminal.peer.send_texts(trade(1, SPY), trade(2))
            assert told(await read(feed, 1)) == [1]
            feed.remove(SPY)
            await wait_all_tasks_blocked()
            assert [peer.removed for peer in terminal.peers] == [["SPY"], ["SPY"]]
            assert feed.topics == (Topic.quotes(AAPL), Topic.trades())
            assert feed.refused == {}


async def test_a_cut_is_told_of_the_kind_whose_socket_it_was(autojump_clock):
    """The other kind goes on, and the gap names only what is missing."""
    async with streaming() as (terminal, session):
        async with session.stream.subscribe(*BOTH) as feed:
            notices = feed.with_notices()
            await peer_of(terminal, "quotes").send_texts(quote(1))
            await peer_of(terminal, "trades").send_texts(trade(2))
            assert sorted(told(await read(notices, 2))) == [1, 2]
            await peer_of(terminal, "quotes").cut()
            await wait_all_tasks_blocked()
            await peer_of(terminal, "trades").send_texts(trade(3))
            lost, after = await read(notices, 2)
            assert isinstance(lost, Lost)
            assert after.sequence == 3
            await terminal.connection(3)
            await wait_all_tasks_blocked()
            assert terminal.peer.added == ["AAPL"]
            await terminal.peer.send_texts(quote(9))
            gap, event = await read(notices, 2)
            assert isinstance(gap, Gap)
            assert gap.topics == (Topic.quotes(AAPL),)
            assert event.bid_size == 9
            assert [each.interval for each in session.requests_for(gap)] == ["tick"]


async def test_what_is_fatal_to_one_socket_ends_the_feed(autojump_clock):
    """A feed of both kinds ends when one gives up, and wants nothing of the other any more."""

    async def dies(peer):
        await peer.accept()

    policy = ReconnectPolicy(base=0.1, cap=0.1, max_attempts=2)
    async with streaming(Peer.live, dies, dies, dies, reconnect=policy) as (terminal, session):
        async with session.stream.quotes(SPY) as other:
            with pytest.raises(ReconnectGaveUp):
                async with session.stream.subscribe(*BOTH) as feed:
                    async for _ in feed:
                        pass
            await wait_all_tasks_blocked()
            assert "AAPL" in terminal.peers[0].removed
            await terminal.peers[0].send_texts(quote(4, SPY))
            assert told(await read(other, 1)) == [4]


async def test_adding_what_cannot_be_had_changes_nothing(autojump_clock):
    """A refused kind, or a socket that does not open, leaves the feed as it was."""

    async def closed(peer):
        await peer.reject(404)

    async with streaming(Peer.live, closed) as (_, session):
        async with session.stream.quotes(AAPL) as feed:
            with pytest.raises(InvalidRequest, match="no ohlc"):
                await feed.add(Topic.quotes(SPY), Topic.ohlc(SPY))
            with pytest.raises(thetatrio.ProtocolError):
                await feed.add(Topic.quotes(SPY), Topic.trades(SPY))
            with pytest.raises(thetatrio.ProtocolError):
                await feed.receive()
        with pytest.raises(InvalidRequest, match="no full_trades"):
            async with session.stream.full_trades("option"):
                pass


async def test_cancelling_an_add_takes_back_what_it_had_done(autojump_clock):
    """Whoever cancels add() while the second socket opens finds the feed as before."""

    async def silent(peer):
        await peer.read_head()
        await trio.sleep_forever()

    async with streaming(Peer.live, silent, connect_timeout=60) as (terminal, session):
        async with session.stream.quotes(AAPL) as feed:
            with trio.move_on_after(1):
                await feed.add(Topic.quotes(SPY), Topic.trades(SPY))
            assert feed.topics == (Topic.quotes(AAPL),)
            await wait_all_tasks_blocked()
            assert terminal.peers[0].removed == ["SPY"]
            await terminal.peers[0].send_texts(quote(1))
            assert told(await read(feed, 1)) == [1]


async def test_a_feed_that_blocks_holds_back_both_sockets(autojump_clock):
    """Nothing is lost on either while nobody reads, and both go on when somebody does."""
    async with streaming(capacity=2048) as (terminal, session):
        options = {"overflow": "block", "buffer": 10}
        async with (
            session.stream.subscribe(*BOTH, **options) as feed,
            trio.open_nursery() as nursery,
        ):

            async def send(peer, make):
                for number in range(200):
                    await peer.send_texts(make(number))

            nursery.start_soon(send, terminal.peers[0], quote)
            nursery.start_soon(send, terminal.peers[1], trade)
            await trio.sleep(5)
            assert feed.statistics().waiting < 100
            numbers = told(await read(feed, 400))
            assert sorted(numbers) == sorted([*range(200)] * 2)
            assert feed.statistics().dropped == 0


async def test_states_are_of_all_sockets(autojump_clock):
    """The stream is as well as the worse of its sockets."""
    async with streaming() as (terminal, session), session.stream.states() as states:
        assert (await states.receive()).name == "idle"
        async with session.stream.subscribe(*BOTH):
            await wait_all_tasks_blocked()
            names = [states.receive_nowait().name for _ in range(4)]
            assert names == ["connecting", "live", "connecting", "live"]
            await peer_of(terminal, "trades").cut()
            await terminal.connection(3)
            await wait_all_tasks_blocked()
            names = [states.receive_nowait().name for _ in range(3)]
            assert names == ["reconnecting", "connecting", "live"]
            with pytest.raises(thetatrio.WouldBlock):
                states.receive_nowait()
    with pytest.raises(thetatrio.SessionClosed):
        await states.receive()
    with pytest.raises(thetatrio.SessionClosed):
        async with session.stream.states():
            pass


async def test_leaving_says_goodbye_on_every_socket(autojump_clock):
    """Subscriptions are taken back and connections closed in order; readers meet the end."""
    async with streaming() as (terminal, session):
        async with session.stream.subscribe(*BOTH) as feed:
            pass
        with pytest.raises(FeedClosed):
            await feed.receive()
        await wait_all_tasks_blocked()
    assert [peer.close_code for peer in terminal.peers] == [1000, 1000]


# What keeps it alive


async def test_a_peer_that_answers_pings_may_be_silent(autojump_clock):
    """Without a heartbeat, hours without data are no loss as long as pongs come."""
    async with streaming(idle_timeout=10) as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            await trio.sleep(7200)
            assert session.stream.statistics().connections == 1
            assert len(terminal.peer.pings) >= 7200 / 10
            await terminal.peer.send_trades(1, 1)
            assert told(await read(feed.with_notices(), 1)) == [1]


async def test_a_peer_that_is_mute_is_given_up_when_its_pong_is_overdue(autojump_clock):
    """A pong that is not back within idle_timeout is a loss, and the stream reconnects."""
    async with streaming(idle_timeout=10) as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            await terminal.peer.send_trades(1, 1)
            await trio.sleep(3)
            terminal.peer.muted = True
            muted = trio.current_time()
            got = await read(feed.with_notices(), 2)
            assert told(got) == [1, "Lost"]
            assert got[1].reason == "no message for 10 s"
            assert 10 <= trio.current_time() - muted <= 15.1
            await terminal.connection(2)


async def test_a_pong_may_take_as_long_as_idle_timeout(autojump_clock):
    """A slow answer is an answer."""

    async def slow(peer):
        await peer.accept()
        while True:
            opcode, payload = await peer._frame()
            if opcode == PING:
                await trio.sleep(9.5)
                await peer.send(frame(payload, PONG))

    async with streaming(slow, idle_timeout=10) as (_, session):
        async with session.stream.trades(AAPL):
            await trio.sleep(200)
            assert session.stream.statistics().connections == 1


# Keys


KEY = "sesame-open-0123456789"


@pytest.mark.parametrize(
    ("base_url", "sent"),
    [
        ("http://127.0.0.1:25510", True),
        ("http://127.0.0.1:25510/gateway", True),
        ("http://127.0.0.1:25503", False),
        ("http://localhost:25510", False),
        ("https://127.0.0.1:25510", False),
    ],
)
async def test_a_key_goes_to_a_stream_of_its_origin_only(base_url, sent, autojump_clock, caplog):
    """The handshake has key and headers where the stream is at the session's origin."""
    caplog.set_level("DEBUG")
    options = {"base_url": base_url, "api_key": KEY, "headers": {"X-Desk": "seven"}}
    async with streaming(**options) as (terminal, session):
        async with session.stream.trades(AAPL):
            head = terminal.peer.head.decode().lower()
            assert (f"authorization: bearer {KEY}" in head) == sent
            assert ("x-desk: seven" in head) == sent
    assert KEY not in caplog.text


async def test_a_wrong_key_is_an_error_of_its_own(autojump_clock):
    """401 ends the attempt for good, and does not show the key."""

    async def refuses(peer):
        await peer.reject(401, b"who are you")

    options = {"base_url": "http://127.0.0.1:25510", "api_key": KEY}
    async with streaming(refuses, **options) as (terminal, session):
        with pytest.raises(thetatrio.AuthenticationFailed) as caught:
            async with session.stream.trades(AAPL):
                pass
    assert KEY not in str(caught.value)
    assert len(terminal.attempts) == 1
