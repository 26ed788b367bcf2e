"""The command with standard streams that are closed or full, and ended by signals."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.test_cli import COMMAND, PLACE

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="POSIX shells and signals"),
    pytest.mark.usefixtures("measured_processes"),
]

BARS = "fetch stock_history_ohlc AAPL date=2024-11-04 interval=1h"
FULL = Path("/dev/full")


@contextmanager
def running(*arguments, shell=""):
    """Run the command as a process of its own, which is killed in the end if it still runs.

    Args:
        arguments: Those of the command.
        shell: What a shell does before it becomes the command.
    """
    with subprocess.Popen(
        ["/bin/sh", "-c", f'{shell or ":"}; exec "$0" "$@"', *COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def url():
    """The URL of a `thetatrio simulate` process."""
    with running("simulate", "--contracts", "12") as process:
        yield PLACE.search(process.stdout.readline())[0]
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
        assert (process.returncode, errors) == (0, "ended\n")


def in_shell(command: str, streams: str, *, unbuffered: bool = False):
    """Run a command with a shell's redirections; return its result."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    if unbuffered:
        environment["PYTHONUNBUFFERED"] = "1"
    program = '"$0" -c "from thetatrio.cli import main; main()"'
    return subprocess.run(
        ["/bin/sh", "-c", f"{program} {command} {streams}", sys.executable],
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("command", "unbuffered"),
    [("--version", False), ("--version", True), ("--help", False), (BARS, False), ("status", True)],
)
def test_closed_stdout_is_an_error_in_one_line(url, command, unbuffered):
    """Output that nobody gets is one line on stderr and code 1, buffered or not."""
    where = f"--url {url}" if command in (BARS, "status") else ""
    result = in_shell(f"{command} {where}", ">&-", unbuffered=unbuffered)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "thetatrio: cannot write to standard output (Bad file descriptor)\n"


@pytest.mark.skipif(not FULL.exists(), reason="Linux has a device that is always full")
@pytest.mark.parametrize(
    ("command", "unbuffered"),
    [("--version", False), ("--version", True), (BARS, False), (BARS + " --format table", True)],
)
def test_a_full_disk_is_an_error_in_one_line(url, command, unbuffered):
    """What does not fit onto stdout's disk is one line on stderr and code 1, buffered or not."""
    where = "" if command == "--version" else f"--url {url}"
    result = in_shell(f"{command} {where}", f"> {FULL}", unbuffered=unbuffered)
    assert result.returncode == 1
    assert result.stderr == (
        "thetatrio: cannot write to standard output (No space left on device)\n"
    )


