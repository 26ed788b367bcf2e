"""What happens to data when things break: every loss is told in its place, and nothing else is."""

from __future__ import annotations

import json
import logging
import sys

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

import thetatrio
from tests.stream_peer import (
    AAPL,
    PING,
    SPX,
    SPY,
    Peer,
    close_frame,
    each_stream,
    fragments,
    frame,
    moment,
    quote,
    read,
    status,
    streaming,
    told,
    trade,
    trades,
)
from thetatrio import Option, Topic
from thetatrio.events import Dropped, Gap, Lost, Replayed, Undecodable

POLICIES = ["raise", "drop_oldest", "drop_newest", "latest", "block"]


def adds_up(feed):
    """Return whether each event that came is accounted for."""
    counts = feed.statistics()
    gone = counts.dropped + counts.conflated + counts.replayed
    return counts.received == counts.delivered + gone + counts.waiting


# Cuts


async def end(peer):
    await peer.stream.aclose()


async def reset(peer):
    peer.stream.reset()


async def close(peer):
    await peer.send(close_frame(1000, "bye"))
    await peer.stream.aclose()


async def close_with_error(peer):
    await peer.send(close_frame(1011))
    await peer.stream.aclose()


async def cut_within_a_frame(peer):
    await peer.cut(frame(trade(999))[:50])


async def cut_within_a_head(peer):
    await peer.cut(frame(trade(999))[:3])


async def cut_between_fragments(peer):
    await peer.cut(*fragments(trade(999), 3)[:2])


async def cut_after_a_whole_json_fragment(peer):
    # What has come is a whole message by its text, and none by its frames.
    await peer.cut(frame(trade(999), fin=False))


CUTS = [
    (end, "the terminal ended the connection"),
    (reset, "the connection broke (connection reset by peer)"),
    (close, "the terminal closed the connection (1000: bye)"),
    (close_with_error, "the terminal closed the connection (1011)"),
    (cut_within_a_frame, "the terminal ended the connection"),
    (cut_within_a_head, "the terminal ended the connection"),
    (cut_between_fragments, "the terminal ended the connection"),
    (cut_after_a_whole_json_fragment, "the terminal ended the connection"),
]


@each_stream
@pytest.mark.parametrize(("cut", "reason"), CUTS, ids=lambda cut: getattr(cut, "__name__", ""))
async def test_a_cut_is_a_loss_in_its_place_and_the_feed_goes_on(cut, reason, autojump_clock):
    """All events before it are delivered, Lost at once, Gap before the first after it."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            notices = feed.with_notices()
            for turn in range(5):
                base = 10_000 * turn
                await terminal.peer.send_trades(base + 1, base + 20)
                assert told(await read(notices, 20)) == list(range(base + 1, base + 21))
                await cut(terminal.peer)
                await terminal.connection(turn + 2)
                await wait_all_tasks_blocked()
                assert terminal.peer.added == ["AAPL"]
                after = base + 9_000
                await terminal.peer.send_trades(after, after)
                got = await read(notices, 3)
                assert told(got) == ["Lost", "Gap", after]
                lost, gap, _ = got
                assert lost == Lost(reason=reason, since=moment(base + 20))
                assert gap == Gap(
                    reason=reason,
                    since=moment(base + 20),
                    until=moment(after),
                    replayed=0,
                    topics=(Topic.trades(AAPL),),
                )
            assert feed.statistics().received == 5 * 21
            assert session.stream.statistics().connections == 6
            assert session.stream.statistics().undecodable == 0
            assert adds_up(feed)


@each_stream
async def test_events_that_wait_are_delivered_before_the_loss_that_came_after_them(autojump_clock):
    """A reader that is behind reads everything from before the cut first."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            await terminal.peer.send_trades(1, 300)
            await terminal.peer.cut()
            await terminal.connection(2)
            await wait_all_tasks_blocked()
            await terminal.peer.send_trades(301, 302)
            await wait_all_tasks_blocked()
            got = await read(feed.with_notices(), 304)
            assert told(got) == [*range(1, 301), "Lost", "Gap", 301, 302]


