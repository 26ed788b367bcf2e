"""Fixtures for pytest: a simulated terminal, and a session with it, in every kind of test.

    async def test_it(theta_session):       # pytest-trio, pytest-asyncio or anyio's plugin
        assert await theta_session.stock.list_symbols()

    def test_that(theta_session):           # a plain test has a session of `thetatrio.sync`
        assert theta_session.stock.list_symbols().fetch()

The market's clock stands still until `theta_terminal.advance(seconds)`, and nothing is
streamed before that, opening quotes neither, but for what `emit` sends.
`@pytest.mark.theta_terminal(...)` has the arguments of `open_terminal`, and
`@pytest.mark.theta_session(...)` those of `open_session`.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Generator, Mapping
from types import ModuleType
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


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Make the fixture of pytest-asyncio's tests, if that plugin is active."""
    plugins = session.config.pluginmanager
    if plugins.hasplugin("asyncio"):
        plugins.register(_asyncio_fixtures(), "thetatrio-asyncio")


def _options(request: pytest.FixtureRequest, mark: str) -> Mapping[str, object]:
    found: dict[str, object] = {}
    node: pytest.Item = request.node
    for each in reversed(list(node.iter_markers(mark))):
        found.update(each.kwargs)
    return found


@pytest.fixture
def theta_terminal(request: pytest.FixtureRequest) -> Generator[SyncTerminal, None, None]:
    """Open a simulated terminal for one test; its market is silent until `advance`."""
    # Here, so that a run of tests that do not need it does not wait for it.
    from thetatrio.testing import StreamSettings
    from thetatrio.testing.sync import open_terminal

    options: dict[str, object] = {"stream": StreamSettings(speed=1e-9, opening=False)}
    options.update(_options(request, "theta_terminal"))
    with open_terminal(**cast("TerminalOptions", options)) as terminal:
        yield terminal


@pytest.fixture
def theta_session(request: pytest.FixtureRequest) -> Session | sync.Session:
    """Open a session with the terminal: a blocking one in a plain test, else the loop's.

    Fails with the setting to make, if no plugin runs the async test.
    """
    function: object = getattr(request, "function", None)
    if not inspect.iscoroutinefunction(function):
        blocking: sync.Session = request.getfixturevalue("_theta_blocking_session")
        return blocking
    runner = _runner(request)
    if runner is None:
        pytest.fail(_NO_RUNNER, pytrace=False)
    session: Session = request.getfixturevalue(f"_theta_{runner}_session")
    return session


_AUTO = (
    "theta_session: asyncio_mode = 'auto' has pytest-asyncio run the fixtures of trio's tests;"
    " set asyncio_mode = 'strict' in pytest's configuration, and mark asyncio's tests with"
    " @pytest.mark.asyncio"
)
_NO_RUNNER = (
    "theta_session: no plugin runs this async test. Mark it with @pytest.mark.trio"
    " (pytest-trio), @pytest.mark.asyncio (pytest-asyncio) or @pytest.mark.anyio (anyio), or"
    " set trio_mode = true, asyncio_mode = 'auto' or anyio_mode = 'auto' in pytest's"
    " configuration"
)


def _backend(request: pytest.FixtureRequest) -> str:
    """Return the event loop library of a test of anyio's."""
    name: str = request.getfixturevalue("anyio_backend_name")
    return name


def _runner(request: pytest.FixtureRequest) -> str | None:
    """Return which fixture's loop is that of an async test; None if nothing runs the test."""
    node: pytest.Item = request.node
    marks = {mark.name for mark in node.iter_markers()}
    if marks & {"trio", "anyio"}:  # which trio_mode and anyio_mode set on each async test
        if "asyncio" in marks and ("trio" in marks or _backend(request) == "trio"):
            pytest.fail(_AUTO, pytrace=False)
        return "async"
    # In its strict mode pytest-asyncio leaves fixtures alone that are not its own.
    is_asyncio = "asyncio" in marks and request.config.pluginmanager.hasplugin("asyncio")
    return "asyncio" if is_asyncio else None


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


def _asyncio_fixtures() -> ModuleType:
    """Return a module with the fixture of pytest-asyncio's tests, made with its own decorator."""
    import pytest_asyncio

    # A function of its own: the decorator marks it.
    async def session(  # noqa: ASYNC900  # pytest-asyncio closes it
        request: pytest.FixtureRequest, theta_terminal: SyncTerminal
    ) -> AsyncGenerator[Session, None]:
        from thetatrio import aio

        options = cast("ConfigOptions", _options(request, "theta_session"))
        async with aio.open_session(config=theta_terminal.config, **options) as opened:
            yield opened  # noqa: ASYNC119

    module = ModuleType("thetatrio.testing.pytest_plugin.asyncio")
    made = pytest_asyncio.fixture(session, name="_theta_asyncio_session")
    setattr(module, "_theta_asyncio_session", made)  # noqa: B010  # not known to a type checker
    return module
