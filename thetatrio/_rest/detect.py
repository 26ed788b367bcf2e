"""What a terminal speaks, found out by one status call: `api="auto"`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from thetatrio._rest import dialect_v2, dialect_v3
from thetatrio.config import V2_URL, V3_URL, Config
from thetatrio.errors import AuthenticationFailed, ConnectError, ConnectTimeout, PermissionDenied
from thetatrio.rules import USUAL_FIRST_BYTE

if TYPE_CHECKING:
    from thetatrio._rest.transport import HttpTransport

__all__ = ["detect"]


async def detect(config: Config, http: HttpTransport | None) -> Config:
    """Return the settings with the dialect of the terminal that answers.

    Asks v3's status at `base_url`. Where that is the default, and nobody
    listens there, v2's status at v2's default.

    Raises ConnectError where nobody listens, and what a gateway refuses with.
    """
    try:
        # What does not know the path is older; whatever else answers is spoken to as v3.
        is_old = await _status(config, http, dialect_v3.MDDS_STATUS) == 404
        return msgspec.structs.replace(config, api="v2" if is_old else "v3")
    except (ConnectError, ConnectTimeout) as refused:
        if config.base_url != V3_URL:
            raise
        there = msgspec.structs.replace(config, base_url=V2_URL)
        try:
            is_new = await _status(there, http, dialect_v2.MDDS_STATUS) == 410
        except (ConnectError, ConnectTimeout) as error:
            raise ConnectError(f"{refused} And neither: {error}") from error
        return msgspec.structs.replace(there, api="v3" if is_new else "v2")


async def _status(config: Config, http: HttpTransport | None, path: str) -> int:
    from thetatrio._rest.transport import Transport

    transport = Transport(config, http)
    try:
        reply = await transport.send(
            path,
            first_byte_timeout=config.first_byte_timeout or USUAL_FIRST_BYTE,
            on_sent=lambda: None,
        )
        try:
            text = await reply.receive_text()
        finally:
            await reply.aclose()
    finally:
        if http is None:
            await transport.aclose()
    error = dialect_v3.error_of(reply.status, text, request=path)
    if isinstance(error, (AuthenticationFailed, PermissionDenied)):
        raise error
    return reply.status
