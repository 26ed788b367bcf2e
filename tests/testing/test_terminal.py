"""Opening, listening, leaving, shutting down, and what is refused before that."""

import datetime as dt
import errno
import gc
import os
import signal
import socket
import subprocess
import sys

import pytest
import trio

import thetatrio.testing.aio
import thetatrio.testing.sync
from tests.http_library import httpx
from tests.testing.client import STATUS, SYMBOLS, Client, ask_once, connected, small
from thetatrio.config import Config, Tier
from thetatrio.errors import InternalError, InvalidConfig, WrongCall
from thetatrio.testing import REAL_PORTS, Mute, Terminal, __main__, _terminal, open_terminal


async def test_it_listens_on_loopback():
    """A plain HTTP client talks to it; its config points a session at it."""
    async with open_terminal(tier="standard", contracts=12) as terminal:
        assert terminal.url == f"http://127.0.0.1:{terminal.port}"
        assert terminal.config == Config(
            base_url=terminal.url, stream_url=terminal.stream_url, tier="standard"
        )
        async with httpx.AsyncClient(base_url=terminal.url, trust_env=False) as client:
            answer = await client.get(SYMBOLS)
        assert answer.status_code == 200
        assert answer.headers["server"] == "thetatrio-simulator"
    with pytest.raises(OSError):
        await trio.open_tcp_stream("127.0.0.1", terminal.port)


@pytest.mark.parametrize("port", sorted(REAL_PORTS))
async def test_real_ports_are_refused(port):
    """A simulated terminal is never mistaken for a real one by its port."""
    with pytest.raises(InvalidConfig, match="real terminal"):
        async with open_terminal(port=port):
            raise AssertionError


async def test_real_ports_by_name(monkeypatch):
    """Asked for by name, such a port is taken."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    monkeypatch.setattr(_terminal, "REAL_PORTS", frozenset({free}))
    with pytest.raises(InvalidConfig):
        async with open_terminal(port=free):
            raise AssertionError
    async with open_terminal(port=free, allow_real_port=True) as terminal:
        assert terminal.port == free
        with pytest.raises(OSError, match="in use"):
            async with open_terminal(port=free, allow_real_port=True):
                raise AssertionError


async def test_the_bodys_exception_is_bare():
    """What the block raises comes out as it is, and the port is closed."""
    error = ValueError("mine")
    with pytest.raises(ValueError, match="mine") as caught:
        async with open_terminal() as terminal:
            raise error
    assert caught.value is error
    assert error.__context__ is None
    with pytest.raises(OSError):
        await trio.open_tcp_stream("127.0.0.1", terminal.port)


async def test_cancelling_the_block():
    """A cancelled block is left at once, answers in flight included."""
    async with trio.open_nursery() as nursery:
        with trio.move_on_after(30) as scope:
            async with open_terminal(faults=[Mute()]) as terminal:
                stream = await trio.open_tcp_stream("127.0.0.1", terminal.port)
                await Client(stream).ask(SYMBOLS)
                await terminal.ledger.wait_until(lambda ledger: ledger.in_flight == 1)
                scope.cancel()
                await trio.sleep_forever()
        assert scope.cancelled_caught
        assert not nursery.child_tasks
    assert terminal.ledger.in_flight == 0
    assert terminal.ledger.requests[0].outcome == "aborted"
    assert await stream.receive_some() == b""
    await stream.aclose()
    gc.collect()


async def test_leaving_ends_connections(autojump_clock):
    """Connections and requests in flight do not outlive their terminal's nursery."""
    terminal = small(faults=[Mute()])
    async with connected(terminal) as client:
        await client.ask(SYMBOLS)
        await terminal.ledger.wait_until(lambda ledger: ledger.in_flight == 1)
        terminal.stop()
        await terminal.ledger.wait_until(lambda ledger: ledger.connections == 0)
        assert await client.stream.receive_some() == b""
    assert terminal.ledger.in_flight == 0


async def test_shutdown():
    """A shutdown is answered `OK`; then nothing is accepted or served any more."""
    async with open_terminal(contracts=12) as terminal:
        other = await trio.open_tcp_stream("127.0.0.1", terminal.port)
        async with httpx.AsyncClient(base_url=terminal.url, trust_env=False) as client:
            answer = await client.get("/v3/terminal/shutdown")
        assert (answer.status_code, answer.text) == (200, "OK")
        await terminal.shut_down.wait()
        async with other:
            assert await other.receive_some() == b""
        await terminal.ledger.wait_until(lambda ledger: ledger.connections == 0)
        with pytest.raises(OSError):
            await trio.open_tcp_stream("127.0.0.1", terminal.port)


async def test_a_stopped_terminal_serves_nobody(autojump_clock):
    """Streams given to it after its end are closed."""
    terminal = small()
    terminal.stop()
    async with connected(terminal) as client:
        assert await client.stream.receive_some() == b""
    assert terminal.shut_down.is_set()


