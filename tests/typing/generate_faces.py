"""Writes `right_calls_sync.py` and `right_calls_aio.py`: every operation on the other faces.

`python -m tests.typing.generate_faces` after an operation has come or changed.
"""

from __future__ import annotations

import inspect
from pathlib import Path

from thetatrio import _endpoints

HERE = Path(__file__).parent
GROUPS = {
    "stock": _endpoints.StockEndpoints,
    "option": _endpoints.OptionEndpoints,
    "index": _endpoints.IndexEndpoints,
    "calendar": _endpoints.CalendarEndpoints,
    "interest_rate": _endpoints.InterestRateEndpoints,
}
GIVEN = {"symbol": '"AAPL"', "request_type": '"quote"', "time_of_day": '"10:00"', "year": "2024"}

SYNC = '''\
"""Every operation on the blocking face. Made by generate_faces.py; checked, never run."""

from __future__ import annotations

import datetime as dt
from typing import assert_type

from thetatrio import rows, sync

DAY = dt.date(2024, 11, 4)


def opened() -> None:
    with sync.open_session(tier="standard") as session:
        assert_type(session, sync.Session)
    assert_type(sync.connect(), sync.Session)
'''
AIO = '''\
"""Every operation under asyncio. Made by generate_faces.py; checked, never run."""

from __future__ import annotations

import datetime as dt
from typing import assert_type

import thetatrio
from thetatrio import aio, rows

DAY = dt.date(2024, 11, 4)


async def opened() -> None:
    async with aio.open_session(tier="standard") as session:
        assert_type(session, aio.Session)
        assert_type(session, thetatrio.Session)
'''


def call(group: str, name: str) -> tuple[str, str | None]:
    """Return a call of one operation, and the name of its rows, None for a flat file."""
    endpoint = inspect.getattr_static(GROUPS[group], name)
    arguments: list[str] = []
    for parameter in endpoint.request_class.signature("x").parameters.values():
        if parameter.default is inspect.Parameter.empty:
            value = GIVEN.get(parameter.name, "DAY")
            keyword = parameter.kind is inspect.Parameter.KEYWORD_ONLY
            arguments.append(f"{parameter.name}={value}" if keyword else value)
    of_file = isinstance(endpoint, _endpoints.FileEndpoint)
    row = None if of_file else endpoint.request_class.row_type().__name__
    return f"session.{group}.{name}({', '.join(arguments)})", row


def operations() -> list[tuple[str, str]]:
    """Return the group and name of every operation."""
    return [
        (group, name)
        for group, kind in GROUPS.items()
        for name, member in vars(kind).items()
        if isinstance(member, _endpoints.Endpoint | _endpoints.FileEndpoint)
    ]


def texts() -> dict[str, str]:
    """Return the files by name, not yet formatted."""
    sync, aio = [SYNC], [AIO]
    for group, name in operations():
        expression, row = call(group, name)
        sync += ["", "", f"def {group}_{name}(session: sync.Session) -> None:"]
        aio += ["", "", f"async def {group}_{name}(session: aio.Session) -> None:"]
        for lines in (sync, aio):
            lines.append(f"    query = {expression}")
        if row is None:
            sync.append("    assert_type(query, sync.FileQuery)")
            aio.append("    assert_type(query, thetatrio.FileQuery)")
            continue
        sync.append(f"    assert_type(query, sync.Query[rows.{row}])")
        sync.append(f"    assert_type(query.fetch(), list[rows.{row}])")
        sync.append("    for row in query:")
        sync.append(f"        assert_type(row, rows.{row})")
        aio.append(f"    assert_type(query, aio.Query[rows.{row}])")
        aio.append(f"    assert_type(await query, list[rows.{row}])")
        aio.append("    async with query.rows() as channel:")
        aio.append(f"        assert_type(await channel.receive(), rows.{row})")
    return {
        "right_calls_sync.py": "\n".join(sync) + "\n",
        "right_calls_aio.py": "\n".join(aio) + "\n",
    }


if __name__ == "__main__":
    for name, text in texts().items():
        (HERE / name).write_text(text, encoding="utf-8")
