"""One HTTP/1.1 connection to a simulated terminal, on any trio stream."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Final, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import h11
import trio

from thetatrio.testing._ledger import Ledger, LedgerEntry, Outcome
from thetatrio.testing._limiter import Limiter
from thetatrio.testing._operations import Refusal
from thetatrio.testing._origin import refusal_of
from thetatrio.testing._seeding import random_stream
from thetatrio.testing._sending import Hangup, Sender, first_of, reset
from thetatrio.testing._service import Answer, Route, Service
from thetatrio.testing.faults import FaultScript, Mute, RequestFault, Status

_LOGGER: Final = logging.getLogger("thetatrio.testing")
_READ: Final = 64 * 1024
_LONGEST_HEAD: Final = 32 * 1024
# What a client may have sent ahead while it is being answered.
_AHEAD: Final = 256 * 1024
_GOODBYE: Final = 1.0
_PEER_GONE: Final = (trio.BrokenResourceError, trio.ClosedResourceError)


class Owner(Protocol):
    """What a connection needs of its terminal."""

    service: Service
    ledger: Ledger
    limiter: Limiter
    faults: FaultScript
    latency: float
    seed: int

    def stop(self) -> None:
        """Shut the terminal down."""
        ...


class Connection:
    """Serves requests one after the other until the client or a fault ends it."""

    def __init__(self, owner: Owner, stream: trio.abc.Stream, number: int) -> None:
        self._owner = owner
        self._stream = stream
        self._number = number
        self._protocol = h11.Connection(h11.SERVER, max_incomplete_event_size=_LONGEST_HEAD)
        self._ahead = bytearray()
        self._gone = False

    async def serve(self) -> None:
        """Serve until the connection ends. Closes the stream in any case."""
        try:
            await self._serve()
        except _PEER_GONE:
            pass
        except Hangup as hangup:
            if hangup.reset:
                await reset(self._stream)
        finally:
            with trio.move_on_after(_GOODBYE, shield=True):
                await self._stream.aclose()

    async def _serve(self) -> None:
        while True:
            try:
                request = await self._next_request()
            except h11.RemoteProtocolError as problem:
                await self._refuse_garbled(problem)
                return
            if request is None:
                return
            await self._exchange(request)
            if self._gone or self._protocol.our_state is not h11.DONE:
                return
            if self._protocol.their_state is not h11.DONE:
                return
            self._protocol.start_next_cycle()

    async def _next_request(self) -> h11.Request | None:
        request: h11.Request | None = None
        while True:
            if self._ahead:
                self._protocol.receive_data(bytes(self._ahead))
                self._ahead.clear()
            event = self._protocol.next_event()
            match event:
                case h11.Request():
                    request = event
                case h11.EndOfMessage():
                    return request
                case h11.ConnectionClosed():
                    return None
                case h11.NEED_DATA:
                    self._protocol.receive_data(bytes(await self._stream.receive_some(_READ)))
                case _:
                    await trio.lowlevel.checkpoint()

    async def _refuse_garbled(self, problem: h11.RemoteProtocolError) -> None:
        if self._protocol.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        text = b"Bad request."
        head = h11.Response(
            status_code=problem.error_status_hint,
            headers=[
                ("Server", "thetatrio-simulator"),
                ("Content-Type", "text/plain"),
                ("Content-Length", str(len(text))),
                ("Connection", "close"),
            ],
        )
        for event in (head, h11.Data(data=text), h11.EndOfMessage()):
            await self._stream.send_all(self._protocol.send(event) or b"")
        # Closing over unread bytes would reset the connection and take the answer with it.
        with trio.move_on_after(_GOODBYE):
            while await self._stream.receive_some(_READ):
                pass

    async def _exchange(self, request: h11.Request) -> None:
        hangup: Hangup | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch, nursery.cancel_scope)
            hangup = await self._recorded(request)
            nursery.cancel_scope.cancel()
        if hangup is not None:
            raise hangup

    async def _watch(self, answering: trio.CancelScope) -> None:
        # The client's end is only seen by reading; what it says early is kept for later.
        while len(self._ahead) < _AHEAD:
            try:
                data = await self._stream.receive_some(_READ)
            except _PEER_GONE:
                data = b""
            if not data:
                self._gone = True
                answering.cancel()
                return
            self._ahead += data

    async def _recorded(self, request: h11.Request) -> Hangup | None:
        owner = self._owner
        target = urlsplit(request.target.decode("ascii"))
        path = unquote(target.path)
        route = owner.service.route(path)
        entry = owner.ledger.begin(
            connection=self._number,
            method=request.method.decode("ascii"),
            path=path,
            operation=route.name,
            query=dict(parse_qsl(target.query, keep_blank_values=True)),
            headers={name.decode(): value.decode("latin-1") for name, value in request.headers},
        )
        outcome: Outcome = "aborted"
        try:
            await self._answer(entry, route)
            outcome = "completed"
        except Hangup as hangup:
            return hangup
        except _PEER_GONE:
            self._gone = True
        except Exception:
            # A defect of the simulator: visible in the log, and to the client as a 500.
            _LOGGER.exception("simulated terminal failed on %s %s", entry.method, entry.path)
            self._gone = True
            if entry.status is None:
                await self._sender(entry, []).send(500, "text/plain", iter([b"Simulator error."]))
        finally:
            owner.ledger.end(entry, outcome)
        if outcome == "completed" and route.name == "terminal_shutdown" and entry.status == 200:
            owner.stop()
        return None

    def _sender(self, entry: LedgerEntry, faults: list[RequestFault]) -> Sender:
        chance = random_stream(self._owner.seed, "faults", entry.number)
        return Sender(self._stream, self._protocol, entry, faults, chance)

    async def _answer(self, entry: LedgerEntry, route: Route) -> None:
        if entry.method != "GET":
            await self._sender(entry, []).send(
                405, "text/plain", iter([b"Only GET is served here."]), [("Allow", "GET")]
            )
            return
        foreign = refusal_of(entry.headers, self._owner.service.allow_hosts)
        if foreign is not None:
            await self._sender(entry, []).send(403, "text/plain", iter([foreign.encode()]))
            return
        if not self._may_ask(entry):
            await self._sender(entry, []).send(401, "text/plain", iter([b"Who are you?"]))
            return
        faults = self._owner.faults.for_request(entry.path, route.name)
        sender = self._sender(entry, faults)
        try:
            async with self._owner.limiter.slot(counted=route.counted):
                await trio.sleep(self._owner.latency)
                if first_of(Mute, faults) is not None:
                    await trio.sleep_forever()
                scripted = first_of(Status, faults)
                if scripted is not None:
                    await sender.send(
                        scripted.code,
                        scripted.content_type,
                        iter([scripted.text.encode()]),
                        scripted.headers.items(),
                    )
                    return
                answer = self._answered(entry, route, entry.query)
                await sender.send(answer.status, answer.content_type, answer.body, answer.headers)
        except Refusal as refusal:
            await sender.send(refusal.status, "text/plain", _text(refusal))

    def _may_ask(self, entry: LedgerEntry) -> bool:
        key = self._owner.service.api_key
        return key is None or entry.headers.get("authorization") == f"Bearer {key}"

    def _answered(self, entry: LedgerEntry, route: Route, query: Mapping[str, str]) -> Answer:
        try:
            return self._owner.service.answer(route, entry.path, query, entry.host)
        except Refusal as refusal:
            return Answer(refusal.status, "text/plain", _text(refusal))


def _text(refusal: Refusal) -> Iterator[bytes]:
    return iter([refusal.text.encode()])
