"""One set of promises, held by every face: trio, asyncio, uvloop, anyio on both, and sync."""

from __future__ import annotations

import datetime as dt
import logging
import queue
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio

import thetatrio
from tests.faces import FACES, value_of
from thetatrio import Stock, Topic, rows, sync
from thetatrio._faces.stay import Stay
from thetatrio.testing import LimitData, RefuseSubscription, Status, StreamSettings
from thetatrio.testing.sync import open_terminal

DAY = dt.date(2024, 11, 4)
AAPL, MSFT = Stock("AAPL"), Stock("MSFT")
SILENT = StreamSettings(source="none", numbered=True)

# Run with either kind of terminal; `-m v2` runs them with the older one, on a face of each kind.
OLDER = [face for face in FACES if face.name in ("trio", "asyncio", "sync")]
holds_for_v2 = pytest.mark.parametrize(
    "staged",
    [pytest.param((face, "v3"), id=face.name) for face in FACES]
    + [pytest.param((face, "v2"), id=f"{face.name}-v2", marks=pytest.mark.v2) for face in OLDER],
    indirect=True,
)

pytestmark = pytest.mark.core


class Stage:
    """A face, a simulated terminal, and how to open a session with it."""

    def __init__(self, face, terminal):
        self.face = face
        self.terminal = terminal

    def session(self, **settings):
        return self.face.open_session(config=self.terminal.config, **settings)

    def emit(self, count, contract=AAPL, kind="QUOTE", **fields):
        """Send so many events to whoever is there."""

        def send(terminal):
            for _ in range(count):
                terminal.stream.emit(kind, contract, **fields)

        self.terminal.call(send)

    async def until(self, holds):
        """Wait until something is true of the terminal, letting the face's core go on."""
        wait = partial(self.terminal.wait_until, lambda _: holds(self.terminal))
        if self.face.is_trio:
            await trio.to_thread.run_sync(wait)
        else:
            wait()

    async def turn(self):
        """Let the terminal's thread, and the core, do what is due."""
        call = partial(self.terminal.call, lambda _: None)
        if self.face.is_trio:
            await trio.to_thread.run_sync(call)
        else:
            call()

    async def idle(self):
        """Wait until the terminal has nothing to do for anybody."""
        await self.until(lambda terminal: not terminal.ledger.in_flight)


@pytest.fixture(params=[(face, "v3") for face in FACES], ids=lambda it: it[0].name)
def staged(request):
    """Run `play(stage)` on a face, with a terminal of these options."""
    face, api = request.param

    def run(play, **options):
        options = {"contracts": 4, "stream": SILENT, "api": api} | options
        with open_terminal(**options) as terminal:
            stage = Stage(face, terminal)

            async def main():
                await play(stage)
                await stage.idle()

            face.run(main)

    return run


def minutes(session):
    # Quotes, in which a v2 terminal leaves nothing out: rows with "not a number" equal none.
    return session.stock.history_quote("AAPL", date=DAY, interval="1m")


@holds_for_v2
def test_a_query_gives_its_rows(staged):
    """Awaiting a query, fetching it and reading its channels give the same rows in order."""

    async def play(stage):
        async with stage.session() as session:
            query = minutes(session)
            listed = await query
            assert len(listed) == 391
            assert isinstance(listed[0], rows.Quote)
            assert await query.fetch() == listed
            async with query.rows() as channel:
                assert [row async for row in channel] == listed
                with pytest.raises(thetatrio.EndOfChannel):
                    await channel.receive()
            async with query.rows() as channel:
                first = await channel.receive()
                following = await channel.receive()
                assert [first, following] == listed[:2]
                assert value_of(channel.receive_nowait()) == listed[2]
            async with query.batches() as batches:
                found = [batch async for batch in batches]
                assert all(found)
                assert [row for batch in found for row in batch] == listed
            assert "StockHistoryQuote" in repr(query)
            assert session.simulated

    staged(play)


def test_a_query_says_what_it_will_send(staged):
    """Plans, estimates and requests are values that need no waiting."""

    async def play(stage):
        async with stage.session() as session:
            query = session.stock.history_ohlc(
                "AAPL", start_date="2024-11-01", end_date=DAY, interval="30s"
            )
            assert len(value_of(query.plan()).requests) == 2
            assert value_of(query.estimate()).requests == 2
            assert query.request.symbol == "AAPL"
            again = session.query(query.request)
            assert len(await again) > 1500
            assert stage.terminal.ledger.total == len(value_of(query.plan()).requests)

    staged(play)


