"""thetatrio._bell."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from thetatrio._bell import Bell

pytestmark = pytest.mark.core


def test_what_holds_already_is_not_waited_for():
    """What is so already is so at once, deadline or not."""
    assert Bell().until(lambda: True)
    assert Bell().until(lambda: True, time.monotonic() - 1)


def test_what_does_not_come_in_time_is_told():
    """False after the deadline, rung or not."""
    bell = Bell()
    bell.ring()
    assert not bell.until(lambda: False, time.monotonic() + 0.01)


def test_every_waiting_thread_looks_again():
    """One ring wakes all who wait; who waits for something else goes on waiting."""
    bell, said, woken = Bell(), [], []

    def wait(number):
        bell.until(lambda: len(said) >= number)
        woken.append(number)

    threads = [threading.Thread(target=wait, args=(number,)) for number in (1, 1, 2)]
    for thread in threads:
        thread.start()
    said.append("first")
    bell.ring()
    for thread in threads[:2]:
        thread.join(10)
    assert woken == [1, 1]
    said.append("second")
    bell.ring()
    threads[2].join(10)
    assert woken == [1, 1, 2]


@pytest.mark.skipif(os.name == "nt", reason="the signal ends the whole process there")
def test_an_interrupted_wait_leaves_whoever_rings_alone():
    """Ctrl-C at any point of a wait: the thread that rings goes on, and so does the next wait."""
    script = """
        import os, random, signal, sys, threading
        from thetatrio._bell import Bell

        sys.setswitchinterval(1e-5)
        for _ in range(150):
            bell, rung, over, ready = Bell(), [0], [], []

            def ring():
                while not over:
                    rung[0] += 1
                    bell.ring()

            def press():  # once the wait is all that this can hit
                while not ready:
                    pass
                os.kill(os.getpid(), signal.SIGINT)

            ringing = threading.Thread(target=ring, daemon=True)
            pressing = threading.Timer(random.random() * 1e-3, press)
            try:
                ringing.start()
                pressing.start()
                ready.append(True)
                while True:
                    before = rung[0]
                    bell.until(lambda: rung[0] > before)
            except KeyboardInterrupt:
                pass
            over.append(True)
            ringing.join(10)
            assert not ringing.is_alive()
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals go to no one thread there")
def test_ctrl_c_that_ends_no_system_call_is_met_all_the_same():
    """One that came just before the wait, as one that another thread took, is met in a moment."""
    bell, met = Bell(), []

    def press():
        while not bell._waiting:
            pass
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    pressing = threading.Thread(target=press)
    pressing.start()
    began = time.monotonic()
    try:
        bell.until(lambda: False, began + 20)
    except KeyboardInterrupt:
        met.append(time.monotonic() - began)
    pressing.join(10)
    assert met
    assert met[0] < 10
