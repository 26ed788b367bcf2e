"""Bytes to and from the terminal over HTTP/1.1. The only module that names httpx.

httpx's transport is used without its client: no redirects are followed, no
cookies kept, no proxy taken from the environment, and nothing is logged
that could hold a key.
"""

from __future__ import annotations

import datetime as dt
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias, cast
from urllib.parse import urlsplit

import h11
import httpx
import trio

from thetatrio._network import (
    Peer,
    connect_error,
    reason_of,
    redirect_target,
    tls_context,
    tls_error,
)
from thetatrio._rest.gzip_decoder import GzipDecoder, content_codings
from thetatrio._rest.retry import parse_retry_after
from thetatrio._secrets import hide_causes, redact, redact_record
from thetatrio.config import Config, Secret, is_loopback
from thetatrio.errors import (
    ConnectError,
    ConnectionLost,
    ConnectTimeout,
    ReadTimeout,
    ThetaDataError,
    TransportError,
)

__all__ = ["HttpTransport", "Reply", "Transport"]

HttpTransport: TypeAlias = httpx.AsyncBaseTransport
"""What carries requests; tests and unusual networks hand in their own."""

# Their DEBUG lines have the headers of answers, where a server may repeat a key.
for _name in ("connection", "http11", "proxy", "socks"):
    for _library in ("httpcore", "httpcore2"):
        logging.getLogger(f"{_library}.{_name}").addFilter(redact_record)

_HEADERS_TOO_LONG: Final = 431  # h11's hint
_ERROR_BODY: Final = 4096  # bytes kept of what a terminal says of an error
_SMALL: Final = 16_384  # bytes of a body that may arrive with its headers