@each_stream
async def test_a_loss_is_told_at_once_and_its_gap_when_data_may_flow(autojump_clock):
    """Lost does not wait for the reconnect; the gap waits for an event, for a second at most."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            notices = feed.with_notices()
            terminal.refuse = 8
            await terminal.peer.cut(trades([1]))
            began = trio.current_time()
            assert told(await read(notices, 2)) == [1, "Lost"]
            assert trio.current_time() == began
            gap = await notices.receive()
            returned = terminal.attempts[-1]
            assert trio.current_time() == pytest.approx(returned + 1)
            passed = (gap.until - gap.since).total_seconds()
            assert passed == pytest.approx(returned - began, abs=0.01)


@each_stream
async def test_several_cuts_without_an_event_are_one_gap(autojump_clock):
    """The gap of an open loss goes on: it is told once, from the first cut to the last return."""

    async def brief(peer):
        with trio.move_on_after(0.5):
            await peer.live()

    async with streaming(Peer.live, brief, brief, Peer.live) as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            notices = feed.with_notices()
            await terminal.peer.cut(trades([1]))
            await terminal.connection(4)
            await wait_all_tasks_blocked()
            await terminal.peer.send_trades(5000, 5000)
            got = await read(notices, 4)
            assert told(got) == [1, "Lost", "Gap", 5000]
            assert (got[2].since, got[2].until) == (moment(1), moment(5000))


@each_stream
async def test_a_feed_that_had_no_event_yet_has_a_gap_without_beginning(autojump_clock):
    """`since` is None where there was nothing; another feed's events do not count as its own."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as full, session.stream.trades(SPY) as empty:
            await terminal.peer.cut(trades([1]))
            lost, gap = await read(empty.with_notices(), 2)
            assert (lost.since, gap.since) == (None, None)
            _, lost, gap = await read(full.with_notices(), 3)
            assert lost.since == gap.since == moment(1)


@each_stream
async def test_a_peer_that_vanishes_is_given_up_when_idle_timeout_has_passed(autojump_clock):
    """No FIN, no byte: the loss is told within a tick, from the last event's time on."""
    async with streaming(idle_timeout=7) as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            await trio.sleep(3.5)
            await terminal.peer.send_trades(1, 2)
            last = trio.current_time()
            terminal.peer.muted = True
            got = await read(feed.with_notices(), 3)
            assert told(got) == [1, 2, "Lost"]
            assert trio.current_time() - last == pytest.approx(7)
            assert got[2] == Lost(reason="no message for 7 s", since=moment(2))


@each_stream
async def test_a_peer_that_takes_no_command_is_given_up_at_ack_timeout(autojump_clock):
    """A full socket does not hold up everything else for ever."""
    many = [thetatrio.Stock(f"T{number}") for number in range(60)]

    async def deaf(peer):
        await peer.accept()
        while True:
            await trio.sleep(1)
            await peer.send(frame(status()))

    async with streaming(deaf, Peer.live, capacity=512, unsubscribe_on_exit=False) as (
        terminal,
        session,
    ):
        async with session.stream.trades(*many) as feed:
            assert terminal.delays[0] == pytest.approx(5, abs=0.3)
            await terminal.peer.send_trades(1, 1, many[-1])
            assert told(await read(feed.with_notices(), 1)) == [1]


# Readers that do not read


async def flow(terminal, seconds, each=10):
    """Send events and a ping each second for so long; return how many events."""
    for second in range(seconds):
        first = second * each + 1
        await terminal.peer.send_trades(first, first + each - 1)
        await terminal.peer.send(frame(b"%d" % second, PING))
        await trio.sleep(1)
    return seconds * each


@each_stream
@pytest.mark.parametrize("overflow", ["drop_oldest", "drop_newest"])
async def test_a_reader_that_pauses_loses_a_number_it_is_told(overflow, autojump_clock):
    """60 s unread: the buffer's bound holds, pongs go out, Dropped stands in its place, exact."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL, overflow=overflow, buffer=100) as feed:
            assert await flow(terminal, 60) == 600
            assert len(terminal.peer.pongs) == 60
            assert feed.statistics().waiting == 100
            assert session.stream.statistics().connections == 1
            await terminal.peer.send_trades(601, 601)
            await wait_all_tasks_blocked()
            got = await read(feed.with_notices(), 101)
            dropped = next(each for each in got if isinstance(each, Dropped))
            if overflow == "drop_oldest":
                assert told(got) == ["Dropped", *range(502, 602)]
                assert dropped == Dropped(count=501, since=moment(1), until=moment(501))
            else:
                assert told(got) == [*range(1, 101), "Dropped"]
                assert dropped == Dropped(count=501, since=moment(101), until=moment(601))
            assert adds_up(feed)
            assert feed.statistics().dropped == 501


@each_stream
async def test_a_reader_that_pauses_may_be_stopped_instead(autojump_clock):
    """`raise`, the default of trades: SlowConsumer once, in their place; reading goes on."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL, buffer=100) as feed:
            await flow(terminal, 60)
            assert len(terminal.peer.pongs) == 60
            with pytest.raises(thetatrio.SlowConsumer, match="500 events") as caught:
                await feed.receive()
            assert caught.value.count == 500
            assert told(await read(feed, 100)) == list(range(501, 601))
            await terminal.peer.send_trades(601, 601)
            assert told(await read(feed, 1)) == [601]


