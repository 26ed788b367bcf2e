"""`thetatrio stream`: NDJSON in a pipe, a table on a screen, one line for what is wrong."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import re
import signal
import socket
import subprocess
import threading
from contextlib import contextmanager

import pytest
import trio
from rich.console import Console

from tests.test_cli import COMMAND, command
from thetatrio import Index, Option, Stock, events
from thetatrio.cli import stream as stream_command
from thetatrio.cli._live import COLUMNS, QUOTE, LiveTable, Losses
from thetatrio.cli._words import contract_of, notice_text, topic_of
from thetatrio.cli.stream import record_of
from thetatrio.errors import InvalidRequest
from thetatrio.market_time import NEW_YORK
from thetatrio.testing import StreamSettings, Terminal, open_terminal

AAPL = Stock("AAPL")
SPXW = Option("SPXW", "2024-03-15", 4800, "C")
NOON = dt.datetime(2024, 11, 4, 12, tzinfo=NEW_YORK)
CONTRACT = {"symbol": "AAPL", "expiration": None, "strike": None, "right": None}


class ElsewhereTerminal:
    """A simulated terminal in a thread of its own."""

    def __init__(self, terminal: Terminal, token: trio.lowlevel.TrioToken) -> None:
        self.terminal = terminal
        self.url = terminal.stream_url
        self._token = token

    def do(self, job, *arguments):
        return trio.from_thread.run_sync(job, *arguments, trio_token=self._token)

    def wait(self, holds) -> None:
        """Wait until something is true of the stream's ledger."""

        async def wait() -> None:
            with trio.fail_after(30):
                await self.terminal.stream.ledger.wait_until(holds)

        trio.from_thread.run(wait, trio_token=self._token)


@contextmanager
def elsewhere(api="v3", **settings):
    opened: list[ElsewhereTerminal] = []
    ready = threading.Event()
    scope = trio.CancelScope()

    async def main():
        stream = StreamSettings(**{"speed": 60.0, "start": "10:00", **settings})
        with scope:
            async with open_terminal(contracts=12, stream=stream, api=api) as terminal:
                opened.append(ElsewhereTerminal(terminal, trio.lowlevel.current_trio_token()))
                ready.set()
                await trio.sleep_forever()

    thread = threading.Thread(target=trio.run, args=(main,))
    thread.start()
    assert ready.wait(30)
    try:
        yield opened[0]
    finally:
        opened[0].do(scope.cancel)
        thread.join(30)


@pytest.fixture(scope="module")
def live():
    """A terminal whose market is a minute older each second."""
    with elsewhere() as found:
        yield found


def records(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


@contextmanager
def started(*arguments):
    with subprocess.Popen(
        [*COMMAND, "stream", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


QUOTED = {"bid_size", "bid_exchange", "bid", "bid_condition"}
ASKED = {"ask_size", "ask_exchange", "ask", "ask_condition"}
TRADED = {"sequence", "size", "condition", "price", "exchange"}
BAR = {"open", "high", "low", "close", "volume", "count"}
FIELDS = {
    "quote": QUOTED | ASKED,
    "trade": TRADED,
    "ohlc": BAR,
    "price": {"price"},
    "market_value": {"market_bid", "market_ask", "market_price"},
}


@pytest.mark.parametrize(
    "how", [[], ["--stream-form", "text", "--stream-sockets", "one"]], ids=["usual", "older"]
)
def test_a_gateways_stream_is_shown_too(how, monkeypatch, capfd):
    """`--stream-api gateway` reads quotes of a gateway, at its usual path where none is given."""
    with elsewhere(api="gateway") as gateway:
        url = gateway.url.removesuffix("/stream")
        words = ("stream", "quotes", "AAPL", "--count", "3", "--stream-api", "gateway", *how)
        assert command(*words, "--stream-url", url, monkeypatch=monkeypatch) in (0, None)
    found = records(capfd.readouterr().out)
    assert [(each["type"], each["symbol"]) for each in found] == [("quote", "AAPL")] * 3
    assert all(each["bid"] < each["ask"] for each in found)


def test_what_a_gateway_has_not_is_one_line(monkeypatch, capfd):
    """Other kinds are refused before anything is sent; the key file's key is for the gateway."""
    words = ("stream", "full-trades", "option", "--stream-api", "gateway")
    assert command(*words, "--stream-url", "ws://127.0.0.1:1", monkeypatch=monkeypatch) == 1
    assert "no full_trades" in capfd.readouterr().err
    given = {"api_key": "sesame", "api": "v2"}
    options = stream_command.gateway_options("wss://gateway.example", "one", "text", given)
    assert options == {
        "base_url": "https://gateway.example",
        "stream_url": "wss://gateway.example/stream",
        "stream_api": "gateway",
        "stream_sockets": "one",
        "stream_form": "text",
        "api_key": "sesame",
    }
    options = stream_command.gateway_options(None, "per_kind", "json", {})
    assert options["stream_url"] == "ws://127.0.0.1:25510/stream"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["quotes", "SPY", "AAPL"], "quote"),
        (["trades", "SPY"], "trade"),
        (["ohlc", "SPX", "SPY"], "ohlc"),
        (["prices", "SPX"], "price"),
        (["market-values", "SPX"], "market_value"),
    ],
)
def test_a_pipe_gets_an_object_for_each_event(live, monkeypatch, capfd, words, kind):
    """NDJSON: contract columns, a time with its offset, the event's fields; as many as wanted."""
    arguments = (*words, "--count", "3", "--stream-url", live.url)
    assert command("stream", *arguments, monkeypatch=monkeypatch) in (0, None)
    said = capfd.readouterr()
    assert said.err == ""
    found = records(said.out)
    assert len(found) == 3
    for record in found:
        assert record["type"] == kind
        assert record["symbol"] in words[1:]
        assert (record["expiration"], record["strike"], record["right"]) == (None, None, None)
        moment = dt.datetime.fromisoformat(record["timestamp"])
        assert moment.utcoffset() == dt.timedelta(hours=-5)
        assert record.keys() == {*CONTRACT, "type", "timestamp"} | FIELDS[kind]


