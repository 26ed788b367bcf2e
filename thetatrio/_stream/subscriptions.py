"""What is wanted of the terminal, what it was told, what it said. No I/O.

Subscriptions are counted: the terminal is told of the first one who wants
something and of the last one who no longer does. Commands are pipelined, at
most `WINDOW` unanswered; their numbers only grow, since the terminal remembers
what it was told by them.

A terminal that is reconnecting to the vendor answers ERROR, and forgets the command. It is
sent again under a new number: after 1, 2, 4 and 8 seconds, and what was acknowledged once
before, each minute from then on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, takewhile
from typing import Final, Literal, NamedTuple, TypeAlias

from thetatrio._stream.wire import Answer, Key

__all__ = ["SUBSCRIBED", "WINDOW", "Command", "State", "Subscriptions", "Word"]

WINDOW: Final = 64
"""Commands that may be unanswered at a time."""
SUBSCRIBED: Final = "SUBSCRIBED"
_IGNORED: Final = "ERROR"  # a terminal that is reconnecting to the vendor drops the command
ROUNDS: Final = (1.0, 2.0, 4.0, 8.0)
"""Seconds after which what was answered with ERROR is sent again."""
LATER: Final = 60.0
"""The same after those, for what was acknowledged before."""

State: TypeAlias = Literal["waiting", "sent", "confirmed", "refused", "unanswered"]


class Command(NamedTuple):
    """What the terminal is to be told."""

    number: int
    key: Key
    add: bool


class Word(NamedTuple):
    """What became of a subscription: the terminal's word, or None where it said nothing."""

    key: Key
    response: str | None

    @property
    def accepted(self) -> bool:
        """Whether data may flow; unknown words are refusals."""
        return self.response == SUBSCRIBED


class _Entry:
    __slots__ = ("count", "errors", "number", "response", "state", "was_confirmed")

    def __init__(self) -> None:
        self.count = 0
        self.state: State = "waiting"
        self.number = -1
        self.response: str | None = None
        self.errors = 0
        """How often in a row it was answered with ERROR."""
        self.was_confirmed = False


class _Sent(NamedTuple):
    key: Key
    add: bool
    at: float


