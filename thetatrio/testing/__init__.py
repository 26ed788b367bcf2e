"""A simulated terminal for tests without an account, a network or market hours.

    async with open_terminal(seed=7) as terminal:
        async with thetatrio.open_session(config=terminal.config) as session:
            bars = await session.stock.history_ohlc("AAPL", date="2024-11-04", interval="1m")
        assert terminal.ledger.completed == 1

Its stream is `terminal.stream`, and what that sent `terminal.ledger.stream`.
Every answer says `Server: thetatrio-simulator`. Nothing in it is market data.
"""

from __future__ import annotations

from thetatrio.testing._ledger import Ledger as Ledger
from thetatrio.testing._ledger import LedgerEntry as LedgerEntry
from thetatrio.testing._market import Market as Market
from thetatrio.testing._memory import MemoryStream as MemoryStream
from thetatrio.testing._memory import memory_stream_pair as memory_stream_pair
from thetatrio.testing._rules import PROFILES as PROFILES
from thetatrio.testing._rules import TerminalRules as TerminalRules
from thetatrio.testing._service import HISTORY_YEARS as HISTORY_YEARS
from thetatrio.testing._stream.account import STREAM_LIMITS as STREAM_LIMITS
from thetatrio.testing._stream.commands import StreamSubscription as StreamSubscription
from thetatrio.testing._stream.ledger import NumberRanges as NumberRanges
from thetatrio.testing._stream.ledger import StreamCommand as StreamCommand
from thetatrio.testing._stream.ledger import StreamConnectionEntry as StreamConnectionEntry
from thetatrio.testing._stream.ledger import StreamEvent as StreamEvent
from thetatrio.testing._stream.ledger import StreamLedger as StreamLedger
from thetatrio.testing._stream.server import StreamServer as StreamServer
from thetatrio.testing._stream.settings import StreamSettings as StreamSettings
from thetatrio.testing._terminal import REAL_PORTS as REAL_PORTS
from thetatrio.testing._terminal import Terminal as Terminal
from thetatrio.testing._terminal import TerminalOptions as TerminalOptions
from thetatrio.testing._terminal import open_terminal as open_terminal
from thetatrio.testing.faults import BadFrame as BadFrame
from thetatrio.testing.faults import Bandwidth as Bandwidth
from thetatrio.testing.faults import CloseFrame as CloseFrame
from thetatrio.testing.faults import CutFragments as CutFragments
from thetatrio.testing.faults import CutFrame as CutFrame
from thetatrio.testing.faults import Duplicates as Duplicates
from thetatrio.testing.faults import Fault as Fault
from thetatrio.testing.faults import FaultScript as FaultScript
from thetatrio.testing.faults import Fragmented as Fragmented
from thetatrio.testing.faults import Garbage as Garbage
from thetatrio.testing.faults import GarbageText as GarbageText
from thetatrio.testing.faults import HalfOpen as HalfOpen
from thetatrio.testing.faults import HalfOpenStream as HalfOpenStream
from thetatrio.testing.faults import IgnoreClose as IgnoreClose
from thetatrio.testing.faults import KeepOpen as KeepOpen
from thetatrio.testing.faults import LateAcknowledgement as LateAcknowledgement
from thetatrio.testing.faults import Latency as Latency
from thetatrio.testing.faults import LimitData as LimitData
from thetatrio.testing.faults import Mute as Mute
from thetatrio.testing.faults import MuteStream as MuteStream
from thetatrio.testing.faults import NoLength as NoLength
from thetatrio.testing.faults import Oversize as Oversize
from thetatrio.testing.faults import PingFlood as PingFlood
from thetatrio.testing.faults import PingsOnly as PingsOnly
from thetatrio.testing.faults import Refuse as Refuse
from thetatrio.testing.faults import RefuseSubscription as RefuseSubscription
from thetatrio.testing.faults import RejectHandshake as RejectHandshake
from thetatrio.testing.faults import ResetPeer as ResetPeer
from thetatrio.testing.faults import SilentHandshake as SilentHandshake
from thetatrio.testing.faults import SlicedStream as SlicedStream
from thetatrio.testing.faults import Slicer as Slicer
from thetatrio.testing.faults import SlowLoris as SlowLoris
from thetatrio.testing.faults import Status as Status
from thetatrio.testing.faults import Unanswered as Unanswered
from thetatrio.testing.faults import UpstreamFlap as UpstreamFlap
from thetatrio.testing.faults import WrongAccept as WrongAccept
from thetatrio.testing.faults import WrongType as WrongType

__all__ = [
    "HISTORY_YEARS",
    "PROFILES",
    "REAL_PORTS",
    "STREAM_LIMITS",
    "BadFrame",
    "Bandwidth",
    "CloseFrame",
    "CutFragments",
    "CutFrame",
    "Duplicates",
    "Fault",
    "FaultScript",
    "Fragmented",
    "Garbage",
    "GarbageText",
    "HalfOpen",
    "HalfOpenStream",
    "IgnoreClose",
    "KeepOpen",
    "LateAcknowledgement",
    "Latency",
    "Ledger",
    "LedgerEntry",
    "LimitData",
    "Market",
    "MemoryStream",
    "Mute",
    "MuteStream",
    "NoLength",
    "NumberRanges",
    "Oversize",
    "PingFlood",
    "PingsOnly",
    "Refuse",
    "RefuseSubscription",
    "RejectHandshake",
    "ResetPeer",
    "SilentHandshake",
    "SlicedStream",
    "Slicer",
    "SlowLoris",
    "Status",
    "StreamCommand",
    "StreamConnectionEntry",
    "StreamEvent",
    "StreamLedger",
    "StreamServer",
    "StreamSettings",
    "StreamSubscription",
    "Terminal",
    "TerminalOptions",
    "TerminalRules",
    "Unanswered",
    "UpstreamFlap",
    "WrongAccept",
    "WrongType",
    "memory_stream_pair",
    "open_terminal",
]
