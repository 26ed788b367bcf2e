"""One connection of the stream: how it opens, what breaks it, what it bears."""

from __future__ import annotations

import tracemalloc
from contextlib import suppress

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

import thetatrio
from tests.stream_peer import (
    AAPL,
    CLOSE,
    CONTINUATION,
    GONE,
    PING,
    SPX,
    TEXT,
    Peer,
    close_frame,
    fragments,
    frame,
    quote,
    read,
    status,
    streaming,
    told,
    trade,
    trades,
)

WAIT = {"wait_for_terminal": 60.0}


async def silent(peer):
    """Take the request for an upgrade, and never answer it."""
    await peer.read_head()
    await trio.sleep_forever()


async def wrong_key(peer):
    await peer.accept(wrong_key=True)
    await peer.obey()


def rejecting(code, **headers):
    async def reject(peer):
        await peer.reject(code, **headers)

    return reject


# Opening


async def test_a_refused_first_connection_is_told_at_once_with_host_and_port(autojump_clock):
    """ConnectError without a wait; once the terminal is there, the next subscription works."""
    async with streaming(refuse=1) as (terminal, session):
        started = trio.current_time()
        with pytest.raises(thetatrio.ConnectError, match=r"127\.0\.0\.1:25520 .*refused.*running"):
            async with session.stream.trades(AAPL):
                raise AssertionError
        assert trio.current_time() == started
        assert len(terminal.attempts) == 1
        async with session.stream.trades(AAPL) as feed:
            await terminal.peer.send_trades(1, 1)
            assert told(await read(feed, 1)) == [1]


async def test_the_stream_is_dialled_where_its_url_says(autojump_clock):
    """Host, port, path and Host header are those of stream_url, and there is one handshake."""
    async with streaming(stream_url="ws://localhost:4711/some/where?x=1") as (terminal, session):
        async with session.stream.trades(AAPL):
            assert terminal.addresses == {("localhost", 4711)}
            lines = terminal.peer.head.split(b"\r\n")
            assert lines[0] == b"GET /some/where?x=1 HTTP/1.1"
            assert b"host: localhost:4711" in [line.lower() for line in lines]


async def test_a_dial_that_hangs_is_given_up_at_connect_timeout(autojump_clock):
    """ConnectTimeout exactly when connect_timeout has passed."""

    async def hang(host, port):
        await trio.sleep_forever()

    async with thetatrio.open_session(dial=hang, connect_timeout=3) as session:
        started = trio.current_time()
        with pytest.raises(thetatrio.ConnectTimeout, match="within connect_timeout .3 s."):
            async with session.stream.trades(AAPL):
                raise AssertionError
        assert trio.current_time() - started == pytest.approx(3)


async def test_silence_in_the_handshake_is_given_up_at_connect_timeout(autojump_clock):
    """ConnectTimeout exactly at connect_timeout, and that connection is closed."""
    async with streaming(silent) as (terminal, session):
        started = trio.current_time()
        with pytest.raises(thetatrio.ConnectTimeout, match="did not answer the handshake"):
            async with session.stream.trades(AAPL):
                raise AssertionError
        assert trio.current_time() - started == pytest.approx(5)
        with pytest.raises(trio.BrokenResourceError):
            await terminal.peer.stream.send_all(b"x")


async def test_silence_in_the_handshake_is_retried_for_who_waits(autojump_clock):
    """With `wait_for_terminal` each silent attempt takes connect_timeout, then comes another."""
    async with streaming(silent, silent, Peer.live, **WAIT) as (terminal, session):
        async with session.stream.trades(AAPL):
            assert len(terminal.attempts) == 3
        for bound, delay in zip((0.25, 0.5), terminal.delays, strict=True):
            assert 5 <= delay <= 5 + bound


async def test_silence_in_the_handshake_after_a_loss_is_retried(autojump_clock):
    """A terminal that restarts slowly is waited for."""
    async with streaming(Peer.live, silent, Peer.live) as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            notices = feed.with_notices()
            await terminal.peer.cut()
            assert told(await read(notices, 2)) == ["Lost", "Gap"]
            assert len(terminal.attempts) == 3
            assert 5 <= terminal.delays[1] <= 5.5


@pytest.mark.parametrize("code", [401, 403])
async def test_a_refused_key_is_not_tried_again(code, autojump_clock):
    """401 and 403 are AuthenticationFailed at once, even for who would wait."""
    async with streaming(rejecting(code), **WAIT) as (terminal, session):
        with pytest.raises(thetatrio.AuthenticationFailed, match=f"refused: {code}") as caught:
            async with session.stream.trades(AAPL):
                raise AssertionError
        assert caught.value.code == code
        assert len(terminal.attempts) == 1


