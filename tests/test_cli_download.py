"""`thetatrio download`: a folder, a line, an exit code; Ctrl-C and a terminal's width."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from tests.test_cli import COMMAND, PLACE, command
from tests.test_download import tree
from thetatrio.cli import download as download_command
from thetatrio.download import DownloadProgress, DownloadReport

pytestmark = pytest.mark.usefixtures("measured_processes")

EOD = ["download", "stock_history_eod", "AAPL,MSFT", "start_date=2024-10-01", "end_date=2024-11-04"]


@pytest.fixture(scope="module")
def simulated():
    """The URL of `thetatrio simulate`."""
    with subprocess.Popen(
        [*COMMAND, "simulate", "--contracts", "12"], stdout=subprocess.PIPE
    ) as process:
        line = process.stdout.readline().decode()
        yield PLACE.search(line)[0]
        process.kill()


def test_a_dataset_is_made_and_gone_on_with(simulated, monkeypatch, capsys, tmp_path):
    """Several symbols in one command; piped, a line says what is there, and nothing else."""
    arguments = (*EOD, "--out", str(tmp_path), "--format", "csv", "--url", simulated)
    said = []
    for _ in range(2):
        assert command(*arguments, monkeypatch=monkeypatch) in (0, None)
        said.append(capsys.readouterr())
        assert said[-1].err == ""
    assert said[0] == said[1]
    assert said[0].out.startswith(f"{tmp_path}: 4 of 4 parts of simulated data are there; 50 rows")
    assert len(list(tmp_path.rglob("*.csv"))) == 4
    whole = tree(tmp_path)
    next(tmp_path.rglob("*.csv")).write_bytes(b"x")
    for switch in ("--verify", "--retry-failed", "--force"):
        assert command(*arguments, switch, monkeypatch=monkeypatch) in (0, None)
        assert tree(tmp_path) == whole


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["stock_list_symbols"], "does not ask about days of one symbol"),
        (["stock_history_eod", "AAPL"], "must be given: start_date, end_date"),
        (["stock_histry_eod", "AAPL"], "did you mean stock_history_eod"),
        ([*EOD[1:3], "start_date=2024-11-02", "end_date=2024-11-01"], "is before start_date"),
    ],
)
def test_a_wrong_download_is_one_line(monkeypatch, capsys, tmp_path, arguments, words):
    """What is wrong is said in a line, and no folder is made."""
    arguments = ["download", *arguments, "--out", str(tmp_path / "none")]
    assert command(*arguments, monkeypatch=monkeypatch) == 1
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.count("\n") == 1
    assert not (tmp_path / "none").exists()


def test_a_url_is_refused_in_one_line(simulated, monkeypatch, capsys, tmp_path):
    """`download --out s3://...` makes no folder named `s3:`; it says that the path is a URL."""
    monkeypatch.chdir(tmp_path)
    arguments = ("download", "stock_history_eod", "AAPL", "start_date=2024-11-01")
    arguments += ("end_date=2024-11-04", "--out", "s3://bucket/x", "--url", simulated)
    assert command(*arguments, monkeypatch=monkeypatch) == 1
    assert "'s3://bucket/x' is a URL" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_leaves_whole_files_and_says_how_to_go_on(simulated, monkeypatch, tmp_path):
    """A real SIGINT: code 130, a line that says so, nothing unfinished; then the same command."""
    arguments = ["download", "option_history_quote", "SPY,QQQ", "expiration=*", "interval=1m"]
    arguments += ["start_date=2024-09-02", "end_date=2024-11-04", "--out", str(tmp_path)]
    whole = [*COMMAND, *arguments, "--format", "csv", "--url", simulated]
    journal = tmp_path / "_thetatrio" / "manifest.ndjson"
    with subprocess.Popen(whole, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while process.poll() is None and not (
            journal.exists() and b'"done"' in journal.read_bytes()
        ):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, b"")
    assert b"every file is whole; the same command goes on from there" in err
    assert err.count(b"\n") == 1
    assert not list((tmp_path / "_thetatrio" / "unfinished").iterdir())
    there = tree(tmp_path)
    assert len(there) < 40
    shorter = [word.replace("2024-09-02", "2024-10-28") for word in whole[len(COMMAND) :]]
    assert command(*shorter, monkeypatch=monkeypatch) in (0, None)
    assert all(tree(tmp_path)[name] == digest for name, digest in there.items() if "=" in name)


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals")
def test_progress_is_shown_to_people(simulated, tmp_path):
    """On a terminal there is a display of parts, rows, bytes, rate and time left."""
    import pty

    ours, theirs = pty.openpty()
    whole = [*COMMAND, *EOD, "--out", str(tmp_path), "--format", "csv", "--url", simulated]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(whole, stdout=subprocess.PIPE, stderr=theirs, env=environment) as process:
        os.close(theirs)
        out, shown = process.stdout.read(), b""
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:  # how Linux says that the other side is closed
            pass
        os.close(ours)
    assert process.returncode == 0
    assert b"4 of 4 parts" in out
    assert b"rows" in shown


def test_the_display_says_what_waits():
    """Rows, bytes, rate, time left; then the pause, or the requests that wait."""
    now = DownloadProgress(
        parts=100, done=40, no_data=1, pending=0, failed=0, running=8, rows=1_234_567,
        bytes=56_000_000, received=200_000_000, seconds=20.0, seconds_left=3700.4, waiting=3,
        paused_for=0.0,
    )  # fmt: skip
    assert download_command._line(now, 200) == (
        "1,234,567 rows, 56.0 MB, 10.0 MB/s, 1:01:40 left, 3 requests wait for a slot"
    )
    paused = DownloadProgress(100, 0, 0, 0, 0, 0, 0, 0, 0, 0.0, None, 3, 12.2)
    assert (
        download_command._line(paused, 200) == "0 rows, 0 B, the terminal is busy: paused for 12 s"
    )
    assert now.settled == 41


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (77, "1,234,567 rows, 56.0 MB, 10.0 MB/s, 1:01:40 left, 3 requests wait for a slot"),
        (76, "1,234,567 rows, 56.0 MB, 10.0 MB/s, 1:01:40 left, 3 requests wait for a slot"),
        (75, "1,234,567 rows, 56.0 MB, 10.0 MB/s, 1:01:40 left"),
        (47, "1,234,567 rows, 10.0 MB/s, 1:01:40 left"),
        (38, "1,234,567 rows, 1:01:40 left"),
        (20, "1:01:40 left"),
        (11, ""),
    ],
)
def test_a_narrow_window_loses_complete_parts_of_the_display(width, text):
    """What does not fit is left out as a whole: no number is cut, the time left goes last."""
    now = DownloadProgress(
        parts=100, done=40, no_data=1, pending=0, failed=0, running=8, rows=1_234_567,
        bytes=56_000_000, received=200_000_000, seconds=20.0, seconds_left=3700.4, waiting=3,
        paused_for=0.0,
    )  # fmt: skip
    assert download_command._line(now, width) == text


def test_the_line_at_the_end_says_what_is_not_there():
    """Parts without data and those to ask for again are counted."""
    report = DownloadReport("data", 10, 7, 2, 1, 3, 1000, 2_500_000_000_000_000, simulated=False)
    assert download_command._summary(report) == (
        "data: 7 of 10 parts are there; 1,000 rows in 2500.0 TB; 2 have no data;"
        " 1 are of days that are not over: ask again later"
    )


def test_a_terminal_that_is_gone_is_one_line_with_how_far_it_came(
    simulated, monkeypatch, capsys, tmp_path
):
    """The error and how to go on, in one line, code 1."""
    arguments = [*EOD, "--out", str(tmp_path), "--format", "csv"]
    assert command(*arguments, "--url", simulated, monkeypatch=monkeypatch) in (0, None)
    capsys.readouterr()
    longer = [word.replace("2024-10-01", "2024-08-01") for word in arguments]
    nobody = "http://127.0.0.1:9"
    assert command(*longer, "--url", nobody, monkeypatch=monkeypatch) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "cannot reach Theta Terminal" in said
    assert "4 of 8 parts are settled and stay so; run it again to go on" in said
