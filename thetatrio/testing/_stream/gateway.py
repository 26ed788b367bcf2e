"""A gateway's stream: sockets by kind, commands without an answer, flat events.

There is no description of it but examples; an option is named as v2's requests
name it, by `exp`, `strike` in thousandths of a dollar, and `right`.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final, TypeAlias, cast

import msgspec

from thetatrio._numbers import read_int
from thetatrio.contracts import Contract, Option, Stock
from thetatrio.errors import InvalidRequest
from thetatrio.testing._stream.commands import Command, ReqType, SecType, StreamSubscription
from thetatrio.testing._stream.events import DOLLARS, FIELDS, Channel, EventText, Kind, Tree, Values

__all__ = ["GATEWAY_PATH", "SOCKETS", "FlatText", "Kinds", "read_commands"]

Kinds: TypeAlias = tuple[ReqType, ...]
"""The kinds of events that go over a socket."""

GATEWAY_PATH: Final = "/stream"
SOCKETS: Final[Mapping[str, Kinds]] = {
    GATEWAY_PATH: ("QUOTE", "TRADE"),
    f"{GATEWAY_PATH}/quotes": ("QUOTE",),
    f"{GATEWAY_PATH}/trades": ("TRADE",),
}
"""What each path is of."""

_ACTIONS: Final = ("SUBSCRIBE", "UNSUBSCRIBE")


def read_commands(text: str | bytes, kinds: Kinds) -> list[Command]:
    """Read one message, as a command for each of the socket's kinds.

    Both forms are taken. What is wrong with one is in the command's `problem`.
    """
    try:
        action, named = _words(text if isinstance(text, str) else text.decode())
        contract = _contract(named)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as problem:
        return [_command("", add=True)._replace(problem=f"not understood: {problem}")]
    sec_type: SecType = "OPTION" if isinstance(contract, Option) else "STOCK"
    return [
        _command(action, add=action == "SUBSCRIBE")._replace(
            subscription=StreamSubscription(sec_type, kind, contract)
        )
        for kind in kinds
    ]


def _command(action: str, *, add: bool) -> Command:
    return Command(action, 0, has_id=False, add=add, subscription=None)


def _words(text: str) -> tuple[str, dict[str, object]]:
    if text.lstrip().startswith("{"):
        named = msgspec.json.decode(text, type=dict[str, object])
        action = named.pop("action", None)
    else:
        action, _, rest = text.partition(" ")
        read: object = ast.literal_eval(rest.strip())
        if not isinstance(read, dict):
            raise ValueError("no object")
        named = {str(name): value for name, value in cast("dict[object, object]", read).items()}
    if action not in _ACTIONS:
        raise ValueError(f"no such action: {action!r}")
    return str(action), named


def _contract(named: Mapping[str, object]) -> Contract:
    root, exp, strike, right = (named.get(name) for name in ("root", "exp", "strike", "right"))
    if not isinstance(root, str):
        raise InvalidRequest("root must be text")
    if exp is None and strike is None and right is None:
        return Stock(root)
    thousandths = read_int(str(strike))
    dollars = f"{thousandths // 1000}.{thousandths % 1000:03}"
    return Option(root, str(exp), dollars, str(right))


class FlatText(EventText):
    """Writes events as flat objects."""

    def tree(self, channel: Channel, kind: Kind, values: Values) -> Tree:
        """Return an event as an object."""
        return _named(channel.contract) | dict(zip(FIELDS[kind], values, strict=True))

    def _template(self, channel: Channel, kind: Kind) -> str:
        named = msgspec.json.encode(_named(channel.contract)).decode()
        body = (f'"{name}":{"%r" if name in DOLLARS else "%d"}' for name in FIELDS[kind])
        return named[:-1].replace("%", "%%") + "," + ",".join(body) + "}"


def _named(contract: Contract) -> Tree:
    named: Tree = {"root": contract.symbol}
    if isinstance(contract, Option):
        named["exp"] = int(contract.expiration.strftime("%Y%m%d"))
        named["strike"] = contract.strike_thousandths
        named["right"] = contract.right
    return named