async def test_a_key_refused_on_reconnecting_ends_the_feed(autojump_clock):
    """What had arrived is read first; then each reader meets an error of its own."""
    async with streaming(Peer.live, rejecting(401)) as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            await terminal.peer.cut(trades([1, 2]))
            notices = feed.with_notices()
            assert told(await read(notices, 3)) == [1, 2, "Lost"]
            errors = []
            for _ in range(2):
                with pytest.raises(thetatrio.AuthenticationFailed) as caught:
                    await notices.receive()
                errors.append(caught.value)
            assert errors[0] is not errors[1]
            assert len(terminal.attempts) == 2
            assert session.stream.statistics().state.name == "failed"


@pytest.mark.parametrize(
    ("given", "at_least"), [("7", 7), ("7.5", 7.5), ("nonsense", 0), ("-1", 0), ("86400", 120)]
)
async def test_retry_after_of_a_rejected_handshake_is_kept(given, at_least, autojump_clock):
    """503 is tried again, not before its Retry-After; nonsense is none, and 120 s is the most."""
    life = rejecting(503, Retry_After=given)
    async with streaming(life, Peer.live, wait_for_terminal=200) as (terminal, session):
        async with session.stream.trades(AAPL):
            assert at_least <= terminal.delays[0] <= at_least + 0.25


async def test_redirect_of_a_handshake_says_where_it_points(autojump_clock):
    """A redirect is not followed; the error names the place, without its query, and is final."""
    life = rejecting(302, Location="https://other.example/live?token=sesame")
    async with streaming(life, **WAIT) as (terminal, session):
        with pytest.raises(
            thetatrio.ProtocolError, match=r"302 redirect to https://other\.example/live, and redir"
        ) as caught:
            async with session.stream.trades(AAPL):
                raise AssertionError
        assert "sesame" not in str(caught.value)
        assert caught.value.code == 302
        assert len(terminal.attempts) == 1


@pytest.mark.parametrize(
    "greeting", [b"SSH-2.0-OpenSSH_9.6\r\n", b"\x15\x03\x03\x00\x02\x02\x46", b"HTTP/2 nonsense"]
)
async def test_peer_that_is_no_http_server_is_reported_as_such(greeting, autojump_clock):
    """What answers a handshake with another protocol is ProtocolError, and not retried."""

    async def greet(peer):
        await peer.read_head()
        await peer.send(greeting)

    async with streaming(greet, **WAIT) as (terminal, session):
        with pytest.raises(thetatrio.ProtocolError, match=r"does not speak HTTP/1\.1") as caught:
            async with session.stream.trades(AAPL):
                raise AssertionError
        assert "whether it begins with wss://" in str(caught.value)
        assert len(terminal.attempts) == 1


@pytest.mark.parametrize("answer", [b"", b"HT", b"HTTP/1.1 101 Swit"])
async def test_handshake_that_is_truncated_is_retried(answer, autojump_clock):
    """A peer that ends the connection in the middle of the headers may be restarting."""

    async def hang_up(peer):
        await peer.read_head()
        await peer.send(answer)

    async with streaming(hang_up, Peer.live, **WAIT) as (terminal, session):
        async with session.stream.trades(AAPL):
            assert len(terminal.attempts) == 2


@pytest.mark.parametrize("code", [429, 500, 502, 504])
async def test_handshakes_answered_with_a_failure_are_tried_again(code, autojump_clock):
    """A gateway in trouble is waited for, or is ServerError for who does not wait."""
    async with streaming(rejecting(code), Peer.live, **WAIT) as (terminal, session):
        async with session.stream.trades(AAPL):
            assert len(terminal.attempts) == 2
    async with streaming(rejecting(code)) as (terminal, session):
        with pytest.raises(thetatrio.ServerError) as caught:
            async with session.stream.trades(AAPL):
                raise AssertionError
        assert caught.value.code == code


async def test_a_wrong_accept_key_is_no_terminal(autojump_clock):
    """ProtocolError, which another attempt would not mend, at the first connection."""
    async with streaming(wrong_key, **WAIT) as (terminal, session):
        with pytest.raises(thetatrio.ProtocolError, match="handshake is wrong"):
            async with session.stream.trades(AAPL):
                raise AssertionError
        assert len(terminal.attempts) == 1
        assert trio.current_time() == terminal.attempts[0]


