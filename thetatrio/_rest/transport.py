"""Bytes to and from the terminal over HTTP/1.1. The only module that names httpx.

httpx's transport is used without its client: no redirects are followed, no
cookies kept, no proxy taken from the environment, and nothing is logged
that could hold a key.
"""

from __future__ import annotations

import datetime as dt
import os
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Final, Protocol, TypeAlias, cast
from urllib.parse import urlsplit

import httpx
import trio

from thetatrio._rest.gzip_decoder import GzipDecoder, content_codings
from thetatrio._rest.retry import parse_retry_after
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

_ERROR_BODY: Final = 4096  # bytes kept of what a terminal says of an error


class Reply:
    """One answer: its head, and its body as it comes. Close it in any case."""

    def __init__(self, response: httpx.Response, translate: _Translate) -> None:
        self._response = response
        self._translate = translate
        headers = response.headers
        self.status = response.status_code
        self.content_type: str = headers.get("content-type", "")
        self.server: str = headers.get("server", "")
        self.next_page: str | None = headers.get("next-page")
        """Where the page after this one is said to be."""
        codings = content_codings(headers.get("content-encoding"))
        self._decoder = GzipDecoder(codings) if codings else None
        self._chunks: AsyncIterator[bytes] | None = None
        self._ended = False

    @property
    def retry_after(self) -> float | None:
        """The seconds that the terminal asks to be left alone for, or None."""
        said = self._response.headers.get("retry-after")
        return parse_retry_after(said, dt.datetime.now(dt.UTC))

    @property
    def end_is_provable(self) -> bool:
        """Whether a cut can be told from the end: the length is said, or chunks have a last one."""
        headers = self._response.headers
        return (
            "content-length" in headers or "chunked" in headers.get("transfer-encoding", "").lower()
        )

    async def receive(self) -> bytes:
        """Return the next bytes of the body; none at its proven end.

        Raises ConnectionLost where the connection ends first, ReadTimeout
        after `silence_timeout` without a byte.
        """
        if self._decoder is None:
            return await self._receive_raw()
        while True:
            if self._decoder.needs_input:
                chunk = await self._receive_raw()
                if not chunk:
                    self._decoder.finish()
                    return b""
                self._decoder.feed(chunk)
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
            self._chunks = aiter(cast("httpx.AsyncByteStream", self._response.stream))
        try:
            return await anext(self._chunks)
        except StopAsyncIteration:
            self._ended = True
            return b""
        except Exception as error:
            self._ended = True
            raise self._translate(error, "its answer") from error

    async def receive_text(self) -> str:
        """Return the body of an error, cut off where it grows long. Never fails."""
        said = b""
        try:
            while len(said) < _ERROR_BODY and (chunk := await self.receive()):
                said += chunk
        except ThetaDataError:
            pass  # what was read before the cut is what the terminal said
        return said[:_ERROR_BODY].decode(errors="replace")

    async def aclose(self) -> None:
        """Let go of the connection; it can be used again only if the body was read to its end.

        Takes no longer than a scheduler tick, and closes even when cancelled.
        """
        if not self._ended and self._chunks is not None:
            # The body's generators are suspended in the middle. Resumed in a
            # cancelled scope, they meet Cancelled at their next read and unwind
            # in order, which closes the connection; dropped, they would be
            # collected by trio with a warning.
            with trio.CancelScope(shield=True) as scope:
                scope.cancel()
                try:
                    while await anext(self._chunks, b""):
                        pass
                except Exception:  # noqa: BLE001, S110  # it is being thrown away
                    pass
        self._ended = True
        with trio.CancelScope(shield=True):
            await self._response.aclose()


class _NoBody(httpx.AsyncByteStream):
    # Not httpx's own empty stream: that is an async generator, and one that is
    # left suspended when a request is cancelled in mid-send.
    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        raise StopAsyncIteration


_NO_BODY: Final = _NoBody()


class _Translate(Protocol):
    def __call__(self, error: Exception, waiting_for: str) -> Exception: ...


