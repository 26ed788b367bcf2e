"""thetatrio._stream.subscribing: one subscriber, what it waits for and what it is left with."""

from collections import Counter

import pytest
import trio
from trio.testing import assert_checkpoints, wait_all_tasks_blocked

from tests.test_events import AAPL, CALL, MSFT, SPX
from tests.test_stream_buffer import numbered
from thetatrio._stream.feed import Feed
from thetatrio._stream.subscribing import Subscriber, Waiter, merged, without
from thetatrio._stream.subscriptions import Word
from thetatrio._stream.wire import Key, keys_of
from thetatrio.contracts import Stock
from thetatrio.errors import (
    FeedClosed,
    InvalidRequest,
    ReconnectGaveUp,
    SessionClosed,
    SlowConsumer,
    SubscriptionRefused,
    SubscriptionUnanswered,
)
from thetatrio.events import Topic

pytestmark = pytest.mark.core

SPY = Stock("SPY")
TRADES, QUOTES = Topic.trades(AAPL), Topic.quotes(AAPL)


def key(contract, request="TRADE"):
    return Key(request, {Stock: "STOCK"}.get(type(contract), "OPTION"), contract)


class Book:
    """The supervisor's side, which answers as it is told to, or when."""

    def __init__(self, words=None, *, at_once=True):
        self.words = words or {}
        self.at_once = at_once
        self.told = []
        self.wanted = Counter()
        self.waiters = []
        self.error = None

    def attach(self, subscriber):
        if self.error is not None:
            raise self.error()
        self.told.append("attach")
        subscriber.lane = object()

    def detach(self, subscriber):
        self.told.append("detach")
        subscriber.lane = None

    def change(self, subscriber, topics):
        if subscriber.lane is not None:
            self.told.append(topics)
            subscriber.topics = topics

    def check(self, topics):
        self.checked = list(topics)

    def acquire(self, keys):
        assert len(set(keys)) == len(keys)
        self.wanted.update(keys)
        waiter = Waiter(keys)
        waiter.keys = keys
        self.waiters.append(waiter)
        if self.at_once:
            self.answer(waiter)
        return waiter

    def answer(self, waiter, *keys):
        for each in keys or waiter.keys:
            waiter.settle(Word(each, self.words.get(each, "SUBSCRIBED")))

    def release(self, keys, waiter=None, *, leaving=False):
        if waiter is not None and waiter.is_void:
            return
        if leaving:
            self.told.append("left")
        self.wanted.subtract(keys)
        self.wanted = +self.wanted


def subscriber_of(book, *topics, partial=False, unanswered="raise", capacity=100):
    return Subscriber(
        book, topics, capacity=capacity, overflow="raise", on_loss="log", partial=partial,
        unanswered=unanswered,
    )  # fmt: skip


async def opened(*topics, words=None, **options):
    """A subscriber that has what it asked for, and its book."""
    book = Book(words)
    subscriber = subscriber_of(book, *topics, **options)
    await subscriber.open()
    book.told.clear()
    return subscriber, book


def assert_consistent(subscriber, book):
    """Hold that what is asked for, what is held and what is routed are the same."""
    needed = {each for topic in subscriber.topics for each in keys_of(topic)}
    assert set(subscriber.held) == needed == set(book.wanted)
    assert all(count == 1 for count in book.wanted.values())


# Topics


FULL, JOINED = Topic.full_trades("option"), Topic.joined_trades("option")


@pytest.mark.parametrize(
    ("topics", "expected"),
    [
        ([], ()),
        ([TRADES, QUOTES], (TRADES, QUOTES)),
        ([TRADES, QUOTES, Topic.trades(MSFT, AAPL)], (Topic.trades(AAPL, MSFT), QUOTES)),
        ([FULL, FULL], (FULL,)),
        ([JOINED, JOINED], (JOINED,)),
        ([FULL, Topic.full_trades("stock"), QUOTES], (FULL, Topic.full_trades("stock"), QUOTES)),
        ([Topic.quotes(), QUOTES], (QUOTES,)),
    ],
)
def test_topics_of_a_kind_are_one(topics, expected):
    """A feed is of one topic for each kind, with each contract once."""
    assert merged(topics) == expected
    assert merged(merged(topics)) == expected