async def test_a_wrong_accept_key_on_reconnecting_ends_the_feed(autojump_clock):
    """The feed ends with ProtocolError after what it had; the next subscription tries anew."""
    async with streaming(Peer.live, wrong_key, Peer.live) as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            await terminal.peer.cut(trades([1]))
            assert told(await read(feed, 1)) == [1]
            with pytest.raises(thetatrio.ProtocolError):
                await feed.receive()
            assert len(terminal.attempts) == 2
        async with session.stream.trades(AAPL) as feed:
            await terminal.peer.send_trades(2, 2)
            assert told(await read(feed, 1)) == [2]


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n", b"SSH-2.0-x\r\n"]
)
async def test_what_is_no_stream_is_said_to_be_none(answer, autojump_clock):
    """Another page, and what is no HTTP at all, do not look like a terminal that is down."""

    async def other(peer):
        await peer.read_head()
        await peer.send(answer)
        await peer.obey()

    async with streaming(other) as (_, session):
        with pytest.raises(thetatrio.ThetaDataError, match="127.0.0.1:25520") as caught:
            async with session.stream.trades(AAPL):
                raise AssertionError
        assert not isinstance(caught.value, thetatrio.InternalError)


async def test_a_connection_cut_in_the_handshake_is_retried_for_who_waits(autojump_clock):
    """EOF before, and in the middle of, the answer is an attempt that failed."""

    async def cut_early(peer):
        await peer.read_head()

    async def cut_within(peer):
        await peer.read_head()
        await peer.send(b"HTTP/1.1 101 Swi")

    async with streaming(cut_early, cut_within, Peer.live, **WAIT) as (terminal, session):
        async with session.stream.trades(AAPL):
            assert len(terminal.attempts) == 3


async def test_frames_that_come_with_the_handshakes_answer_are_read(autojump_clock):
    """The first messages may lie in the same read as the 101."""

    async def eager(peer):
        await peer.accept(also=frame(status()) + trades([1, 2]) + frame(b"?", PING))
        await peer.go_on()

    async with streaming(eager) as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            assert told(await read(feed, 2)) == [1, 2]
            await wait_all_tasks_blocked()
            assert terminal.peer.pongs == [b"?"]


# Messages and frames


def tape():
    """Return frames of every shape, and the numbers of the trades in them."""
    long = trade(4, SPX, note="x" * 900)
    parts = [
        frame(status()),
        trades([1]),
        frame(b"", PING),
        frame(trade(2), fin=True),
        fragments(trade(3), 3)[0],
        frame(b"between", PING),
        *fragments(trade(3), 3)[1:],
        frame(long),
        *fragments(trade(5), 40),
        frame(status()),
        trades(range(6, 12)),
    ]
    return b"".join(parts), list(range(1, 12))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1 << 16])
async def test_bytes_may_be_sliced_anywhere(size, autojump_clock):
    """Events are the same, whatever pieces the stream comes in."""
    data, numbers = tape()
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL, SPX) as feed:
            for at in range(0, len(data), size):
                await terminal.peer.send(data[at : at + size])
                await trio.lowlevel.checkpoint()
            got = await read(feed, len(numbers))
            assert told(got) == numbers
            assert got[3].contract == SPX
            await wait_all_tasks_blocked()
            # Of pings that came in one read the last alone may be answered.
            assert terminal.peer.pongs in ([b"", b"between"], [b"between"])
            assert session.stream.statistics().undecodable == 0


async def test_all_that_one_read_brings_is_one_batch_in_order(autojump_clock):
    """64 KiB of frames are decoded together and handed on as one list."""
    texts = [quote(number, SPX) for number in range(178)]
    data = b"".join(map(frame, texts))
    assert 64_000 < len(data) <= 1 << 16
    async with streaming() as (terminal, session):
        async with session.stream.quotes(SPX) as feed:
            await terminal.peer.send(data)
            assert told(await feed.batches().receive()) == list(range(178))


@pytest.mark.parametrize(
    ("code", "error"),
    [(403, thetatrio.AuthenticationFailed), (404, thetatrio.ProtocolError),
     (503, thetatrio.ServerError)],
)  # fmt: skip
async def test_a_refusal_without_end_takes_no_memory(code, error, autojump_clock):
    """Of the body of an answer that refuses the handshake, 128 KiB are read; the rest is not."""
    sent = 0

    async def endless(peer):
        nonlocal sent
        await peer.read_head()
        await peer.send(b"HTTP/1.1 %d no\r\nTransfer-Encoding: chunked\r\n\r\n" % code)
        with suppress(*GONE):
            while sent < 100 << 20:
                await peer.send(b"10000\r\n" + bytes(1 << 16) + b"\r\n")
                sent += 1 << 16

    async with streaming(endless) as (_, session):
        with pytest.raises(error, match=str(code)):
            async with session.stream.trades(AAPL):
                raise AssertionError
        assert sent < 1 << 20


