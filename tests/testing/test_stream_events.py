"""What the market's stream brings: the market's history, in its order, at its time."""

import json
import math

import pytest
import trio

from tests.testing.stream_client import DAY, connected, terminal_with
from thetatrio import Index, Option, Stock
from thetatrio.testing import StreamSettings, StreamSubscription
from thetatrio.testing._stream.commands import Command
from thetatrio.testing._tape import market_value

OPEN = 34_200_000
FIELDS = {
    "TRADE": ["ms_of_day", "sequence", "size", "condition", "price", "exchange", "date"],
    "QUOTE": [
        "ms_of_day", "bid_size", "bid_exchange", "bid", "bid_condition",
        "ask_size", "ask_exchange", "ask", "ask_condition", "date",
    ],
    "OHLC": ["ms_of_day", "open", "high", "low", "close", "volume", "count", "date"],
    "MARKET_VALUE": ["date", "ms_of_day", "market_bid", "market_ask", "market_price"],
}  # fmt: skip


def busy_option(terminal, root="SPXW", at=0):
    """The wire's contract of one of the options that trade most, and its tape."""
    market = terminal.market
    tapes = [market.option(listed, market.day) for listed in market.listed(root, market.day)]
    tape = sorted(tapes, key=lambda tape: -tape.count)[at]
    contract = tape.contract
    named = {"root": root, "expiration": int(contract.expiration.strftime("%Y%m%d"))}
    return named | {"strike": contract.strike, "right": contract.right[0]}, tape


def bodies(events, kind):
    return [list(event[kind.lower()].values()) for event in events if kind.lower() in event]


def trades_of(tape, count):
    return [
        [t.ms, t.sequence, t.size, t.condition, t.price, t.exchange, DAY]
        for t in list(tape.iter_trades())[:count]
    ]


async def first_events(terminal, count, *args, **contract):
    async with connected(terminal) as client:
        await client.subscribe(*args, **contract)
        return await client.events(count)


def check_form(event, security_type):
    kind = event["header"]["type"]
    assert event["header"]["status"] == "CONNECTED"
    assert list(event) == ["header", "contract", kind.lower()]
    assert list(event[kind.lower()]) == FIELDS[kind]
    assert event["contract"]["security_type"] == security_type


async def test_stock_trades_are_history(autojump_clock):
    """Trades of a stock are those of its history, each with the day's bar so far before it."""
    terminal = terminal_with()
    tape = terminal.market.stock("AAPL", terminal.market.day)
    events = await first_events(terminal, 400)
    for event in events:
        check_form(event, "STOCK")
    assert [event["header"]["type"] for event in events] == ["OHLC", "TRADE"] * 200
    assert bodies(events, "TRADE") == trades_of(tape, 200)
    trades = tape.trades[:200]
    assert bodies(events, "OHLC")[-1] == [
        trades[-1].ms,
        trades[0].price,
        max(trade.price for trade in trades),
        min(trade.price for trade in trades),
        trades[-1].price,
        sum(trade.size for trade in trades),
        200,
        DAY,
    ]


async def test_option_trades_are_history(autojump_clock):
    """So are those of an option, whose contract is spelled as the stream spells it."""
    terminal = terminal_with()
    contract, tape = busy_option(terminal)
    events = await first_events(terminal, 100, "OPTION", **contract)
    for event in events:
        check_form(event, "OPTION")
        assert event["contract"] == {"security_type": "OPTION"} | contract
    assert bodies(events, "TRADE") == trades_of(tape, 50)


@pytest.mark.parametrize("security_type", ["STOCK", "OPTION"])
async def test_quotes_are_history(security_type, autojump_clock):
    """Quotes are the day's quote changes, alone."""
    terminal = terminal_with()
    contract, tape = busy_option(terminal)
    if security_type == "STOCK":
        contract = {"root": "SPY"}
        tape = terminal.market.stock("SPY", terminal.market.day)
    events = await first_events(terminal, 60, security_type, "QUOTE", **contract)
    for event in events:
        check_form(event, security_type)
    history = [[*quote, DAY] for quote in tape.quote_changes(OPEN, OPEN + 600_000)]
    assert bodies(events, "QUOTE") == history[:60]


