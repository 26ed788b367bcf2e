"""The terminal itself: whether it is connected, and goodbye."""

from __future__ import annotations

from typing import final

from thetatrio._rest.client import RestClient
from thetatrio.codes import TerminalStatus
from thetatrio.errors import ConnectionLost, DecodeError

__all__ = ["TerminalControl"]


@final
class TerminalControl:
    """The terminal itself: `session.terminal`. Nothing here takes a slot or is tried again."""

    def __init__(self, client: RestClient) -> None:
        self._client = client

    async def mdds_status(self) -> TerminalStatus:
        """Ask whether the terminal is connected to the vendor's historical data.

        Makes a `GET /v3/terminal/mdds/status` request. A terminal whose queue
        is full answers this with 429 too; that is `TerminalStatus.BUSY`:
        alive. Raises ConnectError where no terminal runs.

            print(await session.terminal.mdds_status())
        """
        return await self._status(self._client.dialect.MDDS_STATUS)

    async def fpss_status(self) -> TerminalStatus:
        """Ask whether the terminal is connected to the vendor's stream.

        Makes a `GET /v3/terminal/fpss/status` request. DISCONNECTED is normal
        before the first subscription. 429 is `TerminalStatus.BUSY`: alive.

            print(await session.terminal.fpss_status())
        """
        return await self._status(self._client.dialect.FPSS_STATUS)

    async def shutdown(self) -> None:
        """Have the terminal end itself, for everybody who uses it.

        Makes a `GET /v3/terminal/shutdown` request, once; a terminal that is
        gone before it has answered counts as ended.
        """
        target = self._client.dialect.SHUTDOWN
        try:
            _, _, error = await self._client.ask_once(target, complete=False)
        except ConnectionLost:
            return
        if error is not None:
            raise error

    async def _status(self, target: str) -> TerminalStatus:
        status, text, error = await self._client.ask_once(target)
        if status == 429:
            return TerminalStatus.BUSY
        if error is not None:
            raise error
        try:
            return TerminalStatus(text.strip().upper())
        except ValueError:
            raise DecodeError(
                f"{target}: {text[:80]!r} is no status of a terminal",
                first_bytes=text.encode()[:256],
                request=target,
            ) from None
