"""`python -m thetatrio.testing`: a simulated terminal until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from thetatrio._interrupt import run_interruptibly
from thetatrio.errors import InvalidConfig
from thetatrio.testing._terminal import TerminalOptions, open_terminal


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m thetatrio.testing", description="Serve a simulated Theta Terminal."
    )
    made.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
    made.add_argument("--seed", type=int, default=7, help="the market's seed (default: 7)")
    made.add_argument("--day", default="2024-11-04", help="today's date (default: 2024-11-04)")
    made.add_argument("--tier", default="pro", help="free, value, standard or pro (default: pro)")
    made.add_argument("--contracts", type=int, default=200, help="options per root (default: 200)")
    made.add_argument(
        "--allow-host", action="append", default=[], help="another name it is reached by"
    )
    made.add_argument(
        "--allow-real-port", action="store_true", help="take a real terminal's port if asked to"
    )
    return made


async def serve(arguments: argparse.Namespace) -> None:
    """Serve until cancelled or shut down over HTTP."""
    options: TerminalOptions = {
        "seed": arguments.seed,
        "day": arguments.day,
        "tier": arguments.tier,
        "contracts": arguments.contracts,
        "allow_hosts": arguments.allow_host,
    }
    opened = open_terminal(
        port=arguments.port, allow_real_port=arguments.allow_real_port, **options
    )
    async with opened as terminal:
        places = f"{terminal.url}, its stream at {terminal.stream_url}"
        print(f"simulated terminal at {places}", flush=True)  # noqa: T201 - its one output
        urls = f'base_url="{terminal.url}", stream_url="{terminal.stream_url}"'
        hint = f"thetatrio.open_session({urls})"
        print(f"use it: {hint}; Ctrl-C ends it", flush=True)  # noqa: T201
        await terminal.shut_down.wait()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    arguments = parser().parse_args(argv)
    try:
        run_interruptibly(serve, arguments)
    except KeyboardInterrupt:
        return 0
    except (InvalidConfig, OSError) as problem:
        print(problem, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
