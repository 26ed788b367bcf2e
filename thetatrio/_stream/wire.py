"""What is said on the stream: commands out, messages in. No I/O.

The part of an event before its body (header and contract) is the same bytes
for every event of one kind and contract, so it is read once and remembered by
its bytes; the body alone is decoded each time. `head_of` reads such a
beginning; `decode` reads any frame whole, in any key order, several to a frame.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeVar, cast

import msgspec

from thetatrio import events
from thetatrio._numbers import read_int
from thetatrio._secrets import redact
from thetatrio.contracts import Contract, Index, Option, Stock
from thetatrio.errors import InvalidRequest
from thetatrio.events import Event, Topic, TopicKind

__all__ = [
    "BODIES",
    "FIRST_BYTES",
    "LONGEST_EVENT",
    "LONGEST_WORD",
    "SECURITY_OF",
    "Answer",
    "Decoder",
    "EventKind",
    "Head",
    "Key",
    "Message",
    "Received",
    "Undecoded",
    "Unknown",
    "UpstreamStatus",
    "check_numbers",
    "command",
    "decode",
    "decoder_for",
    "head_of",
    "keys_of",
    "routes_of",
]

FIRST_BYTES: Final = 256
"""How much of a frame that cannot be read is shown."""
LONGEST_WORD: Final = 80
"""Characters that are kept of a status, a response or the name of a kind."""
LONGEST_EVENT: Final = 1024
"""Bytes of the longest event whose numbers are not checked; a usual one has 250 to 450."""

EventKind: TypeAlias = Literal["QUOTE", "TRADE", "OHLC", "MARKET_VALUE"]
Decoder: TypeAlias = Callable[[bytes], Event]
T = TypeVar("T", bound=Event)

BODIES: Final[dict[EventKind, str]] = {
    "QUOTE": "quote",
    "TRADE": "trade",
    "OHLC": "ohlc",
    "MARKET_VALUE": "market_value",
}
"""The key each kind of event has its body under."""


def _decoder(kind: type[T]) -> Callable[[bytes], T]:
    return msgspec.json.Decoder(kind).decode


_DECODERS: Final[dict[EventKind, Decoder]] = {
    "QUOTE": _decoder(events.Quote),
    "TRADE": _decoder(events.Trade),
    "OHLC": _decoder(events.Ohlc),
    "MARKET_VALUE": _decoder(events.MarketValue),
}
_PRICE: Final[Decoder] = _decoder(events.Price)
_SECURITIES: Final[dict[str, type[Contract]]] = {"STOCK": Stock, "OPTION": Option, "INDEX": Index}
SECURITY_OF: Final[dict[type, str]] = {kind: name for name, kind in _SECURITIES.items()}


class Key(NamedTuple):
    """One subscription, as the terminal knows it."""

    request: Literal["QUOTE", "TRADE", "MARKET_VALUE"]
    security: str
    """`STOCK`, `OPTION` or `INDEX`."""
    contract: Contract | None
    """None for the full trade stream."""

    @property
    def subject(self) -> Contract | str:
        """What it is of: a contract, or `option` or `stock`."""
        return self.security.lower() if self.contract is None else self.contract


class Head(NamedTuple):
    """What an event says before its body."""

    kind: EventKind
    contract: Contract
    decode: Decoder


class Received(NamedTuple):
    """An event, with its kind and contract."""

    kind: EventKind
    contract: Contract
    event: Event


class UpstreamStatus(NamedTuple):
    """The heartbeat: how the terminal stands with the vendor's servers."""

    status: str


class Answer(NamedTuple):
    """The terminal's word on a command."""

    req_id: int
    response: str


class Unknown(NamedTuple):
    """A message of a kind this library does not know."""

    kind: str


class Undecoded(NamedTuple):
    """A message that could not be read."""

    data: bytes


Message: TypeAlias = Received | UpstreamStatus | Answer | Unknown | Undecoded

_REQUEST_OF: Final[dict[TopicKind, Literal["QUOTE", "TRADE", "MARKET_VALUE"]]] = {
    "quotes": "QUOTE",
    "trades": "TRADE",
    # The terminal has no stream of bars: they come beside trades and index prices.
    "ohlc": "TRADE",
    "prices": "TRADE",
    "market_values": "MARKET_VALUE",
}
_EVENT_OF: Final[dict[TopicKind, EventKind]] = {
    "quotes": "QUOTE",
    "trades": "TRADE",
    "ohlc": "OHLC",
    "prices": "TRADE",
    "market_values": "MARKET_VALUE",
}
FULL_TRADE_EVENTS: Final[tuple[EventKind, ...]] = ("QUOTE", "TRADE", "OHLC")


def keys_of(topic: Topic[Any]) -> list[Key]:
    """Return the subscriptions a topic needs."""
    if topic.security is not None:
        return [Key("TRADE", topic.security.upper(), None)]
    request = _REQUEST_OF[topic.kind]
    return [Key(request, SECURITY_OF[type(each)], each) for each in topic.contracts]


def routes_of(topic: Topic[Any]) -> list[tuple[EventKind, Contract | str]]:
    """Return the events a topic is of: kind and contract, or the security for all contracts."""
    if topic.security is not None:
        return [(kind, topic.security.upper()) for kind in FULL_TRADE_EVENTS]
    kind = _EVENT_OF[topic.kind]
    return [(kind, each) for each in topic.contracts]