@each_stream
async def test_a_reader_that_pauses_may_want_the_newest_only(autojump_clock):
    """`latest` keeps one event of each contract, and counts the others as conflated."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL, SPY, overflow="latest") as feed:
            for number in range(1, 500, 2):
                await terminal.peer.send(trades([number]), trades([number + 1], SPY))
            await wait_all_tasks_blocked()
            assert told(await read(feed.with_notices(), 2)) == [499, 500]
            assert feed.statistics().conflated == 498
            assert adds_up(feed)


@each_stream
async def test_a_reader_that_blocks_holds_back_the_socket_and_loses_nothing(autojump_clock):
    """`block`: the terminal has to wait, silence of ours is none of its own, and all comes."""
    async with streaming(capacity=4096) as (terminal, session):
        async with session.stream.trades(AAPL, overflow="block", buffer=50) as feed:
            async with trio.open_nursery() as nursery:

                @nursery.start_soon
                async def send():
                    for number in range(1, 1001):
                        await terminal.peer.send_trades(number, number)

                await trio.sleep(60)
                assert 50 <= feed.statistics().received < 200
                got = await read(feed.with_notices(), 1000)
            assert told(got) == list(range(1, 1001))
            assert session.stream.statistics().connections == 1


@each_stream
@pytest.mark.parametrize("way", ["feed", "notices", "batches", "nowait"])
async def test_a_reader_that_blocks_may_be_given_more_than_its_buffer_at_once(way, autojump_clock):
    """What one read brings comes on top; once it is read the socket is read again."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL, overflow="block", buffer=5) as feed:
            channel = {"batches": feed.batches(), "notices": feed.with_notices()}.get(way, feed)
            got = []
            with trio.fail_after(5):
                for turn in range(3):
                    await terminal.peer.send_trades(300 * turn + 1, 300 * turn + 300)
                    while len(got) < 300 * (turn + 1):
                        if way == "nowait":
                            await wait_all_tasks_blocked()
                            with pytest.raises(thetatrio.WouldBlock):
                                while True:
                                    got.append(feed.receive_nowait())
                        else:
                            item = await channel.receive()
                            await trio.lowlevel.checkpoint()
                            got += item if way == "batches" else [item]
            assert told(got) == list(range(1, 901))


@each_stream
async def test_one_feed_that_is_not_read_does_not_disturb_another(autojump_clock):
    """Each has a buffer of its own; the reader of the other misses nothing."""
    async with streaming() as (terminal, session):
        async with (
            session.stream.trades(AAPL, overflow="drop_oldest", buffer=10) as still,
            session.stream.trades(AAPL) as read_one,
        ):
            await flow(terminal, 60)
            assert told(await read(read_one, 600)) == list(range(1, 601))
            assert told(await read(still.with_notices(), 2)) == ["Dropped", 591]


@each_stream
async def test_what_was_dropped_is_told_even_if_nothing_more_comes(autojump_clock):
    """A notice does not wait for the next event to be read."""
    async with streaming() as (terminal, session):
        options = {"overflow": "drop_newest", "buffer": 5}
        async with session.stream.trades(AAPL, **options) as feed:
            await terminal.peer.send_trades(1, 8)
            await wait_all_tasks_blocked()
            assert told(await read(feed.with_notices(), 6)) == [1, 2, 3, 4, 5, "Dropped"]


