"""From the messages of one read to the feeds that want them.

An event's bytes before its body are the same for all events of its kind and
contract: they are the key its route is found by, so that the header and the
contract are read once, and the body of what nobody wants is never read.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias, cast

import msgspec

from thetatrio._secrets import redact, redact_bytes
from thetatrio._stream.dialect import TERMINAL, Dialect
from thetatrio._stream.frames import COMMON
from thetatrio._stream.lane import Lane
from thetatrio._stream.loss_log import warn_of_loss
from thetatrio._stream.wire import (
    BODIES,
    FIRST_BYTES,
    LONGEST_EVENT,
    UNREADABLE,
    Answer,
    EventKind,
    Received,
    Undecoded,
    Unknown,
    UpstreamStatus,
    security_of,
)
from thetatrio.contracts import Contract
from thetatrio.events import Event, Undecodable

__all__ = ["Router"]


ROUTES_KEPT: Final = 131_072
"""Beginnings of events that are remembered, at some 400 bytes each; then they are learnt anew."""

BEGINNINGS_SIZE: Final = 32 << 20
"""Bytes of all beginnings that are remembered; then they are learnt anew."""

KINDS_KEPT: Final = 64
"""Unknown kinds of messages that are told apart."""

_FEW: Final = 8
_USUAL: Final = 256
"""Bytes of an event's frame, about; by them few messages are told from many before they are cut."""
_CLOSING_BRACE: Final = ord("}")
_HEAD: Final = struct.Struct(">HH").unpack_from
_LAST_AND_HEAD: Final = struct.Struct(">BHH").unpack_from

# A list, so that it can change in place: decoder (None: nobody wants it),
# contract, what appends an event to the lanes, the lanes.
_Route: TypeAlias = list[Any]
_Subject: TypeAlias = tuple[EventKind, Contract | str]


