"""Everything a market says agrees with everything else it says."""

import datetime as dt
import math
import threading
from itertools import pairwise

import pytest

from thetatrio.testing import Market, Terminal
from thetatrio.testing._calendar import CLOSE_MS, OPEN_MS, days_between
from thetatrio.testing._chains import expirations
from thetatrio.testing._instruments import INDICES, ROOTS, STOCKS
from thetatrio.testing._seeding import Recent, mixed, random_stream, stable_number
from thetatrio.testing._tape import bars, signed32, trade_times

DAY = dt.date(2024, 11, 4)
HALF_DAY = dt.date(2024, 11, 29)


@pytest.fixture(scope="module")
def market():
    return Market(seed=7, day=dt.date(2024, 12, 31), contracts=200)


def near(market, root="AAPL", date=DAY, right="CALL"):
    """The option of the second expiration that is nearest the money."""
    listed = market.listed(root, date)
    expiration = sorted({contract.expiration for contract in listed})[1]
    spot = market.paths.close(ROOTS[root].underlying, date) * 1000
    mine = [c for c in listed if c.expiration == expiration and c.right == right]
    return min(mine, key=lambda contract: abs(contract.strike - spot))


@pytest.mark.parametrize("date", [DAY, HALF_DAY])
@pytest.mark.parametrize("symbol", ["AAPL", "F"])
def test_stock_trades_are_the_days(market, symbol, date):
    """First, highest, lowest and last trade, their number and sizes are the daily summary."""
    tape = market.stock(symbol, date)
    trades = tape.trades
    prices = [trade.price for trade in trades]
    assert (prices[0], max(prices), min(prices), prices[-1]) == tape.summary
    assert len(trades) == tape.count
    assert sum(trade.size for trade in trades) == tape.volume
    assert min(trade.size for trade in trades) >= 1
    assert trades[-1].ms == market.session(date, options=False)[1]
    assert [t[:2] for t in trades] == sorted(t[:2] for t in trades)


@pytest.mark.parametrize("symbol", ["AAPL", "F", "BRK.B"])
def test_stock_trades_lie_inside_the_quotes(market, symbol):
    """No trade but the closing auction is outside the quote of its moment."""
    tape = market.stock(symbol, DAY)
    for trade in tape.trades[:-1]:
        quote = tape.quote(trade.ms)
        assert quote.bid - 1e-9 <= trade.price <= quote.ask + 1e-9
        assert quote.bid < quote.ask
    assert tape.quote(OPEN_MS - 1).bid == 0.0


@pytest.mark.parametrize("interval", [1_000, 60_000, 3_600_000])
def test_bars_are_folded_trades(market, interval):
    """Bars of any interval have the trades' prices and sizes, and zeros where there are none."""
    trades = market.stock("F", DAY).trades
    made = list(bars(trades, OPEN_MS, CLOSE_MS, interval))
    assert sum(bar.volume for bar in made) == sum(trade.size for trade in trades)
    assert sum(bar.trades for bar in made) == len(trades)
    for bar in made:
        mine = [t for t in trades if bar.ms <= t.ms < bar.ms + interval] if interval > 1000 else []
        if mine:
            prices = [trade.price for trade in mine]
            assert bar[1:5] == (prices[0], max(prices), min(prices), prices[-1])
        if not bar.trades:
            assert not any(bar[1:])
    worth = sum(trade.price * trade.size for trade in trades)
    last = [bar for bar in made if bar.trades][-1]
    assert last.vwap == pytest.approx(worth / sum(trade.size for trade in trades))


def test_bars_of_a_part(market):
    """A window has the trades from its start to its end, both included."""
    trades = market.stock("F", DAY).trades
    first, last = OPEN_MS + 600_000, OPEN_MS + 1_200_000
    inside = [trade for trade in trades if first <= trade.ms <= last]
    assert sum(bar.trades for bar in bars(trades, first, last, 60_000)) == len(inside)


def test_some_trades_share_a_millisecond(market):
    """Rows of one timestamp exist, from the first rows of the day on."""
    trades = market.stock("AAPL", DAY).trades
    assert trades[0].ms == trades[1].ms == trades[2].ms
    assert sum(a.ms == b.ms for a, b in pairwise(trades)) > len(trades) // 20


def test_prices_are_continuous(market):
    """A day opens near where the last one closed, and follows one path for stock and index."""
    days = days_between(dt.date(2024, 1, 2), dt.date(2024, 12, 30))
    for symbol in ("AAPL", "SPX"):
        closes = [market.paths.summary(symbol, day).close for day in days]
        opens = [market.paths.summary(symbol, day).open for day in days]
        for before, after in zip(closes, opens[1:], strict=False):
            assert abs(math.log(after / before)) < 0.12
    spy, spx = (market.paths.summary(symbol, DAY) for symbol in ("SPY", "SPX"))
    assert spx.close / spy.close == pytest.approx(10.0, rel=0.01)