@each_stream
async def test_a_gap_is_told_even_if_nothing_more_comes(autojump_clock):
    """A reader that slept through a cut and a reconnect meets both when it looks."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            await terminal.peer.cut(trades([1, 2, 3]))
            await trio.sleep(60)
            assert told(await read(feed.with_notices(), 5)) == [1, 2, 3, "Lost", "Gap"]


@each_stream
@pytest.mark.parametrize("overflow", ["drop_oldest", "drop_newest", "latest"])
async def test_notices_of_many_cuts_are_few_for_who_does_not_read(overflow, autojump_clock):
    """Hundreds of reconnects unread cost no more than a bounded number of notices."""

    async def brief(peer):
        with trio.move_on_after(1.5):
            await peer.live()

    policy = thetatrio.ReconnectPolicy(base=0.1, cap=0.1)
    async with streaming(brief, reconnect=policy) as (terminal, session):
        async with session.stream.trades(AAPL, overflow=overflow) as feed:
            await trio.sleep(240)
            assert len(terminal.attempts) > 150
            found = []
            channel = feed.with_notices()
            while True:
                try:
                    found.append(channel.receive_nowait())
                except thetatrio.WouldBlock:
                    break
            assert 2 <= len(found) <= 130
            assert isinstance(found[0], Gap)


@each_stream
@pytest.mark.parametrize("overflow", POLICIES)
async def test_more_can_be_added_from_the_loop_that_reads(overflow, autojump_clock):
    """With a full buffer and every policy: the answer is not behind what nobody reads."""
    # Room for the answer is not a matter of the buffer between the ends.
    async with streaming(capacity=1 << 14) as (terminal, session):
        async with session.stream.trades(AAPL, overflow=overflow, buffer=20) as feed:
            async with trio.open_nursery() as nursery:

                @nursery.start_soon
                async def send():
                    for number in range(1, 401):
                        await terminal.peer.send_trades(number, number)

                await trio.sleep(0.1)
                with trio.fail_after(4):
                    try:
                        await feed.receive()
                    except thetatrio.SlowConsumer:
                        assert overflow == "raise"
                    await feed.add(SPY)
                await wait_all_tasks_blocked()  # without acknowledgements it is only sent
                assert terminal.peer.added == ["AAPL", "SPY"]
                nursery.start_soon(terminal.peer.send_trades, 500, 500, SPY)
                seen = None
                while seen is None or seen.contract != SPY:
                    try:
                        seen = await feed.receive()
                    except thetatrio.SlowConsumer:
                        assert overflow == "raise"
                nursery.cancel_scope.cancel()
            assert seen.sequence == 500
            assert adds_up(feed)


# Texts that are none


def edited(change):
    said = json.loads(trade(1))
    change(said)
    return json.dumps(said).encode()


UNREADABLE = {
    "invalid UTF-8": trade(1).replace(b"AAPL", b"\xff\xfe\xfd"),
    "no JSON": b"hello",
    "empty": b"",
    "truncated": trade(1)[:-20],
    "truncated header": trade(1)[:30],
    "array": b"[1, 2, 3]",
    "number": b"17",
    "null": b"null",
    "no header": b"{}",
    "header is text": b'{"header": "TRADE"}',
    "type is a number": b'{"header": {"type": 5}}',
    "price is text": edited(lambda said: said["trade"].update(price="187")),
    "size is missing": edited(lambda said: said["trade"].pop("size")),
    "body is missing": edited(lambda said: said.pop("trade")),
    "body is a list": edited(lambda said: said.update(trade=[])),
    "contract is missing": edited(lambda said: said.pop("contract")),
    "contract without root": edited(lambda said: said["contract"].pop("root")),
    "no such security": edited(lambda said: said["contract"].update(security_type="BOND")),
    "no such right": trade(1, SPX).replace(b'"C"', b'"X"'),
    "no such date of expiry": trade(1, SPX).replace(b"20241115", b"20241399"),
    "control characters": b"\x00\x01\x02",
    "deeply nested": b"[" * 100_000,
    "large": b"x" * 60_000,
}


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_texts_that_cannot_be_read_are_told_and_the_stream_goes_on(text, autojump_clock):
    """Undecodable has the first 256 bytes, in its place; it is counted, and nothing breaks."""
    async with streaming(capacity=1 << 18) as (terminal, session):
        async with session.stream.trades(AAPL, SPX) as feed:
            peer = terminal.peer
            await peer.send(trades([1]), frame(text), trades([2], SPX))
            got = await read(feed.with_notices(), 3)
            assert told(got) == [1, "Undecodable", 2]
            assert got[1] == Undecodable(count=1, first_bytes=text[:256])
            assert session.stream.statistics().undecodable == 1
            assert session.stream.statistics().connections == 1


@each_stream
async def test_texts_that_cannot_be_read_may_be_raised(autojump_clock):
    """`on_loss="raise"` raises GapError with the notice, in its place; reading goes on."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL, on_loss="raise") as feed:
            await terminal.peer.send(trades([1]), frame(b"?"), frame(b"!"), trades([2]))
            assert told(await read(feed, 1)) == [1]
            with pytest.raises(thetatrio.GapError) as caught:
                await feed.receive()
            assert isinstance(caught.value.notice, Undecodable)


