"""thetatrio.testing.pytest_plugin: its fixtures, in a project that is not this one."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import textwrap
from importlib.metadata import entry_points
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("measured_processes")

ROOT = Path(__file__).parents[1]
INSTALLED = bool(entry_points(group="pytest11", name="thetatrio"))
LOADED = ("-p", "thetatrio.testing.pytest_plugin")

TESTS = """
import datetime as dt
import pytest
import thetatrio
from thetatrio import sync

AAPL = thetatrio.Stock("AAPL")

def test_plain(theta_terminal, theta_session):
    assert isinstance(theta_session, sync.Session)
    assert theta_session.simulated is None
    assert theta_session.stock.list_symbols().fetch()
    assert theta_terminal.ledger.total == 1
    with theta_session.stream.quotes(AAPL) as quotes:
        assert list(quotes.iterate(timeout=0.2)) == []  # the clock stands still
        theta_terminal.advance(30)
        first = quotes.receive(timeout=5)
        assert first.timestamp.time() == dt.time(9, 30)  # opening quotes came with it
        theta_terminal.advance(60)
        *_, last = quotes.iterate(timeout=0.2)
        assert 30 < (last.timestamp - first.timestamp).total_seconds() <= 90

@pytest.mark.trio
async def test_trio(theta_terminal, theta_session):
    assert type(theta_session) is thetatrio.Session
    assert await theta_session.stock.list_symbols()
    async with theta_session.stream.quotes(AAPL) as quotes:
        theta_terminal.advance(30)
        assert (await quotes.receive()).bid > 0

@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_anyio(theta_terminal, theta_session, anyio_backend):
    assert await theta_session.stock.list_symbols()
    async with theta_session.stream.quotes(AAPL) as quotes:
        theta_terminal.advance(30)
        assert (await quotes.receive()).bid > 0

@pytest.mark.theta_terminal(tier="free", seed=3)
@pytest.mark.theta_session(slots=1)
def test_marked(theta_terminal, theta_session):
    assert theta_terminal.call(lambda it: it.seed) == 3
    assert theta_session.config.tier == "free"
    assert theta_session.statistics().slots == 1
"""


ASYNCIO = """
import asyncio
import pytest
import thetatrio

pytestmark = pytest.mark.theta_session(slots=1)

@pytest.mark.asyncio
async def test_asyncio(theta_terminal, theta_session):
    assert asyncio.get_running_loop().is_running()
    assert await theta_session.stock.list_symbols()
    assert theta_session.config.slots == 1
    async with theta_session.stream.quotes(thetatrio.Stock("AAPL")) as quotes:
        theta_terminal.advance(30)
        assert (await quotes.receive()).bid > 0

@pytest.mark.trio
async def test_trio(theta_session):
    assert await theta_session.stock.list_symbols()

@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_anyio(theta_session, anyio_backend):
    assert await theta_session.stock.list_symbols()

def test_plain(theta_session):
    assert theta_session.stock.list_symbols().fetch()
