"""How a simulated terminal's stream behaves where real ones differ, or where a test wants it to."""

from __future__ import annotations

import math
from typing import Final, Literal, TypeAlias

import msgspec

from thetatrio._calls import ExplainedStruct
from thetatrio._numbers import as_float
from thetatrio.errors import InvalidConfig
from thetatrio.market_time import ms_of_day, parse_time

Clients: TypeAlias = Literal["broadcast", "replace", "refuse"]
Owner: TypeAlias = Literal["account", "connection"]
SourceName: TypeAlias = Literal["market", "rate", "none"]
Acknowledge: TypeAlias = Literal["always", "never", "refusals"]
KeyOrder: TypeAlias = Literal["header", "shuffled"]
Upstream: TypeAlias = Literal["CONNECTED", "DISCONNECTED", "UNVERIFIED", "ERROR"]

_CHOICES: Final = {
    "clients": ("broadcast", "replace", "refuse"),
    "subscriptions": ("account", "connection"),
    "source": ("market", "rate", "none"),
    "acknowledge": ("always", "never", "refusals"),
    "key_order": ("header", "shuffled"),
}


class StreamSettings(msgspec.Struct, frozen=True, kw_only=True, metaclass=ExplainedStruct):
    """Settings of the stream; may be replaced while it runs (`terminal.stream.settings`).

    Seconds are those of trio's clock. Raises InvalidConfig that names
    everything wrong at once.
    """

    clients: Clients = "broadcast"
    """A second client: each gets every event (`broadcast`), or the one before is closed with
    1000 (`replace`), or its handshake is answered 503 (`refuse`)."""
    subscriptions: Owner = "account"
    """Who keeps subscriptions: the account, so that data flows to the next connection, or
    the connection that made them, with which they end."""
    source: SourceName = "market"
    """Where events come from: the simulated market, `rate`, or nowhere but `emit`."""
    rate: float | None = None
    """Events a second, in turn over all subscriptions, with made-up prices; sets `source` to
    `rate`. Infinity: as fast as the clients read."""
    speed: float = 1.0
    """Market seconds a second. Infinity: as fast as the clients read."""
    start: str = "09:30:00"
    """Market time at which the stream's clock begins with the first subscription."""
    opening: bool = True
    """Whether the events of `start` itself, such as opening quotes, are sent with the first
    subscription; otherwise they wait, as all others, for the clock to move."""
    replay: bool = True
    """Whether the day begins anew at `start` after its close, as the vendor's replay does;
    otherwise nothing but status messages comes after the close."""
    acknowledge: Acknowledge = "always"
    """Which commands are answered."""
    acknowledge_removals: bool = True
    """Whether `add: false` and `STOP` are answered."""
    acknowledge_delay: float = 0.0
    """Seconds before each answer; the command takes effect at once."""
    numbered: bool = False
    """Whether events carry their number of the ledger: as `size` of trades, `bid_size` of
    quotes, `volume` of bars, and as the price of index prices and market values."""
    newline_joined: int = 1
    """Messages in one frame, with newlines between them, where so many are waiting."""
    string_numbers: bool = False
    """Whether expirations and strikes of events are text."""
    key_order: KeyOrder = "header"
    """The vendor's order of keys, or for each message one drawn from the terminal's seed."""
    status_interval: float = 1.0
    """Seconds between status messages."""
    queue_events: int = 1_000_000
    """Messages that wait for a client who does not read; what comes then is lost to it."""
    keep: int = 200_000
    """Events whose details the ledger keeps."""

    def __post_init__(self) -> None:
        if self.rate is not None and self.source == "market":
            msgspec.structs.force_setattr(self, "source", "rate")
        problems = [
            f"{name} must be one of {', '.join(map(repr, choices))}, got {getattr(self, name)!r}"
            for name, choices in _CHOICES.items()
            if getattr(self, name) not in choices
        ]

        def number(name: str) -> float:
            value = as_float(getattr(self, name))
            return math.nan if value is None else value  # no comparison with NaN holds

        rate = self.rate
        for holds, text in (
            (self.source != "rate" or rate is not None, "source='rate' needs a rate"),
            (rate is None or number("rate") > 0, "rate must be events a second above 0"),
            (number("speed") > 0, "speed must be a number above 0"),
            (number("acknowledge_delay") >= 0, "acknowledge_delay must be seconds from 0"),
            (0 < number("status_interval") < math.inf, "status_interval must be seconds above 0"),
            (number("newline_joined") >= 1, "newline_joined must be 1 or more"),
            (number("queue_events") >= 1, "queue_events must be 1 or more"),
            (number("keep") >= 0, "keep must be 0 or more"),
        ):
            if not holds:
                problems.append(text)
        try:
            parse_time(self.start)
        except (TypeError, ValueError) as problem:
            problems.append(f"start: {problem}")
        if problems:
            raise InvalidConfig("StreamSettings: " + "; ".join(problems), problems=tuple(problems))

    @property
    def start_ms(self) -> int:
        """`start` in milliseconds of the day."""
        return ms_of_day(parse_time(self.start))
