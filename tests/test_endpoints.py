"""Endpoints: what editors, `help()` and a wrong call say of each method of a session."""

import inspect
import pydoc
import re
from typing import get_args

import pytest

from tests.test_requests import TABLE
from thetatrio import _session
from thetatrio._endpoints import (
    CalendarEndpoints,
    Endpoint,
    FileEndpoint,
    IndexEndpoints,
    InterestRateEndpoints,
    OptionEndpoints,
    StockEndpoints,
)
from thetatrio._rest.file_query import FileQuery
from thetatrio._rest.query import Query
from thetatrio.requests import StockFlatFileEod, StockHistoryEod, operations, v2

pytestmark = pytest.mark.core

# Group, class of its methods, and the group's name in the vendor's operation names.
GROUPS = [
    (_session.StockGroup, StockEndpoints, "stock"),
    (_session.OptionGroup, OptionEndpoints, "option"),
    (_session.IndexGroup, IndexEndpoints, "index"),
    (_session.CalendarGroup, CalendarEndpoints, "calendar"),
    (_session.InterestRateGroup, InterestRateEndpoints, "interest_rate"),
]
CASES = [
    pytest.param(group, name, f"{prefix}_{name}", id=f"{prefix}.{name}")
    for group, endpoints, prefix in GROUPS
    for name, value in vars(endpoints).items()
    if isinstance(value, (Endpoint, FileEndpoint))
]
each_endpoint = pytest.mark.parametrize(("group_type", "name", "operation"), CASES)
# Enough to make any of them.
CALLS = {
    name: (
        (facts.call["symbol"],) if "symbol" in facts.call else (),
        {key: value for key, value in facts.call.items() if key != "symbol"},
    )
    for name, facts in TABLE.items()
}
SPAN = {"start_date": "2024-11-01", "end_date": "2024-11-04"}
CALLS |= {
    "stock_history_split": (("AAPL",), SPAN),
    "stock_history_dividend": (("AAPL",), SPAN),
    "stock_history_trade_flags": (("AAPL",), {"date": "2024-11-01"}),
    "option_history_trade_flags": (("SPY",), {"expiration": "2024-11-15", "date": "2024-11-01"}),
    "stock_file_trade_quote": ((), {"date": "2024-11-01"}),
    "option_file_eod": ((), {"date": "2024-11-01"}),
    "option_file_open_interest": ((), {"date": "2024-11-01"}),
    "option_file_trade_quote": ((), {"date": "2024-11-01"}),
}
CALLS["option_list_contracts"] = (("SPY",), {"request_type": "quote", "date": "2024-11-04"})

# Not in the published description of the terminal; the vendor's own library has them.
NEWER_PARAMETERS = {
    "current_day_only", "use_time_based_trade_quote", "annual_dividend_amount", "option_use_nbbo",
    "perf_boost_intraday",
}  # fmt: skip

OPERATIONS = {**operations(), **v2.operations()}
CLIENT = object()  # nothing is sent


def method_of(group_type, name):
    """Return the method of a group that sends nothing."""
    return getattr(group_type(CLIENT), name)


def is_file(request):
    """Tell whether an answer is a flat file's bytes; a v2 terminal's is a path, as a row."""
    return request.flat_file and not request.v2_only


def returned(operation, query="Query", file_query="FileQuery"):
    """Return how a signature names what a call gives: rows are typed, files are bytes."""
    request = OPERATIONS[operation]
    return file_query if is_file(request) else f"{query}[{request.row_type().__name__}]"


def test_every_operation_is_a_method_of_its_group():
    """`stock_history_eod` is `session.stock.history_eod`, and so for every operation."""
    assert {case.values[2] for case in CASES} == set(OPERATIONS) == set(CALLS)


