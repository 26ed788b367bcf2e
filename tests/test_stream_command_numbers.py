"""thetatrio._stream.command_numbers: no number twice, over sessions, processes and threads."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, pairwise
from pathlib import Path

import pytest

import thetatrio
from thetatrio._stream import command_numbers as module
from thetatrio._stream.command_numbers import BLOCK, LAST, CommandNumbers, state_file
from thetatrio.testing import StreamSettings, open_terminal

pytestmark = pytest.mark.core

EPOCH = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
SECONDS = 90_000_000
posix = pytest.mark.skipif(os.name != "posix", reason="of POSIX systems")


class Clock:
    """A wall clock that is set by hand."""

    def __init__(self, seconds=SECONDS):
        self.seconds = seconds

    def __call__(self):
        return EPOCH + dt.timedelta(seconds=self.seconds)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "thetatrio" / "command-number"


def process(path, clock=None):
    """The numbers of another process."""
    return CommandNumbers(lambda: path, clock or Clock())


def take(numbers, count):
    return list(islice(numbers, count))


def test_numbers_begin_at_the_seconds_since_2024_and_grow(path):
    """They fit in 31 bits for decades."""
    numbers = take(process(path), 3 * BLOCK)
    assert numbers == list(range(SECONDS, SECONDS + 3 * BLOCK))
    assert path.read_bytes() == b"%010d\n" % (SECONDS + 3 * BLOCK)


@pytest.mark.parametrize("later", [0, 1, 3600, -3600, -1_000_000_000])
def test_a_later_process_goes_on(path, later):
    """Within the same second, or after the clock was set back, its numbers are greater."""
    clock = Clock()
    first = take(process(path, clock), 20_000)
    clock.seconds += later
    assert take(process(path, clock), 1)[0] > first[-1]


def test_processes_at_the_same_time_share_no_number(path):
    """Each takes blocks of its own."""
    processes = [process(path) for _ in range(5)]
    given = [[] for _ in processes]
    for turn in range(40):
        for numbers, theirs in zip(processes, given, strict=True):
            theirs.extend(take(numbers, 100 + turn))
    every = [number for theirs in given for number in theirs]
    assert len(set(every)) == len(every)
    assert all(one < two for theirs in given for one, two in pairwise(theirs))


def test_threads_share_no_number(path):
    """Sessions of several threads take theirs from one place."""
    numbers, start = process(path), threading.Barrier(8)

    def several(_):
        start.wait()
        return take(numbers, 5_000)

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(several, range(8)))
    assert len({number for theirs in given for number in theirs}) == 40_000
    assert all(one < two for theirs in given for one, two in pairwise(theirs))


def test_real_processes_share_no_number(tmp_path):
    """Four that begin together, each with thousands of numbers."""
    code = (
        "from itertools import islice;"
        "from thetatrio._stream.command_numbers import COMMAND_NUMBERS;"
        "print(*islice(COMMAND_NUMBERS, 5000))"
    )
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    running = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment)
        for _ in range(4)
    ]
    given = [list(map(int, each.communicate(timeout=60)[0].split())) for each in running]
    assert len({number for theirs in given for number in theirs}) == 20_000


def test_a_file_that_was_lost_is_made_again(path):
    """A process goes on from its own numbers; another begins at the seconds."""
    numbers = process(path)
    first = take(numbers, BLOCK)
    path.unlink()
    assert take(numbers, 1)[0] == first[-1] + 1


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"-5\n", b"0000000000\n", b"never\n", b"\xff\xfe\x00", "²".encode(), b"9" * 100,
     b"2147483647\n", b"9999999999\n"],
)  # fmt: skip
def test_a_file_of_nonsense_counts_for_nothing(path, content):
    """It is written anew, and the numbers begin at the seconds."""
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert take(process(path), 2) == [SECONDS, SECONDS + 1]
    assert take(process(path), 1) == [SECONDS + BLOCK]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_not_a_regular_file_is_not_read(path):
    """A pipe in place of the file is not waited for: numbers grow within the process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    # In a process of its own, which a read without an end does not keep.
    code = (
        "import sys; from pathlib import Path;"
        "from thetatrio._stream.command_numbers import CommandNumbers;"
        "numbers = CommandNumbers(lambda: Path(sys.argv[1]));"
        "print(next(numbers), next(numbers))"
    )
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    first, second = map(int, done.stdout.split())
    assert second == first + 1


