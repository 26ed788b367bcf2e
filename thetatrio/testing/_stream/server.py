"""The stream's side of a simulated terminal: one account, one upstream, any number of clients."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, Protocol

import trio

from thetatrio.codes import TerminalStatus
from thetatrio.contracts import Contract
from thetatrio.testing._ledger import Ledger
from thetatrio.testing._market import Market
from thetatrio.testing._origin import refusal_of
from thetatrio.testing._seeding import random_stream
from thetatrio.testing._service import Service
from thetatrio.testing._stream.account import Account
from thetatrio.testing._stream.commands import StreamSubscription
from thetatrio.testing._stream.connection import StreamConnection
from thetatrio.testing._stream.events import (
    DOLLARS,
    FIELDS,
    EventText,
    Happening,
    Kind,
    ms_of,
    numbered,
)
from thetatrio.testing._stream.gateway import GATEWAY_PATH, SOCKETS, FlatText, Kinds
from thetatrio.testing._stream.ledger import EventRow, StreamLedger
from thetatrio.testing._stream.settings import StreamSettings, Upstream
from thetatrio.testing._stream.source import Source
from thetatrio.testing.faults import FaultScript

STREAM_PATH: Final = "/v1/events"
_ALL: Final[Kinds] = ("QUOTE", "TRADE", "MARKET_VALUE")
# Below this a client has read most of what waits for it, and as-fast-as-read sources go on.
_ROOM: Final = 2_048
# What `Duplicates` may send again.
_RECENT: Final = 1_000


class Owner(Protocol):
    """What the stream needs of its terminal."""

    seed: int
    market: Market
    ledger: Ledger
    faults: FaultScript
    service: Service
    port: int | None
    stream_port: int | None


class StreamServer:
    """What a terminal's stream does; `terminal.stream`."""

    def __init__(self, owner: Owner, settings: StreamSettings) -> None:
        self._settings = settings
        self._owner = owner
        self._service = owner.service
        self.is_gateway: bool = owner.service.face == "gateway"
        """Whether it is a gateway's simpler stream."""
        self.faults: FaultScript = owner.faults
        """The terminal's script."""
        self.ledger: StreamLedger = owner.ledger.stream
        """What was sent, to whom, and what clients said."""
        self.account: Account = Account(owner.service.tier)
        """The subscriptions, as the terminal keeps them."""
        write = FlatText if self.is_gateway else EventText
        self.text: EventText = write(random_stream(owner.seed, "key order"))
        """How messages are written."""
        self.text.use(settings)
        self._upstream: Upstream = "DISCONNECTED"
        self._asked = False
        self._flap_ends = math.inf
        self._changed = trio.Event()
        self._roomy = trio.Event()
        self._clients: list[StreamConnection] = []
        self._running = trio.Lock()
        self._recent: list[tuple[int, bytes, Kind]] = []
        self.source: Source = Source(owner.market, self.text, self, owner.seed)
        """Where events come from."""
        self.ledger.keep_last(settings.keep)

    @property
    def settings(self) -> StreamSettings:
        """How the stream behaves; may be replaced while it runs."""
        return self._settings

    @settings.setter
    def settings(self, settings: StreamSettings) -> None:
        before, self._settings = self._settings, settings
        self.text.use(settings)
        self.ledger.keep_last(settings.keep)
        self.source.settings_changed(before)
        self.wake()

    @property
    def path(self) -> str:
        """Where it is; a gateway's sockets by kind are below that."""
        return GATEWAY_PATH if self.is_gateway else STREAM_PATH

    def kinds_at(self, path: str) -> Kinds | None:
        """Return the kinds of events of the socket at a path; None where there is none."""
        if self.is_gateway:
            return SOCKETS.get(path)
        return _ALL if path == STREAM_PATH else None

    def refusal_of(self, headers: Mapping[str, str]) -> str | None:
        """Return why a handshake is refused for where it comes from; None if it is not."""
        return refusal_of(headers, self._service.allow_hosts)

    def admits(self, authorization: str | None) -> bool:
        """Tell whether a handshake has the gateway's key.

        It is asked for where requests come to the same port: a client sends it to no other.
        """
        key = self._service.api_key
        if not self.is_gateway or key is None or self._owner.port != self._owner.stream_port:
            return True
        return authorization == f"Bearer {key}"

    @property
    def subscriptions(self) -> frozenset[StreamSubscription]:
        """What the account is subscribed to now."""
        return frozenset(self.account)

    @property
    def connections(self) -> tuple[int, ...]:
        """The numbers of the connections whose handshake was accepted and that are open."""
        return tuple(client.number for client in self._clients)

    @property
    def upstream(self) -> Upstream:
        """The connection to the vendor's server, as status messages tell it.

        DISCONNECTED until the first command.
        """
        if trio.current_time() >= self._flap_ends:
            self.set_upstream("CONNECTED")
        return self._upstream

    def set_upstream(self, upstream: Upstream) -> None:
        """Connect or disconnect the vendor's server; only while CONNECTED events flow.

        Subscriptions whose id did not grow are lost with the connection.
        """
        if self._upstream == "CONNECTED" and upstream != "CONNECTED":
            self.account.lose_upstream()
        self._flap_ends = math.inf
        self._asked = True
        self._upstream = upstream
        self._service.fpss_status = TerminalStatus(upstream)
        self.wake()

    def flap(self, seconds: float) -> None:
        """Lose the vendor's server for so many seconds from now on."""
        self.set_upstream("DISCONNECTED")
        self._flap_ends = trio.current_time() + seconds

    def drop(
        self,
        connection: int | None = None,
        *,
        code: int | None = None,
        reset: bool = False,
        now: bool = False,
    ) -> None:
        """End one connection: the one opened last, or the one of a number.

        What waits for the client goes out first, for a second at most.

        Args:
            connection: its number in the ledger.
            code: close with this code; None cuts without a close frame.
            reset: cut by RST rather than FIN.
            now: leave unsent what waits.
        """
        for client in self._clients[-1:] if connection is None else self._clients:
            if connection in (None, client.number):
                client.hang_up(code=code, with_reset=reset, now=now)

    def drop_all(self, *, code: int | None = None, reset: bool = False, now: bool = False) -> None:
        """End all connections, as `drop` does one."""
        for client in list(self._clients):
            client.hang_up(code=code, with_reset=reset, now=now)

    def advance(self, seconds: float) -> None:
        """Put the market's clock forward by so many market seconds; their events come at once.

        With a `speed` next to nothing, that is the only way the clock goes.
        """
        self.source.advance(seconds)
        self.wake()

    def send_text(self, text: str) -> None:
        """Send a text message to all clients; no event, so without a number."""
        for client in self._clients:
            client.put_text(text.encode())

    def send_raw(self, data: bytes) -> None:
        """Send bytes to all clients as they are: a frame, or what is none."""
        for client in self._clients:
            client.put_raw(data)

    def emit(self, kind: Kind, contract: Contract, **fields: float) -> int:
        """Send one event made by hand to all clients, whatever the upstream and subscriptions.

        Fields not given are 0, and the market's date and time. Returns the
        event's number; 0 where no client is connected. With `numbered`, the
        number is written unless its field is given.
        """
        unknown = fields.keys() - set(FIELDS[kind])
        if unknown:
            raise ValueError(f"{kind} has no {', '.join(sorted(unknown))}")
        channel = self.source.events.channel(contract)
        now = max(self.source.now_ms(), self._settings.start_ms)  # not before the opening
        present = {"date": channel.date, "ms_of_day": now}
        values = {name: fields.get(name, present.get(name, 0)) for name in FIELDS[kind]}
        row = tuple(
            float(value) if name in DOLLARS else int(value) for name, value in values.items()
        )
        happening = Happening(channel, kind, row)
        if self._settings.numbered:
            written = numbered(happening, self.ledger.total + 1)
            row = tuple(
                mine if name in fields else value
                for name, mine, value in zip(FIELDS[kind], row, written, strict=True)
            )
        return self._send([happening._replace(values=row)], numbers_written=True)

    async def wait_subscribed(self, count: int) -> None:
        """Wait until the account has so many subscriptions, or more."""
        await self.ledger.wait_until(lambda _: len(self.account) >= count)

    def restart(self) -> None:
        """Do what ending and starting a terminal does: nobody is connected or subscribed."""
        self.drop_all(now=True)
        self.account.clear()
        self._asked = False
        self._upstream = "DISCONNECTED"
        self._flap_ends = math.inf
        self._service.fpss_status = TerminalStatus.DISCONNECTED
        self.wake()

    # What follows is for connections and the source.

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Serve one connection until it ends. Closes the stream."""
        await StreamConnection(self, stream, self.ledger.begin()).serve()

    def refuses(self, kinds: Kinds) -> bool:
        """Tell whether a new client of a socket is refused because there is one."""
        there = any(client.kinds == kinds for client in self._clients)
        return self._settings.clients == "refuse" and there

    def join(self, client: StreamConnection) -> None:
        """Take a client in whose handshake was accepted."""
        if self._settings.clients == "replace":
            for other in self._clients:
                if other.kinds == client.kinds:
                    other.hang_up(code=1000, with_reset=False, now=False)
        if not self._clients:
            self.source.skip_missed()
        self._clients.append(client)
        self.ledger.open += 1
        self.ledger.changed()
        self.wake()

    def leave(self, client: StreamConnection) -> None:
        """Let a client go whose connection has ended."""
        if client in self._clients:
            self._clients.remove(client)
            self.ledger.open -= 1
            self.ledger.changed()
        if self.is_gateway or self._settings.subscriptions == "connection":
            self.account.forget_connection(client.number)
        self.wake()
        self.made_room()

    def asked(self) -> Upstream:
        """Connect upstream with the first command of all; return how upstream is."""
        if not self._asked:
            self.set_upstream("CONNECTED")
        return self.upstream

    async def bring_events(self) -> None:
        """Run the source, or wait until the connection that runs it has ended."""
        async with self._running:
            await self.source.run()

    @property
    def flowing(self) -> bool:
        """Whether events go out to anybody."""
        return self.upstream == "CONNECTED" and any(client.takes for client in self._clients)

    def publish(self, happenings: list[Happening]) -> None:
        """Send events to all clients, where they go out at all."""
        if self.flowing:
            self._send(happenings, numbers_written=not self._settings.numbered)

    def _send(self, happenings: list[Happening], *, numbers_written: bool) -> int:
        clients = [client for client in self._clients if client.takes]
        if not clients:
            return 0
        number = self.ledger.total
        takers = {kind: [each for each in clients if self._takes(each, kind)] for kind in FIELDS}
        numbers = {kind: tuple(each.number for each in takers[kind]) for kind in FIELDS}
        now = trio.current_time()
        write = self.text.event
        messages: list[tuple[int, bytes, Kind]] = []
        rows: list[EventRow] = []
        for happening in happenings:
            channel, kind, values = happening
            to = numbers[kind]
            if not to:
                continue  # no socket of a gateway is of that kind
            number += 1
            if not numbers_written:
                values = numbered(happening, number)
            messages.append((number, write(channel, kind, values), kind))
            row = (
                *(number, kind, channel.contract, channel.date),
                *(ms_of(kind, values), int(values[1]) if kind == "TRADE" else 0, to, now),
            )
            rows.append(row)
        self._recent += messages[-_RECENT:]
        if len(self._recent) > 4 * _RECENT:
            del self._recent[:-_RECENT]
        for client in clients:
            client.put_events(self._for(client, messages))
        self.ledger.note(rows)
        return number if rows else 0

    def _takes(self, client: StreamConnection, kind: Kind) -> bool:
        return not self.is_gateway or kind in client.kinds

    def _for(
        self, client: StreamConnection, messages: list[tuple[int, bytes, Kind]]
    ) -> list[tuple[int, bytes]]:
        return [(number, text) for number, text, kind in messages if self._takes(client, kind)]

    def recent(self, count: int, client: StreamConnection) -> list[tuple[int, bytes]]:
        """Return the last messages with events of a client's kinds, with their numbers."""
        count = min(count, _RECENT)
        return self._for(client, self._recent)[-count:] if count > 0 else []

    def wake(self) -> None:
        """Tell the source that something it waits for may have changed."""
        self._changed.set()
        self._changed = trio.Event()
        self.ledger.changed()

    async def pause(self, seconds: float) -> None:
        """Wait so long, or until settings, subscriptions or clients change."""
        until_flap_ends = self._flap_ends - trio.current_time()
        if until_flap_ends <= 0:
            # Ended here: nobody else may ask for the upstream, and waiting no time is a busy loop.
            self.set_upstream("CONNECTED")
            return
        with trio.move_on_after(max(0.0, min(seconds, until_flap_ends))):
            await self._changed.wait()

    def made_room(self) -> None:
        """Tell a source that is as fast as its readers that one has read."""
        self._roomy.set()
        self._roomy = trio.Event()

    async def room(self) -> None:
        """Wait until every client has read most of what is waiting for it."""
        while any(client.takes and client.waiting > _ROOM for client in self._clients):
            await self._roomy.wait()
