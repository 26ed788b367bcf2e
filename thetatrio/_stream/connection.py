"""One WebSocket life: connect, shake hands, read and write until it ends, say goodbye."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

import h11
import trio
import trio_websocket
import wsproto.utilities

from thetatrio import market_time
from thetatrio._network import Peer, connect_error, redirect_target, tls_context, tls_error
from thetatrio._retry_after import parse_retry_after
from thetatrio._secrets import redact, shown_url
from thetatrio._stream.fast_lane import FastLane
from thetatrio._stream.frames import Take, masked_close
from thetatrio.config import Config, Secret
from thetatrio.errors import (
    AuthenticationFailed,
    ConnectionLost,
    ConnectTimeout,
    ProtocolError,
    ServerError,
    ThetaDataError,
)

__all__ = ["Connection", "Dial", "dial_tcp", "handshake_headers", "open_stream"]

Dial: TypeAlias = Callable[[str, int], Awaitable[trio.abc.Stream]]
"""Opens a byte stream to a host and port; raises OSError where that fails."""

_PING_EVERY: Final = 30.0
_SENT_TOGETHER: Final = 256
_LONGEST_REASON: Final = 400
_PROTOCOL_ERROR: Final = 1002
_TOO_BIG: Final = 1009
_FAILURES: Final = frozenset({429, 500, 502, 503, 504})
_REFUSAL_BODY: Final = 4096  # bytes looked at of what comes with a refused handshake
_REFUSALS: Final = frozenset({401, 403})
# The peer has gone, or trio-websocket is saying something itself.
_CANNOT_SEND: Final = (
    trio.BrokenResourceError,
    trio.ClosedResourceError,
    trio.BusyResourceError,
)


async def dial_tcp(host: str, port: int) -> trio.abc.Stream:
    """Connect over TCP."""
    return await trio.open_tcp_stream(host, port)


def address(url: SplitResult) -> tuple[str, int]:
    """Return the host and port of a stream's URL."""
    return url.hostname or "", url.port or (443 if url.scheme == "wss" else 80)


def peer_of(url: SplitResult) -> Peer:
    """Return what a stream's URL leads to, for error messages."""
    host, port = address(url)
    return Peer(f"the stream of Theta Terminal at {host}:{port}", host, "stream_url", "ws")


async def open_stream(url: SplitResult, config: Config, dial: Dial) -> trio.abc.Stream:
    """Open the bytes of a connection, and shake hands over TLS if it is a wss URL.

    Raises:
        ConnectError: Nobody listens there, or the host is unknown.
        TLSError: TLS failed.
        InvalidConfig: The CA file of `verify` cannot be read.
    """
    host, port = address(url)
    context = tls_context(config.verify) if url.scheme == "wss" else None
    try:
        stream = await dial(host, port)
    except (OSError, UnicodeError) as error:
        raise connect_error(error, peer_of(url)) from error
    if context is None:
        return stream
    tls = trio.SSLStream(stream, context, server_hostname=host, https_compatible=True)
    try:
        # Here, since trio-websocket ends a connection that breaks without saying why.
        await tls.do_handshake()
    except trio.BrokenResourceError as error:
        await trio.aclose_forcefully(stream)
        raise connect_error(error, peer_of(url)) from error
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    return tls


def handshake_headers(config: Config, url: SplitResult) -> list[tuple[bytes, bytes]]:
    """Return a gateway's key and the session's headers, for a stream at the session's origin only.

    A stream elsewhere gets none: they are for whom the session was opened on.
    """
    base = urlsplit(config.base_url)
    default = 443 if base.scheme == "https" else 80
    theirs = (base.scheme == "https", base.hostname, base.port or default)
    if theirs != (url.scheme == "wss", *address(url)):
        return []
    headers = [(name.encode(), value.encode()) for name, value in config.headers.items()]
    if isinstance(config.api_key, Secret):
        headers.append((b"Authorization", b"Bearer " + config.api_key.reveal().encode()))
    return headers


