"""thetatrio._stream.subscriptions: what is wanted, told and answered, held against a model."""

import math
from collections import Counter
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from thetatrio._stream.subscriptions import LATER, ROUNDS, WINDOW, Command, Subscriptions, Word
from thetatrio._stream.wire import Answer, Key
from thetatrio.contracts import Stock

pytestmark = pytest.mark.core

FIRST = 1_730_000_000
TIMEOUT = 5.0


def key(number):
    return Key("TRADE", "STOCK", Stock(f"S{number}"))


KEYS = [key(number) for number in range(6)]
A, B, C = KEYS[:3]


def book_of(*keys, answers="SUBSCRIBED"):
    """A book whose terminal has answered these."""
    book = Subscriptions(count(FIRST))
    book.acquire(keys)
    for command in book.commands(0.0):
        book.answered(Answer(command.number, answers), 0.0)
    return book


def told(commands):
    return [(command.key, command.add) for command in commands]


def accept(book, commands):
    return [book.answered(Answer(command.number, "SUBSCRIBED"), 0.0) for command in commands]


def test_the_first_who_wants_it_has_it_told():
    """However many want one thing, the terminal is told once, with the first number."""
    book = Subscriptions(count(FIRST))
    book.acquire([A, B])
    book.acquire([A])
    assert book.commands(0.0) == [Command(FIRST, A, True), Command(FIRST + 1, B, True)]
    book.acquire([B])
    assert book.commands(0.0) == []
    assert (len(book), book.keys, book.unanswered) == (2, {A, B}, 2)


def test_the_last_who_does_not_has_it_taken_back():
    """Only when nobody wants it any more is the terminal told so."""
    book = book_of(A, A, B)
    book.release([A])
    assert book.commands(0.0) == []
    book.release([A])
    assert told(book.commands(0.0)) == [(A, False)]
    book.release([A])
    assert book.commands(0.0) == []
    assert book.keys == {B}


def test_what_was_never_told_is_not_taken_back():
    """Who changes their mind before anything was sent causes no command."""
    book = Subscriptions(count(FIRST))
    book.acquire([A])
    book.release([A])
    assert book.commands(0.0) == []


def test_the_last_word_counts():
    """What is wanted and not, before anything is sent, ends in what is wanted now."""
    book = book_of(A)
    book.release([A])
    book.acquire([A])
    assert (A, False) not in told(book.commands(0.0))
    book.release([A])
    book.acquire([A])
    book.release([A])
    commands = told(book.commands(0.0))
    assert commands[-1] == (A, False)


def test_what_the_terminal_has_is_taken_back_after_all():
    """Wanted again and given up before that was told: the terminal still has it, and is told."""
    book = book_of(A)
    book.release([A])
    book.acquire([A])
    book.release([A])
    assert told(book.commands(0.0)) == [(A, False)]


@pytest.mark.parametrize("again", [Subscriptions.renew, Subscriptions.disconnected])
def test_what_is_given_up_before_it_is_renewed_is_taken_back(again):
    """Subscriptions outlive a connection: one that nobody wants any more is removed on the next."""
    book = book_of(A, B)
    again(book)
    book.release([A])
    assert sorted(told(book.commands(0.0)), key=str) == [(A, False), (B, True)]


def test_what_is_to_stay_is_not_taken_back():
    """With `untold`, the terminal keeps what nobody here wants."""
    book = book_of(A, B)
    book.release([A], untold=True)
    book.release([B])
    assert told(book.commands(0.0)) == [(B, False)]
    assert book.removals() == []


@pytest.mark.parametrize(
    ("word", "state"),
    [("SUBSCRIBED", "confirmed"), ("INVALID_PERMS", "refused"),
     ("MAX_STREAMS_REACHED", "refused"), ("SOMETHING_NEW", "refused"), ("", "refused")],
)  # fmt: skip
def test_the_terminals_word_settles(word, state):
    """SUBSCRIBED accepts; every other word refuses, and is kept as it was said."""
    book = Subscriptions(count(FIRST))
    book.acquire([A])
    assert (book.word_on(A), book.word_on(B), book.count("waiting")) == (None, None, 1)
    book.commands(0.0)
    assert (book.word_on(A), book.count("sent"), book.is_asking) == (None, 1, True)
    assert book.answered(Answer(FIRST, word), 0.0) == Word(A, word) == book.word_on(A)
    assert book.word_on(A).accepted == (state == "confirmed")
    assert (book.count(state), book.unanswered, book.is_asking) == (1, 0, False)


