"""README, examples and docstrings: whatever is shown runs, on the simulated terminal."""

from __future__ import annotations

import functools
import inspect
import re
import runpy
import textwrap
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

import thetatrio
from thetatrio import aio, sync
from thetatrio.testing import StreamSettings, Terminal, open_terminal

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted((ROOT / "docs").glob("*.md"))
# So that something comes soon where nobody asked for a faster market.
STREAM = StreamSettings(speed=30.0, start="10:00")


@pytest.fixture(scope="module")
def opened():
    """`open_session` with a simulated terminal that runs in a thread of its own."""
    with serving() as terminal:
        yield opener(terminal)


@pytest.fixture(scope="module")
def opened_small():
    """The same with few options, for what is about all of a day's."""
    with serving(contracts=8) as terminal:
        yield opener(terminal)


@pytest.fixture(scope="module")
def opened_v2():
    """The same with a v2 terminal."""
    with serving(api="v2") as terminal:
        yield opener(terminal)


@pytest.fixture(scope="module")
def opened_for(opened, opened_v2):
    """`open_session` for a page of the documentation: the one about v2 has such a terminal."""
    return lambda page: opened_v2 if page.stem == "v2" else opened


def opener(terminal: Terminal):
    """Return `open_session` with the addresses of a terminal, and patience with a busy machine."""
    return functools.partial(
        thetatrio.open_session,
        base_url=terminal.url,
        stream_url=terminal.stream_url,
        api=terminal.config.api,
        connect_timeout=60.0,
        ack_timeout=60.0,
    )


@contextmanager
def serving(**options: Any):
    """Run a simulated terminal in a thread."""
    terminals: list[Terminal] = []
    ready = threading.Event()
    leave: list[trio.CancelScope] = []
    token: list[trio.lowlevel.TrioToken] = []

    async def main():
        with trio.CancelScope() as scope:
            leave.append(scope)
            token.append(trio.lowlevel.current_trio_token())
            async with open_terminal(stream=STREAM, **options) as terminal:
                terminals.append(terminal)
                ready.set()
                await trio.sleep_forever()

    thread = threading.Thread(target=trio.run, args=(main,))
    thread.start()
    assert ready.wait(10)
    yield terminals[0]
    trio.from_thread.run_sync(leave[0].cancel, trio_token=token[0])
    thread.join(10)


