"""What a terminal checks, and what it answers when it does not like it."""

import json
from itertools import pairwise

import pytest

from tests.testing.client import (
    DAY,
    EOD,
    GREEKS,
    OHLC,
    QUOTE,
    SNAPSHOT,
    STATUS,
    SYMBOLS,
    TRADE,
    ask_once,
    ask_operation,
    csv_rows,
    small,
)

CHAIN = {"symbol": "AAPL", "expiration": "*", "date": DAY}
BARS = {"symbol": "F", "date": DAY, "interval": "1m"}


@pytest.mark.parametrize(
    ("path", "query", "status", "word"),
    [
        ("/v3/nope", {}, 404, "/v3/nope"),
        ("/v3/option/list/contracts/greeks", {"date": DAY}, 404, "contracts/greeks"),
        ("/v2/hist/stock/eod", {"root": "AAPL"}, 410, "root -> symbol"),
        ("/v2/hist/stock/eod", {}, 410, "v3"),
        (EOD, {"root": "AAPL", "use_csv": "true"}, 410, "use_csv -> format"),
        (OHLC, {"symbol": "F", "date": DAY, "ivl": "60000"}, 410, "ivl -> interval"),
        (EOD, {"symbol": "AAPL"}, 473, "start_date"),
        (EOD, {"symbol": "AAPL", "start_date": "tomorrow", "end_date": DAY}, 473, "start_date"),
        (EOD, {"symbol": "AAPL", "start_date": DAY, "end_date": "20241101"}, 473, "end_date"),
        (OHLC, {"symbol": "F", "interval": "1m"}, 473, "date"),
        (OHLC, {"symbol": "F", "date": DAY}, 473, "interval"),
        (OHLC, BARS | {"interval": "2m"}, 473, "interval"),
        (OHLC, BARS | {"venue": "moon"}, 473, "venue"),
        (OHLC, BARS | {"start_time": "noon"}, 473, "start_time"),
        (OHLC, BARS | {"start_time": "15:00:00", "end_time": "14:00:00"}, 473, "end_time"),
        (OHLC, BARS | {"format": "xml"}, 473, "format"),
        (TRADE, CHAIN | {"right": "up"}, 473, "right"),
        (TRADE, CHAIN | {"strike": "-5"}, 473, "strike"),
        (TRADE, CHAIN | {"strike_range": "0"}, 473, "strike_range"),
        (TRADE, CHAIN | {"max_dte": "x"}, 473, "max_dte"),
        (GREEKS, CHAIN | {"use_market_value": "perhaps"}, 473, "use_market_value"),
        ("/v3/calendar/year_holidays", {"year": "24"}, 473, "year"),
        ("/v3/calendar/year_holidays", {"year": "1999"}, 472, "No data"),
        (EOD, {"symbol": "ZZZZ", "start_date": DAY, "end_date": DAY}, 472, "No data"),
        (OHLC, BARS | {"symbol": "ZZZZ"}, 472, "No data"),
        (OHLC, BARS | {"date": "2024-11-02"}, 472, "No data"),
        (OHLC, BARS | {"date": "2024-03-29"}, 472, "No data"),
        (OHLC, BARS | {"date": "2024-11-05"}, 472, "No data"),
        (OHLC, BARS | {"start_time": "20:00:00", "end_time": "21:00:00"}, 472, "No data"),
        (OHLC, BARS | {"interval": "tick", "start_time": "16:00:01", "end_time": "17:00:00"},
         472, "No data"),
        (TRADE, CHAIN | {"symbol": "ZZZZ"}, 472, "No data"),
        (TRADE, CHAIN | {"expiration": "20241109"}, 472, "No data"),
        (TRADE, CHAIN | {"strike": "1"}, 472, "No data"),
        (QUOTE, CHAIN | {"interval": "1m", "date": "2024-10-01", "expiration": "20241108"},
         472, "No data"),
        ("/v3/index/history/price", BARS, 472, "No data"),
        ("/v3/option/list/expirations", {"symbol": "ZZZZ"}, 472, "No data"),
        ("/v3/option/list/contracts/quote", {"symbol": "ZZZZ", "date": DAY}, 472, "No data"),
        (SNAPSHOT, {"symbol": "ZZZZ"}, 472, "No data"),
        (SNAPSHOT, {"symbol": "F", "min_time": "16:00:01"}, 472, "No data"),
        (OHLC, {"symbol": "F", "start_date": "20240901", "end_date": DAY, "interval": "1h"},
         570, "month"),
        (OHLC, {"symbol": "F", "start_date": "20241101", "end_date": DAY, "interval": "30s"},
         570, "single day"),
        (TRADE, {"symbol": "AAPL", "expiration": "20241108", "start_date": "20241101",
                 "end_date": DAY}, 570, "single day"),
        (QUOTE, {"symbol": "AAPL", "expiration": "*", "start_date": "20241101", "end_date": DAY,
                 "interval": "1h"}, 570, "single day"),
        (QUOTE, CHAIN | {"interval": "100ms"}, 570, "rows"),
        (EOD, {"symbol": "F", "start_date": "20220101", "end_date": DAY}, 570, "year"),
    ],
)  # fmt: skip
async def test_refused(path, query, status, word, autojump_clock):
    """Each bad request has its status, a plain text, and names what is wrong."""
    reply = await ask_once(small(), path, **query)
    assert (reply.status, reply.headers["content-type"]) == (status, "text/plain")
    assert word in reply.text
    assert reply.whole


