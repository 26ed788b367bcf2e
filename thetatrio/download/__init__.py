"""Resumable downloads of history into datasets: Parquet, CSV or NDJSON in Hive layout.

    report = await session.download(query, "data")

A dataset is a folder. Each part of it, a day or a month of one symbol, is one
file that appears whole or not at all, and a manifest says what is there. A
download that was interrupted, however it was, goes on where it was when it is
started again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Protocol

from thetatrio._files import local_path
from thetatrio._numbers import as_int
from thetatrio._rest.client import RestClient
from thetatrio._rest.query import Query
from thetatrio.download._events import DownloadEvent as DownloadEvent
from thetatrio.download._events import DownloadEvents as DownloadEvents
from thetatrio.download._events import DownloadProgress as DownloadProgress
from thetatrio.download._events import DownloadReport as DownloadReport
from thetatrio.download._events import PartBegun as PartBegun
from thetatrio.download._events import PartEnded as PartEnded
from thetatrio.download._layout import FORMATS, check_request
from thetatrio.download._layout import DatasetFormat as DatasetFormat
from thetatrio.download._layout import DatasetPart as DatasetPart
from thetatrio.download._manifest import PartState as PartState
from thetatrio.download._run import Download as Download
from thetatrio.errors import InvalidRequest
from thetatrio.frames._schema import library

if TYPE_CHECKING:
    from _typeshed import StrPath

__all__ = [
    "ROW_GROUP_ROWS",
    "DatasetFormat",
    "DatasetPart",
    "Download",
    "DownloadEvent",
    "DownloadEvents",
    "DownloadProgress",
    "DownloadReport",
    "Downloadable",
    "PartBegun",
    "PartEnded",
    "PartState",
    "make_download",
]

ROW_GROUP_ROWS: Final = 32_768
"""Rows of a Parquet file's row group. Each part under way holds that many in memory."""


class Downloadable(Protocol):
    """What can be downloaded: a query, of whatever rows."""

    @property
    def request(self) -> object:
        """What is asked."""
        ...


def make_download(
    client: RestClient,
    queries: Downloadable | Iterable[Downloadable],
    to: StrPath,
    *,
    format: DatasetFormat = "parquet",  # noqa: A002
    row_group_rows: int = ROW_GROUP_ROWS,
    verify: bool = False,
    retry_failed: bool = False,
    force: bool = False,
) -> Download:
    """Return a download that a session's client carries out; see `Session.download`."""
    several: list[Downloadable] = (
        [queries] if isinstance(queries, Query) or not isinstance(queries, Iterable) else [*queries]
    )
    for query in several:
        if isinstance(query, Query):
            query.close()  # its request is what is used of it
    requests = [check_request(getattr(query, "request", query)) for query in several]
    if not requests:
        raise InvalidRequest("download: give at least one query")
    if format not in FORMATS:
        raise InvalidRequest(f"download: format must be one of {', '.join(FORMATS)}")
    rows_of_a_group = as_int(row_group_rows)
    if rows_of_a_group is None or rows_of_a_group < 1:
        raise InvalidRequest("download: row_group_rows must be a whole number from 1")
    if format == "parquet":
        library("pyarrow", "arrow")
    return Download(
        client,
        requests,
        local_path(to, "download"),
        format,
        row_group_rows=rows_of_a_group,
        verify=verify,
        retry_failed=retry_failed,
        force=force,
    )
