"""A simulated terminal for tests without an account, a network or market hours.

    async with open_terminal(seed=7) as terminal:
        async with thetatrio.open_session(config=terminal.config) as session:
            bars = await session.stock.history_ohlc("AAPL", date="2024-11-04", interval="1m")
        assert terminal.ledger.completed == 1

Every answer says `Server: thetatrio-simulator`. Nothing in it is market data.
"""

from __future__ import annotations

from thetatrio.testing._ledger import Ledger as Ledger
from thetatrio.testing._ledger import LedgerEntry as LedgerEntry
from thetatrio.testing._market import Market as Market
from thetatrio.testing._memory import MemoryStream as MemoryStream
from thetatrio.testing._memory import memory_stream_pair as memory_stream_pair
from thetatrio.testing._service import HISTORY_YEARS as HISTORY_YEARS
from thetatrio.testing._terminal import REAL_PORTS as REAL_PORTS
from thetatrio.testing._terminal import Terminal as Terminal
from thetatrio.testing._terminal import TerminalOptions as TerminalOptions
from thetatrio.testing._terminal import open_terminal as open_terminal
from thetatrio.testing.faults import Bandwidth as Bandwidth
from thetatrio.testing.faults import Fault as Fault
from thetatrio.testing.faults import FaultScript as FaultScript
from thetatrio.testing.faults import Garbage as Garbage
from thetatrio.testing.faults import HalfOpen as HalfOpen
from thetatrio.testing.faults import Latency as Latency
from thetatrio.testing.faults import LimitData as LimitData
from thetatrio.testing.faults import Mute as Mute
from thetatrio.testing.faults import NoLength as NoLength
from thetatrio.testing.faults import Refuse as Refuse
from thetatrio.testing.faults import ResetPeer as ResetPeer
from thetatrio.testing.faults import Slicer as Slicer
from thetatrio.testing.faults import Status as Status
from thetatrio.testing.faults import WrongType as WrongType

__all__ = [
    "HISTORY_YEARS",
    "REAL_PORTS",
    "Bandwidth",
    "Fault",
    "FaultScript",
    "Garbage",
    "HalfOpen",
    "Latency",
    "Ledger",
    "LedgerEntry",
    "LimitData",
    "Market",
    "MemoryStream",
    "Mute",
    "NoLength",
    "Refuse",
    "ResetPeer",
    "Slicer",
    "Status",
    "Terminal",
    "TerminalOptions",
    "WrongType",
    "memory_stream_pair",
    "open_terminal",
]
