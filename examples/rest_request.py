"""Fetch the option contracts that were quoted on one day, and print the first ones.

Give the URL of a Theta Terminal, such as http://127.0.0.1:25503; without one,
a simulated terminal answers.
"""

import sys
from contextlib import AsyncExitStack

import trio

import thetatrio
from thetatrio.testing import open_terminal


async def main(url: str | None) -> None:
    async with AsyncExitStack() as stack:
        if url is None:
            url = (await stack.enter_async_context(open_terminal())).url
        session = await stack.enter_async_context(thetatrio.open_session(base_url=url))
        contracts = await session.option.list_contracts(
            "SPY", request_type="quote", date="2024-11-04", max_dte=14
        )
        for row in sorted(contracts, key=lambda row: row.contract)[:10]:
            print(row.contract.occ_symbol, row.expiration, row.strike, row.right)
        print(f"... {len(contracts)} in all")


if __name__ == "__main__":
    trio.run(main, sys.argv[1] if len(sys.argv) > 1 else None)