def test_options_are_written_as_people_write_them(live, monkeypatch, capfd):
    """ROOT:EXPIRATION:STRIKE:RIGHT and OCC symbols are the option; its strike comes in dollars."""
    listed = live.do(live.terminal.market.listed, "SPY", dt.date(2024, 11, 4))
    one = next(each for each in listed if each.expiration > dt.date(2024, 11, 4))
    option = Option.from_row("SPY", one.expiration, one.strike / 1000, one.right)
    spelled = f"spy:{option.expiration}:{option.strike:g}:{option.right}"
    for word in (spelled, option.occ_symbol, option.occ_symbol.replace(" ", "")):
        arguments = ("quotes", word, "--count", "1", "--stream-url", live.url)
        assert command("stream", *arguments, monkeypatch=monkeypatch) in (0, None)
        (record,) = records(capfd.readouterr().out)
        assert record["symbol"] == "SPY"
        assert record["expiration"] == option.expiration.isoformat()
        assert (record["strike"], record["right"]) == (option.strike, option.right)


def test_full_trades_come_joined(live, monkeypatch, capfd):
    """Each trade of all stocks has its quote and bar beside it."""
    arguments = ("full-trades", "stock", "--count", "2", "--stream-url", live.url)
    assert command("stream", *arguments, monkeypatch=monkeypatch) in (0, None)
    for record in records(capfd.readouterr().out):
        assert record["type"] == "joined_trade"
        assert record.keys() >= TRADED | QUOTED | ASKED | BAR | {"quote_timestamp"}


def test_a_duration_ends_it(live, monkeypatch, capfd):
    """`--duration` ends after so many seconds, with whole lines; 0 ends at once."""
    arguments = ("quotes", "SPY", "--stream-url", live.url)
    assert command("stream", *arguments, "--duration", "0", monkeypatch=monkeypatch) in (0, None)
    assert capfd.readouterr().out == ""
    assert command("stream", *arguments, "--duration", "1.5", monkeypatch=monkeypatch) in (0, None)
    assert records(capfd.readouterr().out)


def test_an_address_without_a_path_is_the_streams(live, monkeypatch, capfd):
    """`--stream-url ws://host:port` is enough."""
    url = live.url.removesuffix("/v1/events")
    for given in (url, f"{url}/"):
        arguments = ("quotes", "SPY", "--count", "1", "--stream-url", given)
        assert command("stream", *arguments, monkeypatch=monkeypatch) in (0, None)
        assert len(records(capfd.readouterr().out)) == 1
    assert stream_command.with_path(f"{url}/other") == f"{url}/other"
    assert stream_command.with_path("nonsense") == "nonsense"