class Reply:
    """One answer: its headers, and its body as it comes. Close it in any case.

    Args:
        response: The answer, of which the headers have arrived.
        translate: Returns the error of our tree for one of httpx.
        silence_timeout: Seconds without a byte of the body, and for a whole error text.
        url: What was requested.
    """

    def __init__(
        self,
        response: httpx.Response,
        translate: _Translate,
        *,
        silence_timeout: float,
        url: str,
    ) -> None:
        self._response = response
        self._translate = translate
        self._silence_timeout = silence_timeout
        self._url = url
        # In one pass: httpx searches all of them for each name.
        headers: dict[str, str] = {}
        for raw_name, raw in response.headers.raw:
            name, value = raw_name.lower().decode("latin-1"), raw.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        self._headers = headers
        self.status = response.status_code
        self.content_type: str = _redacted(headers.get("content-type"))
        self.server: str = _redacted(headers.get("server"))
        self.market_day: str = headers.get("thetatrio-day", "")
        """The day of a simulated terminal's market, YYYY-MM-DD; empty from others."""
        self.next_page: str | None = headers.get("next-page")
        """Where the page after this one is said to be."""
        coding = headers.get("content-encoding")
        codings = content_codings(coding) if coding else ()
        self._decoder = GzipDecoder(codings) if codings else None
        self._chunks: AsyncIterator[bytes] | None = None
        self._ended = False
        self._parser: h11.Connection | None = None
        self._silence: trio.CancelScope | None = None
        length = "" if "transfer-encoding" in headers else headers.get("content-length", "")
        # Bytes of the body still to come; -1 if that is not known.
        self._left = int(length) if length.isdecimal() else -1
        if response.is_closed:  # made with its content, which httpx has decoded
            self._decoder = None
            self._chunks = _InMemory(response.content)

    @property
    def redirect(self) -> str:
        """Where a redirect points, without query and password; empty if it is none."""
        location = self._headers.get("location")
        if location is None or not 300 <= self.status < 400:
            return ""
        return redirect_target(location, self._url)

    @property
    def retry_after(self) -> float | None:
        """The seconds that the terminal asks to be left alone for, or None."""
        return parse_retry_after(self._headers.get("retry-after"), dt.datetime.now(dt.UTC))

    @property
    def end_is_provable(self) -> bool:
        """Whether a cut can be told from the end: the length is said, or chunks have a last one."""
        headers = self._headers
        return (
            "content-length" in headers or "chunked" in headers.get("transfer-encoding", "").lower()
        )

    async def hand_to(self, take: Callable[[bytes], Awaitable[None]]) -> None:
        """Give the pieces of the body to `take`, one by one, to its proven end.

        Costs less than receive() for each, with the same errors.
        """
        with trio.CancelScope() as silence:
            self._silence = silence
            while chunk := await self.receive():
                await take(chunk)
        if silence.cancelled_caught:
            raise self._silent()

    async def receive(self) -> bytes:
        """Return the next bytes of the body; none at its proven end.

        Raises ConnectionLost where the connection ends first, ReadTimeout
        after `silence_timeout` without a byte.
        """
        if self._decoder is None:
            return await self._receive_raw()
        self._decoder.check_codings()
        while True:
            if self._decoder.needs_input:
                chunk = await self._receive_raw()
                if not chunk:
                    self._decoder.finish()
                    return b""
                self._decoder.feed(chunk)
                del chunk  # a server may repeat a key in it, and the decoder may raise
            else:
                # A small chunk can inflate to gigabytes. Before the piece is taken, so that
                # a cancelled call has not lost it.
                await trio.lowlevel.checkpoint()
            if piece := self._decoder.take():
                return piece

    async def _receive_raw(self) -> bytes:
        if self._ended:
            return b""
        if self._chunks is None:
            # Not httpx's aiter_raw(): at the end of the body it gives the connection back before
            # what follows the body can be looked at.
            self._chunks = aiter(cast("httpx.AsyncByteStream", self._response.stream))
        # A scope costs as much as 20 rows: none where nothing is waited for, one for all pieces
        # where one task reads them.
        if self._left == 0 or self._is_here():
            return await self._next_chunk(self._chunks)
        if (silence := self._silence) is None:
            with trio.move_on_after(self._silence_timeout):
                return await self._next_chunk(self._chunks)
            raise self._silent()
        silence.deadline = trio.current_time() + self._silence_timeout
        chunk = await self._next_chunk(self._chunks)
        silence.deadline = math.inf
        return chunk

    def _is_here(self) -> bool:
        """Tell whether the rest of a small body has arrived with the headers."""
        if not 0 < self._left < _SMALL:
            return False
        self._parser = parser = _parser_of(self._response)
        return parser is not None and len(parser.trailing_data[0]) >= self._left

    def _silent(self) -> Exception:
        self._ended = True
        return self._translate(None, "its answer")

    async def _next_chunk(self, chunks: AsyncIterator[bytes]) -> bytes:
        try:
            chunk = await anext(chunks)
        except StopAsyncIteration:
            self._ended = True
            self._refuse_surplus()
            return b""
        except Exception as error:
            self._ended = True
            raise self._translate(error, "its answer") from error
        self._left -= len(chunk)
        return chunk

    def _refuse_surplus(self) -> None:
        """Give up the connection if bytes follow the body; raise unless they are line ends.

        The connection's next request would take them for its answer. And a body that goes on
        after its length is not known to be complete.
        """
        parser = self._parser or _parser_of(self._response)
        surplus = parser.trailing_data[0] if parser is not None else b""
        if parser is not None and surplus:
            parser.send_failed()  # httpcore closes such a connection with the answer
            if surplus.strip(b"\r\n"):
                raise self._translate(_SurplusError(len(surplus)), "its answer")

    async def receive_text(self, *, complete: bool = False) -> str:
        """Return the beginning of the body as text.

        Takes `silence_timeout` at most: an error's text is short, and one that trickles is not
        waited for.

        Args:
            complete: Whether a text that ends early is an error. If not, what arrived is
                returned, and nothing is raised.

        Raises:
            ConnectionLost: `complete`, and the connection ended first.
            ReadTimeout: `complete`, and the text took too long.
        """
        text = b""
        with trio.move_on_after(self._silence_timeout) as scope:
            try:
                while len(text) < _ERROR_BODY and (chunk := await self.receive()):
                    text += chunk
            except ThetaDataError:
                if complete:
                    raise
        if complete and scope.cancelled_caught:
            raise self._translate(None, "its answer")
        return redact(text[:_ERROR_BODY].decode(errors="replace"))

    async def aclose(self) -> None:
        """Let go of the connection; it can be used again only if the body was read to its end.

        Takes no longer than a scheduler tick, and closes even when cancelled.
        """
        if not self._ended and self._chunks is not None:
            # The body's generators are suspended in the middle, and httpx closes
            # only the outermost. Resumed in a cancelled scope, they get Cancelled
            # at their next read and unwind in order, which closes the connection;
            # dropped, they would be collected by trio with a warning.
            with trio.CancelScope(shield=True) as scope:
                scope.cancel()
                try:
                    while await anext(self._chunks, b""):
                        pass
                except Exception:  # noqa: BLE001, S110  # it is being thrown away
                    pass
        self._ended = True
        if not self._response.is_closed:
            with trio.CancelScope(shield=True):
                await self._response.aclose()