@pytest.mark.parametrize("symbol", sorted(STOCKS | INDICES))
def test_levels_of_the_anchor_day(symbol):
    """On 2024-11-04 every price is the declared one, under any seed; summaries are in order."""
    level = (STOCKS | INDICES)[symbol].level
    market = Market(seed=99, day=DAY)
    summary = market.paths.summary(symbol, DAY)
    assert summary.close == pytest.approx(level, abs=0.01)
    assert summary.low < min(summary.open, summary.close)
    assert summary.high > max(summary.open, summary.close)


def test_index_values(market):
    """An index is at the close at the close, and nowhere at the open."""
    values = market.index_values("SPX", DAY)
    assert values[0] == 0.0
    assert values[-1] == market.paths.close("SPX", DAY)
    assert len(values) == 23_401
    assert len(market.index_values("SPX", HALF_DAY)) == 12_601


@pytest.mark.parametrize("root", sorted(ROOTS))
def test_a_week_lists_so_many_contracts(root):
    """`contracts` options are listed on a Monday, for every root, around the money."""
    for count in (2, 12, 201):
        market = Market(day=DAY, contracts=count)
        listed = market.listed(root, DAY)
        assert len(listed) == count - count % 2
        assert len(set(listed)) == len(listed)
        centre = market.paths.close(ROOTS[root].underlying, DAY - dt.timedelta(days=3)) * 1000
        strikes = {contract.strike for contract in listed}
        assert min(strikes) <= centre * 1.03
        assert max(strikes) >= centre * 0.97


def test_listings_last_a_week(market):
    """What is listed on Monday is listed on Friday, but for what has expired."""
    monday = market.listed("SPXW", DAY)
    friday = market.listed("SPXW", dt.date(2024, 11, 8))
    assert [c for c in monday if c.expiration >= dt.date(2024, 11, 8)] == friday
    assert {c.expiration for c in monday} > {c.expiration for c in friday}


def test_expirations(market):
    """Weekly options expire on Fridays or the day before a holiday; AM-settled ones have
    no data that day; lists begin in June 2012 and end with what is listed.
    """
    fridays = expirations("weekly")
    assert dt.date(2024, 3, 28) in fridays
    assert dt.date(2024, 3, 29) not in fridays
    assert dt.date(2024, 11, 5) in expirations("daily")
    assert dt.date(2024, 11, 15) in expirations("monthly")
    assert dt.date(2024, 11, 8) not in expirations("monthly")
    third_friday = dt.date(2024, 11, 15)
    assert third_friday not in {c.expiration for c in market.listed("SPX", third_friday)}
    assert third_friday in {c.expiration for c in market.listed("SPXW", third_friday)}
    every = market.chains.expirations("AAPL", DAY)
    assert every[0] == dt.date(2012, 6, 1)
    assert set(every) >= {c.expiration for c in market.listed("AAPL", DAY)}
    assert list(every) == sorted(set(every))


@pytest.mark.parametrize("root", ["AAPL", "SPY", "SPXW", "F"])
def test_option_quotes_are_sound(market, root):
    """Zero at the open, then bid below ask, on their ticks, near the market's own price."""
    from thetatrio.testing._pricing import price

    for contract in market.listed(root, DAY)[::7]:
        tape = market.option(contract, DAY)
        stamps = range(OPEN_MS, CLOSE_MS + 1, 1_800_000)
        first, *others = tape.quotes(stamps)
        assert first[1:] == (0, first.bid_exchange, 0.0, 50, 0, first.bid_exchange, 0.0, 50)
        for quote in others:
            assert 0 <= quote.bid < quote.ask
            assert (quote.bid_size == 0) == (quote.bid == 0)
            value = price(tape.terms(quote.ms), tape.volatility)
            assert quote.bid <= value + 1e-9
            assert value <= quote.ask + 1e-9
            if not ROOTS[root].penny and value >= 3.0:
                assert round(quote.ask * 100) % 5 == 0


def test_calls_and_puts_agree(market):
    """Put-call parity holds within the spreads, on every strike of a chain."""
    listed = market.listed("AAPL", DAY)
    pairs = {}
    for contract in listed:
        pairs.setdefault(contract[:3], {})[contract.right] = market.option(contract, DAY)
    ms = OPEN_MS + 3_600_000
    for (_, _, strike), pair in pairs.items():
        call, put = pair["CALL"].quotes([ms])[0], pair["PUT"].quotes([ms])[0]
        terms = pair["CALL"].terms(ms)
        forward = terms.spot - strike / 1000 * math.exp(-terms.rate * terms.years)
        gap = (call.bid + call.ask) / 2 - (put.bid + put.ask) / 2 - forward
        assert abs(gap) <= (call.ask - call.bid + put.ask - put.bid) / 2 + 0.1