def test_numbers_are_of_31_bits(path):
    """After the last one they begin again at the seconds; no number is too great."""
    path.parent.mkdir(parents=True)
    path.write_bytes(b"%010d\n" % (LAST - 2 * BLOCK))
    numbers = take(process(path), 3 * BLOCK)
    assert max(numbers) <= LAST
    assert numbers[2 * BLOCK :] == list(range(SECONDS, SECONDS + BLOCK))


@pytest.mark.parametrize("seconds", [-5, 0, LAST, 10 * LAST])
def test_a_clock_that_is_far_off_gives_numbers_all_the_same(path, seconds):
    """Before 2024, and when the seconds have more than 31 bits, the first number is 1."""
    assert take(process(path, Clock(seconds)), 2) == [1, 2]
    assert take(process(path, Clock(seconds)), 1) == [1 + BLOCK]


def unusable(tmp_path):
    """Yield paths at which no file can be written, each in its way."""
    file = tmp_path / "file"
    file.write_bytes(b"")
    yield lambda: file / "thetatrio" / "command-number"
    yield lambda: tmp_path

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    yield homeless


def test_without_a_file_numbers_grow_within_a_process(tmp_path):
    """A home that cannot be written to, or is not there, is not an error."""
    for path in unusable(tmp_path):
        clock = Clock()
        numbers = CommandNumbers(path, clock)
        assert take(numbers, 2 * BLOCK) == list(range(SECONDS, SECONDS + 2 * BLOCK))
        clock.seconds += 100_000
        assert take(numbers, 1) == [SECONDS + 100_000]
        clock.seconds -= 1_000_000
        take(numbers, BLOCK)
        assert take(numbers, 1)[0] > SECONDS + 100_000


@posix
def test_a_file_that_another_process_keeps_locked_is_gone_without(path, monkeypatch):
    """Who is stopped while it holds the lock stops nobody else."""
    import fcntl

    pauses = []
    monkeypatch.setattr("time.sleep", pauses.append)
    take(process(path), 1)
    with path.open("rb") as held:
        fcntl.flock(held.fileno(), fcntl.LOCK_EX)
        assert take(process(path), 1) == [SECONDS]
    assert 0 < sum(pauses) < 0.1
    assert take(process(path), 1) == [SECONDS + BLOCK]


@posix
def test_a_lock_that_is_held_for_a_moment_is_waited_for(path, monkeypatch):
    """Others hold it for microseconds."""
    import fcntl

    take(process(path), 1)
    held = path.open("rb")
    fcntl.flock(held.fileno(), fcntl.LOCK_EX)
    monkeypatch.setattr("time.sleep", lambda _: held.close())
    assert take(process(path), 1) == [SECONDS + BLOCK]


@posix
def test_a_forked_child_has_numbers_of_its_own(path):
    """Its parent's block stays with the parent."""
    numbers = process(path)
    mine = take(numbers, 10)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:  # pragma: no cover
        numbers.after_fork()
        os.write(writing, str(next(numbers)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        first = int(said.read())
    mine += take(numbers, 2 * BLOCK)
    assert first not in mine


@posix
def test_only_the_user_can_read_the_file(path):
    """The folder and the file are the user's own."""
    take(process(path), 1)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@posix
def test_the_file_is_in_the_users_state_directory(monkeypatch, tmp_path):
    """As XDG has it; a relative value is ignored."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_file() == tmp_path / "thetatrio" / "command-number"
    monkeypatch.setenv("HOME", str(tmp_path))
    for value in ("", "relative"):
        monkeypatch.setenv("XDG_STATE_HOME", value)
        assert state_file() == tmp_path / ".local/state/thetatrio/command-number"


async def test_sessions_share_no_number(monkeypatch):
    """The commands of sessions that follow each other at once have numbers that only grow."""
    monkeypatch.setattr(module.market_time, "now", Clock())
    stocks = [thetatrio.Stock(f"S{number}") for number in range(100)]
    async with open_terminal(stream=StreamSettings(source="none")) as terminal:
        for _ in range(3):
            async with (
                thetatrio.open_session(terminal.config) as session,
                session.stream.quotes(*stocks),
            ):
                pass
        numbers = [command.id for command in terminal.ledger.stream.commands]
    assert len(numbers) == 600
    assert all(one < two for one, two in pairwise(numbers))


def test_the_suite_keeps_its_numbers_out_of_the_users_home():
    """What a test writes is removed with it."""
    assert not state_file().is_relative_to(Path.home() / ".local")
