"""thetatrio for asyncio, on any of its loops, and for anyio on either backend.

    async with aio.open_session() as session:
        bars = await session.stock.history_ohlc("AAPL", date="2024-11-04", interval="1m")

Everything has the names, types and promises of trio's face, and its classes:
what is written for a `Session` works under both. The core runs on trio in a
thread of its own, which all sessions of a process share and which ends with
the last; so a loop that is blocked does not stop the stream, and a process that
forks has to open a session of its own. Context variables do not cross.
Under trio itself there is no thread: it is trio's face.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Unpack

import sniffio

from thetatrio import _session as native
from thetatrio._calls import explained
from thetatrio._faces.on_asyncio import SessionBlock
from thetatrio._rest.query import Query
from thetatrio._secrets import sealing
from thetatrio._session import Session
from thetatrio._stream.feed import Feed
from thetatrio.config import Config, ConfigOptions

if TYPE_CHECKING:
    from thetatrio._rest.transport import HttpTransport
    from thetatrio._stream.connection import Dial

__all__ = ["Feed", "Query", "Session", "open_session"]


@sealing(Config.__struct_fields__)
@partial(explained, "thetatrio.aio.open_session")
@asynccontextmanager
async def open_session(
    config: Config | None = None,
    *,
    transport: HttpTransport | None = None,
    dial: Dial | None = None,
    chance: random.Random | None = None,
    **options: Unpack[ConfigOptions],
) -> AsyncGenerator[Session, None]:
    """Open a session with a Theta Terminal, under asyncio, anyio or trio.

    As `thetatrio.open_session`. A task that is cancelled has its request ended,
    and the terminal's slot is free, before the cancellation is through. What
    is on its way between the threads is bounded: a feed's reader who is
    behind meets the feed's overflow policy.

    Args:
        config: settings; the default is a terminal on this machine's default ports.
        transport: what carries the HTTP requests, on trio.
        dial: opens the stream's byte stream to a host and port, on trio.
        chance: the source of jitter, for tests.
        **options: the fields of `Config`; they go before those of `config`.

    Raises InvalidConfig, naming everything wrong with the settings; TypeError for a
    setting that does not exist; RuntimeError where neither asyncio nor trio runs.

        async with aio.open_session(tier="standard") as session:
            bars = await session.stock.history_ohlc("AAPL", date="2024-11-04", interval="1m")
            print(len(bars))
    """
    try:
        library = sniffio.current_async_library()
    except sniffio.AsyncLibraryNotFoundError:
        library = "no event loop"
    block: AbstractAsyncContextManager[Session]
    if library == "trio":
        block = native.open_session(
            config, transport=transport, dial=dial, chance=chance, **options
        )
    elif library == "asyncio":
        block = SessionBlock(config, transport, dial, chance, options)
    else:
        raise RuntimeError(
            f"thetatrio.aio.open_session() works under asyncio, anyio and trio, and here runs"
            f" {library}; for scripts there is thetatrio.sync"
        )
    async with block as session:
        yield session
