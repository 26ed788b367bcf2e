"""What keeps the stream up: waits between attempts, subscriptions said again, states, answers."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

import thetatrio
from tests.stream_peer import (
    AAPL,
    SPX,
    SPY,
    Peer,
    frame,
    moment,
    read,
    response,
    streaming,
    told,
    trade,
    trades,
)
from thetatrio import ReconnectPolicy, Stock, Topic
from thetatrio.events import Gap, Lost

FIFTY = [Stock(f"S{number:02}") for number in range(50)]


async def drop(peer):
    """Accept, and end the connection."""
    await peer.accept()


def bounds(count, base=0.25, cap=30.0):
    """Return the longest that each of so many waits in a row may be."""
    return [min(cap, base * 2**number) for number in range(count)]


def commands(terminal):
    """Return the commands of all connections, by arrival."""
    return [command for peer in terminal.peers for command in peer.commands]


# Waits between attempts


async def test_a_terminal_that_starts_late_is_waited_for_if_told_so(autojump_clock):
    """`wait_for_terminal` makes the first connection patient; attempts are counted in states."""
    async with streaming(refuse=3, wait_for_terminal=60) as (terminal, session):
        async with session.stream.states() as states:
            async with session.stream.trades(AAPL):
                pass
            seen = []
            while (state := await states.receive()).name != "live":
                seen.append((state.name, state.attempt))
        assert len(terminal.attempts) == 4
        for delay, bound in zip(terminal.delays, bounds(3), strict=True):
            assert 0 <= delay <= bound
        assert seen == [
            ("idle", 0),
            ("connecting", 1), ("reconnecting", 2),
            ("connecting", 2), ("reconnecting", 3),
            ("connecting", 3), ("reconnecting", 4),
            ("connecting", 4),
        ]  # fmt: skip


async def test_patience_for_the_first_connection_has_its_end(autojump_clock):
    """When wait_for_terminal has passed, the last failure is what subscribing raises."""
    async with streaming(refuse=1000, wait_for_terminal=60) as (terminal, session):
        with pytest.raises(thetatrio.ConnectError):
            async with session.stream.trades(AAPL):
                raise AssertionError
        assert 60 <= terminal.attempts[-1] - terminal.attempts[0] <= 90


async def test_a_stream_that_was_up_is_brought_back_unless_told_otherwise(autojump_clock):
    """Waits are anywhere from 0 to a bound that doubles up to the cap, without end."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            notices = feed.with_notices()
            await trio.sleep(20)
            terminal.refuse = 30
            await terminal.peer.cut(trades([1]))
            assert told(await read(notices, 3)) == [1, "Lost", "Gap"]
            assert len(terminal.attempts) == 32
            delays = terminal.delays[1:]
            for delay, bound in zip(delays, bounds(31)[1:], strict=False):
                assert 0 <= delay <= bound
            assert max(delays) > 20
            await terminal.peer.send_trades(2, 2)
            assert told(await read(notices, 1)) == [2]


async def test_waits_follow_the_chance_that_was_handed_in(autojump_clock):
    """The same seed waits the same times; another one does not."""
    seen = []
    for seed in (5, 5, 6):
        chance = random.Random(seed)
        async with streaming(refuse=6, wait_for_terminal=60, chance=chance) as (terminal, session):
            async with session.stream.trades(AAPL):
                seen.append([round(delay, 9) for delay in terminal.delays])
    assert seen[0] == seen[1] != seen[2]


@pytest.mark.parametrize("seed", range(2))
async def test_a_terminal_that_accepts_and_drops_is_not_stormed(seed, autojump_clock):
    """Connections that do not last count as failures: waits grow to the cap."""
    chance = random.Random(seed)
    async with streaming(Peer.live, drop, chance=chance) as (terminal, session):
        async with session.stream.trades(AAPL):
            await terminal.peer.cut()
            began = trio.current_time()
            await trio.sleep(600)
            within = [at for at in terminal.attempts if at - began <= 600]
            assert len(within) <= 70
            await trio.sleep(2400)
            delays = terminal.delays
            assert len(delays) > 100
            for delay, bound in zip(delays[1:], bounds(len(delays))[1:], strict=True):
                assert delay <= bound + 1e-6
            assert sum(delays[50:100]) / 50 == pytest.approx(15, abs=4)


