"""thetatrio._rest.transport: deadlines, errors in one table, what goes over the wire."""

from __future__ import annotations

import gc
import gzip
import socket
from contextlib import suppress

import pytest
import trio

import thetatrio
from tests.http_library import httpx
from tests.network import MemoryNetwork, Script, answer, scripted
from thetatrio._rest.transport import Transport
from thetatrio.config import Config

pytestmark = pytest.mark.core

BODY = b'{"symbol":"A"}\n{"symbol":"B"}\n'
ONE_TRY = thetatrio.RetryPolicy(max_attempts=1)


def headers_of(head: bytes) -> dict[str, str]:
    lines = head.decode().split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


async def test_a_request_says_what_it_must_and_no_more():
    """Host as it was given, the format's media type, no compression, the library's name."""
    async with scripted(answer(BODY), base_url="http://localhost:25503") as (script, session):
        await session.stock.list_symbols()
        assert headers_of(script.heads[0]) == {
            "host": "localhost:25503",
            "user-agent": "thetatrio",
            "accept-encoding": "identity",
            "accept": "application/x-ndjson",
        }


async def test_headers_and_key_of_the_settings_are_sent():
    """Extra headers go with each request; a key goes as a bearer token."""
    options = {"headers": {"X-Desk": "vol"}, "api_key": "sesame"}
    async with scripted(answer(BODY), **options) as (script, session):
        await session.stock.list_symbols()
        headers = headers_of(script.heads[0])
        assert headers["x-desk"] == "vol"
        assert headers["authorization"] == "Bearer sesame"


async def test_a_gateway_may_compress():
    """Elsewhere than on this machine gzip is accepted, and undone."""
    body = gzip.compress(BODY)
    line = answer(body, headers=[("Content-Encoding", "gzip")])
    async with scripted(line, base_url="http://gateway.example") as (script, session):
        assert len(await session.stock.list_symbols()) == 2
        assert headers_of(script.heads[0])["accept-encoding"] == "gzip"


async def test_a_wrongly_compressed_answer_is_a_decode_error():
    """What cannot be decompressed, or not to its end, is DecodeError."""
    gateway = {"base_url": "http://gateway.example"}
    for encoding, body, words in (
        ("gzip", b"\x1f\x8bnot gzip", "not valid gzip data"),
        ("gzip", gzip.compress(BODY)[:-9], "ends within a gzip member"),
        ("br", BODY, "'br', which was not requested"),
    ):
        line = answer(body, headers=[("Content-Encoding", encoding)])
        async with scripted(line, **gateway) as (_, session):
            with pytest.raises(thetatrio.DecodeError, match=words):
                await session.stock.list_symbols()


async def test_no_byte_of_an_answer_within_its_deadline_is_a_read_timeout(autojump_clock):
    """An answer that does not begin is ReadTimeout at the deadline of its kind, and sent once."""

    async def mute(stream, head):
        await trio.sleep_forever()

    async with scripted(mute) as (script, session):
        start = trio.current_time()
        with pytest.raises(thetatrio.ReadTimeout, match="an answer was awaited"):
            await session.stock.list_symbols()
        assert len(script.heads) == 1
        assert 180 <= trio.current_time() - start < 181  # of a list


async def listed(query):
    """Read by the task that asks."""
    return await query


async def through_channel(query):
    """Read ahead by a task of the session's."""
    async with query.rows() as rows:
        return [row async for row in rows]


# Once rows were delivered, the answer cannot be asked for again.
TOO_LONG = (thetatrio.ReadTimeout, thetatrio.ConnectionLost)
both_ways = pytest.mark.parametrize("read", [listed, through_channel])


@both_ways
async def test_silence_in_a_body_has_its_own_deadline(read, autojump_clock):
    """Between two pieces the silence_timeout counts, not the longer one before the first byte."""

    async def falls_silent(stream, head):
        await stream.send_all(answer(BODY, length=1000))
        await trio.sleep_forever()

    async with scripted(falls_silent, retry=ONE_TRY, silence_timeout=7) as (_, session):
        start = trio.current_time()
        with pytest.raises(TOO_LONG, match="its answer was awaited"):
            await read(session.stock.list_symbols())
        assert trio.current_time() - start == pytest.approx(7)


