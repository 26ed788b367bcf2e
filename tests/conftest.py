"""Settings of the whole suite."""

import atexit
import functools
import gc
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

# What a shell starts in the background ignores Ctrl-C, and what nohup starts ignores SIGHUP; tests
# send both and expect what is usual.
signal.signal(signal.SIGINT, signal.default_int_handler)
if sys.platform != "win32":
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def is_measured(config):
    """Return whether coverage is measured."""
    return bool(getattr(config.option, "cov_source", None))


def pytest_configure(config):
    """Try fewer examples where coverage is measured, unless a profile is asked for."""
    if is_measured(config) and not config.getoption("--hypothesis-profile", default=None):
        settings.load_profile("measured")


def pytest_collection_finish(session):
    """Leave the thousands of tests and what they import out of each garbage collection."""
    gc.collect()
    gc.freeze()


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


@pytest.fixture(scope="module")
def measured_processes(request):
    """Measure the coverage of processes that tests start, in a run that measures its own.

    Not for every module: a process that is measured takes half as long again to start.
    """
    with pytest.MonkeyPatch.context() as patch:
        if is_measured(request.config):
            root = request.config.rootpath
            patch.setenv("COVERAGE_PROCESS_START", str(root / "pyproject.toml"))
            patch.setenv("COVERAGE_FILE", str(root / ".coverage"))
        yield


@pytest.fixture
def spoken(request):
    """Have texts of the scripted terminal and its sessions speak a stream's dialect."""
    # Not above: what is imported with this file is imported before coverage begins.
    from tests import stream_peer

    stream_peer.spoken[0] = request.param
    yield request.param
    stream_peer.spoken[0] = stream_peer.TERMINAL