async def test_index_prices_are_history(autojump_clock):
    """An index has price frames on change, the first after the open, with bars beside them."""
    terminal = terminal_with()
    events = await first_events(terminal, 100, "INDEX", root="SPX")
    for event in events:
        check_form(event, "INDEX")
    ticks = terminal.market.index_ticks("SPX", terminal.market.day)
    assert bodies(events, "TRADE") == [[ms, 0, 0, 0, price, 5, DAY] for ms, price in ticks[:50]]
    last = bodies(events, "OHLC")[-1]
    assert (last[0], last[4:]) == (ticks[49][0], [ticks[49][1], 0, 50, DAY])


async def test_market_values(autojump_clock):
    """A market value weighs each quote; an index's is its price."""
    terminal = terminal_with()
    contract, tape = busy_option(terminal)
    events = await first_events(terminal, 20, "OPTION", "MARKET_VALUE", **contract)
    for event in events:
        check_form(event, "OPTION")
    quotes = list(tape.quote_changes(OPEN, OPEN + 600_000))[:20]
    assert bodies(events, "MARKET_VALUE") == [
        [DAY, quote.ms, quote.bid, quote.ask, market_value(quote)] for quote in quotes
    ]
    (event,) = await first_events(terminal_with(), 1, "INDEX", "MARKET_VALUE", root="SPX")
    ms, price = terminal.market.index_ticks("SPX", terminal.market.day)[0]
    assert bodies([event], "MARKET_VALUE") == [[DAY, ms, price, price, price]]


async def test_one_order_over_all(autojump_clock):
    """All subscriptions together come by market time, when it is that time."""
    terminal = terminal_with()
    async with connected(terminal) as client:
        await client.subscribe("INDEX", root="SPX")
        await client.subscribe("STOCK", "QUOTE", root="SPY")
        await client.subscribe("STOCK", "TRADE", root="AAPL")
        started = trio.current_time()
        times = []
        for _ in range(500):
            (event,) = await client.events(1)
            times.append(event[event["header"]["type"].lower()]["ms_of_day"])
            passed = trio.current_time() - started
            assert times[-1] == pytest.approx(OPEN + passed * 1000, abs=2)
        assert times == sorted(times)


async def test_a_later_subscription_begins_now(autojump_clock):
    """Who subscribes later gets what happens then, and the day's bar as it is then."""
    terminal = terminal_with()
    async with connected(terminal) as client:
        await client.subscribe("INDEX", root="SPX")
        await trio.sleep(100.5)
        await client.subscribe("STOCK", "TRADE", root="AAPL")
        while (event := (await client.events(1))[0])["contract"]["root"] != "AAPL":
            pass
        tape = terminal.market.stock("AAPL", terminal.market.day)
        earlier = [trade for trade in tape.trades if trade.ms <= OPEN + 100_500]
        assert event["ohlc"]["ms_of_day"] > OPEN + 100_500
        assert event["ohlc"]["count"] == len(earlier) + 1


async def test_what_is_taken_while_another_is_prepared_misses_nothing(autojump_clock, monkeypatch):
    """A subscription begins when it is accepted, however long others take to prepare then."""
    terminal = terminal_with({"speed": 1e-9})
    stream = terminal.stream
    events = stream.source.events
    contracts = events.contracts
    wanted = StreamSubscription("STOCK", "TRADE", Stock("AAPL"))

    def slowly(subscription):
        if subscription != wanted and wanted not in stream.account:
            command = Command("STREAM", 2, has_id=True, add=True, subscription=wanted)
            stream.account.obey(command, "CONNECTED", 1, grown=True)
            stream.advance(60)
        return contracts(subscription)

    monkeypatch.setattr(events, "contracts", slowly)
    async with connected(terminal) as client:
        await client.subscribe("INDEX", root="SPX")
        with trio.fail_after(10):
            while (event := (await client.events(1))[0])["contract"]["root"] != "AAPL":
                pass
    assert event["ohlc"]["count"] == 1