@both_ways
async def test_a_slow_body_is_read_to_its_end(read, autojump_clock):
    """A body that keeps coming has no deadline, however long it takes."""
    body = BODY * 20

    async def slow(stream, head):
        headers, end, rows = answer(body).partition(b"\r\n\r\n")
        await stream.send_all(headers + end)
        for place in range(0, len(rows), 20):
            await stream.send_all(rows[place : place + 20])
            await trio.sleep(20)

    async with scripted(slow) as (_, session):
        assert len(await read(session.stock.list_symbols())) == 40
        assert trio.current_time() >= 580


async def test_redirect_is_not_followed_and_says_where_it_points():
    """Another place is never requested; the error names it, without query and password."""
    for location, target in (
        ("http://elsewhere.example/a?key=sesame", r"http://elsewhere\.example/a "),
        ("http://me:sesame@elsewhere.example:81/a", r"http://elsewhere\.example:81/a "),
        ("/v2/other?key=sesame", r"http://127\.0\.0\.1:25503/v2/other "),
        ("http://[::1", "a place that is not a valid URL "),
    ):
        line = answer(b"", status=302, headers=[("Location", location)])
        async with scripted(line) as (script, session):
            with pytest.raises(
                thetatrio.TerminalError, match=rf"redirect to {target}\(HTTP 302"
            ) as caught:
                await session.stock.list_symbols()
            assert "redirects are not followed" in str(caught.value)
            assert "sesame" not in str(caught.value)
            assert len(script.heads) == 1
            with pytest.raises(thetatrio.TerminalError, match=f"redirect to {target}"):
                await session.terminal.mdds_status()


async def test_cookies_are_not_kept():
    """Nothing that an answer sets comes back with the next request."""
    line = answer(BODY, headers=[("Set-Cookie", "a=b")])
    async with scripted(line) as (script, session):
        await session.stock.list_symbols()
        await session.stock.list_symbols()
        assert "cookie" not in headers_of(script.heads[1])


async def test_a_connection_is_kept_for_the_next_request():
    """An answer read to its end leaves its connection for the next one."""
    async with scripted(answer(BODY), answer(BODY, chunks=7)) as (script, session):
        for _ in range(4):
            await session.stock.list_symbols()
        assert script.network.connections == 1


@pytest.mark.parametrize("chunks", [None, 7])
async def test_bytes_after_an_answer_are_never_the_next_answer(chunks, autojump_clock):
    """A connection that brought more than its answer is given up, and the answer is an error."""
    framing = {} if chunks is None else {"chunks": chunks}
    right = answer(BODY, **framing)
    other = answer(b'{"symbol":"Z"}\n')
    for surplus in (other, b"Z"):
        async with scripted(right + surplus, right, right) as (script, session):
            for _ in range(2):
                rows = await session.stock.list_symbols()
                assert [row.symbol for row in rows] == ["A", "B"]
            assert len(script.heads) == 3
            assert script.network.connections == 2
        async with scripted(right + surplus, retry=ONE_TRY) as (_, session):
            with pytest.raises(
                thetatrio.ConnectionLost, match=rf"\({len(surplus)} more\): it may be truncated"
            ):
                await session.stock.list_symbols()


async def test_line_ends_after_an_answer_only_cost_its_connection():
    """What some servers add to a body is not taken for an error."""
    async with scripted(answer(BODY) + b"\r\n", answer(BODY)) as (script, session):
        for _ in range(2):
            assert len(await session.stock.list_symbols()) == 2
        assert script.network.connections == 2


async def test_a_reader_who_pauses_is_not_taken_for_silence(autojump_clock):
    """silence_timeout counts while bytes are waited for, not while nobody takes those that came."""
    async with (
        scripted(answer(BODY * 200, chunks=20), silence_timeout=7) as (_, session),
        session.stock.list_symbols().batches() as channel,
    ):
        count = 0
        async for batch in channel:
            count += len(batch)
            await trio.sleep(8)
        assert trio.current_time() > 100
        assert count == 400


@both_ways
async def test_silence_in_a_chunks_head_counts(read, autojump_clock):
    """Bytes of which no piece of the answer comes do not extend silence_timeout."""

    async def trickles(stream, head):
        await stream.send_all(answer(BODY, chunks=len(BODY)).removesuffix(b"0\r\n\r\n"))
        while True:
            await stream.send_all(b"0")
            await trio.sleep(1)

    async with scripted(trickles, retry=ONE_TRY, silence_timeout=7) as (_, session):
        start = trio.current_time()
        with pytest.raises(TOO_LONG, match="its answer was awaited"):
            await read(session.stock.list_symbols())
        assert trio.current_time() - start == pytest.approx(7)


