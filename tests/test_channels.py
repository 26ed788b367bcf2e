"""thetatrio._rest.channels: rows and lists of rows, received one by one or by many."""

from __future__ import annotations

import pytest
import trio
from trio.testing import assert_checkpoints, wait_all_tasks_blocked

import thetatrio
from tests.network import answer, scripted
from tests.test_answer import history, prices

pytestmark = pytest.mark.core

BODY = prices(1000)


async def test_iterating_gives_every_row_in_order_and_ends():
    """`async for` gives each row once, in the terminal's order, and then ends for good."""
    async with scripted(answer(BODY)) as (_, session), history(session).rows() as rows:
        got = [row.price async for row in rows]
        assert got == [5000.0 + number for number in range(1000)]
        assert [row async for row in rows] == []
        with pytest.raises(thetatrio.EndOfChannel):
            await rows.receive()


async def test_rows_can_be_received_one_at_a_time():
    """`receive()` gives the next row, and EndOfChannel after the last."""
    async with scripted(answer(prices(2))) as (_, session), history(session).rows() as rows:
        assert (await rows.receive()).price == 5000
        assert (await rows.receive()).price == 5001
        with pytest.raises(thetatrio.EndOfChannel):
            await rows.receive()


async def test_decoded_rows_can_be_received_without_waiting():
    """`receive_nowait()` gives what is decoded already, and WouldBlock when that is gone."""
    async with scripted(answer(BODY)) as (_, session), history(session).rows() as rows:
        with pytest.raises(thetatrio.WouldBlock):
            rows.receive_nowait()
        got = [await rows.receive()]
        with pytest.raises(thetatrio.WouldBlock):
            while True:
                got.append(rows.receive_nowait())
        got += [row async for row in rows]
        assert [row.price for row in got] == [5000.0 + number for number in range(1000)]


async def test_lists_are_never_empty_and_make_up_all_rows():
    """`batches()` gives lists of at least one row that join to all rows."""
    line = answer(BODY, chunks=100)
    async with scripted(line) as (_, session), history(session).batches() as batches:
        lists = [rows async for rows in batches]
        assert all(lists)
        assert [row.price for rows in lists for row in rows] == [
            5000.0 + number for number in range(1000)
        ]
        with pytest.raises(thetatrio.EndOfChannel):
            await batches.receive()


async def test_rows_and_the_lists_behind_them_share_one_answer():
    """`rows.batches()` goes on where the rows' own list ends."""
    line = answer(BODY, chunks=4000)
    async with scripted(line) as (_, session), history(session).rows() as rows:
        first = await rows.receive()
        more = await rows.batches().receive()
        rest = [row async for row in rows]
        prices_got = sorted(row.price for row in [first, *more, *rest])
        assert prices_got == [5000.0 + number for number in range(1000)]


async def test_several_receivers_share_rows_without_losing_any():
    """Each row goes to exactly one of several tasks."""
    got: list[list[float]] = [[], [], []]

    async def take(rows, into):
        async for row in rows:
            into.append(row.price)
            if len(into) % 7 == 0:
                await trio.lowlevel.checkpoint()

    line = answer(BODY, chunks=999)
    async with scripted(line) as (_, session), history(session).rows() as rows:
        async with trio.open_nursery() as nursery:
            for into in got:
                nursery.start_soon(take, rows, into)
    assert sorted(sum(got, [])) == [5000.0 + number for number in range(1000)]
    assert sum(map(bool, got)) > 1


async def test_a_cancelled_receive_has_taken_nothing(autojump_clock):
    """A receive that a deadline cuts short loses no row."""

    async def slow(stream, head):
        whole = answer(BODY)
        for place in range(0, len(whole), 3000):
            await stream.send_all(whole[place : place + 3000])
            await trio.sleep(1)

    async with scripted(slow) as (script, session), history(session).rows() as rows:
        got = []
        cancelled = 0
        while True:
            with trio.move_on_after(0.3) as scope:
                try:
                    got.append((await rows.receive()).price)
                except thetatrio.EndOfChannel:
                    break
            cancelled += scope.cancelled_caught
        assert got == [5000.0 + number for number in range(1000)]
        assert cancelled > 10
        assert len(script.heads) == 1


async def test_others_run_at_least_every_256_rows():
    """A busy loop over rows cannot starve other tasks."""
    longest = 0
    last_turn = 0
    count = 0

    async def other():
        nonlocal longest, last_turn
        while True:
            longest = max(longest, count - last_turn)
            last_turn = count
            await trio.lowlevel.checkpoint()

    big = prices(1000) * 5
    async with scripted(answer(big)) as (_, session), history(session).rows() as rows:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(other)
            async for _row in rows:
                count += 1
            nursery.cancel_scope.cancel()
    assert count == 5000
    assert 0 < longest <= 512


async def test_closing_ends_the_request_and_the_rows():
    """`aclose()` gives the slot back at once, and nothing is received afterwards."""
    line = answer(BODY * 50)
    async with scripted(line) as (_, session), history(session).rows() as rows:
        await rows.receive()
        await rows.aclose()
        assert session.statistics().in_flight == 0
        assert [row async for row in rows] == []
        await rows.aclose()
    async with scripted(line) as (_, session), history(session).batches() as batches:
        await batches.aclose()
        assert [rows async for rows in batches] == []


async def test_no_data_is_a_channel_that_ends_at_once():
    """472 is an empty channel of rows and of lists."""
    line = answer(b"none", status=472, content_type="text/plain")
    async with scripted(line) as (_, session):
        async with history(session).rows() as rows:
            assert [row async for row in rows] == []
        async with history(session).batches() as batches:
            assert [rows async for rows in batches] == []


async def test_what_cannot_be_decoded_is_raised_in_its_place():
    """Good rows come first, then DecodeError with the request; after it the channel is over."""
    line = answer(prices(3) + b'{"price":"?"}\n', chunks=40)
    async with scripted(line) as (_, session), history(session).rows() as rows:
        got = []
        with pytest.raises(thetatrio.DecodeError, match="index_history_price: row 4") as caught:
            async for row in rows:
                got.append(row)
        assert len(got) == 3
        assert caught.value.first_bytes.startswith(b'{"price"')
        assert caught.value.request == thetatrio.requests.IndexHistoryPrice(
            "SPX", date="2024-11-04"
        )
        assert [row async for row in rows] == []


async def test_leaving_early_frees_the_slot():
    """Leaving the block in the middle of an answer ends its request."""
    async with scripted(answer(BODY * 100)) as (_, session):
        async with history(session).rows() as rows:
            await rows.receive()
            await wait_all_tasks_blocked()
            assert session.statistics().in_flight == 1
        assert session.statistics().in_flight == 0


async def test_receiving_from_either_channel_is_a_checkpoint():
    """A receive that finds its rows ready lets others run all the same, batch by batch."""
    async with scripted(answer(BODY)) as (_, session), history(session).batches() as batches:
        with assert_checkpoints():
            await batches.receive()
    async with scripted(answer(BODY)) as (_, session), history(session).rows() as rows:
        with assert_checkpoints():
            await rows.receive()


async def test_a_channel_closed_by_another_task_ends_for_who_waits():
    """`aclose()` from elsewhere is the end, not an error, for a task that is receiving."""

    async def falls_silent(stream, head):
        await stream.send_all(answer(BODY[:200], length=len(BODY)))
        await trio.sleep_forever()

    got = []

    async def read(rows):
        got.extend([row async for row in rows])

    async with scripted(falls_silent) as (_, session), history(session).rows() as rows:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(read, rows)
            await wait_all_tasks_blocked()
            await rows.aclose()
    assert len(got) > 1
