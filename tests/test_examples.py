"""README, examples and docstrings: whatever is shown runs, on the simulated terminal."""

from __future__ import annotations

import functools
import inspect
import re
import runpy
import textwrap
import threading
from pathlib import Path

import pytest
import trio

import thetatrio
from thetatrio.testing import open_terminal

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def terminal_url():
    """The URL of a simulated terminal that runs in a thread of its own."""
    urls: list[str] = []
    ready = threading.Event()
    leave: list[trio.CancelScope] = []
    token: list[trio.lowlevel.TrioToken] = []

    async def main():
        with trio.CancelScope() as scope:
            leave.append(scope)
            token.append(trio.lowlevel.current_trio_token())
            async with open_terminal() as terminal:
                urls.append(terminal.url)
                ready.set()
                await trio.sleep_forever()

    thread = threading.Thread(target=trio.run, args=(main,))
    thread.start()
    assert ready.wait(10)
    yield urls[0]
    trio.from_thread.run_sync(leave[0].cancel, trio_token=token[0])
    thread.join(10)


@pytest.mark.parametrize("code", BLOCK.findall(README), ids=lambda code: code.strip()[-30:])
def test_code_in_the_readme_runs(code, terminal_url, monkeypatch, capsys):
    """Each block of the README is a program that prints something."""
    opened = functools.partial(thetatrio.open_session, base_url=terminal_url)
    if "open_terminal" not in code:  # a block that means the terminal on its default port
        monkeypatch.setattr(thetatrio, "open_session", opened)
    exec(compile(code, "README.md", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out


def test_the_readme_has_code():
    """The pattern that finds the blocks finds them."""
    assert len(BLOCK.findall(README)) == README.count("```python") >= 2


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda p: p.name)
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
        for owner in (thetatrio.Session, thetatrio.TerminalControl, thetatrio.Query)
        for name, member in vars(owner).items()
        if not name.startswith("_") and inspect.getdoc(member)
    }
    | {
        operation: shown_code(request)
        for operation, request in thetatrio.requests.operations().items()
    }
    | {"open_session": shown_code(thetatrio.open_session)}
)


@pytest.mark.parametrize("name", [name for name, code in SHOWN.items() if code])
async def test_code_in_docstrings_runs(name, terminal_url, tmp_path, monkeypatch, capsys):
    """What `help()` shows runs as it stands."""
    monkeypatch.chdir(tmp_path)
    opened = functools.partial(thetatrio.open_session, base_url=terminal_url)
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
    assert [name for name in thetatrio.requests.operations() if not SHOWN[name]] == []
    shown = {name for name, code in SHOWN.items() if code}
    assert {"Session.gather", "Session.as_completed", "Session.get", "Query.rows"} <= shown
    assert {"Query.batches", "TerminalControl.mdds_status", "open_session"} <= shown