async def test_waits_begin_anew_only_after_a_stable_connection(autojump_clock):
    """Ten seconds of data make a connection good; a shorter one goes on with longer waits."""
    policy = ReconnectPolicy(base=1, cap=1000, stable=10)

    def lasting(seconds):
        async def live(peer):
            with trio.move_on_after(seconds):
                await peer.live()

        return live

    async def waits(*lives):
        chance = random.Random(1)
        chance.uniform = lambda low, high: high
        options = {"reconnect": policy, "chance": chance}
        async with streaming(lasting(20), *lives, Peer.live, **options) as (_, session):
            async with session.stream.states() as states, session.stream.trades(AAPL):
                found = []
                while len(found) < len(lives) + 1:
                    state = await states.receive()
                    if state.name == "reconnecting":
                        found.append(state.delay)
                return found

    assert await waits(lasting(5), lasting(5), lasting(5)) == [1, 2, 4, 8]
    assert await waits(lasting(5), lasting(15), lasting(5)) == [1, 2, 1, 2]


async def test_a_silent_connection_is_not_a_stable_one(autojump_clock):
    """Seconds without data do not count: it is data that shows that a connection works."""

    async def silent(peer):
        await peer.accept()
        await peer.obey()

    chance = random.Random(1)
    chance.uniform = lambda low, high: high
    options = {"reconnect": ReconnectPolicy(base=1, cap=1000), "chance": chance}
    async with streaming(Peer.live, silent, idle_timeout=30, **options) as (terminal, session):
        async with session.stream.trades(AAPL):
            await trio.sleep(20)
            await terminal.peer.cut()
            await trio.sleep(200)
        waits = [round(delay - 30) for delay in terminal.delays[1:]]
        assert waits[:3] == [2, 4, 8]


async def test_the_first_wait_after_a_503_is_what_it_asks_for(autojump_clock):
    """Retry-After goes before the back-off's own wait after a loss too, for each attempt."""

    async def busy(peer):
        await peer.reject(503, Retry_After="7")

    async with streaming(Peer.live, busy, busy, Peer.live) as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            await terminal.peer.cut()
            assert told(await read(feed.with_notices(), 2)) == ["Lost", "Gap"]
            assert [delay >= 7 for delay in terminal.delays] == [False, True, True]


async def test_attempts_may_be_bounded(autojump_clock):
    """ReconnectGaveUp after max_attempts, with their number; what had arrived is read first."""
    policy = ReconnectPolicy(max_attempts=4)
    async with streaming(reconnect=policy) as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            terminal.refuse = 1000
            await terminal.peer.cut(trades([1, 2]))
            notices = feed.with_notices()
            assert told(await read(notices, 3)) == [1, 2, "Lost"]
            with pytest.raises(thetatrio.ReconnectGaveUp, match="in 4 attempts.*refused") as caught:
                await notices.receive()
            assert caught.value.attempts == 4
            assert len(terminal.attempts) == 1 + 4
            terminal.refuse = 0
            await trio.sleep(100)
            assert len(terminal.attempts) == 1 + 4
        async with session.stream.trades(AAPL) as feed:
            await terminal.peer.send_trades(3, 3)
            assert told(await read(feed, 1)) == [3]


async def test_the_time_without_a_connection_may_be_bounded(autojump_clock):
    """ReconnectGaveUp once max_elapsed has passed; every reader of every feed meets it."""
    policy = ReconnectPolicy(max_elapsed=60)
    met = []

    async def reader(feed):
        with pytest.raises(thetatrio.ReconnectGaveUp) as caught:
            await feed.receive()
        met.append((trio.current_time(), caught.value))

    async with streaming(reconnect=policy) as (terminal, session):
        async with session.stream.trades(AAPL) as one, session.stream.quotes(SPY) as other:
            terminal.refuse = 1000
            await terminal.peer.cut()
            began = trio.current_time()
            async with trio.open_nursery() as nursery:
                for feed in (one, one, other):
                    nursery.start_soon(reader, feed)
    assert len({id(error) for _, error in met}) == 3
    assert all(60 <= at - began <= 90 for at, _ in met)