@each_stream
async def test_binary_messages_are_read_like_texts(autojump_clock):
    """What a terminal sends as bytes is the same JSON."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            await terminal.peer.send(frame(trade(1), 0x2), trades([2]))
            assert told(await read(feed, 2)) == [1, 2]


async def test_unknown_kinds_are_counted_and_logged_once_for_each(autojump_clock, caplog):
    """They are no event and no loss; the next message is read as usual."""
    strange = [
        json.dumps({"header": {"type": kind}, "x": {"y": 1}}).encode()
        for kind in ("OPEN_INTEREST", "WEATHER", "OPEN_INTEREST")
    ]
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            with caplog.at_level(logging.WARNING, "thetatrio"):
                await terminal.peer.send(*map(frame, strange), trades([1]))
                assert told(await read(feed.with_notices(), 1)) == [1]
            counts = session.stream.statistics()
            assert counts.unknown == {"OPEN_INTEREST": 2, "WEATHER": 1}
            assert counts.undecodable == 0
    words = [record.getMessage() for record in caplog.records]
    assert len(words) == 2
    assert "'OPEN_INTEREST'" in words[0]
    assert "'WEATHER'" in words[1]


async def test_unknown_fields_are_ignored_and_optional_ones_may_be_missing(autojump_clock):
    """In header, contract and body; any order of keys; numbers as text; several to a frame."""
    messages = [
        edited(lambda said: said.update(new={"a": [1, {"b": 2}]})),
        edited(lambda said: said["header"].update(new=1)),
        edited(lambda said: said["header"].pop("status")),
        edited(lambda said: said["contract"].update(new={})),
        edited(lambda said: said["trade"].update(new="}")),
        json.dumps(dict(reversed(json.loads(trade(1)).items()))).encode(),
        json.dumps(json.loads(trade(1)), indent=2).encode(),
        trade(1, SPX).replace(b"20241115", b'"20241115"').replace(b"5800000", b'"5800000"'),
        trade(1) + b"\n" + trade(1, SPX) + b"\n",
        b'{"header": {"type": "STATUS"}}',
        b'{"header": {"type": "REQ_RESPONSE"}}',
    ]
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL, SPX) as feed:
            await terminal.peer.send_texts(*messages, trade(2))
            got = await read(feed.with_notices(), 11)
            assert told(got) == [1] * 10 + [2]
            assert [each.contract for each in got[7:10]] == [SPX, AAPL, SPX]
            assert session.stream.statistics().undecodable == 0


async def test_events_of_others_are_dropped_by_contract_not_by_root(autojump_clock):
    """A terminal may send every client everything: only what was asked for is delivered."""
    near = Option("SPXW", "2024-11-15", 5805, "C")
    index = thetatrio.Index("SPXW")
    async with streaming() as (terminal, session):
        async with session.stream.trades(SPX) as feed:
            await terminal.peer.send(
                trades([1], near), trades([2]), trades([3], SPX), trades([4], index)
            )
            await terminal.peer.send_texts(quote(5, SPX))
            await terminal.peer.send_trades(6, 6, SPX)
            got = await read(feed.with_notices(), 2)
            assert told(got) == [3, 6]
            assert session.stream.statistics().unwanted == 4


# Events that come again


@each_stream
async def test_events_repeated_after_a_reconnect_are_counted_and_not_delivered_again(
    autojump_clock,
):
    """Replayed tells how many, the gap too; what is new among them is delivered."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            notices = feed.with_notices()
            await terminal.peer.cut(trades(range(1, 11)))
            await terminal.connection(2)
            await wait_all_tasks_blocked()
            await terminal.peer.send(trades([8, 9, 10, 11, 12]))
            got = await read(notices, 15)
            assert told(got) == [*range(1, 11), "Lost", "Replayed", "Gap", 11, 12]
            assert got[11] == Replayed(count=3)
            assert got[12].replayed == 3
            assert (got[12].since, got[12].until) == (moment(10), moment(11))
            assert feed.statistics().replayed == 3
            assert adds_up(feed)


