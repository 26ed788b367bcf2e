"""thetatrio._rest.paging: a v2 terminal's pages as rows, through all that can happen."""

import contextlib
import json
from itertools import pairwise

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.network import answer, scripted, simulated
from thetatrio._rest.dialect import Target
from thetatrio._rest.pages import envelope_of
from thetatrio._rest.v2_rows import V2Rows
from thetatrio.config import RetryPolicy
from thetatrio.errors import (
    AuthenticationFailed,
    ConnectionLost,
    DecodeError,
    ForeignPage,
    InvalidRequest,
    PermissionDenied,
    RequestTooLarge,
    ServerError,
    TerminalDisconnected,
    ThetaDataError,
    WrongVersion,
)

pytestmark = pytest.mark.core

HERE = "http://127.0.0.1:25510"
FORMAT = ["ms_of_day", "open", "high", "low", "close", "volume", "count", "date"]
GONE = answer(b"No page found", status=477, content_type="text/plain")
ONCE = RetryPolicy(max_attempts=1)


def ticks(first, last):
    return [[34_200_000 + n, 1, 2.5, 0.5, 2, n, 3, 20241101] for n in range(first, last)]


def page(rows, link=None, *, took=1, names=FORMAT, **header):
    head = {"latency_ms": took, "error_type": "null", "error_msg": "null", "format": names}
    head |= {"next_page": "null" if link is None else f"{HERE}/v2/page/{link}", **header}
    body = json.dumps({"header": head, "response": rows}).encode()
    return answer(body, content_type="application/json")


def text(words, status=200):
    return answer(words.encode(), status=status, content_type="text/plain")


def asked(session):
    return session.stock.history_ohlc("AAPL", date="2024-11-01", interval="1m")


def old(*lines, **options):
    return scripted(*lines, api="v2", **options)


async def volumes(session):
    return [row.volume for row in await asked(session)]


async def test_pages_are_one_answer():
    """Empty pages in the middle and a bulk of one are nothing special; order is theirs."""
    lines = [page(ticks(0, 2), 2), page([], 3), page([], 4), page(ticks(2, 5))]
    async with old(*lines) as (script, session):
        assert await volumes(session) == [0, 1, 2, 3, 4]
        assert script.targets[1:] == ["/v2/page/2", "/v2/page/3", "/v2/page/4"]
        assert script.targets[0].startswith("/v2/hist/stock/ohlc?root=AAPL&")


@pytest.mark.parametrize(
    "line",
    [
        text(":No data for the specified timeframe & contract."),
        text(":No data for the specified timeframe & contract.", 472),
        answer(b":No data for it", content_type="application/json"),
        page([], error_type="NO_DATA", error_msg="nothing"),
        page([]),
    ],
)
async def test_no_data_is_an_empty_list(line):
    """A v2 terminal's ways to say that there is nothing are all an empty list."""
    async with old(line) as (_, session):
        assert await asked(session) == []
        async with asked(session).rows() as rows:
            assert [row async for row in rows] == []


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (page([], error_type="PERMISSION", error_msg="no"), PermissionDenied),
        (page([], error_type="INVALID_PARAMS", error_msg="no"), InvalidRequest),
        (page([], error_type="LARGE_REQUEST", error_msg="no"), RequestTooLarge),
        (page([], error_type="DISCONNECTED", error_msg="no"), TerminalDisconnected),
        (page([], error_type="SOMETHING_NEW", error_msg="no"), ServerError),
        (text(":Something is wrong"), ServerError),
        (text("no", 401), AuthenticationFailed),
        (text("no", 471), PermissionDenied),
        (text("We have upgraded to API v3.", 410), WrongVersion),
        (page(ticks(0, 1), names=FORMAT[1:]), DecodeError),
        (page([[1, 2]]), DecodeError),
        (page(ticks(0, 1), names=["x", *FORMAT[1:]]), DecodeError),
        (page([["x", *ticks(0, 1)[0][1:]]]), DecodeError),
        (answer(b"<html>", content_type="text/html"), DecodeError),
        (answer(b'{"rows":[]}', content_type="application/json"), DecodeError),
    ],
)
async def test_errors_are_those_of_the_tree(line, error):
    """A status, an error_type in a 200, plain words and garbage: each is the error it means."""
    async with old(line, retry=ONCE) as (_, session):
        with pytest.raises(error):
            await asked(session)


async def test_a_v3_terminal_asked_in_v2s_words_says_what_to_do():
    """410 names the setting that helps, and a v2 terminal's 404 to v3's words does too."""
    async with simulated() as (terminal, _), old(text("gone", 410)) as (_, session):
        with pytest.raises(WrongVersion, match='speaks v3; open the session with api="v3"'):
            await asked(session)
        assert terminal.service.face == "v3"
    async with scripted(text("No implementation", 404)) as (_, session):
        with pytest.raises(InvalidRequest, match="api='v2'"):
            await asked(session)


