"""thetatrio for scripts, notebooks and plain threads: nothing here is awaited.

    with sync.open_session() as session:
        for bar in session.stock.history_ohlc("AAPL", date="2024-11-04", interval="1m"):
            print(bar.timestamp, bar.close)

Names, order and promises are those of trio's face; what is received takes a
`timeout`. The core runs on trio in a thread of its own, which all sessions of
a process share and which ends with the last. Ctrl-C ends what waits, with
everything closed.
"""

from __future__ import annotations

from thetatrio.sync._channels import BatchChannel as BatchChannel
from thetatrio.sync._channels import Channel as Channel
from thetatrio.sync._channels import RowChannel as RowChannel
from thetatrio.sync._channels import StateChannel as StateChannel
from thetatrio.sync._download import Download as Download
from thetatrio.sync._query import FileQuery as FileQuery
from thetatrio.sync._query import Query as Query
from thetatrio.sync._session import Group as Group
from thetatrio.sync._session import Session as Session
from thetatrio.sync._session import TerminalControl as TerminalControl
from thetatrio.sync._session import connect as connect
from thetatrio.sync._session import open_session as open_session
from thetatrio.sync._stream import Batches as Batches
from thetatrio.sync._stream import Feed as Feed
from thetatrio.sync._stream import FeedWithNotices as FeedWithNotices
from thetatrio.sync._stream import Stream as Stream