def test_an_error_is_sent_again_in_rounds():
    """ERROR settles nothing until the fifth: 1, 2, 4 and 8 s later there is a new command."""
    book = Subscriptions(count(FIRST))
    book.acquire([A])
    now = 0.0
    for number, wait in enumerate(ROUNDS):
        (command,) = book.commands(now)
        assert command.number == FIRST + number
        assert book.answered(Answer(command.number, "ERROR"), now) is None
        assert book.next_retry() == now + wait
        assert book.commands(now + wait - 0.01) == []
        now += wait
    (command,) = book.commands(now)
    assert book.answered(Answer(command.number, "ERROR"), now) == Word(A, "ERROR")
    assert book.next_retry() == math.inf
    assert book.count("refused") == 1


def test_what_was_confirmed_is_sent_each_minute():
    """After the rounds, a subscription that was accepted once is not given up."""
    book = book_of(A)
    book.renew()
    now = 0.0
    for wait in (*ROUNDS, LATER, LATER):
        (command,) = book.commands(now)
        assert book.answered(Answer(command.number, "ERROR"), now) is None
        now += wait
        assert book.next_retry() == now
    book.retry_now()
    (command,) = book.commands(now - 30)
    assert book.answered(Answer(command.number, "SUBSCRIBED"), now) == Word(A, "SUBSCRIBED")


def test_what_is_released_is_not_sent_again():
    """Nobody wants it any more while its next round is awaited."""
    book = Subscriptions(count(FIRST))
    book.acquire([A])
    (command,) = book.commands(0.0)
    book.answered(Answer(command.number, "ERROR"), 0.0)
    book.release([A])
    assert [each for each in book.commands(10.0) if each.add] == []


def test_subscriptions_wait_without_upstream_and_removals_do_not():
    """What is new waits, for a bounded time; what was confirmed waits as long as it takes."""
    book = book_of(A, B)
    book.renew()
    book.acquire([C])
    book.release([B])
    assert told(book.commands(0.0, has_upstream=False)) == [(B, False)]
    assert book.next_hold_end(30.0) == 30.0
    assert book.held_too_long(29.9, 30.0) == []
    assert book.held_too_long(30.0, 30.0) == [Word(C, None)]
    assert book.next_hold_end(30.0) == math.inf
    assert told(book.commands(31.0)) == [(A, True), (C, True)]


def test_who_comes_new_asks_again():
    """A refusal is not remembered against others: each who wants it anew has it asked for."""
    book = book_of(A, answers="INVALID_PERMS")
    assert book.commands(0.0) == []
    book.acquire([A])
    assert book.word_on(A) is None
    (command,) = book.commands(0.0)
    assert (command.key, command.add) == (A, True)
    assert book.answered(Answer(command.number, "SUBSCRIBED"), 0.0) == Word(A, "SUBSCRIBED")
    book.release([A, A])
    assert told(book.commands(0.0)) == [(A, False)]


def test_what_was_refused_is_not_taken_back():
    """Where the terminal took nothing, there is nothing to remove."""
    book = book_of(A, answers="INVALID_PERMS")
    book.release([A])
    assert book.commands(0.0) == []
    assert book.removals() == []


def test_an_older_word_settles_nothing():
    """An answer to a command that another followed about the same thing is not its answer."""
    book = Subscriptions(count(FIRST))
    book.acquire([A])
    book.commands(0.0)
    book.release([A])
    book.acquire([A])
    book.release([A])
    book.commands(0.0)
    book.acquire([A])
    (last,) = book.commands(0.0)
    assert last.number == FIRST + 2
    assert book.answered(Answer(FIRST, "ERROR"), 0.0) is None
    assert book.answered(Answer(FIRST + 1, "SUBSCRIBED"), 0.0) is None
    assert book.word_on(A) is None
    assert book.answered(Answer(last.number, "SUBSCRIBED"), 0.0) == Word(A, "SUBSCRIBED")


@pytest.mark.parametrize("number", [-1, 0, FIRST - 1, FIRST, FIRST + 7])
def test_a_word_to_nobody_settles_nothing(number):
    """Answers to other clients, and answers given twice, change nothing."""
    book = book_of(A)
    assert book.answered(Answer(number, "ERROR"), 0.0) is None
    assert book.word_on(A) == Word(A, "SUBSCRIBED")


