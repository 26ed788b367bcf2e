"""A request on its way to being bytes, whatever the terminal speaks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Literal

from msgspec.structs import fields

from thetatrio import market_time
from thetatrio._rest.answer import Answer, AnswerBytes
from thetatrio._rest.client import Ask, RestClient
from thetatrio._rest.limiter import Lane
from thetatrio._rest.paging import PagedAnswer
from thetatrio.config import RowFormat
from thetatrio.requests import Request
from thetatrio.rows import Row

__all__ = ["ask_for"]


@cache
def _required_columns(row_type: type[Row]) -> tuple[str, ...]:
    return tuple(field.encode_name for field in fields(row_type) if field.required)


def ask_for(
    client: RestClient,
    request: Request[Any],
    wanted: RowFormat | None,
    *,
    read_ahead: int = 0,
    settles: bool = True,
    lane: Lane = Lane.QUERY,
    ticket: int | None = None,
    on_restart: Callable[[], None] = lambda: None,
    unit: Literal["rows", "pieces"] = "rows",
) -> AnswerBytes:
    """Return the answer of a request, to be opened.

    Args:
        client: sends, and knows what the terminal speaks.
        request: what is asked.
        wanted: the format that the bytes must have; None: any that rows are read from.
        read_ahead: pieces that are read ahead of the reader.
        settles: whether a cut may go on where the same bytes come again.
        lane: where the request queues.
        ticket: its place there; None: the last.
        on_restart: called when the bytes so far are void and come again from the first.
        unit: what is handed out, for errors to say how many there were.

    Raises InvalidRequest for what this kind of terminal cannot answer.
    """
    spelling = client.dialect.spell(request, wanted, client.config.row_format)
    ask = Ask(
        spelling.targets[0].target,
        spelling.accept,
        counted=request.takes_slot,
        flat_file=request.flat_file,
        read_ahead=read_ahead,
        about=request,
    )
    row_type: type[Row] = request.row_type()
    settled = settles and request.is_settled(market_time.today())
    if spelling.translator is None:
        return Answer(
            client,
            ask,
            settled=settled,
            lane=lane,
            ticket=ticket,
            on_restart=on_restart,
            unit=unit,
            expected=wanted or client.config.row_format,
            columns=_required_columns(row_type),
            is_parsed=wanted is None,
        )
    return PagedAnswer(
        client,
        ask,
        spelling,
        spelling.translator,
        settled=settled,
        lane=lane,
        ticket=ticket,
        on_restart=on_restart,
        unit=unit,
    )
