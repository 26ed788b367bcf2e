"""thetatrio._network: what errors of sockets, names and TLS mean, on REST and on the stream."""

from __future__ import annotations

import errno
import functools
import os
import socket
import ssl
from contextlib import asynccontextmanager

import pytest
import trio

import thetatrio
from tests.http_library import httpx
from tests.network import Script, answer
from tests.tls_peers import (
    ConnectProxy,
    authority,
    certificates,
    client_context,
    listening,
    refusing_in_a_thread,
)
from thetatrio import Stock
from thetatrio._network import Peer, connect_error, reason_of, redirect_target, tls_context
from thetatrio._rest.transport import Transport
from thetatrio.config import Config, Rate
from thetatrio.testing import StreamSettings, Terminal

pytestmark = pytest.mark.core

AAPL = Stock("AAPL")
BODY = b'{"symbol":"A"}\n{"symbol":"B"}\n'
HOST = "127.0.0.1"
GATEWAY = "gateway.example"
PEER = Peer("Theta Terminal at h:1", "h", "base_url")
PATIENT = {"wait_for_terminal": 300.0}


# How a session gets to a peer, over REST and over the stream.


async def request(port, *, host=HOST, scheme="https", **options):
    """Send one request to a port; return how many rows came."""
    url = f"{scheme}://{host}:{port}"
    async with thetatrio.open_session(base_url=url, **options) as session:
        return len(await session.stock.list_symbols())


async def stream(port, *, host=HOST, scheme="wss", **options):
    """Subscribe at a port; return how many feeds were opened."""
    url = f"{scheme}://{host}:{port}/v1/events"

    async def dial(_, port):
        return await trio.open_tcp_stream(HOST, port)

    async with thetatrio.open_session(stream_url=url, dial=dial, **options) as session:
        async with session.stream.trades(AAPL):
            return session.stream.statistics().feeds


class Rest:
    """Requests to a server with TLS."""

    name = "base_url"
    send = staticmethod(request)

    def __init__(self):
        self.serve = Script(answer(BODY)).serve


class Live:
    """A subscription at a server with TLS."""

    name = "stream_url"
    send = staticmethod(stream)

    def __init__(self):
        self.serve = Terminal(contracts=2, stream=StreamSettings(source="none")).serve_stream


each_way = pytest.mark.parametrize("way", [Rest, Live])


class Counter:
    """Counts the connections that a server gets."""

    def __init__(self, serve):
        self.connections = 0
        self._serve = serve

    async def serve(self, stream):
        self.connections += 1
        await self._serve(stream)


@asynccontextmanager
async def served(way, context):
    """Serve one way with TLS; yield (port, counter)."""
    counter = Counter(way().serve)
    async with listening(counter.serve, context) as port:
        yield port, counter


CERTIFICATES = {
    "good": (True, r"was issued by an authority that is not trusted here \(.*\); verify= takes"),
    "expired": ("ca", r"has expired \(.*expired\).*clock; verify= takes"),
    "early": ("ca", r"is not valid yet \(.*\).*clock; verify= takes"),
    "wrong_host": ("ca", r"is for another host \(.*127\.0\.0\.1.*\).*; verify= takes"),
}


@each_way
@pytest.mark.parametrize("wrong", CERTIFICATES)
async def test_certificate_that_is_not_accepted_is_reported_at_once(way, wrong):
    """An unknown issuer, an expired certificate, a wrong host name: TLSError that says which.

    It names host and port and what verify= can do, and is not retried by anybody, even by a
    session that waits for its terminal.
    """
    verify, message = CERTIFICATES[wrong]
    context = getattr(certificates(HOST), wrong)
    async with served(way, context) as (port, counter):
        with trio.fail_after(30), pytest.raises(thetatrio.TLSError, match=message) as caught:
            await way.send(port, verify=client_context() if verify == "ca" else True, **PATIENT)
    assert f"at {HOST}:{port} has a certificate that" in str(caught.value)
    assert "running" not in str(caught.value)
    assert isinstance(caught.value, thetatrio.ConnectError)
    assert counter.connections == 1