# Subscriptions


async def test_command_numbers_only_grow(autojump_clock):
    """Over commands, feeds and connections: the terminal resubscribes by them."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            await feed.add(SPY)
            async with session.stream.quotes(AAPL):
                await terminal.peer.cut()
                await terminal.connection(2)
                await wait_all_tasks_blocked()
            feed.remove(SPY)
            await terminal.peer.cut()
            await terminal.connection(3)
            await wait_all_tasks_blocked()
    numbers = [command.number for command in commands(terminal)]
    assert all(one < two for one, two in pairwise(numbers))
    assert len(terminal.peers[1].added) == 3


async def test_commands_say_what_the_terminal_understands(autojump_clock):
    """Root, expiration as a number, strike in thousandths, right; bulk for the full stream."""
    async with streaming() as (terminal, session):
        topics = Topic.quotes(SPX), Topic.prices(thetatrio.Index("VIX"))
        async with session.stream.subscribe(*topics):
            async with session.stream.full_trades("option"):
                pass
        await wait_all_tasks_blocked()
        said = [command.said for command in terminal.peer.commands]
    for each in said:
        del each["id"]
    option = {"root": "SPXW", "expiration": 20241115, "strike": 5800000, "right": "C"}
    stream = {"msg_type": "STREAM"}
    wanted = [
        stream | {"sec_type": "OPTION", "req_type": "QUOTE", "contract": option},
        stream | {"sec_type": "INDEX", "req_type": "TRADE", "contract": {"root": "VIX"}},
        {"msg_type": "STREAM_BULK", "sec_type": "OPTION", "req_type": "TRADE"},
    ]
    assert [each for each in said if each["add"]] == [each | {"add": True} for each in wanted]
    for each in wanted:
        assert said.count(each | {"add": False}) == 1
    assert len(said) == 6


async def test_two_feeds_of_one_contract_are_one_subscription(autojump_clock):
    """One command out; one removal, when the last of them leaves."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as one:
            async with session.stream.trades(AAPL) as two:
                await terminal.peer.send_trades(1, 2)
                assert told(await read(one, 2)) == told(await read(two, 2)) == [1, 2]
                assert session.stream.statistics().subscriptions == 1
                assert session.stream.statistics().feeds == 2
            await wait_all_tasks_blocked()
            assert len(terminal.peer.commands) == 1
        await wait_all_tasks_blocked()
        assert terminal.peer.added == terminal.peer.removed == ["AAPL"]
        assert session.stream.statistics().subscriptions == 0


async def test_feeds_may_be_nested_and_share_the_socket(autojump_clock):
    """Feeds inside feeds get what is theirs, over one connection."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as outer:
            async with session.stream.trades(SPY) as inner:
                both = Topic.trades(AAPL, SPY)
                async with session.stream.subscribe(both) as innermost:
                    await terminal.peer.send(trades([1]), trades([2], SPY), trades([3]))
                    assert told(await read(innermost, 3)) == [1, 2, 3]
                assert told(await read(inner, 1)) == [2]
            await terminal.peer.send_trades(4, 4)
            assert told(await read(outer, 3)) == [1, 3, 4]
        assert len(terminal.attempts) == 1


async def test_a_cut_while_subscribing_is_told_to_nobody(autojump_clock):
    """Subscribing goes on with the next connection, said once to each; no loss before data."""
    async with streaming() as (terminal, session):
        terminal.answer = lambda _: None
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def trouble():
                await terminal.connection(1)
                await wait_all_tasks_blocked()
                await trio.sleep(2)
                terminal.answer = lambda _: "SUBSCRIBED"
                await terminal.peer.cut()

            async with session.stream.trades(AAPL, SPY) as feed:
                assert [peer.added for peer in terminal.peers] == [["AAPL", "SPY"]] * 2
                await terminal.peer.send_trades(1, 1)
                assert told(await read(feed.with_notices(), 1)) == [1]


async def test_a_late_answer_to_a_removal_does_not_undo_a_subscription(autojump_clock):
    """Subscribed, left, subscribed again: what counts is the word on the last command."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL):
            terminal.answer = lambda command: "SUBSCRIBED" if command.add else None
        await wait_all_tasks_blocked()
        removal = terminal.peer.commands[-1]
        assert not removal.add
        async with session.stream.trades(AAPL) as feed:
            await terminal.peer.send_texts(response(removal.number, "ERROR"))
            await terminal.peer.send_trades(1, 1)
            assert told(await read(feed.with_notices(), 1)) == [1]
            assert session.stream.statistics().confirmed == 1
            assert feed.refused == {}


