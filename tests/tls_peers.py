"""Servers with TLS, and a proxy with CONNECT, on loopback sockets."""

from __future__ import annotations

import datetime as dt
import functools
import os
import socket
import ssl
import threading
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import NamedTuple

import trio
import trustme

from thetatrio._nursery import open_hidden_nursery

_BROKEN = (trio.BrokenResourceError, trio.ClosedResourceError)


@functools.cache
def authority() -> trustme.CA:
    """Return the CA of all certificates here; made once, since keys take time."""
    return trustme.CA()


def client_context(*, certificate: trustme.LeafCert | None = None) -> ssl.SSLContext:
    """Return a client's settings that trust the CA, and have a certificate if one is given."""
    context = ssl.create_default_context()
    authority().configure_trust(context)
    if certificate is not None:
        certificate.configure_cert(context)
    return context


class Certificates(NamedTuple):
    """Settings of servers, by what is wrong with them."""

    good: ssl.SSLContext
    expired: ssl.SSLContext
    early: ssl.SSLContext
    wrong_host: ssl.SSLContext
    wants_client: ssl.SSLContext


@functools.cache
def certificates(*hosts: str) -> Certificates:
    """Return settings of servers of some hosts."""
    past, future = dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
    good = authority().issue_cert(*hosts)
    early = authority().issue_cert(*hosts, not_before=future, not_after=future + dt.timedelta(9))
    return Certificates(
        good=_server_context(good),
        expired=_server_context(authority().issue_cert(*hosts, not_after=past)),
        early=_server_context(early),
        wrong_host=_server_context(authority().issue_cert("other.example")),
        wants_client=_server_context(good, wants_client=True),
    )


def _server_context(certificate: trustme.LeafCert, *, wants_client: bool = False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    if wants_client:
        authority().configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@asynccontextmanager
async def listening(serve, context: ssl.SSLContext | None = None):
    """Serve connections on 127.0.0.1, with TLS if there is a context; yield the port.

    Whatever breaks a connection is its client's concern, which is what is tested.
    """

    async def guarded(stream):
        if context is not None:
            stream = trio.SSLStream(stream, context, server_side=True, https_compatible=True)
        try:
            with suppress(*_BROKEN):
                await serve(stream)
        finally:
            await trio.aclose_forcefully(stream)

    async with open_hidden_nursery() as nursery:
        listeners = await nursery.start(
            functools.partial(trio.serve_tcp, guarded, 0, host="127.0.0.1")
        )
        yield listeners[0].socket.getsockname()[1]
        nursery.cancel_scope.cancel()


@contextmanager
def refusing_in_a_thread(context: ssl.SSLContext, connections: int = 1):
    """Refuse TLS handshakes as OpenSSL does, with an alert, which trio's server keeps back.

    Yields the port. Serves so many connections, each for 5 s at most.
    """

    def serve() -> None:
        with suppress(OSError):
            for _ in range(connections):
                refuse(listener.accept()[0])

    def refuse(raw: socket.socket) -> None:
        raw.settimeout(5)
        # Read to its end, or the system resets the connection and the alert is lost.
        with socket.socket(fileno=os.dup(raw.fileno())) as rest, raw:
            rest.settimeout(5)
            with suppress(ssl.SSLError):
                context.wrap_socket(raw, server_side=True).close()
            with suppress(OSError):
                rest.shutdown(socket.SHUT_WR)
                while rest.recv(1000):
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join(20)
            assert not thread.is_alive()


class ConnectProxy:
    """An HTTP proxy that makes tunnels, all of them to one port of this machine.

    Args:
        port: Where tunnels lead.
        refusal: Status line to refuse tunnels with; empty if they are made.
        delay: Seconds before a tunnel is made.
    """

    def __init__(self, port: int, *, refusal: str = "", delay: float = 0) -> None:
        self.heads: list[str] = []
        self._port = port
        self._refusal = refusal
        self._delay = delay

    async def serve(self, stream: trio.abc.Stream) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n") and len(head) < 10_000:
            received = await stream.receive_some(1000)
            if not received:
                return
            head += received
        self.heads.append(head.decode())
        await trio.sleep(self._delay)
        if self._refusal:
            await stream.send_all(f"HTTP/1.1 {self._refusal}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        target = await trio.open_tcp_stream("127.0.0.1", self._port)
        async with target, trio.open_nursery() as nursery:
            await stream.send_all(b"HTTP/1.1 200 Connection established\r\n\r\n")

            async def relay(source, sink):
                with suppress(*_BROKEN):
                    while received := await source.receive_some():
                        await sink.send_all(received)
                nursery.cancel_scope.cancel()

            nursery.start_soon(relay, stream, target)
            nursery.start_soon(relay, target, stream)
