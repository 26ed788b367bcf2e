"""README, examples and docstrings: whatever is shown runs, on the simulated terminal."""

from __future__ import annotations

import ast
import functools
import inspect
import os
import re
import runpy
import signal
import socket
import subprocess
import sys
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
# Blocks marked ```python no-run show what one had before; they are other libraries' code.
FENCE = re.compile(r"^ *(?:```|~~~)[ {]*(py.*)$", re.MULTILINE)
PAGES = sorted(
    page
    for page in (ROOT / "docs").rglob("*.md")
    if "_build" not in page.parts and BLOCK.search(page.read_text("utf-8"))
)
PROGRAM = re.compile(
    r"^(trio|asyncio|anyio)\.run\(|\A(?:import|from) (?s:.*)^with sync\.open_session\(",
    re.MULTILINE,
)
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


def open_with(opened, monkeypatch):
    """Have all faces open their sessions with a simulated terminal."""
    monkeypatch.setattr(thetatrio, "open_session", opened)
    for face in (aio, sync):
        for name in ("open_session", "connect"):
            if hasattr(face, name):
                mine = functools.partial(getattr(face, name), **opened.keywords)
                monkeypatch.setattr(face, name, mine)


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
        open_with(opened, monkeypatch)
    exec(compile(code, "README.md", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out


def test_the_readme_has_code():
    """The pattern that finds the blocks finds them."""
    assert len(BLOCK.findall(README)) == README.count("```python") >= 2


def test_no_code_of_the_pages_is_passed_over():
    """Whatever is shown as Python is found and run, or says that it is another library's."""
    for page in (ROOT / "docs").rglob("*.md"):
        if "_build" not in page.parts:
            text = page.read_text(encoding="utf-8")
            shown = FENCE.findall(text)
            assert set(shown) <= {"python", "python no-run"}, page
            assert len(BLOCK.findall(text)) == shown.count("python"), page
    assert len(PAGES) > 10


def blocks_of(page: Path) -> list[str]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder of its own as the current one: what is shown may make files."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("elsewhere", "sigterm_restored")
@pytest.mark.parametrize(
    ("page", "code"),
    [
        (page, code)
        for page in PAGES
        for number, code in enumerate(blocks_of(page))
        if not number or PROGRAM.search(code)
    ],
    ids=lambda each: each.name if isinstance(each, Path) else each.strip()[-30:],
)
def test_programs_in_the_pages_run(page, code, opened_for, monkeypatch, capsys):
    """The first block of a page is a whole program, and so is each that runs a loop."""
    if "open_terminal" not in code:
        open_with(opened_for(page), monkeypatch)
    exec(compile(code, page.name, "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(
    ("page", "code"),
    [(page, code) for page in PAGES for code in blocks_of(page)[1:] if not PROGRAM.search(code)],
    ids=lambda each: each.name if isinstance(each, Path) else each.strip()[-30:],
)
async def test_code_in_the_pages_runs(page, code, opened_for, monkeypatch, capsys):
    """Each other block runs with an open `session` and the names before its page's program."""
    opened = opened_for(page)
    if "open_terminal" not in code:
        open_with(opened, monkeypatch)
    names, _, _ = blocks_of(page)[0].partition("\n\n\n")
    scope: dict[str, object] = {}
    exec(compile(names, page.name, "exec"), scope)
    body = textwrap.indent(code, "    ")
    exec(compile(f"async def shown(session):\n{body}", page.name, "exec"), scope)
    with trio.fail_after(120):
        async with opened() as session:
            await scope["shown"](session)
    assert capsys.readouterr().out


# Those that are tests themselves are run in test_pytest_plugin.py.
PROGRAMS = [
    path for path in sorted((ROOT / "examples").glob("*.py")) if not path.name.startswith("test_")
]


@pytest.fixture
def sigterm_restored():
    """Whatever a program makes of signals, this process has what it had."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("name", ["streaming_example.py", "resumable_download.py"])
def test_sigterm_ends_an_example_as_ctrl_c_does(name, tmp_path):
    """An example that waits for its terminal ends as by Ctrl-C, also if Ctrl-C was ignored."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        mute.settimeout(60)
        scheme = "ws" if name.startswith("stream") else "http"
        url = f"{scheme}://127.0.0.1:{mute.getsockname()[1]}"
        arguments = [url] if scheme == "ws" else [url, str(tmp_path)]
        ignoring = ["/bin/sh", "-c", 'trap "" INT; exec "$0" "$@"']
        with subprocess.Popen(
            [*ignoring, sys.executable, str(ROOT / "examples" / name), *arguments],
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                connection, _ = mute.accept()
                with connection:
                    process.send_signal(signal.SIGTERM)
                    _, errors = process.communicate(timeout=60)
            finally:
                process.kill()
    assert process.returncode == -signal.SIGINT
    assert errors.rstrip().endswith("KeyboardInterrupt")


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: p.name)
@pytest.mark.usefixtures("elsewhere", "sigterm_restored")
def test_examples_run(path, monkeypatch, capsys):
    """Each example runs without arguments, prints something, and is short."""
    monkeypatch.setattr("sys.argv", [str(path)])
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out
    assert len(path.read_text(encoding="utf-8").splitlines()) < 45


def run_with(name: str, argument: Path) -> None:
    """Run an example with a file as its argument."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", [name, str(argument)])
        runpy.run_path(str(ROOT / "examples" / name), run_name="__main__")


@pytest.mark.usefixtures("sigterm_restored")
def test_the_picture_of_a_smile_is_one(tmp_path):
    """The example's file is a PNG of some size, with more than one colour."""
    from matplotlib import image

    run_with("volatility_smile.py", tmp_path / "smile.png")
    picture = image.imread(tmp_path / "smile.png")
    assert picture.shape[:2] == (675, 1200)
    assert len({tuple(pixel) for row in picture[::5] for pixel in row[::5]}) > 3


@pytest.mark.usefixtures("sigterm_restored")
def test_the_file_of_a_feed_has_its_trades(tmp_path):
    """The example's Parquet file has a row for each trade it read, in row groups, of both kinds."""
    import pyarrow.parquet as pq

    run_with("feed_to_parquet.py", tmp_path / "trades.parquet")
    file = pq.ParquetFile(tmp_path / "trades.parquet")
    assert (file.metadata.num_rows, file.metadata.num_row_groups) == (200, 4)
    trades = file.read().to_pylist()
    assert [t["timestamp"] for t in trades] == sorted(t["timestamp"] for t in trades)
    assert {t["symbol"] for t in trades} == {"SPY"}


def shown_code(documented) -> str | None:
    """Return the code that ends a docstring, if there is any.

    It is indented, but for code that follows a summary with nothing between: the
    formatter takes the indent from that.
    """
    text = inspect.getdoc(documented) or ""
    blocks = re.findall(r"(?:^    .*\n|^\n)+\Z", text + "\n", re.MULTILINE)
    _, _, rest = text.partition("\n\n")
    code = rest if is_code(rest) else textwrap.dedent(blocks[-1]) if blocks else ""
    return code if "session" in code or "query" in code else None


def is_code(text: str) -> bool:
    try:
        tree = ast.parse("async def shown():\n" + textwrap.indent(text, "    "))
    except SyntaxError:
        return False
    return any(isinstance(node, ast.Call) for node in ast.walk(tree))


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
    assert {"Session.query", "Session.file_query"} <= shown
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
