"""Every answer agrees with every other: bars with trades, snapshots with history, Greeks with
quotes. Asked for as a client asks, read from CSV.
"""

import datetime as dt
import math
from itertools import groupby, pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.testing.client import DAY, body_of, rows_at, shared, small
from thetatrio.testing import Terminal
from thetatrio.testing._pricing import DAYS_A_YEAR, Terms, price

CHAIN = {"symbol": "AAPL", "expiration": "20241108"}
CONTRACT = ("symbol", "expiration", "strike", "right")
SPAN = {"start_date": "20241031", "end_date": DAY}
few = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
times = st.integers(34_190_000, 57_610_000)


def clock(ms):
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def ms_of(stamp):
    whole, _, part = stamp[11:].partition(".")
    hours, minutes, seconds = map(int, whole.split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int(part.ljust(3, "0") or 0)


def ask(path, **query):
    return rows_at(shared(), "/v3/" + path, **query)


def per_contract(rows):
    """Rows by contract and day, in order."""
    found = {}
    for row in rows:
        stamp = row.get("timestamp") or row.get("trade_timestamp") or row["created"]
        key = (*(row.get(name) for name in CONTRACT), stamp[:10])
        found.setdefault(key, []).append(row)
    return found


def without(row, *names):
    return {name: cell for name, cell in row.items() if name not in names}


def one_option():
    """The call nearest the money that this chain has."""
    strikes = {row["strike"] for row in ask("option/list/strikes", **CHAIN)}
    return CHAIN | {"strike": min(strikes, key=lambda text: abs(float(text) - 222)), "right": "C"}


def queries():
    return {"stock": {"symbol": "F"}, "option": one_option()}


@pytest.mark.parametrize("security", ["stock", "option"])
@few
@given(
    interval=st.sampled_from([("1s", 1000), ("5s", 5000), ("1m", 60_000), ("1h", 3_600_000)]),
    first=st.integers(34_200_000, 50_000_000),
    length=st.integers(0, 4_000_000),
)
def test_bars_are_folds_of_trades(security, interval, first, length):
    """Every bar has its trades' first, highest, lowest, last price, sizes, number and worth."""
    name, step = interval
    window = {"start_time": clock(first), "end_time": clock(first + length)}
    query = queries()[security] | {"date": DAY} | window
    trades = ask(f"{security}/history/trade", **query)
    bars = ask(f"{security}/history/ohlc", **query, interval=name)
    assert sum(int(bar["count"]) for bar in bars) == len(trades)
    worth = shares = 0
    for bar in bars:
        start = ms_of(bar["timestamp"])
        mine = [t for t in trades if start <= ms_of(t["timestamp"]) < start + step]
        prices = [float(trade["price"]) for trade in mine]
        expected = (prices[0], max(prices), min(prices), prices[-1]) if mine else (0, 0, 0, 0)
        assert tuple(float(bar[each]) for each in ("open", "high", "low", "close")) == expected
        assert int(bar["volume"]) == sum(int(trade["size"]) for trade in mine)
        worth += sum(float(trade["price"]) * int(trade["size"]) for trade in mine)
        shares += int(bar["volume"])
        if mine:
            assert float(bar["vwap"]) == pytest.approx(worth / shares, abs=0.0051)


def test_index_bars_are_folds_of_values():
    """An index's bars are of its changes of value; the first is the day's open, none is traded."""
    span = {"symbol": "SPX", "start_date": DAY, "end_date": DAY}
    ticks = ask("index/history/price", symbol="SPX", date=DAY, interval="tick")
    bars = ask("index/history/ohlc", **span, interval="1h")
    report = ask("index/history/eod", **span)[0]
    for bar in bars:
        start = ms_of(bar["timestamp"])
        mine = [float(t["price"]) for t in ticks if 0 <= ms_of(t["timestamp"]) - start < 3_600_000]
        found = tuple(float(bar[name]) for name in ("open", "high", "low", "close"))
        assert found == ((mine[0], max(mine), min(mine), mine[-1]) if mine else (0, 0, 0, 0))
        assert (bar["volume"], bar["count"], bar["vwap"]) == ("0", "0", "0.00")
    assert float(report["open"]) == float(ticks[0]["price"])
    assert float(report["high"]) == max(float(tick["price"]) for tick in ticks)
    assert float(report["low"]) == min(float(tick["price"]) for tick in ticks)
    assert float(report["close"]) == float(ticks[-1]["price"])
    fine = ask("index/history/ohlc", **span, interval="100ms", end_time="09:30:02")
    assert [bar["open"] for bar in fine[:11]] == ["0.00"] * 10 + [report["open"]]


def test_reports_are_the_days():
    """An end-of-day row has what bars of the day have, and the last quote of the history."""
    for security, query in queries().items():
        span = query | {"start_date": DAY, "end_date": DAY}
        report = ask(f"{security}/history/eod", **span)[0]
        trades = ask(f"{security}/history/trade", **query, date=DAY)
        prices = [float(trade["price"]) for trade in trades]
        found = tuple(float(report[name]) for name in ("open", "high", "low", "close"))
        assert found == (prices[0], max(prices), min(prices), prices[-1])
        assert int(report["volume"]) == sum(int(trade["size"]) for trade in trades)
        assert int(report["count"]) == len(trades)
        assert report["last_trade"] == trades[-1]["timestamp"]
        quote = ask(
            f"{security}/history/quote", **query, date=DAY, interval="tick", start_time="15:59:50"
        )[-1]
        for name in ("bid", "ask"):
            assert float(report[name]) == float(quote[name])
            assert report[f"{name}_size"] == quote[f"{name}_size"]
    # Of the options listed by default, those of F far from the money did not trade.
    rows = rows_at(
        Terminal(), "/v3/option/history/eod", symbol="F", expiration="*", start_date=DAY,
        end_date=DAY,
    )  # fmt: skip
    silent = [row for row in rows if row["count"] == "0"]
    assert silent
    for row in silent:
        assert row["last_trade"] == f"{DAY}T00:00:00"
        assert float(row["close"]) == 0


def test_snapshots_are_the_last_of_history():
    """A snapshot is the last row of the day's history, its moment too."""
    for security, query in (("stock", {"symbol": "F"}), ("option", CHAIN)):
        trades = per_contract(ask(f"{security}/history/trade", **query, date=DAY))
        quotes = per_contract(
            ask(f"{security}/history/quote", **query, date=DAY, interval="tick",
                start_time="15:59:00")
        )  # fmt: skip
        last = {key: rows[-1] for key, rows in trades.items()}
        newest = {key: rows[-1] for key, rows in quotes.items()}
        keep = CONTRACT if security == "option" else ()
        for row in ask(f"{security}/snapshot/trade", **query):
            key = (*(row.get(name) if keep else None for name in CONTRACT), DAY)
            assert {name: last[key][name] for name in row if name != "symbol"} == without(
                row, "symbol"
            )
        for row in ask(f"{security}/snapshot/quote", **query):
            key = (*(row.get(name) if keep else None for name in CONTRACT), DAY)
            assert without(row, "symbol") == without(newest[key], "symbol")
        for row in ask(f"{security}/snapshot/ohlc", **query):
            key = (*(row.get(name) if keep else None for name in CONTRACT), DAY)
            prices = [float(trade["price"]) for trade in trades[key]]
            assert float(row["high"]) == max(prices)
            assert int(row["count"]) == len(prices)
            assert row["timestamp"] == last[key]["timestamp"]
        for row in ask(f"{security}/snapshot/market_value", **query):
            key = (*(row.get(name) if keep else None for name in CONTRACT), DAY)
            assert row["timestamp"] == newest[key]["timestamp"]
            assert row["market_bid"] == newest[key]["bid"]
            assert float(row["market_bid"]) <= float(row["market_price"]) + 0.005
            assert float(row["market_price"]) <= float(row["market_ask"]) + 0.005
    tick = ask("index/history/price", symbol="SPX", date=DAY, interval="tick")[-1]
    for kind, column in (("price", "price"), ("market_value", "market_price"), ("ohlc", "close")):
        row = ask(f"index/snapshot/{kind}", symbol="SPX")[0]
        assert (row["timestamp"], row[column]) == (tick["timestamp"], tick["price"])
    assert len(ask("index/snapshot/price", symbol="*")) == 4


@few
@given(ms=times)
def test_at_time_is_history_as_of_then(ms):
    """The last trade, quote or value at or before the time, for each day of the range."""
    asked = {"start_date": DAY, "end_date": DAY, "time_of_day": clock(ms)}
    for security, query in queries().items():
        window = {"date": DAY, "start_time": "09:00:00", "end_time": clock(ms)}
        trades = ask(f"{security}/history/trade", **query, **window)
        assert ask(f"{security}/at_time/trade", **query, **asked) == trades[-1:]
        recent = window | {"start_time": clock(max(34_200_000, ms - 60_000)), "interval": "tick"}
        quotes = ask(f"{security}/history/quote", **query, **recent) if ms >= 34_200_000 else []
        found = ask(f"{security}/at_time/quote", **query, **asked)
        if quotes or ms < 34_200_000:
            assert found == quotes[-1:]
    values = ask("index/history/price", symbol="SPX", date=DAY, interval="tick")
    before = [row for row in values if ms_of(row["timestamp"]) <= ms]
    found = ask("index/at_time/price", symbol="SPX", **asked)
    assert [(row["timestamp"], row["price"]) for row in found] == [
        (row["timestamp"], row["price"]) for row in before[-1:]
    ]


def test_at_time_has_each_day():
    """One row a day, closed days left out."""
    asked = SPAN | {"time_of_day": "12:00:00.000"}
    for path, query in (("stock", {"symbol": "F"}), ("index", {"symbol": "VIX"})):
        kind = "price" if path == "index" else "quote"
        rows = ask(f"{path}/at_time/{kind}", **query, **asked)
        assert [row["timestamp"][:10] for row in rows] == ["2024-10-31", "2024-11-01", DAY]


@pytest.mark.parametrize("security", ["stock", "option"])
@pytest.mark.parametrize("exclusive", ["true", "false"])
def test_trades_are_joined_with_their_quotes(security, exclusive):
    """Each trade has the last quote before it; with `exclusive=false` of its own moment too."""
    query = queries()[security] | {"date": DAY, "end_time": "09:45:00"}
    joined = ask(f"{security}/history/trade_quote", **query, exclusive=exclusive)
    trades = ask(f"{security}/history/trade", **query)
    quotes = ask(f"{security}/history/quote", **query, interval="tick")
    assert len(joined) == len(trades) > 5
    stamps = [ms_of(quote["timestamp"]) for quote in quotes]
    for row, trade in zip(joined, trades, strict=True):
        assert row["trade_timestamp"] == trade["timestamp"]
        assert {name: row[name] for name in trade if name != "timestamp"} == without(
            trade, "timestamp"
        )
        latest = ms_of(trade["timestamp"]) - (exclusive == "true")
        place = max(at for at, stamp in enumerate(stamps) if stamp <= latest)
        assert row["quote_timestamp"] == quotes[place]["timestamp"]
        assert {name: row[name] for name in quotes[place] if name != "timestamp"} == without(
            quotes[place], "timestamp"
        )


def test_exclusive_is_the_default():
    """The closing auction is at the moment of a quote: the one before it, unless asked."""
    query = {"symbol": "F", "date": DAY, "start_time": "16:00:00"}
    strict = ask("stock/history/trade_quote", **query)[0]
    loose = ask("stock/history/trade_quote", **query, exclusive="false")[0]
    assert strict["quote_timestamp"] == f"{DAY}T15:59:59"
    assert loose["quote_timestamp"] == f"{DAY}T16:00:00" == loose["trade_timestamp"]
    assert ask("stock/history/trade_quote", **query, exclusive="true")[0] == strict


@few
@given(ms=st.integers(34_300_000, 57_600_000), root=st.sampled_from(["AAPL", "SPXW", "F"]))
def test_parity(ms, root):
    """Call less put is the forward, within the spreads, at every strike and moment."""
    asked = {"start_date": DAY, "end_date": DAY, "time_of_day": clock(ms)}
    rows = ask("option/at_time/quote", symbol=root, expiration="*", **asked)
    market = shared().market
    pairs = {}
    for row in rows:
        pairs.setdefault((row["expiration"], row["strike"]), {})[row["right"]] = row
    assert pairs
    for (expiration, strike), pair in pairs.items():
        contract = next(
            listed
            for listed in market.listed(root, market.day)
            if listed.expiration.isoformat() == expiration and listed.strike == float(strike) * 1000
        )
        terms = market.option(contract, market.day).terms(ms)
        spread = sum(float(row["ask"]) - float(row["bid"]) for row in pair.values())
        call, put = (
            (float(pair[right]["bid"]) + float(pair[right]["ask"])) / 2 for right in ("CALL", "PUT")
        )
        # Each option's quote is up to a second old, and so is the price behind it.
        spot = float(terms.spot)
        forward = spot - float(strike) * math.exp(-terms.rate * terms.years)
        assert abs(call - put - forward) <= spread / 2 + 0.0005 * spot + 0.01


def test_open_interest_moves_with_volume():
    """From a day to the next it changes by no more than the day's volume, and does change."""
    query = CHAIN
    span = {"start_date": "20241028", "end_date": DAY}
    held = per_contract(ask("option/history/open_interest", **query, **span))
    traded = per_contract(ask("option/history/eod", **query, **span))
    days = sorted({key[-1] for key in traded})
    moved = 0
    for *contract, day in traded:
        at = days.index(day)
        if at + 1 == len(days) or (*contract, days[at + 1]) not in traded:
            continue
        now, then = (
            int(held[key][0]["open_interest"]) if (key := (*contract, date)) in held else 0
            for date in (day, days[at + 1])
        )
        volume = int(traded[(*contract, day)][0]["volume"])
        assert abs(then - now) <= volume
        moved += then != now
    assert moved > 5
    for rows in held.values():
        assert len(rows) == 1
        assert int(rows[0]["open_interest"]) > 0
        assert "06:30:00" <= rows[0]["timestamp"][11:] < "06:31:00"
    today = ask("option/snapshot/open_interest", **query)
    assert {row["open_interest"] for row in today} == {
        rows[0]["open_interest"] for key, rows in held.items() if key[-1] == DAY
    }


def test_no_open_interest_no_row():
    """Options that nobody holds have no row, and every row holds something."""
    rows = ask("option/history/open_interest", symbol="AAPL", expiration="*", date=DAY)
    listed = ask("option/list/contracts/quote", symbol="AAPL", date=DAY)
    assert 0 < len(rows) < len(listed)
    assert all(int(row["open_interest"]) > 0 for row in rows)


def test_lists_agree_with_listings():
    """Strikes come in no order, each once; dates are the days on which contracts are listed."""
    strikes = [row["strike"] for row in ask("option/list/strikes", **CHAIN)]
    assert strikes != sorted(strikes, key=float)
    assert len(set(strikes)) == len(strikes)
    contracts = ask("option/list/contracts/quote", symbol="AAPL", date=DAY)
    assert {row["strike"] for row in contracts if row["expiration"] == "2024-11-08"} <= set(strikes)
    quoted = [row["date"] for row in ask("option/list/dates/quote", **CHAIN)]
    traded = [row["date"] for row in ask("option/list/dates/trade", **CHAIN)]
    assert quoted == sorted(quoted)
    assert quoted[-1] == DAY
    assert set(traded) <= set(quoted)
    for date in (quoted[0], quoted[-1]):
        assert ask("option/history/quote", **CHAIN, date=date, interval="1h")
    before = dt.date.fromisoformat(quoted[0]) - dt.timedelta(days=3)
    assert ask("option/history/quote", **CHAIN, date=before.isoformat(), interval="1h") == []
    monthly = {"symbol": "SPX", "expiration": "20241018"}
    assert ask("option/list/dates/quote", **monthly)[-1]["date"] == "2024-10-17"
    assert len(ask("stock/list/dates/trade", symbol="*")) == len(
        ask("index/list/dates", symbol="*")
    )
    assert ask("option/list/strikes", symbol="*", expiration="20241115")
    assert ask("option/list/dates/quote", symbol="AAPL", expiration="20291109") == []


GREEKS = {"interval": "30m", "right": "call", "date": DAY}


def test_greeks_are_of_the_quotes_of_then():
    """A row has the quote of its stamp, and the underlying's own price of that moment."""
    query = {"symbol": "SPXW", "expiration": DAY, "date": DAY, "interval": "30m"}
    rows = per_contract(ask("option/history/greeks/all", **query))
    quotes = per_contract(ask("option/history/quote", **query))
    index = {
        row["timestamp"]: row["price"]
        for row in ask("index/history/price", symbol="SPX", date=DAY, interval="30m")
    }
    assert rows.keys() == quotes.keys()
    for key, mine in rows.items():
        for row, quote in zip(mine, quotes[key], strict=True):
            for name in ("timestamp", "bid", "ask"):
                assert row[name] == quote[name]
            assert row["underlying_timestamp"] == row["timestamp"]
            if not row["timestamp"].endswith("09:30:00"):
                assert row["underlying_price"] == index[row["timestamp"]]


def test_snapshots_have_the_underlying_of_now():
    """The last quote, and the underlying's close, which is its last trade and value."""
    for root, path in (("AAPL", "stock/snapshot/trade"), ("SPXW", "index/snapshot/price")):
        symbol = {"SPXW": "SPX"}.get(root, root)
        last = ask(path, symbol=symbol)[0]
        rows = ask("option/snapshot/greeks/all", symbol=root, expiration="*")
        assert {float(row["underlying_price"]) for row in rows} == {float(last["price"])}
        assert {row["underlying_timestamp"] for row in rows} == {f"{DAY}T16:00:00"}
        quotes = ask("option/snapshot/quote", symbol=root, expiration="*")
        assert [row["timestamp"] for row in rows] == [quote["timestamp"] for quote in quotes]


def test_an_unquoted_option_has_no_volatility():
    """Before its first quote: a volatility of 0.25, and an error of 100 that says so."""
    row = ask("option/history/greeks/all", **CHAIN, **GREEKS)[0]
    assert (row["bid"], row["implied_vol"], row["iv_error"]) == ("0.00", "0.2500", "100.0000")
    row = ask("option/history/greeks/implied_volatility", **CHAIN, **GREEKS)[0]
    names = ("bid_implied_vol", "implied_vol", "ask_implied_vol", "iv_error")
    assert [row[name] for name in names] == ["0.0000", "0.0000", "0.0000", "100.0000"]


@pytest.mark.parametrize("kind", ["snapshot/greeks", "history/greeks", "history/trade_greeks",
                                  "snapshot/binomial_greeks", "history/binomial_greeks",
                                  "history/binomial_trade_greeks"])  # fmt: skip
def test_orders_are_parts_of_all(kind):
    """First, second, third order and volatility say what `all` says."""
    name = "option_" + kind.replace("/", "_")
    terminal = shared()
    every = read(body_of(terminal, f"{name}_all"))
    orders = ["first_order", "second_order", "third_order"]
    if "binomial" not in kind and kind != "history/greeks":
        orders.append("implied_volatility")
    for order in orders:
        part = read(body_of(terminal, f"{name}_{order}"))
        assert [{column: row[column] for column in part[0]} for row in every] == part


def read(body):
    head, *lines = body.decode().split("\r\n")[:-1]
    return [dict(zip(head.split(","), line.split(","), strict=True)) for line in lines]


def terms_of(row, day=DAY):
    days = (dt.date.fromisoformat(row["expiration"]) - dt.date.fromisoformat(day)).days
    return Terms(
        float(row["underlying_price"]), float(row["strike"]), days / DAYS_A_YEAR, 0.0482, 0.0,
        row["right"] == "CALL",
    )  # fmt: skip


def test_greeks_are_differences_of_prices():
    """Delta, gamma, vega, rho, theta of a row are what the market's own pricing does nearby."""
    rows = [
        row
        for row in ask("option/history/greeks/all", **CHAIN, date=DAY, interval="1h")
        if float(row["iv_error"]) < 0.01
    ]
    assert len(rows) > 10
    for row in rows:
        terms, vol, spot = terms_of(row), float(row["implied_vol"]), float(row["underlying_price"])

        def moved(by=0.0, terms=terms, vol=vol, **more):
            return price(terms._replace(**more), vol + by)

        up, same, down = moved(spot=spot + 0.05), moved(), moved(spot=spot - 0.05)
        assert float(row["delta"]) == pytest.approx((up - down) / 0.1, abs=2e-3)
        assert float(row["gamma"]) == pytest.approx((up - 2 * same + down) / 0.0025, abs=2e-3)
        vega = (moved(0.001) - moved(-0.001)) / 0.002
        assert float(row["vega"]) == pytest.approx(vega, rel=5e-3, abs=5e-3)
        rho = (moved(rate=0.0492) - moved(rate=0.0472)) / 0.002
        assert float(row["rho"]) == pytest.approx(rho, rel=5e-3, abs=5e-3)
        later = moved(years=terms.years - 0.01 / 365)
        assert float(row["theta"]) == pytest.approx((later - same) / 0.01, rel=0.02, abs=2e-3)


def test_volatilities_price_bid_middle_and_ask():
    """Each of the three volatilities gives its price back; they rise with it."""
    for row in ask("option/history/greeks/implied_volatility", **CHAIN, **GREEKS):
        if float(row["iv_error"]) > 0.01 or not float(row["bid_implied_vol"]) > 0.01:
            continue
        low, middle, high = (
            float(row[name]) for name in ("bid_implied_vol", "implied_vol", "ask_implied_vol")
        )
        assert low <= middle <= high
        assert price(terms_of(row), high) == pytest.approx(float(row["ask"]), rel=0.01, abs=0.01)


def test_trade_greeks_are_of_the_trades_price():
    """The volatility of a trade prices it, at the underlying of its second."""
    query = CHAIN | {"date": DAY, "start_time": "11:00:00", "end_time": "11:30:00"}
    rows = ask("option/history/trade_greeks/all", **query)
    trades = ask("option/history/trade", **query)
    assert [row["sequence"] for row in rows] == [trade["sequence"] for trade in trades]
    fitted = [row for row in rows if float(row["iv_error"]) < 0.001]
    assert len(fitted) > len(rows) // 2
    for row in fitted:
        found = price(terms_of(row), float(row["implied_vol"]))
        assert found == pytest.approx(float(row["price"]), rel=2e-3, abs=2e-3)
        assert row["underlying_timestamp"] == row["timestamp"].partition(".")[0]


def test_reports_with_greeks():
    """The day's report, and Greeks of its last quote at the underlying's close."""
    span = {"start_date": DAY, "end_date": DAY}
    plain = ask("option/history/eod", **CHAIN, **span)
    rows = ask("option/history/greeks/eod", **CHAIN, **span)
    close = ask("stock/history/eod", symbol="AAPL", **span)[0]
    for row, report in zip(rows, plain, strict=True):
        for name in ("open", "close", "volume", "bid", "ask_size"):
            assert row[name] == report[name]
        assert float(row["underlying_price"]) == float(close["close"])
        assert row["underlying_timestamp"] == close["created"]
    nbbo = ask("option/history/greeks/eod", **CHAIN, **span, underlyer_use_nbbo="true")[0]
    assert nbbo["underlying_timestamp"] == f"{DAY}T16:00:00"
    traded = ask("option/history/greeks/eod", **CHAIN, **span, option_use_nbbo="false")
    assert [row["implied_vol"] for row in traded] != [row["implied_vol"] for row in rows]
    index = {"symbol": "SPXW", "expiration": "*", **span, "underlyer_use_nbbo": "true"}
    level = ask("index/history/eod", symbol="SPX", **span)[0]["close"]
    assert {row["underlying_price"] for row in ask("option/history/greeks/eod", **index)} == {level}


def test_tick_greeks():
    """Without an interval, a row for each quote."""
    query = one_option() | {"date": DAY, "interval": "tick", "end_time": "09:32:00"}
    rows = ask("option/history/greeks/first_order", **query)
    quotes = ask("option/history/quote", **query)
    assert [row["timestamp"] for row in rows] == [quote["timestamp"] for quote in quotes]


def test_second_is_the_default_of_the_newer():
    """Binomial history takes an interval of a second where none is given."""
    query = one_option() | {"date": DAY, "start_time": "10:00:00", "end_time": "10:00:05"}
    rows = ask("option/history/binomial_greeks/first_order", **query, binomial_steps="5")
    assert len(rows) == 6


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("20241102", ["weekend", "", ""]),
        ("20241128", ["full_close", "", ""]),
        ("20241129", ["early_close", "09:30:00", "13:00:00"]),
        ("20241104", ["open", "09:30:00", "16:00:00"]),
    ],
)
def test_calendar(date, expected):
    """A date's kind and hours; today is the market's day."""
    row = ask("calendar/on_date", date=date)[0]
    assert list(row.values()) == expected
    assert rows_at(small(day=date), "/v3/calendar/today") == [row]
    assert ask("calendar/on_date", date="19990104") == []


