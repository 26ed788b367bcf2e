"""How a stream is spoken: how commands are spelled, and how messages are read. No I/O.

The terminal's own is in `wire`; a gateway's is in `gateway`. Keys, events and
messages are the same, so that everything else knows of no difference.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Final, Protocol, final

from thetatrio._stream import wire
from thetatrio._stream.subscriptions import Command
from thetatrio._stream.wire import Decoder, EventKind, Head, Key, Message
from thetatrio.contracts import Contract
from thetatrio.events import AnyTopic

__all__ = ["TERMINAL", "Dialect", "TerminalDialect"]


class Dialect(Protocol):
    """What the stream asks of it."""

    @property
    def acknowledges(self) -> bool:
        """Whether commands are answered; otherwise one that was sent is taken to be accepted."""
        ...

    @property
    def beats(self) -> bool:
        """Whether messages come even where there is no data."""
        ...

    def check(self, topics: Iterable[AnyTopic]) -> None:
        """Raise InvalidRequest for topics that a stream of this kind cannot have."""
        ...

    def texts(self, commands: Sequence[Command], wanted: Container[Key]) -> list[bytes]:
        """Return the messages that say what is to be said; `wanted` is all that is wanted now."""
        ...

    def head_of(self, beginning: bytes) -> Head | None:
        """Read an event's beginning, up to the brace that opens its body, if it has one."""
        ...

    def decode(self, frame: bytes) -> list[Message]:
        """Read a frame whole. Raises nothing."""
        ...

    def decoder_for(self, kind: EventKind, contract: Contract) -> Decoder:
        """Return what decodes the body of a kind of event about a contract."""
        ...


@final
class TerminalDialect:
    """A Theta Terminal's: with acknowledgements, and a status each second."""

    @property
    def acknowledges(self) -> bool:
        """Each command has its REQ_RESPONSE."""
        return True

    @property
    def beats(self) -> bool:
        """A status comes each second."""
        return True

    head_of = staticmethod(wire.head_of)
    decode = staticmethod(wire.decode)
    decoder_for = staticmethod(wire.decoder_for)

    def check(self, topics: Iterable[AnyTopic]) -> None:
        """Refuse nothing: what does not exist is no topic, and the rest is the tier's."""

    def texts(self, commands: Sequence[Command], wanted: Container[Key]) -> list[bytes]:  # noqa: ARG002
        """Return a message for each command."""
        return [wire.command(key, number, add=add) for number, key, add in commands]


TERMINAL: Final = TerminalDialect()
