"""Where the stream's events come from and when: the market's clock, or a steady rate."""

from __future__ import annotations

import datetime as dt
import heapq
import math
from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

import trio

from thetatrio.contracts import Contract
from thetatrio.testing._calendar import is_trading_day, trading_day_before
from thetatrio.testing._market import Market
from thetatrio.testing._stream.account import Account
from thetatrio.testing._stream.commands import StreamSubscription
from thetatrio.testing._stream.events import EventText, Happening
from thetatrio.testing._stream.market_events import MarketEvents, Moment
from thetatrio.testing._stream.settings import StreamSettings
from thetatrio.testing._stream.steady import SteadyEvents

_BATCH: Final = 512
# How often a steady source wakes; in between its events are due together.
_TICK: Final = 0.005


class Outlet(Protocol):
    """What a source needs of the stream."""

    account: Account

    @property
    def settings(self) -> StreamSettings:
        """How the stream behaves."""
        ...

    @property
    def flowing(self) -> bool:
        """Whether events go out to anybody."""
        ...

    def publish(self, happenings: list[Happening]) -> None:
        """Send events to all clients, where they go out at all."""
        ...

    async def pause(self, seconds: float) -> None:
        """Wait so long, or until settings, subscriptions or clients change."""
        ...

    async def room(self) -> None:
        """Wait until every client has read most of what is waiting for it."""
        ...


class _Turn(NamedTuple):
    """One contract's next moment; the heap's order is by time, then by subscription."""

    ms: int
    order: int
    happenings: list[Happening]
    rest: Iterator[Moment]
    subscription: StreamSubscription


