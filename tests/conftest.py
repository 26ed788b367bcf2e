"""Settings of the whole suite."""

import atexit
import functools
import os
import shutil
import signal
import sys
import tempfile

import pytest
from hypothesis import settings

# No deadline: on a shared machine a slow example says nothing about the code.
settings.register_profile("default", deadline=None)
settings.register_profile("deep", deadline=None, max_examples=2000)
# Tracing makes an example four to five times as dear, and what is measured is
# which lines run; the other Pythons try the full number on the same properties.
settings.register_profile("measured", deadline=None, max_examples=25)
# The same few examples each time, so that a mutant's verdict is not by chance.
settings.register_profile(
    "mutants", deadline=None, max_examples=25, derandomize=True, database=None
)
settings.load_profile("default")


# Sessions keep the numbers of stream commands in the user's state directory; not those of tests.
_STATE = tempfile.mkdtemp(prefix="thetatrio-tests-")
atexit.register(shutil.rmtree, _STATE, ignore_errors=True)
os.environ["XDG_STATE_HOME"] = os.environ["LOCALAPPDATA"] = _STATE

# What a shell starts in the background ignores Ctrl-C, which tests send and expect.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config):
    """Try fewer examples where coverage is measured, unless a profile is asked for."""
    measured = bool(getattr(config.option, "cov_source", None))
    if measured and not config.getoption("--hypothesis-profile", default=None):
        settings.load_profile("measured")


def pytest_runtest_setup(item):
    """Let nothing remember another mutant: mutmut forks from a process that has run the tests."""
    if "MUTANT_UNDER_TEST" in os.environ:
        for name, module in list(sys.modules.items()):
            if name.startswith("thetatrio"):
                for value in list(vars(module).values()):
                    if isinstance(value, functools._lru_cache_wrapper):
                        value.cache_clear()


def pytest_ignore_collect(collection_path, config):
    """Leave out what runs the type checkers, unless it is asked for by its path."""
    named = any("typing" in argument for argument in config.args)
    return True if collection_path.name == "typing" and not named else None


@pytest.fixture
def spoken(request):
    """Have texts of the scripted terminal and its sessions speak a stream's dialect."""
    # Not above: what is imported with this file is imported before coverage begins.
    from tests import stream_peer

    stream_peer.spoken[0] = request.param
    yield request.param
    stream_peer.spoken[0] = stream_peer.TERMINAL
