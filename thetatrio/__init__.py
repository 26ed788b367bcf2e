"""thetatrio: a structured-concurrency client for ThetaData's Theta Terminal, on trio.

    async with thetatrio.open_session() as session:
        bars = await session.stock.history_ohlc("AAPL", date="2024-11-04", interval="1m")

`thetatrio.testing` has a simulated terminal for work without an account.
"""

# General layout: this module re-exports and does nothing else. errors,
# contracts, market_time, codes and config are the ground floor; rows and
# requests declare what is asked and answered; _rest brings one to the other;
# _session owns the tasks. Uses `from x import y as y` so that type checkers
# see the names as public.

from thetatrio import codes as codes
from thetatrio import contracts as contracts
from thetatrio import errors as errors
from thetatrio import events as events
from thetatrio import market_time as market_time
from thetatrio import requests as requests
from thetatrio import rows as rows
from thetatrio import rules as rules
from thetatrio._completed import CompletedChannel as CompletedChannel
from thetatrio._control import TerminalControl as TerminalControl
from thetatrio._rest.channels import BatchChannel as BatchChannel
from thetatrio._rest.channels import RowChannel as RowChannel
from thetatrio._rest.file_query import ChunkChannel as ChunkChannel
from thetatrio._rest.file_query import FileQuery as FileQuery
from thetatrio._rest.framing import FrameChannel as FrameChannel
from thetatrio._rest.limiter import LimiterStatistics as LimiterStatistics
from thetatrio._rest.paging import PageChannel as PageChannel
from thetatrio._rest.planner import Estimate as Estimate
from thetatrio._rest.planner import LeftOut as LeftOut
from thetatrio._rest.planner import Plan as Plan
from thetatrio._rest.query import Query as Query
from thetatrio._rest.raw import RawAnswer as RawAnswer
from thetatrio._session import Session as Session
from thetatrio._session import open_session as open_session
from thetatrio._stream.buffer import FeedStatistics as FeedStatistics
from thetatrio._stream.feed import Batches as Batches
from thetatrio._stream.feed import Feed as Feed
from thetatrio._stream.feed import FeedWithNotices as FeedWithNotices
from thetatrio._stream.states import StateChannel as StateChannel
from thetatrio._stream.states import StreamState as StreamState
from thetatrio._stream.states import StreamStatistics as StreamStatistics
from thetatrio._stream.stream import FeedOptions as FeedOptions
from thetatrio._stream.stream import Stream as Stream
from thetatrio._version import __version__ as __version__
from thetatrio.chains import ChainEntry as ChainEntry
from thetatrio.chains import OptionChain as OptionChain
from thetatrio.chains import TradingSession as TradingSession
from thetatrio.codes import TerminalStatus as TerminalStatus
from thetatrio.config import Config as Config
from thetatrio.config import Rate as Rate
from thetatrio.config import ReconnectPolicy as ReconnectPolicy
from thetatrio.config import RetryPolicy as RetryPolicy
from thetatrio.config import Secret as Secret
from thetatrio.config import Tier as Tier
from thetatrio.contracts import Contract as Contract
from thetatrio.contracts import Index as Index
from thetatrio.contracts import Option as Option
from thetatrio.contracts import Stock as Stock
from thetatrio.errors import AuthenticationFailed as AuthenticationFailed
from thetatrio.errors import ConnectError as ConnectError
from thetatrio.errors import ConnectionLost as ConnectionLost
from thetatrio.errors import ConnectTimeout as ConnectTimeout
from thetatrio.errors import DecodeError as DecodeError
from thetatrio.errors import DownloadError as DownloadError
from thetatrio.errors import EndOfChannel as EndOfChannel
from thetatrio.errors import FeedClosed as FeedClosed
from thetatrio.errors import ForeignPage as ForeignPage
from thetatrio.errors import GapError as GapError
from thetatrio.errors import InternalError as InternalError
from thetatrio.errors import InvalidConfig as InvalidConfig
from thetatrio.errors import InvalidRequest as InvalidRequest
from thetatrio.errors import PermissionDenied as PermissionDenied
from thetatrio.errors import ProtocolError as ProtocolError
from thetatrio.errors import RateLimited as RateLimited
from thetatrio.errors import ReadTimeout as ReadTimeout
from thetatrio.errors import ReconnectGaveUp as ReconnectGaveUp
from thetatrio.errors import RequestTooLarge as RequestTooLarge
from thetatrio.errors import ServerError as ServerError
from thetatrio.errors import SessionClosed as SessionClosed
from thetatrio.errors import SessionConflict as SessionConflict
from thetatrio.errors import SlowConsumer as SlowConsumer
from thetatrio.errors import StreamError as StreamError
from thetatrio.errors import SubscriptionRefused as SubscriptionRefused
from thetatrio.errors import SubscriptionUnanswered as SubscriptionUnanswered
from thetatrio.errors import TerminalDisconnected as TerminalDisconnected
from thetatrio.errors import TerminalError as TerminalError
from thetatrio.errors import TerminalStarting as TerminalStarting
from thetatrio.errors import ThetaDataError as ThetaDataError
from thetatrio.errors import TLSError as TLSError
from thetatrio.errors import TransportError as TransportError
from thetatrio.errors import WouldBlock as WouldBlock
from thetatrio.errors import WrongCall as WrongCall
from thetatrio.errors import WrongHost as WrongHost
from thetatrio.errors import WrongVersion as WrongVersion
from thetatrio.events import Dropped as Dropped
from thetatrio.events import Following as Following
from thetatrio.events import Gap as Gap
from thetatrio.events import JoinedTrade as JoinedTrade
from thetatrio.events import Lost as Lost
from thetatrio.events import Notice as Notice
from thetatrio.events import Replayed as Replayed
from thetatrio.events import StreamEvent as StreamEvent
from thetatrio.events import Topic as Topic
from thetatrio.events import Undecodable as Undecodable