class _NoBody(httpx.AsyncByteStream):
    """The body of a GET request: empty. A transport reads it once the headers are sent.

    That is the moment from which an answer is waited for, and from which the rate counts. A
    proxy's CONNECT is a request of its own, which has another body.

    Not httpx's own empty stream: that is an async generator, and one that is left suspended
    when a request is cancelled while it is sent.
    """

    def __init__(self, on_sent: Callable[[], None]) -> None:
        self._on_sent: Callable[[], None] | None = on_sent

    @property
    def sent(self) -> bool:
        return self._on_sent is None

    def note_sent(self) -> None:
        on_sent, self._on_sent = self._on_sent, None
        if on_sent is not None:
            on_sent()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        self.note_sent()
        raise StopAsyncIteration


class _SurplusError(Exception):
    """Bytes arrived after the end of a body."""


def _redacted(header: str | None) -> str:
    return redact(header) if header else ""


def _parser_of(response: httpx.Response) -> h11.Connection | None:
    """Return the HTTP parser of an answer's connection, with what it has received.

    httpcore has no public access to it. If it is not where it was, there is none, and a test fails.
    """
    stream: Any = response.stream
    try:
        parser: object = stream._httpcore_stream._stream._connection._h11_state  # noqa: SLF001
    except AttributeError:  # another transport's
        return None
    return parser if isinstance(parser, h11.Connection) else None


class _Handshake:
    """Closes the connection whose TLS handshake was cancelled, which httpx does not.

    The events of httpx's `trace` extension have the connections in them.
    """

    def __init__(self) -> None:
        self._streams: list[_Closable] = []

    async def trace(self, event: str, info: Mapping[str, object]) -> None:
        if event == "connection.connect_tcp.complete":
            self._streams.append(cast("_Closable", info["return_value"]))

    async def aclose(self) -> None:
        with trio.CancelScope(shield=True):
            for stream in self._streams:
                await stream.aclose()


class _Closable(Protocol):
    async def aclose(self) -> None: ...


