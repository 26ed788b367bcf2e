"""tests.fuzz: its targets hold on what they begin with, on mutations of it, and on any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, chosen, pieces_of, run

SEEDS = {name: target.seeds() for name, target in TARGETS.items()}

# What atheris found, made small.
FOUND = [
    # A column beside the only one of a row: its text was taken for several values.
    ("csv", b"\0Uanother,symbol\r\nx,AAPL\r\n"),
    # Two objects on two lines, and not one to each: which cuts refuse it is chance.
    ("ndjson", b'\x14U\xaa{"symbol":"A"\n}{"symbol":"AA"}\n'),
    # A column without a name was taken for the millisecond of the day of all others.
    ("pages", b'\2\1\0\0{"results":[{"":7,"open":1,"ms_of_day":7,"volume":2,"date":20241101}]}'),
    # A price that is no number was no DecodeError where rows are made as JSON.
    ("pages", b'\1\1\0\0{"results":[{"open":"x","ms_of_day":7,"volume":2,"date":20241101}]}'),
]


@pytest.mark.parametrize("name", TARGETS)
def test_what_a_target_begins_with_is_accepted(name):
    """Seeds are right, so that mutations begin inside of what is read, not at its door."""
    target = TARGETS[name]
    assert SEEDS[name]
    for seed in SEEDS[name]:
        if b"PERMISSION" not in seed:
            target.call(seed)


@pytest.mark.parametrize(("name", "data"), FOUND)
def test_what_was_found_stays_mended(name, data):
    """Each input that once raised what it may not is read or refused."""
    run(name, data)


@st.composite
def inputs(draw):
    """Yield a target and bytes: of any kind, or a seed with a stretch of it replaced."""
    name = draw(st.sampled_from(sorted(TARGETS)))
    if draw(st.integers(0, 3)) == 0:
        return name, draw(st.binary(max_size=200))
    seed = draw(st.sampled_from(SEEDS[name]))
    begin = draw(st.integers(0, len(seed)))
    end = begin + draw(st.integers(0, 12))
    other = draw(st.binary(max_size=12) | st.sampled_from(SEEDS[name]).map(lambda it: it[-40:]))
    return name, seed[:begin] + other + seed[end:]


@given(inputs())
def test_any_bytes_are_read_or_refused(case):
    """Whatever comes, a target raises nothing but what it lists, and holds what it asserts."""
    run(*case)


def test_a_target_lets_out_what_it_does_not_list(monkeypatch):
    """The runner hides nothing: an error that is not listed comes out."""

    def fails(_):
        raise ZeroDivisionError

    monkeypatch.setitem(TARGETS, "occ", TARGETS["occ"]._replace(call=fails))
    with pytest.raises(ZeroDivisionError):
        run("occ", b"")


def test_choices_are_taken_from_the_front_and_pieces_are_the_whole():
    """Few bytes choose zeros; pieces put together are what was cut."""
    assert chosen(b"", 3, 5) == ([0, 0], b"")
    assert chosen(b"\x04\x09rest", 3, 5) == ([1, 4], b"rest")
    assert list(pieces_of(b"abcdef", 255, 0)) == [b"", b"abcdef", b""]
    assert b"".join(pieces_of(b"abcdef", 85, 170)) == b"abcdef"
