"""The columns of frames of stream events: the contract's, the moment, and the event's own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final, get_type_hints

from thetatrio.contracts import Contract, Option
from thetatrio.errors import DecodeError
from thetatrio.events import Event
from thetatrio.frames._schema import KINDS, SYMBOL, Column, Values

__all__ = ["event_columns", "event_values"]

# Stocks and indices have no more than a symbol. One feed can have all three, so
# a frame of any of them has all four columns.
_CONTRACT: Final = (
    SYMBOL,
    Column("expiration", "expiration", "date", nullable=True),
    Column("strike", "strike", "float", nullable=True),
    Column("right", "right", "right", nullable=True),
)
_TIMESTAMP: Final = Column("timestamp", "timestamp", "timestamp")
_RIGHTS: Final = {"C": "CALL", "P": "PUT"}


@cache
def event_columns(event_type: type[Event]) -> tuple[Column, ...]:
    """Return the columns of frames of a type of event."""
    hints = get_type_hints(event_type)
    names = event_type.__struct_fields__
    own = (name for name in names if name not in Event.__struct_fields__)
    return (
        *_CONTRACT,
        _TIMESTAMP,
        *(Column(name, name, KINDS[hints[name]]) for name in own),
    )


def event_values(columns: Sequence[Column], events: Sequence[Event]) -> Values:
    """Return the values of each column that events have."""
    contracts = {event.contract: _contract(event.contract) for event in events}
    found: Values = {
        column.name: [contracts[event.contract][place] for event in events]
        for place, column in enumerate(_CONTRACT)
    }
    found[_TIMESTAMP.name] = _moments(events)
    for column in columns[len(found) :]:
        found[column.name] = [getattr(event, column.attribute) for event in events]
    return found


def _contract(contract: Contract) -> tuple[object, ...]:
    if isinstance(contract, Option):
        right = _RIGHTS[contract.right]
        return contract.symbol, contract.expiration, contract.strike, right
    return contract.symbol, None, None, None


def _moments(events: Sequence[Event]) -> list[object]:
    found: list[object] = []
    for event in events:
        try:
            found.append(event.timestamp.replace(tzinfo=None))
        except (ValueError, OverflowError) as error:
            raise DecodeError(f"event {len(found) + 1} has no time: {error}") from error
    return found