@holds_for_v2
def test_frames_have_all_rows(staged, tmp_path):
    """Each library's frame, a channel of frames and a file hold what the list holds."""

    async def play(stage):
        async with stage.session() as session:
            query = minutes(session)
            assert (await query.polars()).shape[0] == 391
            assert (await query.arrow()).num_rows == 391
            assert len(await query.pandas()) == 391
            async with query.frames() as frames:
                assert [frame.height async for frame in frames] == [391]
            size = await query.save(tmp_path / "bars.csv")
            assert size == (tmp_path / "bars.csv").stat().st_size > 0

    staged(play)


def test_a_flat_file_comes_in_pieces_and_whole(staged, tmp_path):
    """The chunks of a flat file are what saving it writes."""

    async def play(stage):
        async with stage.session() as session:
            query = session.index.flat_file_eod(date=DAY)
            await query.save(tmp_path / "day.csv")
            async with query.chunks() as chunks:
                pieces = [chunk async for chunk in chunks]
            assert b"".join(pieces) == (tmp_path / "day.csv").read_bytes() != b""

    staged(play)


REFUSALS = [
    (471, thetatrio.PermissionDenied),
    (403, thetatrio.PermissionDenied),
    (401, thetatrio.AuthenticationFailed),
    (473, thetatrio.InvalidRequest),
    (478, thetatrio.SessionConflict),
    (476, thetatrio.WrongHost),
    (410, thetatrio.WrongVersion),
]


def refuse(status, terminal):
    """Have the next request answered so."""
    terminal.faults.append(Status(status, times=1))


@holds_for_v2
def test_errors_come_as_their_class(staged):
    """What the terminal refuses raises the class that says why, with code, request and here."""

    async def play(stage):
        async with stage.session() as session:
            for status, kind in REFUSALS:
                stage.terminal.call(partial(refuse, status))
                with pytest.raises(kind) as caught:
                    await session.stock.list_symbols()
                assert caught.value.code == status
                assert caught.value.request is not None
                names = {entry.name for entry in caught.traceback}
                assert "play" in names  # where it was asked
                assert "fetch" in names  # what failed
            stage.terminal.call(partial(refuse, 471))
            with pytest.raises(thetatrio.PermissionDenied):
                async with minutes(session).rows():
                    raise AssertionError("it was refused")
            with pytest.raises(thetatrio.InvalidRequest, match="interval"):
                session.stock.history_ohlc("AAPL", date=DAY, interval="2m")
            with pytest.raises(TypeError, match="history_ohlc.*intervall"):
                session.stock.history_ohlc("AAPL", date=DAY, intervall="1m")

    staged(play)


def test_an_answer_that_is_cut_says_how_far_it_came(staged):
    """Rows before a cut are delivered, and the error counts them."""

    async def play(stage):
        async with stage.session(retry=thetatrio.RetryPolicy(max_attempts=1)) as session:
            with pytest.raises(thetatrio.ConnectionLost) as caught:
                received = 0
                async with minutes(session).rows() as channel:
                    async for _ in channel:
                        received += 1
            assert caught.value.rows_delivered == received > 0

    staged(play, faults=[LimitData(20_000)])


@holds_for_v2
def test_nobody_there_is_a_connect_error(staged):
    """A terminal that is not running is told of at once."""

    async def play(stage):
        async with stage.session() as session:
            with pytest.raises(thetatrio.ConnectError, match="is it running"):
                await session.stock.list_symbols()

    with open_terminal() as gone:
        address = gone.url
    staged(lambda stage: play(Elsewhere(stage, address)))


class Elsewhere:
    """A stage whose terminal is gone."""

    def __init__(self, stage, address):
        self._stage, self._address = stage, address

    def session(self):
        return self._stage.face.open_session(base_url=self._address)


@holds_for_v2
def test_no_data_is_empty(staged):
    """472 is an empty list, a channel that ends at once, a frame with its columns."""

    async def play(stage):
        async with stage.session() as session:
            query = minutes(session)
            assert await query == []
            async with query.rows() as channel:
                assert [row async for row in channel] == []
            async with query.batches() as batches:
                with pytest.raises(thetatrio.EndOfChannel):
                    await batches.receive()
            frame = await query.polars()
            assert frame.height == 0
            assert "bid" in frame.columns

    staged(play, faults=[Status(472)])


