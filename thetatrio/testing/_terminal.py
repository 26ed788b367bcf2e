"""The simulated terminal: what owns the market, the ledger, the faults and the sockets."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, TypedDict, Unpack, cast

import trio

from thetatrio._calls import explained, unknown_name
from thetatrio._numbers import as_float, as_int
from thetatrio._nursery import open_hidden_nursery
from thetatrio.config import Config, Rate, Tier, TierName
from thetatrio.errors import InvalidConfig, WrongCall
from thetatrio.market_time import parse_date
from thetatrio.testing._calendar import FIRST_YEAR, LAST_YEAR
from thetatrio.testing._connection import Connection
from thetatrio.testing._ledger import Ledger
from thetatrio.testing._limiter import Limiter
from thetatrio.testing._market import Market, market_of
from thetatrio.testing._rules import DEFAULT_PROFILE, PROFILES, Profile, TerminalRules
from thetatrio.testing._service import ROW_LIMIT, JsonShape, Release, Service, State
from thetatrio.testing._stream.server import StreamServer
from thetatrio.testing._stream.settings import StreamSettings
from thetatrio.testing._v2 import Face
from thetatrio.testing._variation import Answers
from thetatrio.testing.faults import Fault, FaultScript

REAL_PORTS: Final = frozenset({25503, 25504, 25510, 25520})
"""Ports of real terminals: v3, its staging twin, v2, and the stream."""

_LOOPBACK: Final = "127.0.0.1"
_LONGEST_QUEUE: Final = 128
_FREE_RATE: Final = Rate(20, per=60.0)
_STREAM: Final = StreamSettings()


class TerminalOptions(TypedDict, total=False):
    """Keyword arguments of `Terminal`, and of `open_terminal`."""

    seed: int
    day: dt.date | str
    tier: Tier | TierName
    contracts: int
    faults: Iterable[Fault]
    answers: Answers
    json_shape: JsonShape
    queue: int
    rate: Rate | None
    latency: float
    release: Release
    flat_file_rows: int | None
    stream: StreamSettings
    row_limit: int
    api: Face
    page_rows: int | None
    api_key: str | None
    allow_hosts: Iterable[str]
    profile: Profile
    rules: TerminalRules | None


class Terminal:
    """A terminal that answers from a simulated market.

    Made by hand it has no sockets: `serve` it streams. `open_terminal` makes
    one that listens.

    Args:
        seed: the same seed, day and contracts give the same bytes.
        day: today, a date or its text; its session is over.
        tier: the account's subscription: slots, operations, how far back.
        contracts: options listed per root and week, the nearest expirations first;
            with a dozen, none is left by the week's Wednesday.
        faults: the script to begin with.
        answers: what the same request gets the next time: the same (`stable`),
            prices moved by a cent (`changing`), rows in another order (`reordered`).
        json_shape: JSON of accounts of this kind: `rows`, or legacy `columns`.
        queue: requests that may wait for a slot, 0 to 128, before 429.
        rate: bound on requests; by default 20 a minute on the free tier.
        latency: seconds before each answer.
        release: `newest` knows every operation and parameter; `published` only those
            of the published description, and answers 404 to the others.
        flat_file_rows: rows of every day's file, repeated as needed; by default as
            many as the market has.
        stream: how the stream behaves.
        row_limit: rows of one answer; what would have more is answered 570.
        api: what it speaks: `v3`; `v2`, the older terminals' paths, envelope and thread limits;
            `gateway`, those paths with `results` and `nextUrl`, and a simpler stream.
        page_rows: rows of one page of `v2` and `gateway`; None: an answer is one page.
        api_key: what must come as a bearer token; 401 otherwise.
        allow_hosts: names, besides those of this machine, that it may be reached by, and whose
            web pages may use it. Other values of `Host` and `Origin` are answered with 403, so
            that no web page can read it or shut it down.
        profile: which terminals it is like: `2026`, those that users saw, or `documented`.
        rules: settings in place of the profile's.

    Raises InvalidConfig that names everything wrong at once.
    """

    def __init__(
        self,
        *,
        seed: int = 7,
        day: dt.date | str = "2024-11-04",
        tier: Tier | TierName = "pro",
        contracts: int = 200,
        faults: Iterable[Fault] = (),
        answers: Answers = "stable",
        json_shape: JsonShape = "rows",
        queue: int = 16,
        rate: Rate | None = None,
        latency: float = 0.0,
        release: Release = "newest",
        flat_file_rows: int | None = None,
        stream: StreamSettings = _STREAM,
        row_limit: int = ROW_LIMIT,
        api: Face = "v3",
        page_rows: int | None = None,
        api_key: str | None = None,
        allow_hosts: Iterable[str] = (),
        profile: Profile = DEFAULT_PROFILE,
        rules: TerminalRules | None = None,
    ) -> None:
        problems: list[str] = []
        today = _checked_day(day, problems)
        account = _checked_tier(tier, problems)
        numbers = (as_int(contracts), as_int(queue), as_float(latency))
        for holds, text in (
            (numbers[0] is not None and numbers[0] >= 2, "contracts must be 2 or more"),
            (
                numbers[1] is not None and 0 <= numbers[1] <= _LONGEST_QUEUE,
                f"queue must be 0 to {_LONGEST_QUEUE}",
            ),
            (numbers[2] is not None and numbers[2] >= 0, "latency must be seconds from 0"),
            (as_int(seed) is not None, f"seed must be a whole number, not {seed!r}"),
            (
                isinstance(cast("object", stream), StreamSettings),
                "stream must be StreamSettings(...)",
            ),
            (answers in ("stable", "changing", "reordered"), f"answers: no such kind: {answers!r}"),
            (release in ("newest", "published"), f"release: no such release: {release!r}"),
            (flat_file_rows is None or flat_file_rows >= 1, "flat_file_rows must be 1 or more"),
            (row_limit >= 1, "row_limit must be 1 or more"),
            (profile in PROFILES, f"profile: 2026 or documented, not {profile!r}"),
            (
                rules is None or isinstance(cast("object", rules), TerminalRules),
                "rules must be TerminalRules(...)",
            ),
            (api in ("v3", "v2", "gateway"), f"api: no such api: {api!r}"),
            (page_rows is None or page_rows >= 1, "page_rows must be 1 or more"),
            (json_shape in ("rows", "columns"), f"json_shape: no such shape: {json_shape!r}"),
        ):
            if not holds:
                problems.append(text)
        if problems:
            raise InvalidConfig("Terminal: " + "; ".join(problems), problems=tuple(problems))
        self.seed = seed
        self.latency = latency
        """Seconds before each answer, the slot held; may be set while it runs."""
        self.market: Market = market_of(seed=seed, day=today, contracts=contracts)
        """What all answers are made from."""
        self.ledger: Ledger = Ledger()
        """What was asked and sent."""
        self.faults: FaultScript = FaultScript(faults)
        """What goes wrong; may be changed while it runs."""
        self.service: Service = Service(
            self.market,
            tier=account,
            answers=answers,
            json_shape=json_shape,
            release=release,
            flat_file_rows=flat_file_rows,
            row_limit=row_limit,
            face=api,
            page_rows=page_rows,
            api_key=api_key,
            allow_hosts=(allow_hosts,) if isinstance(allow_hosts, str) else allow_hosts,
            rules=PROFILES[profile] if rules is None else rules,
        )
        bound = _FREE_RATE if rate is None and account is Tier.FREE else rate
        self.limiter: Limiter = Limiter(
            tier=account,
            queue=queue,
            rate=bound,
            ledger=self.ledger,
            slots=None if api == "v3" else max(1, account.slots // 2),
        )
        self.shut_down: trio.Event = trio.Event()
        """Set once a shutdown was asked for over HTTP, or `stop` was called."""
        self.port: int | None = None
        """The port it listens on, or None without sockets."""
        self.stream: StreamServer = StreamServer(self, stream)
        """The stream: its settings, subscriptions and upstream, and what can be done to it."""
        self.stream_port: int | None = None
        """The port of the stream, or None without sockets."""
        self._serving: set[trio.CancelScope] = set()

    @property
    def tier(self) -> Tier:
        """The account's tier."""
        return self.service.tier

    @property
    def state(self) -> State:
        """How the terminal is: `connected`, or `disconnected` (474), `starting` (571),
        `conflict` (478: another terminal took the session), `uncaught` (572).
        """  # noqa: D205 - one list
        return self.service.state

    @state.setter
    def state(self, state: State) -> None:
        self.service.state = state

    @property
    def url(self) -> str:
        """Scheme, host and port, as a session's `base_url`; without sockets, a name for them."""
        return f"http://{_LOOPBACK}:{self.port or 80}"

    @property
    def stream_url(self) -> str:
        """Where the stream is; without sockets, a name for it."""
        return f"ws://{_LOOPBACK}:{self.stream_port or 80}{self.stream.path}"

    @property
    def config(self) -> Config:
        """Settings for a session that talks to this terminal."""
        return Config(
            base_url=self.url,
            stream_url=self.stream_url,
            stream_api="gateway" if self.stream.is_gateway else "terminal",
            tier=self.tier,
            api="v3" if self.service.face == "v3" else "v2",
            api_key=self.service.api_key,
        )

    def expire_pages(self) -> None:
        """Forget all pages that have not been asked for: they are answered 477 then."""
        self.service.pages.expire()

    def restart(self) -> None:
        """Do what ending and starting a terminal does.

        Connected, any host is the first, and the stream has neither clients nor
        subscriptions.
        """
        self.service.restart()
        self.stream.restart()

    def stop(self) -> None:
        """Shut down: stop listening and drop all connections, as a terminal does on request."""
        self.shut_down.set()
        for scope in self._serving:
            scope.cancel()

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Serve one connection on any trio stream, until it ends. Closes the stream."""
        if self.shut_down.is_set() or self.faults.for_connection():
            await stream.aclose()
            return
        self.ledger.note(connections=1)
        scope = trio.CancelScope()
        self._serving.add(scope)
        try:
            with scope:
                await Connection(self, stream, self.ledger.connections_total).serve()
        finally:
            self._serving.discard(scope)
            self.ledger.note(connections=-1)

    async def serve_stream(self, stream: trio.abc.Stream) -> None:
        """Serve one WebSocket connection on any trio stream, until it ends. Closes the stream."""
        if self.shut_down.is_set():
            await stream.aclose()
            return
        scope = trio.CancelScope()
        self._serving.add(scope)
        try:
            with scope:
                await self.stream.serve(stream)
        finally:
            self._serving.discard(scope)

    async def accept(self, listeners: list[trio.SocketListener]) -> None:
        """Serve what connects to listeners until cancelled or shut down. Closes them."""
        await self._accept(self.serve, listeners)

    async def accept_streams(self, listeners: list[trio.SocketListener]) -> None:
        """Serve the stream to what connects to listeners, as `accept` serves requests."""
        await self._accept(self.serve_stream, listeners)

    async def _accept(
        self,
        serve: Callable[[trio.abc.Stream], Awaitable[None]],
        listeners: list[trio.SocketListener],
    ) -> None:
        scope = trio.CancelScope()
        self._serving.add(scope)
        with scope:
            await trio.serve_listeners(serve, listeners)


async def open_listeners(port: int, *, allow_real_port: bool = False) -> list[trio.SocketListener]:
    """Listen on a port of 127.0.0.1; 0 is a free one.

    Raises InvalidConfig for a real terminal's port unless `allow_real_port` is
    true, and for what is no port; OSError, which names the port, if it is taken.
    """
    if port in REAL_PORTS and not allow_real_port:
        raise InvalidConfig(
            f"port {port} is a real terminal's, and a simulated one there would be taken for it;"
            " use port=0, or allow_real_port=True if that is what you want"
        )
    number = as_int(port)
    if number is None or not 0 <= number <= 65_535:
        raise InvalidConfig(f"port: expected a number from 0 to 65535, got {port!r}")
    try:
        return await trio.open_tcp_listeners(number, host=_LOOPBACK)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise OSError(
            error.errno,
            f"cannot listen on port {number} of {_LOOPBACK}: {reason}; choose another port, or 0"
            " for a free one",
        ) from error


def _checked_day(day: dt.date | str, problems: list[str]) -> dt.date:
    try:
        parsed = parse_date(day)
    except ValueError as problem:
        problems.append(f"day: {problem}")
        return dt.date.min
    if not FIRST_YEAR < parsed.year <= LAST_YEAR:
        problems.append(f"day must be in {FIRST_YEAR + 1} to {LAST_YEAR}")
    return parsed


def _checked_tier(tier: Tier | TierName, problems: list[str]) -> Tier:
    try:
        return Tier(tier)
    except ValueError:
        problems.append("tier must be free, value, standard or pro")
        return Tier.PRO


@partial(explained, "open_terminal")
@asynccontextmanager
async def open_terminal(
    *,
    port: int = 0,
    stream_port: int = 0,
    allow_real_port: bool = False,
    **options: Unpack[TerminalOptions],
) -> AsyncGenerator[Terminal, None]:
    """Open a simulated terminal that listens on 127.0.0.1 for the time of the block.

        async with open_terminal(tier="standard") as terminal:
            async with thetatrio.open_session(config=terminal.config) as session: ...

    Args:
        port: of requests; 0 for a free one. Ports of real terminals are refused
            (InvalidConfig) unless `allow_real_port` is true.
        stream_port: of the stream, likewise.
        allow_real_port: whether ports of `REAL_PORTS` may be used.
        options: arguments of `Terminal`, with its defaults.

    The block's exception comes out as it is. Leaving drops all connections.
    """
    for name in options:
        if name not in TerminalOptions.__annotations__:
            known = ["port", "stream_port", "allow_real_port", *TerminalOptions.__annotations__]
            raise WrongCall(f"open_terminal() has no option {name!r}{unknown_name(name, known)}")
    terminal = Terminal(**options)
    listeners = await open_listeners(port, allow_real_port=allow_real_port)
    try:
        streams = await open_listeners(stream_port, allow_real_port=allow_real_port)
    except (OSError, InvalidConfig):
        for listener in listeners:
            await trio.aclose_forcefully(listener)
        raise
    terminal.port = listeners[0].socket.getsockname()[1]
    terminal.stream_port = streams[0].socket.getsockname()[1]
    async with open_hidden_nursery() as nursery:
        nursery.start_soon(terminal.accept, listeners)
        nursery.start_soon(terminal.accept_streams, streams)
        yield terminal