def test_a_table_has_a_line_for_each_contract(live, monkeypatch, capsys):
    """`--format table` shows the newest of each contract, counts, rate, state and losses."""
    arguments = ("quotes", "SPY", "AAPL", "SPY:2024-12-20:1:P", "--format", "table")
    code = command(
        "stream", *arguments, "--count", "9", "--stream-url", live.url, monkeypatch=monkeypatch
    )
    assert code in (0, None)
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split() == [
        "contract",
        "size",
        "bid",
        "ask",
        "size",
        "New",
        "York",
        "events",
        "/s",
    ]
    assert [line.split()[0] for line in lines[:3]] == ["SPY", "AAPL", "SPY"]
    assert sum(int(line.split()[-2]) for line in lines[:3]) == 9
    assert lines[2].split()[-2:] == ["0", "0.0"]  # no such contract: nothing came of it
    assert re.fullmatch(r"9 events in \d+ s; live", lines[3].strip())
    assert lines[4].strip() == "losses: none"


@pytest.mark.skipif(os.name == "nt", reason="POSIX terminals")
def test_a_screen_is_drawn_in_its_place_until_ctrl_c(live):
    """On a terminal screen the table is drawn over itself; Ctrl-C leaves the last one, code 130."""
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "90", "LINES": "30"}
    with subprocess.Popen(
        [*COMMAND, "stream", "quotes", "SPY", "--stream-url", live.url],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
    ) as process:
        os.close(theirs)
        drawn = b""
        while drawn.count(b"losses: none") < 3:
            drawn += os.read(ours, 65536)
        process.send_signal(signal.SIGINT)
        try:
            while piece := os.read(ours, 65536):
                drawn += piece
        except OSError:  # how Linux says that the other end is closed
            pass
        assert process.wait(30) == 130
    os.close(ours)
    assert b"\x1b[1A" in drawn  # up a line, to draw over it
    assert b"Traceback" not in drawn
    assert drawn.rstrip().endswith(b"\x1b[?25h")  # the cursor is back


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_ends_a_pipe_cleanly(live):
    """Code 130, nothing on stderr, and the last line is whole."""
    with started("quotes", "SPY", "--stream-url", live.url) as process:
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == b""
    assert records((first + rest).decode())


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
def test_a_reader_may_stop_early(live):
    """`thetatrio stream ... | head -3` ends quietly."""
    with started("quotes", "SPY", "--stream-url", live.url) as process:
        for _ in range(3):
            assert process.stdout.readline().startswith(b'{"type":"quote"')
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert err == b""


def test_losses_are_told_beside_the_data():
    """A cut is two lines on stderr, lost and gap, while the data goes on."""
    with elsewhere() as live, started("quotes", "SPY", "--stream-url", live.url) as process:
        assert process.stdout.readline()
        live.do(live.terminal.stream.drop)
        lost, gap = (process.stderr.readline().decode() for _ in range(2))
        assert process.stdout.readline()
    assert re.fullmatch(r"lost after 10:[\d:.]+: the terminal ended the connection\n", lost)
    assert re.fullmatch(
        r"gap from 10:[\d:.]+ to 10:[\d:.]+ New York time: the terminal ended the connection\n", gap
    )


@pytest.mark.skipif(os.name == "nt", reason="pipes of a known size")
def test_a_reader_that_is_too_slow_costs_events_and_is_told():
    """Who does not read the pipe loses events, told on stderr; the stream itself goes on."""
    with (
        elsewhere(rate=20_000.0) as live,
        started("quotes", "SPY", "--buffer", "50", "--stream-url", live.url) as process,
    ):
        assert process.stdout.readline()
        live.wait(lambda ledger: ledger.total >= 20_000)
        reading = threading.Thread(target=process.stdout.read)
        reading.start()
        dropped = process.stderr.readline().decode()
        process.kill()
        reading.join(30)
        assert live.do(lambda: len(live.terminal.stream.ledger.connections)) == 1
    assert re.fullmatch(r"\d+ events dropped here, not read in time\n", dropped)


