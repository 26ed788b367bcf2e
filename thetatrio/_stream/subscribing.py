"""One subscriber: its feed, its lane, what it waits for and what it was refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, Protocol, TypeAlias, get_args

import trio

from thetatrio._stream.buffer import OnLoss, Overflow
from thetatrio._stream.inbox import Inbox
from thetatrio._stream.lane import Lane
from thetatrio._stream.subscriptions import Word
from thetatrio._stream.wire import Key, keys_of
from thetatrio.contracts import Contract
from thetatrio.errors import (
    FeedClosed,
    InvalidRequest,
    SubscriptionRefused,
    SubscriptionUnanswered,
)
from thetatrio.events import AnyTopic, Topic

__all__ = ["Book", "Subscriber", "Unanswered", "Waiter", "merged", "name_of", "without"]

Unanswered: TypeAlias = Literal["raise", "accept"]
"""What subscribing does where the terminal says nothing."""

_NAMED: Final = 5


class Waiter:
    """Somebody who waits for the terminal's word on subscriptions."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._open = set(keys)
        self._settled = trio.Event()
        self.is_void: bool = False
        """Whether the subscriptions are forgotten, since the stream failed."""
        self._error: Callable[[], Exception] | None = None
        self.refused: dict[Key, str] = {}
        self.silent: list[Key] = []
        if not self._open:
            self._settled.set()

    def settle(self, word: Word) -> None:
        """Take the terminal's word, or that it gave none."""
        if word.key not in self._open:
            return
        self._open.discard(word.key)
        if word.response is None:
            self.silent.append(word.key)
        elif not word.accepted:
            self.refused[word.key] = word.response
        if not self._open:
            self._settled.set()

    def fail(self, error: Callable[[], Exception]) -> None:
        """Let the wait end with an error of its own."""
        self._error = error
        self.is_void = True
        self._settled.set()

    @property
    def is_accepted(self) -> bool:
        """Whether there is a word on everything, and none of it a refusal."""
        return self._settled.is_set() and not (self.is_void or self.refused)

    async def wait(self) -> None:
        """Wait until everything is settled. Raises what the stream failed with."""
        await self._settled.wait()
        if self._error is not None:
            raise self._error()


class Book(Protocol):
    """What a subscriber asks of the supervisor."""

    def check(self, topics: Iterable[AnyTopic]) -> None:
        """Raise InvalidRequest for what this stream cannot have."""
        ...

    def attach(self, subscriber: Subscriber) -> None:
        """Route events to a new subscriber."""
        ...

    def detach(self, subscriber: Subscriber) -> None:
        """Route no more events to a subscriber."""
        ...

    def change(self, subscriber: Subscriber, topics: tuple[AnyTopic, ...]) -> None:
        """Route other events to a subscriber."""
        ...

    def acquire(self, keys: Sequence[Key]) -> Waiter:
        """Want subscriptions."""
        ...

    def release(
        self, keys: Sequence[Key], waiter: Waiter | None = None, *, leaving: bool = False
    ) -> None:
        """Want subscriptions no longer; `waiter` is what acquiring them gave.

        `leaving` a feed's block they may stay, where the session's settings say so.
        """
        ...


def merged(topics: Iterable[AnyTopic]) -> tuple[AnyTopic, ...]:
    """Return topics as one for each kind."""
    found: dict[tuple[object, ...], AnyTopic] = {}
    for topic in topics:
        key = (topic.kind, topic.security, topic.joined)
        before = found.get(key)
        if before is None or topic.security is not None:
            found[key] = topic
        else:
            found[key] = Topic(topic.kind, (*before.contracts, *topic.contracts))
    if any(topic.joined for topic in found.values()) and len(found) > 1:
        raise InvalidRequest("joined trades have a feed of their own: subscribe to them alone")
    return tuple(found.values())


def without(topics: Iterable[AnyTopic], gone: Iterable[AnyTopic]) -> tuple[AnyTopic, ...]:
    """Return topics without the contracts of others."""
    taken = {(topic.kind, each) for topic in gone for each in topic.contracts}
    return tuple(
        topic
        if topic.security is not None
        else Topic(
            topic.kind, tuple(each for each in topic.contracts if (topic.kind, each) not in taken)
        )
        for topic in topics
    )


