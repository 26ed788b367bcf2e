"""Events as the terminal writes them: which fields, in which order, in which spelling."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from thetatrio.contracts import Contract, Index, Option, Stock
from thetatrio.testing._stream.settings import StreamSettings

Kind: TypeAlias = Literal["QUOTE", "TRADE", "OHLC", "MARKET_VALUE"]
Values: TypeAlias = tuple[int | float, ...]
Tree: TypeAlias = dict[str, "str | int | float | Tree"]

FIELDS: Final[Mapping[Kind, tuple[str, ...]]] = {
    "TRADE": ("ms_of_day", "sequence", "size", "condition", "price", "exchange", "date"),
    "QUOTE": (
        *("ms_of_day", "bid_size", "bid_exchange", "bid", "bid_condition"),
        *("ask_size", "ask_exchange", "ask", "ask_condition", "date"),
    ),
    "OHLC": ("ms_of_day", "open", "high", "low", "close", "volume", "count", "date"),
    "MARKET_VALUE": ("date", "ms_of_day", "market_bid", "market_ask", "market_price"),
}
DOLLARS: Final = frozenset(
    {"price", "bid", "ask", "open", "high", "low", "close"}
    | {"market_bid", "market_ask", "market_price"}
)
_NUMBERED: Final[Mapping[Kind, int]] = {"TRADE": 2, "QUOTE": 1, "OHLC": 5, "MARKET_VALUE": 4}
_INDEX_PRICE: Final = 4
_MS: Final[Mapping[Kind, int]] = {"TRADE": 0, "QUOTE": 0, "OHLC": 0, "MARKET_VALUE": 1}


class Channel:
    """One contract, with what all of its events have in common."""

    __slots__ = ("contract", "date", "security_type", "templates")

    def __init__(self, contract: Contract, date: int) -> None:
        self.contract: Contract = contract
        self.date: int = date
        """The day of its events, YYYYMMDD."""
        self.security_type: str = security_type(contract)
        self.templates: dict[Kind, str] = {}


class Happening(NamedTuple):
    """One event that is to be sent."""

    channel: Channel
    kind: Kind
    values: Values
    """In the order of `FIELDS`."""


def security_type(contract: Contract) -> str:
    """Return a contract's kind as the stream names it."""
    match contract:
        case Stock():
            return "STOCK"
        case Index():
            return "INDEX"
        case Option():
            return "OPTION"


def ms_of(kind: Kind, values: Values) -> int:
    """Return an event's millisecond of the day."""
    return int(values[_MS[kind]])


def numbered(happening: Happening, number: int) -> Values:
    """Return an event's values with its number written where a client can see it."""
    channel, kind, values = happening
    at = _NUMBERED[kind]
    written: int | float = number
    if kind == "MARKET_VALUE":
        written = float(number)
    elif kind == "TRADE" and channel.security_type == "INDEX":
        at, written = _INDEX_PRICE, float(number)
    return (*values[:at], written, *values[at + 1 :])


class EventText:
    """Writes events and answers as JSON, as the settings want it."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._channels: dict[Contract, Channel] = {}
        self._strings = False
        self._shuffled = False

    def use(self, settings: StreamSettings) -> None:
        """Write as these settings want it from now on."""
        self._strings = settings.string_numbers
        self._shuffled = settings.key_order == "shuffled"
        for channel in self._channels.values():
            channel.templates.clear()

    def channel(self, contract: Contract, date: int) -> Channel:
        """Return a contract's channel, always the same one."""
        made = self._channels.get(contract)
        if made is None:
            made = self._channels[contract] = Channel(contract, date)
        return made

    def event(self, channel: Channel, kind: Kind, values: Values) -> bytes:
        """Return an event as its message."""
        if self._shuffled:
            return self._mixed(self.tree(channel, kind, values))
        template = channel.templates.get(kind)
        if template is None:
            template = channel.templates[kind] = self._template(channel, kind)
        return (template % values).encode()

    def tree(self, channel: Channel, kind: Kind, values: Values) -> Tree:
        """Return an event as an object."""
        body: Tree = dict(zip(FIELDS[kind], values, strict=True))
        return {
            "header": _header(kind, status_first=channel.security_type == "OPTION"),
            "contract": self._contract(channel.contract),
            kind.lower(): body,
        }

    def status(self, status: str) -> bytes:
        """Return the message of each second."""
        return self._mixed({"header": {"status": status, "type": "STATUS"}})

    def response(self, status: str, response: str, req_id: int) -> bytes:
        """Return the answer to a command."""
        header: Tree = {"type": "REQ_RESPONSE", "status": status}
        return self._mixed({"header": header | {"response": response, "req_id": req_id}})

    def _contract(self, contract: Contract) -> Tree:
        named: Tree = {"security_type": security_type(contract), "root": contract.symbol}
        if isinstance(contract, Option):
            expiration = int(contract.expiration.strftime("%Y%m%d"))
            strike = contract.strike_thousandths
            named["expiration"] = str(expiration) if self._strings else expiration
            named["strike"] = str(strike) if self._strings else strike
            named["right"] = contract.right
        return named

    def _template(self, channel: Channel, kind: Kind) -> str:
        header = _text(_header(kind, status_first=channel.security_type == "OPTION"))
        contract = _text(self._contract(channel.contract))
        head = f'{{"header":{header},"contract":{contract},"{kind.lower()}":{{'
        body = (f'"{name}":{"%r" if name in DOLLARS else "%d"}' for name in FIELDS[kind])
        return head.replace("%", "%%") + ",".join(body) + "}}"

    def _mixed(self, tree: Tree) -> bytes:
        return msgspec.json.encode(self._reordered(tree) if self._shuffled else tree)

    def _reordered(self, tree: Tree) -> Tree:
        names: Sequence[str] = self._chance.sample(list(tree), len(tree))
        reordered: Tree = {}
        for name in names:
            value = tree[name]
            reordered[name] = self._reordered(value) if isinstance(value, dict) else value
        return reordered


def _header(kind: str, *, status_first: bool) -> Tree:
    # Events come while upstream is connected. Orders are those of the vendor's own samples.
    if status_first:
        return {"status": "CONNECTED", "type": kind}
    return {"type": kind, "status": "CONNECTED"}


def _text(tree: Tree) -> str:
    return msgspec.json.encode(tree).decode()