def test_silence_is_explained(monkeypatch, capfd):
    """Where nothing comes at all, the likely causes are said once, and waiting goes on."""
    monkeypatch.setattr(stream_command, "_SILENCE", 0.2)
    with elsewhere(source="none") as live:
        for options in (["--duration", "0.6"], ["--duration", "0.6", "--format", "table"]):
            arguments = ("quotes", "NOSUCH", *options, "--stream-url", live.url)
            assert command("stream", *arguments, monkeypatch=monkeypatch) in (0, None)
            said = capfd.readouterr().err
            assert said.startswith("nothing has come in 0.2 s: the market may be closed")
            assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["quotes"], "name a contract or more"),
        (["quotes", "AAPL", "SPXW:2024-03-15:4800"], "'SPXW:2024-03-15:4800' is no contract"),
        (["quotes", "SPXW:2024-03-35:4800:C"], "'SPXW:2024-03-35:4800:C' is no contract: expira"),
        (["trades", "SPXW:2024-03-15:x:Q"], "strike: 'x' is not a strike in dollars; right: 'Q'"),
        (["trades", "SPXW240315X04800000"], "'SPXW240315X04800000' is not an OCC symbol"),
        (["quotes", "a,b"], "'a,b' is no contract: write one as AAPL"),
        (["quotes", "SPXW"], "options of SPX trade under it"),
        (["trades", "SPX"], "SPX is an index and has prices: thetatrio stream prices SPX"),
        (["prices", "SPXW:2024-03-15:4800:C"], "prices: expected Index, got Option('SPXW'"),
        (["full-trades"], "full-trades: of 'option' or of 'stock', not of 'nothing'"),
        (["full-trades", "index"], "not of 'index'"),
        (["quotes", "AAPL", "--stream-url", "nonsense"], "--stream-url must be a URL"),
    ],
)
def test_what_cannot_be_is_one_line(monkeypatch, capsys, arguments, words):
    """Wrong contracts are named in a line on stderr before anything is opened; code 1."""
    assert command("stream", *arguments, monkeypatch=monkeypatch) == 1
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.startswith("thetatrio: ")
    assert (said.err.count("\n"), said.out) == (1, "")


@pytest.mark.parametrize("arguments", [["quote", "AAPL"], [], ["quotes", "AAPL", "--count", "0"]])
def test_wrong_words_are_usage_errors(monkeypatch, capsys, arguments):
    """A kind that is none, and bounds that are none, are code 2, as everywhere."""
    assert command("stream", *arguments, monkeypatch=monkeypatch) == 2
    assert capsys.readouterr().err


