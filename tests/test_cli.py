"""The `thetatrio` command: exit codes, one-line errors, the demo."""

from __future__ import annotations

import importlib.util
import math
import os
import re
import signal
import socket
import socketserver
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pyarrow import parquet

import thetatrio
from thetatrio import cli
from thetatrio.cli._live import TRADE, LiveTable
from thetatrio.testing import StreamSettings, open_terminal

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
COMMAND = [sys.executable, "-c", "from thetatrio.cli import main; main()"]
PLACE = re.compile(r"http://127\.0\.0\.1:\d+")
STREAM_PLACE = re.compile(r"ws://127\.0\.0\.1:\d+/v1/events")
TIMES = re.compile(r"[\d.]+ (m?s)\b")
NUMBERS = re.compile(r" *\d[\d.,:]*")


def command(*arguments: str, monkeypatch) -> int | str | None:
    monkeypatch.setattr("sys.argv", ["thetatrio", *arguments])
    monkeypatch.setenv("COLUMNS", "90")
    monkeypatch.setenv("NO_COLOR", "1")
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return caught.value.code


def test_the_version_needs_no_extra(monkeypatch, capsys):
    """`--version` works without typer and rich, and says the package's version."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert command("--version", monkeypatch=monkeypatch) == 0
    assert capsys.readouterr().out == f"thetatrio {thetatrio.__version__}\n"


def test_the_version_is_also_an_option_among_others(monkeypatch, capsys):
    """`-V` before a sub-command says the version too."""
    assert command("-V", "demo", monkeypatch=monkeypatch) in (0, None)
    assert capsys.readouterr().out == f"thetatrio {thetatrio.__version__}\n"


def test_a_missing_extra_is_one_line_that_names_it(monkeypatch):
    """Without the cli extra other commands say how to install it, and fail."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    code = command("demo", monkeypatch=monkeypatch)
    assert code == (
        "thetatrio: the command needs typer and rich: python -m pip install 'thetatrio[cli]',"
        " or '.[cli]' in a clone of thetatrio"
    )


def test_the_demo_is_what_the_readme_shows(monkeypatch, capsys):
    """The demo's output is the README's, but for the port, the times, and live data's numbers."""

    def lasting(text: str) -> list[str]:
        asked, live = TIMES.sub(r"N \1", PLACE.sub("URL", text)).strip().split("\nLive", 1)
        told = [NUMBERS.sub(" N", line) for line in live.splitlines()]
        # How many gaps a cut leaves depends on what comes first, an event or an acknowledgement.
        gaps = {line: None for line in told if line.startswith("  gap ")}
        told = [line for line in told if line not in gaps]
        return [line.rstrip() for line in asked.splitlines()] + told + list(gaps)

    assert command("demo", "--seconds", "2", monkeypatch=monkeypatch) in (0, None)
    shown = README.split("```text\n", 1)[1].split("```", 1)[0]
    said = capsys.readouterr().out
    assert lasting(said) == lasting(shown)
    # The lines about the disconnect, in their order.
    cut, lost, gap = (
        said.index(words) for words in ("disconnects the", "  lost after", "  gap from")
    )
    assert said.index("so far") < cut < lost < gap < said.rindex("so far")


def accounted(said: str) -> tuple[int, int, int]:
    """Return the demo's trades that were streamed, that were brought back, and both together."""
    streamed = re.search(r"[\d,]+ quotes and ([\d,]+) trades arrived, with a gap", said)[1]
    back, together = re.search(
        r"returned ([\d,]+) missing trades; the ([\d,]+) together", said
    ).groups()
    return tuple(int(text.replace(",", "")) for text in (streamed, back, together))


def test_the_demo_accounts_for_every_trade(monkeypatch, capsys):
    """What was streamed and what the gap's requests brought back is the day's history."""
    arguments = ("--symbol", "QQQ", "--seed", "11", "--seconds", "2")
    assert command("demo", *arguments, monkeypatch=monkeypatch) in (0, None)
    said = capsys.readouterr().out
    streamed, back, together = accounted(said)
    assert streamed + back == together
    assert streamed > 0
    assert said.endswith("No trade was lost without a notice.\n")