async def test_410_has_the_lines_clients_look_for(autojump_clock):
    """The body for version 2's names lists each with its successor on a line of its own."""
    reply = await ask_once(small(), EOD, root="AAPL", rth="true")
    assert "Deprecated query parameters:\n\troot -> symbol\n\trth -> *unnecessary*\n" in reply.text


async def test_unknown_parameters_are_ignored(autojump_clock):
    """What an operation does not know changes nothing."""
    plain = await ask_operation(small(), "stock_history_eod")
    assert (await ask_operation(small(), "stock_history_eod", adjust="splits")).body == plain.body


@pytest.mark.parametrize(
    ("tier", "first"), [("free", "2023-11-04"), ("value", "2020-11-04"), ("standard", "2016-11-04")]
)
async def test_history_begins_with_the_tier(tier, first, autojump_clock):
    """One year, four, eight: the day before is 471, the day itself is not."""
    terminal = small(tier=tier)
    assert str(terminal.service.first_date()) == first
    year, rest = int(first[:4]), first[4:]
    early = {"symbol": "F", "start_date": f"{year}-11-03", "end_date": f"{year}-11-10"}
    assert (await ask_once(terminal, EOD, **early)).status == 471
    good = {"symbol": "F", "start_date": f"{year}{rest}", "end_date": f"{year}-11-10"}
    assert (await ask_once(terminal, EOD, **good)).status == 200


async def test_history_of_a_leap_day(autojump_clock):
    """A year before February 29 is February 28; pro has no first day."""
    assert str(small(tier="free", day="2024-02-29").service.first_date()) == "2023-02-28"
    assert small(tier="pro").service.first_date() is None


async def test_snapshots_of_a_closed_day(autojump_clock):
    """On a day without a session there are no snapshots."""
    terminal = small(day="2024-11-03")
    assert (await ask_once(terminal, SNAPSHOT, symbol="F")).status == 472
    assert (await ask_once(terminal, GREEKS, symbol="F", expiration="*")).status == 472


async def test_snapshot_is_the_last_quote(autojump_clock):
    """A stock's snapshot has the bid and ask of the close; `*` means all."""
    terminal = small()
    rows = csv_rows(await ask_once(terminal, SNAPSHOT, symbol="*"))
    assert len(rows) == 13
    quote = terminal.market.stock("F", terminal.market.day).quote(57_600_000)
    row = next(row for row in rows if row["symbol"] == "F")
    assert (float(row["bid"]), float(row["ask"])) == (quote.bid, quote.ask)


async def test_eod_is_what_bars_say(autojump_clock):
    """The end-of-day row has the day's first, highest, lowest and last price and its volume."""
    terminal = small()
    eod = csv_rows(await ask_once(terminal, EOD, symbol="F", start_date=DAY, end_date=DAY))[0]
    bars = [bar for bar in csv_rows(await ask_once(terminal, OHLC, **BARS)) if bar["count"] != "0"]
    assert len(csv_rows(await ask_once(terminal, OHLC, **BARS))) == 391
    assert eod["open"] == bars[0]["open"]
    assert eod["close"] == bars[-1]["close"]
    assert float(eod["high"]) == max(float(bar["high"]) for bar in bars)
    assert float(eod["low"]) == min(float(bar["low"]) for bar in bars)
    assert int(eod["volume"]) == sum(int(bar["volume"]) for bar in bars)
    assert "T17:15:00" <= eod["created"][10:] < "T17:18:00"


