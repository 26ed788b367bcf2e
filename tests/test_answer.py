"""thetatrio._rest.answer: one answer through retries and cuts."""

from __future__ import annotations

import pytest
import trio

import thetatrio
from tests.network import answer, scripted

pytestmark = pytest.mark.core

DAY = "2024-11-04"


def price(number: int, *, price: float = 5000.0) -> bytes:
    minute, second = divmod(number, 60)
    hour, minute = divmod(570 + minute, 60)
    return b'{"price":%.2f,"timestamp":"%s"}\n' % (
        price + number,
        f"2024-11-04T{hour:02}:{minute:02}:{second:02}".encode(),
    )


def prices(count: int, **kwargs) -> bytes:
    return b"".join(price(number, **kwargs) for number in range(count))


BODY = prices(1000)
# Cut in the middle of a row, after about a third.
CUT = ("cut", answer(BODY[:20_011], length=len(BODY)))
GONE = answer(b"no data", status=472, content_type="text/plain")
WHOLE = answer(BODY)


def history(session):
    return session.index.history_price("SPX", date=DAY)


async def read_all(query):
    async with query.rows() as rows:
        return [row async for row in rows]


async def test_a_cut_answer_about_the_past_goes_on_where_it_was_cut(autojump_clock):
    """Rows handed out before a cut are not handed out again, and none is missing."""
    async with scripted(CUT, WHOLE) as (script, session):
        rows = await read_all(history(session))
        assert [row.price for row in rows] == [5000.0 + number for number in range(1000)]
        assert len(script.heads) == 2


async def test_many_cuts_that_each_get_further_are_survived(autojump_clock):
    """Trouble is counted anew once an answer has got further than before."""
    cuts = [("cut", answer(BODY[: 2_000 * n], length=len(BODY))) for n in range(1, 25)]
    async with scripted(*cuts, WHOLE) as (script, session):
        assert len(await read_all(history(session))) == 1000
        assert len(script.heads) == 25


async def test_a_cut_at_the_same_place_each_time_is_given_up(autojump_clock):
    """An answer that never gets further ends in ConnectionLost with the rows delivered."""
    async with scripted(CUT, CUT) as (script, session):
        got = []
        with pytest.raises(thetatrio.ConnectionLost, match="trying again did not help") as caught:
            async with history(session).rows() as rows:
                async for row in rows:
                    got.append(row)
        assert caught.value.rows_delivered == len(got) > 100
        assert caught.value.request == history_request(session)
        assert 2 < len(script.heads) <= 13


def history_request(session):
    query = history(session)
    query.close()
    return query.request


async def test_other_bytes_on_asking_again_are_not_taken_for_the_rest(autojump_clock):
    """An answer that changed in what was delivered is ConnectionLost, never a mixture."""
    changed = answer(prices(1000, price=5000.01))
    async with scripted(CUT, changed) as (_, session):
        with pytest.raises(thetatrio.ConnectionLost, match="other bytes") as caught:
            await read_all(history(session))
        assert caught.value.rows_delivered > 0


async def test_rows_in_another_order_are_not_taken_for_the_same(autojump_clock):
    """The same rows in another order have another checksum."""
    lines = BODY.splitlines(keepends=True)
    lines[0], lines[1] = lines[1], lines[0]
    async with scripted(CUT, answer(b"".join(lines))) as (_, session):
        with pytest.raises(thetatrio.ConnectionLost, match="other bytes"):
            await read_all(history(session))


async def test_a_shorter_answer_on_asking_again_is_not_taken_for_the_same(autojump_clock):
    """An answer that now ends before the cut cannot be the same."""
    async with scripted(CUT, answer(prices(10))) as (_, session):
        with pytest.raises(thetatrio.ConnectionLost, match="other bytes"):
            await read_all(history(session))


async def test_no_data_on_asking_again_is_not_taken_for_the_end(autojump_clock):
    """A 472 after rows were delivered is ConnectionLost, not the end of the rows."""
    async with scripted(CUT, GONE) as (_, session):
        with pytest.raises(thetatrio.ConnectionLost, match="other bytes"):
            await read_all(history(session))


async def test_an_error_on_asking_again_says_how_many_rows_were_delivered(autojump_clock):
    """What the terminal says on asking again comes out with the count of good rows."""
    refusal = answer(b"not for you", status=471, content_type="text/plain")
    async with scripted(CUT, refusal) as (_, session):
        with pytest.raises(thetatrio.ConnectionLost, match="not for you") as caught:
            await read_all(history(session))
        assert isinstance(caught.value.__cause__, thetatrio.PermissionDenied)
        assert caught.value.rows_delivered > 0


async def test_a_cut_while_reading_again_is_tried_again(autojump_clock):
    """A second cut before the place of the first does not end the answer."""
    early = ("cut", answer(BODY[:5_000], length=len(BODY)))
    async with scripted(CUT, early, WHOLE) as (script, session):
        assert len(await read_all(history(session))) == 1000
        assert len(script.heads) == 3