async def test_an_answer_to_a_removal_is_none_to_the_subscription_after_it(autojump_clock):
    """SUBSCRIBED is also the word on removals: it must not pass for a newer one's."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL):
            terminal.answer = lambda _: None
        await wait_all_tasks_blocked()
        removal = terminal.peer.commands[-1].number
        with trio.move_on_after(3) as scope:
            async with trio.open_nursery() as nursery:

                @nursery.start_soon
                async def answer():
                    await wait_all_tasks_blocked()
                    await terminal.peer.send_texts(response(removal))

                async with session.stream.trades(AAPL):
                    raise AssertionError
        assert scope.cancelled_caught


async def test_answers_to_nothing_we_said_are_ignored(autojump_clock):
    """Other clients' answers, of a terminal that tells everything to everybody."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL):
            await terminal.peer.send_texts(response(7, "INVALID_PERMS"), response(-1, "ERROR"))
            await wait_all_tasks_blocked()
            assert session.stream.statistics().confirmed == 1
            assert session.stream.statistics().refused == 0


async def test_one_of_fifty_refused_takes_all_back(autojump_clock):
    """SubscriptionRefused has the terminal's word on the one; nothing stays subscribed."""
    async with streaming() as (terminal, session):
        terminal.answer = lambda command: (
            "INVALID_PERMS" if command.root == "S07" and command.add else "SUBSCRIBED"
        )
        with pytest.raises(thetatrio.SubscriptionRefused, match=r"S07.*INVALID_PERMS") as caught:
            async with session.stream.trades(*FIFTY):
                raise AssertionError
        assert caught.value.refused == {Stock("S07"): "INVALID_PERMS"}
        await wait_all_tasks_blocked()
        accepted = [each.symbol for each in FIFTY if each.symbol != "S07"]
        assert sorted(terminal.peer.removed) == accepted
        assert session.stream.statistics().subscriptions == 0


async def test_one_of_fifty_refused_may_be_gone_without(autojump_clock):
    """`partial=True` keeps the 49, and does not ask for the one again after a reconnect."""
    async with streaming() as (terminal, session):
        terminal.answer = lambda command: "INVALID_PERMS" if command.root == "S07" else "SUBSCRIBED"
        async with session.stream.trades(*FIFTY, partial=True) as feed:
            assert feed.refused == {Stock("S07"): "INVALID_PERMS"}
            assert len(feed.topics[0].contracts) == 49
            assert Stock("S07") not in feed.topics[0].contracts
            await terminal.peer.send(*(trades([at], each) for at, each in enumerate(FIFTY)))
            assert told(await read(feed, 49)) == [at for at in range(50) if at != 7]
            await terminal.peer.cut()
            await terminal.connection(2)
            await wait_all_tasks_blocked()
            assert len(terminal.peer.added) == 49
            assert "S07" not in terminal.peer.added
        await wait_all_tasks_blocked()
        assert "S07" not in terminal.peer.removed


async def test_all_refused_is_refused_even_for_who_takes_a_part(autojump_clock):
    """With nothing left, `partial=True` raises as well; an unknown word is a refusal."""
    async with streaming() as (terminal, session):
        terminal.answer = lambda _: "SYMBOL_NOT_FOUND"
        with pytest.raises(thetatrio.SubscriptionRefused) as caught:
            async with session.stream.trades(AAPL, SPY, partial=True):
                raise AssertionError
        assert set(caught.value.refused.values()) == {"SYMBOL_NOT_FOUND"}