@each_way
async def test_verify_takes_a_context_a_ca_file_or_nothing(way, tmp_path):
    """A private CA is trusted by its file or by a context; False accepts any certificate."""
    bundle = tmp_path / "ca.pem"
    authority().cert_pem.write_to_path(bundle)
    async with served(way, certificates(HOST).good) as (port, _):
        for verify in (client_context(), str(bundle), False):
            assert await way.send(port, verify=verify)
    async with served(way, certificates(HOST).expired) as (port, _):
        assert await way.send(port, verify=False)


@each_way
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_client_certificate_is_given_by_a_context(way, version):
    """A server that requires one gets it; without one its refusal is TLSError with the remedy."""
    own = authority().issue_cert("desk@example.org")
    wants_client = certificates(HOST).wants_client
    async with served(way, wants_client) as (port, _):
        context = client_context(certificate=own)
        context.maximum_version = version
        assert await way.send(port, verify=context)
    context = client_context()
    context.maximum_version = version
    with refusing_in_a_thread(wants_client) as port:
        # With TLS 1.3 the refusal comes after the handshake, with the answer.
        with trio.fail_after(30), pytest.raises(thetatrio.TLSError) as caught:
            await way.send(port, verify=context, **PATIENT)
    assert f"at {HOST}:{port} refused the TLS handshake (" in str(caught.value)
    assert "give verify= an ssl.SSLContext that has one (load_cert_chain)" in str(caught.value)


@each_way
async def test_connection_that_ends_without_an_alert_asks_about_the_certificate(way):
    """Where the refusal of a client certificate is lost, the error still names the remedy."""
    context = client_context()
    async with served(way, certificates(HOST).wants_client) as (port, _):  # sends no alert
        with trio.fail_after(30), pytest.raises(thetatrio.ConnectionLost) as caught:
            once = thetatrio.RetryPolicy(max_attempts=1)
            await way.send(port, verify=context, retry=once)
    assert "give verify= an ssl.SSLContext that has one" in str(caught.value)


@each_way
async def test_tls_to_a_peer_without_it_is_reported_as_such(way):
    """A server that answers in plain HTTP is said not to speak TLS, at once."""

    async def plain(stream):
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await stream.receive_some()

    scheme = {"base_url": "http", "stream_url": "ws"}[way.name]
    async with listening(plain) as port:
        with trio.fail_after(30), pytest.raises(thetatrio.TLSError) as caught:
            await way.send(port, **PATIENT)
    assert f"at {HOST}:{port} does not speak TLS (" in str(caught.value)
    assert str(caught.value).endswith(f"{way.name} begins with {scheme}://")


@each_way
async def test_plain_text_to_a_peer_with_tls_is_reported_as_such(way):
    """A server that answers a plain request with a TLS alert does not speak HTTP; wants TLS?"""

    async def alert(stream):
        await stream.receive_some()
        await stream.send_all(b"\x15\x03\x03\x00\x02\x02\x46")
        await stream.receive_some()

    scheme = {"base_url": "http", "stream_url": "ws"}[way.name]
    async with listening(alert) as port:
        with trio.fail_after(30), pytest.raises(thetatrio.ThetaDataError) as caught:
            await way.send(port, scheme=scheme, **PATIENT)
    assert "does not speak HTTP/1.1" in str(caught.value)
    assert f"whether it begins with {scheme}s://" in str(caught.value)
    # One that ends the connection without a byte may be restarting; the error asks about TLS.
    async with served(way, certificates(HOST).good) as (port, _):
        with trio.fail_after(30), pytest.raises(thetatrio.TransportError) as caught:
            once = thetatrio.RetryPolicy(max_attempts=1)
            await way.send(port, scheme=scheme, retry=once)
    assert f"expects TLS, {way.name} begins with {scheme}s://" in str(caught.value)