async def test_a_message_longer_than_max_frame_is_refused_with_1009(autojump_clock):
    """The terminal is told, the loss is told in its place, and the stream comes back."""
    async with streaming(max_frame=1 << 16) as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            notices = feed.with_notices()
            first = terminal.peer
            await first.send(trades([1]), frame(trade(2, note="x" * (1 << 16))), trades([3]))
            got = await read(notices, 3)
            assert told(got) == [1, "Lost", "Gap"]
            assert "longer than 65536 bytes" in got[1].reason
            assert first.close_code == 1009
            assert terminal.delays[0] > 0
            await terminal.peer.send(frame(trade(4, note="x" * 60_000)))
            assert told(await read(notices, 1)) == [4]


async def test_fragments_that_add_up_to_more_than_max_frame_are_refused(autojump_clock):
    """It is the message that counts, not its frames."""
    async with streaming(max_frame=4096) as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            first = terminal.peer
            await first.send(*fragments(trade(1, note="x" * 5000), 8))
            assert told(await read(feed.with_notices(), 2)) == ["Lost", "Gap"]
            assert first.close_code == 1009


async def test_messages_that_are_always_too_long_do_not_make_a_tight_loop(autojump_clock):
    """Each such connection counts as a failed attempt: waits grow."""

    async def too_long(peer):
        await peer.accept(also=frame(b"x" * 5000))
        await peer.go_on()

    async with streaming(Peer.live, too_long, max_frame=4096) as (terminal, session):
        async with session.stream.trades(AAPL):
            await terminal.peer.cut()
            await trio.sleep(300)
        assert len(terminal.attempts) < 40
        assert max(terminal.delays) > 8


async def test_of_a_message_that_is_too_long_nothing_is_kept(autojump_clock):
    """64 MiB announced and much of it sent cost no memory, while the close is on its way."""
    piece = b"x" * (1 << 16)
    async with streaming() as (terminal, session):
        terminal.on_close = "ignore"
        async with session.stream.trades(AAPL) as feed:
            peer = terminal.peer
            await wait_all_tasks_blocked()
            tracemalloc.start()
            try:
                before = tracemalloc.get_traced_memory()[0]
                await peer.send(frame(b"x" * (1 << 16))[:2] + (1 << 26).to_bytes(8, "big"))
                for _ in range(64):
                    await peer.stream.send_all(piece)
                peak = tracemalloc.get_traced_memory()[1] - before
            finally:
                tracemalloc.stop()
            assert peak < 1 << 20
            assert told(await read(feed.with_notices(), 1)) == ["Lost"]
            assert peer.close_code == 1009


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(b"\x81\x82abcdef", id="masked"),
        pytest.param(b"\xc1\x02{}", id="reserved bit"),
        pytest.param(b"\x83\x02{}", id="reserved opcode"),
        pytest.param(frame(b"{}", CONTINUATION), id="continuation of nothing"),
        pytest.param(frame(b"{", TEXT, fin=False) + frame(b"{}"), id="message within a message"),
        pytest.param(b"\x09\x01x", id="fragmented ping"),
        pytest.param(b"\x89\x7e\x00\x80" + b"x" * 128, id="long ping"),
        pytest.param(frame(b"x", CLOSE), id="close of one byte"),
    ],
)
async def test_frames_no_server_may_send_end_the_connection(wrong, autojump_clock):
    """What came before is delivered, nothing after; the stream comes back."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            notices = feed.with_notices()
            first = terminal.peer
            await first.send(trades([1, 2]), wrong, trades([3]))
            assert told(await read(notices, 4)) == [1, 2, "Lost", "Gap"]
            assert first.close_code in (1002, 1007)
            await terminal.peer.send_trades(4, 4)
            assert told(await read(notices, 1)) == [4]


async def test_a_message_that_comes_byte_by_byte_is_waited_for(autojump_clock):
    """While a message is on its way, silence is not counted: it may take message_deadline."""
    data = frame(b" " * 300 + trade(1)[:-1] + b"}")
    async with streaming() as (terminal, session):
        terminal.status = None
        async with session.stream.trades(AAPL) as feed:
            for at in range(0, len(data), 20):
                await terminal.peer.send(data[at : at + 20])
                await trio.sleep(1)
            assert trio.current_time() > 15
            assert told(await read(feed, 1)) == [1]
            assert session.stream.statistics().connections == 1


async def test_a_message_that_never_ends_is_given_up_at_message_deadline(autojump_clock):
    """One byte a second does not keep a connection alive for ever."""
    data = frame(trade(2))
    assert len(data) > 40
    async with streaming(message_deadline=30) as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            notices = feed.with_notices()
            await terminal.peer.send_trades(1, 1)
            terminal.status = None
            begun = trio.current_time()
            async with trio.open_nursery() as nursery:

                @nursery.start_soon
                async def drip(peer=terminal.peer):
                    for at in range(len(data)):
                        await peer.send(data[at : at + 1])
                        await trio.sleep(1)

                got = await read(notices, 2)
                nursery.cancel_scope.cancel()
            assert told(got) == [1, "Lost"]
            assert trio.current_time() - begun == pytest.approx(30)
            assert "not complete after 30 s" in got[1].reason


async def test_pings_do_not_reset_the_idle_clock(autojump_clock):
    """A peer that sends nothing but pings is given up when idle_timeout has passed."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            peer = terminal.peer
            terminal.status = None
            last = trio.current_time()
            async with trio.open_nursery() as nursery:

                @nursery.start_soon
                async def ping():
                    while True:
                        await trio.sleep(0.5)
                        await peer.send(frame(b"?", PING))

                got = await read(feed.with_notices(), 1)
                nursery.cancel_scope.cancel()
            assert told(got) == ["Lost"]
            assert got[0].reason == "no message for 10 s"
            assert trio.current_time() - last == pytest.approx(10)
            assert len(peer.pongs) >= 18