async def test_an_error_in_a_page_is_tried_again():
    """What would be tried again as a status is tried again as an error_type too."""
    busy = page([], 3, error_type="SERVER_STARTING", error_msg="wait")
    lines = [page(ticks(0, 2), 2), busy, page(ticks(2, 3), 3), page(ticks(3, 4))]
    async with old(*lines) as (script, session):
        assert await volumes(session) == [0, 1, 2, 3]
        assert script.targets[1:] == ["/v2/page/2", "/v2/page/2", "/v2/page/3"]


async def test_expired_pages_begin_again_without_repeating_rows():
    """After 477 rows that were delivered are read again, told, and not delivered again."""
    lines = [
        page(ticks(0, 3), 2), page(ticks(3, 4), 3), GONE,
        page(ticks(0, 1), 12, took=5), page(ticks(1, 6), 13), page(ticks(6, 7)),
    ]  # fmt: skip
    async with old(*lines) as (_, session), asked(session).rows() as rows:
        assert [row.volume async for row in rows] == list(range(7))
    async with old(*lines) as (_, session):
        assert await volumes(session) == list(range(7))


async def test_other_rows_the_second_time_are_an_error():
    """Rows that are others after 477 are ConnectionLost, which counts those delivered."""
    lines = [page(ticks(0, 3), 2), GONE, page([*ticks(0, 2), *ticks(7, 8)], 12), page(ticks(3, 9))]
    async with old(*lines) as (_, session), asked(session).rows() as rows:
        got = []
        with pytest.raises(ConnectionLost) as caught:
            async for row in rows:
                got.append(row.volume)
    assert got == [0, 1, 2]
    assert caught.value.rows_delivered == 3
    lines = [page(ticks(0, 3), 2), GONE, page(ticks(0, 2))]
    async with old(*lines) as (_, session), asked(session).rows() as rows:
        with pytest.raises(ConnectionLost, match="fewer rows"):
            async for _ in rows:
                pass


async def test_a_part_that_begins_again_leaves_the_others_alone():
    """Parts run ahead of their reader: one whose pages expire there takes no other's rows away."""
    asked_for = []
    in_the_middle, gone = trio.Event(), trio.Event()

    async def serve(stream, head):
        target = head.split(b" ", 2)[1].decode()
        again = "/v2/page/9" in asked_for
        asked_for.append(target)
        if target == "/v2/page/2":  # of the first part, whose rows so far have been read
            in_the_middle.set()
            await gone.wait()
            line = page(ticks(3, 5))
        elif target == "/v2/page/9":  # of the second, which is opened meanwhile
            await in_the_middle.wait()
            line = GONE
        elif "start_date=20241031" in target:
            line = page(ticks(0, 3), 2)
        else:
            line = page(ticks(5, 7)) if again else page([], 9)
            if again:
                gone.set()
        await stream.send_all(line)

    async with old(serve, slots=2) as (_, session):
        query = session.stock.history_ohlc(
            "AAPL", start_date="2024-10-31", end_date="2024-11-01", interval="1s"
        )
        assert len(query.plan().requests) == 2
        query = session.query(query.request)
        assert [row.volume for row in await query] == list(range(7))
    assert asked_for.count("/v2/page/9") == 1


async def test_a_thousand_pages_of_rows_are_one_answer():
    """Rows of 1,000 pages come in order; between pages nothing but the current one is held."""
    lines = [page(ticks(n, n + 1), n + 2) for n in range(999)] + [page(ticks(999, 1000))]
    async with old(*lines) as (script, session):
        count = 0
        async with asked(session).rows() as rows:
            async for row in rows:
                assert row.volume == count
                count += 1
        assert (count, len(script.targets)) == (1000, 1000)


async def test_pages_expire_once_for_a_query():
    """The second 477 of a query is its error."""
    lines = [page(ticks(0, 3), 2), GONE, page(ticks(0, 3), 3), GONE]
    async with old(*lines) as (script, session):
        with pytest.raises(ServerError):
            await asked(session)
        assert len(script.targets) == 4


async def test_a_list_that_is_cut_in_a_page_is_whole():
    """A page that is cut is asked for again; what came of it before is not used."""
    lines = [page(ticks(0, 3), 2), ("cut", page(ticks(3, 5))[:-9]), page(ticks(3, 5))]
    async with old(*lines) as (_, session):
        assert await volumes(session) == [0, 1, 2, 3, 4]


async def test_links_are_judged_for_rows_too():
    """A query's pages are followed by the same rules as raw ones."""
    bad = page(ticks(0, 3), next_page="http://127.0.0.1:25510@evil.example/v2/x")
    async with old(bad) as (script, session):
        with pytest.raises(ForeignPage):
            await asked(session)
        assert len(script.targets) == 1


async def test_no_slot_is_held_between_pages():
    """A reader that stops between pages holds nothing: other queries go on, at any width."""
    lines = [page(ticks(0, 300), 2), page(ticks(300, 301)), page(ticks(301, 302))]
    async with old(*lines, slots=1) as (_, session), asked(session).rows() as rows:
        await rows.receive()
        with trio.fail_after(5):
            assert await volumes(session) == [300]
        assert session.statistics().in_flight == 0


