"""One WebSocket connection to a simulated terminal, on any trio stream."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Final

import trio

from thetatrio.testing._sending import SERVER
from thetatrio.testing._stream.account import SUBSCRIBED
from thetatrio.testing._stream.commands import Command, read_command
from thetatrio.testing._stream.gateway import Kinds, read_commands
from thetatrio.testing._stream.ledger import StreamCommand, StreamConnectionEntry
from thetatrio.testing._stream.sending import RAW, TEXT_ONLY, HangUp, Item, StreamSender
from thetatrio.testing._stream.wire import Wire
from thetatrio.testing._stream_faults import (
    CommandFault,
    Duplicates,
    IgnoreClose,
    KeepOpen,
    LateAcknowledgement,
    RefuseSubscription,
    RejectHandshake,
    SilentHandshake,
    SlicedStream,
    Unanswered,
    WrongAccept,
)

if TYPE_CHECKING:
    from trio_websocket import WebSocketConnection, WebSocketRequest

    from thetatrio.testing._stream.server import StreamServer

_LOGGER: Final = logging.getLogger("thetatrio.testing")
_GOODBYE: Final = 1.0
_PEER_GONE: Final = (trio.BrokenResourceError, trio.ClosedResourceError)
_COMMANDS_WAITING: Final = 256
_NO_CODE: Final = 1006


class StreamConnection:
    """Serves one client until it, a fault or the terminal ends it."""

    def __init__(
        self, server: StreamServer, stream: trio.abc.Stream, entry: StreamConnectionEntry
    ) -> None:
        self._server = server
        self._stream = stream
        self._entry = entry
        self.number: int = entry.number
        """Its number in the ledger."""
        self.kinds: Kinds = ()
        """The kinds of events of its socket, which its path says."""
        self._queue: deque[Item] = deque()
        self._wire = Wire(stream, entry)
        self._sender = StreamSender(server, self._wire, entry, self._queue)
        self._highest_id: int | None = None
        self._late: trio.Nursery | None = None

    @property
    def waiting(self) -> int:
        """Messages that wait for the client to read."""
        return len(self._queue)

    @property
    def takes(self) -> bool:
        """Whether events are for this client; not for one that is muted or being dropped."""
        return not (self._sender.ending or self._wire.mute or self._wire.closing)

    def put_events(self, messages: list[tuple[int, bytes]]) -> None:
        """Queue events with their numbers; those that do not fit are counted and dropped."""
        room = self._server.settings.queue_events - len(self._queue)
        if room < len(messages):
            room = max(0, room)
            self._entry.overflowed.add_all(number for number, _ in messages[room:])
            messages = messages[:room]
        self._queue.extend(messages)
        self._sender.wake()

    def put_text(self, message: bytes) -> None:
        """Queue a text message."""
        if self.takes:
            self._queue.append((TEXT_ONLY, message))
            self._sender.wake()

    def put_raw(self, data: bytes) -> None:
        """Queue bytes that go out as they are."""
        if self.takes:
            self._queue.append((RAW, data))
            self._sender.wake()

    def hang_up(self, *, code: int | None, with_reset: bool, now: bool) -> None:
        """End the connection, once what waits is sent or a second has passed."""
        if not self._sender.ending:
            if now:
                self._queue.clear()
            grace = 0.0 if now else _GOODBYE
            how = HangUp(code, with_reset=with_reset)
            self._sender.hang_up(how, trio.current_time() + grace)

    async def serve(self) -> None:
        """Serve until the connection ends. Closes the stream in any case."""
        try:
            async with trio.open_nursery() as nursery:
                self._late = nursery
                nursery.start_soon(self._end_with_wire, nursery.cancel_scope)
                await self._serve(nursery)
                nursery.cancel_scope.cancel()
        except* _PEER_GONE:
            pass
        except* Exception:
            # A defect of the simulator, or rubbish that trio-websocket does not foresee.
            _LOGGER.exception("simulated terminal: stream connection %d failed", self.number)
        finally:
            self._entry.closed = trio.current_time()
            self._server.leave(self)
            with trio.move_on_after(_GOODBYE, shield=True):
                await self._stream.aclose()

    async def _end_with_wire(self, scope: trio.CancelScope) -> None:
        wire = self._wire
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._outlive_the_protocol)
            await wire.over.wait()
            nursery.cancel_scope.cancel()
        scope.cancel()

    async def _outlive_the_protocol(self) -> None:
        await self._wire.closed_by_protocol.wait()
        # Where a fault keeps the connection open, only its client ends it.
        await self._wire.drain()

    async def _serve(self, nursery: trio.Nursery) -> None:
        from trio_websocket import ConnectionClosed, wrap_server_stream

        refusal, again = self._afflict()
        if refusal == "silent":
            await self._wire.drain()
            return
        request = await wrap_server_stream(
            nursery, self._wire, message_queue_size=_COMMANDS_WAITING, receive_buffer_size=65_536
        )
        if not await self._admit(request, refusal):
            return
        # Before the client knows, so that what it sees done is done here, too.
        self._entry.handshake = 101
        self._queue.extend((-number, text) for number, text in self._server.recent(again, self))
        self._server.join(self)
        websocket = await request.accept(extra_headers=[(b"Server", SERVER.encode())])
        self._sender.protocol_closed = lambda: websocket.closed is not None
        if not self._server.is_gateway:
            nursery.start_soon(self._tell_status)
        nursery.start_soon(self._send, nursery.cancel_scope)
        nursery.start_soon(self._server.bring_events)
        try:
            await self._obey(websocket)
        except ConnectionClosed as closed:
            reason = closed.reason
            if reason is not None and reason.code != _NO_CODE:
                self._entry.close_code = int(reason.code)
        await trio.sleep_forever()

    def _afflict(self) -> tuple[RejectHandshake | str | None, int]:
        refusal: RejectHandshake | str | None = None
        again = 0
        wire = self._wire
        for fault in self._server.faults.for_stream_connection():
            match fault:
                case RejectHandshake():
                    refusal = refusal or fault
                case SilentHandshake():
                    refusal = refusal or "silent"
                case WrongAccept():
                    wire.wrong_accept = True
                case SlicedStream():
                    wire.slice_size = wire.slice_size or max(1, fault.size)
                case IgnoreClose():
                    wire.ignore_close = True
                case KeepOpen():
                    wire.keep_open = True
                case Duplicates():
                    again = again or fault.count
        return refusal, again

    async def _admit(
        self, request: WebSocketRequest, refusal: RejectHandshake | str | None
    ) -> bool:
        status, headers, text = 101, {}, ""
        kinds = self._server.kinds_at(request.path.split("?")[0])
        self.kinds = kinds or ()
        if isinstance(refusal, RejectHandshake):
            status, headers, text = refusal.status, dict(refusal.headers), refusal.body
        elif (foreign := self._server.refusal_of(self._headers_of(request))) is not None:
            status, text = 403, foreign
        elif not self._server.admits(_authorization(request)):
            status, text = 401, "The key is missing or wrong."
        elif kinds is None:
            status, text = 404, f"The stream is at {self._server.path}."
        elif self._server.refuses(kinds):
            status, text = 503, "Another client is connected."
        if status == 101:
            return True
        fields = {"Server": SERVER, "Content-Type": "text/plain"} | headers
        self._entry.handshake = status
        await request.reject(
            status,
            extra_headers=[(name.encode(), value.encode()) for name, value in fields.items()],
            body=text.encode() or b" ",
        )
        await self._wire.aclose()
        return False

    def _headers_of(self, request: WebSocketRequest) -> dict[str, str]:
        # trio-websocket keeps the Host header to itself.
        headers = {
            name.decode().lower(): value.decode("latin-1") for name, value in request.headers
        }
        return headers | {"host": self._wire.host}

    async def _send(self, scope: trio.CancelScope) -> None:
        await self._sender.run()
        scope.cancel()

    async def _tell_status(self) -> None:
        server = self._server
        while True:
            if self.takes:
                self._entry.statuses += 1
                self.put_text(server.text.status(server.upstream))
            await trio.sleep(server.settings.status_interval)

    async def _obey(self, websocket: WebSocketConnection) -> None:
        while True:
            text = await websocket.get_message()
            shown = text if isinstance(text, str) else text.decode(errors="replace")
            if self._server.is_gateway:
                for command in read_commands(text, self.kinds):
                    await self._execute(command, shown)
            else:
                await self._execute(read_command(text), shown)

    async def _execute(self, command: Command, text: str) -> None:
        server = self._server
        upstream = server.asked()
        grown = server.is_gateway or (command.has_id and server.account.grows(command.id))
        if command.has_id:
            if self._highest_id is not None and command.id <= self._highest_id:
                self._entry.ids_not_growing += 1
            else:
                self._highest_id = command.id
        wanted = command.subscription
        entry = StreamCommand(
            connection=self.number,
            text=text[:4096],
            id=command.id,
            add=command.add,
            msg_type=command.msg_type,
            sec_type=wanted.sec_type if wanted else None,
            req_type=wanted.req_type if wanted else None,
            contract=wanted.contract if wanted else None,
            time=trio.current_time(),
            grows=grown,
        )
        if command.problem is not None:
            _LOGGER.info("simulated terminal: %s: %.200s", command.problem, text)
        removes = command.is_stop or not command.add
        root = wanted.contract.symbol if wanted and wanted.contract else ""
        faults = server.faults.for_command(root, adds=not removes)
        refusal = next((f for f in faults if isinstance(f, RefuseSubscription)), None)
        if refusal is not None:
            response = refusal.response
        else:
            response = server.account.obey(command, upstream, self.number, grown=grown)
        server.ledger.enter(entry)
        server.wake()
        await self._answer(command, entry, response, faults)

    async def _answer(
        self,
        command: Command,
        entry: StreamCommand,
        response: str,
        faults: list[CommandFault],
    ) -> None:
        settings = self._server.settings
        if self._server.is_gateway:
            return
        removes = command.is_stop or not command.add
        wanted = settings.acknowledge == "always" or (
            settings.acknowledge == "refusals" and response != SUBSCRIBED
        )
        if removes and response == SUBSCRIBED and not settings.acknowledge_removals:
            wanted = False
        if not wanted or any(isinstance(fault, Unanswered) for fault in faults):
            return
        late = next((fault for fault in faults if isinstance(fault, LateAcknowledgement)), None)
        delay = settings.acknowledge_delay if late is None else late.seconds
        if delay > 0 and self._late is not None:
            self._late.start_soon(self._respond_late, delay, entry, response)
        else:
            self._respond(entry, response)

    async def _respond_late(self, delay: float, entry: StreamCommand, response: str) -> None:
        await trio.sleep(delay)
        self._respond(entry, response)

    def _respond(self, entry: StreamCommand, response: str) -> None:
        text = self._server.text
        req_id = entry.id if -(2**63) <= entry.id < 2**63 else 0
        self.put_text(text.response(self._server.upstream, response, req_id))
        self._server.ledger.answered(entry, response)


def _authorization(request: WebSocketRequest) -> str | None:
    found = [value for name, value in request.headers if name.lower() == b"authorization"]
    return found[0].decode("latin-1") if found else None
