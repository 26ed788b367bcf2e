"""What is wanted of the terminal, what it was told, what it said. No I/O.

Subscriptions are counted: the terminal is told of the first one who wants
something and of the last one who no longer does. Commands are pipelined, at
most `WINDOW` unanswered; their numbers begin at the time of day in seconds and
only grow, since the terminal remembers what it was told by them.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final, Literal, NamedTuple, TypeAlias

from thetatrio._stream.wire import Answer, Key

__all__ = ["SUBSCRIBED", "WINDOW", "Command", "State", "Subscriptions", "Word"]

WINDOW: Final = 64
"""Commands that may be unanswered at a time."""
SUBSCRIBED: Final = "SUBSCRIBED"

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
    __slots__ = ("count", "number", "response", "state")

    def __init__(self) -> None:
        self.count = 0
        self.state: State = "waiting"
        self.number = -1
        self.response: str | None = None


class _Sent(NamedTuple):
    key: Key
    add: bool
    at: float


class Subscriptions:
    """The book of them, over all connections of a session.

    Args:
        first_number: of the first command.
    """

    def __init__(self, first_number: int) -> None:
        self._next = first_number
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
            if untold:
                self._told.pop(key, None)
            elif key in self._told:
                self._queue[key] = False

    def commands(self, now: float) -> list[Command]:
        """Return what is to be sent now, as far as the window allows; it counts as sent."""
        room = len(self._queue) if self._mute_adds else WINDOW - self._counted()
        found: list[Command] = []
        for key, add in list(islice(self._queue.items(), max(0, room))):
            del self._queue[key]
            command = Command(self._next, key, add)
            self._next += 1
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

    def _counted(self) -> int:
        if not self._mute_removals:
            return len(self._unanswered)
        return sum(sent.add for sent in self._unanswered.values())

    def removals(self) -> list[Command]:
        """Return what takes everything back that the terminal was told; it is all forgotten."""
        commands = [Command(self._next + place, key, False) for place, key in enumerate(self._told)]
        self._next += len(commands)
        self._told.clear()
        self.forget()
        return commands

    def answered(self, answer: Answer) -> Word | None:
        """Take the terminal's word; return it where it settles a subscription.

        One that belongs to an older command about the same thing settles nothing.
        """
        sent = self._unanswered.pop(answer.req_id, None)
        if sent is None:
            return self._late(answer)
        self._note_read(answer.req_id)
        return self._settle(sent, answer)

    def _note_read(self, number: int) -> None:
        """Note that the terminal answers, and has read what was sent before a command."""
        self._answers = True
        if self._unread:
            self._unread = {each: key for each, key in self._unread.items() if each > number}

    def _late(self, answer: Answer) -> Word | None:
        # After its time was up, or of somebody else's.
        key = self._expired.pop(answer.req_id, None)
        if key is None:
            return None
        self._note_read(answer.req_id)
        self._mute_adds = False
        return self._settle(_Sent(key, True, 0.0), answer)

    def _settle(self, sent: _Sent, answer: Answer) -> Word | None:
        entry = self._entries.get(sent.key)
        if sent.add and sent.key in self._told and answer.response == SUBSCRIBED:
            self._told[sent.key] = True
        if not sent.add or entry is None or entry.number != answer.req_id:
            return None
        if entry.state == "waiting":  # somebody has asked again: that command's answer counts
            return None
        entry.response = answer.response
        entry.state = "confirmed" if answer.response == SUBSCRIBED else "refused"
        if entry.state == "refused" and not self._told.get(sent.key) and not self._asks(sent.key):
            self._told.pop(sent.key, None)  # to refuse it again would take nothing back
        return Word(sent.key, answer.response)

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
        """Let everything that is wanted be told again, under new numbers."""
        self._queue.update(dict.fromkeys(self._entries, True))
        for entry in self._entries.values():
            self._expired.pop(entry.number, None)
            # A word on what was sent before settles nothing any more.
            entry.state, entry.number = "waiting", -1

    def forget(self) -> None:
        """Want nothing any more."""
        self._entries.clear()
        self._queue = dict.fromkeys(self._told, False)  # should there be another connection
        self._unanswered.clear()
        self._expired.clear()
