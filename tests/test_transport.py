"""thetatrio._rest.transport: deadlines, errors in one table, what goes over the wire."""

from __future__ import annotations

import gzip
import socket
import ssl

import httpx
import pytest
import trio

import thetatrio
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
    """A quick operation that stays silent is tried once more, then ReadTimeout, at the deadline."""

    async def mute(stream, head):
        await trio.sleep_forever()

    async with scripted(mute) as (script, session):
        start = trio.current_time()
        with pytest.raises(thetatrio.ReadTimeout, match="an answer was awaited"):
            await session.stock.list_symbols()
        assert len(script.heads) == 2
        assert 120 <= trio.current_time() - start < 121


async def test_silence_in_a_body_has_its_own_deadline(autojump_clock):
    """Between two pieces the silence_timeout counts, not the longer one before the first byte."""

    async def falls_silent(stream, head):
        await stream.send_all(answer(BODY, length=1000))
        await trio.sleep_forever()

    async with scripted(falls_silent, retry=ONE_TRY, silence_timeout=7) as (_, session):
        start = trio.current_time()
        with pytest.raises(thetatrio.ReadTimeout, match="its answer was awaited"):
            await session.stock.list_symbols()
        assert trio.current_time() - start == pytest.approx(7)


async def test_a_slow_body_is_read_to_its_end(autojump_clock):
    """A body that keeps coming has no deadline, however long it takes."""
    body = BODY * 20

    async def slow(stream, head):
        whole = answer(body)
        for place in range(0, len(whole), 20):
            await stream.send_all(whole[place : place + 20])
            await trio.sleep(20)

    async with scripted(slow) as (_, session):
        assert len(await session.stock.list_symbols()) == 40
        assert trio.current_time() > 600


async def test_a_redirect_is_not_followed():
    """Another place is never asked, whatever the terminal says."""
    line = answer(b"", status=302, headers=[("Location", "http://elsewhere.example/")])
    async with scripted(line) as (script, session):
        with pytest.raises(thetatrio.TerminalError, match="HTTP 302"):
            await session.stock.list_symbols()
        assert len(script.heads) == 1


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


async def test_garbage_for_a_head_is_a_lost_connection():
    """What is no HTTP is ConnectionLost, and never an error of httpx."""
    async with scripted(("cut", b"\x00\x01 nonsense\r\n\r\n"), retry=ONE_TRY) as (_, session):
        with pytest.raises(thetatrio.ConnectionLost, match=r"127\.0\.0\.1:25503") as caught:
            await session.stock.list_symbols()
        assert isinstance(caught.value.__cause__, httpx.RemoteProtocolError)


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
    """An unknown host name is ConnectError with the name in it."""
    async with thetatrio.open_session(base_url="http://no-such-host.invalid") as session:
        with pytest.raises(thetatrio.ConnectError, match=r"no-such-host\.invalid:80"):
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


async def test_the_moment_of_sending_is_when_the_connection_is_there(autojump_clock):
    """Where starts are dated, the time that connecting takes is not part of them."""
    times = []

    class SlowNetwork(MemoryNetwork):
        async def connect_tcp(self, *args, **kwargs):
            await trio.sleep(3)
            return await super().connect_tcp(*args, **kwargs)

    script = Script(answer(BODY))
    async with trio.open_nursery() as nursery:
        network = SlowNetwork(nursery, script.serve)
        transport = Transport(Config(), network.transport())
        start = trio.current_time()
        for dated in (True, False):
            reply = await transport.send(
                "/x",
                first_byte_timeout=9,
                on_sent=lambda start=start: times.append(trio.current_time() - start),
                dated=dated,
            )
            await reply.aclose()
            start = trio.current_time()
        await transport.aclose()
        nursery.cancel_scope.cancel()
    assert times == [3.0, 0.0]


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


def test_a_ca_file_is_used_to_check_a_gateway(tmp_path):
    """`verify` as a path is the CA file; one that is not there is said when it is needed."""
    config = Config(base_url="https://gateway.example", verify=str(tmp_path / "none.pem"))
    with pytest.raises(FileNotFoundError):
        Transport(config)
    Transport(Config(base_url="https://gateway.example"))
    bundle = tmp_path / "ca.pem"
    bundle.write_text("\n".join(ssl.DER_cert_to_PEM_cert(der) for der in _some_ca()))
    Transport(Config(base_url="https://gateway.example", verify=str(bundle)))


def _some_ca() -> list[bytes]:
    return httpx.create_ssl_context().get_ca_certs(binary_form=True)[:1]