# The window


def test_commands_are_pipelined_within_a_window():
    """At most 64 are unanswered; each answer makes room for the next one."""
    keys = [key(number) for number in range(200)]
    book = Subscriptions(count(FIRST))
    book.acquire(keys)
    sent = book.commands(0.0)
    assert len(sent) == WINDOW == 64
    assert book.commands(0.0) == []
    for _ in range(200 - WINDOW):
        book.answered(Answer(sent[book.count("confirmed")].number, "SUBSCRIBED"), 0.0)
        (one,) = book.commands(0.0)
        sent.append(one)
        assert book.unanswered == WINDOW
    assert [command.key for command in sent] == keys
    assert [command.number for command in sent] == list(range(FIRST, FIRST + 200))


def test_removals_wait_for_the_window_too():
    """Taking much back is pipelined as asking for it is."""
    keys = [key(number) for number in range(100)]
    book = Subscriptions(count(FIRST))
    book.acquire(keys)
    accept(book, book.commands(0.0))
    accept(book, book.commands(0.0))
    book.release(keys)
    first = book.commands(0.0)
    assert len(first) == WINDOW
    assert not book.is_asking
    accept(book, first)
    assert len(book.commands(0.0)) == 100 - WINDOW


def test_a_terminal_that_says_nothing_is_told_everything():
    """Once one command has waited in vain for all, the rest is sent without waiting."""
    keys = [key(number) for number in range(200)]
    book = Subscriptions(count(FIRST))
    book.acquire(keys)
    book.commands(1.0)
    assert book.next_deadline(TIMEOUT) == 6.0
    assert book.expired(5.9, TIMEOUT) == []
    words = book.expired(6.0, TIMEOUT)
    assert words == [Word(each, None) for each in keys[:WINDOW]]
    assert not words[0].accepted
    assert book.count("unanswered") == WINDOW
    assert book.word_on(keys[0]) == Word(keys[0], None)
    assert len(book.commands(6.0)) == 200 - WINDOW
    assert len(book.expired(11.0, TIMEOUT)) == 200 - WINDOW
    assert book.next_deadline(TIMEOUT) is None


def test_a_terminal_that_answers_late_is_believed():
    """A word after its time settles what was taken for unanswered, and the window holds again."""
    keys = [key(number) for number in range(200)]
    book = Subscriptions(count(FIRST))
    book.acquire(keys[:1])
    book.commands(0.0)
    book.expired(5.0, TIMEOUT)
    assert book.answered(Answer(FIRST, "SUBSCRIBED"), 0.0) == Word(keys[0], "SUBSCRIBED")
    assert book.answered(Answer(FIRST, "ERROR"), 0.0) is None, "once"
    book.acquire(keys[1:])
    assert len(book.commands(6.0)) == WINDOW


def test_a_late_word_on_what_is_not_wanted_settles_nothing():
    """A word after its time about what was given up, or asked for anew, is nobody's."""
    book = Subscriptions(count(FIRST))
    book.acquire([A, B])
    book.commands(0.0)
    book.expired(5.0, TIMEOUT)
    book.release([A])
    book.acquire([B])
    commands = book.commands(5.0)
    assert sorted(told(commands), key=str) == [(A, False), (B, True)]
    assert book.answered(Answer(FIRST, "ERROR"), 0.0) is None
    assert book.answered(Answer(FIRST + 1, "ERROR"), 0.0) is None
    assert book.word_on(B) is None
    assert book.keys == {B}


def test_a_late_word_is_not_that_of_who_has_asked_again():
    """A refusal that comes after its time, before the new command is sent, is not the new word."""
    book = Subscriptions(count(FIRST))
    book.acquire([A])
    book.commands(0.0)
    book.expired(5.0, TIMEOUT)
    book.acquire([A])
    assert book.answered(Answer(FIRST, "MAX_STREAMS_REACHED"), 0.0) is None
    assert book.word_on(A) is None
    assert told(book.commands(5.0)) == [(A, True)]
    assert book.answered(Answer(FIRST + 1, "SUBSCRIBED"), 0.0) == Word(A, "SUBSCRIBED")


