"""The `thetatrio` command: exit codes, one-line errors, the demo."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import thetatrio
from thetatrio import cli

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
COMMAND = [sys.executable, "-c", "from thetatrio.cli import main; main()"]
PLACE = re.compile(r"http://127\.0\.0\.1:\d+")
TIMES = re.compile(r"[\d.]+ (m?s)\b")


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
        "thetatrio: the command needs typer and rich: python -m pip install 'thetatrio[cli]'"
    )


def test_the_demo_is_what_the_readme_shows(monkeypatch, capsys):
    """The demo's output is the README's, but for the port and the times."""

    def lasting(text: str) -> list[str]:
        text = TIMES.sub(r"N \1", PLACE.sub("URL", text))
        return [line.rstrip() for line in text.strip().splitlines()]

    assert command("demo", monkeypatch=monkeypatch) in (0, None)
    shown = README.split("```text\n", 1)[1].split("```", 1)[0]
    assert lasting(capsys.readouterr().out) == lasting(shown)


def test_the_demo_knows_other_symbols_and_seeds(monkeypatch, capsys):
    """Another symbol, day and seed are another market."""
    arguments = ("--symbol", "aapl", "--day", "20241105", "--seed", "3")
    assert command("demo", *arguments, monkeypatch=monkeypatch) in (0, None)
    assert "AAPL on 2024-11-05" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--day", "soon"], "--day: 'soon' is not a date"),
        (["--symbol", "not a symbol"], "is not a symbol"),
        (["--symbol", "XYZQ"], "XYZQ has no options that expire after 2024-11-04"),
        (["--day", "2024-11-03"], "no data on SPY for 2024-11-03"),
        (["--url", "nonsense"], "base_url must be"),
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


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
def test_a_closed_pipe_is_no_error():
    """Whoever reads the output may stop early."""
    with subprocess.Popen(
        [*COMMAND, "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
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
