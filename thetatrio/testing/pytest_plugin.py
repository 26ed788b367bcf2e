"""Fixtures for pytest: a simulated terminal, and a session with it, in every kind of test.

    async def test_it(theta_session):       # pytest-trio, or anyio's plugin
        assert await theta_session.stock.list_symbols()

    def test_that(theta_session):           # a plain test has a session of `thetatrio.sync`
        assert theta_session.stock.list_symbols().fetch()

The market's clock stands still until `theta_terminal.advance(seconds)`.
`@pytest.mark.theta_terminal(...)` has the arguments of `open_terminal`, and
`@pytest.mark.theta_session(...)` those of `open_session`.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Generator, Mapping
from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from thetatrio import Session, sync
    from thetatrio.config import ConfigOptions
    from thetatrio.testing._terminal import TerminalOptions
    from thetatrio.testing.sync import SyncTerminal

__all__ = ["theta_session", "theta_terminal"]


def pytest_configure(config: pytest.Config) -> None:
    """Make the marks known."""
    config.addinivalue_line(
        "markers", "theta_terminal(**options): how theta_terminal behaves, as open_terminal's"
    )
    config.addinivalue_line(
        "markers", "theta_session(**options): settings of theta_session, as open_session's"
    )


def _options(request: pytest.FixtureRequest, mark: str) -> Mapping[str, object]:
    found: dict[str, object] = {}
    node: pytest.Item = request.node
    for each in reversed(list(node.iter_markers(mark))):
        found.update(each.kwargs)
    return found


@pytest.fixture
def theta_terminal(request: pytest.FixtureRequest) -> Generator[SyncTerminal, None, None]:
    """Open a simulated terminal for one test; its market stands still until `advance`."""
    # Here, so that a run of tests that do not need it does not wait for it.
    from thetatrio.testing import StreamSettings
    from thetatrio.testing.sync import open_terminal

    options: dict[str, object] = {"stream": StreamSettings(speed=1e-9)}
    options.update(_options(request, "theta_terminal"))
    with open_terminal(**cast("TerminalOptions", options)) as terminal:
        yield terminal


@pytest.fixture
def theta_session(request: pytest.FixtureRequest) -> Session | sync.Session:
    """Open a session with the terminal: a blocking one in a plain test, else the loop's."""
    function: object = getattr(request, "function", None)
    kind = "async" if inspect.iscoroutinefunction(function) else "blocking"
    found: Session | sync.Session = request.getfixturevalue(f"_theta_{kind}_session")
    return found


@pytest.fixture
def _theta_blocking_session(
    request: pytest.FixtureRequest, theta_terminal: SyncTerminal
) -> Generator[sync.Session, None, None]:
    from thetatrio import sync

    options = cast("ConfigOptions", _options(request, "theta_session"))
    with sync.open_session(config=theta_terminal.config, **options) as session:
        yield session


@pytest.fixture
async def _theta_async_session(
    request: pytest.FixtureRequest, theta_terminal: SyncTerminal
) -> AsyncGenerator[Session, None]:
    from thetatrio import aio

    options = cast("ConfigOptions", _options(request, "theta_session"))
    async with aio.open_session(config=theta_terminal.config, **options) as session:
        yield session
