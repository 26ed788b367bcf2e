"""The comparison of two commits: what it concludes from ratios, and what it compares."""

import random

import pytest

from tests.benchmarks import against
from tests.benchmarks.against import FIGURES, SERVERS, Figure, compare, interval, verdict


def test_the_interval_has_the_confidence_it_claims():
    """Of many samples, the true median is inside the interval in at least 95 % of them."""
    chosen = random.Random(1)
    for count in (6, 9, 20, 41):
        inside = 0
        for _ in range(2000):
            _, low, high = interval([chosen.gauss(1.0, 0.1) for _ in range(count)])
            inside += low <= 1.0 <= high
        assert inside >= 0.94 * 2000, count


def test_the_interval_is_of_order_statistics():
    """The ranks are those of the binomial distribution: the 2nd and 8th of nine, the 6th of 20."""
    nine = list(range(9, 0, -1))
    assert interval(nine) == (5, 2, 8)
    assert interval(list(range(1, 21)))[1:] == (6, 15)


def test_too_few_rounds_say_nothing():
    """Below six values no interval has 95 %: it is infinite, and no verdict is `worse`."""
    middle, low, high = interval([2.0] * 5)
    assert middle == 2.0
    assert verdict(low, high) == "unclear"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1.031, 1.05, "worse"),
        (1.04, 1.2, "worse"),
        (1.03, 1.05, "as fast"),
        (0.97, 0.99, "as fast"),
        (0.9, 1.2, "unclear"),
    ],
)
def test_a_figure_is_worse_if_its_interval_lies_above_the_limit(low, high, expected):
    """Only an interval entirely above 1.03 is a failure; one that is too wide is named."""
    assert verdict(low, high) == expected


class Fixed:
    """Stands in for the process of a figure; each slice costs what it is told."""

    def __init__(self, name, cost):
        self.name = name
        self.cost = cost
        self.started = 0

    def start(self):
        self.started += 1

    def stop(self):
        pass

    def turn(self):
        return {"cpu": self.cost * random.uniform(0.999, 1.001)}


class Fixture:
    """Stands in for the two folders."""

    def __init__(self, factor):
        self.pair = Fixed("commit", 1.0), Fixed("this tree", factor)

    def variants(self, *_):
        return self.pair


@pytest.mark.parametrize(("factor", "passes"), [(1.1, False), (1.0, True), (0.8, True)])
def test_a_slower_tree_fails_the_comparison(factor, passes, capsys):
    """Ten per cent more for a slice is found; as much or less is not held against the tree."""
    sides = Fixture(factor)
    assert compare(sides, Figure("a figure", "m", "v"), 5.0) is passes
    assert ("worse" in capsys.readouterr().out) is not passes
    # Every round has fresh processes, and there are enough for an interval.
    assert {it.started for it in sides.pair} == {against.LEAST_ROUNDS}


def test_every_figure_has_a_server_that_there_is():
    """All figures of the design are compared, each with a server that exists."""
    assert {it.server for it in FIGURES.values()} <= {"", *SERVERS}
    assert len(FIGURES) == 13


def test_an_unknown_figure_or_commit_is_named():
    """Both end the run before anything is measured."""
    with pytest.raises(SystemExit):
        against.main(["--against", "HEAD", "no_such_figure"])
    with pytest.raises(SystemExit, match="git cannot read no-such-commit"):
        against.main(["--against", "no-such-commit", "import"])