async def test_the_demo_does_not_claim_what_is_not_so():
    """A trade of the day's history that nothing told of is an error with its count."""
    from thetatrio.cli import _demo_stream as demo

    stock = thetatrio.Stock("SPY")
    async with (
        open_terminal(contracts=12, stream=StreamSettings(speed=math.inf)) as terminal,
        thetatrio.open_session(terminal.config) as session,
        session.stream.trades(stock) as feed,
    ):
        watch = demo._Watch(feed, LiveTable(TRADE, [stock], session.stream), print)
        while len(watch.trades[stock]) < 5:
            await watch.receive()
        # As if one had been lost without a word, and another part with one.
        del watch.trades[stock][1]
        moment = watch.trades[stock][-1].timestamp
        gap = thetatrio.Gap(reason="cut", since=None, until=moment, replayed=0, topics=())
        watch._table.take(gap)
        with pytest.raises(thetatrio.ThetaDataError, match="1 trades are missing, and no notice"):
            await demo._account(session, watch, 1)


@pytest.mark.skipif(os.name == "nt", reason="POSIX terminals")
def test_the_demo_on_a_screen_is_a_table_in_its_place():
    """On a terminal screen live data is a table that is drawn over itself, through the cut."""
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
    with subprocess.Popen(
        [*COMMAND, "demo", "--seconds", "1"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
    ) as process:
        os.close(theirs)
        drawn = b""
        try:
            while piece := os.read(ours, 65536):
                drawn += piece
        except OSError:  # how Linux says that the other end is closed
            pass
        assert process.wait(30) == 0
    os.close(ours)
    assert b"so far" not in drawn
    assert drawn.count(b"losses: none") > 1
    assert b"losses: 1 gap" in drawn or b"losses: 2 gaps" in drawn
    assert accounted(drawn.decode().replace("\r\n", "\n"))


def test_the_demo_of_a_real_terminal_leaves_its_stream_alone(simulated, monkeypatch, capsys):
    """With `--url` nothing is subscribed to, let alone cut."""
    assert command("demo", "--url", simulated, monkeypatch=monkeypatch) in (0, None)
    assert "Live" not in capsys.readouterr().out


def test_the_demo_knows_other_symbols_and_seeds(monkeypatch, capsys):
    """Another symbol, day and seed are another market."""
    arguments = ("--symbol", "aapl", "--day", "20241105", "--seed", "3", "--seconds", "0")
    assert command("demo", *arguments, monkeypatch=monkeypatch) in (0, None)
    assert "AAPL on 2024-11-05" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--day", "soon"], "--day: 'soon' is not a date"),
        (["--symbol", "not a symbol"], "is not a symbol"),
        (["--symbol", "XYZQ"], "XYZQ has no options that expire after 2024-11-04"),
        (["--day", "2024-11-03"], "no data on SPY for 2024-11-03"),
        (["--url", "nonsense"], "--url must be a URL"),
    ],
)
def test_a_wrong_argument_is_one_line(monkeypatch, capsys, arguments, words):
    """What is wrong is said in a line on stderr, with code 1 and no traceback."""
    assert command("demo", *arguments, monkeypatch=monkeypatch) == 1
    said = capsys.readouterr().err
    assert words in said
    assert said.startswith("thetatrio: ")
    assert said.count("\n") == 1


