"""thetatrio.testing.pytest_plugin: its fixtures, in a project that is not this one."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from importlib.metadata import entry_points
from pathlib import Path

ROOT = Path(__file__).parents[1]
INSTALLED = bool(entry_points(group="pytest11", name="thetatrio"))
LOADED = ("-p", "thetatrio.testing.pytest_plugin")

TESTS = """
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
        opening = list(quotes.iterate(timeout=0.2))  # then the clock stands still
        assert len({quote.timestamp for quote in opening}) <= 1
        theta_terminal.advance(30)
        first = quotes.receive(timeout=5)
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


def run(folder: Path, *arguments: str) -> str:
    """Run pytest in a folder, with the plugin as an installed package has it."""
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *(() if INSTALLED else LOADED),
         "-p", "no:cacheprovider", "-p", "no:asyncio", "--strict-markers", "-W", "error",
         *arguments],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


def test_the_fixtures_serve_every_kind_of_test(tmp_path):
    """Plain tests, pytest-trio's and anyio's have a terminal, its clock, and a session."""
    (tmp_path / "test_it.py").write_text(textwrap.dedent(TESTS), encoding="utf-8")
    assert "5 passed" in run(tmp_path)


def test_the_toy_strategy_is_tested(tmp_path):
    """The example's tests pass where they are copied to."""
    text = (ROOT / "examples" / "test_strategy.py").read_text(encoding="utf-8")
    (tmp_path / "test_strategy.py").write_text(text, encoding="utf-8")
    assert "2 passed" in run(tmp_path)
