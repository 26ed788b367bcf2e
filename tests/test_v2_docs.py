"""What the documentation says of v2 terminals is what the dialect's table has."""

from pathlib import Path

import pytest

from tests.network import simulated
from thetatrio._rest.dialect_v2 import why_not
from thetatrio._rest.v2_table import OPERATIONS
from thetatrio.requests import operations, v2

pytestmark = pytest.mark.core

DOCS = Path(__file__).parent.parent / "docs" / "guides" / "v2.md"


def test_each_operation_says_which_terminals_have_it():
    """The page has a line for each operation, with its terminals and v2's requests for it."""
    lines = {
        cells[1].strip("` "): cells
        for line in DOCS.read_text(encoding="utf-8").splitlines()
        if len(cells := line.split("|")) == 5 and "`" in cells[1]
    }
    assert set(lines) == set(operations()) | set(v2.operations())
    for name, (_, _, who, paths, _) in lines.items():
        wanted = {"v2"} if name in v2.operations() else {"v3"} | ({"v2"} - {why_not(name) and "v2"})
        assert set(who.replace(" (newer)", "").replace(" ", "").split(",")) == wanted
        for old in OPERATIONS.get(name, ()):
            assert f"`{old.path.removeprefix('/v2/')}`" in paths


@pytest.mark.parametrize("library", ["polars", "arrow", "pandas"])
async def test_frames_of_a_v2_terminal_are_those_of_v3(library):
    """Types, names and numbers are equal; what v2 does not send is not a number."""
    pytest.importorskip({"arrow": "pyarrow"}.get(library, library))
    found = {}
    for api in ("v3", "v2"):
        async with simulated(api=api, page_rows=40) as (_, session):
            query = session.stock.history_ohlc("AAPL", date="2024-11-01", interval="1m")
            frame = await getattr(query, library)()
            columns = frame.to_pydict() if library == "arrow" else {
                name: list(frame[name]) for name in frame.columns
            }  # fmt: skip
            found[api] = {name: columns[name] for name in columns if name != "vwap"}
            if api == "v2":
                assert all(value != value for value in columns["vwap"])  # noqa: PLR0124
    assert found["v2"] == found["v3"]
    assert len(found["v2"]["open"]) == 391


async def test_a_download_from_a_v2_terminal_is_that_of_v3(tmp_path):
    """The files of a dataset are the same, cell by cell, but for what v2 does not send."""
    kept = {}
    for api in ("v3", "v2"):
        async with simulated(api=api, page_rows=40) as (_, session):
            query = session.stock.history_quote(
                "AAPL", start_date="2024-10-31", end_date="2024-11-01", interval="1m"
            )
            report = await session.download(query, tmp_path / api, format="csv")
            assert report.done == 2
            kept[api] = sorted(
                len(path.read_text().splitlines()) for path in (tmp_path / api).rglob("*.csv")
            )
    assert kept["v2"] == kept["v3"] == [392, 392]