def security_of(contract: Contract) -> str:
    """Return `STOCK`, `OPTION` or `INDEX`."""
    return SECURITY_OF[type(contract)]


def command(key: Key, number: int, *, add: bool) -> bytes:
    """Return the text that subscribes (`add`) or unsubscribes."""
    said: dict[str, object] = {
        "msg_type": "STREAM_BULK" if key.contract is None else "STREAM",
        "sec_type": key.security,
        "req_type": key.request,
        "add": add,
        "id": number,
    }
    match key.contract:
        case Option(symbol=root, expiration=day, strike_thousandths=strike, right=right):
            said["contract"] = {
                "root": root,
                "expiration": day.year * 10_000 + day.month * 100 + day.day,
                "strike": strike,
                "right": right,
            }
        case Stock(symbol=root) | Index(symbol=root):
            said["contract"] = {"root": root}
        case _:
            pass
    return msgspec.json.encode(said)


class _Header(msgspec.Struct):
    type: str
    status: str = ""
    response: str = ""
    req_id: int | str | None = None


class _Contract(msgspec.Struct):
    security_type: str
    root: str | None = None
    symbol: str | None = None
    expiration: int | str = 0
    strike: int | str = 0
    right: str = ""

    def value(self) -> Contract:
        # Spelled by the terminal and not by a user, so that what is wrong is undecodable.
        kind = _SECURITIES[self.security_type.upper()]
        name = self.root if self.root is not None else self.symbol
        if name is None:
            raise ValueError("a contract without root")
        if kind is not Option:
            return kind(name)
        thousandths = read_int(str(self.strike))
        dollars = f"{thousandths // 1000}.{thousandths % 1000:03}"
        return Option(name, str(self.expiration), dollars, self.right)


class _Envelope(msgspec.Struct):
    header: _Header
    contract: _Contract | None = None
    # Empty where it is not there.
    quote: msgspec.Raw = msgspec.Raw()
    trade: msgspec.Raw = msgspec.Raw()
    ohlc: msgspec.Raw = msgspec.Raw()
    market_value: msgspec.Raw = msgspec.Raw()


_envelope: Final = msgspec.json.Decoder(_Envelope).decode
# What reading anything at all may raise; msgspec lets a bare UnicodeDecodeError
# through, which is a ValueError, as InvalidRequest is; KeyError: no such security.
UNREADABLE: Final = (msgspec.MsgspecError, ValueError, KeyError, InvalidRequest, RecursionError)


def decoder_for(kind: EventKind, contract: Contract) -> Decoder:
    """Return what decodes the body of a kind of event about a contract."""
    return _PRICE if kind == "TRADE" and isinstance(contract, Index) else _DECODERS[kind]


def head_of(beginning: bytes) -> Head | None:
    """Read an event's beginning, up to the brace that opens its body.

    None where that is not all the event says apart from the body: another
    order of keys, a nested body, a message that is no event.
    """
    try:
        envelope = _envelope(beginning + b"{}}")
        kind = cast("EventKind", envelope.header.type)
        body = BODIES.get(kind)
        if body is None or envelope.contract is None or bytes(getattr(envelope, body)) != b"{}":
            return None
        if not beginning.rstrip().removesuffix(b":").rstrip().endswith(b'"%s"' % body.encode()):
            return None  # the brace opens something else
        contract = envelope.contract.value()
    except UNREADABLE:
        return None
    return Head(kind, contract, decoder_for(kind, contract))


def check_numbers(event: Event) -> None:
    """Raise ValueError if an integer of an event does not fit in 64 bits.

    msgspec decodes integers of up to 4,300 digits, which take 2 KB each, and a feed bounds the
    events that it buffers by their count. Only long messages can have several of them, so that
    ordinary ones need no check (msgspec's own constraints make each decoding 8 % slower).
    """
    for value in msgspec.structs.astuple(event):
        if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
            raise ValueError("an event has an integer of more than 64 bits")


def decode(frame: bytes) -> list[Message]:
    """Read a frame of one message or of several, one to a line. Raises nothing."""
    first = _decode_one(frame)
    if not isinstance(first, Undecoded) or b"\n" not in frame.strip():
        return [first]
    # Only now: a message may have line ends inside.
    return [_decode_one(line) for line in frame.split(b"\n") if line.strip()]


def _decode_one(data: bytes) -> Message:
    try:
        envelope = _envelope(data)
        header = envelope.header
        match header.type:
            case "STATUS" | "STATE":
                return UpstreamStatus(header.status[:LONGEST_WORD])
            case "REQ_RESPONSE":
                number = header.req_id
                response = redact(header.response)[:LONGEST_WORD]
                return Answer(-1 if number is None else read_int(str(number)), response)
            case "QUOTE" | "TRADE" | "OHLC" | "MARKET_VALUE" as kind:
                return _received(kind, envelope)
            case other:
                return Unknown(other[:LONGEST_WORD])
    except UNREADABLE:
        return Undecoded(data)


def _received(kind: EventKind, envelope: _Envelope) -> Received:
    body = bytes(getattr(envelope, BODIES[kind]))
    if not body or envelope.contract is None:
        raise ValueError(f"{kind} without body or contract")
    contract = envelope.contract.value()
    event = decoder_for(kind, contract)(body)
    if len(body) > LONGEST_EVENT:
        check_numbers(event)
    msgspec.structs.force_setattr(event, "contract", contract)
    return Received(kind, contract, event)
