"""What a socket's feeds have lost: told at once, and as a gap as soon as its end is known."""

from __future__ import annotations

import datetime as dt
from typing import Final

from thetatrio import market_time
from thetatrio._stream.buffer import market_time_of
from thetatrio._stream.lane import narrowed
from thetatrio._stream.roster import Roster
from thetatrio._stream.subscriptions import Word
from thetatrio._stream.wire import Key
from thetatrio.events import Gap, Lost

__all__ = ["GRACE", "Losses"]

GRACE: Final = 1.0
"""Seconds after an acknowledgement in which a gap waits for the first event, whose time ends it."""

_SAME_CLOCK: Final = dt.timedelta(hours=1)


class Losses:
    """Opens and closes the losses of all lanes of a socket.

    Args:
        roster: the lanes, and whose they are.
    """

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        # Refused after they had been accepted, to feeds that are still of them.
        self._not_taken_back: set[Key] = set()

    def lose(self, reason: str, *, everyone: bool = False) -> None:
        """Tell that the line is down: to those who were acknowledged, or to everyone.

        Who has not been acknowledged has lost nothing, unless something came all the same; but
        where upstream is lost, the acknowledgement may come and nothing after it.
        """
        begun = self._roster.begun()
        for lane in self._roster.lanes:
            if everyone or lane in begun:
                lane.lose(reason)

    def returned(self, now: float) -> None:
        """Note that the line is back, and that what is wanted will be asked for again."""
        for lane in self._roster.lanes:
            if lane.is_lost:
                lane.returned(now)

    def postpone(self, now: float) -> None:
        """Let what is missing end no earlier than now: nothing could come before."""
        for lane in self._roster.lanes:
            if lane.answered_at is not None:
                lane.answered_at = now

    def settle(self, word: Word, now: float) -> bool:
        """Take what the terminal said of a subscription; return whether a gap is due for it."""
        is_due = False
        for lane in self._roster.lanes_of(word.key):
            was_open = lane.answered_at is None
            lane.answered(word.key, now)
            is_due |= was_open and lane.answered_at is not None
        if word.accepted and word.key in self._not_taken_back:
            self._note_accepted(word.key, now)
        elif word.response is not None and not word.accepted:
            self._note_refused(word.key, word.response)
        return is_due

    def close_gaps(self, now: float) -> float | None:
        """Close gaps whose first event does not come; return when the next one is due."""
        due: float | None = None
        market_now: dt.datetime | None = None
        for lane in list(self._roster.lanes):
            if lane.answered_at is None:
                continue
            ends = lane.answered_at + GRACE
            if ends <= now:
                market_now = market_now or self._market_now(now)
                lane.close_gap(market_now - dt.timedelta(seconds=now - lane.answered_at))
            else:
                due = ends if due is None else min(due, ends)
        return due

    def _note_refused(self, key: Key, response: str) -> None:
        """Tell those who had a subscription that the terminal does not take it back."""
        self._not_taken_back.add(key)
        for subscriber in self._roster.subscribers:
            lane = subscriber.lane
            if subscriber.established and lane is not None and key in subscriber.held:
                last = lane.last if subscriber.inbox.received else None
                since = None if last is None else market_time_of(last)
                subscriber.note_refused(key, response, since)
                reason = f"the terminal does not take {key.subject} back: {response}"
                subscriber.inbox.notify(Lost(reason=reason, since=since))

    def _note_accepted(self, key: Key, now: float) -> None:
        """Tell those whose subscription the terminal did not take back that it does now."""
        self._not_taken_back.discard(key)
        for subscriber in self._roster.subscribers:
            lane = subscriber.lane
            if lane is None or not subscriber.is_missing(key):
                continue
            since = subscriber.note_accepted(key)
            # Where all of the lane is lost since then, its own gap goes on from there.
            until = lane.lost_since(key) or self._market_now(now)
            if since is None or since < until:
                subscriber.inbox.notify(
                    Gap(
                        reason=f"the terminal did not take {key.subject} back",
                        since=since,
                        until=until,
                        replayed=0,
                        topics=narrowed(lane.topics, {key}),
                    )
                )

    def _market_now(self, now: float) -> dt.datetime:
        """Return the market's time.

        New York's; but a replay has a time of its own, which goes on from its last event.
        A lane whose events were read late thinks it earlier than it is, so that the latest counts.
        """
        newest: dt.datetime | None = None
        newest_at = 0.0
        known: list[dt.datetime] = []
        for lane in self._roster.lanes:
            estimate = lane.market_time(now)
            if estimate is None:
                continue
            known.append(estimate)
            if newest is None or lane.last_at > newest_at:
                newest, newest_at = estimate, lane.last_at
        wall = market_time.now()
        if newest is None:
            return wall
        latest = max(each for each in known if each.date() == newest.date())
        return wall if abs(wall - latest) < _SAME_CLOCK else latest