NOT_HTTP = [
    b"\x00\x01 nonsense\r\n\r\n",
    b"220 mail.example ESMTP\r\n500 unknown\r\n\r\n",
    b"\x15\x03\x03\x00\x02\x02\x46",
]


@pytest.mark.parametrize("greeting", NOT_HTTP)
async def test_peer_that_is_no_http_server_is_reported_as_such(greeting):
    """What does not speak HTTP is said to be that, with the setting to check, and not retried."""
    async with scripted(("cut", greeting)) as (script, session):
        with pytest.raises(
            thetatrio.TransportError, match=r"127\.0\.0\.1:25503 does not speak HTTP"
        ) as caught:
            await session.stock.list_symbols()
        assert type(caught.value) is thetatrio.TransportError
        assert "base_url, and whether it begins with https://" in str(caught.value)
        assert isinstance(caught.value.__cause__, httpx.RemoteProtocolError)
        assert len(script.heads) == 1


async def test_garbage_from_a_terminal_that_answered_is_a_lost_connection(autojump_clock):
    """Once it has answered, broken headers are a broken connection, and another one is tried."""
    async with scripted(answer(BODY), ("cut", NOT_HTTP[0]), answer(BODY)) as (script, session):
        for _ in range(2):
            assert len(await session.stock.list_symbols()) == 2
        assert len(script.heads) == 3
    script = Script(answer(BODY), ("cut", NOT_HTTP[0]))
    async with scripted(*script.lines, retry=ONE_TRY) as (_, session):
        await session.stock.list_symbols()
        with pytest.raises(thetatrio.ConnectionLost, match="does not speak HTTP/1.1 any more"):
            await session.stock.list_symbols()


async def test_a_connection_closed_without_an_answer_is_tried_again(autojump_clock):
    """A terminal that closes before it answers costs a retry."""
    async with scripted(("cut", b""), answer(BODY)) as (script, session):
        assert len(await session.stock.list_symbols()) == 2
        assert len(script.heads) == 2


