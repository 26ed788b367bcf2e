"""A nursery that its users cannot see: how contexts with background tasks end."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio

from thetatrio.errors import InternalError

__all__ = ["open_hidden_nursery"]


@asynccontextmanager
async def open_hidden_nursery() -> AsyncGenerator[trio.Nursery, None]:
    """Open a nursery whose tasks end with its body, and whose body's exception comes out bare.

    Its tasks must not raise: what goes wrong in them is for their readers. One
    that raises all the same is a defect, and comes out as InternalError,
    unless the body has an exception of its own, which wins.
    """
    raised: BaseException | None = None
    try:
        async with trio.open_nursery() as nursery:
            try:
                yield nursery
            except BaseException as error:  # noqa: BLE001, ASYNC103  # raised again below
                raised = error
            nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        _, crashes = group.split(trio.Cancelled)
        if crashes is None:
            if raised is None:
                raise
        elif crashes.subgroup(KeyboardInterrupt) is not None:
            raise KeyboardInterrupt from crashes
        elif raised is None or isinstance(raised, trio.Cancelled):
            raise InternalError(
                "a background task of thetatrio failed; please report this"
            ) from crashes
        else:
            raised.add_note(f"meanwhile a background task of thetatrio failed: {crashes!r}")
    if raised is not None:
        raise raised