def name_of(topics: Iterable[AnyTopic]) -> str:
    """Return what messages call a feed."""
    return f"feed of {', '.join(map(repr, topics))}"


def _keys(topics: Iterable[AnyTopic]) -> list[Key]:
    return list(dict.fromkeys(key for topic in topics for key in keys_of(topic)))


class Subscriber:
    """What stands behind one feed.

    Args:
        book: where subscriptions are kept.
        topics: what it wants.
        capacity: events its inbox holds.
        overflow: what happens to more.
        on_loss: how losses are told.
        partial: whether to go on with what the terminal accepted.
        unanswered: what to do where it says nothing.
        inbox: where its events go; None: one of its own, with `capacity` and the like.
    """

    def __init__(
        self,
        book: Book,
        topics: Iterable[AnyTopic],
        *,
        capacity: int,
        overflow: Overflow,
        on_loss: OnLoss,
        partial: bool,
        unanswered: Unanswered,
        inbox: Inbox[Any] | None = None,
    ) -> None:
        if unanswered not in get_args(Unanswered):
            raise InvalidRequest(f"unanswered: 'raise' or 'accept', not {unanswered!r}")
        self._book = book
        self._partial = partial
        self._unanswered: Unanswered = unanswered
        self.topics: tuple[AnyTopic, ...] = merged(topics)
        """What it is of, one for each kind."""
        book.check(self.topics)
        self._refused: dict[Contract | str, str] = {}
        # What was accepted once and is refused now, and since when it is lost.
        self._missing: dict[Key, dt.datetime | None] = {}
        self._held: dict[Key, None] = {}  # in the order they were acquired
        self._asked: list[Sequence[Key]] = []  # what waits for the terminal's word
        self.lane: Lane | None = None
        """Where its events come from; None while it is not attached."""
        self.inbox: Inbox[Any] = inbox or Inbox(capacity, overflow, on_loss, self._name)
        self._established = False
        self._opening: Waiter | None = None

    def _name(self) -> str:
        return name_of(self.topics)

    @property
    def refused(self) -> Mapping[Contract | str, str]:
        """The terminal's word for each contract it refused."""
        return dict(self._refused)

    @property
    def held(self) -> Collection[Key]:
        """The subscriptions it has."""
        return self._held

    def note_refused(self, key: Key, response: str, since: dt.datetime | None) -> None:
        """Note that the terminal refused what it had accepted before, and when that was lost."""
        self._refused[key.subject] = response
        self._missing.setdefault(key, since)

    def is_missing(self, key: Key) -> bool:
        """Tell whether the terminal has refused what it had accepted before."""
        return key in self._missing

    def note_accepted(self, key: Key) -> dt.datetime | None:
        """Note that the terminal takes back what was missing; return since when it was."""
        since = self._missing.pop(key)
        if not any(other.subject == key.subject for other in self._missing):
            self._refused.pop(key.subject, None)
        return since

    async def open(self) -> None:
        """Subscribe to what it is of. Raises what subscribing raises."""
        self._book.attach(self)
        await self._subscribe(_keys(self.topics), self.topics)
        self._established = True

    @property
    def established(self) -> bool:
        """Whether its first subscription was acknowledged, even if it has not looked yet."""
        return self._established or (self._opening is not None and self._opening.is_accepted)

    def close(self) -> None:
        """Unsubscribe; readers meet FeedClosed."""
        self.inbox.end(lambda: FeedClosed("this feed's block has been left"), forget=True)
        self.leave()

    def leave(self) -> None:
        """Unsubscribe, and let the inbox be."""
        self._book.detach(self)
        held = list(self._held)
        self._held.clear()
        self._book.release(held, leaving=True)

    def fail(self, error: Callable[[], Exception]) -> None:
        """Let readers meet an error after what they have; nothing is held any more."""
        self.inbox.end(error)
        self._held.clear()

    async def add(self, topics: Iterable[AnyTopic]) -> None:
        """Subscribe to more; on failure everything stays as it was."""
        await trio.lowlevel.checkpoint()
        self._check_open()
        given = list(topics)
        self._book.check(given)
        before = self.topics
        wider = merged((*before, *given))
        if wider != before:
            self._book.change(self, wider)
        # What another task is adding meanwhile is for that one to ask for.
        new = [key for key in _keys(given) if key not in self._held]
        try:
            await self._subscribe(new, before)
        except BaseException:
            # Others may have been added meanwhile; only what is ours is taken back.
            self._narrow(before)
            raise

    def remove(self, topics: Iterable[AnyTopic]) -> None:
        """Subscribe to less."""
        self._check_open()
        narrower = without(self.topics, topics)
        kept = set(_keys(narrower))
        gone = [key for key in self._held if key not in kept]
        if narrower != self.topics:
            self._book.change(self, narrower)
        for key in gone:
            del self._held[key]
            if self.is_missing(key):
                self.note_accepted(key)  # nobody asks for it any more
        self._book.release(gone)

    def _check_open(self) -> None:
        if self.inbox.ended is not None:
            raise self.inbox.ended()

    async def _subscribe(self, wanted: Sequence[Key], before: Iterable[AnyTopic]) -> None:
        waiter = self._book.acquire(wanted)
        if self._opening is None:
            self._opening = waiter
        self._asked.append(wanted)
        kept: list[Key] = []
        try:
            await waiter.wait()
            self._check_open()
            self._judge(wanted, waiter)
            # Meanwhile another task may have added the same to this feed, or removed it.
            still = set(_keys(self.topics)) - waiter.refused.keys() - self._held.keys()
            kept = [key for key in wanted if key in still]
            self._held.update(dict.fromkeys(kept))
            for key in kept:
                self._refused.pop(key.subject, None)
            self._refused.update({key.subject: word for key, word in waiter.refused.items()})
        finally:
            self._asked.remove(wanted)
            taken = set(kept)
            self._book.release([key for key in wanted if key not in taken], waiter)
        if waiter.refused:
            self._narrow(before)

    def _judge(self, wanted: Sequence[Key], waiter: Waiter) -> None:
        refused: dict[Contract | str, str] = {
            key.subject: response for key, response in waiter.refused.items()
        }
        if refused and not (self._partial and len(waiter.refused) < len(wanted)):
            raise SubscriptionRefused(
                f"the terminal refused {_listed(refused)}; MAX_STREAMS_REACHED and INVALID_PERMS"
                " depend on the subscription tier, the former also on other programs that are"
                " connected to the terminal; ERROR means that it has been reconnecting to the"
                " vendor for 15 s; partial=True goes on without those",
                refused=refused,
            )
        if waiter.silent and self._unanswered == "raise":
            silent = tuple(key.subject for key in waiter.silent)
            raise SubscriptionUnanswered(
                f"the terminal did not answer subscriptions to"
                f" {_listed(dict.fromkeys(silent, ''))} within ack_timeout: it may lack the"
                " permission and say nothing, be older than 1.6.0, which never answers, be"
                " busy, or have lost the vendor's servers for subscribe_timeout;"
                ' unanswered="accept" goes on without an answer',
                contracts=silent,
            )

    def _narrow(self, before: Iterable[AnyTopic]) -> None:
        """Be only of what is held or still asked for, and of kinds that were so `before`."""
        wanted = set(self._held).union(*self._asked)
        kinds = {topic.kind for topic in before if topic.security is None}
        kept: list[AnyTopic] = []
        for topic in self.topics:
            keys = keys_of(topic)
            if topic.security is not None:
                kept += [topic] if keys[0] in wanted else []
                continue
            pairs = zip(topic.contracts, keys, strict=True)
            contracts = tuple(each for each, key in pairs if key in wanted)
            if contracts or topic.kind in kinds:
                kept.append(Topic(topic.kind, contracts))
        if tuple(kept) != self.topics:
            self._book.change(self, tuple(kept))


def _listed(refused: Mapping[Contract | str, str]) -> str:
    shown = [
        f"{subject} ({word})" if word else str(subject)
        for subject, word in list(refused.items())[:_NAMED]
    ]
    more = len(refused) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
