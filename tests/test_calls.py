"""Wrong calls, on every interface: each is an error that names the remedy, never Python's own."""

from __future__ import annotations

import asyncio
import gc
import inspect
import pickle
import warnings
from contextlib import AsyncExitStack, ExitStack

import msgspec
import pytest
import trio

import thetatrio
from tests.faces import run_asyncio
from thetatrio import Stock, Topic, WrongCall, aio, requests, sync
from thetatrio._calls import ExplainedStruct, call_problem, explained, missing_attribute
from thetatrio.testing import CutFrame, Status, StreamSettings
from thetatrio.testing.sync import open_terminal

AAPL = Stock("AAPL")
DAY = {"date": "2024-11-04", "interval": "1h"}
INTERFACES = ("trio", "aio", "sync")


@pytest.fixture(scope="module")
def terminal():
    """A simulated terminal for all tests of this file."""
    with open_terminal(contracts=12) as terminal:
        yield terminal


async def arrived(value):
    """Return what a call comes to: entered, awaited or as it is."""
    if isinstance(value, thetatrio.Query) or inspect.iscoroutine(value):
        return await value
    if hasattr(type(value), "__aenter__"):
        async with value as opened:
            return opened
    return value


def attempt(interface, terminal, mistake):
    """Make a mistake with an open session of an interface; return what comes of it."""
    if interface == "sync":
        with sync.open_session(terminal.config) as session:
            value = mistake(session)
            if isinstance(value, sync.Query):
                return value.fetch()
            if hasattr(type(value), "__enter__"):
                with value as opened:
                    return opened
            return value

    async def main():
        module = thetatrio if interface == "trio" else aio
        async with module.open_session(terminal.config) as session:
            return await arrived(mistake(session))

    return trio.run(main) if interface == "trio" else run_asyncio(main)