async def test_a_real_refusal_names_host_port_and_remedy():
    """Nobody at that port: one line with the address, the reason and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with thetatrio.open_session(base_url=f"http://127.0.0.1:{port}") as session:
        with pytest.raises(thetatrio.ConnectError) as caught:
            await session.stock.list_symbols()
    assert str(caught.value) == (
        f"cannot reach Theta Terminal at 127.0.0.1:{port} (connection refused); is it running?"
    )
    assert caught.value.request is not None


async def test_a_name_that_does_not_resolve_is_a_connect_error():
    """An unknown host name is ConnectError that says so, with the name and the setting."""
    async with thetatrio.open_session(base_url="http://no-such-host.invalid") as session:
        with pytest.raises(
            thetatrio.ConnectError, match=r"^cannot resolve host 'no-such-host\.invalid' \("
        ) as caught:
            await session.stock.list_symbols()
        assert str(caught.value).endswith("; check base_url")


async def test_host_name_that_no_resolver_accepts_is_an_error_of_ours():
    """A name that cannot be encoded for the resolver is reported with the name."""
    for host in (f"{'a' * 70}.example", "xn--zzzzzz-.example"):
        async with thetatrio.open_session(base_url=f"http://{host}") as session:
            with pytest.raises(
                thetatrio.TransportError, match=f"{host[:60]}.*base_url|base_url.*{host[:60]}"
            ):
                await session.stock.list_symbols()


ERRORS = [
    (httpx.ConnectTimeout("t"), thetatrio.ConnectTimeout),
    (httpx.ConnectError("e"), thetatrio.ConnectError),
    (httpx.ReadTimeout("t"), thetatrio.ReadTimeout),
    (httpx.WriteTimeout("t"), thetatrio.ConnectionLost),
    (httpx.ReadError("e"), thetatrio.ConnectionLost),
    (httpx.WriteError("e"), thetatrio.ConnectionLost),
    (httpx.CloseError("e"), thetatrio.ConnectionLost),
    (httpx.RemoteProtocolError("e"), thetatrio.ConnectionLost),
    (httpx.LocalProtocolError("e"), thetatrio.ConnectionLost),
    (httpx.ProxyError("e"), thetatrio.TransportError),
    (httpx.UnsupportedProtocol("e"), thetatrio.TransportError),
    (httpx.PoolTimeout("e"), thetatrio.TransportError),
    (httpx.InvalidURL("e"), thetatrio.TransportError),
    (httpx.StreamClosed(), thetatrio.TransportError),
    (trio.BrokenResourceError("e"), thetatrio.TransportError),
    (OSError(111, "x"), thetatrio.TransportError),
    (thetatrio.ServerError("e"), thetatrio.ServerError),
]


@pytest.mark.parametrize(("raised", "expected"), ERRORS, ids=lambda it: getattr(it, "__name__", ""))
async def test_each_error_of_the_transport_has_one_of_ours(raised, expected):
    """Whatever the transport raises comes out as the error of our tree, with its cause."""

    class Failing(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            raise raised

    transport = Transport(Config(), Failing())
    with pytest.raises(expected) as caught:
        await transport.send("/x", first_byte_timeout=1, on_sent=lambda: None)
    assert type(caught.value) is expected
    assert caught.value.__cause__ is raised or caught.value is raised
    assert not transport.answered


async def test_reasons_of_several_addresses_are_all_told():
    """Where several addresses of a host were tried, what each said is in the message."""

    class Failing(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            error = httpx.ConnectError("all failed")
            error.__cause__ = ExceptionGroup("tried", [OSError(111, "a"), OSError(101, "b")])
            raise error

    with pytest.raises(thetatrio.ConnectError, match="refused; network is unreachable"):
        await Transport(Config(), Failing()).send("/", first_byte_timeout=1, on_sent=lambda: None)


async def test_rate_is_dated_when_the_connection_is_there(autojump_clock):
    """The time that connecting takes is not part of a request's start; nor is it without a rate.

    httpx reads the request's body once its headers are sent. Should it stop doing so, this fails.
    """
    times = []

    class SlowNetwork(MemoryNetwork):
        async def connect_tcp(self, *args, **kwargs):
            await trio.sleep(3)
            return await super().connect_tcp(*args, **kwargs)

    async def late(stream, head):
        await trio.sleep(2)
        await stream.send_all(answer(BODY))

    script = Script(late)
    async with trio.open_nursery() as nursery:
        network = SlowNetwork(nursery, script.serve)
        transport = Transport(Config(), network.transport())
        start = trio.current_time()
        reply = await transport.send(
            "/x",
            first_byte_timeout=9,
            on_sent=lambda: times.append(trio.current_time() - start),
        )
        assert trio.current_time() - start == 5
        await reply.aclose()
        await transport.aclose()
        nursery.cancel_scope.cancel()
    assert times == [3.0]


async def test_transport_that_reads_no_request_body_is_dated_by_its_answer(autojump_clock):
    """A transport of the caller's that ignores the body has first_byte_timeout all the same."""
    times = []

    class Deaf(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            await trio.sleep(20)
            return httpx.Response(200, content=BODY)

    transport = Transport(Config(), Deaf())
    options = {"on_sent": lambda: times.append(trio.current_time())}
    reply = await transport.send("/x", first_byte_timeout=30, **options)
    assert await reply.receive_text() == BODY.decode()
    assert (await reply.receive(), len(times)) == (b"", 1)
    await reply.aclose()
    with pytest.raises(thetatrio.ReadTimeout):
        await transport.send("/x", first_byte_timeout=10, **options)


async def test_answer_made_with_its_content_is_read_as_it_is():
    """Test transports answer with content in memory, which httpx has decompressed already."""

    def handler(request):
        packed = gzip.compress(BODY)
        return httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=packed)

    async with thetatrio.open_session(transport=httpx.MockTransport(handler)) as session:
        assert len(await session.stock.list_symbols()) == 2


HEADERS = b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 5000
TRICKLES = {
    "headers byte by byte": lambda count: HEADERS[count : count + 1],
    "header lines without end": lambda count: b"X: a\r\n" if count else b"HTTP/1.1 200 OK\r\n",
    "1xx without end": lambda _: b"HTTP/1.1 102 Processing\r\n\r\n",
}


@pytest.mark.parametrize("bytes_of", TRICKLES.values(), ids=TRICKLES)
async def test_first_byte_timeout_bounds_the_whole_of_the_headers(bytes_of, autojump_clock):
    """Whatever trickles in, headers that are not complete in time are ReadTimeout, in time."""

    async def trickle(stream, head):
        for count in range(10_000):
            await stream.send_all(bytes_of(count))
            await trio.sleep(0.5)

    async with scripted(trickle, retry=ONE_TRY, first_byte_timeout=10) as (script, session):
        for send in (session.stock.list_symbols, session.terminal.mdds_status):
            start = trio.current_time()
            with pytest.raises(thetatrio.ReadTimeout, match="an answer was awaited"):
                await send()
            assert trio.current_time() - start == pytest.approx(10)
        assert script.network.connections == 2  # the first one was closed


