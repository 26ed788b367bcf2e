"""A gateway's simpler stream: commands out, flat objects in. No I/O.

There is no description of it but examples: `{"action": "SUBSCRIBE", "root":
"SPY"}` or, older, `SUBSCRIBE {'root': 'SPY'}` goes out, and objects such as
`{"root": "SPY", "bid": 450.0, "ask": 450.05}` come. Nothing says that a command
was taken, or that the gateway is still there. Names are those of v2's requests:
an option has `exp`, `strike` in thousandths of a dollar, and `right` besides.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Final, Literal, TypeVar, cast, final

import msgspec

from thetatrio._numbers import read_int
from thetatrio._stream.subscriptions import Command
from thetatrio._stream.wire import (
    LONGEST_EVENT,
    LONGEST_WORD,
    UNREADABLE,
    Decoder,
    EventKind,
    Head,
    Key,
    Message,
    Received,
    Undecoded,
    Unknown,
    check_numbers,
    decoder_for,
)
from thetatrio.config import StreamForm
from thetatrio.contracts import Contract, Option, Stock
from thetatrio.errors import InvalidRequest
from thetatrio.events import AnyTopic, Quote, TopicKind, Trade

__all__ = ["KINDS", "GatewayDialect", "GatewayKind"]

GatewayKind = Literal["quotes", "trades"]
KINDS: Final[tuple[GatewayKind, ...]] = ("quotes", "trades")
"""The kinds of events that a gateway's stream has, and the ends of its sockets' paths."""

_KEPT: Final = 131_072
_Name = tuple[str, int | str, int | str, str]
T = TypeVar("T")


class _Flat(msgspec.Struct, gc=False):
    """All fields that are known, of quotes and of trades."""

    root: str | None = None
    symbol: str | None = None
    exp: int | str | None = None
    expiration: int | str | None = None
    strike: int | str | None = None
    right: str | None = None
    ms_of_day: int | None = None
    date: int | str | None = None
    bid_size: int | None = None
    bid_exchange: int | None = None
    bid: float | None = None
    bid_condition: int | None = None
    ask_size: int | None = None
    ask_exchange: int | None = None
    ask: float | None = None
    ask_condition: int | None = None
    sequence: int | None = None
    size: int | None = None
    condition: int | None = None
    price: float | None = None
    exchange: int | None = None
    # Of messages that are none of data.
    error: str | None = None
    message: str | None = None


_flat: Final = msgspec.json.Decoder(_Flat).decode
_any: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


@final
class GatewayDialect:
    """A gateway's stream, over one socket for everything or for one kind.

    Args:
        form: how commands are written.
        kind: what the socket is of; None: what a message is of is seen by its fields.
    """

    @property
    def acknowledges(self) -> bool:
        """Nothing says that a command was taken."""
        return False

    @property
    def beats(self) -> bool:
        """Where nothing happens, nothing comes."""
        return False

    def __init__(self, form: StreamForm = "json", kind: GatewayKind | None = None) -> None:
        self._form = form
        self._kind = kind
        self._contracts: dict[_Name, Contract] = {}

    def check(self, topics: Iterable[AnyTopic]) -> None:
        """Raise InvalidRequest for all but quotes and trades of contracts that are named."""
        wrong: dict[TopicKind, None] = {
            topic.kind: None for topic in topics if topic.kind not in KINDS
        }
        if wrong:
            kinds = ", ".join(wrong)
            raise InvalidRequest(
                f"a gateway's stream has quotes and trades of stocks and options, and no {kinds};"
                ' a Theta Terminal has: open the session with stream_api="terminal" on its'
                " stream_url",
                problems=tuple(wrong),
            )

    def texts(self, commands: Sequence[Command], wanted: Container[Key]) -> list[bytes]:
        """Return the messages that subscribe and unsubscribe, each once.

        A socket for everything is told contracts and no kinds, so that one
        whose other kind is still wanted is not taken back.
        """
        said: dict[bytes, None] = {}
        for _, key, add in commands:
            if not add and self._kind is None and _other_kind(key) in wanted:
                continue
            said[self._text(key, add=add)] = None
        return list(said)

    def _text(self, key: Key, *, add: bool) -> bytes:
        action = "SUBSCRIBE" if add else "UNSUBSCRIBE"
        words = _words(key)
        if self._form == "text":
            return f"{action} {words}".encode()
        return msgspec.json.encode({"action": action, **words})

    def head_of(self, beginning: bytes) -> Head | None:  # noqa: ARG002
        """Return None: a flat object has no beginning that says what it is."""
        return None

    def decoder_for(self, kind: EventKind, contract: Contract) -> Decoder:
        """Return the terminal's decoder; only whether there is one matters here."""
        return decoder_for(kind, contract)

    def decode(self, frame: bytes) -> list[Message]:
        """Read a frame of one object or of several, one to a line. Raises nothing."""
        first = self._decode_one(frame)
        if not isinstance(first, Undecoded) or b"\n" not in frame.strip():
            return [first]
        return [self._decode_one(line) for line in frame.split(b"\n") if line.strip()]

    def _decode_one(self, data: bytes) -> Message:
        try:
            flat = _flat(data)
            root = flat.root if flat.root is not None else flat.symbol
            if root is None:
                return Unknown(_kind_of_other(flat, data)[:LONGEST_WORD])
            contract = self._contract(root, flat)
            trade = self._kind == "trades" or (self._kind is None and flat.price is not None)
            event = _trade(contract, flat) if trade else _quote(contract, flat)
            if len(data) > LONGEST_EVENT:
                check_numbers(event)
            return Received("TRADE" if trade else "QUOTE", contract, event)
        except UNREADABLE:
            return Undecoded(data)

    def _contract(self, root: str, flat: _Flat) -> Contract:
        day = flat.exp if flat.exp is not None else flat.expiration
        name: _Name = (root, day or 0, flat.strike or 0, flat.right or "")
        known = self._contracts.get(name)
        if known is not None:
            return known
        made: Contract
        if day is None and flat.strike is None and flat.right is None:
            made = Stock(root)
        else:
            thousandths = read_int(str(flat.strike or 0))
            dollars = f"{thousandths // 1000}.{thousandths % 1000:03}"
            made = Option(root, str(day), dollars, flat.right or "")
        if len(self._contracts) >= _KEPT:
            self._contracts.clear()
        self._contracts[name] = made
        return made