async def test_full_stock_trades(autojump_clock):
    """Each trade of any stock comes after the contract's last quote and its bar."""
    terminal = terminal_with()
    async with connected(terminal) as client:
        await client.subscribe()
        await client.ask(msg_type="STREAM_BULK", sec_type="STOCK", req_type="TRADE")
        events = await client.events(600)
    while events[0]["header"]["type"] != "QUOTE":
        events.pop(0)
    seen = set()
    for quote, bar, trade in zip(events[::3], events[1::3], events[2::3], strict=False):
        assert [it["header"]["type"] for it in (quote, bar, trade)] == ["QUOTE", "OHLC", "TRADE"]
        assert quote["contract"] == bar["contract"] == trade["contract"]
        assert quote["quote"]["ms_of_day"] <= trade["trade"]["ms_of_day"]
        assert trade["trade"]["sequence"] not in seen  # once, though it was asked for twice
        seen.add((trade["contract"]["root"], trade["trade"]["sequence"]))
    assert len({root for root, _ in seen}) > 5


async def test_full_option_trades(autojump_clock):
    """For options the two quotes after a trade follow, interleaved with other contracts."""
    terminal = terminal_with({"numbered": True})
    async with connected(terminal) as client:
        await client.ask(msg_type="STREAM_BULK", sec_type="OPTION", req_type="TRADE")
        events = await client.events(3000)
    contract, tape = busy_option(terminal)
    named = {"security_type": "OPTION"} | contract
    mine = [event for event in events if event["contract"] == named]
    trades = trades_of(tape, 10_000)
    got = bodies(mine, "TRADE")
    assert [row[:2] for row in got] == [row[:2] for row in trades[: len(got)]]
    last = mine.index(next(event for event in mine if "trade" in event))
    after = []
    for event in mine[last + 1 :]:
        if "quote" in event and event["quote"]["ms_of_day"] > mine[last]["trade"]["ms_of_day"]:
            after.append(event["quote"]["ms_of_day"])
    history = [q.ms for q in tape.quote_changes(OPEN, OPEN + 60_000)]
    assert after
    assert set(after) <= set(history)
    assert len({json.dumps(event["contract"]) for event in events}) > 50


async def test_the_day_begins_anew(autojump_clock):
    """A replay repeats itself after the close, with the same times and sequences."""
    terminal = terminal_with({"speed": 60.0, "start": "15:59:00"})
    ticks = terminal.market.index_ticks("SPX", terminal.market.day)
    count = 2 * sum(ms >= 57_540_000 for ms, _ in ticks)
    async with connected(terminal) as client:
        await client.subscribe("INDEX", root="SPX")
        first = await client.events(count)
        assert first[-1]["trade"]["ms_of_day"] <= 57_600_000
        again = await client.events(count)
        assert trio.current_time() == pytest.approx(2.0, abs=0.02)
        assert again == first


async def test_market_hours(autojump_clock):
    """Without replay nothing but statuses comes after the close."""
    terminal = terminal_with({"replay": False, "start": "15:59:50"})
    async with connected(terminal) as client:
        await client.subscribe("INDEX", root="SPX")
        with trio.move_on_after(3600):
            await client.rest()
    assert 5 < terminal.ledger.stream.total <= 22
    assert terminal.ledger.stream.details[-1].ms_of_day <= 57_600_000


async def test_no_session_no_events(autojump_clock):
    """On a Sunday the replay is Friday's, and without replay nothing comes."""
    sunday = {"day": "2024-11-03"}
    (event,) = await first_events(terminal_with(**sunday), 1, "INDEX", root="SPX")
    assert event["header"]["type"] == "OHLC"
    assert event["ohlc"]["date"] == 20241101
    terminal = terminal_with({"replay": False}, **sunday)
    async with connected(terminal) as client:
        await client.subscribe("INDEX", root="SPX")
        await trio.sleep(60)
    assert terminal.ledger.stream.total == 0


async def test_as_fast_as_it_is_read(autojump_clock):
    """At infinite speed no time passes, and no more is made than is read."""
    terminal = terminal_with({"speed": math.inf})
    tape = terminal.market.stock("F", terminal.market.day)
    async with connected(terminal) as client:
        await client.subscribe("STOCK", "TRADE", root="F")
        events = await client.events(2 * tape.count)
        assert bodies(events, "TRADE") == trades_of(tape, None)
        assert trio.current_time() < 1
        await trio.sleep(30)
        assert terminal.ledger.stream.total < 2 * tape.count + 6000


