"""What a client was given and told, against the books of the terminal that sent it.

The simulated terminal numbers its events and keeps a ledger. Whatever goes
wrong on the way, a number is in the hands of the reader or in a place that a
notice stands in; and what a gap is missing, the gap's own requests fetch.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, get_args

import pytest
import trio

import thetatrio
from tests.network import MemoryNetwork
from tests.test_stream_conservation import POLICIES, number_of, sum_of
from thetatrio import Dropped, Gap, Lost, Replayed, SlowConsumer, Stock, Topic, Undecodable
from thetatrio._nursery import open_hidden_nursery
from thetatrio._stream.buffer import FeedStatistics
from thetatrio.config import ReconnectPolicy
from thetatrio.contracts import Option
from thetatrio.events import Ohlc, Quote, Trade
from thetatrio.testing import (
    BadFrame,
    CloseFrame,
    CutFragments,
    CutFrame,
    Duplicates,
    Fault,
    Fragmented,
    GarbageText,
    HalfOpenStream,
    MuteStream,
    Oversize,
    PingFlood,
    PingsOnly,
    RejectHandshake,
    SlicedStream,
    SlowLoris,
    StreamEvent,
    StreamLedger,
    StreamSettings,
    Terminal,
    UpstreamFlap,
    memory_stream_pair,
    open_terminal,
)
from thetatrio.testing._stream_faults import BadFrameKind, GarbageKind

pytestmark = pytest.mark.core

AAPL, MSFT, SPY = Stock("AAPL"), Stock("MSFT"), Stock("SPY")
CONTRACTS = (AAPL, MSFT, SPY)
LONGEST = 70_000
SETTINGS = {
    "idle_timeout": 3.0,
    "message_deadline": 3.0,
    "max_frame": LONGEST,
    "reconnect": ReconnectPolicy(base=0.1, cap=1.0),
}
UNREADABLE = ("not_json", "truncated", "wrong_types", "bad_utf8")

CUTS = [
    CutFrame(50, nth=300, every=1_900),
    CutFragments(4, 2, nth=700, every=1_900),
    CloseFrame(1011, nth=1_100, every=1_900),
    CutFrame(0, nth=1_500, every=1_900),
    CloseFrame(1000, nth=1_900, every=1_900),
]
RUBBISH = [
    *(
        GarbageText(kind=kind, nth=200 + 60 * place, every=710)
        for place, kind in enumerate(get_args(GarbageKind))
    ),
    Fragmented(3, ping_between=True, nth=30, every=170),
    PingFlood(2_000, nth=400, every=1_700),
    SlicedStream(200, nth=3, every=7),
]
FLAP = UpstreamFlap(4.0, nth=1_100, every=2_300)
MUTE = MuteStream(nth=300, every=2_300)
SILENCE = [
    MUTE,
    FLAP,
    PingsOnly(nth=700, every=2_300),
    SlowLoris(0.02, nth=1_300, every=2_300),
    SlowLoris(1.0, nth=1_700, times=1),
    HalfOpenStream(5.0, nth=2_100, every=2_300),
]
REFUSED = [
    Oversize(LONGEST + 1_000, nth=250, every=2_100),
    *(
        BadFrame(kind=kind, nth=500 + 250 * place, every=2_100)
        for place, kind in enumerate(get_args(BadFrameKind))
    ),
]
REPEATED = [Duplicates(60, nth=2), RejectHandshake(nth=4, every=5)]
SCRIPTS: dict[str, list[Fault]] = {
    "none": [],
    "cuts": CUTS,
    "rubbish": RUBBISH,
    "silence": SILENCE,
    "refused": REFUSED,
    "repeated": [*CUTS, *REPEATED],
    "everything": [*CUTS, *RUBBISH, *REFUSED, *REPEATED, FLAP, MUTE],
}


class Account:
    """What one feed gave and told, in order."""

    def __init__(self, overflow: str, feed: Any) -> None:
        self.overflow = overflow
        self.feed = feed
        self.entries: list[Any] = []
        """Numbers of events, and notices."""
        self._noted = trio.Event()

    async def read(self, burst: int, pause: float) -> None:
        """Read so many entries at a time, with pauses of so many seconds."""
        channel = self.feed.with_notices()
        while True:
            for _ in range(burst):
                try:
                    self.note(await channel.receive())
                except SlowConsumer as error:
                    assert self.overflow == "raise"
                    self.note(Dropped(count=error.count, since=None, until=None))
                except thetatrio.FeedClosed:
                    return
            if pause:
                await trio.sleep(pause)

    def note(self, entry: Any) -> None:
        """Note what the feed gave."""
        self.entries.append(number_of(entry) if is_event(entry) else entry)
        self._noted.set()

    async def wait_for(self, number: int) -> None:
        """Wait until an event was the last that was noted."""
        while number not in self.entries[-1:]:
            self._noted = trio.Event()
            await self._noted.wait()

    @property
    def delivered(self) -> list[int]:
        """The numbers of what was delivered, in order."""
        return [entry for entry in self.entries if isinstance(entry, int)]

    @property
    def gaps(self) -> list[Gap]:
        """The gaps that were told."""
        return [entry for entry in self.entries if isinstance(entry, Gap)]

    def balance(self, made: Mapping[int, StreamEvent]) -> set[int]:
        """Hold it against what the terminal made; return the numbers that gaps cover."""
        numbers = self.delivered
        assert numbers == sorted(set(numbers)), "delivered twice, or not in order of arrival"
        assert set(numbers) <= set(made)
        covered: set[int] = set()
        untold = 0
        gaps = self.gaps
        due = iter(sorted(made))
        dropped, in_gap = 0, False
        for entry in [*self.entries, None]:
            match entry:
                case Gap() | Lost():
                    in_gap = True
                case Dropped(count=count):
                    dropped += count
                case int() | None:
                    missing = []
                    for number in due:
                        if number == entry:
                            break
                        missing.append(number)
                    assert dropped <= len(missing)
                    if in_gap:
                        covered.update(missing)
                    else:
                        rest = [n for n in missing if not is_told_later(made[n], gaps)]
                        covered.update(set(missing) - set(rest))
                        assert self.overflow == "latest" or len(rest) <= dropped
                        untold += max(0, len(rest) - dropped)
                    dropped, in_gap = 0, False
        counts: FeedStatistics = self.feed.statistics()
        assert untold <= counts.conflated
        assert counts.waiting == 0
        assert counts.delivered == len(numbers)
        assert counts.dropped == sum_of(Dropped, self.entries)
        assert counts.replayed == sum_of(Replayed, self.entries)
        return covered


def is_told_later(event: StreamEvent, gaps: Sequence[Gap]) -> bool:
    """Tell whether a gap covers an event by its topics and times, wherever it stands.

    While subscriptions are taken back one after the other, those that are not
    yet have a gap of their own, which stands after the first events of the others.
    """
    time = time_of(event)
    return any(
        gap.since is not None
        and gap.since < time < gap.until
        and any(event.contract in topic.contracts for topic in gap.topics)
        for gap in gaps
    )


def is_event(entry: Any) -> bool:
    """Tell whether a feed gave an event, and no notice."""
    return isinstance(entry, Trade | Quote | Ohlc)


def time_of(event: StreamEvent) -> dt.datetime:
    """Return the market time of an event of the ledger."""
    day = thetatrio.market_time.parse_date(str(event.date))
    return thetatrio.market_time.from_ms_of_day(day, event.ms_of_day)


def made_by(terminal: Terminal) -> dict[int, StreamEvent]:
    """Return the events that a terminal made for its clients."""
    made = {event.number: event for event in terminal.ledger.stream.details}
    assert len(made) == terminal.ledger.stream.total
    return made


def sent_by(terminal: Terminal) -> set[int]:
    """Return the numbers that a terminal sent whole, the first time or again."""
    ledger = terminal.ledger.stream
    again = {number for entry in ledger.connections.values() for number in entry.resent}
    return set(ledger.sent()) | again


@asynccontextmanager
async def connected(terminal: Terminal, **options: Any):
    """Open a session whose requests and stream reach a terminal over memory streams."""
    options = {"chance": random.Random(1), **SETTINGS, **options}
    async with open_hidden_nursery() as nursery:

        async def dial(host: str, port: int) -> trio.abc.Stream:
            ours, theirs = memory_stream_pair()
            nursery.start_soon(terminal.serve_stream, theirs)
            return ours

        async with thetatrio.open_session(
            terminal.config,
            dial=dial,
            transport=MemoryNetwork(nursery, terminal.serve).transport(),
            **options,
        ) as session:
            yield session


def stop(terminal: Terminal) -> int:
    """Let nothing more be made or go wrong; return how many texts were sent that cannot be read."""
    unreadable = {
        fault
        for fault in terminal.faults
        if isinstance(fault, GarbageText) and fault.kind in UNREADABLE
    }
    sent = sum(terminal.faults.hits(fault) for fault in unreadable)
    terminal.faults.clear()
    settings = terminal.stream.settings
    terminal.stream.settings = StreamSettings(
        source="none", subscriptions=settings.subscriptions, numbered=settings.numbered
    )
    return sent


async def settle(terminal: Terminal, accounts: Sequence[Account]) -> None:
    """Return when all is read that will come, and all is told."""
    quiet = 0
    while quiet < 3:
        before = [len(account.entries) for account in accounts]
        await trio.sleep(15)
        same = before == [len(account.entries) for account in accounts]
        quiet = quiet + 1 if same and terminal.stream.connections else 0


async def run_through(
    terminal: Terminal,
    feeds: Sequence[tuple[str, int, int, float]],
    count: int,
    *topics: Topic[Any],
    **options: Any,
) -> tuple[list[Account], int]:
    """Let a terminal make so many events for feeds, which are read at their pace.

    Returns the feeds' accounts, and how many texts were sent that cannot be read.
    """
    wanted = topics or (Topic.trades(*CONTRACTS),)
    async with connected(terminal, **options) as session, trio.open_nursery() as nursery:
        accounts: dict[int, Account] = {}

        async def hold(place: int, overflow: Any, buffer: int, burst: int, pause: float) -> None:
            async with session.stream.subscribe(*wanted, overflow=overflow, buffer=buffer) as feed:
                account = accounts[place] = Account(overflow, feed)
                await account.read(burst, pause)

        for place, feed in enumerate(feeds):
            nursery.start_soon(hold, place, *feed)
        await terminal.ledger.stream.wait_until(lambda it: it.total >= count)
        unreadable = stop(terminal)
        read = [accounts[place] for place in range(len(feeds))]
        await settle(terminal, read)
        nursery.cancel_scope.cancel()
    return read, unreadable


def terminal_of(script: str, api: Any = "v3", **settings: Any) -> Terminal:
    """Return a terminal that sends 2,000 numbered trades a second, and lets things go wrong."""
    stream = StreamSettings(rate=2_000, numbered=True, **settings)
    return Terminal(contracts=2, faults=SCRIPTS[script], stream=stream, api=api)


FAST = (256, 0.0)
SLOW = (40, 0.2)


@pytest.mark.parametrize("owner", ["account", "connection"])
@pytest.mark.parametrize("overflow", POLICIES)
async def test_the_books_balance(overflow, owner, autojump_clock):
    """Whatever the policy and whoever keeps subscriptions: delivered plus told is what was made."""
    terminal = terminal_of("everything", subscriptions=owner)
    feeds = [(overflow, 100, *SLOW), (overflow, 5_000, *FAST)]
    (slow, fast), _ = await run_through(terminal, feeds, 2_500)
    made = made_by(terminal)
    for account in (slow, fast):
        account.balance(made)
        assert account.gaps
    counts = slow.feed.statistics()
    if overflow != "block":
        assert counts.dropped + counts.conflated > 500
        assert fast.feed.statistics().dropped == 0
    assert len(terminal.ledger.stream.connections) > 6


SPELLINGS: list[dict[str, Any]] = [
    {"newline_joined": 3},
    {"key_order": "shuffled", "subscriptions": "connection"},
]


@pytest.mark.parametrize(
    ("script", "settings"),
    [(script, {}) for script in SCRIPTS]
    + [(script, settings) for script in ("rubbish", "everything") for settings in SPELLINGS],
)
async def test_a_gap_covers_no_more_than_was_not_sent(script, settings, autojump_clock):
    """What a reader that keeps up lacks is, number for number, what it was not sent whole."""
    terminal = terminal_of(script, **settings)
    (account,), unreadable = await run_through(terminal, [("raise", 5_000, *FAST)], 3_000)
    made = made_by(terminal)
    lacking = account.balance(made)
    sent = sent_by(terminal)
    assert set(made) - sent <= lacking
    if script == "refused":
        # What was on its way when a frame was refused was sent, and not taken.
        assert lacking & sent
    elif script != "everything":
        assert lacking == set(made) - sent
    assert bool(account.gaps) == (script not in ("none", "rubbish"))
    if script == "rubbish":
        assert sum_of(Undecodable, account.entries) == unreadable > 5
    if script == "repeated":
        assert account.feed.statistics().replayed > 100


GATEWAYS: list[dict[str, Any]] = [
    {"stream_form": "json", "stream_sockets": "per_kind"},
    {"stream_form": "text", "stream_sockets": "one"},
]


@pytest.mark.parametrize("options", GATEWAYS, ids=lambda it: "-".join(it.values()))
@pytest.mark.parametrize("script", ["rubbish", "everything"])
async def test_the_books_of_a_gateway_balance(script, options, autojump_clock):
    """Trades of a gateway are lacking only where a notice stands, whatever goes wrong."""
    terminal = terminal_of(script, "gateway", newline_joined=2)
    feed = ("raise", 5_000, *FAST)
    (account,), unreadable = await run_through(terminal, [feed], 2_500, **options)
    made = {n: event for n, event in made_by(terminal).items() if event.kind == "TRADE"}
    lacking = account.balance(made)
    assert set(made) - sent_by(terminal) <= lacking
    assert bool(account.gaps) == (script != "rubbish")
    if script == "rubbish":
        assert sum_of(Undecodable, account.entries) == unreadable > 5
        assert not lacking


@pytest.mark.parametrize(
    ("overflow", "options"),
    list(zip(POLICIES, (GATEWAYS * len(POLICIES))[: len(POLICIES)], strict=True)),
)
async def test_a_gateways_quotes_and_trades_are_all_accounted_for(
    overflow, options, autojump_clock
):
    """One feed of both kinds, over cuts and a peer that falls silent: its counts are whole."""
    terminal = Terminal(
        contracts=2,
        faults=[*CUTS, MUTE],
        stream=StreamSettings(rate=2_000, numbered=True),
        api="gateway",
    )
    topics = Topic.quotes(*CONTRACTS), Topic.trades(*CONTRACTS)
    feed = (overflow, 500, *SLOW)
    (account,), _ = await run_through(terminal, [feed], 3_000, *topics, **options)
    kinds = {topic.kind for gap in account.gaps for topic in gap.topics}
    assert kinds == {"quotes", "trades"}
    made = made_by(terminal)
    delivered = account.delivered
    assert len(delivered) == len(set(delivered))
    assert {made[number].kind for number in delivered} == {"QUOTE", "TRADE"}
    counts = account.feed.statistics()
    gone = counts.dropped + counts.conflated + counts.replayed
    assert counts.received == len(delivered) + gone
    assert counts.received <= len(made)


async def come_to_the_end(terminal: Terminal, accounts: Sequence[Account]) -> None:
    """Return when all have read a last event, and with it what was before."""
    ledger = terminal.ledger.stream
    while True:
        await ledger.wait_until(lambda it: it.open > 0)
        last = terminal.stream.emit("TRADE", AAPL)
        # Should that connection be at its end, the next one gets another.
        with trio.move_on_after(2):
            for account in accounts:
                await account.wait_for(last)
            # What has arrived is entered a moment later, with all that was sent together.
            await ledger.wait_until(partial(was_sent, last))
            # What the source was making when it was stopped comes after it.
            if ledger.total == last:
                return


def was_sent(number: int, ledger: StreamLedger) -> bool:
    """Tell whether an event was sent whole to anybody."""
    return any(number in entry.sent for entry in ledger.connections.values())


async def test_the_books_balance_on_sockets():
    """The same at full speed on real sockets, resets included, beside one who reads slowly."""
    faults: list[Fault] = [
        *(CutFrame(50, reset=reset, nth=4_000 + 3_000 * reset, every=9_000) for reset in (0, 1)),
        CloseFrame(1011, nth=2_000, every=11_000),
        Fragmented(3, ping_between=True, nth=100, every=900),
        GarbageText(nth=500, every=1_700),
        Oversize(2 << 20, nth=5_500, every=13_000),
        PingFlood(1_000, nth=800, every=5_000),
        Duplicates(500, nth=2),
        SlicedStream(1_000, nth=2, every=3),
    ]
    stream = StreamSettings(rate=float("inf"), numbered=True)
    async with open_terminal(contracts=2, faults=faults, stream=stream) as terminal:
        reconnect = ReconnectPolicy(base=0.01, cap=0.05)
        async with thetatrio.open_session(terminal.config, reconnect=reconnect) as session:
            accounts: list[Account] = []
            trades = session.stream.trades(*CONTRACTS)
            quick = session.stream.trades(*CONTRACTS, buffer=2_000, overflow="drop_oldest")
            async with trades as a, quick as b, trio.open_nursery() as nursery:
                accounts += [Account("raise", a), Account("drop_oldest", b)]
                ledger = terminal.ledger.stream
                nursery.start_soon(accounts[0].read, 256, 0.0)
                with trio.fail_after(60):
                    await ledger.wait_until(lambda it: it.total >= 20_000)
                    nursery.start_soon(accounts[1].read, 256, 0.0)
                    await ledger.wait_until(lambda it: it.total >= 40_000)
                    stop(terminal)
                    await come_to_the_end(terminal, accounts)
                made = made_by(terminal)
                for account in accounts:
                    lacking = account.balance(made)
                    assert account.gaps
                    assert set(made) - sent_by(terminal) <= lacking
                assert accounts[1].feed.statistics().dropped > 5_000
                nursery.cancel_scope.cancel()


# What a gap is missing


async def whole_day(session: Any, contract: Any) -> list[tuple[dt.datetime, int]]:
    """Return the market's trades of a contract that day, by time and sequence."""
    if isinstance(contract, Option):
        rows = await session.option.history_trade(
            contract.symbol,
            expiration=contract.expiration,
            strike=f"{contract.strike_thousandths / 1000:.3f}",
            right=contract.right,
            date="2024-11-04",
        )
    else:
        rows = await session.stock.history_trade(contract.symbol, date="2024-11-04")
    return [(row.timestamp, row.sequence) for row in rows]