@pytest.mark.parametrize("other", [QUOTES, FULL, Topic.joined_trades("stock")])
def test_joined_trades_stand_alone(other):
    """What is joined is no event of another topic, so nothing else goes with it."""
    for topics in ([JOINED, other], [other, JOINED]):
        with pytest.raises(InvalidRequest, match="joined trades have a feed of their own"):
            merged(topics)


def test_topics_without_some():
    """Contracts are taken out of their kind alone; kinds stay, and so does the full stream."""
    topics = (Topic.trades(AAPL, MSFT), QUOTES, FULL)
    assert without(topics, [TRADES]) == (Topic.trades(MSFT), QUOTES, FULL)
    assert without(topics, [QUOTES, Topic.trades(SPY)]) == (topics[0], Topic.quotes(), FULL)
    assert without(topics, [FULL]) == topics
    assert without(topics, []) == topics


# Waiting


async def test_a_waiter_waits_for_every_word():
    """Whoever waits goes on when the last word has come; words on other things change nothing."""
    waiter = Waiter([key(AAPL), key(MSFT), key(SPY)])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(waiter.wait)
        for word in (
            Word(key(AAPL), "SUBSCRIBED"), Word(key(AAPL), "ERROR"), Word(key(CALL), "ERROR"),
            Word(key(MSFT), None),
        ):  # fmt: skip
            waiter.settle(word)
        await wait_all_tasks_blocked()
        assert nursery.child_tasks
        waiter.settle(Word(key(SPY), "INVALID_PERMS"))
    assert waiter.refused == {key(SPY): "INVALID_PERMS"}
    assert waiter.silent == [key(MSFT)]
    assert not waiter.is_void


async def test_a_waiter_for_nothing_does_not_wait():
    """Without anything to ask for there is nothing to wait for."""
    with assert_checkpoints():
        await Waiter([]).wait()


async def test_a_waiter_that_fails_raises():
    """When the stream fails, each wait raises an error of its own."""
    waiter = Waiter([key(AAPL)])
    waiter.fail(lambda: ReconnectGaveUp("gave up"))
    errors = []
    for _ in range(2):
        with pytest.raises(ReconnectGaveUp) as caught:
            await waiter.wait()
        errors.append(caught.value)
    assert errors[0] is not errors[1]
    assert waiter.is_void


# Opening


async def test_it_is_routed_before_it_is_asked_for():
    """No event between the acknowledgement and the feed is lost: routes come first."""
    book = Book(at_once=False)
    subscriber = subscriber_of(book, TRADES, Topic.ohlc(AAPL), QUOTES)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(subscriber.open)
        await wait_all_tasks_blocked()
        assert book.told == ["attach"]
        assert book.waiters[0].keys == [key(AAPL), key(AAPL, "QUOTE")]
        assert not subscriber.established
        book.answer(book.waiters[0])
    assert subscriber.established
    assert_consistent(subscriber, book)
    assert subscriber.refused == {}


async def test_what_is_refused_is_taken_back_whole():
    """One refusal fails the subscribing, with every word; nothing stays asked for."""
    words = {key(MSFT): "INVALID_PERMS", key(CALL, "QUOTE"): "ERROR"}
    book = Book(words)
    subscriber = subscriber_of(book, Topic.trades(AAPL, MSFT), Topic.quotes(CALL))
    with pytest.raises(SubscriptionRefused, match=r"MSFT \(INVALID_PERMS\)") as caught:
        await subscriber.open()
    assert caught.value.refused == {MSFT: "INVALID_PERMS", CALL: "ERROR"}
    assert (set(subscriber.held), set(book.wanted)) == (set(), set())
    assert not subscriber.established