@each_endpoint
def test_a_call_makes_a_query_of_the_request(group_type, name, operation):
    """Calling a method sends nothing and gives a query of the request, or a file query."""
    args, kwargs = CALLS[operation]
    query = method_of(group_type, name)(*args, **kwargs)
    assert query.request == OPERATIONS[operation](*args, **kwargs)
    if is_file(query.request):
        assert type(query) is FileQuery
    else:
        assert type(query) is Query
        query.close()


@each_endpoint
def test_the_signature_is_the_operations(group_type, name, operation):
    """Editors see every parameter, its default, what is positional, and `Query[Row]`."""
    request = OPERATIONS[operation]
    signature = inspect.signature(method_of(group_type, name))
    assert signature.return_annotation == returned(operation)
    declared = request.parameters()
    assert list(signature.parameters) == [parameter.name for parameter in declared]
    for parameter in declared:
        shown = signature.parameters[parameter.name]
        positional = parameter.name == "symbol"
        assert shown.kind is (
            inspect.Parameter.POSITIONAL_OR_KEYWORD
            if positional
            else inspect.Parameter.KEYWORD_ONLY
        )
        if parameter.required:
            assert shown.default is inspect.Parameter.empty
        else:
            assert shown.default == parameter.default
        assert shown.annotation is not inspect.Parameter.empty
        if parameter.choices:
            words = [word for part in (shown.annotation, *get_args(shown.annotation))
                     for word in get_args(part)]  # fmt: skip
            assert set(parameter.choices) <= {*words, *get_args(shown.annotation)}
    args, kwargs = CALLS[operation]
    signature.bind(*args, **kwargs)


@each_endpoint
def test_the_method_has_the_names_of_its_place(group_type, name, operation):
    """Its names say where it is found, for tracebacks, pickled references and `help()`."""
    method = method_of(group_type, name)
    assert method.__name__ == name
    assert method.__qualname__ == f"{group_type.__name__}.{name}"
    assert method.__module__ == "thetatrio._session"
    assert repr(method).startswith(f"<function {group_type.__name__}.{name} at ")


@each_endpoint
def test_the_documentation_says_what_one_needs(group_type, name, operation):
    """An imperative first line, the HTTP call, the tier, every parameter, the row, an example."""
    request = OPERATIONS[operation]
    doc = inspect.getdoc(method_of(group_type, name))
    assert doc == inspect.getdoc(request)
    first, blank, *_ = doc.splitlines()
    assert re.fullmatch(r"Ask for .*\." if is_file(request) else r"(List|Fetch) .*\.", first)
    assert not blank
    flat = " ".join(doc.split())
    assert f"Makes a `GET {request.path}` request." in flat
    assert f"Tier: {request.tier.value}" in flat
    assert ("Takes no slot" in flat) is (not request.takes_slot)
    assert ("how far back a tier reaches is limited" in flat) is request.history_limited
    for parameter in request.parameters():
        assert re.search(rf"^    {parameter.name}: \S", doc, re.MULTILINE)
    documented = re.findall(r"^    (\w+): ", doc, re.MULTILINE)
    assert documented == [parameter.name for parameter in request.parameters()]
    if is_file(request):
        assert "Returns a `FileQuery`" in flat
    else:
        assert f"Returns rows of `thetatrio.rows.{request.row_type().__name__}`" in flat
    sends = "" if is_file(request) else "await "
    assert f"{sends}session.{operation.removesuffix('_' + name)}.{name}(" in flat
    newer = [p.name for p in request.parameters() if p.name in NEWER_PARAMETERS]
    assert flat.count("an older terminal ignores it") == (0 if request.since else len(newer))
    assert ("(404" in flat) is (bool(request.since) and not request.v2_only)
    assert ("v2 terminal" in first) is request.v2_only


@each_endpoint
def test_help_shows_signature_and_documentation(group_type, name, operation):
    """`help(session.stock.history_eod)` shows the call and its documentation."""
    request = OPERATIONS[operation]
    method = method_of(group_type, name)
    text = pydoc.render_doc(method, renderer=pydoc.plaintext)
    assert f"{name}(" in text
    assert returned(operation) in text
    for parameter in request.parameters():
        assert re.search(rf"\b{parameter.name}: ", text)
        if parameter.default is not None:
            assert f"= {parameter.default!r}" in text
    assert f"GET {request.path}" in " ".join(text.split())