def test_removals_that_are_never_answered_take_no_room():
    """Where a terminal answers adds and no removals, removals do not fill the window."""
    keys = [key(number) for number in range(300)]
    book = Subscriptions(count(FIRST))
    book.acquire(keys[:64])
    accept(book, book.commands(0.0))
    book.release(keys[:64])
    assert len(book.commands(0.0)) == WINDOW
    assert book.expired(5.0, TIMEOUT) == []
    book.acquire(keys[64:264])
    assert len(book.commands(5.0)) == WINDOW, "adds are answered, and wait for it"
    book.expired(10.0, TIMEOUT)
    book.acquire(keys[:10])
    book.release(keys[:10])
    assert book.unanswered <= WINDOW


def test_one_silence_among_answers_is_one_silence():
    """Where others are answered, a command without an answer does not open the window."""
    keys = [key(number) for number in range(200)]
    book = Subscriptions(count(FIRST))
    book.acquire(keys)
    accept(book, book.commands(0.0)[1:])
    assert book.expired(5.0, TIMEOUT) == [Word(keys[0], None)]
    assert len(book.commands(5.0)) == WINDOW


def test_words_that_came_in_time_do_not_expire():
    """Only what still waits runs out of time, oldest first."""
    book = Subscriptions(count(FIRST))
    book.acquire([A])
    book.commands(0.0)
    book.acquire([B])
    book.commands(2.0)
    assert book.next_deadline(TIMEOUT) == 5.0
    book.answered(Answer(FIRST, "SUBSCRIBED"), 0.0)
    assert book.next_deadline(TIMEOUT) == 7.0
    assert book.expired(6.0, TIMEOUT) == []
    assert book.expired(7.0, TIMEOUT) == [Word(B, None)]


def test_a_silence_about_what_was_replaced_is_no_word():
    """The old command's time runs out; the newer one still waits for its own answer."""
    book = Subscriptions(count(FIRST))
    book.acquire([A])
    book.commands(0.0)
    book.release([A])
    book.commands(1.0)
    book.acquire([A])
    book.commands(2.0)
    assert book.expired(5.0, TIMEOUT) == []
    assert book.expired(6.5, TIMEOUT) == []
    assert book.expired(7.0, TIMEOUT) == [Word(A, None)]


def test_silences_without_end_take_no_room():
    """Somebody who asks a silent terminal again and again fills no memory."""
    book = Subscriptions(count(FIRST))
    for turn in range(1000):
        book.acquire([A, B])
        book.commands(10.0 * turn)
        book.expired(10.0 * turn + TIMEOUT, TIMEOUT)
        book.release([A, B] if turn % 2 else [A])
        book.commands(10.0 * turn + TIMEOUT)
    book.expired(1e9, TIMEOUT)
    assert len(book._expired) + len(book._unanswered) + len(book._queue) <= 10


def test_what_may_be_subscribed_all_the_same_is_taken_back():
    """A refusal does not say that nothing is there, while an older command has had no answer."""
    for silence in (False, True):
        book = Subscriptions(count(FIRST))
        book.acquire([A])
        book.commands(0.0)  # the terminal takes it, and says nothing
        book.release([A])
        book.acquire([A])
        assert told(book.commands(1.0)) == [(A, True)]
        if silence:
            book.expired(5.5, TIMEOUT)
        assert book.answered(Answer(FIRST + 1, "INVALID_PERMS"), 0.0) == Word(A, "INVALID_PERMS")
        book.release([A])
        assert told(book.commands(5.5)) == [(A, False)]


# Connections


def test_a_removal_that_was_not_read_is_said_again():
    """A connection that stalls and ends may have taken it along; an answer shows it has not."""
    for answered in (False, True):
        book = Subscriptions(count(FIRST))
        book.acquire([A, B])
        accept(book, book.commands(0.0))
        book.release([A])
        assert told(book.commands(0.0)) == [(A, False)]
        book.expired(5.0, TIMEOUT)
        if answered:
            book.acquire([C])
            accept(book, book.commands(6.0))
            book.release([C])
        book.disconnected()
        again = told(book.commands(10.0))
        assert ((A, False) in again) != answered
        assert (B, True) in again


def test_removals_that_may_not_have_been_read_take_no_room():
    """Of a terminal that never answers, the newest window of them is said again."""
    book = Subscriptions(count(FIRST))
    for turn in range(500):
        book.acquire([key(turn)])
        book.release([key(turn)])
        book.acquire([key(turn)])
        book.commands(10.0 * turn)
        book.release([key(turn)])
        book.commands(10.0 * turn)
        book.expired(10.0 * turn + TIMEOUT, TIMEOUT)
    book.disconnected()
    again = told(book.commands(1e9))
    assert again == [(key(turn), False) for turn in range(500 - WINDOW, 500)]


