"""Answers that are read to their end before any of them is handed out."""

import pytest
import trio

import thetatrio
from tests.network import answer, scripted
from thetatrio._rest.asking import ask_for
from thetatrio._rest.held_answer import HeldAnswer
from thetatrio.requests import OptionHistoryOpenInterest

LINE = (
    b'{"symbol":"SPY","expiration":"2024-11-15","strike":570.000,"right":"CALL",'
    b'"timestamp":"2024-11-04T06:30:00","open_interest":%d}\n'
)
BODY = b"".join(LINE % number for number in range(40_000))  # more than is kept in memory


def request():
    return OptionHistoryOpenInterest(
        "SPY", expiration="*", start_date="2024-11-04", end_date="2024-11-06"
    )


def held(session):
    client = session._client
    return HeldAnswer(ask_for(client, request(), None), client.spool_room), client.spool_room


async def test_all_of_it_is_there_once_it_is_open():
    """What is received is what came, byte for byte, and its room is given back."""
    async with scripted(answer(BODY)) as (_, session):
        waiting, room = held(session)
        assert await waiting.open()
        assert waiting.content_type == "application/x-ndjson"
        assert room.taken == len(BODY)
        received = b""
        while chunk := await waiting.receive():
            received += chunk
        assert received == BODY
        await waiting.aclose()
        assert room.taken == 0


async def test_a_cut_starts_it_over(autojump_clock):
    """What came before the cut is thrown away: the answer is once what the second one is."""
    cut = ("cut", answer(BODY)[: len(BODY) // 2])
    async with scripted(cut, answer(LINE % 7)) as (script, session):
        waiting, room = held(session)
        assert await waiting.open()
        assert await waiting.receive() == LINE % 7
        assert await waiting.receive() == b""
        await waiting.aclose()
        assert room.taken == 0
        assert len(script.heads) == 2


async def test_a_stall_is_a_time_out_and_gives_its_room_back(autojump_clock):
    """Nothing of a stalled answer is handed out."""

    async def stall(stream, _head):
        await stream.send_all(answer(BODY)[:33_000])
        await trio.sleep_forever()

    async with scripted(stall) as (_, session):
        waiting, room = held(session)
        with pytest.raises(thetatrio.ReadTimeout):
            await waiting.open()
        await waiting.aclose()
        assert room.taken == 0


async def test_no_data_is_no_data():
    """472 has no bytes."""
    async with scripted(answer(b"No data", status=472)) as (_, session):
        waiting, _ = held(session)
        assert not await waiting.open()
        assert await waiting.receive() == b""
        await waiting.aclose()