@holds_for_v2
def test_no_more_are_in_flight_than_the_slots(staged):
    """Queries side by side keep to the session's slots, and come in order."""

    async def play(stage):
        async with stage.session(slots=2) as session:
            dates = ["2024-10-28", "2024-10-29", "2024-10-30", "2024-10-31", "2024-11-01"]
            queries = [session.stock.history_ohlc("AAPL", date=d, interval="1m") for d in dates]
            found = await session.gather(*queries)
            assert [str(each[0].timestamp.date()) for each in found] == dates
            # One whose answer has been read may not be struck off yet over there.
            assert stage.terminal.ledger.highest_in_flight <= 3
            assert value_of(session.statistics()).in_flight == 0
            assert stage.terminal.ledger.total == 5

    staged(play, latency=0.005)


@holds_for_v2
def test_of_several_one_failure_is_raised_bare(staged):
    """`gather` raises the error of the one that failed; `as_completed` goes on after it."""

    async def play(stage):
        stage.terminal.call(partial(refuse, 471))
        async with stage.session(slots=1) as session:
            with pytest.raises(thetatrio.PermissionDenied):
                await session.gather(session.stock.list_symbols(), session.option.list_symbols())
            queries = [session.option.list_expirations(root) for root in ("AAPL", "MSFT")]
            async with session.as_completed(queries) as done:
                found = {pair[0].request.symbol[0]: pair[1] async for pair in done}
            assert found.keys() == {"AAPL", "MSFT"}
            assert all(found.values())

    staged(play)


@holds_for_v2
def test_a_query_asked_inside_anothers_loop_does_not_hang(staged):
    """With one slot, a body that is held back gives it up to whoever asks meanwhile."""

    async def play(stage):
        async with stage.session(slots=1) as session:
            query = session.stock.history_quote("AAPL", date=DAY, interval="5s")
            async with query.rows() as channel:
                await channel.receive()
                assert await session.stock.list_symbols()
                await channel.receive()

    staged(play)


@holds_for_v2
def test_rows_may_be_left_early(staged):
    """Leaving a channel, by an error or in peace, ends its request and keeps the error."""

    async def play(stage):
        async with stage.session() as session:
            query = session.stock.history_quote("AAPL", date=DAY, interval="5s")
            async with query.rows() as channel:
                await channel.receive()
            mine = ValueError("mine")
            with pytest.raises(ValueError, match="mine") as caught:
                async with query.rows() as channel:
                    await channel.receive()
                    raise mine
            assert caught.value is mine
            with pytest.raises(thetatrio.SessionClosed, match="has been left"):
                await channel.receive()  # not the end: it would look complete
            await stage.idle()
            assert value_of(session.statistics()).in_flight == 0

    staged(play)


def test_what_is_asked_of_a_closed_session_is_refused(staged):
    """Queries, channels and feeds of a session that was left raise SessionClosed."""

    async def play(stage):
        async with stage.session() as session:
            await session.stock.list_symbols()
            early = session.stock.list_symbols()
        for query in (early, session.stock.list_symbols()):
            with pytest.raises(thetatrio.SessionClosed):
                await query
        with pytest.raises(thetatrio.SessionClosed):
            async with session.stream.quotes(AAPL):
                pass

    staged(play)


def test_wrong_settings_are_named(staged):
    """A session that cannot be opened says why, and one that fails leaves nothing behind."""

    async def play(stage):
        with pytest.raises(thetatrio.InvalidConfig, match="slots"):
            async with stage.session(slots=0):
                pass
        with pytest.raises(TypeError, match="did you mean 'slots'"):
            async with stage.session(slot=1):
                pass
        mine = KeyError("mine")
        with pytest.raises(KeyError) as caught:
            async with stage.session():
                raise mine
        assert caught.value is mine

    staged(play)


