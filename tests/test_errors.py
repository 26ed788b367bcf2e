"""The error tree: as drawn, picklable, and carrying what its messages speak of."""

import datetime as dt
import inspect
import pickle
import re

import pytest

from thetatrio import errors
from thetatrio.contracts import Option, Stock
from thetatrio.errors import ThetaDataError
from thetatrio.events import Gap, Topic
from thetatrio.market_time import NEW_YORK

pytestmark = pytest.mark.core

CLASSES = [getattr(errors, name) for name in errors.__all__]
DATA = {
    "code": 429,
    "request": ("history", "AAPL"),
    "problems": ("symbol: missing", "date: missing"),
    "rows_delivered": 17,
    "terminal_text": "queue is full",
    "retry_after": 1.5,
    "first_bytes": b"<html>",
    "refused": {Stock("AAPL"): "INVALID_PERMS", "option": "ERROR"},
    "contracts": (Option("SPXW", "2024-03-15", 4800, "C"), "stock"),
    "notice": Gap(
        reason="cut",
        since=None,
        until=dt.datetime(2024, 3, 15, 10, tzinfo=NEW_YORK),
        replayed=3,
        topics=(Topic.quotes(Stock("AAPL")), Topic.joined_trades("option")),
    ),
    "count": 12,
    "attempts": 5,
    "first_byte": True,
    "needed_tier": "value",
    "allowed_from": dt.date(2026, 8, 27),
    "failed": ("stock_history_eod AAPL 2024-11: 471",),
}


def attributes(cls):
    """Return the names of the data that a class of errors declares."""
    return {name for base in cls.__mro__ for name in inspect.get_annotations(base)}


def drawn_tree():
    """Read the drawing at the module's head as {class name: its parent's name}."""
    parents, path = {}, []
    for line in errors.__doc__.splitlines():
        match = re.match(r"((?:[│ ]   )*)[├└]── (\w+)", line)
        if line == "ThetaDataError":
            path = [line]
        elif match:
            depth = len(match[1]) // 4 + 1
            path[depth:] = [match[2]]
            parents[match[2]] = path[depth - 1]
    return parents


def public_parent(cls):
    # Classes with an underscore only share code; they are no part of the tree.
    return next(base.__name__ for base in cls.__mro__[1:] if not base.__name__.startswith("_"))


def test_the_drawing_is_the_tree():
    """Who reads the head of the module knows every class, and whose child each one is."""
    classes = {cls.__name__: public_parent(cls) for cls in CLASSES if cls is not ThetaDataError}
    assert drawn_tree() == classes


def test_one_except_clause_catches_everything():
    """Every error raised on purpose is a ThetaDataError, and none of them is an OSError."""
    assert all(issubclass(cls, ThetaDataError) for cls in CLASSES)
    assert not any(issubclass(cls, OSError) for cls in CLASSES)


@pytest.mark.parametrize("cls", [errors.InvalidConfig, errors.InvalidRequest])
def test_bad_input_is_also_a_value_error(cls):
    """What was wrong with the caller's values can be caught as ValueError, as Python's own."""
    with pytest.raises(ValueError, match="symbol"):
        raise cls("symbol: missing")


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_errors_survive_pickling_with_their_data(cls):
    """An error raised in a worker process arrives whole: class, message and every attribute."""
    names = attributes(cls)
    data = {name: value for name, value in DATA.items() if name in names}
    assert set(data) == names
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        copy = pickle.loads(pickle.dumps(cls("what happened", **data), protocol))
        assert type(copy) is cls
        assert str(copy) == "what happened"
        assert {name: getattr(copy, name) for name in data} == data


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_attributes_are_there_when_nothing_was_given(cls):
    """A handler may look at any attribute of an error without asking whether it is there."""
    error = cls("what happened")
    assert (error.code, error.request) == (None, None)
    assert str(error) == "what happened"
    assert all(hasattr(error, name) for name in attributes(cls))


def test_a_problem_alone_is_its_own_list():
    """`problems` is never empty: without a list it is the message."""
    assert errors.InvalidRequest("date: missing").problems == ("date: missing",)
    assert errors.RequestTooLarge("too large", problems=("a", "b")).problems == ("a", "b")