def test_no_terminal_is_one_line_with_the_remedy(monkeypatch, capsys):
    """Without a terminal: host, port and remedy in a line, code 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert command("demo", "--url", f"http://127.0.0.1:{port}", monkeypatch=monkeypatch) == 1
    assert capsys.readouterr().err == (
        f"thetatrio: cannot reach Theta Terminal at 127.0.0.1:{port} (connection refused);"
        " is it running?\n"
    )


def test_an_unknown_command_is_a_usage_error(monkeypatch, capsys):
    """Code 2, as everywhere."""
    assert command("nope", monkeypatch=monkeypatch) == 2
    assert "nope" in capsys.readouterr().err


def test_an_interrupted_command_ends_quietly(monkeypatch, capsys):
    """Ctrl-C is code 130 without a traceback."""

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("thetatrio.cli.demo.run", interrupted)
    assert command("demo", monkeypatch=monkeypatch) == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_ends_a_demo_that_waits_for_a_mute_terminal():
    """A real SIGINT to a real process: code 130, nothing on stderr but silence."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        mute.settimeout(30)
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with subprocess.Popen(
            [*COMMAND, "demo", "--url", url], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            connection, _ = mute.accept()
            with connection:
                assert connection.recv(10)
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err == b""
    assert out.startswith(b"Asking")


@pytest.fixture(scope="module")
def simulated():
    """The URL of `thetatrio simulate`, ended by Ctrl-C afterwards."""
    with subprocess.Popen(
        [*COMMAND, "simulate", "--contracts", "12"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        lines = [process.stdout.readline().decode() for _ in range(8)]
        url = PLACE.search(lines[0])[0]
        stream_url = STREAM_PLACE.search(lines[1])[0]
        assert lines[-2].split() == ["thetatrio", "status", "--url", url]
        assert lines[-1].split() == [
            "thetatrio",
            "stream",
            "quotes",
            "SPY",
            "--stream-url",
            stream_url,
        ]
        yield url
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert err == b"ended\n"


def test_a_simulated_terminals_status_is_good(simulated, monkeypatch, capsys):
    """`status` says that it is there, what it speaks, and that it is simulated."""
    assert command("status", "--url", simulated, monkeypatch=monkeypatch) in (0, None)
    said = capsys.readouterr().out
    for words in ("speaks v3", "nothing there is market data", "CONNECTED", "normal before"):
        assert words in said


def test_a_real_terminals_stream_port_is_not_taken_by_accident(monkeypatch, capsys):
    """`simulate --stream-port` refuses the port that real terminals stream on."""
    assert command("simulate", "--stream-port", "25520", monkeypatch=monkeypatch) == 1
    assert "port 25520 is a real terminal's" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 410 Gone\r\nContent-Length: 3\r\n\r\nold", "not as a v3 Theta Terminal"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "not as a v3 Theta Terminal"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nUNVERIFIED", "creds.txt"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nERROR", "see its log"),
    ],
)
def test_a_terminal_in_trouble_is_said_with_the_remedy(monkeypatch, capsys, answer, words):
    """What is wrong, what to do, and code 1."""

    class Refuser(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(65536)
            last = answer.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
            self.request.sendall(last)

    with socketserver.TCPServer(("127.0.0.1", 0), Refuser) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_address[1]}"
            assert command("status", "--url", url, monkeypatch=monkeypatch) == 1
        finally:
            server.shutdown()
            thread.join()
    assert words in capsys.readouterr().out


def test_the_status_of_nothing_says_how_to_start_a_terminal(monkeypatch, capsys):
    """No terminal: the address, the reason, the command that starts one; code 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert command("status", "--url", f"http://127.0.0.1:{port}", monkeypatch=monkeypatch) == 1
    said = capsys.readouterr().out
    assert f"127.0.0.1:{port} (connection refused)" in said
    assert "java -jar ThetaTerminalv3.jar" in said


def test_status_of_an_unknown_host_does_not_advise_to_start_it(monkeypatch, capsys):
    """A host that cannot be resolved is said to be that; starting a terminal would not help."""
    url = "http://no-such-host.invalid:25503"
    assert command("status", "--url", url, monkeypatch=monkeypatch) == 1
    printed = capsys.readouterr().out
    assert "cannot resolve host 'no-such-host.invalid'" in printed
    assert "java" not in printed


BARS = ["fetch", "stock_history_ohlc", "AAPL", "date=2024-11-04", "interval=1h"]


def test_a_range_is_piped_whole(simulated, monkeypatch, capfdbinary, tmp_path):
    """More days than one request may ask for are one piped answer, as they are one file."""
    range_ = ("option_history_quote", "SPY", "expiration=*", "start_date=2024-10-28")
    arguments = ("fetch", *range_, "end_date=2024-10-29", "interval=1h", "--url", simulated)
    assert command(*arguments, monkeypatch=monkeypatch) in (0, None)
    piped = capfdbinary.readouterr().out
    target = tmp_path / "a.csv"
    assert command(*arguments, "--out", str(target), monkeypatch=monkeypatch) in (0, None)
    assert piped == target.read_bytes()
    assert {line.split(b",")[4][:10] for line in piped.splitlines()[1:]} == {
        b"2024-10-28", b"2024-10-29",
    }  # fmt: skip


def test_piped_data_is_what_the_terminal_sends(simulated, monkeypatch, capfdbinary):
    """CSV by default, other formats on request, byte for byte; nothing else on stdout."""
    sent = {}
    for wanted in (None, "csv", "ndjson", "json"):
        options = [] if wanted is None else ["--format", wanted]
        arguments = (*BARS, *options, "--url", simulated)
        assert command(*arguments, monkeypatch=monkeypatch) in (0, None)
        sent[wanted] = capfdbinary.readouterr().out
    assert sent[None] == sent["csv"]
    assert sent["csv"].startswith(b"timestamp,open,high")
    assert sent["csv"].count(b"\r\n") == 8
    assert sent["ndjson"].count(b'"timestamp"') == sent["json"].count(b'"timestamp"') == 7


def test_a_table_has_a_line_for_each_row(simulated, monkeypatch, capfd):
    """`--format table` is aligned text: a heading and a line for each row."""
    assert command(*BARS, "--format", "table", "--url", simulated, monkeypatch=monkeypatch) in (
        0,
        None,
    )
    heading, *lines = capfd.readouterr().out.splitlines()
    assert heading.split()[:2] == ["timestamp", "open"]
    assert len(lines) == 7
    assert {len(line) for line in lines} == {len(heading)}
    # More rows than the columns are measured by, an empty cell among them.
    chain = ["fetch", "option_history_quote", "SPY", "expiration=*", "date=2024-11-04"]
    arguments = (*chain, "interval=5m", "--format", "table", "--url", simulated)
    assert command(*arguments, monkeypatch=monkeypatch) in (0, None)
    assert len(capfd.readouterr().out.splitlines()) > 500
    year = ("fetch", "calendar_year", "year=2024", "--format", "table", "--url", simulated)
    assert command(*year, monkeypatch=monkeypatch) in (0, None)
    assert "full_close" in capfd.readouterr().out


def test_an_answer_can_be_saved(simulated, monkeypatch, capsys, tmp_path):
    """`--out` saves in the format of the ending or the one that is said."""
    for name, options in (("a.csv", []), ("b.dat", ["--format", "ndjson"])):
        target = tmp_path / name
        arguments = (*BARS, "--out", str(target), *options, "--url", simulated)
        assert command(*arguments, monkeypatch=monkeypatch) in (0, None)
        assert capsys.readouterr().err == f"{target}: {target.stat().st_size} bytes\n"
        assert b"timestamp" in target.read_bytes()


def test_an_answer_can_be_saved_as_parquet(simulated, monkeypatch, capsys, tmp_path):
    """`fetch --out x.parquet` writes the query's rows, as `query.save("x.parquet")` does."""
    for name, options in (("a.parquet", []), ("b", ["--format", "parquet"])):
        target = tmp_path / name
        arguments = (*BARS, "--out", str(target), *options, "--url", simulated)
        assert command(*arguments, monkeypatch=monkeypatch) in (0, None)
        assert capsys.readouterr().err == f"{target}: {target.stat().st_size} bytes\n"
        assert parquet.read_table(target).num_rows == 7


def test_parquet_without_pyarrow_names_the_extra(simulated, monkeypatch, capsys, tmp_path):
    """Where pyarrow is missing, `--out x.parquet` says what to install, before it connects."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    arguments = (*BARS, "--out", str(tmp_path / "a.parquet"), "--url", "http://127.0.0.1:1")
    assert command(*arguments, monkeypatch=monkeypatch) == 1
    assert "pip install 'thetatrio[arrow]'" in capsys.readouterr().err


def test_no_data_is_said_beside_the_data(simulated, monkeypatch, capsys):
    """An empty answer is no error; the pipe gets nothing, stderr gets two words."""
    weekend = ["fetch", "stock_history_eod", "AAPL", "start_date=20241102", "end_date=20241103"]
    for wanted in ("csv", "table"):
        arguments = (*weekend, "--format", wanted, "--url", simulated)
        assert command(*arguments, monkeypatch=monkeypatch) in (0, None)
        said = capsys.readouterr()
        assert (said.out, said.err) == ("", "no data\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["stock_histry_ohlc"], "did you mean stock_history_ohlc"),
        (["xyzzy"], "see `thetatrio operations`"),
        (["stock_history_ohlc"], "must be given: symbol"),
        (["stock_history_ohlc", "AAPL"], "give date, or start_date and end_date"),
        (["stock_history_ohlc", "AAPL", "dat=1"], "did you mean 'date'"),
        (["stock_history_ohlc", "AAPL", "MSFT"], "write 'MSFT' as name=value"),
        (["calendar_year", "2024"], "write '2024' as name=value"),
        (["option_list_contracts", "request_type=quote", "date=20241104", "max_dte=x"], "whole"),
        (["option_snapshot_greeks_all", "SPY", "expiration=*", "rate_value=x"], "expected a num"),
        (
            ["option_snapshot_greeks_all", "SPY", "expiration=*", "use_market_value=maybe"],
            "True or False",
        ),
        ([*BARS[1:], "--out", "/no/such/folder/a.csv"], "No such file"),
        ([*BARS[1:], "--out", "a.xlsx"], "no known ending"),
        ([*BARS[1:], "--out", "s3://bucket/a.csv"], "is a URL"),
        ([*BARS[1:], "--format", "parquet"], "Parquet is written to a file"),
        (["stock_flat_file_eod", "date=2024-11-04", "--out", "a.parquet"], "as the terminal sends"),
        ([*BARS[1:], "--out", "a.csv", "--format", "table"], "not a table"),
    ],
)
def test_a_wrong_fetch_is_one_line(simulated, monkeypatch, capsys, arguments, words):
    """Wrong operations, parameters and files are said in a line, before anything is sent."""
    arguments = ["fetch", *arguments, "--url", simulated]
    assert command(*arguments, monkeypatch=monkeypatch) == 1
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_text_becomes_the_values_that_parameters_want(simulated, monkeypatch, capfd):
    """Numbers, counts and flags of a command line are what the request wants."""
    greeks = ["fetch", "option_snapshot_greeks_all", "SPY", "expiration=*", "rate_value=4.5"]
    arguments = (*greeks, "max_dte=30", "use_market_value=no", "--url", simulated)
    assert command(*arguments, monkeypatch=monkeypatch) in (0, None)
    assert "implied_vol" in capfd.readouterr().out


def test_all_operations_are_listed(monkeypatch, capsys):
    """`operations` has a line for each; with a name, its parameters, tier and columns."""
    assert command("operations", monkeypatch=monkeypatch) in (0, None)
    said = capsys.readouterr().out
    for name in thetatrio.requests.operations():
        assert name in said
    for name, words in (
        ("option_history_quote", ["must be given", "1s", "tier value", "ask_condition"]),
        ("stock_list_symbols", ["tier free", "columns: symbol", "every v3 terminal"]),
        ("option-flat-file-eod", ["tier pro", "ms_of_day"]),
        ("option_snapshot_binomial_greeks_all", ["binomial_steps", "101"]),
    ):
        assert command("operations", name, monkeypatch=monkeypatch) in (0, None)
        said = capsys.readouterr().out
        for word in words:
            assert word in said
    assert command("operations", "xyzzy", monkeypatch=monkeypatch) == 1


def test_a_chain_is_shown_around_the_money(simulated, monkeypatch, capsys):
    """`chain` shows both sides by strike, with the age of each part."""
    arguments = ("chain", "SPY", "--at", "2024-11-04 11:00", "--strikes", "2", "--url", simulated)
    assert command(*arguments, monkeypatch=monkeypatch) in (0, None)
    said = capsys.readouterr().out
    assert "2024-11-04 11:00:00 New York" in said
    for words in ("underlying", "C bid", "P bid", "delta", "old"):
        assert words in said
    expiration = said.split("SPY ", 1)[1][:10]
    now = ("chain", "SPY", "--expiration", expiration, "--url", simulated)
    assert command(*now, monkeypatch=monkeypatch) in (0, None)
    assert f"SPY {expiration}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["SPY", "--at", "soon"], "--at: 'soon'"),
        (["SPY", "--expiration", "soon"], "--expiration: 'soon'"),
        (["SPY", "--expiration", "2024-11-16"], "SPY has no expiration 2024-11-16; near it are"),
        (["XYZQ"], "XYZQ has no expirations"),
        (["XYZQ", "--expiration", "2024-11-15"], "no options of root 'XYZQ'"),
    ],
)
def test_a_wrong_chain_is_one_line(simulated, monkeypatch, capsys, arguments, words):
    """A chain that cannot be is said in a line."""
    assert command("chain", *arguments, "--url", simulated, monkeypatch=monkeypatch) == 1
    assert words in capsys.readouterr().err


def test_names_of_operations_complete():
    """Shells complete operations by their beginning."""
    from thetatrio.cli._app import _operation_names

    assert "stock_history_ohlc" in _operation_names("stock_hist")
    assert _operation_names("xyzzy") == []


@pytest.mark.parametrize(
    "name", ["", "demo", "fetch", "operations", "chain", "stream", "status", "simulate"]
)
def test_help_teaches(name, monkeypatch, capsys):
    """Each command's help says what it does and what its options are."""
    arguments = [name, "--help"] if name else ["--help"]
    assert command(*arguments, monkeypatch=monkeypatch) in (0, None)
    said = capsys.readouterr().out
    assert f"thetatrio {name}".strip() in said
    assert len(said.splitlines()) > 8


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
def test_a_reader_of_fetched_data_may_stop_early(simulated):
    """`fetch ... | head -1` ends quietly, however much there is."""
    arguments = ["fetch", "option_history_quote", "SPY", "expiration=*", "date=2024-11-04"]
    with subprocess.Popen(
        [*COMMAND, *arguments, "interval=1s", "--url", simulated],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline().startswith(b"symbol,")
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert err == b""


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
def test_a_closed_pipe_is_no_error():
    """Whoever reads the output may stop early."""
    with subprocess.Popen(
        [*COMMAND, "demo", "--seconds", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert err == b""


def test_a_console_without_blocks_gets_plain_marks(monkeypatch):
    """The chart is drawn with what the console's encoding has."""
    import io

    from rich.console import Console

    from thetatrio.cli import demo
    from thetatrio.rows import Ohlc

    naive = thetatrio.market_time.from_ms_of_day(
        thetatrio.market_time.parse_date("2024-11-04"), 34_200_000
    ).replace(tzinfo=None)
    bars = [Ohlc(naive, 1, 1, 1, float(n), 1, 1, 1) for n in range(5)]
    silent = Ohlc(naive, 0, 0, 0, 0, 0, 0, 0)
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii") as file:
        demo._print_chart(Console(file=file, width=90), "t", [*bars, silent])
        demo._print_chart(Console(file=file, width=90), "t", [silent])
        file.flush()
        drawn = raw.getvalue().decode()
    assert "#" in drawn
    assert "no trades" in drawn


def test_a_v2_terminal_is_spoken_to_with_a_key(monkeypatch, capsys, tmp_path):
    """`--api` and `--key-file` before the sub-command hold for it; a key has no flag of its own."""
    file = tmp_path / "key"
    file.write_text("")
    line = ("--key-file", str(file), "operations")
    assert command(*line, monkeypatch=monkeypatch) == 2
    assert "must hold one key" in capsys.readouterr().err
    assert command("--api", "v1", "operations", monkeypatch=monkeypatch) == 2
    assert command("operations", "stock_history_split", monkeypatch=monkeypatch) in (0, None)
    assert "v2 terminals only" in capsys.readouterr().out
    assert command("operations", "calendar_year", monkeypatch=monkeypatch) in (0, None)
    assert "not v2: a v2 terminal has no calendar" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            lambda: thetatrio.Config(base_url="x"),
            "--url must be a URL as in http://127.0.0.1:25503",
        ),
        (lambda: thetatrio.Config(stream_url="x"), "--stream-url must be a URL as in ws://127"),
        (
            lambda: thetatrio.Config(base_url="http://a.b", api_key="k"),
            "--key-file must be sent over https, or to this machine; --url is plain http",
        ),
        (lambda: thetatrio.Config(base_url="http://u:p@a.b"), "use --key-file"),
        (lambda: thetatrio.Config(tier="x", buffer=0), "--tier must be"),
        (
            lambda: thetatrio.requests.StockHistoryEod(
                "A,B", start_date="2024-11-01", end_date="2024-11-04"
            ),
            "run the command for each; `thetatrio download` takes several: SPY,QQQ",
        ),
    ],
)
def test_problems_are_named_by_the_commands_options(error, text):
    """A message says `--url`, not `base_url`: what can be typed, not what Python code has."""
    from thetatrio.cli._terms import in_options

    with pytest.raises(thetatrio.ThetaDataError) as caught:
        error()
    message = in_options(caught.value)
    assert text in message
    assert not re.search("base_url|stream_url|api_key|session|Config", message)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('this terminal speaks v3; open the session with api="v3"',
         "this terminal speaks v3; run the command with --api v3"),
        ("only v2 terminals have it; open the session with api='v2'",
         "only v2 terminals have it; run the command with --api v2"),
        ("use port=0, or allow_real_port=True if that is what you want",
         "use --port 0, or --allow-real-port if that is what you want"),
        ("all others are settled: x; retry_failed=True asks for them again",
         "all others are settled: x; --retry-failed asks for them again"),
        ("a.parquet has no known ending; give format='csv'",
         "a.parquet has no known ending; give --format csv"),
        ("no stream there; check stream_url", "no stream there; check --stream-url"),
        ("raise first_byte_timeout",
         ("raise first_byte_timeout"
          " (first_byte_timeout: a setting of sessions in Python, not of this command)")),
        ("wait, or see its log and session.terminal.mdds_status()",
         "wait, or see its log and `thetatrio status`"),
    ],
)  # fmt: skip
def test_advice_is_what_the_command_can_do(text, shown):
    """Advice for programs becomes the command's option, or says that only programs have it."""
    from thetatrio.cli._terms import in_options

    assert in_options(thetatrio.ThetaDataError(text)) == shown


def test_every_option_in_messages_exists():
    """Each option that a message may name is an option of the command."""
    import typer.main

    from thetatrio.cli._app import app
    from thetatrio.cli._terms import OPTIONS, PHRASES

    group = typer.main.get_command(app)
    options = {
        option
        for part in (group, *group.commands.values())
        for parameter in part.params
        for option in parameter.opts
    }
    assert set(OPTIONS.values()) <= options
    for phrase in PHRASES.values():
        assert set(re.findall(r"--[\w-]+", phrase)) <= options