# What is called with a session, and what the error says.
CALLS = {
    "unknown parameter": (
        lambda s: s.stock.at_time_quote("AAPL", date="2024-11-04", time_of_day="12:00"),
        r"stock_at_time_quote: .*'date'; did you mean 'start_date' and 'end_date'\? \(it takes",
    ),
    "v2's names": (lambda s: s.option.list_expirations(root="SPY"), "did you mean 'symbol'"),
    "missing": (lambda s: s.chain("SPY"), "session.chain: must be given: expiration"),
    "positional": (
        lambda s: s.chain("SPY", "2024-11-15"),
        "session.chain: only symbol is positional; name the other parameters: expiration, at",
    ),
    "misspelled": (
        lambda s: s.chain("SPY", expiry="2024-11-15"),
        "session.chain: there is no parameter 'expiry'; did you mean 'expiration'",
    ),
    "missing end": (lambda s: s.trading_sessions("2024-11-04"), "must be given: end"),
    "contract": (
        lambda s: s.option.history_quote(thetatrio.Option("SPY", "2024-11-15", 573, "C"), **DAY),
        "a contract is not an argument; pass option.symbol, expiration=option.expiration",
    ),
    "gather of a list": (
        lambda s: s.gather([s.stock.list_symbols()]),
        r"session.gather: expected queries, got a list; .*session.gather\(\*queries\)",
    ),
    "gather of a method": (lambda s: s.gather(s.stock.list_symbols), "got <function.*; call it"),
    "gather of a request": (
        lambda s: s.gather(requests.StockListSymbols()),
        r"session.query\(request\) makes a query",
    ),
    "gather of nothing": (lambda s: s.gather(None, s.stock.list_symbols()), "got None"),
    "as_completed of one": (lambda s: s.as_completed(s.stock.list_symbols()), "got one query"),
    "as_completed of text": (lambda s: s.as_completed("AAPL"), "expected queries, got 'A"),
    "query of a name": (lambda s: s.query("stock_list_symbols"), "expected a request, got 'stock"),
    "query of a class": (lambda s: s.query(requests.StockListSymbols), r"one: StockListSymbols\("),
    "query of a query": (lambda s: s.query(s.stock.list_symbols()), "a query is used as it is"),
    "file query": (lambda s: s.file_query(None), "file_query: expected a request, got None"),
    "requests for": (lambda s: s.requests_for("gap"), "expected a Gap .* got 'gap'"),
    "stream option": (
        lambda s: s.stream.quotes(AAPL, bufer=5),
        r"a feed has no option 'bufer'; did you mean 'buffer'\? \(it takes buffer, overflow",
    ),
    "full trades": (lambda s: s.stream.full_trades(), "must be given: security"),
    "of a class": (lambda s: type(s.stock).history_ohlc("AAPL", **DAY), "of an open session"),
    "of a class of sessions": (
        lambda s: (sync if isinstance(s, sync.Session) else aio).Session.chain("SPY"),
        "is a method of an object",
    ),
    "query by number": (lambda s: s.stock.list_symbols()[0], "has no rows by number"),
    "length of a query": (lambda s: len(s.stock.list_symbols()), "length"),
    "rows without opening": (
        lambda s: list(s.stock.list_symbols().rows()),
        r"query.rows\(\) cannot be iterated before it is opened; open it first: `.*with query.rows",
    ),
    "feed without opening": (
        lambda s: list(s.stream.quotes(AAPL)),
        r"session.stream.quotes\(\) cannot be iterated .*with session.stream.quotes\(...\) as quo",
    ),
    "next row without opening": (
        lambda s: next(s.stock.list_symbols().rows()),
        r"query.rows\(\) cannot be iterated before it is opened; open it first: `.*with query.rows",
    ),
    "next event without opening": (
        lambda s: next(s.stream.quotes(AAPL)),
        r"session.stream.quotes\(\) cannot be iterated .*with session.stream.quotes\(...\) as quo",
    ),
    "anext of a feed without opening": (
        lambda s: anext(s.stream.quotes(AAPL)),
        r"session.stream.quotes\(\) cannot be iterated .*with session.stream.quotes\(...\) as quo",
    ),
    "the next event by its method": (
        lambda s: s.stream.quotes(AAPL).__anext__(),
        r"session.stream.quotes\(\) cannot be iterated .*with session.stream.quotes\(...\) as quo",
    ),
    "the next state without opening": (
        lambda s: anext(s.stream.states()),
        r"stream.states\(\) cannot be iterated .*with session.stream.states\(...\) as",
    ),
    "flat file": (lambda s: list(s.option.flat_file_eod(date="2024-11-04")), "query.save"),
}  # fmt: skip


@pytest.mark.parametrize("interface", INTERFACES)
@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_call_names_its_remedy(interface, name, terminal):
    """A wrong call is WrongCall, which is a TypeError, with what is wrong and what to do."""
    mistake, message = CALLS[name]
    with pytest.raises(WrongCall, match=message) as caught:
        attempt(interface, terminal, mistake)
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, thetatrio.ThetaDataError)