async def test_a_cancelled_receive_takes_nothing():
    """Cancelled in the middle of a page, the next receive asks for that page again."""

    async def silent(stream, _head):
        await trio.sleep_forever()

    lines = [page(ticks(0, 2), 2), silent, page(ticks(2, 4))]
    async with old(*lines) as (_, session), asked(session).batches() as batches:
        got = [row.volume for row in await batches.receive()]
        with trio.move_on_after(1) as scope:
            await batches.receive()
        assert scope.cancelled_caught
        got += [row.volume async for rows in batches for row in rows]
        assert got == [0, 1, 2, 3]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_no_row_is_lost_repeated_or_out_of_order(data):
    """However answers are cut into pages, and expire: each row once, in order."""
    count = data.draw(st.integers(1, 12))
    places = st.lists(st.integers(0, count), max_size=6)

    def cut(start):
        edges = [0, *sorted(data.draw(places)), count]
        pairs = list(pairwise(edges))
        numbers = [*range(start, start + len(pairs) - 1), None]
        return [page(ticks(*pair), n, took=start) for pair, n in zip(pairs, numbers, strict=True)]

    first, second = cut(2), cut(50)
    kept = data.draw(st.integers(1, len(first)))
    lines = first if kept == len(first) else [*first[:kept], GONE, *second]

    async def main():
        async with old(*lines) as (_, session):
            async with asked(session).rows() as rows:
                assert [row.volume async for row in rows] == list(range(count))

    trio.run(main)


NAMES = ["ticks", "contract", "root", "strike", "right", *FORMAT]
CELLS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9)
JSON = st.recursive(
    CELLS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    ),
)


@given(st.lists(JSON, max_size=4) | JSON, st.sampled_from(["", "symbol", "expiration"]))
def test_any_page_is_rows_or_a_decode_error(response, scalar):
    """Whatever JSON stands where rows should: bytes that decode further, or DecodeError."""
    body = json.dumps({"header": {"format": FORMAT}, "response": response}).encode()
    columns = [scalar] if scalar else ["timestamp", "open", "volume", "vwap"]
    rows = V2Rows(columns, "csv", scalar=scalar, strike=170_000, right="C")
    with contextlib.suppress(DecodeError):
        text = rows.rows(Target("/v2/x"), "application/json", body, envelope_of(body))
        lines = text.split(b"\r\n")[:-1]
        assert all(line.count(b",") == len(columns) - 1 for line in lines)


@given(st.binary(max_size=60) | st.text(alphabet=',":\n0123x', max_size=60).map(str.encode))
def test_any_csv_is_rows_or_a_decode_error(content):
    """Whatever bytes stand where CSV should, and plain words: bytes, or an error of the tree."""
    rows = V2Rows(["timestamp", "open"], "csv", window=(0, 5))
    with contextlib.suppress(ThetaDataError):
        rows.rows(Target("/v2/x"), "text/csv", b"ms_of_day,open,date\n" + content, None)
    with contextlib.suppress(ThetaDataError):
        rows.rows(Target("/v2/x"), "text/plain", content, None)


async def test_a_gateway_with_a_key_gives_rows():
    """A simulated gateway refuses without its key, and gives its pages with it."""
    async with simulated(api="gateway", api_key="sesame", page_rows=1) as (terminal, session):
        rows = await session.stock.history_eod(
            "AAPL", start_date="2024-10-28", end_date="2024-11-01"
        )
        assert len(rows) == 5
        assert len(terminal.ledger.requests) == 5
    config = terminal.config
    async with simulated(config, api="gateway", api_key="other") as (_, session):
        with pytest.raises(AuthenticationFailed):
            await asked(session)


async def test_the_simulated_terminals_pages_expire():
    """Pages of the simulator that are forgotten in the middle come again, each row once."""
    async with simulated(api="v2", page_rows=60) as (terminal, session):
        async with asked(session).batches() as batches:
            got = await batches.receive()
            terminal.expire_pages()
            got += [row async for rows in batches for row in rows]
        assert got == sorted(got, key=lambda row: row.timestamp_ny)
        assert len(got) == len({row.timestamp_ny for row in got}) == 391


async def test_a_v2_terminal_serves_half_as_many_at_once():
    """The tier's width is v2's: a standard account has two slots."""
    async with simulated(api="v2", tier="standard") as (terminal, session):
        assert session.statistics().slots == 2
        queries = [
            session.stock.history_eod(symbol, start_date="2024-10-28", end_date="2024-11-01")
            for symbol in ("AAPL", "F", "SPY", "QQQ")
        ]
        await session.gather(*queries)
        assert terminal.ledger.highest_in_flight <= 2
        assert terminal.ledger.highest_waiting == 0
        assert str(await session.terminal.mdds_status()) == "CONNECTED"
        await session.terminal.shutdown()
        assert terminal.shut_down.is_set()
