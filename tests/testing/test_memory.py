"""The memory connection keeps trio's contract of streams."""

import pytest
import trio
from trio.testing import check_half_closeable_stream, wait_all_tasks_blocked

from thetatrio.testing import memory_stream_pair


async def test_it_is_a_stream():
    """trio's own check of half-closeable streams passes, with and without room."""

    async def roomy():
        return memory_stream_pair()

    async def clogged():
        one, other = memory_stream_pair(16)
        await one.send_all(bytes(16))
        await other.send_all(bytes(16))
        return one, other

    await check_half_closeable_stream(roomy, clogged)


async def test_a_full_direction_waits():
    """A sender waits for its reader, and goes on when there is room."""
    one, other = memory_stream_pair(10)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(one.send_all, b"x" * 25)
        await wait_all_tasks_blocked()
        assert nursery.child_tasks
        received = b""
        while len(received) < 25:
            received += await other.receive_some(4)
    assert received == b"x" * 25


async def test_reset():
    """After a reset both directions are broken for the peer, unread bytes too."""
    one, other = memory_stream_pair()
    await one.send_all(b"lost")
    one.reset()
    with pytest.raises(trio.BrokenResourceError):
        await other.receive_some()
    with pytest.raises(trio.BrokenResourceError):
        await other.send_all(b"x")
    with pytest.raises(trio.ClosedResourceError):
        await one.receive_some()
    await one.aclose()
    await other.aclose()