async def asked(session: Any, gap: Gap, contract: Any, *, inclusive: bool = False) -> list[Any]:
    """Return what a gap's requests give of a contract."""
    narrow = tuple(Topic.trades(contract) for topic in gap.topics if contract in topic.contracts)
    if not narrow:
        return []
    found = []
    for request in session.requests_for(
        Gap(reason="", since=gap.since, until=gap.until, replayed=0, topics=narrow),
        inclusive=inclusive,
    ):
        found += [(row.timestamp, row.sequence) for row in await session.query(request)]
    return found


@pytest.mark.parametrize("owner", ["account", "connection"])
@pytest.mark.parametrize("delay", [0.0, 0.3])
async def test_the_requests_of_a_gap_fetch_what_it_is_missing(owner, delay, autojump_clock):
    """What the market had and the feed was not given, its gaps' requests give, and nothing else."""
    settings = StreamSettings(subscriptions=owner, start="09:35:00", acknowledge_delay=delay)
    faults = [CutFrame(40, nth=50, every=60), UpstreamFlap(20.0, nth=90, every=150)]
    terminal = Terminal(contracts=4, stream=settings, faults=faults)
    listed = terminal.market.listed("SPXW", terminal.market.day)[0]
    option = Option.from_row(listed.root, listed.expiration, listed.strike / 1000, listed.right)
    contracts = (AAPL, option)
    chance = random.Random(5)
    reconnect = ReconnectPolicy(base=20.0, cap=40.0)
    async with connected(terminal, chance=chance, reconnect=reconnect) as session:
        async with session.stream.trades(*contracts, buffer=10_000) as feed:
            got: list[Any] = []
            channel = feed.with_notices()
            with trio.move_on_after(900):
                while True:
                    got.append(await channel.receive())
            gaps = [entry for entry in got if isinstance(entry, Gap)]
            events = [entry for entry in got if is_event(entry)]
            assert len(gaps) > 4
            for contract in contracts:
                mine = [event for event in events if event.contract == contract]
                delivered = [(event.timestamp, event.sequence) for event in mine]
                first, last = events[0].timestamp, events[-1].timestamp
                day = await whole_day(session, contract)
                missing = [each for each in day if first <= each[0] <= last]
                missing = [each for each in missing if each not in set(delivered)]
                assert missing
                edges = {time for gap in gaps for time in (gap.since, gap.until)}
                fetched: list[Any] = []
                for gap in gaps:
                    rows = await asked(session, gap, contract)
                    # Strictly between its ends, all that was not delivered, and nothing that was.
                    hole = [each for each in day if gap.since < each[0] < gap.until]
                    if contract in {c for topic in gap.topics for c in topic.contracts}:
                        assert rows == hole
                    fetched += rows
                assert not set(fetched) & set(delivered)
                left = [each for each in missing if each not in set(fetched)]
                # At the very millisecond of an end others may be missing: `inclusive` gives those.
                assert all(time in edges for time, _ in left)
                wide = {
                    row
                    for gap in gaps
                    for row in await asked(session, gap, contract, inclusive=True)
                }
                assert set(missing) <= wide