INVALID = {
    "contracts in a list": (
        lambda s: s.stream.quotes([AAPL]),
        r"quotes: expected Stock or Option, got \[Stock.*of its own: quotes\(\*contracts\)",
    ),
    "contracts in a set": (lambda s: s.stream.trades({AAPL}), "of its own"),
    "subscribe to a contract": (lambda s: s.stream.subscribe(AAPL), "expected topics, .*got Stock"),
    "subscribe to a list": (lambda s: s.stream.subscribe([Topic.quotes(AAPL)]), "expected topics"),
    "a set of symbols": (lambda s: s.stock.snapshot_quote({"AAPL"}), r"got {'AAPL'}; use list"),
    "a stock as symbol": (lambda s: s.stock.history_ohlc(AAPL, **DAY), "pass its symbol, 'AAPL'"),
    "no path": (lambda s: s.get(None), "get: path: expected text such as .*, got None"),
    "save without a path": (
        lambda s: s.stock.list_symbols().save(None),
        "save: expected a path as text or a pathlib.Path, got None",
    ),
    "download to a number": (
        lambda s: s.download(s.stock.history_ohlc("AAPL", **DAY), 5),
        "download: expected a path as text or a pathlib.Path, got 5",
    ),
    "params as text": (
        lambda s: s.get("/v3/stock/list/symbols", "a=b"),
        "expected a dict of names",
    ),
    "params of a set": (
        lambda s: s.get("/v3/stock/list/symbols", {"symbol": {"AAPL"}}),
        "symbol: expected text, a number, .* got {'AAPL'}",
    ),
    "days as text": (
        lambda s: s.expirations("SPY", on="2024-11-04", max_dte="7"),
        "max_dte: expected a whole number of days, got '7'",
    ),
    "days swapped": (
        lambda s: s.expirations("SPY", on="2024-11-04", min_dte=9, max_dte=7),
        "max_dte: 7 is below min_dte 9",
    ),
    "several roots": (lambda s: s.expirations(["SPY"], on="2024-11-04"), "expected one symbol"),
    "a moment that is none": (
        lambda s: s.chain("SPY", expiration="2024-11-15", at="noon"),
        "at: 'noon' is not a date and time: use a datetime or 'YYYY-MM-DD HH:MM:SS'",
    ),
}


@pytest.mark.parametrize("interface", INTERFACES)
@pytest.mark.parametrize("name", INVALID)
def test_a_wrong_value_names_its_remedy(interface, name, terminal):
    """A value that cannot be right is InvalidRequest with what was expected."""
    mistake, message = INVALID[name]
    with pytest.raises(thetatrio.InvalidRequest, match=message):
        attempt(interface, terminal, mistake)


ATTRIBUTES = {
    "group": (lambda s: s.stocks, "session has no 'stocks'; did you mean 'stock'"),
    "vendor's name": (lambda s: s.stock_history_ohlc, "it is session.stock.history_ohlc"),
    "operation": (lambda s: s.stock.history_ohcl, "session.stock has no .*mean 'history_ohlc'"),
    "other group": (
        lambda s: s.stock.snapshot_greeks_all,
        "there is session.option.snapshot_greeks_all",
    ),
    "stream": (lambda s: s.stream.quote, "session.stream has no 'quote'; did you mean 'quotes'"),
    "frame": (lambda s: s.stock.list_symbols().to_pandas, r"did you mean query.pandas\(\)"),
    "row's": (lambda s: s.stock.list_symbols().symbol_of_it, "returns its rows as a list"),
    "unopened": (lambda s: s.stream.quotes(AAPL).receive, "'receive' before it is opened"),
}


@pytest.mark.parametrize("interface", INTERFACES)
@pytest.mark.parametrize("name", ATTRIBUTES)
def test_an_attribute_that_is_not_there_names_the_one_that_was_meant(interface, name, terminal):
    """What a session, group, stream or query does not have is an AttributeError with a near one."""
    mistake, message = ATTRIBUTES[name]
    with pytest.raises(AttributeError, match=message):
        attempt(interface, terminal, mistake)


@pytest.mark.parametrize("interface", ["trio", "aio"])
def test_async_for_over_a_query_names_rows(interface, terminal):
    """`async for row in query` is a TypeError that names query.rows(), and nothing is sent."""

    async def loop(session):
        async for _ in session.stock.list_symbols():
            pass

    before = terminal.ledger.total
    with pytest.raises(TypeError, match=r"async with query.rows\(\) as rows:"):
        attempt(interface, terminal, loop)
    with pytest.raises(WrongCall, match=r"async with query.rows\(\) as rows:"):
        attempt(interface, terminal, lambda session: list(session.stock.list_symbols()))
    assert terminal.ledger.total == before


@pytest.mark.parametrize("interface", ["trio", "aio"])
def test_async_for_over_an_unopened_feed_names_async_with(interface, terminal):
    """A feed that is iterated without `async with` is a TypeError that shows the block."""

    async def loop(session):
        async for _ in session.stream.trades(AAPL):
            pass

    async def blocking(session):
        with session.stream.trades(AAPL):
            pass

    async def awaited(session):
        await session.stream.trades(AAPL)

    shown = r"open it first: `async with session.stream.trades\(...\) as trades:`"
    for mistake in (loop, blocking, awaited):
        with pytest.raises(WrongCall, match=shown):
            attempt(interface, terminal, mistake)