def test_no_terminal_is_one_line(monkeypatch, capsys):
    """Without a terminal: host, port and remedy in a line, code 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    arguments = ("quotes", "AAPL", "--stream-url", f"ws://127.0.0.1:{port}")
    assert command("stream", *arguments, monkeypatch=monkeypatch) == 1
    assert capsys.readouterr().err == (
        f"thetatrio: cannot reach the stream of Theta Terminal at 127.0.0.1:{port}"
        " (connection refused); is it running?\n"
    )


def test_words_become_contracts():
    """Roots are stocks, known indices are indices, `prices` takes any root as an index."""
    assert contract_of(" aapl ") == AAPL
    assert contract_of("SPX") == Index("SPX")
    assert contract_of("SPXW:20240315:4800.0:call") == SPXW
    assert contract_of("SPXW  240315C04800000") == contract_of("SPXW240315C04800000") == SPXW
    assert topic_of("prices", ["COMP"]) == events.Topic.prices(Index("COMP"))
    assert topic_of("market-values", ["SPX"]) == events.Topic.market_values(Index("SPX"))
    assert topic_of("full-trades", ["option"]) == events.Topic.joined_trades("option")
    with pytest.raises(InvalidRequest, match="expected Index"):
        topic_of("prices", ["SPXW240315C04800000"])


def quote(contract=AAPL, *, bid=1.5, date=20241104, ms=43_200_000):
    values = {"bid_size": 1, "bid_exchange": 2, "bid": bid, "bid_condition": 3}
    values |= {"ask_size": 4, "ask_exchange": 5, "ask": 1.625, "ask_condition": 6}
    return events.Quote(contract=contract, ms_of_day=ms, date_int=date, **values)


def trade(contract=AAPL):
    values = {"sequence": -7, "size": 1, "condition": 2, "price": 1.0, "exchange": 3}
    return events.Trade(contract=contract, ms_of_day=43_200_500, date_int=20241104, **values)


def test_an_object_hides_nothing():
    """No time: as the wire has it; what is not there, and no quote or bar: null in its column."""
    record = record_of(quote(date=0, ms=-1))
    assert (record["timestamp"], record["date"], record["ms_of_day"]) == (None, 0, -1)
    untimed = record_of(quote(bid=None, date=None, ms=None))
    assert [untimed[name] for name in ("timestamp", "date", "ms_of_day", "bid")] == [None] * 4
    alone = record_of(events.JoinedTrade(trade(), None, None))
    whole = record_of(events.JoinedTrade(trade(), quote(), None))
    assert list(alone) == list(whole)
    assert (alone["bid"], alone["quote_timestamp"], alone["open"]) == (None, None, None)
    assert whole["quote_timestamp"] == "2024-11-04T12:00:00-05:00"
    following = record_of(events.Following(trade(SPXW), quote(SPXW), 2))
    assert (following["type"], following["follows"], following["index"]) == ("following", -7, 2)
    assert (following["strike"], following["expiration"]) == (4800.0, "2024-03-15")


GAP = events.Gap(reason="cut", since=NOON, until=NOON + dt.timedelta(1), replayed=2, topics=())


@pytest.mark.parametrize(
    ("notice", "text"),
    [
        (events.Lost(reason="cut", since=NOON), "lost after 12:00:00.000: cut"),
        (events.Lost(reason="cut", since=None), "lost before the first event: cut"),
        (GAP, "gap from 2024-11-04 12:00:00.000 to 2024-11-05 12:00:00.000 New York time: cut"),
        (
            events.Gap(reason="cut", since=None, until=NOON, replayed=0, topics=()),
            "gap from the beginning to 2024-11-04 12:00:00.000 New York time: cut",
        ),
        (
            events.Dropped(count=3, since=NOON, until=NOON),
            "3 events dropped here, not read in time",
        ),
        (events.Replayed(count=2), "2 events repeated by the terminal, left out"),
        (events.Undecodable(count=1, first_bytes=b"{"), "1 frames could not be read: b'{'"),
    ],
)
def test_each_notice_is_a_line(notice, text):
    """What is missing is said in words, with New York times."""
    assert notice_text(notice) == text


def test_losses_are_summed_up():
    """The line beneath the table has the open loss, the gaps, and what was dropped or repeated."""
    losses = Losses()
    assert str(losses) == "none"
    losses.take(events.Lost(reason="cut", since=NOON))
    assert str(losses) == "lost after 12:00:00.000: cut"
    for _ in range(2):
        losses.take(GAP)
    assert str(losses).startswith("2 gaps, the last from 2024-11-04")
    losses.take(events.Dropped(count=3, since=None, until=None))
    losses.take(events.Replayed(count=2))
    losses.take(events.Undecodable(count=1, first_bytes=b"{"))
    assert str(losses).endswith(
        "; 3 events dropped, not read in time; 2 events repeated by the terminal;"
        " 1 frames could not be read"
    )


class Stream:
    """What a table asks of `session.stream`."""

    def __init__(self, **state):
        self._state = thetatrio_state(**state)

    def statistics(self):
        return self

    @property
    def state(self):
        return self._state


def thetatrio_state(**state):
    from thetatrio import StreamState

    return StreamState(**state)


async def test_a_table_of_what_comes_keeps_to_the_screen(autojump_clock):
    """Where contracts are not known, the newest come first, and what has no room is counted."""
    table = LiveTable(COLUMNS["full-trades"], (), Stream(name="reconnecting", attempt=2))
    for number in range(1100):
        table.take(events.JoinedTrade(trade(Stock(f"A{number}")), quote(), None))
    table.take(events.Following(trade(), quote(Stock("A1000")), 1))
    await trio.sleep(2)
    file = io.StringIO()
    console = Console(file=file, width=100, height=20, force_terminal=True, color_system=None)
    console.print(table)
    _, *lines = file.getvalue().splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["A1000", "A1099", "A1098"]
    assert len(lines) < 20
    assert lines[-3].startswith(f"and {1000 - (len(lines) - 3)} contracts more")
    assert lines[-2].strip() == "1,101 events in 2 s; reconnecting (attempt 2)"
    assert re.search(r" 2 +1\.0$", lines[0].rstrip())


async def test_prices_keep_their_decimals(autojump_clock):
    """Cents are two digits; what is finer is not rounded away."""
    table = LiveTable(QUOTE, [AAPL], Stream(name="live"))
    table.take(quote(bid=1.5))
    file = io.StringIO()
    Console(file=file, width=100).print(table)
    assert " 1.50 1.625 " in file.getvalue()


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("nonsense", "--stream-url must be a URL as in ws://127.0.0.1:25520/v1/events"),
        (
            "ws://h.example/x",
            "--key-file must be sent over https, or to this machine; --stream-url",
        ),
    ],
)
def test_a_wrong_address_is_named_by_this_commands_option(
    url, problem, tmp_path, monkeypatch, capsys
):
    """One address, one option: messages of the stream command do not name `--url`."""
    key = tmp_path / "key"
    key.write_text("sesame-0123456789")
    key.chmod(0o600)
    words = ("--key-file", str(key), "stream", "quotes", "SPY", "--stream-api", "gateway")
    assert command(*words, "--stream-url", url, monkeypatch=monkeypatch) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"thetatrio: {problem}")
    assert " --url" not in said