def _other_kind(key: Key) -> Key:
    return key._replace(request="TRADE" if key.request == "QUOTE" else "QUOTE")


def _words(key: Key) -> dict[str, str | int]:
    match key.contract:
        case Option(symbol=root, expiration=day, strike_thousandths=strike, right=right):
            date = day.year * 10_000 + day.month * 100 + day.day
            return {"root": root, "exp": date, "strike": strike, "right": right}
        case Stock(symbol=root):
            return {"root": root}
        case _:
            raise AssertionError(f"{key} was not refused")


def _sent(value: T | None) -> T:
    # What was not sent stays None, whatever the type says: with None in their types, the events
    # of terminals, which send everything, would be hard to calculate with for everybody.
    return cast("T", value)


def _date(flat: _Flat) -> int:
    return _sent(None if flat.date is None else read_int(str(flat.date).replace("-", "")))


def _trade(contract: Contract, flat: _Flat) -> Trade:
    if flat.price is None:
        raise ValueError("a trade without a price")
    return Trade(
        contract=contract,
        ms_of_day=_sent(flat.ms_of_day),
        date_int=_date(flat),
        sequence=_sent(flat.sequence),
        size=_sent(flat.size),
        condition=_sent(flat.condition),
        price=flat.price,
        exchange=_sent(flat.exchange),
    )


def _quote(contract: Contract, flat: _Flat) -> Quote:
    if flat.bid is None and flat.ask is None:
        raise ValueError("a quote without bid and ask")
    return Quote(
        contract=contract,
        ms_of_day=_sent(flat.ms_of_day),
        date_int=_date(flat),
        bid_size=_sent(flat.bid_size),
        bid_exchange=_sent(flat.bid_exchange),
        bid=_sent(flat.bid),
        bid_condition=_sent(flat.bid_condition),
        ask_size=_sent(flat.ask_size),
        ask_exchange=_sent(flat.ask_exchange),
        ask=_sent(flat.ask),
        ask_condition=_sent(flat.ask_condition),
    )


def _kind_of_other(flat: _Flat, data: bytes) -> str:
    said = flat.error if flat.error is not None else flat.message
    if said is not None:
        return f"{'message' if flat.error is None else 'error'}: {said}"
    return "object of " + ", ".join(_any(data))
