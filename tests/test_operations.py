"""Every operation through a session on the simulated terminal: its rows, its columns."""

from __future__ import annotations

import pytest
import trio

from tests.network import simulated
from tests.test_requests import TABLE
from thetatrio.requests import operations

# What keeps answers small: a chain's nearest strikes, an hour's distance, five minutes of trades.
SMALL = {"interval": "1h", "strike_range": 2, "start_time": "10:00", "end_time": "10:05"}


def request_of(name: str, expiration: str):
    """Return a small request of an operation, of contracts that are listed."""
    facts = TABLE[name]
    fields = facts.request.__struct_fields__
    call = dict(facts.call)
    call |= {key: value for key, value in SMALL.items() if key in fields and key not in call}
    if "interval" in fields:  # bars and quotes of the whole day, an hour apart
        call |= {"start_time": "09:30", "end_time": "16:00"}
    if "expiration" in call:
        call["expiration"] = expiration
    return facts.request(**call)


async def asked(name: str):
    """Return the rows, the columns on the wire, and the path of one operation's answer."""
    async with simulated(contracts=24, flat_file_rows=50) as (terminal, session):
        expiration = (await session.expirations("SPY", on="2024-11-04", min_dte=1))[-1]
        request = request_of(name, expiration.isoformat())
        rows = [] if request.flat_file else await session.query(request)
        head = b""
        async with session.file_query(request).chunks(format="csv") as chunks:
            async for chunk in chunks:
                head += chunk
                if b"\n" in head:
                    break
        return rows, head.split(b"\r\n")[0].decode().split(","), terminal.ledger.requests[-1]


def test_the_table_has_every_operation():
    """No operation is left out of what follows."""
    assert set(TABLE) == set(operations())
    assert len(TABLE) == 66 + 15


@pytest.mark.parametrize("name", sorted(TABLE))
def test_an_operation_gives_rows_of_its_type_with_its_columns(name):
    """Through a session each operation asks its path and gives rows of its declared type."""
    rows, columns, entry = trio.run(asked, name)
    facts = TABLE[name]
    pattern = facts.path.split("{")[0]
    assert entry.path.startswith(pattern)
    assert entry.operation == name
    if facts.request.flat_file:
        assert set(facts.request.columns) <= set(columns)
        return
    assert rows
    assert {type(row) for row in rows} == {facts.request.row_type()}
    assert set(columns) == set(facts.columns.split())