"""

NO_ASYNCIO = ("-p", "no:asyncio")
# Without the setting pytest-asyncio itself warns, which is an error here.
WITH_ASYNCIO = ("-o", "asyncio_default_fixture_loop_scope=function")


def start(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder, with the plugin as an installed package has it."""
    if not (folder / "pytest.ini").exists():  # or the configuration of a folder above is used
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *(() if INSTALLED else LOADED),
         "-p", "no:cacheprovider", "-p", "no:randomly", "--strict-markers", "-W", "error",
         *arguments],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def run(folder: Path, *arguments: str) -> str:
    """Run pytest in a folder; return its output if all tests passed."""
    done = start(folder, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_fixtures_serve_every_kind_of_test(tmp_path):
    """Plain tests, pytest-trio's and anyio's have a terminal, its clock, and a session."""
    (tmp_path / "test_it.py").write_text(textwrap.dedent(TESTS), encoding="utf-8")
    assert "5 passed" in run(tmp_path, *NO_ASYNCIO)


def test_the_fixtures_serve_pytest_asyncio_in_its_strict_mode(tmp_path):
    """With pytest-asyncio's default mode, its tests, trio's, anyio's and plain ones all pass."""
    (tmp_path / "test_it.py").write_text(ASYNCIO, encoding="utf-8")
    assert "5 passed" in run(tmp_path, *WITH_ASYNCIO)


def test_the_fixtures_serve_pytest_asyncio_in_its_auto_mode(tmp_path):
    """Where pytest-asyncio takes all async tests, no mark is needed; those of trio are refused."""
    unmarked = ASYNCIO.replace("@pytest.mark.asyncio\n", "")
    (tmp_path / "test_it.py").write_text(unmarked, encoding="utf-8")
    auto = (*WITH_ASYNCIO, "-o", "asyncio_mode=auto")
    assert "2 passed" in run(tmp_path, *auto, "-k", "test_asyncio or test_plain")
    refused = start(tmp_path, *auto, "-k", "trio")
    assert refused.returncode == 1
    assert refused.stdout.count("set asyncio_mode = 'strict' in pytest's configuration") >= 2


def test_an_async_test_that_no_plugin_runs_names_the_setting(tmp_path):
    """An async test without a mark is one error that names the marks and the settings."""
    test = "async def test_it(theta_session):\n    pass\n"
    (tmp_path / "test_it.py").write_text(test, encoding="utf-8")
    refused = start(tmp_path, *WITH_ASYNCIO)
    assert refused.returncode == 1
    assert "no plugin runs this async test. Mark it with @pytest.mark.trio" in refused.stdout
    assert "asyncio_mode = 'auto'" in refused.stdout


EXAMPLE = (ROOT / "examples" / "test_strategy.py").read_text(encoding="utf-8")
# Each example test, and the lines that cause what it asserts: without one of them it fails.
CAUSES = {
    "test_it_buys_when_the_market_opens_above_the_mean": (
        "theta_terminal.advance(60)",
        "strategy.on_quote(quote.bid, quote.ask)",
        "strategy = Crossing(mean_of(bars))",
    ),
    "test_it_buys_on_a_quote_above_the_mean": (
        'theta_terminal.call(lambda it: it.stream.emit("QUOTE", AAPL, bid=101.0, ask=102.0))',
        "strategy.on_quote(quote.bid, quote.ask)",
        "strategy = Crossing(mean=100.0)",
    ),
}
# In place of a line that the rest of the test cannot do without.
INSTEAD = {
    "strategy = Crossing(mean_of(bars))": "strategy = Crossing(mean=1000.0)",
    "strategy = Crossing(mean=100.0)": "strategy = Crossing(mean=200.0)",
}


def without(text: str, test: str, line: str) -> str:
    """Return an example with one line of one test taken out, or changed to another cause."""
    before, name, body = text.partition(f"def {test}(")
    body, separator, after = body.partition("\n\n\n")
    changed = re.sub(
        rf"^( *){re.escape(line)}.*$", rf"\1{INSTEAD.get(line, 'pass')}", body, flags=re.MULTILINE
    )
    assert changed != body, f"{test} has no line {line}"
    return before + name + changed + separator + after


def test_every_example_test_has_its_causes_named():
    """The table below misses no test of the examples."""
    tests = {
        node.name
        for path in (ROOT / "examples").glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.name.startswith("test_")
    }
    assert tests == set(CAUSES)


def test_the_toy_strategy_is_tested(tmp_path):
    """The example's tests pass where they are copied to."""
    (tmp_path / "test_strategy.py").write_text(EXAMPLE, encoding="utf-8")
    assert "2 passed" in run(tmp_path, *NO_ASYNCIO)


def test_every_example_test_fails_without_its_cause(tmp_path):
    """An example test passes because of what it shows: with a cause taken out it fails."""
    cases = [(test, line) for test, lines in CAUSES.items() for line in lines]
    # Shorter, since what is waited for does not come.
    quick = EXAMPLE.replace("fail_after(5)", "fail_after(1)").replace("timeout=5", "timeout=1")
    assert quick != EXAMPLE
    for number, (test, line) in enumerate(cases):
        path = tmp_path / f"test_case_{number}.py"
        path.write_text(without(quick, test, line), encoding="utf-8")
    done = start(tmp_path, *NO_ASYNCIO, "-rA")
    for number, (test, line) in enumerate(cases):
        assert f"FAILED test_case_{number}.py::{test}" in done.stdout, (line, done.stdout)
        other = next(name for name in CAUSES if name != test)
        assert f"PASSED test_case_{number}.py::{other}" in done.stdout