def test_after_a_disconnect_everything_wanted_is_told_again():
    """On the next connection all that is wanted is asked for, under new numbers, and no more."""
    book = book_of(A, B, KEYS[2])
    book.release([B])
    book.commands(0.0)
    book.acquire([KEYS[3]])
    book.disconnected()
    assert (book.unanswered, book.count("waiting"), book.is_asking) == (0, 3, True)
    commands = book.commands(9.0)
    adds = {command.key for command in commands if command.add}
    removals = {command.key for command in commands if not command.add}
    assert adds == book.keys == {A, KEYS[2], KEYS[3]}
    assert removals == {B}, "its removal was not answered"
    assert min(command.number for command in commands) > FIRST + 3


def test_an_answer_from_a_connection_before_settles_nothing():
    """Numbers of a connection that is gone mean nothing any more."""
    book = Subscriptions(count(FIRST))
    book.acquire([A])
    book.commands(0.0)
    book.disconnected()
    assert book.answered(Answer(FIRST, "SUBSCRIBED"), 0.0) is None
    assert book.word_on(A) is None


def test_after_a_disconnect_silence_is_found_out_anew():
    """A terminal that was silent may answer after a restart: the window holds again."""
    keys = [key(number) for number in range(200)]
    book = Subscriptions(count(FIRST))
    book.acquire(keys)
    book.commands(0.0)
    book.expired(5.0, TIMEOUT)
    book.disconnected()
    assert len(book.commands(6.0)) == WINDOW


def test_renewing_tells_all_again_on_the_same_connection():
    """After the terminal's upstream came back, everything is asked for anew."""
    book = book_of(A, B)
    book.renew()
    assert book.count("waiting") == 2
    commands = book.commands(1.0)
    assert told(commands) == [(A, True), (B, True)]
    assert accept(book, commands) == [Word(A, "SUBSCRIBED"), Word(B, "SUBSCRIBED")]


def test_a_word_from_before_a_renewal_settles_nothing():
    """What was sent before upstream was lost and is answered after that is no word on now."""
    book = Subscriptions(count(FIRST))
    book.acquire([A])
    book.commands(0.0)
    book.renew()
    assert book.answered(Answer(FIRST, "SUBSCRIBED"), 0.0) is None
    assert book.word_on(A) is None
    assert told(book.commands(1.0)) == [(A, True)]
    assert book.answered(Answer(FIRST + 1, "SUBSCRIBED"), 0.0) == Word(A, "SUBSCRIBED")


def test_on_leaving_everything_told_is_taken_back():
    """removals() names what the terminal has, also what it was not told to give up yet."""
    book = book_of(A, B)
    book.release([B])
    book.acquire([KEYS[2]])
    commands = book.removals()
    assert sorted(told(commands), key=str) == [(A, False), (B, False)]
    assert len({command.number for command in commands}) == 2
    assert min(command.number for command in commands) >= FIRST + 2
    assert len(book) == 0
    assert book.commands(0.0) == []


def test_what_was_forgotten_is_not_missed():
    """After forget() nothing is wanted; releasing it is no error, and wanting it starts anew."""
    book = book_of(A, B)
    book.forget()
    assert (len(book), book.keys, book.unanswered, book.is_asking) == (0, set(), 0, False)
    book.release([A, B])
    book.acquire([A])
    assert (A, True) in told(book.commands(0.0))


# A model