def test_rates():
    """Each type has its own plausible series by trading day, the one options are priced with."""
    span = {"start_date": "20240104", "end_date": DAY}
    for kind in ("SOFR", "treasury_m1", "TREASURY_Y10"):
        rows = ask("interest_rate/history/eod", symbol=kind, **span)
        rates = [float(row["rate"]) for row in rows]
        assert len(rows) == len(shared().market.days(dt.date(2024, 1, 4), dt.date(2024, 11, 4)))
        assert 2 < min(rates) < max(rates) < 7
        assert max(abs(a - b) for a, b in pairwise(rates)) < 0.1
    sofr = ask("interest_rate/history/eod", symbol="sofr", **span)
    assert sofr[-1] == {"created": DAY, "rate": "4.8200"}
    market = shared().market
    contract = market.listed("AAPL", dt.date(2024, 6, 3))[0]
    tape = market.option(contract, dt.date(2024, 6, 3))
    rate = next(row["rate"] for row in sofr if row["created"] == "2024-06-03")
    assert tape.rate == pytest.approx(float(rate) / 100)
    assert ask("interest_rate/history/eod", symbol="sofr", start_date="20241102",
               end_date="20241103") == []  # fmt: skip


def test_quotes_of_a_stock():
    """Every second has a quote; an interval's is the one of its stamp, zero before the open."""
    query = {"symbol": "F", "date": DAY}
    ticks = ask("stock/history/quote", **query, interval="tick", start_time="10:00:00.5",
                end_time="10:01:00")  # fmt: skip
    assert len(ticks) == 60
    stamps = ask("stock/history/quote", **query, interval="1m", start_time="09:29:00",
                 end_time="10:01:00")  # fmt: skip
    assert stamps[-1] == ticks[-1]
    assert (stamps[0]["bid"], stamps[0]["ask"]) == ("0.00", "0.00")
    days = [key for key, _ in groupby(row["timestamp"][:10] for row in stamps)]
    assert days == [DAY]