async def test_headers_that_are_too_long_are_reported_as_such():
    """Headers without an end that come fast are refused by their length, and not kept."""
    headers = b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 30_000
    async with scripted(("cut", headers)) as (script, session):
        with pytest.raises(thetatrio.TransportError, match=r"25503 are too long \("):
            await session.stock.list_symbols()
        assert len(script.heads) == 1


async def test_error_text_that_trickles_is_bounded_as_a_whole(autojump_clock):
    """An error is raised within silence_timeout of its headers, with what came of its text."""

    async def trickle(stream, head):
        await stream.send_all(answer(b"no such", status=473, length=4000))
        for _ in range(1000):
            await trio.sleep(1)
            await stream.send_all(b"x")

    async with scripted(trickle, silence_timeout=10) as (_, session):
        for send in (session.stock.list_symbols, session.terminal.mdds_status):
            start = trio.current_time()
            with pytest.raises(thetatrio.InvalidRequest, match="no suchx"):
                await send()
            assert trio.current_time() - start == pytest.approx(10)


async def test_status_that_trickles_or_is_truncated_is_no_status(autojump_clock):
    """A status call's text arrives complete, within silence_timeout, or there is an error."""

    async def trickle(stream, head):
        await stream.send_all(answer(b"CONN", length=4000))
        for _ in range(1000):
            await trio.sleep(1)
            await stream.send_all(b"x")

    async with scripted(trickle, silence_timeout=10) as (_, session):
        start = trio.current_time()
        with pytest.raises(thetatrio.ReadTimeout, match="its answer was awaited"):
            await session.terminal.mdds_status()
        assert trio.current_time() - start == pytest.approx(10)
        await session.terminal.shutdown()  # its answer's text means nothing
    async with scripted(("cut", answer(b"CONN", length=9))) as (_, session):
        with pytest.raises(thetatrio.ConnectionLost):
            await session.terminal.mdds_status()
        await session.terminal.shutdown()


async def test_answer_left_in_the_middle_closes_its_connection_at_once():
    """A body that is not read to its end leaves no suspended generator and no open connection.

    httpx closes only the outermost of the generators that a body passes through; the others are
    unwound by a cancelled read. Should that stop working, trio warns here, or the peer waits.
    """
    ended = trio.Event()

    async def endless(stream, head):
        await stream.send_all(answer(b"x" * 1000, length=10**9))
        with suppress(trio.BrokenResourceError):
            while True:
                await stream.send_all(b"x" * 1000)
        ended.set()

    async with trio.open_nursery() as nursery:
        network = MemoryNetwork(nursery, Script(endless).serve)
        transport = Transport(Config(), network.transport())
        reply = await transport.send("/x", first_byte_timeout=9, on_sent=lambda: None)
        assert await reply.receive()
        await reply.aclose()
        del reply
        gc.collect()
        with trio.fail_after(5):
            await ended.wait()
        await transport.aclose()


async def test_environment_proxies_see_nothing(monkeypatch):
    """With proxy variables set to a recording server, no byte of a session reaches it."""
    seen = []

    async def record(stream):
        seen.append(await stream.receive_some())

    async def terminal(stream):
        await Script(answer(BODY)).serve(stream)

    async with trio.open_nursery() as nursery:
        proxies = await nursery.start(trio.serve_tcp, record, 0)
        listeners = await nursery.start(trio.serve_tcp, terminal, 0)
        proxy = f"http://127.0.0.1:{proxies[0].socket.getsockname()[1]}"
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
            monkeypatch.setenv(name.lower(), proxy)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        async with thetatrio.open_session(base_url=url, proxy=proxy) as session:
            assert len(await session.stock.list_symbols()) == 2
        assert seen == []
        nursery.cancel_scope.cancel()


async def test_a_proxy_of_the_settings_is_used_for_other_hosts():
    """A proxy that was asked for carries requests to hosts that are not this machine."""
    script = Script(answer(BODY))
    async with trio.open_nursery() as nursery:
        proxies = await nursery.start(trio.serve_tcp, script.serve, 0)
        proxy = f"http://127.0.0.1:{proxies[0].socket.getsockname()[1]}"
        url = "http://gateway.example:8080"
        async with thetatrio.open_session(base_url=url, proxy=proxy) as session:
            assert len(await session.stock.list_symbols()) == 2
        assert script.targets[0].startswith("http://gateway.example:8080/v3/stock/list/symbols")
        nursery.cancel_scope.cancel()