async def test_a_crash_is_ours(monkeypatch):
    """A defect in a background task comes out as a defect, with its cause."""

    async def crash(self, stream):
        await stream.aclose()
        raise ZeroDivisionError

    monkeypatch.setattr(Terminal, "serve", crash)
    with pytest.raises(InternalError) as caught:
        async with open_terminal() as terminal:
            async with await trio.open_tcp_stream("127.0.0.1", terminal.port):
                await trio.sleep_forever()
    assert caught.value.__cause__ is not None


def test_options_are_checked_at_once():
    """Everything wrong is named in one error."""
    with pytest.raises(InvalidConfig) as caught:
        Terminal(
            day="someday", tier="gold", contracts=1, queue=129, latency=-1.0,
            answers="odd", json_shape="round",
        )  # fmt: skip
    text = str(caught.value)
    for name in ("day", "tier", "contracts", "queue", "latency", "answers", "json_shape"):
        assert name in text
    assert len(caught.value.problems) == 7
    with pytest.raises(InvalidConfig, match="2030"):
        Terminal(day="2031-01-02")


async def test_a_terminal_without_sockets(autojump_clock):
    """It needs no port; its settings may be given as values or text."""
    terminal = Terminal(day=dt.date(2024, 11, 4), tier=Tier.VALUE)
    assert terminal.port is None
    assert terminal.tier is Tier.VALUE
    assert terminal.config.base_url == terminal.url
    assert (await ask_once(terminal, STATUS)).text == "CONNECTED"


def test_command_refuses_real_ports(capsys):
    """The command line keeps off real ports, too, and says so in a line."""
    assert __main__.main(["--port", "25503"]) == 1
    assert "allow_real_port" in capsys.readouterr().err


def test_command_ends_on_shutdown(capsys, monkeypatch):
    """The command prints where it is and how to use it, and ends when shut down."""

    class Opened:
        url = "http://127.0.0.1:1"
        stream_url = "ws://127.0.0.1:2/v1/events"
        shut_down = trio.Event()

        async def __aenter__(self):
            self.shut_down.set()
            return self

        async def __aexit__(self, *_):
            return None

    monkeypatch.setattr(__main__, "open_terminal", lambda **_: Opened())
    assert __main__.main([]) == 0
    out = capsys.readouterr().out
    assert "http://127.0.0.1:1" in out
    assert 'open_session(base_url="http://127.0.0.1:1", stream_url="ws://127.0.0.1:2/v1' in out


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent as SIGINT")
def test_command_ends_on_ctrl_c():
    """Ctrl-C ends it with status 0 and no traceback."""
    command = [sys.executable, "-m", "thetatrio.testing", "--contracts", "12"]
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True) as process:
        assert "simulated terminal at http://127.0.0.1:" in process.stdout.readline()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


def test_command_reports_ctrl_c(monkeypatch):
    """An interrupt is an ordinary end."""

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(__main__, "run_interruptibly", interrupt)
    assert __main__.main([]) == 0


async def test_a_port_that_is_taken_is_named():
    """The error of a port that another program has names the port and what to choose."""
    async with open_terminal(contracts=12) as terminal:
        with pytest.raises(
            OSError, match=rf"port {terminal.port} of 127.0.0.1: .*in use"
        ) as caught:
            async with open_terminal(port=terminal.port):
                raise AssertionError("two listen on one port")
        assert caught.value.errno == errno.EADDRINUSE
        assert "0 for a free one" in str(caught.value)
        with pytest.raises(OSError, match=rf"port {terminal.stream_port} of"):
            async with open_terminal(stream_port=terminal.stream_port):
                raise AssertionError("two listen on one port")


@pytest.mark.parametrize("port", ["5", -1, 65_536, True, 5.0, None])
async def test_what_is_no_port_is_refused(port):
    """A port is a whole number up to 65535; anything else is InvalidConfig."""
    with pytest.raises(InvalidConfig, match="expected a number from 0 to 65535"):
        async with open_terminal(port=port):
            raise AssertionError("it listens")


async def test_an_option_that_does_not_exist_is_named_with_a_near_one():
    """A misspelled option of the terminal is WrongCall with what was meant."""
    for module in (thetatrio.testing, thetatrio.testing.aio):
        with pytest.raises(WrongCall, match="no option 'sed'; did you mean 'seed'"):
            async with module.open_terminal(sed=7):
                raise AssertionError("it listens")
    with pytest.raises(WrongCall, match="no option 'sed'; did you mean 'seed'"):
        with thetatrio.testing.sync.open_terminal(sed=7):
            raise AssertionError("it listens")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": "7"}, "seed must be a whole number, not '7'"),
        ({"contracts": "12"}, "contracts must be 2 or more"),
        ({"queue": None}, "queue must be 0 to 128"),
        ({"latency": "slow"}, "latency must be seconds from 0"),
        ({"stream": {"speed": 5}}, r"stream must be StreamSettings\(...\)"),
    ],
)
def test_options_of_a_wrong_type_are_named(options, message):
    """An option of another type is InvalidConfig, not an error of a comparison."""
    with pytest.raises(InvalidConfig, match=message):
        Terminal(**options)