@pytest.mark.parametrize("code", BLOCK.findall(README), ids=lambda code: code.strip()[-30:])
def test_code_in_the_readme_runs(code, opened, monkeypatch, capsys):
    """Each block of the README is a program that prints something."""
    if "open_terminal" not in code:  # a block that means the terminal on its default port
        monkeypatch.setattr(thetatrio, "open_session", opened)
        for face in (aio, sync):
            mine = functools.partial(face.open_session, **opened.keywords)
            monkeypatch.setattr(face, "open_session", mine)
    exec(compile(code, "README.md", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out


def test_the_readme_has_code():
    """The pattern that finds the blocks finds them."""
    assert len(BLOCK.findall(README)) == README.count("```python") >= 2


def blocks_of(page: Path) -> list[str]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder of its own as the current one: what is shown may make files."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_page_begins_with_a_program(page, opened_for, monkeypatch, capsys):
    """The first block of a page is a whole program, which the others have their names from."""
    first = blocks_of(page)[0]
    monkeypatch.setattr(thetatrio, "open_session", opened_for(page))
    exec(compile(first, page.name, "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(
    ("page", "code"),
    [(page, code) for page in PAGES for code in blocks_of(page)[1:]],
    ids=lambda each: each.name if isinstance(each, Path) else each.strip()[-30:],
)
async def test_code_in_the_pages_runs(page, code, opened_for, monkeypatch, capsys):
    """Each further block runs with an open `session` and the names before its page's program."""
    names, _, _ = blocks_of(page)[0].partition("\n\n\n")
    scope: dict[str, object] = {}
    exec(compile(names, page.name, "exec"), scope)
    body = textwrap.indent(code, "    ")
    exec(compile(f"async def shown(session):\n{body}", page.name, "exec"), scope)
    with trio.fail_after(120):
        async with opened_for(page)() as session:
            await scope["shown"](session)
    assert capsys.readouterr().out


# Those that are tests themselves are run in test_pytest_plugin.py.
PROGRAMS = [
    path for path in sorted((ROOT / "examples").glob("*.py")) if not path.name.startswith("test_")
]


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: p.name)
def test_examples_run(path, monkeypatch, capsys):
    """Each example runs without arguments, prints something, and is short."""
    monkeypatch.setattr("sys.argv", [str(path)])
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out
    assert len(path.read_text(encoding="utf-8").splitlines()) < 45


def shown_code(documented) -> str | None:
    """Return the indented block that ends a docstring, if there is one."""
    blocks = re.findall(r"(?:^    .*\n|^\n)+\Z", inspect.getdoc(documented) + "\n", re.MULTILINE)
    code = textwrap.dedent(blocks[-1]) if blocks else ""
    return code if "session" in code or "query" in code else None


SHOWN = (
    {
        f"{owner.__name__}.{name}": shown_code(member)
        for owner in (
            *(thetatrio.Session, thetatrio.TerminalControl, thetatrio.Query),
            thetatrio.Stream,
        )
        for name, member in vars(owner).items()
        if not name.startswith("_") and inspect.getdoc(member)
    }
    | {
        operation: shown_code(request)
        for operation, request in thetatrio.requests.operations().items()
    }
    | {
        operation: shown_code(request)
        for operation, request in thetatrio.requests.v2.operations().items()
    }
    | {"open_session": shown_code(thetatrio.open_session)}
)


@pytest.mark.parametrize("name", [name for name, code in SHOWN.items() if code])
async def test_code_in_docstrings_runs(name, request, tmp_path, monkeypatch, capsys):
    """What `help()` shows runs as it stands."""
    monkeypatch.chdir(tmp_path)
    few = "flat_file" in name or "full_trades" in name
    which = "opened_v2" if name in thetatrio.requests.v2.operations() else "opened"
    opened = request.getfixturevalue("opened_small" if few else which)
    scope = {"thetatrio": thetatrio}
    body = textwrap.indent(SHOWN[name], "    ")
    source = f"async def shown(session, query):\n{body}"
    exec(compile(source, name, "exec"), scope)
    monkeypatch.setattr(thetatrio, "open_session", opened)
    async with opened() as session:
        query = session.stock.history_ohlc("AAPL", date="2024-11-04", interval="1m")
        query.close()
        await scope["shown"](session, query)
    assert capsys.readouterr().out or "rows" in body


def test_every_operation_shows_code():
    """No operation's documentation is without its example."""
    requests = thetatrio.requests
    assert [name for name in requests.operations() if not SHOWN[name]] == []
    assert [name for name in requests.v2.operations() if not SHOWN[name]] == []
    shown = {name for name, code in SHOWN.items() if code}
    assert {"Session.gather", "Session.as_completed", "Session.get", "Query.rows"} <= shown
    assert {"Query.batches", "TerminalControl.mdds_status", "open_session"} <= shown
    kinds = ("quotes", "trades", "ohlc", "prices", "market_values", "full_trades", "subscribe")
    assert {f"Stream.{name}" for name in (*kinds, "states")} <= shown


SHOWN_SYNC = {
    f"{owner.__name__}.{name}": shown_code(member)
    for owner in (sync.Session, sync.Query, sync.TerminalControl, sync.Stream)
    for name, member in vars(owner).items()
    if not name.startswith("_") and inspect.getdoc(member)
} | {"open_session": shown_code(sync.open_session), "connect": shown_code(sync.connect)}


@pytest.mark.parametrize("name", [name for name, code in SHOWN_SYNC.items() if code])
def test_code_in_docstrings_of_the_blocking_face_runs(name, opened, tmp_path, monkeypatch, capsys):
    """What `help()` shows of `thetatrio.sync` runs as it stands."""
    monkeypatch.chdir(tmp_path)
    scope = {"thetatrio": thetatrio, "sync": sync}
    body = textwrap.indent(SHOWN_SYNC[name], "    ")
    exec(compile(f"def shown(session, query):\n{body}", name, "exec"), scope)
    for opener in ("open_session", "connect"):
        mine = functools.partial(getattr(sync, opener), **opened.keywords)
        monkeypatch.setattr(sync, opener, mine)
    with sync.open_session() as session:
        query = session.stock.history_ohlc("AAPL", date="2024-11-04", interval="1m")
        assert query.fetch()
        scope["shown"](session, query)
    assert capsys.readouterr().out or "rows" in body