def test_download_and_simulate_need_no_stdout(url, tmp_path):
    """Commands whose work is not their output do it with stdout closed."""
    arguments = f"stock_history_eod AAPL start_date=2024-10-01 end_date=2024-10-31 --out {tmp_path}"
    result = in_shell(f"download {arguments} --url {url}", ">&-")
    assert (result.returncode, result.stderr) == (0, "")
    assert list(tmp_path.rglob("part*.parquet"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    arguments = ("simulate", "--contracts", "12", "--port", str(port))
    with running(*arguments, shell="exec >&-") as process:
        deadline = time.monotonic() + 60
        while True:  # until it serves
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < deadline
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "ended\n")


@pytest.mark.parametrize(
    "streams", ["2>&-", "<&-", pytest.param("2>/dev/full", marks=pytest.mark.skipif(
        not FULL.exists(), reason="Linux has a device that is always full"))],
)  # fmt: skip
def test_other_closed_streams_change_nothing(url, streams):
    """Without stdin or stderr a command has the same output and exit code as with them."""
    good = in_shell(f"{BARS} --url {url}", streams)
    assert (good.returncode, good.stdout.count("\n"), good.stderr) == (0, 8, "")
    assert in_shell("operations xyzzy", streams).returncode == 1
    assert in_shell("nope", streams).returncode == 2


def test_all_streams_closed_is_only_an_exit_code(url):
    """With nothing to write to, the exit code still tells failure from success."""
    assert in_shell(f"{BARS} --url {url}", "<&- >&- 2>&-").returncode == 1
    assert in_shell("nope", "<&- >&- 2>&-").returncode == 2


def test_output_never_goes_into_another_file(url, tmp_path):
    """A file that is opened while stdout is closed does not get the output's number."""
    target = tmp_path / "bars.csv"
    result = in_shell(f"{BARS} --url {url} --out {target}", ">&-")
    assert (result.returncode, result.stderr) == (0, f"{target}: {target.stat().st_size} bytes\n")
    assert target.read_text(encoding="utf-8").startswith("timestamp,open")


@contextmanager
def mute_server():
    """A server that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        yield server, server.getsockname()[1]


COMMANDS_THAT_WAIT = {
    "status": "status --url http://127.0.0.1:{port}",
    "fetch": BARS + " --url http://127.0.0.1:{port}",
    "chain": "chain SPY --expiration 2024-11-15 --url http://127.0.0.1:{port}",
    "demo": "demo --url http://127.0.0.1:{port}",
    "stream": "stream quotes SPY --stream-url ws://127.0.0.1:{port}",
}


@pytest.mark.parametrize(
    ("name", "number", "code"),
    [
        *((name, "SIGTERM", 143) for name in COMMANDS_THAT_WAIT),
        ("status", "SIGHUP", 129),
        ("fetch", "SIGINT", 130),
    ],
)
def test_signals_end_a_command_that_waits(name, number, code):
    """SIGTERM, SIGHUP and Ctrl-C end every command at once, with their code and no traceback."""
    with mute_server() as (server, port):
        words = COMMANDS_THAT_WAIT[name].format(port=port).split()
        with running(*words) as process:
            connection, _ = server.accept()
            with connection:
                process.send_signal(getattr(signal, number))
                _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (code, "")


def test_sigterm_ends_a_download_as_ctrl_c_does(tmp_path):
    """A download that SIGTERM ends says how to go on; its exit code is the signal's."""
    with mute_server() as (server, port):
        words = ["stock_history_eod", "AAPL", "start_date=2024-10-01", "end_date=2024-10-31"]
        where = ("--out", str(tmp_path), "--url", f"http://127.0.0.1:{port}")
        with running("download", *words, *where) as process:
            connection, _ = server.accept()
            with connection:
                process.send_signal(signal.SIGTERM)
                _, errors = process.communicate(timeout=30)
    assert process.returncode == 143
    assert errors.startswith("stopped: 0 of")


def test_sigterm_ends_a_fetch_whose_reader_is_slow(url):
    """A pipe that nobody reads does not keep SIGTERM from ending the command."""
    words = [
        "fetch",
        "option_history_quote",
        "SPY",
        "expiration=*",
        "date=2024-11-04",
        "interval=1s",
    ]
    for extra in ([], ["--format", "table"]):
        with running(*words, "--url", url, *extra) as process:
            assert process.stdout.read(1)  # then the pipe fills up
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        assert process.returncode == 143


def test_an_ignored_signal_stays_ignored():
    """Under `nohup` SIGHUP does not end a command."""
    with mute_server() as (server, port):
        words = COMMANDS_THAT_WAIT["status"].format(port=port).split()
        with running(*words, shell="trap '' HUP") as process:
            connection, _ = server.accept()
            with connection:
                process.send_signal(signal.SIGHUP)
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=30)
    assert process.returncode == 143


def can_unshare() -> bool:
    unshare = shutil.which("unshare")
    command = [unshare, "--user", "--map-root-user", "--pid", "--fork", "true"]
    return (
        unshare is not None
        and not subprocess.run(command, check=False, capture_output=True).returncode
    )


def test_sigterm_ends_process_1_of_a_container():
    """As process 1, to which the kernel delivers no signal without a handler, SIGTERM works too."""
    if not can_unshare():
        pytest.skip("this machine makes no process namespaces")
    with mute_server() as (server, port):
        words = COMMANDS_THAT_WAIT["status"].format(port=port).split()
        prefix = ["unshare", "--user", "--map-root-user", "--pid", "--fork"]
        with subprocess.Popen(
            [*prefix, *COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                connection, _ = server.accept()
                with connection:
                    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
                    (child,) = children.read_text().split()
                    os.kill(int(child), signal.SIGTERM)
                    _, errors = process.communicate(timeout=30)
            finally:
                process.kill()
    assert (process.returncode, errors) == (143, "")