async def test_many_refusals_are_named_shortly():
    """The message names five; the error has all."""
    stocks = [Stock(f"S{number}") for number in range(50)]
    book = Book({key(each): "ERROR" for each in stocks})
    with pytest.raises(SubscriptionRefused, match="S4 .* and 45 more; MAX") as caught:
        await subscriber_of(book, Topic.trades(*stocks)).open()
    assert len(caught.value.refused) == 50


async def test_the_full_stream_is_refused_by_its_name():
    """Without a contract the security says what was refused."""
    book = Book({Key("TRADE", "OPTION", None): "INVALID_PERMS"})
    with pytest.raises(SubscriptionRefused) as caught:
        await subscriber_of(book, FULL).open()
    assert caught.value.refused == {"option": "INVALID_PERMS"}


async def test_who_takes_a_part_goes_on_without_the_rest():
    """With partial=True a feed is of what was accepted, and says what was refused."""
    subscriber, book = await opened(
        Topic.trades(AAPL, MSFT), Topic.quotes(MSFT),
        words={key(MSFT): "ERROR", key(MSFT, "QUOTE"): "INVALID_PERMS"}, partial=True,
    )  # fmt: skip
    assert subscriber.topics == (TRADES, Topic.quotes())
    assert subscriber.refused == {MSFT: "INVALID_PERMS"}
    assert_consistent(subscriber, book)
    subscriber.refused.clear()
    assert subscriber.refused, "it is a copy"


async def test_a_part_may_be_without_the_full_stream():
    """A full stream that was refused is not what the feed is of."""
    subscriber, book = await opened(
        FULL, QUOTES, words={Key("TRADE", "OPTION", None): "INVALID_PERMS"}, partial=True
    )
    assert subscriber.topics == (QUOTES,)
    assert subscriber.refused == {"option": "INVALID_PERMS"}
    assert_consistent(subscriber, book)


@pytest.mark.parametrize("topics", [[TRADES], [TRADES, QUOTES], [Topic.trades(AAPL, MSFT)]])
async def test_a_part_is_not_nothing(topics):
    """Where everything is refused, also of one contract in several ways, there is no feed."""
    every = {each: "INVALID_PERMS" for topic in topics for each in keys_of(topic)}
    book = Book(every)
    with pytest.raises(SubscriptionRefused):
        await subscriber_of(book, *topics, partial=True).open()
    assert not book.wanted


async def test_silence_is_an_error():
    """What the terminal does not answer is named, with what may be the cause."""
    book = Book({key(MSFT): None, Key("TRADE", "OPTION", None): None})
    subscriber = subscriber_of(book, Topic.trades(AAPL, MSFT), FULL)
    with pytest.raises(SubscriptionUnanswered, match="MSFT, option within ack_timeout") as caught:
        await subscriber.open()
    assert caught.value.contracts == (MSFT, "option")
    assert not book.wanted


async def test_silence_can_be_accepted():
    """With unanswered="accept" what was not answered is kept as if it were."""
    subscriber, book = await opened(
        Topic.trades(AAPL, MSFT), words={key(MSFT): None}, unanswered="accept"
    )
    assert subscriber.topics == (Topic.trades(AAPL, MSFT),)
    assert_consistent(subscriber, book)


async def test_silence_about_a_part_is_an_error_too():
    """partial=True takes refusals, not silence; what failed refused nothing for the feed."""
    words = {key(MSFT): None, key(SPY): "ERROR"}
    book = Book(words)
    subscriber = subscriber_of(book, Topic.trades(AAPL, MSFT, SPY), partial=True)
    with pytest.raises(SubscriptionUnanswered):
        await subscriber.open()
    assert subscriber.refused == {}
    assert not book.wanted


@pytest.mark.parametrize("unanswered", ["", "ignore", None])
def test_what_is_done_about_silence_is_checked(unanswered):
    """Silence raises or is accepted, nothing else."""
    with pytest.raises(InvalidRequest, match="unanswered: 'raise' or 'accept', not"):
        subscriber_of(Book(), TRADES, unanswered=unanswered)