@each_stream
async def test_events_that_repeat_without_a_reconnect_are_delivered_as_sent(autojump_clock):
    """Two prints may be alike: without a seam nothing is taken for a repetition."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            await terminal.peer.send(trades([1, 1, 2, 1]))
            assert told(await read(feed.with_notices(), 4)) == [1, 1, 2, 1]


@each_stream
async def test_events_repeated_long_after_a_reconnect_are_delivered_as_sent(autojump_clock):
    """The seam is five seconds long."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            await terminal.peer.cut(trades([1]))
            await terminal.connection(2)
            await trio.sleep(6)
            await terminal.peer.send(trades([1]))
            assert told(await read(feed.with_notices(), 4)) == [1, "Lost", "Gap", 1]


# Reading


@each_stream
async def test_a_reader_may_break_off_and_go_on(autojump_clock):
    """Leaving the loop leaves the subscription: what comes meanwhile waits for the next loop."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            living = trio.lowlevel.current_statistics().tasks_living
            await terminal.peer.send_trades(1, 3)
            async for event in feed:
                if event.sequence == 2:
                    break
            async for event in feed.with_notices():
                assert event.sequence == 3
                break
            await trio.sleep(30)
            assert terminal.peer.removed == []
            await terminal.peer.send_trades(4, 5)
            assert told(await read(feed, 2)) == [4, 5]
            assert trio.lowlevel.current_statistics().tasks_living == living
            assert session.stream.statistics().subscriptions == 1


@each_stream
async def test_a_reader_in_a_child_task_meets_the_end_of_its_feed(autojump_clock):
    """FeedClosed for who reads a feed whose block is left; the session goes on."""
    met = []

    async def reader(feed):
        with pytest.raises(thetatrio.FeedClosed) as caught:
            async for _ in feed:
                pass
        met.append(caught.value)

    async with streaming() as (terminal, session):
        async with trio.open_nursery() as nursery:
            async with session.stream.trades(AAPL) as feed:
                for _ in range(2):
                    nursery.start_soon(reader, feed)
                await wait_all_tasks_blocked()
        assert len({id(error) for error in met}) == 2
        with pytest.raises(thetatrio.FeedClosed):
            await feed.receive()
        with pytest.raises(thetatrio.FeedClosed):
            await feed.add(SPY)
        async with session.stream.trades(AAPL) as feed:
            await terminal.peer.send_trades(1, 1)
            assert told(await read(feed, 1)) == [1]


@each_stream
async def test_plain_iteration_logs_losses_and_goes_on(autojump_clock, caplog):
    """One warning for each run of losses, naming the feed, before the events after it."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            with caplog.at_level(logging.WARNING, "thetatrio"):
                await terminal.peer.cut(trades([1]))
                await terminal.connection(2)
                await wait_all_tasks_blocked()
                await terminal.peer.send_trades(2, 2)
                assert told(await read(feed, 2)) == [1, 2]
    (record,) = caplog.records
    assert record.name == "thetatrio.stream"
    assert "Topic.trades(Stock('AAPL'))" in record.getMessage()
    assert "lost (the terminal ended the connection)" in record.getMessage()
    assert (
        "gap from 2024-11-04 09:30:00.001000 to 2024-11-04 09:30:00.002000 New York"
        in record.getMessage()
    )


@each_stream
async def test_losses_may_be_raised_in_their_place(autojump_clock):
    """`on_loss="raise"`: GapError with the gap; the next read goes on after it."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL, on_loss="raise") as feed:
            await terminal.peer.cut(trades([1]))
            await terminal.connection(2)
            await wait_all_tasks_blocked()
            await terminal.peer.send_trades(2, 3)
            await wait_all_tasks_blocked()
            assert told(await read(feed, 1)) == [1]
            with pytest.raises(thetatrio.GapError, match="reading may go on") as caught:
                await feed.receive()
            assert isinstance(caught.value.notice, Gap)
            assert told(await read(feed, 2)) == [2, 3]


def test_a_wall_clock_that_jumps_changes_nothing(monkeypatch):
    """Timers follow trio's clock: an hour back on the wall is no reason for anything."""

    async def main():
        async with streaming() as (terminal, session):
            async with session.stream.trades(AAPL) as feed:
                await trio.sleep(3)
                real = sys.modules["time"].time
                monkeypatch.setattr("time.time", lambda: real() - 3600)
                await trio.sleep(30)
                await terminal.peer.send_trades(1, 1)
                assert told(await read(feed.with_notices(), 1)) == [1]
                assert session.stream.statistics().connections == 1

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
