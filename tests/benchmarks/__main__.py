"""Run the benchmarks that are named, or all."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version

from tests.benchmarks import against, faces_tables, frames, stream_tables
from tests.benchmarks.turns import Variant, goals, run, server, table

ROWS = 1_000_000
PEERS = (
    "aiohttp",
    "httpx",
    "httpx-ws",
    "msgspec",
    "pandas",
    "picows",
    "polars",
    "pyarrow",
    "pydantic",
    "trio",
    "trio-websocket",
    "websockets",
)


def rest(name: str, label: str, port: int) -> Variant:
    return Variant(label, ["-m", "tests.benchmarks.rest", name, str(port)])


def rows() -> None:
    """NDJSON quote rows over loopback to Structs."""
    with server(str(ROWS)) as port:
        variants = [
            rest("bare", "httpx + msgspec decode_lines", port),
            rest("batches", "thetatrio, batches()", port),
            rest("one_by_one", "thetatrio, async for row", port),
            rest("listed", "thetatrio, a list of all", port),
            rest("pydantic", "httpx + pydantic, per row", port),
            rest("pydantic_listed", "httpx + pydantic, in a list", port),
        ]
        run(variants)
    table(
        f"{ROWS:,} NDJSON quote rows (goals: batches x1.2, async for x1.4, pydantic x7 of batches)",
        variants,
        "us a row",
        1e6,
    )


def small() -> None:
    """Small requests on a connection that is kept."""
    with server("10000") as port:
        variants = [
            rest("small_bare", "httpx, request built once", port),
            rest("small", "thetatrio, query to rows", port),
        ]
        run(variants, rounds=11)
    table("small keep-alive requests (goal: x1.25)", variants, "us a request", 1e6)


def imports() -> None:
    """The import of the package and of what it stands on."""
    variants = [
        Variant("its five packages", ["-m", "tests.benchmarks.imports", FIVE]),
        Variant("thetatrio", ["-m", "tests.benchmarks.imports", "thetatrio"]),
        Variant("the interpreter alone", ["-m", "tests.benchmarks.imports", "sys"]),
    ]
    run(variants, rounds=11)
    table("imports, the interpreter's start included", variants, "ms", 1e3)


FIVE = "trio, httpx, trio_websocket, msgspec, anyio"
BENCHMARKS = {
    function.__name__: function
    for function in (
        *(rows, small, imports),
        *frames.BENCHMARKS,
        *stream_tables.BENCHMARKS,
        *faces_tables.BENCHMARKS,
    )
}


def main() -> int:
    if any(argument.startswith("--") for argument in sys.argv[1:]):
        return against.main(sys.argv[1:])
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
        return 2
    print(f"Python {platform.python_version()}, {platform.machine()}")
    print(", ".join(f"{peer} {version(peer)}" for peer in PEERS))
    for name in names:
        BENCHMARKS[name]()
    goals()
    return 0


if __name__ == "__main__":
    sys.exit(main())
