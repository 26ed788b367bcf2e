"""thetatrio._stream.joining: each trade with its quote and bar, then what follows it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_events import AAPL, CALL, MSFT, OPEN, PUT, bar, market_value, quote, trade
from thetatrio._stream.joining import CONTRACTS_KEPT, Joiner
from thetatrio.contracts import Option
from thetatrio.events import Following, JoinedTrade, Ohlc, Quote, Trade

pytestmark = pytest.mark.core


def test_a_trade_is_joined_with_what_came_before_it():
    """Quote and bar before a trade are its own, and give nothing by themselves."""
    joiner = Joiner()
    before, day, print_ = quote(OPEN, CALL), bar(OPEN, CALL), trade(OPEN, CALL)
    assert joiner.join([before, day]) == []
    assert joiner.join([print_]) == [JoinedTrade(print_, before, day)]


@pytest.mark.parametrize("first", ["quote", "bar"])
def test_quote_and_bar_may_come_in_either_order(first):
    """Whether the quote or the bar comes first, the trade has both, the newest of each."""
    joiner = Joiner()
    old = [quote(OPEN - 5, CALL), bar(OPEN - 5, CALL)]
    new = [quote(OPEN, CALL), bar(OPEN, CALL)]
    order = slice(None) if first == "quote" else slice(None, None, -1)
    print_ = trade(OPEN, CALL)
    assert joiner.join([*old[order], *new[order], print_]) == [JoinedTrade(print_, *new)]


def test_a_trade_waits_for_nothing():
    """A trade is given at once, with what was seen of its contract, and be it nothing."""
    joiner = Joiner()
    first, second, third = (trade(OPEN + n, CALL, n) for n in range(3))
    before, day = quote(OPEN + 1, CALL), bar(OPEN + 2, CALL)
    assert joiner.join([first]) == [JoinedTrade(first, None, None)]
    assert joiner.join([before, second]) == [
        Following(first, before, 1),
        JoinedTrade(second, before, None),
    ]
    assert joiner.join([day, third]) == [JoinedTrade(third, before, day)]  # fmt: skip


def test_the_next_two_quotes_follow_an_option():
    """The first two quotes of the contract after its trade follow it; the third one does not."""
    joiner = Joiner()
    print_ = trade(OPEN, CALL)
    quotes = [quote(OPEN + number, CALL, bid=10.0 + number) for number in range(5)]
    assert joiner.join([quotes[0], print_, *quotes[1:]]) == [
        JoinedTrade(print_, quotes[0], None),
        Following(print_, quotes[1], 1),
        Following(print_, quotes[2], 2),
    ]
    again = trade(OPEN + 9, CALL, 2)
    assert joiner.join([again]) == [JoinedTrade(again, quotes[4], None)]


def test_the_next_trade_ends_the_following():
    """What comes after a second trade follows that, from the first on."""
    joiner = Joiner()
    one, two = trade(OPEN, CALL, 1), trade(OPEN + 2, CALL, 2)
    quotes = [quote(OPEN + number, CALL) for number in (1, 3, 4, 5)]
    assert joiner.join([one, quotes[0], two, *quotes[1:]]) == [
        JoinedTrade(one, None, None),
        Following(one, quotes[0], 1),
        JoinedTrade(two, quotes[0], None),
        Following(two, quotes[1], 1),
        Following(two, quotes[2], 2),
    ]


def test_a_quote_that_is_sent_again_follows_nothing():
    """The last quote, which is repeated before the next trade, is not one that followed."""
    joiner = Joiner()
    before, print_, again = quote(OPEN, CALL), trade(OPEN, CALL), trade(OPEN + 3, CALL, 2)
    after = quote(OPEN + 1, CALL)
    assert joiner.join([before, print_, before, again]) == [
        JoinedTrade(print_, before, None),
        JoinedTrade(again, before, None),
    ]
    assert joiner.join([after, after, after, print_]) == [
        Following(again, after, 1),
        JoinedTrade(print_, after, None),
    ]


def test_nothing_follows_a_stock():
    """Of stocks the terminal sends nothing after the trade: later quotes belong to later trades."""
    joiner = Joiner()
    one, two = trade(OPEN, AAPL, 1), trade(OPEN + 2, AAPL, 2)
    first, second = quote(OPEN, AAPL), quote(OPEN + 1, AAPL)
    assert joiner.join([first, one, second, two]) == [
        JoinedTrade(one, first, None),
        JoinedTrade(two, second, None),
    ]


def test_contracts_do_not_mix():
    """Events of other contracts in between change nothing, puts and calls included."""
    joiner = Joiner()
    calls = [quote(OPEN, CALL, bid=1.0), bar(OPEN, CALL, close=1.0), trade(OPEN, CALL, 1)]
    calls += [quote(OPEN + n, CALL, bid=1.0) for n in (1, 2)]
    puts = [quote(OPEN, PUT, bid=2.0), bar(OPEN, PUT, close=2.0), trade(OPEN, PUT, 2)]
    puts += [quote(OPEN + n, PUT, bid=2.0) for n in (1, 2)]
    mixed = [each for pair in zip(calls, puts, strict=True) for each in pair]
    joined = joiner.join(mixed)
    alone = [Joiner().join(calls), Joiner().join(puts)]
    assert [each for each in joined if each.contract == CALL] == alone[0]
    assert [each for each in joined if each.contract == PUT] == alone[1]
    assert len(joined) == 6


def test_other_kinds_of_events_give_nothing():
    """What is no quote, bar or trade is no part of the full stream."""
    assert Joiner().join([market_value(OPEN, CALL)]) == []


def test_what_is_forgotten_is_not_joined():
    """After a gap, quotes, bars and trades from before it are no longer joined with anything."""
    joiner = Joiner()
    joiner.join([quote(OPEN, CALL), bar(OPEN, CALL), trade(OPEN, CALL)])
    joiner.forget()
    again = trade(OPEN + 9, CALL, 2)
    assert joiner.join([quote(OPEN + 8, PUT), again]) == [JoinedTrade(again, None, None)]


def test_memory_is_bounded():
    """Of so many contracts at most something is remembered; those unseen for longest go first."""
    joiner = Joiner(kept=3)
    options = [Option("SPXW", "2024-03-15", strike, "C") for strike in range(100)]
    for option in options:
        joiner.join([quote(OPEN, option), quote(OPEN, options[0])])
        assert len(joiner._seen) <= 3
    print_ = [trade(OPEN, option) for option in (options[0], options[99], options[98], options[97])]
    joined = joiner.join(print_)
    assert [each.quote is not None for each in joined] == [True, True, True, False]
    assert CONTRACTS_KEPT >= 16_384


events = st.lists(
    st.builds(
        lambda make, contract, ms: make(ms, contract),
        st.sampled_from([quote, quote, bar, trade]),
        st.sampled_from([CALL, PUT, AAPL, MSFT]),
        st.integers(0, 3),
    ),
    max_size=40,
)
cuts = st.lists(st.integers(0, 40), max_size=5)


def expected(events):
    """Say it again, contract by contract and without state."""
    found = []
    for place, event in enumerate(events):
        past = [each for each in events[:place] if each.contract == event.contract]
        last = {
            kind: next((e for e in reversed(past) if type(e) is kind), None)
            for kind in (Quote, Ohlc, Trade)
        }
        if isinstance(event, Trade):
            found.append(JoinedTrade(event, last[Quote], last[Ohlc]))
        elif (
            isinstance(event, Quote)
            and last[Trade] is not None
            and isinstance(event.contract, Option)
        ):
            at_trade = max(n for n, each in enumerate(past) if isinstance(each, Trade))
            seen = [each for each in past[:at_trade] if isinstance(each, Quote)][-1:]
            new = 0
            for each in [*past[at_trade:], event]:
                if isinstance(each, Quote):
                    changed = [each] != seen
                    new += changed
                    seen = [each]
            if changed and new <= 2:
                found.append(Following(last[Trade], event, new))
    return found  # fmt: skip


@given(events, cuts)
def test_joining_does_what_it_says_wherever_reads_end(events, cuts):
    """In any order, of any contracts, over any number of reads: what the rules above say."""
    joiner, joined = Joiner(), []
    edges = [0, *sorted(min(cut, len(events)) for cut in cuts), len(events)]
    for start, end in pairwise(edges):
        joined += joiner.join(events[start:end])
    assert joined == expected(events)