async def test_a_cut_of_a_snapshot_after_rows_is_not_gone_on_from(autojump_clock):
    """What is not about the settled past is never continued from another answer."""
    line = (
        b'{"symbol":"A%d","ask_size":3,"bid_size":1,"ask_exchange":29,"ask_condition":0,'
        b'"bid_exchange":29,"ask":2.5,"bid":2.4,"bid_condition":0,'
        b'"timestamp":"2024-11-04T16:03:05.142"}\n'
    )
    body = b"".join(line % number for number in range(500))
    cut = ("cut", answer(body[:40_000], length=len(body)))
    async with scripted(cut, answer(body)) as (script, session):
        with pytest.raises(thetatrio.ConnectionLost, match="settled past") as caught:
            await read_all(session.stock.snapshot_quote("*"))
        assert caught.value.rows_delivered > 0
        assert len(script.heads) == 1


async def test_a_range_that_reaches_today_is_not_gone_on_from(autojump_clock, monkeypatch):
    """A range that includes today may differ when asked again, so it is not continued."""
    import datetime as dt

    monkeypatch.setattr("thetatrio.market_time.today", lambda: dt.date(2024, 11, 4))
    async with scripted(CUT, WHOLE) as (_, session):
        with pytest.raises(thetatrio.ConnectionLost, match="settled past"):
            await read_all(history(session))


async def test_a_cut_before_the_first_row_starts_over_whatever_is_asked(autojump_clock):
    """As long as nothing was handed out, a cut costs only time."""
    body = b'{"symbol":"A"}\n'
    first = ("cut", answer(body[:5], length=len(body)))
    async with scripted(first, answer(body)) as (script, session):
        assert await read_all(session.stock.list_symbols()) == [thetatrio.rows.Symbol("A")]
        assert len(script.heads) == 2


async def test_a_list_is_whole_or_an_error(autojump_clock):
    """`await query` starts over after a cut, also where it could not be gone on from."""
    async with scripted(CUT, CUT, WHOLE) as (script, session):
        rows = await history(session)
        assert [row.price for row in rows] == [5000.0 + number for number in range(1000)]
        assert len(script.heads) == 3


async def test_a_list_that_stays_cut_is_an_error(autojump_clock):
    """`await query` never returns a short list."""
    async with scripted(CUT) as (_, session):
        with pytest.raises(thetatrio.ConnectionLost) as caught:
            await history(session)
        assert caught.value.rows_delivered == 0


async def test_no_data_after_a_cut_of_a_list_is_an_empty_list(autojump_clock):
    """Starting over forgets what came before, also when there is no data the second time."""
    async with scripted(CUT, GONE) as (_, session):
        assert await history(session) == []


async def test_a_reader_cancelled_while_an_answer_is_taken_up_can_read_on(autojump_clock):
    """A cut is not taken for the end by a reader that was cancelled in between."""

    async def slow(stream, head):
        await trio.sleep(5)
        await stream.send_all(WHOLE)

    async with scripted(CUT, slow, WHOLE) as (_, session), history(session).rows() as rows:
        got = []
        with trio.move_on_after(2) as scope:
            async for row in rows:
                got.append(row)
        assert scope.cancelled_caught
        assert 0 < len(got) < 1000
        got += [row async for row in rows]
        assert [row.price for row in got] == [5000.0 + number for number in range(1000)]


async def test_an_answer_that_falls_silent_is_taken_up_again(autojump_clock):
    """Silence in the middle of a body counts as a cut, once."""

    async def falls_silent(stream, head):
        await stream.send_all(answer(BODY[:20_011], length=len(BODY)))
        await trio.sleep(1000)

    async with scripted(falls_silent, WHOLE) as (_, session):
        start = trio.current_time()
        assert len(await read_all(history(session))) == 1000
        assert trio.current_time() - start == pytest.approx(30, abs=1)


@pytest.mark.parametrize("content_type", ["application/x-ndjson", "text/csv", "text/plain"])
async def test_an_end_that_cannot_be_proved_is_an_error(autojump_clock, content_type):
    """Lines without a length or chunks are refused: a cut would look like their end."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nConnection: close\r\n\r\n"
    async with scripted(("cut", head.encode() + BODY)) as (_, session):
        with pytest.raises(thetatrio.DecodeError, match="neither a length nor chunks"):
            await history(session)


async def test_a_json_document_proves_its_own_end(autojump_clock):
    """JSON without a length or chunks is accepted, and refused where it is cut."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
    body = b'{"response":[{"symbol":"A"}]}'
    async with scripted(("cut", head + body), ("cut", head + body[:-1])) as (_, session):
        assert await session.stock.list_symbols() == [thetatrio.rows.Symbol("A")]
        with pytest.raises(thetatrio.DecodeError):
            await session.stock.list_symbols()
