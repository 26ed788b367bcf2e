"""`thetatrio status`: is a terminal there, what does it speak, and what to do if not."""

from __future__ import annotations

from rich.console import Console

from thetatrio import open_session
from thetatrio._interrupt import run_interruptibly
from thetatrio.codes import TerminalStatus
from thetatrio.config import ConfigOptions
from thetatrio.errors import ConnectError, ConnectTimeout, InvalidRequest, WrongVersion

__all__ = ["run"]

_REMEDIES = {
    TerminalStatus.UNVERIFIED: "its credentials are wrong: see creds.txt beside the terminal's jar",
    TerminalStatus.DISCONNECTED: "it has no connection to the vendor: see its log, and wait",
    TerminalStatus.ERROR: "it does not say what is wrong: see its log",
    TerminalStatus.BUSY: "alive, with a full queue: wait, or raise request_queue_length",
}
_START = "start it with `java -jar ThetaTerminalv3.jar`; its first start can take minutes"


def run(console: Console, options: ConfigOptions) -> int:
    """Print what a terminal says of itself; return 0 where it can be asked for data."""
    return run_interruptibly(_status, console, options)


async def _status(console: Console, options: ConfigOptions) -> int:
    def say(text: str) -> None:
        console.print(text, highlight=False, soft_wrap=True)

    async with open_session(**options) as session:
        url = session.config.base_url
        try:
            data = await session.terminal.mdds_status()
            stream = await session.terminal.fpss_status()
        except (ConnectError, ConnectTimeout) as error:
            # Starting it helps against neither a certificate nor a host that is unknown.
            say(f"{error}\n{_START}" if "is it running" in str(error) else str(error))
            return 1
        except (InvalidRequest, WrongVersion) as error:
            api = session.config.api
            say(f"something answers at {url}, but not as a {api} Theta Terminal does: {error}")
            return 1
        simulated = " (simulated: nothing there is market data)" if session.simulated else ""
        speaks = f"speaks {session.config.api}; it calls itself {session.server!r}"
        say(f"Theta Terminal at {url} {speaks}{simulated}")
        say(f"  historical data: {data}{_remedy(data)}")
        usual = stream is TerminalStatus.DISCONNECTED
        say(f"  stream:          {stream}{'; normal before a subscription' if usual else ''}")
        return 0 if data in (TerminalStatus.CONNECTED, TerminalStatus.BUSY) else 1


def _remedy(status: TerminalStatus) -> str:
    remedy = _REMEDIES.get(status)
    return f"; {remedy}" if remedy else ""