async def test_no_answer_at_all_is_said_with_its_likely_causes(autojump_clock):
    """SubscriptionUnanswered names the contracts, exactly at ack_timeout; all is taken back."""
    async with streaming(ack_timeout=4) as (terminal, session):
        terminal.answer = lambda _: None
        began = trio.current_time()
        with pytest.raises(thetatrio.SubscriptionUnanswered, match="permission.*older") as caught:
            async with session.stream.trades(AAPL, SPY):
                raise AssertionError
        assert trio.current_time() - began == pytest.approx(4)
        assert caught.value.contracts == (AAPL, SPY)
        await wait_all_tasks_blocked()
        assert sorted(terminal.peer.removed) == ["AAPL", "SPY"]


async def test_no_answer_at_all_may_be_accepted(autojump_clock):
    """`unanswered="accept"` goes on after one ack_timeout, however many contracts there are."""
    many = [Stock(f"T{number:03}") for number in range(300)]
    async with streaming(ack_timeout=4) as (terminal, session):
        terminal.answer = lambda _: None
        began = trio.current_time()
        async with session.stream.trades(*many, unanswered="accept") as feed:
            assert trio.current_time() - began <= 8.001
            assert len(terminal.peer.added) == 300
            await terminal.peer.send_trades(1, 1, many[-1])
            assert told(await read(feed, 1)) == [1]


async def test_a_late_answer_counts_all_the_same(autojump_clock):
    """A terminal slower than ack_timeout may still refuse, which is told in its place."""
    async with streaming(ack_timeout=4) as (terminal, session):
        terminal.answer = lambda _: None
        async with session.stream.trades(AAPL, unanswered="accept") as feed:
            await trio.sleep(3)
            number = terminal.peer.commands[0].number
            await terminal.peer.send_texts(response(number, "INVALID_PERMS"))
            lost = await feed.with_notices().receive()
            assert isinstance(lost, Lost)
            assert "INVALID_PERMS" in lost.reason
            assert feed.refused == {AAPL: "INVALID_PERMS"}


async def test_refused_after_a_reconnect_is_told_in_its_place(autojump_clock):
    """Lost says whose data will not come; the others' gap closes and they go on."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL, SPY) as feed:
            notices = feed.with_notices()
            terminal.answer = lambda command: (
                "MAX_STREAMS_REACHED" if command.root == "SPY" else "SUBSCRIBED"
            )
            await terminal.peer.cut(trades([1]), trades([2], SPY))
            got = await read(notices, 5)
            assert told(got[:3]) == [1, 2, "Lost"]
            assert sorted(told(got[3:])) == ["Gap", "Lost"]
            lost = next(each for each in got[3:] if isinstance(each, Lost))
            assert "SPY" in lost.reason
            assert "MAX_STREAMS_REACHED" in lost.reason
            assert feed.refused == {SPY: "MAX_STREAMS_REACHED"}
            await terminal.peer.send_trades(3, 3)
            assert told(await read(notices, 1)) == [3]


async def test_taken_back_later_its_gap_begins_where_it_was_lost(autojump_clock):
    """A contract that was refused for one connection has a gap over all of that time."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL, SPY) as feed:
            notices = feed.with_notices()
            terminal.answer = lambda command: (
                "MAX_STREAMS_REACHED" if command.root == "SPY" else "SUBSCRIBED"
            )
            await terminal.peer.cut(trades([1]), trades([2], SPY))
            await read(notices, 5)
            await terminal.peer.send_trades(3, 3)
            (last,) = await read(notices, 1)
            terminal.answer = lambda _: "SUBSCRIBED"
            await terminal.peer.cut()
            got = await read(notices, 3)
            assert told(got) == ["Lost", "Gap", "Gap"]
            gaps = {each.topics: each for each in got if isinstance(each, Gap)}
            late = gaps[Topic.trades(SPY),]
            everything = gaps[Topic.trades(AAPL, SPY),]
            assert late.since < late.until == everything.since == last.timestamp
            assert feed.refused == {}


