"""`thetatrio simulate`: a simulated terminal for other programs."""

from __future__ import annotations

from thetatrio._interrupt import run_interruptibly
from thetatrio.cli._console import note
from thetatrio.testing import TerminalOptions, open_terminal

__all__ = ["run"]


def run(port: int, stream_port: int, options: TerminalOptions, *, allow_real_port: bool) -> int:
    """Serve until Ctrl-C, SIGTERM, or a shutdown over HTTP; all of them are exit code 0."""
    try:
        run_interruptibly(_serve, port, stream_port, options, allow_real_port)
    except KeyboardInterrupt:
        note("ended")
    return 0


async def _serve(
    port: int,
    stream_port: int,
    options: TerminalOptions,
    allow_real_port: bool,  # noqa: FBT001
) -> None:
    async with open_terminal(
        port=port, stream_port=stream_port, allow_real_port=allow_real_port, **options
    ) as terminal:
        print(f"A simulated Theta Terminal answers at {terminal.url}; Ctrl-C ends it.")
        print(f"Its stream is at {terminal.stream_url}.")
        print("Nothing in it is market data. Point a session at it with")
        config = terminal.config
        api = "" if config.api == "v3" else f" --api {config.api}"
        more = " --stream-api gateway" if config.stream_api == "gateway" else ""
        print(f"  thetatrio.open_session(base_url={terminal.url!r},")
        if api:
            print(f"                         api={config.api!r}, stream_api={config.stream_api!r},")
        print(f"                         stream_url={terminal.stream_url!r})")
        print(f"or the command with\n  thetatrio{api} status --url {terminal.url}")
        print(f"  thetatrio stream quotes SPY --stream-url {terminal.stream_url}{more}", flush=True)
        await terminal.shut_down.wait()