@holds_for_v2
def test_chains_and_plain_paths(staged):
    """What a session itself offers is there on every face."""

    async def play(stage):
        async with stage.session() as session:
            (expiration, *_) = await session.expirations("SPY", on=DAY, max_dte=20)
            chain = await session.chain("SPY", expiration=expiration)
            assert (chain.symbol, chain.expiration) == ("SPY", expiration)
            assert chain.entries
            older = session.config.api == "v2"
            path = "/v2/list/roots/stock" if older else "/v3/stock/list/symbols"
            answer = await session.get(path, {"use_csv": True} if older else {"format": "csv"})
            assert answer.rows()
            assert await session.terminal.mdds_status() == thetatrio.TerminalStatus.CONNECTED

    staged(play)


def test_the_calendar_is_there_on_every_face(staged):
    """Days and hours of trading, which a v2 terminal does not know."""

    async def play(stage):
        async with stage.session() as session:
            days = await session.trading_sessions("2024-11-25", "2024-11-29")
            assert [day.closes_early for day in days] == [False, False, False, True]

    staged(play)


def test_downloads_tell_what_happens(staged, tmp_path):
    """A download runs to its report, tells of its parts, and asks for nothing twice."""

    async def play(stage):
        async with stage.session() as session:
            query = session.stock.history_eod("AAPL", start_date="2024-09-03", end_date=DAY)
            download = session.download(query, tmp_path / "data", format="csv")
            async with download.events() as events:
                seen = [type(event).__name__ async for event in events]
            assert seen.count("PartEnded") == seen.count("PartBegun") == 3
            assert value_of(download.progress()).settled == 3
            asked = stage.terminal.ledger.total
            report = await session.download(query, tmp_path / "data", format="csv")
            assert (report.done, report.asked) == (3, 0)
            assert stage.terminal.ledger.total == asked

    staged(play)


@holds_for_v2
def test_a_feed_gives_events_in_order(staged):
    """Each event comes once and in order, however it is read."""

    async def play(stage):
        async with stage.session() as session, session.stream.quotes(AAPL) as feed:
            assert feed.topics == (Topic.quotes(AAPL),)
            with pytest.raises(thetatrio.WouldBlock):
                feed.receive_nowait()
            stage.emit(900)
            sizes = [(await feed.receive()).bid_size for _ in range(300)]
            batches = feed.batches()
            while len(sizes) < 600:
                sizes += [quote.bid_size for quote in await batches.receive()]
            entries = feed.with_notices()
            while len(sizes) < 900:
                sizes.append((await entries.receive()).bid_size)
            assert sizes == list(range(1, 901))
            told = value_of(feed.statistics())
            assert (told.received, told.delivered, told.waiting) == (900, 900, 0)
            assert "quotes" in repr(feed)

    staged(play)


@holds_for_v2
def test_a_feed_grows_and_shrinks(staged):
    """Contracts may be added and removed inside the loop that reads."""

    async def play(stage):
        async with stage.session() as session, session.stream.quotes(AAPL) as feed:
            await feed.add(MSFT)
            assert subscribed(stage.terminal) == 2
            stage.emit(1, MSFT)
            assert (await feed.receive()).contract == MSFT
            value_of(feed.remove(MSFT))
            assert feed.topics == (Topic.quotes(AAPL),)
            await stage.until(lambda terminal: subscribed(terminal) == 1)
            stage.emit(1, MSFT)
            stage.emit(1, AAPL)
            assert (await feed.receive()).contract == AAPL
            with pytest.raises(thetatrio.InvalidRequest):
                await feed.add(thetatrio.Index("SPX"))
        await stage.until(lambda terminal: subscribed(terminal) == 0)

    def subscribed(terminal):
        return len(terminal.call(lambda it: it.stream.subscriptions))

    staged(play)


@holds_for_v2
def test_a_subscription_may_be_refused(staged):
    """The terminal's no is SubscriptionRefused with its word, or partial."""

    async def play(stage):
        async with stage.session() as session:
            with pytest.raises(thetatrio.SubscriptionRefused) as caught:
                async with session.stream.quotes(MSFT):
                    pass
            assert caught.value.refused.keys() == {MSFT}

    staged(play, faults=[RefuseSubscription()])