@each_way
async def test_connection_that_ends_in_the_handshake_is_a_connect_error(way):
    """A peer that closes during the TLS handshake may be restarting: ConnectError, not TLSError."""

    async def hang_up(stream):
        await stream.receive_some()

    async with listening(hang_up) as port:
        with trio.fail_after(30), pytest.raises(thetatrio.ConnectError) as caught:
            await way.send(port)
    assert type(caught.value) is thetatrio.ConnectError
    assert "during the TLS handshake" in str(caught.value) or "closes conn" in str(caught.value)


@each_way
@pytest.mark.parametrize("cancel", [True, False])
async def test_handshake_that_hangs_is_bounded_and_leaves_no_connection(way, cancel):
    """A peer that never answers the TLS handshake is ConnectTimeout after connect_timeout.

    Then, and when the caller cancels, the connection is closed at once. httpx leaves it open when
    it is cancelled; the streams in its trace events are closed here. Should those change, the
    peer waits in vain.
    """
    begun, closed = trio.Event(), trio.Event()

    async def mute(stream):
        while await stream.receive_some():
            begun.set()
        closed.set()

    async with listening(mute) as port:
        if cancel:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(functools.partial(way.send, port, connect_timeout=60))
                with trio.fail_after(30):
                    await begun.wait()
                nursery.cancel_scope.cancel()
        else:
            with pytest.raises(thetatrio.ConnectTimeout, match=r"does it speak TLS"):
                await way.send(port, connect_timeout=1)
        with trio.fail_after(30):
            await closed.wait()


@each_way
async def test_ca_file_that_cannot_be_read_is_a_config_error(way, tmp_path):
    """A missing file, or one without certificates, is InvalidConfig that names it, at once."""
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing here\n")
    async with served(way, certificates(HOST).good) as (port, counter):
        for path, message in ((tmp_path / "none.pem", "cannot be read"), (empty, "PEM format")):
            with pytest.raises(thetatrio.InvalidConfig, match=message) as caught:
                await way.send(port, verify=str(path), **PATIENT)
            assert path.name in str(caught.value)
        assert counter.connections == 0


async def test_certificate_that_expires_ends_a_stream_that_was_up():
    """A stream whose terminal comes back with a bad certificate fails, and is not reconnected."""
    terminal = Terminal(contracts=2, stream=StreamSettings(source="none"))
    contexts = [certificates(HOST).good, certificates(HOST).expired]

    async def serve(stream):
        context = contexts.pop(0)
        await terminal.serve_stream(
            trio.SSLStream(stream, context, server_side=True, https_compatible=True)
        )

    async with listening(serve) as port:
        url = f"wss://{HOST}:{port}/v1/events"
        soon = thetatrio.ReconnectPolicy(base=0.01, cap=0.01)
        async with thetatrio.open_session(
            stream_url=url, verify=client_context(), reconnect=soon
        ) as session:
            async with session.stream.trades(AAPL) as feed:
                terminal.restart()
                with trio.fail_after(30), pytest.raises(thetatrio.TLSError, match="has expired"):
                    await feed.receive()
    assert contexts == []


# Through a proxy.


@asynccontextmanager
async def proxied(context, *, proxy_context=None, **options):
    """Serve a gateway behind a proxy; yield (the proxy, its URL, the gateway's script)."""
    script = Script(answer(BODY))
    async with listening(script.serve, context) as port:
        proxy = ConnectProxy(port, **options)
        async with listening(proxy.serve, proxy_context) as proxy_port:
            scheme = "http" if proxy_context is None else "https"
            yield proxy, f"{scheme}://{HOST}:{proxy_port}", script


async def test_proxy_carries_tls_that_it_cannot_read():
    """`proxy=` with an https base_url makes a tunnel; headers and key go to the gateway only."""
    context = certificates(GATEWAY).good
    for proxy_context in (None, certificates(HOST).good):
        async with proxied(context, proxy_context=proxy_context) as (proxy, url, script):
            there = url.replace("://", "://me:sesame@")
            options = {"api_key": "s3cret", "verify": client_context(), "proxy": there}
            assert await request(8443, host=GATEWAY, **options) == 2
        assert len(proxy.heads) == 1
        assert proxy.heads[0].startswith(f"CONNECT {GATEWAY}:8443 HTTP/1.1\r\n")
        assert "Proxy-Authorization: Basic " in proxy.heads[0]
        assert "s3cret" not in proxy.heads[0]
        assert b"Authorization: Bearer s3cret" in script.heads[0]
        assert b"Proxy-Authorization" not in script.heads[0]