@pytest.mark.parametrize("speed", [60.0, math.inf])
async def test_removed_subscriptions_are_silent(speed, autojump_clock):
    """After the answer to a removal nothing of the contract comes; the others go on."""
    terminal = terminal_with({"speed": speed})
    async with connected(terminal) as client:
        await client.subscribe("INDEX", root="SPX")
        await client.subscribe("STOCK", "QUOTE", root="SPY")
        await client.events(50)
        removal = {"sec_type": "INDEX", "req_type": "TRADE", "contract": {"root": "SPX"}}
        await client.ask(**removal, add=False)
        roots = {event["contract"]["root"] for event in await client.events(200)}
    assert roots == {"SPY"}


async def test_two_runs_are_equal(autojump_clock):
    """The same seed gives the same messages; another gives others."""
    runs = []
    for seed in (7, 7, 8):
        terminal = terminal_with(seed=seed)
        runs.append(await first_events(terminal, 100, "STOCK", "TRADE", root="AAPL"))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


async def test_time_goes_on_without_clients(autojump_clock):
    """The market does not wait: what happens while nobody is connected is gone."""
    terminal = terminal_with()
    async with connected(terminal) as client:
        await client.subscribe("INDEX", root="SPX")
        await client.events(10)
    sent = terminal.ledger.stream.total
    await trio.sleep(600)
    assert terminal.ledger.stream.total == sent
    async with connected(terminal) as client:
        (event,) = await client.events(1)
        body = event[event["header"]["type"].lower()]
        assert body["ms_of_day"] >= OPEN + 600_000
    assert terminal.ledger.stream.connections[2].sent.ranges[0].start == sent + 1


async def test_speed_can_change(autojump_clock):
    """A change of speed goes on at the market's present time."""
    terminal = terminal_with()
    async with connected(terminal) as client:
        await client.subscribe("INDEX", root="SPX")
        await trio.sleep(10)
        assert terminal.stream.source.now_ms() == OPEN + 10_000
        terminal.stream.settings = StreamSettings(speed=60.0)
        await trio.sleep(10)
        assert terminal.stream.source.now_ms() == OPEN + 610_000
        await client.events(10)
        terminal.stream.settings = StreamSettings(source="none")
        total = terminal.ledger.stream.total
        await trio.sleep(100)
        assert terminal.ledger.stream.total == total
        terminal.stream.settings = StreamSettings()
        await trio.sleep(10)
        made = terminal.ledger.stream.details[total:]
        assert 0 < len(made) <= 22
        assert made[0].ms_of_day >= OPEN + 710_000


async def test_events_by_hand(autojump_clock):
    """Any event can be sent by hand, to subscribers and others, with the market's date and time."""
    terminal = terminal_with({"source": "none"})
    assert terminal.stream.emit("TRADE", Stock("AAPL")) == 0
    async with connected(terminal) as client:
        contract = Option("SPXW", "2024-11-15", 5700, "C")
        assert terminal.stream.emit("QUOTE", contract, bid=1, ask=1.25) == 1
        assert terminal.stream.emit("TRADE", Index("SPX"), price=5712.69, ms_of_day=1) == 2
        quote, trade = await client.events(2)
    check_form(quote, "OPTION")
    assert quote["quote"]["bid"] == 1.0
    assert quote["quote"]["ms_of_day"] == OPEN
    assert list(trade["trade"].values()) == [1, 0, 0, 0, 5712.69, 0, DAY]
    with pytest.raises(ValueError, match="colour"):
        terminal.stream.emit("TRADE", Stock("AAPL"), colour=1)


async def test_a_steady_rate(autojump_clock):
    """A rate brings so many events a second, in turn over what is subscribed and exists."""
    terminal = terminal_with({"rate": 1000.0})
    async with connected(terminal, 1 << 20) as client:
        await client.subscribe("STOCK", "TRADE", root="AAPL")
        await client.subscribe("STOCK", "QUOTE", root="NOSUCH")
        await client.subscribe("OPTION", "QUOTE", **busy_option(terminal)[0])
        await client.subscribe("INDEX", "MARKET_VALUE", root="SPX")
        await trio.sleep(10)
        assert terminal.ledger.stream.total == pytest.approx(10_000, rel=0.01)
        events = await client.events(3000)
    kinds = [event["header"]["type"] for event in events]
    assert kinds[-300:] == kinds[-300:-297] * 100
    assert {kinds.count(kind) for kind in ("TRADE", "QUOTE", "MARKET_VALUE")} <= set(
        range(990, 1011)
    )
    for event in events[:9]:
        check_form(event, event["contract"]["security_type"])