def test_a_reader_who_is_behind_meets_the_overflow_policy(staged):
    """What is more than the buffer is given up, told in its place, and counted to the event."""

    async def play(stage):
        async with stage.session(buffer=64) as session:
            async with session.stream.quotes(AAPL, overflow="raise") as feed:
                stage.emit(1)
                await feed.receive()
                await flooded(stage, feed, 2000)
                sizes, counts = [], []
                while not (sizes and sizes[-1] == 2001):
                    try:
                        sizes += [quote.bid_size for quote in await feed.batches().receive()]
                    except thetatrio.SlowConsumer as error:
                        counts.append(error.count)
                told = value_of(feed.statistics())
                assert sizes == sorted(sizes)
                assert sum(counts) == told.dropped > 1000
                assert len(sizes) + sum(counts) == 2000
                assert told.received == told.delivered + told.dropped == 2001
            async with session.stream.quotes(MSFT, overflow="latest") as feed:
                await flooded(stage, feed, 500, MSFT)
                last = 0
                read = 0
                while last != 2501:
                    last = (await feed.receive()).bid_size
                    read += 1
                told = value_of(feed.statistics())
                assert (told.received, told.delivered) == (500, read)
                assert told.received == told.delivered + told.conflated

    staged(play)


async def flooded(stage, feed, count, contract=AAPL):
    """Send events and wait until the session has them all, without reading any."""
    before = value_of(feed.statistics()).received
    stage.emit(count, contract)
    while value_of(feed.statistics()).received < before + count:
        await stage.turn()


def test_losses_are_told_in_their_place(staged, caplog):
    """A cut is Lost and then Gap among the events, an error if wished, and a warning by default."""

    async def play(stage):
        policy = thetatrio.ReconnectPolicy(base=0.01)
        async with stage.session(reconnect=policy) as session:
            stream = session.stream
            async with stream.quotes(AAPL) as feed, stream.quotes(AAPL, on_loss="raise") as strict:
                stage.emit(1)
                entries = feed.with_notices()
                assert (await entries.receive()).bid_size == 1
                assert (await strict.receive()).bid_size == 1
                stage.terminal.call(lambda it: it.stream.drop_all())
                assert isinstance(await entries.receive(), thetatrio.Lost)
                await stage.until(lambda terminal: terminal.ledger.stream.open == 1)
                gap = None
                while gap is None:
                    stage.emit(1)
                    entry = await entries.receive()
                    gap = entry if isinstance(entry, thetatrio.Gap) else None
                assert value_of(session.requests_for(gap, inclusive=True))
                with pytest.raises(thetatrio.GapError):
                    while True:
                        await strict.receive()

    with caplog.at_level(logging.ERROR, logger="thetatrio"):
        staged(play)


def test_states_of_the_stream(staged):
    """The connection's states come as they change."""

    async def play(stage):
        async with stage.session() as session, session.stream.states() as states:
            assert (await states.receive()).name == "idle"
            with pytest.raises(thetatrio.WouldBlock):
                states.receive_nowait()
            async with session.stream.quotes(AAPL):
                names = [(await states.receive()).name, (await states.receive()).name]
            assert names == ["connecting", "live"]
            assert value_of(session.stream.statistics()).connections == 1

    staged(play)


@holds_for_v2
def test_a_feed_that_was_left_says_so(staged):
    """Reading after the block is FeedClosed, and nothing of before is given."""

    async def play(stage):
        async with stage.session() as session:
            async with session.stream.quotes(AAPL) as feed:
                stage.emit(3)
                await feed.receive()
            for _ in range(2):
                with pytest.raises(thetatrio.FeedClosed):
                    await feed.receive()
            told = value_of(feed.statistics())
            assert told.waiting == 0
            assert told.received == told.delivered + told.dropped

    staged(play)


def test_what_leaving_a_context_raises_is_raised_or_noted():
    """It is the error of a block that had none, and a note on the error of one that had."""

    @asynccontextmanager
    async def failing():
        yield 1
        raise ValueError("too late")

    def left():
        """Return a context that was entered and left."""
        progress = queue.SimpleQueue()
        stay = Stay(portal, failing, lambda _: None, lambda: progress.put(None))
        stay.enter()
        while not stay.is_settled:
            progress.get(timeout=30)
        assert stay.value() == 1
        stay.leave()
        while not stay.job.ended:
            progress.get(timeout=30)
        return stay

    with sync.open_session() as session:
        portal = session._caller.portal
        with pytest.raises(ValueError, match="too late"):
            left().raise_for(None)
        error = KeyError("the block's own")
        stay = left()
        stay.raise_for(error)
        assert error.__notes__ == ["meanwhile: ValueError('too late')"]
        stay.raise_for(None)  # what was noted is not raised again