async def test_certificate_behind_a_proxy_is_checked():
    """The gateway's certificate is checked through the tunnel, and reported as the gateway's."""
    for wrong, message in (("expired", "has expired"), ("wrong_host", "for another host")):
        async with proxied(getattr(certificates(GATEWAY), wrong)) as (_, url, script):
            with pytest.raises(thetatrio.TLSError, match=rf"at gateway\.example:8443 .*{message}"):
                await request(8443, host=GATEWAY, proxy=url, verify=client_context(), **PATIENT)
            assert script.heads == []


async def test_request_through_a_tunnel_is_dated_when_it_is_sent(autojump_clock):
    """The CONNECT of a proxy starts no request: the rate counts from the request itself.

    httpx reads the body of the request, and not of its own CONNECT. Should that change, the
    moment that is noted here is too early.
    """
    autojump_clock.autojump_threshold = 0.3  # real sockets take a moment
    moments = []
    async with proxied(certificates(GATEWAY).good, delay=3) as (_, url, _):
        config = Config(
            base_url=f"https://{GATEWAY}",
            proxy=url,
            verify=client_context(),
            rate=Rate(1),
        )
        transport = Transport(config)
        start = trio.current_time()
        reply = await transport.send(
            "/x",
            first_byte_timeout=9,
            on_sent=lambda: moments.append(trio.current_time() - start),
        )
        await reply.aclose()
        await transport.aclose()
    assert len(moments) == 1
    assert moments[0] >= 3


async def test_proxy_that_refuses_is_named_with_its_reason():
    """A tunnel that is refused is an error about the proxy; only an unreachable host is retried."""
    for refusal, kind in (
        ("407 Proxy Authentication Required", thetatrio.TransportError),
        ("403 Forbidden", thetatrio.TransportError),
        ("502 Bad Gateway", thetatrio.ConnectError),
    ):
        async with proxied(certificates(GATEWAY).good, refusal=refusal) as (proxy, url, _):
            with pytest.raises(kind) as caught:
                await request(8443, host=GATEWAY, proxy=url.replace("//", "//me:sesame@"))
            assert type(caught.value) is kind
            assert f"the proxy at {HOST}:" in str(caught.value)
            assert f"{GATEWAY}:8443 ({refusal})" in str(caught.value)
            assert "sesame" not in str(caught.value)
            assert len(proxy.heads) == 1


async def test_proxy_that_is_not_there_is_named():
    """What cannot be reached is the proxy, and not the host behind it."""
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
    for scheme in ("http", "https"):
        with pytest.raises(
            thetatrio.ConnectError, match=rf"^cannot reach the proxy at {HOST}:{port} \(conn"
        ):
            await request(80, host=GATEWAY, scheme=scheme, proxy=f"http://{HOST}:{port}")
    with pytest.raises(thetatrio.ConnectError, match=r"^cannot resolve host 'no\.invalid'.*proxy$"):
        await request(80, host=GATEWAY, scheme="http", proxy="http://no.invalid:1")


async def test_proxy_that_hangs_is_bounded_by_connect_timeout(autojump_clock):
    """A proxy that never answers CONNECT is ConnectTimeout, which names both."""
    autojump_clock.autojump_threshold = 0.3
    async with proxied(certificates(GATEWAY).good, delay=3600) as (_, url, _):
        start = trio.current_time()
        with pytest.raises(thetatrio.ConnectTimeout, match=rf"{GATEWAY}:8443 through the proxy"):
            await request(8443, host=GATEWAY, proxy=url)
        assert trio.current_time() - start < 60


# The table of the operating system's errors.