async def test_a_session_that_was_left_takes_no_subscribers():
    """What attaching raises comes out, and nothing was asked for."""
    book = Book()
    book.error = lambda: SessionClosed("left")
    with pytest.raises(SessionClosed):
        await subscriber_of(book, TRADES).open()
    assert not book.wanted


async def test_who_is_cancelled_while_waiting_leaves_nothing():
    """A subscription that nobody waits for any more is given back."""
    book = Book(at_once=False)
    subscriber = subscriber_of(book, TRADES)
    with trio.move_on_after(0):
        await subscriber.open()
    assert not book.wanted
    assert not subscriber.held


async def test_a_stream_that_fails_while_waiting_is_told():
    """Who waits meets what the stream failed with; there is nothing to give back."""
    book = Book(at_once=False)
    subscriber = subscriber_of(book, TRADES)
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def wait():
            with pytest.raises(ReconnectGaveUp):
                await subscriber.open()

        await wait_all_tasks_blocked()
        book.waiters[0].fail(lambda: ReconnectGaveUp("gave up"))
    assert book.wanted == {key(AAPL): 1}, "the book has forgotten it by itself"


# Leaving


async def test_closing_gives_everything_back():
    """After close() nothing is held or routed, and readers meet FeedClosed."""
    subscriber, book = await opened(Topic.trades(AAPL, MSFT), QUOTES)
    subscriber.inbox.deliver(numbered(0))
    subscriber.close()
    assert book.told == ["detach", "left"]
    assert not book.wanted
    assert not subscriber.held
    with pytest.raises(FeedClosed):
        await Feed(subscriber.inbox, subscriber).receive()
    with pytest.raises(FeedClosed):
        subscriber.remove([TRADES])
    with pytest.raises(FeedClosed):
        await subscriber.add([QUOTES])


async def test_a_failure_leaves_what_had_arrived():
    """What is fatal is met after the events that wait, and nothing is held any more."""
    subscriber, book = await opened(TRADES)
    subscriber.inbox.deliver(numbered(0))
    subscriber.fail(lambda: ReconnectGaveUp("gave up"))
    feed = Feed(subscriber.inbox, subscriber)
    assert await feed.receive() == numbered(0)[0]
    with pytest.raises(ReconnectGaveUp):
        await feed.receive()
    with pytest.raises(ReconnectGaveUp):
        await feed.add(MSFT)
    subscriber.close()
    assert book.wanted == {key(AAPL): 1}, "the book has forgotten it by itself"


# More and less


async def test_adding_is_routed_before_it_is_asked_for():
    """More contracts are routed at once, asked for once, and held when they are acknowledged."""
    subscriber, book = await opened(TRADES)
    book.at_once = False
    async with trio.open_nursery() as nursery:
        nursery.start_soon(subscriber.add, [Topic.trades(MSFT, AAPL), Topic.quotes(AAPL)])
        await wait_all_tasks_blocked()
        assert book.told == [(Topic.trades(AAPL, MSFT), QUOTES)]
        assert book.waiters[1].keys == [key(MSFT), key(AAPL, "QUOTE")]
        assert set(subscriber.held) == {key(AAPL)}
        book.answer(book.waiters[1])
    assert_consistent(subscriber, book)


async def test_adding_what_is_there_changes_nothing():
    """What the feed is of already is neither routed anew nor asked for; it is a checkpoint."""
    subscriber, book = await opened(Topic.trades(AAPL, MSFT), QUOTES)
    with assert_checkpoints():
        await subscriber.add([TRADES, QUOTES])
    assert book.told == []
    assert book.waiters[1].keys == []
    assert_consistent(subscriber, book)


async def test_bars_come_with_trades():
    """Topics that need the same subscription share it: it goes with the last of them."""
    subscriber, book = await opened(TRADES)
    await subscriber.add([Topic.ohlc(AAPL)])
    assert book.waiters[1].keys == []
    subscriber.remove([TRADES])
    assert subscriber.topics == (Topic.trades(), Topic.ohlc(AAPL))
    assert_consistent(subscriber, book)
    subscriber.remove([Topic.ohlc(AAPL)])
    assert not book.wanted