async def test_tick_intervals(autojump_clock):
    """`tick` gives each trade, each change of quote, each change of value."""
    terminal = small()
    ticks = csv_rows(await ask_once(terminal, OHLC, **BARS | {"interval": "tick"}))
    assert len(ticks) == terminal.market.stock("F", terminal.market.day).count
    index = {"symbol": "SPX", "date": DAY, "interval": "tick"}
    values = csv_rows(await ask_once(terminal, "/v3/index/history/price", **index))
    assert all(a["price"] != b["price"] for a, b in pairwise(values))
    one = CHAIN | {"expiration": "20241108", "strike": "220", "right": "C"}
    terminal = small(contracts=200)
    quotes = csv_rows(await ask_once(terminal, QUOTE, **one, interval="tick", end_time="09:40:00"))
    assert len(quotes) > 100
    assert quotes[-1]["timestamp"] <= "2024-11-04T09:40:00"


async def test_windows_are_inclusive(autojump_clock):
    """Stamps run from start to end, both included; a half day ends the day sooner."""
    window = {"start_time": "10:00:00", "end_time": "10:05:00"}
    rows = csv_rows(await ask_once(small(), OHLC, **BARS, **window))
    assert [row["timestamp"][11:] for row in rows] == [f"10:0{minute}:00" for minute in range(6)]
    late = small(day="2024-12-31")
    half = csv_rows(await ask_once(late, OHLC, **BARS | {"date": "2024-11-29"}))
    assert half[-1]["timestamp"] == "2024-11-29T13:00:00"
    early = {"symbol": "SPX", "date": DAY, "interval": "1m", "start_time": "09:29:00"}
    values = csv_rows(await ask_once(small(), "/v3/index/history/price", **early))
    assert [row["price"] for row in values[:2]] == ["0.0", "0.0"]


async def test_chains_are_narrowed(autojump_clock):
    """Strike, right, days to expiry and strikes around the money select contracts."""
    terminal = small(contracts=200)

    async def contracts(**more):
        reply = await ask_once(terminal, QUOTE, **CHAIN, interval="1h", **more)
        return {(row["expiration"], row["strike"], row["right"]) for row in csv_rows(reply)}

    every = await contracts()
    assert len(every) == 200
    assert {right for _, _, right in await contracts(right="put")} == {"PUT"}
    assert {strike for _, strike, _ in await contracts(strike="220")} == {"220.000"}
    assert {date for date, _, _ in await contracts(max_dte="11")} == {"2024-11-08", "2024-11-15"}
    near = await contracts(strike_range="2", max_dte="4")
    assert {strike for _, strike, _ in near} == {
        "217.500", "220.000", "222.500", "225.000", "227.500",
    }  # fmt: skip


async def test_contract_lists(autojump_clock):
    """Lists by day: all roots without a symbol, only traded ones for trades."""
    terminal = small(contracts=100)
    path = "/v3/option/list/contracts/"
    everything = csv_rows(await ask_once(terminal, path + "quote", date=DAY))
    assert len({row["symbol"] for row in everything}) > 15
    traded = csv_rows(await ask_once(terminal, path + "trade", date=DAY))
    assert {tuple(row.values()) for row in traded} < {tuple(row.values()) for row in everything}
    soon = csv_rows(await ask_once(terminal, path + "quote", date=DAY, symbol="AAPL", max_dte="5"))
    assert {row["expiration"] for row in soon} == {"2024-11-08"}
    many = csv_rows(await ask_once(terminal, "/v3/option/list/expirations", symbol="*"))
    assert len({row["symbol"] for row in many}) == 21


@pytest.mark.parametrize(
    ("state", "status", "word"),
    [
        ("disconnected", 474, "DISCONNECTED"),
        ("starting", 571, "DISCONNECTED"),
        ("conflict", 478, "CONNECTED"),
        ("uncaught", 572, "CONNECTED"),
    ],
)
async def test_states(state, status, word, autojump_clock):
    """A terminal in trouble says which, and its status route goes on answering."""
    terminal = small()
    terminal.state = state
    assert terminal.state == state
    assert (await ask_once(terminal, SYMBOLS)).status == status
    assert (await ask_once(terminal, STATUS)).text == word
    assert (await ask_once(terminal, "/v3/terminal/fpss/status")).text == "DISCONNECTED"
    terminal.restart()
    assert (await ask_once(terminal, SYMBOLS)).status == 200


async def test_the_first_host_is_the_only_one(autojump_clock):
    """After 127.0.0.1, localhost is refused with 476 until the terminal is restarted."""
    terminal = small()
    assert (await ask_once(terminal, SYMBOLS, host="127.0.0.1:25503")).status == 200
    assert (await ask_once(terminal, SYMBOLS, host="localhost:25503")).status == 476
    assert (await ask_once(terminal, SYMBOLS, host="127.0.0.1")).status == 200
    terminal.restart()
    assert (await ask_once(terminal, SYMBOLS, host="[::1]")).status == 200
    assert (await ask_once(terminal, SYMBOLS, host="[::1]:80")).status == 200
    assert (await ask_once(terminal, SYMBOLS)).status == 476