class Connection:
    """A WebSocket over a byte stream, from the handshake to the close.

    Args:
        stream: the bytes; closed in any case when `run` ends.
        url: where it leads.
        config: limits and times.
        deliver: takes the messages of one read.
        take: takes those that are ordinary, as the lane says.
        room: asked before each read.
        read_size: tells how much to read.
        headers: sent with the handshake.
        beats: whether messages come even where there is no data. Where none do, pings say
            whether the peer is there: a pong has to be back within `idle_timeout`.
    """

    def __init__(
        self,
        stream: trio.abc.Stream,
        url: SplitResult,
        config: Config,
        *,
        deliver: Callable[[Sequence[bytes]], None],
        take: Take | None = None,
        room: Callable[[], Awaitable[None] | None],
        read_size: Callable[[], int],
        headers: Sequence[tuple[bytes, bytes]] = (),
        beats: bool = True,
    ) -> None:
        self._headers = headers
        self._beats = beats
        self._url = url
        self._peer = peer_of(url)
        self._config = config
        self._socket: trio_websocket.WebSocketConnection | None = None
        self._closing = trio.Event()
        self._broken_by_us = ""
        self._deliver = deliver
        self._take_ordinary = take
        # Messages that came before `opened` was called, such as in the handshake's own read.
        self._early: list[bytes] | None = []
        self.lane: Final = FastLane(
            stream,
            self._take,
            take=None if take is None else self._take_if_open,
            max_frame=config.max_frame,
            idle_timeout=config.idle_timeout,
            message_deadline=config.message_deadline,
            room=room,
            read_size=read_size,
        )

    async def run(
        self,
        serve: Callable[[Connection], Awaitable[None]],
        opened: Callable[[], None],
        deadline: float,
    ) -> str:
        """Shake hands, call `opened`, and run `serve` until the connection ends; return why.

        Raises what kept it from opening: AuthenticationFailed and ProtocolError,
        after which another attempt is in vain; ServerError with `retry_after`,
        ConnectTimeout and ConnectionLost otherwise.
        """
        rejected: list[trio_websocket.ConnectionRejected] = []
        opening = trio.CancelScope(deadline=deadline)
        try:
            async with trio.open_nursery() as nursery:
                with opening:
                    await self._open(nursery)
                if self._socket is not None:
                    opened()
                    self._take_early()
                    nursery.start_soon(serve, self)
                    nursery.start_soon(
                        self._ping if self._beats else self._ping_for_life, self._socket
                    )
                    nursery.start_soon(self._refuse_oversized, self._socket)
                    nursery.start_soon(self._follow_close, self._socket)
                    await self.lane.ended.wait()
                nursery.cancel_scope.cancel()
        except* trio_websocket.ConnectionRejected as group:
            rejected += _leaves(group)
        except* (h11.ProtocolError, wsproto.utilities.ProtocolError) as group:
            # trio-websocket wanted to answer what may not be answered, such as a wrong accept key.
            broken = redact(f"the protocol was broken ({_shortened(group)})")
            self._broken_by_us = self._broken_by_us or broken
        finally:
            # Even with the terminal's answer to our close, TCP may still be open.
            with trio.move_on_after(self._config.close_timeout, shield=True):
                await self.lane.aclose_forcefully()
        if rejected:
            answer = rejected[0]
            raise self._refused(answer.status_code, answer.headers or (), answer.body or b"")
        if self._socket is None:
            raise self._not_opened(too_slow=opening.cancelled_caught)
        return self._reason()

    def _take(self, payloads: Sequence[bytes]) -> None:
        if self._early is None:
            self._deliver(payloads)
        else:
            self._early += payloads

    def _take_if_open(self, payloads: Sequence[bytes], data: bytes, position: int) -> int:
        if self._early is None and self._take_ordinary is not None:
            return self._take_ordinary(payloads, data, position)
        self._take(payloads)
        return position

    def _take_early(self) -> None:
        early, self._early = self._early, None
        if early:
            self._deliver(early)

    async def _open(self, nursery: trio.Nursery) -> None:
        host, port = address(self._url)
        resource = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")

        # trio-websocket does not return from a handshake whose connection ended.
        async with trio.open_nursery() as racing:

            async def until_ended() -> None:
                await self.lane.ended.wait()
                racing.cancel_scope.cancel()

            racing.start_soon(until_ended)
            self._socket = await trio_websocket.wrap_client_stream(
                nursery,
                self.lane,  # type: ignore[arg-type]  # any stream will do
                f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
                resource,
                extra_headers=list(self._headers),
                max_message_size=self._config.max_frame,
                receive_buffer_size=None,
            )
            racing.cancel_scope.cancel()

    def _not_opened(self, *, too_slow: bool) -> ThetaDataError:
        where = self._where()
        if self.lane.upgraded:
            return ProtocolError(
                f"what answers at {where} is no stream of a Theta Terminal: its WebSocket"
                " handshake is wrong; check stream_url"
            )
        if self.lane.status is not None:
            return self._refused(self.lane.status, (), b"")
        broken = self.lane.error
        refused = None if broken is None else tls_error(broken, self._peer, alerts_only=True)
        if refused is not None:
            return refused
        is_tls = self._url.scheme == "wss"
        if not self.lane.may_be_http:
            scheme = "" if is_tls else ", and whether it begins with wss://"
            return ProtocolError(
                f"what answers at {where} does not speak HTTP/1.1, with which a WebSocket begins;"
                f" check host and port of stream_url{scheme}"
            )
        if too_slow:
            return ConnectTimeout(
                f"the stream at {where} did not answer the handshake within connect_timeout"
                f" ({self._config.connect_timeout:g} s)"
            )
        reason = self.lane.reason or "closed"
        hint = (
            "if it requires a client certificate, give verify= an ssl.SSLContext that has one"
            if is_tls
            else "if it expects TLS, stream_url begins with wss://"
        )
        return ConnectionLost(f"the handshake with {where} was not completed: {reason}; {hint}")

    def _refused(
        self, code: int, headers: Iterable[tuple[bytes, bytes]], body: bytes
    ) -> ThetaDataError:
        where = self._where()
        # Before it is cut: half a key would be harder to find.
        text = redact(body[:_REFUSAL_BODY].decode("utf-8", "replace")).strip()[:200]
        said = f"{code} ({text})" if text else str(code)
        named = {bytes(name).lower(): bytes(value) for name, value in headers}
        if code in _REFUSALS:
            return AuthenticationFailed(f"the stream at {where} was refused: {said}", code=code)
        if code in _FAILURES:
            after = named.get(b"retry-after", b"").decode("ascii", "replace")
            return ServerError(
                f"the stream at {where} cannot be opened now: {said}",
                code=code,
                terminal_text=text,
                retry_after=parse_retry_after(after, market_time.now()),
            )
        location = named.get(b"location", b"").decode("latin-1")
        if location and 300 <= code < 400:
            target = redirect_target(location, where)
            said = f"{code} redirect to {target}, and redirects are not followed"
        return ProtocolError(f"there is no stream at {where}: {said}; check stream_url", code=code)

    def _where(self) -> str:
        return shown_url(self._url.geturl())

    def _reason(self) -> str:
        if self._broken_by_us:
            return self._broken_by_us
        closed = self._socket.closed if self._socket is not None else None
        if self.lane.oversized.is_set():
            return self.lane.reason
        if closed is not None and closed.code != 1006 and not self._closing.is_set():
            words = f": {redact(closed.reason)}" if closed.reason else ""
            return f"the terminal closed the connection ({closed.code}{words})"
        return self.lane.reason or "closed"

    # While it is open

    async def send(self, texts: list[bytes]) -> None:
        """Send text messages. A peer that takes nothing for `ack_timeout` is given up."""
        for some in _parts(texts):
            with trio.move_on_after(self._config.ack_timeout) as scope:
                try:
                    await self.lane.send_texts(some)
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    await self.give_up("the connection broke while a command was sent")
                    return
            if scope.cancelled_caught:  # a part may have been sent
                timeout = self._config.ack_timeout
                await self.give_up(f"the terminal took no command for {timeout:g} s")
                return

    async def give_up(self, reason: str) -> None:
        """End the connection without a goodbye."""
        self._broken_by_us = self._broken_by_us or reason
        await self.lane.aclose_forcefully()

    async def goodbye(self, texts: list[bytes]) -> bool:
        """Send the last messages and close in order, until the caller's deadline.

        Returns:
            Whether the terminal has read all of them: it answered the close frame after them.
        """
        self._closing.set()
        if self._socket is None or self.lane.ended.is_set():
            return False
        try:
            for some in _parts(texts):
                await self.lane.send_texts(some)
            if self.lane.peer_has_closed:
                return False  # it does not read what follows its close frame
            self.lane.close_soon()
            await self._socket.aclose()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the other end was quicker
        return self.lane.peer_has_closed

    @staticmethod
    async def _ping(socket: trio_websocket.WebSocketConnection) -> None:
        # Idle connections of some clients were cut after minutes; a ping now and then helped.
        while True:
            await trio.sleep(_PING_EVERY)
            try:
                with trio.move_on_after(_PING_EVERY):
                    await socket.ping()
            except trio_websocket.ConnectionClosed:
                return

    async def _ping_for_life(self, socket: trio_websocket.WebSocketConnection) -> None:
        lane = self.lane
        while True:
            lane.excuse_silence()  # for as long as the pong may take; then the lane gives up
            try:
                await socket.ping()
            except trio_websocket.ConnectionClosed:
                return
            lane.excuse_silence()
            await trio.sleep(min(_PING_EVERY, self._config.idle_timeout / 2))

    async def _refuse_oversized(self, socket: trio_websocket.WebSocketConnection) -> None:
        await self.lane.oversized.wait()
        self.lane.close_soon()
        with trio.move_on_after(self._config.close_timeout):
            await socket.aclose(_TOO_BIG, "message too big")
        await self.lane.aclose_forcefully()

    async def _follow_close(self, socket: trio_websocket.WebSocketConnection) -> None:
        """End the connection soon after a close, and at once after a frame no server may send."""
        try:
            while True:  # the lane leaves no message that would mean anything
                await socket.get_message()
        except trio_websocket.ConnectionClosed:
            pass
        if self._closing.is_set() and not self.lane.irregular:
            return  # `goodbye` has a deadline of its own
        with trio.move_on_after(self._config.close_timeout):
            if self.lane.irregular:
                words = redact(socket.closed.reason or "") if socket.closed is not None else ""
                self._broken_by_us = f"the terminal broke the WebSocket protocol ({words})"
                with suppress(*_CANNOT_SEND):
                    await self.lane.send_all(masked_close(_PROTOCOL_ERROR))
            else:
                await self.lane.ended.wait()  # ending it is the terminal's turn
        await self.lane.aclose_forcefully()


def _shortened(error: BaseException) -> str:
    text = repr(error)  # may quote all that was received
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}..."


def _parts(texts: list[bytes]) -> Iterator[list[bytes]]:
    """Split messages into parts: the time to send one is bounded, and others send in between."""
    for start in range(0, len(texts), _SENT_TOGETHER):
        yield texts[start : start + _SENT_TOGETHER]


def _leaves(
    group: BaseExceptionGroup[trio_websocket.ConnectionRejected],
) -> list[trio_websocket.ConnectionRejected]:
    found: list[trio_websocket.ConnectionRejected] = []
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            found += _leaves(each)
        else:
            found.append(each)
    return found
