"""thetatrio.testing._remote: a simulated terminal that runs in a thread of its own."""

import copy

import pytest

from thetatrio.testing.sync import open_terminal


def test_what_the_terminal_alone_has_is_said_how_to_reach():
    """Who looks for the terminal's own parts on another face reads how to get at them."""
    with open_terminal(contracts=2) as terminal:
        with pytest.raises(
            AttributeError, match=r"'stream'; terminal\.call\(lambda it: it\.stream"
        ):
            _ = terminal.stream
        with pytest.raises(AttributeError, match="SyncTerminal has no 'strem'$"):
            _ = terminal.strem
        assert terminal.call(lambda it: it.stream.subscriptions) == frozenset()
        assert copy.copy(terminal).url == terminal.url