async def test_changing_answers(autojump_clock):
    """The second time, the first row is as it was and later prices have moved a cent."""
    terminal = small(answers="changing")
    first = csv_rows(await ask_operation(terminal, "stock_history_ohlc"))
    second = csv_rows(await ask_operation(terminal, "stock_history_ohlc"))
    assert first[0] == second[0]
    assert [row["volume"] for row in first] == [row["volume"] for row in second]
    moved = [(float(a["open"]), float(b["open"])) for a, b in zip(first, second, strict=True)]
    for before, after in moved[1:]:
        assert after == pytest.approx(before + 0.01 if before else 0.0)
    one = await ask_once(terminal, EOD, symbol="F", start_date=DAY, end_date=DAY)
    other = await ask_once(terminal, EOD, symbol="F", start_date=DAY, end_date=DAY)
    assert one.body != other.body
    chain = [await ask_operation(terminal, "option_history_quote") for _ in range(2)]
    assert chain[0].body[:2000] != chain[1].body[:2000]
    listed = [await ask_operation(terminal, "stock_list_symbols") for _ in range(2)]
    assert listed[0].body == listed[1].body
    assert (await ask_once(terminal, OHLC, **BARS | {"symbol": "ZZZZ"})).status == 472
    assert (await ask_once(terminal, OHLC, **BARS | {"symbol": "ZZZZ"})).status == 472


async def test_reordered_answers(autojump_clock):
    """The second time, the same lines come in another order, seen in the first kilobytes."""
    terminal = small(answers="reordered")
    for name in ("option_history_trade", "option_history_quote", "option_snapshot_greeks_all"):
        first, second = [await ask_operation(terminal, name) for _ in range(2)]
        assert sorted(first.text.split("\r\n")) == sorted(second.text.split("\r\n"))
        assert first.body[:2000] != second.body[:2000]
    one = CHAIN | {"expiration": "20241108", "strike": "222.5", "right": "C"}
    first, second = [await ask_once(terminal, TRADE, **one) for _ in range(2)]
    assert sorted(first.text.split("\r\n")) == sorted(second.text.split("\r\n"))
    assert first.body[:1000] != second.body[:1000]
    times = [row["timestamp"] for row in csv_rows(second)]
    assert times == sorted(times)


async def test_reordering_keeps_days_in_order(autojump_clock):
    """A range's days stay in their order, whatever moves within them."""
    terminal = small(answers="reordered", day="2024-11-08")
    span = {"start_date": "20241104", "end_date": "20241106", "interval": "1h"}
    query = {"symbol": "AAPL", "expiration": "20241108", "strike": "222.5", "right": "C"} | span
    first, second = [csv_rows(await ask_once(terminal, QUOTE, **query)) for _ in range(2)]
    assert first == second
    bars = {"symbol": "F", **span}
    first, second = [await ask_once(terminal, OHLC, **bars) for _ in range(2)]
    assert first.body == second.body
    listed = [await ask_operation(terminal, "stock_list_symbols") for _ in range(2)]
    assert listed[0].body == listed[1].body


async def test_stable_answers(autojump_clock):
    """By default the same request has the same answer, always."""
    terminal = small()
    first, second = [await ask_operation(terminal, "option_history_trade") for _ in range(2)]
    assert first.body == second.body


async def test_multi_day_bars(autojump_clock):
    """A month of bars comes day by day; closed days are left out; `date` goes before a range."""
    query = {"symbol": "F", "interval": "1h", "start_date": "20241030", "end_date": DAY}
    rows = csv_rows(await ask_once(small(), OHLC, **query))
    assert [row["timestamp"][:10] for row in rows[::7]] == [
        "2024-10-30", "2024-10-31", "2024-11-01", "2024-11-04",
    ]  # fmt: skip
    one = csv_rows(await ask_once(small(), OHLC, **query, date="20241101"))
    assert {row["timestamp"][:10] for row in one} == {"2024-11-01"}


async def test_index_json_is_flat(autojump_clock):
    """Rows without a contract are flat objects, numbers with their decimals."""
    reply = await ask_operation(small(), "index_history_price", format="json")
    rows = json.loads(reply.text, parse_float=str)["response"]
    assert rows[0] == {"timestamp": "2024-11-04T09:30:00", "price": "0.0"}
