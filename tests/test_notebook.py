"""The notebook among the examples, executed in a kernel as Jupyter does it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "examples" / "notebook.ipynb"
THREADS = 'import threading\n[t.name for t in threading.enumerate() if "thetatrio" in t.name]'

IN_ITS_LOOP = """
import asyncio
from contextlib import AsyncExitStack
from thetatrio import Stock, aio
from thetatrio.testing import StreamSettings
from thetatrio.testing.aio import open_terminal
opened = AsyncExitStack()
terminal = await opened.enter_async_context(open_terminal(stream=StreamSettings(speed=60.0)))
# %%
async with aio.open_session(config=terminal.config) as session:
    bars = session.stock.history_ohlc("AAPL", date="2024-11-04", interval="1h")
    print(len(await bars))
    async with session.stream.quotes(Stock("AAPL")) as quotes, asyncio.timeout(30):
        print((await quotes.receive()).contract)
# %%
await opened.aclose()
"""


@pytest.fixture
def executed(tmp_path, monkeypatch):
    """What executes a notebook in a kernel of this interpreter; all its files are in a folder."""
    for variable in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # a kernel does not look where it is started
    launch = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": launch, "display_name": "this", "language": "python"}
    (tmp_path / "kernels" / "this").mkdir(parents=True)
    (tmp_path / "kernels" / "this" / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))

    def execute(notebook):
        NotebookClient(notebook, kernel_name="this", timeout=60, startup_timeout=60).execute()
        return [told(cell) for cell in notebook.cells if cell.cell_type == "code"]

    return execute


def told(cell):
    """Return what a cell printed, and what its last line gave, as text."""
    text = ""
    for output in cell.outputs:
        assert output.output_type != "error", output
        assert output.get("name") != "stderr", output.text
        text += output.text if output.output_type == "stream" else output.data["text/plain"]
    return text


def test_one_session_serves_the_cells_of_a_notebook(executed):
    """Rows, a frame and live quotes, each in a cell of its own; closing leaves no thread."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells.append(new_code_cell(THREADS))
    opened, rows, frame, quotes, closed, threads = executed(notebook)
    assert rows.splitlines()[0].startswith("09:30 ")
    assert f"shape: ({len(rows.splitlines())}, 6)" in frame
    assert len(quotes.splitlines()) == 3
    assert (opened, closed, threads) == ("", "", "[]")


def test_a_session_is_awaited_in_a_kernels_loop(executed):
    """`async with` and `await` of `thetatrio.aio` work in cells, in the loop that runs there."""
    cells = [new_code_cell(source) for source in (*IN_ITS_LOOP.split("# %%\n"), THREADS)]
    opened, asked, closed, threads = executed(new_notebook(cells=cells))
    assert asked.splitlines() == ["7", "AAPL"]
    assert (opened, closed, threads) == ("", "", "[]")


def test_the_notebook_is_kept_without_outputs():
    """What is in the repository is what was written, and nothing of a run."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
