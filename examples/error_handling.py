"""Meet the errors to expect; on the simulated terminal: for your own, leave `open_terminal` out."""

import trio

import thetatrio
from thetatrio.testing import Status, open_terminal

FAULTS = Status(code=503, path="*eod*", times=2), Status(code=478, path="*quote*")
WEEK = {"start_date": "2024-10-28", "end_date": "2024-11-01"}


async def attempt(what: str, query: thetatrio.Query[thetatrio.rows.Row]) -> None:
    try:
        print(f"{what}: {len(await query)} rows")
    except thetatrio.InvalidRequest as error:  # ask for something else; `problems` has why
        print(f"{what}: invalid: {error}")
    except thetatrio.PermissionDenied as error:  # another subscription would give it
        print(f"{what}: not permitted: {error}")
    except thetatrio.TransportError as error:  # no terminal there, or cut off in the middle
        print(f"{what}: not reached: {error}")
    except thetatrio.TerminalError as error:  # not now, and where it helps it was retried
        print(f"{what}: not served, status {error.code}: {error}")


async def main() -> None:
    async with (
        open_terminal(tier="value", faults=FAULTS) as terminal,
        thetatrio.open_session(terminal.config) as session,
    ):
        await attempt("busy at first", session.stock.history_eod("AAPL", **WEEK))
        await attempt("no data, no error", session.stock.history_eod("NOPE", **WEEK))
        await attempt("session taken", session.stock.snapshot_quote("AAPL"))
        await attempt("Greeks", session.option.snapshot_greeks_all("SPY", expiration="*"))
        try:
            session.stock.history_eod("", start_date="2024-11-01", end_date="2024-10-28")
        except thetatrio.InvalidRequest as error:  # nothing was sent
            print("refused here:", *error.problems, sep="\n  ")
    async with thetatrio.open_session(terminal.config) as session:  # which is gone by now
        await attempt("nobody there", session.stock.list_symbols())


if __name__ == "__main__":
    trio.run(main)