class Subscriptions:
    """The book of them, over all connections of a session.

    Args:
        numbers: the numbers of the commands, each greater than the one before.
    """

    def __init__(self, numbers: Iterator[int]) -> None:
        self._numbers = numbers
        self._entries: dict[Key, _Entry] = {}
        self._queue: dict[Key, bool] = {}  # what is to be said; the last word counts
        # What the terminal may have, also from a connection before. True: whatever it says to the
        # newest command about it, since it took one or left one unanswered.
        self._told: dict[Key, bool] = {}
        self._unanswered: dict[int, _Sent] = {}
        self._expired: dict[int, Key] = {}
        # Removals whose time was up, as long as no newer command was answered: commands are
        # taken in order, so that only these may be lost with the connection.
        self._unread: dict[int, Key] = {}
        # Removals that the terminal read and did not carry out.
        self._ignored: set[Key] = set()
        # Once the session is being left: removals that it may not have read, by number.
        self._leaving: dict[int, Key] = {}
        # What was answered with ERROR, and when it is sent again.
        self._retry_at: dict[Key, float] = {}
        self._next_retry = math.inf
        # New subscriptions that wait for upstream, and since when, the oldest first.
        self._held_since: dict[Key, float] = {}
        self._answers = False
        self._mute_adds = False
        self._mute_removals = False

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    @property
    def keys(self) -> frozenset[Key]:
        """What is wanted."""
        return frozenset(self._entries)

    def count(self, state: State) -> int:
        """Return how many subscriptions are in a state."""
        return sum(entry.state == state for entry in self._entries.values())

    @property
    def unanswered(self) -> int:
        """Commands that wait for the terminal's word."""
        return len(self._unanswered)

    @property
    def is_asking(self) -> bool:
        """Whether a subscription waits to be told to the terminal, or for its word."""
        return any(self._queue.values()) or any(sent.add for sent in self._unanswered.values())

    def word_on(self, key: Key) -> Word | None:
        """Return what became of a subscription, or None while it waits for an answer."""
        entry = self._entries.get(key)
        if entry is None or entry.state in ("waiting", "sent"):
            return None
        return Word(key, entry.response)

    def acquire(self, keys: Iterable[Key]) -> None:
        """Want something; the terminal is to be told of what nobody wanted before."""
        for key in keys:
            entry = self._entries.get(key)
            if entry is None:
                entry = self._entries[key] = _Entry()
                self._queue[key] = True
            elif entry.state in ("refused", "unanswered"):
                # Somebody else lives with that; who comes new asks again.
                entry.state = "waiting"
                entry.errors = 0
                self._queue[key] = True
            entry.count += 1

    def release(self, keys: Iterable[Key], *, untold: bool = False) -> None:
        """Want something no longer; the terminal is to be told where nobody else does.

        With `untold` it is not: the subscription stays, for others of the account.
        """
        for key in keys:
            entry = self._entries.get(key)
            if entry is None:  # forgotten meanwhile
                continue
            entry.count -= 1
            if entry.count:
                continue
            del self._entries[key]
            self._expired.pop(entry.number, None)
            self._queue.pop(key, None)
            self._retry_at.pop(key, None)
            self._held_since.pop(key, None)
            if untold:
                self._told.pop(key, None)
            elif key in self._told:
                self._queue[key] = False

    def commands(self, now: float, *, has_upstream: bool = True) -> list[Command]:
        """Return what is to be sent now, as far as the window allows; it counts as sent.

        Args:
            now: Seconds, on the clock of all other calls.
            has_upstream: Whether subscriptions can be sent. Without it they wait; nothing that is
                sent to a terminal which has lost the vendor's servers is remembered by it.
        """
        if self._next_retry <= now:
            self._queue_retries(now)
        room = max(0, len(self._queue) if self._mute_adds else WINDOW - self._counted())
        found: list[Command] = []
        for key, add in self._sendable(room) if has_upstream else self._hold(room, now):
            del self._queue[key]
            command = Command(next(self._numbers), key, add)
            self._unanswered[command.number] = _Sent(key, add, now)
            if add:
                self._told.setdefault(key, False)
            else:
                self._told.pop(key, None)
            entry = self._entries.get(key)
            if add and entry is not None:
                self._expired.pop(entry.number, None)
                entry.state, entry.number = "sent", command.number
            found.append(command)
        return found

    def _sendable(self, room: int) -> Sequence[tuple[Key, bool]]:
        self._held_since.clear()
        return list(islice(self._queue.items(), room))

    def _hold(self, room: int, now: float) -> Sequence[tuple[Key, bool]]:
        """Return the removals that can be sent; subscriptions wait."""
        for key, add in self._queue.items():
            entry = self._entries.get(key) if add else None
            if entry is not None and not entry.was_confirmed and entry.state == "waiting":
                self._held_since.setdefault(key, now)
        return [(key, add) for key, add in self._queue.items() if not add][:room]

    def _queue_retries(self, now: float) -> None:
        for key in [key for key, at in self._retry_at.items() if at <= now]:
            del self._retry_at[key]
            self._queue.setdefault(key, True)
        self._next_retry = min(self._retry_at.values(), default=math.inf)

    def _counted(self) -> int:
        if not self._mute_removals:
            return len(self._unanswered)
        return sum(sent.add for sent in self._unanswered.values())

    def removals(self) -> list[Command]:
        """Return the commands that unsubscribe from everything; nothing is wanted any more.

        See `may_remain` for what becomes of them.
        """
        in_flight = self._unread | {
            number: sent.key for number, sent in self._unanswered.items() if not sent.add
        }
        commands = [Command(next(self._numbers), key, False) for key in self._told]
        self._leaving = {
            number: key for number, key in sorted(in_flight.items()) if key not in self._told
        }
        self._leaving |= {command.number: command.key for command in commands}
        self._told.clear()
        self._ignored.clear()
        self.forget()
        return commands

    @property
    def active(self) -> int:
        """How many subscriptions may be active at the terminal, as far as is known now."""
        in_flight = {sent.key for sent in self._unanswered.values() if not sent.add}
        return len(self._told.keys() | in_flight | set(self._unread.values()))

    def may_remain(self, *, all_read: bool) -> int:
        """Return how many subscriptions may be active at the terminal after `removals`.

        Args:
            all_read: whether the terminal has read every command, answered or not.
        """
        unread = () if all_read else self._leaving.values()
        return len(self._ignored.union(unread))

    def answered(self, answer: Answer, now: float) -> Word | None:
        """Take the terminal's word; return it where it settles a subscription.

        One that belongs to an older command about the same thing settles nothing, and neither
        does an ERROR while the command is going to be sent again.
        """
        if answer.req_id in self._leaving:
            self._note_removed(answer)
            return None
        sent = self._unanswered.pop(answer.req_id, None)
        if sent is None:
            return self._late(answer, now)
        self._note_read(answer.req_id)
        return self._settle(sent, answer, now)

    def _note_read(self, number: int) -> None:
        """Note that the terminal answers, and has read what was sent before a command."""
        self._answers = True
        if self._unread:
            self._unread = {each: key for each, key in self._unread.items() if each > number}

    def _note_removed(self, answer: Answer) -> None:
        """Note that the terminal has read a removal, and all that was sent before it."""
        if answer.response == _IGNORED:
            self._ignored.add(self._leaving[answer.req_id])
        for number in list(takewhile(answer.req_id.__ge__, self._leaving)):
            del self._leaving[number]

    def _late(self, answer: Answer, now: float) -> Word | None:
        # After its time was up, or of somebody else's.
        key = self._expired.pop(answer.req_id, None)
        if key is None:
            return None
        self._note_read(answer.req_id)
        self._mute_adds = False
        return self._settle(_Sent(key, True, 0.0), answer, now)

    def _settle(self, sent: _Sent, answer: Answer, now: float) -> Word | None:
        entry = self._entries.get(sent.key)
        if sent.add and sent.key in self._told and answer.response == SUBSCRIBED:
            self._told[sent.key] = True
        if not sent.add and answer.response == _IGNORED:
            self._told.setdefault(sent.key, True)
            self._ignored.add(sent.key)
        if not sent.add or entry is None or entry.number != answer.req_id:
            return None
        if entry.state == "waiting":  # somebody has asked again: that command's answer counts
            return None
        if answer.response == _IGNORED and self._sends_again(sent.key, entry, now):
            return None
        entry.errors = 0
        entry.was_confirmed |= answer.response == SUBSCRIBED
        entry.response = answer.response
        entry.state = "confirmed" if answer.response == SUBSCRIBED else "refused"
        if entry.state == "refused" and not self._told.get(sent.key) and not self._asks(sent.key):
            self._told.pop(sent.key, None)  # to refuse it again would take nothing back
        return Word(sent.key, answer.response)

    def _sends_again(self, key: Key, entry: _Entry, now: float) -> bool:
        """Plan another round for what was answered with ERROR; return whether there is one."""
        if entry.errors < len(ROUNDS):
            delay = ROUNDS[entry.errors]
        elif entry.was_confirmed:
            delay = LATER
        else:
            return False
        entry.errors += 1
        entry.state, entry.number = "waiting", -1
        self._retry_at[key] = now + delay
        self._next_retry = min(self._next_retry, now + delay)
        return True

    def retry_now(self) -> None:
        """Send what was answered with ERROR again at once: upstream is there."""
        self._queue_retries(math.inf)

    def next_retry(self) -> float:
        """Return when something is sent again that was answered with ERROR; inf if nothing is."""
        return self._next_retry

    def next_hold_end(self, timeout: float) -> float:
        """Return when the oldest subscription has waited so long for upstream; inf: none waits."""
        return next(iter(self._held_since.values()), math.inf) + timeout

    def held_too_long(self, now: float, timeout: float) -> list[Word]:
        """Return what has waited so long for upstream. It is sent once that is back, anyway."""
        words: list[Word] = []
        for key, since in list(self._held_since.items()):
            if since + timeout > now:
                break
            del self._held_since[key]
            entry = self._entries[key]
            entry.state, entry.response = "unanswered", None
            words.append(Word(key, None))
        return words

    def _asks(self, key: Key) -> bool:
        """Tell whether a command that wants something waits for its answer."""
        return any(sent.add and sent.key == key for sent in self._unanswered.values())

    def next_deadline(self, timeout: float) -> float | None:
        """Return when the oldest unanswered command has waited for `timeout`."""
        for sent in self._unanswered.values():
            return sent.at + timeout
        return None

    def expired(self, now: float, timeout: float) -> list[Word]:
        """Return what has waited for `timeout` without an answer; it waits no longer."""
        words: list[Word] = []
        for number, sent in list(self._unanswered.items()):
            if now < sent.at + timeout:
                break
            del self._unanswered[number]
            if not sent.add:
                # Contested whether removals are answered: this terminal does not.
                self._mute_removals = True
                self._unread[number] = sent.key
                if len(self._unread) > WINDOW:
                    del self._unread[next(iter(self._unread))]
                continue
            if not self._answers:
                self._mute_adds = True  # nor anything at all; waiting for more would be in vain
            if sent.key in self._told:
                self._told[sent.key] = True
            entry = self._entries.get(sent.key)
            if entry is not None and entry.number == number:
                entry.state, entry.response = "unanswered", None
                self._expired[number] = sent.key
                words.append(Word(sent.key, None))
        return words

    def disconnected(self) -> None:
        """Note that the connection is gone: nothing is being answered.

        What is wanted will be told again, and so will removals that were not
        answered: subscriptions are the account's, and outlive a connection.
        """
        removals = [sent.key for sent in self._unanswered.values() if not sent.add]
        removals += self._unread.values()
        self._queue.update((key, False) for key in removals if key not in self._entries)
        self._told.update((sent.key, True) for sent in self._unanswered.values())
        self._unanswered.clear()
        self._expired.clear()
        self._unread.clear()
        self._answers = self._mute_adds = self._mute_removals = False
        self.renew()

    def renew(self) -> None:
        """Let everything that is wanted be told again, under new numbers.

        Removals that the terminal ignored are sent again, too.
        """
        self._queue.update((key, False) for key in self._ignored if key not in self._entries)
        self._ignored.clear()
        self._queue.update(dict.fromkeys(self._entries, True))
        self._retry_at.clear()
        for entry in self._entries.values():
            self._expired.pop(entry.number, None)
            # A word on what was sent before settles nothing any more.
            entry.state, entry.number, entry.errors = "waiting", -1, 0

    def forget(self) -> None:
        """Want nothing any more."""
        self._entries.clear()
        self._retry_at.clear()
        self._held_since.clear()
        self._queue = dict.fromkeys(self._told, False)  # should there be another connection
        self._unanswered.clear()
        self._expired.clear()