class Model(RuleBasedStateMachine):
    """Some who want things, a book, and a terminal that answers as terminals do.

    The terminal keeps what it was told for the account. It takes commands in
    their order, when it likes; it may refuse, say nothing, or answer late.
    """

    def __init__(self):
        super().__init__()
        self.book = Subscriptions(count(FIRST))
        self.now = 0.0
        self.wanted = Counter()
        self.on_the_way = []  # commands the terminal has not read
        self.answers = []  # of it, on their way back
        self.old_answers = []
        self.has = set()
        self.refusing = set()
        self.refused_silently = set()
        self.silent_on = set()
        self.highest = FIRST - 1
        self.words = {}  # the newest command about a key, and the word on it

    # Those who want something

    @rule(keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True))
    def acquire(self, keys):
        for each in keys:
            if not self.wanted[each] or self.words[each][1] in ("refused", "silence"):
                self.words[each] = (None, None)
        self.book.acquire(keys)
        self.wanted.update(keys)

    @precondition(lambda self: self.wanted.total())
    @rule(data=st.data())
    def release(self, data):
        each = data.draw(st.sampled_from(sorted(self.wanted, key=str)))
        self.book.release([each])
        self.wanted[each] -= 1
        self.wanted = +self.wanted

    # The connection

    @rule()
    def send(self):
        before = self.book.unanswered
        commands = self.book.commands(self.now)
        for command in commands:
            assert command.number == self.highest + 1, "numbers only grow"
            self.highest = command.number
            assert command.add == (command.key in self.wanted)
            if command.add:
                self.words[command.key] = (command.number, None)
        assert len({command.key for command in commands}) == len(commands)
        assert self.book.unanswered == before + len(commands)
        self.on_the_way += commands

    @precondition(lambda self: self.on_the_way)
    @rule(count=st.integers(1, 4))
    def read(self, count):
        for command in self.on_the_way[:count]:
            word = "SUBSCRIBED"
            if not command.add:
                self.has.discard(command.key)
            elif command.key in self.refusing:
                word = "INVALID_PERMS"
                self.refused_silently.add(command.key)
            else:
                self.has.add(command.key)
            if command.add not in self.silent_on:
                self.answers.append(Answer(command.number, word))
                self.refused_silently.discard(command.key)
        del self.on_the_way[:count]

    @precondition(lambda self: self.answers)
    @rule(place=st.integers(0, 3))
    def answer(self, place):
        answer = self.answers.pop(place % len(self.answers))
        settled = self.book.answered(answer, 0.0)
        self.old_answers.append(answer)
        newest = [each for each in self.wanted if self.words[each][0] == answer.req_id]
        if newest:
            (each,) = newest
            assert settled == Word(each, answer.response)
            accepted = answer.response == "SUBSCRIBED"
            self.words[each] = (answer.req_id, "accepted" if accepted else "refused")
        else:
            assert settled is None

    @precondition(lambda self: self.old_answers)
    @rule(data=st.data(), word=st.sampled_from(["SUBSCRIBED", "ERROR"]))
    def answer_again(self, data, word):
        old = data.draw(st.sampled_from(self.old_answers))
        assert self.book.answered(Answer(old.req_id, word), 0.0) is None

    @rule(number=st.one_of(st.integers(-1, 5), st.integers(FIRST + 10**6, FIRST + 10**7)))
    def answer_to_somebody_else(self, number):
        assert self.book.answered(Answer(number, "ERROR"), 0.0) is None

    @rule(seconds=st.sampled_from([0.5, 2.0, 5.0, 60.0]))
    def wait(self, seconds):
        self.now += seconds
        for word in self.book.expired(self.now, TIMEOUT):
            assert word.response is None
            number, _ = self.words[word.key]
            assert word.key in self.wanted
            self.words[word.key] = (number, "silence")
        deadline = self.book.next_deadline(TIMEOUT)
        assert deadline is None or deadline > self.now

    @rule(forgets=st.booleans())
    def disconnect(self, forgets):
        self.on_the_way, self.answers, self.old_answers = [], [], []
        if forgets:
            self.has.clear()
        self.book.disconnected()
        self.words = dict.fromkeys(self.wanted, (None, None))
        assert self.book.unanswered == 0

    @rule(forgets=st.booleans())
    def lose_and_find_upstream(self, forgets):
        if forgets:
            self.has.clear()
        self.book.renew()
        self.words = dict.fromkeys(self.wanted, (None, None))

    # The terminal's moods

    @rule(each=st.sampled_from(KEYS))
    def refuse_or_not(self, each):
        self.refusing ^= {each}

    @rule(adds=st.booleans())
    def be_silent_or_not(self, adds):
        self.silent_on ^= {adds}

    # What must be so

    @invariant()
    def what_is_wanted_is_known(self):
        assert self.book.keys == set(self.wanted)
        assert len(self.book) == len(self.wanted)
        states = ("waiting", "sent", "confirmed", "refused", "unanswered")
        assert sum(map(self.book.count, states)) == len(self.wanted)

    @invariant()
    def the_word_is_known(self):
        for each in KEYS:
            word = self.book.word_on(each)
            expected = self.words[each][1] if each in self.wanted else None
            if expected is None:
                assert word is None
            elif expected == "silence":
                assert word == Word(each, None)
            else:
                assert word.accepted == (expected == "accepted")

    @rule()
    def come_to_rest(self):
        """When all was sent, read and answered, the terminal has what is wanted and no more."""
        for _ in range(100):
            self.send()
            if not self.on_the_way and not self.answers:
                break
            if self.on_the_way:
                self.read(4)
            if self.answers:
                self.answer(0)
        else:
            raise AssertionError("it goes on for ever")
        assert self.has <= set(self.wanted)
        missing = set(self.wanted) - self.has
        assert all(
            self.words[each][1] in ("refused", "silence") or each in self.refused_silently
            for each in missing
        )
        assert not any(self.book._queue.values())

    def teardown(self):
        self.come_to_rest()