def test_option_trades_lie_inside_the_quotes(market):
    """Every option trade is at or inside the quote of its moment; its fields are real ones."""
    tape = market.option(near(market), DAY)
    trades = tape.trades
    assert len(trades) == tape.count > 30
    for trade, quote in zip(trades, tape.quotes([t.ms for t in trades]), strict=True):
        assert quote.bid <= trade.price <= quote.ask
        assert 1 <= trade.size <= 500
        assert trade.ext_condition1 == trade.ext_condition4 == 255
    assert trades[0].ms == trades[1].ms


def test_sequences_wrap(market):
    """Sequences rise through a day, and past 2**31 go on below zero."""
    starts = [
        [trade.sequence for trade in market.option(contract, DAY).trades]
        for contract in market.listed("AAPL", DAY)[:60]
    ]
    assert any(sequence < 0 for run in starts for sequence in run)
    for run in starts:
        unwrapped = [number % 2**32 for number in run]
        assert unwrapped == sorted(set(unwrapped))
    assert (signed32(2**31 - 1), signed32(2**31), signed32(-1)) == (2**31 - 1, -(2**31), -1)


def test_quote_changes_agree_with_stamps(market):
    """The quote at a stamp is the last change up to it, tick by tick."""
    tape = market.option(near(market), DAY)
    changes = list(tape.quote_changes(OPEN_MS, CLOSE_MS))
    assert all(a[1:] != b[1:] for a, b in pairwise(changes))
    for stamp in range(OPEN_MS, CLOSE_MS + 1, 1_500_000):
        last = [quote for quote in changes if quote.ms <= stamp][-1]
        assert tape.quotes([stamp])[0][1:] == last[1:]
    assert tape.last_quote()[1:] == changes[-1][1:]
    later = list(tape.quote_changes(OPEN_MS + 600_500, OPEN_MS + 700_000))
    assert later[0].ms >= OPEN_MS + 600_500
    assert later[-1].ms <= OPEN_MS + 700_000


def test_options_of_the_last_day(market):
    """An option of today loses its time value by the close."""
    contract = next(c for c in market.listed("SPXW", DAY) if c.expiration == DAY)
    tape = market.option(contract, DAY)
    early, late = tape.quotes([OPEN_MS + 1_800_000, CLOSE_MS])
    assert early.ask > 0
    assert late.ask <= max(0.06, tape.underlying_price(CLOSE_MS) - contract.strike / 1000 + 2)
    assert tape.terms(OPEN_MS).years > tape.terms(CLOSE_MS).years == 1 / 8760


def test_half_days(market):
    """On a half day options go on for 15 minutes at the underlying's close."""
    contract = near(market, date=HALF_DAY)
    tape = market.option(contract, HALF_DAY)
    assert tape.last_quote().ms > 13 * 3_600_000
    assert max(trade.ms for trade in tape.trades) <= 13 * 3_600_000 + 900_000
    close = market.paths.close("AAPL", HALF_DAY)
    assert tape.underlying_price(CLOSE_MS) == close


def test_nothing_after_today():
    """Days after today do not exist; today is open or it is not."""
    market = Market(day=DAY)
    assert market.days(dt.date(2024, 11, 1), dt.date(2024, 11, 8)) == (dt.date(2024, 11, 1), DAY)
    assert market.is_open_today()
    assert not Market(day=dt.date(2024, 11, 3)).is_open_today()


def test_seeds():
    """The same seed gives the same market, another one another."""
    one, same, other = (Market(seed=seed, day=DAY) for seed in (1, 1, 2))
    assert one.stock("F", DAY).trades == same.stock("F", DAY).trades
    assert one.stock("F", DAY).trades != other.stock("F", DAY).trades
    assert stable_number("a", 1) == stable_number("a", 1) != stable_number("a", 2)
    assert random_stream("x").random() == random_stream("x").random()
    assert len({mixed(number) & 0xFFFF for number in range(1000)}) > 950


def test_recent_forgets():
    """A cache holds its size, and makes again what it has dropped."""
    made = []
    recent = Recent(2)
    for key in (1, 2, 1, 3, 1, 2):
        assert recent.get(key, lambda key=key: made.append(key) or key) == key
    assert made == [1, 2, 3, 2]
    assert len(recent) == 2


def test_times_are_sorted_and_inside():
    """Trade times rise, start together and end before the close."""
    times = trade_times(500, 1_000_000, "x")
    assert times == sorted(times)
    assert OPEN_MS < times[0] == times[2]
    assert times[-1] < OPEN_MS + 1_000_000


def test_terminals_of_the_same_settings_share_a_market():
    """A test that opens a terminal has its day made once, however many tests there are."""
    one, same, other = (Terminal(seed=seed, contracts=12) for seed in (3, 3, 4))
    assert one.market is same.market is not other.market


def test_threads_may_share_what_is_kept():
    """Terminals of several threads get what they asked for, whoever makes or forgets it."""
    recent = Recent(3)
    wrong = []

    def ask():
        wrong.extend(key for key in [*range(6)] * 2_000 if recent.get(key, lambda k=key: k) != key)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(recent) <= 3
