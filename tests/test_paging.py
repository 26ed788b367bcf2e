"""session.pages: pages of endpoints that the library does not know, one after another."""

import tracemalloc

import pytest

from tests.network import answer, scripted
from thetatrio.errors import (
    ConnectionLost,
    DecodeError,
    EndOfChannel,
    ForeignPage,
    InvalidRequest,
    PermissionDenied,
    ServerError,
)

pytestmark = pytest.mark.core

GONE = answer(b"No page found", status=477, content_type="text/plain")


def page(rows, link='"null"', *, took=1, header=None, status=200):
    body = f'{{"header":{{"latency_ms":{took},"next_page":{link}}},"response":{rows}}}'
    headers = () if header is None else [("Next-Page", header)]
    return answer(body.encode(), content_type="application/json", headers=headers, status=status)


def linked(number):
    return f'"http://127.0.0.1:25503/v2/page/{number}"'


async def every(session, path="/v2/hist/stock/eod"):
    async with session.pages(path, {"root": "A", "use_csv": False}) as pages:
        return [page.json()["response"] async for page in pages]


async def test_pages_come_in_order_to_the_last():
    """The first page has the parameters, the others are asked for as their links say."""
    lines = [page("[1]", linked(2)), page("[]", linked(3)), page("[2,3]")]
    async with scripted(*lines) as (script, session):
        assert await every(session) == [[1], [], [2, 3]]
        assert script.targets == [
            "/v2/hist/stock/eod?root=A&use_csv=false", "/v2/page/2", "/v2/page/3",
        ]  # fmt: skip


async def test_one_page_is_one_request():
    """Without a link there is one page, and receiving more is the end of the channel."""
    async with scripted(page("[1]")) as (script, session):
        async with session.pages("/v2/x") as pages:
            assert (await pages.receive()).json()["response"] == [1]
            for _ in range(2):
                with pytest.raises(EndOfChannel):
                    await pages.receive()
        assert len(script.targets) == 1


async def test_a_header_alone_is_followed():
    """CSV names its next page in the Next-Page header only."""
    first = answer(b"a\r\n1\r\n", content_type="text/csv", headers=[("Next-Page", "/v2/p/2")])
    last = answer(b"a\r\n2\r\n", content_type="text/csv", headers=[("Next-Page", "null")])
    async with scripted(first, last) as (script, session):
        async with session.pages("/v2/x", {"use_csv": True}) as pages:
            rows = [row async for page in pages for row in page.rows()]
        assert rows == [{"a": "1"}, {"a": "2"}]
        assert script.targets[1] == "/v2/p/2"


async def test_a_gateways_pages_are_followed():
    """`results` with `nextUrl` are pages too, under the gateway's own path."""
    base = "http://127.0.0.1:25510/theta"
    first = b'{"results":[{"a":1}],"nextUrl":"http://127.0.0.1:25510/theta/data?cursor=2"}'
    last = b'{"results":[{"a":2}],"nextUrl":null}'
    lines = [answer(body, content_type="application/json") for body in (first, last)]
    async with scripted(*lines, base_url=base, api_key="k") as (script, session):
        async with session.pages("/data") as pages:
            found = [page.json()["results"] async for page in pages]
        assert found == [[{"a": 1}], [{"a": 2}]]
        assert script.targets == ["/theta/data", "/theta/data?cursor=2"]


async def test_a_link_that_leads_elsewhere_ends_the_pages():
    """A refused link, a circle and two links raise after their page, with nothing sent."""
    for link, header, error in (
        ('"http://127.0.0.1:25510@evil.example/v2/p"', None, ForeignPage),
        ('"/v2/system/terminal/shutdown"', None, ForeignPage),
        ('"/v2/x"', None, DecodeError),
        ('"/v2/a"', "/v2/b", DecodeError),
    ):
        async with scripted(page("[1]", link, header=header)) as (script, session):
            async with session.pages("/v2/x") as pages:
                with pytest.raises(error):
                    await pages.receive()
            assert len(script.targets) == 1


async def test_expired_pages_begin_again_without_repeating():
    """After 477 the first pages are read again, told from others, and not given again."""
    lines = [
        page("[1]", linked(2)), page("[2]", linked(3)), GONE,
        page("[1]", linked(12), took=9), page("[2]", linked(13), took=9), page("[3]"),
    ]  # fmt: skip
    async with scripted(*lines) as (script, session):
        assert await every(session) == [[1], [2], [3]]
        assert len(script.targets) == 6


@pytest.mark.parametrize(
    "again",
    [
        [page("[1]", linked(12)), page("[7]", linked(13))],
        [page("[1]")],
        [page("[1,2]", linked(12)), page("[3]")],
    ],
)
async def test_other_pages_the_second_time_are_an_error(again):
    """Pages that come again as others are ConnectionLost, never a mixture."""
    lines = [page("[1]", linked(2)), page("[2]", linked(3)), GONE, *again]
    async with scripted(*lines) as (_, session):
        with pytest.raises(ConnectionLost, match="gave others"):
            await every(session)


