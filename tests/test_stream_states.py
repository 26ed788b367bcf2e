"""thetatrio._stream.states: how the stream is, told to whoever looks."""

import pytest
import trio
from trio.testing import assert_checkpoints, wait_all_tasks_blocked

from thetatrio._stream.states import StateChannel, StreamState
from thetatrio.errors import InternalError, SessionClosed, WouldBlock

pytestmark = pytest.mark.core

IDLE, CONNECTING = StreamState(name="idle"), StreamState(name="connecting", attempt=1)
LIVE = StreamState(name="live")


def closed():
    return SessionClosed("left")


async def test_the_present_state_comes_first():
    """A channel begins with the state of now, and goes on with every change."""
    channel = StateChannel(IDLE)
    channel.push(CONNECTING)
    channel.push(LIVE)
    with assert_checkpoints():
        assert await channel.receive() == IDLE
    assert channel.receive_nowait() == CONNECTING
    assert await channel.receive() == LIVE
    with pytest.raises(WouldBlock, match=r"await receive\(\)"):
        channel.receive_nowait()


async def test_a_reader_that_waits_is_woken():
    """States are read as they come."""
    channel, seen = StateChannel(IDLE), []

    async def watch():
        async for state in channel:
            seen.append(state)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        for state in (CONNECTING, LIVE):
            await wait_all_tasks_blocked()
            channel.push(state)
        await wait_all_tasks_blocked()
        assert seen == [IDLE, CONNECTING, LIVE]
        channel.end(closed)


async def test_each_state_goes_to_one_reader():
    """Several who read one channel share its states, and all are woken by its end."""
    channel, seen = StateChannel(IDLE), []

    async def watch():
        async for state in channel:
            seen.append(state.attempt)

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(watch)
        for attempt in range(1, 50):
            channel.push(StreamState(name="reconnecting", attempt=attempt))
            if attempt % 7 == 0:
                await wait_all_tasks_blocked()
        await wait_all_tasks_blocked()
        channel.end(closed)
    assert sorted(seen) == list(range(50))


async def test_the_end_comes_after_what_waits():
    """States that were not read are still given; then receive() raises and iteration ends."""
    channel = StateChannel(IDLE)
    channel.push(LIVE)
    channel.end(closed)
    assert [await channel.receive(), channel.receive_nowait()] == [IDLE, LIVE]
    errors = []
    for _ in range(2):
        with pytest.raises(SessionClosed) as caught:
            await channel.receive()
        errors.append(caught.value)
        with pytest.raises(SessionClosed) as caught:
            channel.receive_nowait()
        errors.append(caught.value)
    assert len({id(error) for error in errors}) == 4
    assert [state async for state in channel] == []


async def test_another_end_is_no_end_of_iteration():
    """Only a session that was left ends a loop quietly; what went wrong is raised in it."""
    channel = StateChannel(IDLE)
    channel.end(lambda: InternalError("defect"))
    with pytest.raises(InternalError):
        async for state in channel:
            assert state == IDLE


async def test_a_cancelled_reader_loses_nothing():
    """Who gives up waiting takes no state with it."""
    channel = StateChannel(IDLE)
    await channel.receive()
    with trio.move_on_after(1) as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(channel.receive)
            await wait_all_tasks_blocked()
            scope.cancel()
    channel.push(LIVE)
    with trio.CancelScope() as scope:
        scope.cancel()
        await channel.receive()
    assert await channel.receive() == LIVE


async def test_a_channel_that_is_not_read_keeps_the_newest():
    """Memory is bounded: of many states the last 1,024 wait."""
    channel = StateChannel(IDLE)
    for attempt in range(5000):
        channel.push(StreamState(name="reconnecting", attempt=attempt))
    channel.end(closed)
    kept = [state.attempt async for state in channel]
    assert kept == list(range(5000 - 1024, 5000))