class LastingModel(Model):
    """The same, where silence and refusals come first."""

    @initialize()
    def begin_silent(self):
        self.silent_on = {True, False}


TestModel = Model.TestCase
TestModel.settings = settings(stateful_step_count=30)
TestSilentModel = LastingModel.TestCase
TestSilentModel.settings = settings(
    stateful_step_count=30, max_examples=settings.default.max_examples // 3
)


def test_what_may_remain_is_counted():
    """An answer says that everything before it was read; an ERROR, that it was not carried out."""
    book = book_of(*KEYS)
    commands = book.removals()
    assert book.may_remain(all_read=False) == 6
    assert book.answered(Answer(commands[2].number, "SUBSCRIBED"), 0.0) is None
    assert book.may_remain(all_read=False) == 3
    book.answered(Answer(commands[3].number, "ERROR"), 0.0)
    book.answered(Answer(commands[-1].number + 5, "SUBSCRIBED"), 0.0)  # to somebody else
    assert (book.may_remain(all_read=False), book.may_remain(all_read=True)) == (3, 1)
    book.answered(Answer(commands[5].number, "SUBSCRIBED"), 0.0)
    assert (book.may_remain(all_read=False), book.may_remain(all_read=True)) == (1, 1)


def test_removals_that_are_under_way_are_counted_once():
    """What was left shortly before the session, and was not answered, may remain as well."""
    book = book_of(A, B, C)
    book.release([A, B])
    first = book.commands(1.0)
    assert told(first) == [(A, False), (B, False)]
    book.answered(Answer(first[0].number, "SUBSCRIBED"), 0.0)
    assert book.active == 2
    (last,) = book.removals()
    assert (last.key, book.may_remain(all_read=False), book.active) == (C, 2, 0)
    book.answered(Answer(last.number, "SUBSCRIBED"), 0.0)
    assert book.may_remain(all_read=False) == 0


def test_removals_whose_time_was_up_may_remain_too():
    """A terminal that does not answer removals may not have read the last of them."""
    book = book_of(A, B)
    book.release([A])
    book.commands(1.0)
    book.expired(1.0 + TIMEOUT, TIMEOUT)
    assert book.active == 2
    book.removals()
    assert (book.may_remain(all_read=False), book.may_remain(all_read=True)) == (2, 0)


@pytest.mark.parametrize("again", [Subscriptions.renew, Subscriptions.disconnected])
def test_a_removal_that_was_ignored_is_told_again(again):
    """ERROR means that the terminal did not carry it out: it still has the subscription."""
    book = book_of(A, B)
    book.release([A])
    (command,) = book.commands(1.0)
    assert book.answered(Answer(command.number, "ERROR"), 0.0) is None
    assert (book.active, book.commands(2.0)) == (2, [])
    again(book)
    assert sorted(told(book.commands(3.0)), key=str) == [(A, False), (B, True)]


def test_a_removal_that_was_ignored_is_not_told_again_once_it_is_wanted():
    """Who wants it anew has it subscribed, and not removed."""
    book = book_of(A)
    book.release([A])
    (command,) = book.commands(1.0)
    book.answered(Answer(command.number, "ERROR"), 0.0)
    book.acquire([A])
    book.renew()
    assert told(book.commands(2.0)) == [(A, True)]


def test_what_is_to_stay_is_not_removed_after_a_disconnect():
    """Left with `untold` before its answer came, it stays, on the next connection, too."""
    book = Subscriptions(count(FIRST))
    book.acquire([A, B])
    book.commands(0.0)
    book.release([A], untold=True)
    book.disconnected()
    assert told(book.commands(1.0)) == [(B, True)]