async def test_pages_expire_once():
    """The second 477, and one of the first page, is the query's error."""
    lines = [page("[1]", linked(2)), GONE, page("[1]", linked(3)), GONE]
    async with scripted(*lines) as (script, session):
        with pytest.raises(ServerError) as caught:
            await every(session)
        assert caught.value.code == 477
        assert len(script.targets) == 4
    async with scripted(GONE) as (script, session):
        with pytest.raises(ServerError):
            await every(session)
        assert len(script.targets) == 1


async def test_a_page_that_fails_fails_the_pages():
    """A refusal, garbage, and no data where a page was promised are errors."""
    denied = answer(b"no", status=471, content_type="text/plain")
    empty = answer(b":No data", status=472, content_type="text/plain")
    garbage = answer(b'{"header":', content_type="application/json")
    for line, error, message in (
        (denied, PermissionDenied, "not permitted"),
        (empty, ServerError, "no data"),
        (garbage, DecodeError, "no JSON"),
    ):
        async with scripted(page("[1]", linked(2)), line) as (_, session):
            with pytest.raises(error, match=message):
                await every(session)


async def test_a_page_that_is_cut_comes_again():
    """A page is given whole or not at all: one that was cut is asked for once more."""
    lines = [page("[1]", linked(2)), ("cut", page("[2,22]")[:-4]), page("[2,22]")]
    async with scripted(*lines) as (_, session):
        assert await every(session) == [[1], [2, 22]]


async def test_what_is_no_path_is_refused():
    """Nothing is sent for a path with dots, or one that ends the terminal."""
    async with scripted(page("[1]")) as (script, session):
        for path in ("/v2/../x", "/v2/system/terminal/shutdown", "v2"):
            with pytest.raises(InvalidRequest, match="pages: path"):
                async with session.pages(path):
                    pass
        assert not script.targets


@pytest.mark.parametrize("pages_in_all", [250, pytest.param(1000, marks=pytest.mark.deep)])
async def test_many_pages_take_the_memory_of_one(pages_in_all):
    """Memory does not grow with the number of pages."""
    body = "[" + ",".join(["[34200000,6.4,6.4,6.05,6.35,47,14,20231103]"] * 500) + "]"
    lines = [page(body, linked(number)) for number in range(2, pages_in_all + 1)] + [page(body)]
    async with scripted(*lines) as (script, session), session.pages("/v2/x") as pages:
        for _ in range(50):
            await pages.receive()
        tracemalloc.start()
        try:
            count = 50
            async for _ in pages:
                count += 1
                script.heads.clear()
                script.times.clear()
                if count == 100:
                    tracemalloc.reset_peak()
                    before = tracemalloc.get_traced_memory()[0]
            after, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert count == pages_in_all
    assert after - before < 600_000  # of 3 MB that went through, or 18
    assert peak - before < 2_000_000


@pytest.mark.parametrize("max_pages", [1, 3, 10])
async def test_pagination_without_end_is_an_error(max_pages):
    """After `max_pages` pages another link is DecodeError, which names the setting and the request.

    Each page names a new one, so that no page comes twice.
    """
    number = 0

    async def next_one(stream, head):
        nonlocal number
        number += 1
        body = (
            '{"header":{"format":["ms_of_day","price","date"],'
            f'"next_page":"http://127.0.0.1:25510/v2/page/{number}"}},'
            f'"response":[[{34200000 + number},1.5,20241104]]}}'
        )
        await stream.send_all(answer(body.encode(), content_type="application/json"))

    async with scripted(next_one, api="v2", max_pages=max_pages) as (script, session):
        query = session.index.history_price("SPX", date="2024-11-04")
        with pytest.raises(DecodeError, match="max_pages") as caught:
            await query
        assert caught.value.request == query.request
        assert len(script.heads) == max_pages
        given = []
        with pytest.raises(DecodeError, match=rf"page {max_pages} \(max_pages\)"):
            async with session.pages("/v2/x") as pages:
                async for one in pages:
                    given.append(one)
        assert len(given) == max_pages


async def test_as_many_pages_as_are_allowed_are_read():
    """The last page of `max_pages` may be the last one."""
    link = '"next_page":"/v2/page/2"'
    head = '{"header":{"format":["ms_of_day","price","date"],%s},"response":[[%d,1.5,20241104]]}'
    lines = [
        answer((head % (after, 34200000 + at)).encode(), content_type="application/json")
        for at, after in enumerate((link, '"next_page":"null"'))
    ]
    async with scripted(*lines, api="v2", max_pages=2) as (_, session):
        assert len(await session.index.history_price("SPX", date="2024-11-04")) == 2
