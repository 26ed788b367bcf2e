"""How the same request is answered differently the next time it is asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final, Literal, TypeAlias

from thetatrio.testing._operations import Group, Kind, Operation, Row

Answers: TypeAlias = Literal["stable", "changing", "reordered"]
"""`stable`: the same bytes each time. `changing`: prices after the first row move
by a cent with each request (an only row's too). `reordered`: the same rows,
those of one timestamp in another order, and of one day's contracts too."""

_WINDOW: Final = 3


def varied(
    operation: Operation, groups: Iterator[Group], answers: Answers, nth: int
) -> Iterator[Group]:
    """Return groups as the `nth` request of one URL gets them (0: the first)."""
    if answers == "stable" or nth == 0:
        return groups
    if answers == "changing":
        return _changed(operation, groups, nth)
    return _reordered(operation, groups, nth)


def _places(operation: Operation, wanted: Callable[[Kind], bool], group: Group) -> list[int]:
    # Rows of a contract's group leave out its four columns, wherever they stand.
    constants = ("symbol", "expiration", "strike", "right") if group.contract else ()
    own = [column for column in operation.columns if column[0] not in constants]
    return [place for place, (_, kind) in enumerate(own) if wanted(kind)]


def _changed(operation: Operation, groups: Iterator[Group], nth: int) -> Iterator[Group]:
    first = next(groups, None)
    second = next(groups, None)
    if first is None:
        return
    only = second is None and len(first.rows) == 1
    yield _moved(operation, first, nth, 0 if only else 1)
    if second is not None:
        yield _moved(operation, second, nth, 0)
        for group in groups:
            yield _moved(operation, group, nth, 0)


def _moved(operation: Operation, group: Group, nth: int, keep: int) -> Group:
    places = _places(operation, lambda kind: kind.is_price, group)

    def moved(row: Row) -> Row:
        values = list(row)
        for place in places:
            value = values[place]
            # What is zero was never quoted or traded, and stays so.
            if isinstance(value, float) and value:
                values[place] = value + nth / 100
        return values

    rows = [*group.rows[:keep], *map(moved, group.rows[keep:])]
    return group._replace(rows=rows)


def _reordered(operation: Operation, groups: Iterator[Group], nth: int) -> Iterator[Group]:
    window: list[Group] = []
    date: dt.date | None = None
    for group in groups:
        turned = _turned_within(operation, group, nth)
        again = bool(window) and window[-1].contract == group.contract
        if group.contract is None or again or (date is not None and date != group.date):
            # Days keep their order; so do contracts of a range, each through its days,
            # and the pieces of a long day.
            yield from window
            window.clear()
            yield turned
            continue
        date = group.date
        window.append(turned)
        if len(window) == _WINDOW:
            yield from _turned(window, nth)
            window.clear()
    yield from _turned(window, nth)


def _turned(items: Sequence[Group], nth: int) -> Sequence[Group]:
    turn = nth % len(items) if items else 0
    return [*items[turn:], *items[:turn]]


def _turned_within(operation: Operation, group: Group, nth: int) -> Group:
    clocks = _places(operation, lambda kind: kind is Kind.CLOCK, group)
    if not clocks:
        return group
    place = clocks[0]
    rows: list[Row] = []
    for _, run in groupby(group.rows, key=lambda row: row[place]):
        same = list(run)
        turn = nth % len(same)
        rows += [*same[turn:], *same[:turn]]
    return group._replace(rows=rows)