class _InMemory:
    """The body of an answer that was made with its content."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        content, self._content = self._content, b""
        if not content:
            raise StopAsyncIteration
        return content


class _Translate(Protocol):
    def __call__(self, error: Exception | None, waiting_for: str) -> Exception: ...


class Transport:
    """Sends GET requests to one origin and to no other."""

    def __init__(self, config: Config, transport: HttpTransport | None = None) -> None:
        self._transport = transport or _default_transport(config)
        # Others may not read the request's body, which says when a connection is there.
        self._dates_requests = transport is None
        self._config = config
        self._origin = config.base_url
        parts = urlsplit(config.base_url)
        host = parts.hostname or ""
        self._is_tls = parts.scheme == "https"
        self._peer = Peer(
            f"Theta Terminal at {host}:{parts.port or (443 if self._is_tls else 80)}",
            host,
            "base_url",
        )
        proxy = _proxy_url(config) if transport is None else None
        self._proxy: Peer | None = None
        if proxy is not None:
            there = urlsplit(proxy)
            port = there.port or (443 if there.scheme == "https" else 80)
            name = f"the proxy at {there.hostname}:{port}"
            self._proxy = Peer(name, there.hostname or "", "proxy")
        headers = {
            "Host": parts.netloc,
            "User-Agent": "thetatrio",
            # Compressing on this machine costs more than it saves, and hides cuts.
            "Accept-Encoding": "identity" if is_loopback(parts.hostname or "") else "gzip",
            **config.headers,
        }
        if isinstance(config.api_key, Secret):
            headers["Authorization"] = f"Bearer {config.api_key.reveal()}"
        self._headers = list(headers.items())
        # Encoded once: each kind of answer that is asked for has its own.
        self._encoded_headers: dict[str, httpx.Headers] = {}
        self.answered: bool = False
        """Whether this terminal has answered anything yet."""
        self.server: str = ""
        """What the terminal called itself in its last answer."""
        self.market_day: str = ""
        """The day of a simulated terminal's market, YYYY-MM-DD; empty from others."""

    async def send(
        self,
        target: str,
        *,
        accept: str = "*/*",
        first_byte_timeout: float,
        on_sent: Callable[[], None],
    ) -> Reply:
        """Make a GET request and return its reply, of which the headers have arrived.

        Args:
            target: Path and query.
            accept: Media type asked for.
            first_byte_timeout: Seconds from the request to the end of its answer's headers.
            on_sent: Called when the request has gone out on a connection.

        Raises:
            TransportError: Or one below it, such as ConnectError, TLSError, ConnectTimeout,
                ReadTimeout or ConnectionLost; nothing else.
        """
        url = f"{self._origin}{target}"
        if accept not in self._encoded_headers:
            self._encoded_headers[accept] = httpx.Headers([*self._headers, ("Accept", accept)])
        connect_timeout = self._config.connect_timeout
        deadline = trio.current_time() + connect_timeout
        if not self._dates_requests:
            deadline += first_byte_timeout
        scope = trio.CancelScope(deadline=deadline)

        def sent() -> None:
            # Whatever trickles in from now on, headers or 1xx answers: this does not move.
            scope.deadline = trio.current_time() + first_byte_timeout
            on_sent()

        body = _NoBody(sent)
        extensions: dict[str, object] = {"timeout": {"connect": connect_timeout}}
        handshake = _Handshake() if self._is_tls else None
        if handshake is not None:
            extensions["trace"] = handshake.trace
        response: httpx.Response | None = None
        try:
            with scope:
                request = httpx.Request(
                    "GET",
                    url,
                    headers=self._encoded_headers[accept],
                    stream=body,
                    extensions=extensions,
                )
                response = await self._transport.handle_async_request(request)
        except Exception as error:
            failure = self._translate(error, "an answer")
            if not isinstance(failure, (ConnectError, ConnectTimeout)):
                body.note_sent()  # it may have arrived: the rate counts it
            raise failure from error
        finally:
            if response is None and handshake is not None and not body.sent:
                await handshake.aclose()
        if response is None:
            if not body.sent and self._dates_requests:
                raise self._connect_timeout()
            raise self._translate(None, "an answer")
        body.note_sent()
        self.answered = True
        reply = Reply(
            response,
            self._translate,
            silence_timeout=self._config.silence_timeout,
            url=url,
        )
        self.server = reply.server
        self.market_day = reply.market_day
        return reply

    def _translate(self, error: Exception | None, waiting_for: str) -> Exception:
        """Return the error of our tree for one of httpx, or for a timeout (None)."""
        if isinstance(error, ThetaDataError):
            return error
        if error is not None:
            hide_causes(error)
        where = self._peer.name
        if isinstance(error, httpx.ConnectTimeout):
            return self._connect_timeout()
        if isinstance(error, (httpx.ConnectError, UnicodeError)):  # a name that cannot be encoded
            return self._cannot_connect(error)
        if error is None or isinstance(error, httpx.ReadTimeout):
            return ReadTimeout(
                f"{where} took too long while {waiting_for} was awaited;"
                " see its log, or raise first_byte_timeout or silence_timeout",
                first_byte=waiting_for == "an answer",
            )
        if isinstance(error, httpx.ProxyError) and self._proxy is not None:
            return self._refused_by_proxy(error)
        if isinstance(error, _SurplusError):
            return ConnectionLost(
                f"{where} sent more bytes than its answer has by its headers ({error} more): it may"
                " be truncated; is there a proxy that changes answers?"
            )
        if isinstance(error, (httpx.NetworkError, httpx.ProtocolError, httpx.WriteTimeout)):
            return self._lost(error, waiting_for)
        if isinstance(error, httpx.InvalidURL):
            return TransportError(
                f"base_url: {self._peer.host!r} is not a valid host ({reason_of(error)})"
            )
        return TransportError(f"no answer from {where} ({reason_of(error)})")

    def _connect_timeout(self) -> ConnectTimeout:
        name = f"{self._peer.name} through {self._proxy.name}" if self._proxy else self._peer.name
        tls = ", and does it speak TLS" if self._is_tls else ""
        return ConnectTimeout(
            f"no connection to {name} within connect_timeout"
            f" ({self._config.connect_timeout:g} s); is it running, is that its address{tls}?"
        )

    def _cannot_connect(self, error: Exception) -> ConnectError:
        failed = tls_error(error, self._peer)
        if failed is not None:
            return failed
        # A tunnel's TLS apart, what is connected to is the proxy.
        return connect_error(error, self._proxy or self._peer)

    def _refused_by_proxy(self, error: httpx.ProxyError) -> TransportError:
        proxy = self._proxy or self._peer
        refused = f"{proxy.name} did not connect to {self._peer.name} ({error})"
        # 502 to 504 report that the proxy cannot reach the host, as a refused connection does.
        kind = ConnectError if str(error).startswith("5") else TransportError
        return kind(f"{refused}; check proxy and its user and password, and base_url")

    def _lost(self, error: Exception, waiting_for: str) -> TransportError:
        name = self._peer.name
        if waiting_for == "an answer":
            failed = tls_error(error, self._peer, alerts_only=True)
            if failed is not None:
                return failed
            refusal = _refused_by_parser(error)
            if refusal is not None and refusal.error_status_hint == _HEADERS_TOO_LONG:
                return TransportError(
                    f"the headers of an answer of {name} are too long ({reason_of(error)}); is that"
                    " a Theta Terminal?"
                )
            if refusal is not None:
                text = f"what answers at {name.partition(' at ')[2]} does not speak HTTP/1.1"
                if self.answered:  # it did before: this connection is broken, another may not be
                    return ConnectionLost(f"{text} any more ({reason_of(error)})")
                remedy = "" if self._is_tls else ", and whether it begins with https://"
                return TransportError(
                    f"{text} ({reason_of(error)}); check host and port of base_url{remedy}"
                )
        hint = ""
        if not self.answered:
            hint = (
                "; if it requires a client certificate, give verify= an ssl.SSLContext that has one"
                if self._is_tls
                else "; is that a Theta Terminal? If it expects TLS, base_url begins with https://"
            )
        return ConnectionLost(
            f"the connection to {name} ended before {waiting_for} did ({reason_of(error)}){hint}"
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()


def _refused_by_parser(error: BaseException) -> h11.RemoteProtocolError | None:
    """Return what the HTTP parser found wrong with an answer's headers, if it did."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        if isinstance(current, h11.RemoteProtocolError):
            return current
        seen.add(id(current))
        current = current.__cause__ or current.__context__
    return None


def _proxy_url(config: Config) -> str | None:
    """Return the proxy that requests go through; None for hosts on this machine."""
    if is_loopback(urlsplit(config.base_url).hostname or ""):
        return None
    return config.proxy.reveal() if isinstance(config.proxy, Secret) else config.proxy


def _default_transport(config: Config) -> HttpTransport:
    # A context takes 20 ms to make, and a terminal on this machine has no use for it.
    is_tls = urlsplit(config.base_url).scheme == "https"
    verify = tls_context(config.verify) if is_tls else False
    url = _proxy_url(config)
    proxy: httpx.Proxy | None = None
    if url is not None:
        # A proxy's own certificate is checked even with verify=False, which is about the gateway.
        own_tls = tls_context(config.verify or True) if url.startswith("https") else None
        proxy = httpx.Proxy(url, ssl_context=own_tls)
    return httpx.AsyncHTTPTransport(
        verify=verify,
        trust_env=False,
        proxy=proxy,
        # How many run at once is the limiter's business.
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=16),
    )