class Router:
    """Decodes what is wanted, and gives it to the lanes that want it.

    Args:
        clock: tells the time of a read.
        on_answer: told of each REQ_RESPONSE, in its place.
        on_status: told of each heartbeat's status, in its place.
        dialect: how messages are read.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        on_answer: Callable[[Answer], None],
        on_status: Callable[[str], None],
        dialect: Dialect = TERMINAL,
    ) -> None:
        self._dialect = dialect
        self._clock = clock
        self._on_answer = on_answer
        self._on_status = on_status
        # As a dict: thousands come and go.
        self.lanes: dict[Lane, None] = {}
        """All of them."""
        self._wanted: dict[_Subject, list[Lane]] = {}
        self._routes: dict[bytes, _Route] = {}
        self._routes_size = 0  # bytes of their beginnings
        self._by_event: dict[tuple[EventKind, Contract], _Route] = {}
        self.messages: int = 0
        """Messages received."""
        self.unwanted: int = 0
        """Events that no feed wanted."""
        self.undecodable: int = 0
        """Messages that could not be read."""
        self.unknown: Counter[str] = Counter()
        """Messages of kinds the library does not know, by kind; `...` stands for further kinds."""

    def add(self, lane: Lane) -> None:
        """Route events to a lane from now on."""
        self.lanes[lane] = None
        subjects = lane.routes
        for subject in subjects:
            self._wanted.setdefault(subject, []).append(lane)
        self._refresh(subjects)

    def remove(self, lane: Lane) -> None:
        """Route no more events to a lane."""
        del self.lanes[lane]
        subjects = lane.routes
        for subject in subjects:
            lanes = self._wanted[subject]
            lanes.remove(lane)
            if not lanes:
                del self._wanted[subject]
        self._refresh(subjects)

    def take(self, payloads: Sequence[bytes], data: bytes, position: int) -> int:
        """Take messages, and after them the frames of a read from a position on.

        Only those that hold ordinary events, whose beginning is known. Returns
        the position of the first that does not, or is not whole: how it is to
        be taken, `deliver` knows.
        """
        if (len(data) - position) // _USUAL * _FEW < len(self.lanes):
            self.deliver(payloads)
            return position
        if payloads:
            self._take(payloads)
        position = self._take_ordinary(data, position)
        self.flush()
        return position

    def _take_ordinary(self, data: bytes, position: int) -> int:  # noqa: C901  # calls are dear
        # The hottest loop of all. A frame's head is read together with the byte
        # before it, which is the last of the frame before.
        size = len(data)
        last = size - 4
        if position > last:
            return position
        closing: int
        word: int
        length: int
        word, length = _HEAD(data, position)
        if word != COMMON or length > LONGEST_EVENT:
            return position
        head, common, brace, longest = _LAST_AND_HEAD, COMMON, _CLOSING_BRACE, LONGEST_EVENT
        route_of = self._routes.get
        set_contract = msgspec.structs.force_setattr
        messages = unwanted = 0
        begin = position + 4
        end = begin + length
        while True:
            if end <= last:
                closing, word, length = head(data, end - 1)
            elif end <= size:
                closing, word = data[end - 1], 0
            else:
                break
            if closing != brace:
                break
            beginning, _, body = data[begin : end - 1].rpartition(b"{")
            route = route_of(beginning)
            if route is None:
                break
            decode, contract, append, _ = route
            if decode is None:
                unwanted += 1
            else:
                try:
                    event = decode(b"{" + body)
                except UNREADABLE:
                    break
                set_contract(event, "contract", contract)
                append(event)
            messages += 1
            begin = end + 4
            if word != common or length > longest:
                break
            end = begin + length
        self.messages += messages
        self.unwanted += unwanted
        return begin - 4

    def deliver(self, payloads: Sequence[bytes]) -> None:
        """Take the messages of one read."""
        few = len(payloads) * _FEW < len(self.lanes)
        if self._take(payloads) and few:
            self._flush_touched(payloads)
        else:
            self.flush()

    def _take(self, payloads: Sequence[bytes]) -> bool:
        """Take messages without flushing; return whether all were ordinary events."""
        self.messages += len(payloads)
        routes = self._routes
        set_contract = msgspec.structs.force_setattr
        unwanted = 0
        ordinary = True
        for payload in payloads:
            brace = payload.rfind(b"{")
            route = routes.get(payload[:brace])
            if route is None or len(payload) > LONGEST_EVENT:
                ordinary &= not self._take_unrouted(payload, brace)
                continue
            decode, contract, append, _ = route
            if decode is None:
                unwanted += 1
                continue
            try:
                event = decode(payload[brace:-1])
            except UNREADABLE:
                event = None
            if event is None or payload[-1] != _CLOSING_BRACE:
                ordinary &= not self._take_whole(payload)
                continue
            set_contract(event, "contract", contract)
            append(event)
        self.unwanted += unwanted
        return ordinary

    def flush(self) -> None:
        """Give the feeds what was decoded."""
        now = self._clock()
        for lane in self.lanes:
            if lane.pending:
                lane.flush(now)

    def _flush_touched(self, payloads: Sequence[bytes]) -> None:
        # Looking at thousands of lanes after each message would cost more than the message.
        now = self._clock()
        for payload in payloads:
            route = self._routes.get(payload[: payload.rfind(b"{")])
            if route is not None:
                for lane in route[3]:
                    if lane.pending:
                        lane.flush(now)

    def _take_unrouted(self, payload: bytes, brace: int) -> bool:
        """Take a message whose beginning is new, and remember the way of its kind."""
        if len(payload) > LONGEST_EVENT:  # its numbers are to be checked
            return self._take_whole(payload)
        beginning = payload[:brace]
        head = self._dialect.head_of(beginning)
        if head is None:
            return self._take_whole(payload)
        self._routes_size += len(beginning)
        if len(self._routes) >= ROUTES_KEPT or self._routes_size > BEGINNINGS_SIZE:
            self._forget_routes()
            self._routes_size = len(beginning)
        route = self._routes[beginning] = self._route(head.kind, head.contract)
        decode, contract, append, _ = route
        if decode is None:
            self.unwanted += 1
            return False
        try:
            event = decode(payload[brace:-1])
        except UNREADABLE:
            event = None
        if event is None or payload[-1] != _CLOSING_BRACE:
            return self._take_whole(payload)
        msgspec.structs.force_setattr(event, "contract", contract)
        append(event)
        return False

    def _take_whole(self, payload: bytes) -> bool:
        """Take what is not an ordinary event."""
        for message in self._dialect.decode(payload):
            match message:
                case Received(kind, contract, event):
                    self._take_event(kind, contract, event)
                case Answer():
                    self.flush()
                    self._on_answer(message)
                case UpstreamStatus(status):
                    self.flush()
                    self._on_status(status)
                case Unknown(kind):
                    self._take_unknown(kind)
                case Undecoded(data):
                    self._take_undecoded(data)
        return True

    def _take_event(self, kind: EventKind, contract: Contract, event: Event) -> None:
        decode, shared, append, _ = self._route(kind, contract)
        if decode is None:
            self.unwanted += 1
        else:
            msgspec.structs.force_setattr(event, "contract", shared)
            append(event)

    def _take_unknown(self, kind: str) -> None:
        kind = redact(kind)
        if kind not in self.unknown and len(self.unknown) >= KINDS_KEPT:
            kind = "..."
        if kind not in self.unknown:
            warn_of_loss("the terminal sends messages of an unknown kind, %r", kind)
        self.unknown[kind] += 1

    def _take_undecoded(self, data: bytes) -> None:
        self.undecodable += 1
        self.flush()
        notice = Undecodable(count=1, first_bytes=redact_bytes(data[:FIRST_BYTES]))
        for lane in self.lanes:
            lane.notify(notice)

    # Routes

    def _route(self, kind: EventKind, contract: Contract) -> _Route:
        route = self._by_event.get((kind, contract))
        if route is None:
            if len(self._by_event) >= ROUTES_KEPT:
                self._forget_routes()
            route = [None, self._shared(contract), None, ()]
            self._by_event[kind, contract] = route
            self._fill(route, kind)
        return route

    def _shared(self, contract: Contract) -> Contract:
        """Return the one object for a contract, where it is known by another kind of event."""
        for kind in BODIES:
            route = self._by_event.get((kind, contract))
            if route is not None:
                return cast("Contract", route[1])
        return contract

    def _forget_routes(self) -> None:
        self.flush()  # by its routes a lane with events is found
        self._routes.clear()
        self._routes_size = 0
        self._by_event.clear()

    def _fill(self, route: _Route, kind: EventKind) -> None:
        contract: Contract = route[1]
        of_contract = self._wanted.get((kind, contract), ())
        of_all = self._wanted.get((kind, security_of(contract)), ())
        lanes = list(dict.fromkeys((*of_contract, *of_all)))
        if not lanes:
            route[:] = [None, contract, None, ()]
            return
        appends = [lane.pending.append for lane in lanes]
        append = appends[0] if len(appends) == 1 else _append_to_all(appends)
        route[:] = [self._dialect.decoder_for(kind, contract), contract, append, tuple(lanes)]

    def _refresh(self, subjects: Iterable[_Subject]) -> None:
        for kind, subject in subjects:
            if isinstance(subject, str):
                for (known, contract), route in self._by_event.items():
                    if known == kind and security_of(contract) == subject:
                        self._fill(route, kind)
            else:
                known_route = self._by_event.get((kind, subject))
                if known_route is not None:
                    self._fill(known_route, kind)


def _append_to_all(appends: Sequence[Callable[[Any], None]]) -> Callable[[Event], None]:
    def append(event: Event) -> None:
        for each in appends:
            each(event)

    return append
