"""Commands of clients: read leniently, as a terminal's own parser does."""

from __future__ import annotations

import ast
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias, cast

import msgspec

from thetatrio._numbers import read_int
from thetatrio.contracts import Contract, Index, Option, Stock
from thetatrio.errors import InvalidRequest

SecType: TypeAlias = Literal["STOCK", "OPTION", "INDEX"]
ReqType: TypeAlias = Literal["TRADE", "QUOTE", "MARKET_VALUE"]


class StreamSubscription(NamedTuple):
    """What an account is subscribed to."""

    sec_type: SecType
    req_type: ReqType
    contract: Contract | None
    """None: every contract of the asset class (a full trade stream)."""

    def __str__(self) -> str:
        return f"{self.sec_type} {self.req_type} {self.contract or '*'}"


class Command(NamedTuple):
    """One message of a client."""

    msg_type: str
    id: int
    """0 where none could be read."""
    has_id: bool
    add: bool
    subscription: StreamSubscription | None
    """None for STOP, and for what could not be understood."""
    problem: str | None = None
    """Why it could not be understood."""

    @property
    def is_stop(self) -> bool:
        """Whether it drops all subscriptions."""
        return self.msg_type == "STOP" and self.problem is None


class _Unclear(Exception):
    pass


def read_command(text: str | bytes) -> Command:
    """Read one message; what is wrong with it is in the command's `problem`."""
    try:
        fields = _object(text)
    except _Unclear as problem:
        return Command("", 0, has_id=False, add=True, subscription=None, problem=str(problem))
    msg_type = str(fields.get("msg_type", "")).upper()
    number = _whole(fields.get("id"))
    made = Command(msg_type, number or 0, has_id=number is not None, add=True, subscription=None)
    if msg_type == "STOP":
        return made
    try:
        add = _flag(fields.get("add"))
        made = made._replace(add=add)
        return made._replace(subscription=_subscription(msg_type, fields))
    except (_Unclear, InvalidRequest) as problem:
        return made._replace(problem=str(problem))


def _object(text: str | bytes) -> dict[str, object]:
    read: object
    try:
        read = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # The vendor's own Python sample sends str(dict), and its parser takes that.
        try:
            read = ast.literal_eval(text if isinstance(text, str) else text.decode())
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as problem:
            raise _Unclear(f"not an object: {problem}") from None
    if not isinstance(read, dict):
        raise _Unclear("not an object")
    return {str(name): value for name, value in cast("dict[object, object]", read).items()}


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and len(value) < 20:
        try:
            return read_int(value)
        except ValueError:
            return None
    return None


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _Unclear("add must be true or false")


def _subscription(msg_type: str, fields: dict[str, object]) -> StreamSubscription:
    if "STREAM" not in msg_type:
        raise _Unclear(f"no such msg_type: {msg_type!r}")
    kinds: dict[str, SecType] = {"STOCK": "STOCK", "OPTION": "OPTION", "INDEX": "INDEX"}
    wanted: dict[str, ReqType] = {
        "TRADE": "TRADE",
        "QUOTE": "QUOTE",
        "MARKET_VALUE": "MARKET_VALUE",
    }
    sec_type = kinds.get(str(fields.get("sec_type", "")).upper())
    req_type = wanted.get(str(fields.get("req_type", "")).upper())
    if sec_type is None or req_type is None:
        raise _Unclear("sec_type or req_type is none that exists")
    if "BULK" in msg_type:
        if req_type != "TRADE" or sec_type == "INDEX":
            raise _Unclear("full streams are trades of stocks or options")
        return StreamSubscription(sec_type, req_type, None)
    if sec_type == "INDEX" and req_type == "QUOTE":
        raise _Unclear("indices have no quotes")
    contract = _contract(sec_type, fields.get("contract"))
    return StreamSubscription(sec_type, req_type, contract)


def _contract(sec_type: SecType, given: object) -> Contract:
    if not isinstance(given, dict):
        raise _Unclear("contract must be an object")
    named = cast("dict[str, object]", given)
    root = named.get("symbol", named.get("root"))
    if not isinstance(root, str):
        raise _Unclear("contract.root must be text")
    if sec_type == "STOCK":
        return Stock(root)
    if sec_type == "INDEX":
        return Index(root)
    expiration, strike = _whole(named.get("expiration")), _whole(named.get("strike"))
    right = named.get("right")
    if expiration is None or strike is None or not isinstance(right, str):
        raise _Unclear("an option has expiration, strike and right")
    return Option(root, str(expiration), Decimal(strike) / 1000, right)
