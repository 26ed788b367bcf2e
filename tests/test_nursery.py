"""thetatrio._nursery: how contexts with background tasks end."""

from __future__ import annotations

import pytest
import trio

import thetatrio
from tests.http_library import httpx
from thetatrio._nursery import bare_interrupts, open_hidden_nursery

pytestmark = pytest.mark.core


async def test_an_exception_of_the_body_comes_out_bare():
    """The body's own exception object comes out, ungrouped, with its context intact."""
    context = KeyError("earlier")
    mine = ValueError("mine")
    with pytest.raises(ValueError, match="mine") as caught:
        async with open_hidden_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            try:
                raise context
            except KeyError:
                raise mine  # noqa: B904  # its context is the point
    assert caught.value is mine
    assert mine.__context__ is context


async def test_tasks_end_with_the_body():
    """Leaving cancels what still runs and waits for it."""
    ended = False

    async def task():
        nonlocal ended
        try:
            await trio.sleep_forever()
        finally:
            ended = True

    async with open_hidden_nursery() as nursery:
        nursery.start_soon(task)
        await trio.lowlevel.checkpoint()
    assert ended


async def test_a_cancelled_body_is_cancelled_as_any_other():
    """A cancellation from outside passes through and is absorbed by its own scope."""
    with trio.CancelScope() as scope:
        async with open_hidden_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            scope.cancel()
            await trio.sleep_forever()
    assert scope.cancelled_caught


async def test_a_cancellation_that_meets_only_the_exit_is_not_an_error():
    """A scope cancelled after the body's last checkpoint ends quietly."""

    async def stubborn():
        with trio.CancelScope(shield=True):
            for _ in range(5):
                await trio.lowlevel.checkpoint()

    with trio.CancelScope() as scope:
        async with open_hidden_nursery() as nursery:
            nursery.start_soon(stubborn)
            await trio.lowlevel.checkpoint()
            scope.cancel()
        await trio.sleep_forever()
    assert scope.cancelled_caught


async def test_a_task_that_fails_is_a_defect():
    """A background task that raises comes out as InternalError with its cause."""

    async def fails():
        raise RuntimeError("bug")

    with pytest.raises(thetatrio.InternalError, match="report") as caught:
        async with open_hidden_nursery() as nursery:
            nursery.start_soon(fails)
            await trio.sleep_forever()
    assert isinstance(caught.value.__cause__, ExceptionGroup)
    assert caught.value.__cause__.subgroup(RuntimeError) is not None


async def test_the_bodys_exception_wins_over_a_tasks():
    """Where both fail, the body's comes out, with a note of the other."""

    async def fails():
        raise RuntimeError("bug")

    with pytest.raises(ValueError, match="mine") as caught:
        async with open_hidden_nursery() as nursery:
            nursery.start_soon(fails)
            try:
                await trio.sleep_forever()
            finally:
                raise ValueError("mine")
    assert "bug" in caught.value.__notes__[0]


async def test_an_interrupt_in_a_task_is_an_interrupt():
    """Ctrl-C that lands in a background task comes out as KeyboardInterrupt."""

    async def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        async with open_hidden_nursery() as nursery:
            nursery.start_soon(interrupted)
            await trio.sleep_forever()


def grouped(*errors):
    return BaseExceptionGroup("of a nursery", errors)


@pytest.mark.parametrize("depth", [1, 3])
async def test_an_interrupt_in_groups_comes_out_of_a_session_bare(depth):
    """A group that holds only KeyboardInterrupt is a bare one out of a session's block."""
    group = KeyboardInterrupt()
    for _ in range(depth):
        group = grouped(group)
    with pytest.raises(KeyboardInterrupt) as caught:
        async with thetatrio.open_session():
            raise group
    assert caught.value.__cause__ is group


async def test_cancellations_beside_an_interrupt_are_left_out():
    """KeyboardInterrupt in one task, which cancels others, is a bare KeyboardInterrupt."""

    async def interrupted():
        raise KeyboardInterrupt

    async def stays_cancelled():
        async with trio.open_nursery() as inner:
            inner.start_soon(trio.sleep_forever)
            await trio.sleep_forever()

    with pytest.raises(KeyboardInterrupt):
        async with thetatrio.open_session(), trio.open_nursery() as nursery:
            nursery.start_soon(stays_cancelled)
            nursery.start_soon(interrupted)


@pytest.mark.parametrize(
    "group", [grouped(KeyboardInterrupt(), ValueError()), grouped(ValueError())]
)
async def test_a_users_group_with_other_errors_is_left_alone(group):
    """No error of a group is dropped: with anything besides interrupts it comes out as it is."""
    with pytest.raises(BaseExceptionGroup) as caught:
        async with thetatrio.open_session():
            raise group
    assert caught.value is group
    with pytest.raises(BaseExceptionGroup) as caught, bare_interrupts():
        raise group
    assert caught.value is group


async def test_an_interrupt_inside_a_request_is_bare_in_the_block():
    """An interrupt that hit a nursery of the HTTP library can be caught around the request."""

    class Interrupted(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            raise grouped(KeyboardInterrupt())

    async with thetatrio.open_session(transport=Interrupted()) as session:
        with pytest.raises(KeyboardInterrupt):
            await session.stock.list_symbols()
        assert session.statistics().in_flight == 0


async def test_an_interrupt_while_the_terminal_is_detected_is_bare():
    """`api="auto"` asks before the session is there, and is interrupted as the rest is."""

    class Interrupted(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            raise grouped(KeyboardInterrupt())

    with pytest.raises(KeyboardInterrupt):
        await thetatrio.open_session(api="auto", transport=Interrupted()).__aenter__()
