"""Tables of the documentation that name tests: what they name is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
GUIDES = TESTS.parent / "docs" / "guides"
TEST = re.compile(r"`((?:\w+/)?test_\w+\.py)::(test_\w+)`")
LINK = re.compile(r"\]\(([\w./-]*)(?:#([\w-]+))?\)")


@cache
def names_in(name):
    """Return the names of the tests in a file."""
    return {
        node.name
        for node in ast.walk(ast.parse((TESTS / name).read_bytes()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }


def rows_of(page):
    """Yield the cells of each row of a page's tables, heads left out."""
    for line in (GUIDES / page).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("|") and not line.startswith("|---"):
            yield cells


@cache
def sections_of(page):
    """Return the anchors of a page's headings, as they are in a link."""
    titles = re.findall(r"^#+ (.*)$", (GUIDES / page).read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", ["gotchas.md", "reliability.md"])
def test_each_test_that_is_named_exists(page):
    """Who looks a promise up finds the test that holds it."""
    named = TEST.findall((GUIDES / page).read_text(encoding="utf-8"))
    assert len(named) > 50
    assert [f"{file}::{test}" for file, test in named if test not in names_in(file)] == []


def test_all_gotchas_are_answered():
    """There are 58, in order, and each has a test or a section that answers it."""
    rows = [cells for cells in rows_of("gotchas.md") if cells[0].strip("| ").isdigit()]
    assert [int(cells[0].strip("| ")) for cells in rows] == list(range(1, 59))
    for cells in rows:
        assert len(cells) == 4
        links = LINK.findall(cells[3])
        assert links or TEST.search(cells[3])
        for page, section in links:
            assert not section or section in sections_of(page or "gotchas.md"), cells


def test_each_promise_has_its_tests():
    """The table of promises names where each is kept and at least one test."""
    rows = [cells for cells in rows_of("reliability.md") if cells[0] != "Promise"]
    assert len(rows) > 40
    for promise, kept, held in rows:
        assert promise
        assert all(
            (TESTS.parent / "thetatrio" / place).exists() for place in re.findall("`(.*?)`", kept)
        )
        assert TEST.search(held)