@pytest.mark.parametrize("interface", ["trio", "aio"])
def test_for_over_what_needs_async_for_says_so(interface, terminal):
    """`for` over an open feed or rows of trio and asyncio is a TypeError that names `async for`."""

    async def feed(session):
        async with session.stream.quotes(AAPL) as quotes:
            list(quotes)

    async def rows(session):
        async with session.stock.list_symbols().rows() as rows:
            list(rows)

    for mistake, name in ((feed, "Feed"), (rows, "RowChannel")):
        with pytest.raises(WrongCall, match=f"a {name} is iterated with `async for`"):
            attempt(interface, terminal, mistake)


@pytest.mark.parametrize("interface", ["trio", "aio"])
def test_gather_of_frames_names_what_runs_them_together(interface, terminal):
    """A coroutine in gather is refused with the remedy, and gives no warning of its own."""
    with pytest.raises(WrongCall, match="got the coroutine .*polars.*in a nursery of trio"):
        attempt(interface, terminal, lambda s: s.gather(s.stock.list_symbols().polars()))


def test_gather_of_frames_on_threads_says_that_they_are_fetched(terminal):
    """In thetatrio.sync a frame has been fetched when gather is called; the error says so."""
    with pytest.raises(WrongCall, match="got a DataFrame; .* has been fetched already"):
        attempt("sync", terminal, lambda s: s.gather(s.stock.list_symbols().polars()))


def test_queries_of_one_interface_are_not_those_of_another(terminal):
    """A query of thetatrio in gather of thetatrio.sync is refused as that."""

    async def main():
        async with thetatrio.open_session(terminal.config) as native:
            query = native.stock.list_symbols()
            with sync.open_session(terminal.config) as blocking:
                with pytest.raises(WrongCall, match="belongs to another interface"):
                    blocking.gather(query)
                with pytest.raises(WrongCall, match="belongs to another interface"):
                    await native.gather(blocking.stock.list_symbols())
            query.close()

    trio.run(main)


def test_nothing_of_the_blocking_interface_is_awaited(terminal):
    """`await`, `async for` and `async with` of thetatrio.sync say which module is meant."""

    async def main():
        with sync.open_session(terminal.config) as session:
            query = session.stock.list_symbols()
            with pytest.raises(WrongCall, match=r"nothing of thetatrio.sync is awaited: query.fet"):
                await query
            with pytest.raises(WrongCall, match="nothing of thetatrio.sync is awaited"):
                async for _ in query:
                    pass
            with pytest.raises(WrongCall, match=r"`with query.rows\(...\) as rows:`"):
                async with query.rows():
                    pass
            with query.rows() as rows, pytest.raises(WrongCall, match="with `for`, not with"):
                async for _ in rows:
                    pass
            assert query  # as any object that is not a container

    asyncio.run(main())


async def test_a_flat_file_is_neither_awaited_nor_iterated(terminal):
    """A flat file has no rows: the error names save() and chunks()."""
    async with thetatrio.open_session(terminal.config) as session:
        query = session.option.flat_file_eod(date="2024-11-04")
        with pytest.raises(WrongCall, match=r"save it with query.save\(path\)"):
            await query
        with pytest.raises(WrongCall, match=r"query.chunks\(\)"):
            async for _ in query:
                pass