@pytest.mark.parametrize(
    "more",
    [[Topic.trades(MSFT)], [Topic.quotes(MSFT)], [FULL], [Topic.quotes(CALL), Topic.prices(SPX)]],
)  # fmt: skip
@pytest.mark.parametrize("word", ["INVALID_PERMS", None])
@pytest.mark.parametrize("partial", [False, True])
async def test_adding_in_vain_changes_nothing(more, word, partial):
    """What was refused or not answered leaves the feed as it was, kinds and all."""
    subscriber, book = await opened(TRADES, partial=partial)
    book.words = {each: word for topic in more for each in keys_of(topic)}
    with pytest.raises(SubscriptionRefused if word else SubscriptionUnanswered):
        await subscriber.add(more)
    assert subscriber.topics == (TRADES,)
    assert subscriber.refused == {}
    assert_consistent(subscriber, book)
    book.words = {}
    await Feed(subscriber.inbox, subscriber).add(SPY)
    assert subscriber.topics == (Topic.trades(AAPL, SPY),)


async def test_a_part_can_be_added():
    """With partial=True what was accepted of an addition is kept, the rest is told."""
    subscriber, book = await opened(TRADES, partial=True)
    book.words = {key(MSFT): "ERROR", key(SPY, "QUOTE"): "ERROR"}
    await subscriber.add([Topic.trades(MSFT, CALL), Topic.quotes(SPY)])
    assert subscriber.topics == (Topic.trades(AAPL, CALL),)
    assert subscriber.refused == {MSFT: "ERROR", SPY: "ERROR"}
    assert_consistent(subscriber, book)


async def test_what_is_accepted_later_is_no_longer_refused():
    """A contract that is asked for again and accepted is taken off the refusals."""
    subscriber, book = await opened(
        Topic.trades(AAPL, MSFT), words={key(MSFT): "MAX_STREAMS_REACHED"}, partial=True
    )
    book.words = {}
    await subscriber.add([Topic.trades(MSFT)])
    assert subscriber.refused == {}
    assert_consistent(subscriber, book)
    subscriber.note_refused(key(MSFT), "INVALID_PERMS", None)
    assert subscriber.refused == {MSFT: "INVALID_PERMS"}
    assert subscriber.is_missing(key(MSFT))
    subscriber.remove([Topic.trades(MSFT)])
    assert subscriber.refused == {}
    assert not subscriber.is_missing(key(MSFT))


async def test_who_cancels_an_addition_has_what_was_before():
    """An addition that is given up is taken back, from routes and book."""
    subscriber, book = await opened(TRADES)
    book.at_once = False
    with trio.move_on_after(1) as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(subscriber.add, [Topic.quotes(MSFT)])
            await wait_all_tasks_blocked()
            scope.cancel()
    assert subscriber.topics == (TRADES,)
    assert_consistent(subscriber, book)


class Adding:
    """Additions at the same time, whose answers come when the test says."""

    def __init__(self, subscriber, book, nursery):
        self.subscriber, self.book, self.nursery = subscriber, book, nursery
        self.errors = {}
        book.at_once = False

    async def begin(self, *topics):
        """Begin an addition; return its waiter."""

        async def add():
            try:
                await self.subscriber.add(topics)
            except (SubscriptionRefused, SubscriptionUnanswered, FeedClosed) as error:
                self.errors[topics] = error

        self.nursery.start_soon(add)
        await wait_all_tasks_blocked()
        return self.book.waiters[-1]

    async def answer(self, waiter):
        self.book.answer(waiter)
        await wait_all_tasks_blocked()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("kind", [Topic.trades, Topic.quotes])
async def test_an_addition_does_not_take_another_with_it(order, kind):
    """Of two at the same time one may fail: the other one's contract is routed and held."""
    subscriber, book = await opened(TRADES)
    bad, good = kind(MSFT), kind(SPY)
    book.words = {keys_of(bad)[0]: "INVALID_PERMS"}
    async with trio.open_nursery() as nursery:
        adding = Adding(subscriber, book, nursery)
        waiters = [await adding.begin(bad), await adding.begin(good)]
        for place in order:
            await adding.answer(waiters[place])
    assert list(adding.errors) == [(bad,)]
    assert subscriber.topics == merged([TRADES, good])
    assert_consistent(subscriber, book)