class Source:
    """Brings events of what the account is subscribed to; one task runs it at a time."""

    def __init__(self, market: Market, text: EventText, outlet: Outlet, seed: int) -> None:
        day = market.day
        self._is_session = is_trading_day(day)
        date = day if self._is_session else trading_day_before(day)
        self.events: MarketEvents = MarketEvents(market, date, text.channel)
        self._outlet = outlet
        self._steady = SteadyEvents(self.events, seed)
        self._begun_at: float | None = None
        self._begun_ms = 0
        self._speed = 1.0
        self._position = -1
        self._turns: list[_Turn] = []
        self._orders = 0
        self._taken: dict[StreamSubscription, None] = {}
        self._version = -1
        self._brought = False

    @property
    def date(self) -> dt.date:
        """The day that is streamed."""
        return self.events.date

    def now_ms(self) -> int:
        """Return the market's time in milliseconds of the day; `start` before it begins."""
        if self._begun_at is None:
            return self._outlet.settings.start_ms
        if math.isinf(self._speed):
            return max(self._position, self._begun_ms)
        passed = (trio.current_time() - self._begun_at) * self._speed
        # Rounded before it is cut: a moment that was slept for has come.
        return self._begun_ms + math.floor(passed * 1000 + 1e-6)

    def advance(self, seconds: float) -> None:
        """Put the market's clock forward; what lies between is due at once."""
        if self._begun_at is None:
            self._begin(self._outlet.settings.start_ms)
            self._hold_opening()
        self._begun_ms += round(seconds * 1000)

    def settings_changed(self, before: StreamSettings) -> None:
        """Go on from the present market time as the settings are now."""
        now = self.now_ms()
        self._speed = self._outlet.settings.speed
        if self._begun_at is not None:
            self._begun_ms, self._begun_at = now, trio.current_time()
        if before.source != self._outlet.settings.source:
            self.skip_missed()

    def skip_missed(self) -> None:
        """Let go of what should have been brought by now and was not: nobody was there."""
        if self._begun_at is not None and not math.isinf(self._speed):
            self._position = max(self._position, self.now_ms())
            self._drop_turns()
        self._steady.resume()

    async def run(self) -> None:
        """Bring events until cancelled; may be run again, and goes on where the clock is."""
        while True:
            await trio.lowlevel.checkpoint()
            settings = self._outlet.settings
            if not len(self._outlet.account):
                self._drop_turns()
                await self._outlet.pause(math.inf)
                continue
            if self._begun_at is None:
                self._begin(settings.start_ms)
                self._hold_opening()
            if settings.source == "market":
                await self._market_step(settings)
            elif settings.source == "rate":
                await self._rate_step(settings)
            else:
                await self._outlet.pause(math.inf)

    def _begin(self, start: int, at: float | None = None) -> None:
        self._speed = self._outlet.settings.speed
        self._begun_at = trio.current_time() if at is None else at
        self._begun_ms = start
        self._position = start - 1
        self._drop_turns()
        self._brought = False

    def _hold_opening(self) -> None:
        if not self._outlet.settings.opening:
            self._begun_ms -= 1  # just before the first moment, which is not due yet

    def _drop_turns(self) -> None:
        self._turns.clear()
        self._taken.clear()
        self._version = -1

    async def _market_step(self, settings: StreamSettings) -> None:
        outlet = self._outlet
        if not (settings.replay or self._is_session):
            await outlet.pause(math.inf)
            return
        await self._take_subscriptions()
        end = self.events.end_ms
        if math.isinf(settings.speed):
            if not outlet.flowing:
                await outlet.pause(math.inf)
                return
            await outlet.room()
            if not self._bring(end):
                await self._pass_over(settings, 0.0)
            return
        now = self.now_ms()
        if now >= end and not self._due(end):
            await self._pass_over(settings, (end - self._begun_ms) / 1000 / settings.speed)
            return
        if self._due(now):
            self._bring(now)
            return
        self._position = max(self._position, min(now, end))
        following = min(self._turns[0].ms if self._turns else end, end)
        await outlet.pause((following - now) / 1000 / settings.speed)

    async def _pass_over(self, settings: StreamSettings, lasted: float) -> None:
        if not settings.replay or (math.isinf(settings.speed) and not self._brought):
            await self._outlet.pause(math.inf)
            return
        begun = self._begun_at
        start = min(settings.start_ms, self.events.end_ms - 1000)
        self._begin(start, None if begun is None or not lasted else begun + lasted)

    def _due(self, until: int) -> bool:
        return bool(self._turns) and self._turns[0].ms <= until

    def _bring(self, until: int) -> bool:
        turns = self._turns
        batch: list[Happening] = []
        account = self._outlet.account
        ms = -1
        # A millisecond is brought whole: a new subscription begins after the position.
        while turns and turns[0].ms <= until and (len(batch) < _BATCH or turns[0].ms == ms):
            ms, order, happenings, rest, subscription = turns[0]
            if subscription not in self._taken or subscription not in account:
                heapq.heappop(turns)
                continue
            batch += happenings
            self._position = ms
            following = next(rest, None)
            if following is None:
                heapq.heappop(turns)
            else:
                heapq.heapreplace(
                    turns, _Turn(following[0], order, following[1], rest, subscription)
                )
        if batch:
            self._brought = True
            self._outlet.publish(batch)
        return bool(turns)

    async def _take_subscriptions(self) -> None:
        # Until none is new: what was acknowledged meanwhile has its events from then on, too.
        while self._outlet.account.version != self._version:
            await self._take_new(self._outlet.account)

    async def _take_new(self, account: Account) -> None:
        self._version = account.version
        wanted = list(account)
        # A full stream has the trades of each contract, too.
        full = {one.sec_type for one in wanted if one.contract is None}
        kept = {
            one: None
            for one in wanted
            if one.contract is None or one.req_type != "TRADE" or one.sec_type not in full
        }
        gone = self._taken.keys() - kept.keys()
        if gone:
            self._turns = [turn for turn in self._turns if turn.subscription not in gone]
            heapq.heapify(self._turns)
        added = [one for one in kept if one not in self._taken]
        self._taken = kept
        since = self._position + 1
        for subscription in added:
            for contract in self.events.contracts(subscription):
                self._add_turn(subscription, contract, since)
                # A stock's day takes a quarter of a second to make: others want to be answered.
                await trio.lowlevel.checkpoint()

    def _add_turn(self, subscription: StreamSubscription, contract: Contract, since: int) -> None:
        moments = self.events.moments(subscription, contract, since)
        first = next(moments, None)
        if first is not None:
            self._orders += 1
            turn = _Turn(first[0], self._orders, first[1], moments, subscription)
            heapq.heappush(self._turns, turn)

    async def _rate_step(self, settings: StreamSettings) -> None:
        outlet = self._outlet
        rate = settings.rate or 1.0
        self._steady.take(outlet.account)
        if not self._steady:
            await outlet.pause(math.inf)
        elif math.isinf(rate):
            if outlet.flowing:
                await outlet.room()
                outlet.publish(self._steady.next_events(_BATCH, self.now_ms()))
            else:
                await outlet.pause(math.inf)
        else:
            due = self._steady.due(rate)
            if due:
                outlet.publish(self._steady.next_events(min(due, _BATCH), self.now_ms()))
            if due <= _BATCH:
                await outlet.pause(self._steady.until_next(rate, _TICK))