OPENERS = {
    "trio": thetatrio.open_session,
    "aio": aio.open_session,
    "sync": sync.open_session,
    "connect": sync.connect,
}


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        (("http://127.0.0.1:25503",), {}, r"a URL is open_session\(base_url='http://127.0.0.1:25503'\)"),
        (("key",), {}, "settings by name, not a str"),
        (({"tier": "pro"},), {}, r"not a dict; .* a dict \*\*settings"),
        ((None, "pro"), {}, "only config is positional"),
        ((), {"url": "http://127.0.0.1:1"}, "no setting 'url'; did you mean 'base_url'"),
        ((), {"timeout": 5}, "did you mean 'first_byte_timeout' and 'silence_timeout'"),
        ((), {"tears": "pro"}, "did you mean 'tier'"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("interface", OPENERS)
def test_wrong_arguments_of_a_session_name_the_setting(interface, arguments, settings, message):
    """A URL or a dict in place of a Config, and a setting that does not exist, name the remedy."""

    def enter():
        opened = OPENERS[interface](*arguments, **settings)
        assert interface != "connect"
        with opened:
            raise AssertionError("it was opened")

    async def enter_async():
        async with OPENERS[interface](*arguments, **settings):
            raise AssertionError("it was opened")

    with pytest.raises(WrongCall, match=message):
        if interface == "trio":
            trio.run(enter_async)
        elif interface == "aio":
            run_asyncio(enter_async)
        else:
            enter()


def test_a_password_in_a_positional_url_is_not_shown():
    """A URL with a user's name and password does not appear in the error."""
    with pytest.raises(WrongCall) as caught:
        sync.connect("http://user:secret@127.0.0.1:1")
    assert "secret" not in str(caught.value)


def test_a_session_that_was_not_opened_says_how():
    """What open_session returns is explained until it is entered: attributes, await, `with`."""
    for opened in (thetatrio.open_session(), aio.open_session()):
        with pytest.raises(AttributeError, match="'stock' before it is opened; .*`async with the"):
            _ = opened.stock
        with pytest.raises(WrongCall, match="not with `with`"):
            opened.__enter__()
        with ExitStack() as stack, pytest.raises(WrongCall, match="not with `with`"):
            stack.enter_context(opened)
    with pytest.raises(AttributeError, match="'stock' before it is opened"):
        _ = sync.open_session().stock

    async def main():
        async with AsyncExitStack() as stack:
            with pytest.raises(WrongCall, match="opened with `async with`, not awaited"):
                await thetatrio.open_session()
            with pytest.raises(WrongCall, match="nothing of thetatrio.sync is awaited"):
                await stack.enter_async_context(sync.open_session())

    trio.run(main)


@pytest.mark.parametrize("kind", [thetatrio.Session, sync.Session, thetatrio.Stream, sync.Query])
def test_what_a_session_makes_is_not_made_by_hand(kind):
    """Classes that are made by open_session and its methods say so when they are called."""
    with pytest.raises(WrongCall, match=f"{kind.__name__}: not made by calling it, but by"):
        kind("http://127.0.0.1:25503")


def test_a_wrong_call_warns_of_no_unused_query(terminal):
    """The error is enough: no warning of a query that was never used follows it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for mistake, _ in CALLS.values():
            for interface in INTERFACES:
                with pytest.raises(WrongCall):
                    attempt(interface, terminal, mistake)
        gc.collect()  # what warns does so when it is dropped


def test_a_type_error_of_something_inside_comes_out_as_it_is():
    """Only what does not fit the signature is a wrong call; other TypeErrors are not touched."""

    def add(number, *, times=1):
        return sum(number * times)

    call = explained("add", add)
    with pytest.raises(TypeError, match="not iterable") as caught:
        call(5)
    assert not isinstance(caught.value, WrongCall)
    with pytest.raises(WrongCall, match="add: must be given: number"):
        call()


def test_arguments_that_fit_have_no_problem():
    """call_problem returns None for a call that Python accepts, and the problem of any other."""

    def function(a, b=1, *rest, c, **options):
        pass

    signature = inspect.signature(function)
    assert call_problem("f", signature, (1, 2, 3), {"c": 1, "d": 2}) is None
    assert call_problem("f", signature, (), {"b": 1}) == "f: must be given: a, c"
    assert call_problem("f", signature, (1,), {"a": 1, "c": 1}) == "f: a was given twice"

    def two(a, b):
        pass

    def none():
        pass

    assert call_problem("f", inspect.signature(two), (1, 2, 3), {}) == (
        "f: only a and b are positional, and 3 came"
    )
    assert call_problem("f", inspect.signature(none), (), {"a": 1}) == (
        "f: there is no parameter 'a'; it takes none"
    )


def test_coroutine_functions_stay_coroutine_functions():
    """What is explained can be told from a plain function by who starts tasks (Python 3.12 on)."""
    explains = hasattr(inspect, "markcoroutinefunction")
    assert inspect.iscoroutinefunction(thetatrio.Session.chain) is explains
    assert not inspect.iscoroutinefunction(thetatrio.Session.query)
    assert list(inspect.signature(thetatrio.Session.chain).parameters)[:2] == ["self", "symbol"]


STRUCTS = {
    "setting": (lambda: thetatrio.Config(url="x"), "Config: .*'url'; did you mean 'base_url'"),
    "positional": (lambda: thetatrio.Config("x"), "Config: nothing is positional"),
    "retries": (lambda: thetatrio.RetryPolicy(retries=3), "did you mean 'max_attempts'"),
    "reconnects": (lambda: thetatrio.ReconnectPolicy(delay=3), "it takes base, cap, stable"),
    "period": (lambda: thetatrio.Rate(30, period=60), "did you mean 'per'"),
    "no count": (thetatrio.Rate, "Rate: must be given: count"),
    "gap": (lambda: thetatrio.Gap(why="x"), "Gap: .*'why'; it takes reason, since, until"),
    "request": (
        lambda: requests.StockHistoryOhlc(symbols="AAPL"),
        "StockHistoryOhlc: .*'symbols'; did you mean 'symbol'",
    ),
    "stream settings": (lambda: StreamSettings(sped=2), "did you mean 'speed'"),
    "fault": (lambda: Status(kode=500), "Status: .*'kode'; did you mean 'code'"),
    "stream fault": (lambda: CutFrame(number=3), "CutFrame: .*'number'; it takes bytes"),
}  # fmt: skip


@pytest.mark.parametrize("name", STRUCTS)
def test_wrong_arguments_of_a_constructor_name_the_near_one(name):
    """Settings, requests, notices and faults explain a wrong argument as a method does."""
    mistake, message = STRUCTS[name]
    with pytest.raises(WrongCall, match=message):
        mistake()


def test_explained_structs_are_structs_as_before():
    """They are copied, compared, pickled, decoded and inspected as other Structs are."""
    policy = thetatrio.RetryPolicy(max_attempts=3)
    assert msgspec.structs.replace(policy, max_attempts=12) == thetatrio.RetryPolicy()
    assert pickle.loads(pickle.dumps(policy)) == policy
    assert msgspec.json.decode(msgspec.json.encode(policy), type=thetatrio.RetryPolicy) == policy
    assert inspect.signature(thetatrio.RetryPolicy).parameters["base"].default == 0.25


def test_a_type_error_of_a_check_is_not_a_wrong_call():
    """A TypeError raised while the fields are checked is that error, not one of the arguments."""

    class Checked(msgspec.Struct, metaclass=ExplainedStruct):
        value: int

        def __post_init__(self):
            raise TypeError("inside")

    with pytest.raises(TypeError, match="inside") as caught:
        Checked(1)
    assert not isinstance(caught.value, WrongCall)


def test_a_missing_attribute_without_a_near_one_is_only_named():
    """Nothing is guessed where nothing is near."""
    assert missing_attribute("session", "zzz", ["stock"]) == "session has no 'zzz'"


def test_private_names_are_plain_attribute_errors(terminal):
    """Libraries that look for protocols by private names find that there are none."""
    with sync.open_session(terminal.config) as session:
        query = session.stock.list_symbols()
        for value in (session, session.stock, session.stream, query):
            assert not hasattr(value, "__array__")
            assert not hasattr(value, "_repr_html_")
        assert query.fetch()
        assert not hasattr(session.stream.quotes(AAPL), "_repr_html_")
