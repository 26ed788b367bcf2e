"""An answer that is read to its end before any of it is handed out.

For answers about all expirations over several days, which were seen to stall in the middle: as
long as nothing has been handed out, another plan can still replace the request.
"""

from __future__ import annotations

from typing import final

from thetatrio._rest.answer import Answer
from thetatrio._rest.body import Spool, SpoolRoom

__all__ = ["HeldAnswer"]


@final
class HeldAnswer:
    """The bytes of one answer, complete when `open()` returns. `aclose()` in any case.

    Args:
        answer: Where they come from.
        room: What all answers of the session that are held may take, in memory and in temporary
            files.
    """

    def __init__(self, answer: Answer, room: SpoolRoom) -> None:
        self._answer = answer
        self._room = room
        self._spool = Spool(room)
        self._stale: list[Spool] = []
        self.content_type: str = ""
        self.delivered: int = 0
        """Rows or pieces made of these bytes that a user has in hand."""
        answer.on_restart = self._restart

    def _restart(self) -> None:
        self._stale.append(self._spool)
        self._spool = Spool(self._room)

    async def open(self) -> bool:
        """Send the request and read the whole answer; return whether there is data.

        Raises:
            SlowConsumer: The answers that are held take more than `spool_limit`.
            ReadTimeout, ConnectionLost: The answer stalled or was cut, and a retry did not help.
        """
        has_data = await self._answer.open()
        self.content_type = self._answer.content_type
        while has_data and (chunk := await self._answer.receive()):
            await self._spool.write(chunk)
        self._spool.end(None)
        await self._answer.aclose()
        return has_data

    async def receive(self) -> bytes:
        """Return the next bytes; none at the proven end."""
        return await self._spool.read()

    async def aclose(self) -> None:
        """End the request and give back what the answer takes."""
        await self._answer.aclose()
        for spool in (*self._stale, self._spool):
            await spool.aclose()
        self._stale.clear()