async def test_a_removal_that_was_not_answered_is_said_again(autojump_clock):
    """Subscriptions are the account's: one left in the moment of a cut must not live on."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL):
            async with session.stream.trades(SPY):
                terminal.answer = lambda command: "SUBSCRIBED" if command.add else None
            await wait_all_tasks_blocked()
            assert terminal.peer.removed == ["SPY"]
            await terminal.peer.cut()
            await terminal.connection(2)
            await wait_all_tasks_blocked()
            assert terminal.peer.added == ["AAPL"]
            assert terminal.peer.removed == ["SPY"]


async def test_what_was_left_while_the_line_was_down_is_not_said_again(autojump_clock):
    """After a reconnect the terminal is asked for what is wanted then: no more, no less."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            async with session.stream.trades(SPY):
                terminal.refuse = 3
                await terminal.peer.cut()
                await trio.sleep(0.01)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(feed.add, SPX)
            await wait_all_tasks_blocked()
            assert sorted(terminal.peer.added) == ["AAPL", "SPXW"]


# The terminal's own upstream


async def test_an_upstream_lost_and_back_is_subscribed_again(autojump_clock):
    """CONNECTED, DISCONNECTED, CONNECTED: new ids on the same socket, Lost, then Gap."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL, SPY) as feed, session.stream.states() as states:
            notices = feed.with_notices()
            await trio.sleep(1.5)
            await terminal.peer.send_trades(1, 3)
            terminal.status = "DISCONNECTED"
            await trio.sleep(3)
            terminal.status = "CONNECTED"
            got = await read(notices, 5)
            assert told(got) == [1, 2, 3, "Lost", "Gap"]
            lost, gap = got[3:]
            assert "upstream" in lost.reason
            assert lost.since == gap.since == moment(3)
            assert gap.until > gap.since
            assert gap.topics == (Topic.trades(AAPL, SPY),)
            first, second = terminal.peer.commands[:2], terminal.peer.commands[2:]
            assert sorted(command.root for command in second) == ["AAPL", "SPY"]
            assert min(each.number for each in second) > max(each.number for each in first)
            assert len(terminal.attempts) == 1
            await terminal.peer.send_trades(4, 4)
            assert told(await read(notices, 1)) == [4]
            names = [(await states.receive()).name for _ in range(3)]
            assert names == ["live", "upstream lost", "live"]


async def test_an_upstream_that_was_never_there_is_no_loss(autojump_clock):
    """A terminal says DISCONNECTED until its first request."""
    async with streaming() as (terminal, session):
        terminal.status = "DISCONNECTED"
        async with session.stream.trades(AAPL) as feed:
            await trio.sleep(2.5)
            terminal.status = "CONNECTED"
            await trio.sleep(2)
            assert len(terminal.peer.commands) == 1
            await terminal.peer.send_trades(1, 1)
            assert told(await read(feed.with_notices(), 1)) == [1]


async def test_the_first_event_after_an_upstream_loss_ends_the_gap(autojump_clock):
    """Gap.until is its market time; events repeated by the terminal are not delivered again."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL) as feed:
            notices = feed.with_notices()
            await trio.sleep(1.5)
            await terminal.peer.send_trades(1, 3)
            terminal.status = "DISCONNECTED"
            await trio.sleep(2)
            terminal.status = "CONNECTED"
            await trio.sleep(1.1)
            await terminal.peer.send(trades([2, 3, 60_000]))
            got = await read(notices, 7)
            assert told(got) == [1, 2, 3, "Lost", "Replayed", "Gap", 60_000]
            assert got[4].count == got[5].replayed == 2
            assert got[5].until == moment(60_000)


# States


async def test_states_tell_a_whole_life(autojump_clock):
    """Idle, connecting, live, reconnecting with its attempt, wait and reason, and live again."""
    async with streaming() as (terminal, session):
        async with session.stream.states() as states:
            assert (await states.receive()).name == "idle"
            with pytest.raises(thetatrio.WouldBlock):
                states.receive_nowait()
            async with session.stream.trades(AAPL):
                terminal.refuse = 1
                await terminal.peer.cut()
                await terminal.connection(2)
                await wait_all_tasks_blocked()
            seen = [states.receive_nowait() for _ in range(7)]
            assert [(each.name, each.attempt) for each in seen] == [
                ("connecting", 1),
                ("live", 0),
                ("reconnecting", 1),
                ("connecting", 1),
                ("reconnecting", 2),
                ("connecting", 2),
                ("live", 0),
            ]
            assert seen[2].reason == "the terminal ended the connection"
            assert 0 <= seen[2].delay <= 0.25
            assert "refused" in seen[4].reason
            assert 0 <= seen[4].delay <= 0.5
            assert session.stream.statistics().state == seen[-1]
            with pytest.raises(thetatrio.WouldBlock):
                states.receive_nowait()


