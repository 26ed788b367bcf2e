"""Each module of the package has a test file of its own: by its name, or by the table here."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.test_house import each_module, imports, modules

TESTS = Path(__file__).parent

# Where the name does not say it: modules that are tested together, through what they are for.
TESTED_IN = {
    "": "test_session",
    "_completed": "test_session",
    "_control": "test_client",
    "_faces.feeds": "test_faces",
    "_faces.on_asyncio": "test_aio",
    "_faces.on_threads": "test_sync",
    "_faces.pipe": "test_faces",
    "_faces.rows": "test_faces",
    "_faces.stay": "test_faces",
    "_rest.asking": "test_parts",
    "_rest.detect": "test_both_terminals",
    "_rest.dialect": "test_v2_answers",
    "_rest.dialect_v2": "test_v2_twins",
    "_rest.reading": "test_frames_reader",
    "_rest.v2_rows": "test_v2_answers",
    "_rest.v2_table": "test_v2_docs",
    "_retry_after": "test_retry",
    "_stream.dialect": "test_stream_together",
    "_stream.inbox": "test_stream_feed",
    "_stream.loss_log": "test_stream_feed",
    "_stream.stream": "test_stream_sockets",
    "_version": "test_cli",
    "cli._app": "test_cli",
    "cli._console": "test_cli",
    "cli._demo_stream": "test_cli_stream",
    "cli._live": "test_cli_stream",
    "cli._terms": "test_cli",
    "cli._words": "test_cli",
    "cli.chain": "test_cli",
    "cli.demo": "test_cli",
    "cli.fetch": "test_cli",
    "cli.operations": "test_cli",
    "cli.simulate": "test_cli",
    "cli.status": "test_cli",
    "download._dataset": "test_download",
    "download._encode": "test_download",
    "download._events": "test_download",
    "download._files": "test_download_kill",
    "download._finality": "test_download",
    "download._lock": "test_download_kill",
    "download._part": "test_download",
    "download._run": "test_download",
    "download._source": "test_download",
    "frames._arrow": "test_frames",
    "frames._cells": "test_frames_reader",
    "frames._events": "test_frames",
    "frames._pandas": "test_frames",
    "frames._polars": "test_frames",
    "frames._schema": "test_frames",
    "requests.v2": "test_v2_twins",
    "sync._channels": "test_sync",
    "sync._download": "test_sync",
    "sync._query": "test_sync",
    "sync._session": "test_sync",
    "sync._stream": "test_sync",
    "cli.doctor._probes": "test_cli_doctor",
    "cli.doctor._report": "test_cli_doctor",
    "cli.doctor._runner": "test_cli_doctor",
    "testing.__main__": "testing/test_terminal",
    "testing._calendar_operations": "testing/test_catalogue",
    "testing._chains": "testing/test_market",
    "testing._columns": "testing/test_formats",
    "testing._greeks": "testing/test_consistency",
    "testing._greeks_operations": "testing/test_catalogue",
    "testing._index_operations": "testing/test_catalogue",
    "testing._instruments": "testing/test_market",
    "testing._ledger": "testing/test_terminal",
    "testing._open_interest": "testing/test_consistency",
    "testing._operations": "testing/test_catalogue",
    "testing._option_operations": "testing/test_catalogue",
    "testing._option_snapshots": "testing/test_catalogue",
    "testing._options": "testing/test_market",
    "testing._parameters": "testing/test_service",
    "testing._paths": "testing/test_market",
    "testing._rates": "testing/test_consistency",
    "testing._rows": "testing/test_consistency",
    "testing._seeding": "testing/test_market",
    "testing._sending": "testing/test_connection",
    "testing._stock_operations": "testing/test_catalogue",
    "testing._tape": "testing/test_market",
    "testing._v2": "test_v2_twins",
    "testing._v2_table": "test_v2_twins",
    "testing._variation": "testing/test_service",
    "testing.aio": "test_aio",
    "testing.pytest_plugin": "test_pytest_plugin",
    "testing.sync": "test_sync",
    "testing._stream.account": "testing/test_stream_protocol",
    "testing._stream.connection": "testing/test_stream_protocol",
    "testing._stream.commands": "testing/test_stream_protocol",
    "testing._stream.frames": "testing/test_stream_protocol",
    "testing._stream.ledger": "testing/test_stream_protocol",
    "testing._stream.market_events": "testing/test_stream_events",
    "testing._stream.misdelivery": "testing/test_stream_faults",
    "testing._stream.sending": "testing/test_stream_faults",
    "testing._stream.server": "testing/test_stream_protocol",
    "testing._stream.source": "testing/test_stream_events",
    "testing._stream.steady": "testing/test_stream_settings",
    "testing._stream.wire": "testing/test_stream_protocol",
    "testing": "testing/test_terminal",
}
# Run by its tests in a process of their own, which imports say nothing of.
RUN_ELSEWHERE = {"testing.pytest_plugin"}
# Declarations, all of which the tables of one file go through.
DECLARED_IN = {"requests": "test_requests", "rows": "test_rows"}


def file_for(name: str) -> str:
    """Return the test file of a module, by the table or by its name."""
    room = name.partition(".")[0]
    if name in TESTED_IN:
        return TESTED_IN[name]
    if room in DECLARED_IN:
        return DECLARED_IN[room]
    words = [word.strip("_") for word in name.split(".")]
    # The rooms of requests and of the simulated terminal are not in the names of their files.
    if room == "_rest":
        words = words[1:]
    if room == "testing":
        return f"testing/test_{'_'.join(words[1:])}"
    return f"test_{'_'.join(words)}"


def has_code(name: str) -> bool:
    """Tell whether there is something to test in a module beside its docstring and imports."""
    body = modules()[name].tree.body
    return any(not isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr)) for node in body)


@cache
def used_by(name: str) -> frozenset[str]:
    """Return the modules that a module imports."""
    parts = (used.name.partition(".") for used in imports(modules()[name]))
    return frozenset(i for p, _, i in parts if p == "thetatrio" and i in modules())


@cache
def reached_from(name: str) -> frozenset[str]:
    """Return a module, and those it imports, and those they import."""
    found: set[str] = set()
    waiting = {name}
    while waiting:
        found |= waiting
        waiting = {inner for module in waiting for inner in used_by(module)} - found
    return frozenset(found)


@cache
def reached_by(file: str) -> frozenset[str]:
    """Return the modules that a test file, or what it takes from beside it, imports."""
    tree = ast.parse((TESTS / f"{file}.py").read_bytes())
    found: set[str] = set()
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            room, _, inner = name.partition(".")
            if room == "thetatrio" and inner in modules():
                found |= reached_from(inner)
            elif room == "tests" and (TESTS / f"{inner.replace('.', '/')}.py").exists():
                found |= reached_by(inner.replace(".", "/"))
    return frozenset(found)


@each_module
def test_a_module_has_a_test_file_that_uses_it(module):
    """Whoever changes a module knows which file must fail; and that file gets as far as it."""
    if not has_code(module.name):
        return
    file = file_for(module.name)
    assert (TESTS / f"{file}.py").is_file(), f"no {file}.py for {module.name}: name it in TESTED_IN"
    if module.name not in RUN_ELSEWHERE:
        assert module.name in reached_by(file), f"{file}.py does not reach {module.name}"


def test_the_table_has_nothing_left_over():
    """Each entry is of a module that is there, and says what its name does not."""
    assert not set(TESTED_IN) - set(modules())
    needless = []
    for name, file in list(TESTED_IN.items()):
        with pytest.MonkeyPatch.context() as patch:
            patch.delitem(TESTED_IN, name)
            if file_for(name) == file:
                needless.append(name)
    assert not needless
