"""thetatrio._interrupt."""

import os
import signal
import subprocess
import sys
import threading

import pytest
import trio

from thetatrio._interrupt import (
    DeferredInterrupts,
    Terminated,
    exit_code,
    exit_when_terminated,
    run_interruptibly,
)

PROGRAM = """
import sys, trio
from thetatrio._interrupt import run_interruptibly

async def accept_for_ever(listener):
    while True:
        with trio.move_on_after(0.0005):
            await listener.accept()

async def job():
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener, trio.open_nursery() as nursery:
        nursery.start_soon(accept_for_ever, listener)
        print("ready", flush=True)
        try:
            await trio.sleep_forever()
        finally:
            print("cleaned up", flush=True)

try:
    run_interruptibly(job)
except KeyboardInterrupt:
    sys.exit(42)
"""


async def doubled(number):
    await trio.lowlevel.checkpoint()
    return number * 2


def test_result_and_error_come_out_as_they_are():
    """It is trio.run to those who are not interrupted."""

    async def fail():
        await trio.lowlevel.checkpoint()
        raise LookupError("as it was")

    assert run_interruptibly(doubled, 21) == 42
    with pytest.raises(LookupError, match="as it was"):
        run_interruptibly(fail)


def test_works_outside_the_main_thread():
    """Where no signal can be caught, the job just runs."""
    results = []
    thread = threading.Thread(target=lambda: results.append(run_interruptibly(doubled, 4)))
    thread.start()
    thread.join()
    assert results == [8]


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent as SIGINT")
def test_ctrl_c_cancels_cleans_up_and_is_raised():
    """Wherever it hits, the job's clean-up runs, and Python has nothing to complain about."""
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PROGRAM], stdout=-1, stderr=-1, text=True
        ) as process:
            assert process.stdout.readline() == "ready\n"
            process.send_signal(signal.SIGINT)
            out, errors = process.communicate(timeout=20)
        assert (process.returncode, out, errors) == (42, "cleaned up\n", "")


def test_ctrl_c_in_this_process():
    """KeyboardInterrupt is raised after the job was cancelled, and the usual meaning is back."""
    seen = []

    async def job():
        signal.raise_signal(signal.SIGINT)
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            seen.append("cancelled")
            raise

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run_interruptibly(job)
    assert seen == ["cancelled"]
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_sigterm_ends_a_job_as_ctrl_c_does(name, code):
    """The job is cancelled and cleans up; the exception is a KeyboardInterrupt with its code."""
    number = getattr(signal, name)
    seen = []

    async def job():
        signal.raise_signal(number)
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            seen.append("cancelled")
            raise

    before = signal.signal(number, signal.SIG_DFL)  # the suite itself may run under nohup
    try:
        with pytest.raises(Terminated) as caught:
            run_interruptibly(job)
        assert seen == ["cancelled"]
        assert exit_code(caught.value) == code
        assert exit_code(KeyboardInterrupt()) == 130
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_an_ignored_sigterm_stays_ignored():
    """Who started the process with a signal ignored, as nohup does, is not overruled."""

    async def job():
        signal.raise_signal(signal.SIGHUP)
        await trio.lowlevel.checkpoint()
        return "done"

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        exit_when_terminated()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert run_interruptibly(job) == "done"
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_between_jobs_is_an_exit():
    """Outside of a job a signal that would end the process is SystemExit with its code."""
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        exit_when_terminated()
        with pytest.raises(SystemExit) as caught:
            signal.raise_signal(signal.SIGTERM)
        assert caught.value.code == 143
    finally:
        signal.signal(signal.SIGTERM, before)


def test_an_interrupt_of_a_deferred_section_is_raised_at_its_end():
    """Ctrl-C in the section is raised after its last line, and the handler is the old one."""
    handler = signal.getsignal(signal.SIGINT)
    done = []
    with pytest.raises(KeyboardInterrupt), DeferredInterrupts():
        signal.raise_signal(signal.SIGINT)
        done.append("first line after it")
    assert done
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_deferred_section_without_an_interrupt_changes_nothing():
    """The handler is the old one after the section."""
    handler = signal.getsignal(signal.SIGINT)
    with DeferredInterrupts():
        assert signal.getsignal(signal.SIGINT) is not handler
    assert signal.getsignal(signal.SIGINT) is handler


def test_only_the_main_thread_defers():
    """Other threads are never interrupted, and may not set handlers."""
    errors = []

    def run():
        try:
            with DeferredInterrupts():
                pass
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    assert not errors


def test_an_ignored_interrupt_stays_ignored():
    """Where SIGINT is ignored, a section does not bring it back."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with DeferredInterrupts():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