async def test_states_end_with_their_session(autojump_clock):
    """Iteration ends; `receive` raises SessionClosed after what waits."""
    async with trio.open_nursery() as nursery:
        names = []

        async def follow(states):
            async for state in states:
                names.append(state.name)
            with pytest.raises(thetatrio.SessionClosed):
                await states.receive()

        async with streaming() as (_, session):
            states = await nursery.start(_held_states, session)
            nursery.start_soon(follow, states)
            async with session.stream.trades(AAPL):
                pass
            await wait_all_tasks_blocked()
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert names == ["idle", "connecting", "live"]


async def _held_states(session, *, task_status):
    async with session.stream.states() as states:
        task_status.started(states)
        await trio.sleep_forever()


async def test_a_failed_stream_says_so_until_it_is_wanted_again(autojump_clock):
    """The state is `failed`, with the reason; the next subscription connects."""
    async with streaming(refuse=1) as (_, session):
        async with session.stream.states() as states:
            with pytest.raises(thetatrio.ConnectError):
                async with session.stream.trades(AAPL):
                    raise AssertionError
            seen = [states.receive_nowait() for _ in range(3)]
            assert [state.name for state in seen] == ["idle", "connecting", "failed"]
            assert "refused" in seen[-1].reason
            async with session.stream.trades(AAPL):
                assert session.stream.statistics().state.name == "live"


async def test_an_idle_session_dials_nobody(autojump_clock):
    """The WebSocket opens with the first subscription, and a feed of nothing needs none."""
    async with streaming() as (terminal, session):
        await trio.sleep(60)
        async with session.stream.quotes() as feed:
            await trio.sleep(60)
            assert terminal.attempts == []
            await feed.add(AAPL)
            assert len(terminal.attempts) == 1
            await terminal.peer.send(frame(trade(1)))


async def test_counts_of_the_stream_are_those_of_the_wire(autojump_clock):
    """Connections, messages, bytes, feeds and subscriptions are as they were."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL):
            await terminal.peer.send_trades(1, 5)
            await terminal.peer.send_trades(6, 8, SPY)
            await wait_all_tasks_blocked()
            counts = session.stream.statistics()
            assert (counts.connections, counts.feeds, counts.subscriptions) == (1, 1, 1)
            assert counts.messages == 1 + 1 + 8
            assert counts.unwanted == 3
            assert (counts.confirmed, counts.refused, counts.unanswered_commands) == (1, 0, 0)
            assert counts.bytes > len(trades(range(8)))
            await terminal.peer.cut()
            await terminal.connection(2)
            await wait_all_tasks_blocked()
            assert session.stream.statistics().connections == 2
            assert session.stream.statistics().bytes >= counts.bytes


async def test_gaps_name_the_requests_that_fill_them(autojump_clock):
    """`requests_for` a gap of the feed asks for each contract, between its two moments."""
    async with streaming() as (terminal, session):
        async with session.stream.trades(AAPL, SPY) as feed:
            notices = feed.with_notices()
            await terminal.peer.cut(trades([1000]))
            await terminal.connection(2)
            await wait_all_tasks_blocked()
            await terminal.peer.send_trades(9000, 9000)
            got = await read(notices, 4)
            assert told(got) == [1000, "Lost", "Gap", 9000]
            gap = got[2]
            assert isinstance(gap, Gap)
            requests = session.requests_for(gap)
            assert [each.symbol for each in requests] == ["AAPL", "SPY"]
            assert str(requests[0].start_time) == "09:30:01.001000"
            assert str(requests[0].end_time) == "09:30:08.999000"