OS_ERRORS = [
    ("ECONNREFUSED", "is it running?"),
    ("EMFILE", "raise the limit (ulimit -n)"),
    ("ENFILE", "raise the limit (fs.file-max)"),
    ("ENOBUFS", "no memory left for sockets"),
    ("ENOMEM", "no memory left for sockets"),
    ("EADDRNOTAVAIL", "no free local port left"),
    ("EACCES", "forbids the connection"),
    ("EPERM", "forbids the connection"),
    ("ECONNRESET", "closes connections at once"),
    ("ECONNABORTED", "closes connections at once"),
    ("EPIPE", "closes connections at once"),
    ("ETIMEDOUT", "nothing answers there"),
    ("ENETUNREACH", "no route to it"),
    ("EHOSTUNREACH", "no route to it"),
    ("ENETDOWN", "no route to it"),
    ("EHOSTDOWN", "no route to it"),
    ("EAFNOSUPPORT", "IPv6"),
    ("EINVAL", "check {setting}, and is it running?"),
]


def failing_with(error):
    """Return a socket.connect that fails."""

    async def connect(self, address):
        await trio.lowlevel.checkpoint()
        raise error

    return connect


@pytest.mark.parametrize("way", [Rest, Live])
@pytest.mark.parametrize(("name", "remedy"), OS_ERRORS, ids=[name for name, _ in OS_ERRORS])
async def test_each_error_of_the_system_has_its_remedy(way, name, remedy, monkeypatch):
    """What the system reports is named with what to do about it; alike on REST and the stream.

    A limit of open files or a sandbox is not "is it running?".
    """
    number = getattr(errno, name)
    with trio.socket.socket() as one:
        kind = type(one)
    monkeypatch.setattr(kind, "connect", failing_with(OSError(number, "text of the system")))
    scheme = {"base_url": "http", "stream_url": "ws"}[way.name]
    with pytest.raises(thetatrio.ConnectError, match=r"Terminal at 127\.0\.0\.1:1 \(") as caught:
        await way.send(1, scheme=scheme)
    message = str(caught.value)
    assert remedy.format(setting=way.name) in message
    assert ("is it running?" in message) is (name in ("ECONNREFUSED", "EINVAL"))
    assert "text of the system" not in message


@pytest.mark.parametrize("way", [Rest, Live])
async def test_descriptors_that_run_out_are_named_as_the_limit(way):
    """EMFILE when the socket itself cannot be made names the limit, too."""

    class Exhausted(trio.abc.SocketFactory):
        def socket(self, *args):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    trio.socket.set_custom_socket_factory(Exhausted())
    scheme = {"base_url": "http", "stream_url": "ws"}[way.name]
    with pytest.raises(thetatrio.ConnectError, match=r"too many open files\); .*ulimit -n"):
        await way.send(1, scheme=scheme)


RESOLVERS = {
    "linux": socket.gaierror(-2, "Name or service not known"),
    "linux, resolver down": socket.gaierror(-3, "Temporary failure in name resolution"),
    "macos": socket.gaierror(8, "nodename nor servname provided, or not known"),
    "windows": socket.gaierror(11001, "getaddrinfo failed"),
}


@pytest.mark.parametrize("way", [Rest, Live])
@pytest.mark.parametrize("failure", RESOLVERS.values(), ids=RESOLVERS)
async def test_host_that_cannot_be_resolved_is_said_to_be_that(way, failure):
    """Whatever number a system's resolver fails with, the message names the host and setting."""

    class Failing(trio.abc.HostnameResolver):
        async def getaddrinfo(self, *args):
            await trio.lowlevel.checkpoint()
            raise failure

        async def getnameinfo(self, *args):
            raise AssertionError

    trio.socket.set_custom_hostname_resolver(Failing())
    options = {} if way is Rest else {"dial": trio.open_tcp_stream}
    scheme = {"base_url": "http", "stream_url": "ws"}[way.name]
    url = {way.name: f"{scheme}://gateway.example:1"}
    with pytest.raises(thetatrio.ConnectError) as caught:
        async with thetatrio.open_session(**url, **options) as session:
            if way is Rest:
                await session.stock.list_symbols()
            async with session.stream.trades(AAPL):
                raise AssertionError
    assert str(caught.value) == (
        f"cannot resolve host 'gateway.example' ({failure.strerror.lower()}); check {way.name}"
    )