async def test_a_flood_of_pings_starves_nobody(autojump_clock):
    """100,000 pings are answered, or the last of those that lie there; others go on running."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            peer = terminal.peer
            turns = 0
            async with trio.open_nursery() as nursery:

                @nursery.start_soon
                async def run():
                    nonlocal turns
                    while True:
                        await trio.lowlevel.checkpoint()
                        turns += 1

                for number in range(0, 100_000, 5000):
                    pings = range(number, number + 5000)
                    await peer.send(b"".join(frame(b"%06d" % each, PING) for each in pings))
                    await trio.lowlevel.checkpoint()
                await peer.send_trades(1, 1)
                assert told(await read(feed, 1)) == [1]
                nursery.cancel_scope.cancel()
            assert turns >= 20
            await wait_all_tasks_blocked()
            assert peer.pongs[-1] == b"099999"
            assert peer.pongs == sorted(peer.pongs)
            assert session.stream.statistics().connections == 1


async def test_a_flood_of_pings_does_not_hide_silence(autojump_clock):
    """10,000 pings a second in place of messages: the idle clock still runs out in time."""
    pings = b"".join(frame(b"%04d" % each, PING) for each in range(1000))
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            peer = terminal.peer
            terminal.status = None
            last = trio.current_time()
            async with trio.open_nursery() as nursery:

                @nursery.start_soon
                async def flood():
                    while not peer.has_ended:
                        await peer.send(pings)
                        await trio.sleep(0.1)

                got = await read(feed.with_notices(), 1)
                nursery.cancel_scope.cancel()
            assert got[0].reason == "no message for 10 s"
            assert trio.current_time() - last == pytest.approx(10, abs=0.11)


async def test_the_close_of_the_terminal_is_answered(autojump_clock):
    """Its code and words are the reason of the loss; events before it are delivered."""

    async def closing(peer):
        await peer.accept()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(peer.go_on)
            await trio.sleep(3)
            await peer.send(trades([1]), close_frame(1001, "going away"))
            await trio.sleep(0.1)
            nursery.cancel_scope.cancel()

    async with streaming(closing, Peer.live) as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            got = await read(feed.with_notices(), 3)
            assert told(got) == [1, "Lost", "Gap"]
            assert got[1].reason == "the terminal closed the connection (1001: going away)"
            assert terminal.peers[0].close_code == 1001


async def test_a_terminal_that_closes_and_keeps_tcp_open_is_left(autojump_clock):
    """After its close no data can come: the connection is given up within close_timeout."""
    async with streaming(close_timeout=2) as (terminal, session):
        terminal.on_close = "keep"
        async with session.stream.trades(AAPL) as feed:
            started = trio.current_time()
            terminal.status = None
            await terminal.peer.send(close_frame(1000))
            got = await read(feed.with_notices(), 1)
            assert got[0].reason == "the terminal closed the connection (1000)"
            assert trio.current_time() - started == pytest.approx(2)