class Transport:
    """Sends GET requests to one origin and to no other."""

    def __init__(self, config: Config, transport: HttpTransport | None = None) -> None:
        self._transport = transport or _default_transport(config)
        self._config = config
        self._origin = config.base_url
        parts = urlsplit(config.base_url)
        self._where = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
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
        self.answered: bool = False
        """Whether this terminal has answered anything yet."""
        self.server: str = ""
        """What the terminal called itself in its last answer."""

    async def send(
        self,
        target: str,
        *,
        accept: str = "*/*",
        first_byte_timeout: float,
        on_sent: Callable[[], None],
        dated: bool = False,
    ) -> Reply:
        """Make a GET request and return its reply, of which the head has arrived.

        Args:
            target: path and query.
            accept: the media type asked for.
            first_byte_timeout: seconds from the request to the head of its answer.
            on_sent: called when the request is about to go out on a connection.
            dated: whether the moment of that matters; else it is called beforehand.

        Raises ConnectError, ConnectTimeout, ReadTimeout, ConnectionLost or
        another TransportError, and nothing else.
        """
        config = self._config
        timeouts = {"connect": config.connect_timeout, "read": first_byte_timeout}
        extensions: dict[str, object] = {"timeout": timeouts}
        if dated:

            async def trace(event: str, _info: object) -> None:  # httpcore awaits it
                if event == "http11.send_request_headers.started":
                    on_sent()

            extensions["trace"] = trace
        else:
            on_sent()
        request = httpx.Request(
            "GET",
            f"{self._origin}{target}",
            headers=[*self._headers, ("Accept", accept)],
            stream=_NO_BODY,
            extensions=extensions,
        )
        try:
            response = await self._transport.handle_async_request(request)
        except Exception as error:
            raise self._translate(error, "an answer") from error
        # The body has a deadline of its own. The transport reads this dictionary
        # when the body is begun; a test holds it to that.
        timeouts["read"] = config.silence_timeout
        self.answered = True
        reply = Reply(response, self._translate)
        self.server = reply.server
        return reply

    def _translate(self, error: Exception, waiting_for: str) -> Exception:
        """Return the error of our tree for one of httpx; the only such table."""
        if isinstance(error, ThetaDataError):
            return error
        where = f"Theta Terminal at {self._where}"
        if isinstance(error, httpx.ConnectTimeout):
            return ConnectTimeout(
                f"no connection to {where} within {self._config.connect_timeout:g} s;"
                " is it running, and is that its address?"
            )
        if isinstance(error, httpx.ConnectError):
            return ConnectError(f"cannot reach {where} ({_reason(error)}); is it running?")
        if isinstance(error, httpx.ReadTimeout):
            return ReadTimeout(
                f"{where} sent nothing for too long while {waiting_for} was awaited;"
                " see its log, or raise first_byte_timeout or silence_timeout"
            )
        if isinstance(error, (httpx.NetworkError, httpx.ProtocolError, httpx.WriteTimeout)):
            return ConnectionLost(
                f"the connection to {where} ended before {waiting_for} did ({_reason(error)})"
            )
        return TransportError(f"no answer from {where} ({_reason(error)})")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()


def _reason(error: BaseException) -> str:
    """Return in a few words what the operating system said at the bottom of it all."""
    said = ""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, BaseExceptionGroup):  # one OSError for each address tried
            group = cast("BaseExceptionGroup[BaseException]", seen)
            return "; ".join(dict.fromkeys(_reason(inner) for inner in group.exceptions))
        if isinstance(seen, OSError) and seen.errno is not None:
            said = os.strerror(seen.errno).lower()  # without the address, which trio adds
        seen = seen.__cause__ or seen.__context__
    return said or str(error) or type(error).__name__


def _default_transport(config: Config) -> HttpTransport:
    parts = urlsplit(config.base_url)
    # An SSL context takes 20 ms to make, and a terminal on this machine has no use for it.
    verify: ssl.SSLContext | bool = parts.scheme == "https" and bool(config.verify)
    if verify and isinstance(config.verify, str):
        verify = ssl.create_default_context(cafile=config.verify)
    proxy = config.proxy.reveal() if isinstance(config.proxy, Secret) else config.proxy
    if is_loopback(parts.hostname or ""):
        proxy = None
    return httpx.AsyncHTTPTransport(
        verify=verify,
        trust_env=False,
        proxy=proxy,
        # How many run at once is the limiter's business.
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=16),
    )