async def test_two_who_add_the_same_hold_it_once():
    """Tasks that add one contract at the same time both succeed, and it is counted once."""
    subscriber, book = await opened(TRADES)
    async with trio.open_nursery() as nursery:
        adding = Adding(subscriber, book, nursery)
        waiters = [await adding.begin(QUOTES), await adding.begin(QUOTES)]
        assert book.wanted[key(AAPL, "QUOTE")] == 2
        for waiter in waiters:
            await adding.answer(waiter)
    assert adding.errors == {}
    assert_consistent(subscriber, book)


async def test_what_is_removed_while_it_is_added_is_not_kept():
    """The later word counts: after the answer it is neither routed nor asked for."""
    subscriber, book = await opened(TRADES)
    async with trio.open_nursery() as nursery:
        adding = Adding(subscriber, book, nursery)
        waiter = await adding.begin(Topic.trades(MSFT, SPY))
        subscriber.remove([Topic.trades(MSFT)])
        await adding.answer(waiter)
    assert subscriber.topics == (Topic.trades(AAPL, SPY),)
    assert_consistent(subscriber, book)


async def test_what_is_removed_and_refused_leaves_nothing():
    """An addition that was taken back by a removal and is refused then is an error, no more."""
    subscriber, book = await opened(TRADES)
    book.words = {key(MSFT): "INVALID_PERMS"}
    async with trio.open_nursery() as nursery:
        adding = Adding(subscriber, book, nursery)
        waiter = await adding.begin(Topic.trades(MSFT))
        subscriber.remove([Topic.trades(MSFT)])
        await adding.answer(waiter)
    assert list(adding.errors) == [(Topic.trades(MSFT),)]
    assert subscriber.topics == (TRADES,)
    assert_consistent(subscriber, book)


async def test_a_feed_that_closes_while_it_is_added_to():
    """Who waits meets FeedClosed, and nothing stays asked for."""
    subscriber, book = await opened(TRADES)
    async with trio.open_nursery() as nursery:
        adding = Adding(subscriber, book, nursery)
        waiter = await adding.begin(QUOTES)
        subscriber.close()
        await adding.answer(waiter)
    assert isinstance(adding.errors[(QUOTES,)], FeedClosed)
    assert not book.wanted


async def test_removing_is_at_once():
    """What is removed is routed no more and given back, the kind stays for what is added later."""
    subscriber, book = await opened(Topic.trades(AAPL, MSFT), QUOTES)
    subscriber.remove([Topic.trades(AAPL, SPY), QUOTES])
    assert book.told == [(Topic.trades(MSFT), Topic.quotes())]
    assert_consistent(subscriber, book)
    await Feed(subscriber.inbox, subscriber).add(SPY)
    assert subscriber.topics == (Topic.trades(MSFT, SPY), Topic.quotes(SPY))
    assert_consistent(subscriber, book)


async def test_removing_what_is_not_there_changes_nothing():
    """Contracts and streams that the feed is not of are neither routed nor given back anew."""
    subscriber, book = await opened(TRADES, FULL)
    subscriber.remove([Topic.trades(MSFT), QUOTES, FULL])
    assert book.told == []
    assert_consistent(subscriber, book)


async def test_errors_say_whose_they_are():
    """What a reader is told names the topics its feed is of now."""
    subscriber, _ = await opened(TRADES, capacity=1)
    await subscriber.add([QUOTES])
    subscriber.inbox.deliver(numbered(0, 1))
    with pytest.raises(SlowConsumer) as caught:
        await Feed(subscriber.inbox, subscriber).receive()
    assert str(caught.value).startswith(
        "feed of Topic.trades(Stock('AAPL')), Topic.quotes(Stock('AAPL')): 1 events"
    )