def test_several_addresses_are_all_reported_with_the_most_useful_remedy():
    """Each address's reason is named once; the remedy is that of the error nearest to us."""
    tried = [OSError(errno.ENETUNREACH, "a"), OSError(errno.ECONNREFUSED, "b")]
    error = OSError("all attempts failed")
    error.__cause__ = ExceptionGroup("tried", [*tried, OSError(errno.ECONNREFUSED, "c")])
    assert str(connect_error(error, PEER)) == (
        "cannot reach Theta Terminal at h:1 (network is unreachable; connection refused);"
        " is it running?"
    )


def test_errors_that_the_caller_was_handling_are_not_ours():
    """An error in whose handling a request was sent is not taken for the request's."""

    def handle():
        try:
            raise ssl.SSLCertVerificationError(1, "the caller's")
        except ssl.SSLError:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "ours")  # noqa: B904

    with pytest.raises(OSError, match="ours") as caught:
        handle()
    assert type(connect_error(caught.value, PEER)) is thetatrio.ConnectError
    assert reason_of(caught.value) == "connection refused"


def test_error_without_a_reason_is_named_by_its_type():
    """What says nothing is named by its class; causes in a circle end."""
    error = RuntimeError()
    error.__cause__ = cause = ValueError()
    cause.__cause__ = error
    assert reason_of(error) == "RuntimeError"
    assert reason_of(OSError(errno.EXDEV, "x")) == os.strerror(errno.EXDEV).lower()


TLS_REASONS = [
    ("SSLV3_ALERT_HANDSHAKE_FAILURE", "refused the TLS handshake", True),
    ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "client certificate", True),
    ("WRONG_VERSION_NUMBER", "does not speak TLS", True),
    ("RECORD_LAYER_FAILURE", "does not speak TLS", True),
    ("UNSUPPORTED_PROTOCOL", "failed (unsupported protocol)", True),
    ("UNEXPECTED_EOF_WHILE_READING", "closed the connection during", False),
]


@pytest.mark.parametrize(("reason", "message", "fatal"), TLS_REASONS)
def test_reasons_of_openssl_are_told_apart(reason, message, fatal):
    """Refusals, other protocols and a connection that ended, by OpenSSL's own names."""
    error = ssl.SSLError(1, "text")
    error.reason = reason
    found = connect_error(error, PEER)
    assert message in str(found)
    assert isinstance(found, thetatrio.TLSError) is fatal


def test_certificate_with_another_flaw_is_quoted():
    """What OpenSSL finds beyond the usual is in the message, with the remedy."""
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = 23, "certificate revoked"
    assert "is not accepted (certificate revoked); verify= takes" in str(connect_error(error, PEER))


def test_the_systems_and_certifis_authorities_are_trusted():
    """verify=True trusts what httpx trusts, and what the system trusts besides."""
    trusted = {each["serialNumber"] for each in tls_context(True).get_ca_certs()}
    of_httpx = {each["serialNumber"] for each in httpx.create_ssl_context().get_ca_certs()}
    assert of_httpx
    assert of_httpx <= trusted
    assert tls_context(True).verify_mode is ssl.CERT_REQUIRED
    assert tls_context(False).verify_mode is ssl.CERT_NONE


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://me:pw@h:8443/a/b?key=1#x", "https://h:8443/a/b"),
        ("/b?key=1", "http://g:1/b"),
        ("//[::1]:2/c", "http://[::1]:2/c"),
        ("http://h:99999/", "a place that is not a valid URL"),
        ("http://h/\x1b[31m", "a place that is not a valid URL"),
        ("http://h/" + "a" * 1000, "http://h/" + "a" * 191),
    ],
)
def test_redirects_are_shown_without_secrets(location, shown):
    """Where a redirect points is absolute, printable, short, and without query and password."""
    assert redirect_target(location, "http://g:1/a") == shown