@each_endpoint
def test_wrong_calls_name_the_operation_and_a_near_match(group_type, name, operation):
    """A misspelt, surplus, missing or doubled argument is a TypeError in the operation's words."""
    method = method_of(group_type, name)
    args, kwargs = CALLS[operation]
    declared = OPERATIONS[operation].parameters()
    for parameter in declared:
        misspelt = parameter.name + parameter.name[-1]
        with pytest.raises(
            TypeError, match=rf"^{operation}: there is no parameter '{misspelt}'; did you mean '"
        ):
            method(*args, **kwargs, **{misspelt: 1})
    with pytest.raises(TypeError, match=rf"^{operation}: there is no parameter 'zzz'; it takes"):
        method(*args, **kwargs, zzz=1)
    with pytest.raises(TypeError, match=rf"^{operation}: (only symbol|nothing) is positional"):
        method(*args, "surplus", **kwargs)
    required = [parameter.name for parameter in declared if parameter.required]
    if required:
        with pytest.raises(TypeError, match=rf"^{operation}: must be given: {required[0]}"):
            method()
    if args:
        with pytest.raises(TypeError, match=rf"^{operation}: symbol was given twice"):
            method(*args, **kwargs, symbol="AAPL")


def test_a_wrong_call_hides_what_is_under_it():
    """The error of a wrong call has no cause that would print msgspec's words first."""
    with pytest.raises(TypeError) as caught:
        method_of(_session.StockGroup, "history_eod")()
    assert caught.value.__suppress_context__
    assert caught.value.__cause__ is None


@each_endpoint
def test_each_method_is_made_once_for_a_session(group_type, name, operation):
    """The second access gives the same function; another session has its own."""
    group = group_type(CLIENT)
    assert getattr(group, name) is getattr(group, name)
    assert getattr(group_type(CLIENT), name) is not getattr(group, name)
    assert vars(group)[name] is getattr(group, name)


@each_endpoint
def test_the_class_has_the_endpoint_itself(group_type, name, operation):
    """Asked of the class, an endpoint is itself: there is no session to send with."""
    endpoint = getattr(group_type, name)
    assert isinstance(endpoint, (Endpoint, FileEndpoint))
    assert endpoint is inspect.getattr_static(group_type, name)


def test_another_face_says_what_calling_gives():
    """A face's own group decides what a call makes and how the signature names it."""

    class OtherGroup(StockEndpoints, _session.Group):
        query_name = "OtherQuery"
        file_query_name = "OtherFileQuery"

        def bind(self, request):
            return ("bound", request)

        def bind_file(self, request):
            return ("bound file", request)

    method = OtherGroup(CLIENT).history_eod
    assert inspect.signature(method).return_annotation == "OtherQuery[Eod]"
    args, kwargs = CALLS["stock_history_eod"]
    assert method(*args, **kwargs) == ("bound", StockHistoryEod(*args, **kwargs))
    assert method.__qualname__.endswith("OtherGroup.history_eod")
    assert method.__module__ == __name__
    method = OtherGroup(CLIENT).flat_file_eod
    assert inspect.signature(method).return_annotation == "OtherFileQuery"
    assert method(date="2024-11-04") == ("bound file", StockFlatFileEod(date="2024-11-04"))


def test_groups_hold_nothing_but_what_they_need():
    """Completion in an editor offers a group's operations, what binds them, and little else."""
    for group_type, endpoints, _ in GROUPS:
        offered = {name for name in dir(group_type(CLIENT)) if not name.startswith("_")}
        kinds = (Endpoint, FileEndpoint)
        operations_here = {n for n, v in vars(endpoints).items() if isinstance(v, kinds)}
        assert offered == operations_here | {"bind", "bind_file", "query_name", "file_query_name"}
